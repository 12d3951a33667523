"""Solutions of numerical_gradient(name, x, step=1e-5)."""

import numpy as np
from bank import right, wrong

FUNCTIONS = {
    "squares": lambda x: float((x**2).sum()),
    "cubes": lambda x: float((x**3).sum()),
    "waves": lambda x: float(np.sin(x * np.arange(1, x.size + 1).reshape(x.shape)).sum()),
    "product": lambda x: float(np.prod(x)),
}


def _points(name, x, step):
    """Index, f(x + h e), f(x), f(x - h e) for every entry."""
    f = FUNCTIONS[name]
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        yield i, f(up), f(x), f(down)


def _gradient(name, x, step, formula):
    grad = np.zeros_like(x)
    for i, up, here, down in _points(name, x, step):
        grad[i] = formula(up, here, down)
    return grad


@right
def copies(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - down) / (2 * step))


@right
def in_place_and_put_back(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros(x.shape, order="F")
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + step
        up = f(x)
        x[i] = old - step
        grad[i] = (up - f(x)) / (2 * step)
        x[i] = old
    return grad


@right
def unit_vectors(name, x, step=1e-5):
    f = FUNCTIONS[name]
    basis = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + step * e) - f(x - step * e)) / step / 2 for e in basis]).reshape(x.shape)


@wrong(fails="numerical_gradient.values", hint="(f(x + h) - f(x)) / h")
def forward_difference(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - here) / step)


@wrong(fails="numerical_gradient.values", hint="(f(x) - f(x - h)) / h")
def backward_difference(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (here - down) / step)


@wrong(fails="numerical_gradient.values", hint="two steps apart")
def divided_by_one_step(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - down) / step)


@wrong(fails="numerical_gradient.values", hint="not by 2")
def divided_by_two(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - down) / 2)


@wrong(fails="numerical_gradient.values", hint="division by 2 h is missing")
def not_divided(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: up - down)


@wrong(fails="numerical_gradient.values", hint="sign is reversed")
def sign_reversed(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (down - up) / (2 * step))


@wrong(fails="numerical_gradient.values", hint="second derivative")
def second_derivative(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - 2 * here + down) / step**2)


@wrong(fails="numerical_gradient.values", hint="one at a time")
def all_at_once(name, x, step=1e-5):
    f = FUNCTIONS[name]
    return np.full(x.shape, (f(x + step) - f(x - step)) / (2 * step))


@wrong(fails="numerical_gradient.values", hint="put it back")
def drifting(name, x, step=1e-5):
    f, x, grad = FUNCTIONS[name], x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        up = f(x)
        x[i] -= 2 * step
        grad[i] = (up - f(x)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="step is ignored")
def own_step(name, x, step=1e-5):
    return copies(name, x)


@wrong(fails="numerical_gradient.values", hint="wrong shape")
def one_number(name, x, step=1e-5):
    return np.array([copies(name, x, step).sum()])


@wrong(fails="numerical_gradient.values", hint="changed its input x")
def not_put_back(name, x, step=1e-5):
    grad = copies(name, x, step)
    x += step
    return grad


@wrong(fails="numerical_gradient.values", hint="raised")
def one_axis_only(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros(len(x))
    for i in range(len(x)):
        e = np.zeros(len(x))
        e[i] = step
        grad[i] = (f(x + e) - f(x - e)) / (2 * step)
    return grad


@right
def flat_and_talking(name, x, step=1e-5):
    f, flat = FUNCTIONS[name], x.ravel().copy()
    grad = []
    for i in range(flat.size):
        sides = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[i] += sign * step
            sides.append(f(moved.reshape(x.shape)))
        grad.append((sides[0] - sides[1]) / (2 * step))
        print("entry", i, "of", flat.size)
    return np.array(grad).reshape(x.shape)


@right
def mean_of_two_one_sided_differences(name, x, step=1e-5):
    forward = _gradient(name, x, step, lambda up, here, down: (up - here) / step)
    backward = _gradient(name, x, step, lambda up, here, down: (here - down) / step)
    return np.asfortranarray((forward + backward) / 2)


@right
def recursive(name, x, step=1e-5):
    f = FUNCTIONS[name]

    def entries(i):
        if i == x.size:
            return []
        e = step * (np.arange(x.size) == i).reshape(x.shape)
        return [(f(x + e) - f(x - e)) / (2 * step), *entries(i + 1)]

    return np.reshape(entries(0), x.shape)


@wrong(fails="numerical_gradient.values", hint="parentheses")
def precedence_of_the_division(name, x, step=1e-5):
    return _gradient(name, x, step, lambda up, here, down: (up - down) / 2 * step)


@wrong(fails="numerical_gradient.values", hint="same array")
def copies_forgotten(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        up = down = moved
        up[i] += step
        down[i] -= step
        grad[i] = (f(up) - f(down)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="changed its input x")
def moves_the_callers_array(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x, x
        up[i] += 3 * step
        down[i] -= step
        grad[i] = (f(up) - f(down)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="never set back to 0")
def unit_vector_not_reset(name, x, step=1e-5):
    f, grad, e = FUNCTIONS[name], np.zeros_like(x), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e[i] = step
        grad[i] = (f(x + e) - f(x - e)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="the whole array")
def function_of_one_entry(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        grad[i] = (f(x[i] + step) - f(x[i] - step)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="multiplied by 1 + h")
def relative_step(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] *= 1 + step
        down[i] *= 1 - step
        grad[i] = (f(up) - f(down)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="half a step")
def half_steps(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step / 2
        grad[i] = (f(x + e) - f(x - e)) / step
    return grad


@wrong(fails="numerical_gradient.values", hint="exact derivative")
def by_calculus(name, x, step=1e-5):
    slopes = {"squares": lambda x: 2 * x, "cubes": lambda x: 3 * x**2, "product": lambda x: np.prod(x) / x}
    return slopes[name](x) if name in slopes else np.cos(x)


@wrong(fails="numerical_gradient.values", hint="'str' object is not callable")
def the_name_is_called(name, x, step=1e-5):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = step
        grad[i] = (name(x + e) - name(x - e)) / (2 * step)
    return grad


@wrong(fails="numerical_gradient.values", hint="cuts fractions off")
def integers(name, x, step=1e-5):
    return copies(name, x, step).astype(int)


@wrong(fails="numerical_gradient.values", hint="keep the shape of x")
def flattened(name, x, step=1e-5):
    return copies(name, x, step).ravel()

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

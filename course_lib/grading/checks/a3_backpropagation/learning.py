"""Checks of `softmax_cross_entropy`, `numerical_gradient` and `training_step`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check


def _loss(logits, target):
    from course_lib.functional import cross_entropy, cross_entropy_backward

    grads = cross_entropy_backward(np.array(1.0), logits, target)
    return float(cross_entropy(logits, target)), grads.logits


def _probabilities(logits, axis=1):
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)  # (N, K)


def _one_hot(logits, target):
    return (np.arange(logits.shape[1]) == target[:, None]) * 1.0  # (N, K)


def _in_loss(change):
    return lambda logits, target: (change(logits, target), ANYTHING)


def _in_grad(change):
    """A mistake in the gradient, as a function of probabilities p, one-hot targets t and N."""
    return lambda logits, target: (
        ANYTHING,
        change(_probabilities(logits), _one_hot(logits, target), len(logits)),
    )


def _mean_of_targets(logits, target):
    return float(-_probabilities(logits)[np.arange(len(logits)), target].mean())


def _along_batch(logits, target):
    chosen = _probabilities(logits, axis=0)[np.arange(len(logits)), target]
    if not chosen.all():
        raise ValueError("a probability of 0: this mistake cannot be told from an overflow")
    return float(-np.log(chosen).mean())


LOSS_MISTAKES = {
    "the loss is summed over the batch: take the mean": _in_loss(lambda z, t: _loss(z, t)[0] * len(z)),
    "the loss has its sign reversed: it is minus the logarithm": _in_loss(lambda z, t: -_loss(z, t)[0]),
    "the logarithm has base 2: take the natural one": _in_loss(lambda z, t: _loss(z, t)[0] / np.log(2)),
    "the loss is averaged over the classes as well": _in_loss(lambda z, t: _loss(z, t)[0] / z.shape[1]),
    "the logarithm is missing": _in_loss(_mean_of_targets),
    "the softmax runs over the batch: it runs over the classes, axis 1": _in_loss(_along_batch),
    "the gradient is that of the summed loss: divide by N": _in_grad(lambda p, t, n: p - t),
    "the gradient has its sign reversed: it is softmax minus one-hot": _in_grad(lambda p, t, n: (t - p) / n),
    "the target is not subtracted: the gradient is softmax minus one-hot": _in_grad(lambda p, t, n: p / n),
    "only the target's entry has a gradient: the other classes have one as well": _in_grad(
        lambda p, t, n: (p - t) * t / n
    ),
    "the gradient is divided by N K: divide by N": _in_grad(lambda p, t, n: (p - t) / p.size),
    "the gradient is multiplied by p (1 - p): that belongs to the squared error": _in_grad(
        lambda p, t, n: (p - t) * p * (1 - p) / n
    ),
}


def _loss_value():
    logits, target = np.log(np.array([[1.0, 3.0], [2.0, 2.0]])), np.array([1, 0])
    return [
        Case(
            (logits, target),
            note="two images, two classes",
            expected=(float((np.log(4 / 3) + np.log(2)) / 2), ANYTHING),
            explain="the logits are logarithms, so softmax gives 1/4, 3/4 and 1/2, 1/2; "
            "the loss is -(log 3/4 + log 1/2) / 2 = 0.4904",
        )
    ]


def _loss_gradient():
    logits, target = np.log(np.array([[1.0, 3.0], [2.0, 2.0]])), np.array([1, 0])
    return [
        Case(
            (logits, target),
            note="two images, two classes",
            expected=(ANYTHING, np.array([[0.125, -0.125], [-0.25, 0.25]])),
            explain="first image: softmax 1/4, 3/4 minus one-hot 0, 1, divided by 2",
        )
    ]


def _loss_hidden(rng):
    return [
        Case((rng.standard_normal((n, k)) * 2, rng.integers(0, k, n)), note=f"{n} images, {k} classes")
        for n, k in [(5, 3), (4, 4), (1, 7)]
    ]


def _large():
    return [
        Case(
            (np.array([[1000.0, 0.0], [0.0, -1000.0]]), np.array([0, 1])),
            note="logits of 1000",
            expected=(500.0, np.array([[0.0, 0.0], [0.5, -0.5]])),
            explain="exp(1000) overflows; subtract each row's largest logit first. The second image has "
            "probability exp(-1000), loss 1000; the mean is 500",
        )
    ]


def _large_hidden(rng):
    return [
        Case((rng.standard_normal((4, 3)) * scale, rng.integers(0, 3, 4)), note=f"logits around {scale}")
        for scale in (1e3, 1e4)
    ]


FUNCTIONS = {
    "squares": lambda x: float((x**2).sum()),
    "cubes": lambda x: float((x**3).sum()),
    "waves": lambda x: float(np.sin(x * np.arange(1, x.size + 1).reshape(x.shape)).sum()),
    "product": lambda x: float(np.prod(x)),
}


def _differences(formula):
    """A gradient from f(x + h e_i), f(x), f(x - h e_i) and h."""

    def gradient(name, x, step=1e-5):
        f, grad = FUNCTIONS[name], np.zeros_like(x)
        for i in np.ndindex(x.shape):
            e = np.zeros_like(x)
            e[i] = step
            grad[i] = formula(f(x + e), f(x), f(x - e), step)
        return grad

    return gradient


def _drifting(name, x, step=1e-5):
    """Every entry that was moved stays moved."""
    f, x, grad = FUNCTIONS[name], x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += step
        up = f(x)
        x[i] -= 2 * step
        grad[i] = (up - f(x)) / (2 * step)
    return grad


def _all_at_once(name, x, step=1e-5):
    slope = (FUNCTIONS[name](x + step) - FUNCTIONS[name](x - step)) / (2 * step)
    return np.full(x.shape, slope)


_numerical = _differences(lambda up, here, down, h: (up - down) / (2 * h))

NUMERICAL_MISTAKES = {
    "this is the one-sided difference (f(x + h) - f(x)) / h: take both sides": _differences(
        lambda up, here, down, h: (up - here) / h
    ),
    "this is the one-sided difference (f(x) - f(x - h)) / h: take both sides": _differences(
        lambda up, here, down, h: (here - down) / h
    ),
    "divide by 2 h: the two points are two steps apart": _differences(
        lambda up, here, down, h: (up - down) / h
    ),
    "divide by 2 h, not by 2": _differences(lambda up, here, down, h: (up - down) / 2),
    "the division by 2 h is missing": _differences(lambda up, here, down, h: up - down),
    "the sign is reversed: f(x + h) minus f(x - h)": _differences(
        lambda up, here, down, h: (down - up) / (2 * h)
    ),
    "this is the second derivative": _differences(lambda up, here, down, h: (up - 2 * here + down) / h**2),
    "an entry that was moved stays moved: put it back before the next": _drifting,
    "all entries are moved at once: move one at a time": _all_at_once,
    "the argument step is ignored": lambda name, x, step=1e-5: _numerical(name, x),
}


def _numerical_values():
    return [
        Case(
            ("squares", np.array([1.0, -2.0, 0.5]), 0.1),
            note="a sum of squares",
            expected=np.array([2.0, -4.0, 1.0]),
            explain="((1.1)^2 - (0.9)^2) / 0.2 = (1.21 - 0.81) / 0.2 = 2",
        ),
        Case(
            ("cubes", np.array([[1.0, 2.0]]), 0.5),
            note="a sum of cubes, a large step",
            expected=np.array([[3.25, 12.25]]),
            explain="(1.5^3 - 0.5^3) / 1 = 3.375 - 0.125 = 3.25; the slope is 3, the step is coarse",
        ),
    ]


def _numerical_hidden(rng):
    return [
        Case((name, rng.uniform(0.5, 1.5, shape), step), note=f"{name}, step {step}")
        for name, shape, step in [("waves", (2, 3), 0.2), ("product", (4,), 0.1), ("cubes", (2, 1, 2), 0.3)]
    ]


def _step(x, target, weight, bias, learning_rate):
    loss, grad = _loss(x @ weight.T + bias, target)
    return weight - learning_rate * grad.T @ x, bias - learning_rate * grad.sum(axis=0), loss


def _step_as(change):
    """Another step, from (weight, bias, gradient of weight, gradient of bias, learning rate, N)."""

    def mistake(x, target, weight, bias, learning_rate):
        loss, grad = _loss(x @ weight.T + bias, target)
        return (*change(weight, bias, grad.T @ x, grad.sum(axis=0), learning_rate, len(x)), loss)

    return mistake


def _loss_after(x, target, weight, bias, learning_rate):
    weight, bias, _ = _step(x, target, weight, bias, learning_rate)
    return weight, bias, _loss(x @ weight.T + bias, target)[0]


STEP_MISTAKES = {
    "the step climbs: subtract the gradient": _step_as(lambda w, b, gw, gb, r, n: (w + r * gw, b + r * gb)),
    "the learning rate is ignored": _step_as(lambda w, b, gw, gb, r, n: (w - gw, b - gb)),
    "the weight does not move": _step_as(lambda w, b, gw, gb, r, n: (w, b - r * gb)),
    "the bias does not move": _step_as(lambda w, b, gw, gb, r, n: (w - r * gw, b)),
    "neither weight nor bias moves": _step_as(lambda w, b, gw, gb, r, n: (w, b)),
    "the gradients are summed over the batch: they belong to the mean loss": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * n * gw, b - r * n * gb)
    ),
    "the gradients are divided by N twice": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw / n, b - r * gb / n)
    ),
    "the bias gradient is averaged: sum the logits' gradient over the images": _step_as(
        lambda w, b, gw, gb, r, n: (w - r * gw, b - r * gb / n)
    ),
    "the gradients are returned, not the new parameters": _step_as(lambda w, b, gw, gb, r, n: (gw, gb)),
    "the loss is that after the step: return the loss before it": _loss_after,
}


def _one_step():
    x, weight = np.array([[1.0, 2.0]]), np.zeros((2, 2))
    return [
        Case(
            (x, np.array([0]), weight, np.zeros(2), 0.1),
            note="one image, two classes, from zero",
            expected=(np.array([[0.05, 0.1], [-0.05, -0.1]]), np.array([0.05, -0.05]), float(np.log(2))),
            explain="softmax gives 1/2, 1/2, minus one-hot (1, 0) is (-1/2, 1/2); "
            "the first weight moves by -0.1 * (-1/2) * 1 = 0.05",
        )
    ]


def _one_step_hidden(rng):
    cases = []
    for n, d, k in [(5, 4, 3), (3, 3, 3), (4, 2, 5)]:
        parameters = (rng.standard_normal((k, d)), rng.standard_normal(k), float(rng.uniform(0.05, 0.5)))
        data = (rng.standard_normal((n, d)), rng.integers(0, k, n))
        cases.append(Case((*data, *parameters), note=f"{n} images, {d} features, {k} classes"))
    return cases


def _check(function, reference, mistakes, parameters, parts, name, about, visible, hidden):
    return Check(
        f"{function}.{name}", function, about, parameters, visible, hidden, reference, mistakes, parts=parts
    )


_LOSS_PARTS = ("loss", "grad_logits")
_OF_LOSS = (LOSS_MISTAKES, ("logits", "target"), _LOSS_PARTS)
_OF_NUMERICAL = (_numerical, NUMERICAL_MISTAKES, ("name", "x", "step"), ())
_OF_STEP = (
    _step,
    STEP_MISTAKES,
    ("x", "target", "weight", "bias", "learning_rate"),
    ("weight", "bias", "loss"),
)


def _loss_only(logits, target):
    return _loss(logits, target)[0], ANYTHING


def _gradient_only(logits, target):
    return ANYTHING, _loss(logits, target)[1]


def _loss_check(answer, *rest):
    return _check("softmax_cross_entropy", answer, *_OF_LOSS, *rest)


DIFFERENCES = (
    _check(
        "numerical_gradient",
        *_OF_NUMERICAL,
        "values",
        "central differences",
        _numerical_values,
        _numerical_hidden,
    ),
)
LOSS_AND_STEP = (
    _loss_check(_loss_only, "loss", "the mean loss", _loss_value, _loss_hidden),
    _loss_check(_gradient_only, "gradient", "the logits' gradient", _loss_gradient, _loss_hidden),
    _loss_check(_loss, "large", "logits of a thousand", _large, _large_hidden),
    _check("training_step", *_OF_STEP, "step", "one step downhill", _one_step, _one_step_hidden),
)

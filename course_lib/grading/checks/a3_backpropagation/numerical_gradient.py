"""Checks of `numerical_gradient(name, x, step=1e-5)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check

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


def _all_so_far(name, x, step=1e-5):
    """Entry i moves together with all entries before it."""
    f, e, grad = FUNCTIONS[name], np.zeros_like(x), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e[i] = step
        grad[i] = (f(x + e) - f(x - e)) / (2 * step)
    return grad


def _of_one_entry(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        grad[i] = (f(x[i] + step) - f(x[i] - step)) / (2 * step)
    return grad


def _relative(name, x, step=1e-5):
    f, grad = FUNCTIONS[name], np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = x[i] * step
        grad[i] = (f(x + e) - f(x - e)) / (2 * step)
    return grad


def _exact(name, x, step=1e-5):
    slopes = {"squares": lambda x: 2 * x, "cubes": lambda x: 3 * x**2, "product": lambda x: np.prod(x) / x}
    if name not in slopes:
        raise ValueError("not needed: the others come first")
    return slopes[name](x)


_numerical = _differences(lambda up, here, down, h: (up - down) / (2 * h))

MISTAKES = {
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
    "parentheses are missing: / 2 * h divides by 2 and multiplies by h": _differences(
        lambda up, here, down, h: (up - down) / 2 * h
    ),
    "both points are half a step away: they are a step h away on each side": lambda name, x, step=1e-5: (
        _numerical(name, x, step / 2)
    ),
    "the result is flat: keep the shape of x": lambda name, x, step=1e-5: _numerical(name, x, step).ravel(),
    "there is no difference: `up = down = x.copy()` is one and the same array twice": _differences(
        lambda up, here, down, h: 0.0
    ),
    "the division by 2 h is missing": _differences(lambda up, here, down, h: up - down),
    "the sign is reversed: f(x + h) minus f(x - h)": _differences(
        lambda up, here, down, h: (down - up) / (2 * h)
    ),
    "this is the second derivative": _differences(lambda up, here, down, h: (up - 2 * here + down) / h**2),
    "an entry that was moved stays moved: put it back before the next": _drifting,
    "all entries are moved at once: move one at a time": _all_at_once,
    "the array that moves one entry is never set back to 0": _all_so_far,
    "the function gets a single entry: give it the whole array, one entry moved": _of_one_entry,
    "the entry is multiplied by 1 + h: add h to it": _relative,
    "this is the exact derivative: take the difference with the step given": _exact,
    "the argument step is ignored": lambda name, x, step=1e-5: _numerical(name, x),
}


def _values():
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
        Case(
            ("product", np.array([[2.0], [3.0], [5.0]]), 0.1),
            note="a product",
            expected=np.array([[15.0], [10.0], [6.0]]),
            explain="first entry: (2.1*3*5 - 1.9*3*5) / 0.2 = (31.5 - 28.5) / 0.2 = 15",
        ),
    ]


def _hidden(rng):
    return [
        Case((name, rng.uniform(0.5, 1.5, shape), step), note=f"{name}, step {step}")
        for name, shape, step in [("waves", (2, 3), 0.2), ("product", (4,), 0.1), ("cubes", (2, 1, 2), 0.3)]
    ]


CHECKS = (
    Check(
        "numerical_gradient.values",
        "numerical_gradient",
        "central differences",
        ("name", "x", "step"),
        _values,
        _hidden,
        _numerical,
        MISTAKES,
    ),
)

"""Checks of `relu_backward(grad_out, x)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check


def _relu(grad_out, x):
    from course_lib.functional import relu_backward

    return relu_backward(grad_out, x).x


MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": lambda grad_out, x: (
        (x > 0) * 1.0
    ),
    "the mask comes from grad_out: it comes from x": lambda grad_out, x: grad_out * (grad_out > 0),
    "the gradient at 0 is 1; the course, like PyTorch, takes 0": lambda grad_out, x: grad_out * (x >= 0),
    "the mask is reversed: the gradient passes where x is positive": lambda grad_out, x: grad_out * (x < 0),
    "multiplied by relu(x): the slope is 1 where x is positive": lambda grad_out, x: (
        grad_out * np.maximum(x, 0)
    ),
    "multiplied by x: the slope is 1 where x is positive, else 0": lambda grad_out, x: grad_out * x,
    "the gradient passes everywhere: it is 0 where x is negative": lambda grad_out, x: grad_out,
    "this is the slope of |x|: where x is negative the gradient is 0": lambda grad_out, x: (
        grad_out * np.sign(x)
    ),
    "negative gradients are lost: only the sign of x counts": lambda grad_out, x: (
        np.maximum(grad_out, 0) * (x > 0)
    ),
    "this is relu of x, the forward pass: multiply grad_out by its slope": lambda grad_out, x: np.maximum(
        x, 0
    ),
    "this is a matrix product: * multiplies entry by entry": lambda grad_out, x: grad_out @ (x > 0),
    "where x is 0 half of the gradient passes: take 0": lambda grad_out, x: grad_out * np.heaviside(x, 0.5),
    "where x is not positive, x itself comes back: the gradient there is 0": lambda grad_out, x: np.where(
        x > 0, grad_out, x
    ),
    "averaged over the batch: the images do not meet": lambda grad_out, x: grad_out * (x > 0) / len(x),
    "this is the slope of a leaky relu": lambda grad_out, x: np.where(x > 0, grad_out, 0.01 * grad_out),
}


def _visible():
    return [
        Case(
            (np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[0.5, 2.0], [-1.0, 0.0]])),
            note="positive, negative and zero",
            expected=np.array([[1.0, -2.0], [0.0, 0.0]]),
            explain="the gradient passes where x is positive; at 0 it is 0",
        )
    ]


def _hidden(rng):
    shape = (2, 3, 4)
    x = rng.standard_normal(shape)
    x[:, ::2, ::3] = 0.0
    return [Case((rng.standard_normal(shape), x), note="three axes, some zeros")]


CHECKS = (
    Check(
        "relu_backward.values",
        "relu_backward",
        "positive, negative, zero",
        ("grad_out", "x"),
        _visible,
        _hidden,
        _relu,
        MISTAKES,
    ),
)

"""Checks of `max_pool2d_backward`, `avg_pool2d_backward` and `relu_backward`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a3_backpropagation._conv_mistakes import pair
from course_lib.grading.engine import Case, Check


def _max(grad_out, x, kernel_size, stride=None):
    from course_lib.functional import max_pool2d_backward

    return max_pool2d_backward(grad_out, x, kernel_size, stride).x


def _avg(grad_out, x, kernel_size, stride=None):
    from course_lib.functional import avg_pool2d_backward

    return avg_pool2d_backward(grad_out, x, kernel_size, stride).x


def _relu(grad_out, x):
    from course_lib.functional import relu_backward

    return relu_backward(grad_out, x).x


def _scatter(share, add=True):
    """Send each output's gradient into its window by ``share(window)``, weights of the window's shape."""

    def mistake(grad_out, x, kernel_size, stride=None):
        (k_h, k_w), (s_h, s_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
        grad_x = np.zeros_like(x)
        for i in range(grad_out.shape[2]):
            for j in range(grad_out.shape[3]):
                place = np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
                weights = share(x[place])  # (N, C, K_h, K_w)
                sent = grad_out[:, :, i, j][:, :, None, None] * weights  # (N, C, K_h, K_w)
                grad_x[place] = grad_x[place] + sent if add else np.where(weights != 0, sent, grad_x[place])
        return grad_x

    return mistake


def _first(window, step=1):
    """One at the first maximum (the last for ``step=-1``), zero elsewhere."""
    flat = window.reshape(*window.shape[:2], -1)[..., ::step]  # (N, C, K_h K_w)
    one = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]  # (N, C, K_h K_w)
    return one[..., ::step].reshape(window.shape).astype(float)  # (N, C, K_h, K_w)


def _all_maxima(window):
    return (window == window.max(axis=(2, 3), keepdims=True)).astype(float)  # (N, C, K_h, K_w)


def _shared(window):
    ties = _all_maxima(window)
    return ties / ties.sum(axis=(2, 3), keepdims=True)  # (N, C, K_h, K_w)


def _unique_only(window):
    ties = _all_maxima(window)
    return ties * (ties.sum(axis=(2, 3), keepdims=True) == 1)  # (N, C, K_h, K_w)


def _ones(change):
    return lambda grad_out, *rest, **named: change(np.ones_like(grad_out), *rest, **named)


def _even(window):
    return np.full(window.shape, 1 / (window.shape[2] * window.shape[3]))


MAX_MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": _ones(_max),
    "ties are paid twice: only the first maximum of a window, row by row, gets the gradient": _scatter(
        _all_maxima
    ),
    "ties share the gradient: the first maximum of a window, row by row, gets all of it": _scatter(_shared),
    "ties are not paid at all: the first maximum of a window gets the gradient": _scatter(_unique_only),
    "the last of several maxima is paid: take the first, row by row": _scatter(lambda w: _first(w, -1)),
    "where windows overlap the gradient is overwritten: add it up with +=": _scatter(_first, add=False),
    "the whole window is paid: only its maximum gets the gradient": _scatter(np.ones_like),
    "this is the gradient of average pooling": _scatter(_even),
    "the minimum is paid: the maximum gets the gradient": _scatter(lambda w: _first(-w)),
    "the stride is ignored": lambda grad_out, x, kernel_size, stride=None: _scatter(_first)(
        grad_out, x, kernel_size, 1
    ),
    "the gradient is multiplied by the maximum: it passes through unchanged": _scatter(
        lambda w: _first(w) * w
    ),
    "averaged over the batch: the images do not meet": lambda grad_out, *rest, **named: (
        _max(grad_out, *rest, **named) / len(grad_out)
    ),
}

AVG_MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": _ones(_avg),
    "the gradient is not divided: each pixel of a window gets grad_out / (K_h K_w)": _scatter(np.ones_like),
    "where windows overlap the gradient is overwritten: add it up with +=": _scatter(_even, add=False),
    "divided by K_h only: each pixel gets grad_out / (K_h K_w)": _scatter(
        lambda w: np.full(w.shape, 1 / w.shape[2])
    ),
    "divided by the size of the image: each pixel gets grad_out / (K_h K_w)": lambda g, x, k, s=None: (
        _scatter(np.ones_like)(g, x, k, s) / (x.shape[2] * x.shape[3])
    ),
    "this is the gradient of max pooling": _scatter(_first),
    "only the first pixel of each window is paid": _scatter(
        lambda w: np.pad(
            np.ones((*w.shape[:2], 1, 1)), ((0, 0), (0, 0), (0, w.shape[2] - 1), (0, w.shape[3] - 1))
        )
    ),
    "the stride is ignored": lambda grad_out, x, kernel_size, stride=None: _scatter(_even)(
        grad_out, x, kernel_size, 1
    ),
    "averaged over the batch: the images do not meet": lambda grad_out, *rest, **named: (
        _avg(grad_out, *rest, **named) / len(grad_out)
    ),
    "multiplied by x: the gradient of a mean does not depend on it": lambda grad_out, x, *rest, **named: (
        _avg(grad_out, x, *rest, **named) * x
    ),
}

RELU_MISTAKES = {
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
    "this is the slope of a leaky relu": lambda grad_out, x: np.where(x > 0, grad_out, 0.01 * grad_out),
}


def _map(rng, n, c, h, w, kernel_size, stride, note, levels=0):
    """A random case; ``levels`` makes an image of few values, so that ties are common."""
    (k_h, k_w), (s_h, s_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    grad_out = rng.standard_normal((n, c, (h - k_h) // s_h + 1, (w - k_w) // s_w + 1))
    x = rng.integers(0, levels, (n, c, h, w)) * 1.0 if levels else rng.standard_normal((n, c, h, w))
    return Case((grad_out, x, kernel_size, stride), note=note)


def _row(*numbers):
    return np.array([[[[*map(float, numbers)]]]])  # (1, 1, 1, W)


def _max_windows():
    return [
        Case(
            (_row(2, -3), _row(1, 5, 7, 4), (1, 2)),
            note="two windows side by side",
            expected=_row(0, 2, -3, 0),
            explain="5 won the first window and gets 2; 7 won the second and gets -3",
        )
    ]


def _max_windows_hidden(rng):
    return [
        _map(rng, 2, 3, 6, 4, 2, None, "windows side by side"),
        _map(rng, 1, 2, 7, 9, (3, 2), None, "a kernel that does not divide the image"),
    ]


def _max_overlaps():
    return [
        Case(
            (_row(2, -3, 4), _row(1, 5, 2, 3), (1, 2), 1),
            note="overlapping windows",
            expected=_row(0, -1, 0, 4),
            explain="5 won the first and the second window: 2 - 3 = -1",
        )
    ]


def _max_overlaps_hidden(rng):
    return [
        _map(rng, 2, 2, 7, 6, 3, 2, "kernel 3, stride 2"),
        _map(rng, 1, 2, 6, 7, (2, 3), (1, 2), "other overlaps"),
    ]


def _max_ties():
    return [
        Case(
            (_row(2, 7), _row(5, 5, 1, 1), (1, 2)),
            note="equal numbers in a window",
            expected=_row(2, 0, 7, 0),
            explain="the first of the two gets all of it",
        )
    ]


def _max_ties_hidden(rng):
    return [
        _map(rng, 2, 2, 8, 6, 2, None, "many ties", levels=3),
        _map(rng, 1, 2, 7, 7, 3, 2, "many ties, overlaps", levels=3),
    ]


def _avg_windows():
    return [
        Case(
            (_row(2, -3), _row(1, 5, 7, 4), (1, 2)),
            note="two windows side by side",
            expected=_row(1, 1, -1.5, -1.5),
            explain="each of the two pixels of a window gets half of its gradient",
        )
    ]


def _avg_overlaps():
    return [
        Case(
            (_row(3, -6, 9), _row(1, 5, 2, 3, 0), (1, 3), 1),
            note="overlapping windows",
            expected=_row(1, -1, 2, 1, 3),
            explain="the second pixel is in the first two windows: 3/3 - 6/3 = -1",
        )
    ]


def _relu_values():
    return [
        Case(
            (np.array([[1.0, -2.0], [3.0, 4.0]]), np.array([[0.5, 2.0], [-1.0, 0.0]])),
            note="positive, negative and zero",
            expected=np.array([[1.0, -2.0], [0.0, 0.0]]),
            explain="the gradient passes where x is positive; at 0 it is 0",
        )
    ]


def _relu_values_hidden(rng):
    shape = (2, 3, 4)
    x = rng.standard_normal(shape)
    x[:, ::2, ::3] = 0.0
    return [Case((rng.standard_normal(shape), x), note="three axes, some zeros")]


def _check(function, reference, mistakes, parameters, name, about, visible, hidden):
    return Check(f"{function}.{name}", function, about, parameters, visible, hidden, reference, mistakes)


_POOL = ("grad_out", "x", "kernel_size", "stride")
_OF_MAX = ("max_pool2d_backward", _max, MAX_MISTAKES, _POOL)
_OF_AVG = ("avg_pool2d_backward", _avg, AVG_MISTAKES, _POOL)
_OF_RELU = ("relu_backward", _relu, RELU_MISTAKES, ("grad_out", "x"))

RELU = (_check(*_OF_RELU, "values", "positive, negative, zero", _relu_values, _relu_values_hidden),)
POOLING = (
    _check(*_OF_MAX, "windows", "windows side by side", _max_windows, _max_windows_hidden),
    _check(*_OF_MAX, "overlaps", "windows that overlap", _max_overlaps, _max_overlaps_hidden),
    _check(*_OF_MAX, "ties", "equal numbers in a window", _max_ties, _max_ties_hidden),
    _check(*_OF_AVG, "windows", "windows side by side", _avg_windows, _max_windows_hidden),
    _check(*_OF_AVG, "overlaps", "windows that overlap", _avg_overlaps, _max_overlaps_hidden),
)

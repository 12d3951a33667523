"""Checks of `avg_pool2d`, `lp_pool2d` and `global_avg_pool2d`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling._pooling import pair, pool, wrong_geometry
from course_lib.grading.checks.a2_pooling.max_pool2d import X9, random_case
from course_lib.grading.engine import Case, Check, Shape


def _avg(x, kernel_size, stride=None, padding=0):
    from course_lib.functional import avg_pool2d

    return avg_pool2d(x, kernel_size, stride, padding)


def _lp(x, norm_type, kernel_size, stride=None):
    from course_lib.functional import lp_pool2d

    return lp_pool2d(np.abs(x), norm_type, kernel_size, stride)


def _global(x):
    from course_lib.functional import global_avg_pool2d

    return global_avg_pool2d(x)


def _instead(reduce, sides=lambda h, w: (h, h, w, w), **fill):
    def wrong(x, kernel_size, stride=None, padding=0):
        stride = kernel_size if stride is None else stride
        return pool(x, kernel_size, stride, reduce, sides(*pair(padding)), **fill)

    return wrong


def _only_pixels(x, kernel_size, stride=None, padding=0):
    """The average over the pixels that lie inside the image."""
    return _instead(np.sum)(x, kernel_size, stride, padding) / _instead(np.sum)(
        np.ones_like(x), kernel_size, stride, padding
    )


AVG_MISTAKES = {
    "the sum is not divided: divide by K_h K_w": _instead(np.sum),
    "this is the maximum: take the average": _instead(np.max),
    "this is the median: take the average": _instead(np.median),
    "the divisor leaves the border out: divide every window by K_h K_w": _only_pixels,
    "padding is on the top and left only: it goes on both sides": _instead(
        np.mean, lambda h, w: (h, 0, w, 0)
    ),
    "padding is on the bottom and right only: it goes on both sides": _instead(
        np.mean, lambda h, w: (0, h, 0, w)
    ),
    "all the padding is on the bottom and right: half of it belongs on the other side": _instead(
        np.mean, lambda h, w: (0, 2 * h, 0, 2 * w)
    ),
    "the border is filled with copies of the edge: pad with zeros": _instead(np.mean, mode="edge"),
    "the sum is divided by K_h only: divide by K_h K_w": lambda x, kernel_size, *rest, **named: (
        _avg(x, kernel_size, *rest, **named) * pair(kernel_size)[1]
    ),
    "the sum is divided by the square of K_h: divide by K_h K_w": lambda x, kernel_size, *rest, **named: (
        _avg(x, kernel_size, *rest, **named) * pair(kernel_size)[1] / pair(kernel_size)[0]
    ),
    "the fractions are cut off: an array of integers cannot hold them": _instead(
        lambda v, axis: np.trunc(np.mean(v, axis=axis))
    ),
    **wrong_geometry(_avg),
}


def _lp_as(formula):
    """Another formula of the windows v and of p."""

    def wrong(x, norm_type, kernel_size, stride=None):
        stride = kernel_size if stride is None else stride
        return pool(x, kernel_size, stride, lambda v, axis: formula(v, norm_type, axis))

    return wrong


def _lp_stride(other):
    return lambda x, norm_type, kernel_size, stride=None: _lp(x, norm_type, kernel_size, other)


LP_MISTAKES = {
    "the root is missing: raise the sum to the power 1 / p": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a)
    ),
    "this is a mean: the norm adds up, it does not divide by the number of pixels": _lp_as(
        lambda v, p, a: np.mean(np.abs(v) ** p, axis=a) ** (1 / p)
    ),
    "the absolute value is missing": _lp_as(lambda v, p, a: np.sum(v**p, axis=a) ** (1 / p)),
    "this is always the norm for p = 2: use p": _lp_as(lambda v, p, a: np.sum(v**2, axis=a) ** 0.5),
    "the root is always a square root: it is the p-th": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a) ** 0.5
    ),
    "the sum is divided by p: raise it to the power 1 / p": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a) / p
    ),
    "the pixels are added before the power: first the power, then the sum": _lp_as(
        lambda v, p, a: np.abs(np.sum(v, axis=a))
    ),
    "this is the sum of absolute values, whatever p": _lp_as(lambda v, p, a: np.sum(np.abs(v), axis=a)),
    "this is the maximum, the limit for large p": _lp_as(lambda v, p, a: np.max(np.abs(v), axis=a)),
    "the windows move by one pixel: the step is the stride, or without one the kernel's size": _lp_stride(1),
    "the stride is ignored": _lp_stride(None),
}

GLOBAL_MISTAKES = {
    "this is the sum: divide by H W": lambda x: x.sum(axis=(2, 3), keepdims=True),
    "this is the maximum: take the average": lambda x: x.max(axis=(2, 3), keepdims=True),
    "only H is averaged and W summed": lambda x: x.mean(axis=2, keepdims=True).sum(axis=3, keepdims=True),
    "the average runs over the images too": lambda x: np.broadcast_to(
        x.mean(axis=(0, 2, 3), keepdims=True), (*x.shape[:2], 1, 1)
    ),
    "the average runs over the channels too": lambda x: np.broadcast_to(
        x.mean(axis=(1, 2, 3), keepdims=True), (*x.shape[:2], 1, 1)
    ),
    "the fractions are cut off": lambda x: np.trunc(_global(x)),
    "the two last axes are gone: keep them with length 1": lambda x: Shape(x.shape[:2]),
    "one number for the whole batch: one for each image and channel": lambda x: Shape(()),
    "the channels are averaged: average over H and W": lambda x: Shape((len(x), 1, *x.shape[2:])),
    "only one axis is averaged: average over H and W": lambda x: Shape((*x.shape[:2], 1, x.shape[3])),
}


def _windows():
    return [
        Case(
            (np.array([[[[1.0, 3.0, 2.0, 0.0], [4.0, 2.0, 1.0, 6.0]]]]), 2),
            note="two windows side by side",
            expected=np.array([[[[2.5, 2.25]]]]),
            explain="(1 + 3 + 4 + 2) / 4 = 2.5",
        ),
        Case(
            (np.array([[[[1.0, 2.0, 6.0, 0.5, 0.5, 2.0]]]]), (1, 3)),
            note="a window of one row and three columns",
            expected=np.array([[[[3.0, 1.0]]]]),
            explain="(1 + 2 + 6) / 3 = 3",
        ),
    ]


def _windows_hidden(rng):
    return [
        random_case(rng, (1, 1, 6, 4), 2, note="H != W"),
        random_case(rng, (2, 3, 6, 8), (3, 2), note="three rows, two columns, several images"),
        random_case(rng, (1, 2, 7, 5), 2, note="a kernel that does not divide the image"),
    ]


def _strides():
    return [
        Case(
            (X9.copy(), 2, 1),
            note="overlapping windows",
            expected=np.array([[[[2.0, 3.0], [5.0, 6.0]]]]),
            explain="(0 + 1 + 3 + 4) / 4 = 2",
        )
    ]


def _strides_hidden(rng):
    return [
        random_case(rng, (1, 1, 7, 9), 3, 2, note="kernel 3, stride 2"),
        random_case(rng, (2, 1, 8, 7), 2, (3, 1), note="stride 3 down and 1 across"),
    ]


def _padding():
    return [
        Case(
            (X9 + 1, 2, 2, 1),
            note="padding 1",
            expected=np.array([[[[0.25, 1.25], [2.75, 7.0]]]]),
            explain="the top left window holds three zeros and 1: (0 + 0 + 0 + 1) / 4 = 0.25",
        ),
        Case(
            (np.array([[[[3.0, 6.0, 9.0, 0.0]]]]), (1, 3), 1, (0, 1)),
            note="padding of the columns only",
            expected=np.array([[[[3.0, 6.0, 5.0, 3.0]]]]),
            explain="the first window holds 0, 3, 6, and (0 + 3 + 6) / 3 = 3",
        ),
    ]


def _padding_hidden(rng):
    return [
        random_case(rng, (2, 1, 5, 6), 3, 2, 1, note="padding 1"),
        random_case(rng, (1, 2, 6, 5), (4, 3), 1, (2, 1), note="padding 2 of the rows, 1 of the columns"),
    ]


def _lp_values():
    return [
        Case(
            (np.array([[[[3.0, 4.0, -6.0, 8.0]]]]), 2.0, (1, 2)),
            note="p = 2",
            expected=np.array([[[[5.0, 10.0]]]]),
            explain="the square root of 3*3 + 4*4 is 5",
        ),
        Case(
            (np.array([[[[1.0, -2.0], [-3.0, 4.0]]]]), 1.0, 2),
            note="p = 1",
            expected=np.array([[[[10.0]]]]),
            explain="|1| + |-2| + |-3| + |4| = 10",
        ),
    ]


def _lp_values_hidden(rng):
    return [
        random_case(rng, (2, 2, 6, 4), p, (3, 2), note=f"p = {p}, windows side by side")
        for p in (1.0, 2.0, 3.0)
    ]


def _lp_powers():
    return [
        Case(
            (np.array([[[[1.0, -1.0, 2.0]]]]), 3.0, (1, 2), 1),
            note="p = 3, overlapping windows",
            expected=np.array([[[[2.0 ** (1 / 3), 9.0 ** (1 / 3)]]]]),
            explain="the third root of 1 + 8 is 2.0801",
        )
    ]


def _lp_powers_hidden(rng):
    return [
        random_case(rng, (1, 2, 6, 7), p, (2, 3), (1, 2), note=f"p = {p}, overlapping windows")
        for p in (1.5, 3.0, 8.0)
    ]


def _global_values():
    return [
        Case(
            (np.concatenate([X9, 10 * X9], axis=1),),  # (1, 2, 3, 3)
            note="one image, two channels",
            expected=np.array([[[[4.0]], [[40.0]]]]),
            explain="(0 + 1 + ... + 8) / 9 = 4",
        )
    ]


def _global_values_hidden(rng):
    return [random_case(rng, (3, 2, 4, 5), note="three images"), random_case(rng, (1, 4, 1, 6), note="H = 1")]


def _check(function, parameters, reference, mistakes, name, about, *cases):
    return Check(f"{function}.{name}", function, about, parameters, *cases, reference, mistakes)


_AVG = ("avg_pool2d", ("x", "kernel_size", "stride", "padding"), _avg, AVG_MISTAKES)
_LP = ("lp_pool2d", ("x", "norm_type", "kernel_size", "stride"), _lp, LP_MISTAKES)
_GLOBAL = ("global_avg_pool2d", ("x",), _global, GLOBAL_MISTAKES)

CHECKS = (
    _check(*_AVG, "windows", "windows side by side", _windows, _windows_hidden),
    _check(*_AVG, "strides", "windows that overlap", _strides, _strides_hidden),
    _check(*_AVG, "padding", "zeros around the image count", _padding, _padding_hidden),
    _check(*_LP, "values", "p = 1, 2 and 3", _lp_values, _lp_values_hidden),
    _check(*_LP, "powers", "other p, overlapping windows", _lp_powers, _lp_powers_hidden),
    _check(*_GLOBAL, "values", "one average per image and channel", _global_values, _global_values_hidden),
)

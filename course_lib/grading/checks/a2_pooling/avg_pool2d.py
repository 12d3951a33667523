"""Checks of `avg_pool2d(x, kernel_size, stride=None, padding=0)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling._pooling import pair, pool, wrong_geometry
from course_lib.grading.checks.a2_pooling.max_pool2d import X9, random_case
from course_lib.grading.engine import Case, Check


def _avg(x, kernel_size, stride=None, padding=0):
    from course_lib.functional import avg_pool2d

    return avg_pool2d(x, kernel_size, stride, padding)


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


def _running(windows, axis):
    """The average of what there is so far and the next pixel, again and again."""
    first, *others = np.moveaxis(windows.reshape(*windows.shape[:4], -1), -1, 0)  # each (N, C, H_out, W_out)
    for pixel in others:
        first = (first + pixel) / 2
    return first


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
    "the sum is divided by K_w only: divide by K_h K_w": lambda x, kernel_size, *rest, **named: (
        _avg(x, kernel_size, *rest, **named) * pair(kernel_size)[0]
    ),
    "the sum is divided by the square of K_h: divide by K_h K_w": lambda x, kernel_size, *rest, **named: (
        _avg(x, kernel_size, *rest, **named) * pair(kernel_size)[1] / pair(kernel_size)[0]
    ),
    "the fractions are cut off: an array of integers cannot hold them": _instead(
        lambda v, axis: np.trunc(np.mean(v, axis=axis))
    ),
    "rounded down: / divides, // divides and rounds": _instead(
        lambda v, axis: np.floor(np.mean(v, axis=axis))
    ),
    "the border is filled with -inf: for an average it is zeros": _instead(np.mean, constant_values=-np.inf),
    "the sum is divided by K_h + K_w: divide by K_h K_w": lambda x, kernel_size, *rest, **named: (
        _instead(np.sum)(x, kernel_size, *rest, **named) / sum(pair(kernel_size))
    ),
    "divided by the pixels of all images and channels: divide by K_h K_w": lambda x, *rest, **named: (
        _avg(x, *rest, **named) / (x.shape[0] * x.shape[1])
    ),
    "this is a running average, in which late pixels weigh more: add up, then divide once": _instead(
        _running
    ),
    **wrong_geometry(_avg, lambda y: y.mean(axis=(0, 1))),
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
        Case(
            (np.array([[[[1.0, 7.0, 8.0], [2.0, 3.0, 9.0], [-4.0, -1.0, 5.0], [-2.0, -6.0, 8.0]]]]), 2),
            note="four rows and three columns: the last column is in no window",
            expected=np.array([[[[3.25], [-3.25]]]]),
            explain="(1 + 7 + 2 + 3) / 4 = 3.25 above, (-4 - 1 - 2 - 6) / 4 = -3.25 below",
        ),
        Case(
            (
                np.array([[[[1.0, 3.0]], [[10.0, 20.0]]], [[[0.0, 4.0]], [[5.0, 6.0]]]]),
                (1, 2),
            ),  # (2, 2, 1, 2)
            note="two images, two channels",
            expected=np.array([[[[2.0]], [[15.0]]], [[[2.0]], [[5.5]]]]),
            explain="each channel of each image by itself: (10 + 20) / 2 = 15",
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
        ),
        Case(
            (np.arange(35.0).reshape(1, 1, 5, 7), (1, 2), (2, 3)),
            note="stride 2 down and 3 across",
            expected=np.array([[[[0.5, 3.5], [14.5, 17.5], [28.5, 31.5]]]]),
            explain="windows start at rows 0, 2, 4 and at columns 0 and 3; the second holds 3 and 4",
        ),
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


def _check(name, about, *cases):
    function, parameters = "avg_pool2d", ("x", "kernel_size", "stride", "padding")
    return Check(f"{function}.{name}", function, about, parameters, *cases, _avg, AVG_MISTAKES)


CHECKS = (
    _check("windows", "windows side by side", _windows, _windows_hidden),
    _check("strides", "windows that overlap", _strides, _strides_hidden),
    _check("padding", "zeros around the image count", _padding, _padding_hidden),
)

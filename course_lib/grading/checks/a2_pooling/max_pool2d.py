"""Checks of `max_pool2d(x, kernel_size, stride=None, padding=0)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling._pooling import pair, pool, wrong_geometry
from course_lib.grading.engine import Case, Check

X9 = np.arange(9.0).reshape(1, 1, 3, 3)
PARAMETERS = ("x", "kernel_size", "stride", "padding")


def reference(x, kernel_size, stride=None, padding=0):
    """The course's own max pooling."""
    from course_lib.functional import max_pool2d

    return max_pool2d(x, kernel_size, stride, padding)


def _instead(reduce, fill=None, sides=lambda h, w: (h, h, w, w)):
    """Another reduction, other padding."""

    def wrong(x, kernel_size, stride=None, padding=0):
        stride = kernel_size if stride is None else stride
        value = -np.inf if fill is None else fill
        return pool(x, kernel_size, stride, reduce, sides(*pair(padding)), constant_values=value)

    return wrong


MISTAKES = {
    "the border is filled with zeros, which win over negative numbers: it must never win": _instead(
        np.max, fill=0
    ),
    "padding is on the top and left only: it goes on both sides": _instead(
        np.max, sides=lambda h, w: (h, 0, w, 0)
    ),
    "padding is on the bottom and right only: it goes on both sides": _instead(
        np.max, sides=lambda h, w: (0, h, 0, w)
    ),
    "all the padding is on the bottom and right: half of it belongs on the other side": _instead(
        np.max, sides=lambda h, w: (0, 2 * h, 0, 2 * w)
    ),
    "this is the average: take the largest number of each window": _instead(np.mean, fill=0),
    "this is the smallest number of each window: take the largest": _instead(np.min, fill=np.inf),
    "this is the sum of each window: take the largest number": _instead(np.sum, fill=0),
    "this is the largest absolute value: the sign counts": _instead(
        lambda v, axis: np.max(np.abs(v), axis=axis), fill=0
    ),
    "negative numbers have become zero: start from the first number of a window, or from -inf": _instead(
        lambda v, axis: np.maximum(np.max(v, axis=axis), 0)
    ),
    "the first pixel of each window is taken, not the largest": _instead(
        lambda v, axis: v[..., 0, 0], fill=0
    ),
    "the fractions are cut off: an array of integers cannot hold them": _instead(
        lambda v, axis: np.trunc(np.max(v, axis=axis))
    ),
    "the positions are returned: `argmax` says where the largest number is, `max` which it is": _instead(
        lambda v, axis: v.reshape(*v.shape[:4], -1).argmax(axis=-1)
    ),
    **wrong_geometry(reference, lambda y: y.max(axis=(0, 1))),
}


def random_case(rng, shape, *args, note, dtype=np.float64, offset=0.0, **kwargs):
    """A case with a random batch of images; ``offset`` moves the numbers away from zero."""
    return Case(((rng.standard_normal(shape) + offset).astype(dtype), *args), kwargs, note=note)


def _check(name, about, visible, hidden, **options):
    function = "max_pool2d"
    return Check(
        f"{function}.{name}", function, about, PARAMETERS, visible, hidden, reference, MISTAKES, **options
    )


def _windows():
    return [
        Case(
            (np.array([[[[1.0, 3.0, 2.0, 0.0], [4.0, 2.0, 1.0, 5.0]]]]), 2),
            note="two windows side by side",
            expected=np.array([[[[4.0, 5.0]]]]),
            explain="the left window holds 1, 3, 4, 2, the right one 2, 0, 1, 5",
        ),
        Case(
            (np.array([[[[-1.5, -3.0, -2.0, -0.25, -6.0, -4.0]]]]), (1, 3)),
            note="negative numbers, a window of one row and three columns",
            expected=np.array([[[[-1.5, -0.25]]]]),
            explain="the largest of -1.5, -3 and -2 is -1.5",
        ),
        Case(
            (np.array([[[[1.0, 7.0, 8.0], [2.0, 3.0, 9.0], [-4.0, -1.0, 5.0], [-2.0, -6.0, 8.0]]]]), 2),
            note="four rows and three columns: the last column is in no window",
            expected=np.array([[[[7.0], [-1.0]]]]),
            explain="the upper window holds 1, 7, 2, 3, the lower one -4, -1, -2, -6",
        ),
    ]


def _windows_hidden(rng):
    return [
        random_case(rng, (1, 1, 6, 4), 2, note="H != W"),
        random_case(rng, (1, 1, 6, 8), (3, 2), note="a window of three rows and two columns", offset=-4),
        random_case(rng, (1, 1, 7, 5), 2, note="a kernel that does not divide the image"),
    ]


def _strides():
    return [
        Case(
            (X9.copy(), 2, 1),
            note="overlapping windows",
            expected=np.array([[[[4.0, 5.0], [7.0, 8.0]]]]),
            explain="the top left window holds 0, 1, 3, 4",
        ),
        Case(
            (np.arange(35.0).reshape(1, 1, 5, 7), (1, 2), (2, 3)),
            note="stride 2 down and 3 across",
            expected=np.array([[[[1.0, 4.0], [15.0, 18.0], [29.0, 32.0]]]]),
            explain="windows start at rows 0, 2, 4 and at columns 0 and 3; at column 6 one would hang over",
        ),
    ]


def _strides_hidden(rng):
    return [
        random_case(rng, (1, 1, 7, 9), 3, 2, note="kernel 3, stride 2, as in AlexNet"),
        random_case(rng, (1, 1, 8, 7), 2, (3, 1), note="stride 3 down and 1 across"),
        random_case(rng, (1, 2, 9, 10), (2, 3), (1, 3), note="stride 1 down and 3 across, odd sizes"),
    ]


def _padding():
    return [
        Case(
            (-1 - X9, 2, 2, 1),
            note="all numbers negative, padding 1",
            expected=np.array([[[[-1.0, -2.0], [-4.0, -5.0]]]]),
            explain="the top left window holds three border pixels and -1; a border pixel never wins",
        ),
        Case(
            (np.array([[[[-2e12, -3e12]]]]), (1, 2), None, (0, 1)),
            note="padding of the columns only, numbers far below zero",
            expected=np.array([[[[-2e12, -3e12]]]]),
            explain="each of the two windows holds a border pixel and one number, and the number wins",
        ),
    ]


def _padding_hidden(rng):
    return [
        random_case(rng, (1, 1, 5, 6), 3, 2, 1, note="negative numbers, padding 1", offset=-5),
        random_case(rng, (1, 2, 6, 5), (4, 3), 1, (2, 1), note="padding 2 and 1", offset=-5),
        random_case(rng, (1, 1, 4, 7), (2, 3), (2, 1), (1, 0), note="padding of the rows only", offset=-5),
    ]


def _batches():
    return [
        Case(
            (np.concatenate([X9, 5 - X9], axis=1)[:, :, :2, :2], 2),  # (1, 2, 2, 2)
            note="two channels",
            expected=np.array([[[[4.0]], [[5.0]]]]),
            explain="the second channel holds 5, 4, 2, 1, of which 5 is the largest",
        ),
        Case(
            (np.array([[[[1.0, 2.0]]], [[[4.0, 3.0]]]]), (1, 2)),  # (2, 1, 1, 2)
            note="two images",
            expected=np.array([[[[2.0]]], [[[4.0]]]]),
            explain="each image by itself",
        ),
    ]


def _batches_hidden(rng):
    return [random_case(rng, (3, 2, 6, 5), 2, 2, note="three images, two channels", offset=-3)]


def _dtype():
    x = X9.astype(np.float32)
    return [
        Case((x, 3), note="float32 in, float32 out", expected=np.array([[[[8.0]]]], dtype=np.float32)),
        Case((X9.copy(), 3), note="float64 in, float64 out", expected=np.array([[[[8.0]]]])),
    ]


def _dtype_hidden(rng):
    return [
        random_case(rng, (2, 2, 5, 6), 3, 2, 1, note="float32 with padding", dtype=np.float32),
        random_case(rng, (2, 2, 5, 6), 3, 2, 1, note="float64 with padding"),
    ]


CHECKS = (
    _check("windows", "windows side by side", _windows, _windows_hidden),
    _check("strides", "windows that overlap or leave gaps", _strides, _strides_hidden),
    _check("padding", "a border that never wins", _padding, _padding_hidden),
    _check("batches", "several images and channels", _batches, _batches_hidden),
    _check("dtype", "float32 stays float32", _dtype, _dtype_hidden, exact_dtype=True),
)

"""Checks of `shift_sensitivity(x, kernel_size, stride, shift=1)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling._pooling import pair
from course_lib.grading.checks.a2_pooling.max_pool2d import random_case
from course_lib.grading.checks.a2_pooling.max_pool2d import reference as max_pool2d
from course_lib.grading.engine import Case, Check


def _pooled_pair(x, kernel_size, stride, shift, axis=3):
    moved = np.roll(x, shift, axis=axis)  # (N, C, H, W)
    return max_pool2d(x, kernel_size, stride), max_pool2d(moved, kernel_size, stride)


def _reference(x, kernel_size, stride, shift=1):
    before, after = _pooled_pair(x, kernel_size, stride, shift)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


def _as(formula, **how):
    """Another formula of the pooled image before and after the shift."""
    return lambda x, kernel_size, stride, shift=1: float(
        formula(*_pooled_pair(x, kernel_size, stride, shift, **how))
    )


def _no_wrap(x, kernel_size, stride, shift=1):
    moved = np.zeros_like(x)
    moved[..., shift:] = x[..., :-shift]  # (N, C, H, W)
    before, after = max_pool2d(x, kernel_size, stride), max_pool2d(moved, kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


def _shifted_after(x, kernel_size, stride, shift=1):
    before = max_pool2d(x, kernel_size, stride)
    return float(np.abs(np.roll(before, shift, axis=3) - before).mean() / np.abs(before).mean())


def _over_the_image(x, kernel_size, stride, shift=1):
    before, after = _pooled_pair(x, kernel_size, stride, shift)
    return float(np.abs(after - before).mean() / np.abs(x).mean())


def _compared_with_shifted(x, kernel_size, stride, shift=1):
    before, after = _pooled_pair(x, kernel_size, stride, shift)
    return float(np.abs(after - np.roll(before, shift, axis=3)).mean() / np.abs(before).mean())


def _by_strides(x, kernel_size, stride, shift=1):
    return _reference(x, kernel_size, stride, shift * pair(stride)[1])


def _averages(x, kernel_size, stride, shift=1):
    from course_lib.functional import avg_pool2d

    before, after = (avg_pool2d(a, kernel_size, stride) for a in (x, np.roll(x, shift, axis=3)))
    return float(np.abs(after - before).mean() / np.abs(before).mean())


MISTAKES = {
    "the pooled result is shifted, or the image by shift times the stride: shift it by shift, then pool": (
        _shifted_after
    ),
    "it is not divided by the mean absolute value of the unshifted result": _as(
        lambda a, b: np.abs(b - a).mean()
    ),
    "divide by the mean absolute value, not by the mean": _as(lambda a, b: np.abs(b - a).mean() / a.mean()),
    "divide by the unshifted result's mean, not the shifted one's": _as(
        lambda a, b: np.abs(b - a).mean() / np.abs(b).mean()
    ),
    "the differences are squared: take absolute values": _as(
        lambda a, b: ((b - a) ** 2).mean() / np.abs(a).mean()
    ),
    "this is the largest difference: take the mean": _as(lambda a, b: np.abs(b - a).max() / np.abs(a).mean()),
    "the image is shifted along H: shift it along W, the last axis": _as(
        lambda a, b: np.abs(b - a).mean() / np.abs(a).mean(), axis=2
    ),
    "all numbers are rolled in one long row: np.roll needs the axis, axis=3": _as(
        lambda a, b: np.abs(b - a).mean() / np.abs(a).mean(), axis=None
    ),
    "the images move by shift times the stride: they move by shift pixels": _by_strides,
    "the differences are divided number by number: divide the mean by the mean": _as(
        lambda a, b: np.mean(np.abs(b - a) / np.abs(a))
    ),
    "this is a sum over a mean: take the mean of both": _as(
        lambda a, b: np.abs(b - a).sum() / np.abs(a).mean()
    ),
    "these are square roots of sums of squares: take means of absolute values": _as(
        lambda a, b: np.linalg.norm(b - a) / np.linalg.norm(a)
    ),
    "divided by the largest number of the unshifted result: divide by its mean absolute value": _as(
        lambda a, b: np.abs(b - a).mean() / np.abs(a).max()
    ),
    "divided by the mean of the image before pooling: divide by that of the pooled image": _over_the_image,
    "the unshifted result is shifted as well before they are compared: compare them as they are": (
        _compared_with_shifted
    ),
    "this is average pooling: use max pooling": _averages,
    "zeros come in at the edge: what leaves on the right comes back on the left, as np.roll does": _no_wrap,
    "the image is shifted to the left: shift it to the right": lambda x, kernel_size, stride, shift=1: (
        _reference(x, kernel_size, stride, -shift)
    ),
    "always one pixel: use the argument shift": lambda x, kernel_size, stride, shift=1: _reference(
        x, kernel_size, stride
    ),
    "the stride is ignored": lambda x, kernel_size, stride, shift=1: _reference(
        x, kernel_size, kernel_size, shift
    ),
    "a number, not a percentage": lambda x, kernel_size, stride, shift=1: (
        100 * _reference(x, kernel_size, stride, shift)
    ),
    "the differences cancel: take their absolute value before the mean": _as(
        lambda a, b: (b - a).mean() / np.abs(a).mean()
    ),
}


def _row(*numbers):
    return np.array([[[[*map(float, numbers)]]]])  # (1, 1, 1, W)


def _one_pixel():
    return [
        Case(
            (_row(1, 2, 3, 4), (1, 2), (1, 2)),
            note="four pixels, windows of two",
            expected=0.5,
            explain="pooled 2, 4; shifted to 4, 1, 2, 3 and pooled 4, 3; mean difference (2 + 1) / 2 = 1.5, "
            "divided by the mean (2 + 4) / 2 = 3",
        ),
        Case(
            (_row(5, 5, 5, 5), (1, 2), (1, 2)),
            note="a flat image",
            expected=0.0,
            explain="nothing changes",
        ),
        Case(
            (_row(1, 5, 2, 2, 8, 0), (1, 2), (1, 2)),
            note="six pixels, windows of two",
            expected=7 / 15,
            explain="pooled 5, 2, 8; shifted and pooled 1, 5, 8; (4 + 3 + 0) / 3 over 15 / 3",
        ),
        Case(
            (np.array([[[[1.0, 2.0, 3.0, 4.0], [-8.0, -6.0, -4.0, -2.0]]]]), (1, 2), (1, 2)),
            note="two rows, one of them negative",
            expected=9 / 14,
            explain="pooled 2, 4 and -6, -2; shifted and pooled 4, 3 and -2, -4; "
            "(2 + 1 + 4 + 2) / 4 over (2 + 4 + 6 + 2) / 4",
        ),
    ]


def _one_pixel_hidden(rng):
    return [
        random_case(rng, (2, 2, 6, 8), 2, 2, note="a noisy image, one pixel", offset=-1.0) for _ in range(2)
    ]


def _shifts():
    return [
        Case(
            (_row(1, 5, 2, 2, 8, 0), (1, 2), (1, 2)),
            {"shift": 2},
            note="a shift by the stride moves the result",
            expected=0.8,
            explain="pooled 5, 2, 8, shifted by two pixels and pooled 8, 5, 2: (3 + 3 + 6) / 3 = 4, "
            "divided by (5 + 2 + 8) / 3 = 5",
        )
    ]


def _shifts_hidden(rng):
    return [
        random_case(rng, (1, 2, 7, 9), 3, 2, note="overlapping windows, two pixels", offset=-1.0, shift=2),
        random_case(rng, (1, 1, 6, 10), 2, 1, note="stride 1, three pixels", offset=-1.0, shift=3),
    ]


def _check(name, about, visible, hidden):
    function, parameters = "shift_sensitivity", ("x", "kernel_size", "stride", "shift")
    return Check(f"{function}.{name}", function, about, parameters, visible, hidden, _reference, MISTAKES)


CHECKS = (
    _check("one_pixel", "a shift by one pixel", _one_pixel, _one_pixel_hidden),
    _check("shifts", "other shifts and strides", _shifts, _shifts_hidden),
)

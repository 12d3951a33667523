"""Checks of `max_pool2d_backward` and `avg_pool2d_backward`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a3_backpropagation._conv_mistakes import pair
from course_lib.grading.checks.a3_backpropagation._pooling_mistakes import (
    AVG_MISTAKES,
    MAX_MISTAKES,
    avg_gradient,
    max_gradient,
)
from course_lib.grading.engine import Case, Check


def _map(rng, n, c, h, w, kernel_size, stride, note, levels=0):
    """A random case; ``levels`` makes an image of few values, so that ties are common."""
    (k_h, k_w), (s_h, s_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    grad_out = rng.standard_normal((n, c, (h - k_h) // s_h + 1, (w - k_w) // s_w + 1))
    x = rng.integers(0, levels, (n, c, h, w)) * 1.0 if levels else rng.standard_normal((n, c, h, w))
    return Case((grad_out, x, kernel_size, stride), note=note)


def _row(*numbers):
    return np.array([[[[*map(float, numbers)]]]])  # (1, 1, 1, W)


MAPS = np.array(
    [
        [
            [[1.0, 4.0], [3.0, 2.0], [0.0, 0.0], [0.0, 6.0]],
            [[-5.0, -1.0], [-3.0, -2.0], [-4.0, -7.0], [-9.0, -8.0]],
        ]
    ]
)  # (1, 2, 4, 2)


def _max_windows():
    return [
        Case(
            (_row(2, -3), _row(1, 5, 7, 4), (1, 2)),
            note="two windows side by side",
            expected=_row(0, 2, -3, 0),
            explain="5 won the first window and gets 2; 7 won the second and gets -3",
        ),
        Case(
            (np.array([[[[7.0], [8.0]], [[-2.0], [3.0]]]]), MAPS.copy(), 2),  # grad_out: (1, 2, 2, 1)
            note="two channels, two windows below each other",
            expected=np.array(
                [
                    [
                        [[0.0, 7.0], [0.0, 0.0], [0.0, 0.0], [0.0, 8.0]],
                        [[0.0, -2.0], [0.0, 0.0], [3.0, 0.0], [0.0, 0.0]],
                    ]
                ]
            ),
            explain="the first channel's windows hold 1, 4, 3, 2 and 0, 0, 0, 6: 4 gets 7 and 6 gets 8",
        ),
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
        ),
        Case(
            (np.array([[[[8.0]], [[-4.0]]]]), MAPS.copy(), (4, 2)),  # grad_out: (1, 2, 1, 1)
            note="two channels, a window of four rows and two columns",
            expected=np.broadcast_to(np.array([1.0, -0.5])[:, None, None], (1, 2, 4, 2)).copy(),
            explain="each of the eight pixels of the first channel gets 8 / 8 = 1",
        ),
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


def _check(function, reference, mistakes, parameters, name, about, visible, hidden):
    return Check(f"{function}.{name}", function, about, parameters, visible, hidden, reference, mistakes)


_POOL = ("grad_out", "x", "kernel_size", "stride")
_OF_MAX = ("max_pool2d_backward", max_gradient, MAX_MISTAKES, _POOL)
_OF_AVG = ("avg_pool2d_backward", avg_gradient, AVG_MISTAKES, _POOL)

CHECKS = (
    _check(*_OF_MAX, "windows", "windows side by side", _max_windows, _max_windows_hidden),
    _check(*_OF_MAX, "overlaps", "windows that overlap", _max_overlaps, _max_overlaps_hidden),
    _check(*_OF_MAX, "ties", "equal numbers in a window", _max_ties, _max_ties_hidden),
    _check(*_OF_AVG, "windows", "windows side by side", _avg_windows, _max_windows_hidden),
    _check(*_OF_AVG, "overlaps", "windows that overlap", _avg_overlaps, _max_overlaps_hidden),
)

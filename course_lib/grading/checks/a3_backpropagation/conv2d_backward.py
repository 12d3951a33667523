"""Checks of `conv2d_backward(grad_out, x, weight, stride=1, padding=0)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a3_backpropagation._conv_mistakes import MISTAKES, pair, reference
from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check

X9 = np.arange(9.0).reshape(1, 1, 3, 3)
K4 = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
PARTS = ("grad_x", "grad_weight", "grad_bias")


def _only(part):
    """The reference for one part of the answer; the others are not looked at."""

    def answer(*args, **named):
        full = reference(*args, **named)
        return tuple(full[i] if i == part else ANYTHING for i in range(3))

    return answer


def _random(rng, n, c_in, h, w, c_out, k_h, k_w, note, **kwargs):
    """A random case with an upstream gradient of the right shape."""
    (s_h, s_w), (p_h, p_w) = pair(kwargs.get("stride", 1)), pair(kwargs.get("padding", 0))
    h_out, w_out = (h + 2 * p_h - k_h) // s_h + 1, (w + 2 * p_w - k_w) // s_w + 1
    grad_out = rng.standard_normal((n, c_out, h_out, w_out))
    x, weight = rng.standard_normal((n, c_in, h, w)), rng.standard_normal((c_out, c_in, k_h, k_w))
    return Case((grad_out, x, weight), kwargs, note=note)


def _bias():
    grad_out = np.array([[[[1.0, 2.0], [3.0, 4.0]]], [[[0.5, 0.0], [0.0, -1.0]]]])  # (2, 1, 2, 2)
    return [
        Case(
            (grad_out, np.concatenate([X9, X9]), K4.copy()),
            note="two images, one filter",
            expected=(ANYTHING, ANYTHING, np.array([9.5])),
            explain="the bias is added to every output pixel of every image: "
            "1 + 2 + 3 + 4 + 0.5 + 0 + 0 - 1 = 9.5",
        )
    ]


def _plain_hidden(rng):
    return [
        _random(rng, 3, 2, 5, 4, 4, 2, 3, "several images and channels"),
        _random(rng, 2, 3, 4, 6, 3, 3, 2, "as many filters as channels"),
    ]


def _weight():
    return [
        Case(
            (np.array([[[[1.0, 0.0], [0.0, 10.0]]]]), X9.copy(), K4.copy()),
            note="two output pixels with a gradient",
            expected=(ANYTHING, np.array([[[[40.0, 51.0], [73.0, 84.0]]]]), ANYTHING),
            explain="the first weight met pixel 0 in the first window, 4 in the last: 1*0 + 10*4 = 40",
        ),
        Case(
            (
                np.array([[[[1.0, 10.0]]], [[[100.0, 1000.0]]]]),  # (2, 1, 1, 2)
                np.array([[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]]),  # (2, 2, 1, 2)
                np.array([[[[1.0]], [[1.0]]]]),  # (1, 2, 1, 1)
            ),
            note="two images, two channels, a 1x1 kernel",
            expected=(ANYTHING, np.array([[[[6521.0]], [[8743.0]]]]), ANYTHING),
            explain="the first channel's weight met 1, 2 in the first image and 5, 6 in the second: "
            "1*1 + 10*2 + 100*5 + 1000*6 = 6521",
        ),
    ]


def _x():
    return [
        Case(
            (np.array([[[[1.0, 0.0], [0.0, 10.0]]]]), X9.copy(), K4.copy()),
            note="two output pixels with a gradient",
            expected=(
                np.array([[[[0.0, 1.0, 0.0], [2.0, 3.0, 10.0], [0.0, 20.0, 30.0]]]]),
                ANYTHING,
                ANYTHING,
            ),
            explain="the middle pixel lay under 3 in the first window, under 0 in the last: 1*3 + 10*0 = 3",
        ),
        Case(
            (np.array([[[[1.0, 10.0, 100.0]]]]), np.zeros((1, 1, 1, 4)), np.array([[[[2.0, 1.0]]]])),
            note="one row",
            expected=(np.array([[[[2.0, 21.0, 210.0, 100.0]]]]), ANYTHING, ANYTHING),
            explain="the second pixel lay under 1 in one window, under 2 in the next: 1*1 + 10*2 = 21",
        ),
        Case(
            (
                np.array([[[[1.0, 10.0]], [[100.0, 0.0]]]]),  # (1, 2, 1, 2)
                np.zeros((1, 1, 1, 3)),
                np.array([[[[2.0, 1.0]]], [[[0.0, 5.0]]]]),  # (2, 1, 1, 2)
            ),
            note="two filters",
            expected=(np.array([[[[2.0, 521.0, 10.0]]]]), ANYTHING, ANYTHING),
            explain="the first filter sends the second pixel 1*1 + 10*2 = 21, the second 100*5 = 500",
        ),
    ]


def _strides():
    return [
        Case(
            (
                np.array([[[[1.0, 10.0]]]]),
                np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]]),
                np.array([[[[2.0, 3.0]]]]),
            ),
            {"stride": (1, 3)},
            note="one row, stride 3",
            expected=(
                np.array([[[[2.0, 3.0, 0.0, 20.0, 30.0]]]]),
                np.array([[[[41.0, 52.0]]]]),
                np.array([11.0]),
            ),
            explain="the windows hold pixels 1, 2 and 4, 5; the third is in none, so its gradient is 0; "
            "the first weight met 1 and 4: 1*1 + 10*4 = 41",
        )
    ]


def _strides_hidden(rng):
    return [
        _random(rng, 2, 2, 7, 8, 3, 3, 2, "stride 2, overlapping windows", stride=2),
        _random(rng, 1, 2, 9, 8, 2, 2, 2, "stride 3 down and 2 across, a remainder", stride=(3, 2)),
    ]


def _padding():
    return [
        Case(
            (np.array([[[[1.0, 10.0, 100.0]]]]), np.array([[[[3.0, 5.0]]]]), np.array([[[[2.0, 1.0]]]])),
            {"padding": (0, 1)},
            note="one row, one zero on each side",
            expected=(np.array([[[[21.0, 210.0]]]]), np.array([[[[530.0, 53.0]]]]), np.array([111.0])),
            explain="the padded row is 0, 3, 5, 0; its gradient is 2, 21, 210, 100, and the ends are cut off",
        )
    ]


def _padding_hidden(rng):
    return [
        _random(rng, 2, 2, 4, 5, 3, 3, 2, "padding 1", padding=1),
        _random(rng, 1, 2, 5, 4, 2, 2, 3, "padding 2 of the rows, 1 of the columns", padding=(2, 1)),
    ]


def _together():
    x = np.concatenate([X9, X9 + 1], axis=1)[:, :, :1, :2]  # (1, 2, 1, 2)
    weight = np.array([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]])  # (2, 2, 1, 1)
    return [
        Case(
            (np.array([[[[1.0, 0.0]], [[0.0, 10.0]]]]), x, weight),
            note="a 1x1 kernel, two channels in and out",
            expected=(
                np.array([[[[1.0, 30.0]], [[2.0, 40.0]]]]),
                np.array([[[[0.0]], [[1.0]]], [[[10.0]], [[20.0]]]]),
                np.array([1.0, 10.0]),
            ),
            explain="the first pixel's gradient comes from the first filter alone: 1*1 in channel one, "
            "1*2 in channel two",
        )
    ]


def _together_hidden(rng):
    return [
        _random(rng, 3, 2, 8, 7, 4, 3, 2, "everything at once", stride=(2, 3), padding=(2, 1)),
        _random(rng, 2, 4, 6, 7, 3, 1, 1, "1x1 kernel with stride", stride=2),
    ]


def _check(name, about, visible, hidden, answer=reference):
    function, parameters = "conv2d_backward", ("grad_out", "x", "weight", "stride", "padding")
    return Check(
        f"{function}.{name}", function, about, parameters, visible, hidden, answer, MISTAKES, parts=PARTS
    )


CHECKS = (
    _check("bias", "the gradient of the bias", _bias, _plain_hidden, _only(2)),
    _check("weight", "the gradient of the weight", _weight, _plain_hidden, _only(1)),
    _check("x", "the gradient of the input", _x, _plain_hidden, _only(0)),
    _check("strides", "all three with a stride", _strides, _strides_hidden),
    _check("padding", "all three with padding", _padding, _padding_hidden),
    _check("together", "all of it at once", _together, _together_hidden),
)

"""Checks of `conv2d(x, weight, bias=None, stride=1, padding=0)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a1_convolution._conv2d_mistakes import MISTAKES, reference
from course_lib.grading.checks.a1_convolution.corr2d import K4, X9
from course_lib.grading.engine import Case, Check


def _check(name, about, visible, hidden, **options):
    return Check(
        f"conv2d.{name}",
        "conv2d",
        about,
        ("x", "weight", "bias", "stride", "padding"),
        visible,
        hidden,
        reference,
        MISTAKES,
        **options,
    )


def _batch(rng, n, c_in, h, w, c_out, k_h, k_w, note, dtype=np.float64, **kwargs):
    """A random case; ``bias=True`` draws a bias as well."""
    x = rng.standard_normal((n, c_in, h, w)).astype(dtype)
    weight = rng.standard_normal((c_out, c_in, k_h, k_w)).astype(dtype)
    if kwargs.pop("bias", False):
        kwargs["bias"] = (2 + rng.random(c_out)).astype(dtype)  # (C_out,), far from 0
    return Case((x, weight), kwargs, note=note)


def _input_channels():
    x = np.stack([X9, X9 + 1])[None]  # (1, 2, 3, 3)
    weight = np.stack([K4, K4 + 1])[None]  # (1, 2, 2, 2)
    return [
        Case(
            (X9[None, None].copy(), K4[None, None].copy()),
            note="one channel, as in corr2d",
            expected=np.array([[[[19.0, 25.0], [37.0, 43.0]]]]),
            explain="the same numbers as before, in an array of four axes",
        ),
        Case(
            (x, weight),
            note="two input channels",
            expected=np.array([[[[56.0, 72.0], [104.0, 120.0]]]]),
            explain="top left: channel one gives 0*0 + 1*1 + 3*2 + 4*3 = 19, "
            "channel two 1*1 + 2*2 + 4*3 + 5*4 = 37, and 19 + 37 = 56",
        ),
    ]


def _input_channels_hidden(rng):
    return [
        _batch(rng, 1, 3, 6, 4, 1, 2, 3, "three input channels, H != W, K_h != K_w"),
        _batch(rng, 1, 4, 4, 7, 1, 3, 2, "four input channels, W > H"),
        _batch(rng, 1, 5, 3, 4, 1, 1, 1, "a 1x1 kernel over five channels"),
    ]


def _output_channels():
    weight = np.stack([K4, K4 + 1, K4 + 2])[:, None]  # (3, 1, 2, 2)
    return [
        Case(
            (X9[None, None].copy(), weight),
            note="one input channel, three filters",
            expected=np.array(
                [[[[19.0, 25.0], [37.0, 43.0]], [[27.0, 37.0], [57.0, 67.0]], [[35.0, 49.0], [77.0, 91.0]]]]
            ),
            explain="the second filter is [[1, 2], [3, 4]]: 0*1 + 1*2 + 3*3 + 4*4 = 27 at its top left",
        )
    ]


def _output_channels_hidden(rng):
    return [
        _batch(rng, 1, 3, 5, 4, 3, 2, 2, "as many filters as input channels"),
        _batch(rng, 1, 2, 5, 6, 4, 3, 2, "more filters than input channels"),
        _batch(rng, 1, 4, 5, 4, 2, 2, 3, "fewer filters than input channels"),
    ]


def _batches():
    return [
        Case(
            (np.stack([X9, 10 - X9])[:, None], K4[None, None].copy()),  # x: (2, 1, 3, 3)
            note="two images",
            expected=np.array([[[[19.0, 25.0], [37.0, 43.0]]], [[[41.0, 35.0], [23.0, 17.0]]]]),
            explain="second image, top left: 10*0 + 9*1 + 7*2 + 6*3 = 41",
        )
    ]


def _batches_hidden(rng):
    return [
        _batch(rng, 3, 2, 5, 6, 4, 2, 3, "a batch of three"),
        _batch(rng, 2, 2, 5, 4, 2, 3, 2, "as many images as channels"),
    ]


def _bias():
    weight = np.stack([K4, K4])[:, None]  # (2, 1, 2, 2)
    return [
        Case(
            (np.stack([X9, 10 - X9])[:, None], weight, np.array([1.0, -10.0])),  # x: (2, 1, 3, 3)
            note="two images, the same filter twice, with biases 1 and -10",
            expected=np.array(
                [
                    [[[20.0, 26.0], [38.0, 44.0]], [[9.0, 15.0], [27.0, 33.0]]],
                    [[[42.0, 36.0], [24.0, 18.0]], [[31.0, 25.0], [13.0, 7.0]]],
                ]
            ),
            explain="19 + 1 = 20 in the first output channel, 19 - 10 = 9 in the second",
        ),
        Case(
            (X9[None, None].copy(), weight.copy(), None),
            note="no bias",
            expected=np.array([[[[19.0, 25.0], [37.0, 43.0]], [[19.0, 25.0], [37.0, 43.0]]]]),
            explain="with bias=None nothing is added",
        ),
    ]


def _bias_hidden(rng):
    return [
        _batch(rng, 2, 3, 4, 5, 4, 2, 2, "bias, several input channels", bias=True),
        _batch(rng, 3, 2, 4, 5, 3, 2, 3, "bias, as many images as filters", bias=True),
        _batch(rng, 2, 2, 5, 5, 3, 2, 3, "bias, as many output columns as filters", bias=True),
    ]


def _padding():
    return [
        Case(
            (X9[None, None].copy(), K4[None, None].copy()),
            {"padding": 1},
            note="padding 1",
            expected=np.array(
                [
                    [
                        [
                            [0.0, 3.0, 8.0, 4.0],
                            [9.0, 19.0, 25.0, 10.0],
                            [21.0, 37.0, 43.0, 16.0],
                            [6.0, 7.0, 8.0, 0.0],
                        ]
                    ]
                ]
            ),
            explain="second in the top row: the window holds 0, 0 above 0, 1, so 0*0 + 0*1 + 0*2 + 1*3 = 3",
        ),
        Case(
            (np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 1.0]]]])),
            {"padding": (0, 1)},
            note="padding of the columns only",
            expected=np.array([[[[1.0, 3.0, 2.0]]]]),
            explain="the padded row is 0, 1, 2, 0: the sums of neighbours are 1, 3 and 2",
        ),
    ]


def _padding_hidden(rng):
    return [
        _batch(rng, 2, 2, 4, 6, 3, 3, 2, "padding 2", padding=2),
        _batch(rng, 1, 2, 5, 4, 2, 2, 3, "padding 1 of the rows, 2 of the columns", padding=(1, 2)),
        _batch(rng, 1, 1, 4, 3, 2, 3, 1, "padding of the rows only", padding=(1, 0)),
        _batch(rng, 1, 1, 1, 2, 2, 3, 4, "a kernel larger than the image before padding", padding=(1, 1)),
    ]


def _strides():
    return [
        Case(
            (X9[None, None].copy(), K4[None, None].copy()),
            {"stride": (3, 2), "padding": 1},
            note="stride 3 down and 2 across, padding 1",
            expected=np.array([[[[0.0, 8.0], [6.0, 8.0]]]]),
            explain="of the padded result, rows 0 and 3 and columns 0 and 2 remain",
        ),
        Case(
            (np.arange(16.0).reshape(1, 1, 4, 4), np.array([[[[1.0]]]])),
            {"stride": 2},
            note="a 1x1 kernel, stride 2",
            expected=np.array([[[[0.0, 2.0], [8.0, 10.0]]]]),
            explain="windows start at rows 0 and 2 and at columns 0 and 2",
        ),
        Case(
            (np.arange(5.0).reshape(1, 1, 1, 5), np.array([[[[1.0, 1.0]]]])),
            {"stride": 2},
            note="a stride that does not divide",
            expected=np.array([[[[1.0, 5.0]]]]),
            explain="windows start at columns 0 and 2; the last column is never reached",
        ),
    ]


def _strides_hidden(rng):
    return [
        _batch(rng, 2, 2, 8, 11, 3, 2, 3, "stride 2 that divides", stride=2),
        _batch(rng, 1, 2, 9, 8, 2, 2, 3, "stride 2 that does not divide", stride=2),
        _batch(rng, 1, 2, 10, 11, 2, 3, 2, "stride 3 down and 2 across", stride=(3, 2)),
        _batch(rng, 1, 1, 7, 9, 2, 2, 2, "stride 1 down and 3 across", stride=(1, 3)),
    ]


def _together():
    x = np.stack([X9, X9 + 1])[None]  # (1, 2, 3, 3)
    weight = np.stack([np.stack([K4, K4 + 1]), np.ones((2, 2, 2))])  # (2, 2, 2, 2)
    return [
        Case(
            (x, weight, np.array([0.5, -1.0]), 2, 1),
            note="two channels in and out, bias, stride 2 and padding 1",
            expected=np.array([[[[4.5, 26.5], [57.5, 120.5]], [[0.0, 7.0], [19.0, 51.0]]]]),
            explain="top left, first filter: only the lower right corner of the window is inside the image, "
            "0*3 + 1*4 + 0.5 = 4.5",
        )
    ]


def _together_hidden(rng):
    return [
        _batch(rng, 2, 3, 7, 9, 4, 3, 2, "everything at once", stride=(2, 3), padding=(2, 1), bias=True),
        _batch(rng, 3, 2, 8, 6, 5, 2, 4, "everything at once, ints", stride=2, padding=1, bias=True),
        _batch(rng, 1, 4, 6, 7, 3, 1, 1, "1x1 kernel with stride and bias", stride=2, bias=True),
    ]


def _dtype():
    x, weight = X9[None, None].astype(np.float32), K4[None, None].astype(np.float32)
    expected = np.array([[[[19.0, 25.0], [37.0, 43.0]]]])
    return [
        Case((x, weight), note="float32 in, float32 out", expected=expected.astype(np.float32)),
        Case(
            (X9[None, None].copy(), K4[None, None].copy()), note="float64 in, float64 out", expected=expected
        ),
    ]


def _dtype_hidden(rng):
    return [
        _batch(rng, 1, 2, 4, 5, 2, 3, 2, "float64"),
        _batch(rng, 2, 3, 5, 6, 4, 2, 3, "float32 with a bias", np.float32, bias=True),
        _batch(rng, 1, 2, 5, 6, 3, 3, 3, "float32 with padding", np.float32, padding=1, stride=2),
    ]


CHECKS = (
    _check("input_channels", "several input channels", _input_channels, _input_channels_hidden),
    _check("output_channels", "several output channels", _output_channels, _output_channels_hidden),
    _check("batches", "several images", _batches, _batches_hidden),
    _check("bias", "one bias per output channel", _bias, _bias_hidden),
    _check("padding", "zero padding", _padding, _padding_hidden),
    _check("strides", "stride", _strides, _strides_hidden),
    _check("together", "all of it at once", _together, _together_hidden),
    _check("dtype", "float32 stays float32", _dtype, _dtype_hidden, exact_dtype=True),
)

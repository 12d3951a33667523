"""Checks of `to_convolution`: linear layers as convolutions, on images of their size and on larger ones."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check


def _nets():
    from course_lib.grading.checks.a4_architectures import _nets

    return _nets


def converted(weight, bias, channels, height, width):
    """Weight and bias of the convolution that does what the linear layer does."""
    return weight.reshape(-1, channels, height, width).copy(), bias.copy()


def _as(change, bias_too=lambda b: b):
    return lambda w, b, c, height, width: (change(w, c, height, width), bias_too(b.copy()))


MISTAKES = {
    "the features are taken with the channels last: flatten keeps the order C, H, W": _as(
        lambda w, c, h, v: w.reshape(-1, h, v, c).transpose(0, 3, 1, 2)
    ),
    "rows and columns are exchanged: a row of the map is H apart from the next, W long": _as(
        lambda w, c, h, v: w.reshape(-1, c, v, h).transpose(0, 1, 3, 2)
    ),
    "the kernel is turned by 180 degrees: conv2d does not flip it": _as(
        lambda w, c, h, v: w.reshape(-1, c, h, v)[..., ::-1, ::-1]
    ),
    "the weight is transposed before it is reshaped: it is (out, in) already": _as(
        lambda w, c, h, v: w.T.reshape(-1, c, h, v)
    ),
    "the kernel is 1x1 with C * H * W channels: it covers the map, so it is H x W with C channels": _as(
        lambda w, c, h, v: w.reshape(len(w), -1, 1, 1)
    ),
    "the kernel's height and width are exchanged": _as(lambda w, c, h, v: w.reshape(-1, c, v, h)),
    "the bias is 0: copy the linear layer's": _as(lambda w, c, h, v: w.reshape(-1, c, h, v), lambda b: b * 0),
    "there is no bias: the linear layer has one": _as(
        lambda w, c, h, v: w.reshape(-1, c, h, v), lambda b: None
    ),
    "the bias has the wrong sign": _as(lambda w, c, h, v: w.reshape(-1, c, h, v), lambda b: -b),
    "the weight is divided by the size of the map: the sum is not a mean": _as(
        lambda w, c, h, v: w.reshape(-1, c, h, v) / (h * v)
    ),
}


def _part(name, about, part):
    def only(cases):
        def make(*arguments):
            made = []
            for case in cases(*arguments):
                whole = converted(*case.args)
                expected = tuple(value if i == part else ANYTHING for i, value in enumerate(whole))
                made.append(Case(case.args, {}, case.note, expected, case.explain))
            return made

        return make

    return Check(
        f"converted.{name}",
        "converted",
        about,
        ("weight", "bias", "channels", "height", "width"),
        only(_visible),
        only(_hidden),
        converted,
        MISTAKES,
        parts=("weight", "bias"),
    )


def _visible():
    return [
        Case(
            (np.arange(12.0).reshape(1, 12), np.array([0.5]), 2, 2, 3),
            note="twelve features of two channels, 2 high and 3 wide",
            explain="the first six features are the first channel, row by row: [[0, 1, 2], [3, 4, 5]]",
        ),
        Case(
            (np.arange(8.0).reshape(2, 4), np.array([1.0, -2.0]), 4, 1, 1),
            note="a later layer: four features, 1x1",
            explain="behind the first converted layer the map is 1 x 1, and a 1x1 convolution takes "
            "the place of a linear layer",
        ),
    ]


def _hidden(rng):
    return [
        Case((rng.standard_normal((o, c * h * w)), rng.standard_normal(o), c, h, w), note=note)
        for o, c, h, w, note in [
            (5, 3, 2, 4, "H != W"),
            (12, 2, 3, 2, "higher than wide"),
            (6, 7, 1, 1, "1x1"),
        ]
    ]


def _net(change=None):
    """The whole net with a first layer converted otherwise; ``change(nets, conv)`` returns another module."""

    def run(x, channels, size, hidden, classes, seed=0):
        nets = _nets()
        try:
            make = (lambda *a: change(nets, nets.as_convolution(*a))) if change else None
            return nets.converted_net(x, channels, size, hidden, classes, seed, make)
        except RuntimeError:
            raise ValueError("the shapes do not allow it") from None

    return run


def _with(**settings):
    def change(nets, conv):
        for name, value in settings.items():
            pair = tuple(k // 2 for k in conv.kernel_size) if value == "half" else value
            setattr(conv, name, tuple(conv.kernel_size) if value == "kernel" else pair)
        if "padding" in settings:
            conv._reversed_padding_repeated_twice = [conv.padding[1]] * 2 + [conv.padding[0]] * 2
        return conv

    return change


NET_MISTAKES = {
    "the convolution has padding: the linear layer saw whole maps only": _net(_with(padding="half")),
    "the convolution's stride is its kernel: with stride 1 the window visits every place": _net(
        _with(stride="kernel")
    ),
    "the map is averaged first: that loses where things are": _net(
        lambda nets, conv: lambda x: conv(nets.F.adaptive_avg_pool2d(x, conv.kernel_size))
    ),
}


def _larger():
    x = np.arange(24.0).reshape(1, 1, 4, 6)  # (1, 1, 4, 6)
    return [
        Case(
            (x[:, :, :2, :4].copy(), 1, (2, 4), 1, 1),
            note="the size it was made for, all weights 1",
            expected=np.array([[[[36.0]]]]),
            explain="the sum of the eight pixels, 0 to 3 and 6 to 9",
        ),
        Case(
            (x, 1, (2, 4), 1, 1),
            note="larger by two, all weights 1",
            expected=np.array([[[[36.0, 52.0], [132.0, 148.0]]]]),
            explain="the first layer halves the map to 2 x 3, the window of 1 x 2 has 2 x 2 places there",
        ),
        Case((np.linspace(-1, 1, 144).reshape(2, 2, 6, 6), 3, (4, 2), 5, 2, 1), note="two images, seed 1"),
    ]


def _larger_hidden(rng):
    return [
        Case((rng.standard_normal((2, 3, 4, 6)), 4, (4, 6), 5, 3, 2), note="the size it was made for"),
        Case((rng.standard_normal((2, 1, 10, 8)), 3, (4, 2), 6, 4, 3), note="a larger image"),
    ]


CHECKS = (
    _part("weight", "the features in their places", 0),
    _part("bias", "the bias", 1),
    Check(
        "run_converted.larger",
        "run_converted",
        "one answer on the size it was made for, a map of answers on larger images",
        ("x", "channels", "size", "hidden", "classes", "seed"),
        _larger,
        _larger_hidden,
        _net(),
        NET_MISTAKES,
        rtol=1e-4,
        atol=1e-4,
    ),
)

"""Checks of `conv_parameters` and `net_parameters`: what a network learns, counted by formula."""

from __future__ import annotations

from course_lib.grading.engine import Case, Check


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def conv_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    """Weights and biases of a convolution."""
    k_h, k_w = _pair(kernel_size)
    return out_channels * (in_channels // groups) * k_h * k_w + (out_channels if bias else 0)


def _count(shape, layers, conv=conv_parameters, norm=2, linear=None, flatten=None, norm_of=None):
    """Walk through the layers with the shape (C, H, W); each part of the count can be replaced."""
    linear = linear or (lambda n, m, bias: n * m + m * bias)
    flatten = flatten or (lambda c, h, w: c * h * w)
    (c, h, w), total = shape, 0
    for kind, *settings in layers:
        if kind == "conv":
            out, k, bias = settings
            total += conv(c, out, k, 1, bias)
            c = out
        elif kind == "norm":
            total += norm_of(c, h, w) if norm_of else norm * c
        elif kind == "pool":
            h, w = h // settings[0], w // settings[0]
        elif kind == "flatten":
            c, h, w = flatten(c, h, w), 1, 1
        elif kind == "linear":
            out, bias = settings
            total += linear(c, out, bias)
            c = out
    return total


def net_parameters(shape, layers):
    """Parameters of a network given as a list of layers."""
    return _count(shape, layers)


def _conv_as(formula):
    def wrong(in_channels, out_channels, kernel_size, groups=1, bias=True):
        return formula(in_channels, out_channels, *_pair(kernel_size), groups, bias)

    return wrong


# c: in_channels, o: out_channels, h and w: kernel, g: groups, b: bias
CONV_MISTAKES = {
    "the biases are missing: one for each output channel": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * h * w
    ),
    "a bias is counted although bias=False": _conv_as(lambda c, o, h, w, g, b: o * c // g * h * w + o),
    "one bias for the whole layer: there is one for each output channel": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * h * w + b
    ),
    "one bias for each input channel: there is one for each output channel": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * h * w + c * b
    ),
    "the biases are divided by groups as well: they belong to the output channels": _conv_as(
        lambda c, o, h, w, g, b: (o * c * h * w + o * b) // g
    ),
    "the groups are ignored: a filter sees in_channels / groups channels": _conv_as(
        lambda c, o, h, w, g, b: o * c * h * w + o * b
    ),
    "divided by groups twice: each of the out_channels filters sees in_channels / groups": _conv_as(
        lambda c, o, h, w, g, b: o // g * (c // g) * h * w + o * b
    ),
    "multiplied by groups: a filter sees fewer channels, in_channels / groups": _conv_as(
        lambda c, o, h, w, g, b: o * c * g * h * w + o * b
    ),
    "the kernel is counted as if it were square": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * h * h + o * b
    ),
    "the kernel is counted as if it were square, by its width": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * w * w + o * b
    ),
    "the kernel's height and width are added: multiply them": _conv_as(
        lambda c, o, h, w, g, b: o * c // g * (h + w) + o * b
    ),
    "the input channels are left out: a filter has a plane for each of them": _conv_as(
        lambda c, o, h, w, g, b: o * h * w + o * b
    ),
    "the output channels are left out: there is a filter for each of them": _conv_as(
        lambda c, o, h, w, g, b: c // g * h * w + o * b
    ),
}


def _net_as(**parts):
    return lambda shape, layers: _count(shape, layers, **parts)


def _without(kind):
    return lambda shape, layers: _count(shape, [layer for layer in layers if layer[0] != kind])


def _first_channels(shape, layers):
    """Every convolution and normalisation sees the channels of the image."""
    return sum(_count(shape, [layer]) for layer in layers)


NET_MISTAKES = {
    "a linear layer's biases are missing": _net_as(linear=lambda n, m, bias: n * m),
    "a linear layer's bias is counted although it has none": _net_as(linear=lambda n, m, bias: n * m + m),
    "a linear layer has one bias for each output, not one altogether": _net_as(
        linear=lambda n, m, bias: n * m + bias
    ),
    "a linear layer has one bias for each output, not for each input": _net_as(
        linear=lambda n, m, bias: n * m + n * bias
    ),
    "the running mean and variance are counted: they are measured, not learnt, so no parameters": _net_as(
        norm=4
    ),
    "the running mean, variance and count of batches are counted: they are no parameters": _net_as(
        norm_of=lambda c, h, w: 4 * c + 1
    ),
    "batch norm has a scale and a shift for each channel, 2 C; here it is C": _net_as(norm=1),
    "batch norm is left out: it has a scale and a shift for each channel": _net_as(norm=0),
    "batch norm has a scale and a shift for each channel, not for each pixel": _net_as(
        norm_of=lambda c, h, w: 2 * c * h * w
    ),
    "batch norm has 2 C parameters, not 2 altogether": _net_as(norm_of=lambda c, h, w: 2),
    "flatten gives C features: it gives C * H * W": _net_as(flatten=lambda c, h, w: c),
    "flatten gives H * W features: it gives C * H * W": _net_as(flatten=lambda c, h, w: h * w),
    "the pooling layers do not shrink the map here: a pool of k divides H and W by k": _without("pool"),
    "pooling halves the map here whatever its size: a pool of k divides H and W by k": lambda shape, layers: (
        _count(shape, [("pool", 2) if layer[0] == "pool" else layer for layer in layers])
    ),
    "every layer gets the channels of the image: it gets those of the layer before it": _first_channels,
    "the convolutions' biases are missing": _net_as(
        conv=lambda c, o, k, g, bias: conv_parameters(c, o, k, g, False)
    ),
    "a convolution's bias is counted although it has none": _net_as(
        conv=lambda c, o, k, g, bias: conv_parameters(c, o, k, g, True)
    ),
    "this is the last layer's count alone: add them up": lambda shape, layers: (
        _count(shape, layers) - _count(shape, layers[:-1])
    ),
}


def _conv_check(name, about, visible, hidden):
    parameters = ("in_channels", "out_channels", "kernel_size", "groups", "bias")
    return Check(
        f"conv_parameters.{name}",
        "conv_parameters",
        about,
        parameters,
        visible,
        hidden,
        conv_parameters,
        CONV_MISTAKES,
    )


def _plain():
    return [
        Case((1, 6, 5), note="LeNet's first layer", expected=156, explain="6 * 1 * 5*5 + 6 = 156"),
        Case(
            (3, 64, 7, 1, False), note="ResNet's first layer", expected=9408, explain="64 * 3 * 7*7, no bias"
        ),
        Case(
            (4, 10, (1, 7)), note="a kernel 1 high, 7 wide", expected=290, explain="10 * 4 * 1*7 + 10 = 290"
        ),
    ]


def _plain_hidden(rng):
    c, o = (int(n) for n in rng.integers(11, 40, 2))
    return [
        Case((c, o + 40, 3), note="a square kernel"),
        Case((c + 40, o, (5, 2)), note="a kernel higher than wide"),
        Case((c, o + 40, (3, 4), 1, False), note="no bias"),
        Case((c, o + 40, 1), note="a 1x1 kernel"),
    ]


def _groups():
    return [
        Case(
            (8, 12, 3, 4),
            note="four groups",
            expected=228,
            explain="each of the 12 filters sees 8 / 4 = 2 channels: 12 * 2 * 9 + 12 = 228",
        ),
        Case(
            (32, 32, 3, 32, False),
            note="depthwise",
            expected=288,
            explain="each filter sees one channel: 32 * 9",
        ),
    ]


def _groups_hidden(rng):
    a, b = (int(n) for n in rng.integers(2, 9, 2))
    return [
        Case((6 * a, 6 * b + 6 * a, 3, 3), note="three groups"),
        Case((5 * a, 10 * b, (3, 2), 5, False), note="five groups, no bias"),
        Case((7 * b, 14 * b, 5, 7 * b), note="depthwise, two filters a channel"),
    ]


def _net_check(name, about, visible, hidden):
    return Check(
        f"net_parameters.{name}",
        "net_parameters",
        about,
        ("shape", "layers"),
        visible,
        hidden,
        net_parameters,
        NET_MISTAKES,
    )


def _dense():
    two = (("flatten",), ("linear", 10, True), ("linear", 4, False))
    return [
        Case(
            ((1, 4, 5), two),
            note="two linear layers, the second without a bias",
            expected=250,
            explain="20 features: 20 * 10 + 10 = 210, then 10 * 4 = 40",
        ),
        Case(
            ((3, 4, 5), (("flatten",), ("linear", 7, True))),
            note="a colour image",
            expected=427,
            explain="3 * 4 * 5 = 60 features: 60 * 7 + 7 = 427",
        ),
    ]


def _dense_hidden(rng):
    c, h, w, m = (int(n) for n in rng.integers(3, 9, 4))
    return [
        Case(
            ((c, h, w + 6), (("flatten",), ("linear", m + 30, True), ("linear", 10, True))),
            note="two linear layers",
        ),
        Case(((c, h, w), (("flatten",), ("linear", m, False), ("linear", 5, True))), note="one bias"),
    ]


def _norm():
    return [
        Case(
            ((16, 8, 8), (("norm",),)),
            note="batch norm of 16 channels",
            expected=32,
            explain="16 scales and 16 shifts; mean and variance are measured, not learnt",
        ),
        Case(
            ((3, 5, 4), (("norm",), ("relu",), ("norm",))),
            note="two of them",
            expected=12,
            explain="2 * 3 + 2 * 3",
        ),
    ]


def _norm_hidden(rng):
    c = int(rng.integers(5, 60))
    return [
        Case(((c, 6, 7), (("norm",), ("relu",))), note="one"),
        Case(((c, 3, 4), (("norm",), ("relu",), ("norm",), ("norm",))), note="three"),
    ]


def _whole():
    net = (
        *(("conv", 6, 5, True), ("relu",), ("pool", 2)),
        *(("conv", 16, 5, False), ("relu",), ("pool", 2), ("flatten",), ("linear", 10, True)),
    )
    vgg = (("conv", 8, 3, True), ("relu",), ("conv", 8, 3, True), ("relu",), ("pool", 3), ("flatten",))
    return [
        Case(
            ((1, 28, 28), net),
            note="a small LeNet, its convolutions padded to keep H and W",
            expected=156 + 2400 + 7850,
            explain="6*1*25 + 6 = 156; 16*6*25 = 2400 without a bias; 28 / 2 / 2 = 7, so 16*7*7 = 784 "
            "features, 784*10 + 10 = 7850",
        ),
        Case(
            ((3, 12, 18), (*vgg, ("linear", 5, False))),
            note="pooled by three",
            expected=224 + 584 + 960,
            explain="8*3*9 + 8 = 224; 8*8*9 + 8 = 584; 8*4*6 = 192 features, 192*5 = 960",
        ),
    ]


def _whole_hidden(rng):
    a, b, k = int(rng.integers(4, 20)), int(rng.integers(21, 50)), int(rng.integers(3, 5))
    body = (("conv", a, 3, True), ("relu",), ("pool", 2), ("conv", b, (1, 3), False), ("relu",), ("pool", k))
    return [
        Case(((3, 24, 48), (*body, ("flatten",), ("linear", 10, True))), note="two convolutions, two pools"),
        Case(
            ((2, 12, 36), (*body[3:], ("conv", a, 1, True), ("flatten",), ("linear", 7, False))),
            note="a 1x1 layer",
        ),
    ]


CHECKS = (
    _conv_check("plain", "kernel, channels and bias", _plain, _plain_hidden),
    _conv_check("groups", "grouped and depthwise convolutions", _groups, _groups_hidden),
    _net_check("dense", "linear layers behind flatten", _dense, _dense_hidden),
    _net_check("norm", "batch normalisation", _norm, _norm_hidden),
    _net_check("whole", "a whole network", _whole, _whole_hidden),
)

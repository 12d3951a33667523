"""Solutions of net_parameters(shape, layers)."""

import math

import torch
from bank import right, wrong


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def walk(shape, layers, conv=None, norm=None, flatten=math.prod, linear=None):
    conv = conv or (lambda c, o, k, bias: o * c * math.prod(pair(k)) + o * bias)
    norm = norm or (lambda shape: 2 * shape[0])
    linear = linear or (lambda n, m, bias: n * m + m * bias)
    total = 0
    for kind, *rest in layers:
        if kind == "conv":
            total += conv(shape[0], *rest)
            shape = (rest[0], *shape[1:])
        elif kind == "norm":
            total += norm(shape)
        elif kind == "pool":
            shape = (shape[0], shape[1] // rest[0], shape[2] // rest[0])
        elif kind == "flatten":
            shape = (flatten(shape), 1, 1)
        elif kind == "linear":
            total += linear(shape[0], *rest)
            shape = (rest[0], 1, 1)
    return total


@right
def by_hand(shape, layers):
    return walk(shape, layers)


@right
def with_torch(shape, layers):
    (c, h, w), modules = shape, []
    for kind, *rest in layers:
        if kind == "conv":
            modules.append(torch.nn.Conv2d(c, rest[0], rest[1], bias=rest[2]))
            c = rest[0]
        elif kind == "norm":
            modules.append(torch.nn.BatchNorm2d(c))
        elif kind == "pool":
            h, w = h // rest[0], w // rest[0]
        elif kind == "flatten":
            c = c * h * w
        elif kind == "linear":
            modules.append(torch.nn.Linear(c, rest[0], bias=rest[1]))
            c = rest[0]
    return sum(p.numel() for p in torch.nn.ModuleList(modules).parameters())


@right
def with_match(shape, layers):
    (c, h, w), total = shape, 0
    for layer in layers:
        match layer:
            case ("conv", out, kernel, bias):
                total, c = total + (c * math.prod(pair(kernel)) + bias) * out, out
            case ("norm",):
                total += c + c
            case ("pool", k):
                h, w = h // k, w // k
            case ("flatten",):
                c, h, w = c * h * w, 1, 1
            case ("linear", out, bias):
                total, c = total + (c + bias) * out, out
    return total


@wrong(fails="net_parameters.dense", hint="a linear layer's biases are missing")
def no_linear_bias(shape, layers):
    return walk(shape, layers, linear=lambda n, m, bias: n * m)


@wrong(fails="net_parameters.dense", hint="although it has none")
def always_linear_bias(shape, layers):
    return walk(shape, layers, linear=lambda n, m, bias: n * m + m)


@wrong(fails="net_parameters.dense", hint="not one altogether")
def one_linear_bias(shape, layers):
    return walk(shape, layers, linear=lambda n, m, bias: n * m + bias)


@wrong(fails="net_parameters.dense", hint="not for each input")
def bias_of_inputs(shape, layers):
    return walk(shape, layers, linear=lambda n, m, bias: n * m + n * bias)


@wrong(fails="net_parameters.dense", hint="flatten gives C features")
def channels_alone(shape, layers):
    return walk(shape, layers, flatten=lambda shape: shape[0])


@wrong(fails="net_parameters.dense", hint="flatten gives H * W features")
def pixels_alone(shape, layers):
    return walk(shape, layers, flatten=lambda shape: shape[1] * shape[2])


@wrong(fails="net_parameters.norm", hint="measured, not learnt")
def counts_statistics(shape, layers):
    return walk(shape, layers, norm=lambda shape: 4 * shape[0])


@wrong(fails="net_parameters.norm", hint="here it is C")
def scale_alone(shape, layers):
    return walk(shape, layers, norm=lambda shape: shape[0])


@wrong(fails="net_parameters.norm", hint="batch norm is left out")
def no_norm(shape, layers):
    return walk(shape, layers, norm=lambda shape: 0)


@wrong(fails="net_parameters.norm", hint="not for each pixel")
def norm_of_pixels(shape, layers):
    return walk(shape, layers, norm=lambda shape: 2 * math.prod(shape))


@wrong(fails="net_parameters.norm", hint="not 2 altogether")
def two_altogether(shape, layers):
    return walk(shape, layers, norm=lambda shape: 2)


@wrong(fails="net_parameters.whole", hint="do not shrink the map")
def no_pooling(shape, layers):
    return walk(shape, [layer for layer in layers if layer[0] != "pool"])


@wrong(fails="net_parameters.whole", hint="halves the map here whatever its size")
def pools_by_two(shape, layers):
    return walk(shape, [("pool", 2) if layer[0] == "pool" else layer for layer in layers])


@wrong(fails="net_parameters.whole", hint="the channels of the image")
def never_new_channels(shape, layers):
    total = 0
    for layer in layers:
        total += walk(shape, [layer])
    return total


@wrong(fails="net_parameters.whole", hint="the convolutions' biases are missing")
def no_conv_bias(shape, layers):
    return walk(shape, layers, conv=lambda c, o, k, bias: o * c * math.prod(pair(k)))


@wrong(fails="net_parameters.whole", hint="a convolution's bias is counted although it has none")
def always_conv_bias(shape, layers):
    return walk(shape, layers, conv=lambda c, o, k, bias: o * c * math.prod(pair(k)) + o)


@wrong(fails="net_parameters.whole", hint="the last layer's count alone")
def forgets_to_add(shape, layers):
    return walk(shape, layers) - walk(shape, layers[:-1])

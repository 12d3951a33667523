"""Solutions of to_convolution(linear, channels, height, width)."""

import torch
import torch.nn.functional as F
from bank import right, wrong
from torch import nn


def made(linear, channels, height, width, weight=None, bias=True, **settings):
    conv = nn.Conv2d(channels, linear.out_features, (height, width), bias=bias, **settings)
    weight = linear.weight.reshape(-1, channels, height, width) if weight is None else weight
    conv.weight = nn.Parameter(weight.detach().clone())
    if bias:
        conv.bias = nn.Parameter(linear.bias.detach().clone())
    return conv


@right
def copies(linear, channels, height, width):
    return made(linear, channels, height, width)


@right
def by_state_dict(linear, channels, height, width):
    conv = nn.Conv2d(channels, linear.weight.shape[0], kernel_size=(height, width))
    state = {"weight": linear.weight.view(conv.weight.shape), "bias": linear.bias}
    conv.load_state_dict(state)
    return conv.eval()


@right
def pixel_by_pixel(linear, channels, height, width):
    conv = nn.Conv2d(channels, linear.out_features, (height, width))
    with torch.no_grad():
        for feature in range(linear.in_features):
            c, rest = divmod(feature, height * width)
            conv.weight[:, c, rest // width, rest % width] = linear.weight[:, feature]
        conv.bias[:] = linear.bias
    print(conv)
    return conv


@wrong(fails="converted.weight", hint="channels last")
def channels_last(linear, c, h, w):
    return made(linear, c, h, w, linear.weight.reshape(-1, h, w, c).permute(0, 3, 1, 2))


@wrong(fails="converted.weight", hint="rows and columns are exchanged")
def columns_first(linear, c, h, w):
    return made(linear, c, h, w, linear.weight.reshape(-1, c, w, h).transpose(2, 3))


@wrong(fails="converted.weight", hint="turned by 180 degrees")
def flipped(linear, c, h, w):
    return made(linear, c, h, w, linear.weight.reshape(-1, c, h, w).flip(2, 3))


@wrong(fails="converted.weight", hint="transposed before")
def transposed(linear, c, h, w):
    return made(linear, c, h, w, linear.weight.T.reshape(-1, c, h, w))


@wrong(fails="converted.weight", hint="the kernel is 1x1")
def one_by_one(linear, c, h, w):
    return made(linear, c * h * w, 1, 1)


@wrong(fails="converted.weight", hint="height and width are exchanged")
def width_first(linear, c, h, w):
    return made(linear, c, w, h)


@wrong(fails="converted.weight", hint="divided by the size of the map")
def mean(linear, c, h, w):
    return made(linear, c, h, w, linear.weight.reshape(-1, c, h, w) / (h * w))


@wrong(fails="converted.weight", hint="weight has wrong values")
def not_copied(linear, c, h, w):
    return nn.Conv2d(c, linear.out_features, (h, w))


@wrong(fails="converted.bias", hint="there is no bias")
def without_bias(linear, c, h, w):
    return made(linear, c, h, w, bias=False)


@wrong(fails="converted.bias", hint="the bias is 0")
def zero_bias(linear, c, h, w):
    conv = made(linear, c, h, w)
    nn.init.zeros_(conv.bias)
    return conv


@wrong(fails="run_converted.larger", hint="the convolution has padding")
def padded(linear, c, h, w):
    return made(linear, c, h, w, padding=(h // 2, w // 2))


@wrong(fails="run_converted.larger", hint="stride is its kernel")
def strided(linear, c, h, w):
    return made(linear, c, h, w, stride=(h, w))


class Shrinking(nn.Conv2d):
    """Averages larger maps down to its kernel's size."""

    def forward(self, x):
        return super().forward(F.adaptive_avg_pool2d(x, self.kernel_size))


@wrong(fails="run_converted.larger", hint="averaged first")
def averaged(linear, c, h, w):
    conv = Shrinking(c, linear.out_features, (h, w))
    conv.load_state_dict(made(linear, c, h, w).state_dict())
    return conv

"""Solutions of VGGBlock(num_convs, in_channels, out_channels)."""

import itertools

import torch
import torch.nn.functional as F
from bank import right, wrong
from torch import nn


def stack(num_convs, c_in, c_out, act=nn.ReLU, **conv):
    """Convolutions with an activation behind each."""
    layers = []
    for i in range(num_convs):
        layers += [
            nn.Conv2d(c_in if i == 0 else c_out, c_out, **{"kernel_size": 3, "padding": 1, **conv}),
            act(),
        ]
    return layers


@right
class Sequence(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels), nn.MaxPool2d(2))


@right
class Listed(nn.Module):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__()
        widths = [in_channels] + [out_channels] * num_convs
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 1, "same") for a, b in itertools.pairwise(widths))

    def forward(self, x):
        for conv in self.convs:
            x = torch.relu(conv(x))
        return F.max_pool2d(x, 2)


@right
class InPlaceAndPoolBefore(nn.Module):
    """ReLU works in place, and max pooling may come before the last one: it is the same."""

    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__()
        self.layers = nn.Sequential(
            *stack(num_convs, in_channels, out_channels, lambda: nn.ReLU(inplace=True))[:-1]
        )
        print("built a block of", num_convs)

    def forward(self, x):
        return F.relu(F.max_pool2d(self.layers(x), kernel_size=(2, 2), stride=2))


@wrong(fails="run_vgg_block.values", hint="the ReLUs are missing")
class NoRelu(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels, nn.Identity), nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the ReLU after the last convolution is missing")
class NoLastRelu(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels)[:-1], nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the pool at the end is missing")
class NoPool(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels))


@wrong(fails="run_vgg_block.values", hint="this is average pooling")
class Average(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels), nn.AvgPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the pool moves by one pixel")
class PoolOfStrideOne(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels), nn.MaxPool2d(2, stride=1))


@wrong(fails="run_vgg_block.values", hint="a pool after every convolution")
class PoolEach(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        layers = stack(num_convs, in_channels, out_channels)
        super().__init__(
            *(m for i in range(num_convs) for m in (*layers[2 * i : 2 * i + 2], nn.MaxPool2d(2)))
        )


@wrong(fails="run_vgg_block.values", hint="the convolutions have no padding")
class NoPadding(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels, padding=0), nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the convolutions have no bias")
class NoBias(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels, bias=False), nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the kernels are 5x5")
class Five(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(
            *stack(num_convs, in_channels, out_channels, kernel_size=5, padding=2), nn.MaxPool2d(2)
        )


@wrong(fails="run_vgg_block.values", hint="one convolution too many")
class OneMore(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs + 1, in_channels, out_channels), nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="one convolution only")
class OneOnly(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(1, in_channels, out_channels), nn.MaxPool2d(2))


@wrong(fails="run_vgg_block.values", hint="the pool is 3x3 with padding")
class PoolOfThree(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        super().__init__(*stack(num_convs, in_channels, out_channels), nn.MaxPool2d(3, 2, 1))


@wrong(fails="run_vgg_block.values", hint="is the `return` missing?")
class NoReturn(Sequence):
    def forward(self, x):
        super().forward(x)


@wrong(fails="run_vgg_block.values", hint="expected input")
class ChannelsNeverChange(nn.Sequential):
    def __init__(self, num_convs, in_channels, out_channels):
        layers = [nn.Conv2d(in_channels, out_channels, 3, padding=1) for _ in range(num_convs)]
        super().__init__(*layers, nn.ReLU(), nn.MaxPool2d(2))

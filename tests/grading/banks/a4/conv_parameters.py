"""Solutions of conv_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True)."""

import numpy as np
import torch
from bank import right, wrong


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


@right
def formula(in_channels, out_channels, kernel_size, groups=1, bias=True):
    k_h, k_w = pair(kernel_size)
    return (in_channels // groups * k_h * k_w + bool(bias)) * out_channels


@right
def asks_torch(in_channels, out_channels, kernel_size, groups=1, bias=True):
    conv = torch.nn.Conv2d(in_channels, out_channels, kernel_size, groups=groups, bias=bias)
    return sum(p.numel() for p in conv.parameters())


@right
def group_by_group(in_channels, out_channels, kernel_size, groups=1, bias=True):
    each = (in_channels // groups) * (out_channels // groups) * int(np.prod(pair(kernel_size)))
    return each * groups + (out_channels if bias else 0)


@wrong(fails="conv_parameters.plain", hint="the biases are missing")
def no_bias(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, groups, False)


@wrong(fails="conv_parameters.plain", hint="counted although bias=False")
def always_bias(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, groups, True)


@wrong(fails="conv_parameters.plain", hint="one bias for the whole layer")
def a_single_bias(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, groups, False) + int(bias)


@wrong(fails="conv_parameters.plain", hint="one bias for each input channel")
def bias_of_inputs(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, groups, False) + in_channels * bias


@wrong(fails="conv_parameters.plain", hint="as if it were square")
def square(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, pair(kernel_size)[0], groups, bias)


@wrong(fails="conv_parameters.plain", hint="height and width are added")
def adds_the_sides(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return out_channels * (in_channels // groups) * sum(pair(kernel_size)) + out_channels * bias


@wrong(fails="conv_parameters.plain", hint="the input channels are left out")
def one_plane(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(1, out_channels, kernel_size, 1, bias)


@wrong(fails="conv_parameters.plain", hint="the output channels are left out")
def one_filter(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, 1, kernel_size, groups, False) + out_channels * bias


@wrong(fails="conv_parameters.groups", hint="the groups are ignored")
def no_groups(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, 1, bias)


@wrong(fails="conv_parameters.groups", hint="divided by groups twice")
def groups_twice(in_channels, out_channels, kernel_size, groups=1, bias=True):
    k_h, k_w = pair(kernel_size)
    return (out_channels // groups) * (in_channels // groups) * k_h * k_w + out_channels * bias


@wrong(fails="conv_parameters.groups", hint="the biases are divided by groups as well")
def all_over_groups(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels, out_channels, kernel_size, 1, bias) // groups


@wrong(fails="conv_parameters.groups", hint="multiplied by groups")
def times_groups(in_channels, out_channels, kernel_size, groups=1, bias=True):
    return formula(in_channels * groups, out_channels, kernel_size, 1, bias)

"""Solutions of layer_size(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False)."""

import math

import numpy as np
import torch
from bank import right, wrong


@right
def formula(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (out - 1) * stride >= size + padding:
        out -= 1
    return out


@right
def walks(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    covers, starts = dilation * (kernel_size - 1) + 1, []
    for start in range(0, size + 2 * padding, stride):
        if start + covers <= size + 2 * padding:
            starts.append(start)
        elif ceil_mode:
            if start < size + padding and (not starts or starts[-1] + covers < size + 2 * padding):
                starts.append(start)
            break
    return len(starts)


@right
def asks_torch(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    if not ceil_mode:
        conv = torch.nn.Conv1d(1, 1, kernel_size, stride, padding, dilation)
        return conv(torch.zeros(1, 1, size)).shape[-1]
    return torch.nn.functional.max_pool1d(
        torch.zeros(1, 1, size), kernel_size, stride, padding, dilation, True
    ).shape[-1]


@right
def with_floats_and_numpy(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    effective = (kernel_size - 1) * dilation + 1
    steps = (size + 2 * padding - effective) / stride
    out = np.int64((math.ceil if ceil_mode else math.floor)(steps)) + 1
    print("windows", out)
    return out if not ceil_mode or (out - 1) * stride < size + padding else out - 1


@wrong(fails="layer_size.strides", hint="the padding is counted once")
def padding_once(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size - padding, kernel_size, stride, padding, dilation, ceil_mode)


@wrong(fails="layer_size.strides", hint="the + 1 is missing")
def plus_one_missing(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, stride, padding, dilation, ceil_mode) - 1


@wrong(fails="layer_size.strides", hint="the + 1 stands inside the division")
def plus_one_inside(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1 + 1) // stride


@wrong(fails="layer_size.strides", hint="always rounded up")
def always_up(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return math.ceil((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


@wrong(fails="layer_size.strides", hint="rounded to the nearest")
def to_the_nearest(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return round((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1


@wrong(fails="layer_size.strides", hint="// divides to an integer")
def a_float(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1


@wrong(fails="layer_size.strides", hint="the padding is ignored")
def no_padding(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, stride, 0, dilation, ceil_mode)


@wrong(fails="layer_size.strides", hint="the stride is ignored")
def no_stride(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, 1, padding, dilation, ceil_mode)


@wrong(fails="layer_size.dilation", hint="the dilation is ignored")
def no_dilation(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, stride, padding, 1, ceil_mode)


@wrong(fails="layer_size.dilation", hint="multiplies the whole kernel")
def dilation_times_kernel(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size * dilation, stride, padding, 1, ceil_mode)


@wrong(fails="layer_size.dilation", hint="taken for the gap")
def dilation_as_gap(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size + dilation * (kernel_size - 1), stride, padding, 1, ceil_mode)


@wrong(fails="layer_size.ceil", hint="ceil_mode is ignored")
def never_up(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, stride, padding, dilation)


@wrong(fails="layer_size.ceil", hint="adding one more window")
def one_more(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    return formula(size, kernel_size, stride, padding, dilation) + int(ceil_mode)


@wrong(fails="layer_size.edge", hint="starts in the padding on the right does not count")
def without_the_exception(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return math.ceil(room / stride) + 1 if ceil_mode else room // stride + 1

"""Solutions of output_size(size, kernel_size, stride=1, padding=0)."""

import math

import numpy as np
from bank import right, wrong


@right
def formula(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) // stride + 1


@right
def counting(size, kernel_size, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))


@right
def floor_of_a_fraction(size, kernel_size, stride=1, padding=0):
    return math.floor((size + 2 * padding - kernel_size) / stride) + 1


@right
def numpy_integer(size, kernel_size, stride=1, padding=0):
    return np.arange(size + 2 * padding)[: size + 2 * padding - kernel_size + 1 : stride].size


@right
def walking(size, kernel_size, stride=1, padding=0):
    count, start = np.int64(0), 0
    while start + kernel_size <= size + 2 * padding:
        count, start = count + 1, start + stride
    print("counted", count)
    return count


@wrong(fails="output_size.plain", hint="the + 1 is missing")
def plus_one_missing(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) // stride


@wrong(fails="output_size.plain", hint="does not end in - 1")
def minus_one(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) // stride - 1


@wrong(fails="output_size.padding", hint="counted once")
def padding_once(size, kernel_size, stride=1, padding=0):
    return (size + padding - kernel_size) // stride + 1


@wrong(fails="output_size.padding", hint="padding is ignored")
def padding_ignored(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) // stride + 1


@wrong(fails="output_size.padding", hint="padding is subtracted")
def padding_subtracted(size, kernel_size, stride=1, padding=0):
    return (size - 2 * padding - kernel_size) // stride + 1


@wrong(fails="output_size.strides", hint="stride is ignored")
def stride_ignored(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size + 1


@wrong(fails="output_size.strides", hint="rounded up")
def rounded_up(size, kernel_size, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel_size) / stride) + 1


@wrong(fails="output_size.strides", hint="rounded to the nearest")
def rounded_to_nearest(size, kernel_size, stride=1, padding=0):
    return round((size + 2 * padding - kernel_size) / stride) + 1


@wrong(fails="output_size.strides", hint="inside the division")
def plus_one_inside(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size + 1) // stride


@wrong(fails="output_size.strides", hint="only the size is divided")
def only_the_size_divided(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding) // stride - kernel_size + 1


@wrong(fails="output_size.strides", hint="kernel is ignored")
def kernel_ignored(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding) // stride


@wrong(fails="output_size.plain", hint="expected an integer")
def a_float(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) / stride + 1


@wrong(fails="output_size.plain", hint="expected an integer")
def a_pair(size, kernel_size, stride=1, padding=0):
    n = (size + 2 * padding - kernel_size) // stride + 1
    return n, n


@wrong(fails="output_size.strides")
def only_two_strides_known(size, kernel_size, stride=1, padding=0):
    n = size + 2 * padding - kernel_size + 1
    return n if stride == 1 else (n + 1) // 2

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


@right
def recursive(size, kernel_size, stride=1, padding=0):
    padded = size + 2 * padding
    return 0 if padded < kernel_size else 1 + recursive_step(padded - stride, kernel_size, stride)


def recursive_step(padded, kernel_size, stride):
    return 0 if padded < kernel_size else 1 + recursive_step(padded - stride, kernel_size, stride)


@right
def rounding_up_the_other_way(size, kernel_size, stride=1, padding=0):
    return int(np.ceil((size + 2 * padding - kernel_size + 1) / stride))


@right
def quotient_and_remainder(size, kernel_size, stride=1, padding=0):
    room = size - kernel_size + padding + padding
    quotient, remainder = divmod(room, stride)
    print(f"{remainder} pixels are never reached")
    return np.array(quotient + 1)


@wrong(fails="output_size.strides", hint="parentheses are missing")
def parentheses_missing(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size // stride + 1


@wrong(fails="output_size.plain", hint="not part of the divisor")
def plus_one_in_the_divisor(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) // (stride + 1)


@wrong(fails="output_size.strides", hint="the padding is added after the division")
def padding_added_afterwards(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) // stride + 1 + 2 * padding


@wrong(fails="output_size.plain", hint="one too many")
def one_window_too_many(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - (kernel_size - 1)) // stride + 1


@wrong(fails="output_size.plain", hint="expected an integer")
def floor_gives_a_float(size, kernel_size, stride=1, padding=0):
    return np.floor((size + 2 * padding - kernel_size) / stride) + 1


@wrong(fails="output_size.plain", hint='"same" padding')
def always_padded_to_the_same_size(size, kernel_size, stride=1, padding=0):
    return (size - 1) // stride + 1


@wrong(fails="output_size.plain", hint="half the kernel")
def padding_guessed_from_the_kernel(size, kernel_size, stride=1, padding=0):
    padding = kernel_size // 2
    return (size + 2 * padding - kernel_size) // stride + 1


@wrong(fails="output_size.plain", hint="the + 1 is missing")
def stops_before_the_last_window(size, kernel_size, stride=1, padding=0):
    count, start = 0, 0
    while start < size + 2 * padding - kernel_size:
        count += 1
        start += stride
    return count


@wrong(fails="output_size.plain", hint="the result has the wrong type: expected an integer")
def as_text(size, kernel_size, stride=1, padding=0):
    return f"{(size + 2 * padding - kernel_size) // stride + 1}"


@wrong(fails="output_size.plain", hint="is the `return` missing?")
def prints_the_number(size, kernel_size, stride=1, padding=0):
    print((size + 2 * padding - kernel_size) // stride + 1)

"""Solutions of receptive_field(layers)."""

import numpy as np
from bank import right, wrong


def walk(layers, size=1, jump=1, start=0.0, grow=None, move=None, leap=None):
    grow = grow or (lambda k, d, j: (k - 1) * d * j)
    move = move or (lambda k, d, p, j: ((k - 1) * d / 2 - p) * j)
    leap = leap or (lambda j, s, k: j * s)
    for _, k, s, p, d, _ in layers:
        size, start, jump = size + grow(k, d, jump), start + move(k, d, p, jump), leap(jump, s, k)
    return size, jump, start


@right
def forward(layers):
    return walk(layers)


@right
def from_the_back(layers):
    """The outermost pixels that positions 0 and 1 of the output see."""

    def seen(position):
        first = last = position
        for _, k, s, p, d, _ in reversed(layers):
            first, last = first * s - p, last * s - p + (k - 1) * d
        return first, last

    (first, last), (following, _) = seen(0), seen(1)
    return last - first + 1, following - first, (first + last) / 2


@right
def numpy_numbers(layers):
    kernels, strides, paddings, dilations = np.array([layer[1:5] for layer in layers]).T
    jumps = np.concatenate([[1], np.cumprod(strides)])
    reach = (kernels - 1) * dilations
    return [1 + (reach * jumps[:-1]).sum(), jumps[-1], float(((reach / 2 - paddings) * jumps[:-1]).sum())]


@wrong(fails="receptive_field.size", hint="by k - 1 jumps")
def grows_by_k(layers):
    return walk(layers, grow=lambda k, d, j: k * d * j)


@wrong(fails="receptive_field.size", hint="the jump is left out of the size")
def no_jump(layers):
    return walk(layers, grow=lambda k, d, j: (k - 1) * d)


@wrong(fails="receptive_field.size", hint="updated before it is used")
def jump_first(layers):
    size, jump, start = 1, 1, 0.0
    for _, k, s, p, d, _ in layers:
        jump *= s
        size += (k - 1) * d * jump
        start += ((k - 1) * d / 2 - p) * jump
    return size, jump, start


@wrong(fails="receptive_field.size", hint="a pixel of the image sees one pixel")
def begins_with_nothing(layers):
    return walk(layers, size=0)


@wrong(fails="receptive_field.size", hint="alone")
def last_alone(layers):
    return walk(layers[-1:])


@wrong(fails="receptive_field.size", hint="the jump comes first")
def other_order(layers):
    size, jump, start = walk(layers)
    return jump, size, start


@wrong(fails="receptive_field.dilation", hint="the dilation is ignored")
def no_dilation(layers):
    return walk([(*layer[:4], 1, False) for layer in layers])


@wrong(fails="receptive_field.dilation", hint="multiplies the whole kernel")
def dilation_times_kernel(layers):
    return walk(layers, grow=lambda k, d, j: (k * d - 1) * j)


@wrong(fails="receptive_field.dilation", hint="the dilation is ignored")
def dilation_in_the_start_alone(layers):
    return walk(layers, grow=lambda k, d, j: (k - 1) * j)


@wrong(fails="receptive_field.jump", hint="the last stride alone")
def last_stride(layers):
    return walk(layers)[0], layers[-1][2], walk(layers)[2]


@wrong(fails="receptive_field.jump", hint="the strides are added")
def adds_strides(layers):
    size, _, start = walk(layers)
    return size, 1 + sum(layer[2] for layer in layers), start


@wrong(fails="receptive_field.jump", hint="takes the kernel for the stride")
def kernel_for_stride(layers):
    return walk(layers, leap=lambda j, s, k: j * k)


@wrong(fails="receptive_field.jump", hint="the pooling layers are left out")
def convolutions_alone(layers):
    return walk([layer for layer in layers if layer[0] == "conv"])


@wrong(fails="receptive_field.start", hint="the start ignores the padding")
def no_padding(layers):
    return walk(layers, move=lambda k, d, p, j: (k - 1) * d / 2 * j)


@wrong(fails="receptive_field.start", hint="the start adds the padding")
def padding_added(layers):
    return walk(layers, move=lambda k, d, p, j: ((k - 1) * d / 2 + p) * j)


@wrong(fails="receptive_field.start", hint="the start moves by pixels")
def start_without_jump(layers):
    return walk(layers, move=lambda k, d, p, j: (k - 1) * d / 2 - p)


@wrong(fails="receptive_field.start", hint="the left edge of the field")
def left_edge(layers):
    size, jump, start = walk(layers)
    return size, jump, start - (size - 1) / 2


@wrong(fails="receptive_field.start", hint="from the corner of the first pixel")
def from_the_corner(layers):
    return walk(layers, start=0.5)


@wrong(fails="receptive_field.start", hint="the start is rounded down")
def whole_numbers(layers):
    return walk(layers, start=0, move=lambda k, d, p, j: ((k - 1) * d // 2 - p) * j)

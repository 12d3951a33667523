"""Pooling with any reduction, to compute what the well-known mistakes compute."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Shape


def pair(value):
    """An int as a pair of it; a pair as it is."""
    return (value, value) if isinstance(value, int) else tuple(value)


def pool(x, kernel_size, stride, reduce, pads=(0, 0, 0, 0), **fill):
    """Reduce every window; ``pads`` is top, bottom, left, right."""
    top, bottom, left, right = pads
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), **fill)  # (N, C, H + .., W + ..)
    s_h, s_w = pair(stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, pair(kernel_size), axis=(2, 3))
    return reduce(windows[:, :, ::s_h, ::s_w], axis=(-2, -1))  # (N, C, H_out, W_out)


def wrong_geometry(reference):
    """Mistakes of windows, strides and axes, which every kind of pooling shares.

    ``reference(x, kernel_size, stride, padding)`` pools in the right way.
    """

    def mistake(change):
        def wrong(x, kernel_size, stride=None, padding=0):
            stride = kernel_size if stride is None else stride
            return change(x, kernel_size, stride, padding)

        return wrong

    def on_stride(change):
        return mistake(lambda x, k, s, p: reference(x, k, change(pair(s)), p))

    def shape(change):
        return mistake(lambda x, k, s, p: Shape(change(*reference(x, k, s, p).shape)))

    def round_up(x, k, s, p):
        (k_h, k_w), (s_h, s_w), (p_h, p_w) = pair(k), pair(s), pair(p)
        h_out = -((k_h - x.shape[2] - 2 * p_h) // s_h) + 1
        w_out = -((k_w - x.shape[3] - 2 * p_w) // s_w) + 1
        return Shape((*x.shape[:2], h_out, w_out))

    def last_zero(x, k, s, p):
        y = reference(x, k, s, p)
        y[:, :, -1, :] = 0
        y[:, :, :, -1] = 0
        return y

    return {
        "the windows move by one pixel: the step is the stride, or without one the kernel's size": on_stride(
            lambda s: 1
        ),
        "the stride is ignored: it need not equal the kernel's size": mistake(
            lambda x, k, s, p: reference(x, k, k, p)
        ),
        "stride is applied to rows only: columns step by it as well": on_stride(lambda s: (s[0], 1)),
        "stride is applied to columns only: rows step by it as well": on_stride(lambda s: (1, s[1])),
        "the two strides are swapped: the first is for H, the second for W": on_stride(lambda s: s[::-1]),
        "the kernel's height and width are swapped": mistake(
            lambda x, k, s, p: reference(x, pair(k)[::-1], s, p)
        ),
        "the padding is ignored": mistake(lambda x, k, s, p: reference(x, k, s, 0)),
        "the last row and column are never computed: the range ends one too early": mistake(last_zero),
        "every image gives the result of the first": mistake(
            lambda x, k, s, p: reference(np.repeat(x[:1], len(x), axis=0), k, s, p)
        ),
        "every channel gives the result of the first: pool each channel by itself": mistake(
            lambda x, k, s, p: reference(np.repeat(x[:, :1], x.shape[1], axis=1), k, s, p)
        ),
        "the output is transposed: its rows run along H": mistake(
            lambda x, k, s, p: reference(x, k, s, p).swapaxes(2, 3)
        ),
        "one row and one column too many: a window that hangs over the edge does not count": mistake(
            round_up
        ),
        "the output is one row and one column short: the formula ends in + 1": shape(
            lambda n, c, h, w: (n, c, h - 1, w - 1)
        ),
        "the channels are gone: pool each channel by itself": shape(lambda n, c, h, w: (n, h, w)),
        "the channels are pooled together: pool each channel by itself": shape(
            lambda n, c, h, w: (n, 1, h, w)
        ),
    }

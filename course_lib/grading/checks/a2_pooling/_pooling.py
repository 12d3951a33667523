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


class _Geometry:
    """Mistakes of windows, strides and axes around ``reference(x, kernel_size, stride, padding)``."""

    def __init__(self, reference):
        self.reference = reference

    def mistake(self, change):
        """``change(x, kernel_size, stride, padding)`` with a stride that is not None."""

        def wrong(x, kernel_size, stride=None, padding=0):
            return change(x, kernel_size, kernel_size if stride is None else stride, padding)

        return wrong

    def on_input(self, change):
        return self.mistake(lambda x, k, s, p: self.reference(change(x), k, s, p))

    def on_stride(self, change):
        return self.mistake(lambda x, k, s, p: self.reference(x, k, change(pair(s)), p))

    def on_padding(self, change):
        def wrong(x, k, s, p):
            try:
                return self.reference(x, k, s, change(pair(p)))
            except ValueError:  # more than half the kernel, which the reference refuses
                return self.size(_windows_fit)(x, k, s, change(pair(p)))

        return self.mistake(wrong)

    def on_result(self, change):
        return self.mistake(lambda x, k, s, p: change(self.reference(x, k, s, p)))

    def emptied(self, *places):
        """The result with zeros in some places, which were never computed."""

        def empty(y):
            for place in places:
                y[place] = 0
            return y

        return self.on_result(empty)

    def shape(self, change):
        return self.mistake(lambda x, k, s, p: Shape(change(*self.reference(x, k, s, p).shape)))

    def size(self, formula, axes=(2, 3)):
        """Another formula of size, kernel, stride and padding, for the axes of the image given."""

        def sizes(x, k, s, p):
            k, s, p = pair(k), pair(s), pair(p)
            return Shape((*x.shape[:2], *(formula(x.shape[a], k[a - 2], s[a - 2], p[a - 2]) for a in axes)))

        return self.mistake(sizes)

    def kernel_apart(self):
        """Windows that lie a kernel apart where the stride is larger; as many as the stride asks for."""

        def wrong(x, k, s, p):
            (h, w), full = self.reference(x, k, s, p).shape[2:], self.reference(x, k, k, p)
            if full.shape[2] < h or full.shape[3] < w:
                raise ValueError("the windows run out of the image")
            return full[:, :, :h, :w]  # (N, C, H_out, W_out)

        return self.mistake(wrong)


def _windows_fit(size, k, s, p):
    return (size + 2 * p - k) // s + 1


def _places(of):
    """Mistakes of where the windows stand and of what is computed."""
    return {
        "the windows move by one pixel: the step is the stride, or without one the kernel's size": (
            of.on_stride(lambda s: 1)
        ),
        "the stride is ignored: it need not equal the kernel's size": of.mistake(
            lambda x, k, s, p: of.reference(x, k, k, p)
        ),
        "the windows are the kernel's size apart: window i starts at i * s_h": of.kernel_apart(),
        "stride is applied to rows only: columns step by it as well": of.on_stride(lambda s: (s[0], 1)),
        "stride is applied to columns only: rows step by it as well": of.on_stride(lambda s: (1, s[1])),
        "the two strides are swapped: the first is for H, the second for W": of.on_stride(lambda s: s[::-1]),
        "the kernel's height and width are swapped": of.mistake(
            lambda x, k, s, p: of.reference(x, pair(k)[::-1], s, p)
        ),
        "the last row and column are never computed: the range ends one too early": of.emptied(
            np.s_[:, :, -1], np.s_[..., -1]
        ),
        "the last row is never computed: the range over the rows ends one too early": of.emptied(
            np.s_[:, :, -1]
        ),
        "the last column is never computed: the range over the columns ends one too early": of.emptied(
            np.s_[..., -1]
        ),
        "only the first row is computed: the `return` stands inside the loop": of.emptied(np.s_[:, :, 1:]),
        "only the first window is computed: the `return` stands inside the loop": of.emptied(
            np.s_[:, :, 1:], np.s_[..., 1:]
        ),
    }


def _paddings(of):
    return {
        "the padding is ignored": of.on_padding(lambda p: 0),
        "padding is applied to rows only: W is padded as well": of.on_padding(lambda p: (p[0], 0)),
        "padding is applied to columns only: H is padded as well": of.on_padding(lambda p: (0, p[1])),
        "the two paddings are swapped: the first is for H, the second for W": of.on_padding(
            lambda p: p[::-1]
        ),
    }


def wrong_geometry(reference, merge, padding=True):
    """Mistakes of windows, strides and axes, which every kind of pooling shares.

    ``reference(x, kernel_size, stride, padding)`` pools in the right way; ``merge(y)`` reduces its result
    over images and channels. Without ``padding`` the mistakes in it are left out.
    """
    of = _Geometry(reference)
    return {
        **_places(of),
        **(_paddings(of) if padding else {}),
        "all images and channels are pooled into one: reduce the two last axes only": of.on_result(
            lambda y: np.broadcast_to(merge(y), y.shape)
        ),
        "every image gives the result of the first": of.on_input(lambda x: np.repeat(x[:1], len(x), axis=0)),
        "every channel gives the result of the first: pool each channel by itself": of.on_input(
            lambda x: np.repeat(x[:, :1], x.shape[1], axis=1)
        ),
        "the output is transposed: its rows run along H": of.on_result(lambda y: y.swapaxes(2, 3)),
        "one row and one column too many: a window that hangs over the edge does not count": of.size(
            lambda size, k, s, p: -((k - size - 2 * p) // s) + 1
        ),
        "the image's size is divided by the stride: it is (H + 2 P - K) // S + 1": of.size(
            lambda size, k, s, p: (size + 2 * p) // s
        ),
        "the output's width is computed from H: it comes from W": of.size(_windows_fit, (2, 2)),
        "the output's height is computed from W: it comes from H": of.size(_windows_fit, (3, 3)),
        "the output is one row and one column short: the formula ends in + 1": of.shape(
            lambda n, c, h, w: (n, c, h - 1, w - 1)
        ),
        "the channels are gone: pool each channel by itself": of.shape(lambda n, c, h, w: (n, h, w)),
        "the channels are pooled together: pool each channel by itself": of.shape(
            lambda n, c, h, w: (n, 1, h, w)
        ),
    }

"""What the well-known mistakes in a hand-written `conv2d` compute, for the hints of its checks."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Shape


def pair(value):
    """An int as a pair of it; a pair as it is."""
    return (value, value) if isinstance(value, int) else tuple(value)


def reference(x, weight, bias=None, stride=1, padding=0):
    """The course's own convolution."""
    from course_lib.functional import conv2d

    return conv2d(x, weight, bias, stride, padding)


def _pad(x, top, bottom, left, right, **how):
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), **how)  # (N, C_in, H + .., W + ..)


def _on_weight(change):
    return lambda x, weight, *rest, **named: reference(
        x, np.ascontiguousarray(change(weight)), *rest, **named
    )


def _on_input(change):
    return lambda x, weight, *rest, **named: reference(change(x), weight, *rest, **named)


def _on_result(change):
    return lambda *args, **named: change(reference(*args, **named))


def _on_stride(change):
    return lambda x, weight, bias=None, stride=1, padding=0: reference(
        x, weight, bias, change(pair(stride)), padding
    )


def _on_padding(change):
    return lambda x, weight, bias=None, stride=1, padding=0: reference(
        x, weight, bias, stride, change(pair(padding))
    )


def _padded_by(sides, **how):
    """Pad by hand on the sides given by ``sides(p_h, p_w) -> top, bottom, left, right``."""
    return lambda x, weight, bias=None, stride=1, padding=0: reference(
        _pad(x, *sides(*pair(padding)), **how), weight, bias, stride
    )


def _on_bias(change):
    """Add ``change(bias, x)`` to the result without bias."""

    def mistake(x, weight, bias=None, stride=1, padding=0):
        bias = np.zeros(len(weight)) if bias is None else bias
        return reference(x, weight, None, stride, padding) + change(bias, x)

    return mistake


def _late_start(x, weight, bias=None, stride=1, padding=0):
    """The first window starts at stride - 1 in place of 0."""
    (p_h, p_w), (s_h, s_w) = pair(padding), pair(stride)
    return reference(_pad(x, p_h, p_h, p_w, p_w)[:, :, s_h - 1 :, s_w - 1 :], weight, bias, stride)


def _small_steps(x, weight, bias=None, stride=1, padding=0):
    """As many windows as the stride asks for, but one pixel apart."""
    h_out, w_out = reference(x, weight, None, stride, padding).shape[2:]
    return reference(x, weight, bias, 1, padding)[:, :, :h_out, :w_out]  # (N, C_out, H_out, W_out)


def _channels_apart(x, weight, bias=None, stride=1, padding=0):
    """One result per pair of input and output channel, of which the last input channel survives."""
    return reference(x[:, -1:], weight[:, -1:], bias, stride, padding)  # (N, C_out, H_out, W_out)


def _sparse_output(x, weight, bias=None, stride=1, padding=0):
    """Every stride-th output pixel is computed, from the window at its own place; the others stay 0."""
    (s_h, s_w), y = pair(stride), _small_steps(x, weight, bias, stride, padding)
    kept = np.zeros_like(y)
    kept[:, :, ::s_h, ::s_w] = y[:, :, ::s_h, ::s_w]
    return kept


def _thinned_first(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    return reference(_pad(x, p_h, p_h, p_w, p_w)[:, :, ::s_h, ::s_w], weight, bias)


def _running_sum(x, weight, bias=None, stride=1, padding=0):
    y = reference(x, weight, None, stride, padding)
    y = y.cumsum().reshape(y.shape)  # (N, C_out, H_out, W_out)
    return y if bias is None else y + bias[:, None, None]


def _bias_per_product(x, weight, bias=None, stride=1, padding=0):
    bias = np.zeros(len(weight)) if bias is None else bias
    return reference(x, weight, bias * weight[0].size, stride, padding)


def _emptied(*places):
    """The result with zeros in some places, which were never computed."""

    def mistake(*args, **named):
        y = reference(*args, **named)
        for place in places:
            y[place] = 0
        return y

    return mistake


def _shape_of(change):
    return lambda *args, **named: Shape(change(*reference(*args, **named).shape))


def _rounded_up(x, weight, bias=None, stride=1, padding=0):
    sizes = zip(x.shape[2:], weight.shape[2:], pair(stride), pair(padding), strict=True)
    return Shape((len(x), len(weight), *(-((k - size - 2 * p) // s) + 1 for size, k, s, p in sizes)))


def _sizes_from(image, kernel):
    """Output sizes from other axes: ``_sizes_from("HW", "HH")`` uses K_h twice."""

    def mistake(x, weight, bias=None, stride=1, padding=0):
        axes = [("HW".index(a), "HW".index(b)) for a, b in zip(image, kernel, strict=True)]
        s, p = pair(stride), pair(padding)
        sizes = [(x.shape[2 + a] + 2 * p[a] - weight.shape[2 + b]) // s[a] + 1 for a, b in axes]
        return Shape((len(x), len(weight), *sizes))

    return mistake


def _padded_everywhere(x, weight, bias=None, stride=1, padding=0):
    if not isinstance(padding, int):
        raise ValueError("np.pad takes a pair for before and after")
    n, c_out, h_out, w_out = reference(x, weight, None, stride, padding).shape
    return Shape((n + 2 * padding, c_out, h_out, w_out))


def _unpadded_shape(x, weight, bias=None, stride=1, padding=0):
    return Shape(reference(x, weight, None, stride).shape)


def _same_shape(x, weight, *rest, **named):
    return Shape((len(x), len(weight), *x.shape[2:]))


# A hint, and the wrong answer that earns it; where several fit, the first.
MISTAKES = {
    "this is the result with the kernel flipped: a deep-learning convolution does not flip it": _on_weight(
        lambda w: w[:, :, ::-1, ::-1]
    ),
    "the kernel is transposed: its rows run along H, its columns along W": _on_weight(
        lambda w: w.swapaxes(2, 3)
    ),
    "the padding is ignored": _on_padding(lambda p: 0),
    "padding is applied to rows only: W is padded as well": _on_padding(lambda p: (p[0], 0)),
    "padding is applied to columns only: H is padded as well": _on_padding(lambda p: (0, p[1])),
    "the two paddings are swapped: the first is for H, the second for W": _on_padding(lambda p: p[::-1]),
    "padding is on the top and left only: it goes on both sides": _padded_by(lambda h, w: (h, 0, w, 0)),
    "padding is on the bottom and right only: it goes on both sides": _padded_by(lambda h, w: (0, h, 0, w)),
    "all the padding is on the top and left: half of it belongs on the other side": _padded_by(
        lambda h, w: (2 * h, 0, 2 * w, 0)
    ),
    "all the padding is on the bottom and right: half of it belongs on the other side": _padded_by(
        lambda h, w: (0, 2 * h, 0, 2 * w)
    ),
    "the border is filled with copies of the edge: pad with zeros": _padded_by(
        lambda h, w: (h, h, w, w), mode="edge"
    ),
    "the padding is filled with ones: pad with zeros": _padded_by(
        lambda h, w: (h, h, w, w), constant_values=1
    ),
    "the border mirrors the image: pad with zeros": _padded_by(lambda h, w: (h, h, w, w), mode="symmetric"),
    "the border mirrors the image without its edge: pad with zeros": _padded_by(
        lambda h, w: (h, h, w, w), mode="reflect"
    ),
    "a pair of paddings is taken for before and after: it is for H and for W, each on both sides": _padded_by(
        lambda h, w: (h, w, h, w)
    ),
    "the stride is ignored": _on_stride(lambda s: 1),
    "stride is applied to rows only: columns step by it as well": _on_stride(lambda s: (s[0], 1)),
    "stride is applied to columns only: rows step by it as well": _on_stride(lambda s: (1, s[1])),
    "the two strides are swapped: the first is for H, the second for W": _on_stride(lambda s: s[::-1]),
    "the vertical stride is used in both directions": _on_stride(lambda s: (s[0], s[0])),
    "the horizontal stride is used in both directions": _on_stride(lambda s: (s[1], s[1])),
    "the first window starts at stride - 1; it starts at 0": _late_start,
    "the windows are one pixel apart: that of output pixel (i, j) starts at (i * s_h, j * s_w)": _small_steps,
    "the bias is missing": _on_bias(lambda b, x: np.zeros(1)),
    "the bias is added once per input channel: add it once, after the sum": _on_bias(
        lambda b, x: b[:, None, None] * x.shape[1]
    ),
    "the bias is indexed by image: it has one entry per output channel": _on_bias(
        lambda b, x: b[: len(x), None, None, None]
    ),
    "the bias runs along W: it has one entry per output channel": _on_bias(lambda b, x: b),
    "every output channel gets the first entry of the bias": _on_bias(lambda b, x: b[0]),
    "the bias is added once for every product of the window: add it once, after the sum": _bias_per_product,
    "the bias is subtracted: add it": _on_bias(lambda b, x: -b[:, None, None]),
    "only the first input channel is used: sum over all of them": lambda x, weight, *rest, **named: reference(
        x[:, :1], weight[:, :1], *rest, **named
    ),
    "only the last input channel survives: add the channels up with +=": _channels_apart,
    "the input channels are averaged: add them up": _on_weight(lambda w: w / w.shape[1]),
    "the input channels are summed before the filter: each has its own slice of the weight": _on_input(
        lambda x: np.repeat(x.sum(axis=1, keepdims=True), x.shape[1], axis=1)
    ),
    "every output channel uses the first filter": _on_weight(lambda w: np.repeat(w[:1], len(w), axis=0)),
    "the two channel axes of the weight are swapped: they are (C_out, C_in, K_h, K_w)": _on_weight(
        lambda w: w.swapaxes(0, 1)
    ),
    "every image gives the result of the first: index x by n": _on_input(
        lambda x: np.repeat(x[:1], len(x), axis=0)
    ),
    "the images of the batch are added together": _on_input(
        lambda x: np.repeat(x.sum(axis=0, keepdims=True), len(x), axis=0)
    ),
    "the images of the batch are averaged": _on_input(
        lambda x: np.repeat(x.mean(axis=0, keepdims=True), len(x), axis=0)
    ),
    "only every stride-th output pixel is filled: let i count the windows, and read the image at i * s_h": (
        _sparse_output
    ),
    "the image is thinned out first: step the window by the stride, not the pixels": _thinned_first,
    "the last row and column are never computed: the range ends one too early": _emptied(
        np.s_[:, :, -1], np.s_[..., -1]
    ),
    "the last row is never computed: the range over the rows ends one too early": _emptied(np.s_[:, :, -1]),
    "the last column is never computed: the range over the columns ends one too early": _emptied(
        np.s_[..., -1]
    ),
    "only the first row is computed: the `return` stands inside the loop": _emptied(np.s_[:, :, 1:]),
    "only the first pixel is computed: the `return` stands inside the loop": _emptied(
        np.s_[:, :, 1:], np.s_[..., 1:]
    ),
    "only the first image is computed": _emptied(np.s_[1:]),
    "the sum is never set back to 0: begin each output pixel with 0": _running_sum,
    "the fractions are cut off: an array of integers cannot hold them": _on_result(np.trunc),
    "the output size counts without the padding: it has 2 * padding more pixels": _unpadded_shape,
    "the output is one row and one column short: the formula ends in + 1": _shape_of(
        lambda n, c, h, w: (n, c, h - 1, w - 1)
    ),
    "the output is two rows and two columns short: look at your output size first": _shape_of(
        lambda n, c, h, w: (n, c, h - 2, w - 2)
    ),
    "the output size is rounded up: a window that hangs over the edge does not count": _rounded_up,
    "the output's width is computed from H: it comes from W": _sizes_from("HH", "HH"),
    "the output's height is computed from W: it comes from H": _sizes_from("WW", "WW"),
    "K_h is used for both axes: the output's width comes from W and K_w": _sizes_from("HW", "HH"),
    "K_w is used for both axes: the output's height comes from H and K_h": _sizes_from("HW", "WW"),
    "the axes N and C_in are padded as well: give np.pad (0, 0) for each of them": _padded_everywhere,
    "the output is one row and one column too large": _shape_of(lambda n, c, h, w: (n, c, h + 1, w + 1)),
    "the output is transposed: its rows run along H": _on_result(lambda y: y.swapaxes(2, 3)),
    "H and W are swapped in the output": _shape_of(lambda n, c, h, w: (n, c, w, h)),
    "the axes of the output are (N, C_out, H_out, W_out); here the channels come first": _shape_of(
        lambda n, c, h, w: (c, n, h, w)
    ),
    "the axes of the output are (N, C_out, H_out, W_out); here the channels come last": _shape_of(
        lambda n, c, h, w: (n, h, w, c)
    ),
    "the batch axis is gone: the output is (N, C_out, H_out, W_out)": _shape_of(lambda n, c, h, w: (c, h, w)),
    "axes of length 1 are gone: keep all four, (N, C_out, H_out, W_out)": _shape_of(
        lambda *shape: tuple(length for length in shape if length != 1)
    ),
    "the output has the size of the input: without padding it shrinks": _same_shape,
}

"""What the well-known mistakes in a hand-written `conv2d_backward` compute, for the hints of its checks."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import ANYTHING


def pair(value):
    """An int as a pair of it; a pair as it is."""
    return (value, value) if isinstance(value, int) else tuple(value)


def reference(grad_out, x, weight, stride=1, padding=0):
    """The course's own gradients, as the tuple (grad_x, grad_weight, grad_bias)."""
    from course_lib.functional import conv2d_backward

    grads = conv2d_backward(grad_out, x, weight, None, stride, padding)
    return grads.x, grads.weight, grad_out.sum(axis=(0, 2, 3))


def _pad(x, p_h, p_w):
    return np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))  # (N, C_in, H + 2 p_h, W + 2 p_w)


def _x(change):
    """A mistake in grad_x alone."""
    return lambda *args, **named: (change(*args, **named), ANYTHING, ANYTHING)


def _weight(change):
    return lambda *args, **named: (ANYTHING, change(*args, **named), ANYTHING)


def _bias(change):
    return lambda grad_out, *rest, **named: (ANYTHING, ANYTHING, change(grad_out))


def _not_dilated(part):
    """The gradient laid down without the zeros that a stride puts between its entries."""

    def mistake(grad_out, x, weight, stride=1, padding=0):
        p_h, p_w = pair(padding)
        h, w = x.shape[2] + 2 * p_h - weight.shape[2] + 1, x.shape[3] + 2 * p_w - weight.shape[3] + 1
        dense = np.zeros((*grad_out.shape[:2], h, w))
        dense[:, :, : grad_out.shape[2], : grad_out.shape[3]] = grad_out
        return reference(dense, x, weight, 1, padding)[part]

    return mistake


def _crop(change):
    """grad_x of the padded image, cropped by ``change(full, h, w, p_h, p_w)``."""

    def mistake(grad_out, x, weight, stride=1, padding=0):
        full = reference(grad_out, _pad(x, *pair(padding)), weight, stride)[0]
        return change(full, *x.shape[2:], *pair(padding))

    return mistake


def _overwritten(grad_out, x, weight, stride=1, padding=0):
    """Windows that overlap replace each other's gradient."""
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = pair(stride), pair(padding), weight.shape[2:]
    full = np.zeros_like(_pad(x, p_h, p_w))
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            part = np.einsum("no,ocuv->ncuv", grad_out[:, :, i, j], weight)  # (N, C_in, K_h, K_w)
            full[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w] = part
    return full[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]]  # (N, C_in, H, W)


def _unpadded_input(grad_out, x, weight, stride=1, padding=0):
    """The windows are read at the right places of an image whose border was cut off."""
    (s_h, s_w), (k_h, k_w) = pair(stride), weight.shape[2:]
    total = np.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            window = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]  # (N, C_in, up to K_h, K_w)
            part = np.einsum("no,ncuv->ocuv", grad_out[:, :, i, j], window)
            total[:, :, : part.shape[2], : part.shape[3]] += part
    return total


def _last_pixel(grad_out, x, weight, stride=1, padding=0):
    """Each output pixel's part replaces that of the one before."""
    only = np.zeros_like(grad_out)
    only[:, :, -1, -1] = grad_out[:, :, -1, -1]
    return reference(only, x, weight, stride, padding)[1]


def _channels_summed(*args, **named):
    full = reference(*args, **named)[1]
    return np.broadcast_to(full.sum(axis=1, keepdims=True), full.shape)  # (C_out, C_in, K_h, K_w)


def _upstream_ignored(grad_out, x, weight, stride=1, padding=0):
    return reference(np.ones_like(grad_out), x, weight, stride, padding)


def _rotated(grad_out, x, weight, stride=1, padding=0):
    return reference(grad_out, x, np.ascontiguousarray(weight[:, :, ::-1, ::-1]), stride, padding)[0]


def _first_filter(grad_out, x, weight, stride=1, padding=0):
    return reference(grad_out[:, :1], x, weight[:1], stride, padding)[0]


def _order(*order):
    return lambda *args, **named: tuple(reference(*args, **named)[i] for i in order)


MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": _upstream_ignored,
    "the order is grad_x, grad_weight, grad_bias": _order(1, 0, 2),
    "the order is grad_x, grad_weight, grad_bias; here the bias comes second": _order(0, 2, 1),
    "the order is grad_x, grad_weight, grad_bias; here it is reversed": _order(2, 1, 0),
    "the order is grad_x, grad_weight, grad_bias; here the bias comes first": _order(2, 0, 1),
    "the bias gradient is averaged: it is a sum": _bias(lambda g: g.mean(axis=(0, 2, 3))),
    "the bias gradient is averaged over the batch: it is a sum": _bias(
        lambda g: g.sum(axis=(0, 2, 3)) / len(g)
    ),
    "the bias gradient leaves out all images but the first": _bias(lambda g: g[0].sum(axis=(1, 2))),
    "the bias gradient keeps the batch axis: sum over images as well": _bias(lambda g: g.sum(axis=(2, 3))),
    "the bias gradient keeps the pixels: sum over H and W as well": _bias(lambda g: g.sum(axis=0)),
    "the bias gradient is one number: one for each output channel": _bias(np.sum),
    "the bias gradient has one number for each image: it has one for each output channel": _bias(
        lambda g: g.sum(axis=(1, 2, 3))
    ),
    "the bias gradient keeps axes of length 1: it has one axis, (C_out,)": _bias(
        lambda g: g.sum(axis=(0, 2, 3), keepdims=True)
    ),
    "the bias gradient is averaged over the output pixels: it is a sum": _bias(
        lambda g: g.mean(axis=(2, 3)).sum(axis=0)
    ),
    "the weight gradient is averaged over the batch: the loss has done that already": _weight(
        lambda g, *rest, **named: reference(g, *rest, **named)[1] / len(g)
    ),
    "the weight gradient is averaged over the output pixels: it is a sum": _weight(
        lambda g, *rest, **named: reference(g, *rest, **named)[1] / g[0, 0].size
    ),
    "the weight gradient is turned by 180 degrees": _weight(
        lambda *args, **named: reference(*args, **named)[1][:, :, ::-1, ::-1]
    ),
    "the weight gradient is transposed": _weight(
        lambda *args, **named: reference(*args, **named)[1].swapaxes(2, 3)
    ),
    "the channel axes of the weight gradient are swapped: they are (C_out, C_in)": _weight(
        lambda *args, **named: reference(*args, **named)[1].swapaxes(0, 1)
    ),
    "the weight gradient keeps only the last image: add up with +=": _weight(
        lambda g, x, *rest, **named: reference(g[-1:], x[-1:], *rest, **named)[1]
    ),
    "only the first image counts in the weight gradient: add up over the images": _weight(
        lambda g, x, *rest, **named: reference(g[:1], x[:1], *rest, **named)[1]
    ),
    "the weight gradient keeps only the last output pixel: add up with +=": _weight(_last_pixel),
    "the channels are summed in the weight gradient: each slice meets its own channel": _weight(
        _channels_summed
    ),
    "the weight gradient reads the image without its padding": _weight(_unpadded_input),
    "the stride is ignored in the weight gradient: its windows are stride pixels apart": _weight(
        _not_dilated(1)
    ),
    "the kernel is not rotated: a full convolution with the upstream gradient turns it by 180 degrees": _x(
        _rotated
    ),
    "the kernel is transposed in grad_x: its rows run along H, its columns along W": _x(
        lambda g, x, weight, *rest, **named: reference(g, x, weight.swapaxes(2, 3), *rest, **named)[0]
    ),
    "the stride is ignored in grad_x: its windows are stride pixels apart": _x(_not_dilated(0)),
    "where windows overlap the gradient is overwritten: add it up with +=": _x(_overwritten),
    "the padding is not cropped: grad_x has the shape of x": _x(_crop(lambda full, h, w, p_h, p_w: full)),
    "grad_x is cropped on one side only: take padding off on both": _x(
        _crop(lambda full, h, w, p_h, p_w: full[:, :, :h, :w])
    ),
    "grad_x is cropped with the two paddings swapped: the first is for H, the second for W": _x(
        _crop(lambda full, h, w, p_h, p_w: full[:, :, p_w : p_w + h, p_h : p_h + w])
    ),
    "grad_x is empty: without padding the slice p : -p is empty, write p : p + H": _x(
        _crop(lambda full, h, w, p_h, p_w: full[:, :, p_h:-p_h, p_w:-p_w])
    ),
    "only the first filter sends its gradient back: add up over the output channels": _x(_first_filter),
    "grad_x is averaged over the batch: the images do not meet": _x(
        lambda g, *rest, **named: reference(g, *rest, **named)[0] / len(g)
    ),
}

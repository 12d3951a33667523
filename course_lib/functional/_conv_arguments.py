"""The arguments that all convolutions share: refused where they are wrong, resolved where they are right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_int,
    as_pair,
    check_rank,
    check_same_dtype,
    check_shape,
    conv_output_size,
    fail,
)
from course_lib.functional._im2col import Geometry


class ConvGradients(NamedTuple):
    """Gradients of a convolution, named after its inputs.

    Attributes
    ----------
    x : ndarray, shape of `x`
        Gradient for the input.
    weight : ndarray, shape of `weight`
        Gradient for the filters.
    bias : ndarray of shape (C_out,), or None
        Gradient for the bias; None if there is no bias.
    """

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None


def check_arrays(function, x, weight, bias, groups, transposed=False, axes="H, W"):
    """Refuse arrays that do not fit each other; return the number of groups as an int."""
    kernel = axes.replace("H", "K_h").replace("W", "K_w").replace("L", "K")
    filters = f"(C_in, C_out/groups, {kernel})" if transposed else f"(C_out, C_in/groups, {kernel})"
    check_rank(function, "x", x, f"(N, C_in, {axes})")
    check_rank(function, "weight", weight, filters)
    groups = as_int(function, "groups", groups, 1)
    if 0 in x.shape[1:] or 0 in weight.shape:
        fail(function, "no empty axis but that of the batch", f"`x` {x.shape}, `weight` {weight.shape}")
    C_in = x.shape[1]
    if C_in % groups or len(weight) % groups:
        fail(
            function,
            f"the channels of `x` and the first axis of `weight` to divide into groups={groups}",
            f"`x` {x.shape}, `weight` {weight.shape}",
        )
    axis, channels = (0, C_in) if transposed else (1, C_in // groups)
    if weight.shape[axis] != channels:
        fail(
            function,
            f"`weight` {filters} with {channels} on axis {axis}, for `x` {x.shape} and groups={groups}",
            f"shape {weight.shape}",
        )
    if bias is not None:
        C_out = weight.shape[1] * groups if transposed else len(weight)
        check_shape(function, "bias", bias, (C_out,), " (C_out)")
    check_same_dtype(function, x=x, weight=weight, bias=bias)
    return groups


def conv_geometry(function, size, kernel, stride, padding, dilation, groups):
    """Place the windows of a convolution; ``padding`` may be "same" or "valid"."""
    stride = as_pair(function, "stride", stride, 1)
    dilation = as_pair(function, "dilation", dilation, 1)
    extent = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    before, after = padding_sides(function, padding, stride, extent)
    padded = tuple(b + n + a for b, n, a in zip(before, size, after, strict=True))
    if extent[0] > padded[0] or extent[1] > padded[1]:
        fail(function, f"a kernel that fits in the padded input {padded}", f"one of extent {extent}")
    lengths = zip(padded, kernel, stride, dilation, strict=True)
    out = tuple(conv_output_size(n, k, s, dilation=d) for n, k, s, d in lengths)
    return Geometry(size, out, kernel, stride, dilation, before, after, groups)


def transposed_geometry(function, size, kernel, stride, padding, output_padding, dilation, groups):
    """Place the windows of the convolution whose transpose takes a map of ``size`` to an image."""
    stride = as_pair(function, "stride", stride, 1)
    dilation = as_pair(function, "dilation", dilation, 1)
    padding = as_pair(function, "padding", padding, 0)
    extra = as_pair(function, "output_padding", output_padding, 0)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        fail(
            function,
            "`output_padding` smaller than the stride or the dilation",
            f"{extra} with stride {stride}, dilation {dilation}",
        )
    lengths = zip(size, stride, padding, dilation, kernel, extra, strict=True)
    out = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, s, p, d, k, e in lengths)
    if min(out) < 1:
        fail(function, "an output of at least one pixel", f"padding {padding}, which leaves {out}")
    return Geometry(out, size, kernel, stride, dilation, padding, padding, groups)


def check_grad_out(function, grad_out, x, shape):
    """Refuse an upstream gradient that the forward's result could not have received."""
    check_shape(function, "grad_out", grad_out, shape, " (that of the forward's result)")
    check_same_dtype(function, grad_out=grad_out, x=x)


def padding_sides(function, padding, stride, extent):
    """Return the zeros before and after; "same" puts an odd one behind: below, or to the right."""
    if not isinstance(padding, str):
        pair = as_pair(function, "padding", padding, 0)
        return pair, pair
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        fail(function, '`padding` to be an integer, a pair of them, "same" or "valid"', repr(padding))
    if stride != (1, 1):
        fail(function, 'stride 1 with padding="same"', f"stride {stride}")
    return tuple((e - 1) // 2 for e in extent), tuple(e - 1 - (e - 1) // 2 for e in extent)

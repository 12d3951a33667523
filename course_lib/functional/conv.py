"""Convolution and its gradients, forward and backward side by side.

Deep learning calls cross-correlation convolution: the kernel is not flipped. Only `convolve2d` flips it.
"""

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
from course_lib.functional._im2col import (
    Geometry,
    can_exchange,
    correlate,
    correlate_with_gradient,
    exchanged,
    filter_gradient,
    rotate,
    spread,
)


class ConvGradients(NamedTuple):
    """Gradients of a convolution, named after its inputs."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None


def corr2d(x, k):
    r"""Cross-correlate one image with one kernel: slide, multiply, sum.

    .. math::
        y_{i,j} = \sum_{u=1}^{K_h} \sum_{v=1}^{K_w} k_{u,v}\; x_{i + u,\; j + v}.

    Parameters
    ----------
    x : ndarray, shape (H, W), floating
        Image with one channel.
    k : ndarray, shape (K_h, K_w), same dtype as `x`
        Kernel, no larger than the image.

    Returns
    -------
    ndarray, shape (H - K_h + 1, W - K_w + 1), dtype of `x`
        One weighted sum for each place where the kernel fits inside the image.

    Raises
    ------
    ValueError
        If a rank or the dtypes disagree, or the kernel is empty or exceeds the image.

    See Also
    --------
    convolve2d : The same with the kernel flipped.
    conv2d : The same for batches, channels, stride and padding.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       arXiv:1603.07285, 2016, section 1.1.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(3, 3)
    >>> corr2d(x, np.array([[0.0, 1.0], [2.0, 3.0]]))
    array([[19., 25.],
           [37., 43.]])
    """
    _check_image_and_kernel("corr2d", x, k)
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)  # (H_out, W_out, K_h, K_w)
    return np.einsum("ijuv,uv->ij", windows, k)  # (H_out, W_out)


def convolve2d(x, k, mode="valid"):
    r"""Convolve one image with one kernel in the mathematician's sense: the kernel is flipped.

    .. math::
        y_{i,j} = \sum_{u} \sum_{v} k_{u,v}\; x_{i - u,\; j - v},

    which is a cross-correlation with the kernel rotated by 180 degrees.

    Parameters
    ----------
    x : ndarray, shape (H, W), floating
        Image with one channel.
    k : ndarray, shape (K_h, K_w), same dtype as `x`
        Kernel; for ``mode="valid"`` no larger than the image.
    mode : {"valid", "full"}, default "valid"
        "valid" keeps the places where the kernel lies inside the image; "full" those where it touches it, the
        pixels outside counting as zero. Only the full convolution is commutative.

    Returns
    -------
    ndarray, shape (H - K_h + 1, W - K_w + 1) or (H + K_h - 1, W + K_w - 1), dtype of `x`
        The convolution; the second shape is that of ``mode="full"``.

    Raises
    ------
    ValueError
        If a rank or the dtypes disagree, the mode is unknown, or the kernel is empty or exceeds the image.

    See Also
    --------
    corr2d : The same without the flip.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 9.1.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(3, 3)
    >>> convolve2d(x, np.array([[0.0, 1.0], [2.0, 3.0]]))
    array([[ 5., 11.],
           [23., 29.]])
    >>> convolve2d(np.array([[1.0, 2.0]]), np.array([[1.0, -1.0]]), mode="full")
    array([[ 1.,  1., -2.]])
    """
    if mode not in ("valid", "full"):
        fail("convolve2d", '`mode` to be "valid" or "full"', repr(mode))
    _check_image_and_kernel("convolve2d", x, k, fits=mode == "valid")
    if mode == "full":
        x = np.pad(x, [(size - 1, size - 1) for size in k.shape])  # (H + 2(K_h - 1), W + 2(K_w - 1))
    return corr2d(x, k[::-1, ::-1])  # (H_out, W_out)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    geometry = _check_conv("conv2d", x, weight, bias, stride, padding, dilation, groups)
    return _add_bias(correlate(x, weight, geometry), bias)  # (N, C_out, H_out, W_out)


def conv2d_backward(grad_out, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    geometry = _check_conv("conv2d_backward", x, weight, bias, stride, padding, dilation, groups)
    _check_grad_out("conv2d_backward", grad_out, x, (len(x), len(weight), *geometry.out))
    C_in, C_out = x.shape[1], len(weight)
    if can_exchange(geometry) and C_out <= 3 * C_in:
        flipped = rotate(weight, groups)  # (C_in, C_out/groups, K_h, K_w)
        grad_x, grad_flipped = correlate_with_gradient(grad_out, flipped, x, exchanged(geometry))
        grad_weight = rotate(grad_flipped, groups)  # (C_out, C_in/groups, K_h, K_w)
    else:
        grad_x = spread(grad_out, weight, geometry)  # (N, C_in, H, W)
        grad_weight = filter_gradient(x, grad_out, geometry)  # (C_out, C_in/groups, K_h, K_w)
    return ConvGradients(grad_x, grad_weight, None if bias is None else grad_out.sum(axis=(0, 2, 3)))


def _check_image_and_kernel(function, x, k, fits=True):
    check_rank(function, "x", x, "(H, W)")
    check_rank(function, "k", k, "(K_h, K_w)")
    check_same_dtype(function, x=x, k=k)
    if k.size == 0 or (fits and (k.shape[0] > x.shape[0] or k.shape[1] > x.shape[1])):
        fail(
            function, f"a kernel of at least 1x1 that fits in the image {x.shape}", f"`k` of shape {k.shape}"
        )


def _check_conv(function, x, weight, bias, stride, padding, dilation, groups):
    check_rank(function, "x", x, "(N, C_in, H, W)")
    check_rank(function, "weight", weight, "(C_out, C_in/groups, K_h, K_w)")
    groups = as_int(function, "groups", groups, 1)
    C_in, C_out = x.shape[1], len(weight)
    if C_in % groups or C_out % groups:
        fail(function, f"C_in and C_out divisible by groups={groups}", f"C_in={C_in}, C_out={C_out}")
    if weight.shape[1] * groups != C_in:
        fail(
            function,
            f"`weight` with C_in/groups = {C_in}/{groups} channels to match `x` {x.shape}",
            f"shape {weight.shape}",
        )
    if 0 in x.shape[1:] or 0 in weight.shape:
        fail(function, "no empty axis but the batch", f"`x` {x.shape}, `weight` {weight.shape}")
    if bias is not None:
        check_shape(function, "bias", bias, (C_out,), " (one offset per output channel)")
    check_same_dtype(function, x=x, weight=weight, bias=bias)
    return _geometry(function, x.shape[2:], weight.shape[2:], stride, padding, dilation, groups)


def _geometry(function, size, kernel, stride, padding, dilation, groups):
    stride = as_pair(function, "stride", stride, 1)
    dilation = as_pair(function, "dilation", dilation, 1)
    before, after = _padding(function, padding, kernel, stride, dilation)
    padded = tuple(b + n + a for b, n, a in zip(before, size, after, strict=True))
    extent = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    if extent[0] > padded[0] or extent[1] > padded[1]:
        fail(
            function,
            f"a dilated kernel that fits in the padded image {padded}",
            f"a kernel of extent {extent}",
        )
    out = tuple(
        conv_output_size(n, k, s, 0, d) for n, k, s, d in zip(padded, kernel, stride, dilation, strict=True)
    )
    return Geometry(size, out, kernel, stride, dilation, before, after, groups)


def _padding(function, padding, kernel, stride, dilation):
    """Return the zeros before and after each axis; "same" puts an odd one below or to the right."""
    if not isinstance(padding, str):
        before = as_pair(function, "padding", padding, 0)
        return before, before
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        fail(function, '`padding` to be an integer, a pair, "same" or "valid"', repr(padding))
    if stride != (1, 1):
        fail(function, 'stride 1 with `padding="same"`', f"stride {stride}")
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)


def _check_grad_out(function, grad_out, x, shape):
    check_shape(function, "grad_out", grad_out, shape, ", that of the forward's result")
    check_same_dtype(function, grad_out=grad_out, x=x)


def _add_bias(out, bias):
    if bias is not None:
        out += bias[:, None, None]  # (N, C_out, H_out, W_out)
    return out

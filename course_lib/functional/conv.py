"""Cross-correlation, true convolution, and the convolutional layer with its gradients.

Deep learning calls cross-correlation convolution: the kernel is not flipped. Only `convolve2d` flips it.
"""

from __future__ import annotations

import numpy as np

from course_lib._validation import check_choice, check_rank, check_same_dtype, fail
from course_lib.functional._conv_arguments import ConvGradients, check_arrays, check_grad_out, conv_geometry
from course_lib.functional._im2col import (
    correlate,
    correlate_and_gradient,
    exchange,
    filter_gradient,
    rotate,
    spread,
)


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
    check_choice("convolve2d", "mode", mode, ("valid", "full"))
    _check_image_and_kernel("convolve2d", x, k, fits=mode == "valid")
    if mode == "full":
        x = np.pad(x, [(size - 1, size - 1) for size in k.shape])  # (H + 2(K_h - 1), W + 2(K_w - 1))
    return corr2d(x, k[::-1, ::-1])  # (H_out, W_out)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Cross-correlate a batch of images with a bank of filters.

    With zero padding, one filter per output channel ``o``, and ``groups=1``,

    .. math::
        y_{n,o,i,j} = b_o + \sum_{c=1}^{C_{in}} \sum_{u=0}^{K_h - 1} \sum_{v=0}^{K_w - 1}
            w_{o,c,u,v}\; x_{n,\,c,\; s_h i + d_h u - p_h,\; s_w j + d_w v - p_w}.

    Like every deep-learning library this is called a convolution although the kernel is not flipped.

    Parameters
    ----------
    x : ndarray, shape (N, C_in, H, W), floating
        Input batch; N may be 0.
    weight : ndarray, shape (C_out, C_in/groups, K_h, K_w), same dtype as `x`
        Filters.
    bias : ndarray, shape (C_out,), optional
        One offset per output channel. None (default) adds nothing.
    stride : int or pair of int, default 1
        Step between neighbouring windows, in input pixels; at least 1.
    padding : int, pair of int, "same" or "valid", default 0
        Zeros added on each side of H and of W, in input pixels. "valid" adds none; "same" adds as many as
        keep H and W at stride 1, ``d * (K - 1)`` in all, an odd one below or to the right.
    dilation : int or pair of int, default 1
        Distance between neighbouring kernel entries, in input pixels; at least 1.
    groups : int, default 1
        Into how many groups the channels are cut; each group of filters sees its own group of channels only.
        ``groups = C_in`` is a depthwise convolution.

    Returns
    -------
    ndarray, shape (N, C_out, H_out, W_out), dtype of `x`
        ``H_out = (H + 2 p_h - d_h (K_h - 1) - 1) // s_h + 1``; ``W_out`` likewise. Rows and columns that a
        whole window does not reach are dropped.

    Raises
    ------
    ValueError
        If a rank, the channels or the dtypes disagree, an argument is out of range, the kernel exceeds the
        padded input, or "same" meets a stride other than 1.

    See Also
    --------
    conv2d_backward : Gradients for `x`, `weight` and `bias`.
    conv_transpose2d : The way back from maps to images.

    Notes
    -----
    Cost: ``N * C_out * H_out * W_out * (C_in / groups) * K_h * K_w`` multiply-adds.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       arXiv:1603.07285, 2016, section 2.
    .. [2] K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for document
       processing", IWFHR 2006, section 3: windows as columns of a matrix.

    Examples
    --------
    A horizontal difference filter answers only at the edge:

    >>> x = np.array([[[[0.0, 0.0, 1.0, 1.0]]]])  # (N, C_in, H, W) = (1, 1, 1, 4)
    >>> w = np.array([[[[-1.0, 1.0]]]])  # (C_out, C_in, K_h, K_w) = (1, 1, 1, 2)
    >>> conv2d(x, w)
    array([[[[0., 1., 0.]]]])
    """
    groups = check_arrays("conv2d", x, weight, bias, groups)
    geometry = conv_geometry("conv2d", x.shape[2:], weight.shape[2:], stride, padding, dilation, groups)
    out = correlate(x, weight, geometry)  # (N, C_out, H_out, W_out)
    if bias is not None:
        out += bias[:, None, None]  # (N, C_out, H_out, W_out)
    return out


def conv2d_backward(grad_out, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    r"""Compute the gradients of `conv2d` for its input, its filters and its bias.

    With :math:`g = \partial L / \partial y`, stride 1 and no padding,

    .. math::
        \frac{\partial L}{\partial w_{o,c,u,v}} = \sum_{n,i,j} g_{n,o,i,j}\; x_{n,c,i+u,j+v}, \qquad
        \frac{\partial L}{\partial x_{n,c,h,k}} = \sum_{o,u,v} w_{o,c,u,v}\; g_{n,o,h-u,k-v}, \qquad
        \frac{\partial L}{\partial b_o} = \sum_{n,i,j} g_{n,o,i,j}.

    The first is a cross-correlation of the input with the upstream gradient, the second a full convolution of
    the upstream gradient with the filters: each pixel collects from every window that it belongs to.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C_out, H_out, W_out), same dtype as `x`
        Gradient of the loss for the result of `conv2d`.
    x, weight : ndarray
        Input and filters, as `conv2d` was given them.
    bias : ndarray, optional
        The bias; its values do not matter, only whether there is one.
    stride, padding, dilation, groups : int, pair of int or str
        As `conv2d` was given them.

    Returns
    -------
    ConvGradients
        ``grads.x``, ``grads.weight`` and ``grads.bias``, each shaped like its input; None where `bias` is.

    Raises
    ------
    ValueError
        If `grad_out` has not the shape and dtype of the forward's result, or `conv2d` would refuse the rest.

    See Also
    --------
    conv2d : The forward pass.

    Notes
    -----
    Cost: two products the size of the forward's.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 9.5.

    Examples
    --------
    One window per pixel pair: the upstream gradient goes back to the pixels, weighted by the filter.

    >>> x = np.array([[[[1.0, 2.0, 4.0]]]])
    >>> w = np.array([[[[-1.0, 1.0]]]])
    >>> grads = conv2d_backward(np.array([[[[10.0, 1.0]]]]), x, w)
    >>> grads.x
    array([[[[-10.,   9.,   1.]]]])
    >>> grads.weight
    array([[[[12., 24.]]]])
    """
    groups = check_arrays("conv2d_backward", x, weight, bias, groups)
    geometry = conv_geometry(
        "conv2d_backward", x.shape[2:], weight.shape[2:], stride, padding, dilation, groups
    )
    check_grad_out("conv2d_backward", grad_out, x, (len(x), len(weight), *geometry.out))
    other = exchange(geometry)
    if (
        other is not None and len(weight) <= 3 * x.shape[1]
    ):  # columns of grad_out serve both gradients, if not too many
        turned = rotate(weight, groups)  # (C_in, C_out/groups, K_h, K_w)
        grad_x, grad_turned = correlate_and_gradient(grad_out, turned, x, other)
        grad_weight = rotate(grad_turned, groups)  # (C_out, C_in/groups, K_h, K_w)
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

"""Transposed convolution: from maps back to images, and its gradients."""

from __future__ import annotations

from course_lib.functional._conv_arguments import (
    ConvGradients,
    check_arrays,
    check_grad_out,
    transposed_geometry,
)
from course_lib.functional._im2col import (
    correlate,
    correlate_and_gradient,
    exchange,
    filter_gradient,
    rotate,
    spread,
)


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    r"""Spread every pixel over a window: the transpose of the linear map that `conv2d` is.

    Each input pixel multiplies its filter, and the products are added where the windows overlap:

    .. math::
        y_{n,o,h,k} = b_o + \sum_{c,i,j,u,v} x_{n,c,i,j}\; w_{c,o,u,v}
            \quad \text{over all } h = s_h i + d_h u - p_h,\; k = s_w j + d_w v - p_w.

    It is also called a fractionally strided convolution, and wrongly a deconvolution: it restores the shape
    that a convolution was given, not the values.

    Parameters
    ----------
    x : ndarray, shape (N, C_in, H, W), floating
        Input batch; N may be 0.
    weight : ndarray, shape (C_in, C_out/groups, K_h, K_w), same dtype as `x`
        Filters; mind that C_in comes first.
    bias : ndarray, shape (C_out,), optional
        One offset per output channel. None (default) adds nothing.
    stride : int or pair of int, default 1
        Distance between the windows of neighbouring input pixels, in output pixels; at least 1.
    padding : int or pair of int, default 0
        Rows and columns cut off each side of the result, in output pixels.
    output_padding : int or pair of int, default 0
        Rows added below and columns to the right, in output pixels; smaller than the stride or the dilation.
        A stride maps several image sizes to one map size; this says which of them to return to.
    groups : int, default 1
        Into how many groups the channels are cut.
    dilation : int or pair of int, default 1
        Distance between neighbouring kernel entries, in output pixels; at least 1.

    Returns
    -------
    ndarray, shape (N, C_out, H_out, W_out), dtype of `x`
        ``H_out = (H - 1) s_h - 2 p_h + d_h (K_h - 1) + output_padding_h + 1``; ``W_out`` likewise.

    Raises
    ------
    ValueError
        If a rank, the channels or the dtypes disagree, an argument is out of range, or no output is left.

    See Also
    --------
    conv2d : The map of which this is the transpose.
    conv_transpose2d_backward : Gradients for `x`, `weight` and `bias`.

    Notes
    -----
    Cost: ``N * C_in * H * W * (C_out / groups) * K_h * K_w`` multiply-adds. At stride 1 this is `conv2d` with
    rotated kernels.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       arXiv:1603.07285, 2016, section 4.
    .. [2] A. Odena, V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[[1.0, 0.0], [2.0, 3.0]]]])  # (N, C_in, H, W) = (1, 1, 2, 2)
    >>> w = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])  # (C_in, C_out, K_h, K_w) = (1, 1, 2, 2)
    >>> conv_transpose2d(x, w, stride=2)
    array([[[[0., 1., 0., 0.],
             [1., 0., 0., 0.],
             [0., 2., 0., 3.],
             [2., 0., 3., 0.]]]])
    """
    geometry = _geometry(
        "conv_transpose2d", x, weight, bias, stride, padding, output_padding, groups, dilation
    )
    other = exchange(geometry)
    if other is not None and x.shape[1] <= 3 * weight.shape[1] * geometry.groups:
        out = correlate(x, rotate(weight, geometry.groups), other)  # (N, C_out, H_out, W_out)
    else:
        out = spread(x, weight, geometry)  # (N, C_out, H_out, W_out)
    if bias is not None:
        out += bias[:, None, None]  # (N, C_out, H_out, W_out)
    return out


def conv_transpose2d_backward(
    grad_out, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    r"""Compute the gradients of `conv_transpose2d` for its input, its filters and its bias.

    The transpose of a transpose is the map itself, so the gradient for `x` is a `conv2d` of `grad_out`:

    .. math::
        \frac{\partial L}{\partial x_{n,c,i,j}} = \sum_{o,u,v} w_{c,o,u,v}\;
            g_{n,\,o,\; s_h i + d_h u - p_h,\; s_w j + d_w v - p_w}, \qquad
        \frac{\partial L}{\partial b_o} = \sum_{n,h,k} g_{n,o,h,k}.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C_out, H_out, W_out), same dtype as `x`
        Gradient of the loss for the result of `conv_transpose2d`.
    x, weight : ndarray
        Input and filters, as `conv_transpose2d` was given them.
    bias : ndarray, optional
        The bias; its values do not matter, only whether there is one.
    stride, padding, output_padding, groups, dilation : int or pair of int
        As `conv_transpose2d` was given them.

    Returns
    -------
    ConvGradients
        ``grads.x``, ``grads.weight`` and ``grads.bias``, each shaped like its input; None where `bias` is.

    Raises
    ------
    ValueError
        If `grad_out` has not the shape and dtype of the forward's result, or `conv_transpose2d` would refuse
        the rest.

    See Also
    --------
    conv_transpose2d : The forward pass.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       arXiv:1603.07285, 2016, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[[1.0, 2.0]]]])
    >>> w = np.array([[[[1.0, 10.0]]]])
    >>> grads = conv_transpose2d_backward(np.array([[[[1.0, 2.0, 3.0]]]]), x, w)
    >>> grads.x
    array([[[[21., 32.]]]])
    >>> grads.weight
    array([[[[5., 8.]]]])
    """
    function = "conv_transpose2d_backward"
    geometry = _geometry(function, x, weight, bias, stride, padding, output_padding, groups, dilation)
    C_out = weight.shape[1] * geometry.groups
    check_grad_out(function, grad_out, x, (len(x), C_out, *geometry.size))
    other = exchange(geometry)
    if other is not None and C_out > 3 * x.shape[1]:  # the columns of x are far fewer than those of grad_out
        turned = rotate(weight, geometry.groups)  # (C_out, C_in/groups, K_h, K_w)
        grad_x = spread(grad_out, turned, other)  # (N, C_in, H, W)
        grad_weight = rotate(filter_gradient(x, grad_out, other), geometry.groups)
    else:
        grad_x, grad_weight = correlate_and_gradient(grad_out, weight, x, geometry)
    return ConvGradients(grad_x, grad_weight, None if bias is None else grad_out.sum(axis=(0, 2, 3)))


def _geometry(function, x, weight, bias, stride, padding, output_padding, groups, dilation):
    groups = check_arrays(function, x, weight, bias, groups, transposed=True)
    return transposed_geometry(
        function, x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation, groups
    )

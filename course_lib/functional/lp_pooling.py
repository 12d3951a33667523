"""Norm pooling, which lies between average and max pooling, and its gradient."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np

from course_lib._validation import fail
from course_lib.functional._windows import InputGradients, check_pooled_gradient, pooling_windows
from course_lib.functional.averaging import avg_pool2d, avg_pool2d_backward
from course_lib.functional.pooling import max_pool2d, max_pool2d_backward


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""Take the p-norm of every window.

    .. math::
        y_{n,c,i,j} = \Bigl( \sum_{u=0}^{K_h-1} \sum_{v=0}^{K_w-1}
            x_{n,\,c,\; s_h i + u,\; s_w j + v}^{\,p} \Bigr)^{1/p}.

    For non-negative input :math:`p = 1` is the sum, and :math:`p \to \infty` the maximum.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch, by rights non-negative; see Notes.
    norm_type : float
        The exponent :math:`p`; any number but 0. Infinity gives the maximum of ``|x|``, minus infinity its
        minimum.
    kernel_size : int or pair of int
        Height and width of the window, in pixels; at least 1.
    stride : int or pair of int, optional
        Step between neighbouring windows, in pixels; at least 1. None (default) means `kernel_size`.
    ceil_mode : bool, default False
        Let a last window hang over the far edge, as long as it starts inside the image. Its sum is scaled up
        by the share of the window that is missing.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        ``H_out = conv_output_size(H, K_h, s_h, ceil_mode=ceil_mode)``; ``W_out`` likewise.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4, `norm_type` is 0 or no number, another argument is out of
        range, or no window fits.

    See Also
    --------
    lp_pool2d_backward : Gradient for `x`.

    Notes
    -----
    As in PyTorch the powers are those of ``x``, not of ``|x|``: with an odd `norm_type` negative numbers
    count against positive ones, and where the sum is negative the root does not exist and the result is NaN.

    References
    ----------
    .. [1] P. Sermanet, S. Chintala and Y. LeCun, "Convolutional neural networks applied to house numbers
       digit classification", arXiv:1204.3968, 2012, section 2.2.

    Examples
    --------
    >>> x = np.array([[[[3.0, 4.0]]]])  # (N, C, H, W) = (1, 1, 1, 2)
    >>> lp_pool2d(x, 2, (1, 2))
    array([[[[5.]]]])
    """
    function = "lp_pool2d"
    rows, columns = pooling_windows(function, x, kernel_size, stride, ceil_mode=ceil_mode)
    p = _exponent(function, norm_type)
    if math.isinf(p):
        sign = x.dtype.type(math.copysign(1, p))
        return sign * max_pool2d(sign * np.abs(x), kernel_size, stride, ceil_mode=ceil_mode)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = avg_pool2d(x**p, kernel_size, stride, ceil_mode=ceil_mode)  # (N, C, H_out, W_out)
        return (mean * (rows.kernel * columns.kernel)) ** (1 / p)


def lp_pool2d_backward(grad_out, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    r"""Gradient of `lp_pool2d`.

    .. math::
        \frac{\partial y}{\partial x} = \Bigl( \frac{x}{y} \Bigr)^{p-1},

    and 0 where the sum of powers is 0, as in PyTorch.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input.
    norm_type : float
        The forward's argument.
    kernel_size, stride : int or pair of int
        The forward's arguments.
    ceil_mode : bool, default False
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W).

    Raises
    ------
    ValueError
        As for `lp_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    lp_pool2d : The forward operation.

    Examples
    --------
    >>> x = np.array([[[[3.0, 4.0]]]])  # (N, C, H, W) = (1, 1, 1, 2)
    >>> lp_pool2d_backward(np.array([[[[10.0]]]]), x, 2, (1, 2)).x
    array([[[[6., 8.]]]])
    """
    function = "lp_pool2d_backward"
    rows, columns = pooling_windows(function, x, kernel_size, stride, ceil_mode=ceil_mode)
    check_pooled_gradient(function, grad_out, x, rows, columns)
    p = _exponent(function, norm_type)
    window = {"kernel_size": kernel_size, "stride": stride, "ceil_mode": ceil_mode}
    if math.isinf(p):
        sign = x.dtype.type(math.copysign(1, p))
        return InputGradients(max_pool2d_backward(grad_out, sign * np.abs(x), **window).x * np.sign(x))
    area = rows.kernel * columns.kernel
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = avg_pool2d(x**p, **window)  # (N, C, H_out, W_out)
        grad_mean = grad_out * (mean * area) ** (1 / p - 1) * (area / p)  # (N, C, H_out, W_out)
        grad_mean[mean == 0] = 0
        grad_power = avg_pool2d_backward(grad_mean, x, **window).x  # (N, C, H, W)
        return InputGradients(grad_power * (p * x ** (p - 1)))


def _exponent(function: str, norm_type: float) -> float:
    """Return the exponent as a float; refuse 0, NaN and what is no number."""
    if not isinstance(norm_type, Real) or norm_type == 0 or math.isnan(norm_type):
        fail(function, "`norm_type` to be a number other than 0", repr(norm_type))
    return float(norm_type)

"""Average pooling, its global form, and their gradients."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_bool, as_int, check_rank, check_same_dtype, check_shape, fail
from course_lib.functional._windows import (
    InputGradients,
    WindowAxis,
    check_pooled_gradient,
    pooling_windows,
)


def avg_pool2d(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    r"""Average every window.

    .. math::
        y_{n,c,i,j} = \frac{1}{D_{i,j}} \sum_{u=0}^{K_h-1} \sum_{v=0}^{K_w-1}
            x^{pad}_{n,\,c,\; s_h i + u,\; s_w j + v},

    where :math:`D_{i,j}` is the number of pixels under the window.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    kernel_size : int or pair of int
        Height and width of the window, in pixels; at least 1.
    stride : int or pair of int, optional
        Step between neighbouring windows, in pixels; at least 1. None (default) means `kernel_size`.
    padding : int or pair of int, default 0
        Zeros added on each side, in pixels, at most half of `kernel_size`.
    ceil_mode : bool, default False
        Let a last window hang over the far edge, as long as it starts inside the image or its near padding.
    count_include_pad : bool, default True
        Count the zeros of the padding in :math:`D`. What hangs over beyond the padding is never counted.
    divisor_override : int, optional
        Divide by this number, not by :math:`D`; any integer but 0.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        ``H_out = conv_output_size(H, K_h, s_h, p_h, 1, ceil_mode)``; ``W_out`` likewise.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4, an argument is out of range, or no window fits.

    See Also
    --------
    avg_pool2d_backward : Gradient for `x`.
    adaptive_avg_pool2d : Asks for the output's size, not the window's.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
       recognition", Proceedings of the IEEE 86(11), 1998, section II.A (there "sub-sampling").

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)  # (N, C, H, W) = (1, 1, 3, 3)
    >>> avg_pool2d(x, kernel_size=2, stride=1)
    array([[[[2., 3.],
             [5., 6.]]]])
    """
    function = "avg_pool2d"
    rows, columns = pooling_windows(function, x, kernel_size, stride, padding, 1, ceil_mode)
    total = _sum(_sum(x, rows), columns)  # (N, C, H_out, W_out)
    return total / _divisor(function, rows, columns, count_include_pad, divisor_override, x.dtype)


def avg_pool2d_backward(
    grad_out,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Gradient of `avg_pool2d`: each window shares its gradient equally among its pixels.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input; only its shape matters.
    kernel_size, stride, padding : int or pair of int
        The forward's arguments.
    ceil_mode, count_include_pad : bool
        The forward's arguments.
    divisor_override : int, optional
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W).

    Raises
    ------
    ValueError
        As for `avg_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    avg_pool2d : The forward operation.

    Examples
    --------
    >>> x = np.zeros((1, 1, 2, 4))  # (N, C, H, W)
    >>> avg_pool2d_backward(np.array([[[[8.0, 4.0]]]]), x, kernel_size=2).x
    array([[[[2., 2., 1., 1.],
             [2., 2., 1., 1.]]]])
    """
    function = "avg_pool2d_backward"
    rows, columns = pooling_windows(function, x, kernel_size, stride, padding, 1, ceil_mode)
    check_pooled_gradient(function, grad_out, x, rows, columns)
    divisor = _divisor(function, rows, columns, count_include_pad, divisor_override, x.dtype)
    return InputGradients(_spread(_spread(grad_out / divisor, columns), rows))  # (N, C, H, W)


def global_avg_pool2d(x):
    """Average every channel over the whole image.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch; the image has at least one pixel.

    Returns
    -------
    ndarray, shape (N, C, 1, 1), dtype of `x`
        One number per channel, whatever the size of the image.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4, or the image is empty.

    See Also
    --------
    adaptive_avg_pool2d : The same for any output size.

    References
    ----------
    .. [1] M. Lin, Q. Chen and S. Yan, "Network in network", arXiv:1312.4400, 2013, section 3.2.

    Examples
    --------
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
    array([[[[1.5]],
    <BLANKLINE>
            [[5.5]]]])
    """
    _check_image("global_avg_pool2d", x)
    return x.mean(axis=(2, 3), keepdims=True)  # (N, C, 1, 1)


def global_avg_pool2d_backward(grad_out, x):
    """Gradient of `global_avg_pool2d`: every pixel receives an equal share.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, 1, 1), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input; only its shape matters.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W).

    Raises
    ------
    ValueError
        As for `global_avg_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    global_avg_pool2d : The forward operation.

    Examples
    --------
    >>> global_avg_pool2d_backward(np.array([[[[6.0]]]]), np.zeros((1, 1, 1, 3))).x
    array([[[[2., 2., 2.]]]])
    """
    function = "global_avg_pool2d_backward"
    _check_image(function, x)
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], 1, 1))
    check_same_dtype(function, grad_out=grad_out, x=x)
    share = grad_out / x.dtype.type(x.shape[2] * x.shape[3])  # (N, C, 1, 1)
    return InputGradients(np.broadcast_to(share, x.shape).copy())  # (N, C, H, W)


def _check_image(function: str, x: np.ndarray) -> None:
    """Refuse anything but a batch of images with pixels."""
    check_rank(function, "x", x, "(N, C, H, W)")
    if 0 in x.shape[2:]:
        fail(function, "an image of at least one pixel", f"shape {x.shape}")


def _sum(x: np.ndarray, windows: WindowAxis) -> np.ndarray:
    """Sum of every window along one axis."""
    shape = list(x.shape)
    shape[windows.axis] = windows.count
    out = np.zeros(shape, x.dtype)
    for window, pixel in windows.taps():
        out[window] += x[pixel]
    return out


def _spread(grad_out: np.ndarray, windows: WindowAxis) -> np.ndarray:
    """Add every window's gradient to each of its pixels, along one axis: the transpose of `_sum`."""
    shape = list(grad_out.shape)
    shape[windows.axis] = windows.size
    grad_x = np.zeros(shape, grad_out.dtype)
    for window, pixel in windows.taps():
        grad_x[pixel] += grad_out[window]
    return grad_x


def _divisor(
    function: str,
    rows: WindowAxis,
    columns: WindowAxis,
    count_include_pad: bool,
    divisor_override: int | None,
    dtype: np.dtype,
) -> np.ndarray:
    """Divisor of every window, of shape (H_out, W_out), or () when it is overridden."""
    include_padding = as_bool(function, "count_include_pad", count_include_pad)
    if divisor_override is not None:
        divisor = as_int(function, "divisor_override", divisor_override, -(2**31))
        if divisor == 0:
            fail(function, "`divisor_override` other than 0", 0)
        return np.asarray(divisor, dtype)  # ()
    heights = rows.lengths(include_padding)  # (H_out,)
    widths = columns.lengths(include_padding)  # (W_out,)
    return np.outer(heights, widths).astype(dtype)  # (H_out, W_out)

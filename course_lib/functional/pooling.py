"""Max pooling and its gradient; :mod:`~course_lib.functional.averaging` holds average pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from course_lib.functional._select import select
from course_lib.functional._windows import (
    InputGradients,
    WindowAxis,
    check_pooled_gradient,
    pooling_windows,
)


class MaxPool2dResult(NamedTuple):
    """Maxima and where they stand.

    Attributes
    ----------
    out : ndarray, shape (N, C, H_out, W_out)
        The maximum of each window.
    indices : ndarray, shape (N, C, H_out, W_out), int64
        Its place, as ``row * W + column`` in the input's plane.
    """

    out: np.ndarray
    indices: np.ndarray


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    r"""Keep the maximum of every window.

    .. math::
        y_{n,c,i,j} = \max_{0 \le u < K_h,\; 0 \le v < K_w}
            x_{n,\,c,\; s_h i + d_h u - p_h,\; s_w j + d_w v - p_w},

    where pixels outside the image do not take part.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    kernel_size : int or pair of int
        Height and width of the window, in taps; at least 1.
    stride : int or pair of int, optional
        Step between neighbouring windows, in pixels; at least 1. None (default) means `kernel_size`.
    padding : int or pair of int, default 0
        Margin on each side, in pixels, at most half the window's extent. It acts as minus infinity.
    dilation : int or pair of int, default 1
        Distance between neighbouring taps, in pixels; at least 1.
    ceil_mode : bool, default False
        Let a last window hang over the far edge, as long as it starts inside the image or its near padding.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        ``H_out = conv_output_size(H, K_h, s_h, p_h, d_h, ceil_mode)``; ``W_out`` likewise. A window that
        holds a NaN gives NaN.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4, an argument is out of range, or no window fits.

    See Also
    --------
    max_pool2d_with_indices : Also tells where the maxima stand.
    max_pool2d_backward : Gradient for `x`.

    Notes
    -----
    Cost: ``N * C * (H_out * W * K_h + H_out * W_out * K_w)`` comparisons: rows first, then columns.

    References
    ----------
    .. [1] M. Ranzato, F. J. Huang, Y. Boureau and Y. LeCun, "Unsupervised learning of invariant feature
       hierarchies with applications to object recognition", CVPR 2007, section 2.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)  # (N, C, H, W) = (1, 1, 3, 3)
    >>> max_pool2d(x, kernel_size=2, stride=1)
    array([[[[4., 5.],
             [7., 8.]]]])
    """
    rows, columns = pooling_windows("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    return _maximum(_maximum(x, rows), columns)  # (N, C, H_out, W_out)


def max_pool2d_with_indices(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Keep the maximum of every window and say where it stands.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    kernel_size, stride, padding, dilation : int or pair of int
        As for `max_pool2d`.
    ceil_mode : bool, default False
        As for `max_pool2d`.

    Returns
    -------
    MaxPool2dResult
        ``out``, as `max_pool2d` returns it, and ``indices`` into the flattened plane. Of equal maxima the
        first in reading order counts, of several NaN the last; that is PyTorch's rule.

    Raises
    ------
    ValueError
        As for `max_pool2d`.

    See Also
    --------
    max_unpool2d : Puts the maxima back where they stood.

    Examples
    --------
    >>> x = np.array([[[[1.0, 5.0, 2.0, 0.0], [5.0, 3.0, 4.0, 9.0]]]])  # (N, C, H, W) = (1, 1, 2, 4)
    >>> result = max_pool2d_with_indices(x, 2)
    >>> result.out, result.indices
    (array([[[[5., 9.]]]]), array([[[[1, 7]]]]))
    """
    function = "max_pool2d_with_indices"
    rows, columns = pooling_windows(function, x, kernel_size, stride, padding, dilation, ceil_mode)
    best_in_row = _maximum(x, columns)  # (N, C, H, W_out)
    out = _maximum(best_in_row, rows)  # (N, C, H_out, W_out)
    column = _winning_position(x, best_in_row, columns)  # (N, C, H, W_out)
    row = _winning_position(best_in_row, out, rows)  # (N, C, H_out, W_out)
    column = np.take_along_axis(column, row, axis=-2)  # (N, C, H_out, W_out)
    return MaxPool2dResult(out, row * x.shape[-1] + column)


def max_pool2d_backward(grad_out, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Gradient of `max_pool2d`: each window hands its gradient to the pixel that won it.

    A pixel that wins several windows adds up their gradients. Of equal maxima only the first in reading order
    is paid, and of several NaN the last, as in PyTorch.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input.
    kernel_size, stride, padding, dilation : int or pair of int
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
        As for `max_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    max_pool2d : The forward operation.

    Notes
    -----
    The first maximum in reading order stands in the first row that reaches the maximum, and there in the
    first such column; so the gradient goes down the rows first and then along the columns.

    Examples
    --------
    Both windows of this row are won by the 7, which is paid twice; its equal to the right gets nothing:

    >>> x = np.array([[[[1.0, 7.0, 7.0]]]])  # (N, C, H, W) = (1, 1, 1, 3)
    >>> max_pool2d_backward(np.array([[[[10.0, 1.0]]]]), x, kernel_size=(1, 2), stride=1).x
    array([[[[ 0., 11.,  0.]]]])
    """
    function = "max_pool2d_backward"
    rows, columns = pooling_windows(function, x, kernel_size, stride, padding, dilation, ceil_mode)
    check_pooled_gradient(function, grad_out, x, rows, columns)
    best_in_row = _maximum(x, columns)  # (N, C, H, W_out)
    out = _maximum(best_in_row, rows)  # (N, C, H_out, W_out)
    grad_row = _pay_winners(grad_out, best_in_row, out, rows)  # (N, C, H, W_out)
    grad_x = _pay_winners(grad_row, x, best_in_row, columns)  # (N, C, H, W)
    return InputGradients(grad_x)


def _maximum(x: np.ndarray, windows: WindowAxis) -> np.ndarray:
    """Maximum of every window along one axis."""
    shape = list(x.shape)
    shape[windows.axis] = windows.count
    out = np.full(shape, -np.inf, x.dtype)
    for window, pixel in windows.taps():
        np.maximum(out[window], x[pixel], out=out[window])
    return out


def _winners(
    x: np.ndarray, out: np.ndarray, windows: WindowAxis
) -> Iterator[tuple[tuple, tuple, np.ndarray]]:
    """Yield windows, their pixels under a tap, and which of them won: the first maximum, or the last NaN."""
    undecided = np.ones(out.shape, bool)
    for window, pixel in windows.taps():
        won = (x[pixel] == out[window]) & undecided[window]
        undecided[window] ^= won
        yield window, pixel, won
    if undecided.any():  # a NaN equals nothing, not even itself
        for window, pixel in reversed(list(windows.taps())):
            won = np.isnan(x[pixel]) & undecided[window]
            undecided[window] ^= won
            yield window, pixel, won


def _winning_position(x: np.ndarray, out: np.ndarray, windows: WindowAxis) -> np.ndarray:
    """Where along the axis the winner of every window stands."""
    position = np.zeros(out.shape, np.int64)
    places = np.arange(windows.size)  # (size,)
    if windows.axis == -2:
        places = places[:, None]  # (size, 1)
    for window, pixel, won in _winners(x, out, windows):
        np.copyto(position[window], places[pixel], where=won)
    return position


def _pay_winners(grad_out: np.ndarray, x: np.ndarray, out: np.ndarray, windows: WindowAxis) -> np.ndarray:
    """Hand every window's gradient to its winning pixel, along one axis."""
    grad_x = np.zeros_like(x)
    for window, pixel, won in _winners(x, out, windows):
        grad_x[pixel] += select(won, grad_out[window])
    return grad_x

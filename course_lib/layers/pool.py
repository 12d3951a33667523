"""Pooling as layers."""

from __future__ import annotations

import numpy as np

from course_lib.functional import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from course_lib.layers.base import Layer


class MaxPool2d(Layer):
    """Keep the maximum of every window.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window, in taps.
    stride : int or pair of int, optional
        Step between neighbouring windows, in pixels. None (default) means `kernel_size`.
    padding : int or pair of int, default 0
        Margin on each side, in pixels, which never wins.
    dilation : int or pair of int, default 1
        Distance between neighbouring taps, in pixels.
    ceil_mode : bool, default False
        Let a last window hang over the far edge.

    Raises
    ------
    ValueError
        If an argument is out of range, at the first call.

    See Also
    --------
    course_lib.functional.max_pool2d : The operation.

    Examples
    --------
    >>> MaxPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, ceil_mode: bool = False):
        self._arguments = (kernel_size, stride, padding, dilation, ceil_mode)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Pool a batch, (N, C, H, W) to (N, C, H_out, W_out)."""
        out = max_pool2d(x, *self._arguments)
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient of the input."""
        return max_pool2d_backward(grad_out, self._input(), *self._arguments).x


class AvgPool2d(Layer):
    """Average every window.

    Parameters
    ----------
    kernel_size : int or pair of int
        Height and width of the window, in pixels.
    stride : int or pair of int, optional
        Step between neighbouring windows, in pixels. None (default) means `kernel_size`.
    padding : int or pair of int, default 0
        Zeros on each side, in pixels.
    ceil_mode : bool, default False
        Let a last window hang over the far edge.
    count_include_pad : bool, default True
        Count the padding's zeros in the average.
    divisor_override : int, optional
        Divide by this number, not by that of the window's pixels.

    Raises
    ------
    ValueError
        If an argument is out of range, at the first call.

    See Also
    --------
    course_lib.functional.avg_pool2d : The operation.

    Examples
    --------
    >>> AvgPool2d(2)(np.arange(16.0).reshape(1, 1, 4, 4))
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        self._arguments = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Pool a batch, (N, C, H, W) to (N, C, H_out, W_out)."""
        out = avg_pool2d(x, *self._arguments)
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient of the input."""
        return avg_pool2d_backward(grad_out, self._input(), *self._arguments).x

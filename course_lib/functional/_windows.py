"""Pooling windows: their geometry along one axis, and the tuple every one-input gradient comes back in.

A rectangular window is a product of two intervals, so every pooling here is two one-dimensional passes, over
columns and over rows. A pass loops over the taps of the kernel, and each tap is one strided slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_pair,
    check_rank,
    check_same_dtype,
    check_shape,
    count_windows,
    fail,
)


class InputGradients(NamedTuple):
    """Gradient of an operation with one differentiable input.

    Attributes
    ----------
    x : ndarray, shape and dtype of the forward's `x`
        Gradient of the loss for `x`.
    """

    x: np.ndarray


class WindowAxis(NamedTuple):
    """The windows along one axis of an image; lengths are in pixels.

    Attributes
    ----------
    axis : {-2, -1}
        Rows or columns.
    size : int
        Length of the image.
    count : int
        Number of windows.
    kernel, stride, padding, dilation : int
        As in the pooling functions.
    """

    axis: int
    size: int
    count: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    def taps(self) -> Iterator[tuple[tuple, tuple]]:
        """Yield for each tap the windows whose pixel under that tap exists, and those pixels, as indices."""
        for tap in range(self.kernel):
            offset = tap * self.dilation - self.padding  # of the tap's pixel under window 0
            first = max(0, -(offset // self.stride))
            last = min(self.count - 1, (self.size - 1 - offset) // self.stride)
            if first <= last:
                pixel = first * self.stride + offset
                end = last * self.stride + offset + 1
                yield self.index(slice(first, last + 1)), self.index(slice(pixel, end, self.stride))

    def index(self, part: slice) -> tuple:
        """Index of ``part`` along this axis, everything along the others."""
        return (..., part) if self.axis == -1 else (..., part, slice(None))

    def lengths(self, include_padding: bool) -> np.ndarray:
        """Number of pixels under each window, with or without the padding; never what lies beyond it."""
        start = np.arange(self.count) * self.stride - self.padding  # (count,)
        end = np.minimum(start + self.kernel, self.size + self.padding)  # (count,)
        if not include_padding:
            start, end = np.maximum(start, 0), np.minimum(end, self.size)
        return end - start  # (count,)


def pooling_windows(
    function: str, x: np.ndarray, kernel_size, stride, padding=0, dilation=1, ceil_mode=False
) -> tuple[WindowAxis, WindowAxis]:
    """Validate a pooling's arguments and return the windows of its rows and of its columns."""
    check_rank(function, "x", x, "(N, C, H, W)")
    kernels = as_pair(function, "kernel_size", kernel_size, 1)
    strides = kernels if stride is None else as_pair(function, "stride", stride, 1)
    paddings = as_pair(function, "padding", padding, 0)
    dilations = as_pair(function, "dilation", dilation, 1)
    axes = []
    for i, axis in enumerate((-2, -1)):
        k, s, p, d, size = kernels[i], strides[i], paddings[i], dilations[i], x.shape[axis]
        extent = d * (k - 1) + 1
        if 2 * p > extent:
            fail(function, f"`padding` of at most half the kernel's extent {extent}", p)
        if size == 0:
            fail(function, "an image of at least one pixel", f"shape {x.shape}")
        count = count_windows(function, size, k, s, p, d, ceil_mode)
        axes.append(WindowAxis(axis, size, count, k, s, p, d))
    return axes[0], axes[1]


def check_pooled_gradient(
    function: str, grad_out: np.ndarray, x: np.ndarray, rows: WindowAxis, columns: WindowAxis
) -> None:
    """Refuse a gradient that does not have the shape and the dtype of the pooling's output."""
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], rows.count, columns.count))
    check_same_dtype(function, grad_out=grad_out, x=x)

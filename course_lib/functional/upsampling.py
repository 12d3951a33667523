"""Making images larger: interpolation and max unpooling, and their gradients."""

from __future__ import annotations

import math
from numbers import Real
from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_bool,
    as_pair,
    check_choice,
    check_rank,
    check_same_dtype,
    check_shape,
    fail,
)
from course_lib.functional._windows import InputGradients


class _Resampling(NamedTuple):
    """How one axis is resampled: output i is ``(1 - share[i]) * x[low[i]] + share[i] * x[high[i]]``."""

    low: np.ndarray
    high: np.ndarray
    share: np.ndarray

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Resample the last axis."""
        low = x[..., self.low]  # (..., size_out)
        if not self.share.any():
            return low
        with np.errstate(invalid="ignore"):  # 0 times an infinite pixel
            return low * (1 - self.share) + x[..., self.high] * self.share  # (..., size_out)

    def apply_transpose(self, grad_out: np.ndarray, size: int) -> np.ndarray:
        """Add every output's gradient to the pixels it was mixed from, along the last axis."""
        grad_x = _add_up(grad_out * (1 - self.share), self.low, size)  # (..., size)
        if self.share.any():
            grad_x += _add_up(grad_out * self.share, self.high, size)
        return grad_x


def interpolate(x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    r"""Resample images to another size.

    For ``"bilinear"`` output row i is read at the input's row

    .. math::
        \max\Bigl(0, \frac{H}{H_{out}} \bigl(i + \tfrac12\bigr) - \tfrac12 \Bigr)
        \quad\text{or, with aligned corners,}\quad \frac{H - 1}{H_{out} - 1}\, i,

    mixing the two rows next to it; ``"nearest"`` takes row :math:`\lfloor i H / H_{out} \rfloor`. Columns
    likewise.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch; the image has at least one pixel.
    size : int or pair of int, optional
        Height and width of the output, in pixels; at least 1. Give this or `scale_factor`.
    scale_factor : float or pair of float, optional
        ``H_out = floor(H * scale_factor)``. The positions then use ``1 / scale_factor`` in place of
        ``H / H_out``, as PyTorch does; the two differ when the product is not whole.
    mode : {"nearest", "bilinear"}, default "nearest"
        Copy one pixel, or mix up to four.
    align_corners : bool, optional
        For ``"bilinear"`` only: let the corner pixels of input and output coincide. None (default) means
        False.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        The resampled images.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4 with pixels, both or neither of `size` and `scale_factor` are
        given, or another argument is out of range.

    See Also
    --------
    interpolate_backward : Gradient for `x`.

    References
    ----------
    .. [1] J. Long, E. Shelhamer and T. Darrell, "Fully convolutional networks for semantic segmentation",
       arXiv:1411.4038, 2015, section 3.3.

    Examples
    --------
    >>> x = np.array([[[[0.0, 4.0]]]])  # (N, C, H, W) = (1, 1, 1, 2)
    >>> interpolate(x, size=(1, 4))
    array([[[[0., 0., 4., 4.]]]])
    >>> interpolate(x, size=(1, 4), mode="bilinear")
    array([[[[0., 1., 3., 4.]]]])
    """
    rows, columns = _resampling("interpolate", x, size, scale_factor, mode, align_corners)
    wide = columns.apply(x)  # (N, C, H, W_out)
    return rows.apply(wide.swapaxes(2, 3)).swapaxes(2, 3)  # (N, C, H_out, W_out)


def interpolate_backward(grad_out, x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """Gradient of `interpolate`: every output pays the pixels it was mixed from, by their shares.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input; only its shape matters.
    size : int or pair of int, optional
        The forward's argument.
    scale_factor : float or pair of float, optional
        The forward's argument.
    mode : {"nearest", "bilinear"}, default "nearest"
        The forward's argument.
    align_corners : bool, optional
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W).

    Raises
    ------
    ValueError
        As for `interpolate`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    interpolate : The forward operation.

    Examples
    --------
    >>> x = np.zeros((1, 1, 1, 2))  # (N, C, H, W)
    >>> interpolate_backward(np.array([[[[1.0, 2.0, 3.0, 4.0]]]]), x, size=(1, 4)).x
    array([[[[3., 7.]]]])
    """
    function = "interpolate_backward"
    rows, columns = _resampling(function, x, size, scale_factor, mode, align_corners)
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], len(rows.low), len(columns.low)))
    check_same_dtype(function, grad_out=grad_out, x=x)
    tall = rows.apply_transpose(grad_out.swapaxes(2, 3), x.shape[2]).swapaxes(2, 3)  # (N, C, H, W_out)
    return InputGradients(columns.apply_transpose(tall, x.shape[3]))  # (N, C, H, W)


def _add_up(values: np.ndarray, index: np.ndarray, size: int) -> np.ndarray:
    """Add ``values[..., i]`` to place ``index[i]`` of an axis of zeros; ``index`` never falls."""
    out = np.zeros((*values.shape[:-1], size), values.dtype)
    starts = np.flatnonzero(np.diff(index, prepend=-1))  # where runs of one index begin
    out[..., index[starts]] = np.add.reduceat(values, starts, axis=-1)
    return out


def _resampling(
    function: str, x: np.ndarray, size, scale_factor, mode: str, align_corners: bool | None
) -> tuple[_Resampling, _Resampling]:
    """Validate the arguments and return the resampling of the rows and of the columns."""
    check_rank(function, "x", x, "(N, C, H, W)")
    if 0 in x.shape[2:]:
        fail(function, "an image of at least one pixel", f"shape {x.shape}")
    check_choice(function, "mode", mode, ("nearest", "bilinear"))
    if mode == "nearest" and align_corners is not None:
        fail(function, "`align_corners` for mode 'bilinear' only", repr(align_corners))
    if (size is None) == (scale_factor is None):
        fail(function, "one of `size` and `scale_factor`", f"{size!r} and {scale_factor!r}")
    if scale_factor is None:
        sizes, factors = as_pair(function, "size", size, 1), (None, None)
    else:
        factors = _factors(function, scale_factor)
        sizes = tuple(math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=True))
        if 0 in sizes:
            fail(function, "`scale_factor` to leave at least one pixel", f"an output of shape {sizes}")
    aligned = align_corners is not None and as_bool(function, "align_corners", align_corners)
    corners = None if mode == "nearest" else aligned
    rows, columns = (
        _resample_axis(*axis, corners, x.dtype) for axis in zip(x.shape[2:], sizes, factors, strict=True)
    )
    return rows, columns


def _factors(function: str, scale_factor) -> tuple[float, float]:
    """Return the scale factor, one number or a pair, as a pair of positive floats."""
    pair = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor, scale_factor)
    if len(pair) != 2 or not all(isinstance(f, Real) and math.isfinite(f) and f > 0 for f in pair):
        fail(function, "`scale_factor` to be a positive number or a pair of them", repr(scale_factor))
    return float(pair[0]), float(pair[1])


def _resample_axis(
    size: int, size_out: int, factor: float | None, corners: bool | None, dtype: np.dtype
) -> _Resampling:
    """Return the resampling of one axis; ``corners`` None means nearest, else whether corners are aligned."""
    # PyTorch ignores what the factor leaves of a whole one: at 1, and for the nearest pixel also at 2.
    whole = size_out == size or (corners is None and size_out == 2 * size)
    step = size / size_out if factor is None or whole else 1 / factor
    i = np.arange(size_out)  # (size_out,)
    if corners is None:
        # In single precision for every dtype, as in PyTorch: 1 in some 400 sizes rounds to the pixel before.
        low = (i.astype(np.float32) * np.float32(step)).astype(np.int64)  # (size_out,)
        low = np.minimum(low, size - 1)
        return _Resampling(low, low, np.zeros(size_out, dtype))
    if corners:
        position = i * ((size - 1) / (size_out - 1) if size_out > 1 else 0)  # (size_out,)
    else:
        position = np.maximum(0, step * (i + 0.5) - 0.5)  # (size_out,)
    low = np.minimum(position.astype(np.int64), size - 1)  # (size_out,)
    share = np.clip(position - low, 0, 1)  # (size_out,)
    return _Resampling(low, np.minimum(low + 1, size - 1), share.astype(dtype))

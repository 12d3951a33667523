"""Adaptive pooling: the caller names the output's size, the windows follow; and the gradients.

Along an axis of length H, window i of n covers the pixels from floor(i H / n) up to, not including,
ceil((i + 1) H / n). Windows may share a pixel and differ by one in length.
"""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_int, check_rank, check_same_dtype, check_shape, fail
from course_lib.functional._windows import InputGradients
from course_lib.functional.pooling import MaxPool2dResult


def adaptive_avg_pool2d(x, output_size):
    r"""Average over as many windows as the output has pixels.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    output_size : int, None, or pair of these
        Height and width of the output, in pixels; at least 1. None keeps the input's.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Row i averages the input's rows from ``floor(i * H / H_out)`` up to ``ceil((i + 1) * H / H_out) - 1``;
        columns likewise.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4 with pixels, or `output_size` is out of range.

    See Also
    --------
    global_avg_pool2d : The same as ``output_size=1``.
    adaptive_avg_pool2d_backward : Gradient for `x`.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Spatial pyramid pooling in deep convolutional networks for
       visual recognition", arXiv:1406.4729, 2014, section 2.2.

    Examples
    --------
    Three pixels for two windows: the middle one counts in both.

    >>> adaptive_avg_pool2d(np.array([[[[0.0, 2.0, 6.0]]]]), (1, 2))
    array([[[[1., 4.]]]])
    """
    height, width = _output_size("adaptive_avg_pool2d", x, output_size)
    narrow = _average_columns(x, width)  # (N, C, H, W_out)
    return _average_columns(narrow.swapaxes(2, 3), height).swapaxes(2, 3)  # (N, C, H_out, W_out)


def adaptive_avg_pool2d_backward(grad_out, x, output_size):
    """Gradient of `adaptive_avg_pool2d`: each window shares its gradient equally among its pixels.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input; only its shape matters.
    output_size : int, None, or pair of these
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W).

    Raises
    ------
    ValueError
        As for `adaptive_avg_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    adaptive_avg_pool2d : The forward operation.

    Examples
    --------
    >>> adaptive_avg_pool2d_backward(np.array([[[[2.0, 8.0]]]]), np.zeros((1, 1, 1, 3)), (1, 2)).x
    array([[[[1., 5., 4.]]]])
    """
    function = "adaptive_avg_pool2d_backward"
    height, width = _output_size(function, x, output_size)
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], height, width))
    check_same_dtype(function, grad_out=grad_out, x=x)
    tall = _spread_columns(grad_out.swapaxes(2, 3), x.shape[2]).swapaxes(2, 3)  # (N, C, H, W_out)
    return InputGradients(_spread_columns(tall, x.shape[3]))  # (N, C, H, W)


def adaptive_max_pool2d(x, output_size):
    """Take the maximum over as many windows as the output has pixels.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    output_size : int, None, or pair of these
        Height and width of the output, in pixels; at least 1. None keeps the input's.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        The maximum of each window; the windows are those of `adaptive_avg_pool2d`.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 4 with pixels, or `output_size` is out of range.

    See Also
    --------
    adaptive_max_pool2d_with_indices : Also tells where the maxima stand.
    adaptive_max_pool2d_backward : Gradient for `x`.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Spatial pyramid pooling in deep convolutional networks for
       visual recognition", arXiv:1406.4729, 2014, section 2.2.

    Examples
    --------
    >>> adaptive_max_pool2d(np.array([[[[0.0, 6.0, 2.0]]]]), (1, 2))
    array([[[[6., 6.]]]])
    """
    _output_size("adaptive_max_pool2d", x, output_size)
    return adaptive_max_pool2d_with_indices(x, output_size).out


def adaptive_max_pool2d_with_indices(x, output_size):
    """Take the maximum over as many windows as the output has pixels, and say where it stands.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Input batch.
    output_size : int, None, or pair of these
        As for `adaptive_max_pool2d`.

    Returns
    -------
    MaxPool2dResult
        ``out``, as `adaptive_max_pool2d` returns it, and ``indices`` into the flattened plane. Of equal
        maxima the first in reading order counts, of several NaN the last, as in PyTorch.

    Raises
    ------
    ValueError
        As for `adaptive_max_pool2d`.

    See Also
    --------
    max_pool2d_with_indices : The same for windows of a given size.

    Examples
    --------
    >>> adaptive_max_pool2d_with_indices(np.array([[[[0.0, 6.0, 2.0]]]]), (1, 2)).indices
    array([[[[1, 1]]]])
    """
    height, width = _output_size("adaptive_max_pool2d_with_indices", x, output_size)
    column = _best_columns(x, width)  # (N, C, H, W_out)
    best_in_row = np.take_along_axis(x, column, axis=3)  # (N, C, H, W_out)
    row = _best_columns(best_in_row.swapaxes(2, 3), height).swapaxes(2, 3)  # (N, C, H_out, W_out)
    out = np.take_along_axis(best_in_row, row, axis=2)  # (N, C, H_out, W_out)
    return MaxPool2dResult(out, row * x.shape[3] + np.take_along_axis(column, row, axis=2))


def adaptive_max_pool2d_backward(grad_out, x, output_size):
    """Gradient of `adaptive_max_pool2d`: each window hands its gradient to the pixel that won it.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input.
    output_size : int, None, or pair of these
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W); a pixel that wins several windows adds up their gradients.

    Raises
    ------
    ValueError
        As for `adaptive_max_pool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    adaptive_max_pool2d : The forward operation.

    Examples
    --------
    >>> adaptive_max_pool2d_backward(np.array([[[[1.0, 10.0]]]]), np.array([[[[0.0, 6.0, 2.0]]]]), (1, 2)).x
    array([[[[ 0., 11.,  0.]]]])
    """
    function = "adaptive_max_pool2d_backward"
    height, width = _output_size(function, x, output_size)
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], height, width))
    check_same_dtype(function, grad_out=grad_out, x=x)
    winners = adaptive_max_pool2d_with_indices(x, output_size).indices  # (N, C, H_out, W_out)
    planes = x.shape[0] * x.shape[1]
    grad_x = np.zeros((planes, x.shape[2] * x.shape[3]), x.dtype)
    rows = np.arange(planes)[:, None]
    pixels = winners.reshape(planes, height * width)  # (N * C, H_out * W_out)
    np.add.at(grad_x, (rows, pixels), grad_out.reshape(pixels.shape))  # (N * C, H_out * W_out)
    return InputGradients(grad_x.reshape(x.shape))  # (N, C, H, W)


def _output_size(function: str, x: np.ndarray, output_size) -> tuple[int, int]:
    """Validate the arguments and return the output's height and width."""
    check_rank(function, "x", x, "(N, C, H, W)")
    if 0 in x.shape[2:]:
        fail(function, "an image of at least one pixel", f"shape {x.shape}")
    sizes = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(sizes) != 2:
        fail(function, "`output_size` to be an integer, None, or a pair of these", repr(output_size))
    height, width = (
        length if size is None else as_int(function, "output_size", size, 1)
        for size, length in zip(sizes, x.shape[2:], strict=True)
    )
    return height, width


def _columns(size: int, count: int) -> list[slice]:
    """Return the windows along an axis."""
    return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _average_columns(x: np.ndarray, count: int) -> np.ndarray:
    """Average the windows of the last axis."""
    return np.stack([x[..., window].mean(axis=-1) for window in _columns(x.shape[-1], count)], axis=-1)


def _spread_columns(grad_out: np.ndarray, size: int) -> np.ndarray:
    """Spread each window's gradient over its pixels, along the last axis: the transpose of averaging."""
    grad_x = np.zeros((*grad_out.shape[:-1], size), grad_out.dtype)
    for i, window in enumerate(_columns(size, grad_out.shape[-1])):
        grad_x[..., window] += grad_out[..., i : i + 1] / (window.stop - window.start)
    return grad_x


def _best_columns(x: np.ndarray, count: int) -> np.ndarray:
    """Position of the first maximum, or else the last NaN, of the windows of the last axis."""
    best = []
    for window in _columns(x.shape[-1], count):
        pixels = x[..., window]
        nan = np.isnan(pixels)
        last_nan = pixels.shape[-1] - 1 - nan[..., ::-1].argmax(axis=-1)
        best.append(window.start + np.where(nan.any(axis=-1), last_nan, pixels.argmax(axis=-1)))
    return np.stack(best, axis=-1)

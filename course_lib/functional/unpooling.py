"""Max unpooling: maxima go back to where max pooling found them; and its gradient."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_int, as_pair, check_rank, check_same_dtype, check_shape, fail
from course_lib.functional._windows import InputGradients


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put every value back where max pooling found it, zeros elsewhere.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W), floating
        Values, for example the maxima of a pooling.
    indices : ndarray, shape (N, C, H, W), integer
        Where they belong, as ``row * W_out + column``; `max_pool2d_with_indices` returns them.
    kernel_size : int or pair of int
        The pooling's window, in pixels; at least 1.
    stride : int or pair of int, optional
        The pooling's stride, in pixels; at least 1. None (default) means `kernel_size`.
    padding : int or pair of int, default 0
        The pooling's padding, in pixels.
    output_size : pair of int, optional
        Height and width of the image that was pooled, in pixels. Several sizes pool to the same one; None
        (default) takes ``(H - 1) * stride - 2 * padding + kernel_size``. The last two of four numbers count.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out), dtype of `x`
        The values in their places. Where two share a place the later one in reading order stands.

    Raises
    ------
    ValueError
        If shapes disagree, an index is outside the output, or `output_size` is a stride or more from the
        default.

    See Also
    --------
    max_pool2d_with_indices : The pooling this undoes in part.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       arXiv:1311.2901, 2013, section 2.1.

    Examples
    --------
    >>> x = np.array([[[[5.0, 9.0]]]])  # (N, C, H, W) = (1, 1, 1, 2)
    >>> max_unpool2d(x, np.array([[[[1, 7]]]]), kernel_size=2)
    array([[[[0., 5., 0., 0.],
             [0., 0., 0., 9.]]]])
    """
    arguments = (kernel_size, stride, padding, output_size)
    height, width = _output_size("max_unpool2d", x, indices, *arguments)
    out = np.zeros((*x.shape[:2], height * width), x.dtype)  # (N, C, H_out * W_out)
    flat = (*x.shape[:2], x.shape[2] * x.shape[3])
    np.put_along_axis(out, indices.reshape(flat), x.reshape(flat), axis=2)  # (N, C, H * W)
    return out.reshape(*x.shape[:2], height, width)  # (N, C, H_out, W_out)


def max_unpool2d_backward(grad_out, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Gradient of `max_unpool2d`: every value fetches the gradient of its place.

    Parameters
    ----------
    grad_out : ndarray, shape (N, C, H_out, W_out), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W), floating
        The forward's input.
    indices : ndarray, shape (N, C, H, W), integer
        The forward's argument.
    kernel_size, stride, padding : int or pair of int
        The forward's arguments.
    output_size : pair of int, optional
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of shape (N, C, H, W). Values that share a place all fetch its gradient, as in PyTorch.

    Raises
    ------
    ValueError
        As for `max_unpool2d`, or if `grad_out` differs from the output in shape or from `x` in dtype.

    See Also
    --------
    max_unpool2d : The forward operation.

    Examples
    --------
    >>> x = np.array([[[[5.0]]]])  # (N, C, H, W) = (1, 1, 1, 1)
    >>> max_unpool2d_backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), x, np.array([[[[2]]]]), kernel_size=2).x
    array([[[[3.]]]])
    """
    function = "max_unpool2d_backward"
    height, width = _output_size(function, x, indices, kernel_size, stride, padding, output_size)
    check_shape(function, "grad_out", grad_out, (*x.shape[:2], height, width))
    check_same_dtype(function, grad_out=grad_out, x=x)
    plane = grad_out.reshape(*x.shape[:2], height * width)  # (N, C, H_out * W_out)
    places = indices.reshape(*x.shape[:2], x.shape[2] * x.shape[3])  # (N, C, H * W)
    return InputGradients(np.take_along_axis(plane, places, axis=2).reshape(x.shape))  # (N, C, H, W)


def _output_size(
    function: str, x: np.ndarray, indices: np.ndarray, kernel_size, stride, padding, output_size
) -> tuple[int, int]:
    """Validate the arguments and return the output's height and width."""
    check_rank(function, "x", x, "(N, C, H, W)")
    check_shape(function, "indices", indices, x.shape)
    if not np.issubdtype(indices.dtype, np.integer):
        fail(function, "`indices` of an integer dtype", f"dtype {indices.dtype}")
    kernel = as_pair(function, "kernel_size", kernel_size, 1)
    step = kernel if stride is None else as_pair(function, "stride", stride, 1)
    margin = as_pair(function, "padding", padding, 0)
    default = tuple(
        (n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[2:], step, margin, kernel, strict=True)
    )
    size = default if output_size is None else _as_size(function, output_size)
    if any(abs(n - d) >= s for n, d, s in zip(size, default, step, strict=True)):
        fail(function, f"`output_size` less than {step} from {default}", repr(output_size))
    if min(size) < 1:
        fail(function, "an output of at least one pixel", f"{size}")
    if indices.size and not 0 <= indices.min() <= indices.max() < size[0] * size[1]:
        wrong = indices.min() if indices.min() < 0 else indices.max()
        fail(function, f"`indices` from 0 to {size[0] * size[1] - 1}", int(wrong))
    return size


def _as_size(function: str, output_size) -> tuple[int, int]:
    """Return height and width, the last two of two or four numbers."""
    if not isinstance(output_size, tuple | list) or len(output_size) not in (2, 4):
        fail(function, "`output_size` to be two or four integers", repr(output_size))
    height, width = (as_int(function, "output_size", n, 1) for n in output_size[-2:])
    return height, width

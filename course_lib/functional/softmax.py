"""Softmax, its logarithm, and their gradients; stable for logits of any size."""

from __future__ import annotations

import numpy as np

from course_lib._validation import check_floating, check_same_dtype, check_shape, fail
from course_lib.functional._windows import InputGradients


def softmax(x, dim=-1):
    r"""Turn logits into probabilities.

    .. math::
        p_i = \frac{e^{x_i}}{\sum_j e^{x_j}} = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j.

    Parameters
    ----------
    x : ndarray, any shape of rank 1 or more, floating
        Logits.
    dim : int, default -1
        The axis of the classes, along which the probabilities add up to 1.

    Returns
    -------
    ndarray, shape and dtype of `x`
        Probabilities.

    Raises
    ------
    ValueError
        If `x` is not a floating array, or has no axis `dim`, or that axis is empty.

    See Also
    --------
    log_softmax : Its logarithm, which keeps what underflows here.
    softmax_backward : Gradient for `x`.

    Notes
    -----
    The maximum is subtracted first, so nothing overflows: logits of 10,000 are as good as logits of 0.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, sections 4.1 and
       6.2.2.3.

    Examples
    --------
    >>> softmax(np.array([[10000.0, 10000.0], [0.0, -10000.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    dim = _check("softmax", x, dim)
    powers = np.exp(x - x.max(axis=dim, keepdims=True))
    return powers / powers.sum(axis=dim, keepdims=True)


def softmax_backward(grad_out, x, dim=-1):
    r"""Gradient of `softmax`: :math:`p_i\,(g_i - \sum_j g_j p_j)`.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape of rank 1 or more, floating
        The forward's input.
    dim : int, default -1
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        As for `softmax`, or if `grad_out` differs from `x` in shape or dtype.

    See Also
    --------
    softmax : The forward operation.

    Examples
    --------
    >>> softmax_backward(np.array([1.0, 0.0]), np.array([0.0, 0.0])).x
    array([ 0.25, -0.25])
    """
    dim = _check_backward("softmax_backward", grad_out, x, dim)
    p = softmax(x, dim)
    return InputGradients(p * (grad_out - (grad_out * p).sum(axis=dim, keepdims=True)))


def log_softmax(x, dim=-1):
    r"""Turn logits into logarithms of probabilities.

    .. math::
        \log p_i = (x_i - m) - \log \sum_j e^{x_j - m}, \qquad m = \max_j x_j.

    Parameters
    ----------
    x : ndarray, any shape of rank 1 or more, floating
        Logits.
    dim : int, default -1
        The axis of the classes.

    Returns
    -------
    ndarray, shape and dtype of `x`
        Natural logarithms of the probabilities; finite wherever the logits are.

    Raises
    ------
    ValueError
        If `x` is not a floating array, or has no axis `dim`, or that axis is empty.

    See Also
    --------
    log_softmax_backward : Gradient for `x`.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 6.2.2.3.

    Examples
    --------
    The second probability is far below the smallest float, its logarithm is not:

    >>> log_softmax(np.array([0.0, -10000.0]))
    array([     0., -10000.])
    """
    dim = _check("log_softmax", x, dim)
    shifted = x - x.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def log_softmax_backward(grad_out, x, dim=-1):
    r"""Gradient of `log_softmax`: :math:`g_i - p_i \sum_j g_j`.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape of rank 1 or more, floating
        The forward's input.
    dim : int, default -1
        The forward's argument.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        As for `log_softmax`, or if `grad_out` differs from `x` in shape or dtype.

    See Also
    --------
    log_softmax : The forward operation.

    Examples
    --------
    >>> log_softmax_backward(np.array([1.0, 0.0]), np.array([0.0, 0.0])).x
    array([ 0.5, -0.5])
    """
    dim = _check_backward("log_softmax_backward", grad_out, x, dim)
    return InputGradients(grad_out - softmax(x, dim) * grad_out.sum(axis=dim, keepdims=True))


def _check(function: str, x: np.ndarray, dim: int) -> int:
    """Refuse what is not a floating array with classes along that axis; return the axis."""
    check_floating(function, "x", x)
    if not isinstance(dim, int | np.integer) or isinstance(dim, bool) or not -x.ndim <= dim < x.ndim:
        fail(function, f"`dim` to be an axis of the {x.ndim} of `x`", repr(dim))
    if x.shape[dim] == 0:
        fail(function, "at least one class", f"shape {x.shape}")
    return int(dim)


def _check_backward(function: str, grad_out: np.ndarray, x: np.ndarray, dim: int) -> int:
    """Refuse what `_check` refuses, and a gradient that does not fit the input."""
    dim = _check(function, x, dim)
    check_shape(function, "grad_out", grad_out, x.shape)
    check_same_dtype(function, grad_out=grad_out, x=x)
    return dim

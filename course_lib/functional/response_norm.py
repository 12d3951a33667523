"""Local response normalisation, as AlexNet has it, and its gradient."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_float, as_int, check_batch, check_same_dtype, check_shape
from course_lib.functional._windows import InputGradients


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    r"""Divide every number by a norm of its neighbours in the channels around it.

    .. math::
        y_c = x_c \, D_c^{-\beta}, \qquad
        D_c = k + \frac{\alpha}{n} \sum_{c' = c - \lfloor n/2 \rfloor}^{c + \lfloor (n-1)/2 \rfloor} x_{c'}^2,

    where channels that do not exist count as 0. AlexNet's paper has no :math:`1/n`.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W) or any rank from 3, floating
        Input batch.
    size : int
        Number :math:`n` of neighbouring channels in the sum; at least 1.
    alpha : float, default 1e-4
        Weight of the mean square.
    beta : float, default 0.75
        Exponent.
    k : float, default 1.0
        What is added to the mean square.

    Returns
    -------
    ndarray, shape and dtype of `x`
        The normalised batch.

    Raises
    ------
    ValueError
        If `x` is not a floating array of rank 3 or more, ``size < 1``, or another argument is no number.

    See Also
    --------
    local_response_norm_backward : Gradient for `x`.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional
       neural networks", NIPS 2012, section 3.3.

    Examples
    --------
    >>> x = np.array([[[3.0], [1.0]]])  # (N, C, L) = (1, 2, 1)
    >>> local_response_norm(x, size=2, alpha=2.0, beta=1.0, k=0.0)
    array([[[0.33333333],
            [0.1       ]]])
    """
    size, alpha, beta, k = _check("local_response_norm", x, size, alpha, beta, k)
    return x * _divisor(x, size, alpha, k) ** -beta


def local_response_norm_backward(grad_out, x, size, alpha=1e-4, beta=0.75, k=1.0):
    r"""Gradient of `local_response_norm`.

    .. math::
        \frac{\partial L}{\partial x_c} = g_c D_c^{-\beta}
            - \frac{2 \alpha \beta}{n}\, x_c \sum_{c'} g_{c'} x_{c'} D_{c'}^{-\beta - 1},

    the sum over all :math:`c'` that have :math:`c` among their neighbours.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C, H, W) or any rank from 3, floating
        The forward's input.
    size : int
        The forward's argument.
    alpha, beta, k : float
        The forward's arguments.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        As for `local_response_norm`, or if `grad_out` differs from `x` in shape or dtype.

    See Also
    --------
    local_response_norm : The forward operation.

    Examples
    --------
    With ``beta=1``, ``k=0`` and one channel the operation is 1 / x, whose slope at 2 is -1/4:

    >>> x = np.array([[[2.0]]])  # (N, C, L) = (1, 1, 1)
    >>> local_response_norm_backward(np.ones((1, 1, 1)), x, size=1, alpha=1.0, beta=1.0, k=0.0).x
    array([[[-0.25]]])
    """
    function = "local_response_norm_backward"
    size, alpha, beta, k = _check(function, x, size, alpha, beta, k)
    check_shape(function, "grad_out", grad_out, x.shape)
    check_same_dtype(function, grad_out=grad_out, x=x)
    divisor = _divisor(x, size, alpha, k)  # (N, C, ...)
    before = (size - 1) // 2  # the transposed window looks the other way
    spread = _sum_channels(grad_out * x * divisor ** (-beta - 1), before, size - 1 - before)  # (N, C, ...)
    return InputGradients(grad_out * divisor**-beta - x * spread * (2 * alpha * beta / size))


def _divisor(x: np.ndarray, size: int, alpha: float, k: float) -> np.ndarray:
    """Return the divisor before its exponent."""
    return _sum_channels(x * x, size // 2, (size - 1) // 2) * (alpha / size) + k  # (N, C, ...)


def _sum_channels(x: np.ndarray, before: int, after: int) -> np.ndarray:
    """Add to every channel the ``before`` channels before it and the ``after`` channels after it."""
    out = x.copy()
    for shift in range(1, min(before, x.shape[1] - 1) + 1):
        out[:, shift:] += x[:, :-shift]
    for shift in range(1, min(after, x.shape[1] - 1) + 1):
        out[:, :-shift] += x[:, shift:]
    return out


def _check(function: str, x: np.ndarray, size: int, alpha: float, beta: float, k: float) -> tuple:
    """Refuse what is not a floating batch with channels; return the settings as Python's own numbers."""
    check_batch(function, "x", x, 3, "(N, C, L, ...)")
    numbers = {"alpha": alpha, "beta": beta, "k": k}
    return as_int(function, "size", size, 1), *(as_float(function, *item) for item in numbers.items())

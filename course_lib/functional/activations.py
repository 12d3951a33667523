"""Activations that act on each number alone, and their gradients: ReLU, sigmoid, tanh."""

from __future__ import annotations

import numpy as np

from course_lib._validation import check_floating, check_same_dtype, check_shape
from course_lib.functional._select import select
from course_lib.functional._windows import InputGradients


def relu(x):
    r"""Rectify: :math:`\max(x, 0)`.

    Parameters
    ----------
    x : ndarray, any shape, floating
        Input.

    Returns
    -------
    ndarray, shape and dtype of `x`
        `x` where it is positive, 0 elsewhere; NaN stays NaN.

    Raises
    ------
    ValueError
        If `x` is not a floating array.

    See Also
    --------
    relu_backward : Gradient for `x`.

    References
    ----------
    .. [1] V. Nair and G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML
       2010.

    Examples
    --------
    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    check_floating("relu", "x", x)
    return np.asarray(np.maximum(x, 0))  # an array even where x has no axis


def relu_backward(grad_out, x):
    """Gradient of `relu`: passes where the input is positive, stops elsewhere, at 0 too.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape, floating
        The forward's input.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        If `x` is not a floating array, or `grad_out` differs from it in shape or dtype.

    See Also
    --------
    relu : The forward operation.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-1.0, 0.0, 2.0])).x
    array([0., 0., 5.])
    """
    _check("relu_backward", grad_out, x)
    return InputGradients(np.asarray(select(~(x <= 0), grad_out)))  # a NaN lets it pass, as in PyTorch


def sigmoid(x):
    r"""Squash into (0, 1): :math:`\sigma(x) = 1 / (1 + e^{-x})`.

    Parameters
    ----------
    x : ndarray, any shape, floating
        Input.

    Returns
    -------
    ndarray, shape and dtype of `x`
        The sigmoid of each element, exact and without overflow however large it is.

    Raises
    ------
    ValueError
        If `x` is not a floating array.

    See Also
    --------
    sigmoid_backward : Gradient for `x`.

    Notes
    -----
    Only :math:`e^{-|x|} \le 1` is ever computed. For negative input :math:`\sigma(x) = e^{x} / (1 + e^{x})`.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 3.10.

    Examples
    --------
    >>> sigmoid(np.array([-10000.0, 0.0, 10000.0]))
    array([0. , 0.5, 1. ])
    """
    check_floating("sigmoid", "x", x)
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x < 0, small, x.dtype.type(1)) / (1 + small))


def sigmoid_backward(grad_out, x):
    r"""Gradient of `sigmoid`: :math:`\sigma'(x) = \sigma(x)\,\sigma(-x)`, at most 1/4.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape, floating
        The forward's input.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        If `x` is not a floating array, or `grad_out` differs from it in shape or dtype.

    See Also
    --------
    sigmoid : The forward operation.

    Examples
    --------
    >>> sigmoid_backward(np.array([1.0]), np.array([0.0])).x
    array([0.25])
    """
    _check("sigmoid_backward", grad_out, x)
    small = np.exp(-np.abs(x))
    return InputGradients(np.asarray(grad_out * (small / (1 + small) ** 2)))


def tanh(x):
    r"""Squash into (-1, 1): :math:`\tanh x = (e^{x} - e^{-x}) / (e^{x} + e^{-x})`.

    Parameters
    ----------
    x : ndarray, any shape, floating
        Input.

    Returns
    -------
    ndarray, shape and dtype of `x`
        The hyperbolic tangent of each element.

    Raises
    ------
    ValueError
        If `x` is not a floating array.

    See Also
    --------
    tanh_backward : Gradient for `x`.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Mueller, "Efficient BackProp", in "Neural Networks:
       Tricks of the Trade", Springer, 1998, section 4.4.

    Examples
    --------
    >>> tanh(np.array([-10000.0, 0.0, 10000.0]))
    array([-1.,  0.,  1.])
    """
    check_floating("tanh", "x", x)
    return np.asarray(np.tanh(x))


def tanh_backward(grad_out, x):
    r"""Gradient of `tanh`: :math:`1 - \tanh^2 x`.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape, floating
        The forward's input.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        If `x` is not a floating array, or `grad_out` differs from it in shape or dtype.

    See Also
    --------
    tanh : The forward operation.

    Examples
    --------
    >>> tanh_backward(np.array([2.0]), np.array([0.0])).x
    array([2.])
    """
    _check("tanh_backward", grad_out, x)
    return InputGradients(np.asarray(grad_out * (1 - np.tanh(x) ** 2)))


def _check(function: str, grad_out: np.ndarray, x: np.ndarray) -> None:
    """Refuse what is not a floating array, and a gradient that does not fit it."""
    check_floating(function, "x", x)
    check_shape(function, "grad_out", grad_out, x.shape)
    check_same_dtype(function, grad_out=grad_out, x=x)

"""The dense layer: an affine map of the last axis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib._validation import check_rank, check_same_dtype, check_shape, fail, is_array


class LinearGradients(NamedTuple):
    """Gradients of `linear`.

    Attributes
    ----------
    x : ndarray, shape (..., in_features)
        Gradient for the input.
    weight : ndarray, shape (out_features, in_features)
        Gradient for the weights.
    bias : ndarray, shape (out_features,), or None
        Gradient for the bias; None when the forward had none.
    """

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None


def linear(x, weight, bias=None):
    r"""Apply an affine map to the last axis: :math:`y = x W^\top + b`.

    Parameters
    ----------
    x : ndarray, shape (..., in_features), floating
        Input; any number of leading axes, also none.
    weight : ndarray, shape (out_features, in_features), dtype of `x`
        One row of weights per output.
    bias : ndarray, shape (out_features,), dtype of `x`, optional
        One offset per output. None (default) adds nothing.

    Returns
    -------
    ndarray, shape (..., out_features), dtype of `x`
        The mapped input.

    Raises
    ------
    ValueError
        If the shapes disagree or the dtypes differ or are not floating.

    See Also
    --------
    linear_backward : Gradients for `x`, `weight` and `bias`.

    Notes
    -----
    Cost: ``in_features * out_features`` multiply-adds per row of `x`.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, section 6.1.

    Examples
    --------
    >>> weight = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # (out_features, in_features) = (3, 2)
    >>> linear(np.array([[1.0, 10.0]]), weight, np.array([0.5, 0.0, 0.0]))
    array([[21.5, 43. , 65. ]])
    """
    _check("linear", x, weight, bias)
    out = x @ weight.T  # (..., out_features)
    return out if bias is None else out + bias


def linear_backward(grad_out, x, weight, bias=None):
    r"""Gradients of `linear`: :math:`GW`, :math:`G^\top X` and the sum of the rows of the gradient :math:`G`.

    Parameters
    ----------
    grad_out : ndarray, shape (..., out_features), dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (..., in_features), floating
        The forward's input.
    weight : ndarray, shape (out_features, in_features), dtype of `x`
        The forward's weights.
    bias : ndarray, shape (out_features,), dtype of `x`, optional
        The forward's bias; only whether there is one matters.

    Returns
    -------
    LinearGradients
        ``x``, ``weight`` and ``bias``, each of its input's shape; ``bias`` is None without a bias.

    Raises
    ------
    ValueError
        As for `linear`, or if `grad_out` differs from the output in shape or dtype.

    See Also
    --------
    linear : The forward operation.

    Examples
    --------
    >>> grads = linear_backward(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.eye(2), np.zeros(2))
    >>> grads.weight
    array([[3., 4.],
           [6., 8.]])
    >>> grads.bias
    array([1., 2.])
    """
    _check("linear_backward", x, weight, bias)
    check_shape("linear_backward", "grad_out", grad_out, (*x.shape[:-1], weight.shape[0]))
    check_same_dtype("linear_backward", grad_out=grad_out, x=x)
    rows = x.reshape(-1, x.shape[-1]) if x.size else x.reshape(0, x.shape[-1])  # (rows, in_features)
    grad_rows = grad_out.reshape(len(rows), weight.shape[0])  # (rows, out_features)
    return LinearGradients(
        x=grad_out @ weight,  # (..., in_features)
        weight=grad_rows.T @ rows,  # (out_features, in_features)
        bias=None if bias is None else grad_rows.sum(axis=0),  # (out_features,)
    )


def _check(function: str, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> None:
    """Refuse inputs whose shapes or dtypes do not fit together."""
    check_rank(function, "weight", weight, "(out_features, in_features)")
    if not is_array(x):
        fail(function, "`x` to be a NumPy array of shape (..., in_features)", type(x).__name__)
    if x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        fail(function, f"`x` of shape (..., {weight.shape[1]}) to fit `weight`", f"shape {x.shape}")
    if bias is not None:
        check_shape(function, "bias", bias, weight.shape[:1])
    check_same_dtype(function, x=x, weight=weight, bias=bias)

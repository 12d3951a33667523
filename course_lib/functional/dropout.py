"""Dropout and its gradient."""

from __future__ import annotations

import numpy as np

from course_lib._validation import (
    as_bool,
    as_float,
    as_int,
    check_floating,
    check_same_dtype,
    check_shape,
    fail,
)
from course_lib.functional._windows import InputGradients


def dropout(x, p=0.5, training=True, rng=None):
    r"""Set numbers to 0 at random and scale up the others, so that each keeps its expectation.

    .. math::
        y_i = \frac{m_i}{1 - p}\, x_i, \qquad m_i = 0 \text{ with probability } p, \text{ else } 1.

    Parameters
    ----------
    x : ndarray, any shape, floating
        Input.
    p : float, default 0.5
        Probability that a number is dropped, from 0 to 1.
    training : bool, default True
        In evaluation (False) the input comes back as it is.
    rng : numpy.random.Generator or int
        Where the randomness comes from: a generator, which moves on, or a seed. Needed in training.

    Returns
    -------
    ndarray, shape and dtype of `x`
        What is left.

    Raises
    ------
    ValueError
        If `x` is not a floating array, `p` is out of range, or `rng` is missing in training.

    See Also
    --------
    dropout_backward : Gradient for `x`.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, "Dropout: a simple way
       to prevent neural networks from overfitting", Journal of Machine Learning Research 15, 2014, section 4.

    Examples
    --------
    >>> dropout(np.ones(8), p=0.5, rng=0)
    array([2., 0., 0., 0., 2., 2., 2., 2.])
    >>> dropout(np.ones(8), p=0.5, training=False)
    array([1., 1., 1., 1., 1., 1., 1., 1.])
    """
    return np.asarray(x * _mask("dropout", x, p, training, rng))


def dropout_backward(grad_out, x, p=0.5, training=True, rng=None):
    """Gradient of `dropout`: passes, scaled, where the number was kept.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, any shape, floating
        The forward's input; only its shape matters.
    p : float, default 0.5
        The forward's argument.
    training : bool, default True
        The forward's argument.
    rng : numpy.random.Generator or int
        The forward's seed, or a generator in the state that the forward's was in **before** the call, for
        example a copy made with ``copy.deepcopy``: the mask is drawn again, not remembered.

    Returns
    -------
    InputGradients
        ``x``, of the shape of `x`.

    Raises
    ------
    ValueError
        As for `dropout`, or if `grad_out` differs from `x` in shape or dtype.

    See Also
    --------
    dropout : The forward operation.

    Examples
    --------
    >>> dropout_backward(np.arange(8.0), np.ones(8), p=0.5, rng=0).x
    array([ 0.,  0.,  0.,  0.,  8., 10., 12., 14.])
    """
    mask = _mask("dropout_backward", x, p, training, rng)
    check_shape("dropout_backward", "grad_out", grad_out, x.shape)
    check_same_dtype("dropout_backward", grad_out=grad_out, x=x)
    return InputGradients(np.asarray(grad_out * mask))


def _mask(
    function: str, x: np.ndarray, p: float, training: bool, rng: np.random.Generator | int | None
) -> np.ndarray:
    """Draw the factor of every number: 0 where it is dropped, 1 / (1 - p) where it is kept."""
    check_floating(function, "x", x)
    p = as_float(function, "p", p, 0, 1)
    if not as_bool(function, "training", training) or p == 0:
        return np.ones((), x.dtype)
    if rng is None:
        fail(function, "`rng`, a generator or a seed, in training", None)
    if not isinstance(rng, np.random.Generator):
        rng = np.random.default_rng(as_int(function, "rng", rng, 0))
    kept = np.asarray(rng.random(x.shape)) >= p
    return kept.astype(x.dtype) * x.dtype.type(1 / (1 - p) if p < 1 else 0)

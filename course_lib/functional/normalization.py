"""Batch normalisation and its gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib._validation import as_bool, as_float, check_batch, check_same_dtype, check_shape, fail


class BatchNormResult(NamedTuple):
    """Normalised batch and the running statistics after it.

    Attributes
    ----------
    out : ndarray, shape and dtype of the input
        The normalised batch.
    running_mean, running_var : ndarray, shape (C,), or None
        The statistics to hand to the next call. In evaluation they are the ones that came in.
    """

    out: np.ndarray
    running_mean: np.ndarray | None
    running_var: np.ndarray | None


class BatchNormGradients(NamedTuple):
    """Gradients of `batch_norm`.

    Attributes
    ----------
    x : ndarray, shape (N, C, ...)
        Gradient for the input.
    weight, bias : ndarray, shape (C,), or None
        Gradients for scale and offset; None for the one that the forward did not have.
    """

    x: np.ndarray
    weight: np.ndarray | None
    bias: np.ndarray | None


class _Centred(NamedTuple):
    """A batch minus its mean, which is ``shifted - offset``, with the statistics that make the mean exact."""

    shifted: np.ndarray  # (N, C, L)
    offset: np.ndarray  # (C,)
    mean: np.ndarray  # (C,)
    var: np.ndarray  # (C,)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    r"""Normalise every channel.

    .. math::
        y_{n,c} = w_c \frac{x_{n,c} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + b_c,

    In training :math:`\mu_c` and :math:`\sigma_c^2` are the mean and the biased variance of channel
    :math:`c` over the batch and all pixels, m numbers in all; in evaluation they are the running statistics.

    Parameters
    ----------
    x : ndarray, shape (N, C) or (N, C, H, W) or any rank from 2, floating
        Input batch.
    running_mean, running_var : ndarray, shape (C,), dtype of `x`, or None
        Statistics so far. Never changed in place; None, for both, keeps none, which only training allows.
    weight : ndarray, shape (C,), dtype of `x`, optional
        Scale. None (default) means 1.
    bias : ndarray, shape (C,), dtype of `x`, optional
        Offset. None (default) means 0.
    training : bool, default False
        Normalise by the batch and update the running statistics.
    momentum : float, default 0.1
        Share of the batch in the new running statistics, from 0 to 1.
    eps : float, default 1e-5
        Added to the variance; at least 0.

    Returns
    -------
    BatchNormResult
        ``out``, of shape and dtype of `x`; ``running_mean`` and ``running_var``: in training ``(1 -
        momentum)`` times the old plus ``momentum`` times the batch's mean and unbiased variance, the sum of
        squares over m - 1. The caller keeps them: the function has no state.

    Raises
    ------
    ValueError
        If shapes or dtypes disagree, statistics are missing in evaluation, there are fewer than two values
        per channel in training, or `momentum` or `eps` is out of range.

    See Also
    --------
    batch_norm_backward : Gradients for `x`, `weight` and `bias`.

    Notes
    -----
    The batch is shifted by its mean before it is squared, so a mean of 10,000 beside a standard deviation of
    1 costs float32 no accuracy.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", arXiv:1502.03167, 2015, section 3.

    Examples
    --------
    >>> x = np.array([[1.0], [3.0]])  # (N, C) = (2, 1)
    >>> result = batch_norm(x, np.zeros(1), np.ones(1), training=True, momentum=0.5, eps=0.0)
    >>> result.out
    array([[-1.],
           [ 1.]])
    >>> result.running_mean, result.running_var
    (array([1.]), array([1.5]))
    """
    function = "batch_norm"
    _check(function, x, running_mean, running_var, weight, bias, training, momentum, eps)
    batch = _centre(x, running_mean, running_var, training)
    scale = (
        _one_over_std(batch.var, eps) if weight is None else weight * _one_over_std(batch.var, eps)
    )  # (C,)
    out = batch.shifted  # (N, C, L)
    out *= scale[:, None]
    out += ((0 if bias is None else bias) - batch.offset * scale)[:, None]
    if training and running_mean is not None:
        keep, take = x.dtype.type(1 - momentum), x.dtype.type(momentum)
        count = out.size // out.shape[1]
        running_mean = keep * running_mean + take * batch.mean
        running_var = keep * running_var + take * batch.var * x.dtype.type(count / (count - 1))
    out = out.reshape(x.shape)  # (N, C, ...)
    return BatchNormResult(out, running_mean, running_var)


def batch_norm_backward(
    grad_out, x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    r"""Gradients of `batch_norm`.

    With :math:`\hat x = (x - \mu) / \sqrt{\sigma^2 + \varepsilon}` and means over the m numbers of a channel,

    .. math::
        \frac{\partial L}{\partial x} = \frac{w}{\sqrt{\sigma^2 + \varepsilon}}
            \bigl( g - \overline{g} - \hat x\, \overline{g \hat x} \bigr), \qquad
        \frac{\partial L}{\partial w} = \sum g \hat x, \qquad \frac{\partial L}{\partial b} = \sum g.

    In evaluation the statistics are constants and both means drop out.

    Parameters
    ----------
    grad_out : ndarray, shape and dtype of `x`
        Gradient of the loss for the output.
    x : ndarray, shape (N, C) or (N, C, H, W) or any rank from 2, floating
        The forward's input.
    running_mean, running_var : ndarray, shape (C,), dtype of `x`, or None
        The forward's arguments; in training they play no part.
    weight, bias : ndarray, shape (C,), dtype of `x`, optional
        The forward's arguments.
    training : bool, default False
        The forward's argument.
    momentum : float, default 0.1
        The forward's argument; plays no part.
    eps : float, default 1e-5
        The forward's argument.

    Returns
    -------
    BatchNormGradients
        ``x``, ``weight`` and ``bias``, each of its input's shape, or None.

    Raises
    ------
    ValueError
        As for `batch_norm`, or if `grad_out` differs from `x` in shape or dtype.

    See Also
    --------
    batch_norm : The forward operation.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", arXiv:1502.03167, 2015, section 3.

    Examples
    --------
    A batch's own mean is taken away, so a gradient that is the same everywhere moves nothing:

    >>> x = np.array([[1.0], [3.0], [8.0]])  # (N, C) = (3, 1)
    >>> np.abs(batch_norm_backward(np.ones((3, 1)), x, None, None, training=True).x).max() < 1e-12
    np.True_
    """
    function = "batch_norm_backward"
    _check(function, x, running_mean, running_var, weight, bias, training, momentum, eps)
    check_shape(function, "grad_out", grad_out, x.shape)
    check_same_dtype(function, grad_out=grad_out, x=x)
    batch = _centre(x, running_mean, running_var, training)
    shifted, g = batch.shifted, grad_out.reshape(batch.shifted.shape)  # (N, C, L)
    one_over_std = _one_over_std(batch.var, eps)  # (C,)
    sum_g = _sum(g)  # (C,)
    sum_gx = (np.vecdot(g, shifted).sum(axis=0) - batch.offset * sum_g) * one_over_std  # (C,)
    scale = one_over_std if weight is None else weight * one_over_std  # (C,)
    if training:
        count = x.dtype.type(g.size // g.shape[1])
        slope = -scale * one_over_std * sum_gx / count  # (C,)
        grad_x = shifted  # (N, C, L)
        grad_x *= slope[:, None]
        grad_x -= (scale * sum_g / count + slope * batch.offset)[:, None]
        grad_x += g * scale[:, None]
    else:
        grad_x = g * scale[:, None]  # (N, C, L)
    return BatchNormGradients(
        x=grad_x.reshape(x.shape),  # (N, C, ...)
        weight=None if weight is None else sum_gx,
        bias=None if bias is None else sum_g,
    )


def _sum(x: np.ndarray) -> np.ndarray:
    """Sum each channel of an array of shape (N, C, L)."""
    return x.sum(axis=0).sum(axis=-1)  # (C,)


def _one_over_std(var: np.ndarray, eps: float) -> np.ndarray:
    """Return the factor that brings a channel to variance 1; infinite, as in PyTorch, when there is none."""
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(var + var.dtype.type(eps))  # (C,)


def _centre(
    x: np.ndarray, running_mean: np.ndarray | None, running_var: np.ndarray | None, training: bool
) -> _Centred:
    """Subtract each channel's mean, rounded; the ``offset`` is what the rounding left."""
    flat = x.reshape(*x.shape[:2], -1) if x.size else x.reshape(*x.shape[:2], 0)  # (N, C, L)
    if not training:
        return _Centred(flat - running_mean[:, None], np.zeros_like(running_mean), running_mean, running_var)
    count = x.dtype.type(flat.size // flat.shape[1])
    rounded = _sum(flat) / count  # (C,)
    shifted = flat - rounded[:, None]  # (N, C, L)
    offset = _sum(shifted) / count  # (C,)
    var = np.vecdot(shifted, shifted).sum(axis=0) / count - offset**2  # (C,)
    return _Centred(shifted, offset, rounded + offset, np.maximum(var, 0))


def _check(
    function: str,
    x: np.ndarray,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: np.ndarray | None,
    bias: np.ndarray | None,
    training: bool,
    momentum: float,
    eps: float,
) -> None:
    """Refuse arguments that do not fit together or are out of range."""
    check_batch(function, "x", x, 2, "(N, C, ...)")
    vectors = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, vector in vectors.items():
        if vector is not None:
            check_shape(function, name, vector, x.shape[1:2])
    check_same_dtype(function, x=x, **vectors)
    as_bool(function, "training", training)
    if (running_mean is None) != (running_var is None) or (running_mean is None and not training):
        fail(function, "`running_mean` and `running_var`, or neither in training", "None")
    if training and x.size // max(1, x.shape[1]) < 2:
        fail(function, "at least two values per channel in training", f"shape {x.shape}")
    as_float(function, "momentum", momentum, 0, 1)
    as_float(function, "eps", eps, 0)

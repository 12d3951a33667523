"""The loss of classification: cross-entropy on logits, and its gradient."""

from __future__ import annotations

from numbers import Real
from typing import NamedTuple

import numpy as np

from course_lib._validation import (
    as_float,
    as_int,
    check_choice,
    check_floating,
    check_same_dtype,
    check_shape,
    fail,
    is_array,
)
from course_lib.functional.softmax import log_softmax, softmax


class CrossEntropyGradients(NamedTuple):
    """Gradient of `cross_entropy`.

    Attributes
    ----------
    logits : ndarray, shape and dtype of the forward's `logits`
        Gradient for the logits; the target is taken as given.
    """

    logits: np.ndarray


def cross_entropy(logits, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    r"""Cross-entropy between the softmax of logits and a target.

    With one-hot or given target probabilities :math:`t`, smoothing :math:`\varepsilon` and class weights
    :math:`w`, sample :math:`n` costs

    .. math::
        \ell_n = -\sum_{c=1}^{C} q_{n,c} \log \operatorname{softmax}(z_n)_c, \qquad
        q_{n,c} = w_c \Bigl( (1 - \varepsilon)\, t_{n,c} + \frac{\varepsilon}{C} \Bigr).

    Parameters
    ----------
    logits : ndarray, shape (N, C) or (N, C, d_1, ...), floating
        Scores before the softmax, classes on axis 1.
    target : ndarray, shape (N,) or (N, d_1, ...), integer; or shape and dtype of `logits`
        The index of the right class, from 0 to C - 1, or the probability of every class.
    weight : ndarray, shape (C,), dtype of `logits`, optional
        Weight of each class. None (default) weighs them alike.
    ignore_index : int, default -100
        Samples with this index cost nothing. Has no meaning for a target of probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"
        ``"mean"`` divides the sum by the weights of the samples' right classes, ignored ones left out; for a
        target of probabilities by the number of samples. ``"none"`` keeps one loss per sample.
    label_smoothing : float, default 0.0
        The share :math:`\varepsilon` of every target, from 0 to 1, that is spread evenly over all classes.

    Returns
    -------
    ndarray, shape (), or that of the class indices for ``"none"``, dtype of `logits`
        The loss, in nats. The mean over no sample at all is NaN, as in PyTorch.

    Raises
    ------
    ValueError
        If a shape or dtype disagrees, a class index is out of range, or another argument is.

    See Also
    --------
    cross_entropy_backward : Gradient for `logits`.

    References
    ----------
    .. [1] C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the Inception architecture
       for computer vision", arXiv:1512.00567, 2015, section 7 (label smoothing).

    Examples
    --------
    Certain and wrong by 10,000 costs 10,000, and nothing overflows:

    >>> logits = np.array([[10000.0, 0.0], [0.0, 0.0]])  # (N, C) = (2, 2)
    >>> cross_entropy(logits, np.array([1, 0]), reduction="none").round(4)
    array([1.000e+04, 6.931e-01])
    """
    arguments = (target, weight, ignore_index, reduction, label_smoothing)
    q, total = _targets("cross_entropy", logits, *arguments)
    log_p = log_softmax(logits, dim=1)
    cost = np.zeros_like(logits)
    np.multiply(q, -log_p, out=cost, where=q != 0)  # a class without a share costs nothing, at logit -inf too
    losses = cost.sum(axis=1)  # (N, d_1, ...)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()[()]
    with np.errstate(invalid="ignore", divide="ignore"):
        return losses.sum() / total


def cross_entropy_backward(
    grad_out, logits, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    r"""Gradient of `cross_entropy`.

    .. math::
        \frac{\partial \ell_n}{\partial z_{n,c}} =
            \operatorname{softmax}(z_n)_c \sum_{k=1}^{C} q_{n,k} - q_{n,c},

    which for plain class indices is softmax minus one-hot.

    Parameters
    ----------
    grad_out : ndarray or float, shape () or that of the class indices for ``"none"``
        Gradient of whatever follows for the loss; 1.0 when nothing does.
    logits : ndarray, shape (N, C) or (N, C, d_1, ...), floating
        The forward's logits.
    target : ndarray
        The forward's target.
    weight : ndarray, shape (C,), dtype of `logits`, optional
        The forward's argument.
    ignore_index : int, default -100
        The forward's argument.
    reduction : {"mean", "sum", "none"}, default "mean"
        The forward's argument.
    label_smoothing : float, default 0.0
        The forward's argument.

    Returns
    -------
    CrossEntropyGradients
        ``logits``, of shape and dtype of `logits`.

    Raises
    ------
    ValueError
        As for `cross_entropy`, or if `grad_out` has not the shape of the loss.

    See Also
    --------
    cross_entropy : The forward operation.

    Examples
    --------
    >>> cross_entropy_backward(1.0, np.array([[0.0, 0.0]]), np.array([1])).logits
    array([[ 0.5, -0.5]])
    """
    function = "cross_entropy_backward"
    arguments = (target, weight, ignore_index, reduction, label_smoothing)
    q, total = _targets(function, logits, *arguments)
    shape = q[:, 0].shape if reduction == "none" else ()
    grad_out = _as_gradient(function, grad_out, shape, logits.dtype)  # shape of the loss
    grad = softmax(logits, dim=1) * q.sum(axis=1, keepdims=True) - q  # shape of logits
    scale = grad_out[:, None] if reduction == "none" else grad_out  # (N, 1, d_1, ...) or ()
    if reduction == "mean":
        scale = scale / total if total else 0 * scale  # no sample counts, no gradient
    return CrossEntropyGradients(grad * scale)


def _targets(
    function: str,
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted, smoothed targets q in the shape of the logits, and the divisor of the mean."""
    _check(function, logits, weight, reduction, label_smoothing)
    classes, dtype = logits.shape[1], logits.dtype
    along_classes = [-1, *[1] * (logits.ndim - 2)]  # (C, 1, ...)
    weights = (np.ones(classes, dtype) if weight is None else weight).reshape(along_classes)  # (C, 1, ...)
    if is_array(target) and np.issubdtype(target.dtype, np.floating):
        check_shape(function, "target", target, logits.shape, " for a target of probabilities")
        check_same_dtype(function, logits=logits, target=target)
        share, counted, total = target, dtype.type(1), dtype.type(logits.size // classes)
    else:
        index, kept = _class_indices(function, logits, target, ignore_index)
        share = (index[:, None] == np.arange(classes).reshape(along_classes)).astype(
            dtype
        )  # (N, C, d_1, ...)
        counted = kept[:, None]  # (N, 1, d_1, ...)
        total = (weights.ravel()[index] * kept).sum()  # ()
    share = share * dtype.type(1 - label_smoothing) + dtype.type(label_smoothing / classes)
    return share * weights * counted, total


def _class_indices(
    function: str, logits: np.ndarray, target: np.ndarray, ignore_index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices, 0 where ignored, and which of them count."""
    ignore_index = as_int(function, "ignore_index", ignore_index, -(2**63))
    check_shape(function, "target", target, (logits.shape[0], *logits.shape[2:]), " for class indices")
    if not np.issubdtype(target.dtype, np.integer):
        fail(function, "`target` of integer class indices or floating probabilities", f"dtype {target.dtype}")
    kept = target != ignore_index
    index = np.where(kept, target, 0)
    wrong = index[(index < 0) | (index >= logits.shape[1])]
    if wrong.size:
        fail(function, f"class indices from 0 to {logits.shape[1] - 1}", int(wrong[0]))
    return index, kept


def _as_gradient(function: str, grad_out: object, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return the gradient of the loss in the dtype of the logits; one number may be a Python number."""
    grad_out = np.asarray(grad_out) if isinstance(grad_out, Real) else grad_out  # ()
    check_shape(function, "grad_out", grad_out, shape)
    if not np.can_cast(grad_out.dtype, dtype, "same_kind"):
        fail(function, "`grad_out` of real numbers", f"dtype {grad_out.dtype}")
    return grad_out.astype(dtype)


def _check(
    function: str, logits: np.ndarray, weight: np.ndarray | None, reduction: str, label_smoothing: float
) -> None:
    """Refuse logits, weights and options that are out of range."""
    check_floating(function, "logits", logits)
    if logits.ndim < 2 or logits.shape[1] == 0:
        fail(function, "`logits` of shape (N, C, ...)", f"shape {logits.shape}")
    if weight is not None:
        check_shape(function, "weight", weight, logits.shape[1:2])
        check_same_dtype(function, logits=logits, weight=weight)
    check_choice(function, "reduction", reduction, ("mean", "sum", "none"))
    as_float(function, "label_smoothing", label_smoothing, 0, 1)

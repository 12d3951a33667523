"""How much predicted and true masks overlap."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_int, check_shape, fail, is_array


def _class_counts(function: str, prediction: np.ndarray, target: np.ndarray, num_classes: int) -> tuple:
    """Count, per class, the pixels in both masks, in the prediction and in the target."""
    if not is_array(target):
        fail(function, "`target` to be a NumPy array", type(target).__name__)
    check_shape(function, "prediction", prediction, target.shape, " to match `target`")
    num_classes = as_int(function, "num_classes", num_classes, 1)
    for name, mask in (("prediction", prediction), ("target", target)):
        integer = np.issubdtype(mask.dtype, np.integer)
        if not integer or (mask.size and mask.max() >= num_classes):
            got = int(mask.max()) if integer else f"dtype {mask.dtype}"
            fail(function, f"`{name}` of integers below num_classes = {num_classes}", got)
    if prediction.size and prediction.min() < 0:
        fail(function, "`prediction` of classes from 0", int(prediction.min()))
    valid = target >= 0
    p, t = prediction[valid], target[valid]  # (pixels,)
    both = np.bincount(t[p == t], minlength=num_classes)  # (C,)
    return both, np.bincount(p, minlength=num_classes), np.bincount(t, minlength=num_classes)


def intersection_over_union(prediction: np.ndarray, target: np.ndarray, num_classes: int) -> np.ndarray:
    r"""Overlap of predicted and true masks, per class, over all pixels together.

    .. math::
        \mathrm{IoU}_c = \frac{|P_c \cap T_c|}{|P_c \cup T_c|}.

    Parameters
    ----------
    prediction : ndarray, any shape, integer
        Predicted class of each pixel.
    target : ndarray, shape of `prediction`, integer
        True class; pixels below 0 are left out.
    num_classes : int
        Classes run from 0 to ``num_classes - 1``.

    Returns
    -------
    ndarray, shape (num_classes,), float64
        NaN for a class that neither holds; ``np.nanmean`` gives the mean IoU.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is not a class.

    References
    ----------
    .. [1] J. Long, E. Shelhamer and T. Darrell, "Fully convolutional networks for semantic segmentation",
       arXiv:1411.4038, 2015, section 5.

    Examples
    --------
    >>> intersection_over_union(np.array([[0, 1, 1]]), np.array([[0, 0, 1]]), num_classes=2)
    array([0.5, 0.5])
    """
    both, p, t = _class_counts("intersection_over_union", prediction, target, num_classes)
    union = (p + t - both).astype(np.float64)  # (C,)
    return np.divide(both, union, out=np.full(num_classes, np.nan), where=union > 0)  # (C,)


def dice(prediction: np.ndarray, target: np.ndarray, num_classes: int) -> np.ndarray:
    r"""Dice coefficient of predicted and true masks, per class, over all pixels together.

    .. math::
        \mathrm{Dice}_c = \frac{2 |P_c \cap T_c|}{|P_c| + |T_c|}
        = \frac{2\, \mathrm{IoU}_c}{1 + \mathrm{IoU}_c}.

    Parameters
    ----------
    prediction : ndarray, any shape, integer
        Predicted class of each pixel.
    target : ndarray, shape of `prediction`, integer
        True class; pixels below 0 are left out.
    num_classes : int
        Classes run from 0 to ``num_classes - 1``.

    Returns
    -------
    ndarray, shape (num_classes,), float64
        NaN for a class that neither holds.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is not a class.

    References
    ----------
    .. [1] L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945.

    Examples
    --------
    >>> dice(np.array([[0, 1, 1]]), np.array([[0, 0, 1]]), num_classes=2).round(3)
    array([0.667, 0.667])
    """
    both, p, t = _class_counts("dice", prediction, target, num_classes)
    total = (p + t).astype(np.float64)  # (C,)
    return np.divide(2 * both, total, out=np.full(num_classes, np.nan), where=total > 0)  # (C,)

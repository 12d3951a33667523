"""Non-maximum suppression: one box for each object."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_float, check_rank, check_shape, fail
from course_lib.boxes.geometry import box_area, check_boxes


def nms(boxes: np.ndarray, scores: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Keep the best box of every cluster of overlapping boxes.

    The box of the highest score is kept, every other box that overlaps it by more than `iou_threshold` is
    dropped, and so on with what is left.

    Parameters
    ----------
    boxes : ndarray, shape (N, 4), floating
        Boxes ``xyxy``, in pixels.
    scores : ndarray, shape (N,), floating
        Confidence of each box; of equal scores the earlier box is served first.
    iou_threshold : float
        Largest overlap of two kept boxes, in [0, 1].

    Returns
    -------
    ndarray, shape (K,), int64
        Indices of the kept boxes, highest score first.

    Raises
    ------
    ValueError
        If a shape disagrees, boxes or scores are not floating, a score is NaN, or the threshold lies outside
        [0, 1].

    See Also
    --------
    course_lib.boxes.batched_nms : The same, class by class.

    References
    ----------
    .. [1] P. Felzenszwalb et al., "Object detection with discriminatively trained part based models",
       TPAMI 32, 2010, section 7.2.

    Examples
    --------
    >>> boxes = np.array([[0., 0., 4., 4.], [0., 1., 4., 5.], [8., 8., 9., 9.]])
    >>> nms(boxes, np.array([0.8, 0.9, 0.1]), iou_threshold=0.5)
    array([1, 2])
    """
    threshold = _check("nms", boxes, scores, iou_threshold)
    left = np.argsort(-scores, kind="stable")  # (N,)
    x1, y1, x2, y2 = np.ascontiguousarray(boxes[left].T)  # four times (N,)
    area = box_area(boxes)[left]  # (N,)
    keep = []
    with np.errstate(invalid="ignore", divide="ignore"):  # two empty boxes overlap by NaN, which is not more
        while len(left):
            keep.append(left[0])
            width = np.maximum(np.minimum(x2[0], x2) - np.maximum(x1[0], x1), 0)
            height = np.maximum(np.minimum(y2[0], y2) - np.maximum(y1[0], y1), 0)
            inter = width * height  # (left,)
            stays = ~(inter / (area[0] + area - inter) > threshold)  # (left,)
            stays[0] = False
            left, area = left[stays], area[stays]
            x1, y1, x2, y2 = x1[stays], y1[stays], x2[stays], y2[stays]
    return np.array(keep, dtype=np.int64)  # (K,)


def batched_nms(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou_threshold: float
) -> np.ndarray:
    """Suppress within each class: a cat does not suppress the dog that it overlaps.

    Parameters
    ----------
    boxes : ndarray, shape (N, 4), floating
        Boxes ``xyxy``, in pixels.
    scores : ndarray, shape (N,), floating
        Confidence of each box.
    labels : ndarray, shape (N,), integer
        Class of each box.
    iou_threshold : float
        Largest overlap of two kept boxes of one class, in [0, 1].

    Returns
    -------
    ndarray, shape (K,), int64
        Indices of the kept boxes, highest score first.

    Raises
    ------
    ValueError
        As `nms` does, or if `labels` has another shape or is not integer.

    References
    ----------
    .. [1] ``torchvision.ops.batched_nms``.

    Examples
    --------
    >>> boxes = np.array([[0., 0., 4., 4.], [0., 1., 4., 5.]])
    >>> batched_nms(boxes, np.array([0.8, 0.9]), np.array([0, 1]), iou_threshold=0.5)
    array([1, 0])
    """
    _check("batched_nms", boxes, scores, iou_threshold)
    check_shape("batched_nms", "labels", labels, (len(boxes),), " to match `boxes`")
    if not np.issubdtype(labels.dtype, np.integer):
        fail("batched_nms", "`labels` of an integer dtype", f"dtype {labels.dtype}")
    kept = [np.empty(0, dtype=np.int64)]
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)  # (n,)
        kept.append(members[nms(boxes[members], scores[members], iou_threshold)])
    index = np.sort(np.concatenate(kept))  # (K,)
    return index[np.argsort(-scores[index], kind="stable")]  # (K,)


def _check(function: str, boxes: np.ndarray, scores: np.ndarray, iou_threshold: float) -> np.floating:
    """Refuse what cannot be suppressed; return the threshold, rounded down to the dtype of the boxes."""
    check_boxes(function, "boxes", boxes)
    check_rank(function, "scores", scores, "(N,)")
    check_shape(function, "scores", scores, (len(boxes),), " to match `boxes`")
    if np.isnan(scores).any():
        fail(function, "`scores` without NaN", "NaN")
    limit = as_float(function, "iou_threshold", iou_threshold, 0, 1)
    rounded = boxes.dtype.type(limit)
    return rounded if float(rounded) <= limit else np.nextafter(rounded, boxes.dtype.type(0))

"""How well a detector trades false alarms against misses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib._validation import as_float, as_int, check_rank, check_same_dtype, check_shape, fail
from course_lib.boxes import box_iou
from course_lib.boxes.geometry import check_boxes
from course_lib.metrics.records import Detections, MeanAveragePrecision, Objects, PrecisionRecall

#: The thresholds of COCO's headline number, "AP at IoU 0.50:0.95".
COCO_IOU_THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
_RECALL_POINTS = np.linspace(0, 1, 101)


def match_detections(boxes: np.ndarray, truth: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Say which detections of one class on one image hit an object, each object being hit once.

    Parameters
    ----------
    boxes : ndarray, shape (D, 4), floating
        Detected boxes ``xyxy``, in pixels, highest score first.
    truth : ndarray, shape (M, 4), dtype of `boxes`
        True boxes ``xyxy``, in pixels.
    iou_threshold : float
        Least overlap of a hit.

    Returns
    -------
    ndarray, shape (D,), bool
        True for a hit. A second detection of one object is a false alarm.

    Raises
    ------
    ValueError
        If a shape or dtype disagrees, or the threshold lies outside [0, 1].

    References
    ----------
    .. [1] T.-Y. Lin et al., "Microsoft COCO: common objects in context", arXiv:1405.0312, 2014, and its
       evaluation code, whose rule for ties (the later object wins) is kept.

    Examples
    --------
    >>> box = np.array([[0., 0., 2., 2.]])
    >>> match_detections(np.concatenate([box, box]), box, 0.5)
    array([ True, False])
    """
    for name, array in (("boxes", boxes), ("truth", truth)):
        check_boxes("match_detections", name, array)
    check_same_dtype("match_detections", boxes=boxes, truth=truth)
    iou_threshold = as_float("match_detections", "iou_threshold", iou_threshold, 0, 1)
    iou = box_iou(boxes, truth)  # (D, M)
    hit = np.zeros(len(boxes), dtype=bool)  # (D,)
    for d in range(len(boxes) if len(truth) else 0):
        best = len(truth) - 1 - iou[d, ::-1].argmax()
        if iou[d, best] >= min(iou_threshold, 1 - 1e-10):
            hit[d] = True
            iou[:, best] = -1  # taken
    return hit


def precision_recall(
    boxes: Sequence[np.ndarray],
    scores: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    iou_threshold: float = 0.5,
    max_detections: int = 100,
) -> PrecisionRecall:
    """Precision and recall of one class, over every threshold on the score.

    Parameters
    ----------
    boxes : sequence of ndarray, shape (D_i, 4), floating
        Detected boxes ``xyxy`` of each image, in pixels.
    scores : sequence of ndarray, shape (D_i,), floating
        Their scores.
    truth : sequence of ndarray, shape (M_i, 4), floating
        True boxes ``xyxy`` of each image, in pixels.
    iou_threshold : float, default 0.5
        Least overlap of a hit.
    max_detections : int, default 100
        How many of an image's detections count, the best first.

    Returns
    -------
    PrecisionRecall
        Precision, recall and score after each detection.

    Raises
    ------
    ValueError
        If the sequences differ in length, a shape disagrees, an array is not floating, or a number is out of
        range.

    References
    ----------
    .. [1] M. Everingham et al., "The PASCAL visual object classes (VOC) challenge", IJCV 88, 2010,
       section 4.2.

    Examples
    --------
    >>> good, bad = np.array([[0., 0., 2., 2.]]), np.array([[5., 5., 6., 6.]])
    >>> curve = precision_recall([np.concatenate([bad, good])], [np.array([0.9, 0.6])], [good])
    >>> curve.precision, curve.recall
    (array([0. , 0.5]), array([0., 1.]))
    """
    return _curve("precision_recall", boxes, scores, truth, iou_threshold, max_detections)


def _curve(function, boxes, scores, truth, iou_threshold, max_detections) -> PrecisionRecall:
    """Compute what `precision_recall` returns, for ``function``."""
    max_detections = as_int(function, "max_detections", max_detections, 1)
    iou_threshold = as_float(function, "iou_threshold", iou_threshold, 0, 1)
    parts = (boxes, scores, truth)
    counts = [len(part) if isinstance(part, Sequence | np.ndarray) else None for part in parts]
    if None in counts or len(set(counts)) > 1:
        fail(function, "sequences `boxes`, `scores` and `truth` for the same images", f"lengths {counts}")
    hits, ranked = [np.empty(0, dtype=bool)], [np.empty(0)]
    for box, score, true in zip(boxes, scores, truth, strict=True):
        check_boxes(function, "boxes", box)
        check_boxes(function, "truth", true)
        check_rank(function, "scores", score, "(D_i,)")
        check_shape(function, "scores", score, (len(box),), " to match `boxes`")
        order = np.argsort(-score, kind="stable")[:max_detections]  # (D_i,)
        hits.append(match_detections(box[order], true.astype(box.dtype), iou_threshold))
        ranked.append(score[order])
    score = np.concatenate(ranked)  # (D,)
    order = np.argsort(-score, kind="stable")  # (D,)
    found = np.cumsum(np.concatenate(hits)[order])  # (D,)
    objects = sum(len(true) for true in truth)
    recall = found / objects if objects else np.full(len(found), np.nan)  # (D,)
    return PrecisionRecall(found / np.arange(1, len(found) + 1), recall, score[order])


def average_precision(
    boxes: Sequence[np.ndarray],
    scores: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    iou_threshold: float = 0.5,
    max_detections: int = 100,
) -> float:
    """Area under the precision-recall curve of one class, as COCO measures it.

    The curve is first made to fall (each precision becomes the best one at this recall or beyond), then read
    at the 101 recalls 0, 0.01, ..., 1.

    Parameters
    ----------
    boxes : sequence of ndarray, shape (D_i, 4), floating
        Detected boxes ``xyxy`` of each image, in pixels.
    scores : sequence of ndarray, shape (D_i,), floating
        Their scores.
    truth : sequence of ndarray, shape (M_i, 4), floating
        True boxes ``xyxy`` of each image, in pixels.
    iou_threshold : float, default 0.5
        Least overlap of a hit.
    max_detections : int, default 100
        How many of an image's detections count, the best first.

    Returns
    -------
    float
        In [0, 1]; NaN if no image holds an object of the class.

    Raises
    ------
    ValueError
        If the sequences differ in length, a shape disagrees, an array is not floating, or a number is out of
        range.

    See Also
    --------
    mean_average_precision : Over several classes and thresholds.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Microsoft COCO: common objects in context", arXiv:1405.0312, 2014.

    Examples
    --------
    >>> good, bad = np.array([[0., 0., 2., 2.]]), np.array([[5., 5., 6., 6.]])
    >>> average_precision([np.concatenate([bad, good])], [np.array([0.9, 0.6])], [good])
    0.5
    """
    curve = _curve("average_precision", boxes, scores, truth, iou_threshold, max_detections)
    if sum(len(true) for true in truth) == 0:
        return float("nan")
    falling = np.maximum.accumulate(curve.precision[::-1])[::-1]  # (D,)
    index = np.searchsorted(curve.recall, _RECALL_POINTS, side="left")  # (101,)
    return float(np.append(falling, 0.0)[np.minimum(index, len(falling))].mean())


def mean_average_precision(
    detections: Sequence[Detections],
    objects: Sequence[Objects],
    num_classes: int,
    iou_thresholds: Sequence[float] = COCO_IOU_THRESHOLDS,
    max_detections: int = 100,
) -> MeanAveragePrecision:
    """Average precision of every class at every threshold, and their mean.

    Parameters
    ----------
    detections : sequence of Detections
        One entry per image.
    objects : sequence of Objects
        One entry per image, in the same order.
    num_classes : int
        Labels run from 0 to ``num_classes - 1``; below 0 is padding, which does not count.
    iou_thresholds : sequence of float, default 0.50, 0.55, ..., 0.95
        Least overlaps of a hit; ``[0.5]`` for PASCAL VOC's measure.
    max_detections : int, default 100
        How many of an image's detections of one class count, the best first.

    Returns
    -------
    MeanAveragePrecision
        The mean and the table ``(threshold, class)`` that it was taken over.

    Raises
    ------
    ValueError
        If the sequences differ in length, a shape or a label disagrees, an array is not floating, or a number
        is out of range.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Microsoft COCO: common objects in context", arXiv:1405.0312, 2014.

    Examples
    --------
    >>> box = np.array([[0., 0., 4., 4.]])
    >>> found = [Detections(box + 0.4, np.array([0.9]), np.array([0]))]  # IoU 0.68
    >>> round(mean_average_precision(found, [Objects(box, np.array([0]))], num_classes=1).mean, 3)
    0.4
    """
    if len(detections) != len(objects):
        got = f"{len(detections)} and {len(objects)} images"
        fail("mean_average_precision", "`detections` and `objects` for the same images", got)
    num_classes = as_int("mean_average_precision", "num_classes", num_classes, 1)
    if not isinstance(iou_thresholds, Sequence | np.ndarray) or not len(iou_thresholds):
        fail("mean_average_precision", "a sequence of `iou_thresholds`", repr(iou_thresholds))
    for image in (*detections, *objects):
        _check_labels("mean_average_precision", image, num_classes)
    table = np.empty((len(iou_thresholds), num_classes))  # (T, C)
    for c in range(num_classes):
        boxes = [d.boxes[d.labels == c] for d in detections]
        scores = [d.scores[d.labels == c] for d in detections]
        truth = [o.boxes[o.labels == c] for o in objects]
        table[:, c] = [average_precision(boxes, scores, truth, t, max_detections) for t in iou_thresholds]
    known = table[~np.isnan(table)]
    return MeanAveragePrecision(float(known.mean()) if known.size else float("nan"), table)


def _check_labels(function: str, image: Detections | Objects, num_classes: int) -> None:
    """Refuse what is no record of an image, and labels that do not fit its boxes or exceed the classes."""
    if not isinstance(image, Detections | Objects):
        fail(function, "entries that are Detections and Objects", type(image).__name__)
    check_boxes(function, "boxes", image.boxes)
    check_shape(function, "labels", image.labels, (len(image.boxes),), " to match `boxes`")
    if isinstance(image, Detections):
        check_shape(function, "scores", image.scores, (len(image.boxes),), " to match `boxes`")
    integer = np.issubdtype(image.labels.dtype, np.integer)
    if not integer or (image.labels.size and image.labels.max() >= num_classes):
        got = int(image.labels.max()) if integer else f"dtype {image.labels.dtype}"
        fail(function, f"`labels` of integers below num_classes = {num_classes}", got)

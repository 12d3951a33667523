"""Checks of the inputs that expose a bug: each is run here, on a wrong and on a right function."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection import matching, overlap, precision, suppression
from course_lib.grading.compare import Difference
from course_lib.grading.engine import Case, Check

MOST, LARGEST, GAP = 12, 100.0, 0.01
THRESHOLD = 0.5


def wrong_iou(boxes):
    """The overlap of two boxes; the product of its sides is clipped at 0."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = boxes
    inter = max((min(x2, u2) - max(x1, u1)) * (min(y2, v2) - max(y1, v1)), 0)
    return inter / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inter)


def right_iou(boxes):
    """The overlap of two boxes."""
    return float(overlap.box_iou(boxes[:1], boxes[1:])[0, 0])


def wrong_nms(boxes, scores):
    """Every box that a better one overlaps is dropped."""
    iou = overlap.box_iou(boxes, boxes)
    return [i for i in range(len(boxes)) if not (iou[i, scores > scores[i]] > THRESHOLD).any()]


def right_nms(boxes, scores):
    """The kept boxes, in the order given."""
    return sorted(suppression.nms(overlap.box_iou(boxes, boxes), scores, THRESHOLD).tolist())


def wrong_match(anchors, boxes):
    """Every object in turn claims its best anchor, whosever it is."""
    iou = overlap.box_iou(anchors, boxes)  # (A, M)
    match = np.where(iou.max(axis=1) >= THRESHOLD, iou.argmax(axis=1), -1)  # (A,)
    for m in range(len(boxes)):
        if iou[:, m].max() > 0:
            match[iou[:, m].argmax()] = m
    return match


def right_match(anchors, boxes):
    """The largest overlap is served first, and no anchor twice."""
    return matching.match_anchors(overlap.box_iou(anchors, boxes), THRESHOLD, THRESHOLD)


def wrong_ap(hits, num_objects):
    """Each hit's own precision, weighted by the recalls that it is the first to reach."""
    total, before = 0.0, 0.0
    for found, place in enumerate(np.flatnonzero(hits), start=1):
        reached = float((found / num_objects >= precision.POINTS).mean())
        total, before = total + found / (place + 1) * (reached - before), reached
    return total


def right_ap(hits, num_objects):
    """The area under the falling curve."""
    return precision.average_precision(
        *precision.precision_recall(hits, -np.arange(len(hits)), int(num_objects))
    )


def _same(aspect, text):
    return Difference(aspect, text, text)


def _array(value, what, shape, whole=False):
    """A description of what is wrong with an array; None when it may be used."""
    kinds, kind = ("biu", "whole numbers") if whole else ("iuf", "real numbers")
    if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
        got = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        return _same("type", f"{what}: expected a NumPy array of {kind}, got {got}")
    right = value.ndim == len(shape) and all(n in (m, None) for n, m in zip(shape, value.shape, strict=True))
    if not right or not 1 <= len(value) <= MOST:
        wanted = ", ".join("N" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "")
        return _same(
            "shape", f"{what}: expected shape ({wanted}) with at most {MOST} rows, got {value.shape}"
        )
    if not (np.abs(np.asarray(value, np.float64)) <= LARGEST).all():
        return _same("values", f"{what} holds numbers that are not between -{LARGEST:g} and {LARGEST:g}")
    return None


def _boxes(value, what, rows=None):
    found = _array(value, what, (rows, 4))
    if found:
        return found
    if not (value[:, 2:] - value[:, :2] >= 0.1).all():
        return _same("values", f"{what} holds a box with x2 - x1 or y2 - y1 below 0.1")
    return None


def _pair(got, names):
    if not isinstance(got, tuple | list) or len(got) != 2:
        return _same("type", f"expected two values, {names}, got {type(got).__name__}")
    return None


def _form_iou(got):
    return _boxes(got, "the answer", 2)


def _form_nms(got):
    found = _pair(got, "boxes and scores") or _boxes(got[0], "boxes")
    found = found or _array(got[1], "scores", (len(got[0]),))
    if not found and len(set(np.asarray(got[1]).tolist())) < len(got[1]):
        return _same("values", "two scores are equal: whose turn comes first is then left open")
    return found


def _form_match(got):
    return _pair(got, "anchors and boxes") or _boxes(got[0], "anchors") or _boxes(got[1], "boxes")


def _form_ap(got):
    found = _pair(got, "hits and num_objects") or _array(got[0], "hits", (None,), whole=True)
    if found:
        return found
    if not np.isin(got[0], (0, 1)).all():
        return _same("values", "hits holds something other than True and False")
    number = got[1]
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole or not max(1, int(np.sum(got[0]))) <= number <= 100:
        text = "num_objects: expected a whole number from the number of hits to 100"
        return _same("values", f"{text}, got {str(number)[:40]}")
    return None


def _why_iou(boxes):
    (x1, y1, x2, y2), (u1, v1, u2, v2) = boxes
    if min(x2, u2) > max(x1, u1) and min(y2, v2) > max(y1, v1):
        return "your boxes overlap, and then no side is negative"
    return "one side of the overlap alone is negative, so the product is negative, too, and is clipped"


def _why_nms(boxes, scores):
    if len(boxes) < 3:
        return "with fewer than three boxes nothing that was dropped can drop"
    return "no box is dropped by dropped boxes alone"


def _why_match(anchors, boxes):
    if len(boxes) < 2:
        return "one object has no rival"
    best = overlap.box_iou(anchors, boxes).argmax(axis=0)  # (M,)
    if len(set(best.tolist())) == len(best):
        return "every object has a best anchor of its own"
    return "the anchor that two objects want goes to the same object either way, and the other finds none"


def _why_ap(hits, num_objects):
    rate = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    at_hits = rate[np.asarray(hits, bool)]
    if len(at_hits) < 2 or (np.diff(at_hits) <= 0).all():
        return "from hit to hit the precision never rises"
    return "the precision rises too little, or over too few recalls"


BUGS = {
    "iou": (_form_iou, lambda boxes: abs(right_iou(boxes) - wrong_iou(boxes)) > GAP, _why_iou),
    "nms": (_form_nms, lambda *args: right_nms(*args) != wrong_nms(*args), _why_nms),
    "match": (_form_match, lambda *args: (right_match(*args) != wrong_match(*args)).any(), _why_match),
    "ap": (_form_ap, lambda *args: abs(right_ap(*args) - wrong_ap(*args)) > GAP, _why_ap),
}


def _judge(bug):
    form, differs, why = BUGS[bug]

    def judge(case, got):
        found = form(got)
        if found:
            return found
        args = [np.asarray(part, dtype=np.float64) for part in (got if bug != "iou" else [got])]
        if differs(*args):
            return None
        text = f"the right {bug} and wrong_{bug} give the same on your input"
        return _same("values", f"{text}: {why(*args)}")

    return judge


def _check(bug, about):
    cases = [Case((), note=f"wrong_{bug} of the notebook", expected=None)]
    return Check(
        f"{bug}_input.exposes",
        f"{bug}_input",
        about,
        (),
        lambda: cases,
        lambda rng: cases,
        judge=_judge(bug),
    )


CHECKS = (
    _check("iou", "boxes on which clipping the product shows"),
    _check("nms", "boxes on which dropping by dropped boxes shows"),
    _check("match", "anchors and boxes on which claiming without striking out shows"),
    _check("ap", "hits on which a curve that is not made to fall shows"),
)

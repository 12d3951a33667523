"""Checks of `precision_recall` and `average_precision`: how good a detector's answers are."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection._drawing import scores, telling
from course_lib.grading.engine import Case, Check

POINTS = np.linspace(0, 1, 101)
ROUGHLY = 0.06  # where the number of recalls is not what is asked, so that it costs nothing twice


def precision_recall(hits, scores, num_objects):
    """Precision and recall after each detection, highest score first."""
    found = np.cumsum(hits[np.argsort(-scores)])  # (D,)
    return found / np.arange(1, len(hits) + 1), found / num_objects


def _sorted_by(order):
    def wrong(hits, scores, num_objects):
        found = np.cumsum(hits[order(scores)])
        return found / np.arange(1, len(hits) + 1), found / num_objects

    return wrong


def _other(change):
    def wrong(hits, scores, num_objects):
        precision, recall = precision_recall(hits, scores, num_objects)
        return change(precision, recall, hits, num_objects)

    return wrong


CURVE = {
    "the detections are taken in the order given: sort them by score, the highest first": _sorted_by(
        lambda s: np.arange(len(s))
    ),
    "the lowest score comes first: argsort sorts upwards": _sorted_by(np.argsort),
    "recall comes first: return precision, then recall": _other(lambda p, r, hits, n: (r, p)),
    "recall is divided by the number of hits: by the number of objects, found or not": _other(
        lambda p, r, hits, n: (p, r * n / max(1, hits.sum()))
    ),
    "recall is divided by the number of detections: by the number of objects": _other(
        lambda p, r, hits, n: (p, r * n / len(hits))
    ),
    "precision is divided by the number of all detections: by how many there are so far": _other(
        lambda p, r, hits, n: (p * np.arange(1, len(p) + 1) / len(p), r)
    ),
    "precision is divided by the number of objects: by the number of detections so far": _other(
        lambda p, r, hits, n: (r, r)
    ),
    "precision counts one detection too few: after the first there is one": _other(
        lambda p, r, hits, n: (p * np.arange(1, len(p) + 1) / np.maximum(np.arange(len(p)), 1), r)
    ),
    "these are the numbers after the last detection: return one for each detection": _other(
        lambda p, r, hits, n: (p[-1], r[-1])
    ),
}


def _area(precision, recall, points=POINTS, falling=True, side="left"):
    """Mean of the precision at some recalls."""
    if falling:
        precision = np.maximum.accumulate(precision[::-1])[::-1]  # (D,)
    index = np.searchsorted(recall, points, side=side)
    return float(np.append(precision, 0.0)[np.minimum(index, len(precision))].mean())


def average_precision(precision, recall):
    """Mean, over 101 recalls, of the best precision at that recall or beyond."""
    return _area(precision, recall)


def _as(**rules):
    return lambda precision, recall: _area(precision, recall, **rules)


def _every_step(precision, recall):
    """The whole area under the falling curve."""
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * falling).sum())


def _trapezoid(precision, recall):
    if not len(recall):
        return 0.0
    return float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum())


def _best_so_far(precision, recall):
    return _area(np.maximum.accumulate(precision), recall, falling=False)


def _mean_precision(precision, recall):
    return float(precision.mean()) if len(precision) else 0.0


def _interpolated(precision, recall):
    if not len(recall):
        return 0.0
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.interp(POINTS, recall, falling, right=0.0).mean())


def _goes_on(precision, recall):
    return _area(precision, recall, np.minimum(POINTS, recall[-1])) if len(recall) else 0.0


POINT_MISTAKES = {
    "the curve is read at 11 recalls: at 101, from 0 to 1 in steps of 0.01": _as(
        points=np.linspace(0, 1, 11)
    ),
    "this is the area under every step of the curve: read it at 101 recalls": _every_step,
    "the curve is read at 100 recalls: 0 is one of them, too": _as(points=POINTS[1:]),
    "the curve is read at 100 recalls: 1 is one of them, too": _as(points=POINTS[:-1]),
    "this is the mean of the precisions: read the curve at 101 recalls": _mean_precision,
    "trapezoids lie under the curve: read it at 101 recalls": _trapezoid,
    "the curve is joined by straight lines: at each recall take the best precision there or beyond": (
        _interpolated
    ),
    "a point whose recall is exactly the one asked for is left out: that recall or beyond": _as(side="right"),
}
FALLING = {
    "the curve is not made to fall: at each recall take the best precision there or beyond": _as(
        falling=False
    ),
    "this is the best precision so far: take the best at this recall or beyond": _best_so_far,
}
ENDS = {
    "beyond the last recall the precision goes on: what was never found counts 0": _goes_on,
}


def _curve():
    return [
        Case(
            (np.array([True, False, False, True]), np.array([0.6, 0.9, 0.5, 0.7]), 5),
            note="four detections, five objects",
            expected=(np.array([0, 1 / 2, 2 / 3, 2 / 4]), np.array([0, 1 / 5, 2 / 5, 2 / 5])),
            explain="by score the hits are no, yes, yes, no: after two detections one of two is a hit, and "
            "one of five objects is found",
        ),
        Case(
            (np.array([True, True, False]), np.array([0.3, 0.8, 0.4]), 3),
            note="three detections, three objects",
        ),
    ]


def _curve_hidden(rng):
    def make(rng):
        n = int(rng.integers(6, 10))
        hits = rng.random(n) < 0.6
        return hits, scores(rng, n), int(hits.sum() + rng.integers(2, 5))

    wrongs = [*CURVE.values()][:-1]  # the last one's answer has another shape
    args = telling(rng, make, precision_recall, wrongs)
    return [
        Case(args, note="several detections, objects that are not found"),
        Case((np.array([False]), scores(rng, 1), 2), note="one detection, and it is wrong"),
    ]


def _ap_check(name, about, visible, hidden, mistakes, atol=1e-5):
    return Check(
        f"average_precision.{name}",
        "average_precision",
        about,
        ("precision", "recall"),
        visible,
        hidden,
        average_precision,
        mistakes,
        atol=atol,
    )


def _curve_of(hits, num_objects):
    """The curve of hits in the order of their scores."""
    hits = np.array(hits, dtype=bool)
    return precision_recall(hits, -np.arange(len(hits)), num_objects)


def _points():
    return [
        Case(
            (np.array([1.0, 1.0, 2 / 3]), np.array([1 / 2, 1.0, 1.0])),
            note="every object found, then a false alarm",
            expected=1.0,
            explain="at every recall from 0 to 1 a precision of 1 is reached there or beyond",
        ),
        Case(
            (np.array([1.0, 0.8]), np.array([1 / 2, 1.0])),
            note="a curve of two points",
            expected=(51 * 1.0 + 50 * 0.8) / 101,
            explain="the 51 recalls 0 to 0.5 have precision 1, the 50 recalls 0.51 to 1 have 0.8",
        ),
        Case(_curve_of([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0], 7), note="seven objects, all found"),
    ]


def _falling_curve(rng):
    """A curve whose precision never rises from hit to hit, every object found; their number is a prime."""
    n = int(rng.choice([7, 11, 13]))
    while True:
        misses = np.floor(np.arange(1, n + 1) * np.sort(rng.uniform(0, 0.8, n))).astype(int)  # (n,)
        rate = np.arange(1, n + 1) / (np.arange(1, n + 1) + misses)  # (n,)
        if (np.diff(misses) >= 0).all() and (np.diff(rate) <= 0).all() and misses[-1] > 1:
            break
    hits = np.concatenate([np.repeat([0, 1], [more, 1]) for more in np.diff(misses, prepend=0)])
    return _curve_of([*hits, 0, 0], n)


def _points_hidden(rng):
    falling = [*POINT_MISTAKES.values()]
    return [
        Case(telling(rng, _falling_curve, average_precision, falling), note="a curve that falls to recall 1"),
        Case(_curve_of([1, 1, 0, 1, 0, 1], 4), note="four objects, all found"),
    ]


def _rising():
    return [
        Case(
            _curve_of([1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], 7),
            note="a hit, five false alarms, six hits",
            expected=(15 + 86 * 7 / 12) / 101,
            explain="precision 1 at recall 1/7, for the 15 recalls up to 0.14; then it rises from 2/7 to "
            "7/12, and at each of the other 86 recalls 7/12 is reached there or beyond",
        ),
    ]


def _rising_hidden(rng):
    cases = []
    for n in (7, 11):
        alarms = int(rng.integers(5, 7))
        curve = _curve_of(np.concatenate([[1], np.zeros(alarms), np.ones(n - 1), np.zeros(2)]), n)
        cases.append(Case(curve, note="a curve that falls and rises"))
    return cases


def _ends():
    return [
        Case(
            _curve_of([1, 1, 1, 0, 0, 0], 6),
            note="half of the objects found",
            expected=51 / 101,
            explain="the 51 recalls 0 to 0.5 have precision 1; beyond, nothing is found and the precision "
            "counts 0",
        ),
        Case((np.zeros(0), np.zeros(0)), note="no detection", expected=0.0, explain="nothing is found"),
    ]


def _ends_hidden(rng):
    n = int(rng.choice([7, 11, 13]))
    return [
        Case(_curve_of([*np.ones(n // 2), *np.zeros(n // 2)], n), note="half of the objects found"),
        Case((np.zeros(0), np.zeros(0)), note="no detection"),
    ]


CHECKS = (
    Check(
        "precision_recall.curve",
        "precision_recall",
        "precision and recall after each detection",
        ("hits", "scores", "num_objects"),
        _curve,
        _curve_hidden,
        precision_recall,
        CURVE,
        parts=("precision", "recall"),
    ),
    _ap_check("points", "a curve that falls, read at 101 recalls", _points, _points_hidden, POINT_MISTAKES),
    _ap_check("falling", "a curve that rises in between", _rising, _rising_hidden, FALLING, ROUGHLY),
    _ap_check("ends", "objects that are never found", _ends, _ends_hidden, ENDS, ROUGHLY),
)

"""Checks of `nms(iou, scores, threshold)`: one box for each object."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection._drawing import overlapping, scores, symmetric, telling
from course_lib.grading.engine import Case, Check


def _suppress(iou, values, threshold, drops=np.greater, order=None):
    """Keep the best, drop what overlaps it, go on with what is left."""
    left = list(np.argsort(-values) if order is None else order)
    keep = []
    while left:
        best = left.pop(0)
        keep.append(best)
        left = [i for i in left if not drops(iou[best, i], threshold)]
    return np.array(keep, dtype=int)


def nms(iou, scores, threshold):
    """Indices of the kept boxes, highest score first."""
    return _suppress(iou, scores, threshold)


def _all_better(iou, scores, threshold):
    """A box is dropped by any better box, kept or not."""
    order = np.argsort(-scores)
    keep = [i for n, i in enumerate(order) if not (iou[order[:n], i] > threshold).any()]
    return np.array(keep, dtype=int)


def _one_round(iou, scores, threshold):
    best = int(np.argmax(scores))
    rest = [i for i in np.argsort(-scores) if i != best and iou[best, i] <= threshold]
    return np.array([best, *rest], dtype=int)


def _last_kept(iou, scores, threshold):
    keep = []
    for i in np.argsort(-scores):
        if not keep or iou[keep[-1], i] <= threshold:
            keep.append(i)
    return np.array(keep, dtype=int)


def _positions(iou, scores, threshold):
    order = np.argsort(-scores)
    rank = {int(i): n for n, i in enumerate(order)}
    return np.array([rank[int(i)] for i in nms(iou, scores, threshold)], dtype=int)


def _mask(iou, scores, threshold):
    mask = np.zeros(len(scores), dtype=bool)
    mask[nms(iou, scores, threshold)] = True
    return mask


def _best_alone(iou, scores, threshold):
    return nms(iou, scores, threshold)[:1]


def _dropped(iou, scores, threshold):
    kept = set(nms(iou, scores, threshold).tolist())
    return np.array([i for i in np.argsort(-scores) if i not in kept], dtype=int)


ORDER = {
    "the boxes are taken in the order given: the highest score comes first": lambda iou, s, t: _suppress(
        iou, s, t, order=range(len(s))
    ),
    "the lowest score comes first: argsort sorts upwards": lambda iou, s, t: _suppress(
        iou, s, t, order=np.argsort(s)
    ),
    "the kept boxes are right, in the order of their scores from the lowest: the highest comes first": (
        lambda iou, s, t: nms(iou, s, t)[::-1]
    ),
    "the kept boxes are right, in the order given: the highest score comes first": lambda iou, s, t: np.sort(
        nms(iou, s, t)
    ),
    "these are places in the sorted list: return the boxes' own indices": _positions,
}
PAIRS = {
    "the boxes that overlap by more than the threshold are kept and the others dropped": lambda iou, s, t: (
        _suppress(iou, s, t, drops=np.less)
    ),
    "any overlap drops a box: only one of more than the threshold does": lambda iou, s, t: _suppress(
        iou, s, 0.0
    ),
    "no box is dropped": lambda iou, s, t: np.argsort(-s),
    "the best box alone is kept: go on with the boxes that are left": _best_alone,
    "only the best box drops others: go on with the boxes that are left": _one_round,
    "these are the boxes that are dropped: return the kept ones": _dropped,
    "a box is compared with the last kept box alone: every kept box drops what overlaps it": _last_kept,
}
CHAIN = {
    "a box that was dropped drops others: only kept boxes do": _all_better,
}
EXACT = {
    "boxes that overlap by exactly the threshold are dropped: only those that overlap by more": (
        lambda iou, s, t: _suppress(iou, s, t, drops=np.greater_equal)
    ),
}


def _check(name, about, visible, hidden, mistakes):
    return Check(f"nms.{name}", "nms", about, ("iou", "scores", "threshold"), visible, hidden, nms, mistakes)


def _pairs():
    two = symmetric(5, {(0, 1): 0.7, (2, 3): 0.8, (0, 2): 0.2, (3, 4): 0.3})
    return [
        Case(
            (two, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 0.5),
            note="two objects seen twice and one seen once",
            expected=np.array([0, 2, 4]),
            explain="box 0 drops box 1 (0.7 > 0.5), box 2 drops box 3 (0.8 > 0.5); box 4 overlaps none by "
            "more than 0.5",
        ),
        Case(
            (symmetric(4, {(0, 2): 0.6, (0, 3): 0.4, (1, 3): 0.65}), np.array([0.9, 0.8, 0.5, 0.4]), 0.45),
            note="another threshold",
            expected=np.array([0, 1]),
            explain="box 0 drops box 2 and box 1 drops box 3",
        ),
    ]


def _pairs_hidden(rng):
    cases = []
    for sizes, threshold in (((2, 3, 1, 2), 0.3), ((3, 2, 2), 0.4)):
        args = telling(rng, overlapping(sizes, threshold), nms, [*PAIRS.values()])
        cases.append(Case(args, note="boxes in the order of their scores"))
    return cases


def _order():
    iou = symmetric(4, {(0, 2): 0.7, (1, 3): 0.6})
    return [
        Case(
            (iou, np.array([0.3, 0.6, 0.9, 0.8]), 0.5),
            note="scores that are not sorted",
            expected=np.array([2, 3]),
            explain="box 2 has the highest score and drops box 0; box 3 comes next and drops box 1",
        ),
        Case(
            (symmetric(5, {(0, 3): 0.7}), np.array([0.5, 0.1, 0.9, 0.7, 0.3]), 0.5),
            note="one pair among five",
            expected=np.array([2, 3, 4, 1]),
            explain="scores 0.9, 0.7, 0.3 and 0.1 are left: box 3 drops box 0",
        ),
    ]


def _order_hidden(rng):
    def make(sizes):
        def draw(rng):
            iou, values, threshold = overlapping(sizes, 0.5)(rng)
            order = rng.permutation(len(values))
            return iou[np.ix_(order, order)], values[order], threshold

        return draw

    return [
        Case(telling(rng, make(sizes), nms, [*ORDER.values()]), note="scores that are not sorted")
        for sizes in ((2, 2, 1), (3, 1, 2, 1))
    ]


def _chain():
    iou = symmetric(4, {(0, 1): 0.6, (1, 2): 0.6})
    return [
        Case(
            (iou, np.array([0.9, 0.8, 0.7, 0.6]), 0.5),
            note="a row of three, each of which overlaps the next, and a box elsewhere",
            expected=np.array([0, 2, 3]),
            explain="box 0 drops box 1; box 1 is gone, so box 2, which does not overlap box 0, stays",
        ),
    ]


def _chain_hidden(rng):
    cases = []
    for n in (3, 5):
        near = {(i, i + 1): float(rng.uniform(0.55, 0.8)) for i in range(n - 1)}
        falling = np.sort(scores(rng, n + 1))[::-1].copy()
        cases.append(
            Case((symmetric(n + 1, near), falling, 0.5), note=f"a row of {n} boxes, and a box elsewhere")
        )
    return cases


def _exact():
    iou = symmetric(5, {(0, 1): 0.5, (0, 2): 0.75, (3, 4): 0.2})
    return [
        Case(
            (iou, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 0.5),
            note="an overlap of exactly the threshold",
            expected=np.array([0, 1, 3, 4]),
            explain="0.5 is not more than 0.5: box 1 stays; box 2 is dropped",
        ),
    ]


def _exact_hidden(rng):
    threshold = float(rng.choice([0.25, 0.375, 0.5]))
    iou = symmetric(5, {(0, 2): threshold, (1, 3): 0.9, (0, 4): 0.1})
    args = (iou, np.sort(scores(rng, 5))[::-1].copy(), threshold)
    return [Case(args, note="an overlap of exactly the threshold")]


CHECKS = (
    _check("pairs", "boxes in the order of their scores", _pairs, _pairs_hidden, PAIRS),
    _check("order", "scores that are not sorted", _order, _order_hidden, ORDER),
    _check("chain", "a dropped box drops nothing", _chain, _chain_hidden, CHAIN),
    _check("exact", "an overlap of exactly the threshold", _exact, _exact_hidden, EXACT),
)

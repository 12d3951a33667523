"""Checks of `match_anchors(iou, positive, negative)`: which object each anchor must predict."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection import _matching_mistakes as known
from course_lib.grading.checks.a5_detection._drawing import telling
from course_lib.grading.checks.a5_detection._matching_mistakes import match_anchors
from course_lib.grading.engine import Case, Check


def _check(name, about, visible, hidden, mistakes):
    parameters = ("iou", "positive", "negative")
    return Check(
        f"match_anchors.{name}",
        "match_anchors",
        about,
        parameters,
        visible,
        hidden,
        match_anchors,
        mistakes,
    )


def _thresholds():
    return [
        Case(
            (np.array([[0.7, 0.0], [0.45, 0.1], [0.2, 0.3], [0.0, 0.9], [0.6, 0.55]]),),
            note="five anchors, two objects",
            expected=np.array([0, -2, -1, 1, 0]),
            explain="anchor 1 overlaps its best object by 0.45, between 0.4 and 0.5: ignored; anchor 4 "
            "overlaps both and takes the one that it overlaps more",
        ),
        Case(
            (
                np.array(
                    [[0.1, 0.8, 0], [0.65, 0, 0.2], [0.3, 0.55, 0.9], [0.5, 0, 0.12], [0.25, 0.7, 0.15]]
                ),
                0.6,
                0.3,
            ),
            note="other thresholds",
            expected=np.array([1, 0, 2, -2, 1]),
            explain="anchor 3 overlaps object 0 by 0.5, between 0.3 and 0.6",
        ),
    ]


def _clear_table(rng, anchors, boxes, positive, negative):
    """Each object has an anchor of its own above ``positive``, its best; the rest as it comes."""
    iou = rng.uniform(0.0, positive + 0.12, (anchors, boxes))
    own = rng.permutation(anchors)[:boxes]
    iou[own] = rng.uniform(0, negative, (boxes, boxes))
    iou[own, np.arange(boxes)] = rng.uniform(positive + 0.2, 0.95, boxes)
    for limit in (positive, negative):
        iou = np.where(np.abs(iou - limit) < 0.02, iou - 0.05, iou)
    return iou.round(3)


def _thresholds_hidden(rng):
    cases = []
    for anchors, count, positive, negative in ((9, 2, 0.5, 0.4), (8, 3, 0.6, 0.3)):

        def make(rng, shape=(anchors, count), limits=(positive, negative)):
            return _clear_table(rng, *shape, *limits), *limits

        args = telling(rng, make, match_anchors, [*known.THRESHOLDS.values()])
        cases.append(Case(args, note=f"{anchors} anchors, {count} objects"))
    return cases


def _exact():
    iou = np.array([[0.5, 0.0], [0.9, 0.0], [0.0, 0.8], [0.375, 0.1], [0.15, 0.2], [0.0, 0.44]])
    return [
        Case(
            (iou, 0.5, 0.375),
            note="overlaps of exactly the thresholds",
            expected=np.array([0, 0, 1, -2, -1, -2]),
            explain="0.5 is at least 0.5: matched; 0.375 is not below 0.375: ignored",
        )
    ]


def _exact_hidden(rng):
    positive, negative = float(rng.choice([0.5, 0.625])), float(rng.choice([0.25, 0.375]))
    between = (positive + negative) / 2
    iou = np.array([[0.1, positive], [0.0, 0.95], [negative, 0.2], [0.9, 0.05], [0.15, 0.0], [0.0, between]])
    return [Case((iou[rng.permutation(6)], positive, negative), note="overlaps of exactly the thresholds")]


def _claims():
    return [
        Case(
            (np.array([[0.8, 0.1], [0.2, 0.3], [0.0, 0.35], [0.15, 0.0]]),),
            note="an object that no anchor overlaps enough",
            expected=np.array([0, -1, 1, -1]),
            explain="object 1 overlaps anchor 2 most, by 0.35: below both thresholds, and still its anchor",
        )
    ]


def _claims_hidden(rng):
    def make(rng):
        iou = rng.uniform(0.0, 0.35, (7, 3))
        own = rng.permutation(7)[:3]
        iou[own] = rng.uniform(0, 0.2, (3, 3))
        iou[own, np.arange(3)] = rng.uniform(0.36, 0.39, 3)
        iou[own[0], 0] = rng.uniform(0.42, 0.48)
        return iou.round(3), 0.5, 0.4

    return [
        Case(
            telling(rng, make, match_anchors, [*known.FORCED.values()]),
            note="objects that no anchor overlaps enough",
        )
    ]


def _contested():
    return [
        Case(
            (np.array([[0.45, 0.48], [0.3, 0.2], [0.0, 0.35], [0.1, 0.0]]),),
            note="two objects with the same best anchor",
            expected=np.array([1, 0, -1, -1]),
            explain="0.48 is the largest number: anchor 0 goes to object 1. Its row and column are struck "
            "out; 0.3 is the largest left: anchor 1 goes to object 0",
        ),
        Case(
            (np.array([[0.9, 0.85], [0.7, 0.2], [0.1, 0.6], [0.55, 0.52], [0.3, 0.15]]),),
            note="an anchor that two objects want, above the thresholds",
            expected=np.array([0, 0, 1, 0, -1]),
            explain="0.9: anchor 0 goes to object 0; of the anchors left object 1 overlaps anchor 2 most",
        ),
        Case(
            (np.array([[0.66, 0.6, 0.0], [0.64, 0.62, 0.1], [0.45, 0.2, 0.3]]),),
            note="three anchors, three objects",
            expected=np.array([0, 1, 2]),
            explain="anchor 1 overlaps object 0 more, 0.64, and yet object 1 claims it: with row 0 and "
            "column 0 struck out, 0.62 is the largest number",
        ),
    ]


def _contested_hidden(rng):
    def make(rng):
        while True:
            iou = rng.uniform(0.0, 0.6, (6, 3))
            iou[rng.integers(6)] = rng.uniform(0.55, 0.9, 3)
            iou = np.where(np.abs(iou - 0.5) < 0.02, iou + 0.05, iou)
            iou = np.where(np.abs(iou - 0.4) < 0.02, iou - 0.05, iou).round(4)
            if len(np.unique(iou)) == iou.size:
                return iou, 0.5, 0.4

    wrongs = [*known.CONTESTED.values(), *known.FORCED.values()]
    return [
        Case(telling(rng, make, match_anchors, wrongs), note="objects with the same best anchor")
        for _ in range(2)
    ]


def _nothing():
    return [
        Case(
            (np.array([[0.0, 0.7, 0.0], [0.0, 0.45, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.0]]),),
            note="objects that overlap no anchor",
            expected=np.array([1, -2, -1, -1]),
            explain="objects 0 and 2 overlap nothing and claim nothing",
        ),
        Case(
            (np.zeros((3, 0)),),
            note="an image without objects",
            expected=np.array([-1, -1, -1]),
            explain="where there is nothing to find, every anchor is background",
        ),
    ]


def _nothing_hidden(rng):
    iou = np.zeros((6, 3))
    iou[:, 1] = [0.8, 0.6, 0.45, 0.2, 0.1, 0.0]
    return [
        Case((iou[rng.permutation(6)], 0.5, 0.4), note="objects that overlap no anchor"),
        Case((np.zeros((int(rng.integers(2, 7)), 0)), 0.5, 0.4), note="an image without objects"),
    ]


CHECKS = (
    _check("thresholds", "matched, background or ignored", _thresholds, _thresholds_hidden, known.THRESHOLDS),
    _check("exact", "overlaps of exactly the thresholds", _exact, _exact_hidden, known.EXACT),
    _check("claims", "an object that no anchor overlaps enough", _claims, _claims_hidden, known.FORCED),
    _check("contested", "objects that want one anchor", _contested, _contested_hidden, known.CONTESTED),
    _check(
        "nothing", "objects that overlap no anchor, and none at all", _nothing, _nothing_hidden, known.NOTHING
    ),
)

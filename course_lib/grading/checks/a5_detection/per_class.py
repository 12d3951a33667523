"""Checks of `nms_per_class(iou, scores, labels, threshold)`: suppression within each class."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection._drawing import overlapping, symmetric, telling
from course_lib.grading.checks.a5_detection.suppression import nms
from course_lib.grading.engine import Case, Check


def nms_per_class(iou, scores, labels, threshold):
    """The same within each class; highest score first over all classes."""
    return nms(np.where(labels[:, None] == labels, iou, 0.0), scores, threshold)


def _class_after_class(iou, scores, labels, threshold):
    parts = [
        np.flatnonzero(labels == c)[nms(*_of(iou, scores, labels == c), threshold)] for c in np.unique(labels)
    ]
    return np.concatenate(parts)


def _of(iou, scores, chosen):
    return iou[np.ix_(chosen, chosen)], scores[chosen]


def _inner_indices(iou, scores, labels, threshold):
    parts = [nms(*_of(iou, scores, labels == c), threshold) for c in np.unique(labels)]
    return np.concatenate(parts)


def _best_class_alone(iou, scores, labels, threshold):
    mine = np.flatnonzero(labels == labels[np.argmax(scores)])
    return mine[nms(iou[np.ix_(mine, mine)], scores[mine], threshold)]


CLASSES = {
    "a box drops boxes of other classes: a cat does not suppress the dog that it overlaps": (
        lambda iou, s, labels, t: nms(iou, s, t)
    ),
    "boxes of other classes are dropped, those of the same class are not": lambda iou, s, labels, t: nms(
        np.where(labels[:, None] == labels, 0.0, iou), s, t
    ),
    "the kept boxes come class after class: sort them by score over all classes": _class_after_class,
    "these indices count within each class: return indices among all boxes": _inner_indices,
    "the class of the best box alone is left: treat every class": _best_class_alone,
    "no box is dropped": lambda iou, s, labels, t: np.argsort(-s),
}
CLASS_ORDER = {
    "the kept boxes come in the order given: sort them by score over all classes": lambda iou, s, labels, t: (
        np.sort(nms_per_class(iou, s, labels, t))
    ),
    "the kept boxes come class after class: sort them by score over all classes": _class_after_class,
    "the lowest score comes first: the highest does": lambda iou, s, labels, t: nms_per_class(
        iou, s, labels, t
    )[::-1],
}


def _classes():
    iou = symmetric(4, {(0, 1): 0.8, (0, 2): 0.7, (2, 3): 0.9})
    return [
        Case(
            (iou, np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 0, 1, 0]), 0.5),
            note="two classes in one place",
            expected=np.array([0, 1, 3]),
            explain="box 2 is of box 0's class and overlaps it by 0.7: dropped. Box 1 overlaps box 0 more, "
            "and is of another class",
        ),
        Case(
            (
                symmetric(5, {(0, 2): 0.6, (1, 3): 0.6, (3, 4): 0.6, (0, 4): 0.7}),
                np.array([0.9, 0.8, 0.7, 0.6, 0.5]),
                np.array([2, 0, 2, 1, 0]),
                0.5,
            ),
            note="three classes",
            expected=np.array([0, 1, 3, 4]),
            explain="boxes 0 and 2 are the only two of one class that overlap",
        ),
    ]


def _classes_hidden(rng):
    def make(classes):
        def draw(rng):
            iou, values, threshold = overlapping((2, 3, 2), 0.5)(rng)
            labels = rng.integers(0, classes, len(values))
            return iou, values, labels, threshold

        return draw

    return [
        Case(
            telling(rng, make(classes), nms_per_class, [*CLASSES.values()]),
            note=f"{classes} classes",
        )
        for classes in (2, 3)
    ]


def _class_order():
    return [
        Case(
            (
                symmetric(5, {(0, 2): 0.6, (1, 3): 0.6, (3, 4): 0.6}),
                np.array([0.5, 0.9, 0.7, 0.6, 0.8]),
                np.array([2, 0, 2, 1, 0]),
                0.5,
            ),
            note="scores that are not sorted",
            expected=np.array([1, 4, 2, 3]),
            explain="box 2 drops box 0; the scores of the others are 0.9, 0.8, 0.7 and 0.6",
        ),
    ]


def _class_order_hidden(rng):
    def draw(rng):
        iou, values, threshold = overlapping((2, 3, 2), 0.5)(rng)
        order = rng.permutation(len(values))
        return iou[np.ix_(order, order)], values[order], rng.integers(0, 3, len(values)), threshold

    args = telling(rng, draw, nms_per_class, [*CLASS_ORDER.values()])
    return [Case(args, note="scores that are not sorted, three classes")]


def _class_check(name, about, visible, hidden, mistakes):
    parameters = ("iou", "scores", "labels", "threshold")
    return Check(
        f"nms_per_class.{name}",
        "nms_per_class",
        about,
        parameters,
        visible,
        hidden,
        nms_per_class,
        mistakes,
    )


CHECKS = (
    _class_check("classes", "suppression within each class", _classes, _classes_hidden, CLASSES),
    _class_check("order", "scores that are not sorted", _class_order, _class_order_hidden, CLASS_ORDER),
)

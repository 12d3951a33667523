"""Checks of `find_hits(iou, scores, images, object_images, threshold)`: which detections hit an object."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection._drawing import scores, telling
from course_lib.grading.engine import Case, Check


def _assign(iou, values, images, object_images, threshold, order=None, reach=np.greater_equal, reuse=False):
    """Each detection in turn takes the free object of its image that it overlaps most."""
    hits = np.zeros(len(values), dtype=bool)
    left = np.where(images[:, None] == object_images, iou, -1.0)  # (D, M)
    if not left.size:
        return hits
    for d in np.argsort(-values) if order is None else order:
        best = left[d].argmax()
        if reach(left[d, best], threshold):
            hits[d] = True
            if not reuse:
                left[:, best] = -1.0
    return hits


def find_hits(iou, scores, images, object_images, threshold=0.5):
    """True for every detection that hits an object."""
    return _assign(iou, scores, images, object_images, threshold)


def _reused(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, images, object_images, threshold, reuse=True)


def _as_given(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, images, object_images, threshold, order=range(len(scores)))


def _lowest_first(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, images, object_images, threshold, order=np.argsort(scores))


def _best_overlap_first(iou, scores, images, object_images, threshold=0.5):
    same = np.where(images[:, None] == object_images, iou, -1.0)
    order = np.argsort(-same.max(axis=1)) if same.size else None
    return _assign(iou, scores, images, object_images, threshold, order=order)


def _any_image(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, np.zeros_like(images), np.zeros_like(object_images), threshold)


def _above(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, images, object_images, threshold, reach=np.greater)


def _in_order_of_scores(iou, scores, images, object_images, threshold=0.5):
    return find_hits(iou, scores, images, object_images, threshold)[np.argsort(-scores)]


def _gives_up(iou, scores, images, object_images, threshold=0.5):
    """A detection whose best object is taken takes no other: PASCAL VOC's rule."""
    hits, taken = np.zeros(len(scores), dtype=bool), set()
    same = np.where(images[:, None] == object_images, iou, -1.0)
    for d in np.argsort(-scores) if same.size else ():
        best = int(same[d].argmax())
        if same[d, best] >= threshold and best not in taken:
            hits[d] = True
            taken.add(best)
    return hits


def _first_object(iou, scores, images, object_images, threshold=0.5):
    """The first free object that is overlapped enough, not the one overlapped most."""
    hits, taken = np.zeros(len(scores), dtype=bool), set()
    for d in np.argsort(-scores):
        for m in range(len(object_images)):
            if images[d] == object_images[m] and iou[d, m] >= threshold and m not in taken:
                hits[d] = True
                taken.add(m)
                break
    return hits


def _no_threshold(iou, scores, images, object_images, threshold=0.5):
    return _assign(iou, scores, images, object_images, 1e-9)


def _one_detection_an_image(iou, scores, images, object_images, threshold=0.5):
    hits = find_hits(iou, scores, images, object_images, threshold)
    seen = set()
    for d in np.argsort(-scores):
        hits[d] = hits[d] and images[d] not in seen
        seen.add(images[d])
    return hits


PLAIN = {
    "the hits stand in the order of the scores: return them in the order given": _in_order_of_scores,
    "the threshold is ignored: a hit overlaps its object by at least the threshold": _no_threshold,
    "a detection takes the first object that it overlaps enough: it takes the one that it overlaps most": (
        _first_object
    ),
    "one detection of an image alone can hit: an image may hold several objects": _one_detection_an_image,
}
ONCE = {
    "an object is found twice: a second detection of it is a false alarm": _reused,
    "the detections choose in the order given: the highest score chooses first": _as_given,
    "the lowest score chooses first: argsort sorts upwards": _lowest_first,
    "the largest overlap chooses first: the highest score does": _best_overlap_first,
    "a detection whose best object is taken gives up: here it takes the best of those "
    "that are free": _gives_up,
}
IMAGES = {
    "a detection hits an object of another image: compare `images` and `object_images`": _any_image,
}
EXACT = {
    "an overlap of exactly the threshold does not count: at least the threshold does": _above,
}


def _hits_check(name, about, visible, hidden, mistakes):
    parameters = ("iou", "scores", "images", "object_images", "threshold")
    return Check(f"find_hits.{name}", "find_hits", about, parameters, visible, hidden, find_hits, mistakes)


def _where(*numbers):
    return np.array(numbers, dtype=int)


def _plain():
    return [
        Case(
            (
                np.array([[0.0, 0.6], [0.3, 0.1], [0.8, 0.55]]),
                np.array([0.2, 0.5, 0.9]),
                _where(0, 0, 0),
                _where(0, 0),
            ),
            note="one image, three detections, two objects",
            expected=np.array([True, False, True]),
            explain="detection 2 has the highest score and takes object 0; detection 0 takes object 1",
        ),
        Case(
            (
                np.array([[0.55, 0.9, 0.0], [0.7, 0.1, 0.2], [0.2, 0.1, 0.45]]),
                np.array([0.8, 0.6, 0.9]),
                _where(4, 4, 4),
                _where(4, 4, 4),
            ),
            note="an object that two detections overlap",
            expected=np.array([True, True, False]),
            explain="detection 0 overlaps objects 0 and 1 and takes object 1, 0.9; so object 0 is left for "
            "detection 1",
        ),
        Case(
            (np.zeros((2, 0)), np.array([0.4, 0.7]), _where(0, 1), _where()),
            note="no objects",
            expected=np.array([False, False]),
            explain="there is nothing to hit",
        ),
    ]


def _calm(make):
    """Arguments for which the rules of `once` do not matter, so that their mistakes cost nothing here."""

    def draw(rng):
        while True:
            args = make(rng)
            right = find_hits(*args)
            if all((wrong(*args) == right).all() for wrong in ONCE.values()):
                return args

    return draw


def _plain_hidden(rng):
    def make(rng):
        iou = rng.uniform(0, 0.45, (6, 4))
        mine = rng.permutation(6)[:4]
        iou[mine, rng.permutation(4)] = rng.uniform(0.7, 0.95, 4)
        # Two that overlap a second object, less than their own and less than its own detection does.
        for d in mine[:2]:
            iou[d, rng.integers(4)] = max(0.55, iou[d].max() * 0.7)
        return iou.round(3), scores(rng, 6), np.zeros(6, int), np.zeros(4, int), 0.5

    return [
        Case(telling(rng, _calm(make), find_hits, [*PLAIN.values()]), note="one image, several objects"),
        Case((np.zeros((3, 0)), scores(rng, 3), _where(0, 0, 1), _where(), 0.5), note="no objects"),
    ]


def _once():
    return [
        Case(
            (
                np.array([[0.3], [0.6], [0.7], [0.8], [0.95]]),
                np.array([0.5, 0.4, 0.9, 0.2, 0.6]),
                _where(0, 0, 0, 0, 0),
                _where(0),
            ),
            note="one object, detected four times",
            expected=np.array([False, False, True, False, False]),
            explain="the highest score, 0.9, takes the object; the others are false alarms",
        ),
        Case(
            (
                np.array([[0.8, 0.55, 0.0], [0.9, 0.0, 0.0], [0.6, 0.0, 0.0], [0.0, 0.0, 0.7]]),
                np.array([0.5, 0.9, 0.2, 0.3]),
                _where(0, 0, 0, 0),
                _where(0, 0, 0),
            ),
            note="a detection whose best object is taken",
            expected=np.array([True, True, False, True]),
            explain="detection 1 takes object 0; detection 0 overlaps object 0 more, and takes object 1, "
            "which is free",
        ),
    ]


def _once_hidden(rng):
    def make(rng):
        iou = np.where(
            rng.random((8, 3)) < 0.5, rng.uniform(0.55, 0.95, (8, 3)), rng.uniform(0, 0.45, (8, 3))
        )
        return iou.round(3), scores(rng, 8), np.zeros(8, int), np.zeros(3, int), 0.5

    return [
        Case(telling(rng, make, find_hits, [*ONCE.values()]), note="objects detected several times")
        for _ in range(2)
    ]


def _images():
    return [
        Case(
            (
                np.array([[0.9, 0.0], [0.0, 0.7], [0.1, 0.8]]),
                np.array([0.9, 0.8, 0.3]),
                _where(1, 0, 1),
                _where(0, 1),
            ),
            note="two images",
            expected=np.array([False, False, True]),
            explain="detection 0 is on image 1 and object 0 on image 0: boxes in the same place, of "
            "different pictures",
        )
    ]


def _images_hidden(rng):
    def make(rng):
        iou = np.where(rng.random((7, 5)) < 0.4, rng.uniform(0.6, 0.95, (7, 5)), rng.uniform(0, 0.4, (7, 5)))
        images, owners = rng.integers(0, 3, 7), np.sort(rng.integers(0, 3, 5))
        return iou.round(3), scores(rng, 7), images, owners, 0.5

    return [
        Case(telling(rng, _calm(make), find_hits, [*IMAGES.values()]), note="three images") for _ in range(2)
    ]


def _exact():
    return [
        Case(
            (np.array([[0.5, 0.0], [0.0, 0.45]]), np.array([0.9, 0.8]), _where(0, 0), _where(0, 0)),
            note="an overlap of exactly the threshold",
            expected=np.array([True, False]),
            explain="0.5 is at least 0.5",
        )
    ]


def _exact_hidden(rng):
    threshold = float(rng.choice([0.25, 0.75]))
    iou = np.array([[threshold, 0.0, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 0.6]])
    args = (iou, np.array([0.9, 0.6, 0.3]), _where(0, 0, 0), _where(0, 0, 0), threshold)
    return [Case(args, note="an overlap of exactly the threshold, which is another")]


CHECKS = (
    _hits_check("best", "one image, each object detected once", _plain, _plain_hidden, PLAIN),
    _hits_check("once", "objects detected several times", _once, _once_hidden, ONCE),
    _hits_check("images", "detections of several images", _images, _images_hidden, IMAGES),
    _hits_check("exact", "an overlap of exactly the threshold", _exact, _exact_hidden, EXACT),
)

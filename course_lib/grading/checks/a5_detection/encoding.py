"""Checks of `encode(boxes, anchors)`: shift and size, each for itself, by functions of a locked cell."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check

STD = (0.1, 0.2)  # of the shifts and of the sizes


def centre(boxes):
    """Centres (x, y) of boxes ``xyxy``."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2  # (N, 2)


def size(boxes):
    """Width and height of boxes ``xyxy``."""
    return boxes[:, 2:] - boxes[:, :2]  # (N, 2)


def shift_of(boxes, anchors):
    """The first two offsets."""
    return (centre(boxes) - centre(anchors)) / size(anchors) / STD[0]  # (N, 2)


def growth_of(boxes, anchors):
    """The last two offsets."""
    return np.log(size(boxes) / size(anchors)) / STD[1]  # (N, 2)


def _as_sizes(boxes):
    """Corners taken for centre, width and height."""
    return boxes[:, :2], boxes[:, 2:]  # (N, 2), (N, 2)


def _misread_shift(boxes, anchors):
    (place, _), (origin, sides) = _as_sizes(boxes), _as_sizes(anchors)
    return (place - origin) / sides / STD[0]


def _misread_growth(boxes, anchors):
    return np.log(boxes[:, 2:] / anchors[:, 2:]) / STD[1]


SHIFT = {
    "the shift is in pixels: divide it by the anchor's width and height": lambda boxes, anchors: (
        (centre(boxes) - centre(anchors)) / STD[0]
    ),
    "the first two offsets are not divided by 0.1": lambda boxes, anchors: shift_of(boxes, anchors) * STD[0],
    "the first two offsets are multiplied by 0.1: divide by it": lambda boxes, anchors: (
        shift_of(boxes, anchors) * STD[0] ** 2
    ),
    "the first two offsets are divided by 0.2: theirs is 0.1": lambda boxes, anchors: (
        shift_of(boxes, anchors) * STD[0] / STD[1]
    ),
    "the first two offsets are divided by 0.1 squared: 0.1 is a standard deviation": lambda boxes, anchors: (
        shift_of(boxes, anchors) / STD[0]
    ),
    "the shift is divided by the box's width and height: the anchor's are known when you decode": (
        lambda boxes, anchors: (centre(boxes) - centre(anchors)) / size(boxes) / STD[0]
    ),
    "the shift in x is divided by the anchor's height, that in y by its width": lambda boxes, anchors: (
        (centre(boxes) - centre(anchors)) / size(anchors)[:, ::-1] / STD[0]
    ),
    "the shift is that of the first corners: take the centres": lambda boxes, anchors: (
        (boxes[:, :2] - anchors[:, :2]) / size(anchors) / STD[0]
    ),
    "the boxes are read as centre, width and height: they are two corners": _misread_shift,
    "the sign is wrong: the box's centre less the anchor's": lambda boxes, anchors: -shift_of(boxes, anchors),
    "the offsets of y come first: the order is dx, dy, dw, dh": lambda boxes, anchors: shift_of(
        boxes, anchors
    )[:, ::-1],
    "the centre is not halved: it is (x1 + x2) / 2": lambda boxes, anchors: 2 * shift_of(boxes, anchors),
}
GROWTH = {
    "the logarithm is missing": lambda boxes, anchors: size(boxes) / size(anchors) / STD[1],
    "the logarithm is missing: this is the ratio less 1": lambda boxes, anchors: (
        (size(boxes) / size(anchors) - 1) / STD[1]
    ),
    "the logarithm is that of anchor by box: box by anchor": lambda boxes, anchors: (
        -growth_of(boxes, anchors)
    ),
    "the logarithm has base 2: take the natural one, np.log": lambda boxes, anchors: (
        growth_of(boxes, anchors) / np.log(2)
    ),
    "the logarithm has base 10: take the natural one, np.log": lambda boxes, anchors: (
        growth_of(boxes, anchors) / np.log(10)
    ),
    "the last two offsets are not divided by 0.2": lambda boxes, anchors: growth_of(boxes, anchors) * STD[1],
    "the last two offsets are multiplied by 0.2: divide by it": lambda boxes, anchors: (
        growth_of(boxes, anchors) * STD[1] ** 2
    ),
    "the last two offsets are divided by 0.1: theirs is 0.2": lambda boxes, anchors: (
        growth_of(boxes, anchors) * STD[1] / STD[0]
    ),
    "the last two offsets are divided by 0.2 squared: 0.2 is a standard deviation": lambda boxes, anchors: (
        growth_of(boxes, anchors) / STD[1]
    ),
    "width and height are exchanged: the order is dx, dy, dw, dh": lambda boxes, anchors: growth_of(
        boxes, anchors
    )[:, ::-1],
    "the width is compared with the anchor's height and the height with its width": lambda boxes, anchors: (
        np.log(size(boxes) / size(anchors)[:, ::-1]) / STD[1]
    ),
    "the boxes are read as centre, width and height: they are two corners": _misread_growth,
}
ANCHORS = np.array([[10.0, 20.0, 18.0, 36.0], [0.0, 4.0, 24.0, 16.0], [30.0, 2.0, 42.0, 12.0]])


def make_check(function, about, parameters, visible, hidden, reference, mistakes):
    """The one check of a function of the locked cells."""
    return Check(f"{function}.values", function, about, parameters, visible, hidden, reference, mistakes)


def draw_near(rng, anchors):
    """A box for each anchor, moved and stretched."""
    sides = size(anchors) * np.exp(rng.uniform(0.1, 0.6, (*anchors.shape[:1], 2)) * rng.choice([-1, 1], 2))
    middle = centre(anchors) + size(anchors) * rng.uniform(0.05, 0.4, sides.shape) * rng.choice([-1, 1], 2)
    return np.concatenate([middle - sides / 2, middle + sides / 2], axis=1)  # (N, 4)


def draw_anchors(rng, n):
    """Anchors of all shapes, far from the origin's."""
    first, sides = rng.uniform(1, 40, (n, 2)), rng.uniform(5, 25, (n, 2))
    return np.concatenate([first, first + sides], axis=1)  # (n, 4)


def _pairs_shift():
    return [
        Case(
            (np.array([[12.0, 18.0, 20.0, 34.0]]), ANCHORS[:1]),
            note="a box as large as its anchor",
            expected=np.array([[2.5, -1.25]]),
            explain="the centre moves by 2 and -2 pixels, 2/8 of the anchor's width and -2/16 of its "
            "height; 0.25 / 0.1 = 2.5",
        ),
        Case(
            (np.array([[8.0, 25.0, 20.0, 37.0], [3.0, 1.0, 15.0, 17.0], [28.0, 3.0, 46.0, 15.0]]), ANCHORS),
            note="three boxes",
        ),
    ]


def _pairs_size():
    return [
        Case(
            (np.array([[10.0, 20.0, 26.0, 28.0]]), ANCHORS[:1]),
            note="twice as wide, half as high",
            expected=np.array([[np.log(2) / 0.2, -np.log(2) / 0.2]]),
            explain="log 2 = 0.693, and 0.693 / 0.2 = 3.466",
        ),
        Case(
            (np.array([[8.0, 25.0, 20.0, 37.0], [3.0, 1.0, 15.0, 17.0], [28.0, 3.0, 46.0, 15.0]]), ANCHORS),
            note="three boxes",
        ),
    ]


def _pairs_hidden(rng):
    cases = []
    for n in (1, 4):
        anchors = draw_anchors(rng, n)
        cases.append(Case((draw_near(rng, anchors), anchors), note="one box" if n == 1 else f"{n} boxes"))
    return cases


_PARAMETERS = ("boxes", "anchors")
CHECKS = (
    make_check("encode_shift", "dx and dy", _PARAMETERS, _pairs_shift, _pairs_hidden, shift_of, SHIFT),
    make_check("encode_size", "dw and dh", _PARAMETERS, _pairs_size, _pairs_hidden, growth_of, GROWTH),
)

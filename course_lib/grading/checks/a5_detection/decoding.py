"""Checks of `decode(offsets, anchors)`: place and size, each for itself, by functions of a locked cell."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a5_detection.encoding import (
    ANCHORS,
    STD,
    centre,
    draw_anchors,
    draw_near,
    growth_of,
    make_check,
    shift_of,
    size,
)
from course_lib.grading.engine import Case


def centre_of(offsets, anchors):
    """Centre of the decoded boxes."""
    return centre(anchors) + offsets[:, :2] * STD[0] * size(anchors)  # (N, 2)


def size_of(offsets, anchors):
    """Size of the decoded boxes."""
    return size(anchors) * np.exp(offsets[:, 2:] * STD[1])  # (N, 2)


def _joined(*parts):
    def decode(offsets, anchors):
        middle, sides = centre_of(offsets, anchors), size_of(offsets, anchors)
        names = {"middle": middle, "sides": sides, "half": sides / 2}
        return np.concatenate(
            [sum(sign * names[name] for sign, name in part) for part in parts], axis=1
        )  # (N, 4)

    return decode


_FORMATS = {
    "these are centre, width and height: return two corners, (x1, y1, x2, y2)": _joined(
        [(1, "middle")], [(1, "sides")]
    ),
    "these are the first corner, width and height: return two corners, (x1, y1, x2, y2)": _joined(
        [(1, "middle"), (-1, "half")], [(1, "sides")]
    ),
    "the width and the height are added on both sides of the centre: half of them": _joined(
        [(1, "middle"), (-1, "sides")], [(1, "middle"), (1, "sides")]
    ),
    "the centre is taken for the first corner": _joined([(1, "middle")], [(1, "middle"), (1, "sides")]),
}
_CENTRES = {
    "the shift is in pixels: multiply it by the anchor's width and height": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] * STD[0]
    ),
    "the first two offsets are not multiplied by 0.1": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] * size(anchors)
    ),
    "the first two offsets are divided by 0.1: encode divides, decode multiplies": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] / STD[0] * size(anchors)
    ),
    "the first two offsets are multiplied by 0.2: theirs is 0.1": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] * STD[1] * size(anchors)
    ),
    "the first two offsets are multiplied by 0.1 squared: 0.1 is a standard "
    "deviation": lambda offsets, anchors: centre(anchors) + offsets[:, :2] * STD[0] ** 2 * size(anchors),
    "the shift in x is multiplied by the anchor's height, that in y by its width": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] * STD[0] * size(anchors)[:, ::-1]
    ),
    "the shift starts at the anchor's first corner: it starts at its centre": lambda offsets, anchors: (
        anchors[:, :2] + offsets[:, :2] * STD[0] * size(anchors)
    ),
    "the shift is subtracted: add it": lambda offsets, anchors: (
        centre(anchors) - offsets[:, :2] * STD[0] * size(anchors)
    ),
    "the offsets of x and y are exchanged: the order is dx, dy, dw, dh": lambda offsets, anchors: centre_of(
        offsets[:, [1, 0, 3, 2]], anchors
    ),
    "the anchors are read as centre, width and height: they are two corners": lambda offsets, anchors: (
        anchors[:, :2] + offsets[:, :2] * STD[0] * anchors[:, 2:]
    ),
    "the shift is multiplied by the box's own width and height: by the anchor's": lambda offsets, anchors: (
        centre(anchors) + offsets[:, :2] * STD[0] * size_of(offsets, anchors)
    ),
    "the anchor's place is left out: the shift is added to its centre": lambda offsets, anchors: (
        offsets[:, :2] * STD[0] * size(anchors)
    ),
}
_SIZES = {
    "the exponential is missing: it undoes the logarithm": lambda offsets, anchors: (
        size(anchors) * offsets[:, 2:] * STD[1]
    ),
    "the exponential is missing: this is 1 plus the offset": lambda offsets, anchors: (
        size(anchors) * (1 + offsets[:, 2:] * STD[1])
    ),
    "the last two offsets are not multiplied by 0.2": lambda offsets, anchors: (
        size(anchors) * np.exp(offsets[:, 2:])
    ),
    "the last two offsets are divided by 0.2: encode divides, decode multiplies": lambda offsets, anchors: (
        size(anchors) * np.exp(offsets[:, 2:] / STD[1])
    ),
    "the last two offsets are multiplied by 0.1: theirs is 0.2": lambda offsets, anchors: (
        size(anchors) * np.exp(offsets[:, 2:] * STD[0])
    ),
    "the last two offsets are multiplied by 0.2 squared: 0.2 is a standard "
    "deviation": lambda offsets, anchors: size(anchors) * np.exp(offsets[:, 2:] * STD[1] ** 2),
    "the exponential is multiplied by 0.2: multiply inside it": lambda offsets, anchors: (
        size(anchors) * np.exp(offsets[:, 2:]) * STD[1]
    ),
    "width and height are exchanged: the order is dx, dy, dw, dh": lambda offsets, anchors: size_of(
        offsets[:, [1, 0, 3, 2]], anchors
    ),
    "the width grows from the anchor's height and the height from its width": lambda offsets, anchors: (
        size(anchors)[:, ::-1] * np.exp(offsets[:, 2:] * STD[1])
    ),
    "the anchors are read as centre, width and height: they are two corners": lambda offsets, anchors: (
        anchors[:, 2:] * np.exp(offsets[:, 2:] * STD[1])
    ),
    "the exponential has base 2: take np.exp": lambda offsets, anchors: (
        size(anchors) * 2 ** (offsets[:, 2:] * STD[1])
    ),
    "the exponential is added to the anchor's size: multiply by it": lambda offsets, anchors: (
        size(anchors) + np.exp(offsets[:, 2:] * STD[1])
    ),
    "the sign is wrong: exp of the offset, not of its negative": lambda offsets, anchors: (
        size(anchors) * np.exp(-offsets[:, 2:] * STD[1])
    ),
}


def _measured(measure, decode):
    return lambda offsets, anchors: measure(decode(offsets, anchors))


# A mistake that leaves the centre, or the size, as it is belongs to the other check.
_PLACED = {hint: wrong for hint, wrong in _FORMATS.items() if "half of them" not in hint}
CENTRE = {hint: _measured(centre, wrong) for hint, wrong in _PLACED.items()} | dict(_CENTRES)
_SIZED = {hint: wrong for hint, wrong in _FORMATS.items() if "taken for" not in hint}
SIZE = {hint: _measured(size, wrong) for hint, wrong in _SIZED.items()} | dict(_SIZES)

OFFSETS = np.array([[2.5, -1.25, 0.5, -0.75], [-1.0, 3.0, -2.0, 1.5], [0.4, 0.8, 1.0, 2.0]])


def _decode_centre():
    return [
        Case(
            (np.array([[2.5, -1.25, 0.0, 0.0]]), ANCHORS[:1]),
            note="a box as large as its anchor",
            expected=np.array([[16.0, 26.0]]),
            explain="2.5 * 0.1 of the anchor's width, 8, is 2 pixels; its centre is at (14, 28)",
        ),
        Case((OFFSETS, ANCHORS), note="three boxes"),
    ]


def _decode_size():
    return [
        Case(
            (np.array([[0.0, 0.0, np.log(2) / 0.2, -np.log(2) / 0.2]]), ANCHORS[:1]),
            note="twice as wide, half as high",
            expected=np.array([[16.0, 8.0]]),
            explain="exp(3.466 * 0.2) = 2",
        ),
        Case((OFFSETS, ANCHORS), note="three boxes"),
    ]


def _decode_hidden(rng):
    cases = []
    for n in (1, 4):
        anchors = draw_anchors(rng, n)
        boxes = draw_near(rng, anchors)
        offsets = np.concatenate([shift_of(boxes, anchors), growth_of(boxes, anchors)], axis=1)  # (n, 4)
        cases.append(Case((offsets, anchors), note="one box" if n == 1 else f"{n} boxes"))
    return cases


_PARAMETERS = ("offsets", "anchors")
CHECKS = (
    make_check(
        "decode_centre", "where the boxes lie", _PARAMETERS, _decode_centre, _decode_hidden, centre_of, CENTRE
    ),
    make_check("decode_size", "how large they are", _PARAMETERS, _decode_size, _decode_hidden, size_of, SIZE),
)

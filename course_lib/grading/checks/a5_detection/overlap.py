"""Checks of `box_iou(boxes1, boxes2)`: the overlap of every box of one set with every box of another."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check


def _clip_sides(w, h):
    return np.maximum(w, 0) * np.maximum(h, 0)


def _table(boxes1, boxes2, clip=_clip_sides, quotient=None, inner=0, outer=0):
    """IoU by replaceable rules; ``inner`` and ``outer`` are added to the sides of overlaps and of boxes."""
    quotient = quotient or (lambda inter, a, b, hull: inter / (a + b - inter))
    a, b = boxes1[:, None], boxes2[None]  # (N, 1, 4), (1, M, 4)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])  # (N, M, 2)
    ends = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])  # (N, M, 2)
    width, height = high[..., 0] - low[..., 0] + inner, high[..., 1] - low[..., 1] + inner  # (N, M)
    areas = [(x[..., 2] - x[..., 0] + outer) * (x[..., 3] - x[..., 1] + outer) for x in (a, b)]
    with np.errstate(all="ignore"):
        return quotient(clip(width, height), *areas, ends.prod(axis=-1))  # (N, M)


def box_iou(boxes1, boxes2):
    """Overlaps, 0 where two empty boxes meet."""
    return np.nan_to_num(_table(boxes1, boxes2))


def _as(**rules):
    return lambda boxes1, boxes2: np.nan_to_num(_table(boxes1, boxes2, **rules))


def _read(change):
    return lambda boxes1, boxes2: box_iou(change(boxes1), change(boxes2))


def _from_sizes(boxes):
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)  # (N, 4)


def _from_centres(boxes):
    half = boxes[:, 2:] / 2  # (N, 2)
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)  # (N, 4)


def _row_by_row(boxes1, boxes2):
    boxes1, boxes2 = np.broadcast_arrays(boxes1, boxes2)
    return np.diag(box_iou(boxes1, boxes2))


VALUES = {
    "the intersection is divided by the sum of both areas: what both share is counted twice in that sum": _as(
        quotient=lambda i, a, b, hull: i / (a + b)
    ),
    "twice the intersection by the sum of the areas is the Dice coefficient: divide by the union": _as(
        quotient=lambda i, a, b, hull: 2 * i / (a + b)
    ),
    "the intersection is divided by the first box's area: divide by the union": _as(
        quotient=lambda i, a, b, hull: i / a
    ),
    "the intersection is divided by the second box's area: divide by the union": _as(
        quotient=lambda i, a, b, hull: i / b
    ),
    "the intersection is divided by the smaller area: divide by the union": _as(
        quotient=lambda i, a, b, hull: i / np.minimum(a, b)
    ),
    "the intersection is divided by the larger area: divide by the union": _as(
        quotient=lambda i, a, b, hull: i / np.maximum(a, b)
    ),
    "the intersection is divided by the box around both: the union is smaller": _as(
        quotient=lambda i, a, b, hull: i / hull
    ),
    "this is the intersection alone: divide it by the union": _as(quotient=lambda i, a, b, hull: i),
    "the union takes the intersection off twice": _as(quotient=lambda i, a, b, hull: i / (a + b - 2 * i)),
    "1 is added to the union": _as(quotient=lambda i, a, b, hull: i / (a + b - i + 1)),
    "1 is added to every side: here the far edges do not belong to the box, so that x2 - "
    "x1 is its width": _as(inner=1, outer=1),
    "1 is added to the sides of the overlap: its width is the difference of its edges": _as(inner=1),
    "1 is added to the sides of the boxes: a box is x2 - x1 wide": _as(outer=1),
    "the boxes are read as (x, y, width, height): they are two corners, (x1, y1, x2, y2)": _read(_from_sizes),
    "the boxes are read as centre, width and height: they are two corners, (x1, y1, x2, y2)": _read(
        _from_centres
    ),
    "the boxes are read as (x1, x2, y1, y2): the order is (x1, y1, x2, y2)": _read(
        lambda boxes: boxes[:, [0, 2, 1, 3]]
    ),
    "the larger far edge and the smaller near edge span the box around both: the overlap begins at the "
    "larger near edge and ends at the smaller far edge": _as(
        quotient=lambda i, a, b, hull: hull / (a + b - hull)
    ),
    "the table is transposed: boxes1 goes down, boxes2 across": lambda boxes1, boxes2: (
        box_iou(boxes1, boxes2).T
    ),
    "box i is compared with box i alone: every box of one set meets every box of the other": _row_by_row,
}
APART = {
    "the sides of the overlap are not clipped at 0: of two boxes apart in x and in y both are negative, "
    "and their product is positive": _as(clip=lambda w, h: w * h),
    "the product is clipped at 0: two negative sides have a positive product; clip each side": _as(
        clip=lambda w, h: np.maximum(w * h, 0)
    ),
    "the width is clipped at 0, the height is not": _as(clip=lambda w, h: np.maximum(w, 0) * h),
    "the height is clipped at 0, the width is not": _as(clip=lambda w, h: w * np.maximum(h, 0)),
    "the sides are made positive, not clipped: a negative side means no overlap": _as(
        clip=lambda w, h: np.abs(w) * np.abs(h)
    ),
}
EMPTY = {
    "0 divided by 0 gives NaN: two boxes without area overlap by 0 here": lambda boxes1, boxes2: _table(
        boxes1, boxes2
    ),
    "two boxes without area overlap by 0 here, not by 1": lambda boxes1, boxes2: np.nan_to_num(
        _table(boxes1, boxes2), nan=1.0
    ),
}


def _check(name, about, visible, hidden, mistakes):
    return Check(
        f"box_iou.{name}", "box_iou", about, ("boxes1", "boxes2"), visible, hidden, box_iou, mistakes
    )


def boxes(rng, n, reach=20.0, least=1.0, most=12.0):
    """Boxes with corners in all directions of the origin, of sides from ``least`` to ``most``."""
    first = rng.uniform(-reach / 2, reach / 2, (n, 2))
    return np.concatenate([first, first + rng.uniform(least, most, (n, 2))], axis=1)  # (n, 4)


def around(rng, box, n):
    """Boxes that overlap one box: its edges moved by less than half its sides."""
    size = np.tile(box[2:] - box[:2], 2)  # (4,)
    return box + rng.uniform(-0.45, 0.45, (n, 4)) * size  # (n, 4)


def _values():
    return [
        Case(
            (np.array([[0.0, 0.0, 4.0, 2.0]]), np.array([[3.0, 1.0, 6.0, 5.0], [0.0, 0.0, 4.0, 2.0]])),
            note="one box and two others",
            expected=np.array([[1 / 19, 1.0]]),
            explain="the first two share 1 x 1 pixel; their areas are 8 and 12, so the union is 8 + 12 - 1 "
            "= 19",
        ),
        Case(
            (
                np.array([[-3.0, 1.0, 5.5, 4.0], [2.0, 2.0, 3.0, 3.0]]),
                np.array([[-1.0, 0.0, 7.0, 3.5], [1.5, 1.0, 4.0, 6.0], [0.0, 1.0, 4.0, 3.0]]),
            ),
            note="fractions, a negative edge, one box inside another",
        ),
        Case(
            (np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([[4.0, 1.0, 9.0, 3.0]])),
            note="two boxes that share an edge",
            expected=np.array([[0.0]]),
            explain="the overlap is 4 - 4 = 0 wide",
        ),
    ]


def _values_hidden(rng):
    one = boxes(rng, 1, least=4)[0]
    first = around(rng, one, 3)
    inside = np.array([[2.0, 3.0, 12.0, 9.0]])
    return [
        Case((first, around(rng, one, 4)), note="three boxes and four, all of which overlap"),
        Case((inside, np.array([[4.0, 4.0, 7.0, 8.0]])), note="a box inside another"),
        Case((around(rng, one, 2), first), note="two boxes and three"),
    ]


def _apart():
    return [
        Case(
            (np.array([[0.0, 0.0, 4.0, 3.0]]), np.array([[5.0, 4.0, 9.0, 9.0]])),
            note="apart in x and in y",
            expected=np.array([[0.0]]),
            explain="min(x2) - max(x1) = 4 - 5 = -1, and 3 - 4 = -1 in y: nothing is shared",
        ),
        Case(
            (
                np.array([[0.0, 0.0, 2.0, 3.0], [7.0, 4.0, 13.0, 6.0]]),
                np.array([[5.0, 1.0, 9.0, 2.0], [1.0, 7.0, 6.0, 9.0], [0.0, 0.0, 2.0, 3.0]]),
            ),
            note="some apart in x, some in y",
        ),
    ]


def _apart_hidden(rng):
    first = boxes(rng, 1, least=4, most=6)
    w, h = first[0, 2:] - first[0, :2] + rng.uniform(1.1, 1.6, 2)
    moved = [first[0] + np.array(step) for step in ((w, h, w, h), (w, 0, w, 0), (0, h, 0, h), (-w, h, -w, h))]
    return [
        Case((first, np.array(moved)), note="beside, above and across a corner"),
        Case((np.array(moved[1:3]), first), note="two boxes apart from one"),
    ]


def _empty():
    return [
        Case(
            (
                np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 2.0, 2.0]]),
                np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 2.0, 4.0]]),
            ),
            note="boxes without area",
            expected=np.zeros((2, 2)),
            explain="a box without area shares nothing, and 0 / 0 counts as 0 here",
        ),
        Case((np.zeros((0, 4)), np.ones((2, 4))), note="no boxes", expected=np.zeros((0, 2))),
    ]


def _empty_hidden(rng):
    x, y, w = rng.uniform(1, 9, 3)
    flat = np.array([[x, y, x + w, y], [x, y, x, y]])
    return [
        Case((flat, flat[::-1].copy()), note="boxes without area"),
        Case((boxes(rng, 3), np.zeros((0, 4))), note="no boxes in the second set"),
        Case((np.zeros((0, 4)), boxes(rng, 2)), note="no boxes in the first set"),
    ]


CHECKS = (
    _check("values", "boxes that overlap", _values, _values_hidden, VALUES),
    _check("apart", "boxes that do not overlap", _apart, _apart_hidden, APART),
    _check("empty", "boxes without area, and no boxes", _empty, _empty_hidden, EMPTY),
)

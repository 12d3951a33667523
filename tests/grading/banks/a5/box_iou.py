"""Solutions of box_iou(boxes1, boxes2)."""

import numpy as np
from bank import right, wrong

FAR = np.array([0, 0, 1, 1])


def area(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def sides(boxes1, boxes2, plus=0):
    low = np.maximum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = np.minimum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    return high - low + plus


def over_union(inter, boxes1, boxes2):
    union = area(boxes1)[:, None] + area(boxes2) - inter
    return np.divide(inter, union, out=np.zeros(union.shape), where=union > 0)


def shared(boxes1, boxes2):
    return sides(boxes1, boxes2).clip(0).prod(axis=2)


@right
def broadcast(boxes1, boxes2):
    return over_union(shared(boxes1, boxes2), boxes1, boxes2)


@right
def with_loops(boxes1, boxes2):
    table = np.zeros((len(boxes1), len(boxes2)))
    for i, (x1, y1, x2, y2) in enumerate(boxes1):
        for j, (u1, v1, u2, v2) in enumerate(boxes2):
            w, h = min(x2, u2) - max(x1, u1), min(y2, v2) - max(y1, v1)
            if w > 0 and h > 0:
                table[i, j] = w * h / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - w * h)
    return table


@right
def a_tiny_divisor(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    return inter / np.maximum(area(boxes1)[:, None] + area(boxes2) - inter, 1e-12)


@right
def nan_to_zero_with_warnings(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    return np.nan_to_num(inter / (area(boxes1)[:, None] + area(boxes2) - inter))


@right
def clipped_from_outside(boxes1, boxes2):
    """The second box clipped to the first."""
    first = boxes1[:, None]
    x = np.clip(boxes2[None, :, [0, 2]], first[..., [0]], first[..., [2]])
    y = np.clip(boxes2[None, :, [1, 3]], first[..., [1]], first[..., [3]])
    inter = np.diff(x, axis=2)[..., 0] * np.diff(y, axis=2)[..., 0]
    return over_union(inter, boxes1, boxes2)


@wrong(fails="box_iou.apart", hint="not clipped at 0")
def no_clip(boxes1, boxes2):
    return over_union(sides(boxes1, boxes2).prod(axis=2), boxes1, boxes2)


@wrong(fails="box_iou.apart", hint="the product is clipped")
def product_clipped(boxes1, boxes2):
    return over_union(sides(boxes1, boxes2).prod(axis=2).clip(0), boxes1, boxes2)


@wrong(fails="box_iou.apart", hint="the width is clipped at 0, the height is not")
def width_clipped(boxes1, boxes2):
    both = sides(boxes1, boxes2)
    return over_union(both[..., 0].clip(0) * both[..., 1], boxes1, boxes2)


@wrong(fails="box_iou.apart", hint="the height is clipped at 0, the width is not")
def height_clipped(boxes1, boxes2):
    both = sides(boxes1, boxes2)
    return over_union(both[..., 0] * both[..., 1].clip(0), boxes1, boxes2)


@wrong(fails="box_iou.apart", hint="made positive, not clipped")
def absolute(boxes1, boxes2):
    return over_union(np.abs(sides(boxes1, boxes2)).prod(axis=2), boxes1, boxes2)


@wrong(fails="box_iou.values", hint="1 is added to every side")
def plus_one(boxes1, boxes2):
    return broadcast(boxes1 + FAR, boxes2 + FAR)


@wrong(fails="box_iou.values", hint="1 is added to the sides of the overlap")
def overlap_plus_one(boxes1, boxes2):
    return over_union(sides(boxes1, boxes2, plus=1).clip(0).prod(axis=2), boxes1, boxes2)


@wrong(fails="box_iou.values", hint="1 is added to the sides of the boxes")
def areas_plus_one(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    one, two = area(boxes1 + FAR)[:, None], area(boxes2 + FAR)
    return inter / (one + two - inter)


@wrong(fails="box_iou.values", hint="divided by the sum of both areas")
def by_the_sum(boxes1, boxes2):
    return shared(boxes1, boxes2) / (area(boxes1)[:, None] + area(boxes2) + 1e-12)


@wrong(fails="box_iou.values", hint="Dice")
def dice(boxes1, boxes2):
    return 2 * shared(boxes1, boxes2) / (area(boxes1)[:, None] + area(boxes2) + 1e-12)


@wrong(fails="box_iou.values", hint="the first box's area")
def by_the_first(boxes1, boxes2):
    return shared(boxes1, boxes2) / np.maximum(area(boxes1)[:, None], 1e-12)


@wrong(fails="box_iou.values", hint="the second box's area")
def by_the_second(boxes1, boxes2):
    return shared(boxes1, boxes2) / np.maximum(area(boxes2), 1e-12)


@wrong(fails="box_iou.values", hint="the smaller area")
def by_the_smaller(boxes1, boxes2):
    return shared(boxes1, boxes2) / np.maximum(np.minimum(area(boxes1)[:, None], area(boxes2)), 1e-12)


@wrong(fails="box_iou.values", hint="the box around both")
def by_the_hull(boxes1, boxes2):
    low = np.minimum(boxes1[:, None, :2], boxes2[None, :, :2])
    high = np.maximum(boxes1[:, None, 2:], boxes2[None, :, 2:])
    return shared(boxes1, boxes2) / np.maximum((high - low).prod(axis=2), 1e-12)


@wrong(fails="box_iou.values", hint="the intersection alone")
def intersection(boxes1, boxes2):
    return shared(boxes1, boxes2)


@wrong(fails="box_iou.values", hint="(x, y, width, height)")
def as_xywh(boxes1, boxes2):
    far = [np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1) for b in (boxes1, boxes2)]
    return broadcast(*far)


@wrong(fails="box_iou.values", hint="centre, width and height")
def as_centres(boxes1, boxes2):
    far = [np.concatenate([b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2], 1) for b in (boxes1, boxes2)]
    return broadcast(*far)


@wrong(fails="box_iou.values", hint="transposed")
def transposed(boxes1, boxes2):
    return broadcast(boxes2, boxes1)


@wrong(fails="box_iou.values", hint="with box i alone")
def row_by_row(boxes1, boxes2):
    low, high = np.maximum(boxes1[:, :2], boxes2[:, :2]), np.minimum(boxes1[:, 2:], boxes2[:, 2:])
    inter = (high - low).clip(0).prod(axis=1)
    return inter / np.maximum(area(boxes1) + area(boxes2) - inter, 1e-12)


@wrong(fails="box_iou.values", hint="takes the intersection off twice")
def off_twice(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    with np.errstate(all="ignore"):
        return np.nan_to_num(inter / (area(boxes1)[:, None] + area(boxes2) - 2 * inter))


@wrong(fails="box_iou.values", hint="1 is added to the union")
def large_divisor(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    return inter / (area(boxes1)[:, None] + area(boxes2) - inter + 1)


@wrong(fails="box_iou.empty", hint="gives NaN")
def zero_by_zero(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    return inter / (area(boxes1)[:, None] + area(boxes2) - inter)


@wrong(fails="box_iou.empty", hint="not by 1")
def equal_boxes_are_one(boxes1, boxes2):
    inter = shared(boxes1, boxes2)
    return np.nan_to_num(inter / (area(boxes1)[:, None] + area(boxes2) - inter), nan=1.0)


@wrong(fails="box_iou.empty", hint="the wrong shape")
def list_of_rows(boxes1, boxes2):
    return np.array([broadcast(box[None], boxes2)[0] for box in boxes1])

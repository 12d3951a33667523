"""Solutions of encode(boxes, anchors)."""

import numpy as np
from bank import right, wrong


def parts(boxes):
    """Centre, width and height, as four arrays."""
    x1, y1, x2, y2 = boxes.T
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def offsets(boxes, anchors, std=(0.1, 0.1, 0.2, 0.2), log=np.log):
    x, y, w, h = parts(boxes)
    xa, ya, wa, ha = parts(anchors)
    return np.stack([(x - xa) / wa, (y - ya) / ha, log(w / wa), log(h / ha)], axis=1) / std


def only(first=None, last=None):
    """Right but for the two columns that are given."""

    def change(boxes, anchors):
        out = offsets(boxes, anchors)
        if first is not None:
            out[:, :2] = first(boxes, anchors)
        if last is not None:
            out[:, 2:] = last(boxes, anchors)
        return out

    return change


@right
def column_by_column(boxes, anchors):
    return offsets(boxes, anchors)


@right
def with_a_loop(boxes, anchors):
    rows = []
    for (x1, y1, x2, y2), (a1, b1, a2, b2) in zip(boxes, anchors, strict=True):
        w, h = a2 - a1, b2 - b1
        dx, dy = ((x1 + x2) - (a1 + a2)) / 2 / w, ((y1 + y2) - (b1 + b2)) / 2 / h
        rows.append([dx / 0.1, dy / 0.1, np.log((x2 - x1) / w) / 0.2, np.log((y2 - y1) / h) / 0.2])
    return np.array(rows)


@right
def differences_of_logarithms(boxes, anchors):
    out = np.empty(boxes.shape)
    size, size_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    out[:, :2] = 10 * ((boxes[:, :2] + size / 2) - (anchors[:, :2] + size_a / 2)) / size_a
    out[:, 2:] = 5 * (np.log(size) - np.log(size_a))
    return out


@right
def one_matrix(boxes, anchors):
    to = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
    box, anchor = boxes @ to, anchors @ to
    return np.hstack([10 * (box - anchor)[:, :2] / anchor[:, 2:], 5 * np.log(box[:, 2:] / anchor[:, 2:])])


@wrong(fails="encode_shift.values", hint="in pixels")
def pixels(boxes, anchors):
    x, y, w, h = parts(boxes)
    xa, ya, wa, ha = parts(anchors)
    return np.stack([x - xa, y - ya, np.log(w / wa), np.log(h / ha)], axis=1) / [0.1, 0.1, 0.2, 0.2]


@wrong(fails="encode_shift.values", hint="not divided by 0.")
def without_std(boxes, anchors):
    return offsets(boxes, anchors, std=(1, 1, 1, 1))


@wrong(fails="encode_size.values", hint="not divided by 0.2")
def without_std_of_sizes(boxes, anchors):
    return offsets(boxes, anchors, std=(0.1, 0.1, 1, 1))


@wrong(fails="encode_shift.values", hint="multiplied by 0.")
def multiplied(boxes, anchors):
    return offsets(boxes, anchors, std=(10, 10, 5, 5))


@wrong(fails="encode_size.values", hint="multiplied by 0.2")
def sizes_multiplied(boxes, anchors):
    return offsets(boxes, anchors, std=(0.1, 0.1, 5, 5))


@wrong(fails="encode_shift.values", hint="theirs is 0.")
def std_exchanged(boxes, anchors):
    return offsets(boxes, anchors, std=(0.2, 0.2, 0.1, 0.1))


@wrong(fails="encode_size.values", hint="theirs is 0.2")
def one_std_for_all(boxes, anchors):
    return offsets(boxes, anchors, std=(0.1, 0.1, 0.1, 0.1))


@wrong(fails="encode_shift.values", hint="squared")
def variances(boxes, anchors):
    return offsets(boxes, anchors, std=(0.01, 0.01, 0.04, 0.04))


@wrong(fails="encode_shift.values", hint="the box's width and height")
def by_the_box(boxes, anchors):
    x, y, w, h = parts(boxes)
    xa, ya, *_ = parts(anchors)
    return only(first=lambda *_: np.stack([(x - xa) / w, (y - ya) / h], axis=1) / 0.1)(boxes, anchors)


@wrong(fails="encode_shift.values", hint="by the anchor's height")
def sides_swapped(boxes, anchors):
    x, y, *_ = parts(boxes)
    xa, ya, wa, ha = parts(anchors)
    return only(first=lambda *_: np.stack([(x - xa) / ha, (y - ya) / wa], axis=1) / 0.1)(boxes, anchors)


@wrong(fails="encode_shift.values", hint="take the centres")
def corners(boxes, anchors):
    size = anchors[:, 2:] - anchors[:, :2]
    return only(first=lambda b, a: (b[:, :2] - a[:, :2]) / size / 0.1)(boxes, anchors)


@wrong(fails="encode_shift.values", hint="read as centre, width and height")
def format_mixed(boxes, anchors):
    shift = (boxes[:, :2] - anchors[:, :2]) / anchors[:, 2:]
    return np.concatenate([shift / 0.1, np.log(boxes[:, 2:] / anchors[:, 2:]) / 0.2], axis=1)


@wrong(fails="encode_shift.values", hint="the sign is wrong")
def anchor_less_box(boxes, anchors):
    return only(first=lambda b, a: -offsets(b, a)[:, :2])(boxes, anchors)


@wrong(fails="encode_shift.values", hint="dx, dy, dw, dh")
def y_first(boxes, anchors):
    return offsets(boxes, anchors)[:, [1, 0, 3, 2]]


@wrong(fails="encode_size.values", hint="width and height are exchanged")
def h_first(boxes, anchors):
    return offsets(boxes, anchors)[:, [0, 1, 3, 2]]


@wrong(fails="encode_size.values", hint="the logarithm is missing")
def no_log(boxes, anchors):
    return offsets(boxes, anchors, log=lambda ratio: ratio)


@wrong(fails="encode_size.values", hint="the ratio less 1")
def ratio_less_one(boxes, anchors):
    return offsets(boxes, anchors, log=lambda ratio: ratio - 1)


@wrong(fails="encode_size.values", hint="base 2")
def base_two(boxes, anchors):
    return offsets(boxes, anchors, log=np.log2)


@wrong(fails="encode_size.values", hint="base 10")
def base_ten(boxes, anchors):
    return offsets(boxes, anchors, log=np.log10)


@wrong(fails="encode_size.values", hint="box by anchor")
def anchor_by_box(boxes, anchors):
    return offsets(boxes, anchors, log=lambda ratio: np.log(1 / ratio))


@wrong(fails="encode_size.values", hint="compared with the anchor's height")
def compared_across(boxes, anchors):
    _, _, w, h = parts(boxes)
    _, _, wa, ha = parts(anchors)
    return only(last=lambda *_: np.stack([np.log(w / ha), np.log(h / wa)], axis=1) / 0.2)(boxes, anchors)


@wrong(fails="encode_shift.values", hint="got shape")
def transposed(boxes, anchors):
    return offsets(boxes, anchors).T.reshape(4, -1, 1)

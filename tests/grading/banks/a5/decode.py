"""Solutions of decode(offsets, anchors)."""

import numpy as np
from bank import right, wrong


def parts(boxes):
    x1, y1, x2, y2 = boxes.T
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def decoded(offsets, anchors, std=(0.1, 0.1, 0.2, 0.2), exp=np.exp, form="corners", half=0.5):
    dx, dy, dw, dh = (offsets * std).T
    x, y, w, h = parts(anchors)
    x, y, w, h = x + dx * w, y + dy * h, w * exp(dw), h * exp(dh)
    rows = {
        "corners": [x - half * w, y - half * h, x + half * w, y + half * h],
        "centre": [x, y, w, h],
        "first corner": [x - w / 2, y - h / 2, w, h],
        "from the centre": [x, y, x + w, y + h],
    }[form]
    return np.stack(rows, axis=1)


def joined(centre, size):
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)


def middle(boxes):
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def sides(boxes):
    return boxes[:, 2:] - boxes[:, :2]


@right
def column_by_column(offsets, anchors):
    return decoded(offsets, anchors)


@right
def clamped(offsets, anchors):
    """Growth is limited, as programs do."""
    limited = offsets.copy()
    limited[:, 2:] = np.minimum(limited[:, 2:], np.log(1000 / 16) / 0.2)
    return decoded(limited, anchors)


@right
def with_a_loop(offsets, anchors):
    rows = []
    for (dx, dy, dw, dh), (a1, b1, a2, b2) in zip(offsets, anchors, strict=True):
        w, h = (a2 - a1) * np.e ** (dw / 5), (b2 - b1) * np.e ** (dh / 5)
        x, y = (a1 + a2) / 2 + (a2 - a1) * dx / 10, (b1 + b2) / 2 + (b2 - b1) * dy / 10
        rows.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(rows)


@right
def corners_moved(offsets, anchors):
    size = sides(anchors)
    shift, growth = 0.1 * offsets[:, :2] * size, size * np.expm1(0.2 * offsets[:, 2:]) / 2
    return anchors + np.concatenate([shift - growth, shift + growth], axis=1)


@wrong(fails="decode_centre.values", hint="centre, width and height: return two corners")
def centre_format(offsets, anchors):
    return decoded(offsets, anchors, form="centre")


@wrong(fails="decode_centre.values", hint="the first corner, width and height")
def corner_and_size(offsets, anchors):
    return decoded(offsets, anchors, form="first corner")


@wrong(fails="decode_size.values", hint="half of them")
def not_halved(offsets, anchors):
    return decoded(offsets, anchors, half=1)


@wrong(fails="decode_centre.values", hint="taken for the first corner")
def centre_for_corner(offsets, anchors):
    return decoded(offsets, anchors, form="from the centre")


@wrong(fails="decode_centre.values", hint="not multiplied by 0.")
def without_std(offsets, anchors):
    return decoded(offsets, anchors, std=(1, 1, 1, 1))


@wrong(fails="decode_size.values", hint="not multiplied by 0.2")
def without_std_of_sizes(offsets, anchors):
    return decoded(offsets, anchors, std=(0.1, 0.1, 1, 1))


@wrong(fails="decode_centre.values", hint="encode divides, decode multiplies")
def divided(offsets, anchors):
    return decoded(offsets, anchors, std=(10, 10, 0.2, 0.2))


@wrong(fails="decode_size.values", hint="encode divides, decode multiplies")
def sizes_divided(offsets, anchors):
    return decoded(offsets, anchors, std=(0.1, 0.1, 5, 5))


@wrong(fails="decode_centre.values", hint="theirs is 0.")
def std_exchanged(offsets, anchors):
    return decoded(offsets, anchors, std=(0.2, 0.2, 0.1, 0.1))


@wrong(fails="decode_size.values", hint="theirs is 0.2")
def one_std_for_all(offsets, anchors):
    return decoded(offsets, anchors, std=(0.1, 0.1, 0.1, 0.1))


@wrong(fails="decode_centre.values", hint="squared")
def variances(offsets, anchors):
    return decoded(offsets, anchors, std=(0.01, 0.01, 0.04, 0.04))


@wrong(fails="decode_centre.values", hint="in pixels")
def pixels(offsets, anchors):
    return joined(middle(anchors) + 0.1 * offsets[:, :2], sides(decoded(offsets, anchors)))


@wrong(fails="decode_centre.values", hint="by the anchor's height")
def sides_swapped(offsets, anchors):
    centre = middle(anchors) + 0.1 * offsets[:, :2] * sides(anchors)[:, ::-1]
    return joined(centre, sides(decoded(offsets, anchors)))


@wrong(fails="decode_centre.values", hint="it starts at its centre")
def from_the_corner(offsets, anchors):
    centre = anchors[:, :2] + 0.1 * offsets[:, :2] * sides(anchors)
    return joined(centre, sides(decoded(offsets, anchors)))


@wrong(fails="decode_centre.values", hint="is subtracted")
def subtracted(offsets, anchors):
    return decoded(offsets * [-1, -1, 1, 1], anchors)


@wrong(fails="decode_centre.values", hint="the box's own width and height")
def by_the_box(offsets, anchors):
    size = sides(decoded(offsets, anchors))
    return joined(middle(anchors) + 0.1 * offsets[:, :2] * size, size)


@wrong(fails="decode_centre.values", hint="read as centre, width and height")
def format_mixed(offsets, anchors):
    centre = anchors[:, :2] + 0.1 * offsets[:, :2] * anchors[:, 2:]
    return joined(centre, anchors[:, 2:] * np.exp(0.2 * offsets[:, 2:]))


@wrong(fails="decode_centre.values", hint="left out")
def relative_to_nothing(offsets, anchors):
    return joined(0.1 * offsets[:, :2] * sides(anchors), sides(decoded(offsets, anchors)))


@wrong(fails="decode_size.values", hint="the exponential is missing: it undoes")
def no_exp(offsets, anchors):
    return decoded(offsets, anchors, exp=lambda d: d)


@wrong(fails="decode_size.values", hint="1 plus the offset")
def one_plus(offsets, anchors):
    return decoded(offsets, anchors, exp=lambda d: 1 + d)


@wrong(fails="decode_size.values", hint="multiply inside it")
def std_outside(offsets, anchors):
    return decoded(offsets, anchors, std=(0.1, 0.1, 1, 1), exp=lambda d: 0.2 * np.exp(d))


@wrong(fails="decode_size.values", hint="width and height are exchanged")
def h_first(offsets, anchors):
    return decoded(offsets[:, [0, 1, 3, 2]], anchors)


@wrong(fails="decode_centre.values", hint="exchanged: the order is dx")
def y_first(offsets, anchors):
    return decoded(offsets[:, [1, 0, 3, 2]], anchors)


@wrong(fails="decode_size.values", hint="from the anchor's height")
def grows_across(offsets, anchors):
    size = sides(anchors)[:, ::-1] * np.exp(0.2 * offsets[:, 2:])
    return joined(middle(decoded(offsets, anchors)), size)


@wrong(fails="decode_size.values", hint="base 2")
def base_two(offsets, anchors):
    return decoded(offsets, anchors, exp=np.exp2)


@wrong(fails="decode_size.values", hint="multiply by it")
def added(offsets, anchors):
    size = sides(anchors) + np.exp(0.2 * offsets[:, 2:])
    return joined(middle(decoded(offsets, anchors)), size)


@wrong(fails="decode_size.values", hint="the sign is wrong")
def shrinks(offsets, anchors):
    return decoded(offsets * [1, 1, -1, -1], anchors)

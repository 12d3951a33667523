"""Solutions of iou_input()."""

import numpy as np
from bank import right, wrong


@right
def across_a_corner():
    return np.array([[0, 0, 2, 2], [3, 3, 5, 5]])


@right
def the_other_corner():
    return np.array([[10.0, 0.0, 20.0, 5.0], [0.0, 9.0, 6.0, 30.0]])


@right
def negative_places():
    return np.array([[-60.5, -60.5, -50, -50], [40, 40, 99.5, 99.5]], dtype=np.float32)


@wrong(fails="iou_input.exposes", hint="your boxes overlap")
def overlapping():
    return np.array([[0, 0, 4, 4], [1, 1, 5, 5]])


@wrong(fails="iou_input.exposes", hint="one side of the overlap alone is negative")
def side_by_side():
    return np.array([[0, 0, 4, 4], [6, 1, 9, 5]])


@wrong(fails="iou_input.exposes", hint="shape (2, 4)")
def one_box():
    return np.array([0, 0, 4, 4])


@wrong(fails="iou_input.exposes", hint="below 0.1")
def turned_box():
    return np.array([[4, 4, 0, 0], [6, 6, 9, 9]])


@wrong(fails="iou_input.exposes", hint="between -100 and 100")
def far_away():
    return np.array([[0, 0, 2, 2], [300, 300, 500, 500]])

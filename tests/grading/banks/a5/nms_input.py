"""Solutions of nms_input()."""

import numpy as np
from bank import right, wrong

ROW = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [6, 0, 16, 10]])


@right
def a_row_of_three():
    return ROW, np.array([0.9, 0.8, 0.7])


@right
def in_another_order():
    return [ROW[[2, 0, 1]].astype(float), np.array([0.3, 0.9, 0.5])]


@right
def downwards():
    return np.array([[0, 4.0 * i, 20, 4.0 * i + 15] for i in range(4)]), np.array([4, 3, 2, 1])


@wrong(fails="nms_input.exposes", hint="fewer than three boxes")
def two_boxes():
    return ROW[:2], np.array([0.9, 0.8])


@wrong(fails="nms_input.exposes", hint="no box is dropped by dropped boxes alone")
def the_middle_is_best():
    return ROW, np.array([0.7, 0.9, 0.8])


@wrong(fails="nms_input.exposes", hint="two scores are equal")
def equal_scores():
    return ROW, np.array([0.9, 0.8, 0.8])


@wrong(fails="nms_input.exposes", hint="expected two values")
def boxes_alone():
    return ROW


@wrong(fails="nms_input.exposes", hint="scores: expected shape (3,)")
def too_few_scores():
    return ROW, np.array([0.9, 0.8])

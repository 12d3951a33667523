"""Solutions of match_input()."""

import numpy as np
from bank import right, wrong

ANCHORS = np.array([[0.0, 0, 10, 10], [8, 0, 18, 10]])


@right
def two_want_the_first():
    return ANCHORS, np.array([[0.0, 0, 10, 9], [1, 0, 11, 10]])


@right
def both_small():
    return ANCHORS, np.array([[5, 5, 9, 9], [1, 1, 4, 4]])


@right
def one_anchor_and_two_objects():
    return ANCHORS[:1], np.array([[0, 0, 10, 9], [0, 0, 4, 4]])


@wrong(fails="match_input.exposes", hint="one object has no rival")
def one_object():
    return ANCHORS, np.array([[0.0, 0, 10, 9]])


@wrong(fails="match_input.exposes", hint="a best anchor of its own")
def one_each():
    return ANCHORS, np.array([[0.0, 0, 10, 9], [9, 0, 18, 10]])


@wrong(fails="match_input.exposes", hint="the same object either way")
def the_later_is_larger():
    return ANCHORS[:1], np.array([[0, 0, 4, 4], [0, 0, 10, 9]])


@wrong(fails="match_input.exposes", hint="expected two values")
def anchors_alone():
    return ANCHORS


@wrong(fails="match_input.exposes", hint="at most 12 rows")
def a_large_grid():
    return np.tile(ANCHORS, (20, 1)), ANCHORS

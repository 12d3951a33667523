"""Solutions of ap_input()."""

import numpy as np
from bank import right, wrong


@right
def false_alarms_first():
    return np.array([False, False, True, True, True]), 3


@right
def zeros_and_ones():
    return np.array([1, 0, 0, 0, 1, 1, 1]), np.int64(4)


@right
def one_false_alarm():
    return [np.array([False, True, True]), 2]


@wrong(fails="ap_input.exposes", hint="never rises")
def perfect():
    return np.array([True, True, True]), 3


@wrong(fails="ap_input.exposes", hint="never rises")
def false_alarms_last():
    return np.array([True, True, False, True, False]), 4


@wrong(fails="ap_input.exposes", hint="never rises")
def one_hit():
    return np.array([False, False, True]), 1


@wrong(fails="ap_input.exposes", hint="over too few recalls")
def many_missed():
    return np.array([False, True, True]), 100


@wrong(fails="ap_input.exposes", hint="from the number of hits")
def fewer_objects_than_hits():
    return np.array([False, True, True]), 1


@wrong(fails="ap_input.exposes", hint="other than True and False")
def scores_for_hits():
    return np.array([3, 1, 2]), 8

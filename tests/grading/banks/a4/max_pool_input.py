"""Solutions of max_pool_input()."""

import numpy as np
from bank import right, wrong


@right
def minus_one():
    return -np.ones((1, 1, 3, 3))


@right
def random_below_zero():
    return -1 - np.random.default_rng().random((2, 3, 8, 5)).astype(np.float32)


@right
def one_corner():
    x = np.arange(16).reshape(1, 1, 4, 4) % 7
    x[0, 0, :2, :2] = -3
    return x


@wrong(fails="max_pool_input.exposes", hint="below it")
def positive():
    return np.ones((1, 1, 3, 3))


@wrong(fails="max_pool_input.exposes", hint="below it")
def negative_in_the_middle():
    x = np.ones((1, 1, 5, 5))
    x[0, 0, 2, 2] = -9
    return x


@wrong(fails="max_pool_input.exposes", hint="expected (N, C, H, W)")
def two_axes():
    return -np.ones((3, 3))

"""Solutions of global_pool_input()."""

import numpy as np
from bank import right, wrong


@right
def wide():
    return np.ones((1, 1, 2, 4))


@right
def high():
    return np.arange(24).reshape(1, 2, 4, 3) / 10


@right
def random_numbers():
    return np.random.default_rng(3).random((4, 4, 16, 1))


@wrong(fails="global_pool_input.exposes", hint="as high as wide")
def square():
    return np.arange(9.0).reshape(1, 1, 3, 3)


@wrong(fails="global_pool_input.exposes", hint="add to 0")
def balanced():
    return np.array([1.0, -1.0]).reshape(1, 1, 1, 2)


@wrong(fails="global_pool_input.exposes", hint="expected a NumPy array")
def nested_lists():
    return [[[[1.0, 2.0]]]]

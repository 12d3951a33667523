"""Solutions of residual_input()."""

import numpy as np
from bank import right, wrong


@right
def both_signs():
    return np.array([1.0, -1.0]).reshape(1, 1, 1, 2)


@right
def two_images():
    return np.stack([np.full((1, 2, 2), 3.0), np.full((1, 2, 2), -3.0)])


@right
def many():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 4))
    return np.concatenate([x, -x])


@wrong(fails="residual_input.exposes", hint="the same sign")
def positive():
    return np.ones((1, 1, 1, 1))


@wrong(fails="residual_input.exposes", hint="the same sign")
def negative():
    return -np.ones((1, 1, 2, 2))


@wrong(fails="residual_input.exposes", hint="the same sign")
def zero():
    return np.zeros((1, 2, 3, 3))


@wrong(fails="residual_input.exposes", hint="not between -10 and 10")
def far_out():
    return np.full((1, 1, 1, 2), 1e6)


@wrong(fails="residual_input.exposes", hint="not between -10 and 10")
def not_a_number():
    return np.full((1, 1, 1, 2), np.nan)

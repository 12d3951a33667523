"""Checks of `lp_pool2d(x, norm_type, kernel_size, stride=None)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling._pooling import pool, wrong_geometry
from course_lib.grading.checks.a2_pooling.max_pool2d import random_case
from course_lib.grading.engine import Case, Check


def _lp(x, norm_type, kernel_size, stride=None):
    from course_lib.functional import lp_pool2d

    return lp_pool2d(np.abs(x), norm_type, kernel_size, stride)


def _lp_as(formula):
    """Another formula of the windows v and of p."""

    def wrong(x, norm_type, kernel_size, stride=None):
        stride = kernel_size if stride is None else stride
        return pool(x, kernel_size, stride, lambda v, axis: formula(v, norm_type, axis))

    return wrong


def _matrix_norm(v, p, axis):
    """What np.linalg.norm computes of a two-dimensional window; most p have none."""
    return np.linalg.norm(v, ord=p, axis=axis)


def _in_geometry(hint):
    """One of the mistakes that every kind of pooling shares."""

    def wrong(x, norm_type, kernel_size, stride=None):
        shared = wrong_geometry(
            lambda x, k, s, p: _lp(x, norm_type, k, s),
            lambda y: (y**norm_type).sum(axis=(0, 1)) ** (1 / norm_type),
        )
        return shared[hint](x, kernel_size, stride)

    return wrong


MISTAKES = {
    "the root is missing: raise the sum to the power 1 / p": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a)
    ),
    "this is a mean: the norm adds up, it does not divide by the number of pixels": _lp_as(
        lambda v, p, a: np.mean(np.abs(v) ** p, axis=a) ** (1 / p)
    ),
    "the absolute value is taken too late: the powers have added up with their signs": _lp_as(
        lambda v, p, a: np.abs(np.sum(v**p, axis=a)) ** (1 / p)
    ),
    "the absolute value is missing": _lp_as(lambda v, p, a: np.sum(v**p, axis=a) ** (1 / p)),
    "this is always the norm for p = 2: use p": _lp_as(lambda v, p, a: np.sum(v**2, axis=a) ** 0.5),
    "the root is always a square root: it is the p-th": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a) ** 0.5
    ),
    "the sum is divided by p: ** binds before /, so the root is ** (1 / p)": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a) / p
    ),
    "the pixels are added before the power: first the power, then the sum": _lp_as(
        lambda v, p, a: np.abs(np.sum(v, axis=a))
    ),
    "this is the sum of absolute values, whatever p": _lp_as(lambda v, p, a: np.sum(np.abs(v), axis=a)),
    "this is the maximum, the limit for large p": _lp_as(lambda v, p, a: np.max(np.abs(v), axis=a)),
    "this is the norm of a matrix: flatten the window, or write the sum out": _lp_as(_matrix_norm),
    "the root is missing, since 1 // p is 0: write 1 / p": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** p, axis=a) ** (1 // p)
    ),
    "p is cut to an integer: it may have a fraction": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** int(p), axis=a) ** (1 / int(p))
    ),
    "the exponent is 1 / p twice: inside the sum it is p": _lp_as(
        lambda v, p, a: np.sum(np.abs(v) ** (1 / p), axis=a) ** (1 / p)
    ),
    **{hint: _in_geometry(hint) for hint in wrong_geometry(None, None, padding=False)},
}


def _values():
    return [
        Case(
            (np.array([[[[3.0, 4.0, -6.0, 8.0]]]]), 2.0, (1, 2)),
            note="p = 2",
            expected=np.array([[[[5.0, 10.0]]]]),
            explain="the square root of 3*3 + 4*4 is 5",
        ),
        Case(
            (np.array([[[[1.0, -2.0], [-3.0, 4.0]]]]), 1.0, 2),
            note="p = 1",
            expected=np.array([[[[10.0]]]]),
            explain="|1| + |-2| + |-3| + |4| = 10",
        ),
        Case(
            (np.array([[[[3.0, -4.0]]], [[[5.0, 12.0]]]]), 2.0, (1, 2)),  # (2, 1, 1, 2)
            note="two images",
            expected=np.array([[[[5.0]]], [[[13.0]]]]),
            explain="each image by itself: the square root of 5*5 + 12*12 is 13",
        ),
    ]


def _values_hidden(rng):
    return [
        random_case(rng, (2, 2, 6, 4), p, (3, 2), note=f"p = {p}, windows side by side")
        for p in (1.0, 2.0, 3.0)
    ]


def _powers():
    return [
        Case(
            (np.array([[[[1.0, -1.0, 2.0]]]]), 3.0, (1, 2), 1),
            note="p = 3, overlapping windows",
            expected=np.array([[[[2.0 ** (1 / 3), 9.0 ** (1 / 3)]]]]),
            explain="the third root of 1 + 8 is 2.0801",
        ),
        Case(
            (np.array([[[[-1.0], [4.0]]]]), 1.5, (2, 1)),
            note="p = 1.5",
            expected=np.array([[[[9.0 ** (2 / 3)]]]]),
            explain="1^1.5 + 4^1.5 = 1 + 8 = 9, and 9^(1/1.5) = 4.3267",
        ),
    ]


def _powers_hidden(rng):
    overlapping = [
        random_case(rng, (1, 2, 6, 7), p, (2, 3), (1, 2), note=f"p = {p}, overlapping windows")
        for p in (1.5, 3.0, 8.0)
    ]
    gaps = random_case(rng, (1, 1, 7, 9), 2.5, 2, 3, note="p = 2.5, gaps between the windows, a remainder")
    return [*overlapping, gaps]


def _check(name, about, *cases):
    function, parameters = "lp_pool2d", ("x", "norm_type", "kernel_size", "stride")
    return Check(f"{function}.{name}", function, about, parameters, *cases, _lp, MISTAKES)


CHECKS = (
    _check("values", "p = 1, 2 and 3", _values, _values_hidden),
    _check("powers", "other p, overlapping windows", _powers, _powers_hidden),
)

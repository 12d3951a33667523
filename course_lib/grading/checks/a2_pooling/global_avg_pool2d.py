"""Checks of `global_avg_pool2d(x)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a2_pooling.max_pool2d import X9, random_case
from course_lib.grading.engine import Case, Check, Shape


def _reference(x):
    from course_lib.functional import global_avg_pool2d

    return global_avg_pool2d(x)


MISTAKES = {
    "this is the sum: divide by H W": lambda x: x.sum(axis=(2, 3), keepdims=True),
    "this is the maximum: take the average": lambda x: x.max(axis=(2, 3), keepdims=True),
    "only H is averaged and W summed": lambda x: x.mean(axis=2, keepdims=True).sum(axis=3, keepdims=True),
    "the average runs over the images too": lambda x: np.broadcast_to(
        x.mean(axis=(0, 2, 3), keepdims=True), (*x.shape[:2], 1, 1)
    ),
    "the average runs over the channels too": lambda x: np.broadcast_to(
        x.mean(axis=(1, 2, 3), keepdims=True), (*x.shape[:2], 1, 1)
    ),
    "divided by H H: divide by H W": lambda x: x.sum(axis=(2, 3), keepdims=True) / x.shape[2] ** 2,
    "divided by W W: divide by H W": lambda x: x.sum(axis=(2, 3), keepdims=True) / x.shape[3] ** 2,
    "divided by N C H W: divide by H W": lambda x: x.sum(axis=(2, 3), keepdims=True) / x.size,
    "a square window of H by H pixels is averaged: average all of the image": lambda x: x[
        ..., : x.shape[2]
    ].mean(axis=(2, 3), keepdims=True),
    "this is the median: take the average": lambda x: np.median(x, axis=(2, 3), keepdims=True),
    "the fractions are cut off": lambda x: np.trunc(_reference(x)),
    "rounded down: / divides, // divides and rounds": lambda x: np.floor(_reference(x)),
    "the two last axes are gone: keep them with length 1": lambda x: Shape(x.shape[:2]),
    "one number for the whole batch: one for each image and channel": lambda x: Shape(()),
    "the channels are averaged: average over H and W": lambda x: Shape((len(x), 1, *x.shape[2:])),
    "the images are averaged as well: one number for each image and channel": lambda x: Shape(
        (1, x.shape[1], 1, 1)
    ),
    "the channels are averaged as well: one number for each image and channel": lambda x: Shape(
        (len(x), 1, 1, 1)
    ),
    "the average runs over axes 1 and 2: the channels are axis 1, H and W are 2 and 3": lambda x: Shape(
        (len(x), 1, 1, x.shape[3])
    ),
    "only one axis is averaged: average over H and W": lambda x: Shape((*x.shape[:2], 1, x.shape[3])),
}


def _values():
    return [
        Case(
            (np.concatenate([X9, 10 * X9], axis=1),),  # (1, 2, 3, 3)
            note="one image, two channels",
            expected=np.array([[[[4.0]], [[40.0]]]]),
            explain="(0 + 1 + ... + 8) / 9 = 4",
        ),
        Case(
            (np.array([[[[1.0, 2.0, 6.0], [3.0, 0.0, 6.0]]], [[[-1.0, -1.0, -1.0], [-1.0, -1.0, 2.0]]]]),),
            note="two images of two rows and three columns",
            expected=np.array([[[[3.0]]], [[[-0.5]]]]),
            explain="(1 + 2 + 6 + 3 + 0 + 6) / 6 = 3; in the second image -3 / 6 = -0.5",
        ),
    ]


def _values_hidden(rng):
    return [random_case(rng, (3, 2, 4, 5), note="three images"), random_case(rng, (1, 4, 1, 6), note="H = 1")]


CHECKS = (
    Check(
        "global_avg_pool2d.values",
        "global_avg_pool2d",
        "one average per image and channel",
        ("x",),
        _values,
        _values_hidden,
        _reference,
        MISTAKES,
    ),
)

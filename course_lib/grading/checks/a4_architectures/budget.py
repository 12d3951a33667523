"""Checks of `budget()`: a network within a budget, judged by its accuracy on images that nobody has seen."""

from __future__ import annotations

import functools

from course_lib.grading.checks._traced.budgets import Budget
from course_lib.grading.checks._traced.graph import Refused

SHAPE, CLASSES = (3, 32, 32), 4
PARAMETERS, MULTIPLY_ADDS = 25_000, 3_000_000
IMAGES = 1000
VALIDATION = 1  # the seed of the images that the notebook shows
# Accuracy asked for, set by entries of our own: tests/grading/a4_entries.py measures them.
STEPS = {"step_1": 0.30, "step_2": 0.50, "step_3": 0.65, "step_4": 0.76}


@functools.lru_cache(maxsize=2)
def images(seed):
    """Images (N, 3, 32, 32) and labels (N,) of one seed: one shape on each."""
    from course_lib.datasets.drawing import scenes

    drawn = scenes(IMAGES, SHAPE[1:], seed=seed, max_objects=1, noise=0.2)
    return drawn.images, drawn.labels[:, 0]


def _accuracy(logits, seed):
    """The share of images of a seed that are named right."""
    if logits.shape[1] != CLASSES:
        raise Refused(f"the network gives {logits.shape[1]} logits, expected {CLASSES}")
    return float((logits.argmax(axis=1) == images(seed)[1]).mean())


def _poor(reached):
    """A remark on an accuracy that guessing gives."""
    chance = reached < 1.2 / CLASSES
    return "; that is chance: was the network trained, and was its best state saved?" if chance else ""


BUDGET = Budget(
    function="budget",
    shape=SHAPE,
    axes=2,
    numbers=PARAMETERS,
    multiply_adds=MULTIPLY_ADDS,
    measure="accuracy",
    images=lambda seed: images(seed)[0],
    quality=_accuracy,
    validation=VALIDATION,
    poor=_poor,
)
measure, accuracy = BUDGET.read, BUDGET.reached
CHECKS = BUDGET.checks(STEPS, lambda least: f"accuracy of {least:.0%} or more")

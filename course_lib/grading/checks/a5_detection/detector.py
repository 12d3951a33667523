"""Checks of `detector()`: a detector within a budget, judged by mAP on scenes that nobody has seen."""

from __future__ import annotations

import functools

import numpy as np

from course_lib.grading.checks._traced.budgets import Budget
from course_lib.grading.checks._traced.graph import Refused

SHAPE, CLASSES = (3, 64, 64), 4
GRID, SIDES = 8, (12.0, 17.0, 24.0)  # cells along an edge; sides of a cell's anchors, in pixels
CHANNELS = len(SIDES) * (1 + CLASSES + 4)
NUMBERS, MULTIPLY_ADDS = 60_000, 12_000_000
SCENES = 500
VALIDATION = 1  # the seed of the scenes that the notebook shows
LEAST_SCORE, DETECTIONS, SUPPRESS, IOU = 0.05, 100, 0.45, 0.5
FAR = 100.0  # offsets beyond it are no boxes
# Mean average precision asked for, set by entries of our own: tests/grading/a5_entries.py measures them.
STEPS = {"step_1": 0.20, "step_2": 0.45, "step_3": 0.65, "step_4": 0.90}


@functools.lru_cache(maxsize=2)
def scenes(seed):
    """Scenes of one seed."""
    from course_lib.datasets.drawing import scenes as draw

    return draw(SCENES, SHAPE[1:], seed=seed)


@functools.lru_cache(maxsize=1)
def anchors():
    """The grid's anchors (A, 4): cells row by row, then the sides."""
    from course_lib.boxes import anchor_boxes

    return anchor_boxes((GRID, GRID), SHAPE[1:], SIDES)


def detections(maps):
    """Boxes, scores and labels of each image in the network's maps (N, 27, 8, 8).

    Raises
    ------
    Refused
        If the maps are others, or hold NaN or infinity.
    """
    from course_lib.metrics import Detections

    if maps.shape[1:] != (CHANNELS, GRID, GRID):
        got = " x ".join(map(str, maps.shape[1:]))
        raise Refused(f"the network gives maps of {got}, expected {CHANNELS} x {GRID} x {GRID}")
    if not np.isfinite(maps).all():
        raise Refused("the network's answers hold NaN or infinity")
    rows = maps.transpose(0, 2, 3, 1).reshape(len(maps), -1, CHANNELS // len(SIDES))  # (N, A, 9)
    logits, offsets = rows[..., : 1 + CLASSES], rows[..., 1 + CLASSES :].clip(-FAR, FAR)
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))  # (N, A, 5)
    probability = odds / odds.sum(axis=-1, keepdims=True)  # (N, A, 5)
    return [Detections(*_of_image(p[:, 1:], o)) for p, o in zip(probability, offsets, strict=True)]


def _of_image(probability, offsets):
    """Decode the best of one image, clip them to it, and suppress class by class."""
    from course_lib.boxes import batched_nms, decode_offsets

    anchor, label = np.nonzero(probability >= LEAST_SCORE)  # (D,), (D,)
    scores = probability[anchor, label]  # (D,)
    best = np.argsort(-scores, kind="stable")[:DETECTIONS]
    anchor, label, scores = anchor[best], label[best], scores[best]
    boxes = decode_offsets(offsets[anchor], anchors()[anchor]).clip(0, SHAPE[1])  # (D, 4)
    keep = batched_nms(boxes, scores, label, SUPPRESS)  # (K,)
    return boxes[keep], scores[keep], label[keep]


def score(maps, drawn):
    """Mean average precision at IoU 0.5 of the maps (N, 27, 8, 8) of scenes, for the notebook as well."""
    from course_lib.metrics import Objects, mean_average_precision

    objects = [Objects(b[y >= 0], y[y >= 0]) for b, y in zip(drawn.boxes, drawn.labels, strict=True)]
    return mean_average_precision(detections(maps), objects, CLASSES, [IOU], DETECTIONS).mean


def _poor(reached):
    """A remark on a detector that finds nothing."""
    text = "; that is next to nothing: was it trained, and are its channels in the order of the text?"
    return text if reached < 0.02 else ""


BUDGET = Budget(
    function="detector",
    shape=SHAPE,
    axes=4,
    numbers=NUMBERS,
    multiply_adds=MULTIPLY_ADDS,
    measure="mAP",
    images=lambda seed: scenes(seed).images,
    quality=lambda maps, seed: score(maps, scenes(seed)),
    validation=VALIDATION,
    poor=_poor,
)
CHECKS = BUDGET.checks(STEPS, lambda least: f"mAP of {least:.2f} or more")

"""What goes into the metrics of detection and what comes out, image by image and class by class."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Detections(NamedTuple):
    """What a detector says of one image.

    Attributes
    ----------
    boxes : ndarray, shape (D, 4), floating
        Boxes ``xyxy``, in pixels.
    scores : ndarray, shape (D,), floating
        Confidence of each box.
    labels : ndarray, shape (D,), integer
        Class of each box.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray


class Objects(NamedTuple):
    """What there is on one image.

    Attributes
    ----------
    boxes : ndarray, shape (M, 4), floating
        Boxes ``xyxy``, in pixels.
    labels : ndarray, shape (M,), integer
        Class of each box.
    """

    boxes: np.ndarray
    labels: np.ndarray


class PrecisionRecall(NamedTuple):
    """A detector's trade-off between false alarms and misses, one entry per detection, best score first.

    Attributes
    ----------
    precision : ndarray, shape (D,), float64
        Share of the detections so far that are right.
    recall : ndarray, shape (D,), float64
        Share of the objects found so far; NaN where there is no object.
    scores : ndarray, shape (D,), float64
        Score at which each point is reached.
    """

    precision: np.ndarray
    recall: np.ndarray
    scores: np.ndarray


class MeanAveragePrecision(NamedTuple):
    """Average precision over classes and thresholds.

    Attributes
    ----------
    mean : float
        Over all thresholds and all classes that occur; NaN if none does.
    table : ndarray, shape (thresholds, classes), float64
        One average precision each; NaN for a class without objects.
    """

    mean: float
    table: np.ndarray

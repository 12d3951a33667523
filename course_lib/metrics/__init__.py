"""How good predictions are: accuracy, average precision, overlap of masks."""

from course_lib.metrics.classification import accuracy
from course_lib.metrics.detection import (
    COCO_IOU_THRESHOLDS,
    average_precision,
    match_detections,
    mean_average_precision,
    precision_recall,
)
from course_lib.metrics.masks import dice, intersection_over_union
from course_lib.metrics.records import Detections, MeanAveragePrecision, Objects, PrecisionRecall

__all__ = [
    "COCO_IOU_THRESHOLDS",
    "Detections",
    "MeanAveragePrecision",
    "Objects",
    "PrecisionRecall",
    "accuracy",
    "average_precision",
    "dice",
    "intersection_over_union",
    "match_detections",
    "mean_average_precision",
    "precision_recall",
]

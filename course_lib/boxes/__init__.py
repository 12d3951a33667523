"""Bounding boxes in NumPy: overlap, anchors, matching, offsets, suppression.

Boxes are rows ``(x1, y1, x2, y2)`` in pixels, x to the right, y down, the far edges exclusive: a box of one
pixel has ``x2 - x1 == 1``. Coordinates are floating and keep their dtype.
"""

from course_lib.boxes.anchors import (
    OFFSET_STD,
    anchor_boxes,
    decode_offsets,
    encode_offsets,
    match_anchors,
)
from course_lib.boxes.geometry import box_area, box_convert, box_iou
from course_lib.boxes.suppression import batched_nms, nms

__all__ = [
    "OFFSET_STD",
    "anchor_boxes",
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "decode_offsets",
    "encode_offsets",
    "match_anchors",
    "nms",
]

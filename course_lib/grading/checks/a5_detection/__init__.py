"""Checks of assignment a5: boxes, matching, suppression, average precision, planted bugs, a detector."""

from dataclasses import replace

from course_lib.grading.checks.a5_detection import (
    decoding,
    detector,
    encoding,
    expose,
    hits,
    matching,
    overlap,
    per_class,
    precision,
    suppression,
)

# In the order of the notebook.
_ALL = (
    *overlap.CHECKS,
    *suppression.CHECKS,
    *per_class.CHECKS,
    *matching.CHECKS,
    *encoding.CHECKS,
    *decoding.CHECKS,
    *hits.CHECKS,
    *precision.CHECKS,
    *expose.CHECKS,
    *detector.CHECKS,
)
# What the student writes, by the function of a locked cell that runs it.
_SOLUTIONS = {
    "encode_shift": "encode",
    "encode_size": "encode",
    "decode_centre": "decode",
    "decode_size": "decode",
    "detector": "make_network",
}
# No hint states a wrong cause: it is given where it explains every answer.
CHECKS = tuple(replace(check, sure=True, solution=_SOLUTIONS.get(check.function, "")) for check in _ALL)

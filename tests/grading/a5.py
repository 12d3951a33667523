"""Assignment a5 as its tests need it."""

from bench import Assignment

ASSIGNMENT = Assignment(
    "a5_detection",
    {"encode": ("encode_shift", "encode_size"), "decode": ("decode_centre", "decode_size")},
)
NAME, NOTEBOOK, WEIGHTS = ASSIGNMENT.name, ASSIGNMENT.notebook, ASSIGNMENT.weights
CHECKS, cells, namespace = ASSIGNMENT.checks, ASSIGNMENT.cells, ASSIGNMENT.namespace

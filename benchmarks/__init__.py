"""Measurements of course_lib against what a reader would otherwise use: ``python -m benchmarks [SUITE ...]``.

A suite is a module with a function ``measure(repeats)`` that returns tables (see :mod:`benchmarks._harness`);
to add one, write the module and name it in `SUITES`. Each run writes ``results/SUITE.json``, which the book
renders, so the numbers on its page are the numbers of a run.
"""

#: What ``python -m benchmarks`` runs, in this order: the suite's name and its module.
SUITES = {
    "conv": "benchmarks.conv",
    "pooling": "benchmarks.pooling",
    "batch_norm": "benchmarks.batch_norm",
    "lenet": "benchmarks.lenet_epoch",
    "boxes": "benchmarks.boxes",
    "import": "benchmarks.import_time",
    "autograder": "benchmarks.autograder",
}

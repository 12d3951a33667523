"""Assignment a4 as its tests need it: the notebook's own helpers around a solution of a bank."""

import dataclasses
import json

import bank
import forge

from course_lib.grading.checks import load
from course_lib.grading.engine import run

NAME = "a4_architectures"
NOTEBOOK = forge.ROOT / "assignments" / "source" / NAME / f"{NAME}.ipynb"
WEIGHTS = forge.ROOT / "tests" / "grading" / "weights" / f"{NAME}.npz"
CHECKS = load(NAME)
# What the student writes, and the functions of locked cells that run it for the checks.
RUNNERS = {
    "VGGBlock": ("run_vgg_block",),
    "VGG": ("run_vgg",),
    "InceptionBlock": ("count_inception", "run_inception"),
    "ResidualBlock": ("count_residual", "run_residual"),
    "to_convolution": ("converted", "run_converted"),
}
SEEDS = range(20)


def cells():
    """Id, kind ("locked", "solution", "graded" or "own") and source of every code cell of the source notebook."""
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        settings = cell["metadata"].get("nbgrader", {})
        kind = "graded" if settings.get("grade") else "solution" if settings.get("solution") else "locked"
        if cell["cell_type"] == "code":
            yield settings.get("grade_id", ""), kind if settings else "own", "".join(cell["source"])


def namespace():
    """The names of a kernel in which all cells but the graded ones have run; its functions look names up in it."""
    scope = {}
    for _, kind, source in cells():
        if kind != "graded":
            exec(source, scope)
    return scope


class Bench:
    """Puts solutions in the place of the notebook's, one after the other."""

    def __init__(self):
        self.scope = namespace()

    def functions(self, exercise):
        """The functions under test of an exercise."""
        return RUNNERS.get(exercise, (exercise,))

    def checks(self, exercise):
        """Its checks."""
        return [check for check in CHECKS.values() if check.function in self.functions(exercise)]

    def function(self, solution, check):
        """The function that the check calls when the student wrote this solution."""
        if solution.exercise not in RUNNERS:
            return solution.function
        self.scope[solution.exercise] = solution.function
        return self.scope[check.function]


def verdict(check, function, seed=None):
    """One verdict; what the solution prints and warns vanishes."""
    with bank._quiet():
        return run(check, function, hidden=seed is not None, rng_seed=seed)


def without_hints(check):
    """The same check, quicker: known mistakes are not tried."""
    return dataclasses.replace(check, mistakes={})

"""Assignments whose notebook's own helpers run a solution of their bank: what the tests of such banks share."""

import dataclasses
import json

import bank
import forge

from course_lib.grading.checks import load
from course_lib.grading.engine import run

SEEDS = range(20)


class Assignment:
    """An assignment by name; ``runners`` are the functions of locked cells that run what a student writes."""

    def __init__(self, name, runners):
        self.name, self.runners = name, runners
        self.notebook = forge.ROOT / "assignments" / "source" / name / f"{name}.ipynb"
        self.weights = forge.ROOT / "tests" / "grading" / "weights" / f"{name}.npz"
        self.checks = load(name)
        self.solutions = bank.load(name[:2])

    def cells(self):
        """Id, kind ("locked", "solution", "graded" or "own") and source of every code cell of the source notebook."""
        for cell in json.loads(self.notebook.read_text(encoding="utf-8"))["cells"]:
            settings = cell["metadata"].get("nbgrader", {})
            kind = "graded" if settings.get("grade") else "solution" if settings.get("solution") else "locked"
            if cell["cell_type"] == "code":
                yield settings.get("grade_id", ""), kind if settings else "own", "".join(cell["source"])

    def namespace(self):
        """The names of a kernel in which all cells but the graded ones have run; its functions look names up in it."""
        scope = {}
        for _, kind, source in self.cells():
            if kind != "graded":
                exec(source, scope)
        return scope

    def of(self, exercise, right):
        """Solutions of an exercise."""
        return [s for s in self.solutions if s.exercise == exercise and (s.fails is None) == right]

    @property
    def exercises(self):
        """What the bank holds solutions of."""
        return sorted({s.exercise for s in self.solutions})

    def functions(self, exercise):
        """The functions under test of an exercise."""
        return self.runners.get(exercise, (exercise,))


class Bench:
    """Puts solutions in the place of the notebook's, one after the other."""

    def __init__(self, assignment):
        self.assignment, self.scope = assignment, assignment.namespace()

    def checks(self, exercise):
        """Its checks."""
        functions = self.assignment.functions(exercise)
        return [check for check in self.assignment.checks.values() if check.function in functions]

    def function(self, solution, check):
        """The function that the check calls when the student wrote this solution."""
        if solution.exercise not in self.assignment.runners:
            return solution.function
        self.scope[solution.exercise] = solution.function
        return self.scope[check.function]

    def failed(self, exercise, name):
        """The checks that a solution of the bank loses."""
        (solution,) = [s for s in self.assignment.solutions if (s.exercise, s.name) == (exercise, name)]
        lost = set()
        for check in self.checks(exercise):
            function = self.function(solution, check)
            if not all(verdict(without_hints(check), function, seed).passed for seed in (None, 0)):
                lost.add(check.name)
        return lost


def verdict(check, function, seed=None):
    """One verdict; what the solution prints and warns vanishes."""
    with bank._quiet():
        return run(check, function, hidden=seed is not None, rng_seed=seed)


def without_hints(check):
    """The same check, quicker: known mistakes are not tried."""
    return dataclasses.replace(check, mistakes={})

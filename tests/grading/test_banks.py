"""Every wrong solution fails on the check that names its mistake; every right one gets full marks."""

from collections import Counter
from typing import NamedTuple

import bank
import pytest

from course_lib.grading.checks import load


class Bank(NamedTuple):
    """An assignment, its bank's folder, and the gap that its tolerances must lie in, in units of the tolerance."""

    assignment: str
    folder: str
    worst_right: float
    weakest_wrong: float


BANKS = [
    Bank("a1_convolution", "a1", worst_right=0.3, weakest_wrong=30),
    Bank("a2_pooling", "a2", worst_right=0.1, weakest_wrong=100),
    Bank("a3_backpropagation", "a3", worst_right=0.1, weakest_wrong=100),
]
SOLUTIONS = {b.assignment: bank.load(b.folder) for b in BANKS}
CHECKS = {b.assignment: list(load(b.assignment).values()) for b in BANKS}
EVERY_BANK = pytest.mark.parametrize("entry", BANKS, ids=lambda entry: entry.folder)


def solutions(right):
    """Each right, or each wrong, solution of every bank with the checks of its exercise."""
    for assignment, found in SOLUTIONS.items():
        for solution in found:
            if (solution.fails is None) == right:
                checks = [check for check in CHECKS[assignment] if check.function == solution.exercise]
                yield pytest.param(solution, checks, id=f"{assignment[:2]}-{solution}")


@pytest.mark.parametrize(("solution", "checks"), list(solutions(right=True)))
def test_right_solution_gets_full_marks(solution, checks):
    bank.assert_full_marks(solution, checks)


@pytest.mark.parametrize(("solution", "checks"), list(solutions(right=False)))
def test_wrong_solution_fails_where_it_should_and_says_why(solution, checks):
    bank.assert_fails_as_declared(solution, checks)


@EVERY_BANK
def test_bank_is_large_enough(entry):
    for exercise in {check.function for check in CHECKS[entry.assignment]}:
        count = Counter(s.fails is None for s in SOLUTIONS[entry.assignment] if s.exercise == exercise)
        assert count[True] >= 3, exercise
        assert count[False] >= 8, exercise


@EVERY_BANK
def test_every_check_catches_something(entry):
    wrong = {s.fails for s in SOLUTIONS[entry.assignment]} - {None}
    assert {check.name for check in CHECKS[entry.assignment]} == wrong


@EVERY_BANK
def test_tolerances_lie_between_right_and_wrong(entry):
    worst_right, weakest_wrong = bank.tolerance_gap(SOLUTIONS[entry.assignment], CHECKS[entry.assignment])
    assert worst_right < entry.worst_right, worst_right
    assert weakest_wrong > entry.weakest_wrong, weakest_wrong


def test_source_of_a_solution_stands_alone():
    solution = next(s for s in SOLUTIONS["a1_convolution"] if s.name == "everything_in_float64")
    names = {}
    exec("import numpy as np\n" + solution.source, names)
    assert "everything_in_float64" not in names
    assert names["conv2d"].__name__ == "conv2d" == solution.exercise

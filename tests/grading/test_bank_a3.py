"""Assignment a3: every wrong solution fails on the check that names its mistake, every right one gets full marks."""

from collections import Counter

import bank
import pytest

from course_lib.grading.checks import load

SOLUTIONS = bank.load("a3")
CHECKS = load("a3_backpropagation").values()
RIGHT = [s for s in SOLUTIONS if s.fails is None]
WRONG = [s for s in SOLUTIONS if s.fails is not None]


def _checks_of(solution):
    return [check for check in CHECKS if check.function == solution.exercise]


@pytest.mark.parametrize("solution", RIGHT, ids=str)
def test_right_solution_gets_full_marks(solution):
    bank.assert_full_marks(solution, _checks_of(solution))


@pytest.mark.parametrize("solution", WRONG, ids=str)
def test_wrong_solution_fails_where_it_should_and_says_why(solution):
    bank.assert_fails_as_declared(solution, _checks_of(solution))


@pytest.mark.parametrize("exercise", sorted({check.function for check in CHECKS}))
def test_bank_is_large_enough(exercise):
    count = Counter(s.fails is None for s in SOLUTIONS if s.exercise == exercise)
    assert count[True] >= 3
    assert count[False] >= 8


def test_every_check_catches_something():
    assert {check.name for check in CHECKS} == {s.fails for s in WRONG}


def test_tolerances_lie_between_right_and_wrong():
    worst_right, weakest_wrong = bank.tolerance_gap(SOLUTIONS, CHECKS)
    assert worst_right < 0.1, worst_right
    assert weakest_wrong > 100, weakest_wrong

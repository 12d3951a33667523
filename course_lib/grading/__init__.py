"""Checks for the assignments, and the autograder.

In a notebook one line runs a check: ``check(conv2d, "conv2d.strides")``. The autograder reads that line, runs
the same check from outside the student's kernel, and decides the score by itself.
"""

from collections.abc import Callable
from typing import Any

from course_lib.grading.calls import CheckCall, parse_check_calls
from course_lib.grading.engine import CallFailed, Case, Check, CheckFailed, InputChanged, Shape, Verdict, run

__all__ = [
    "CallFailed",
    "Case",
    "Check",
    "CheckCall",
    "CheckFailed",
    "InputChanged",
    "Shape",
    "Verdict",
    "check",
    "parse_check_calls",
    "run",
]


def check(function: Callable[..., Any], name: str, *, hidden: bool = False) -> None:
    """Run a named check on your function and say how it went.

    Parameters
    ----------
    function : callable
        The function you wrote.
    name : str
        The check's name, which begins with the function's, e.g. ``"conv2d.strides"``.
    hidden : bool, default False
        Run random cases in place of the worked ones. Their seed is fresh in every run and printed; the
        environment's ``COURSE_GRADING_SEED`` repeats one.

    Raises
    ------
    CheckFailed
        If an answer is wrong. The message says what to look at.
    KeyError
        If no assignment has a check of that name.

    Examples
    --------
    >>> check(lambda size, kernel_size: size - kernel_size + 1, "output_size.plain")
    output_size.plain: passed (3 cases)
    """
    __tracebackhide__ = True
    from course_lib.grading.checks import find

    verdict = run(find(name), function, hidden=hidden)
    if not verdict.passed:
        raise CheckFailed(verdict) from None
    print(verdict.message)

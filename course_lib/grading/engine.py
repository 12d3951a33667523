"""Run a check on a function.

A check calls one function on a few inputs and compares what comes back with what is expected. It does
nothing else, so that the function may live anywhere: in the same kernel while a student works, or behind a
proxy that sends the inputs to a jailed process while a submission is graded. Such a proxy is any callable
that takes the case's arguments and returns what the student's function returned; it reports a call that could
not be finished by raising `CallFailed`, and an input that was changed on the far side by raising
`InputChanged`.
"""

from __future__ import annotations

import os
import secrets
import sysconfig
import traceback
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.grading.compare import ANYTHING, Difference, compare, matches
from course_lib.grading.contract import (
    REFERENCE,
    CallFailed,
    Case,
    Check,
    CheckFailed,
    InputChanged,
    Shape,
    Verdict,
)
from course_lib.grading.messages import describe_call, failure_message

__all__ = [
    "REFERENCE",
    "CallFailed",
    "Case",
    "Check",
    "CheckFailed",
    "InputChanged",
    "Shape",
    "Verdict",
    "expected_of",
    "run",
]

SEED_VARIABLE = "COURSE_GRADING_SEED"
# Where a student's mistake never is: the line to show is theirs, not that of the NumPy function they called.
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))


@dataclass(frozen=True)
class _Problem:
    status: str
    aspect: str
    message: str  # for a visible case
    public: str  # for a hidden case
    got: Any = None
    returned: bool = False


def run(
    check: Check, function: Callable[..., Any], *, hidden: bool = False, rng_seed: int | None = None
) -> Verdict:
    """Run one check on a function, in process or behind a proxy.

    Parameters
    ----------
    check : Check
        What to test.
    function : callable
        The student's function, or a proxy for it.
    hidden : bool, default False
        Run the random cases in place of the teaching ones.
    rng_seed : int, optional
        Seed of the random cases. Without it the environment's ``COURSE_GRADING_SEED`` is used, and without
        that a fresh one is drawn; the verdict says which.

    Returns
    -------
    Verdict
        Whatever the function does, short of ending the process.

    Raises
    ------
    ValueError
        If the check has no cases: nothing tested must never count as passed.
    """
    seed = _seed(rng_seed) if hidden else None
    cases = (
        check.hidden(np.random.default_rng([seed, zlib.crc32((check.stream or check.name).encode())]))
        if hidden
        else check.visible()
    )
    if not cases:
        raise ValueError(f"run: expected {check.name} to have at least one case, got none")
    for number, case in enumerate(cases):
        problem = _try(check, function, case)
        if problem:
            hint = _hint(check, function, cases, number, problem) if problem.returned else ""
            which = f"a hidden case, seed {seed}" if hidden else f"case {number + 1} of {len(cases)}"
            message = _message(check, case, problem, hint, which, hidden)
            return Verdict(
                check.name, problem.status, message, hint, hidden, len(cases), seed, problem.aspect, case.note
            )
    plural = "case" if len(cases) == 1 else "cases"
    what = f"{len(cases)} hidden {plural}, seed {seed}" if hidden else f"{len(cases)} {plural}"
    return Verdict(check.name, "passed", f"{check.name}: passed ({what})", "", hidden, len(cases), seed)


def expected_of(check: Check, case: Case) -> Any:
    """The right answer of a case: worked by hand where it carries one, else the reference's."""
    return (
        check.reference(*_copy(case.args), **_copy(case.kwargs))
        if case.expected is REFERENCE
        else case.expected
    )


def _seed(given: int | None) -> int:
    if given is not None:
        return given
    text = os.environ.get(SEED_VARIABLE, "")
    if not text:
        return secrets.randbits(32)
    if not text.isdecimal():
        raise ValueError(f"run: expected {SEED_VARIABLE} to be a whole number, got {text!r}")
    return int(text)


def _try(check: Check, function: Callable[..., Any], case: Case) -> _Problem | None:
    """Call the function once; None when its answer is right."""
    args, kwargs = _copy(case.args), _copy(case.kwargs)
    try:
        got = function(*args, **kwargs)
    except InputChanged as error:
        return _input_changed(check, error.which)
    except (Exception, SystemExit) as error:
        return _exception(check, error)
    for which, before, after in [
        *((i, b, a) for i, (b, a) in enumerate(zip(case.args, args, strict=True))),
        *((key, case.kwargs[key], kwargs[key]) for key in case.kwargs),
    ]:
        if not _unchanged(before, after):
            return _input_changed(check, which)
    difference = _judge(check, case, got)
    if difference is None:
        return None
    return _Problem("failed", difference.aspect, difference.message, difference.public, got, True)


def _judge(check: Check, case: Case, got: Any) -> Difference | None:
    if check.judge:
        return check.judge(case, got)
    options = {"exact_dtype": check.exact_dtype, "parts": check.parts}
    return compare(expected_of(check, case), got, rtol=check.rtol, atol=check.atol, **options)


def _exception(check: Check, error: BaseException) -> _Problem:
    if isinstance(error, CallFailed):
        return _Problem(error.status, error.status, error.message, error.message)
    if isinstance(error, NotImplementedError):
        text = f"{check.solution or check.function} is not written yet (it raises NotImplementedError)"
        return _Problem("failed", "unwritten", text, text)
    name = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the engine's own call
    frames = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)] or frames
    where = f"\n    in line {frames[-1].lineno} of {frames[-1].name}: {frames[-1].line}" if frames else ""
    text = f"{check.function} raised {name}"
    return _Problem("crashed", "exception", f"{text}: {error}{where}", f"{text}.")


def _input_changed(check: Check, which: int | str) -> _Problem:
    if isinstance(which, int):
        which = check.parameters[which] if which < len(check.parameters) else f"number {which + 1}"
    text = f"your function changed its input {which}; work on a copy (np.pad and x.copy() return new arrays)"
    return _Problem("failed", "input", text, text)


def _hint(
    check: Check, function: Callable[..., Any], cases: Sequence[Case], first: int, problem: _Problem
) -> str:
    """The hint of the known mistake whose answer equals the student's.

    Where several fit the first failing case, the one that fits every other case as well is preferred: those
    that follow, and those before it, where the student's answer was right. Where none fits and the check
    looks at one part of the answer, the only mistake that fits this part in all cases is named: the other
    parts may be wrong in another way.
    """
    if not check.mistakes:
        return ""
    expected = expected_of(check, cases[first]) if check.parts else None
    in_part = isinstance(expected, tuple) and any(part is ANYTHING for part in expected)
    for partly in (False, True) if in_part else (False,):
        certain = check.sure or partly
        candidates = [
            hint for hint in check.mistakes if _fits(check, hint, cases[first], problem.got, partly=partly)
        ]
        if len(candidates) >= (1 if certain else 2):
            candidates = _narrowed(check, function, (*cases[first + 1 :], *cases[:first]), candidates, partly)
        if candidates and not (partly and len(candidates) > 1):
            return candidates[0]
    return ""


def _narrowed(
    check: Check, function: Callable[..., Any], cases: Sequence[Case], candidates: list[str], partly: bool
) -> list[str]:
    """The candidates that fit the student's answers to the other cases too."""
    for case in cases:
        try:
            got = function(*_copy(case.args), **_copy(case.kwargs))
        except (Exception, SystemExit):
            break
        narrowed = [
            hint for hint in candidates if _fits(check, hint, case, got, differs=False, partly=partly)
        ]
        candidates = narrowed if check.sure or partly else narrowed or candidates
    return candidates


def _fits(
    check: Check, hint: str, case: Case, got: Any, *, differs: bool = True, partly: bool = False
) -> bool:
    """Whether a mistake gives this answer, and (``differs``) one that is not the right answer too.

    ``partly``: in the parts of the answer that the check looks at.
    """
    tolerances = {"rtol": check.rtol, "atol": check.atol}
    try:
        with np.errstate(all="ignore"):
            wrong = check.mistakes[hint](*_copy(case.args), **_copy(case.kwargs))
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return False  # the mistake has no answer to this case
    if isinstance(wrong, Shape):
        return np.shape(got) == wrong and np.shape(expected_of(check, case)) != wrong
    if partly:
        expected = expected_of(check, case)
        if not isinstance(wrong, tuple) or len(wrong) != len(expected):
            return False
        wrong = tuple(e if e is ANYTHING else w for e, w in zip(expected, wrong, strict=True))
    if not matches(wrong, got, **tolerances):
        return False
    # A mistake that makes no difference to this case is none; the answer is wrong in another way.
    return not differs or not matches(expected_of(check, case), wrong, **tolerances)


def _message(check: Check, case: Case, problem: _Problem, hint: str, which: str, hidden: bool) -> str:
    title = f"{check.name}: {problem.status} on {which}" + (f" ({case.note})" if case.note else "")
    if hidden:
        return failure_message(title, problem.public, hint=hint)
    call = describe_call(check.function, check.parameters, case.args, case.kwargs)
    return failure_message(title, problem.message, call=call, explain=case.explain, hint=hint)


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    if isinstance(value, tuple | list):
        return type(value)(_copy(v) for v in value)
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return value


def _unchanged(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            before.shape == after.shape
            and before.dtype == after.dtype
            and before.tobytes() == after.tobytes()
        )
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    return before is after or before == after

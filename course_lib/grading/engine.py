"""What a check is, and how one is run.

A check calls one function on a few inputs and compares what comes back with what is expected. It does nothing
else, so that the function may live anywhere: in the same kernel while a student works, or behind a proxy that
sends the inputs to a jailed process while a submission is graded. Such a proxy is any callable that takes the
case's arguments and returns what the student's function returned; it reports a call that could not be finished
by raising `CallFailed`, and an input that was changed on the far side by raising `InputChanged`.
"""

from __future__ import annotations

import os
import secrets
import traceback
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.grading.compare import compare, matches
from course_lib.grading.messages import describe_call, failure_message

SEED_VARIABLE = "COURSE_GRADING_SEED"


class _Reference:
    def __repr__(self) -> str:
        return "REFERENCE"


REFERENCE = _Reference()  # "ask the check's reference", since None can be an expected value


@dataclass(frozen=True)
class Case:
    """One call of the function under test.

    Attributes
    ----------
    args, kwargs : tuple, dict
        NumPy arrays, ints, floats, bools, strings, None, and tuples or lists of these.
    note : str
        What kind of case this is, e.g. ``"stride 3 down and 2 across"``. It is shown for hidden cases too.
    expected : object
        The answer worked by hand; left out, the check's reference computes it.
    explain : str
        For a visible case, a sentence that shows how one number of the answer comes about.
    """

    args: tuple
    kwargs: dict = field(default_factory=dict)
    note: str = ""
    expected: Any = REFERENCE
    explain: str = ""


@dataclass(frozen=True)
class Check:
    """A named test of one function.

    Attributes
    ----------
    name, function : str
        The check's name, ``"conv2d.strides"``, and the function's, with which it begins.
    about : str
        What is tested, in a few words that feedback may print.
    parameters : tuple of str
        Names of the function's parameters in order, for the messages.
    visible : callable () -> list of Case
        The teaching cases.
    hidden : callable (rng) -> list of Case
        Random cases.
    reference : callable
        The right answer for the arguments of a case.
    mistakes : mapping from str to callable
        A hint, and the function whose (wrong) answer earns it.
    rtol, atol : float
        Tolerances, see `course_lib.grading.compare.compare`.
    exact_dtype : bool
        Demand the reference's dtype itself.
    parts : tuple of str
        Names of the parts of a tuple result.
    """

    name: str
    function: str
    about: str
    parameters: tuple[str, ...]
    visible: Callable[[], list[Case]]
    hidden: Callable[[np.random.Generator], list[Case]]
    reference: Callable[..., Any]
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    rtol: float = 1e-6
    atol: float = 1e-7
    exact_dtype: bool = False
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.startswith(f"{self.function}."):
            raise ValueError(f"Check: expected a name that begins with '{self.function}.', got {self.name!r}")


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes
    ----------
    check : str
        The check's name.
    status : str
        ``"passed"``, ``"failed"`` or ``"crashed"``, or what a proxy's `CallFailed` says, e.g. ``"timeout"``.
    message, hint : str
        For the student; the hint is empty unless the answer equals that of a known mistake.
    hidden : bool
        Whether the hidden cases ran; then neither inputs nor expected values stand in the message.
    cases : int
        How many cases the check has.
    seed : int or None
        The seed of the hidden cases; the same seed repeats them.
    aspect : str
        What was wrong: type, shape, dtype, values, input, unwritten, exception; empty when passed.
    note : str
        The kind of the failing case.
    """

    check: str
    status: str
    message: str
    hint: str = ""
    hidden: bool = False
    cases: int = 0
    seed: int | None = None
    aspect: str = ""
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether every case agreed."""
        return self.status == "passed"

    @property
    def signature(self) -> str:
        """Equal for submissions that fail alike, to group the commonest wrong answers."""
        return ": ".join(part for part in (self.check, self.aspect or self.status, self.hint) if part)


class Shape(tuple):
    """What a known mistake returns when only the shape of its answer is known: ``Shape((2, 3))``."""


class CheckFailed(AssertionError):  # noqa: N818 - reads as what happened
    """A check that did not pass; carries its `Verdict` as ``verdict``."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


class CallFailed(Exception):  # noqa: N818
    """Raised by a proxy whose call did not return: ``status`` names the verdict, ``message`` the reason."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class InputChanged(Exception):  # noqa: N818
    """Raised by a proxy when the far side's function changed its input number ``which`` (or of that name)."""

    def __init__(self, which: int | str) -> None:
        super().__init__(which)
        self.which = which


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
        Seed of the random cases. Without it the environment's ``COURSE_GRADING_SEED`` is used, and without that
        a fresh one is drawn; the verdict says which.

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
        check.hidden(np.random.default_rng([seed, zlib.crc32(check.name.encode())]))
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
    expected = expected_of(check, case)
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
    difference = compare(
        expected, got, rtol=check.rtol, atol=check.atol, exact_dtype=check.exact_dtype, parts=check.parts
    )
    if difference is None:
        return None
    return _Problem("failed", difference.aspect, difference.message, difference.public, got, True)


def _exception(check: Check, error: BaseException) -> _Problem:
    if isinstance(error, CallFailed):
        return _Problem(error.status, error.status, error.message, error.message)
    if isinstance(error, NotImplementedError):
        text = f"{check.function} is not written yet (it raises NotImplementedError)"
        return _Problem("failed", "unwritten", text, text)
    name = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the engine's own call
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

    Where several fit the first failing case, the one that fits every other case as well is preferred.
    """
    candidates = [hint for hint in check.mistakes if _fits(check, hint, cases[first], problem.got)]
    if len(candidates) < 2:
        return candidates[0] if candidates else ""
    for case in cases[first + 1 :]:
        try:
            got = function(*_copy(case.args), **_copy(case.kwargs))
        except (Exception, SystemExit):
            break
        narrowed = [hint for hint in candidates if _fits(check, hint, case, got, differs=False)]
        candidates = narrowed or candidates
    return candidates[0]


def _fits(check: Check, hint: str, case: Case, got: Any, differs: bool = True) -> bool:
    """Whether a mistake gives this answer, and (``differs``) one that is not the right answer too."""
    tolerances = {"rtol": check.rtol, "atol": check.atol}
    try:
        with np.errstate(all="ignore"):
            wrong = check.mistakes[hint](*_copy(case.args), **_copy(case.kwargs))
    except (ValueError, IndexError, TypeError, ZeroDivisionError):
        return False  # the mistake has no answer to this case
    if isinstance(wrong, Shape):
        return np.shape(got) == wrong and np.shape(expected_of(check, case)) != wrong
    if not matches(wrong, got, **tolerances):
        return False
    # A wrong answer that equals the right one in value can still be of the wrong dtype, e.g. truncated.
    return not differs or not matches(expected_of(check, case), got, **tolerances)


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

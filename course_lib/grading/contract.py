"""What a check is, and what comes of one: the words in which the engine, the checks and a proxy speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.grading.compare import Difference


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
    judge : callable (case, got) -> Difference or None, optional
        Decides in place of the comparison with the reference, for answers that are right in many ways.
    sure : bool
        Give a hint only where its mistake gives the student's answer to every case.
    stream : str
        Checks that name the same stream get the same random numbers; by default each has its own.
    solution : str
        What the student writes, where the function is one of the notebook's that runs it.
    """

    name: str
    function: str
    about: str
    parameters: tuple[str, ...]
    visible: Callable[[], list[Case]]
    hidden: Callable[[np.random.Generator], list[Case]]
    reference: Callable[..., Any] | None = None
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    rtol: float = 1e-5
    atol: float = 1e-5
    exact_dtype: bool = False
    parts: tuple[str, ...] = ()
    judge: Callable[[Case, Any], Difference | None] | None = None
    sure: bool = False
    stream: str = ""
    solution: str = ""

    def __post_init__(self) -> None:
        if (self.reference is None) == (self.judge is None):
            raise ValueError(f"Check: expected {self.name} to have either a reference or a judge")
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

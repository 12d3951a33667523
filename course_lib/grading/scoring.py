"""Score a rebuilt submission from outside: the one place where points are given."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from course_lib.grading import checks, jail
from course_lib.grading.engine import CallFailed, Check, Verdict, run
from course_lib.grading.jail import JailError
from course_lib.grading.limits import Limits
from course_lib.grading.proxy import Worker
from course_lib.grading.rubric import Rubric, RubricCell
from course_lib.grading.submission import Submission, code_cells

TORCH_MEMORY_MB = 6144  # address space that PyTorch needs merely to load its libraries
STATUSES = ("passed", "failed", "timeout", "memory", "crashed", "manual", "unreadable")


@dataclass
class CellScore:
    """The verdict on one graded cell.

    Attributes
    ----------
    id : str
        nbgrader's id of the cell.
    score, max_score : float
        Points.
    status : str
        One of `STATUSES`.
    message : str
        For the student.
    flagged : bool
        Whether a person should look at it.
    checks : list of dict
        The verdicts of the checks that ran: check, status, message, hint, hidden, aspect, signature.
    """

    id: str
    score: float
    max_score: float
    status: str
    message: str
    flagged: bool = False
    checks: list[dict] = field(default_factory=list)

    def as_json(self) -> dict:
        """The five fields that `course check --json` prints."""
        names = ("id", "score", "max_score", "status", "message")
        return {name: getattr(self, name) for name in names}

    def as_dict(self) -> dict:
        """Everything, for storing."""
        return asdict(self)


@dataclass
class Report:
    """The result of grading one submission.

    Attributes
    ----------
    assignment : str
        Its name.
    cells : list of CellScore
        Every cell with points, in order.
    seed : int
        Seed of the hidden cases; the same seed gives the same cases.
    status : str
        ``"graded"``, or why nothing was: ``"unreadable"``, ``"timeout"``, ``"memory"``, ``"crashed"``.
    message : str
        The reason, when it was not graded.
    notes : list of str
        What was put right in the notebook, for the person who reviews.
    outputs : dict from str to list
        What each executed cell printed, by the index of the cell.
    seconds : float
        Time it took.
    retry : bool
        Whether the grader failed and not the submission, so that the next run should try again.
    """

    assignment: str
    cells: list[CellScore]
    seed: int
    status: str = "graded"
    message: str = ""
    notes: list[str] = field(default_factory=list)
    outputs: dict[str, list] = field(default_factory=dict)
    seconds: float = 0.0
    retry: bool = False

    @property
    def score(self) -> float:
        """Points given by checks."""
        return sum((cell.score for cell in self.cells if cell.status != "manual"), 0.0)

    @property
    def max_score(self) -> float:
        """Points that checks can give."""
        return sum((cell.max_score for cell in self.cells if cell.status != "manual"), 0.0)

    def as_json(self) -> dict:
        """What `course check --json` prints; ``status`` and ``message`` only when it was not graded."""
        answer: dict[str, Any] = {"assignment": self.assignment}
        if self.status != "graded":
            answer |= {"status": self.status, "message": self.message}
        answer |= {"score": self.score, "max_score": self.max_score}
        return answer | {"cells": [cell.as_json() for cell in self.cells]}

    def as_dict(self) -> dict:
        """Everything, for storing."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict) -> Report:
        """The report that `as_dict` stored."""
        return cls(**{**stored, "cells": [CellScore(**cell) for cell in stored["cells"]]})


def score(
    submission: Submission,
    rubric: Rubric,
    *,
    seed: int | None = None,
    limits: Limits | None = None,
    unsafe: bool = False,
) -> Report:
    """Grade one submission. Whatever it does, a report comes back.

    Parameters
    ----------
    submission : Submission
        From `course_lib.grading.submission.load`.
    rubric : Rubric
        The assignment.
    seed : int, optional
        Seed of the hidden cases; drawn anew without it.
    limits : Limits, optional
        What the submission may use.
    unsafe : bool, default False
        Run without a jail.

    Returns
    -------
    Report
        One `CellScore` for every cell with points.
    """
    seed = secrets.randbits(32) if seed is None else seed
    began = time.monotonic()
    if submission.problem:
        return failed(rubric, seed, "unreadable", submission.problem)
    cells = code_cells(submission.notebook)
    named = [(_name(i, cell), cell.source) for i, cell in cells]
    libraries, limits = jail.NUMPY + jail.PLOTTING, limits or Limits()
    if rubric.uses_torch:
        libraries += jail.TORCH
        limits = replace(limits, memory_mb=max(limits.memory_mb, TORCH_MEMORY_MB))
    files = {} if submission.file is None else {rubric.file: submission.file}
    with Worker(named, limits=limits, libraries=libraries, unsafe=unsafe, files=files) as worker:
        try:
            worker.start()
        except JailError as error:
            return failed(rubric, seed, "unreadable", str(error), retry=True)
        except CallFailed as error:
            report = failed(rubric, seed, error.status, error.message)
        else:
            runs = _run_checks(rubric, worker, seed)
            scores = [_score_cell(known, rubric, submission, *runs[known.id]) for known in rubric.graded]
            report = Report(rubric.assignment, scores, seed)
    report.notes = submission.notes
    report.outputs = {str(i): r.outputs for (i, _), r in zip(cells, worker.runs, strict=True)}
    report.seconds = round(time.monotonic() - began, 3)
    return report


def failed(rubric: Rubric, seed: int, status: str, message: str, retry: bool = False) -> Report:
    """The report of a submission of which nothing can be graded: no points, the reason, flagged."""
    cells = [
        CellScore(c.id, 0.0, c.points, "manual" if c.kind == "manual" else status, message, True)
        for c in rubric.graded
    ]
    return Report(rubric.assignment, cells, seed, status, message, [message], retry=retry)


def _name(index: int, cell: Any) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id") or f"number {index + 1}"


def _run_checks(rubric: Rubric, worker: Worker, seed: int) -> dict[str, tuple[list[Verdict], int]]:
    """The verdicts of each cell's checks up to the first not passed, and how many processes they cost.

    The hidden checks of all cells come after all others: a process that has seen a hidden input is asked
    nothing any more whose answer, or the words of whose exception, a student gets to read.
    """
    table = checks.load(rubric.assignment)
    runs: dict[str, tuple[list[Verdict], int]] = {known.id: ([], 0) for known in rubric.graded}
    for hidden in (False, True):
        for known in rubric.graded:
            verdicts, lost = runs[known.id]
            losses = worker.losses
            for call in known.calls:
                if call.hidden is hidden and all(verdict.passed for verdict in verdicts):
                    function = worker.function(call.function, hidden=hidden)
                    verdicts.append(_run(table.get(call.name), call.name, function, hidden, seed))
            runs[known.id] = verdicts, lost + worker.losses - losses
    return runs


def _score_cell(
    known: RubricCell, rubric: Rubric, submission: Submission, verdicts: list[Verdict], losses: int
) -> CellScore:
    if known.kind == "manual":
        return CellScore(known.id, 0.0, known.points, "manual", "graded by a person")
    last = verdicts[-1]
    message = last.message if not last.passed else "\n".join(v.message for v in verdicts)
    missing = [cell_id for cell_id in submission.missing if rubric.find(cell_id).kind == "solution"]
    if missing and "is not defined" in last.message:
        message += f"\n  missing from the submission: {', '.join(missing)}"
    described = [{**asdict(v), "signature": v.signature} for v in verdicts]
    # An exception is an answer like any other; a lost process or a limit that was met may need a person.
    flagged = last.status in ("timeout", "memory", "unreadable") or losses > 0
    flagged = not last.passed and (flagged or bool(missing))
    points = known.points if last.passed else 0.0
    return CellScore(known.id, points, known.points, last.status, message, flagged, described)


def _run(check: Check | None, name: str, function: Any, hidden: bool, seed: int) -> Verdict:
    """Run one check; a failure of the chain itself is a verdict too."""
    if check is None:
        return Verdict(
            name, "unreadable", f"{name}: there is no check of that name; a person will look at it"
        )
    try:
        verdict = run(check, function, hidden=hidden, rng_seed=seed)
    except Exception as error:
        text = f"{name}: this check could not be run ({type(error).__name__}); a person will look at it"
        return Verdict(name, "unreadable", text)
    if verdict.status not in STATUSES:
        return Verdict(name, "unreadable", f"{name}: {verdict.message}")
    return verdict

"""Grade a class: submissions are scored side by side, one process writes the gradebook.

What has been done is kept under .grading/ASSIGNMENT of the course root: the run with its seed, and one report
per student. A run that was interrupted goes on with its seed; a student whose file, assignment and gradebook
entry are unchanged is left alone.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import secrets
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.grading import jail
from course_lib.grading.commands import _rubric, release, validate
from course_lib.grading.course import Course, CourseError, outcome
from course_lib.grading.limits import Limits
from course_lib.grading.pools import processes
from course_lib.grading.rubric import read_rubric
from course_lib.grading.scoring import Report, failed, score
from course_lib.grading.store import read_stored, write_stored
from course_lib.grading.submission import FILE_LIMIT, digest, load


@dataclass(frozen=True)
class Task:
    """Everything that scoring one submission needs; can be sent to another machine that shares the files."""

    course: str
    assignment: str
    student: str
    path: str
    seed: int
    limits: Limits
    unsafe: bool


#: What the class list says of a cell that a person should look at.
WORDS = {
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "crashed": "crashed",
    "failed": "failed after a cell was taken out or a process was lost",
    "unreadable": "gave no readable answer",
}


@dataclass
class Row:
    """What the class list says about one student."""

    student: str
    status: str  # graded, or why not
    score: float
    max_score: float
    flagged: int
    message: str = ""
    unchanged: bool = False
    report: Report | None = None

    def as_json(self) -> dict:
        """For machines."""
        row = {k: v for k, v in asdict(self).items() if k != "report"}
        return row | {"cells": [cell.as_json() for cell in self.report.cells] if self.report else []}


def grade(task: Task) -> tuple[str, dict]:
    """Score one submission; returns the digest of what was scored, and the report."""
    rubric = read_rubric(Path(task.course), task.assignment)
    submission = load(Path(task.path), rubric)
    key = digest(submission, rubric)
    report = score(submission, rubric, seed=task.seed, limits=task.limits, unsafe=task.unsafe)
    return key, report.as_dict()


class Run:
    """One autograding run of an assignment.

    Parameters
    ----------
    course : Course
        The course root.
    assignment : str
        Which assignment.
    seed : int, optional
        Seed of the hidden cases. Without it an interrupted run's is taken up, else a new one is drawn.
    unsafe : bool, default False
        Run submissions without a jail.
    force : bool, default False
        Grade again what is unchanged.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        *,
        seed: int | None = None,
        unsafe: bool = False,
        force: bool = False,
    ) -> None:
        self.course, self.assignment, self.unsafe, self.force = course, assignment, unsafe, force
        self.rubric = _rubric(course, assignment)
        validate(self.rubric)
        if not unsafe:
            jail.find_bwrap()
        self.students = course.submitted(assignment)
        self.folder = course.root / ".grading" / assignment
        self.reports = self.folder / "reports"
        self.reports.mkdir(parents=True, exist_ok=True)
        self.seed = self._seed(seed)
        self.api = course.api(ScoreOutside={"results": str(self.reports)})
        with self.api.gradebook as gradebook:
            known = {a.name for a in gradebook.assignments}
        if assignment not in known:
            release(course, assignment)

    def _seed(self, given: int | None) -> int:
        """Take up an interrupted run's seed, or note the seed of a new one."""
        path = self.folder / "run.json"
        last = read_stored(path)
        if given is None and last.get("unfinished") and type(last.get("seed")) is int:
            return last["seed"]
        seed = secrets.randbits(32) if given is None else given
        if given is not None and last.get("seed") != given:
            self.force = True
        write_stored(path, {"seed": seed, "started": time.time(), "unfinished": True})
        return seed

    def go(self, executor: Executor | None = None, workers: int | None = None) -> Iterator[Row]:
        """Grade everyone, yielding a row as each student is done."""
        waiting = []
        for student in self.students:
            row = None if self.force else self._unchanged(student)
            if row:
                yield row
            else:
                waiting.append(student)
        with executor or processes(workers, len(waiting)) as pool:
            yield from self._grade(waiting, pool)
        write_stored(
            self.folder / "run.json", {"seed": self.seed, "finished": time.time(), "unfinished": False}
        )

    def _grade(self, students: list[str], pool: Executor) -> Iterator[Row]:
        futures: dict[Future, str] = {}
        for student in students:
            stored = self._stored(student)
            if stored:
                yield self._save(student, stored["digest"], Report.from_dict(stored["report"]))
            else:
                futures[pool.submit(grade, self._task(student))] = student
        broken = []
        for future in as_completed(futures):
            student = futures.pop(future)
            if isinstance(future.exception(), BrokenProcessPool):
                broken.append(student)  # some task took the pool down; this one need not have been it
            else:
                yield self._take(student, future)
        for student in sorted(broken):
            with processes(1, 1) as pool:
                yield self._take(student, pool.submit(grade, self._task(student)))

    def _take(self, student: str, future: Future) -> Row:
        """Store and save the result of one student's task."""
        try:
            key, report = future.result()
        except Exception as error:
            text = f"the grader failed on this submission ({type(error).__name__}: {error})"
            key, report = "", failed(self.rubric, self.seed, "unreadable", text, retry=True).as_dict()
        record = {"digest": key, "report": report, "seed": self.seed, "saved": False}
        write_stored(self._record(student), {**record, "file": self._fingerprint(student)})
        return self._save(student, key, Report.from_dict(report))

    def _task(self, student: str) -> Task:
        path = str(self._notebook(student))
        root = str(self.course.root)
        return Task(root, self.assignment, student, path, self.seed, self.course.limits, self.unsafe)

    def _notebook(self, student: str) -> Path:
        folder = self.course.root / "source" / self.assignment
        name = next(folder.glob("*.ipynb")).name
        return self.course.root / "submitted" / student / self.assignment / name

    def _record(self, student: str) -> Path:
        return self.folder / "students" / f"{student}.json"

    def _fingerprint(self, student: str) -> str:
        """Equal while the student's files and the assignment are unchanged."""
        total = hashlib.sha256(self.rubric.fingerprint.encode())
        notebook = self._notebook(student)
        paths = [notebook, notebook.with_name(self.rubric.file)] if self.rubric.file else [notebook]
        for path in paths:
            with contextlib.suppress(OSError):
                status = path.lstat()
                total.update(f"{path.name} {status.st_mode} {status.st_size}".encode())
                if stat.S_ISREG(status.st_mode) and status.st_size <= FILE_LIMIT:
                    total.update(path.read_bytes())
        return total.hexdigest()

    def _stored(self, student: str) -> dict | None:
        """The report of an interrupted run for the same file and seed."""
        record = read_stored(self._record(student))
        same = record.get("seed") == self.seed and record.get("file") == self._fingerprint(student)
        return record if same and record.get("digest") and not record.get("saved") else None

    def _unchanged(self, student: str) -> Row | None:
        """The row of a student who was graded before and has nothing new, if the gradebook still says so."""
        record = read_stored(self._record(student))
        if not record.get("saved") or record.get("file") != self._fingerprint(student):
            return None
        report = Report.from_dict(record["report"])
        if report.retry:
            return None
        with self.api.gradebook as gradebook:
            same = _saved_points(gradebook, self.assignment, student) == report.score
        return _row(student, report, unchanged=True) if same else None

    def _save(self, student: str, key: str, report: Report) -> Row:
        """Let nbgrader write the autograded notebook and the gradebook from a report."""
        if key:
            write_stored(self.reports / f"{key}.json", report.as_dict())
        try:
            if not key or not self._notebook(student).is_file():
                raise CourseError(report.message or "no notebook")
            if glob.has_magic(student):  # nbgrader would take the name for a pattern and grade others
                raise CourseError("rename the folder: its name holds one of the signs * ? [")
            outcome(self.api.autograde(self.assignment, student), student)
        except CourseError as error:
            if report.status == "graded":
                report = failed(self.rubric, self.seed, "unreadable", f"nbgrader could not save it: {error}")
            self._save_zero(student)
        record = read_stored(self._record(student)) | {"report": report.as_dict(), "saved": True}
        write_stored(self._record(student), record)
        return _row(student, report)

    def _save_zero(self, student: str) -> None:
        """No points, marked for a person, and nothing left of an earlier submission."""
        shutil.rmtree(self.course.root / "autograded" / student / self.assignment, ignore_errors=True)
        with self.api.gradebook as gradebook:
            gradebook.update_or_create_student(student)
            submission = gradebook.update_or_create_submission(self.assignment, student)
            for notebook in submission.notebooks:
                for entry in notebook.grades:
                    entry.auto_score, entry.needs_manual_grade = 0.0, True
            gradebook.db.commit()


def _saved_points(gradebook: Any, assignment: str, student: str) -> float | None:
    """The points from checks that stand in the gradebook; None where there is no submission."""
    from nbgrader.api import MissingEntry

    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None
    return sum((g.auto_score or 0.0 for notebook in submission.notebooks for g in notebook.grades), 0.0)


def _row(student: str, report: Report, unchanged: bool = False) -> Row:
    flagged = sum(cell.flagged for cell in report.cells)
    points = (report.score, report.max_score)
    return Row(student, report.status, *points, flagged, report.message or _why(report), unchanged, report)


def _why(report: Report) -> str:
    """What happened in the cells that a person should look at, the commonest first."""
    happened = Counter(WORDS.get(cell.status, cell.status) for cell in report.cells if cell.flagged)
    return ", ".join(f"{count} {words}" for words, count in happened.most_common())

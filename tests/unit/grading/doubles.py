"""Stand-ins for what a unit test does without: the jail's process, nbgrader's release, its autograder."""

import contextlib
import io
import signal
import struct
import sys

import forge
import nbformat

from course_lib.grading import proxy, worker
from course_lib.grading.course import Course
from course_lib.grading.protocol import encode_request, parse_header
from course_lib.grading.scoring import score
from course_lib.grading.store import write_stored
from course_lib.grading.submission import load


class Loopback:
    """Takes the place of `course_lib.grading.process.Process`: the worker's code, and frames in memory."""

    def __init__(self, limits, libraries=(), unsafe=False):
        self.limits, self.libraries, self.unsafe = limits, libraries, unsafe
        self.namespace = {"__name__": "__main__", "check": lambda *_, **__: None}
        self.asked, self.killed, self._streams = [], False, None

    def exchange(self, header, seconds, values=None):
        """What `Process.exchange` does, by the worker's functions and through its bytes."""
        self.asked.append((header, seconds))
        frame = io.BytesIO(encode_request({**header, "id": 1}, values))
        request, blobs = worker.receive(frame)
        with self._own_streams():
            reply, blobs = worker.answer(request, blobs, self.namespace, self.limits.as_request())
        back = io.BytesIO()
        worker.send(back, {**reply, "id": 1}, blobs)
        return read_frame(back.getvalue())

    @contextlib.contextmanager
    def _own_streams(self):
        """The worker replaces standard output and error for good; so it does here, but only while it is asked."""
        outside = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._streams or outside
        try:
            yield
        finally:
            self._streams = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = outside

    def kill(self):
        """Note that it was ended."""
        self.killed = True


def in_this_process(patch):
    """Let every worker that is started be a `Loopback`; returns the list of those that were."""
    started = []

    def start(*arguments):
        started.append(Loopback(*arguments))
        return started[-1]

    patch.setattr(proxy, "Process", start)
    patch.setattr(worker, "signal", _Clock())
    return started


class _Clock:
    """The module `signal` for a worker without deadlines."""

    ITIMER_REAL = signal.ITIMER_REAL

    def setitimer(self, which, seconds):
        """Let time pass."""


def read_frame(data, blob_bytes=1 << 30):
    """Header and blobs of one whole frame, read as the outside does."""
    (length,) = struct.unpack(">I", data[:4])
    header, sizes = parse_header(data[4 : 4 + length], blob_bytes)
    rest = io.BytesIO(data[4 + length :])
    blobs = [rest.read(size) for size in sizes]
    assert [len(blob) for blob in blobs] == sizes
    assert rest.read() == b""
    return header, blobs


def register(gradebook, rubric):
    """Enter an assignment into a gradebook as `nbgrader generate_assignment` does."""
    name = rubric.assignment
    gradebook.add_assignment(name)
    gradebook.add_notebook(name, name)
    for known in rubric.cells:
        if known.kind in ("checked", "manual"):
            kind = known.cell.cell_type
            gradebook.add_grade_cell(known.id, name, name, max_score=known.points, cell_type=kind)
        if known.is_students:
            gradebook.add_solution_cell(known.id, name, name)


def give(gradebook, assignment, student, points):
    """Hand in and grade: points from checks by cell, 0 where none are named."""
    submission = gradebook.update_or_create_submission(assignment, student)
    for grade in submission.notebooks[0].grades:
        if grade.cell.cell_type == "code":
            grade.auto_score, grade.needs_manual_grade = points.get(grade.name, 0.0), False
    gradebook.db.commit()


def graded_cell(grade_id, points, *checks, kind="code"):
    """An instructor's cell that runs checks, or one that a person reads."""
    settings = {"grade": True, "grade_id": grade_id, "points": points, "schema_version": 3, "locked": True}
    settings |= {"solution": False, "task": False}
    if kind == "markdown":
        cell = nbformat.v4.new_markdown_cell("YOUR ANSWER HERE")
        settings |= {"solution": True, "locked": False}
    else:
        cell = nbformat.v4.new_code_cell("\n".join(checks))
    cell.metadata["nbgrader"] = settings
    return cell


def solution_cell(grade_id, source):
    """A cell that the student fills in."""
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade": False,
        "grade_id": grade_id,
        "solution": True,
        "locked": False,
        "schema_version": 3,
        "task": False,
    }
    return cell


def grade_class(root, notebooks, seed=7):
    """Grade submissions of a1 by student without jail and nbgrader: reports and points stand as after a run."""
    import pytest

    rubric, reports = forge.rubric(root), {}
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        for student, notebook in notebooks.items():
            path = forge.hand_in(root, student, notebook)
            reports[student] = score(load(path, rubric), rubric, seed=seed)
    with Course(root).api().gradebook as gradebook:
        for student, report in reports.items():
            gradebook.update_or_create_student(student)
            give(gradebook, forge.NAME, student, {cell.id: cell.score for cell in report.cells})
            record = {"report": report.as_dict(), "saved": True}
            write_stored(root / ".grading" / forge.NAME / "students" / f"{student}.json", record)
    return reports

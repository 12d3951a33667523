"""What the `course` commands do, without the printing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from course_lib.grading import checks
from course_lib.grading.course import Course, CourseError, outcome
from course_lib.grading.rubric import Rubric, RubricError
from course_lib.grading.scoring import Report, failed, score
from course_lib.grading.submission import load

COLUMNS = [
    "assignment",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "timestamp",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "needs_manual_grade",
]
CANVAS_COLUMNS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE_COLUMNS = ["Identifier", "Full name", "Email address", "Grade", "Maximum Grade"]


def validate(rubric: Rubric) -> None:
    """Refuse an assignment whose cells run checks that do not exist.

    Raises
    ------
    CourseError
        With the names of the checks.
    """
    try:
        known = checks.load(rubric.assignment)
    except KeyError as error:
        raise CourseError(f"{rubric.assignment} has no checks: {error.args[0]}") from None
    unknown = sorted({call.name for cell in rubric.cells for call in cell.calls} - known.keys())
    if unknown:
        raise CourseError(f"{rubric.assignment} runs checks that do not exist: {', '.join(unknown)}")


def release(course: Course, assignment: str) -> Path:
    """Generate the students' version and register the assignment in the gradebook.

    Returns
    -------
    Path
        The notebook to hand out.
    """
    rubric = _rubric(course, assignment)
    validate(rubric)
    outcome(course.api().generate_assignment(assignment), f"releasing {assignment}")
    return next((course.root / "release" / assignment).glob("*.ipynb"))


def _rubric(course: Course, assignment: str) -> Rubric:
    try:
        return course.rubric(assignment)
    except RubricError as error:
        raise CourseError(str(error)) from None


def check(
    course: Course, assignment: str, notebook: Path, *, seed: int | None = None, unsafe: bool = False
) -> Report:
    """Grade one file exactly as the autograder does, without touching a gradebook."""
    rubric = _rubric(course, assignment)
    validate(rubric)
    submission = load(Path(notebook), rubric)
    if submission.problem:
        return failed(rubric, seed or 0, "unreadable", submission.problem)
    return score(submission, rubric, seed=seed, limits=course.limits, unsafe=unsafe)


def feedback(course: Course, assignment: str) -> Iterator[tuple[str, str]]:
    """Write every graded student's feedback; yields each student and why it failed, or an empty string."""
    students = course.graded(assignment)
    if not students:
        raise CourseError(f"nothing of {assignment} has been autograded; run: course autograde {assignment}")
    api = course.api()
    for student in students:
        try:
            outcome(api.generate_feedback(assignment, student), f"feedback for {student}")
        except CourseError as error:
            yield student, str(error)
        else:
            yield student, ""


def export(course: Course, target: Path, assignments: tuple[str, ...] = (), layout: str = "nbgrader") -> int:
    """Write the gradebook as CSV in the layout of nbgrader, Canvas or Moodle; returns the number of rows.

    Canvas and Moodle know students by the ids that `course collect` took from their exports.
    """
    rows = list(grades(course, assignments))
    if layout == "canvas":
        columns, rows = _canvas(rows)
    elif layout == "moodle":
        columns, rows = MOODLE_COLUMNS, [_moodle(row) for row in rows]
    else:
        columns = COLUMNS
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows({k: _plain(v) for k, v in row.items()} for row in rows)
    return len(rows)


def _plain(value: object) -> object:
    """Text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _name(row: dict) -> str:
    return f"{row['first_name']} {row['last_name']}".strip() or row["student_id"]


def _moodle(row: dict) -> dict:
    values = (f"Participant {row['student_id']}", _name(row), row["email"], row["score"], row["max_score"])
    return dict(zip(MOODLE_COLUMNS, values, strict=True))


def _canvas(rows: list[dict]) -> tuple[list[str], list[dict]]:
    """One row per student and one column per assignment, below a row of the points possible."""
    names = list(dict.fromkeys(row["assignment"] for row in rows))
    students: dict[str, dict] = {}
    possible: dict[str, object] = {"Student": "    Points Possible"}
    for row in rows:
        fixed = {"Student": _name(row), "ID": row["student_id"]}
        students.setdefault(row["student_id"], fixed)[row["assignment"]] = row["score"]
        possible[row["assignment"]] = row["max_score"]
    return [*CANVAS_COLUMNS, *names], [possible, *students.values()]


def grades(course: Course, assignments: tuple[str, ...] = ()) -> Iterator[dict]:
    """One row per assignment and student of the gradebook; a student without a submission gets 0."""
    with course.api().gradebook as gradebook:
        names = {assignment.name for assignment in gradebook.assignments}
        unknown = sorted(set(assignments) - names)
        if unknown:
            raise CourseError(f"the gradebook has no {', '.join(unknown)}; it has {', '.join(sorted(names))}")
        for assignment in gradebook.assignments:
            if assignments and assignment.name not in assignments:
                continue
            submissions = {s.student.id: s for s in assignment.submissions}
            for student in gradebook.students:
                yield _grade_row(assignment, student, submissions.get(student.id))


def _grade_row(assignment: object, student: object, submission: object | None) -> dict:
    penalty = submission.late_submission_penalty if submission else 0.0
    raw = submission.score if submission else 0.0
    row = {"assignment": assignment.name, "student_id": student.id}
    row |= {name: getattr(student, name) or "" for name in ("last_name", "first_name", "email")}
    row |= {"timestamp": (submission.timestamp or "") if submission else "", "raw_score": raw}
    row |= {"late_submission_penalty": penalty, "score": max(0.0, raw - penalty)}
    row |= {"max_score": assignment.max_score}
    return row | {"needs_manual_grade": bool(submission.needs_manual_grade) if submission else False}

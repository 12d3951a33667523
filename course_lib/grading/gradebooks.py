"""Grades as CSV: every column of the gradebook, or what Canvas and Moodle import."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.grading.course import Course, CourseError
from course_lib.grading.results import reports
from course_lib.grading.roster import Person, Roster

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
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = [
    "Identifier",
    "ID number",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Feedback comments",
]
LAYOUTS = ("nbgrader", "canvas", "moodle")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(
    course: Course,
    target: Path,
    assignments: tuple[str, ...] = (),
    layout: str = "nbgrader",
    roster: Roster | None = None,
) -> int:
    """Write grades to a CSV file.

    Parameters
    ----------
    course : Course
        The course root.
    target : Path
        The file; it is replaced.
    assignments : tuple of str, optional
        Only these; default all. Moodle's layout takes exactly one.
    layout : str, default "nbgrader"
        One of `LAYOUTS`.
    roster : Roster, optional
        The platform's numbers, names and sections, where `course collect` could not learn them.

    Returns
    -------
    int
        The number of students' rows.

    Raises
    ------
    CourseError
        If an assignment is not in the gradebook, or Moodle's layout is asked for several.
    """
    rows = list(grades(course, assignments))
    names = list(dict.fromkeys(row["assignment"] for row in rows))
    roster = roster or Roster()
    if layout == "canvas":
        columns, written = [*CANVAS, *names], _canvas(rows, names, roster)
    elif layout == "moodle":
        if len(names) > 1:
            raise CourseError(f"expected one assignment for Moodle, got {', '.join(names)}; add --assignment")
        columns, written = MOODLE, _moodle(course, rows, roster)
    else:
        columns, written = COLUMNS, [{k: row[k] for k in COLUMNS} for row in rows]
    with open(target, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows({k: harmless(v) for k, v in row.items()} for row in written)
    return len(written) - (layout == "canvas")


def harmless(value: Any) -> Any:
    """Text that no spreadsheet takes for a formula; numbers stay numbers.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Ada"), harmless(-1.5)
    ("'=1+1", 'Ada', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def grades(course: Course, assignments: tuple[str, ...] = ()) -> Iterator[dict]:
    """One row per assignment and student of the gradebook; a student without a submission gets 0.

    Raises
    ------
    CourseError
        If the gradebook lacks one of the assignments.
    """
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


def _grade_row(assignment: Any, student: Any, submission: Any | None) -> dict:
    penalty = (submission.late_submission_penalty or 0.0) if submission else 0.0
    raw = submission.score if submission else 0.0
    row = {"assignment": assignment.name, "student_id": student.id}
    row |= {
        name: getattr(student, name) or "" for name in ("last_name", "first_name", "email", "lms_user_id")
    }
    row |= {"timestamp": (submission.timestamp or "") if submission else "", "raw_score": raw}
    row |= {"late_submission_penalty": penalty, "score": max(0.0, raw - penalty)}
    row |= {"max_score": assignment.max_score, "handed_in": submission is not None}
    return row | {"needs_manual_grade": bool(submission.needs_manual_grade) if submission else False}


def _person(row: dict, roster: Roster) -> Person:
    """What is known of a student, the class list first."""
    listed = roster.find(row["student_id"]) or Person(row["student_id"])
    number = listed.lms_id or row["lms_user_id"]
    if not number and row["student_id"].isdecimal():
        number = row["student_id"]
    names = [listed.first_name or row["first_name"], listed.last_name or row["last_name"]]
    full = listed.name or " ".join(filter(None, names)) or row["student_id"]
    return Person(row["student_id"], number, listed.email or row["email"], name=full, section=listed.section)


def _canvas(rows: list[dict], names: list[str], roster: Roster) -> list[dict]:
    """A row per student and a column per assignment, below a row of the points possible.

    A cell stays empty where nothing was handed in: Canvas then leaves its own grade as it is.
    """
    possible = {"Student": "    Points Possible"}
    possible |= {row["assignment"]: row["max_score"] for row in rows}
    students: dict[str, dict] = {}
    for row in rows:
        who = _person(row, roster)
        login = "" if who.student_id == who.lms_id else who.student_id
        fixed = {"Student": who.name, "ID": who.lms_id, "SIS Login ID": login, "Section": who.section}
        line = students.setdefault(row["student_id"], {**fixed, **dict.fromkeys(names, "")})
        line[row["assignment"]] = row["score"] if row["handed_in"] else ""
    return [possible, *students.values()]


def _moodle(course: Course, rows: list[dict], roster: Roster) -> list[dict]:
    words = _comments(course, rows[0]["assignment"]) if rows else {}
    lines = []
    for row in rows:
        who = _person(row, roster)
        number = f"Participant {who.lms_id}" if re.fullmatch(r"\d+", who.lms_id) else ""
        id_number = "" if who.student_id == who.lms_id else who.student_id
        grade = row["score"] if row["handed_in"] else ""
        words_here = words.get(row["student_id"], "")
        values = (number, id_number, who.name, who.email, grade, row["max_score"], words_here)
        lines.append(dict(zip(MOODLE, values, strict=True)))
    return lines


def _comments(course: Course, assignment: str) -> dict[str, str]:
    """A line per student: which checks did not pass, with their hints."""
    comments = {}
    for student, report in reports(course, assignment).items():
        wrong = {}
        for cell in report.cells:
            for check in cell.checks:
                if check["status"] != "passed":
                    wrong[check["check"]] = f" ({check['hint']})" if check["hint"] else ""
        listed = "; ".join(f"{name}{hint}" for name, hint in wrong.items())
        graded = report.status == "graded"
        text = f"To look at: {listed}." if listed else "Every check passed."
        comments[student] = text if graded else f"Could not be graded: {report.message}"
    return comments

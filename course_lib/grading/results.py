"""What the checks said of each student of an assignment, read from where autograding left it."""

from __future__ import annotations

import json
from pathlib import Path

from course_lib.grading.course import Course
from course_lib.grading.scoring import CellScore, Report
from course_lib.grading.store import read_stored


def reports(course: Course, assignment: str) -> dict[str, Report]:
    """The report of every graded student, by student, in order.

    The autograded notebooks carry the verdicts that stand in the gradebook, whichever command graded them. A
    submission that nbgrader could not save has left a record of its own.
    """
    found = {}
    for path in (course.root / ".grading" / assignment / "students").glob("*.json"):
        stored = read_stored(path).get("report")
        if stored:
            found[path.stem] = Report.from_dict(stored)
    for student in course.graded(assignment):
        folder = course.root / "autograded" / student / assignment
        carried = next((cells for path in folder.glob("*.ipynb") if (cells := _carried(path))), None)
        if carried and [c.as_dict() for c in carried] != _checked(found.get(student)):
            found[student] = _report(assignment, carried)
    return dict(sorted(found.items()))


def _checked(report: Report | None) -> list[dict]:
    return [cell.as_dict() for cell in report.cells if cell.status != "manual"] if report else []


def _carried(path: Path) -> list[CellScore]:
    """The verdicts in an autograded notebook's cells."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        kept = [cell["metadata"].get("course") for cell in cells]
        return [CellScore(**verdict) for verdict in kept if verdict]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _report(assignment: str, cells: list[CellScore]) -> Report:
    if any(cell.checks for cell in cells):
        return Report(assignment, cells, 0)
    return Report(assignment, cells, 0, cells[0].status, cells[0].message)

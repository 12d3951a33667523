"""What a class did: the distribution of scores, the checks that fail, and the commonest wrong answers."""

from __future__ import annotations

import statistics
from collections import Counter
from pathlib import Path
from typing import Any

from course_lib.grading import checks, pages
from course_lib.grading.course import Course, CourseError
from course_lib.grading.results import reports
from course_lib.grading.scoring import Report

BINS = 10
COMMONEST = 15


def summarise(course: Course, assignment: str, *, names: bool = False) -> dict[str, Any]:
    """Sum up the last autograding of an assignment.

    Parameters
    ----------
    course : Course
        The course root.
    assignment : str
        Which assignment.
    names : bool, default False
        Say which students are meant. Without it the summary can be shown to the class.

    Returns
    -------
    dict
        ``students``, ``mean``, ``median``, ``max_score``; ``distribution``: how many students in each tenth
        of the points; ``checks``: per check how many passed its worked and its hidden cases, of how many;
        ``mistakes``: answers that fail alike, the commonest first, each with an example of the message;
        ``review``: what is flagged for a person, by reason.

    Raises
    ------
    CourseError
        If nothing has been autograded.
    """
    found = reports(course, assignment)
    if not found:
        raise CourseError(f"nothing of {assignment} has been autograded; run: course autograde {assignment}")
    scores = [report.score for report in found.values()]
    best = max(report.max_score for report in found.values())
    bins = Counter(min(int(BINS * score / best), BINS - 1) if best else 0 for score in scores)
    return {
        "assignment": assignment,
        "students": len(scores),
        "mean": round(statistics.fmean(scores), 2),
        "median": statistics.median(scores),
        "max_score": best,
        "distribution": [bins[i] for i in range(BINS)],
        "checks": _checks(found, assignment),
        "mistakes": _mistakes(found, names),
        "review": _review(found, names),
    }


def _group(students: list[str], names: bool) -> dict[str, Any]:
    """How many, and who where names are asked for."""
    unique = sorted(set(students))
    return {"count": len(unique)} | ({"students": unique} if names else {})


def _checks(found: dict[str, Report], assignment: str) -> list[dict]:
    """Per check: how many passed its worked cases, and how many its hidden ones as well."""
    worked: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for report in found.values():
        right: dict[str, list[bool]] = {}
        for cell in report.cells:
            for check in cell.checks:
                right.setdefault(check["check"], []).append(check["status"] == "passed")
        worked.update(name for name, passed in right.items() if passed[0])
        both.update(name for name, passed in right.items() if all(passed))
    return [
        {"check": name, "about": check.about, "worked": worked[name], "passed": both[name], "of": len(found)}
        for name, check in checks.load(assignment).items()
    ]


def _mistakes(found: dict[str, Report], names: bool) -> list[dict]:
    """Groups of wrong answers that fail alike; what merely is not written yet is no mistake."""
    examples: dict[str, dict] = {}
    students: dict[str, list[str]] = {}
    for student, report in found.items():
        for cell in report.cells:
            for check in cell.checks:
                if check["status"] == "passed" or check["aspect"] == "unwritten":
                    continue
                examples.setdefault(check["signature"], check)
                students.setdefault(check["signature"], []).append(student)
    order = sorted(students, key=lambda signature: (-len(set(students[signature])), signature))
    return [_mistake(examples[s]) | _group(students[s], names) for s in order[:COMMONEST]]


def _mistake(check: dict) -> dict:
    """What a group of wrong answers has in common; a student's own words stay out of it."""
    crashed = check["aspect"] in ("exception", "crashed") or check["status"] == "crashed"
    message = check["message"].split("\n  hint: ")[0]
    return {
        "check": check["check"],
        "what": check["aspect"] or check["status"],
        "hint": check["hint"],
        "example": "" if crashed else message,
    }


def _review(found: dict[str, Report], names: bool) -> list[dict]:
    """What a person should look at, students with the same reason together."""
    students: dict[str, list[str]] = {}
    for student, report in found.items():
        flagged = [cell for cell in report.cells if cell.flagged]
        if flagged:
            reason = report.message or f"{flagged[0].id}: {flagged[0].status}"
            students.setdefault(reason, []).append(student)
    order = sorted(students, key=lambda reason: (-len(students[reason]), reason))
    return [{"reason": reason, **_group(students[reason], names)} for reason in order]


def write_html(summary: dict[str, Any], target: Path) -> Path:
    """Write the summary as one page that needs nothing else."""
    step = summary["max_score"] / BINS
    counts = summary["distribution"]
    bins = [
        {"range": f"{i * step:g} to {(i + 1) * step:g}", "count": n, "share": 100 * n / max(counts)}
        for i, n in enumerate(counts)
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(pages.render("report.html", summary=summary, bins=bins), encoding="utf-8")
    return target

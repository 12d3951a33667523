"""What a class did: the distribution of scores, the checks that fail, and the commonest wrong answers."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from html import escape
from pathlib import Path
from typing import Any

from course_lib.grading import checks
from course_lib.grading.course import Course, CourseError
from course_lib.grading.scoring import Report
from course_lib.grading.store import read_stored

BINS = 10
COMMONEST = 15


def summarise(course: Course, assignment: str) -> dict[str, Any]:
    """Sum up the last autograding of an assignment.

    Parameters
    ----------
    course : Course
        The course root.
    assignment : str
        Which assignment.

    Returns
    -------
    dict
        ``students``, ``mean``, ``median``, ``max_score``; ``distribution``: how many students in each tenth
        of the points; ``checks``: per check how many passed, of how many; ``mistakes``: groups of students
        whose answers fail alike, the largest first; ``review``: who has something flagged, and why.

    Raises
    ------
    CourseError
        If nothing has been autograded.
    """
    folder = course.root / ".grading" / assignment / "students"
    stored = {path.stem: read_stored(path).get("report") for path in sorted(folder.glob("*.json"))}
    reports = {student: Report.from_dict(report) for student, report in stored.items() if report}
    if not reports:
        raise CourseError(f"nothing of {assignment} has been autograded; run: course autograde {assignment}")
    scores = [report.score for report in reports.values()]
    best = max(report.max_score for report in reports.values())
    bins = Counter(min(int(BINS * score / best), BINS - 1) if best else 0 for score in scores)
    return {
        "assignment": assignment,
        "students": len(scores),
        "mean": round(statistics.fmean(scores), 2),
        "median": statistics.median(scores),
        "max_score": best,
        "distribution": [bins[i] for i in range(BINS)],
        "checks": _checks(reports, assignment),
        "mistakes": _mistakes(reports),
        "review": [
            {"student": student, "cells": flagged, "message": report.message or _first(report)}
            for student, report in reports.items()
            if (flagged := sum(cell.flagged for cell in report.cells))
        ],
    }


def _first(report: Report) -> str:
    return next(cell.message for cell in report.cells if cell.flagged).split("\n")[0]


def _checks(reports: dict[str, Report], assignment: str) -> list[dict]:
    """Per check: who passed its worked and hidden cases, of all students."""
    passed: Counter[str] = Counter()
    for report in reports.values():
        right: dict[str, bool] = {}
        for cell in report.cells:
            for check in cell.checks:
                right[check["check"]] = right.get(check["check"], True) and check["status"] == "passed"
        passed.update(name for name, fine in right.items() if fine)
    table = checks.load(assignment)
    return [
        {"check": name, "about": check.about, "passed": passed[name], "of": len(reports)}
        for name, check in table.items()
    ]


def _mistakes(reports: dict[str, Report]) -> list[dict]:
    """Groups of wrong answers that fail alike; what merely is not written yet is no mistake."""
    groups: dict[str, dict] = {}
    students: dict[str, list[str]] = defaultdict(list)
    for student, report in reports.items():
        for cell in report.cells:
            for check in cell.checks:
                if check["status"] == "passed" or check["aspect"] == "unwritten":
                    continue
                groups.setdefault(check["signature"], check)
                students[check["signature"]].append(student)
    order = sorted(groups, key=lambda signature: (-len(students[signature]), signature))
    return [
        {
            "check": groups[s]["check"],
            "what": groups[s]["aspect"] or groups[s]["status"],
            "hint": groups[s]["hint"],
            "students": students[s],
        }
        for s in order[:COMMONEST]
    ]


def write_html(summary: dict[str, Any], target: Path) -> Path:
    """Write the summary as one page that needs nothing else."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_page(summary), encoding="utf-8")
    return target


def _page(summary: dict[str, Any]) -> str:
    step = summary["max_score"] / BINS
    bins = [
        (f"{i * step:g} to {(i + 1) * step:g}", n, _bar(n, summary["students"]))
        for i, n in enumerate(summary["distribution"])
    ]
    pass_rates = [
        (c["check"], c["about"], f"{c['passed']} of {c['of']}", _bar(c["passed"], c["of"]))
        for c in summary["checks"]
    ]
    mistakes = [
        (len(m["students"]), m["check"], m["what"], m["hint"] or "-", ", ".join(m["students"][:8]))
        for m in summary["mistakes"]
    ]
    review = [(r["student"], r["cells"], r["message"]) for r in summary["review"]]
    title = f"{escape(summary['assignment'])}: {summary['students']} submissions"
    numbers = f"mean {summary['mean']:g}, median {summary['median']:g} of {summary['max_score']:g} points"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            f"<title>{title}</title><style>{STYLE}</style>",
            f"<h1>{title}</h1><p>{numbers}</p>",
            _table("Scores", ("points", "students", ""), bins),
            _table("Checks", ("check", "what it tests", "passed", ""), pass_rates),
            _table("Commonest wrong answers", ("students", "check", "what", "hint", "who"), mistakes),
            _table("To look at by hand", ("student", "cells", "why"), review),
        ]
    )


STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem }
caption { text-align: left; font-weight: bold; padding: .5rem 0 }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8888; vertical-align: top }
td[style] { padding: 0; width: 12rem }
""".strip()


class _Bar(str):
    """Markup of this module's own making."""


def _bar(part: int, whole: int) -> _Bar:
    width = 100 * part / whole if whole else 0
    colours = f"#2a6fbb {width:.1f}%,transparent {width:.1f}%"
    return _Bar(f'<td style="background:linear-gradient(90deg,{colours})" aria-hidden="true"></td>')


def _table(caption: str, columns: tuple[str, ...], rows: list[tuple]) -> str:
    if not rows:
        return f"<h2>{caption}</h2><p>None.</p>"
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return str(value) if isinstance(value, _Bar) else f"<td>{escape(str(value))}</td>"

"""What a student gets back: per check what was tested, whether it passed, what to look at, and a hint.

`FeedbackExporter` stands where nbgrader would turn an autograded notebook into HTML. The page holds the
student's own cells and what they printed, the checks, and the comments of the person who graded; of the
instructor's cells only the headings. The source of tests is not in it, and of hidden cases no inputs.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from nbconvert.exporters import Exporter

from course_lib.grading import checks, pages
from course_lib.grading.calls import parse_check_calls
from course_lib.grading.submission import MISSING

WORDS = {
    "passed": "Passed",
    "failed": "Not yet right",
    "timeout": "Ran out of time",
    "memory": "Ran out of memory",
    "crashed": "Stopped with an error",
    "unreadable": "Could not be graded",
}
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


@dataclass
class Section:
    """An exercise: what stands under one heading of the assignment."""

    id: str
    title: str
    blocks: list[dict] = field(default_factory=list)
    score: float = 0.0
    max_score: float = 0.0
    unmarked: bool = False

    @property
    def points(self) -> str:
        """What the table at the top says."""
        text = f"{self.score:g} of {self.max_score:g}"
        return f"{text}, to be read" if self.unmarked else text


class FeedbackExporter(Exporter):
    """Turns an autograded notebook with its grades into a page for the student."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The page, after nbgrader's own preprocessors have brought grades and comments."""
        nb, resources = super().from_notebook_node(nb, resources, **options)
        about = resources["nbgrader"]
        return pages.render("feedback.html", page=page_of(nb, about, unread(about))), resources


def unread(about: Any) -> set[str]:
    """Ids of the answers that nobody has given points yet."""
    from nbgrader.api import Gradebook

    with Gradebook(about["db_url"]) as gradebook:
        entry = gradebook.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
        return {g.name for g in entry.grades if g.manual_score is None and g.auto_score is None}


def page_of(notebook: Any, about: Any, unmarked: Collection[str] = ()) -> dict[str, Any]:
    """What the template shows.

    Parameters
    ----------
    notebook : NotebookNode
        An autograded notebook, with nbgrader's scores and comments in its metadata.
    about : mapping
        ``assignment``, ``student``, ``score``, ``max_score`` and ``late_penalty``, as nbgrader collects them.
    unmarked : collection of str, optional
        Ids of the answers that nobody has read yet.

    Returns
    -------
    dict
        ``title``, ``student``, points as text, and ``sections``.
    """
    sections = [Section("start", about["assignment"])]
    for number, cell in enumerate(notebook.cells, 1):
        settings = cell.metadata.get("nbgrader", {})
        heading = settings.get("locked") and cell.cell_type == "markdown" and _heading(cell.source)
        if heading:
            sections.append(Section(f"part-{number}", heading))
        else:
            waiting = settings.get("grade_id") in unmarked
            _add(sections[-1], cell, {**settings, "waiting": waiting}, number)
    title = sections[1].title if len(sections) > 1 else about["assignment"]
    by_hand = sum(b.get("by_person", 0.0) for s in sections for b in s.blocks)
    return {
        "title": title,
        "student": about["student"],
        "score": f"{about['score']:g}",
        "max_score": f"{about['max_score']:g}",
        "penalty": f"{about['late_penalty']:g}" if about.get("late_penalty") else "",
        "extra": f"{by_hand:g}" if by_hand else "",
        "problem": _problem(notebook),
        "sections": sections,
    }


def _problem(notebook: Any) -> str:
    """The reason why no check at all could run; empty where one did."""
    verdicts = [v for cell in notebook.cells if (v := cell.metadata.get("course"))]
    if any(v["checks"] for v in verdicts):
        return ""
    return next((v["message"] for v in verdicts), "")


def _heading(source: str) -> str:
    first = source.lstrip().split("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


def _add(section: Section, cell: Any, settings: Any, number: int) -> None:
    """Add one cell's blocks to the exercise it stands in."""
    comment = settings.get("comment") or ""
    if settings.get("grade") and not settings.get("solution"):
        section.score += settings.get("score") or 0.0
        section.max_score += settings.get("points") or 0.0
        section.blocks.append({**_checks(cell, settings), "comment": comment, "outputs": []})
        return
    if settings.get("locked") or (not cell.source.strip() and not comment):
        return
    shared = {"number": number, "comment": comment, "outputs": _outputs(cell)}
    if cell.cell_type == "code":
        label = "Your code" if settings.get("solution") else "Your own cell"
        section.blocks.append({"kind": "code", "code": pages.python(cell.source), "label": label, **shared})
    else:
        text = pages.markdown(cell.source)
        section.blocks.append({"kind": "text", "html": text, **shared})
    if settings.get("grade"):
        section.blocks.append(_answer(section, cell, settings))
        section.blocks[-2]["comment"], section.blocks[-1]["comment"] = "", comment


def _answer(section: Section, cell: Any, settings: Any) -> dict:
    """The points of a written answer, or that nobody has read it yet."""
    score, best, unmarked = settings.get("score") or 0.0, settings.get("points") or 0.0, settings["waiting"]
    section.max_score += best
    section.score += score
    section.unmarked = section.unmarked or unmarked
    empty = MISSING in cell.source
    text = "to be read by a person" if unmarked and not empty else f"{score:g} of {best:g} points"
    return {"kind": "answer", "points": text, "by_person": score, "outputs": []}


def _checks(cell: Any, settings: Any) -> dict:
    """The panel of a checked cell: a row per check that ran, and those that did not come to run."""
    verdict = cell.metadata.get("course") or {
        "status": "unreadable",
        "message": "",
        "checks": [],
        "score": 0.0,
    }
    calls = parse_check_calls(cell.source)
    rows = [_row(check) for check in verdict["checks"]]
    if not rows:
        rows = [_panel(verdict["status"], "no check could run", verdict["message"])]
    rows += [
        {**_panel("idle", _what(call.name, call.hidden)), "word": "Not run"} for call in calls[len(rows) :]
    ]
    score, best = settings.get("score") or 0.0, settings.get("points") or 0.0
    return {
        "kind": "checks",
        "title": calls[0].name if calls else settings["grade_id"],
        "points": f"{score:g} of {best:g} points",
        "by_hand": bool(verdict["checks"]) and score != verdict["score"],
        "rows": rows,
    }


def _row(check: dict) -> dict:
    what = _what(check["check"], check["hidden"])
    if check["status"] == "passed":
        return _panel("passed", what)
    place, _, message = check["message"].partition("\n")
    place = re.sub(r"^\S+: \w+ on ", "On ", place) if " on " in place else place
    return {**_panel(check["status"], what, message, check.get("hint", "")), "place": place}


def _panel(status: str, what: str, message: str = "", hint: str = "") -> dict:
    lines = [line.removeprefix("  ") for line in message.split("\n") if not line.startswith("  hint: ")]
    tint = status if status in ("passed", "failed", "idle") else "odd"
    word = WORDS.get(status, "Could not be graded")
    text = "\n".join(lines).strip("\n")
    return {"tint": tint, "word": word, "what": what, "place": "", "message": text, "hint": hint}


def _what(name: str, hidden: bool) -> str:
    cases = "on random arrays" if hidden else "on worked examples"
    try:
        return f"{checks.find(name).about}, {cases}"
    except KeyError:
        return f"{name}, {cases}"


def _outputs(cell: Any) -> list[dict]:
    """What a cell printed and drew, text and png only."""
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        png = data.get("image/png", "")
        if png and BASE64.fullmatch(png):
            found.append({"png": "".join(png.split()), "text": ""})
            continue
        text = output.get("text") or data.get("text/plain") or "\n".join(output.get("traceback", []))
        if text:
            found.append({"png": "", "text": COLOURS.sub("", text).rstrip("\n")})
    return found

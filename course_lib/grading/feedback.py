"""What a student gets back: per check what was tested, whether it passed, what to look at, and a hint.

`ExplainChecks` runs before nbgrader turns an autograded notebook into HTML. It takes the hidden tests out of
the source, and puts a panel in the place of the plain message under every checked cell.
"""

from __future__ import annotations

from html import escape
from typing import Any

from nbformat import v4
from nbgrader.preprocessors import NbGraderPreprocessor

from course_lib.grading import checks

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
WORDS = {
    "passed": "passed",
    "failed": "not yet right",
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "crashed": "stopped with an error",
    "unreadable": "could not be graded",
}
# Dark text on light tints of at least 7:1, so that the panel reads the same in any theme.
TINTS = {"passed": ("#e6f4ea", "#0b3d1c"), "failed": ("#fdecea", "#5f1410")}
OTHER = ("#fff4e0", "#4d3200")


class ExplainChecks(NbGraderPreprocessor):
    """Makes the verdicts under the checked cells readable, and hides what is hidden."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Rewrite one cell."""
        cell.source = visible_source(cell.source)
        verdict = cell.metadata.get("course")
        if cell.cell_type == "code" and verdict:
            panel = v4.new_output("display_data", data={"text/html": render(verdict)})
            cell.outputs = [panel]
        return cell, resources


def visible_source(source: str) -> str:
    """A cell's source without its hidden tests."""
    lines, hidden = [], False
    for line in source.split("\n"):
        hidden = hidden or BEGIN in line
        if not hidden:
            lines.append(line)
        hidden = hidden and END not in line
    return "\n".join(lines)


def render(verdict: dict) -> str:
    """The panel of one checked cell.

    Parameters
    ----------
    verdict : dict
        ``status``, ``message``, ``score``, ``max_score`` and the list ``checks`` of a
        `course_lib.grading.scoring.CellScore`.

    Returns
    -------
    str
        HTML in which everything that came from outside is escaped.
    """
    points = f"{verdict['score']:g} of {verdict['max_score']:g} points"
    rows = [_row(check) for check in verdict["checks"]] or [_panel(verdict["status"], "", verdict["message"])]
    heading = f"<p><strong>{points}</strong></p>"
    return f'<div role="group" aria-label="{escape(points)}">{heading}{"".join(rows)}</div>'


def _row(check: dict) -> str:
    cases = "hidden cases" if check["hidden"] else "worked cases"
    title = f"{_about(check['check'])} ({check['check']}, {cases})"
    body = "" if check["status"] == "passed" else check["message"]
    return _panel(check["status"], title, body, check.get("hint", ""))


def _panel(status: str, title: str, body: str, hint: str = "") -> str:
    background, colour = TINTS.get(status, OTHER)
    style = f"background:{background};color:{colour};padding:.5em .8em;margin:.3em 0;border-radius:4px"
    parts = [f"<strong>{WORDS.get(status, 'could not be graded')}</strong>"]
    parts += [f": {escape(title)}"] if title else []
    lines = [line for line in body.split("\n") if not line.startswith("  hint: ")]
    text = "\n".join(lines).strip()
    pre = "white-space:pre-wrap;background:none;color:inherit;border:0;margin:.4em 0 0;padding:0"
    parts += [f'<pre style="{pre}">{escape(text)}</pre>'] if text else []
    parts += [f"<p><strong>Hint:</strong> {escape(hint)}</p>"] if hint else []
    return f'<div style="{style}">{"".join(parts)}</div>'


def _about(name: str) -> str:
    try:
        return checks.find(name).about
    except KeyError:
        return name

"""The `course` commands about a whole class: work in, grades out, and how it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_lib.grading.course import Course, find_root

ROSTER = "Class list: a CSV with student_id and lms_id, email or names; a Canvas or Moodle gradebook serves."


def _course(context: click.Context) -> Course:
    return Course(find_root(context.obj))


def _shown(text: str) -> str:
    """A name that somebody else chose, safe to print in a terminal."""
    return escape("".join(c if c.isprintable() else "?" for c in text))


@click.command()
@click.argument("assignment")
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--roster", "roster_path", type=click.Path(path_type=Path), help=ROSTER)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def collect(
    context: click.Context,
    assignment: str,
    source: Path,
    roster_path: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring submissions in from a folder or zip of Moodle, Canvas, Gradescope or nbgrader's exchange."""
    from course_lib.grading import roster
    from course_lib.grading.collect import collect as take

    course = _course(context)
    with Console(stderr=True).status(f"collecting {assignment}"):
        result = take(course, assignment, source, roster.read(roster_path), dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(result.as_json()))
    else:
        _print_collection(result, dry_run)
    context.exit(0 if result.taken else 1)


def _print_collection(result: Any, dry_run: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("student", "action", "late", "handed in", "file", box=None)
    remarks = []
    for row in result.taken:
        late = {True: "late", False: "no", None: ""}[row.late]
        table.add_row(*map(_shown, (row.student, row.action, late, row.time[:19], row.file)))
        remarks += [f"{row.student}: {row.note}"] if row.note else []
        remarks += [f"{row.student}: not taken: {name}" for name in row.others]
    if result.taken:
        console.print(table)
    for remark in remarks:
        console.print(_shown(remark))
    for title, rows in (("refused", result.refused), ("left", result.unknown)):
        for name, reason in rows:
            console.print(f"{title}: {_shown(name)}: {_shown(reason)}")
    counts = [f"{len(result.taken)} students", f"{len(result.refused)} files refused"]
    text = ", ".join([*counts, f"{len(result.unknown)} left"])
    console.print(text + (" (nothing was written)" if dry_run else ""))


@click.command()
@click.argument("assignment")
@click.option("--names", is_flag=True, help="Say which students are meant; without it the page can be shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and write nothing.")
@click.pass_context
def report(context: click.Context, assignment: str, names: bool, as_json: bool) -> None:
    """Sum up a class: scores, checks, the commonest wrong answers, what to look at by hand."""
    from course_lib.grading.report import summarise, write_html

    course = _course(context)
    summary = summarise(course, assignment, names=names)
    if as_json:
        click.echo(json.dumps(summary))
        return
    console, table = Console(highlight=False), Table("students", "check", "what", "hint", box=None)
    for group in summary["mistakes"]:
        table.add_row(*map(_shown, (str(group["count"]), group["check"], group["what"], group["hint"])))
    numbers = f"mean {summary['mean']:g}, median {summary['median']:g} of {summary['max_score']:g}"
    console.print(f"{summary['students']} submissions: {numbers}\ncommonest wrong answers:")
    console.print(table)
    path = write_html(summary, course.root / "reports" / f"{assignment}.html")
    click.echo(f"the whole report is in {path}")


@click.command()
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="CSV file; default: grades.csv in the root."
)
@click.option("--assignment", "assignments", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["nbgrader", "canvas", "moodle"]),
    default="nbgrader",
    help="Columns: nbgrader's (default), or what Canvas or Moodle import.",
)
@click.option("--roster", "roster_path", type=click.Path(path_type=Path), help=ROSTER)
@click.pass_context
def export(
    context: click.Context,
    target: Path | None,
    assignments: tuple[str, ...],
    layout: str,
    roster_path: Path | None,
) -> None:
    """Write the grades as CSV."""
    from course_lib.grading import gradebooks, roster

    course = _course(context)
    target = target or course.root / "grades.csv"
    count = gradebooks.export(course, target, assignments, layout, roster.read(roster_path))
    click.echo(f"{count} rows written to {target}")

"""The `course` command."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from course_lib._extras import EXTRAS, explain
from course_lib.grading.cli_class import collect, export, report
from course_lib.grading.course import Course, CourseError, find_root

COLOURS = {"passed": "green", "failed": "red", "manual": "cyan"}
UNSAFE = "Run submissions without a jail: they can do whatever you can do."


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


class Commands(click.Group):
    """Turns what cannot be done into one sentence and exit status 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        from course_lib.grading.jail import JailError
        from course_lib.grading.rubric import RubricError

        try:
            return super().invoke(context)
        except (CourseError, JailError, RubricError) as error:
            click.echo(f"course: {error}", err=True)
            context.exit(2)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            text = explain(error.name, "this command") if str(error).startswith("No module") else str(error)
            click.echo(f"course: {text}", err=True)
            context.exit(2)
        except Exception as error:
            if not type(error).__module__.startswith("sqlalchemy"):
                raise
            click.echo(f"course: the gradebook cannot be used: {str(error).splitlines()[0]}", err=True)
            context.exit(2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--root", metavar="FOLDER", help="Course root; default: $COURSE_ROOT, else the nearest one.")
@click.pass_context
def main(context: click.Context, root: str | None) -> None:
    """Release, check, grade and return the assignments of the course."""
    context.obj = root


def _course(context: click.Context) -> Course:
    return Course(find_root(context.obj))


@main.command()
@click.argument("assignment")
@click.pass_context
def release(context: click.Context, assignment: str) -> None:
    """Generate the students' version of an assignment."""
    from course_lib.grading import commands

    course = _course(context)
    with _console().status(f"releasing {assignment}"):
        path = commands.release(course, assignment)
    click.echo(f"{assignment} is released; hand out {path}")


@main.command()
@click.argument("assignment")
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option("--seed", type=int, help="Seed of the hidden cases; default: a new one.")
@click.option("--unsafe-no-jail", "unsafe", is_flag=True, help=UNSAFE)
@click.pass_context
def check(
    context: click.Context, assignment: str, notebook: Path, as_json: bool, seed: int | None, unsafe: bool
) -> None:
    """Grade one notebook exactly as the autograder does; no gradebook is touched."""
    from course_lib.grading import commands
    from course_lib.grading.jail import JailError

    try:
        course = _course(context)
        with Console(stderr=True).status(f"grading {notebook.name}"):
            report = commands.check(course, assignment, notebook, seed=seed, unsafe=unsafe)
    except (CourseError, JailError) as error:
        if not as_json:
            raise
        answer = {"assignment": assignment, "status": "unreadable", "message": str(error), "cells": []}
        click.echo(json.dumps({**answer, "score": 0.0, "max_score": 0.0}))
        context.exit(2)
    click.echo(json.dumps(report.as_json())) if as_json else _print_report(report)
    context.exit(0 if report.status == "graded" else 2)


def _print_report(report: Any) -> None:
    console = _console()
    if report.status != "graded":
        console.print(f"{report.assignment} could not be graded ({report.status}): ", end="", markup=False)
        console.print(report.message, markup=False)
        return
    for cell in report.cells:
        points = f"{cell.score:g}/{cell.max_score:g}" if cell.status != "manual" else f"-/{cell.max_score:g}"
        console.print(
            f"{points:>8}  ", f"{cell.id}: {cell.status}", style=COLOURS.get(cell.status, "yellow"), sep=""
        )
        if cell.status not in ("passed", "manual"):
            indented = "\n".join(f"          {line}" for line in cell.message.splitlines())
            console.print(indented, markup=False)
    for note in report.notes:
        console.print(f"note: {note}", markup=False)
    console.print(f"{report.score:g} of {report.max_score:g} points (hidden cases: seed {report.seed})")


@main.command()
@click.argument("assignment")
@click.option(
    "--workers", type=click.IntRange(1), help="Submissions graded side by side; default: one per core."
)
@click.option("--scheduler", metavar="ADDRESS", help="Grade on a Dask cluster, e.g. tcp://10.0.0.1:8786.")
@click.option("--seed", type=int, help="Seed of the hidden cases, to repeat a run; default: a new one.")
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--unsafe-no-jail", "unsafe", is_flag=True, help=UNSAFE)
@click.pass_context
def autograde(
    context: click.Context,
    assignment: str,
    workers: int | None,
    scheduler: str | None,
    seed: int | None,
    force: bool,
    as_json: bool,
    unsafe: bool,
) -> None:
    """Grade every submission; what was interrupted is taken up, what is unchanged is left alone."""
    from course_lib.grading.autograde import Run
    from course_lib.grading.pools import cluster

    run = Run(_course(context), assignment, seed=seed, unsafe=unsafe, force=force)
    if not run.students:
        raise CourseError(f"nothing has been handed in: expected submitted/STUDENT/{assignment}/")
    rows = []
    with cluster(scheduler) if scheduler else nullcontext() as executor, _progress() as progress:
        bar = progress.add_task(f"grading {assignment}", total=len(run.students))
        for row in run.go(executor, workers):
            rows.append(row)
            progress.advance(bar)
    rows.sort(key=lambda row: row.student)
    if as_json:
        answer = {"assignment": assignment, "seed": run.seed, "students": [row.as_json() for row in rows]}
        click.echo(json.dumps(answer))
    else:
        _print_rows(rows, run.seed)


def _print_rows(rows: list, seed: int) -> None:
    table = Table("student", "status", "score", "to review", "why", box=None)
    for row in rows:
        table.add_row(
            row.student, row.status, f"{row.score:g}/{row.max_score:g}", str(row.flagged or ""), row.message
        )
    console = _console()
    console.print(table)
    unchanged = sum(row.unchanged for row in rows)
    console.print(f"{len(rows)} submissions, {unchanged} of them unchanged; hidden cases: seed {seed}")


@main.command()
@click.argument("assignment")
@click.pass_context
def feedback(context: click.Context, assignment: str) -> None:
    """Write the feedback of every graded submission."""
    from course_lib.grading import commands

    course = _course(context)
    failures = 0
    with _progress() as progress:
        bar = progress.add_task("writing feedback", total=len(course.graded(assignment)))
        for student, problem in commands.feedback(course, assignment):
            progress.advance(bar)
            if problem:
                failures += 1
                click.echo(f"{student}: {problem}", err=True)
    click.echo(f"feedback is in {course.root / 'feedback'}")
    context.exit(1 if failures else 0)


for command in (collect, report, export):
    main.add_command(command)

if __name__ == "__main__":
    sys.exit(main())

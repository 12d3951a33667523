"""Make submissions of assignment a1, right, wrong and hostile, and look at what a grader left behind."""

import copy
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Executor, Future
from pathlib import Path

import nbformat
from click.testing import CliRunner

from course_lib.grading.cli import main
from course_lib.grading.rubric import read_rubric

ROOT = Path(__file__).resolve().parents[2]
NAME = "a1_convolution"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class Serial(Executor):
    """Runs every task at once, in this process."""

    def submit(self, function, *arguments):
        """A future that is done."""
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def make_course(folder):
    """A course root of its own with the configuration and assignment a1."""
    shutil.copytree(ROOT / "assignments" / "source" / NAME, folder / "source" / NAME)
    shutil.copy(ROOT / "assignments" / "nbgrader_config.py", folder)
    return folder


def source_notebook():
    """The instructor's notebook, whose solutions are right."""
    return nbformat.read(ROOT / "assignments" / "source" / NAME / f"{NAME}.ipynb", as_version=4)


def rubric(root=ROOT / "assignments"):
    """What a1 asks for."""
    return read_rubric(root, NAME)


def cell_of(notebook, cell_id):
    """The cell with that id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == cell_id)


def submission(answers=None, keep=()):
    """A student's notebook: the stubs of the release, some right solutions, some answers of their own.

    ``answers`` maps ids of solution cells to sources, ``keep`` names cells that keep the right solution.
    """
    notebook = source_notebook()
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if "### BEGIN HIDDEN TESTS" in cell.source:
            cell.source = cell.source.split("### BEGIN HIDDEN TESTS")[0].rstrip()
        if not settings.get("solution") or settings["grade_id"] in keep:
            continue
        cell.source = (answers or {}).get(settings["grade_id"], _stub(cell.source))
    return notebook


def _stub(source):
    """The source with its solutions replaced like nbgrader does."""
    lines, inside = [], False
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
            lines.append(line.replace(BEGIN, "raise NotImplementedError"))
        elif END in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines)


def write(notebook, path):
    """Write a notebook, or text or bytes in the place of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    elif isinstance(notebook, str):
        path.write_text(notebook)
    else:
        path.write_text(json.dumps(notebook))
    return path


def hand_in(root, student, notebook):
    """Put a notebook where nbgrader looks for that student's."""
    return write(notebook, root / "submitted" / student / NAME / f"{NAME}.ipynb")


def course(root, *arguments):
    """Run the `course` command on a course root, in this process."""
    return CliRunner().invoke(main, ["--root", str(root), *map(str, arguments)])


def course_process(root, *arguments, **options):
    """Run the `course` command on a course root, in a process of its own."""
    command = [sys.executable, "-m", "course_lib.grading.cli", "--root", str(root), *map(str, arguments)]
    options = {"timeout": 240, **options}
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def gradebook(root):
    """Points from checks by student and cell, as they stand in the gradebook."""
    import sqlite3

    query = """select s.id, b.name, g.auto_score, g.needs_manual_grade
        from grade g join submitted_notebook n on g.notebook_id = n.id
        join submitted_assignment a on n.assignment_id = a.id join student s on a.student_id = s.id
        join base_cell b on g.cell_id = b.id"""
    with sqlite3.connect(root / "gradebook.db") as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return {(student, cell): (score, bool(review)) for student, cell, score, review in rows}


def total(root, student):
    """A student's points from checks in the gradebook."""
    return sum(score or 0.0 for (who, _), (score, _) in gradebook(root).items() if who == student)


def processes_with(marker):
    """Ids of the processes on this machine whose command line or environment holds a text."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if marker.encode() in text:
            found.append(int(entry.name))
    return found


def copy_of(notebook):
    """A copy to change."""
    return copy.deepcopy(notebook)

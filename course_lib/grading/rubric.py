"""What an assignment asks for, read from the instructor's source notebook and from nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course_lib.grading.calls import CheckCall, parse_check_calls


class RubricError(ValueError):
    """An assignment that cannot be graded as it stands; the message says which cell and why."""


@dataclass(frozen=True)
class RubricCell:
    """One cell of the source notebook that nbgrader knows by its id.

    Attributes
    ----------
    id : str
        nbgrader's ``grade_id``.
    kind : str
        ``"checked"`` (graded by checks), ``"manual"`` (graded by a person), ``"solution"`` or ``"locked"``.
    points : float
        What it is worth; 0 for solution and locked cells.
    calls : tuple of CheckCall
        The checks that a checked cell runs.
    cell : NotebookNode
        The instructor's cell.
    """

    id: str
    kind: str
    points: float
    calls: tuple[CheckCall, ...]
    cell: Any

    @property
    def is_students(self) -> bool:
        """Whether the student writes in it."""
        return self.kind in ("solution", "manual")


@dataclass(frozen=True)
class Rubric:
    """The cells of an assignment in order, and the metadata of its notebook."""

    assignment: str
    cells: tuple[RubricCell, ...]
    metadata: Any

    @property
    def graded(self) -> list[RubricCell]:
        """Cells that carry points."""
        return [cell for cell in self.cells if cell.kind in ("checked", "manual")]

    @property
    def max_score(self) -> float:
        """Points that checks can give; what a person grades is not in it."""
        return sum((cell.points for cell in self.cells if cell.kind == "checked"), 0.0)

    @property
    def fingerprint(self) -> str:
        """Equal while the assignment asks for the same."""
        cells = [(c.id, c.kind, c.points, "" if c.is_students else c.cell.source) for c in self.cells]
        return json.dumps([self.assignment, cells])

    @property
    def uses_torch(self) -> bool:
        """Whether the notebook's metadata asks for PyTorch: ``"course": {"libraries": ["torch"]}``."""
        return "torch" in self.metadata.get("course", {}).get("libraries", [])

    @property
    def file(self) -> str:
        """Name of the one file to hand in beside the notebook, from ``"course": {"file": NAME}``, or ""."""
        return self.metadata.get("course", {}).get("file", "")

    def find(self, cell_id: object) -> RubricCell | None:
        """The cell of that id, or None."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)


def read_rubric(course: Path, assignment: str) -> Rubric:
    """Read the rubric of an assignment of the course in a folder.

    Raises
    ------
    RubricError
        If there is no such assignment, or one of its cells cannot be graded.
    """
    folder = Path(course) / "source" / assignment
    if not assignment or Path(assignment).name != assignment or not folder.is_dir():
        known = sorted(p.name for p in (Path(course) / "source").glob("*") if p.is_dir())
        raise RubricError(f"there is no assignment {assignment!r} here; known: {', '.join(known) or 'none'}")
    notebooks = sorted(folder.glob("*.ipynb"))
    if len(notebooks) != 1:
        raise RubricError(f"expected one notebook in {folder.name}, got {len(notebooks)}")
    return rubric_of(assignment, nbformat.read(notebooks[0], as_version=4))


def rubric_of(assignment: str, notebook: Any) -> Rubric:
    """The rubric that a source notebook describes.

    Raises
    ------
    RubricError
        If an id stands twice, or a cell with points is neither written by the student nor runs a check.
    """
    cells = []
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade_id"):
            cells.append(_rubric_cell(cell, settings))
    ids = [cell.id for cell in cells]
    twice = sorted({cell_id for cell_id in ids if ids.count(cell_id) > 1})
    if twice:
        raise RubricError(f"{assignment}: expected every cell id once, got {', '.join(twice)} again")
    if not any(cell.points for cell in cells):
        raise RubricError(f"{assignment}: expected at least one cell with points, got none")
    return Rubric(assignment, tuple(cells), notebook.metadata)


def _rubric_cell(cell: Any, settings: Any) -> RubricCell:
    cell_id, points = settings["grade_id"], float(settings.get("points") or 0.0)
    if settings.get("task") or (settings.get("grade") and settings.get("solution")):
        return RubricCell(cell_id, "manual", points, (), cell)
    if not settings.get("grade"):
        return RubricCell(cell_id, "solution" if settings.get("solution") else "locked", 0.0, (), cell)
    try:
        calls = tuple(parse_check_calls(cell.source))
    except ValueError as error:
        raise RubricError(f"cell {cell_id}: {error}") from None
    if not calls:
        raise RubricError(f"cell {cell_id}: expected a cell with points to run a check, got none")
    return RubricCell(cell_id, "checked", points, calls, cell)

"""Read a submitted notebook, whatever it is, and put it back into the instructor's form."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import v4
from nbformat.notebooknode import NotebookNode, from_dict

from course_lib.grading.limits import MEGABYTE
from course_lib.grading.rubric import Rubric, RubricCell

FILE_LIMIT = 64 * MEGABYTE
BESIDE_LIMIT = MEGABYTE  # of the one file that is handed in beside a notebook
CELL_LIMIT = 2000
SOURCE_LIMIT = 4 * MEGABYTE
MISSING = "This cell is missing from the submission."


class Unreadable(ValueError):  # noqa: N818
    """A file that cannot be graded; the message says why, in a student's words."""


@dataclass
class StudentCell:
    """The three things about a submitted cell that are looked at; all else is dropped unseen."""

    kind: str
    source: str
    grade_id: str | None


@dataclass
class Submission:
    """A submission in the instructor's form.

    Attributes
    ----------
    notebook : NotebookNode
        The instructor's graded and locked cells, with the student's answers and the student's own cells.
    missing : list of str
        Ids of the answers that the submission lacks.
    notes : list of str
        What was put right, for the person who reviews.
    problem : str
        Why nothing could be read; empty when something could.
    file : bytes or None
        The file beside the notebook, where the assignment asks for one and it could be read.
    """

    notebook: NotebookNode
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    file: bytes | None = None


def read_cells(path: Path) -> list[StudentCell]:
    """The cells of a submitted file.

    Raises
    ------
    Unreadable
        If it is missing, no ordinary file, too large, not a notebook, or cut off.
    """
    data = _read_bytes(Path(path))
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not a notebook: it is not text in UTF-8") from None
    except ValueError:
        cut = data.lstrip().startswith(b"{") and not data.rstrip().endswith(b"}")
        reason = "it is cut off; upload it again" if cut else "it is not JSON"
        raise Unreadable(f"the file is not a notebook: {reason}") from None
    except (RecursionError, MemoryError):
        raise Unreadable("the file is not a notebook: it is nested too deeply") from None
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise Unreadable("the file is not a notebook of format 4: it has no list of cells")
    if document.get("nbformat") != 4:
        raise Unreadable("the file is not a notebook of format 4: open it in Jupyter and save it again")
    cells = document["cells"]
    if len(cells) > CELL_LIMIT:
        raise Unreadable(f"the notebook has {len(cells)} cells; at most {CELL_LIMIT} are read")
    kept = [_student_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in kept) > SOURCE_LIMIT:
        raise Unreadable("the notebook holds more than 4 MB of text; results belong in outputs, not in cells")
    return kept


def read_beside(path: Path) -> bytes:
    """The file that is handed in beside a notebook, as it is; nothing here looks into it.

    Raises
    ------
    Unreadable
        If it is missing, no ordinary file, empty, or too large.
    """
    return _read_bytes(Path(path), BESIDE_LIMIT, "it is to hold weights and nothing else")


def same_file(here: Path, incoming: Path | None) -> bool:
    """Whether the file beside a notebook is the one that came in, or both are missing."""
    if incoming is None or not here.is_file() or here.is_symlink():
        return incoming is None and not os.path.lexists(here)
    return here.stat().st_size <= BESIDE_LIMIT and here.read_bytes() == incoming.read_bytes()


def _read_bytes(
    path: Path, limit: int = FILE_LIMIT, advice: str = "clear its outputs and save it again"
) -> bytes:
    try:
        status = path.lstat()
    except OSError:
        raise Unreadable("the file does not exist") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("this is not an ordinary file")
    if status.st_size > limit:
        size, most = status.st_size / MEGABYTE, limit // MEGABYTE
        raise Unreadable(f"the file has {size:.0f} MB; at most {most} are read: {advice}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"the file cannot be opened: {error.strerror}") from None
    if not data.strip():
        raise Unreadable("the file is empty")
    return data


def _student_cell(cell: dict) -> StudentCell:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    metadata = cell.get("metadata")
    settings = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = settings.get("grade_id") if isinstance(settings, dict) else None
    kind = cell.get("cell_type")
    return StudentCell(
        kind if kind in ("code", "markdown") else "raw",
        source.encode("utf-8", "replace").decode("utf-8").replace("\x00", ""),
        grade_id if isinstance(grade_id, str) else None,
    )


def rebuild(cells: list[StudentCell], rubric: Rubric) -> Submission:
    """Put submitted cells into the instructor's form.

    Cells with an id of the rubric come in the rubric's order, with its type, points and, unless the student
    writes in them, its source. Cells of the student's own stay behind the cell they followed. Where an id
    stands more than once the last one is the answer and the others become ordinary cells.

    Parameters
    ----------
    cells : list of StudentCell
        From `read_cells`.
    rubric : Rubric
        The assignment.

    Returns
    -------
    Submission
        Always one that nbgrader can grade.

    Raises
    ------
    Unreadable
        If none of the cells belongs to the assignment.
    """
    last = {cell.grade_id: i for i, cell in enumerate(cells) if rubric.find(cell.grade_id)}
    if not last:
        raise Unreadable(f"the notebook holds none of the cells of {rubric.assignment}")
    followers: dict[str | None, list[NotebookNode]] = {None: []}
    answers: dict[str, StudentCell] = {}
    submission, anchor = Submission(v4.new_notebook()), None
    for i, cell in enumerate(cells):
        known = rubric.find(cell.grade_id)
        if known and last[cell.grade_id] == i:
            answers[known.id], anchor = cell, known.id
            continue
        if known:
            submission.notes.append(f"cell {known.id} stands more than once; the last one was graded")
        if not known or known.is_students:
            followers.setdefault(anchor, []).append(_own_cell(cell))
    _fill(submission, rubric, answers, followers)
    return submission


def _fill(submission: Submission, rubric: Rubric, answers: dict, followers: dict) -> None:
    notebook = submission.notebook
    notebook.metadata = deepcopy(rubric.metadata)
    notebook.cells = list(followers[None])
    for known in rubric.cells:
        answer = answers.get(known.id)
        if answer is None:
            submission.notes.append(f"cell {known.id} was missing and has been put back")
            if known.is_students:
                submission.missing.append(known.id)
        elif answer.kind != known.cell.cell_type:
            submission.notes.append(f"cell {known.id} had become a {answer.kind} cell")
        notebook.cells.append(_known_cell(known, answer))
        notebook.cells.extend(followers.get(known.id, []))
    _give_ids(notebook)


def _own_cell(cell: StudentCell) -> NotebookNode:
    new = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}[cell.kind]
    return new(cell.source)


def _known_cell(known: RubricCell, answer: StudentCell | None) -> NotebookNode:
    cell = from_dict(deepcopy(dict(known.cell)))
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    if known.is_students:
        missing = f"# {MISSING}" if cell.cell_type == "code" else MISSING
        cell.source = answer.source if answer else missing
    return cell


def _give_ids(notebook: NotebookNode) -> None:
    """Number the cells: ids must be there and differ, whatever the submission held."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"


def unreadable(rubric: Rubric, problem: str) -> Submission:
    """A submission that holds nothing but the reason why it could not be read."""
    submission = Submission(v4.new_notebook(), problem=problem)
    _fill(submission, rubric, {}, {None: []})
    submission.notes = [problem]
    return submission


def load(path: Path, rubric: Rubric) -> Submission:
    """Read and rebuild a submitted file; never fails, see ``problem`` of the result."""
    try:
        submission = rebuild(read_cells(path), rubric)
    except Unreadable as error:
        return unreadable(rubric, str(error))
    if rubric.file:
        try:
            submission.file = read_beside(Path(path).with_name(rubric.file))
        except Unreadable as error:
            submission.notes.append(f"{rubric.file} beside the notebook: {error}")
    return submission


def digest(submission: Submission, rubric: Rubric) -> str:
    """Equal exactly for submissions that are graded alike: the cells, and what the assignment asks."""
    given = [
        (c.cell_type, c.metadata.get("nbgrader", {}).get("grade_id"), c.source)
        for c in submission.notebook.cells
    ]
    beside = "" if submission.file is None else hashlib.sha256(submission.file).hexdigest()
    text = json.dumps([rubric.fingerprint, given, submission.problem, submission.missing, beside])
    return hashlib.sha256(text.encode()).hexdigest()


def code_cells(notebook: Any) -> list[tuple[int, Any]]:
    """Index and cell of what is executed: every code cell but those graded by checks."""
    found = []
    for i, cell in enumerate(notebook.cells):
        settings = cell.metadata.get("nbgrader", {})
        checked = settings.get("grade", False) and not settings.get("solution", False)
        if cell.cell_type == "code" and not checked:
            found.append((i, cell))
    return found

"""Every assignment's notebook: graded cells and checks belong together, its solutions pass, its stubs do not."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

from course_lib.grading import CheckFailed, parse_check_calls
from course_lib.grading.checks import load, names

SOURCE = Path(__file__).resolve().parents[2] / "assignments" / "source"
WEIGHTS = Path(__file__).with_name("weights")
STUB = Config({"ClearSolutions": {"code_stub": {"python": "raise NotImplementedError"}}})
ASSIGNMENTS = sorted(path.name for path in SOURCE.glob("a*"))


def _notebook(assignment):
    return nbformat.read(SOURCE / assignment / f"{assignment}.ipynb", as_version=4)


def _released(assignment):
    notebook, resources = _notebook(assignment), {}
    for step in (ClearSolutions(config=STUB), ClearHiddenTests()):
        notebook, resources = step.preprocess(notebook, resources)
    return notebook


def _meta(cell):
    return cell.metadata.get("nbgrader", {})


def _code(notebook, graded):
    return [c for c in notebook.cells if c.cell_type == "code" and _meta(c).get("grade", False) == graded]


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    """The files that a student hands in beside a notebook lie in the working folder."""
    for path in WEIGHTS.glob("*.npz"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)


def _run_all(notebook):
    """Run the cells that are not graded, then each graded one; returns {grade_id: failure or None}."""
    scope, results = {}, {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in _code(notebook, graded=False):
            exec(cell.source, scope)
        for cell in _code(notebook, graded=True):
            try:
                exec(cell.source, scope)
                results[_meta(cell)["grade_id"]] = None
            except CheckFailed as failure:
                results[_meta(cell)["grade_id"]] = failure.verdict
    return results


def test_there_is_one_notebook_for_each_module_of_checks():
    assert names() == ASSIGNMENTS


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_notebook_is_valid_and_its_graded_cells_are_unique(assignment):
    notebook = _notebook(assignment)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [_meta(c)["grade_id"] for c in notebook.cells if _meta(c)]
    assert len(ids) == len(set(ids))
    assert all(_meta(c)["schema_version"] == 3 for c in notebook.cells if _meta(c))
    assert not any(c.get("outputs") for c in notebook.cells)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_each_check_has_one_cell_with_points_that_add_to_100(assignment):
    cells = _code(_notebook(assignment), graded=True)
    calls = [parse_check_calls(cell.source) for cell in cells]
    assert [c[0].name for c in calls] == list(load(assignment))
    for cell, (visible, hidden) in zip(cells, calls, strict=True):
        assert visible.name == hidden.name
        assert visible.function == hidden.function == load(assignment)[visible.name].function
        assert (visible.hidden, hidden.hidden) == (False, True)
        assert _meta(cell)["grade_id"] == visible.name.replace(".", "_")
        assert _meta(cell)["locked"]
        assert _meta(cell)["points"] > 0
    assert sum(_meta(cell)["points"] for cell in cells) == 100


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_points_in_the_text_are_those_of_the_cells(assignment):
    notebook = _notebook(assignment)
    table = re.findall(r"^\| \d+ \| (.*?) \| (\d+) \|$", notebook.cells[0].source, flags=re.MULTILINE)
    assert table
    cells = _code(notebook, graded=True)
    for text, points in table:
        functions = re.findall(r"`(\w+)`", text)
        mine = [c for c in cells if parse_check_calls(c.source)[0].function in functions]
        assert sum(_meta(c)["points"] for c in mine) == int(points), text
    headings = re.findall(
        r"^## Exercise \d+: .*\((\d+) points\)$", "\n".join(c.source for c in notebook.cells), re.M
    )
    assert headings == [points for _, points in table]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_one_written_question_is_graded_by_hand(assignment):
    written = [c for c in _notebook(assignment).cells if _meta(c).get("grade") and c.cell_type == "markdown"]
    assert [(_meta(c)["solution"], _meta(c)["points"]) for c in written] == [(True, 10)]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_solutions_get_full_marks(assignment):
    failures = {k: v.message for k, v in _run_all(_notebook(assignment)).items() if v}
    assert failures == {}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_stubs_fail_with_not_implemented_only(assignment):
    results = _run_all(_released(assignment))
    assert len(results) == len(load(assignment))
    assert {v and v.aspect for v in results.values()} == {"unwritten"}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_release_keeps_no_answer(assignment):
    source = "\n".join(cell.source for cell in _released(assignment).cells)
    assert "hidden=True" not in source
    assert "BEGIN SOLUTION" not in source
    assert "**Answer.**" not in source
    assert f"course check {assignment} {assignment}.ipynb" in source

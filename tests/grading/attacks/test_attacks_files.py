"""Broken files and surgery on cells: the honest score where one can be seen, a stated reason where not."""

import json
import os

import forge
import nbformat
import pytest

from course_lib.grading.limits import Limits
from course_lib.grading.scoring import score
from course_lib.grading.submission import load

HONEST = 12.0  # output_size is right, corr2d is wrong, the rest are stubs
LIMITS = Limits(cell_seconds=4, check_seconds=2, submission_seconds=40)
WRONG = "def corr2d(x, k):\n    return np.zeros_like(x)"
FULL_POINTS = '_ = [cell for cell in ()]\nprint("corr2d.example: passed")\n100.0'


@pytest.fixture(scope="module", autouse=True)
def _jailed(require):
    require("bwrap")


@pytest.fixture(scope="module")
def rubric():
    return forge.rubric()


@pytest.fixture
def grade(rubric, tmp_path):
    def grade(notebook):
        path = notebook if isinstance(notebook, os.PathLike) else forge.write(notebook, tmp_path / "x.ipynb")
        return score(load(path, rubric), rubric, limits=LIMITS, seed=1)

    return grade


def honest():
    return forge.submission({"corr2d": WRONG}, keep=("output_size",))


def index(notebook, cell_id):
    return notebook.cells.index(forge.cell_of(notebook, cell_id))


def delete_tests(notebook):
    notebook.cells = [c for c in notebook.cells if not c.metadata.get("nbgrader", {}).get("grade")]


def delete_one_test(notebook):
    del notebook.cells[index(notebook, "corr2d_example")]


def duplicate_right_test(notebook):
    at = index(notebook, "output_size_plain")
    notebook.cells[at:at] = [forge.copy_of(notebook.cells[at]) for _ in range(5)]


def duplicate_solution(notebook):
    at = index(notebook, "corr2d")
    notebook.cells.insert(at, forge.copy_of(notebook.cells[at]))


def reorder(notebook):
    notebook.cells.reverse()


def retype(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.cell_type = "markdown"
            del cell["outputs"], cell["execution_count"]


def raw_solution(notebook):
    cell = forge.cell_of(notebook, "output_size")
    cell.cell_type = "raw"
    del cell["outputs"], cell["execution_count"]


def rename_test_to_another(notebook):
    forge.cell_of(notebook, "corr2d_example").metadata.nbgrader.grade_id = "output_size_plain"


def rename_test(notebook):
    forge.cell_of(notebook, "corr2d_example").metadata.nbgrader.grade_id = "../../gradebook"


def raise_points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 10**6


def negative_points(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = -5


def own_exercise(notebook):
    cell = nbformat.v4.new_code_cell("100.0")
    cell.metadata.nbgrader = {
        "grade": True,
        "grade_id": "bonus",
        "points": 50,
        "locked": True,
        "solution": False,
    }
    notebook.cells.append(cell)


def test_becomes_solution(notebook):
    for cell in notebook.cells:
        settings = cell.metadata.get("nbgrader", {})
        if settings.get("grade"):
            settings.update(solution=True, locked=False)


test_becomes_solution.__test__ = False


def solution_becomes_test(notebook):
    forge.cell_of(notebook, "corr2d").metadata.nbgrader.update(grade=True, points=50, solution=False)


def empty_tests(notebook):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source = FULL_POINTS


def outputs_that_claim_points(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": "5.0"}, execution_count=1)
            ]


def tags(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "nbval-skip", "raises-exception", "hide-cell", "remove-cell"]


def schema(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = 99


def odd_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = dict(
            cell.metadata.get("nbgrader", {}), checksum=[1], cell_type={"a": 1}, task=7
        )
    notebook.metadata = {
        "kernelspec": {"name": "bash; reboot", "language": []},
        "course": {"problem": "", "notes": 3},
    }


def forged_report(notebook):
    notebook.metadata["course"] = {"missing": [], "notes": [], "problem": "", "score": 100}


def forged_setup(notebook):
    forge.cell_of(notebook, "setup_check").source = "check = lambda *a, **k: None"


def no_source(notebook):
    notebook.cells.append({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None})
    notebook.cells += [
        7,
        None,
        "cell",
        [],
        {"cell_type": ["code"], "source": 3, "metadata": "x"},
        {"source": [1, "pass"]},
    ]


def odd_characters(notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell("\x00 \ud800 \u202e \ufeff"))
    notebook.cells.append(nbformat.v4.new_code_cell("x = '\ud800\x00'"))


SURGERY = [
    delete_tests,
    delete_one_test,
    duplicate_right_test,
    duplicate_solution,
    reorder,
    retype,
    raw_solution,
    rename_test_to_another,
    rename_test,
    raise_points,
    negative_points,
    own_exercise,
    test_becomes_solution,
    solution_becomes_test,
    empty_tests,
    outputs_that_claim_points,
    tags,
    schema,
    odd_metadata,
    forged_report,
    forged_setup,
    no_source,
    odd_characters,
]


@pytest.mark.parametrize("surgery", SURGERY, ids=lambda f: f.__name__)
def test_surgery_changes_nothing(grade, rubric, surgery):
    notebook = honest()
    surgery(notebook)
    report = grade(notebook)
    assert report.status == "graded", report.message
    assert (report.score, report.max_score) == (HONEST, 100.0)
    assert [(c.id, c.max_score) for c in report.cells] == [(c.id, c.points) for c in rubric.graded]


def test_a_deleted_answer_scores_nothing_says_so_and_is_flagged(grade):
    notebook = honest()
    del notebook.cells[index(notebook, "corr2d")]
    report = grade(notebook)
    assert report.score == HONEST
    cell = next(c for c in report.cells if c.id == "corr2d_example")
    assert (cell.score, cell.flagged) == (0.0, True)
    assert "corr2d is not defined" in cell.message
    assert "missing from the submission: corr2d" in cell.message


def test_the_last_of_several_answers_counts(grade):
    notebook = forge.submission({"corr2d": WRONG})
    right = forge.cell_of(forge.source_notebook(), "corr2d")
    notebook.cells.append(right)
    report = grade(notebook)
    assert report.score == 15.0
    assert any("more than once" in note for note in report.notes)


def test_cells_of_ones_own_run_where_they_stand(grade):
    notebook = forge.submission({"corr2d": "def corr2d(x, k):\n    return helper(x, k)"})
    right = forge.cell_of(forge.source_notebook(), "corr2d").source.replace("def corr2d", "def helper")
    notebook.cells.insert(index(notebook, "corr2d"), nbformat.v4.new_code_cell(right))
    assert grade(notebook).score == 15.0


def test_the_instructors_setup_cannot_be_deleted(grade):
    notebook = honest()
    del notebook.cells[index(notebook, "setup_numpy")]
    assert grade(notebook).score == HONEST


def huge(path):
    notebook = honest()
    text = json.dumps(notebook)
    return forge.write(text[:-1] + ', "padding": "' + "x" * (100 << 20) + '"}', path)


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    return path


def link(path):
    path.symlink_to("/etc/passwd")
    return path


def folder(path):
    path.mkdir()
    return path


def pipe(path):
    os.mkfifo(path)
    return path


def many_cells(path):
    notebook = honest()
    notebook.cells += [nbformat.v4.new_code_cell("pass")] * 100_000
    return forge.write(notebook, path)


def much_text(path):
    notebook = honest()
    notebook.cells.append(nbformat.v4.new_code_cell("#" * (5 << 20)))
    return forge.write(notebook, path)


FILES = {
    huge: "100 MB",
    sparse: "at most 64",
    link: "not an ordinary file",
    folder: "not an ordinary file",
    pipe: "not an ordinary file",
    many_cells: "cells; at most",
    much_text: "4 MB",
}


@pytest.mark.parametrize("make", FILES, ids=lambda f: f.__name__)
def test_a_file_that_cannot_be_read_scores_nothing_and_says_why(grade, tmp_path, make):
    report = grade(make(tmp_path / "odd.ipynb"))
    assert (report.status, report.score, report.max_score) == ("unreadable", 0.0, 100.0)
    assert FILES[make] in report.message
    assert all(cell.flagged and cell.message == report.message for cell in report.cells)


BROKEN = {
    "null": "null",
    "text": "hello",
    "number": "1e999999",
    "digits": '{"cells": [' + "9" * 10**6 + "]}",
    "format 3": '{"nbformat": 3, "worksheets": []}',
    "format 5": '{"nbformat": 5, "cells": []}',
    "format of another type": '{"nbformat": "4", "cells": []}',
    "cells of another type": '{"nbformat": 4, "cells": {"0": 1}}',
    "no cells": '{"nbformat": 4, "cells": []}',
    "deep": '{"cells":' * 50_000,
    "two documents": '{"nbformat": 4, "cells": []}{"nbformat": 4}',
    "utf-16": json.dumps({"nbformat": 4, "cells": []}).encode("utf-16"),
    "a zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_notebook_scores_nothing(grade, name):
    report = grade(BROKEN[name])
    assert (report.status, report.score) == ("unreadable", 0.0)
    assert report.message

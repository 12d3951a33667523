"""What an assignment asks for, and what a submitted file is made into, whatever it holds."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from doubles import graded_cell, solution_cell

from course_lib.grading import submission
from course_lib.grading.rubric import RubricError, read_rubric, rubric_of
from course_lib.grading.submission import (
    MISSING,
    StudentCell,
    Unreadable,
    code_cells,
    digest,
    load,
    read_cells,
    rebuild,
)

CHECK = 'check(output_size, "output_size.plain")'


def locked_cell(grade_id, source):
    """Text of the instructor's."""
    cell = nbformat.v4.new_markdown_cell(source)
    cell.metadata["nbgrader"] = {"grade": False, "grade_id": grade_id, "locked": True, "solution": False}
    return cell


def notebook(*cells, **metadata):
    return nbformat.v4.new_notebook(cells=list(cells), metadata=metadata)


SOURCE = notebook(
    locked_cell("title", "# Exercise"),
    solution_cell("output_size", "the solution"),
    graded_cell("output_size_plain", 12, CHECK, f"{CHECK[:-1]}, hidden=True)"),
    graded_cell("written", 10, kind="markdown"),
    nbformat.v4.new_code_cell("not known to nbgrader"),
)
SOURCE.cells[1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="the instructor's")]
SOURCE.cells[1].execution_count = 3
RUBRIC = rubric_of("a1_convolution", SOURCE)


# ---------------------------------------------------------------- the rubric


def test_a_rubric_lists_the_cells_that_nbgrader_knows():
    assert [(c.id, c.kind, c.points, c.is_students) for c in RUBRIC.cells] == [
        ("title", "locked", 0.0, False),
        ("output_size", "solution", 0.0, True),
        ("output_size_plain", "checked", 12.0, False),
        ("written", "manual", 10.0, True),
    ]
    assert [(call.name, call.hidden) for call in RUBRIC.cells[2].calls] == [
        ("output_size.plain", False),
        ("output_size.plain", True),
    ]
    assert [cell.id for cell in RUBRIC.graded] == ["output_size_plain", "written"]
    assert RUBRIC.max_score == 12.0  # a person gives the other ten
    assert RUBRIC.find("written") is RUBRIC.cells[3]
    assert RUBRIC.find("nothing") is None


def test_a_task_is_graded_by_a_person():
    task = locked_cell("task", "Draw.")
    task.metadata.nbgrader |= {"task": True, "points": 5}
    assert [c.kind for c in rubric_of("a", notebook(task)).cells] == ["manual"]


def test_a_notebook_asks_for_torch_in_its_metadata():
    assert not RUBRIC.uses_torch
    torch = {"course": {"libraries": ["torch"]}}
    assert rubric_of("a", notebook(*SOURCE.cells, **torch)).uses_torch


def test_the_fingerprint_sees_what_is_asked_and_not_the_solution():
    def changed(number, **values):
        cells = [nbformat.from_dict(cell) for cell in json.loads(json.dumps(SOURCE.cells))]
        for name, value in values.items():
            setattr(cells[number], name, value)
        return rubric_of("a1_convolution", notebook(*cells)).fingerprint

    assert changed(1, source="another solution") == RUBRIC.fingerprint
    assert changed(0, source="# Another title") != RUBRIC.fingerprint
    assert changed(2, source=CHECK) != RUBRIC.fingerprint


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            [locked_cell("a", "x"), locked_cell("a", "y"), graded_cell("b", 1, CHECK)],
            "expected every cell id once, got a",
        ),
        ([locked_cell("a", "x")], "at least one cell with points, got none"),
        ([graded_cell("a", 1, "x = 1")], "cell a: expected a cell with points to run a check"),
        ([graded_cell("a", 1, "check(f, name)")], "cell a: parse_check_calls: expected check"),
    ],
)
def test_an_assignment_that_cannot_be_graded(cells, words):
    with pytest.raises(RubricError, match=words):
        rubric_of("a", notebook(*cells))


@pytest.mark.parametrize("name", ["", "a9_nothing", "../a1", "a1/.", "a1/../a1"])
def test_an_assignment_that_is_not_there(tmp_path, name):
    with pytest.raises(RubricError, match=re.escape(f"there is no assignment {name!r} here; known: none")):
        read_rubric(tmp_path, name)
    for known in ("a1", "a2"):
        (tmp_path / "source" / known).mkdir(parents=True)
    with pytest.raises(RubricError, match="known: a1, a2"):
        read_rubric(tmp_path, name)


def test_an_assignment_is_one_notebook(tmp_path):
    folder = tmp_path / "source" / "a1"
    folder.mkdir(parents=True)
    for count, name in enumerate(("", "one.ipynb", "two.ipynb")):
        if name:
            nbformat.write(SOURCE, folder / name)
        if count == 1:
            assert read_rubric(tmp_path, "a1").assignment == "a1"
            continue
        with pytest.raises(RubricError, match=f"expected one notebook in a1, got {count}"):
            read_rubric(tmp_path, "a1")


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"print('hello')", "it is not JSON"),
        (b'{"cells": [', "it is cut off; upload it again"),
        (b'{"cells": []]}', "it is not JSON"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "it is not text in UTF-8"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"[1]", "it has no list of cells"),
        (b'{"cells": {}}', "it has no list of cells"),
        (b'{"cells": [], "nbformat": 3}', "open it in Jupyter and save it again"),
    ],
)
def test_a_file_that_is_no_notebook(tmp_path, content, words):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=words):
        read_cells(path)


def test_what_is_no_ordinary_file(tmp_path):
    with pytest.raises(Unreadable, match="the file does not exist"):
        read_cells(tmp_path / "none.ipynb")
    (tmp_path / "real.ipynb").write_text('{"cells": [], "nbformat": 4}')
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    os.mkfifo(tmp_path / "pipe.ipynb")
    for path in (tmp_path, tmp_path / "link.ipynb", tmp_path / "pipe.ipynb"):
        with pytest.raises(Unreadable, match="not an ordinary file"):
            read_cells(path)


def test_a_file_that_cannot_be_opened(tmp_path, monkeypatch):
    (path := tmp_path / "x.ipynb").write_text("{}")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(Unreadable, match="the file cannot be opened: Permission denied"):
        read_cells(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    with open(tmp_path / "x.ipynb", "wb") as file:
        file.truncate(65 << 20)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
    with pytest.raises(Unreadable, match="the file has 65 MB; at most 64 are read"):
        read_cells(tmp_path / "x.ipynb")


def write(path, cells, **fields):
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, **fields}))
    return path


def test_a_notebook_has_a_size(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "CELL_LIMIT", 3)
    monkeypatch.setattr(submission, "SOURCE_LIMIT", 10)
    path = tmp_path / "x.ipynb"
    assert len(read_cells(write(path, [{"source": "abc"}] * 3))) == 3
    with pytest.raises(Unreadable, match="the notebook has 4 cells; at most 3 are read"):
        read_cells(write(path, [{}] * 4))
    with pytest.raises(Unreadable, match="more than 4 MB of text"):
        read_cells(write(path, [{"source": "abcdef"}, {"source": "ghijk"}]))


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ({"cell_type": "code", "source": ["a\n", "b", 3]}, StudentCell("code", "a\nb", None)),
        ({"cell_type": "markdown", "source": 3}, StudentCell("markdown", "", None)),
        ({"cell_type": ["code"], "source": "x"}, StudentCell("raw", "x", None)),
        ({}, StudentCell("raw", "", None)),
        ({"cell_type": "code", "source": "a\x00b\udc80"}, StudentCell("code", "ab?", None)),
        ({"metadata": []}, StudentCell("raw", "", None)),
        ({"metadata": {"nbgrader": "x"}}, StudentCell("raw", "", None)),
        ({"metadata": {"nbgrader": {"grade_id": ["x"]}}}, StudentCell("raw", "", None)),
        ({"metadata": {"nbgrader": {"grade_id": "x"}}}, StudentCell("raw", "", "x")),
    ],
)
def test_three_things_of_a_cell_are_looked_at(tmp_path, cell, read):
    assert read_cells(write(tmp_path / "x.ipynb", ["no cell", cell, None])) == [read]


def test_a_mark_of_byte_order_is_no_harm(tmp_path):
    (tmp_path / "x.ipynb").write_bytes(b'\xef\xbb\xbf{"cells": [{"source": "x"}], "nbformat": 4}')
    assert [cell.source for cell in read_cells(tmp_path / "x.ipynb")] == ["x"]


# ---------------------------------------------------------------- the instructor's form

TITLE = StudentCell("markdown", "# Exercise", "title")
ANSWER = StudentCell("code", "answer", "output_size")
CHECKED = StudentCell("code", "print(100)", "output_size_plain")
WRITTEN = StudentCell("markdown", "words", "written")


def own(text, kind="code"):
    return StudentCell(kind, text, None)


def sources(rebuilt):
    return [cell.source for cell in rebuilt.notebook.cells]


CHECKS = RUBRIC.cells[2].cell.source


def test_answers_are_kept_and_the_instructor_s_cells_restored():
    title = StudentCell("markdown", "# Another title", "title")
    rebuilt = rebuild([title, ANSWER, CHECKED, WRITTEN], RUBRIC)
    assert sources(rebuilt) == ["# Exercise", "answer", CHECKS, "words"]
    assert (rebuilt.missing, rebuilt.notes, rebuilt.problem) == ([], [], "")
    assert [cell.id for cell in rebuilt.notebook.cells] == ["cell-0", "cell-1", "cell-2", "cell-3"]
    assert [cell.metadata.nbgrader.grade_id for cell in rebuilt.notebook.cells] == [
        c.id for c in RUBRIC.cells
    ]
    nbformat.validate(rebuilt.notebook)


def test_cells_of_the_student_s_own_stay_where_they_were():
    cells = [own("first"), TITLE, ANSWER, own("a", "raw"), own("b", "markdown"), WRITTEN, own("last")]
    rebuilt = rebuild(cells, RUBRIC)
    assert sources(rebuilt) == ["first", "# Exercise", "answer", "a", "b", CHECKS, "words", "last"]
    kinds = [cell.cell_type for cell in rebuilt.notebook.cells]
    assert (kinds[3], kinds[4]) == ("raw", "markdown")
    assert rebuilt.notes == ["cell output_size_plain was missing and has been put back"]
    assert rebuilt.missing == []  # no answer of the student's


def test_cells_come_back_in_the_instructor_s_order():
    rebuilt = rebuild([WRITTEN, own("mine"), CHECKED, ANSWER, TITLE], RUBRIC)
    assert sources(rebuilt) == ["# Exercise", "answer", CHECKS, "words", "mine"]


def test_of_two_cells_with_one_id_the_last_is_the_answer():
    again = StudentCell("code", "second answer", "output_size")
    rebuilt = rebuild([TITLE, TITLE, ANSWER, again, CHECKED, CHECKED, WRITTEN], RUBRIC)
    # the first answer becomes an ordinary cell; of the instructor's cells a copy says nothing
    assert sources(rebuilt) == ["# Exercise", "answer", "second answer", CHECKS, "words"]
    twice = [
        f"cell {name} stands more than once; the last one was graded"
        for name in ("title", "output_size", "output_size_plain")
    ]
    assert rebuilt.notes == twice


def test_a_missing_answer_is_named_and_left_for_a_person():
    rebuilt = rebuild([TITLE, CHECKED], RUBRIC)
    assert rebuilt.missing == ["output_size", "written"]
    assert sources(rebuilt) == ["# Exercise", f"# {MISSING}", CHECKS, MISSING]
    assert rebuilt.notes == [
        "cell output_size was missing and has been put back",
        "cell written was missing and has been put back",
    ]


def test_a_cell_of_another_kind_is_put_right():
    rebuilt = rebuild([StudentCell("markdown", "answer", "output_size")], RUBRIC)
    assert "cell output_size had become a markdown cell" in rebuilt.notes
    [cell] = [c for c in rebuilt.notebook.cells if c.source == "answer"]
    assert (cell.cell_type, cell.outputs, cell.execution_count) == ("code", [], None)


def test_a_notebook_of_another_assignment_cannot_be_read():
    with pytest.raises(Unreadable, match="holds none of the cells of a1_convolution"):
        rebuild([own("x"), StudentCell("code", "y", "a2_cell")], RUBRIC)


def test_loading_never_fails(tmp_path):
    loaded = load(tmp_path / "none.ipynb", RUBRIC)
    assert (loaded.problem, loaded.notes) == ("the file does not exist", ["the file does not exist"])
    assert loaded.missing == ["output_size", "written"]
    assert len(loaded.notebook.cells) == 4
    nbformat.write(SOURCE, tmp_path / "whole.ipynb")
    loaded = load(tmp_path / "whole.ipynb", RUBRIC)
    assert (loaded.problem, loaded.missing) == ("", [])
    assert sources(loaded)[1] == "the solution"


def test_the_digest_is_that_of_what_is_graded(tmp_path):
    whole = [TITLE, ANSWER, CHECKED, WRITTEN]
    same = digest(rebuild(whole, RUBRIC), RUBRIC)
    assert digest(rebuild([*whole[1:], StudentCell("raw", "", "title")], RUBRIC), RUBRIC) == same
    others = [
        digest(
            rebuild([TITLE, StudentCell("code", "other", "output_size"), CHECKED, WRITTEN], RUBRIC), RUBRIC
        ),
        digest(rebuild([TITLE, ANSWER, own("mine"), CHECKED, WRITTEN], RUBRIC), RUBRIC),
        digest(rebuild(whole[:-1], RUBRIC), RUBRIC),
        digest(load(tmp_path / "none.ipynb", RUBRIC), RUBRIC),
        digest(rebuild(whole, RUBRIC), rubric_of("a1_convolution", notebook(*SOURCE.cells[1:]))),
    ]
    assert len({same, *others}) == 6


def test_every_code_cell_but_the_checked_ones_is_executed():
    rebuilt = rebuild([TITLE, own("mine"), ANSWER, own("text", "markdown"), CHECKED, WRITTEN], RUBRIC)
    assert [(i, cell.source) for i, cell in code_cells(rebuilt.notebook)] == [(1, "mine"), (2, "answer")]

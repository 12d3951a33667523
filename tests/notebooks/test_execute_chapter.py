"""tools/execute_chapter.py writes whole chapters in one form, and nbval notices a changed number in them."""

import os

import nbformat
import pytest


def read(folder):
    return nbformat.read(folder / "02_small.ipynb", as_version=4)


def test_execution_is_stored_with_its_cost(folder, execute_chapter, capsys):
    assert execute_chapter.main(["02"]) == 0
    notebook = read(folder)
    assert "02_small.ipynb: 3 cells" in capsys.readouterr().out
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2]
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert notebook.cells[2].outputs[0].data["text/plain"] == "10"
    assert 1 <= notebook.metadata.course.seconds <= 60
    assert 10 <= notebook.metadata.course.memory_mb <= 1000
    assert execute_chapter.complaint(folder / "02_small.ipynb") == ""


def test_second_execution_changes_nothing_but_the_cost(folder, execute_chapter):
    execute_chapter.main(["2"])
    first = read(folder)
    execute_chapter.main(["all"])
    second = read(folder)
    first.metadata.pop("course")
    second.metadata.pop("course")
    assert first == second


def test_failing_cell_leaves_the_file_untouched(folder, notebook, execute_chapter, capsys):
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    nbformat.write(notebook, folder / "02_small.ipynb")
    before = (folder / "02_small.ipynb").read_bytes()
    assert execute_chapter.main(["02"]) == 1
    assert "NOT WRITTEN, a cell failed" in capsys.readouterr().out
    assert (folder / "02_small.ipynb").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["02_small.ipynb"]


def test_check_reports_a_chapter_that_was_not_executed(folder, execute_chapter, capsys):
    assert execute_chapter.main(["--check"]) == 1
    assert "not executed in order" in capsys.readouterr().out


def test_unknown_chapter_is_named(folder, execute_chapter):
    with pytest.raises(SystemExit, match=r"no chapters/09_\*\.ipynb"):
        execute_chapter.main(["09"])


def test_kept_metadata_and_given_ids_survive(notebook, execute_chapter):
    notebook.metadata["course"] = {"seconds": 3}
    notebook.metadata["widgets"] = {"state": {}}
    notebook.cells[1].metadata["execution"] = {"iopub.status.busy": "2026"}
    notebook.cells[1]["id"] = "print-product"
    normal = execute_chapter.normalise(notebook)
    assert normal.metadata.keys() == {"course", "kernelspec", "language_info"}
    assert normal.cells[1].metadata == {}
    assert normal.cells[1].id == "print-product"


def test_ids_follow_the_source_and_never_repeat(notebook, execute_chapter):
    notebook.cells.append(notebook.cells[1].copy())
    ids = [cell.id for cell in execute_chapter.normalise(notebook).cells]
    for cell in notebook.cells:
        cell["id"] = os.urandom(4).hex()
    assert [cell.id for cell in execute_chapter.normalise(notebook).cells] == ids
    assert len(set(ids)) == len(ids) == 4


def test_nbval_passes_and_fails_when_one_printed_number_is_altered(folder, run_nbval, execute_chapter):
    execute_chapter.main(["02"])
    status, report = run_nbval(folder)
    assert status == 0, report
    text = (folder / "02_small.ipynb").read_text()
    assert text.count('"42\\n"') == 1
    (folder / "02_small.ipynb").write_text(text.replace('"42\\n"', '"43\\n"'))
    status, report = run_nbval(folder)
    assert status == 1, report
    assert "1 failed" in report

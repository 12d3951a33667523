"""Every chapter passes the guard, and the guard fails on what it is there to stop."""

import copy
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
import guard

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_passes_the_guard(path):
    assert guard.problems(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_in_normal_form(path, execute_chapter):
    assert execute_chapter.complaint(path) == ""


def test_chapters_and_table_of_contents_agree():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    named = [name for name in listed if name.startswith("chapters/")]
    assert named == [f"chapters/{path.stem}" for path in CHAPTERS]


def test_the_whole_book_runs_within_fifteen_minutes():
    seconds = [nbformat.read(path, as_version=4).metadata["course"]["seconds"] for path in CHAPTERS]
    assert sum(seconds) <= 15 * 60


def good_chapter():
    """The smallest notebook that passes the guard."""
    new = nbformat.v4
    cells = [new.new_markdown_cell(f"Paragraph {n}.", id=f"text-{n}") for n in range(guard.CELLS[0])]
    cells[0].source = "# Title"
    for number in range(guard.EXERCISES[0]):
        cells[number + 1].source = f"```{{exercise}}\n:label: e{number}\n```\n```{{solution}} e{number}\n```"
    output = new.new_output("stream", name="stdout", text="42\n")
    image = new.new_output("display_data", data={"image/png": "aGk=", "text/plain": "<Figure>"})
    cells.append(new.new_code_cell("print(42)", execution_count=1, outputs=[output], id="print"))
    cells.append(new.new_code_cell("plt.show()", execution_count=2, outputs=[image], id="plot"))
    cells[-1].metadata["mystnb"] = {"image": {"alt": "A grey square in the middle of a white one."}}
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "course": {"seconds": 3, "memory_mb": 120},
    }
    return new.new_notebook(cells=cells, metadata=metadata)


def strip_outputs(notebook):
    for cell in guard.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None


def break_it(notebook, field, value):
    """Change one thing of the good chapter's last two cells or metadata."""
    if field in ("course", "kernelspec"):
        notebook.metadata[field] = value
    else:
        notebook.cells[-1][field] = value


ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
STDERR = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: no\n")
BROKEN = {
    "execution counts": ("execution_count", None),
    "not 1..2 in order": ("execution_count", 7),
    "stored an error": ("outputs", [ERROR]),
    "wrote to stderr": ("outputs", [STDERR]),
    "prints, and stores no output": ("source", "print(1)"),
    "ends with ';'": ("source", "plt.plot([1]);\n"),
    "absolute path": ("source", "open('/home/me/x')"),
    "without alt text": ("metadata", {}),
    "no cell after it asserts": ("metadata", {"tags": ["nbval-ignore-output"]}),
    "skip-execution": ("metadata", {"tags": ["skip-execution"]}),
    "measured time": ("course", {"seconds": 91, "memory_mb": 100}),
    "measured memory": ("course", {"seconds": 9}),
    "kernel python3": ("kernelspec", {"name": "my-kernel"}),
}


def test_the_good_chapter_passes():
    assert guard.problems(good_chapter()) == []


def test_guard_fails_on_a_stripped_notebook():
    notebook = good_chapter()
    strip_outputs(notebook)
    found = " ".join(guard.problems(notebook))
    assert "execution counts are not 1..2 in order" in found
    assert "holds no outputs at all" in found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_guard_fails_on_a_stripped_chapter(path):
    notebook = nbformat.read(path, as_version=4)
    strip_outputs(notebook)
    assert "holds no outputs at all" in guard.problems(notebook)


@pytest.mark.parametrize("message", BROKEN)
def test_guard_names_what_is_broken(message):
    notebook = copy.deepcopy(good_chapter())
    break_it(notebook, *BROKEN[message])
    if message.startswith("prints"):
        notebook.cells[-1].outputs = []
    assert any(message in problem for problem in guard.problems(notebook))


@pytest.mark.parametrize(("count", "message"), [(24, "has 24 cells"), (46, "has 46 cells")])
def test_guard_counts_cells(count, message):
    notebook = good_chapter()
    spare = [nbformat.v4.new_markdown_cell("More.") for _ in range(count)]
    notebook.cells = (notebook.cells[:5] + notebook.cells[-2:] + spare)[:count]
    assert any(message in problem for problem in guard.problems(notebook))


def test_guard_counts_exercises_and_solutions():
    notebook = good_chapter()
    notebook.cells[1].source = "```{exercise}\n:label: e0\n```"
    assert guard.problems(notebook) == ["has 4 exercises and 3 solutions"]

"""The tools and a small notebook that behaves like a chapter."""

import importlib.util
import os
import subprocess
import sys

import nbformat
import pytest


def load(path):
    """Import a file that is not part of a package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def execute_chapter(root):
    """The module tools/execute_chapter.py."""
    return load(root / "tools" / "execute_chapter.py")


@pytest.fixture
def notebook():
    """A small notebook, not yet executed, that prints a number and shows one."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# Two numbers"),
        new.new_code_cell("print(6 * 7)"),
        new.new_code_cell("sum(range(5))"),
    ]
    return new.new_notebook(cells=cells)


@pytest.fixture
def folder(tmp_path, notebook, execute_chapter, monkeypatch):
    """A chapters folder with that notebook in it, as 02_small.ipynb, which execute_chapter then works on."""
    monkeypatch.setattr(execute_chapter, "CHAPTERS", tmp_path)
    nbformat.write(notebook, tmp_path / "02_small.ipynb")
    return tmp_path


@pytest.fixture
def run_nbval(root):
    """Run nbval over a folder as `make notebooks` does; the answer is its exit status and report."""
    compare = load(root / "tools" / "compare_chapters.py")

    def run(folder):
        command = [*compare.nbval_command([folder], workers=1), "--color=no"]
        command += ["-c", str(root / "pyproject.toml"), "--rootdir", str(folder)]
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, env=os.environ | {"COURSE_QUIET": "1"}
        )
        return done.returncode, done.stdout + done.stderr

    return run

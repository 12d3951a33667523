"""The `course` command from release to export, and what it says when a file cannot be graded."""

import csv
import json
import os
import shutil
import subprocess
import sys

import forge
import nbformat
import pytest

FULL = 100.0
WRONG = {
    "flip_kernel": "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return corr2d(x, k)\n"
}
ALL = ("corr2d", "output_size", "conv2d", "flip_kernel", "edge_filters", "written_answer")


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory, require):
    """A class of three, released, autograded, with feedback and export, and what the commands printed."""
    require("bwrap")
    root = shutil.copytree(released, tmp_path_factory.mktemp("class") / "course")
    forge.hand_in(root, "right", forge.source_notebook())
    forge.hand_in(
        root, "wrong", forge.submission(WRONG, keep=[name for name in ALL if name != "flip_kernel"])
    )
    forge.hand_in(root, "cut", json.dumps(forge.submission())[:5000])
    forge.hand_in(root, "empty", "")
    printed = {"autograde": forge.course_process(root, "autograde", forge.NAME, "--seed", 7, "--json")}
    printed["feedback"] = forge.course(root, "feedback", forge.NAME)
    printed["export"] = forge.course(root, "export")
    return root, printed


def test_release_hides_solutions_and_hidden_tests(released):
    notebook = nbformat.read(released / "release" / forge.NAME / f"{forge.NAME}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "raise NotImplementedError" in text
    assert "BEGIN SOLUTION" not in text
    assert "hidden=True" not in text


def test_class_is_graded_and_every_command_succeeds(graded):
    _, printed = graded
    for command, done in printed.items():
        code = done.returncode if command == "autograde" else done.exit_code
        assert code == 0, (command, done.stderr)
    answer = json.loads(printed["autograde"].stdout)
    assert answer["seed"] == 7
    assert {row["student"]: (row["status"], row["score"]) for row in answer["students"]} == {
        "right": ("graded", FULL),
        "wrong": ("graded", 88.0),
        "cut": ("unreadable", 0.0),
        "empty": ("unreadable", 0.0),
    }


def test_gradebook_holds_the_scores_and_marks_what_to_review(graded):
    root, _ = graded
    book = forge.gradebook(root)
    assert forge.total(root, "right") == FULL
    assert forge.total(root, "wrong") == 88.0
    assert book["wrong", "flip_kernel_square"] == (0.0, False)
    assert book["cut", "corr2d_example"] == (0.0, True)


def test_export_has_one_row_per_student(graded):
    root, _ = graded
    with open(root / "grades.csv", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["score"]) for name, row in rows.items()} == {
        "right": FULL,
        "wrong": 88.0,
        "cut": 0.0,
        "empty": 0.0,
    }
    assert rows["cut"]["needs_manual_grade"] == "True"


def test_plain_nbgrader_gives_the_same_scores(graded, tmp_path):
    root, _ = graded
    copy = shutil.copytree(root, tmp_path / "course", ignore=shutil.ignore_patterns("autograded", "feedback"))
    command = [sys.executable, "-m", "nbgrader", "autograde", forge.NAME]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ours, plain = forge.gradebook(root), forge.gradebook(copy)
    assert plain == ours


# ---------------------------------------------------------------- course check


def check_json(root, path):
    done = forge.course(root, "check", forge.NAME, path, "--json")
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, json.loads(done.stdout)


def test_check_prints_the_agreed_json(released, tmp_path, require):
    require("bwrap")
    path = forge.write(forge.submission(WRONG, keep=("output_size",)), tmp_path / "mine.ipynb")
    code, answer = check_json(released, path)
    assert code == 0
    assert set(answer) == {"assignment", "score", "max_score", "cells"}
    assert (answer["score"], answer["max_score"]) == (12.0, FULL)
    cells = {cell["id"]: cell for cell in answer["cells"]}
    assert set(cells["corr2d_example"]) == {"id", "score", "max_score", "status", "message"}
    assert cells["output_size_plain"]["status"] == "passed"
    assert cells["corr2d_example"]["status"] == "failed"
    assert "not written yet" in cells["corr2d_example"]["message"]
    assert cells["written_answer"]["status"] == "manual"
    assert not (released / "submitted").exists()


def test_check_in_words_shows_the_hint(released, tmp_path, require):
    require("bwrap")
    path = forge.write(forge.submission(WRONG), tmp_path / "mine.ipynb")
    done = forge.course(released, "check", forge.NAME, path)
    assert done.exit_code == 0
    assert "only the rows are reversed" in done.stdout
    assert "0 of 100 points" in done.stdout

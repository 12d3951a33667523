"""Autograding a class: every verdict, once, for everyone, whatever happens in between."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import forge
import nbformat
import pytest

from course_lib.grading import autograde, proxy
from course_lib.grading.course import Course
from course_lib.grading.jail import JailError
from course_lib.grading.limits import Limits

KEEP = ("corr2d", "output_size", "conv2d", "flip_kernel", "edge_filters", "written_answer")
QUICK = Limits(cell_seconds=2, check_seconds=1, submission_seconds=30)


@pytest.fixture(autouse=True)
def _quick(require, monkeypatch):
    require("bwrap")
    monkeypatch.setattr(proxy, "GRACE", 0.5)
    monkeypatch.setattr(Course, "limits", QUICK)


def run(root, **options):
    """Autograde in this process; rows by student."""
    return {row.student: row for row in autograde.Run(Course(root), forge.NAME, **options).go(forge.Serial())}


def points(answers, keep=()):
    return forge.submission(answers, keep=keep)


def test_a_rerun_changes_nothing_and_a_new_file_is_graded_anew(root):
    forge.hand_in(root, "ada", forge.source_notebook())
    forge.hand_in(root, "ben", points({}, keep=("output_size",)))
    first = run(root)
    assert {name: row.score for name, row in first.items()} == {"ada": 100.0, "ben": 12.0}
    assert not any(row.unchanged for row in first.values())
    book = forge.gradebook(root)
    again = run(root)
    assert all(row.unchanged for row in again.values())
    assert forge.gradebook(root) == book
    forge.hand_in(root, "ben", points({}, keep=("output_size", "flip_kernel", "corr2d")))
    third = run(root)
    assert (third["ada"].unchanged, third["ben"].unchanged) == (True, False)
    assert third["ben"].score == 39.0
    assert forge.total(root, "ben") == 39.0


@pytest.mark.parametrize(
    "later",
    ["", b"\x00\x01", json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}), None],
    ids=["empty", "bytes", "without cells", "gone"],
)
def test_scores_of_an_earlier_submission_do_not_survive(root, later):
    path = forge.hand_in(root, "ada", forge.source_notebook())
    assert run(root)["ada"].score == 100.0
    if later is None:
        path.rename(path.with_name("another.ipynb"))
    else:
        forge.hand_in(root, "ada", later)
    row = run(root)["ada"]
    assert (row.status, row.score) == ("unreadable", 0.0)
    assert row.message
    assert forge.total(root, "ada") == 0.0
    automatic = [c.id for c in forge.rubric().graded if c.kind == "checked"]
    book = forge.gradebook(root)
    assert all(book["ada", cell] == (0.0, True) for cell in automatic)


def test_the_seed_is_kept_and_repeats_the_hidden_cases(root):
    wrong = "def output_size(size, kernel_size, stride=1, padding=0):\n    return 3 if size == 5 else 4"
    forge.hand_in(root, "ada", points({"output_size": wrong}))
    first = run(root, seed=11)["ada"].report.as_dict()
    assert first["seed"] == 11
    assert json.loads((root / ".grading" / forge.NAME / "run.json").read_text())["seed"] == 11
    second = run(root, seed=11, force=True)["ada"].report.as_dict()
    assert [c["message"] for c in second["cells"]] == [c["message"] for c in first["cells"]]
    drawn = {autograde.Run(Course(root), forge.NAME, seed=None)._seed(None) for _ in range(1)}
    assert len(drawn) == 1


def test_a_drawn_seed_differs_from_run_to_run(root):
    forge.hand_in(root, "ada", points({}))
    seeds = set()
    for _ in range(3):
        each = autograde.Run(Course(root), forge.NAME)
        list(each.go(forge.Serial()))
        seeds.add(each.seed)
    assert len(seeds) == 3


def test_an_interrupted_run_goes_on_with_its_seed(root, monkeypatch):
    for name in ("ada", "ben", "cyd"):
        forge.hand_in(root, name, points({}, keep=("output_size",)))
    first = autograde.Run(Course(root), forge.NAME)
    rows = first.go(forge.Serial())
    assert next(rows).score == 12.0
    rows.close()  # the run ends here, with two students to go
    second = autograde.Run(Course(root), forge.NAME)
    assert second.seed == first.seed
    done = {row.student: row for row in second.go(forge.Serial())}
    assert sorted(row.unchanged for row in done.values()) == [False, False, True]
    assert {row.score for row in done.values()} == {12.0}


def test_killed_between_scoring_and_saving_it_saves_the_same_scores(root, monkeypatch):
    forge.hand_in(root, "ada", points({}, keep=("output_size",)))
    broken = autograde.Run(Course(root), forge.NAME)
    monkeypatch.setattr(autograde.Run, "_save", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        list(broken.go(forge.Serial()))
    monkeypatch.undo()
    monkeypatch.setattr(Course, "limits", QUICK)
    monkeypatch.setattr(autograde, "grade", lambda task: pytest.fail("scored twice"))
    row = run(root)["ada"]
    assert (row.score, row.report.seed) == (12.0, broken.seed)
    assert forge.total(root, "ada") == 12.0


def test_a_killed_process_is_taken_up_by_the_next(root):
    slow = "import time\ntime.sleep(1)\nraise NotImplementedError"
    for i in range(6):
        forge.hand_in(root, f"s{i}", points({"corr2d": slow}, keep=("output_size",)))
    command = [sys.executable, "-m", "course_lib.grading.cli", "--root", str(root), "autograde", forge.NAME]
    victim = subprocess.Popen(
        [*command, "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    students = root / ".grading" / forge.NAME / "students"
    deadline = time.monotonic() + 120
    while len(list(students.glob("*.json"))) < 2:
        assert time.monotonic() < deadline
        assert victim.poll() is None
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    seed = json.loads((root / ".grading" / forge.NAME / "run.json").read_text())["seed"]
    rows = run(root)
    assert {row.score for row in rows.values()} == {12.0}
    assert {row.report.seed for row in rows.values()} == {seed}
    assert all(forge.total(root, f"s{i}") == 12.0 for i in range(6))


def test_a_task_that_takes_the_pool_down_costs_nobody_else(root, monkeypatch):
    """The pool dies under ada's task, and every other task of the pool with it."""

    class Fragile(forge.Serial):
        def submit(self, function, *arguments):
            future = Future()
            future.set_exception(BrokenProcessPool("a process was killed"))
            return future

    def single(workers, tasks):
        return Fragile() if submitted.pop(0) == "ada" else forge.Serial()

    for name in ("ada", "ben"):
        forge.hand_in(root, name, points({}, keep=("output_size",)))
    submitted = ["ada", "ben"]
    monkeypatch.setattr(autograde, "processes", single)
    rows = {row.student: row for row in autograde.Run(Course(root), forge.NAME).go(Fragile())}
    assert (rows["ada"].status, rows["ada"].score, rows["ben"].score) == ("unreadable", 0.0, 12.0)
    assert "the grader failed" in rows["ada"].message
    again = run(root)  # what the grader failed on is tried again
    assert (again["ada"].score, again["ada"].unchanged, again["ben"].unchanged) == (12.0, False, True)


def test_a_jail_that_does_not_start_is_tried_again(root, monkeypatch):
    forge.hand_in(root, "ada", points({}, keep=("output_size",)))
    with monkeypatch.context() as broken:
        broken.setattr(proxy, "Process", lambda *a: (_ for _ in ()).throw(JailError("no room")))
        row = run(root)["ada"]
    assert (row.status, row.score, row.message) == ("unreadable", 0.0, "no room")
    assert run(root)["ada"].score == 12.0


# ---------------------------------------------------------------- a class with everything in it

BAD_CELLS = {
    "exits": "import os\nos._exit(0)",
    "loops": "while True:\n    pass",
    "writes": "import sqlite3\nsqlite3.connect({gradebook!r}).execute('update grade set auto_score = 100').connection.commit()",
    "defaces": "open({other!r}, 'w').write('gone')",
    "markup": "def corr2d(x, k):\n    raise ValueError('<script>alert(1)</script>')\nprint('<img src=x onerror=alert(1)>')",
}


def tree(root):
    """Hashes of everything handed in and of what the instructor wrote."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for base in ("source", "submitted", "release", "nbgrader_config.py")
        for path in [root / base, *(root / base).rglob("*")]
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture
def full_class(root):
    """Right students among hostile ones."""
    right = forge.hand_in(root, "a right student", forge.source_notebook())
    for name, cell in BAD_CELLS.items():
        cell = cell.replace("{gradebook!r}", repr(str(root / "gradebook.db"))).replace(
            "{other!r}", repr(str(right))
        )
        forge.hand_in(root, name, points({"corr2d": cell}, keep=("output_size",)))
    forge.hand_in(root, "cut", json.dumps(forge.submission())[:4000])
    for name in ("link", "files"):
        (root / "submitted" / name / forge.NAME).mkdir(parents=True)
    (root / "submitted" / "link" / forge.NAME / f"{forge.NAME}.ipynb").symlink_to(right)
    extra = forge.hand_in(root, "files", points({}, keep=("output_size",))).parent
    (extra / "numpy.py").write_text("raise SystemExit")
    (extra / "sitecustomize.py").write_text("raise SystemExit")
    (extra / "secret").symlink_to("/etc/passwd")
    os.mkfifo(extra / "pipe")
    (extra / "timestamp.txt").write_text("the day after tomorrow")
    (root / "submitted" / "nothing" / forge.NAME).mkdir(parents=True)
    forge.hand_in(root, "zoe", forge.source_notebook())
    return root


EXPECTED = {
    "a right student": 100.0,
    "zoe": 100.0,
    **dict.fromkeys([*BAD_CELLS, "files"], 12.0),
    **dict.fromkeys(["cut", "link", "nothing"], 0.0),
}


def test_nobody_stops_the_class_or_gains_or_costs_a_point(full_class):
    before = tree(full_class)
    rows = run(full_class)
    assert {name: row.score for name, row in rows.items()} == EXPECTED
    assert {name: forge.total(full_class, name) for name in EXPECTED} == EXPECTED
    after = tree(full_class)
    after[f"submitted/files/{forge.NAME}/timestamp.txt"] = after.pop(
        f"submitted/files/{forge.NAME}/timestamp.unreadable", None
    )
    assert after == before
    assert not (full_class / "autograded" / "files" / forge.NAME / "secret").exists()
    assert all(row.message for name, row in rows.items() if EXPECTED[name] == 0.0)
    assert all(row.flagged for name, row in rows.items() if EXPECTED[name] == 0.0)
    assert_autograded_notebooks_are_whole(full_class)
    done = forge.course(full_class, "feedback", forge.NAME)
    assert done.exit_code == 0, done.output
    html = (full_class / "feedback" / "markup" / forge.NAME / f"{forge.NAME}.html").read_text()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert(1)" not in html
    assert "<img src=x" not in html


def assert_autograded_notebooks_are_whole(root):
    for path in (root / "autograded").glob("*/*/*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert "course" not in notebook.metadata


def test_a_folder_named_like_a_pattern_is_not_taken_for_others(root):
    forge.hand_in(root, "[ab]*", forge.source_notebook())
    forge.hand_in(root, "ada", points({}, keep=("output_size",)))
    rows = run(root)
    assert (rows["[ab]*"].score, rows["ada"].score) == (0.0, 12.0)
    assert "rename the folder" in rows["[ab]*"].message
    assert (forge.total(root, "[ab]*"), forge.total(root, "ada")) == (0.0, 12.0)


def test_plain_nbgrader_survives_the_same_class(full_class):
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    config = full_class / "nbgrader_config.py"
    limits = "{'cell_seconds': 2, 'check_seconds': 1, 'submission_seconds': 30}"
    config.write_text(config.read_text() + f"\nc.ScoreOutside.limits = {limits}\n")
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", forge.NAME],
        cwd=full_class,
        env={**os.environ, "PATH": path},
        capture_output=True,
        timeout=240,
        check=False,
    )
    # nbgrader passes over a folder without a notebook in silence; `course autograde` gives it a verdict.
    expected = {name: score for name, score in EXPECTED.items() if name != "nothing"}
    assert {name: forge.total(full_class, name) for name in expected} == expected

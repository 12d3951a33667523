"""The `course` commands: what they do, what they print, and how they end."""

import contextlib
import json
from types import SimpleNamespace

import forge
import pytest
from sqlalchemy.exc import OperationalError

from course_lib.grading import autograde, cli, commands, pools
from course_lib.grading.autograde import Row
from course_lib.grading.course import Course, CourseError
from course_lib.grading.jail import JailError
from course_lib.grading.rubric import RubricError
from course_lib.grading.scoring import CellScore, Report

FULL = 100.0
KEEP = ("output_size",)


class Api:
    """nbgrader's API as far as the commands go, with one answer for everything."""

    def __init__(self, root, problems=()):
        self.root, self.problems, self.asked = root, dict(problems), []

    def answer(self, *names):
        self.asked.append(names)
        problem = self.problems.get(names[-1])
        return {"success": False, "error": problem} if problem else {"success": True}

    generate_assignment = generate_feedback = answer


@pytest.fixture
def api(root, monkeypatch):
    made = Api(root)
    monkeypatch.setattr(Course, "api", lambda self, **settings: made)
    return made


# ---------------------------------------------------------------- release


def test_a_release_is_nbgrader_s_and_names_the_notebook(root, api):
    (path := root / "release" / forge.NAME / f"{forge.NAME}.ipynb").parent.mkdir(parents=True)
    path.write_text("{}")
    done = forge.course(root, "release", forge.NAME)
    assert done.exit_code == 0, done.output
    assert api.asked == [(forge.NAME,)]
    assert done.output.endswith(f"{forge.NAME} is released; hand out {path}\n")


def test_a_release_that_fails_says_why(root, api):
    api.problems = {forge.NAME: "the disk is full"}
    done = forge.course(root, "release", forge.NAME)
    assert (done.exit_code, done.stderr) == (2, f"course: releasing {forge.NAME} failed:\nthe disk is full\n")


def test_an_assignment_whose_checks_do_not_exist_is_not_released(root, api):
    path = root / "source" / forge.NAME / f"{forge.NAME}.ipynb"
    path.write_text(path.read_text().replace("output_size.plain", "output_size.fancy"))
    with pytest.raises(CourseError, match="runs checks that do not exist: output_size.fancy"):
        commands.release(Course(root), forge.NAME)
    (root / "source" / forge.NAME).rename(root / "source" / "a9")
    with pytest.raises(CourseError, match="a9 has no checks: load: expected one of a1_convolution"):
        commands.release(Course(root), "a9")
    assert api.asked == []


# ---------------------------------------------------------------- check


def check_json(root, *arguments):
    done = forge.course(root, "check", *arguments, "--json")
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, json.loads(done.stdout)


def test_a_notebook_is_checked_and_nothing_is_written(root, loopback, tmp_path):
    before = sorted(root.rglob("*"))
    path = forge.write(forge.submission(keep=KEEP), tmp_path / "mine.ipynb")
    code, answer = check_json(root, forge.NAME, path)
    assert code == 0
    assert set(answer) == {"assignment", "score", "max_score", "cells"}
    assert (answer["score"], answer["max_score"]) == (12.0, FULL)
    cells = {cell["id"]: cell for cell in answer["cells"]}
    assert (cells["output_size_plain"]["status"], cells["corr2d_example"]["status"]) == ("passed", "failed")
    assert "not written yet" in cells["corr2d_example"]["message"]
    assert sorted(root.rglob("*")) == before


def test_a_check_in_words(root, loopback, tmp_path):
    flipped = "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return k\n"
    path = forge.write(forge.submission({"flip_kernel": flipped}, keep=KEEP), tmp_path / "mine.ipynb")
    path.write_text(path.read_text().replace('"output_size_plain"', '"renamed"'))
    done = forge.course(root, "check", forge.NAME, path, "--seed", 41)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert "     3/3  output_size_plain: passed" in lines
    assert "     0/3  flip_kernel_square: failed" in lines
    assert any(
        line.endswith("hint: only the rows are reversed") or "only the rows are reversed" in line
        for line in lines
    )
    assert "    -/10  written_answer: manual" in lines
    assert "note: cell output_size_plain was missing and has been put back" in lines
    assert lines[-1] == "12 of 100 points (hidden cases: seed 41)"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        ("", "empty"),
        ("print('hello')", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text"),
        (json.dumps({"cells": [{"cell_type": "code", "source": "x"}], "nbformat": 4})[:40], "cut off"),
        ("[1, 2]", "no list of cells"),
        ('{"cells": [], "nbformat": 3}', "format 4"),
        ('{"cells": [], "nbformat": 4}', "none of the cells"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["missing", "empty", "text", "bytes", "cut", "array", "old", "foreign", "deep"],
)
def test_check_of_what_cannot_be_graded(root, tmp_path, content, reason):
    path = tmp_path / "mine.ipynb"
    if content is not None:
        forge.write(content, path)
    code, answer = check_json(root, forge.NAME, path)
    assert (code, answer["status"]) == (2, "unreadable")
    assert reason in answer["message"]
    assert (answer["score"], answer["max_score"]) == (0.0, FULL)
    words = forge.course(root, "check", forge.NAME, path)
    assert words.exit_code == 2
    assert words.stdout.startswith(f"{forge.NAME} could not be graded (unreadable): ")
    assert reason in words.stdout


def test_check_of_an_unknown_assignment(root, tmp_path):
    code, answer = check_json(root, "a9_nothing", tmp_path / "x.ipynb")
    assert (code, answer["score"], answer["cells"]) == (2, 0.0, [])
    assert "a1_convolution" in answer["message"]
    for name in ("release", "check"):
        arguments = [tmp_path / "x.ipynb"] if name == "check" else []
        done = forge.course(root, name, "a9_nothing", *arguments)
        assert done.exit_code == 2
        assert done.stderr.startswith("course: there is no assignment 'a9_nothing'")


def test_no_course_root_is_said_plainly(tmp_path):
    done = forge.course(tmp_path, "release", forge.NAME)
    assert done.exit_code == 2
    assert "nbgrader_config.py" in done.stderr


# ---------------------------------------------------------------- what cannot be done


@pytest.mark.parametrize("error", [CourseError("in words"), JailError("in words"), RubricError("in words")])
def test_what_cannot_be_done_is_one_sentence(root, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(commands, "release", fail)
    done = forge.course(root, "release", forge.NAME)
    assert (done.exit_code, done.stderr, done.stdout) == (2, "course: in words\n", "")


def test_a_gradebook_that_cannot_be_used_is_one_sentence(root, monkeypatch):
    def fail(*_):
        raise OperationalError("select 1", {}, RuntimeError("no such server\nmore lines"))

    monkeypatch.setattr(commands, "release", fail)
    done = forge.course(root, "release", forge.NAME)
    assert done.exit_code == 2
    assert done.stderr == "course: the gradebook cannot be used: (builtins.RuntimeError) no such server\n"


def test_a_mistake_of_the_program_s_own_is_not_hidden(root, monkeypatch):
    monkeypatch.setattr(commands, "release", lambda *_: 1 / 0)
    assert isinstance(forge.course(root, "release", forge.NAME).exception, ZeroDivisionError)


# ---------------------------------------------------------------- autograde


ROWS = [
    Row("cyd", "graded", 100.0, 100.0, 0, "", unchanged=True),
    Row("ada", "unreadable", 0.0, 100.0, 2, "the file is empty"),
]


@pytest.fixture
def run(monkeypatch):
    """A run with two rows; returns what it was made with and asked."""
    noted = SimpleNamespace(students=["ada", "cyd"], made=None, went=None)

    class Run:
        def __init__(self, course, assignment, **options):
            noted.made = (course.root, assignment, options)
            self.students, self.seed = noted.students, 5

        def go(self, executor, workers):
            noted.went = (executor, workers)
            yield from ROWS

    monkeypatch.setattr(autograde, "Run", Run)
    return noted


def test_a_class_is_graded_and_listed_by_name(root, run):
    done = forge.course(root, "autograde", forge.NAME, "--workers", 3, "--seed", 5, "--force")
    assert done.exit_code == 0, done.output
    assert run.made == (root, forge.NAME, {"seed": 5, "unsafe": False, "force": True})
    assert run.went == (None, 3)
    header, first, second, last = [line for line in done.stdout.splitlines() if line.strip()]
    assert header.split() == ["student", "status", "score", "to", "review", "why"]
    assert first.split() == ["ada", "unreadable", "0/100", "2", "the", "file", "is", "empty"]
    assert second.split() == ["cyd", "graded", "100/100"]
    assert last == "2 submissions, 1 of them unchanged; hidden cases: seed 5"


def test_a_class_in_json(root, run):
    done = forge.course(root, "autograde", forge.NAME, "--json", "--unsafe-no-jail")
    answer = json.loads(done.stdout)
    assert (answer["assignment"], answer["seed"]) == (forge.NAME, 5)
    assert [row["student"] for row in answer["students"]] == ["ada", "cyd"]
    assert run.made[2] == {"seed": None, "unsafe": True, "force": False}


def test_a_class_on_a_cluster(root, run, monkeypatch):
    addresses = []

    @contextlib.contextmanager
    def cluster(address):
        addresses.append(address)
        yield "an executor"

    monkeypatch.setattr(pools, "cluster", cluster)
    assert forge.course(root, "autograde", forge.NAME, "--scheduler", "tcp://a:1").exit_code == 0
    assert addresses == ["tcp://a:1"]
    assert run.went == ("an executor", None)


def test_nothing_handed_in_is_said_plainly(root, run):
    run.students = []
    done = forge.course(root, "autograde", forge.NAME)
    assert done.exit_code == 2
    assert "nothing has been handed in: expected submitted/STUDENT/a1_convolution/" in done.stderr


# ---------------------------------------------------------------- feedback and export


def test_feedback_goes_to_everyone_who_was_graded(root, api):
    for name in ("ada", "ben", "cyd"):
        (root / "autograded" / name / forge.NAME).mkdir(parents=True)
    done = forge.course(root, "feedback", forge.NAME)
    assert (done.exit_code, done.stdout) == (0, f"feedback is in {root / 'feedback'}\n")
    assert api.asked == [(forge.NAME, name) for name in ("ada", "ben", "cyd")]
    api.problems = {"ben": "no grades"}
    done = forge.course(root, "feedback", forge.NAME)
    assert (done.exit_code, done.stderr.strip()) == (1, "ben: feedback for ben failed:\nno grades")
    assert len(api.asked) == 6


def test_feedback_before_grading_is_said_plainly(root, api):
    done = forge.course(root, "feedback", forge.NAME)
    assert done.exit_code == 2
    assert "nothing of a1_convolution has been autograded; run: course autograde" in done.stderr


def test_grades_go_to_the_root_unless_another_file_is_named(root, tmp_path):
    done = forge.course(root, "export")
    assert (done.exit_code, done.output) == (0, f"0 rows written to {root / 'grades.csv'}\n")
    assert (root / "grades.csv").read_text().startswith("assignment,student_id,")
    assert forge.course(root, "export", "--to", tmp_path / "out.csv", "--format", "moodle").exit_code == 0
    assert (tmp_path / "out.csv").read_text().startswith("Identifier,")


def test_help_lists_every_command_with_its_purpose():
    done = forge.course("anywhere", "--help")
    assert done.exit_code == 0
    for name, command in cli.main.commands.items():
        assert f"  {name} " in done.output
        assert command.help


def test_colours_are_those_of_the_verdicts():
    """A status without a colour is printed in yellow; passed is never yellow."""
    known = {"passed", "failed", "manual"}
    assert cli.COLOURS.keys() == known
    report = Report("a", [CellScore(s, 0.0, 1.0, s, "m") for s in (*known, "timeout")], 1)
    console = cli._console()
    with console.capture() as printed:
        original, cli._console = cli._console, lambda: console
        try:
            cli._print_report(report)
        finally:
            cli._console = original
    assert "timeout: timeout" in printed.get()

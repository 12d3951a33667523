"""The class report says what a class got wrong, in groups that fail alike."""

import json

import forge
import pytest

from course_lib.grading.course import Course, CourseError
from course_lib.grading.report import summarise

RIGHT = ("corr2d", "output_size", "conv2d", "flip_kernel", "edge_filters")
ROWS_ONLY = "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return corr2d(x, flip_kernel(k))\n"
MARKUP = "def corr2d(x, k):\n    raise ValueError('<b>bold</b>')\n"


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory, require):
    """Two students with one mistake, one with an exception, one who is right, one who sent nothing readable."""
    import shutil

    require("bwrap")
    root = shutil.copytree(released, tmp_path_factory.mktemp("report") / "course")
    rest = [name for name in RIGHT if name != "flip_kernel"]
    for name in ("ada", "ben"):
        forge.hand_in(root, name, forge.submission({"flip_kernel": ROWS_ONLY}, keep=rest))
    forge.hand_in(root, "cyd", forge.submission({"corr2d": MARKUP}, keep=("output_size",)))
    forge.hand_in(root, "dan", forge.source_notebook())
    forge.hand_in(root, "eve", "{")
    done = forge.course_process(root, "autograde", forge.NAME)
    assert done.returncode == 0, done.stderr
    return root


def test_the_numbers(graded):
    summary = summarise(Course(graded), forge.NAME)
    assert (summary["students"], summary["max_score"]) == (5, 100.0)
    assert (summary["mean"], summary["median"]) == ((88 + 88 + 12 + 100 + 0) / 5, 88.0)
    assert summary["distribution"] == [1, 1, 0, 0, 0, 0, 0, 0, 2, 1]
    rates = {check["check"]: (check["passed"], check["of"]) for check in summary["checks"]}
    assert rates["output_size.plain"] == (4, 5)
    assert rates["flip_kernel.square"] == (1, 5)


def test_wrong_answers_that_fail_alike_stand_together_and_stubs_are_no_mistakes(graded):
    groups = summarise(Course(graded), forge.NAME)["mistakes"]
    assert groups[0]["students"] == ["ada", "ben"]
    assert "rows" in groups[0]["hint"]
    assert not any("conv2d." in group["check"] and "cyd" in group["students"] for group in groups)
    (crash,) = [group for group in groups if group["check"] == "corr2d.example"]
    assert (crash["what"], crash["students"]) == ("crashed", ["cyd"])


def test_what_to_look_at_is_named(graded):
    review = {entry["student"]: entry["message"] for entry in summarise(Course(graded), forge.NAME)["review"]}
    assert "eve" in review
    assert "cut off" in review["eve"]
    assert "dan" not in review


def test_the_command_prints_and_writes_a_page_without_foreign_markup(graded):
    done = forge.course(graded, "report", forge.NAME)
    assert done.exit_code == 0, done.output
    assert "5 submissions: mean 57.6, median 88 of 100" in done.output
    page = (graded / "reports" / f"{forge.NAME}.html").read_text()
    assert "Commonest wrong answers" in page
    assert "<b>bold" not in page
    done = forge.course(graded, "report", forge.NAME, "--json")
    assert json.loads(done.output)["students"] == 5


def test_nothing_graded_is_said_plainly(released):
    with pytest.raises(CourseError, match="nothing of a1_convolution has been autograded"):
        summarise(Course(released), forge.NAME)

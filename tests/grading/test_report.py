"""The class report says what a class got wrong, in groups that fail alike."""

import json
import re
import shutil

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
    assert [check["worked"] for check in summary["checks"] if check["check"] == "output_size.plain"] == [4]


def test_wrong_answers_that_fail_alike_stand_together_and_stubs_are_no_mistakes(graded):
    groups = summarise(Course(graded), forge.NAME, names=True)["mistakes"]
    assert groups[0]["students"] == ["ada", "ben"]
    (square,) = [group for group in groups if group["check"] == "flip_kernel.square"]
    assert "expected 4, got 3" in square["example"]
    assert "rows" in groups[0]["hint"]
    assert not any("conv2d." in group["check"] and "cyd" in group["students"] for group in groups)
    (crash,) = [group for group in groups if group["check"] == "corr2d.example"]
    assert (crash["what"], crash["students"]) == ("crashed", ["cyd"])


def test_what_to_look_at_is_named(graded):
    review = summarise(Course(graded), forge.NAME, names=True)["review"]
    found = {student: entry["reason"] for entry in review for student in entry["students"]}
    assert "cut off" in found["eve"]
    assert "dan" not in found


def page(root, *options):
    done = forge.course(root, "report", forge.NAME, *options)
    assert done.exit_code == 0, done.output
    assert "5 submissions: mean 57.6, median 88 of 100" in done.output
    return (root / "reports" / f"{forge.NAME}.html").read_text()


def test_nobody_is_named_unless_asked_for(graded):
    nameless = page(graded)
    for text in (nameless, forge.course(graded, "report", forge.NAME, "--json").output):
        assert not re.search(r"\b(ada|ben|cyd|dan|eve)\b", text)
    assert "ada, ben" in page(graded, "--names")
    named = json.loads(forge.course(graded, "report", forge.NAME, "--json", "--names").output)
    assert named["mistakes"][0]["students"] == ["ada", "ben"]


def test_the_page_stands_alone_and_holds_nobody_s_markup(graded):
    text = page(graded)
    assert "Commonest wrong answers" in text
    assert "2 of 5: flip_kernel.square, values" in text
    assert "bold" not in text
    assert not re.search(r"<script|<link|https?:", text)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(graded, require, scheme):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    executable = require("chromium")
    page(graded, "--names")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": 390, "height": 800}, color_scheme=scheme, bypass_csp=True
        )
        shown = context.new_page()
        shown.goto((graded / "reports" / f"{forge.NAME}.html").as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [violation["id"] for violation in Axe().run(shown).response["violations"]] == []
        browser.close()


def test_plain_nbgrader_s_verdicts_are_read_as_well(graded, tmp_path):
    copy = shutil.copytree(graded, tmp_path / "course")
    whole = summarise(Course(copy), forge.NAME, names=True)
    shutil.rmtree(copy / ".grading")  # as if nbgrader alone had graded: the verdicts are in its notebooks
    assert summarise(Course(copy), forge.NAME, names=True) == whole


def test_nothing_graded_is_said_plainly(released):
    with pytest.raises(CourseError, match="nothing of a1_convolution has been autograded"):
        summarise(Course(released), forge.NAME)

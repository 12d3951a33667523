"""What a class got wrong, from reports made by hand."""

import json

import forge
import nbformat
import pytest
from doubles import graded_cell, solution_cell

from course_lib.grading.checks import load
from course_lib.grading.course import Course, CourseError
from course_lib.grading.preprocessor import write_report
from course_lib.grading.report import COMMONEST, summarise, write_html
from course_lib.grading.results import reports
from course_lib.grading.scoring import CellScore, Report
from course_lib.grading.store import write_stored

NAME = "a1_convolution"


def ran(status="failed", check="output_size.plain", hidden=False, **more):
    told = {
        "check": check,
        "status": status,
        "hidden": hidden,
        "aspect": "values",
        "hint": "",
        "message": f"{check}: {status}",
    }
    return told | {"signature": f"{check}: values"} | more


def report(score, *checks, best=10.0, **more):
    """A report of two cells, one of them to be read by a person."""
    status = "passed" if score == best else "failed"
    cells = [
        CellScore("size", score, best, status, "message", more.pop("flagged", False), list(checks)),
        CellScore("written", 3.0, 5.0, "manual", "graded by a person"),
    ]
    return Report(NAME, cells, 7, **more)


CRASH = ran(
    "crashed",
    "corr2d.example",
    aspect="exception",
    signature="corr2d.example: exception",
    message="said <b>ada</b>",
)
SIGN = ran(
    hint="the + 1 is missing",
    signature="output_size.plain: values: the + 1 is missing",
    message="output_size.plain: failed\n  expected 3\n  hint: the + 1 is missing",
)
CLASS = {
    "ada": report(10.0, ran("passed"), ran("passed", hidden=True)),
    "ben": report(0.0, SIGN),
    "cyd": report(0.0, SIGN, CRASH),
    "dan": report(5.0, ran("passed"), ran("failed", hidden=True)),
    "eve": report(0.0, ran("failed", aspect="unwritten")),
    "fay": report(0.0, flagged=True, status="unreadable", message="the file is empty"),
    "gus": report(
        0.0, ran("timeout", aspect="timeout", signature="output_size.plain: timeout"), flagged=True
    ),
}


@pytest.fixture
def graded(tmp_path):
    """A course root with the reports of a class."""
    for student, each in CLASS.items():
        record = {"report": each.as_dict()}
        write_stored(tmp_path / ".grading" / NAME / "students" / f"{student}.json", record)
    return Course(tmp_path)


# ---------------------------------------------------------------- where reports come from


def test_reports_are_read_in_order_and_what_is_broken_is_left(graded):
    write_stored(graded.root / ".grading" / NAME / "students" / "broken.json", {"saved": True})
    assert reports(graded, NAME) == CLASS
    assert reports(graded, "a2_pooling") == {}


def autograded(course, student, each, settle=None):
    """Write the notebook that autograding leaves for a student."""
    cells = [solution_cell("f", "x"), graded_cell("size", 10.0, 'check(f, "f.x")')]
    notebook = nbformat.v4.new_notebook(cells=cells)
    write_report(notebook, each)
    if settle:
        settle(notebook)
    path = course.root / "autograded" / student / NAME / f"{NAME}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def test_the_verdicts_in_an_autograded_notebook_stand_before_older_ones(graded):
    new = report(10.0, ran("passed"))
    autograded(graded, "ben", new)
    autograded(graded, "new", new)
    autograded(graded, "cyd", CLASS["cyd"])
    found = reports(graded, NAME)
    assert list(found) == [*CLASS, "new"]
    assert found["ben"].cells == found["new"].cells == new.cells[:1]
    assert found["cyd"] == CLASS["cyd"]  # the same verdicts; the record knows more


def test_a_submission_of_which_no_check_ran_keeps_its_reason(graded):
    nothing = Report(NAME, [CellScore("size", 0.0, 10.0, "unreadable", "cut off", True)], 7)
    autograded(graded, "new", nothing)
    found = reports(graded, NAME)["new"]
    assert (found.status, found.message, found.score) == ("unreadable", "cut off", 0.0)


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"cells": 3}', '{"cells": [{}]}', '{"cells": [{"metadata": {"course": {"odd": 1}}}]}'],
)
def test_an_autograded_notebook_that_cannot_be_read_says_nothing(graded, content):
    autograded(graded, "ben", report(10.0)).write_text(content)
    assert reports(graded, NAME)["ben"] == CLASS["ben"]


# ---------------------------------------------------------------- the summary


def test_the_numbers(graded):
    summary = summarise(graded, NAME)
    assert (summary["assignment"], summary["students"], summary["max_score"]) == (NAME, 7, 10.0)
    assert (summary["mean"], summary["median"]) == (round(15 / 7, 2), 0.0)
    assert summary["distribution"] == [5, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [check["check"] for check in summary["checks"]] == list(load(NAME))
    by_name = {check["check"]: check for check in summary["checks"]}
    size = by_name["output_size.plain"]
    assert (size["worked"], size["passed"], size["of"]) == (2, 1, 7)
    assert by_name["conv2d.strides"]["passed"] == 0


def test_answers_that_fail_alike_stand_together_the_commonest_first(graded):
    groups = summarise(graded, NAME, names=True)["mistakes"]
    assert [(g["check"], g["what"], g["students"]) for g in groups] == [
        ("output_size.plain", "values", ["ben", "cyd"]),
        ("corr2d.example", "exception", ["cyd"]),
        ("output_size.plain", "timeout", ["gus"]),
        ("output_size.plain", "values", ["dan"]),
    ]
    assert groups[0]["example"] == "output_size.plain: failed\n  expected 3"  # the hint stands by itself
    assert groups[0]["hint"] == "the + 1 is missing"
    assert groups[1]["example"] == ""  # the words of an exception are a student's


def test_a_class_of_many_mistakes_shows_the_commonest(tmp_path):
    many = [ran(signature=f"s{i:02}") for i in range(COMMONEST + 5)]
    write_stored(
        tmp_path / ".grading" / NAME / "students" / "ada.json", {"report": report(0.0, *many).as_dict()}
    )
    assert len(summarise(Course(tmp_path), NAME)["mistakes"]) == COMMONEST


def test_what_to_look_at_is_named_by_reason(graded):
    review = summarise(graded, NAME, names=True)["review"]
    assert review == [
        {"reason": "size: failed", "count": 1, "students": ["gus"]},
        {"reason": "the file is empty", "count": 1, "students": ["fay"]},
    ]


def test_nobody_is_named_unless_asked_for(graded):
    text = json.dumps(summarise(graded, NAME))
    assert not [name for name in CLASS if f'"{name}"' in text]
    assert "ada" not in text


def test_nothing_graded_is_said_plainly(tmp_path):
    with pytest.raises(CourseError, match=f"nothing of {NAME} has been autograded; run: course autograde"):
        summarise(Course(tmp_path), NAME)


def test_an_assignment_without_points_from_checks(tmp_path):
    write_stored(
        tmp_path / ".grading" / NAME / "students" / "ada.json", {"report": report(0.0, best=0.0).as_dict()}
    )
    assert summarise(Course(tmp_path), NAME)["distribution"] == [1, *[0] * 9]


# ---------------------------------------------------------------- the page and the command


def test_the_page_holds_the_summary_and_nothing_from_elsewhere(graded, tmp_path):
    text = write_html(summarise(graded, NAME, names=True), tmp_path / "deep" / "page.html").read_text()
    assert "7 submissions, mean 2.14, median 0 of 10 points" in text
    assert "ben, cyd" in text
    assert "9 to 10" in text
    assert "<b>ada" not in text
    assert not any(word in text for word in ("<script", "<link", "http:", "https:"))


def test_the_command_prints_and_writes(graded):
    forge.make_course(graded.root)
    done = forge.course(graded.root, "report", NAME)
    assert done.exit_code == 0, done.output
    assert "7 submissions: mean 2.14, median 0 of 10" in done.output
    assert "the + 1 is missing" in done.output
    page = graded.root / "reports" / f"{NAME}.html"
    assert str(page) in done.output.replace("\n", "")
    page.unlink()
    named = json.loads(forge.course(graded.root, "report", NAME, "--json", "--names").output)
    assert named["mistakes"][0]["students"] == ["ben", "cyd"]
    assert not page.exists()

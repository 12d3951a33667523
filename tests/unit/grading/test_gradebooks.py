"""Grades as the learning platforms import them."""

import csv
import shutil

import doubles
import forge
import pytest

from course_lib.grading.course import Course, CourseError
from course_lib.grading.gradebooks import CANVAS, COLUMNS, MOODLE, export
from course_lib.grading.roster import Person, Roster

FLIP = "def flip_kernel(k):\n    return k[::-1]\n\n\ndef convolve2d(x, k):\n    return corr2d(x, k)\n"
REST = ("corr2d", "output_size", "conv2d", "edge_filters")


@pytest.fixture(scope="module")
def graded(registered, tmp_path_factory):
    """Two students with a platform's numbers, and one of an evil name who handed nothing in."""
    root = shutil.copytree(registered, tmp_path_factory.mktemp("grades") / "course")
    notebooks = {"ada": forge.source_notebook(), "102": forge.submission({"flip_kernel": FLIP}, keep=REST)}
    doubles.grade_class(root, notebooks)
    with Course(root).api().gradebook as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace", lms_user_id="101")
        gradebook.update_or_create_student("eve", last_name='=HYPERLINK("x")', email="@eve")
    return root


def rows(root, tmp_path, layout, roster=None):
    target = tmp_path / "grades.csv"
    count = export(Course(root), target, (forge.NAME,), layout, roster)
    with open(target, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        found = list(reader)
    assert count == 3
    return reader.fieldnames, found


def test_canvas(graded, tmp_path):
    columns, found = rows(graded, tmp_path, "canvas")
    assert columns == [*CANVAS, forge.NAME]
    assert found[0]["Student"] == "    Points Possible"
    assert found[0][forge.NAME] == "110.0"
    by_name = {row["Student"]: row for row in found[1:]}
    ada, other, evil = by_name["Ada Lovelace"], by_name["102"], by_name['\'=HYPERLINK("x")']
    assert (ada["ID"], ada["SIS Login ID"], ada[forge.NAME]) == ("101", "ada", "100.0")
    assert (other["ID"], other["SIS Login ID"], other[forge.NAME]) == ("102", "", "88.0")
    assert evil[forge.NAME] == ""  # nothing was handed in: Canvas keeps its own


def test_moodle(graded, tmp_path):
    columns, found = rows(graded, tmp_path, "moodle")
    assert columns == MOODLE
    by_name = {row["Full name"]: row for row in found}
    ada, other, evil = by_name["Ada Lovelace"], by_name["102"], by_name['\'=HYPERLINK("x")']
    assert (ada["Identifier"], ada["ID number"], ada["Grade"]) == ("Participant 101", "ada", "100.0")
    assert ada["Feedback comments"] == "Every check passed."
    assert (other["Grade"], other["Maximum Grade"]) == ("88.0", "110.0")
    assert "flip_kernel.square (only the rows are reversed" in other["Feedback comments"]
    assert (evil["Email address"], evil["Identifier"], evil["Grade"]) == ("'@eve", "", "")


def test_nbgrader_s_columns_stay_the_default(graded, tmp_path):
    columns, found = rows(graded, tmp_path, "nbgrader")
    assert columns == COLUMNS
    assert {row["student_id"]: row["score"] for row in found} == {"ada": "100.0", "102": "88.0", "eve": "0.0"}


def test_the_class_list_supplies_what_the_gradebook_lacks(graded, tmp_path):
    roster = Roster([Person("102", lms_id="7", name="Hopper, Grace", section="B")])
    _, found = rows(graded, tmp_path, "canvas", roster)
    [grace] = [row for row in found if row["Student"] == "Hopper, Grace"]
    assert (grace["ID"], grace["SIS Login ID"], grace["Section"]) == ("7", "102", "B")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_no_name_becomes_a_formula(graded, tmp_path, sign):
    roster = Roster([Person("102", name=f"{sign}1+1", email=f"{sign}x", section=f"{sign}B")])
    for layout, names in (("canvas", ("Student", "Section")), ("moodle", ("Full name", "Email address"))):
        _, found = rows(graded, tmp_path, layout, roster)
        assert sum(row[name].startswith(f"'{sign}") for row in found for name in names) >= 2


def test_moodle_takes_one_assignment(graded, tmp_path, monkeypatch):
    two = [{"assignment": name} for name in ("a1", "a2")]
    monkeypatch.setattr("course_lib.grading.gradebooks.grades", lambda *_: iter(two))
    with pytest.raises(CourseError, match="one assignment for Moodle, got a1, a2"):
        export(Course(graded), tmp_path / "x.csv", (), "moodle")


def test_only_the_assignment_asked_for_is_written(graded, tmp_path):
    root = shutil.copytree(graded, tmp_path / "course")
    with Course(root).api().gradebook as gradebook:
        gradebook.add_assignment("a0_before")
    every, one = tmp_path / "every.csv", tmp_path / "one.csv"
    assert export(Course(root), every) == 6
    assert export(Course(root), one, ("a0_before",)) == 3
    assert forge.NAME in every.read_text()
    assert forge.NAME not in one.read_text()


def test_the_command(graded, tmp_path):
    target = tmp_path / "out.csv"
    done = forge.course(graded, "export", "--format", "canvas", "--to", target)
    assert (done.exit_code, done.output) == (0, f"3 rows written to {target}\n")
    unknown = forge.course(graded, "export", "--assignment", "a9", "--to", target)
    assert unknown.exit_code == 2
    assert "the gradebook has no a9" in unknown.stderr

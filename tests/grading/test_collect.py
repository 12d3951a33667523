"""Exports of the learning platforms come in safely, and grades go back in their formats."""

import contextlib
import csv
import io
import json
import zipfile

import forge
import pytest

from course_lib.grading import collect as collecting
from course_lib.grading.collect import collect
from course_lib.grading.commands import export
from course_lib.grading.course import Course, CourseError

NOTEBOOK = json.dumps(forge.submission())


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def handed_in(root):
    return {p.parent.parent.name: p.read_text() for p in (root / "submitted").glob("*/*/*.ipynb")}


MOODLE = {
    "Ada Byron_101_assignsubmission_file_/a1_convolution.ipynb": "ada",
    "Ben O'Neil-Smith_102_assignsubmission_file_/my work.ipynb": "ben",
    "Old Style_103_assignsubmission_file_a1_convolution.ipynb": "old",
    "Only Text_104_assignsubmission_onlinetext_/onlinetext.html": "<p>no</p>",
}
CANVAS = {
    "byronada_101_9001_a1_convolution.ipynb": "ada",
    "smithben_LATE_102_9002_a1_convolution-3.ipynb": "ben",
    "smithben_LATE_102_9001_notes.pdf": "pdf",
}
GRADESCOPE = {
    "assignment_7_export/submission_metadata.yml": (
        "submission_1:\n  :submitters:\n  - :name: Ada Byron\n    :sid: '101'\n    :email: ada@example.org\n"
        "submission_2:\n  :submitters:\n  - :name: Ben\n    :sid:\n    :email: ben@example.org\n"
    ),
    "assignment_7_export/submission_1/a1_convolution.ipynb": "ada",
    "assignment_7_export/submission_2/sub/a1_convolution.ipynb": "ben",
    "assignment_7_export/submission_3/a1_convolution.ipynb": "who",
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (MOODLE, {"101": "ada", "102": "ben", "103": "old"}),
        ({f"a1 downloads/{k}": v for k, v in MOODLE.items()}, {"101": "ada", "102": "ben", "103": "old"}),
        (CANVAS, {"101": "ada", "102": "ben"}),
        (GRADESCOPE, {"101": "ada", "ben@example.org": "ben", "submission_3": "who"}),
        ({"ada/a1_convolution.ipynb": "ada", "ben/x/y.ipynb": "ben"}, {"ada": "ada", "ben": "ben"}),
    ],
    ids=["moodle", "moodle in a folder", "canvas", "gradescope", "plain"],
)
@pytest.mark.parametrize("packed", [True, False], ids=["zip", "folder"])
def test_each_platforms_export(root, tmp_path, members, expected, packed):
    if packed:
        source = archive(tmp_path / "downloads.zip", members)
    else:
        source = tmp_path / "downloads"
        for name, data in members.items():
            forge.write(data, source / name)
    done = forge.course(root, "collect", forge.NAME, source)
    assert done.exit_code == 0, done.output
    assert handed_in(root) == expected
    again = collect(Course(root), forge.NAME, source)
    assert {item.action for item in again} == {"unchanged"}


def test_of_several_notebooks_the_newest_of_the_right_name_is_taken(root, tmp_path):
    members = {
        f"x_1_{i}_{name}": name
        for i, name in enumerate(["a1_convolution.ipynb", "a1_convolution-2.ipynb", "zz.ipynb"])
    }
    (item,) = collect(Course(root), forge.NAME, archive(tmp_path / "d.zip", members))
    assert handed_in(root) == {"1": "a1_convolution-2.ipynb"}
    assert "one of 3" in item.message


def test_a_newer_file_replaces_the_older(root, tmp_path):
    collect(Course(root), forge.NAME, archive(tmp_path / "a.zip", {"ada/a1.ipynb": "one"}))
    (item,) = collect(Course(root), forge.NAME, archive(tmp_path / "b.zip", {"ada/a1.ipynb": "two"}))
    assert item.action == "replaced"
    assert handed_in(root) == {"ada": "two"}


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil/a1_convolution.ipynb",
        "/etc/cron.d/a1_convolution.ipynb",
        "..\\..\\evil/a1_convolution.ipynb",
        "../x_101_9_..\\..\\a1_convolution.ipynb",
        "~root/a1_convolution.ipynb",
        "$(reboot)/a1_convolution.ipynb",
        "*/a1_convolution.ipynb",
        ".../a1_convolution.ipynb",
        "a\nb/a1_convolution.ipynb",
        "A_101_assignsubmission_file_/../../../gradebook.ipynb",
    ],
)
def test_no_name_leaves_the_folder(root, tmp_path, name):
    before = {p for p in tmp_path.rglob("*") if "submitted" not in p.parts}
    with contextlib.suppress(CourseError):  # a name that names nobody
        collect(Course(root), forge.NAME, archive(tmp_path / "evil.zip", {name: "x"}))
    after = {p for p in tmp_path.rglob("*") if "submitted" not in p.parts}
    assert after - before <= {tmp_path / "evil.zip"}
    for path in (root / "submitted").glob("*"):
        assert path.name == collecting.safe(path.name)
        assert [p.name for p in path.rglob("*.ipynb")] == [f"{forge.NAME}.ipynb"]


def test_a_zip_bomb_is_refused_and_the_others_come_in(root, tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "FILE_LIMIT", 1 << 20)
    source = archive(tmp_path / "bomb.zip", {"ada/a1.ipynb": bytes(50 << 20), "ben/a1.ipynb": NOTEBOOK})
    assert source.stat().st_size < 1 << 20
    actions = {item.student: item.action for item in collect(Course(root), forge.NAME, source)}
    assert actions == {"ada": "refused", "ben": "new"}
    assert handed_in(root) == {"ben": NOTEBOOK}


def test_a_member_that_lies_about_its_size_or_is_damaged_is_refused(root, tmp_path):
    source = archive(tmp_path / "d.zip", {"ada/a1.ipynb": "x" * 5000, "ben/a1.ipynb": NOTEBOOK})
    data = bytearray(source.read_bytes())
    data[60] ^= 0xFF
    source.write_bytes(data)
    actions = {item.student: item.action for item in collect(Course(root), forge.NAME, source)}
    assert actions == {"ada": "refused", "ben": "new"}


def test_links_in_a_folder_are_passed_over(root, tmp_path):
    forge.write("real", tmp_path / "in" / "ada" / "a1.ipynb")
    (tmp_path / "in" / "ben").mkdir()
    (tmp_path / "in" / "ben" / "a1.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "in" / "cyd").symlink_to(tmp_path / "in" / "ada")
    collect(Course(root), forge.NAME, tmp_path / "in")
    assert handed_in(root) == {"ada": "real"}


@pytest.mark.parametrize("make", ["missing", "text", "empty", "cut"])
def test_what_is_no_export_is_said_plainly(root, tmp_path, make):
    source = tmp_path / "downloads.zip"
    if make == "text":
        source.write_text("hello")
    elif make == "empty":
        archive(source, {"readme.txt": "x"})
    elif make == "cut":
        archive(source, {"ada/a1.ipynb": NOTEBOOK})
        source.write_bytes(source.read_bytes()[:200])
    done = forge.course(root, "collect", forge.NAME, source)
    assert done.exit_code == 2
    assert done.stderr.startswith("course: ")
    assert not (root / "submitted").exists()


def rows_of(course, target, layout):
    export(course, target, (), layout)
    with open(target, newline="") as file:
        return list(csv.DictReader(file))


def test_grades_go_back_to_canvas_and_moodle(root, tmp_path, monkeypatch):
    rows = [
        {
            "assignment": "a1",
            "student_id": "101",
            "last_name": "Ada Byron",
            "first_name": "",
            "email": "a@x.org",
        },
        {"assignment": "a1", "student_id": "102", "last_name": "=cmd()", "first_name": "", "email": ""},
    ]
    rows = [row | {"score": 88.0 - i, "max_score": 110.0} for i, row in enumerate(rows)]
    monkeypatch.setattr("course_lib.grading.commands.grades", lambda *a: iter(rows))
    canvas = rows_of(Course(root), tmp_path / "canvas.csv", "canvas")
    assert canvas[0]["a1"] == "110.0"
    assert (canvas[1]["Student"], canvas[1]["ID"], canvas[1]["a1"]) == ("Ada Byron", "101", "88.0")
    moodle = rows_of(Course(root), tmp_path / "moodle.csv", "moodle")
    assert moodle[0] == {
        "Identifier": "Participant 101",
        "Full name": "Ada Byron",
        "Email address": "a@x.org",
        "Grade": "88.0",
        "Maximum Grade": "110.0",
    }
    assert moodle[1]["Full name"] == "'=cmd()"
    assert io.StringIO((tmp_path / "canvas.csv").read_text()).readline().startswith("Student,ID,SIS User ID")

"""Single files and names out of folders, archives, class lists and platforms' metadata."""

import io
import zipfile
from datetime import UTC, datetime

import forge
import pytest

from course_lib.grading import archive
from course_lib.grading.archive import Entry, Refused, entries
from course_lib.grading.collect import collect
from course_lib.grading.course import Course, CourseError
from course_lib.grading.lms import gradescope, parse_time, senders
from course_lib.grading.roster import Person, Roster, read

NOTEBOOK = f"{forge.NAME}.ipynb"


class Slowly(io.RawIOBase):
    """A file that gives one byte at a time."""

    def __init__(self, data):
        self.data = list(data)

    def readable(self):
        return True

    def read(self, count=-1):
        return bytes([self.data.pop(0)]) if self.data and count else b""


def entry(data, problem=""):
    return Entry("x.ipynb", len(data), None, problem, lambda: Slowly(data))


def test_a_file_that_comes_in_pieces_is_read_whole():
    assert entry(b"abcde").read(10) == b"abcde"
    assert entry(b"abcde").read(5) == b"abcde"
    assert entry(b"").read(5) == b""


def test_a_file_is_read_to_the_limit_whatever_its_size_says():
    with pytest.raises(Refused, match="larger than 0 MB"):
        entry(b"abcdef").read(5)


def test_a_file_that_must_not_be_read_is_not_opened():
    with pytest.raises(Refused, match="it is encrypted"):
        Entry("x", 1, None, "it is encrypted", lambda: pytest.fail("it was opened")).read()


@pytest.mark.parametrize("error", [zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError])
def test_a_file_that_breaks_on_the_way_is_named(error):
    def fail():
        raise error("in the middle")

    with pytest.raises(Refused, match="it is broken: in the middle"):
        Entry("x", 1, None, "", fail).read()


def test_a_large_file_in_a_folder_is_a_problem_before_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "FILE_LIMIT", 3)
    (tmp_path / "large").write_bytes(b"abcd")
    (tmp_path / "small").write_bytes(b"abc")
    (tmp_path / ".DS_Store").write_bytes(b"")
    found = {e.name: e.problem for e in entries(tmp_path)}
    assert found == {"large": "it is larger than 0 MB", "small": ""}


def test_a_link_to_a_folder_and_a_link_to_a_file_are_named(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("x")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "real" / "file")
    found = {e.name: (e.problem, e.size) for e in entries(tmp_path)}
    assert found["folder"] == ("it is a link to a folder", 0)
    assert found["file"][0] == "it is no ordinary file (a link, a pipe or a device)"
    assert found["real/file"] == ("", 1)


def test_folders_and_odd_times_in_a_zip_are_passed_over(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("folder/", "")
        packed.writestr("../out/", "")
        packed.writestr(info := zipfile.ZipInfo("folder/a.ipynb", (2026, 2, 3, 4, 5, 6)), "x")
        info.date_time = (2026, 13, 41, 4, 5, 6)  # as the directory at the end will say
        packed.writestr("folder/b.ipynb", "y")
    found = {e.name: e for e in entries(tmp_path / "x.zip")}
    assert set(found) == {"../out/", "folder/a.ipynb", "folder/b.ipynb"}
    assert found["folder/a.ipynb"].modified is None
    assert found["folder/b.ipynb"].modified.year > 2020
    assert found["../out/"].problem == "its path leads out of the archive"
    assert found["folder/b.ipynb"].read() == b"y"
    assert found["folder/b.ipynb"].parts == ("folder", "b.ipynb")


@pytest.mark.parametrize("error", [zipfile.BadZipFile, OSError, NotImplementedError])
def test_an_archive_that_looks_like_one_and_is_none(tmp_path, monkeypatch, error):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("a", "x")

    def fail(path):
        raise error("half of it")

    monkeypatch.setattr(archive.zipfile, "ZipFile", fail)
    with pytest.raises(CourseError, match="expected a zip archive, got a broken one: .*half of it"):
        list(entries(tmp_path / "x.zip"))


# ---------------------------------------------------------------- collecting over what is there


def hand_in(folder, text):
    path = folder / "Lovelace Ada_101_assignsubmission_file_" / NOTEBOOK
    forge.write(text, path)
    return folder


def test_an_unknown_assignment_is_named(root, tmp_path):
    with pytest.raises(CourseError, match="there is no assignment 'a9' here; known: a1_convolution"):
        collect(Course(root), "a9", tmp_path)


@pytest.mark.parametrize("here", ["folder", "link"])
def test_what_stands_in_a_submission_s_place_is_replaced(root, tmp_path, here):
    target = root / "submitted" / "101" / forge.NAME / NOTEBOOK
    target.parent.mkdir(parents=True)
    (tmp_path / "outside").write_text("untouched")
    if here == "folder":
        target.mkdir()
        (target / "inside").write_text("x")
    else:
        target.symlink_to(tmp_path / "outside")
    [row] = collect(Course(root), forge.NAME, hand_in(tmp_path / "export", '{"cells": []}')).taken
    assert (row.action, row.note) == ("replaced", "none of the assignment's cells are in it")
    assert target.is_file()
    assert not target.is_symlink()
    assert (tmp_path / "outside").read_text() == "untouched"


def test_a_newer_submission_replaces_the_older_with_its_time(root, tmp_path):
    def export(day, text):
        name = f"ada+{forge.NAME}+2026-02-0{day} 04:05:06 UTC"
        forge.write(text, tmp_path / str(day) / name / NOTEBOOK)
        return collect(Course(root), forge.NAME, tmp_path / str(day)).taken[0].action

    folder = root / "submitted" / "ada" / forge.NAME
    assert [export(3, "{}"), export(5, "[]"), export(4, "{}")] == ["new", "replaced", "kept"]
    assert (folder / "timestamp.txt").read_text().startswith("2026-02-05")
    assert (folder / NOTEBOOK).read_text() == "[]"
    undated = tmp_path / "undated"
    forge.write("3", undated / "ada" / forge.NAME / NOTEBOOK)
    assert collect(Course(root), forge.NAME, undated).taken[0].action == "replaced"
    assert not (folder / "timestamp.txt").exists()  # no time is better than one of another file


# ---------------------------------------------------------------- names and times


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-02-03 04:05:06 UTC", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03 04:05:06.166330999 +01:00", datetime(2026, 2, 3, 3, 5, 6, 166330, tzinfo=UTC)),
        ("2026-02-03 04:05:06", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        (datetime(2026, 2, 3), datetime(2026, 2, 3, tzinfo=UTC)),
        ("the day after tomorrow", None),
        ("", None),
        (20260203, None),
        (None, None),
    ],
)
def test_a_moment_is_read_where_there_is_one(value, moment):
    assert parse_time(value) == moment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe\x00", r"it cannot be read \(UnicodeDecodeError\)"),
        (b"a: [", "it cannot be read"),
        (b"- a\n- b\n", "it lists no submissions"),
        (b"", "it lists no submissions"),
    ],
)
def test_metadata_that_cannot_be_read_is_named(text, words):
    with pytest.raises(ValueError, match=words):
        gradescope(text)


def test_metadata_that_is_half_there_is_read_as_far_as_it_goes():
    text = b"""
submission_1: nothing
submission_2: {submitters: [{name: Ada, sid: 7, email: null}, nobody], created_at: never}
submission_3: {submitters: everybody}
7: {submitters: [{name: Ben}]}
"""
    found = gradescope(text)
    assert list(found) == ["submission_1", "submission_2", "submission_3"]
    assert [(who.id, who.name, who.email, who.time) for who in found["submission_2"]] == [
        ("7", "Ada", "", None)
    ]
    assert found["submission_1"] == found["submission_3"] == []


@pytest.mark.parametrize(
    "parts",
    [
        ("a.ipynb",),
        ("submission_9", "a.ipynb"),
        ("x", "y", "submission_9", "a.ipynb"),
        ("A_1_assignsubmission_file_",),
    ],
)
def test_a_name_that_says_nothing_belongs_to_nobody(parts):
    assert senders(parts, {}) == []


def test_canvas_names_are_not_looked_for_deep_inside():
    deep = ("a", "b", "lovelaceada_101_9001_a1.ipynb")
    assert [who.platform for who in senders(deep, {})] == ["nbgrader"]


# ---------------------------------------------------------------- class lists


def test_a_class_list_that_cannot_be_read(tmp_path):
    assert read(None) == Roster()
    with pytest.raises(CourseError, match="the class list cannot be read"):
        read(tmp_path / "none.csv")
    (tmp_path / "list.csv").write_bytes(b"student_id\n\xff\n")
    with pytest.raises(CourseError, match="the class list cannot be read"):
        read(tmp_path / "list.csv")


def test_moodle_s_numbers_are_read_out_of_their_words(tmp_path):
    (tmp_path / "list.csv").write_text(
        "\ufeffIdentifier,Full name,ID number,extra\nParticipant 12345,Ada L,ada,\nodd,Ben,ben\n"
    )
    people = read(tmp_path / "list.csv").people
    assert people == [Person("ada", "12345", name="Ada L"), Person("ben", "odd", name="Ben")]


def test_a_person_is_found_by_the_first_key_that_tells():
    roster = Roster([Person("ada", "7", "ada@example.org", "Lovelace", "Ada"), Person("ben", "8")])
    for key in ("ADA", "7", "Ada@Example.org", "lovelace, ada", "Ada Lovelace"):
        assert roster.find("", key).student_id == "ada", key
    assert roster.find("nobody", "8").student_id == "ben"
    assert roster.find("", "nobody") is None

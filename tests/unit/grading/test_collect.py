"""Submissions as learning platforms export them, and archives that mean harm."""

import json
import os
import zipfile

import forge
import pytest

from course_lib.grading import archive
from course_lib.grading.collect import collect
from course_lib.grading.course import Course, CourseError
from course_lib.grading.roster import Person, Roster, read

NOTEBOOK = f"{forge.NAME}.ipynb"


def notebook(text="mine"):
    """A submission that can be told from others."""
    return json.dumps(forge.submission({"output_size": f"# {text}"}))


def make_zip(path, files):
    """A zip of (name or ZipInfo, content) pairs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files:
            packed.writestr(name, content)
    return path


def make_folder(path, files):
    """The same as a folder."""
    for name, content in files:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def handed_in(root):
    """The text by which each student's submission can be told, by student."""
    found = {}
    for path in (root / "submitted").glob("*/*/*"):
        if path.suffix == ".ipynb":
            assert path.name == NOTEBOOK
            cell = forge.cell_of(json_notebook(path), "output_size")
            found[path.parent.parent.name] = cell["source"].removeprefix("# ")
    return found


def json_notebook(path):
    import nbformat

    return nbformat.read(path, as_version=4)


def everything(root):
    """Every path below the root but the gradebook, to see that nothing was written."""
    return sorted(p.relative_to(root) for p in root.rglob("*") if "gradebook" not in p.name)


@pytest.fixture
def take(root):
    """Collect into a course of the test's own."""
    course = Course(root)
    return lambda source, roster=None, **options: collect(course, forge.NAME, source, roster, **options)


MOODLE = [
    (f"Lovelace Ada_101_assignsubmission_file_/{NOTEBOOK}", notebook("ada")),
    ("Hopper Grace_102_assignsubmission_file_/final version.ipynb", notebook("grace")),
    ("Hopper Grace_102_assignsubmission_file_/photo.png", "png"),
    (f"Flat Frieda_103_assignsubmission_file_{NOTEBOOK}", notebook("flat")),
    ("Hopper Grace_102_assignsubmission_onlinetext_/onlinetext.html", "<p>hello</p>"),
]
CANVAS = [
    ("lovelaceada_101_9001_a1_convolution.ipynb", notebook("old ada")),
    ("lovelaceada_101_9005_a1_convolution-1.ipynb", notebook("ada")),
    ("hoppergrace_LATE_102_9002_a1_convolution-2.ipynb", notebook("grace")),
    ("readme.txt", "x"),
]
METADATA = """---
submission_7001:
  :submitters:
  - :name: Ada Lovelace
    :sid: ada
    :email: ada@example.org
  - :name: Grace Hopper
    :sid: grace
    :email: grace@example.org
  :created_at: 2026-02-03 04:05:06.166330000 Z
  :score: 3.0
submission_7002:
  :submitters:
  - :name: Emmy Noether
    :email: emmy@example.org
  :created_at: 2026-02-04 04:05:06.000000000 Z
"""
GRADESCOPE = [
    ("assignment_55_export/submission_metadata.yml", METADATA),
    (f"assignment_55_export/submission_7001/{NOTEBOOK}", notebook("pair")),
    ("assignment_55_export/submission_7002/other name.ipynb", notebook("emmy")),
]
EXCHANGE = [
    (f"inbound/ada+{forge.NAME}+2026-02-03 04:05:06.000001 UTC+abc/{NOTEBOOK}", notebook("first")),
    (f"inbound/ada+{forge.NAME}+2026-02-05 04:05:06.000001 UTC+abc/{NOTEBOOK}", notebook("second")),
    ("inbound/ada+a2_pooling+2026-02-06 04:05:06.000001 UTC+abc/a2_pooling.ipynb", notebook("other")),
    (f"plain/{forge.NAME}/{NOTEBOOK}", notebook("plain")),
    (f"plain/{forge.NAME}/timestamp.txt", "2026-02-01 00:00:00 UTC"),
    (f"byhand/{NOTEBOOK}", notebook("by hand")),
]
EXPORTS = {
    "moodle": (MOODLE, {"101": "ada", "102": "grace", "103": "flat"}),
    "canvas": (CANVAS, {"101": "ada", "102": "grace"}),
    "gradescope": (GRADESCOPE, {"ada": "pair", "grace": "pair", "emmy@example.org": "emmy"}),
    "exchange": (EXCHANGE, {"ada": "second", "plain": "plain", "byhand": "by hand"}),
}


@pytest.mark.parametrize("make", [make_folder, make_zip])
@pytest.mark.parametrize("platform", EXPORTS)
def test_every_platform_s_export_is_taken(root, take, tmp_path, platform, make):
    files, expected = EXPORTS[platform]
    result = take(make(tmp_path / "export.zip", files))
    assert handed_in(root) == expected
    assert {row.student: row.action for row in result.taken} == dict.fromkeys(expected, "new")
    assert result.refused == []


def test_what_is_no_submission_is_named(take, tmp_path):
    assert take(make_zip(tmp_path / "x.zip", MOODLE)).unknown == [
        ("Hopper Grace_102_assignsubmission_file_/photo.png", "it is not a notebook"),
        ("Hopper Grace_102_assignsubmission_onlinetext_/onlinetext.html", "it is not a notebook"),
    ]
    named = dict(take(make_zip(tmp_path / "y.zip", EXCHANGE)).unknown)
    assert list(named.values()) == ["it belongs to a2_pooling"]
    stray = take(make_zip(tmp_path / "z.zip", [("solution.ipynb", notebook())]))
    assert stray.unknown == [("solution.ipynb", "its name does not say whose it is")]


def test_newest_wins_and_the_others_are_named_with_late_flags(take, tmp_path):
    rows = {row.student: row for row in take(make_zip(tmp_path / "x.zip", CANVAS)).taken}
    assert rows["101"].file == "lovelaceada_101_9005_a1_convolution-1.ipynb"
    assert rows["101"].others == ["lovelaceada_101_9001_a1_convolution.ipynb"]
    assert (rows["101"].late, rows["102"].late) == (False, True)


def test_a_notebook_of_the_assignment_beats_a_newer_one_of_nothing(root, take, tmp_path):
    folder = "Lovelace Ada_101_assignsubmission_file_"
    files = [(f"{folder}/{NOTEBOOK}", notebook("real")), (f"{folder}/scratch.ipynb", '{"cells": []}')]
    folder = make_folder(tmp_path / "export", files)
    os.utime(folder / files[0][0], (1, 1))
    [row] = take(folder).taken
    assert handed_in(root) == {"101": "real"}
    assert row.others == [files[1][0]]


def test_times_reach_the_gradebook_s_time_stamp(root, take, tmp_path):
    take(make_zip(tmp_path / "x.zip", GRADESCOPE))
    stamp = root / "submitted" / "ada" / forge.NAME / "timestamp.txt"
    assert stamp.read_text() == "2026-02-03 04:05:06.166330 UTC\n"
    take(make_zip(tmp_path / "y.zip", [(f"ada+{forge.NAME}+2026-02-01 00:00:00 UTC/{NOTEBOOK}", notebook())]))
    assert handed_in(root)["ada"] == "pair"  # an older export does not undo a newer one


@pytest.mark.parametrize("platform", EXPORTS)
def test_a_second_time_changes_nothing(root, take, tmp_path, platform):
    path = make_zip(tmp_path / "x.zip", EXPORTS[platform][0])
    take(path)
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (root / "submitted").rglob("*")}
    assert {row.action for row in take(path).taken} == {"unchanged"}
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (root / "submitted").rglob("*")} == before


def test_a_dry_run_writes_nothing(root, take, tmp_path):
    before = everything(root)
    assert len(take(make_zip(tmp_path / "x.zip", MOODLE), dry_run=True).taken) == 3
    assert [p for p in everything(root) if p.name != ".grading"] == before


def test_a_class_list_maps_platform_ids_and_names(root, take, tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_text(
        "Student,ID,SIS Login ID,Section\nPoints Possible,,,\n"
        '"Lovelace, Ada",101,ada,1\n"Hopper, Grace",,grace,1\n'
    )
    result = take(make_zip(tmp_path / "x.zip", MOODLE), read(listed))
    assert handed_in(root) == {"ada": "ada", "grace": "grace"}
    strangers = [(name, reason) for name, reason in result.unknown if "class list" in reason]
    assert strangers == [(MOODLE[3][0], "not in the class list: Flat Frieda, 103")]
    with Course(root).api().gradebook as gradebook:
        assert gradebook.find_student("ada").lms_user_id == "101"


def test_two_of_one_name_are_not_confused():
    roster = Roster([Person("a1", name="Ada Li"), Person("a2", lms_id="7", name="Ada Li")])
    assert roster.find("Ada Li") is None
    assert roster.find("7", "Ada Li").student_id == "a2"


@pytest.mark.parametrize("text", ["name\nAda\n", "student_id\nada\nada\n", "student_id\n../up\n"])
def test_class_lists_that_cannot_serve(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(CourseError, match="expected"):
        read(path)


# ---------------------------------------------------------------- archives that mean harm

GOOD = (f"Lovelace Ada_101_assignsubmission_file_/{NOTEBOOK}", notebook("ada"))


@pytest.mark.parametrize(
    "name",
    [
        f"../Evil Eve_666_assignsubmission_file_/{NOTEBOOK}",
        f"/tmp/Evil Eve_666_assignsubmission_file_/{NOTEBOOK}",
        f"C:\\Evil Eve_666_assignsubmission_file_\\{NOTEBOOK}",
        f"x\\..\\..\\Evil Eve_666_assignsubmission_file_\\{NOTEBOOK}",
        f"Evil Eve_666_assignsubmission_file_/../../../{NOTEBOOK}",
    ],
)
def test_paths_that_lead_out_are_refused(root, take, tmp_path, name):
    result = take(make_zip(tmp_path / "x.zip", [(name, notebook("evil")), GOOD]))
    assert [reason for _, reason in result.refused] == ["its path leads out of the archive"]
    assert handed_in(root) == {"101": "ada"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["course", "x.zip"]


@pytest.mark.parametrize("student", ["...", ".hidden", "a*", "a b", "-rf", "é", "~root", "$(reboot)", "a\nb"])
def test_ids_that_can_be_no_folder_are_refused(root, take, tmp_path, student):
    name = f"{student}+{forge.NAME}+2026-02-03 04:05:06 UTC/{NOTEBOOK}"
    result = take(make_zip(tmp_path / "x.zip", [(name, notebook("evil")), GOOD]))
    assert [reason.split(":")[0] for _, reason in result.unknown] == ["no student id can be made of"]
    assert handed_in(root) == {"101": "ada"}


def test_links_in_a_zip_are_refused(root, take, tmp_path):
    link = zipfile.ZipInfo(f"Evil Eve_666_assignsubmission_file_/{NOTEBOOK}")
    link.external_attr = 0o120777 << 16
    result = take(make_zip(tmp_path / "x.zip", [(link, "/etc/passwd"), GOOD]))
    assert "link" in result.refused[0][1]
    assert handed_in(root) == {"101": "ada"}


def test_links_and_pipes_in_a_folder_are_refused(root, take, tmp_path):
    folder = make_folder(tmp_path / "export", [GOOD])
    evil = folder / "Evil Eve_666_assignsubmission_file_"
    evil.mkdir()
    (evil / NOTEBOOK).symlink_to(folder / GOOD[0])
    os.mkfifo(evil / "pipe.ipynb")
    (folder / "Mallory_667_assignsubmission_file_").symlink_to(folder)
    result = take(folder)
    assert len(result.refused) == 3
    assert handed_in(root) == {"101": "ada"}


def test_bombs_are_refused(root, take, tmp_path):
    bomb = ("Evil Eve_666_assignsubmission_file_/a.ipynb", b"0" * (archive.FILE_LIMIT + 1))
    result = take(make_zip(tmp_path / "x.zip", [bomb, GOOD]))
    assert result.refused == [(bomb[0], "it is larger than 64 MB")]
    assert handed_in(root) == {"101": "ada"}


def test_a_bomb_that_lies_about_its_size_is_refused(root, take, tmp_path):
    path = make_zip(tmp_path / "x.zip", [("Eve_666_assignsubmission_file_/a.ipynb", b"0" * 200_000), GOOD])
    data, size = path.read_bytes(), (200_000).to_bytes(4, "little")
    path.write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    result = take(path)
    assert len(result.refused) == 1
    assert handed_in(root) == {"101": "ada"}


def test_many_files_together_are_a_bomb_too(root, take, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "TOTAL_LIMIT", len(GOOD[1]) + 1000)
    files = [GOOD, *((f"Eve_{n}_assignsubmission_file_/a.ipynb", "0" * 5000) for n in range(200, 203))]
    result = take(make_zip(tmp_path / "x.zip", files))
    assert len(result.refused) == 3
    assert handed_in(root) == {"101": "ada"}


def test_an_encrypted_file_is_refused(root, take, tmp_path):
    path = make_zip(tmp_path / "x.zip", [("Eve_666_assignsubmission_file_/a.ipynb", "secret"), GOOD])
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag in the first local header and in its line of the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert [reason for _, reason in take(path).refused] == ["it is encrypted"]
    assert handed_in(root) == {"101": "ada"}


def test_too_many_files_are_refused_whole(root, take, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "ENTRY_LIMIT", 2)
    before = everything(root)
    with pytest.raises(CourseError, match="at most 2 files"):
        take(make_zip(tmp_path / "x.zip", MOODLE))
    assert [p for p in everything(root) if p.name != ".grading"] == before


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"Rar!"])
def test_what_is_no_archive_is_said_plainly(take, tmp_path, content):
    path = tmp_path / "x.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CourseError, match="expected a folder or a zip archive"):
        take(path)


def test_a_folder_that_is_a_link_is_not_written_through(root, take, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "submitted").mkdir()
    (root / "submitted" / "101").symlink_to(outside)
    [row] = take(make_zip(tmp_path / "x.zip", [GOOD])).taken
    assert row.action == "kept"
    assert list(outside.iterdir()) == []


def test_metadata_that_lies_is_named(take, tmp_path):
    files = [("submission_metadata.yml", "!!python/object/apply:os.system ['touch /tmp/owned']")]
    result = take(make_zip(tmp_path / "x.zip", [*files, (f"submission_1/{NOTEBOOK}", notebook())]))
    assert [reason for _, reason in result.refused] == ["it cannot be read (ConstructorError)"]
    assert result.taken == []


def test_an_interrupted_run_leaves_the_old_submission_whole(root, take, tmp_path, monkeypatch):
    take(make_zip(tmp_path / "x.zip", [GOOD]))
    monkeypatch.setattr("course_lib.grading.collect.shutil.copyfile", _stop)
    with pytest.raises(KeyboardInterrupt):
        take(make_zip(tmp_path / "y.zip", [(GOOD[0], notebook("new"))]))
    assert handed_in(root) == {"101": "ada"}
    assert list((root / ".grading").iterdir()) == []


def _stop(*_):
    raise KeyboardInterrupt


def test_the_command_prints_a_table_and_json(root, tmp_path):
    control = ("Eve\x1b[2J_9_assignsubmission_file_/x.txt", "x")
    path = make_zip(tmp_path / "x.zip", [*CANVAS, control])
    done = forge.course(root, "collect", forge.NAME, path)
    assert done.exit_code == 0, done.output
    assert "not taken: lovelaceada_101_9001" in done.stdout
    assert "readme.txt: it is not a notebook" in done.stdout
    assert "\x1b" not in done.stdout
    answer = json.loads(forge.course(root, "collect", forge.NAME, path, "--json").stdout)
    assert [row["student"] for row in answer["taken"]] == ["101", "102"]
    nothing = forge.course(root, "collect", forge.NAME, make_zip(tmp_path / "y.zip", [("a.txt", "x")]))
    assert nothing.exit_code == 1
    missing = forge.course(root, "collect", forge.NAME, tmp_path / "none.zip")
    assert (missing.exit_code, missing.stderr[:7]) == (2, "course:")

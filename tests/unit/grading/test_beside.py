"""The one file that an assignment may ask for beside the notebook, from the platform's export to the jail."""

import json
import os

import doubles
import forge
import pytest

from course_lib.grading import proxy
from course_lib.grading.autograde import Run
from course_lib.grading.collect import collect
from course_lib.grading.compare import Difference
from course_lib.grading.course import Course
from course_lib.grading.engine import Case, Check, run
from course_lib.grading.preprocessor import pack, unpack
from course_lib.grading.rubric import read_rubric
from course_lib.grading.submission import BESIDE_LIMIT, digest, load

FILE = "weights.npz"
NOTEBOOK = f"{forge.NAME}.ipynb"


@pytest.fixture
def course(root):
    """A course whose assignment asks for a file."""
    path = root / "source" / forge.NAME / NOTEBOOK
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["course"] = {"file": FILE}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return root


@pytest.fixture
def rubric(course):
    """What it asks for."""
    return read_rubric(course, forge.NAME)


def hand_in(folder, content=b"numbers"):
    """A notebook, and the file beside it."""
    path = forge.write(forge.submission(), folder / "my own name.ipynb")
    if content is not None:
        (folder / FILE).write_bytes(content)
    return path


def test_the_file_is_read_as_it_is_and_travels_with_the_notebook(rubric, tmp_path):
    submission = load(hand_in(tmp_path, b"\x80anything\x00"), rubric)
    assert rubric.file == FILE
    assert submission.file == b"\x80anything\x00"
    assert submission.notes == []
    carried = pack(submission)
    assert unpack(json_round(carried)).file == submission.file


def json_round(notebook):
    """What nbgrader reads back from the disk."""
    import nbformat

    return nbformat.reads(nbformat.writes(notebook), as_version=4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "does not exist"), (b"", "is empty"), (bytes(BESIDE_LIMIT + 1), "at most 1 are read")],
)
def test_a_file_that_cannot_be_read_is_noted_and_the_notebook_graded(rubric, tmp_path, content, reason):
    submission = load(hand_in(tmp_path, content), rubric)
    assert submission.file is None
    assert submission.problem == ""
    (note,) = submission.notes
    assert note.startswith(f"{FILE} beside the notebook: ")
    assert reason in note
    assert unpack(pack(submission)).file is None


def test_links_and_pipes_are_no_files(rubric, tmp_path):
    path = hand_in(tmp_path, None)
    (tmp_path / "secret").write_bytes(b"of somebody else")
    (tmp_path / FILE).symlink_to(tmp_path / "secret")
    assert load(path, rubric).file is None
    (tmp_path / FILE).unlink()
    os.mkfifo(tmp_path / FILE)
    assert load(path, rubric).file is None


def test_other_weights_are_another_submission(rubric, tmp_path):
    keys = {digest(load(hand_in(tmp_path, content), rubric), rubric) for content in (b"one", b"two")}
    (tmp_path / FILE).unlink()
    keys.add(digest(load(tmp_path / "my own name.ipynb", rubric), rubric))
    assert len(keys) == 3


def test_new_weights_are_graded_anew(course):
    forge.hand_in(course, "ada", forge.submission())
    beside = course / "submitted" / "ada" / forge.NAME / FILE
    beside.write_bytes(b"one")
    run_ = Run.__new__(Run)
    run_.course, run_.assignment, run_.rubric = Course(course), forge.NAME, read_rubric(course, forge.NAME)
    before = run_._fingerprint("ada")
    assert run_._fingerprint("ada") == before
    beside.write_bytes(b"two")
    assert run_._fingerprint("ada") != before


def test_an_assignment_without_a_file_looks_for_none(tmp_path):
    assert forge.rubric().file == ""
    submission = load(hand_in(tmp_path), forge.rubric())
    assert (submission.file, submission.notes) == (None, [])


def test_the_cells_find_the_file_in_their_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    doubles.in_this_process(monkeypatch)
    with proxy.Worker(
        [("a", f"def f():\n    with open({FILE!r}, 'rb') as file:\n        return len(file.read())")],
        files={FILE: b"numbers"},
    ) as w:
        assert w.function("f")() == 7


# ---------------------------------------------------------------- collecting


MOODLE = "Lovelace Ada_101_assignsubmission_file_"
EXPORTS = {
    "moodle, folders": (f"{MOODLE}/{NOTEBOOK}", f"{MOODLE}/any name.npz"),
    "moodle, flat": (f"{MOODLE}{NOTEBOOK}", f"{MOODLE}{FILE}"),
    "canvas": (f"lovelaceada_101_9001_{NOTEBOOK}", "lovelaceada_101_9002_weights-1.npz"),
    "exchange": (
        f"101+{forge.NAME}+2026-02-03 04:05:06.000001 UTC+abc/{NOTEBOOK}",
        f"101+{forge.NAME}+2026-02-03 04:05:06.000001 UTC+abc/{FILE}",
    ),
    "by hand": (f"101/{NOTEBOOK}", f"101/{forge.NAME}.npz"),
}


def export(folder, names, content=b"numbers"):
    """A folder as a platform packs it."""
    for name in names:
        forge.write(forge.submission() if name.endswith(".ipynb") else content, folder / name)
    return folder


@pytest.mark.parametrize("platform", EXPORTS)
def test_the_file_comes_in_with_the_notebook_of_its_folder(course, tmp_path, platform):
    result = collect(Course(course), forge.NAME, export(tmp_path / "in", EXPORTS[platform]))
    (row,) = result.taken
    assert (row.student, row.action, row.note) == ("101", "new", "")
    assert result.unknown == []
    folder = course / "submitted" / "101" / forge.NAME
    assert (folder / FILE).read_bytes() == b"numbers"
    assert sorted(p.name for p in folder.iterdir() if p.suffix != ".txt") == sorted([NOTEBOOK, FILE])


def test_collecting_again_follows_the_file(course, tmp_path):
    notebook, weights = EXPORTS["by hand"]
    take = lambda n, names, content=b"numbers": collect(  # noqa: E731
        Course(course), forge.NAME, export(tmp_path / str(n), names, content)
    ).taken[0]
    folder = course / "submitted" / "101" / forge.NAME
    assert take(1, [notebook, weights]).action == "new"
    assert take(2, [notebook, weights]).action == "unchanged"
    assert take(3, [notebook, weights], b"better").action == "replaced"
    assert (folder / FILE).read_bytes() == b"better"
    last = take(4, [notebook])
    assert (last.action, last.note) == ("replaced", f"{FILE} did not come with it")
    assert not (folder / FILE).exists()  # not the weights of an earlier notebook


def test_files_without_a_notebook_and_files_too_large_are_named(course, tmp_path):
    alone = collect(Course(course), forge.NAME, export(tmp_path / "a", [f"102/{forge.NAME}.npz"]))
    assert alone.taken == []
    assert alone.unknown == [(f"102/{forge.NAME}.npz", "no notebook came with it")]
    large = collect(
        Course(course), forge.NAME, export(tmp_path / "b", EXPORTS["by hand"], bytes(BESIDE_LIMIT + 1))
    )
    assert [reason for _, reason in large.refused] == ["it is larger than 1 MB"]
    assert large.taken[0].note == f"{FILE} did not come with it"


# ---------------------------------------------------------------- checks that judge, and streams


def _check(name="f.any", **options):
    return Check(
        name,
        "f",
        "any even number",
        ("x",),
        lambda: [Case((1,))],
        lambda rng: [Case((int(rng.integers(10**9)),))],
        **options,
    )


def _even(case, got):
    return None if got % 2 == 0 else Difference("values", f"{got} is odd", "an odd number")


def test_a_judge_decides_in_place_of_a_reference():
    check = _check(judge=_even)
    assert run(check, lambda x: 2 * x).passed
    assert run(check, lambda x: 4 * x, hidden=True, rng_seed=3).passed
    wrong = run(check, lambda x: 2 * x + 1)
    assert (wrong.status, wrong.aspect, wrong.hint) == ("failed", "values", "")
    assert "3 is odd" in wrong.message
    hidden = run(check, lambda x: 2 * x + 1, hidden=True, rng_seed=3)
    assert "an odd number" in hidden.message
    assert "is odd" not in hidden.message


def test_a_function_that_runs_the_student_s_names_what_is_missing():
    def f(x):
        raise NotImplementedError

    assert "F is not written yet" in run(_check(judge=_even, solution="F"), f).message
    assert "f is not written yet" in run(_check(judge=_even), f).message


def test_a_check_has_a_reference_or_a_judge():
    for options in ({}, {"reference": abs, "judge": _even}):
        with pytest.raises(ValueError, match="either a reference or a judge"):
            _check(**options)


def test_checks_of_one_stream_get_the_same_random_cases():
    seen = {}
    for name, stream in (("f.a", "s"), ("f.b", "s"), ("f.c", "")):
        run(
            _check(name, judge=_even, stream=stream),
            lambda x, name=name: seen.setdefault(name, x) * 2,
            hidden=True,
            rng_seed=1,
        )
    assert seen["f.a"] == seen["f.b"] != seen["f.c"]


def test_a_hint_prefers_the_mistake_that_is_right_where_the_student_is():
    """Both mistakes give the answer to the second case; one of them gives a wrong one to the first."""
    cases = [Case((0.0,), expected=0.0), Case((2.0,), expected=4.0)]
    mistakes = {"one is added": lambda x: x + 1, "three halves": lambda x: 1.5 * x}
    check = Check("f.x", "f", "doubling", ("x",), lambda: cases, lambda rng: cases, lambda x: 2 * x, mistakes)
    assert run(check, lambda x: 1.5 * x).hint == "three halves"
    assert run(check, lambda x: x + 1).hint == "one is added"

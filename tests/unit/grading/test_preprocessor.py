"""nbgrader's steps, one at a time: reading, scoring, writing scores into cells, saving them."""

import json
import os
from types import SimpleNamespace

import forge
import nbformat
import pytest
from doubles import graded_cell, solution_cell
from nbgrader.utils import compute_checksum, determine_grade
from traitlets import Any
from traitlets.config import LoggingConfigurable

from course_lib.grading.course import Course
from course_lib.grading.preprocessor import (
    KEY,
    SaveScores,
    ScoreOutside,
    SubmissionExporter,
    pack,
    quarantine,
    unpack,
    write_report,
)
from course_lib.grading.scoring import CellScore, Report
from course_lib.grading.store import write_stored
from course_lib.grading.submission import Submission, digest, load

KEEP = ("output_size",)


class Converter(LoggingConfigurable):
    """Stands where nbgrader's converter does: it knows the course and whether it reads for the first time."""

    coursedir = Any()
    _sanitizing = True


@pytest.fixture
def converter(root):
    return Converter(coursedir=SimpleNamespace(root=str(root)))


@pytest.fixture
def where(root):
    """What nbgrader tells each step about the submission; the gradebook has it."""
    with Course(root).api().gradebook as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission(forge.NAME, "ada")
    names = {"assignment": forge.NAME, "notebook": forge.NAME, "student": "ada"}
    return {"nbgrader": {**names, "db_url": f"sqlite:///{root / 'gradebook.db'}"}}


def submitted(root, notebook):
    path = forge.hand_in(root, "ada", notebook)
    return path, load(path, forge.rubric(root))


# ---------------------------------------------------------------- reading


def test_the_first_reading_rebuilds_whatever_was_handed_in(converter, root, where):
    path, submission = submitted(root, '{"cells": [')
    exporter = SubmissionExporter(parent=converter)
    text, resources = exporter.from_filename(str(path), resources={**where})
    made = nbformat.reads(text, as_version=4)
    assert [cell.source for cell in made.cells] == [cell.source for cell in submission.notebook.cells]
    assert made.metadata[KEY]["problem"] == "the file is not a notebook: it is cut off; upload it again"
    assert made.metadata[KEY]["missing"] == submission.missing
    assert resources["metadata"]["name"] == forge.NAME
    assert resources["metadata"]["path"] == str(path.parent)


def test_the_second_reading_is_nbconvert_s(converter, root, where):
    converter._sanitizing = False
    path = root / "kept.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("kept")]), path)
    text, _ = SubmissionExporter(parent=converter).from_filename(str(path), resources={**where})
    assert [cell.source for cell in nbformat.reads(text, as_version=4).cells] == ["kept"]


def test_what_is_known_of_a_submission_survives_between_the_readings():
    notebook = nbformat.v4.new_notebook(metadata={KEY: {"libraries": ["torch"]}})
    submission = Submission(notebook, ["a"], ["b"], "c")
    packed = pack(submission)
    assert packed.metadata[KEY]["libraries"] == ["torch"]
    assert unpack(packed) == submission
    bare = unpack(nbformat.v4.new_notebook())
    assert (bare.missing, bare.notes, bare.problem) == ([], [], "")


def test_only_nbgrader_can_run_these_steps():
    with pytest.raises(RuntimeError, match="`nbgrader autograde` only"):
        ScoreOutside().preprocess(None, {"nbgrader": {"assignment": forge.NAME}})


# ---------------------------------------------------------------- what lies beside the notebook


def test_only_ordinary_files_are_left_to_be_copied(tmp_path):
    notebook, folder = tmp_path / "x.ipynb", tmp_path / "data"
    folder.mkdir()
    for path in (notebook, folder / "real.csv", tmp_path / "secret"):
        path.write_text("kept")
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    (tmp_path / "link.ipynb").symlink_to(notebook)  # the reading refuses it with a reason
    (folder / "home").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    quarantine(forge.NAME, "ada", [str(notebook)])
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["data", "data/real.csv", "link.ipynb", "secret", "x.ipynb"]
    assert (tmp_path / "secret").read_text() == "kept"


@pytest.mark.parametrize(
    ("stamp", "left"),
    [
        ("2026-02-03 04:05:06 UTC", "timestamp.txt"),
        ("the day after tomorrow", "timestamp.unreadable"),
        ("", "timestamp.unreadable"),
        (None, None),
    ],
)
def test_a_time_that_is_none_is_put_aside(tmp_path, stamp, left):
    if stamp is not None:
        (tmp_path / "timestamp.txt").write_text(stamp)
    quarantine(forge.NAME, "ada", [str(tmp_path / "x.ipynb")])
    assert [path.name for path in tmp_path.iterdir()] == ([left] if left else [])


# ---------------------------------------------------------------- scoring


def test_a_submission_is_scored_and_its_report_travels_on(converter, root, where, loopback):
    _, submission = submitted(root, forge.submission(keep=KEEP))
    step = ScoreOutside(parent=converter, seed=5, unsafe_no_jail=True, limits={"memory_mb": 77})
    notebook, resources = step.preprocess(pack(submission), where)
    verdicts = resources[KEY]
    assert sum(cell.score for cell in verdicts.values()) == 12.0
    assert verdicts["output_size_plain"].checks[1]["seed"] == 5
    assert (loopback[0].limits.memory_mb, loopback[0].unsafe) == (77, True)
    cell = forge.cell_of(notebook, "output_size_plain")
    assert determine_grade(cell, step.log) == (3.0, 3.0)


def test_a_seed_below_zero_draws_a_new_one(converter, root, where, loopback):
    _, submission = submitted(root, forge.submission(keep=KEEP))
    seeds = set()
    for _ in range(2):
        _, resources = ScoreOutside(parent=converter).preprocess(pack(submission), where)
        seeds.add(resources[KEY]["output_size_plain"].checks[1]["seed"])
    assert len(seeds) == 2


def test_a_report_made_beforehand_is_taken_where_it_is_this_submission_s(
    converter, root, where, tmp_path, loopback
):
    _, submission = submitted(root, forge.submission(keep=KEEP))
    rubric = forge.rubric(root)
    cells = [CellScore(c.id, 1.0, c.points, "passed", "stored") for c in rubric.graded]
    stored = Report(forge.NAME, cells, 3, notes=["a note"])
    write_stored(tmp_path / f"{digest(submission, rubric)}.json", stored.as_dict())
    step = ScoreOutside(parent=converter, results=str(tmp_path))
    _, resources = step.preprocess(pack(submission), where)
    assert {cell.message for cell in resources[KEY].values()} == {"stored"}
    assert loopback == []
    _, other = submitted(root, forge.submission())
    _, resources = step.preprocess(pack(other), where)
    assert "stored" not in {cell.message for cell in resources[KEY].values()}
    assert len(loopback) == 1


# ---------------------------------------------------------------- writing scores into cells


def test_every_checked_cell_gets_one_result_that_nbgrader_reads_as_its_score():
    cells = [
        solution_cell("f", "print(1)"),
        nbformat.v4.new_markdown_cell("text"),
        graded_cell("right", 5.0, "check"),
        graded_cell("wrong", 5.0, "check"),
        graded_cell("partly", 5.0, "check"),
        graded_cell("by_hand", 5.0, "code for a person"),
        graded_cell("forged", 5.0, "check"),
    ]
    lie = nbformat.v4.new_output("execute_result", data={"text/plain": "5"}, execution_count=1)
    for cell in cells[2:]:
        cell.outputs = [lie]
        cell.metadata[KEY] = {"score": 5.0}
    drawn = [
        {"output_type": "stream", "name": "stdout", "text": "1\n"},
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "2"}},
    ]
    scores = [
        CellScore("right", 5.0, 5.0, "passed", "all is well\n"),
        CellScore("wrong", 0.0, 5.0, "failed", "look again"),
        CellScore("partly", 50.0, 50.0, "passed", "more than the cell is worth"),
        CellScore("by_hand", 0.0, 5.0, "manual", "graded by a person"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    write_report(notebook, Report("a", scores, 7, outputs={"0": drawn, "2": drawn}))
    nbformat.validate(notebook)
    assert [c.get("execution_count") for c in notebook.cells] == [1, None, 2, 3, 4, 5, 6]
    assert [o.output_type for o in notebook.cells[0].outputs] == ["stream", "display_data"]
    right, wrong, partly, by_hand, forged = notebook.cells[2:]
    assert [o.get("text", o.get("data")) for o in right.outputs] == ["all is well\n", {"text/plain": "5"}]
    assert [determine_grade(cell, None)[0] for cell in (right, wrong, partly)] == [5.0, 0.0, 5.0]
    assert right.metadata[KEY] == scores[0].as_dict()
    for cell in (by_hand, forged):
        assert cell.outputs == []
        assert KEY not in cell.metadata


# ---------------------------------------------------------------- saving


def summed(notebook):
    """The notebook with nbgrader's checksums of its cells, as a release notes them."""
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.checksum = compute_checksum(cell)
    return notebook


@pytest.fixture
def save(root, where):
    """Save a notebook with these verdicts; returns grades and comments of the gradebook."""

    def save(notebook, verdicts):
        write_report(summed(notebook), Report(forge.NAME, verdicts, 7))
        forge.cell_of(notebook, "corr2d").source = "# an answer"
        notebook.metadata[KEY] = {"notes": []}
        SaveScores().preprocess(notebook, {**where, KEY: {cell.id: cell for cell in verdicts}})
        assert KEY not in notebook.metadata
        return forge.gradebook(root)

    return save


def verdicts(**changed):
    """A verdict for every cell with points, all of them passed."""
    made = {}
    for known in forge.rubric().graded:
        status = "manual" if known.kind == "manual" else "passed"
        made[known.id] = CellScore(known.id, known.points, known.points, status, "message")
        for name, value in changed.get(known.id, {}).items():
            setattr(made[known.id], name, value)
    return list(made.values())


def test_points_and_flags_reach_the_gradebook(root, save):
    wrong = {"score": 0.0, "status": "failed"}
    book = save(
        forge.source_notebook(), verdicts(corr2d_example=wrong, output_size_plain={**wrong, "flagged": True})
    )
    points = {cell.id: cell.points for cell in forge.rubric().graded if cell.kind == "checked"}
    assert book["ada", "corr2d_example"] == (0.0, False)
    assert book["ada", "output_size_plain"] == (0.0, True)
    rest = points.keys() - {"corr2d_example", "output_size_plain"}
    assert {cell: book["ada", cell] for cell in rest} == {cell: (points[cell], False) for cell in rest}


def test_an_answer_that_was_not_touched_has_a_comment_and_no_points(root, save):
    book = save(forge.source_notebook(), verdicts())
    assert book["ada", "written_answer"] == (0.0, False)  # as nbgrader does for an untouched answer
    with Course(root).api().gradebook as gradebook:
        where = (forge.NAME, forge.NAME, "ada")
        assert gradebook.find_comment("written_answer", *where).auto_comment == "No response."
        assert gradebook.find_comment("corr2d", *where).auto_comment is None


def test_a_written_answer_waits_for_a_person(root, where):
    notebook = summed(forge.source_notebook())
    forge.cell_of(notebook, "written_answer").source = "An answer."
    write_report(notebook, Report(forge.NAME, verdicts(), 7))
    SaveScores().preprocess(notebook, where)
    assert forge.gradebook(root)["ada", "written_answer"] == (None, True)


def test_points_given_by_hand_are_kept_and_marked_for_another_look(root, save):
    with Course(root).api().gradebook as gradebook:
        gradebook.find_grade("corr2d_example", forge.NAME, forge.NAME, "ada").manual_score = 2.0
        gradebook.db.commit()
    assert save(forge.source_notebook(), verdicts())["ada", "corr2d_example"][1] is True
    with Course(root).api().gradebook as gradebook:
        assert gradebook.find_grade("corr2d_example", forge.NAME, forge.NAME, "ada").score == 2.0


def test_a_notebook_that_cannot_be_saved_saves_nothing(root, where):
    notebook = summed(forge.source_notebook())
    write_report(notebook, Report(forge.NAME, verdicts(), 7))
    stranger = graded_cell("not_in_the_gradebook", 1.0, "x")
    notebook.cells.append(stranger)
    with pytest.raises(KeyError, match="not_in_the_gradebook"):
        SaveScores().preprocess(notebook, where)
    checked = [cell.id for cell in forge.rubric().graded if cell.kind == "checked"]
    assert {forge.gradebook(root)["ada", cell][0] for cell in checked} == {None}


def test_stored_reports_are_plain_json(tmp_path):
    write_stored(tmp_path / "x.json", Report(forge.NAME, verdicts(), 7).as_dict())
    assert Report.from_dict(json.loads((tmp_path / "x.json").read_text())).cells == verdicts()

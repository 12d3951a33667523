"""Where points are given: what a cell earns, what is flagged for a person, and what a broken chain gives."""

import forge
import nbformat
import pytest
from doubles import graded_cell, solution_cell

from course_lib.grading import proxy, scoring
from course_lib.grading.contract import Verdict
from course_lib.grading.engine import CallFailed
from course_lib.grading.jail import NUMPY, PLOTTING, TORCH, JailError
from course_lib.grading.limits import Limits
from course_lib.grading.process import WorkerLost
from course_lib.grading.rubric import rubric_of
from course_lib.grading.scoring import STATUSES, TORCH_MEMORY_MB, Report, score
from course_lib.grading.submission import StudentCell, rebuild, unreadable

RIGHT = "def output_size(size, kernel_size, stride=1, padding=0):\n    return (size + 2 * padding - kernel_size) // stride + 1"
PLAIN = 'check(output_size, "output_size.plain")'
HIDDEN = 'check(output_size, "output_size.plain", hidden=True)'
WRITTEN = StudentCell("markdown", "words", "written")


def make_rubric(*calls, **metadata):
    cells = [
        solution_cell("output_size", "..."),
        graded_cell("size_cell", 12, *calls),
        graded_cell("written", 10, kind="markdown"),
    ]
    return rubric_of("a1_convolution", nbformat.v4.new_notebook(cells=cells, metadata=metadata))


RUBRIC = make_rubric(PLAIN, HIDDEN)


def grade(source, rubric=RUBRIC, **options):
    """Score a submission that holds one cell of code."""
    cells = [WRITTEN] if source is None else [StudentCell("code", source, "output_size"), WRITTEN]
    return score(rebuild(cells, rubric), rubric, **{"seed": 3, **options})


def test_a_right_answer_earns_the_points_of_its_cell(loopback):
    report = grade(RIGHT)
    assert (report.status, report.seed, report.notes[-1]) == (
        "graded",
        3,
        "cell size_cell was missing and has been put back",
    )
    checked, written = report.cells
    assert (checked.score, checked.max_score, checked.status, checked.flagged) == (
        12.0,
        12.0,
        "passed",
        False,
    )
    assert (
        checked.message
        == "output_size.plain: passed (3 cases)\noutput_size.plain: passed (6 hidden cases, seed 3)"
    )
    assert [(c["check"], c["hidden"], c["status"]) for c in checked.checks] == [
        ("output_size.plain", False, "passed"),
        ("output_size.plain", True, "passed"),
    ]
    assert (written.status, written.max_score, written.flagged) == ("manual", 10.0, False)
    assert (report.score, report.max_score) == (12.0, 12.0)  # what a person gives is not in it


def test_a_wrong_answer_ends_the_cell_with_its_message(loopback):
    report = grade(RIGHT.replace("+ 1", ""))
    cell = report.cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, "failed", False)
    assert [check["hidden"] for check in cell.checks] == [False]  # the hidden cases did not run
    assert "the + 1 is missing" in cell.message
    assert cell.checks[0]["signature"].startswith("output_size.plain: values: the + 1 is missing")


def test_an_answer_that_knows_the_worked_cases_earns_nothing(loopback):
    heart = f"{RIGHT}\nright = output_size\ndef output_size(size, kernel_size, stride=1, padding=0):\n    return right(size, kernel_size) if size < 6 else 0"
    cell = grade(heart).cells[0]
    assert cell.score == 0.0
    assert cell.status == "failed"


def test_an_exception_is_an_answer_like_any_other(loopback):
    cell = grade("def output_size(*args):\n    raise ValueError('x')").cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, "crashed", False)


def test_the_whole_assignment_gets_full_marks_and_its_outputs_come_along(loopback):
    rubric = forge.rubric()
    submitted = rebuild(
        [
            StudentCell(c.cell_type, c.source, c.metadata.nbgrader.grade_id)
            for c in forge.source_notebook().cells
            if "nbgrader" in c.metadata
        ],
        rubric,
    )
    report = score(submitted, rubric)
    assert (report.score, report.max_score) == (100.0, 100.0)
    assert {cell.status for cell in report.cells} == {"passed", "manual"}
    assert report.outputs.keys() <= {str(i) for i in range(len(submitted.notebook.cells))}
    assert Report.from_dict(report.as_dict()) == report


def test_a_seed_is_drawn_and_noted_where_none_is_given(loopback):
    seeds = {grade(RIGHT, seed=None).seed for _ in range(3)}
    assert len(seeds) == 3


def test_outputs_stand_under_the_number_of_their_cell(loopback):
    report = grade("print('hello')")
    assert report.outputs == {"0": [{"output_type": "stream", "name": "stdout", "text": "hello\n"}]}


def test_a_cell_that_is_not_there_is_named_and_flagged(loopback):
    cell = grade(None).cells[0]
    assert (cell.status, cell.score, cell.flagged) == ("failed", 0.0, True)
    assert cell.message.endswith("\n  missing from the submission: output_size")


def test_a_missing_written_answer_is_no_reason_to_flag_a_check(loopback):
    report = score(rebuild([StudentCell("code", "x = 1", "output_size")], RUBRIC), RUBRIC, seed=3)
    cell = report.cells[0]
    assert "is not defined" in cell.message
    assert (cell.flagged, "missing from" in cell.message) == (False, False)


# ---------------------------------------------------------------- what a person should look at


class Fate:
    """A process in whose far side something happens at every call."""

    def __init__(self, error):
        self.error = error

    def exchange(self, header, seconds, values=None):
        if header["do"] == "call":
            raise self.error
        return {"outputs": [], "failure": None}, []

    def kill(self):
        pass


@pytest.mark.parametrize("status", ["timeout", "memory", "unreadable", "crashed"])
def test_a_lost_process_is_flagged(monkeypatch, status):
    monkeypatch.setattr(proxy, "Process", lambda *_: Fate(WorkerLost(status, "it is gone")))
    cell = grade(RIGHT).cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, status, True)


class Told:
    """A process that lives on and says how each call failed."""

    def __init__(self, status):
        self.status = status

    def exchange(self, header, seconds, values=None):
        failure = {"status": self.status, "type": "ValueError"} if header["do"] == "call" else None
        return {"outputs": [], "failure": failure}, []

    def kill(self):
        pass


@pytest.mark.parametrize(
    ("told", "status", "flagged"),
    [
        ("timeout", "timeout", True),
        ("memory", "memory", True),
        ("odd", "unreadable", True),
        ("error", "crashed", False),
        ("undefined", "failed", False),
    ],
)
def test_a_limit_that_was_met_is_flagged_and_an_exception_is_not(monkeypatch, told, status, flagged):
    monkeypatch.setattr(proxy, "Process", lambda *_: Told(told))
    cell = grade(RIGHT).cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, status, flagged)


@pytest.mark.parametrize("status", STATUSES)
def test_the_words_of_a_known_verdict_are_kept(monkeypatch, loopback, status):
    monkeypatch.setattr(scoring, "run", lambda check, *_, **__: Verdict(check.name, status, "the words"))
    cell = grade(RIGHT).cells[0]
    assert cell.status == status
    assert set(cell.message.splitlines()) == {"the words"}


def test_a_passed_cell_is_not_flagged(monkeypatch, loopback):
    monkeypatch.setattr(scoring, "run", lambda check, *_, **__: Verdict(check.name, "passed", "passed"))
    assert grade(None).cells[0].flagged is False


def test_a_submission_that_cannot_be_read_is_not_run(monkeypatch):
    monkeypatch.setattr(proxy, "Process", lambda *_: pytest.fail("it was run"))
    report = score(unreadable(RUBRIC, "the file is empty"), RUBRIC, seed=3)
    assert (report.status, report.message, report.score, report.retry) == (
        "unreadable",
        "the file is empty",
        0.0,
        False,
    )
    assert [(c.status, c.flagged, c.message) for c in report.cells] == [
        ("unreadable", True, "the file is empty"),
        ("manual", True, "the file is empty"),
    ]
    assert report.notes == ["the file is empty"]


def test_a_jail_that_does_not_start_is_tried_again_another_time(monkeypatch):
    def fail(*_):
        raise JailError("no room")

    monkeypatch.setattr(proxy, "Process", fail)
    report = grade(RIGHT)
    assert (report.status, report.message, report.retry) == ("unreadable", "no room", True)


def test_a_submission_that_uses_up_its_time_before_any_check_is_failed_whole(monkeypatch, loopback):
    def fail(self):
        raise CallFailed("timeout", "not run: no time")

    monkeypatch.setattr(scoring.Worker, "start", fail)
    report = grade(RIGHT)
    assert (report.status, report.message, report.retry) == ("timeout", "not run: no time", False)
    assert {cell.score for cell in report.cells} == {0.0}
    assert report.outputs == {"0": []}
    assert "put back" in report.notes[0]


@pytest.mark.parametrize(
    ("verdict", "status", "words"),
    [
        (
            RuntimeError("the reference broke"),
            "unreadable",
            "could not be run (RuntimeError); a person will look",
        ),
        (Verdict("x", "perfect", "full marks"), "unreadable", "output_size.plain: full marks"),
    ],
)
def test_a_broken_chain_gives_no_points_and_is_flagged(monkeypatch, loopback, verdict, status, words):
    def broken(*_, **__):
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    monkeypatch.setattr(scoring, "run", broken)
    cell = grade(RIGHT).cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, status, True)
    assert words in cell.message


def test_a_check_that_does_not_exist_gives_no_points_and_is_flagged(loopback):
    cell = grade(RIGHT, make_rubric('check(output_size, "output_size.none")')).cells[0]
    assert (cell.score, cell.status, cell.flagged) == (0.0, "unreadable", True)
    assert "there is no check of that name" in cell.message


# ---------------------------------------------------------------- limits and libraries


def test_numpy_and_plotting_are_there_and_torch_where_the_notebook_asks_for_it(loopback):
    grade(RIGHT, limits=Limits(memory_mb=100))
    grade(
        RIGHT, make_rubric(PLAIN, course={"libraries": ["torch"]}), limits=Limits(memory_mb=100), unsafe=True
    )
    plain, torch = loopback
    assert (plain.libraries, plain.limits.memory_mb, plain.unsafe) == (NUMPY + PLOTTING, 100, False)
    assert (torch.libraries, torch.limits.memory_mb) == (NUMPY + PLOTTING + TORCH, TORCH_MEMORY_MB)
    assert torch.unsafe is True
    assert (plain.killed, torch.killed) == (True, True)


# ---------------------------------------------------------------- what is printed


def test_a_report_in_json_says_why_nothing_was_graded_only_where_nothing_was(loopback):
    whole = grade(RIGHT).as_json()
    assert list(whole) == ["assignment", "score", "max_score", "cells"]
    assert list(whole["cells"][0]) == ["id", "score", "max_score", "status", "message"]
    none = score(unreadable(RUBRIC, "empty"), RUBRIC).as_json()
    assert (none["status"], none["message"], none["score"], none["max_score"]) == (
        "unreadable",
        "empty",
        0.0,
        12.0,
    )

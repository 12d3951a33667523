"""A run over a class with nbgrader's autograder played by a few lines: who is graded, when, and what is kept."""

import json
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import doubles
import forge
import pytest

from course_lib.grading import autograde, jail
from course_lib.grading.autograde import Run, grade
from course_lib.grading.course import Course, CourseError
from course_lib.grading.jail import JailError
from course_lib.grading.results import reports
from course_lib.grading.scoring import CellScore, Report, failed
from course_lib.grading.submission import digest, load

HALF = 50.0


class Api:
    """Takes the place of nbgrader's API: what it would read from notebooks it reads from the stored reports."""

    def __init__(self, course, settings):
        self.course, self.root = course, course.root
        self.results = settings.get("ScoreOutside", {}).get("results")
        self.real = real_api(course)
        self.problems, self.asked = {}, []

    @property
    def gradebook(self):
        """The real one."""
        return self.real.gradebook

    def autograde(self, assignment, student):
        """Save the points of the report that fits the submission."""
        self.asked.append(student)
        if student in self.problems:
            return {"success": False, "log": self.problems[student]}
        rubric = self.course.rubric(assignment)
        path = self.root / "submitted" / student / assignment / f"{assignment}.ipynb"
        with open(f"{self.results}/{digest(load(path, rubric), rubric)}.json") as file:
            report = Report.from_dict(json.load(file))
        with self.gradebook as gradebook:
            gradebook.update_or_create_student(student)
            doubles.give(gradebook, assignment, student, {c.id: c.score for c in report.cells})
        (self.root / "autograded" / student / assignment).mkdir(parents=True, exist_ok=True)
        return {"success": True}

    def generate_assignment(self, assignment):
        """Enter it into the gradebook, which is what a run needs of a release."""
        with self.gradebook as gradebook:
            doubles.register(gradebook, self.course.rubric(assignment))
        folder = self.root / "release" / assignment
        folder.mkdir(parents=True)
        (folder / f"{assignment}.ipynb").write_text("{}")
        return {"success": True}


real_api = Course.api


@pytest.fixture(autouse=True)
def scored(monkeypatch):
    """Nobody's code runs: every submission that can be read gets half of each cell; returns who was scored."""
    students = []

    def score(submission, rubric, *, seed, limits, unsafe):
        if submission.problem:
            return failed(rubric, seed, "unreadable", submission.problem)
        cells = [
            CellScore(c.id, c.points / 2, c.points, "passed", "half")
            for c in rubric.graded
            if c.kind == "checked"
        ]
        return Report(rubric.assignment, cells, seed)

    def count(task, whole=autograde.grade):
        students.append(task.student)
        return whole(task)

    monkeypatch.setattr(autograde, "score", score)
    monkeypatch.setattr(autograde, "grade", count)
    monkeypatch.setattr(jail, "find_bwrap", lambda: "bwrap")
    monkeypatch.setattr(Course, "api", lambda self, **settings: Api(self, settings))
    return students


@pytest.fixture
def go(root):
    """Grade the class in this process; rows by student."""

    def go(executor=None, **options):
        run = Run(Course(root), forge.NAME, **options)
        return {row.student: row for row in run.go(executor or forge.Serial())}

    return go


def stored(root):
    """What is noted of the last run."""
    return json.loads((root / ".grading" / forge.NAME / "run.json").read_text())


def test_a_task_is_scored_where_the_files_are(root):
    path = forge.hand_in(root, "ada", forge.submission())
    task = autograde.Task(str(root), forge.NAME, "ada", str(path), 3, Course(root).limits, False)
    key, report = grade(task)
    rubric = forge.rubric(root)
    assert key == digest(load(path, rubric), rubric)
    assert (Report.from_dict(report).score, report["seed"]) == (HALF, 3)


def test_everyone_is_graded_and_the_gradebook_holds_it(root, go, scored):
    forge.hand_in(root, "ada", forge.submission())
    forge.hand_in(root, "ben", "{")
    rows = go(seed=9)
    assert {name: (row.status, row.score, row.unchanged) for name, row in rows.items()} == {
        "ada": ("graded", HALF, False),
        "ben": ("unreadable", 0.0, False),
    }
    assert (forge.total(root, "ada"), forge.total(root, "ben")) == (HALF, 0.0)
    assert rows["ben"].flagged == len(forge.rubric().graded)
    assert rows["ada"].as_json()["cells"][0]["status"] == "passed"
    assert "report" not in rows["ada"].as_json()
    assert (stored(root)["seed"], stored(root)["unfinished"]) == (9, False)
    assert sorted(scored) == ["ada", "ben"]
    kept = reports(Course(root), forge.NAME)
    assert {name: report.score for name, report in kept.items()} == {"ada": HALF, "ben": 0.0}


def test_a_row_without_a_report_has_no_cells():
    assert autograde.Row("ada", "unreadable", 0.0, 1.0, 0).as_json()["cells"] == []


def test_a_flagged_row_says_what_happened():
    def cell(status, flagged=True):
        return CellScore("cell", 0.0, 1.0, status, "", flagged)

    cells = [cell("memory"), cell("timeout"), cell("timeout"), cell("failed", flagged=False)]
    row = autograde._row("ada", Report("a1", cells, 0))
    assert (row.flagged, row.message) == (3, "2 ran out of time, 1 ran out of memory")
    assert autograde._row("ada", Report("a1", cells[3:], 0)).message == ""
    assert autograde._row("ada", Report("a1", cells, 0, "unreadable", "no file")).message == "no file"


def test_an_assignment_that_was_not_released_is_released_first(root):
    with Course(root).api().gradebook as gradebook:
        gradebook.remove_assignment(forge.NAME)
    forge.hand_in(root, "ada", forge.submission())
    rows = list(Run(Course(root), forge.NAME).go(forge.Serial()))
    assert [row.score for row in rows] == [HALF]
    assert (root / "release" / forge.NAME).is_dir()


def test_what_is_unchanged_is_left_alone(root, go, scored):
    path = forge.hand_in(root, "ada", forge.submission())
    forge.hand_in(root, "ben", forge.submission())
    go()
    again = go()
    assert all(row.unchanged for row in again.values())
    assert {row.score for row in again.values()} == {HALF}
    assert sorted(scored) == ["ada", "ben"]
    forge.write(forge.submission(keep=("corr2d",)), path)
    third = go()
    assert {name: row.unchanged for name, row in third.items()} == {"ada": False, "ben": True}


@pytest.mark.parametrize("options", [{"force": True}, {"seed": 4}])
def test_a_run_can_be_asked_to_grade_everyone(root, go, scored, options):
    forge.hand_in(root, "ada", forge.submission())
    go(seed=3)
    go(**options)
    assert scored == ["ada", "ada"]
    go(seed=stored(root)["seed"])  # the same seed again asks nothing new
    assert scored == ["ada", "ada"]


def test_points_that_are_not_those_of_the_report_are_graded_again(root, go, scored):
    forge.hand_in(root, "ada", forge.submission())
    go()
    with Course(root).api().gradebook as gradebook:
        gradebook.find_grade("corr2d_example", forge.NAME, forge.NAME, "ada").auto_score = 100.0
        gradebook.db.commit()
    assert go()["ada"].unchanged is False
    assert forge.total(root, "ada") == HALF
    with Course(root).api().gradebook as gradebook:
        gradebook.remove_submission(forge.NAME, "ada")
    assert go()["ada"].unchanged is False


def test_another_rubric_is_another_assignment(root, go, scored):
    forge.hand_in(root, "ada", forge.submission())
    go()
    path = root / "source" / forge.NAME / f"{forge.NAME}.ipynb"
    source = forge.source_notebook()
    forge.cell_of(source, "corr2d_example").metadata.nbgrader.points += 1
    forge.write(source, path)
    go()
    assert scored == ["ada", "ada"]


# ---------------------------------------------------------------- seeds and interruptions


def test_a_drawn_seed_differs_from_run_to_run(root, go):
    forge.hand_in(root, "ada", forge.submission())
    seeds = set()
    for _ in range(3):
        go()
        seeds.add(stored(root)["seed"])
    assert len(seeds) == 3


def test_an_interrupted_run_goes_on_with_its_seed(root, scored):
    for name in ("ada", "ben", "cyd"):
        forge.hand_in(root, name, forge.submission())
    first = Run(Course(root), forge.NAME)
    rows = first.go(forge.Serial())
    next(rows)
    rows.close()
    assert stored(root)["unfinished"]
    second = Run(Course(root), forge.NAME)
    assert second.seed == first.seed
    assert sorted(row.unchanged for row in second.go(forge.Serial())) == [False, False, True]


@pytest.mark.parametrize("seed", ["7", True, None, 7.0])
def test_a_seed_that_is_none_is_not_taken_up(root, seed):
    noted = root / ".grading" / forge.NAME / "run.json"
    noted.parent.mkdir(parents=True)
    noted.write_text(json.dumps({"seed": seed, "unfinished": True}))
    assert type(Run(Course(root), forge.NAME).seed) is int
    assert Run(Course(root), forge.NAME).seed not in (1, 7)


def test_what_was_scored_and_not_saved_is_saved_without_scoring_again(root, go, scored, monkeypatch):
    forge.hand_in(root, "ada", forge.submission())
    with monkeypatch.context() as patch:
        patch.setattr(Run, "_save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            go()
    seed = stored(root)["seed"]
    assert forge.gradebook(root) == {}
    row = go()["ada"]
    assert (row.score, row.report.seed) == (HALF, seed)
    assert scored == ["ada"]
    assert forge.total(root, "ada") == HALF


# ---------------------------------------------------------------- what goes wrong


class Broken(forge.Serial):
    """A pool that dies under every task."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_exception(BrokenProcessPool("a process was killed"))
        return future


def test_a_task_that_takes_the_pool_down_costs_nobody_else(root, go, monkeypatch):
    for name in ("ada", "ben"):
        forge.hand_in(root, name, forge.submission())
    pools = [Broken(), forge.Serial()]  # the students of a broken pool follow one by one, by name
    asked = []
    monkeypatch.setattr(autograde, "processes", lambda *counts: asked.append(counts) or pools.pop(0))
    rows = go(Broken())
    assert (rows["ada"].status, rows["ada"].score) == ("unreadable", 0.0)
    assert "the grader failed on this submission (BrokenProcessPool" in rows["ada"].message
    assert rows["ben"].score == HALF
    assert asked == [(1, 1), (1, 1)]
    monkeypatch.undo()


def test_what_the_grader_failed_on_is_tried_again(root, go, scored, monkeypatch):
    forge.hand_in(root, "ada", forge.submission())
    with monkeypatch.context() as patch:
        patch.setattr(autograde, "score", lambda *_, **__: 1 / 0)
        row = go()["ada"]
    assert row.message == "the grader failed on this submission (ZeroDivisionError: division by zero)"
    assert (row.score, row.flagged > 0, row.report.retry) == (0.0, True, True)
    assert go()["ada"].score == HALF


def test_pools_have_as_many_processes_as_are_asked_for_and_needed(root, monkeypatch):
    forge.hand_in(root, "ada", forge.submission())
    asked = []
    monkeypatch.setattr(autograde, "processes", lambda *counts: asked.append(counts) or forge.Serial())
    rows = list(Run(Course(root), forge.NAME).go(workers=5))
    assert asked == [(5, 1)]
    assert [row.student for row in rows] == ["ada"]


def test_scores_of_an_earlier_submission_do_not_survive(root, go):
    path = forge.hand_in(root, "ada", forge.submission())
    go()
    assert (root / "autograded" / "ada").is_dir()
    path.rename(path.with_name("another.ipynb"))
    row = go()["ada"]
    assert (row.status, row.score, row.message) == ("unreadable", 0.0, "the file does not exist")
    assert forge.total(root, "ada") == 0.0
    assert not (root / "autograded" / "ada" / forge.NAME).exists()
    checked = [cell.id for cell in forge.rubric().graded]
    assert {forge.gradebook(root)["ada", cell] for cell in checked} == {(0.0, True)}


def test_a_folder_named_like_a_pattern_is_not_taken_for_others(root, go):
    forge.hand_in(root, "[ab]*", forge.submission())
    row = go()["[ab]*"]
    assert (row.status, row.score) == ("unreadable", 0.0)
    assert "rename the folder: its name holds one of the signs" in row.message
    assert forge.total(root, "[ab]*") == 0.0


def test_what_nbgrader_cannot_save_counts_nothing_and_says_why(root, monkeypatch):
    forge.hand_in(root, "ada", forge.submission())
    forge.hand_in(root, "ben", "{")
    run = Run(Course(root), forge.NAME)
    run.api.problems = {"ada": "disk full", "ben": "disk full"}
    rows = {row.student: row for row in run.go(forge.Serial())}
    assert (rows["ada"].status, rows["ada"].score) == ("unreadable", 0.0)
    assert rows["ada"].message == "nbgrader could not save it: ada failed:\ndisk full"
    assert "cut off" in rows["ben"].message  # its own reason stands
    assert sorted(run.api.asked) == ["ada", "ben"]


def test_a_file_too_large_to_read_is_known_by_its_size(root, go):
    path = forge.hand_in(root, "ada", "")
    with open(path, "wb") as file:
        file.truncate(65 << 20)
    assert "the file has 65 MB" in go()["ada"].message
    assert go()["ada"].unchanged
    with open(path, "wb") as file:
        file.truncate(66 << 20)
    assert "the file has 66 MB" in go()["ada"].message


def test_without_a_jail_nothing_starts_unless_it_is_said(root, monkeypatch):
    def missing():
        raise JailError("bubblewrap is missing")

    monkeypatch.setattr(jail, "find_bwrap", missing)
    with pytest.raises(JailError, match="bubblewrap is missing"):
        Run(Course(root), forge.NAME)
    assert Run(Course(root), forge.NAME, unsafe=True)._task("ada").unsafe is True


def test_an_unknown_assignment_is_named(root):
    with pytest.raises(CourseError, match="there is no assignment 'a9'"):
        Run(Course(root), "a9")

"""A course root: where it is found, what its configuration says, and what nbgrader's failures become."""

import os
import shutil

import forge
import pytest

from course_lib.grading.course import CONFIG, Course, CourseError, find_root, outcome
from course_lib.grading.limits import Limits
from course_lib.grading.pools import cluster, processes
from course_lib.grading.store import read_stored, write_stored


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder without a course, in which we are."""
    (here := tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    return here


def course_at(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text("c = get_config()\n")
    return folder.resolve()


def test_a_root_that_is_given_is_taken(elsewhere, tmp_path, monkeypatch):
    mine, other = course_at(tmp_path / "mine"), course_at(tmp_path / "other" / "assignments")
    assert find_root(str(mine)) == mine
    assert find_root(str(tmp_path / "other")) == other  # a checkout whose assignments are the root
    monkeypatch.setenv("COURSE_ROOT", str(mine))
    assert find_root() == mine
    assert find_root(str(other)) == other


def test_the_nearest_root_above_is_taken(elsewhere, tmp_path):
    far = course_at(tmp_path)
    assert find_root() == far
    near = course_at(tmp_path / "a" / "assignments")
    assert find_root() == near
    here = course_at(elsewhere)
    assert find_root() == here


def test_away_from_any_course_it_is_the_checkout_s(elsewhere):
    assert find_root() == forge.ROOT / "assignments"


@pytest.mark.parametrize("given", ["nowhere", None])
def test_no_root_at_all(elsewhere, monkeypatch, given):
    monkeypatch.setattr("course_lib.grading.course.CONFIG", "no_such_config.py")
    got = given or "none here or above"
    with pytest.raises(CourseError, match=f"expected a folder with no_such_config.py, got {got}"):
        find_root(given)


# ---------------------------------------------------------------- configuration


def test_limits_are_those_of_the_configuration(tmp_path):
    root = course_at(tmp_path)
    assert Course(root).limits == Limits()
    (root / CONFIG).write_text("c = get_config()\nc.ScoreOutside.limits = {'check_seconds': 60.0}\n")
    assert Course(root).limits == Limits(check_seconds=60.0)


@pytest.mark.parametrize("text", ["c = = 1", "1 / 0"])
def test_a_configuration_that_cannot_be_loaded(tmp_path, text):
    (tmp_path / CONFIG).write_text(text)
    with pytest.raises(CourseError, match=f"{CONFIG} cannot be loaded"):
        Course(tmp_path).config  # noqa: B018 - a property that reads a file


def test_nbgrader_gets_the_configuration_and_what_is_added(root, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    course = Course(root)
    api = course.api(ScoreOutside={"results": "here"})
    assert api.coursedir.root == str(root)
    assert api.config.ScoreOutside.results == "here"
    assert "results" not in course.config.ScoreOutside
    scripts, *rest = os.environ["PATH"].split(os.pathsep)
    assert shutil.which("alembic", path=scripts)
    assert rest == ["/nonexistent"]
    Course(root).api()
    assert os.environ["PATH"].split(os.pathsep) == [scripts, *rest]


def test_students_are_listed_by_their_folders(tmp_path):
    for folder in ("submitted/ben/a1", "submitted/ada/a1", "submitted/cyd/a2", "autograded/ada/a1"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "submitted" / "dan").mkdir()
    (tmp_path / "submitted" / "dan" / "a1").write_text("a file")
    course = Course(tmp_path)
    assert (course.submitted("a1"), course.graded("a1")) == (["ada", "ben"], ["ada"])
    assert course.submitted("a3") == []


def test_nbgrader_s_failures_become_sentences():
    outcome({"success": True}, "all")
    log = "\n".join(f"line {i}" for i in range(20))
    with pytest.raises(CourseError) as caught:
        outcome({"success": False, "log": log}, "releasing")
    assert str(caught.value).splitlines() == ["releasing failed:", *[f"line {i}" for i in range(8, 20)]]
    for result, reason in (
        ({"error": "broken"}, "broken"),
        ({}, "no reason given"),
        ({"log": ""}, "no reason given"),
    ):
        with pytest.raises(CourseError, match=f"failed:\n{reason}"):
            outcome({"success": False, **result}, "this")


# ---------------------------------------------------------------- small files


def test_what_is_stored_is_read_and_what_is_broken_is_nothing(tmp_path):
    path = tmp_path / "a" / "b.json"
    assert read_stored(path) == {}
    write_stored(path, {"seed": 3})
    write_stored(path, {"seed": 4})
    assert read_stored(path) == {"seed": 4}
    assert [p.name for p in path.parent.iterdir()] == ["b.json"]
    for text in ('{"seed": ', "[1]", "3"):
        path.write_text(text)
        assert read_stored(path) == {}
    path.write_bytes(b"\xff")
    assert read_stored(path) == {}


# ---------------------------------------------------------------- pools


@pytest.mark.parametrize(
    ("workers", "tasks", "count"), [(None, 100, 3), (2, 100, 2), (8, 5, 5), (None, 0, 1), (4, 0, 1)]
)
def test_there_are_as_many_processes_as_cores_but_no_more_than_tasks(monkeypatch, workers, tasks, count):
    monkeypatch.setattr("course_lib.grading.pools.os.cpu_count", lambda: 3)
    with processes(workers, tasks) as pool:
        assert pool._max_workers == count
        assert pool._mp_context.get_start_method() == "forkserver"


class Client:
    """A Dask client without a cluster."""

    workers = {"tcp://a": {}}

    def __init__(self, address, **options):
        self.address, self.options, self.open = address, options, True

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.open = False

    def scheduler_info(self, n_workers):
        return {"workers": self.workers if n_workers == -1 else {}}

    def get_executor(self, **options):
        return self, options


@pytest.fixture
def distributed(monkeypatch):
    module = pytest.importorskip("distributed")
    monkeypatch.setattr(module, "Client", Client)
    return module


def test_a_cluster_s_executor_asks_again_when_a_worker_is_lost(distributed):
    with cluster("tcp://a:1") as (client, options):
        assert (client.address, client.open) == ("tcp://a:1", True)
        assert options == {"pure": False, "retries": 3}
    assert not client.open


def test_a_cluster_without_workers_is_named(distributed, monkeypatch):
    monkeypatch.setattr(Client, "workers", {})
    with pytest.raises(CourseError, match="at tcp://a:1 has no workers yet"), cluster("tcp://a:1"):
        pass


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("no address")])
def test_a_scheduler_that_does_not_answer_is_named(distributed, monkeypatch, error):
    def refuse(*_, **__):
        raise error

    monkeypatch.setattr(distributed, "Client", refuse)
    with pytest.raises(CourseError, match=f"no Dask scheduler answers at here: {error}"), cluster("here"):
        pass

"""A course of every test's own, and a worker that answers without leaving this process."""

import shutil

import doubles
import forge
import pytest

from course_lib.grading.course import Course


@pytest.fixture(scope="session")
def registered(tmp_path_factory):
    """A course root whose gradebook knows a1, as after a release, and nobody. Do not change it."""
    root = forge.make_course(tmp_path_factory.mktemp("course"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbgrader.api.get_alembic_version", lambda: "of a test")  # which a program would tell
        with Course(root).api().gradebook as gradebook:
            doubles.register(gradebook, forge.rubric())
    return root


@pytest.fixture
def root(registered, tmp_path):
    """A course root of the test's own, a1 in its gradebook."""
    return shutil.copytree(registered, tmp_path / "course")


@pytest.fixture
def loopback(monkeypatch):
    """Every worker that is started now is a `doubles.Loopback`; the list of those that were."""
    return doubles.in_this_process(monkeypatch)

"""One released course for all tests that need a gradebook; each test that changes it gets a copy."""

import shutil

import forge
import pytest


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """A course root in which a1 is released and nothing handed in. Do not change it."""
    root = forge.make_course(tmp_path_factory.mktemp("course"))
    done = forge.course(root, "release", forge.NAME)
    assert done.exit_code == 0, done.output
    return root


@pytest.fixture
def root(released, tmp_path):
    """A course root of the test's own, a1 released."""
    return shutil.copytree(released, tmp_path / "course")

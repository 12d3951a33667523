"""A world for each attack, and an alarm in case one gets the better of the grader."""

import faulthandler
import shutil
import signal
import sys
import tempfile

import cases
import containment
import forge
import pytest

from course_lib.grading import proxy
from course_lib.grading.scoring import score
from course_lib.grading.submission import load

HANGS = 180  # seconds after which a grader has certainly lost; no test compares its duration with them


@pytest.fixture(autouse=True)
def _alarm():
    """Fail a test whose grader never comes back, rather than wait with it."""

    def stop(number, frame):
        pytest.fail("the grader hangs on this attack")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGS)
    faulthandler.dump_traceback_later(2 * HANGS, exit=True, file=sys.__stderr__)  # not even Python goes on
    yield
    faulthandler.cancel_dump_traceback_later()
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="session")
def rubric():
    """What a1 asks for."""
    return forge.rubric()


@pytest.fixture(scope="session")
def usual(rubric, tmp_path_factory, require):
    """The report of an honest submission, by its name; graded once."""
    require("bwrap")
    known = {}

    def usual(name):
        if name not in known:
            path = forge.write(cases.HONEST[name](), tmp_path_factory.mktemp("honest") / "x.ipynb")
            known[name] = score(load(path, rubric), rubric, limits=containment.LIMITS, seed=containment.SEED)
        return known[name]

    return usual


@pytest.fixture
def world(released, rubric, tmp_path, monkeypatch, require):
    """A course with everything an attack could want; temporary files go to a folder of their own."""
    require("bwrap")
    world = containment.make_world(released, tmp_path, rubric)
    monkeypatch.setenv("TMPDIR", str(world.temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("COURSE_OF_THE_GRADER", containment.SECRET)
    monkeypatch.setattr(proxy, "GRACE", 0.5)
    yield world
    shutil.rmtree(world.root, ignore_errors=True)


@pytest.fixture
def attack_alone(world, usual):
    """Grade one attack by itself, with every assertion of `containment`; returns the report."""

    def attack_alone(attack):
        return containment.grade_alone(world, attack, usual(attack.like))

    return attack_alone

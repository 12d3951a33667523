"""The whole promise, asserted of every attack: nothing gained, nothing left running, nothing changed, nothing told.

`contained` surrounds a piece of grading and compares the machine before and after; `assert_verdicts` and
`assert_nothing_told` look at the report. `grade_alone` does all of it for one attack. No test in this folder
grades in any other way (see test_attacks_rules.py).
"""

import contextlib
import ctypes
import json
import os
import re
import shutil
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import forge
import numpy as np
from traces import (
    assert_no_process_left,
    assert_unchanged,
    contents,
    descendants,
    files_of_jails,
    open_files,
)

from course_lib.grading import checks
from course_lib.grading.limits import Limits
from course_lib.grading.scoring import STATUSES, score
from course_lib.grading.submission import load

ATTACKER, CLASSMATE = "mallory", "ada"
SEED = 1
LIMITS = Limits(
    cell_seconds=2, check_seconds=1, submission_seconds=40, memory_mb=1500, file_mb=8, reply_mb=16
)
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
TELLTALES = ("SEEN", "7654321")  # what attacks on the hidden inputs try to get into a message
SECRET = "the-grader-s-own-environment"


@dataclass
class World:
    """A course root with everything that an attack could want, and a folder for temporary files.

    Attributes
    ----------
    root : Path
        The course: source, release, gradebook, and a classmate's work.
    temporary : Path
        The grader's folder for temporary files; empty.
    rubric : Rubric
        What the assignment asks for.
    """

    root: Path
    temporary: Path
    rubric: object
    port: int = 0

    @property
    def secrets(self):
        """What `${name}` stands for in a hostile cell."""
        return {
            "reference": str(forge.ROOT / "course_lib" / "functional" / "conv.py"),
            "source": str(self.root / "source" / forge.NAME / f"{forge.NAME}.ipynb"),
            "gradebook": str(self.root / "gradebook.db"),
            "classmate": str(self.path(CLASSMATE)),
            "checkout": str(forge.ROOT),
            "course": str(self.root),
            "temporary": str(self.temporary),
            "witness": str(self.root / "witness"),
            "port": self.port,
        }

    def path(self, student):
        """Where nbgrader looks for that student's notebook."""
        return self.root / "submitted" / student / forge.NAME / f"{forge.NAME}.ipynb"

    def hand_in(self, student, attack):
        """Put an attack where a submission belongs, and return its path."""
        made, path = attack.make(self), self.path(student)
        path.parent.mkdir(parents=True, exist_ok=True)
        return made(path) if callable(made) else forge.write(made, path)


# ---------------------------------------------------------------- before and after


@contextlib.contextmanager
def contained(world, *, but=()):
    """Assert that what runs inside leaves no process, no file and no change; ``but`` names what may change.

    While it runs this process inherits every orphan of its descendants, so that no daemon gets out of sight.
    """
    watched = (world.root, forge.ROOT / "course_lib", forge.ROOT / "assignments" / "source")
    before, running, opened = contents(*watched), descendants(), open_files()
    strangers, here, variables = files_of_jails(), os.getcwd(), dict(os.environ)
    assert list(world.temporary.iterdir()) == []
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield
        assert_no_process_left(running)
    finally:
        prctl(SUBREAPER, 0, 0, 0, 0)
    assert_unchanged(before, contents(*watched), [str(world.root / name) for name in but])
    assert list(world.temporary.iterdir()) == [], "left in the temporary folder"
    assert files_of_jails() <= strangers, "written outside the jail"
    assert open_files() == opened
    assert (os.getcwd(), dict(os.environ)) == (here, variables)


# ---------------------------------------------------------------- what the report says


@dataclass(frozen=True)
class Attack:
    """A submission that tries to gain, to cost or to learn something.

    Attributes
    ----------
    kind, name : str
        For the test's id.
    make : callable (world) -> notebook, str, bytes or callable (path) -> path
        What is handed in.
    honest : float
        The score it deserves.
    status : str
        The report's.
    like : str
        The honest submission, a key of `cases.HONEST`, whose verdicts every cell gets that is not aimed at.
    aims : dict from str to tuple
        Cells whose verdict differs from that: their points and the statuses they may have.
    says : dict from str to str
        What the message of an aimed cell holds, by its status.
    """

    kind: str
    name: str
    make: object
    honest: float = 12.0
    status: str = "graded"
    like: str = "wrong corr2d"
    aims: dict = field(default_factory=dict)
    says: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.kind}: {self.name}"


def assert_verdicts(report, attack, usual, rubric):
    """The honest score, and for every cell points, a status and a reason."""
    assert (report.status, report.score, report.max_score) == (attack.status, attack.honest, 100.0)
    assert [(cell.id, cell.max_score) for cell in report.cells] == [(c.id, c.points) for c in rubric.graded]
    for cell, model in zip(report.cells, usual.cells, strict=True):
        assert cell.status in STATUSES
        assert cell.message.strip()
        assert "Traceback (most recent call last)" not in cell.message
        if cell.id not in attack.aims:
            assert (cell.score, cell.status, cell.message) == (model.score, model.status, model.message)
            continue
        points, statuses = attack.aims[cell.id]
        assert (cell.score, cell.status in statuses) == (points, True), cell
        assert attack.says.get(cell.status, "") in cell.message


def hidden_numbers(rubric, seed):
    """Every number of the hidden inputs and their right answers that is not a round one."""
    return _hidden_numbers(rubric.assignment, seed)


@cache
def _hidden_numbers(assignment, seed):
    found = []
    for name, check in checks.load(assignment).items():
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        for case in check.hidden(rng):
            right = check.reference(*case.args, **case.kwargs)
            found += _numbers((case.args, list(case.kwargs.values()), right))
    numbers = np.array(sorted(x for x in found if x != round(x, 3)))
    numbers.flags.writeable = False  # every attack is held to the same ones
    return numbers


def _numbers(value):
    if isinstance(value, tuple | list):
        return [number for item in value for number in _numbers(item)]
    if isinstance(value, np.ndarray):
        return value.astype(float).ravel().tolist()
    return [float(value)] if isinstance(value, int | float) else []


def assert_nothing_told(report, rubric):
    """No hidden input and no right answer to one, nothing of the grader's own, in anything a student reads."""
    text = re.sub(r'"image/png": "[^"]*"', "", json.dumps(report.as_dict()))
    for telltale in (*TELLTALES, SECRET):
        assert telltale not in text
    hidden = hidden_numbers(rubric, report.seed)
    for number in re.findall(r"\d+\.\d{6,}(?:e[+-]?\d+)?", text):
        places = len(number.partition("e")[0].partition(".")[2])
        assert not np.isclose(np.abs(hidden), float(number), rtol=0, atol=0.6 * 10.0**-places).any(), number
    for cell in report.cells:
        for verdict in cell.checks:
            if verdict["hidden"]:
                assert_no_number_told(verdict)


def assert_no_number_told(verdict):
    """The message of a hidden check holds no digit but those of the course's own words."""
    check = checks.find(verdict["check"])
    known = [check.name, check.function, *check.parameters, verdict["hint"], *check.mistakes]
    known += [case.note for case in check.hidden(np.random.default_rng(0))]
    known += [f"seed {verdict['seed']}", f"{verdict['cases']} hidden", "float64", "float32", "int64"]
    known += [f"{LIMITS.check_seconds:g} s", f"{LIMITS.submission_seconds:g} s", f"{LIMITS.memory_mb} MB"]
    message = verdict["message"]
    for words in sorted(filter(None, known), key=len, reverse=True):
        message = message.replace(words, "")
    assert not re.search(r"\d", message), verdict["message"]


def grade_alone(world, attack, usual):
    """Hand one attack in, grade it, and assert everything that this file promises; returns the report."""
    path = world.hand_in(ATTACKER, attack)
    with contained(world):
        report = score(load(path, world.rubric), world.rubric, seed=SEED, limits=LIMITS)
    assert_verdicts(report, attack, usual, world.rubric)
    assert_nothing_told(report, world.rubric)
    return report


def make_world(released, folder, rubric):
    """A world of a test's own, from a course in which the assignment is released."""
    root = shutil.copytree(released, folder / "course")
    forge.hand_in(root, CLASSMATE, forge.source_notebook())
    temporary = folder / "temporary"
    temporary.mkdir()
    return World(root, temporary, rubric)

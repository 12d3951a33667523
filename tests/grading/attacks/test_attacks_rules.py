"""The promise cannot be forgotten: every attack runs through `containment`, and its assertions can fail."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import cases
import containment
import forge
import pytest
import traces
from containment import Attack

from course_lib.grading.scoring import failed

HERE = Path(__file__).parent
GRADERS = ("course_lib.grading.scoring", "course_lib.grading.autograde", "course_lib.grading.proxy")


def test_every_kind_of_attack_belongs_to_a_module_that_exists():
    kinds = [kind for kinds in cases.MODULES.values() for kind in kinds]
    assert sorted(kinds) == sorted({attack.kind for attack in cases.ATTACKS})
    for name in cases.MODULES:
        assert f'cases.of_module("{name}")' in (HERE / f"test_attacks_{name}.py").read_text()


def test_no_two_attacks_share_a_name():
    names = [str(attack) for attack in cases.ATTACKS]
    assert len(set(names)) == len(names)


def test_tests_of_attacks_grade_through_containment_only():
    for path in HERE.glob("test_*.py"):
        if path.name == Path(__file__).name:
            continue
        tree = ast.parse(path.read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & set(GRADERS), path.name


# ---------------------------------------------------------------- each assertion can fail


def test_a_process_that_stays_is_noticed(world, monkeypatch):
    monkeypatch.setattr(traces, "PATIENCE", 0.1)
    program = "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        time.sleep(600)\n"
    before = traces.descendants()
    with pytest.raises(AssertionError, match="still running: python"), containment.contained(world):
        subprocess.run([sys.executable, "-c", program], check=True)
    for pid, _ in traces.descendants().keys() - before.keys():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "change",
    [
        lambda world: Path(world.secrets["gradebook"]).write_bytes(b""),
        lambda world: os.utime(world.secrets["source"], (0, 0)),
        lambda world: Path(world.secrets["classmate"]).unlink(),
        lambda world: (world.root / "witness").mkdir(),
        lambda world: (world.root / "release" / "link").symlink_to("/etc/passwd"),
        lambda world: os.chmod(world.secrets["source"], 0o600),
        lambda world: (world.temporary / "left").touch(),
        lambda world: os.environ.update(COURSE_OF_THE_GRADER="100"),
    ],
    ids=["bytes", "time", "gone", "folder", "link", "rights", "temporary", "environment"],
)
def test_a_change_is_noticed(world, change):
    with pytest.raises(AssertionError), containment.contained(world):
        change(world)


def test_a_file_that_stays_open_is_noticed(world):
    with pytest.raises(AssertionError), containment.contained(world):
        left = open(os.devnull)  # noqa: SIM115 - it stays open on purpose
    left.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_a_jail_s_user_is_noticed(world, monkeypatch):
    monkeypatch.setattr(traces, "SHARED_FOLDERS", (str(world.root.parent),))
    stray = world.root.parent / "stray"
    stray.touch()
    with pytest.raises(AssertionError, match="written outside the jail"), containment.contained(world):
        os.chown(stray, traces.JAIL_USERS[7], -1)


def test_what_may_change_may(world):
    with containment.contained(world, but=("gradebook.db", "autograded")):
        (world.root / "gradebook.db").write_bytes(b"")
        (world.root / "autograded").mkdir()
    with pytest.raises(AssertionError), containment.contained(world, but=("gradebook.db",)):
        (world.root / "gradebook.db~").write_bytes(b"")


def _verdict(text, rubric):
    report = failed(rubric, containment.SEED, "failed", "no")
    told = {"check": "corr2d.example", "hidden": True, "seed": 1, "cases": 2, "hint": "", "message": text}
    report.cells[0].checks = [told]
    return report


def test_a_hidden_number_is_noticed_in_any_form(rubric):
    number = containment.hidden_numbers(rubric, containment.SEED)[40]
    right = "corr2d.example: failed on a hidden case, seed 1 (square image, square kernel)\n  wrong."
    containment.assert_nothing_told(_verdict(right, rubric), rubric)
    for text in (
        f"{right} {number:.8f}",
        f"{right} {number:.3g}",
        f"{right} of shape (7, 3)",
        f"{right} SEEN",
    ):
        with pytest.raises(AssertionError):
            containment.assert_nothing_told(_verdict(text, rubric), rubric)
    report = _verdict(right, rubric)
    report.cells[1].message = f"expected 1, got {number:.8g}"
    with pytest.raises(AssertionError):
        containment.assert_nothing_told(report, rubric)


def test_a_verdict_that_is_not_the_usual_one_is_noticed(rubric, usual):
    model, attack = usual("right"), Attack("", "", None, 100.0)
    containment.assert_verdicts(model, attack, model, rubric)
    for change in ({"score": 0.0}, {"status": "odd"}, {"message": " "}, {"message": "another"}, {"id": "x"}):
        other = type(model).from_dict(model.as_dict())
        for name, value in change.items():
            setattr(other.cells[3], name, value)
        with pytest.raises(AssertionError):
            containment.assert_verdicts(other, attack, model, rubric)


def test_a_grader_that_hangs_is_stopped():
    """The alarm of conftest.py, rung early."""
    with pytest.raises(pytest.fail.Exception, match="hangs"):
        signal.raise_signal(signal.SIGALRM)


def test_the_honest_submissions_score_what_the_cases_say(usual):
    scores = {name: usual(name).score for name in cases.HONEST}
    assert scores == {
        "right": 100.0,
        "wrong corr2d": 12.0,
        "corr2d alone": 15.0,
        "corr2d and output_size": 27.0,
    }
    assert forge.rubric().max_score == 100.0

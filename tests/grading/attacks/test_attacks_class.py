"""All attackers in one class with honest students: nobody gains, nobody pays for another, every page is harmless."""

import os
import re
from html.parser import HTMLParser

import cases
import containment
import forge
import nbformat
import pytest
import surgery
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from course_lib.grading.course import Course, outcome
from course_lib.grading.results import reports

HONEST = {"ada": 100.0, "zoe": 100.0, "ben": 12.0}
BESIDE = {  # files that lie in a submission's folder, and that something might run
    name: f"open({{witness!r}}, 'a').write({name!r})\n"
    for name in (
        "sitecustomize.py",
        "usercustomize.py",
        "conftest.py",
        "numpy.py",
        "json.py",
        "course_lib/__init__.py",
        "nbgrader_config.py",
        "jupyter_config.py",
        "jupyter_nbconvert_config.py",
        "ipython_config.py",
        "startup/00.py",
    )
}
WAITS = (  # outlast every limit like others that are in the class, at 13 seconds each
    "recurses without end",
    "computes for a year",
    "takes the alarm for itself",
    "raises an error that shows itself for ever",
)
CHANGES = ("gradebook.db", ".grading", "autograded", f"submitted/files/{forge.NAME}")


def attackers():
    """A name for a folder, and the attack, for every kind and name."""
    everybody = [attack for attack in cases.ATTACKS if attack.name not in WAITS]
    assert len(everybody) == len(cases.ATTACKS) - len(WAITS)
    return {f"x{number:03d}": attack for number, attack in enumerate(everybody)}


def hand_in_everything(world):
    forge.hand_in(world.root, "zoe", forge.source_notebook())
    forge.hand_in(world.root, "ben", cases.HONEST["wrong corr2d"]())
    for student, attack in attackers().items():
        world.hand_in(student, attack)
    beside = forge.hand_in(world.root, "files", cases.HONEST["wrong corr2d"]()).parent
    for name, source in BESIDE.items():
        forge.write(source.replace("{witness!r}", repr(world.secrets["witness"])), beside / name)
    (beside / "gradebook.db").symlink_to(world.secrets["gradebook"])
    (beside / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(beside / "pipe")


@pytest.fixture(scope="module")
def graded(released, rubric, tmp_path_factory, require):
    """A class of everybody, autograded by the command in a process of its own, with three workers."""
    require("bwrap")
    folder = tmp_path_factory.mktemp("class")
    world = containment.make_world(released, folder, rubric)
    hand_in_everything(world)
    config, limits = world.root / "nbgrader_config.py", vars(containment.LIMITS)
    config.write_text(f"{config.read_text()}\nc.ScoreOutside.limits = {limits}\n")
    environment = {**os.environ, "TMPDIR": str(world.temporary), "COURSE_OF_THE_GRADER": containment.SECRET}
    with containment.contained(world, but=CHANGES):
        done = forge.course_process(
            world.root,
            *("autograde", forge.NAME, "--workers", "3", "--seed", containment.SEED),
            env=environment,
            timeout=900,  # it hangs
        )
    assert done.returncode == 0, done.stderr
    return world, done


@pytest.fixture(scope="module")
def told(graded):
    """The report of each student."""
    world, _ = graded
    return reports(Course(world.root), forge.NAME)


def test_everybody_has_a_verdict_and_no_traceback_is_printed(graded, told):
    world, done = graded
    assert set(told) == set(HONEST) | {"files"} | set(attackers())
    assert "Traceback (most recent call last)" not in done.stdout + done.stderr
    assert not os.path.exists(world.secrets["witness"])


def test_honest_students_score_as_when_alone(graded, told, usual):
    world, _ = graded
    assert {name: told[name].score for name in HONEST} == HONEST
    assert {name: forge.total(world.root, name) for name in HONEST} == HONEST
    for name, model in {
        "ada": "right",
        "zoe": "right",
        "ben": "wrong corr2d",
        "files": "wrong corr2d",
    }.items():
        assert [cell.as_dict() for cell in told[name].cells] == [c.as_dict() for c in usual(model).cells]


@pytest.mark.parametrize("student", attackers(), ids=lambda student: str(attackers()[student]))
def test_an_attacker_scores_as_when_alone(graded, told, usual, rubric, student):
    world, _ = graded
    attack = attackers()[student]
    containment.assert_verdicts(told[student], attack, usual(attack.like), rubric)
    containment.assert_nothing_told(told[student], rubric)
    assert forge.total(world.root, student) == attack.honest


# ---------------------------------------------------------------- what people look at afterwards


@pytest.fixture(scope="module")
def formgrader(graded):
    """Formgrader's exporter, as its server makes it."""
    from nbgrader.server_extensions.formgrader import handlers

    world, _ = graded
    config = Config(Course(world.root).config)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    return HTMLExporter(config=config)


class Reader(HTMLParser):
    """Collects what a browser would run, or fetch, because a student wrote it."""

    def __init__(self):
        super().__init__()
        self.inside, self.found = "", []

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        for name, value in attributes:
            runs = name.startswith("on") or (value or "").strip().lower().startswith(
                ("javascript:", "data:text")
            )
            if runs and re.search("owned|alert", value):
                self.found.append((tag, name, value))

    def handle_data(self, data):
        if self.inside == "script" and "owned" in data:
            self.found.append(("script", "", data))

    def handle_endtag(self, tag):
        self.inside = ""


def scripts(page):
    """Everything of a student's that a page would run."""
    reader = Reader()
    reader.feed(page)
    return reader.found


def test_scripts_are_noticed():
    assert len(scripts(surgery.EVIL)) == 2
    assert scripts('<p><a href="javascript:alert(1)">x</a></p>')
    assert not scripts("<p>&lt;script&gt;document.title='owned'&lt;/script&gt;</p>")


@pytest.mark.parametrize("name", ["scripts in outputs and metadata", "scripts in text"])
def test_what_a_student_writes_stays_text(graded, formgrader, name):
    world, _ = graded
    (student,) = [who for who, attack in attackers().items() if attack.name == name]
    path = world.root / "autograded" / student / forge.NAME / f"{forge.NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    kinds = {
        kind for cell in notebook.cells for out in cell.get("outputs", []) for kind in out.get("data", {})
    }
    assert kinds <= {"text/plain", "image/png"}
    assert not any("attachments" in cell for cell in notebook.cells)
    assert surgery.EVIL not in str([cell.metadata for cell in notebook.cells]) + str(notebook.metadata)
    resources = dict.fromkeys(("submission_id", "notebook_id", "assignment_id", "base_url", "student"), "x")
    page, _ = formgrader.from_notebook_node(notebook, {**resources, "index": 0, "total": 1})
    assert scripts(page) == []
    outcome(Course(world.root).api().generate_feedback(forge.NAME, student), student)
    feedback = (world.root / "feedback" / student / forge.NAME / f"{forge.NAME}.html").read_text()
    assert scripts(feedback) == []
    assert "<script" not in feedback

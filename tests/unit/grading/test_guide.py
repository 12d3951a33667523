"""The instructor guide's commands and examples are those that the code understands."""

import re
import shlex

import numpy as np
import pytest

from course_lib.grading import Case, Check, run
from course_lib.grading.calls import parse_check_calls
from course_lib.grading.cli import main


def blocks(root, language):
    """The guide's code blocks of one language, without their indentation."""
    text = (root / "appendix" / "instructor_guide.md").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


@pytest.fixture
def checkout(request):
    return request.config.rootpath


def test_every_course_command_is_understood(checkout):
    lines = [line for block in blocks(checkout, "bash") for line in block.splitlines()]
    typed = [shlex.split(line, comments=True) for line in lines if line.startswith("course ")]
    assert len(typed) > 15
    for _, name, *arguments in typed:
        assert main.commands[name].make_context(name, list(arguments)).command.name == name
    assert {name for _, name, *_ in typed} == set(main.commands)


def test_the_example_of_a_check_works(checkout):
    cell, check, solutions = blocks(checkout, "python")
    calls = parse_check_calls(cell)
    assert [(call.function, call.hidden) for call in calls] == [("scale", False), ("scale", True)]
    names = {"np": np, "Check": Check, "Case": Case, "right": lambda f: f, "wrong": lambda **_: lambda f: f}
    made = eval(check, names)
    exec(solutions, names)
    for hidden in (False, True):
        assert run(made, names["with_loops"], hidden=hidden).passed
        verdict = run(made, names["adds"], hidden=hidden)
        assert (verdict.passed, verdict.hint) == (False, "the number is added, not multiplied")
    assert {call.name for call in calls} == {made.name}

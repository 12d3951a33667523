"""Banks of right and wrong solutions: how to declare them, load them and turn one into a submission's source.

A bank is a folder ``banks/a1/`` with one Python file per exercise, named like the exercise's function. Each
function in it, decorated with `right` or `wrong`, is one solution:

    @wrong(fails="conv2d.strides", hint="rows only")
    def stride_on_rows_only(x, weight, bias=None, stride=1, padding=0): ...

``fails`` names the check that must not pass, ``hint`` a fragment of the message that a student must see.
Undecorated functions and imports are helpers that every solution of the file may use.
"""

import ast
import contextlib
import copy
import importlib.util
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib.grading.compare import ANYTHING, excess
from course_lib.grading.engine import expected_of, run

BANKS = Path(__file__).parent / "banks"


@dataclass(frozen=True)
class Solution:
    """One solution of one exercise; a right one has no ``fails``."""

    assignment: str  # the bank's folder, e.g. "a1"
    exercise: str
    name: str
    function: Callable
    fails: str | None
    hint: str

    def __str__(self):
        return f"{self.exercise}-{self.name}"

    @property
    def source(self):
        """Code for a notebook's cell: the file's helpers, and this solution under the exercise's name."""
        tree = ast.parse((BANKS / self.assignment / f"{self.exercise}.py").read_text())
        kept = []
        for node in tree.body[1:]:  # without the docstring
            if isinstance(node, ast.ImportFrom) and node.module == "bank":
                continue
            if isinstance(node, ast.FunctionDef) and node.decorator_list:
                if node.name != self.name:
                    continue
                node.name, node.decorator_list = self.exercise, []
            kept.append(ast.unparse(node))
        return "\n\n".join(kept)


def right(function):
    """Declare a right solution."""
    function.declared = (None, "")
    return function


def wrong(*, fails, hint=""):
    """Declare a wrong solution by the check that must fail and a fragment of what it must say."""

    def declare(function):
        function.declared = (fails, hint)
        return function

    return declare


def load(assignment):
    """All solutions of a bank, in the order of its files."""
    return [s for path in sorted((BANKS / assignment).glob("*.py")) for s in _load_file(assignment, path)]


def _load_file(assignment, path):
    spec = importlib.util.spec_from_file_location(f"bank_{assignment}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    declared = {
        name: f for name, f in vars(module).items() if isinstance(getattr(f, "declared", None), tuple)
    }
    return [Solution(assignment, path.stem, name, f, *f.declared) for name, f in declared.items()]


# --- What the tests of every bank ask ---------------------------------------------------------------------

SEEDS = range(5)


@contextlib.contextmanager
def _quiet():
    """Swallow what a solution prints and warns."""
    with (
        warnings.catch_warnings(action="ignore"),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        yield


def verdicts(check, function):
    """Verdicts of one check: the worked cases, then the random ones of every seed. Prints and warnings vanish."""
    with _quiet():
        hidden = [run(check, function, hidden=True, rng_seed=seed) for seed in SEEDS]
        return [run(check, function), *hidden]


def assert_full_marks(solution, checks):
    """A right solution passes every check of its exercise, for every seed."""
    for check in checks:
        for verdict in verdicts(check, solution.function):
            assert verdict.passed, f"{solution} is right, and yet\n{verdict.message}"


def assert_fails_as_declared(solution, checks):
    """A wrong solution fails on its check, and the student reads the declared words.

    It fails on the worked cases, or on the random ones of every seed: a mistake must not slip through by luck.
    """
    (check,) = [check for check in checks if check.name == solution.fails]
    visible, *hidden = verdicts(check, solution.function)
    assert not visible.passed or all(not v.passed for v in hidden), f"{solution} got through {check.name}"
    messages = [v.message for v in (visible, *hidden) if not v.passed]
    assert any(solution.hint in m for m in messages), f"{solution}: no {solution.hint!r} in\n{messages[0]}"


def tolerance_gap(solutions, checks):
    """Worst error of a right solution and weakest of a wrong one, in units of the check's tolerance.

    Of a wrong solution the largest error over the cases of its check counts, where values are what is wrong.
    """
    worst_right, weakest_wrong = 0.0, np.inf
    for solution in solutions:
        for check in checks:
            if check.function != solution.exercise or solution.fails not in (None, check.name):
                continue
            errors = [e for e in _errors(check, solution.function) if e is not None]
            if solution.fails is None:
                worst_right = max(worst_right, *errors)
            elif any(v.aspect == "values" for v in verdicts(check, solution.function)):
                weakest_wrong = min(weakest_wrong, max(errors))
    return worst_right, weakest_wrong


def _errors(check, function):
    """The largest error of each case in units of the tolerance, None where type or shape is wrong."""
    cases = [*check.visible(), *(c for s in SEEDS for c in check.hidden(np.random.default_rng(s)))]
    with _quiet():
        return [_error(check, case, function) for case in cases]


def _error(check, case, function):
    expected = expected_of(check, case)
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    try:
        got = function(*args, **kwargs)
    except Exception:
        return None
    if not isinstance(expected, tuple):
        expected, got = (expected,), (got,)
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        return None
    pairs = [(e, g) for e, g in zip(expected, got, strict=True) if e is not ANYTHING]
    if any(g is None or np.shape(e) != np.shape(g) for e, g in pairs):
        return None
    return max(float(np.max(excess(e, g, rtol=check.rtol, atol=check.atol), initial=0)) for e, g in pairs)

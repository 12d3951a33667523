"""The checks of every assignment: one module each, named like the assignment, with a tuple ``CHECKS``."""

from __future__ import annotations

import importlib
import pkgutil

from course_lib.grading.engine import Check


def names() -> list[str]:
    """Names of the assignments that have checks, in order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")


def load(assignment: str) -> dict[str, Check]:
    """The checks of one assignment by name.

    Parameters
    ----------
    assignment : str
        The assignment's name, e.g. ``"a1_convolution"``.

    Returns
    -------
    dict from str to Check
        In the order of the notebook.

    Raises
    ------
    KeyError
        If there is no such assignment, or two of its checks share a name.
    """
    if assignment not in names():
        raise KeyError(f"load: expected one of {', '.join(names())}, got {assignment!r}")
    checks = importlib.import_module(f"{__name__}.{assignment}").CHECKS
    found = {check.name: check for check in checks}
    if len(found) != len(checks):
        raise KeyError(f"load: expected the checks of {assignment} to have distinct names")
    return found


def find(name: str) -> Check:
    """The check of that full name, whichever assignment it belongs to.

    Raises
    ------
    KeyError
        If no assignment has it.
    """
    for assignment in names():
        found = load(assignment)
        if name in found:
            return found[name]
    raise KeyError(f"find: expected the name of a check, e.g. 'conv2d.strides', got {name!r}")

"""Put a failed check into words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.grading.compare import show


def failure_message(title: str, problem: str, *, call: str = "", explain: str = "", hint: str = "") -> str:
    """Lay out what a student reads: which case, what is wrong, how it was called, and a hint.

    Parameters
    ----------
    title : str
        The check, its status and the kind of case, on one line.
    problem : str
        What is wrong.
    call, explain : str, optional
        The call with its inputs, and how one number of the answer comes about; left out for hidden cases.
    hint : str, optional
        The sentence of a known mistake.

    Returns
    -------
    str
        Several lines.

    Examples
    --------
    >>> print(failure_message("relu.values: failed", "the result is wrong.", hint="negative inputs give 0"))
    relu.values: failed
      the result is wrong.
      hint: negative inputs give 0
    """
    lines = [title, f"  {problem}"]
    lines += [f"  called as {call}"] if call else []
    lines += [f"  worked by hand: {explain}"] if explain else []
    lines += [f"  hint: {hint}"] if hint else []
    return "\n".join(lines)


def describe_call(function: str, parameters: Sequence[str], args: tuple, kwargs: dict[str, Any]) -> str:
    """Write a call as a student would type it, with its arrays below.

    Parameters
    ----------
    function : str
        Name of the function.
    parameters : sequence of str
        Names of its parameters, in order.
    args, kwargs : tuple, dict
        The arguments.

    Returns
    -------
    str
        One line, and one or more for each array.

    Examples
    --------
    >>> print(describe_call("scale", ["x", "by"], (np.ones(2),), {"by": 3}))
    scale(x, by=3)
        x, shape (2,): [1. 1.]
    """
    names = [parameters[i] if i < len(parameters) else f"argument_{i + 1}" for i in range(len(args))]
    given = [*zip(names, args, strict=True), *kwargs.items()]
    arrays = {name: value for name, value in given if isinstance(value, np.ndarray)}
    typed = [name if name in arrays else show(value) for name, value in given[: len(args)]]
    typed += [f"{name}={name if name in arrays else show(value)}" for name, value in kwargs.items()]
    lines = [f"{function}({', '.join(typed)})"]
    lines += [f"    {name}, shape {value.shape}: {show(value)}" for name, value in arrays.items()]
    return "\n".join(lines)

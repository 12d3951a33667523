"""Read from a test cell which checks it runs, without running it."""

from __future__ import annotations

import ast
from typing import NamedTuple


class CheckCall(NamedTuple):
    """One ``check(function, "name", hidden=...)`` in a cell."""

    function: str
    name: str
    hidden: bool


def parse_check_calls(source: str) -> list[CheckCall]:
    """List the checks that a test cell runs, in order.

    The convention is one call per line at the cell's top level, with the function's bare name and the
    check's name as a literal: ``check(conv2d, "conv2d.strides")``, with ``hidden=True`` for the random
    cases. Nothing is evaluated.

    Parameters
    ----------
    source : str
        Source of a code cell. Lines that begin with ``%`` or ``!`` are skipped.

    Returns
    -------
    list of CheckCall
        Empty for a cell that runs none.

    Raises
    ------
    ValueError
        If the cell is not Python, or a call of ``check`` does not keep to the convention.

    Examples
    --------
    >>> parse_check_calls('check(conv2d, "conv2d.strides", hidden=True)')
    [CheckCall(function='conv2d', name='conv2d.strides', hidden=True)]
    """
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(
            f"parse_check_calls: expected a cell of Python, got {type(error).__name__}"
        ) from None
    top_level = {id(node.value) for node in tree.body if isinstance(node, ast.Expr)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_check(node.func)]
    return [_read(node, id(node) in top_level) for node in sorted(calls, key=lambda node: node.lineno)]


def _is_check(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "check"


def _read(node: ast.Call, top_level: bool) -> CheckCall:
    hidden = False
    right = top_level and len(node.args) == 2 and len(node.keywords) <= 1
    for keyword in node.keywords:
        right = right and keyword.arg == "hidden" and isinstance(keyword.value, ast.Constant)
        right = right and isinstance(keyword.value.value, bool)
        hidden = right and keyword.value.value
    match node.args:
        case [ast.Name(id=function), ast.Constant(value=str(name))] if right:
            return CheckCall(function, name, hidden)
    raise ValueError(
        f'parse_check_calls: expected check(function, "name") at top level, got {ast.unparse(node)}'
    )

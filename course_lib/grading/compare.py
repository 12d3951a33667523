"""Compare what a student's function returned with what was expected: type, shape, dtype, then values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class _Anything:
    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING = _Anything()  # a part of a tuple that a check does not look at
SMALL = 36  # entries; arrays up to this size are printed whole


@dataclass(frozen=True)
class Difference:
    """The first thing that is wrong with a result.

    Attributes
    ----------
    aspect : str
        ``"type"``, ``"shape"``, ``"dtype"`` or ``"values"``.
    message : str
        What was expected and what was met; names values, so it is for visible cases.
    public : str
        The same without shapes and values of the expected answer, for hidden cases.
    """

    aspect: str
    message: str
    public: str


def compare(
    expected: Any,
    got: Any,
    *,
    rtol: float,
    atol: float,
    exact_dtype: bool = False,
    parts: Sequence[str] = (),
    label: str = "the result",
) -> Difference | None:
    """Find the first difference between an expected and a returned value.

    Parameters
    ----------
    expected : ndarray, int, float, bool, str, None or a tuple of these
        The right answer.
    got : object
        What the function returned.
    rtol, atol : float
        Two numbers agree when ``|got - expected| <= atol + rtol * |expected|``.
    exact_dtype : bool, default False
        Demand the expected dtype itself. Otherwise any floating dtype serves where one is expected.
    parts : sequence of str, optional
        Names of the parts of a tuple, for the messages.
    label : str, default "the result"
        What the messages call the value.

    Returns
    -------
    Difference or None
        None when the two agree.

    Examples
    --------
    >>> compare(np.zeros(2), np.zeros(3), rtol=0, atol=0).message
    'the result has the wrong shape: expected (2,), got (3,)'
    """
    if expected is ANYTHING:
        return None
    if isinstance(expected, tuple):
        return _compare_tuples(expected, got, parts, label, rtol=rtol, atol=atol, exact_dtype=exact_dtype)
    if isinstance(expected, np.ndarray):
        return _compare_arrays(expected, got, label, rtol=rtol, atol=atol, exact_dtype=exact_dtype)
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return _compare_plain(expected, got, label)
    return _compare_numbers(expected, got, label, rtol=rtol, atol=atol)


def matches(expected: Any, got: Any, *, rtol: float, atol: float) -> bool:
    """Whether two results have the same shape and values, whatever their dtype or container."""
    if expected is ANYTHING or got is ANYTHING:
        return True
    if isinstance(expected, tuple | list):
        return (
            isinstance(got, tuple | list)
            and len(got) == len(expected)
            and all(matches(e, g, rtol=rtol, atol=atol) for e, g in zip(expected, got, strict=True))
        )
    if expected is None or isinstance(expected, str) or got is None or isinstance(got, str):
        return type(expected) is type(got) and expected == got
    expected, got = _as_array(expected), _as_array(got)
    if expected is None or got is None or expected.shape != got.shape:
        return False
    return bool(np.all(excess(expected, got, rtol=rtol, atol=atol) <= 1))


def excess(expected: np.ndarray, got: np.ndarray, *, rtol: float, atol: float) -> np.ndarray:
    """Size of each error in units of the tolerance; up to 1 agrees, NaN agrees with NaN only.

    Examples
    --------
    >>> excess(np.array([1.0, 2.0]), np.array([1.0, 2.5]), rtol=0, atol=0.25)
    array([0., 2.])
    """
    a, b = np.asarray(expected, dtype=np.float64), np.asarray(got, dtype=np.float64)
    with np.errstate(all="ignore"):
        ratio = np.abs(b - a) / (atol + rtol * np.abs(a))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(ratio), np.inf, ratio))


def show(value: Any) -> str:
    """Print a value for a message: small arrays whole, large ones by shape."""
    if not isinstance(value, np.ndarray):
        return _scalar(value)
    if value.size == 0 or value.size > SMALL:
        return f"an array of shape {value.shape}"
    if value.ndim < 2:
        return np.array2string(value, precision=6, suppress_small=True)
    text = np.array2string(value, precision=6, suppress_small=True, max_line_width=100)
    return "\n" + "\n".join("      " + line for line in text.splitlines() if line.strip())


def _as_array(value: Any) -> np.ndarray | None:
    """A plain numeric array of the value, or None where it is not numeric."""
    if not isinstance(value, np.ndarray | np.generic | int | float):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "biuf" else None


def _scalar(value: Any) -> str:
    """A short repr; NumPy scalars lose their wrapper."""
    if isinstance(value, np.bool_ | np.integer | np.floating):
        value = value.item()
    text = f"{value:.8g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _kind(value: Any, shape: bool = True) -> str:
    """Name a type the way a student would; without an array's shape, which could spell out a hidden input."""
    if value is None:
        return "None (is the `return` missing?)"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {value.shape}" if shape else "a NumPy array"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def _wrong_type(label: str, wanted: str, got: Any, advice: str = "") -> Difference:
    text = f"{label} has the wrong type: expected {wanted}, got"
    return Difference("type", f"{text} {_kind(got)}{advice}", f"{text} {_kind(got, shape=False)}{advice}")


def _compare_tuples(
    expected: tuple, got: Any, parts: Sequence[str], label: str, **options: Any
) -> Difference | None:
    names = list(parts or getattr(expected, "_fields", ()))
    wanted = f"a tuple of {len(expected)}" + (f" ({', '.join(names)})" if names else "")
    if not isinstance(got, tuple | list):
        return _wrong_type(label, wanted, got)
    if len(got) != len(expected):
        text = f"{label} has the wrong number of parts: expected {wanted}"
        return Difference("type", f"{text}, got {len(got)}", f"{text}.")
    for i, (e, g) in enumerate(zip(expected, got, strict=True)):
        part = names[i] if i < len(names) else f"part {i} of {label}"
        difference = compare(e, g, label=part, **options)
        if difference:
            return difference
    return None


def _compare_arrays(
    expected: np.ndarray, got: Any, label: str, *, rtol: float, atol: float, exact_dtype: bool
) -> Difference | None:
    if isinstance(got, np.generic) and expected.ndim == 0:
        got = np.asarray(got)
    if not isinstance(got, np.ndarray):
        advice = "; np.array(...) makes an array of it" if isinstance(got, list | tuple) else ""
        if isinstance(got, tuple) and len(got) == 1:
            advice = "; a comma after a value makes a tuple of it"
        return _wrong_type(label, "a NumPy array", got, advice)
    got = np.asarray(got)
    if got.dtype.kind not in "biuf":
        return _wrong_type(label, "an array of real numbers", got, f" and dtype {got.dtype}")
    if got.shape != expected.shape:
        text = f"{label} has the wrong shape"
        return Difference("shape", f"{text}: expected {expected.shape}, got {got.shape}", f"{text}.")
    return _compare_dtypes(expected, got, label, exact_dtype) or _compare_values(
        expected, got, label, rtol=rtol, atol=atol
    )


def _compare_dtypes(
    expected: np.ndarray, got: np.ndarray, label: str, exact_dtype: bool
) -> Difference | None:
    families = {"f": "a floating dtype", "i": "an integer dtype", "u": "an integer dtype", "b": "dtype bool"}
    wanted, met = families[expected.dtype.kind], families[got.dtype.kind]
    if exact_dtype and got.dtype != expected.dtype:
        text = f"{label} has the wrong dtype: expected {expected.dtype}, got {got.dtype}"
    elif wanted != met:
        advice = ", which cuts fractions off" if expected.dtype.kind == "f" and met != wanted else ""
        text = f"{label} has the wrong dtype: expected {wanted}, got {got.dtype}{advice}"
    else:
        return None
    return Difference("dtype", text, text)


def _compare_values(
    expected: np.ndarray, got: np.ndarray, label: str, *, rtol: float, atol: float
) -> Difference | None:
    bad = ~(excess(expected, got, rtol=rtol, atol=atol) <= 1)
    if not bad.any():
        return None
    where = tuple(int(i) for i in np.argwhere(bad)[0])
    count = f"{int(bad.sum())} of {bad.size}"
    text = (
        f"{label} has wrong values in {count} places, the first at index {list(where)}: "
        f"expected {_scalar(expected[where])}, got {_scalar(got[where])}"
    )
    if 1 < expected.size <= SMALL:
        text += f"\n    expected: {show(expected)}\n    got: {show(got)}"
    return Difference("values", text, f"{label} has wrong values.")


def _compare_numbers(expected: float, got: Any, label: str, *, rtol: float, atol: float) -> Difference | None:
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    wanted = "an integer" if isinstance(expected, int) else "a number"
    allowed = int | np.integer if isinstance(expected, int) else int | float | np.integer | np.floating
    if isinstance(got, bool | np.bool_) or not isinstance(got, allowed):
        whole = isinstance(expected, int) and isinstance(got, float | np.floating)
        advice = " (// divides to an integer, / to a float)" if whole else ""
        return _wrong_type(label, wanted, got, advice)
    if excess(np.asarray(expected), np.asarray(got), rtol=rtol, atol=atol) <= 1:
        return None
    text = f"{label} is wrong"
    return Difference("values", f"{text}: expected {_scalar(expected)}, got {_scalar(got)}", f"{text}.")


def _compare_plain(expected: Any, got: Any, label: str) -> Difference | None:
    if isinstance(expected, bool):
        if not isinstance(got, bool | np.bool_):
            return _wrong_type(label, "True or False", got)
    elif type(got) is not type(expected):
        return _wrong_type(label, "None" if expected is None else f"a {type(expected).__name__}", got)
    if expected == got:
        return None
    text = f"{label} is wrong"
    return Difference("values", f"{text}: expected {_scalar(expected)}, got {_scalar(got)}", f"{text}.")

"""Shape checks with one error style, and the arithmetic of output sizes.

Every message reads ``function: expected WHAT, got WHAT``, so that a reader always learns three things: which
function refused, what it wanted, and what it met.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from numbers import Real
from typing import NoReturn

import numpy as np


def fail(function: str, expected: str, got: object) -> NoReturn:
    """Raise the course's one kind of `ValueError`: ``function: expected ..., got ...``."""
    raise ValueError(f"{function}: expected {expected}, got {got}")


def is_array(value: object) -> bool:
    """Whether ``value`` is an array with the rules of arrays; masked ones and matrices have their own."""
    return isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray | np.matrix)


def check_floating(function: str, name: str, array: np.ndarray) -> None:
    """Refuse what is not a floating array, of whatever shape."""
    if not is_array(array) or not np.issubdtype(array.dtype, np.floating):
        got = f"dtype {array.dtype}" if is_array(array) else type(array).__name__
        fail(function, f"`{name}` to be a NumPy array of a floating dtype", got)


def check_batch(function: str, name: str, array: np.ndarray, least: int, axes: str) -> None:
    """Refuse what is not a floating array of at least ``least`` axes: ``"(N, C, ...)"``."""
    if not is_array(array) or array.ndim < least or not np.issubdtype(array.dtype, np.floating):
        got = f"shape {array.shape}, dtype {array.dtype}" if is_array(array) else type(array).__name__
        fail(function, f"`{name}` to be a floating NumPy array of shape {axes}", got)


def check_rank(function: str, name: str, array: np.ndarray, axes: str) -> None:
    """Refuse an array that is not floating or whose rank is not that of ``axes``: ``"(N, C_in, H, W)"``."""
    if not is_array(array):
        fail(function, f"`{name}` to be a NumPy array of shape {axes}", type(array).__name__)
    if array.ndim != axes.count(",") + (not axes.endswith(",)")):
        fail(function, f"`{name}` of shape {axes}", f"shape {array.shape}")
    if not np.issubdtype(array.dtype, np.floating):
        fail(function, f"`{name}` of a floating dtype", f"dtype {array.dtype}")


def check_shape(function: str, name: str, array: np.ndarray, shape: Sequence[int], why: str = "") -> None:
    """Refuse an array whose shape is not exactly ``shape``."""
    if not is_array(array):
        fail(function, f"`{name}` to be a NumPy array of shape {tuple(shape)}{why}", type(array).__name__)
    if array.shape != tuple(shape):
        fail(function, f"`{name}` of shape {tuple(shape)}{why}", f"shape {array.shape}")


def check_same_dtype(function: str, **arrays: np.ndarray | None) -> None:
    """Refuse arrays of different dtypes; None is skipped. Mixing them silently would change the precision.

    The order of bytes is no difference: NumPy answers in the machine's own, whatever it was given.
    """
    dtypes = {name: array.dtype for name, array in arrays.items() if array is not None}
    if len({dtype.newbyteorder("=") for dtype in dtypes.values()}) > 1:
        names = ", ".join(f"`{name}`" for name in dtypes)
        fail(function, f"{names} of one dtype", ", ".join(f"{k} {v}" for k, v in dtypes.items()))


def check_choice(function: str, name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is not one of the words."""
    if not isinstance(value, str) or value not in choices:
        fail(function, f"`{name}` among {', '.join(map(repr, choices))}", repr(value))


def as_int(function: str, name: str, value: object, minimum: int) -> int:
    """Return ``value`` as an int of at least ``minimum``; floats, even whole ones, and bools are refused."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool | np.bool_) or number < minimum:
        fail(function, f"`{name}` to be an integer of at least {minimum}", repr(value))
    return number


def as_pair(function: str, name: str, value: object, minimum: int) -> tuple[int, int]:
    """Return an int, or a pair of ints, as the pair ``(vertical, horizontal)``, each at least ``minimum``."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            fail(function, f"`{name}` to be an integer or a pair of them", repr(value))
        return (as_int(function, name, value[0], minimum), as_int(function, name, value[1], minimum))
    number = as_int(function, name, value, minimum)
    return number, number


def as_float(function: str, name: str, value: object, low: float = -np.inf, high: float = np.inf) -> float:
    """Return ``value`` as a float from ``low`` to ``high``; NaN, bools and what is no number are refused.

    The result is Python's own: it never widens an array, as a NumPy scalar of another precision would.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= value <= high:
        if low == -np.inf:
            expected = "to be a number"
        else:
            expected = f"of at least {low:g}" if high == np.inf else f"from {low:g} to {high:g}"
        fail(function, f"`{name}` {expected}", repr(value))
    return float(value)


def as_bool(function: str, name: str, value: object) -> bool:
    """Return ``value`` as a bool; whatever else is true or false in Python is refused."""
    if not isinstance(value, bool | np.bool_):
        fail(function, f"`{name}` to be True or False", repr(value))
    return bool(value)


def conv_output_size(
    size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    r"""Number of window positions along one axis.

    .. math::
        H_{out} = \left\lfloor \frac{H + 2P - D(K - 1) - 1}{S} \right\rfloor + 1,

    which for dilation 1 is the familiar :math:`\lfloor (H + 2P - K) / S \rfloor + 1`.

    Parameters
    ----------
    size : int
        Length of the axis, in pixels; at least 0.
    kernel_size : int
        Length of the kernel along that axis, in taps; at least 1.
    stride : int, default 1
        Step between neighbouring windows, in input pixels; at least 1.
    padding : int, default 0
        Pixels added on each of the two sides; at least 0.
    dilation : int, default 1
        Distance between neighbouring taps, in input pixels; at least 1.
    ceil_mode : bool, default False
        Round up: a last window may hang over the far edge, as long as it starts inside the image or its near
        padding. This is the rule of pooling layers.

    Returns
    -------
    int
        The number of windows, at least 1.

    Raises
    ------
    ValueError
        If an argument is out of range, or no window fits in the padded axis.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
       arXiv:1603.07285, 2016, section 2.

    Examples
    --------
    >>> conv_output_size(224, 11, stride=4, padding=2)
    55
    >>> conv_output_size(5, 2, stride=2), conv_output_size(5, 2, stride=2, ceil_mode=True)
    (2, 3)
    """
    function = "conv_output_size"
    size = as_int(function, "size", size, 0)
    kernel_size = as_int(function, "kernel_size", kernel_size, 1)
    stride = as_int(function, "stride", stride, 1)
    padding = as_int(function, "padding", padding, 0)
    dilation = as_int(function, "dilation", dilation, 1)
    return count_windows(function, size, kernel_size, stride, padding, dilation, ceil_mode)


def count_windows(
    function: str, size: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """Compute `conv_output_size` for ``function``, which has checked its integers already."""
    extent = dilation * (kernel_size - 1) + 1
    slack = size + 2 * padding - extent
    up = as_bool(function, "ceil_mode", ceil_mode)
    count = (-(-slack // stride) if up else slack // stride) + 1
    if up and (count - 1) * stride >= size + padding:
        count -= 1
    if count < 1:
        fail(function, f"a padded size of at least the kernel's extent {extent}", size + 2 * padding)
    return count

"""Following the window that a unit sees through every function that a model calls."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode


class Field(NamedTuple):
    """The input pixels that unit 0 of a map depends on, along one axis; the next unit's lie `jump` further.

    Attributes
    ----------
    first, last : float
        First and last pixel, inclusive; negative where the window begins in the padding.
    jump : float
        Distance between the windows of neighbouring units, in input pixels.
    grid : float
        Once the map was enlarged: the distance between the pixels it was enlarged from; else 0. Whether a
        window catches one pixel more depends on its phase; here it always does.
    base : float
        Last pixel minus first when the map was enlarged.
    """

    first: float
    last: float
    jump: float
    grid: float = 0.0
    base: float = 0.0

    @property
    def size(self) -> int:
        """Length of the window, in input pixels."""
        width = self.last - self.first
        if self.grid:
            width = self.base + math.floor((width - self.base) / self.grid + 1e-9) * self.grid
        return int(width) + 1

    def widened(self, before: float, after: float, jump: float) -> Field:
        """Let the window begin earlier and end later, in input pixels, and set the jump."""
        return self._replace(first=self.first - before, last=self.last + after, jump=jump)

    def enlarged(self, before: float, after: float, ratio: float) -> Field:
        """Likewise, where the map has so many times as many units afterwards."""
        field = self.widened(before, after, self.jump / ratio)
        if self.grid and (self.jump <= self.grid or self.jump % self.grid):
            return field  # the pixels of the first enlargement still decide
        return field._replace(grid=self.jump, base=self.size - 1.0)

    def shifted(self, units: int) -> Field:
        """Let unit 0 be the one that stood so many units further."""
        return self._replace(first=self.first + units * self.jump, last=self.last + units * self.jump)


Fields = tuple[Field, Field]  # of the rows and of the columns


class Tracer(TorchFunctionMode):
    """Follows the fields of tensors through every torch function that is called."""

    def __init__(self) -> None:
        super().__init__()
        self._fields: dict[int, Fields | None] = {}  # None where a unit sees the whole map, or nobody knows
        self._alive: list[torch.Tensor] = []  # an id is only unique while its tensor lives

    def note(self, tensor: torch.Tensor, field: Fields | None) -> None:
        """Remember the field of a tensor."""
        self._fields[id(tensor)] = field
        self._alive.append(tensor)

    def field(self, tensor: Any) -> Fields | None:
        """Return what is known of a tensor."""
        return self._fields.get(id(tensor))

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        sources = [x for x in _tensors([*args, *kwargs.values()]) if id(x) in self._fields]
        fields = [self._fields[id(x)] for x in sources]
        for result in _tensors(out) if sources else ():
            field = None
            if None not in fields and sources[0].ndim == result.ndim == 4:
                hull = tuple(_hull([f[axis] for f in fields]) for axis in (0, 1))
                field = _through(func, args, kwargs, hull, sources[0], result)
            self.note(result, field)
        return out


def _through(func: Any, args: tuple, kwargs: dict, field: Fields, source, out) -> Fields | None:
    """Field after one function; None where a unit sees the whole map, or pixels change places."""
    name = getattr(func, "__name__", "")
    window = window_of(func, args, kwargs)
    if window is not None:
        return tuple(window.step(field[axis], axis) for axis in (0, 1))
    if name in ("permute", "transpose", "swapaxes", "movedim"):
        return None
    if name == "pad":
        return _padded(field, args[1] if len(args) > 1 else kwargs["pad"])
    if name == "__getitem__":
        return _sliced(field, args[1])
    if source.shape[2:] == out.shape[2:]:
        return field
    ratios = [o / i for o, i in zip(out.shape[2:], source.shape[2:], strict=True)]
    if name not in ("interpolate", "pixel_shuffle") or min(ratios) < 1:
        return None
    mode = args[3] if len(args) > 3 else kwargs.get("mode", "nearest")
    copied = name == "pixel_shuffle" or mode == "nearest"
    taps = [ratio if copied else 2 * ratio for ratio in ratios]  # of the transposed window that does the same
    return tuple(f.enlarged(0, (t - 1) * f.jump / r, r) for f, r, t in zip(field, ratios, taps, strict=True))


def _padded(field: Fields, pad: list[int]) -> Fields:
    """Field after padding; ``pad`` begins with left, right, above, below."""
    above = pad[2] if len(pad) > 2 else 0
    return tuple(f.shifted(-n) for f, n in zip(field, (above, pad[0]), strict=True))


def _sliced(field: Fields, index: Any) -> Fields | None:
    """Field after cropping or striding by slices of the rows and columns."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (5 - len(parts))
    parts += [slice(None)] * (4 - len(parts))
    moved = []
    for f, part in zip(field, parts[2:], strict=True):
        if not isinstance(part, slice) or (part.start or 0) < 0:
            return None
        moved.append(f.shifted(part.start or 0)._replace(jump=f.jump * (part.step or 1)))
    return tuple(moved)


def _hull(fields: list[Field]) -> Field:
    """The window that holds all windows; the jump is the same in every branch that can be joined."""
    widest = max(fields, key=lambda f: f.last - f.first)
    first, last = min(f.first for f in fields), max(f.last for f in fields)
    return widest._replace(first=first, last=last)


class Window(NamedTuple):
    """A window that slides over a map; every pair is (rows, columns)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    transposed: bool

    def step(self, field: Field, axis: int) -> Field:
        """Field after the window along one axis."""
        stride, padding = self.stride[axis], self.padding[axis]
        reach = self.dilation[axis] * (self.kernel[axis] - 1)
        if self.transposed:  # output o reads the inputs i with o = stride * i - padding + dilation * u
            before, after = (n * field.jump / stride for n in (reach - padding, padding))
            if stride > 1:
                return field.enlarged(before, after, stride)
            return field.widened(before, after, field.jump)
        return field.widened(padding * field.jump, (reach - padding) * field.jump, field.jump * stride)


_MAX = ("input", "kernel_size", "stride", "padding", "dilation")
#: Function -> its parameters, in order, as far as they place the window.
_PARAMETERS = {
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation"),
    "conv_transpose2d": (
        *("input", "weight", "bias", "stride", "padding"),
        *("output_padding", "groups", "dilation"),
    ),
    "max_pool2d": _MAX,
    "max_pool2d_with_indices": _MAX,
    "avg_pool2d": ("input", "kernel_size", "stride", "padding"),
    "lp_pool2d": ("input", "norm_type", "kernel_size", "stride"),
}


def window_of(func: Any, args: tuple, kwargs: dict) -> Window | None:
    """Return the window that a function slides over a map, if it does."""
    name = getattr(func, "__name__", "")
    if name not in _PARAMETERS:
        return None
    given = {"stride": None, "padding": 0, "dilation": 1} | kwargs
    given |= dict(zip(_PARAMETERS[name], args, strict=False))
    if "weight" in given:
        kernel = tuple(given["weight"].shape[2:])
        stride = _pair(1 if given["stride"] is None else given["stride"])
    else:
        kernel = _pair(given["kernel_size"])
        stride = kernel if given["stride"] in (None, [], ()) else _pair(given["stride"])
    dilation, padding = _pair(given["dilation"]), given["padding"]
    if padding == "same":  # one more on the far side when the total is odd
        padding = tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True))
    padding = _pair(0 if padding == "valid" else padding)
    return Window(kernel, stride, padding, dilation, name == "conv_transpose2d")


def _pair(value: Any) -> tuple[int, int]:
    return tuple(value) * (2 // len(value)) if isinstance(value, tuple | list) else (value, value)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [x for part in value for x in _tensors(part)] if isinstance(value, tuple | list) else []

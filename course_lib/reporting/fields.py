"""How much of the input one unit sees: by arithmetic, and by gradient."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from course_lib._validation import fail
from course_lib.reporting.costs import run_one


class Field(NamedTuple):
    """The input pixels that unit 0 of a map depends on, along one axis; the next unit's lie `jump` further.

    Attributes
    ----------
    first, last : float
        First and last pixel, inclusive; negative where the window begins in the padding.
    jump : float
        Distance between the windows of neighbouring units, in input pixels.
    """

    first: float
    last: float
    jump: float

    @property
    def size(self) -> int:
        """Length of the window, in input pixels."""
        return int(self.last - self.first) + 1


class FieldRow(NamedTuple):
    """Receptive field of the units of one layer.

    Attributes
    ----------
    name, kind : str
        Where the layer stands in the model, and its class.
    size : tuple of int
        ``(height, width)`` of the window that one unit sees, in input pixels, the padding included.
    jump : tuple of float
        Distance between the windows of neighbouring units, in input pixels.
    first : tuple of float
        Where the window of unit (0, 0) begins, in input pixels; negative in the padding.
    """

    name: str
    kind: str
    size: tuple[int, int]
    jump: tuple[float, float]
    first: tuple[float, float]


def receptive_field(model: nn.Module, input_shape: tuple[int, int, int]) -> list[FieldRow]:
    r"""Compute the receptive field after every layer, by arithmetic.

    Through a window of ``K`` taps with stride ``S``, padding ``P`` and dilation ``D``, with ``j`` the jump of
    its input,

    .. math::
        \mathrm{size}' = \mathrm{size} + D (K - 1)\, j, \qquad j' = S\, j, \qquad
        \mathrm{first}' = \mathrm{first} - P\, j.

    Where branches meet, the window is the hull of theirs. Upsampling divides the jump; there the window is
    the largest that any phase sees.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; it is run once on zeros.
    input_shape : tuple of int
        One image ``(C, H, W)``.

    Returns
    -------
    list of FieldRow
        One row per layer call whose output is still a map, in order. A dense layer, or one that pools the
        whole map, sees everything and ends the list.

    Raises
    ------
    ValueError
        If `input_shape` is not ``(C, H, W)``.

    References
    ----------
    .. [1] A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks",
       Distill, 2019.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.MaxPool2d(2), nn.Conv2d(1, 1, 3))
    >>> [(row.kind, row.size, row.jump) for row in receptive_field(model, (1, 20, 20))]
    [('Conv2d', (3, 3), (1.0, 1.0)), ('MaxPool2d', (4, 4), (2.0, 2.0)), ('Conv2d', (8, 8), (2.0, 2.0))]
    """
    if len(input_shape) != 3:
        fail("receptive_field", "`input_shape` to be (C, H, W)", repr(input_shape))
    rows: list[FieldRow] = []
    tracer = _Tracer()

    def start(module: nn.Module, args: tuple) -> None:
        tracer.fields[id(args[0])] = (Field(0.0, 0.0, 1.0),) * 2
        tracer.alive.append(args[0])

    def record(name: str):
        def hook(module: nn.Module, args: tuple, output: Any) -> None:
            field = tracer.fields.get(id(output))
            if field is not None:
                size, jump, first = zip(*((f.size, f.jump, f.first) for f in field), strict=True)
                rows.append(FieldRow(name, type(module).__name__, size, jump, first))

        return hook

    hooks = [model.register_forward_pre_hook(start)]
    for name, m in model.named_modules():
        if not list(m.children()):
            hooks.append(m.register_forward_hook(record(name or type(m).__name__)))
    try:
        with tracer:
            run_one(model, tuple(input_shape))
    finally:
        for hook in hooks:
            hook.remove()
    return rows


class _Tracer(TorchFunctionMode):
    """Follows the fields of tensors through every torch function that is called."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[int, tuple[Field, Field]] = {}
        self.alive: list[torch.Tensor] = []  # an id is only unique while its tensor lives

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if isinstance(out, torch.Tensor) and out.ndim == 4:
            sources = [self.fields[id(x)] for x in _tensors(args) if id(x) in self.fields]
            if sources:
                field = tuple(_hull([s[axis] for s in sources]) for axis in (0, 1))
                window = _window(func, args, kwargs or {})
                source = next(x for x in _tensors(args) if id(x) in self.fields)
                field = self._apply(window, field, source, out)
                if field is not None:
                    self.fields[id(out)] = field
                    self.alive.append(out)
        return out

    def _apply(self, window, field, source, out):
        """Field after one function; None where a unit sees the whole map."""
        if window is not None:
            return tuple(_step(field[a], *(part[a] for part in window[:4]), window[4]) for a in (0, 1))
        if source.ndim != 4:
            return None
        if source.shape[2:] == out.shape[2:]:
            return field
        ratios = [o / i for o, i in zip(out.shape[2:], source.shape[2:], strict=True)]
        if all(r >= 1 for r in ratios):  # interpolation: each output reads at most the two nearest inputs
            return tuple(
                Field(f.first, f.last + f.jump, f.jump / r) for f, r in zip(field, ratios, strict=True)
            )
        return None


def _step(field: Field, kernel: int, stride: int, padding: int, dilation: int, transposed: bool) -> Field:
    """Field after one window along one axis."""
    reach = dilation * (kernel - 1)
    if transposed:  # output o reads the inputs i with o = stride * i - padding + dilation * u
        jump = field.jump / stride
        return Field(field.first + (padding - reach) * jump, field.last + padding * jump, jump)
    first = field.first - padding * field.jump
    return Field(first, field.last + (reach - padding) * field.jump, field.jump * stride)


def _hull(fields: list[Field]) -> Field:
    """The window that holds all windows; the jump is the same in every branch that can be joined."""
    return Field(min(f.first for f in fields), max(f.last for f in fields), fields[0].jump)


_CONV_ORDER = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_TRANSPOSED_ORDER = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
_MAX_ORDER = ("input", "kernel_size", "stride", "padding", "dilation")


def _window(func: Any, args: tuple, kwargs: dict) -> tuple | None:
    """Kernel, stride, padding and dilation (pairs) of a function that slides a window; is it transposed?"""
    name = getattr(func, "__name__", "")
    order = {"conv2d": _CONV_ORDER, "conv_transpose2d": _TRANSPOSED_ORDER}.get(name, _MAX_ORDER)
    if name not in (
        "conv2d",
        "conv_transpose2d",
        "max_pool2d",
        "avg_pool2d",
        "boolean_dispatch",
        "lp_pool2d",
    ):
        return None
    given = {"stride": None, "padding": 0, "dilation": 1} | dict(zip(order, args, strict=False)) | kwargs
    if name in ("conv2d", "conv_transpose2d"):
        kernel = tuple(given["weight"].shape[2:])
        stride = _pair(1 if given["stride"] is None else given["stride"])
    else:
        kernel = _pair(given["kernel_size"])
        stride = _pair(given["stride"]) if given["stride"] not in (None, [], ()) else kernel
    dilation = (1, 1) if name == "avg_pool2d" else _pair(given["dilation"])
    padding = given["padding"]
    if padding == "same":  # one more on the far side when the total is odd
        padding = tuple(d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True))
    return kernel, stride, _pair(0 if padding == "valid" else padding), dilation, name == "conv_transpose2d"


def _pair(value: Any) -> tuple[int, int]:
    return tuple(value) * (2 // len(value)) if isinstance(value, tuple | list) else (value, value)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [x for part in value for x in _tensors(part)] if isinstance(value, tuple | list) else []


def measured_receptive_field(model: nn.Module, input_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Measure the receptive field of the unit in the middle of a model's output map, by gradient.

    A copy of the model is made whose weights are all positive and whose maxima are means, so that no path
    from input to output is blocked or cancelled; the input pixels whose gradient is not zero are then exactly
    those that the unit can see.

    Parameters
    ----------
    model : torch.nn.Module
        A model whose output is a map ``(N, C, H, W)``; it is left as it is.
    input_shape : tuple of int
        One image ``(C, H, W)``, large enough that the window does not reach its border.

    Returns
    -------
    tuple of int
        Height and width of the window, in input pixels.

    Raises
    ------
    ValueError
        If the output is not a map, or the window is cut off by the border.

    References
    ----------
    .. [1] W. Luo et al., "Understanding the effective receptive field in deep convolutional neural networks",
       arXiv:1701.04128, 2016.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.MaxPool2d(2), nn.Conv2d(1, 1, 3))
    >>> measured_receptive_field(model, (1, 20, 20))
    (8, 8)
    """
    twin = _open_all_paths(copy.deepcopy(model)).double().eval()
    x = torch.ones(1, *input_shape, dtype=torch.float64, requires_grad=True)
    out = twin(x)
    if out.ndim != 4:
        fail(
            "measured_receptive_field",
            "a model whose output is a map (N, C, H, W)",
            f"shape {tuple(out.shape)}",
        )
    (grad,) = torch.autograd.grad(out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum(), x)
    seen = grad[0].abs().sum(dim=0) > 0  # (H, W)
    sizes = []
    for axis, length in ((1, input_shape[1]), (0, input_shape[2])):
        index = torch.nonzero(seen.any(dim=axis)).flatten()  # (rows or columns seen,)
        first, last = int(index[0]), int(index[-1])
        if first == 0 or last == length - 1:
            got = f"pixels {first} to {last} of {length}"
            fail("measured_receptive_field", "an image larger than the window", got)
        sizes.append(last - first + 1)
    return sizes[0], sizes[1]


def _open_all_paths(model: nn.Module) -> nn.Module:
    """Make every weight positive, normalisation the identity and every maximum a mean."""
    for name, child in list(model.named_children()):
        if isinstance(child, nn.MaxPool2d):
            mean = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
            setattr(model, name, mean)
        elif isinstance(child, nn.BatchNorm2d | nn.LocalResponseNorm | nn.Dropout):
            setattr(model, name, nn.Identity())
        else:
            _open_all_paths(child)
    for name, parameter in model.named_parameters(recurse=False):
        # The same for every layer: each weight passes its share of what arrives.
        parameter.data.fill_(0.0 if "bias" in name else 1.0 / max(1, parameter[0].numel()))
    return model

"""How much of the input one unit sees: by arithmetic, and by gradient."""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.overrides import TorchFunctionMode

from course_lib._validation import as_int, fail
from course_lib.reporting._tracing import Field, Tracer, Window, window_of
from course_lib.reporting.costs import run_one


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
    the largest that any phase sees. Padding, cropping and striding by slices move the window along.

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
        whole map, sees everything and ends the list, as does what moves the pixels about.

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
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        fail("receptive_field", "`input_shape` to be (C, H, W)", repr(input_shape))
    rows: list[FieldRow] = []
    tracer = Tracer()

    def start(module: nn.Module, args: tuple) -> None:
        tracer.note(args[0], (Field(0.0, 0.0, 1.0),) * 2)

    def record(name: str):
        def hook(module: nn.Module, args: tuple, output: Any) -> None:
            field = tracer.field(output)
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
            run_one("receptive_field", model, tuple(input_shape))
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def measured_receptive_field(model: nn.Module, input_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Measure the receptive field of the unit in the middle of a model's output map, by gradient.

    A copy of the model is made whose weights are all positive; it is run with means in place of maxima and
    without normalisation, so that no path from input to output is blocked or cancelled. The input pixels
    whose gradient is not zero are then exactly those that the unit can see.

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
        If `input_shape` is not ``(C, H, W)``, the output is not a map, or the window is cut off by the
        border.

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
    if not isinstance(input_shape, tuple | list) or len(input_shape) != 3:
        fail("measured_receptive_field", "`input_shape` to be (C, H, W)", repr(input_shape))
    shape = [as_int("measured_receptive_field", "input_shape", n, 1) for n in input_shape]
    twin = _with_positive_weights(copy.deepcopy(model)).double().eval()
    x = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True)
    with _OpenPaths():
        out = twin(x * 1.0)  # a copy, which the first layer may overwrite
    if not isinstance(out, torch.Tensor) or out.ndim != 4:
        got = f"shape {tuple(out.shape)}" if isinstance(out, torch.Tensor) else type(out).__name__
        fail("measured_receptive_field", "a model whose output is a map (N, C, H, W)", got)
    (grad,) = torch.autograd.grad(out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum(), x)
    seen = grad[0].abs().sum(dim=0) > 0  # (H, W)
    sizes = []
    for axis, length in ((1, shape[1]), (0, shape[2])):
        index = torch.nonzero(seen.any(dim=axis)).flatten()  # (rows or columns seen,)
        first, last = int(index[0]), int(index[-1])
        if first == 0 or last == length - 1:
            got = f"pixels {first} to {last} of {length}"
            fail("measured_receptive_field", "an image larger than the window", got)
        sizes.append(last - first + 1)
    return sizes[0], sizes[1]


class _OpenPaths(TorchFunctionMode):
    """Runs a model with means in place of maxima and without normalisation."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name, kwargs = getattr(func, "__name__", ""), kwargs or {}
        if name in _NORMALISATIONS:
            return kwargs["input"] if "input" in kwargs else args[0]
        if name.startswith("adaptive_max_pool"):
            mean = getattr(F, name.replace("max", "avg").removesuffix("_with_indices"))
            out = mean(*args[:2], **{key: kwargs[key] for key in ("input", "output_size") if key in kwargs})
            return (out, None) if name.endswith("_with_indices") else out
        out = func(*args, **kwargs)
        window = window_of(func, args, kwargs) if name.startswith("max_pool2d") else None
        if window is None:
            return out
        maxima = out[0] if isinstance(out, tuple) else out
        mean = _mean(kwargs["input"] if "input" in kwargs else args[0], window, maxima.shape[2:])
        return (mean, *out[1:]) if isinstance(out, tuple) else mean


_NORMALISATIONS = (
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
)


def _mean(x: torch.Tensor, window: Window, size: tuple[int, int]) -> torch.Tensor:
    """Mean of every window, zeros outside the image included: a convolution with equal weights."""
    edges = []  # left, right, above, below: as many zeros as the windows reach out, or fewer than none
    for axis in (1, 0):
        reach = (size[axis] - 1) * window.stride[axis] + window.dilation[axis] * (window.kernel[axis] - 1) + 1
        before = window.padding[axis]
        edges += [before, reach - before - x.shape[2 + axis]]
    weight = torch.ones(x.shape[1], 1, *window.kernel, dtype=x.dtype) / math.prod(window.kernel)
    return F.conv2d(F.pad(x, edges), weight, None, window.stride, 0, window.dilation, x.shape[1])


def _with_positive_weights(model: nn.Module) -> nn.Module:
    """Give each weight of a layer the same share of what arrives, and no layer an offset."""
    for name, parameter in model.named_parameters():
        share = parameter[0].numel() if parameter.ndim else 1
        parameter.data.fill_(0.0 if "bias" in name else 1.0 / max(1, share))
    return model

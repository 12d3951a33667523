"""The layers that a network of the budget may have, run from their description; loads torch."""

from __future__ import annotations

import operator
from typing import Any

import torch
import torch.nn.functional as F

from course_lib.grading.checks._traced.graph import WINDOW, Refused

POINTWISE = {
    "ReLU": F.relu,
    "ReLU6": F.relu6,
    "SiLU": F.silu,
    "GELU": F.gelu,
    "ELU": F.elu,
    "Hardswish": F.hardswish,
    "Hardsigmoid": F.hardsigmoid,
    "LeakyReLU": F.leaky_relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Identity": lambda x: x,
    "Dropout": lambda x, **_: x,
    "Dropout2d": lambda x, **_: x,
}
FUNCTIONS = {
    "relu": F.relu,
    "relu_": torch.relu_,
    "relu6": F.relu6,
    "silu": F.silu,
    "gelu": F.gelu,
    "hardswish": F.hardswish,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "dropout": lambda x, *_, **__: x,
    "dropout2d": lambda x, *_, **__: x,
    "contiguous": lambda x: x,
    "getattr": lambda x, name: x.shape if name == "shape" else None,
    "size": lambda x, *dim: x.size(*dim),
    "getitem": lambda x, i: x[i] if isinstance(x, torch.Size) and type(i) is int else None,
}


def _flatten(x, start_dim=0, end_dim=-1):
    if (start_dim, end_dim) not in ((1, -1), (1, 3)):
        raise Refused("flatten keeps the images apart: flatten(1)")
    return torch.flatten(x, 1)  # (N, F)


def _view(x, *shape):
    shape = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
    if len(shape) != 2 or shape[0] not in (len(x), -1) or shape == (-1, -1):
        raise Refused("view and reshape may only flatten here: x.flatten(1)")
    y = torch.flatten(x, 1)  # (N, F)
    if shape[1] not in (-1, y.shape[1]):
        raise Refused(f"view expects {shape[1]} features where there are {y.shape[1]}")
    return y


def _mean(x, dim=None, keepdim=False):
    dims = (
        sorted(d % x.ndim for d in (dim if isinstance(dim, list | tuple) else [dim]))
        if dim is not None
        else None
    )
    if dims != [2, 3] or x.ndim != 4:
        raise Refused("mean is taken over the pixels here: x.mean((2, 3))")
    return x.mean((2, 3), keepdim=bool(keepdim))


def _cat(tensors, dim=0):
    if dim not in (1, -3) or not all(torch.is_tensor(t) and t.ndim == 4 for t in tensors):
        raise Refused("cat joins channels here: torch.cat([...], dim=1)")
    return torch.cat(list(tensors), dim=1)  # (N, C, H, W)


def _both(name):
    def apply(a, b):
        if not (torch.is_tensor(a) and torch.is_tensor(b)):
            raise Refused(f"{name} takes two maps here, no numbers: numbers belong into the weights")
        if a.ndim != b.ndim:  # torch would line up the images of one with the rows of the other
            raise Refused(f"{name} takes two maps or two arrays of features here, not one of each")
        return getattr(operator, name)(a, b)

    return apply


def _pool(function):
    def apply(x, kernel_size, stride=None, padding=0, *rest, **named):
        sizes = kernel_size if isinstance(kernel_size, list | tuple) else [kernel_size] * 2
        if not all(type(k) is int and 1 <= k <= WINDOW for k in sizes):
            raise Refused(
                f"a pool's kernel is at most {WINDOW} here; for the whole map use AdaptiveAvgPool2d(1)"
            )
        return function(x, kernel_size, stride, padding, *rest, **named)

    return apply


def _adaptive(function):
    def apply(x, output_size):
        if output_size not in (1, [1, 1]):
            raise Refused("adaptive pools give one pixel here: AdaptiveAvgPool2d(1)")
        return function(x, 1)  # (N, C, 1, 1)

    return apply


FUNCTIONS |= {
    "flatten": _flatten,
    "view": _view,
    "reshape": _view,
    "mean": _mean,
    "cat": _cat,
    "concat": _cat,
    "add": _both("add"),
    "iadd": _both("iadd"),
    "mul": _both("mul"),
    "max_pool2d": _pool(F.max_pool2d),
    "avg_pool2d": _pool(F.avg_pool2d),
    "adaptive_avg_pool2d": _adaptive(F.adaptive_avg_pool2d),
    "adaptive_max_pool2d": _adaptive(F.adaptive_max_pool2d),
}
POOLS = {
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "AdaptiveMaxPool2d": "adaptive_max_pool2d",
    "Flatten": "flatten",
}


class Operations:
    """Runs one step after the other on values that came before.

    Parameters
    ----------
    weights : dict from str to Tensor
        By name.
    meter : object
        Its ``layer(out, weight)`` is told of every convolution and linear layer, ``window(out, kernel_size)``
        of every pool.
    """

    def __init__(self, weights: dict, meter: Any) -> None:
        self.weights, self.meter = weights, meter

    def value(self, described: Any, values: dict) -> Any:
        """An argument: the result of an earlier step, or a number, text or list."""
        if isinstance(described, dict):
            return values[described["step"]]
        if isinstance(described, list):
            return [self.value(item, values) for item in described]
        return described

    def run(self, kind: str, name: str, args: list, kwargs: dict, values: dict) -> Any:
        """One step: a module with its settings, or a function."""
        given = [self.value(a, values) for a in args]
        if kind == "module":
            return self._module(name, given[0], dict(kwargs))
        if kind == "function" and name in FUNCTIONS:
            return self._function(name, given, {k: self.value(v, values) for k, v in kwargs.items()})
        raise Refused(f"the budget does not know {name}; the text lists what a network may be made of")

    def _function(self, name: str, args: list, kwargs: dict) -> Any:
        out = FUNCTIONS[name](*args, **kwargs)
        if name in ("max_pool2d", "avg_pool2d"):
            self.meter.window(out, kwargs.get("kernel_size", args[1] if len(args) > 1 else 1))
        return out

    def _module(self, name: str, x: Any, settings: dict) -> Any:
        kind = settings.pop("type", "")
        if kind in POINTWISE:
            return POINTWISE[kind](x, **settings)
        if kind in POOLS:
            return self._function(POOLS[kind], [x], settings)
        if kind not in ("Conv2d", "Linear", "BatchNorm2d"):
            raise Refused(f"the budget does not know {kind}; the text lists what a network may be made of")
        return getattr(self, f"_{kind.lower()}")(name, x, settings)

    def _weight(self, name: str, shape: tuple) -> Any:
        if name not in self.weights:
            raise Refused(f"the file of weights has no {name}: it belongs to another network")
        weight = self.weights[name]
        if tuple(weight.shape) != shape:
            text = f"{name} has shape {tuple(weight.shape)} in the file, {shape} in the network"
            raise Refused(f"{text}: they do not belong together")
        return weight

    def _conv2d(self, name: str, x: Any, s: dict) -> Any:
        if s["padding_mode"] != "zeros":
            raise Refused("convolutions are padded with zeros here")
        shape = (s["out_channels"], s["in_channels"] // s["groups"], *s["kernel_size"])
        weight = self._weight(f"{name}.weight", shape)
        bias = self._weight(f"{name}.bias", (s["out_channels"],)) if s["bias"] else None
        y = F.conv2d(x, weight, bias, s["stride"], s["padding"], s["dilation"], s["groups"])
        self.meter.layer(y, weight)
        return y

    def _linear(self, name: str, x: Any, s: dict) -> Any:
        weight = self._weight(f"{name}.weight", (s["out_features"], s["in_features"]))
        bias = self._weight(f"{name}.bias", (s["out_features"],)) if s["bias"] else None
        if x.ndim != 2:
            raise Refused("a linear layer takes features of shape (N, F) here: flatten the map first")
        y = F.linear(x, weight, bias)
        self.meter.layer(y, weight)
        return y

    def _batchnorm2d(self, name: str, x: Any, s: dict) -> Any:
        shape = (s["num_features"],)
        mean, var = (self._weight(f"{name}.running_{part}", shape) for part in ("mean", "var"))
        weight, bias = (self._weight(f"{name}.{part}", shape) for part in ("weight", "bias"))
        return F.batch_norm(x, mean, var, weight, bias, False, 0.0, s["eps"])

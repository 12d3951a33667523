"""A network as data: layers, their inputs and settings, one vector of weights; counted and run here, outside.

What a submission hands in is a description in JSON and its numbers. Nothing of the student's code is needed
to count them or to run the network, so no code can change a count or see an image. Only layers listed here
exist.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

HEADER_LIMIT = 1 << 17  # bytes of the description
NODES = 300  # steps of a network
SCALARS = 1_000_000  # numbers that all layers together may make of one image, each of a pool's window counted
WINDOW = 9  # largest kernel of a pool
BATCH = 50  # images run at a time


class Refused(ValueError):  # noqa: N818
    """A network that is not run; the message says why, in a student's words."""


@dataclass(frozen=True)
class Network:
    """Steps and weights.

    Attributes
    ----------
    nodes : list
        Steps ``[kind, name, args, kwargs]``: "input", "module" with its settings in kwargs, "function",
        "output".
    weights : dict from str to ndarray
        Float32, by the names of ``state_dict``.
    """

    nodes: list
    weights: dict[str, np.ndarray]

    @property
    def numbers(self) -> int:
        """Every number in the file, running statistics too."""
        return sum(array.size for array in self.weights.values())


def read(header: Any, numbers: Any) -> Network:
    """The network that a submission describes.

    Parameters
    ----------
    header : ndarray of uint8
        JSON: ``{"nodes": [...], "weights": [[name, shape], ...]}``.
    numbers : ndarray, shape (P,)
        All weights, one after the other.

    Raises
    ------
    Refused
        If it is anything else.
    """
    if not isinstance(header, np.ndarray) or header.dtype != np.uint8 or header.ndim != 1:
        raise Refused("the description of the network is none")
    if header.size > HEADER_LIMIT:
        raise Refused(f"the network has more layers than can be described in {HEADER_LIMIT} bytes")
    try:
        described = json.loads(header.tobytes().decode())
    except (ValueError, RecursionError):
        raise Refused("the description of the network cannot be read") from None
    if not isinstance(described, dict) or not isinstance(nodes := described.get("nodes"), list):
        raise Refused("the description of the network has no list of layers")
    if len(nodes) > NODES:
        raise Refused(f"the network has {len(nodes)} steps; at most {NODES} are run")
    for node in nodes:
        if not (
            isinstance(node, list) and len(node) == 4 and all(isinstance(part, str) for part in node[:2])
        ):
            raise Refused("the description of a layer cannot be read")
        if not (isinstance(node[2], list) and isinstance(node[3], dict)):
            raise Refused("the description of a layer cannot be read")
    return Network(nodes, _split(described.get("weights"), numbers))


def _split(named: Any, numbers: Any) -> dict[str, np.ndarray]:
    """Cut the vector into arrays of the shapes that the description names."""
    if not isinstance(numbers, np.ndarray) or numbers.dtype.kind != "f" or numbers.ndim != 1:
        raise Refused("the weights are no vector of floating-point numbers")
    if not isinstance(named, list) or len(named) > 4 * NODES:
        raise Refused("the description of the weights cannot be read")
    weights, start = {}, 0
    for entry in named:
        match entry:
            case [str(name), list(shape)] if all(type(n) is int and 0 <= n <= numbers.size for n in shape):
                size = math.prod(shape)
            case _:
                raise Refused("the description of the weights cannot be read")
        if name in weights or start + size > numbers.size:
            raise Refused("the weights do not have the shapes that are named")
        with np.errstate(over="ignore"):
            weights[name] = numbers[start : start + size].reshape(shape).astype(np.float32)
        if not np.isfinite(weights[name]).all():
            raise Refused(f"the weights of {shown(name)} hold NaN or infinity")
        start += size
    if start != numbers.size:
        raise Refused("the weights do not have the shapes that are named")
    return weights


def shown(text: str, most: int = 60) -> str:
    """Words that a student may have chosen, safe to print."""
    return "".join(c for c in text[:most] if c.isprintable())


def multiply_adds(network: Network, shape: tuple[int, int, int], axes: int = 2) -> int:
    """Multiply-adds of convolutions and linear layers for one image; the network is tried on shapes alone.

    ``axes``: of its answer, 2 for logits (N, K), 4 for a map (N, C, H, W).

    Raises
    ------
    Refused
        If the network cannot be run on such an image, or not within the limits above.
    """
    import torch

    meter = _Meter()
    _run(network, torch.empty((1, *shape), device="meta"), axes, "meta", meter)
    return meter.multiply_adds


def answers(network: Network, images: np.ndarray, axes: int = 2) -> np.ndarray:
    """Run the network in evaluation mode. Count first: `multiply_adds` bounds the work.

    Raises
    ------
    Refused
        If a layer cannot be run.
    """
    import torch

    rows = []
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            few = torch.tensor(images[start : start + BATCH])  # (B, C, H, W)
            rows.append(_run(network, few, axes, "cpu", _Meter()).numpy())
    return np.concatenate(rows)  # (N, ...)


class _Meter:
    """Adds up what a network costs, and stops it where it grows too large."""

    def __init__(self) -> None:
        self.multiply_adds, self.scalars = 0, 0

    def layer(self, out: Any, weight: Any) -> None:
        self.multiply_adds += out[0].numel() * weight[0].numel()

    def window(self, out: Any, kernel_size: Any) -> None:
        k_h, k_w = kernel_size if isinstance(kernel_size, list | tuple) else (kernel_size, kernel_size)
        self.result(out, k_h * k_w - 1)

    def result(self, out: Any, times: int = 1) -> None:
        self.scalars += out[:1].numel() * times
        if self.scalars > SCALARS:
            text = f"one image becomes more than {SCALARS:,} numbers on its way through the network"
            raise Refused(f"{text}, each of a pool's window counted")


def _run(network: Network, x: Any, axes: int, device: str, meter: _Meter) -> Any:
    """Go through the steps; a value is dropped after its last use."""
    import torch

    from course_lib.grading.checks._traced.operations import Operations

    weights = {n: torch.from_numpy(a).to(device) for n, a in network.weights.items()}
    operations = Operations(weights, meter)
    values: dict[int, Any] = {}
    last = _last_use(network.nodes)
    for i, (kind, name, args, kwargs) in enumerate(network.nodes):
        try:
            if kind == "input":
                values[i] = x
            elif kind == "output":
                return _result(operations.value(args[0] if args else None, values), len(x), axes)
            else:
                values[i] = operations.run(kind, name, args, kwargs, values)
        except Refused:
            raise
        except (RuntimeError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            raise Refused(f"step {i + 1}, {shown(name)}, cannot be run: {shown(str(error))}") from None
        if torch.is_tensor(values[i]) and kind != "input":
            meter.result(values[i])
        for used in last.get(i, ()):
            values.pop(used, None)
    raise Refused("the network gives no answer")


def _last_use(nodes: list) -> dict[int, list[int]]:
    last: dict[int, int] = {}
    for i, (_, _, args, kwargs) in enumerate(nodes):
        for used in _references([args, list(kwargs.values())]):
            last[used] = i
    ends: dict[int, list[int]] = {}
    for used, i in last.items():
        ends.setdefault(i, []).append(used)
    return ends


def _references(value: Any, depth: int = 0) -> list[int]:
    if isinstance(value, dict) and type(value.get("step")) is int:
        return [value["step"]]
    if isinstance(value, list) and depth < 4:
        return [i for item in value for i in _references(item, depth + 1)]
    return []


def _result(y: Any, count: int, axes: int) -> Any:
    import torch

    if not torch.is_tensor(y) or y.ndim != axes or len(y) != count:
        shape = tuple(y.shape) if torch.is_tensor(y) else type(y).__name__
        wanted = "logits of shape (N, K)" if axes == 2 else "a map of shape (N, C, H, W)"
        raise Refused(f"the network gives {shape}, expected {wanted}")
    return y

"""What a model costs: parameters, multiply-adds, activations, seconds."""

from __future__ import annotations

import math
import time
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib._validation import as_int, fail
from course_lib.training.modes import evaluating

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


class LayerCost(NamedTuple):
    """What one call of one layer costs, for one sample.

    Attributes
    ----------
    name, kind : str
        Where the layer stands in the model, and its class.
    output_shape : tuple of int
        Without the batch axis.
    parameters : int
        Trainable numbers; 0 at a second call of the same layer.
    macs : int
        Multiply-adds of a convolution or a dense layer.
    activation_bytes : int
        Memory of the output; 0 where it overwrites the input.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    macs: int
    activation_bytes: int


class Cost(NamedTuple):
    """What a model costs, for one sample.

    Attributes
    ----------
    layers : list of LayerCost
        In the order of the calls.
    parameters : int
        Trainable numbers, shared ones counted once, those outside any layer included.
    macs : int
        Multiply-adds of convolutions, dense layers and matrix products, as PyTorch counts them; those outside
        any layer included.
    flops : int
        Twice `macs`: a multiplication and an addition.
    activation_bytes : int
        Memory of all layers' outputs. Training keeps about as much: not all of them, and some more.
    """

    layers: list[LayerCost]
    parameters: int
    macs: int
    flops: int
    activation_bytes: int


class Latency(NamedTuple):
    """Time of a forward pass, over repeated batches, in milliseconds per batch.

    Attributes
    ----------
    mean, std, median, worst : float
        Over the timed batches, in milliseconds.
    batch_size, batches : int
        Samples per batch, batches timed.
    device : str
        Where it ran.
    """

    mean: float
    std: float
    median: float
    worst: float
    batch_size: int
    batches: int
    device: str


def parameter_count(model: nn.Module) -> int:
    """Trainable numbers of a model, shared ones counted once.

    Parameters
    ----------
    model : torch.nn.Module
        Any model.

    Returns
    -------
    int
        Their number.

    References
    ----------
    .. [1] ``torch.nn.Module.parameters``.

    Examples
    --------
    >>> parameter_count(nn.Conv2d(3, 8, kernel_size=3))  # (3 * 3 * 3 + 1) * 8
    224
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def cost(model: nn.Module, input_shape: tuple[int, ...]) -> Cost:
    """Count parameters, multiply-adds and activations, layer by layer, by running one sample.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; one that begins with an embedding is sent tokens.
    input_shape : tuple of int
        One sample, without the batch axis, e.g. ``(3, 224, 224)``.

    Returns
    -------
    Cost
        Totals, and one row per call of a layer.

    Raises
    ------
    ValueError
        If `input_shape` is not a tuple of positive integers.

    Notes
    -----
    A convolution costs ``C_out * H_out * W_out * (C_in / groups) * K_h * K_w`` multiply-adds; the addition of
    a bias, activations and normalisation are not counted, as is usual.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", arXiv:1512.03385, 2015, table 1,
       which calls multiply-adds FLOPs.

    Examples
    --------
    >>> cost(nn.Conv2d(3, 8, kernel_size=3, padding=1), (3, 10, 10)).macs  # 8 * 10 * 10 * 3 * 3 * 3
    21600
    """
    rows: list[LayerCost] = []
    seen: set[int] = set()

    def record(name: str):
        def hook(module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
            if not isinstance(output, torch.Tensor):
                return
            parameters = 0 if id(module) in seen else parameter_count(module)
            seen.add(id(module))
            source = next((a for a in (*args, *kwargs.values()) if isinstance(a, torch.Tensor)), None)
            in_place = source is not None and source.data_ptr() == output.data_ptr()
            memory = 0 if in_place else output.numel() * output.element_size()
            shape, kind = tuple(output.shape[1:]), type(module).__name__
            rows.append(LayerCost(name, kind, shape, parameters, _macs(module, source, output), memory))

        return hook

    leaves = [(name, m) for name, m in model.named_modules() if not list(m.children())]
    hooks = [
        m.register_forward_hook(record(name or type(m).__name__), with_kwargs=True) for name, m in leaves
    ]
    counter = FlopCounterMode(display=False)
    try:
        with counter:
            run_one("cost", model, input_shape)
    finally:
        for hook in hooks:
            hook.remove()
    macs = counter.get_total_flops() // 2
    memory = sum(row.activation_bytes for row in rows)
    return Cost(rows, parameter_count(model), macs, 2 * macs, memory)


def _macs(module: nn.Module, source: torch.Tensor | None, output: torch.Tensor) -> int:
    """Multiply-adds of one call, per sample."""
    samples = max(len(output), 1) if output.ndim else 1
    if isinstance(module, _CONVOLUTIONS):
        taps = module.in_channels // module.groups * math.prod(module.kernel_size)
        return output.numel() // samples * taps
    if isinstance(module, _TRANSPOSED):
        taps = module.out_channels // module.groups * math.prod(module.kernel_size)
        return source.numel() // samples * taps
    return output.numel() // samples * module.in_features if isinstance(module, nn.Linear) else 0


def run_one(function: str, model: nn.Module, input_shape: tuple[int, ...]) -> Any:
    """Send zeros through a model in evaluation mode, without gradients; its mode is restored."""
    x = _zeros(function, model, input_shape, batch_size=1)
    with torch.no_grad(), evaluating(model):
        return model(x)


def _zeros(function: str, model: nn.Module, input_shape: tuple[int, ...], batch_size: int) -> torch.Tensor:
    """Make a batch of zeros: tokens for an embedding, else numbers of the parameters' dtype."""
    if not isinstance(input_shape, tuple | list) or not input_shape:
        fail(function, "`input_shape` to be a tuple without the batch axis", repr(input_shape))
    shape = [as_int(function, "input_shape", n, 1) for n in input_shape]
    like = next(model.parameters(), torch.zeros(()))
    first = next(module for module in model.modules() if not list(module.children()))
    dtype = torch.long if isinstance(first, nn.Embedding) else like.dtype
    return torch.zeros(batch_size, *shape, dtype=dtype, device=like.device)


def latency(
    model: nn.Module,
    input_shape: tuple[int, ...],
    *,
    batch_size: int = 1,
    batches: int = 100,
    warmup: int = 10,
) -> Latency:
    """Time the forward pass where the model lies: warm-up left out, a GPU waited for.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode while it is timed.
    input_shape : tuple of int
        One sample, without the batch axis.
    batch_size : int, default 1
        Samples per batch.
    batches : int, default 100
        Batches that are timed; at least 1.
    warmup : int, default 10
        Batches that are run first and not timed: the first ones pay for memory and choosing of algorithms.

    Returns
    -------
    Latency
        Mean, spread, median and worst, in milliseconds per batch.

    Raises
    ------
    ValueError
        If a count is out of range, or `input_shape` is not a tuple of positive integers.

    References
    ----------
    .. [1] V. J. Reddi et al., "MLPerf inference benchmark", arXiv:1911.02549, 2020: a benchmark that
       prescribes how often to repeat.

    Examples
    --------
    >>> latency(nn.Linear(4, 2), (4,), batches=5).batches
    5
    """
    batch_size = as_int("latency", "batch_size", batch_size, 1)
    batches, warmup = as_int("latency", "batches", batches, 1), as_int("latency", "warmup", warmup, 0)
    x = _zeros("latency", model, input_shape, batch_size)
    times = []
    with torch.inference_mode(), evaluating(model):
        for _ in range(warmup + batches):
            _synchronise(x.device)
            start = time.perf_counter()
            model(x)
            _synchronise(x.device)
            times.append(1e3 * (time.perf_counter() - start))
    t = np.array(times[warmup:])  # (batches,)
    spread = (float(f(t)) for f in (np.mean, np.std, np.median, np.max))
    return Latency(*spread, batch_size, batches, str(x.device))


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)

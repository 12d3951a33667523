"""Where a loss that is not a number came from."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch import nn


def explain_nonfinite_loss(
    model: nn.Module, inputs: Any, output: Any, random: list[torch.Tensor], value: float, step: int
) -> NoReturn:
    """Run the batch once more, watching every layer, and say which one failed first.

    Parameters
    ----------
    model : torch.nn.Module
        As it was when the loss failed: no step has been taken since. It stays so.
    inputs, output : tensor or nested tensors
        The batch, and what the model made of it.
    random : list of Tensor
        What `random_state` returned before the model was run.
    value : float
        The loss.
    step : int
        Steps begun so far, this one included.

    Raises
    ------
    FloatingPointError
        Always; the message names the step and the layer.
    """
    cause = _first_failure(model, inputs, output, random)
    raise FloatingPointError(f"fit: the loss is {value} at step {step}: {cause}")


def random_state(device: torch.device) -> list[torch.Tensor]:
    """Return the states of torch's own generators, from which a model on the device draws."""
    return [generator.get_state() for generator in default_generators(device).values()]


def default_generators(device: torch.device) -> dict[str, torch.Generator]:
    """Return torch's own generators: the processor's, and the GPU's where the device is one."""
    generators = {"cpu": torch.default_generator}
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        generators["cuda"] = torch.cuda.default_generators[index]
    return generators


def _first_failure(model: nn.Module, inputs: Any, output: Any, random: list[torch.Tensor]) -> str:
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            return f"parameter '{name}' is not finite after the step before; try a smaller learning rate"
    if not _finite(inputs):
        return "the input holds values that are not finite"
    found = _watch(model, inputs, random)
    if found:
        return f"{found[0]} is the first whose output is not finite"
    if not _finite(output):
        return "the model's output is not finite, but is when the batch is run again: it depends on chance"
    return "every layer's output is finite, so it arose in the loss function"


def _watch(model: nn.Module, inputs: Any, random: list[torch.Tensor]) -> list[str]:
    """Run the batch again with the same random numbers; list the modules that fail, inner ones first."""
    found: list[str] = []

    def watch(name: str):
        def hook(module, args, output):
            if not _finite(output):
                what = f"layer '{name}'" if name else "the model itself"
                found.append(f"{what} ({type(module).__name__})")

        return hook

    buffers = {buffer: buffer.clone() for buffer in model.buffers()}
    hooks = [module.register_forward_hook(watch(name)) for name, module in model.named_modules()]
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    generators = default_generators(device).values()
    now = random_state(device)
    try:
        for generator, state in zip(generators, random, strict=False):
            generator.set_state(state)
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for generator, state in zip(generators, now, strict=True):
            generator.set_state(state)
        for buffer, before in buffers.items():  # batch norm has counted the batch twice
            buffer.data.copy_(before)
    return found


def _finite(value: Any) -> bool:
    """Whether all floating tensors in nested tuples, lists and dicts are finite."""
    if isinstance(value, torch.Tensor):
        return not value.is_floating_point() or bool(torch.isfinite(value).all())
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return all(_finite(part) for part in parts)

"""Where a loss that is not a number came from."""

from __future__ import annotations

from typing import Any, NoReturn

import torch
from torch import nn


def explain_nonfinite_loss(model: nn.Module, inputs: Any, value: float, step: int) -> NoReturn:
    """Run the batch once more, watching every layer, and say which one failed first.

    Parameters
    ----------
    model : torch.nn.Module
        As it was when the loss failed: no step has been taken since.
    inputs : tensor or nested tensors
        The batch.
    value : float
        The loss.
    step : int
        Steps begun so far, this one included.

    Raises
    ------
    FloatingPointError
        Always; the message names the step and the layer.
    """
    raise FloatingPointError(f"fit: the loss is {value} at step {step}: {_first_failure(model, inputs)}")


def _first_failure(model: nn.Module, inputs: Any) -> str:
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            return f"parameter '{name}' is not finite after the step before; try a smaller learning rate"
    if not all(torch.isfinite(x).all() for x in _tensors(inputs)):
        return "the input holds values that are not finite"
    found: list[str] = []

    def watch(name: str):
        def hook(module, args, output):
            if not found and not all(torch.isfinite(x).all() for x in _tensors(output)):
                found.append(
                    f"layer '{name}' ({type(module).__name__}) is the first whose output is not finite"
                )

        return hook

    layers = [(name, m) for name, m in model.named_modules() if not list(m.children())]
    hooks = [layer.register_forward_hook(watch(name)) for name, layer in layers]
    try:
        with torch.no_grad():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else "every layer's output is finite, so it arose in the loss function"


def _tensors(value: Any) -> list[torch.Tensor]:
    """Every floating tensor in nested tuples, lists and dicts."""
    if isinstance(value, torch.Tensor):
        return [value] if value.is_floating_point() else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [x for part in parts for x in _tensors(part)]

"""Saving a run after an epoch, so that it can go on as if it had never stopped."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch

from course_lib._validation import fail
from course_lib.training.history import History


class Run(NamedTuple):
    """Everything that changes while training."""

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    loader: Any


def save(path: str | os.PathLike, run: Run, history: History) -> None:
    """Write the state of a run; the file is replaced whole or not at all."""
    state = {
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict() if run.scheduler else None,
        "random": [generator.get_state() for generator in _generators(run)],
        "history": asdict(history),
    }
    temporary = Path(f"{os.fspath(path)}.partial")
    torch.save(state, temporary)
    temporary.replace(path)


def restore(path: str | os.PathLike, run: Run) -> History:
    """Put a run back into the state that `save` wrote, and return its history."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        random, history = state["random"], History(**state["history"])
        run.model.load_state_dict(state["model"])
        run.optimizer.load_state_dict(state["optimizer"])
    except Exception as error:  # whatever the damage, the file and its trouble are named
        fail("fit", "`checkpoint` to be a file that fit wrote for this model", f"{path}: {error}")
    if run.scheduler:
        run.scheduler.load_state_dict(state["scheduler"])
    for generator, value in zip(_generators(run), random, strict=True):
        generator.set_state(value)
    return history


def _generators(run: Run) -> list[torch.Generator]:
    """The random sources of a run: torch's own, the loader's and its sampler's, each once."""
    owners = (run.loader, getattr(run.loader, "sampler", None))
    found = [torch.default_generator, *(getattr(owner, "generator", None) for owner in owners)]
    return list({id(g): g for g in found if g is not None}.values())

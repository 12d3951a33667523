"""Saving a run after an epoch, so that it can go on as if it had never stopped."""

from __future__ import annotations

import copy
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch

from course_lib._validation import fail
from course_lib.training.history import History
from course_lib.training.nonfinite import default_generators


class Run(NamedTuple):
    """Everything that changes while training."""

    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Any
    loader: Any
    device: torch.device

    def kinds(self) -> dict[str, str]:
        """Say what a run must consist of to go on from this one's checkpoint."""
        parts = {"optimizer": self.optimizer, "scheduler": self.scheduler} | self._own_generators()
        return {name: type(part).__name__ for name, part in parts.items() if part is not None}

    def generators(self) -> dict[str, torch.Generator]:
        """Return the random sources of the run: torch's own, the loader's and its sampler's."""
        return default_generators(self.device) | self._own_generators()

    def _own_generators(self) -> dict[str, torch.Generator]:
        sampler = getattr(self.loader, "sampler", None)
        owners = {"loader's generator": self.loader, "sampler's generator": sampler}
        found = {name: getattr(owner, "generator", None) for name, owner in owners.items()}
        return {name: generator for name, generator in found.items() if generator is not None}


def save(path: str | os.PathLike, run: Run, history: History) -> None:
    """Write the state of a run; the file is replaced whole or not at all."""
    state = {
        "kinds": run.kinds(),
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict() if run.scheduler else None,
        "random": {name: generator.get_state() for name, generator in run.generators().items()},
        "history": asdict(history),
    }
    temporary = Path(f"{os.fspath(path)}.partial")
    torch.save(state, temporary)
    temporary.replace(path)


def restore(path: str | os.PathLike, run: Run) -> History:
    """Put a run back into the state that `save` wrote, whole or not at all, and return its history."""
    before = copy.deepcopy(run.model.state_dict())
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        kinds, random, history = state["kinds"], state["random"], History(**state["history"])
        if kinds == run.kinds():
            run.model.load_state_dict(state["model"])
            run.optimizer.load_state_dict(state["optimizer"])
    except Exception as error:  # whatever the damage, the file and its trouble are named
        run.model.load_state_dict(before)
        fail("fit", "`checkpoint` to be a file that fit wrote for this model", f"{path}: {error}")
    if kinds != run.kinds():
        fail("fit", f"`checkpoint` of a run with {_listed(run.kinds())}", f"{path}, with {_listed(kinds)}")
    if run.scheduler:
        run.scheduler.load_state_dict(state["scheduler"])
    for name, generator in run.generators().items():
        if name in random:  # the checkpoint of a run on another device knows nothing of this one's
            generator.set_state(random[name])
    return history


def _listed(kinds: dict[str, str]) -> str:
    """Write down what a run consists of."""
    return ", ".join(f"{name} {kind}" for name, kind in kinds.items())

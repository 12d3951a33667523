"""Runs that a chapter draws and that are made once: none of them twice, a run a line in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from benchmarks._harness import machine
from course_lib.training import evaluate

RESULTS = Path(__file__).resolve().parents[1] / "chapters" / "results"


class Data(NamedTuple):
    """Images and labels: to train on, to choose by, to look at once."""

    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of images classified correctly."""
    batches = zip(images.split(500), labels.split(500), strict=True)
    return round(evaluate(model, batches)["accuracy"], 4)


def make(
    work: Callable[[NamedTuple], dict], tasks: list, pool: ProcessPoolExecutor, known: list[dict]
) -> Iterator[dict]:
    """The tasks' runs, in their order; what is known already is not made again.

    A run is a dict that holds its task's fields.
    """
    stored = {tuple(run[key] for key in task._fields): run for task in tasks[:1] for run in known}
    made = pool.map(work, [task for task in tasks if task not in stored])
    for task in tasks:
        yield stored[task] if task in stored else next(made)


def read(name: str) -> dict[str, list[dict]]:
    """Each experiment's runs in ``chapters/results/NAME.json``; nothing where there is no such file."""
    path = RESULTS / f"{name}.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {key: runs for key, runs in stored.items() if key != "made"}


def save(name: str, command: str, experiments: dict[str, list[dict]]) -> None:
    """Write every experiment's runs, with the command and the machine that made them."""
    parts = [f' "made": {json.dumps({"command": command, **machine()})}']
    for key, runs in experiments.items():
        parts.append(f' "{key}": [\n  ' + ",\n  ".join(map(json.dumps, runs)) + "\n ]")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")

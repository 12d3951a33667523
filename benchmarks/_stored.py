"""Runs that a chapter draws and that are made once: none of them twice, a run a line in JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import torch
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


def endless_batches(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Rows of whole batches, in a new order after every pass."""
    while True:
        order = torch.randperm(count, generator=generator)  # (count,)
        yield from reversed([rows for rows in order.split(size) if len(rows) == size])


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


def main(
    about: str,
    name: str,
    command: str,
    experiments: Iterable[str],
    runs_of: Callable[[str, ProcessPoolExecutor, list[dict]], Iterator[dict]],
    shown: tuple[str, ...],
) -> None:
    """Run a script's command line: make the experiments asked for; every run is stored at once."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(experiments), help="one experiment; the rest stays as stored")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread (default 2)")
    parser.add_argument("--resume", action="store_true", help="keep the runs that the file holds")
    options = parser.parse_args()
    stored = read(name)
    result = {key: stored.get(key, []) for key in experiments}
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for key in [options.only] if options.only else experiments:
            known, result[key] = result[key] if options.resume else [], []
            for run in runs_of(key, pool, known):
                result[key].append(run)
                save(name, command, {kept: runs for kept, runs in result.items() if runs})
                print(*(f"{field}={run[field]}" for field in shown), flush=True)

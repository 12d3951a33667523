"""One run of the comparison: the same loop, schedule and report for whichever network."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib._validation import as_bool, as_float, as_int, fail
from course_lib.comparison.data import ComparisonData
from course_lib.comparison.networks import NETWORKS, build
from course_lib.datasets import Split
from course_lib.models import googlenet_loss
from course_lib.training import History, evaluate, fit

UPDATES = 2000  # steps of the optimiser
BATCH_SIZE = 32
ROUNDS = 10  # measurements on validation data, evenly spaced
WEIGHT_DECAY = 0.01
RATES = (5e-4, 2e-3, 8e-3)
SEARCH_SEED = 1000
SEEDS = (0, 1, 2)
CONTROL = 4  # times as many updates for the networks without convolutions, as a control


@dataclass(frozen=True)
class Run:
    """The record of one run.

    Attributes
    ----------
    network : str
        A key of `NETWORKS`.
    role : {"search", "seed", "control"}
        What the run is for.
    seed : int
        Where weights, order of the images and dropout come from.
    rate : float
        Highest learning rate.
    updates : int
        Steps of the optimiser.
    train_loss, val_loss, val_accuracy : tuple of float
        After each of the rounds; the training loss is the round's mean while the weights change, dropout and
        auxiliary heads included. Empty if the run failed.
    train_accuracy : float or None
        Share of the training images classified correctly at the end, in evaluation mode.
    test_accuracy : float or None
        The same of the test images; None where nobody looked.
    seconds : float
        Processor time of the training alone, in seconds.
    failed : str or None
        Why the run stopped before its end.
    """

    network: str
    role: str
    seed: int
    rate: float
    updates: int
    train_loss: tuple[float, ...] = ()
    val_loss: tuple[float, ...] = ()
    val_accuracy: tuple[float, ...] = ()
    train_accuracy: float | None = None
    test_accuracy: float | None = None
    seconds: float = 0.0
    failed: str | None = None


class Trained(NamedTuple):
    """What `train` returns.

    Attributes
    ----------
    run : Run
        The record.
    model : Module
        The network, trained, in evaluation mode.
    """

    run: Run
    model: nn.Module


def train(
    name: str,
    seed: int,
    data: ComparisonData,
    *,
    rate: float | None = None,
    updates: int = UPDATES,
    role: str = "seed",
    look_at_test: bool = False,
) -> Trained:
    """Train one network as the protocol says.

    PyTorch's global generator is left as it was: the run has its own, set to `seed`.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    seed : int
        Where weights, order of the images and dropout come from; at least 0.
    data : ComparisonData
        What `load_data` returned.
    rate : float, optional
        Highest learning rate; by default the one that the stored search took for this network and data set.
    updates : int, default 2000
        Steps of the optimiser, on 32 images each; at least 10.
    role : {"search", "seed", "control"}, default "seed"
        What the run is for; it changes nothing but the record.
    look_at_test : bool, default False
        Measure the test accuracy as well.

    Returns
    -------
    Trained
        The record and the trained network.

    Raises
    ------
    ValueError
        If an argument is out of range, or no rate is given and none is stored.
    """
    seed, updates = as_int("train", "seed", seed, 0), as_int("train", "updates", updates, ROUNDS)
    if name not in NETWORKS:
        fail("train", f"a name among {', '.join(NETWORKS)}", repr(name))
    if rate is None:
        from course_lib.comparison.records import stored

        rate = stored(data.name).rate(name)
    rate = as_float("train", "rate", rate, 0, math.inf)
    as_bool("train", "look_at_test", look_at_test)
    known = {"network": name, "role": role, "seed": seed, "rate": rate, "updates": updates}
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(gpus):  # torch's generators are as before afterwards
        for generator in (torch.default_generator, *(torch.cuda.default_generators[gpu] for gpu in gpus)):
            generator.manual_seed(seed)
        model = build(name, data).to(memory_format=torch.channels_last)
        start = time.process_time()
        try:
            history = _fit(model, data, seed, rate, updates)
        except FloatingPointError as error:
            return Trained(Run(**known, failed=str(error)), model.eval())
        seconds = time.process_time() - start
    model.eval()
    columns = {key: _rounded(history.column(key)) for key in ("train_loss", "val_loss", "val_accuracy")}
    measured = {"train_accuracy": _accuracy(model, data, data.train)}
    if look_at_test:
        measured["test_accuracy"] = _accuracy(model, data, data.test)
    return Trained(Run(**known, **columns, **measured, seconds=round(seconds, 1)), model)


def _fit(model: nn.Module, data: ComparisonData, seed: int, rate: float, updates: int) -> History:
    """AdamW, a round of warm-up and half a cosine; a measurement on validation data after every round."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=WEIGHT_DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _factor)
    images = _on_channels_last(data.standardise(data.train.images))
    rounds = _Rounds(images, torch.from_numpy(data.train.labels), updates, seed)
    return fit(
        model,
        rounds,
        _batches(data, data.validation),
        epochs=ROUNDS,
        optimizer=optimizer,
        scheduler=schedule,
        loss=googlenet_loss,  # plain cross-entropy for every network without auxiliary heads
    )


def _factor(index: int) -> float:
    """Share of the highest learning rate in a round: one half in the first, then along half a cosine."""
    return min(1.0, (index + 1) / 2) * 0.5 * (1 + math.cos(math.pi * index / ROUNDS))


class _Rounds:
    """Batches for `fit`: every pass is one round of an endless stream that draws a new order per epoch."""

    def __init__(self, images: Tensor, labels: Tensor, updates: int, seed: int) -> None:
        self.images, self.labels = images, labels
        bounds = [updates * index // ROUNDS for index in range(ROUNDS + 1)]
        self.lengths = iter([after - before for before, after in itertools.pairwise(bounds)])
        self.stream = self._endless(torch.Generator().manual_seed(seed))

    def _endless(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        size = min(BATCH_SIZE, len(self.labels))
        while True:
            order = torch.randperm(len(self.labels), generator=generator)  # (N,)
            for start in range(0, len(order) - size + 1, size):
                rows = order[start : start + size]  # (B,)
                yield self.images[rows], self.labels[rows]

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(next(self.lengths)):
            yield next(self.stream)


def _on_channels_last(images: Tensor) -> Tensor:
    """The same numbers, laid out so that a processor convolves them faster."""
    return images.contiguous(memory_format=torch.channels_last)


def _batches(data: ComparisonData, split: Split, size: int = 200) -> list[tuple[Tensor, Tensor]]:
    """A split in the order it has, for `evaluate`."""
    images = _on_channels_last(data.standardise(split.images))  # (N, C, 64, 64)
    return list(zip(images.split(size), torch.from_numpy(split.labels).split(size), strict=True))


def _accuracy(model: nn.Module, data: ComparisonData, split: Split) -> float:
    return round(evaluate(model, _batches(data, split))["accuracy"], 4)


def _rounded(values: list[float]) -> tuple[float, ...]:
    return tuple(round(value, 4) for value in values)

"""The experiments of chapter 08, stored for it: ``python -m benchmarks.alexnet [--resume]``.

A small AlexNet on the drawn shapes, halved to 32 x 32, with few images to learn from.

`restraint`: on 1,000 images, as it is, with dropout, with a strong weight decay, with both; 4,500 updates.

`images`: on 500 to 4,000 images, with and without moved, mirrored and recoloured copies; each of the three by
itself on 1,000; 1,500 updates. `longer` repeats those on 4,000 with three times the updates.

The learning rate is the best of five for the network as it is, the decay the best of three, both on
validation images from a seed that is used for nothing else. Then three seeds, and one look at the test images
each. A quarter of an hour on two quiet cores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import Data, accuracy, endless_batches, make, read, save
from course_lib import datasets

NAME, COMMAND = "08_alexnet", "python -m benchmarks.alexnet"
SEEDS, SEARCH_SEED, BATCH, MARKS, UPDATES = (0, 1, 2), 100, 32, 10, 1500
RATES, DECAYS = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), (0.1, 1.0, 3.0)
DECAY = 0.01  # of every run that is not about the decay
LONGER = 3  # times the updates, for `restraint` and the longer runs
SIZES = (500, 1000, 4000)
COPIES = {
    "as they are": (),
    "moved": ("moved",),
    "mirrored": ("mirrored",),
    "recoloured": ("recoloured",),
    "all three": ("moved", "mirrored", "recoloured"),
}


class Task(NamedTuple):
    """One run."""

    experiment: str
    role: str  # "search", "seed" or "longer"
    images: int
    copies: str  # a key of `COPIES`
    dropout: float
    decay: float
    rate: float
    seed: int
    updates: int


@cache
def load() -> Data:
    """Pixels in [0, 1]: the shapes at 32 x 32; the last thousand training images are held out."""
    data = datasets.load("shapes")
    (x, y), test = (
        (F.avg_pool2d(torch.from_numpy(part.images), 2), torch.from_numpy(part.labels))
        for part in (data.train, data.test)
    )
    return Data((x[:-1000], y[:-1000]), (x[-1000:], y[-1000:]), test)


def small_alexnet(dropout: float) -> nn.Sequential:
    """AlexNet's order of layers for 3 x 32 x 32: five convolutions, three poolings, three dense."""
    model = nn.Sequential(
        *(nn.Conv2d(3, 12, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),  # (N, 12, 15, 15)
        *(nn.Conv2d(12, 24, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),  # (N, 24, 7, 7)
        *(nn.Conv2d(24, 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),  # (N, 32, 3, 3)
        *(nn.Flatten(), nn.Dropout(dropout), nn.Linear(288, 256), nn.ReLU()),
        *(nn.Dropout(dropout), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)),
    )
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def change(images: Tensor, kinds: tuple[str, ...], generator: torch.Generator) -> Tensor:
    """A copy of every image, changed at random in the ways named."""
    N, _, H, W = images.shape
    rows = torch.arange(N)
    if "moved" in kinds:  # by up to 4 pixels; the rim is repeated
        shift = torch.randint(9, (2, N, 1), generator=generator)
        y = shift[0] + torch.arange(H)  # (N, H)
        x = shift[1] + torch.arange(W)  # (N, W)
        images = F.pad(images, (4, 4, 4, 4), mode="replicate")
        images = images[rows[:, None, None], :, y[:, :, None], x[:, None]].permute(0, 3, 1, 2)
    if "mirrored" in kinds:
        left = torch.rand(N, generator=generator) < 0.5  # (N,)
        images = torch.where(left[:, None, None, None], images.flip(3), images)
    if "recoloured" in kinds:  # channels in another order, each brighter or darker
        order = torch.rand(N, 3, generator=generator).argsort(dim=1)  # (N, 3)
        factor = 0.7 + 0.6 * torch.rand(N, 3, 1, 1, generator=generator)
        images = (images[rows[:, None], order] * factor).clamp(0, 1)  # (N, 3, H, W)
    return images


def work(task: Task) -> dict:
    """Make one run: AdamW, half a cosine down to zero."""
    torch.set_num_threads(1)
    began, data = time.process_time(), load()
    torch.manual_seed(task.seed)
    model = small_alexnet(task.dropout)
    generator = torch.Generator().manual_seed(task.seed)
    images, labels = (part[: task.images] for part in data.train)
    mean, std = (f(images, dim=(0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))

    def judge(images: Tensor, labels: Tensor) -> float:
        return accuracy(model, (images - mean) / std, labels)

    optimizer = torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=task.decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, task.updates)
    record: dict = {"loss": [], "validation": []}
    batches, losses = endless_batches(len(images), BATCH, generator), []
    for step in range(1, task.updates + 1):
        rows = next(batches)
        x = (change(images[rows], COPIES[task.copies], generator) - mean) / std
        loss = F.cross_entropy(model(x), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % (task.updates // MARKS) == 0:
            record["loss"].append(round(sum(losses) / len(losses), 4))
            record["validation"].append(judge(*data.validation))
            losses = []
    record["train"] = judge(images, labels)
    if task.role != "search":
        record["test"] = judge(*data.test)
    return {**task._asdict(), **record, "seconds": round(time.process_time() - began)}


def best(runs: list[dict], key: str) -> float:
    """What did best on validation images in the search; of equals the smaller."""
    return max(runs, key=lambda run: (run["validation"][-1], -run[key]))[key]


def search(pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """The rate of all runs, then the decay of those that are about it."""
    plain = Task("search", "search", 1000, "as they are", 0.0, DECAY, 0.0, SEARCH_SEED, UPDATES)
    rates = list(make(work, [plain._replace(rate=rate) for rate in RATES], pool, known))
    yield from rates
    plain = plain._replace(rate=best(rates, "rate"))
    yield from make(work, [plain._replace(decay=decay) for decay in DECAYS], pool, known)


def seeds(name: str, rate: float, decay: float) -> list[Task]:
    """The runs that are compared."""
    plain = Task(name, "seed", 1000, "as they are", 0.0, DECAY, rate, 0, UPDATES)
    if name == "restraint":
        plain = plain._replace(updates=LONGER * UPDATES)  # dropout learns slowly
        kinds = [plain._replace(dropout=p, decay=d) for d in (DECAY, decay) for p in (0.0, 0.5)]
    else:
        kinds = [plain._replace(images=n, copies=c) for n in SIZES for c in ("as they are", "all three")]
        kinds += [plain._replace(copies=c) for c in ("moved", "mirrored", "recoloured")]
        longer = plain._replace(role="longer", images=SIZES[-1], updates=LONGER * UPDATES)
        kinds += [longer._replace(copies=c) for c in ("as they are", "all three")]
    return [kind._replace(seed=seed) for kind in kinds for seed in SEEDS]


def main() -> None:
    """Make the runs of the experiments asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread (default 2)")
    parser.add_argument("--resume", action="store_true", help="keep the runs that the file holds")
    options = parser.parse_args()
    known = [run for runs in read(NAME).values() for run in runs] if options.resume else []
    result: dict[str, list[dict]] = {}

    def keep(name: str, runs: Iterator[dict]) -> None:
        result[name] = []
        for run in runs:
            result[name].append(run)
            save(NAME, COMMAND, result)
            shown = ("images", "copies", "dropout", "decay", "rate", "seed", "updates")
            print(*(run[key] for key in shown), run["validation"], run["train"], run["seconds"], flush=True)

    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        keep("search", search(pool, known))
        rates = [run for run in result["search"] if run["decay"] == DECAY]
        decays = [run for run in result["search"] if run["decay"] != DECAY]
        rate, decay = best(rates, "rate"), best(decays, "decay")
        for name in ("restraint", "images"):
            keep(name, make(work, seeds(name, rate, decay), pool, known))


if __name__ == "__main__":
    main()

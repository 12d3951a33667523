"""The experiments of chapter 10, stored for it: ``python -m benchmarks.googlenet [--resume]``.

`heads`: behind four convolutions, global average pooling and one dense layer; no averaging and one dense
layer; no averaging and two. On the drawn shapes, halved to 32 x 32, with AdamW.

`auxiliary`: GoogLeNet's nine modules with an eighth of their filters, without batch normalisation as in the
paper; the losses of its two auxiliary heads weighed by 0.3 or by 0, from He's start or from PyTorch's. On the
digits, with stochastic gradient descent as in the paper.

The learning rate of each kind is the best of five on validation images, from a seed that is used for
nothing else. Then three seeds, and one look at the test images each. `longer` repeats those from He's start
with twice the updates.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import Data, accuracy, endless_batches, main, make
from course_lib import datasets
from course_lib.models.googlenet import CONFIGURATION

NAME, COMMAND = "10_googlenet", "python -m benchmarks.googlenet"
SEEDS, SEARCH_SEED, BATCH, MARKS = (0, 1, 2), 100, 32, 10
UPDATES = {"heads": 800, "auxiliary": 400}
RATES = {"heads": (5e-4, 1e-3, 2e-3, 4e-3, 8e-3), "auxiliary": (0.001, 0.003, 0.01, 0.03, 0.1)}
LONGER = 2  # times the updates
HEADS = ("average", "dense", "two dense")
STARTS = ("He", "PyTorch")
WEIGHTS = (0.0, 0.3)  # of each auxiliary loss
SHARE = 8  # of the paper's filters, one in so many

#: Modules of the paper's table by name, in their order; "|" halves the map, "*" has an auxiliary head.
MODULES = "3a 3b | 4a * 4b 4c 4d * 4e | 5a 5b"

SHOWN = ("role", "head", "start", "weight", "rate", "seed", "validation", "train", "seconds")


class Task(NamedTuple):
    """One run."""

    experiment: str
    role: str  # "search", "seed" or "longer"
    head: str  # one of `HEADS`
    start: str  # one of `STARTS`
    weight: float  # of each auxiliary loss
    rate: float
    seed: int
    updates: int


@cache
def load(experiment: str) -> Data:
    """The shapes at 32 x 32, the last thousand held out; or the digits, runs of 40 of one hand held out."""
    train, test, _ = datasets.load("shapes" if experiment == "heads" else "digits")
    (x, y), (x_test, y_test) = (map(torch.from_numpy, (part.images, part.labels)) for part in (train, test))
    rows = torch.arange(len(y))
    held = rows // 40 % 6 == 5
    if experiment == "heads":
        x, x_test, held = F.avg_pool2d(x, 2), F.avg_pool2d(x_test, 2), rows >= len(y) - 1000
    mean, std = (f(x[~held], dim=(0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    x, x_test = (x - mean) / std, (x_test - mean) / std
    return Data((x[~held], y[~held]), (x[held], y[held]), (x_test, y_test))


def unit(C_in: int, C_out: int, K: int) -> nn.Sequential:
    """A convolution that keeps the size, and ReLU."""
    return nn.Sequential(nn.Conv2d(C_in, C_out, K, padding=K // 2), nn.ReLU())


class Module(nn.Module):
    """An Inception module by the filters of its row in the paper's table."""

    def __init__(self, C: int, n1: int, r3: int, n3: int, r5: int, n5: int, p: int) -> None:
        super().__init__()
        self.branch1 = unit(C, n1, 1)
        self.branch2 = nn.Sequential(unit(C, r3, 1), unit(r3, n3, 3))
        self.branch3 = nn.Sequential(unit(C, r5, 1), unit(r5, n5, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), unit(C, p, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Concatenate the four branches."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1)


def auxiliary(C: int) -> nn.Sequential:
    """An auxiliary head, also an eighth as wide."""
    return nn.Sequential(
        *(nn.AdaptiveAvgPool2d(4), unit(C, 16, 1), nn.Flatten()),  # (N, 16 * 4 * 4)
        *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.7), nn.Linear(128, 10)),
    )


class SmallGoogLeNet(nn.Module):
    """The nine modules for digits, a head, and the auxiliary heads."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(unit(1, 24, 3), nn.MaxPool2d(3, 2, padding=1))  # (N, 24, 14, 14)
        self.steps, self.auxiliary, C = nn.ModuleList(), nn.ModuleDict(), 24
        for number, name in enumerate(MODULES.split()):
            if name == "*":
                self.auxiliary[str(number)] = auxiliary(C)
                self.steps.append(nn.Identity())
            elif name == "|":
                self.steps.append(nn.MaxPool2d(3, 2, padding=1))
            else:
                row = [n // SHARE for n in CONFIGURATION[name][1:]]
                self.steps.append(Module(C, *row))
                C = row[0] + row[2] + row[4] + row[5]
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(C, 10))

    def forward(self, x: Tensor) -> list[Tensor] | Tensor:
        """Scores; in training a list of them, behind which stand those of the auxiliary heads."""
        x, others = self.stem(x), []
        for number, step in enumerate(self.steps):
            x = step(x)
            if self.training and str(number) in self.auxiliary:
                others.append(self.auxiliary[str(number)](x))
        return [self.head(x), *others] if self.training else self.head(x)


class FourConvolutions(nn.Module):
    """A plain network for shapes, whose head is to be compared."""

    def __init__(self, head: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(unit(3, 16, 5), nn.MaxPool2d(2)),  # (N, 16, 16, 16)
            *(unit(16, 32, 3), nn.MaxPool2d(2)),  # (N, 32, 8, 8)
            *(unit(32, 32, 3), unit(32, 48, 3)),  # (N, 48, 8, 8)
        )
        heads = {
            "average": [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(48, 10)],
            "dense": [nn.Flatten(), nn.Linear(48 * 64, 10)],
            "two dense": [nn.Flatten(), nn.Linear(48 * 64, 128), nn.ReLU(), nn.Linear(128, 10)],
        }
        self.head, self.auxiliary = nn.Sequential(*heads[head]), nn.ModuleDict()

    def forward(self, x: Tensor) -> list[Tensor] | Tensor:
        """Scores; in training alone in a list."""
        scores = self.head(self.body(x))
        return [scores] if self.training else scores


def build(task: Task) -> nn.Module:
    """The network of a run, from its start."""
    model = FourConvolutions(task.head) if task.experiment == "heads" else SmallGoogLeNet()
    for layer in model.modules():
        if task.start == "He" and isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def optimizer_for(task: Task, model: nn.Module) -> torch.optim.Optimizer:
    """AdamW, or stochastic gradient descent with momentum as in the paper."""
    if task.experiment == "heads":
        return torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=0.01, fused=True)
    return torch.optim.SGD(model.parameters(), lr=task.rate, momentum=0.9, weight_decay=1e-4)


def work(task: Task) -> dict:
    """Make one run: half a cosine down to zero."""
    torch.set_num_threads(1)
    began, data = time.process_time(), load(task.experiment)
    torch.manual_seed(task.seed)
    model = build(task)
    generator = torch.Generator().manual_seed(task.seed)
    images, labels = data.train
    optimizer = optimizer_for(task, model)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, task.updates)
    record: dict = {"loss": [], "validation": []}
    batches, losses = endless_batches(len(images), BATCH, generator), []
    for step in range(1, task.updates + 1):
        rows = next(batches)
        scores, *others = model(images[rows])
        loss = total = F.cross_entropy(scores, labels[rows])
        if task.weight:
            total = loss + task.weight * sum(F.cross_entropy(other, labels[rows]) for other in others)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % (task.updates // MARKS) == 0:
            mean = sum(losses) / len(losses)
            record["loss"].append(round(mean, 4) if math.isfinite(mean) else None)
            record["validation"].append(accuracy(model, *data.validation))
            losses = []
    record["train"] = accuracy(model, images, labels)
    if task.role != "search":
        record["test"] = accuracy(model, *data.test)
    record["parameters"] = sum(p.numel() for p in model.parameters())
    record["parameters"] -= sum(p.numel() for p in model.auxiliary.parameters())  # of use in training only
    return {**task._asdict(), **record, "seconds": round(time.process_time() - began)}


def best(runs: list[dict], kind: Task) -> float:
    """The rate that did best on validation images in the search; of equals the smaller."""
    mine = [run for run in runs if all(run[key] == getattr(kind, key) for key in ("head", "start", "weight"))]
    return max(mine, key=lambda run: (run["validation"][-1], -run["rate"]))["rate"]


def runs_of(name: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """The runs of an experiment: the search, the seeds of every kind, then the longer ones."""
    plain = Task(name, "search", "average", "He", 0.0, 0.0, SEARCH_SEED, UPDATES[name])
    if name == "heads":
        kinds = [plain._replace(head=head) for head in HEADS]
    else:
        kinds = [plain._replace(start=start, weight=weight) for start in STARTS for weight in WEIGHTS]
    found = list(make(work, [kind._replace(rate=r) for kind in kinds for r in RATES[name]], pool, known))
    yield from found
    kinds = [kind._replace(role="seed", rate=best(found, kind)) for kind in kinds]
    longer = [kind._replace(role="longer", updates=LONGER * kind.updates) for kind in kinds]
    kinds += [kind for kind in longer if kind.start == "He"]
    yield from make(work, [kind._replace(seed=seed) for kind in kinds for seed in SEEDS], pool, known)


if __name__ == "__main__":
    main(__doc__, NAME, COMMAND, UPDATES, runs_of, SHOWN)

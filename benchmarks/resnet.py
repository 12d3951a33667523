"""The experiments of chapter 11, stored for it: ``python -m benchmarks.resnet [--only NAME] [--resume]``.

Stacks of 16 channels on the digits, halved to 14 x 14: a stem, blocks of two convolutions at 4 x 4, all of
one shape, the mean of each channel, a dense layer; as the chapter builds and trains them, with its seeds.

`depth`: plain and residual stacks of 8 and 32 layers at each of five learning rates, and variants of 32
layers: plain, but near the copying kernels at the start; plain, but near kernels that mix the channels by a
random orthogonal matrix, of the same size as the copying ones; at three of the rates residual with a last
scale that starts at 0, and residual with pre-activation. Three times the chapter's updates.

`groups`: batch norm over 2, 4, 8 or all 32 images of the same batches, residual, 8 layers.

`schedule`: constant, warm-up, cosine, both, residual, 8 and 32 layers.

Three seeds of everything; the script chooses nothing. Seven minutes on two cores.
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

from benchmarks._stored import main, make
from course_lib import datasets

NAME, COMMAND = "11_resnet", "python -m benchmarks.resnet"
SEEDS, BATCH, MARKS, CHANNELS = (0, 1, 2), 32, 10, 16
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
UPDATES = {"depth": 600, "groups": 400, "schedule": 200}
KINDS = {"plain": (8, 32), "residual": (8, 32)}
VARIANTS = {"copy": RATES, "mixing": RATES, "zero": RATES[1:4], "pre": RATES[1:4]}  # of 32 layers
GROUPS, GROUP_RATES = (32, 8, 4, 2), (0.03, 0.1, 0.3)
SCHEDULES, SCHEDULE_RATES = ("constant", "warm-up", "cosine", "both"), (0.03, 0.1, 0.3, 1.0)
NEAR = 0.1  # of He's weights, added to the kernels at the start of `copy` and `mixing`

SHOWN = ("kind", "depth", "group", "schedule", "rate", "seed", "train_error", "seconds")


class Task(NamedTuple):
    """One run."""

    experiment: str
    kind: str  # one of `KINDS` and `VARIANTS`
    depth: int
    group: int  # images that are normalised together
    schedule: str  # one of `SCHEDULES`
    rate: float
    updates: int
    seed: int


class Digits(NamedTuple):
    """Standardised digits of 14 x 14: to train on, and held out."""

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor


@cache
def load() -> Digits:
    """1,200 digits to train on; every sixth run of forty, which one writer wrote, is held out."""
    part = datasets.load("digits").train
    images = F.avg_pool2d(torch.from_numpy(part.images), 2)  # (1440, 1, 14, 14)
    labels = torch.from_numpy(part.labels)
    held = torch.arange(len(labels)) // 40 % 6 == 5
    mean, std = images[~held].mean(), images[~held].std()
    return Digits((images[~held] - mean) / std, labels[~held], (images[held] - mean) / std, labels[held])


class GroupedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose training statistics come from `group` images instead of all of the batch."""

    group = BATCH

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, shape (N, C, H, W)."""
        if not self.training or self.group >= len(x):
            return super().forward(x)
        return torch.cat([super(GroupedBatchNorm, self).forward(part) for part in x.split(self.group)])


class Block(nn.Module):
    """Two 3x3 convolutions with batch norm; `kind` says what becomes of the input."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.conv1 = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        self.bn1 = GroupedBatchNorm(CHANNELS)
        self.conv2 = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
        self.bn2 = GroupedBatchNorm(CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, C, H, W), to the same shape."""
        if self.kind == "pre":
            h = self.conv1(torch.relu(self.bn1(x)))  # (N, C, H, W)
            return x + self.conv2(torch.relu(self.bn2(h)))
        h = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))  # (N, C, H, W)
        return torch.relu(x + h if self.kind in ("residual", "zero") else h)


def mixing(n: int) -> Tensor:
    """A random orthogonal matrix of `n` channels, as far from zero as the identity."""
    return torch.linalg.qr(torch.randn(n, n)).Q


def stack(kind: str, depth: int, group: int = BATCH) -> nn.Sequential:
    """A stack of `depth` layers with weights for 1 x 14 x 14."""
    last = [GroupedBatchNorm(CHANNELS), nn.ReLU()] if kind == "pre" else []
    model = nn.Sequential(
        nn.Conv2d(1, CHANNELS, 5, stride=2, padding=2, bias=False),  # (N, 16, 7, 7)
        *(GroupedBatchNorm(CHANNELS), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)),  # (N, 16, 4, 4)
        *(Block(kind) for _ in range(depth // 2 - 1)),
        *(*last, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 10)),
    )
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        elif isinstance(layer, GroupedBatchNorm):
            layer.group = group
    for block in model:
        if isinstance(block, Block) and kind == "zero":
            nn.init.zeros_(block.bn2.weight)
        if isinstance(block, Block) and kind in ("copy", "mixing"):
            for conv in (block.conv1, block.conv2):
                conv.weight.data.mul_(NEAR)
                conv.weight.data[:, :, 1, 1] += mixing(CHANNELS) if kind == "mixing" else torch.eye(CHANNELS)
    return model


def factor(schedule: str, step: int, updates: int) -> float:
    """Share of the learning rate in update `step`, counted from 0."""
    warm = updates // 10 if schedule in ("warm-up", "both") else 0
    if step < warm:
        return (step + 1) / warm
    if schedule in ("cosine", "both"):
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / (updates - warm)))
    return 1.0


@torch.no_grad()
def judge(model: nn.Module, x: Tensor, y: Tensor) -> tuple[float, float]:
    """Loss and share of errors."""
    logits = model(x)  # (N, 10)
    loss = F.cross_entropy(logits, y).item()
    wrong = (logits.argmax(dim=1) != y).float().mean().item()
    return round(loss, 4) if math.isfinite(loss) else 99.0, round(wrong, 4)


def train(model: nn.Module, data: Digits, task: Task) -> list[float]:
    """Momentum 0.9 and weight decay 1e-4, every full batch of an epoch in a new order; every loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=task.rate, momentum=0.9, weight_decay=1e-4)
    generator, losses, batches = torch.Generator().manual_seed(task.seed), [], []
    whole = len(data.y) // BATCH * BATCH
    model.train()
    for step in range(task.updates):
        if not batches:
            batches = list(torch.randperm(len(data.y), generator=generator)[:whole].split(BATCH))
        rows = batches.pop()
        optimizer.param_groups[0]["lr"] = task.rate * factor(task.schedule, step, task.updates)
        loss = F.cross_entropy(model(data.x[rows]), data.y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(min(loss.item(), 99.0) if math.isfinite(loss.item()) else 99.0)
    return losses


def work(task: Task) -> dict:
    """Make one run in a worker."""
    torch.set_num_threads(1)
    began, data = time.process_time(), load()
    torch.manual_seed(task.seed)
    model = stack(task.kind, task.depth, task.group)
    losses = torch.tensor(train(model, data, task)).reshape(MARKS, -1)  # (10, updates / 10)
    record: dict = {"loss": [round(mean, 4) for mean in losses.mean(dim=1).tolist()]}
    model.eval()
    record["train_loss"], record["train_error"] = judge(model, data.x, data.y)
    record["validation_loss"], record["validation_error"] = judge(model, data.x_val, data.y_val)
    return {**task._asdict(), **record, "seconds": round(time.process_time() - began, 1)}


def tasks(name: str) -> list[Task]:
    """The runs of one experiment."""
    usual = Task(name, "residual", 8, BATCH, "both", 0.1, UPDATES[name], 0)
    if name == "depth":
        pairs = [(kind, depth) for kind, depths in KINDS.items() for depth in depths]
        cases = [usual._replace(kind=k, depth=d, rate=rate) for k, d in pairs for rate in RATES]
        cases += [
            usual._replace(kind=k, depth=32, rate=rate) for k, rates in VARIANTS.items() for rate in rates
        ]
    elif name == "groups":
        cases = [usual._replace(group=group, rate=rate) for group in GROUPS for rate in GROUP_RATES]
    else:
        ways = [(s, rate) for s in SCHEDULES for rate in SCHEDULE_RATES]
        cases = [usual._replace(depth=d, schedule=s, rate=rate) for d in (8, 32) for s, rate in ways]
        cases = [case for case in cases if case.depth == 8 or case.rate in RATES[2:]]
    return [case._replace(seed=seed) for case in cases for seed in SEEDS]


def runs_of(name: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """Make the runs of one experiment."""
    yield from make(work, tasks(name), pool, known)


if __name__ == "__main__":
    main(__doc__, NAME, COMMAND, UPDATES, runs_of, SHOWN)

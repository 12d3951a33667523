"""The runs behind chapter 16, stored: ``python -m benchmarks.upsampling [--only NAME] [--resume]``.

Networks name the class of every pixel of drawn scenes of 32 x 32. The rate of each is the best on validation
images, from a seed that is used for nothing else, of a ladder that goes on until the best is no end of it.

`networks`: softmax regression on the colour, a small window, and the chapter's fully convolutional network,
narrow and wide; five seeds, and three of the window once more with twice the updates. Every seed looks at the
test images once.

Four minutes on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import Data, main, make
from course_lib.datasets.drawing import scenes
from course_lib.metrics import intersection_over_union
from course_lib.models.fcn import Upsample

NAME, COMMAND = "16_upsampling", "python -m benchmarks.upsampling"
SEEDS, SEARCH_SEED, BATCH, MARKS, SEARCH, UPDATES = (0, 1, 2, 3, 4), 100, 16, 10, 400, 1200
LADDER, FIRST = (2e-4, 6e-4, 2e-3, 6e-3, 2e-2, 6e-2, 0.2, 0.6, 2.0, 6.0), (6e-3, 2e-2, 6e-2)
EXPERIMENTS = {
    "networks": ("colour of the pixel", "window of 5 × 5", "FCN, narrow", "FCN"),
}
LONGER = ("window of 5 × 5",)  # once more with twice the updates


class Task(NamedTuple):
    """One run."""

    network: str
    role: str  # "search", "seed" or "longer"
    seed: int
    rate: float
    updates: int


@cache
def load() -> Data:
    """Scenes and the class of each pixel, standardised by the channels of the training images."""
    parts = []
    for seed, count in ((0, 1400), (1, 300)):
        drawn = scenes(count, 32, seed=seed, max_objects=2)
        parts.append((torch.from_numpy(drawn.images), torch.from_numpy(drawn.class_map())))
    (x, y), (x_test, y_test) = parts
    mean, std = (f(x[:1200], dim=(0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    x, x_test = (x - mean) / std, (x_test - mean) / std
    return Data((x[:1200], y[:1200]), (x[1200:], y[1200:]), (x_test, y_test))


def conv(C_in: int, C_out: int) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    layer = nn.Conv2d(C_in, C_out, 3, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(C_out), nn.ReLU())


def build(network: str) -> nn.Module:
    """The network of a run, from its start."""
    if network == "colour of the pixel":
        return nn.Conv2d(3, 5, kernel_size=1)
    if network == "window of 5 × 5":
        return nn.Sequential(conv(3, 16), conv(16, 16), nn.Conv2d(16, 5, kernel_size=1))
    C = 3 if network == "FCN, narrow" else 12
    return nn.Sequential(
        *(conv(3, C), nn.MaxPool2d(2)),  # (N, C, 16, 16)
        *(conv(C, 2 * C), nn.MaxPool2d(2)),  # (N, 2 C, 8, 8)
        *(conv(2 * C, 4 * C), conv(4 * C, 4 * C)),  # (N, 4 C, 8, 8)
        *(nn.Conv2d(4 * C, 5, kernel_size=1), Upsample(5, 4)),  # (N, 5, 32, 32)
    )


def answer(model: nn.Module, images: Tensor) -> np.ndarray:
    """The class of every pixel, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        found = model(images).argmax(dim=1)  # (N, 32, 32)
    model.train()
    return found.numpy()


def mean_iou(found: np.ndarray, classes: Tensor) -> float:
    """Mean over the five classes."""
    return round(float(intersection_over_union(found, classes.numpy(), 5).mean()), 4)


def measured(found: np.ndarray, classes: Tensor) -> dict:
    """On test images: the mean IoU, of objects against background, and the mistakes' share at borders."""
    truth = classes.float()[:, None]  # (N, 1, 32, 32)
    border = F.max_pool2d(truth, 3, 1, 1) != -F.max_pool2d(-truth, 3, 1, 1)  # a neighbour is of another class
    wrong, objects, true = found != classes.numpy(), found > 0, classes.numpy() > 0
    return {
        "test": mean_iou(found, classes),
        "objects": round(float((objects & true).sum() / (objects | true).sum()), 4),
        "border": round(float(wrong[border[:, 0].numpy()].sum() / wrong.sum()), 4),
    }


def work(task: Task) -> dict:
    """Make one run: Adam, one cycle of the learning rate."""
    torch.set_num_threads(1)
    data = load()
    torch.manual_seed(task.seed)
    began, model = time.process_time(), build(task.network)
    optimizer = torch.optim.Adam(model.parameters(), task.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, task.rate, task.updates)
    images, classes = data.train
    curve = []
    for step in range(1, task.updates + 1):
        rows = torch.randint(len(images), (BATCH,))
        loss = F.cross_entropy(model(images[rows]), classes[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % (task.updates // MARKS) == 0:
            curve.append(mean_iou(answer(model, data.validation[0]), data.validation[1]))
    run = {**task._asdict(), "validation": curve}
    if task.role != "search":
        run |= measured(answer(model, data.test[0]), data.test[1])
    run["parameters"] = sum(p.numel() for p in model.parameters())
    return {**run, "seconds": round(time.process_time() - began, 1)}


def best(runs: list[dict]) -> float:
    """The rate that did best on validation images; of equals the lower."""
    return max(runs, key=lambda run: (run["validation"][-1], -run["rate"]))["rate"]


def next_rate(runs: list[dict]) -> list[float]:
    """The next rung beyond the best, where the best, better than all others, is an end of what was tried."""
    scores = sorted(run["validation"][-1] for run in runs)
    places = [LADDER.index(run["rate"]) for run in runs]
    place = LADDER.index(best(runs))
    beyond = [p for p in (place - 1, place + 1) if p not in places and 0 <= p < len(LADDER)]
    return [LADDER[p] for p in beyond] if scores[-1] > scores[-2] else []


def runs_of(experiment: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """The search of every network, its seeds, and the longer runs."""
    names = EXPERIMENTS[experiment]
    tried: dict[str, list[dict]] = {name: [] for name in names}
    wanted = [(name, rate) for name in names for rate in FIRST]
    while wanted:
        tasks = [Task(name, "search", SEARCH_SEED, rate, SEARCH) for name, rate in wanted]
        for run in make(work, tasks, pool, known):
            tried[run["network"]].append(run)
            yield run
        wanted = [(name, rate) for name in names for rate in next_rate(tried[name])]
    tasks = [Task(name, "seed", seed, best(tried[name]), UPDATES) for name in names for seed in SEEDS]
    tasks += [
        task._replace(role="longer", updates=2 * UPDATES)
        for task in tasks
        if task.network in LONGER and task.seed in SEEDS[:3]
    ]
    yield from make(work, tasks, pool, known)


if __name__ == "__main__":
    shown = ("network", "role", "seed", "rate", "updates", "validation", "seconds")
    main(__doc__, NAME, COMMAND, EXPERIMENTS, runs_of, shown)

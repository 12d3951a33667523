"""The two experiments of chapter 09, stored for it: ``python -m benchmarks.vgg [--only NAME] [--resume]``.

`windows`: one small network, whose stages are one large window or a stack of 3x3 of the same field, with the
controls that tell apart what a stack changes: the number of ReLUs, of weights, and the way the window is put
together. On the drawn shapes, halved to 32 x 32. The learning rate is the best of five on validation images,
from a seed that is used for nothing else; then three seeds, and one look at the test images each.

`start`: can VGG-11 and VGG-16 be trained from the small weights of their time, from a shallower network's
weights, from weights that keep the signal's size? At an eighth of the width, on the digits, framed to 32 x 32
and at the paper's learning rate, the gradient's length cut to 1.

`longer` repeats some with twice the updates, `faster` one at a higher rate, `smaller` one from the weights of
the paper's own deviation. A quarter of an hour on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import Data, accuracy, main, make
from course_lib import datasets

NAME, COMMAND = "09_vgg", "python -m benchmarks.vgg"
SEEDS, SEARCH_SEED, BATCH, MARKS = (0, 1, 2), 100, 64, 10
RATES, SEARCH = (2e-3, 6e-3, 2e-2, 6e-2, 0.2), 400  # of `windows`: what is tried, and for how many updates
UPDATES = {"windows": 800, "start": 500}
LONGER = ("one 7x7", "three 3x3", "16, small")  # once more with twice the updates
PAPERS_RATE, FASTER = 0.01, 0.03  # of `start`: for all, and the control of the plain VGG-16
SMALL_UPDATES = 800  # of the transplant at the paper's own deviation

CHANNELS = 16  # of every layer of `windows`, so that a stage costs K * K * CHANNELS ** 2
KERNELS = {
    "one 7x7": (7,),
    "one 7x7, two 1x1": (7, 1, 1),
    "three 3x3": (3, 3, 3),
    "three 3x3, one ReLU": (3, 3, 3),
    "one 5x5": (5,),
    "two 3x3": (3, 3),
}

TABLE = {11: (1, 1, 2, 2, 2), 16: (2, 2, 3, 3, 3)}
WIDTHS, UNITS, SMALLER = (64, 128, 256, 512, 512), 4096, 8  # the paper's, and the factor that we leave out
PIXELS = 60  # root mean square of pixels from 0 to 255 less their mean, about
DEVIATION = 0.014  # of the paper's wide layers: the small VGG-11 learns with it in some hundred updates
PAPERS_DEVIATION = 0.01
STARTS = {"11, small": 11, "16, small": 16, "16 from 11": 16, "16, He": 16}

SHOWN = ("kind", "role", "seed", "rate", "validation", "seconds")


class Task(NamedTuple):
    """One run."""

    experiment: str
    kind: str
    role: str  # "search", "seed", "longer", "faster" or "smaller"
    seed: int
    rate: float
    updates: int


@cache
def load(experiment: str) -> Data:
    """Images of 32 x 32, standardised by the mean and deviation of the training images."""
    if experiment == "windows":
        data, held = datasets.load("shapes", train=9000, test=2000), 1000
        shrink = lambda x: F.avg_pool2d(x, 2)  # noqa: E731
    else:
        data, held = datasets.load("digits"), 240
        shrink = lambda x: F.pad(x, (2, 2, 2, 2))  # noqa: E731
    (x, y), (x_test, y_test) = (
        (shrink(torch.from_numpy(part.images)), torch.from_numpy(part.labels))
        for part in (data.train, data.test)
    )
    x, x_test = (part.contiguous(memory_format=torch.channels_last) for part in (x, x_test))
    last = len(x) - held  # whole runs of writers, where images come in runs
    mean, std = x[:last].mean(dim=(0, 2, 3), keepdim=True), x[:last].std(dim=(0, 2, 3), keepdim=True)
    x, x_test = (x - mean) / std, (x_test - mean) / std
    return Data((x[:last], y[:last]), (x[last:], y[last:]), (x_test, y_test))


def stage(kind: str, C: int) -> list[nn.Module]:
    """The layers of one stage."""
    layers: list[nn.Module] = []
    for K in KERNELS[kind]:
        layers += [nn.Conv2d(C, C, K, padding=K // 2, bias=False), nn.BatchNorm2d(C), nn.ReLU()]
    if kind.endswith("one ReLU"):
        layers = [layer for layer in layers[:-1] if not isinstance(layer, nn.ReLU)] + layers[-1:]
    return layers


def windows_net(kind: str) -> nn.Sequential:
    """A 3x3 layer with stride 2, two stages that differ, and one dense layer on the channels' means."""
    C = CHANNELS
    first = [nn.Conv2d(3, C, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(C), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(C, 10)]
    return nn.Sequential(*first, *stage(kind, C), nn.MaxPool2d(2), *stage(kind, C), *head)


def vgg(depth: int) -> nn.Sequential:
    """VGG for 1 x 32 x 32, an eighth of the channels and units, no dropout."""
    layers, C_in = [], 1
    for n, width in zip(TABLE[depth], WIDTHS, strict=True):
        for _ in range(n):
            layers += [nn.Conv2d(C_in, width // SMALLER, 3, padding=1), nn.ReLU()]
            C_in = width // SMALLER
        layers.append(nn.MaxPool2d(2))
    units = UNITS // SMALLER
    head = [nn.Linear(C_in, units), nn.ReLU(), nn.Linear(units, units), nn.ReLU(), nn.Linear(units, 10)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


def weighted(model: nn.Sequential) -> list[nn.Module]:
    """The layers that have weights, in order."""
    return [layer for layer in model if isinstance(layer, nn.Conv2d | nn.Linear)]


def draw_weights(model: nn.Sequential, he: bool, sigma: float = DEVIATION) -> None:
    """Normal weights: He's deviation, or the one with the gain of `sigma` in the paper's wide layer."""
    layers = weighted(model)
    dense = [layer for layer in layers if isinstance(layer, nn.Linear)]
    for place, layer in enumerate(layers):
        inputs = layer.weight[0].numel()
        wide = WIDTHS[-1] * 49 if layer is dense[0] else inputs * SMALLER  # inputs of the paper's layer
        deviation = PAPERS_DEVIATION * PIXELS if place == 0 else sigma * (wide / inputs) ** 0.5
        nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5 if he else deviation)
        nn.init.zeros_(layer.bias)


def copy_start(deep: nn.Sequential, shallow: nn.Sequential) -> int:
    """The paper's start: the first four convolutions and the three dense layers of the shallow network."""
    given = weighted(shallow)
    taken, copied = weighted(deep), 0
    for source in given[:4]:  # each goes to the first layer of its own shape
        target = next(layer for layer in taken if layer.weight.shape == source.weight.shape)
        target.load_state_dict(source.state_dict())
        taken = taken[taken.index(target) + 1 :]
        copied += 1
    for source, target in zip(given[-3:], taken[-3:], strict=True):
        target.load_state_dict(source.state_dict())
        copied += 1
    return copied


def train(model: nn.Module, optimizer: torch.optim.Optimizer, data: Data, task: Task, schedule=None) -> dict:
    """Train, and measure at `MARKS` evenly spaced updates."""
    order = torch.Generator().manual_seed(task.seed)
    batches: list[Tensor] = []
    record: dict[str, list[float]] = {"loss": [], "validation": []}
    losses = []
    for step in range(1, task.updates + 1):
        if len(batches) == 0:
            batches = list(torch.randperm(len(data.train[0]), generator=order).split(BATCH))
        pick = batches.pop()
        loss = F.cross_entropy(model(data.train[0][pick]), data.train[1][pick])
        optimizer.zero_grad()
        loss.backward()
        if task.experiment == "start":  # a step too large at the end of a plateau switches all ReLUs off
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        losses.append(loss.item())
        if step % (task.updates // MARKS) == 0:
            record["loss"].append(round(sum(losses) / len(losses), 4))
            record["validation"].append(accuracy(model, *data.validation))
            losses = []
    return record


def run_windows(task: Task, data: Data) -> tuple[nn.Module, dict]:
    """AdamW, a tenth of the updates to warm up, then half a cosine down to zero."""
    torch.manual_seed(task.seed)
    model = windows_net(task.kind).to(memory_format=torch.channels_last)  # faster here
    optimizer = torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, task.rate, total_steps=task.updates, pct_start=0.1, cycle_momentum=False
    )
    return model, train(model, optimizer, data, task, schedule)


def run_start(task: Task, data: Data) -> tuple[nn.Module, dict]:
    """The paper's optimiser and weight decay; one rate throughout."""
    torch.manual_seed(task.seed)
    model = vgg(STARTS[task.kind])
    sigma = PAPERS_DEVIATION if task.role == "smaller" else DEVIATION
    draw_weights(model, he=task.kind.endswith("He"), sigma=sigma)
    if task.kind == "16 from 11":
        shallow, _ = run_start(task._replace(kind="11, small"), data)
        copy_start(model, shallow)
    optimizer = torch.optim.SGD(model.parameters(), lr=task.rate, momentum=0.9, weight_decay=5e-4)
    return model, train(model, optimizer, data, task)


def work(task: Task) -> dict:
    """Make one run in a worker."""
    torch.set_num_threads(1)
    data = load(task.experiment)
    began = time.process_time()
    model, record = (run_windows if task.experiment == "windows" else run_start)(task, data)
    record["seconds"] = round(time.process_time() - began)
    record["train"] = accuracy(model, *data.train)
    if task.role != "search":
        record["test"] = accuracy(model, *data.test)
    convolutions = [p.numel() for p in model.parameters() if p.ndim == 4]
    return {
        **task._asdict(),
        **record,
        "parameters": sum(p.numel() for p in model.parameters()),
        "convolutional_weights": sum(convolutions),
    }


def chosen(runs: list[dict], kind: str) -> float:
    """The rate that did best on validation images; of equals the lower."""
    search = [run for run in runs if run["kind"] == kind and run["role"] == "search"]
    return max(search, key=lambda run: (run["validation"][-1], -run["rate"]))["rate"]


def search(pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """Every rate of `windows` once for every contestant."""
    tasks = [Task("windows", kind, "search", SEARCH_SEED, rate, SEARCH) for kind in KERNELS for rate in RATES]
    yield from make(work, tasks, pool, known)


def judge(name: str, rates: dict[str, float], pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """Three seeds of everything: the contestants, then the controls."""
    updates = UPDATES[name]
    plain = [Task(name, kind, "seed", 0, rates[kind], updates) for kind in rates]
    tasks = [*plain]
    tasks += [task._replace(role="longer", updates=2 * updates) for task in plain if task.kind in LONGER]
    if name == "start":
        tasks.append(Task(name, "16, small", "faster", 0, FASTER, updates))
        tasks.append(Task(name, "16 from 11", "smaller", 0, PAPERS_RATE, SMALL_UPDATES))
    tasks = [task._replace(seed=seed) for task in tasks for seed in SEEDS]
    yield from make(work, tasks, pool, known)


def experiment(name: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """All runs of one experiment."""
    rates = dict.fromkeys(STARTS, PAPERS_RATE)
    if name == "windows":
        searched = []
        for run in search(pool, known):
            searched.append(run)
            yield run
        rates = {kind: chosen(searched, kind) for kind in KERNELS}
    yield from judge(name, rates, pool, known)


if __name__ == "__main__":
    main(__doc__, NAME, COMMAND, UPDATES, experiment, SHOWN)

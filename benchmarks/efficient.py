"""The two experiments of chapter 12, stored: ``python -m benchmarks.efficient [--only NAME] [--resume]``.

`blocks`: one small network whose blocks are full or depthwise separable convolutions, with squeeze and
excitation, dense, ConvNeXt's, or, in place of all convolutions, patches and attention; at the same work or at
a fifth of it. Softmax regression and an MLP stand beside them. On the drawn shapes, halved to 32 x 32. The
rate is the best on validation images, from a seed that is used for nothing else, of a ladder that goes on
until the best is no end of it; then three seeds, and one look at the test images each. `longer` repeats some
with twice the updates.

`transfer`: the network with full blocks learns five of the ten shapes; then the other five, from 5, 20 and
100 images a class: from scratch, with all weights fine-tuned, or as features under a new dense layer; the
control takes its features from a network that was never trained, and softmax regression sees the pixels. At 5
images a class fine-tuning is taken apart: with batch norm's statistics frozen, from a dense layer that was
trained on the frozen features first, with both. `longer` gives training from scratch on 100 images five times
the updates.

About a quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import RESULTS, Data, accuracy, make, read, save
from course_lib import datasets
from course_lib.reporting import cost

NAME, COMMAND, WEIGHTS = "12_efficient", "python -m benchmarks.efficient", "12_source.npz"
SEEDS, SEARCH_SEED, MARKS, BATCH = (0, 1, 2), 100, 10, 64
LADDER = (2e-6, 6e-6, 2e-5, 6e-5, 2e-4, 6e-4, 2e-3, 6e-3, 2e-2, 6e-2, 0.2, 0.6)
SEARCH, UPDATES = 200, 500  # of `blocks`
LONGER = ("attention",)  # once more with twice the updates
#: Channels (numbers of a token for attention) of each contestant, and what its blocks are.
CONTESTANTS = {
    "full": (16, "full"),
    "full, narrow": (7, "full"),
    "separable, wide": (42, "separable"),
    "separable": (16, "separable"),
    "full, squeezed": (16, "squeezed"),
    "dense": (16, "dense"),
    "convnext": (14, "convnext"),
    "attention": (32, "attention"),
    "softmax regression": (0, "softmax"),
    "MLP": (725, "mlp"),
}
GROWTH, HEADS, PATCH = 9, 4, 4

SOURCE, TARGET = (0, 2, 4, 6, 8), (1, 3, 5, 7, 9)  # every other class, in the order of the labels
COUNTS, METHODS = (5, 20, 100), ("scratch", "fine-tuned", "frozen", "frozen, untrained", "softmax regression")
APART = ("norm frozen", "head first", "head first, norm frozen")  # fine-tuning taken apart
HEAD_RATE = 6e-3  # the best rate of "frozen" at 5 images
SOURCE_SEARCH, SOURCE_CHANNELS, SOURCE_UPDATES, TARGET_UPDATES, TARGET_BATCH = 300, 24, 1200, 300, 25


class Task(NamedTuple):
    """One run."""

    experiment: str
    kind: str
    role: str  # "search", "seed" or "longer"
    seed: int
    rate: float
    updates: int
    count: int  # images of each class; 0 for all


@cache
def prepared() -> tuple[Data, dict[str, Tensor]]:
    """Images of 32 x 32, standardised by the mean and deviation of the training images; and these two."""
    data = datasets.load("shapes", train=9000, test=2000)
    (x, y), (x_test, y_test) = (
        (F.avg_pool2d(torch.from_numpy(part.images), 2), torch.from_numpy(part.labels))
        for part in (data.train, data.test)
    )
    x, x_test = (part.contiguous(memory_format=torch.channels_last) for part in (x, x_test))
    last = len(x) - 1000
    mean, std = x[:last].mean(dim=(0, 2, 3), keepdim=True), x[:last].std(dim=(0, 2, 3), keepdim=True)
    x, x_test = (x - mean) / std, (x_test - mean) / std
    parts = Data((x[:last], y[:last]), (x[last:], y[last:]), (x_test, y_test))
    return parts, {"pixels.mean": mean, "pixels.std": std}


def load() -> Data:
    """The images in three parts."""
    return prepared()[0]


def conv(C_in: int, C_out: int, K: int, **options: int) -> list[nn.Module]:
    """A convolution that keeps the size at stride 1, batch norm and ReLU."""
    layer = nn.Conv2d(C_in, C_out, K, padding=K // 2, bias=False, **options)
    return [layer, nn.BatchNorm2d(C_out), nn.ReLU()]


class Shortcut(nn.Sequential):
    """x + F(x), F the layers in order."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class SqueezeExcite(nn.Module):
    """Each channel times a number between 0 and 1 that all channels' means decide."""

    def __init__(self, C: int, squeeze: int = 4) -> None:
        super().__init__()
        self.dense1, self.dense2 = nn.Linear(C, C // squeeze), nn.Linear(C // squeeze, C)

    def forward(self, x: Tensor) -> Tensor:
        gate = self.dense2(torch.relu(self.dense1(x.mean(dim=(2, 3)))))  # (N, C)
        return x * torch.sigmoid(gate)[:, :, None, None]  # (N, C, H, W)


class NextBranch(nn.Module):
    """ConvNeXt's branch: depthwise 7x7, layer norm, dense to four times the channels, GELU, dense back."""

    def __init__(self, C: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(C, C, 7, padding=3, groups=C)
        self.layers = nn.Sequential(nn.LayerNorm(C), nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(x).permute(0, 2, 3, 1)  # (N, H, W, C)
        return self.layers(x).permute(0, 3, 1, 2)  # (N, C, H, W)


class DenseLayer(nn.Sequential):
    """x and what a 3x3 convolution makes of it, one behind the other along the channels."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, super().forward(x)], dim=1)  # (N, C + growth, H, W)


class Attention(nn.Module):
    """Self-attention of several heads."""

    def __init__(self, D: int, heads: int) -> None:
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(D, 3 * D), nn.Linear(D, D)

    def forward(self, x: Tensor) -> Tensor:
        N, T, D = x.shape
        qkv = self.qkv(x).reshape(N, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(*qkv)  # (N, heads, T, D / heads)
        return self.out(y.transpose(1, 2).reshape(N, T, D))  # (N, T, D)


class Patches(nn.Module):
    """Patches of the image as tokens, with a learned place."""

    def __init__(self, D: int, size: int = 32) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, D, PATCH, stride=PATCH)
        self.places = nn.Parameter(0.02 * torch.randn((size // PATCH) ** 2, D))

    def forward(self, x: Tensor) -> Tensor:
        return self.embed(x).flatten(2).transpose(1, 2) + self.places  # (N, T, D)


class Mean(nn.Module):
    """Mean over the tokens."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=1)  # (N, D)


def attention_net(D: int, classes: int) -> nn.Sequential:
    """Patches, two blocks of attention and a small MLP, the mean and one dense layer."""
    layers: list[nn.Module] = [Patches(D)]
    for _ in range(2):
        layers += [
            Shortcut(nn.LayerNorm(D), Attention(D, HEADS)),
            Shortcut(nn.LayerNorm(D), nn.Linear(D, 4 * D), nn.GELU(), nn.Linear(4 * D, D)),
        ]
    return nn.Sequential(*layers, nn.LayerNorm(D), Mean(), nn.Linear(D, classes))


def stage(block: str, C: int) -> list[nn.Module]:
    """Three layers that look around, each with its way past it."""
    if block == "dense":
        layers = [DenseLayer(*conv(C + i * GROWTH, GROWTH, 3)) for i in range(3)]
        return [*layers, *conv(C + 3 * GROWTH, C, 1)]
    if block == "convnext":
        return [Shortcut(NextBranch(C)) for _ in range(3)]
    if block == "separable":
        return [Shortcut(*conv(C, C, 3, groups=C), *conv(C, C, 1)) for _ in range(3)]
    extra = [[SqueezeExcite(C)] if block == "squeezed" else [] for _ in range(3)]
    return [Shortcut(*conv(C, C, 3), *layers) for layers in extra]


def network(block: str, C: int, classes: int = 10) -> nn.Sequential:
    """A 3x3 layer with stride 2, two stages with a pooling between them, the mean and one dense layer."""
    if block == "attention":
        return attention_net(C, classes)
    pixels = 3 * 32 * 32
    if block == "softmax":
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, classes))
    if block == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, C), nn.ReLU(), nn.Linear(C, classes))
    body = [*conv(3, C, 3, stride=2), *stage(block, C), nn.MaxPool2d(2), *stage(block, C)]
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(C, classes))


class NormFrozen(nn.Sequential):
    """Layers whose batch norms keep their running mean and variance; their weights are trained."""

    def train(self, mode: bool = True) -> NormFrozen:
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        return self


def train(model: nn.Module, data: Data, task: Task, batch: int) -> dict:
    """AdamW, a tenth of the updates to warm up, then half a cosine; measured at `MARKS` updates."""
    parameters = [p for p in model.train().parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=task.rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, task.rate, total_steps=task.updates, pct_start=0.1, cycle_momentum=False
    )
    order = torch.Generator().manual_seed(task.seed)
    batches: list[Tensor] = []
    record: dict[str, list[float]] = {"loss": [], "validation": []}
    losses, seconds = [], 0.0
    for step in range(1, task.updates + 1):
        if len(batches) == 0:
            batches = list(torch.randperm(len(data.train[0]), generator=order).split(batch))
        pick, began = batches.pop(), time.process_time()
        loss = F.cross_entropy(model(data.train[0][pick]), data.train[1][pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        seconds += time.process_time() - began
        losses.append(loss.item())
        if step % (task.updates // MARKS) == 0:
            record["loss"].append(round(sum(losses) / len(losses), 4))
            record["validation"].append(accuracy(model, *data.validation))
            model.train()
            losses = []
    return {**record, "seconds": round(seconds, 1)}


def measured(model: nn.Module, data: Data, task: Task) -> dict:
    """Accuracy on training images, and, but for a search, on test images."""
    result = {"train": accuracy(model, *data.train)}
    if task.role != "search":
        result["test"] = accuracy(model, *data.test)
    return result


def run_blocks(task: Task) -> dict:
    """One contestant."""
    torch.manual_seed(task.seed)
    C, block = CONTESTANTS[task.kind]
    model = network(block, C).to(memory_format=torch.channels_last)
    known = cost(model, (3, 32, 32))
    record = train(model, load(), task, BATCH)
    record |= measured(model, load(), task)
    return {**task._asdict(), **record, "parameters": known.parameters, "multiply_adds": known.macs}


def classes_of(part: tuple[Tensor, Tensor], classes: tuple[int, ...], count: int, seed: int) -> tuple:
    """Images of some classes, labelled from 0; `count` of each, drawn by the seed, or all."""
    rows = []
    for label in classes:
        found = torch.nonzero(part[1] == label).flatten()  # (n,)
        if count:
            order = torch.Generator().manual_seed(1000 * seed + label)
            found = found[torch.randperm(len(found), generator=order)[:count]]
        rows.append(found)
    chosen = torch.cat(rows)
    return part[0][chosen], torch.searchsorted(torch.tensor(classes), part[1][chosen])


def data_of(classes: tuple[int, ...], count: int = 0, seed: int = 0) -> Data:
    """The images of five classes; `count` of each to train with, all others' parts whole."""
    data = load()
    parts = (classes_of(part, classes, 0, 0) for part in data[1:])
    return Data(classes_of(data.train, classes, count, seed), *parts)


def with_features(model: nn.Module, data: Data) -> Data:
    """Every image as what the network hands to its dense layer."""
    body = model[:-1].eval()
    with torch.no_grad():
        parts = [(torch.cat([body(few) for few in x.split(500)]), y) for x, y in data]
    return Data(*parts)


def run_transfer(task: Task, sources: dict[int, dict]) -> dict:
    """One run on five classes: the source's, or the others by one of the methods."""
    torch.manual_seed(task.seed)
    model = network("full", SOURCE_CHANNELS, 5).to(memory_format=torch.channels_last)
    if task.kind == "source":
        data = data_of(SOURCE)
        record = train(model, data, task, BATCH)
        weights = model.state_dict() | prepared()[1]
        record["weights"] = {key: value.numpy() for key, value in weights.items()}
        return {**task._asdict(), **record, **measured(model, data, task)}
    data = data_of(TARGET, task.count, task.seed)
    if task.kind == "softmax regression":
        model = network("softmax", 0, 5)
    if task.kind in ("fine-tuned", "frozen", *APART):
        given = sources[task.seed]
        model.load_state_dict({key: torch.from_numpy(given[key]) for key in model.state_dict()})
        model[-1].reset_parameters()  # five new classes
    if task.kind.startswith("frozen"):
        data, model = with_features(model, data), model[-1]
    if task.kind.startswith("head first"):
        head = task._replace(rate=HEAD_RATE, updates=TARGET_UPDATES)
        train(model[-1], with_features(model, data), head, TARGET_BATCH)
    if task.kind.endswith("norm frozen"):
        model = NormFrozen(*model)
    record = train(model, data, task, TARGET_BATCH)
    return {**task._asdict(), **record, **measured(model, data, task)}


def work(task: Task, sources: dict[int, dict]) -> dict:
    """Make one run in a worker."""
    torch.set_num_threads(1)
    return run_blocks(task) if task.experiment == "blocks" else run_transfer(task, sources)


def best(runs: list[dict]) -> float:
    """The rate that did best on validation images; of equals the lower."""
    return max(runs, key=lambda run: (run["validation"][-1], -run["rate"]))["rate"]


class Lab:
    """Makes runs in the pool, keeps them all, and hands each to `report` as it comes."""

    def __init__(self, pool: ProcessPoolExecutor, known: list[dict], report) -> None:
        self.pool, self.known, self.report = pool, known, report
        self.runs: list[dict] = []
        self.sources: dict[int, dict] = {}

    def make(self, tasks: list[Task]) -> list[dict]:
        made = []
        for run in make(partial(work, sources=self.sources), tasks, self.pool, self.known):
            if "weights" in run:
                self.sources[run["seed"]] = run.pop("weights")
            made.append(run)
            self.runs.append(run)
            self.report(self.runs, run)
        return made

    def search(self, plain: list[Task], first: tuple[float, ...]) -> list[Task]:
        """Every task at its best rate; the ladder is climbed until the best is no end of what was tried."""
        tried: dict[Task, list[dict]] = {task: [] for task in plain}
        wanted = [(task, rate) for task in plain for rate in first]
        while wanted:
            runs = self.make([task._replace(rate=rate) for task, rate in wanted])
            for (task, _), run in zip(wanted, runs, strict=True):
                tried[task].append(run)
            wanted = [(task, rate) for task in plain for rate in next_rates(tried[task])]
        return [task._replace(rate=best(tried[task])) for task in plain]


def next_rates(runs: list[dict]) -> list[float]:
    """The next rung beyond the best, where the best is the first or the last that was tried."""
    places = sorted(LADDER.index(run["rate"]) for run in runs)
    place = LADDER.index(best(runs))
    beyond = [p for p in (place - 1, place + 1) if p not in places and 0 <= p < len(LADDER)]
    return [LADDER[p] for p in beyond]


def seeds(tasks: list[Task], **changes: object) -> list[Task]:
    """Every task with every seed."""
    return [task._replace(role="seed", seed=seed, **changes) for task in tasks for seed in SEEDS]


def blocks(lab: Lab) -> None:
    """The search, three seeds of every contestant, and of some once more with twice the updates."""
    plain = [Task("blocks", kind, "search", SEARCH_SEED, 0.0, SEARCH, 0) for kind in CONTESTANTS]
    chosen = lab.search(plain, (2e-3, 6e-3, 2e-2))
    lab.make(seeds(chosen, updates=UPDATES))
    again = [task for task in seeds(chosen, updates=2 * UPDATES) if task.kind in LONGER]
    lab.make([task._replace(role="longer") for task in again])


def transfer(lab: Lab) -> None:
    """The source from four seeds, then every method with every number of images."""
    source = Task("transfer", "source", "search", SEARCH_SEED, 0.0, SOURCE_SEARCH, 0)
    (source,) = lab.search([source], (2e-3, 6e-3, 2e-2))
    lab.known = [run for run in lab.known if run["kind"] != "source"]  # the weights are not in the file
    tasks = [
        source._replace(role="seed", seed=seed, updates=SOURCE_UPDATES) for seed in (*SEEDS, SEARCH_SEED)
    ]
    lab.make(tasks)
    np.savez_compressed(RESULTS / WEIGHTS, **lab.sources[0])
    blank = Task("transfer", "", "search", SEARCH_SEED, 0.0, TARGET_UPDATES, 0)
    plain = [blank._replace(kind=kind, count=count) for kind in METHODS for count in COUNTS]
    chosen = lab.search(plain[:3], (2e-3, 6e-3, 2e-2)) + lab.search(plain[3:6], (6e-4, 2e-3, 6e-3))
    chosen += lab.search(plain[6:12], (6e-3, 2e-2, 6e-2))
    lab.make(seeds(chosen))
    lab.make(seeds(lab.search(plain[12:], (6e-5, 2e-4, 6e-4))))
    apart = [blank._replace(kind=kind, count=COUNTS[0]) for kind in APART]
    lab.make(seeds(lab.search(apart, (6e-4, 2e-3, 6e-3))))
    again = seeds([chosen[2]], updates=5 * TARGET_UPDATES)
    lab.make([task._replace(role="longer") for task in again])


EXPERIMENTS = {"blocks": blocks, "transfer": transfer}


def main() -> None:
    """Make the runs of the experiments asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=tuple(EXPERIMENTS))
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread (default 2)")
    parser.add_argument("--resume", action="store_true", help="keep the runs that the file holds")
    options = parser.parse_args()
    stored = read(NAME)
    result = {name: stored.get(name, []) for name in EXPERIMENTS}

    def report(name: str, runs: list[dict], run: dict) -> None:
        result[name] = runs
        save(NAME, COMMAND, {key: kept for key, kept in result.items() if kept})
        shown = ("kind", "role", "count", "seed", "rate", "validation", "seconds")
        print(*(f"{key}={run[key]}" for key in shown), flush=True)

    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as pool:
        for name in [options.only] if options.only else EXPERIMENTS:
            known = result[name] if options.resume else []
            EXPERIMENTS[name](Lab(pool, known, partial(report, name)))


if __name__ == "__main__":
    main()

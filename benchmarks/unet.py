"""The runs behind chapter 17, stored: ``python -m benchmarks.unet [--only NAME] [--resume]``.

Networks name the class of every pixel of drawn scenes. A search for the rate goes along a ladder until the
best on validation images is no end of what was tried; the best two are tried with a second seed, and the
better mean wins. Neither seed is used for anything else. Then three seeds, and the test images. They had been
seen once before: the second seed and twice the updates came after a first round, for all alike.

`search` and `networks`: on the scenes of chapter 16, 32 x 32 with one or two objects, a U-Net of depth 2;
without its skips; with the skips of other images of the batch; without the finest, without the coarser
one; its way down alone with the scores enlarged four times; and chapter 16's fully convolutional network.

`default`: U-Net and chapter 16's network on the default scenes, 64 x 64 with up to four objects, at the rates
that `search` found. Keeps the weights of seed 0.

`losses`: U-Net on the scenes of chapter 16 where nothing but crosses counts as an object, with three losses.

About twenty minutes on two cores.
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

from benchmarks._stored import RESULTS, Data, main, make, read
from course_lib.datasets.drawing import scenes
from course_lib.metrics import intersection_over_union
from course_lib.models.fcn import Upsample

NAME, COMMAND = "17_unet", "python -m benchmarks.unet"
WEIGHTS = {"U-Net": "17_unet.npz", "FCN": "17_fcn.npz"}
SEEDS, SEARCH_SEEDS, MARKS = (0, 1, 2), (100, 101), 8
LADDER, FIRST = (6e-4, 1.6e-3, 4e-3, 1e-2, 2.5e-2, 6e-2, 0.15, 0.4), (4e-3, 1e-2, 2.5e-2)
NETWORKS = ("U-Net", "no skips", "shuffled", "without level 0", "without level 1", "way down", "FCN")
EXPERIMENTS = {
    "search": NETWORKS,
    "default": ("U-Net", "FCN"),
    "networks": NETWORKS,
    "losses": ("cross-entropy", "weighted", "Dice"),
}
UPDATES = {"search": 400, "default": 1600, "networks": 800, "losses": 300}
CROSS = 4  # its class, of which `losses` makes the only one


class Task(NamedTuple):
    """One run."""

    experiment: str
    kind: str
    role: str  # "search" or "seed"
    seed: int
    rate: float
    updates: int


@cache
def load(size: int) -> tuple[Data, Tensor, Tensor]:
    """Scenes and the class of each pixel, standardised by the channels of the training images; and these."""
    counts, most, last = ((1400, 300), 2, 1200) if size == 32 else ((2000, 500), 4, 1800)
    parts = []
    for seed, count in enumerate(counts):
        drawn = scenes(count, size, seed=seed, max_objects=most)
        parts.append((torch.from_numpy(drawn.images), torch.from_numpy(drawn.class_map())))
    (x, y), (x_test, y_test) = parts
    mean, std = (f(x[:last], dim=(0, 2, 3), keepdim=True) for f in (torch.mean, torch.std))
    x, x_test = (((v - mean) / std).contiguous(memory_format=torch.channels_last) for v in (x, x_test))
    return Data((x[:last], y[:last]), (x[last:], y[last:]), (x_test, y_test)), mean, std


def data_of(experiment: str) -> Data:
    """The experiment's scenes; for `losses` with crosses as the only class."""
    if experiment != "losses":
        return load(64 if experiment == "default" else 32)[0]
    return Data(*((x, (y == CROSS).long()) for x, y in load(32)[0]))


def conv(C_in: int, C_out: int) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    layer = nn.Conv2d(C_in, C_out, 3, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(C_out), nn.ReLU())


def two(C_in: int, C_out: int) -> nn.Sequential:
    """A level's two convolutions."""
    return nn.Sequential(conv(C_in, C_out), conv(C_out, C_out))


class UNet(nn.Module):
    """U-Net of depth 2 as chapter 17 builds it; `kind` says what becomes of the skips."""

    def __init__(self, classes: int, kind: str = "U-Net", C: int = 16) -> None:
        super().__init__()
        self.cut = {"no skips": (0, 1), "without level 0": (0,), "without level 1": (1,)}.get(kind, ())
        self.shuffled = kind == "shuffled"
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList([two(3, C), two(C, 2 * C)])
        self.bottom = two(2 * C, 4 * C)
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * c, c, 2, stride=2) for c in (C, 2 * C)])
        widths = [c * (1 if level in self.cut else 2) for level, c in enumerate((C, 2 * C))]
        self.merge = nn.ModuleList([two(c_in, c) for c_in, c in zip(widths, (C, 2 * C), strict=True)])
        self.head = nn.Conv2d(C, classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of every pixel, (N, classes, H, W)."""
        skips = []
        for block in self.down:
            skips.append(block(x))
            x = self.pool(skips[-1])
        x = self.bottom(x)
        for level in (1, 0):
            x = self.up[level](x)  # (N, C 2^level, H / 2^level, W / 2^level)
            if level not in self.cut:
                skip = skips[level].roll(1, dims=0) if self.shuffled else skips[level]
                x = torch.cat([skip, x], dim=1)
            x = self.merge[level](x)
        return self.head(x)


def build(kind: str, classes: int) -> nn.Module:
    """The network of a run, from its start."""
    if kind in ("FCN", "way down"):
        C = 12 if kind == "FCN" else 16
        layer = conv if kind == "FCN" else two
        bottom = [conv(2 * C, 4 * C), conv(4 * C, 4 * C)]
        body = [layer(3, C), nn.MaxPool2d(2), layer(C, 2 * C), nn.MaxPool2d(2), *bottom]
        return nn.Sequential(*body, nn.Conv2d(4 * C, classes, kernel_size=1), Upsample(classes, 4))
    return UNet(classes, kind)


def dice_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """One minus the mean over the classes of the soft Dice coefficient of the batch."""
    p = logits.softmax(dim=1)  # (N, C, H, W)
    t = F.one_hot(classes, p.shape[1]).movedim(3, 1)  # (N, C, H, W)
    both, total = (p * t).sum(dim=(0, 2, 3)), (p + t).sum(dim=(0, 2, 3))  # (C,), (C,)
    return 1 - (2 * both / total).mean()


def loss_of(kind: str, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy, weighted by the classes' shares or not, Dice; every network has the sum of two."""
    if kind == "weighted":
        return F.cross_entropy(logits, target, weight)
    if kind == "cross-entropy":
        return F.cross_entropy(logits, target)
    if kind == "Dice":
        return dice_loss(logits, target)
    return F.cross_entropy(logits, target) + dice_loss(logits, target)


def answer(model: nn.Module, images: Tensor) -> np.ndarray:
    """The class of every pixel, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(few).argmax(dim=1) for few in images.split(100)])  # (N, H, W)
    model.train()
    return found.numpy()


def ious(found: np.ndarray, classes: Tensor, count: int) -> list[float]:
    """IoU of each class."""
    return intersection_over_union(found, classes.numpy(), count).round(4).tolist()


def near_border(classes: Tensor) -> np.ndarray:
    """Pixels one of whose eight neighbours is of another class."""
    truth = classes.float()[:, None]  # (N, 1, H, W)
    border = F.max_pool2d(truth, 3, 1, 1) != -F.max_pool2d(-truth, 3, 1, 1)
    return border[:, 0].numpy()  # (N, H, W)


def measured(found: np.ndarray, classes: Tensor, count: int) -> dict:
    """On test images: IoUs, accuracy, of objects against background, and errors at borders and elsewhere."""
    true = classes.numpy()
    border, wrong = near_border(classes), found != true
    a, b = found > 0, true > 0
    return {
        "test": ious(found, classes, count),
        "accuracy": round(float(1 - wrong.mean()), 4),
        "objects": round(float((a & b).sum() / (a | b).sum()), 4),
        "wrong_at_border": round(float(wrong[border].mean()), 4),
        "wrong_elsewhere": round(float(wrong[~border].mean()), 4),
    }


def work(task: Task) -> dict:
    """Make one run: Adam, one cycle of the learning rate."""
    torch.set_num_threads(1)
    data, updates = data_of(task.experiment), task.updates
    size = 8 if task.experiment == "default" else 16
    count = 2 if task.experiment == "losses" else 5
    torch.manual_seed(task.seed)
    began, model = time.process_time(), build(task.kind, count).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), task.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, task.rate, updates)
    images, classes = data.train
    weight = 1 / torch.bincount(classes.flatten(), minlength=count)  # (classes,)
    weight = weight / weight.mean()
    curve, losses, means = [], [], []
    for step in range(1, updates + 1):
        rows = torch.randint(len(images), (size,))
        loss = loss_of(task.kind, model(images[rows]), classes[rows], weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % (updates // MARKS) == 0:
            found = answer(model, data.validation[0][:200])
            curve.append(round(float(np.mean(ious(found, data.validation[1][:200], count))), 4))
            means.append(round(sum(losses) / len(losses), 4))
            losses = []
    run = {**task._asdict(), "loss": means, "validation": curve}
    if task.role != "search":
        run |= measured(answer(model, data.test[0]), data.test[1], count)
    run["parameters"] = sum(p.numel() for p in model.parameters())
    run["seconds"] = round(time.process_time() - began, 1)
    if task == task._replace(experiment="default", role="seed", seed=0):
        keep(model, WEIGHTS[task.kind])
    return run


def keep(model: nn.Module, file: str) -> None:
    """Write the weights, and how the images were standardised."""
    arrays = {f"model.{key}": value.numpy(force=True) for key, value in model.state_dict().items()}
    _, mean, std = load(64)
    np.savez_compressed(RESULTS / file, **arrays, mean=mean[0].numpy(), std=std[0].numpy())


def best(runs: list[dict], count: int = 1) -> list[float]:
    """The rates that did best on validation images, by the mean over seeds; of equals the lower."""
    scores: dict[float, list[float]] = {}
    for run in runs:
        scores.setdefault(run["rate"], []).append(run["validation"][-1])
    return sorted(scores, key=lambda rate: (-sum(scores[rate]) / len(scores[rate]), rate))[:count]


def next_rate(runs: list[dict]) -> list[float]:
    """The next rung beyond the best, where the best is an end of what was tried."""
    places = [LADDER.index(run["rate"]) for run in runs]
    place = LADDER.index(best(runs)[0])
    beyond = [p for p in (place - 1, place + 1) if p not in places and 0 <= p < len(LADDER)]
    return [LADDER[p] for p in beyond]


def search(experiment: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """One seed along the ladder for every contestant, then a second seed for the best two rates."""
    updates, (first, second) = UPDATES[experiment], SEARCH_SEEDS
    tried: dict[str, list[dict]] = {kind: [] for kind in EXPERIMENTS[experiment]}
    wanted = [(kind, rate) for kind in tried for rate in FIRST]
    while wanted:
        tasks = [Task(experiment, kind, "search", first, rate, updates) for kind, rate in wanted]
        for run in make(work, tasks, pool, known):
            tried[run["kind"]].append(run)
            yield run
        wanted = [(kind, rate) for kind, runs in tried.items() for rate in next_rate(runs)]
    again = [(kind, rate) for kind, runs in tried.items() for rate in best(runs, 2)]
    tasks = [Task(experiment, kind, "search", second, rate, updates) for kind, rate in again]
    yield from make(work, tasks, pool, known)


def chosen(runs: list[dict], kind: str) -> float:
    """The rate that a search has found: the better mean of the two that were tried twice."""
    runs = [run for run in runs if (run["kind"], run["role"]) == (kind, "search")]
    twice = {run["rate"] for run in runs if run["seed"] == SEARCH_SEEDS[1]}
    return best([run for run in runs if run["rate"] in twice])[0]


def runs_of(experiment: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """A search, or three seeds of every contestant at the rate of its search, or both."""
    found: list[dict] = []
    if experiment in ("search", "losses"):
        for run in search(experiment, pool, known):
            found.append(run)
            yield run
    else:
        found = read(NAME)["search"]
    if experiment != "search":
        rates = {kind: chosen(found, kind) for kind in EXPERIMENTS[experiment]}
        updates = UPDATES[experiment]
        tasks = [
            Task(experiment, kind, "seed", seed, rate, updates)
            for kind, rate in rates.items()
            for seed in SEEDS
        ]
        yield from make(work, tasks, pool, known)


if __name__ == "__main__":
    shown = ("experiment", "kind", "role", "seed", "rate", "validation", "seconds")
    main(__doc__, NAME, COMMAND, EXPERIMENTS, runs_of, shown)

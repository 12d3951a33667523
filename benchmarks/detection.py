"""The detectors of chapter 15, stored: ``python -m benchmarks.detection [--resume]``.

One backbone of half width, trained on the default scenes with one of these:

- `hard`: the course's detector, whose loss counts three background anchors a match, the hardest;
- `random`: three background anchors a match, drawn by chance;
- `all`: every background anchor;
- `focal`: every background anchor, each weighted by how wrong it is;
- `focal, prior`: the same, from a network that begins by saying background;
- `points`: no anchors: each cell near an object's centre says how far the box's four sides are.

The rate is the best on validation scenes, from a seed that is used for nothing else, of a ladder that goes
on until the best is no end of it; then three seeds, and one look at the test scenes each. `detector` is
`hard` with twice the updates; its weights from seed 0 are kept as 16-bit numbers. About eight minutes on two
cores.
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

from benchmarks._stored import RESULTS, endless_batches, main, make
from course_lib import datasets
from course_lib.boxes import batched_nms
from course_lib.datasets import Scenes
from course_lib.metrics import Detections, Objects, mean_average_precision
from course_lib.models import (
    DetectionTargets,
    SingleShotDetector,
    decode_detections,
    detection_targets,
)

NAME, COMMAND, WEIGHTS = "15_detection", "python -m benchmarks.detection", "15_detector.npz"
KINDS = ("hard", "random", "all", "focal", "focal, prior", "points")
LADDER = (2e-4, 6e-4, 2e-3, 6e-3, 2e-2, 6e-2, 0.2, 0.6)
FIRST = (2e-3, 6e-3, 2e-2)
SEEDS, SEARCH_SEED, MARKS, BATCH, WIDTH = (0, 1, 2), 100, 5, 32, 0.5
SEARCH, UPDATES, DETECTOR = 120, 300, 600
NEGATIVES, GAMMA, PRIOR = 3, 2.0, 0.01
STEPS, LARGEST, REACH, UNIT = (8, 16, 32), (20.0, 40.0, np.inf), 0.75, 0.15  # of `points`


class Task(NamedTuple):
    """One run."""

    kind: str
    role: str  # "search", "seed" or "detector"
    seed: int
    rate: float
    updates: int


@cache
def load() -> dict[str, Scenes]:
    """The default scenes, and others from another seed to choose by."""
    data = datasets.load("scenes")
    return {"train": data.train, "validation": datasets.load("scenes", 300, seed=1).train, "test": data.test}


class Points(nn.Module):
    """The detector's three maps; each cell answers for itself, with a class and four distances."""

    def __init__(self, num_classes: int = 4, width: float = WIDTH) -> None:
        super().__init__()
        body = SingleShotDetector(num_classes, width=width)
        self.maps = nn.ModuleList([body.backbone, body.extra1, body.extra2])
        channels = [head.in_channels for head in body.class_heads]
        self.heads = nn.ModuleList(nn.Conv2d(C, num_classes + 1 + 4, 3, padding=1) for C in channels)
        for head in self.heads:
            nn.init.normal_(head.weight, 0.0, 0.01)
            nn.init.zeros_(head.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        answers = []
        for stage, head in zip(self.maps, self.heads, strict=True):
            x = stage(x)  # (N, C, H, W)
            answers.append(head(x).flatten(2).transpose(1, 2))  # (N, H * W, num_classes + 5)
        answer = torch.cat(answers, dim=1)  # (N, cells, num_classes + 5)
        return answer[..., :-4], answer[..., -4:]


def cells(size: int = 64) -> np.ndarray:
    """Centre, step and map of every cell, in the order of the answers: (cells, 4)."""
    rows = []
    for level, step in enumerate(STEPS):
        centre = (np.arange(size // step) + 0.5) * step
        y, x = np.meshgrid(centre, centre, indexing="ij")
        rows.append(np.stack([x, y, np.full_like(x, step), np.full_like(x, level)], axis=-1).reshape(-1, 4))
    return np.concatenate(rows).astype(np.float32)


def point_targets(scenes: Scenes) -> DetectionTargets:
    """The object of each cell near its centre, on the map of its size; of several the smallest."""
    cell = cells()
    classes = np.zeros((len(scenes.images), len(cell)), dtype=np.int64)
    offsets = np.zeros((*classes.shape, 4), dtype=np.float32)
    for n, (boxes, labels) in enumerate(zip(scenes.boxes, scenes.labels, strict=True)):
        side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)  # (M,)
        for m in np.argsort(-side):
            if labels[m] < 0:
                continue
            centre = (boxes[m, :2] + boxes[m, 2:]) / 2
            near = np.abs(cell[:, :2] - centre).max(axis=1) <= REACH * cell[:, 2]  # (cells,)
            near &= cell[:, 3] == np.searchsorted(LARGEST, side[m])
            x, y, step = cell[near, 0], cell[near, 1], cell[near, 2:3]
            x1, y1, x2, y2 = boxes[m]
            distance = np.stack([x - x1, y - y1, x2 - x, y2 - y], axis=1)  # (near, 4)
            classes[n, near], offsets[n, near] = labels[m] + 1, (distance / step - 1) / UNIT
    return DetectionTargets(torch.from_numpy(classes), torch.from_numpy(offsets))


def decode_points(logits: Tensor, offsets: Tensor, score_threshold: float) -> list[Detections]:
    """Boxes from the distances; the rest as the course's detector does it."""
    cell, found = cells(), []
    distance = (1 + UNIT * offsets.numpy()) * cell[:, 2:3]  # (N, cells, 4)
    boxes = np.concatenate([cell[:, :2] - distance[..., :2], cell[:, :2] + distance[..., 2:]], axis=-1)
    for image_boxes, probability in zip(boxes.clip(0, 64), logits.softmax(dim=2).numpy(), strict=True):
        row, label = np.nonzero(probability[:, 1:] >= score_threshold)  # (D,), (D,)
        scores = probability[row, label + 1]  # (D,)
        keep = batched_nms(image_boxes[row], scores, label, 0.45)
        found.append(Detections(image_boxes[row][keep], scores[keep], label[keep]))
    return found


def loss_of(kind: str, logits: Tensor, offsets: Tensor, targets: DetectionTargets) -> Tensor:
    """Classes by the kind's rule and smooth L1 of the offsets, both per matched anchor."""
    positive = targets.classes > 0  # (N, A)
    matches = positive.sum(dim=1).clamp(min=1)  # (N,)
    entropy = F.cross_entropy(logits.transpose(1, 2), targets.classes, reduction="none")  # (N, A)
    if kind.startswith("focal"):
        entropy = (1 - torch.exp(-entropy)) ** GAMMA * entropy
    if kind in ("all", "focal", "focal, prior"):
        counted = torch.ones_like(positive)
    else:
        badness = torch.rand_like(entropy) if kind == "random" else entropy.detach()
        rank = badness.masked_fill(positive, -1.0).argsort(dim=1, descending=True).argsort(dim=1)  # (N, A)
        counted = positive | (rank < NEGATIVES * matches[:, None])
    shift = F.smooth_l1_loss(offsets[positive], targets.offsets[positive], reduction="sum")
    return (entropy[counted].sum() + shift) / matches.sum()


def detect(model: nn.Module, images: np.ndarray, score_threshold: float = 0.05) -> list[Detections]:
    """Boxes on every image."""
    found = []
    with torch.no_grad():
        for few in torch.from_numpy(images).split(100):
            output = model(few.contiguous(memory_format=torch.channels_last))
            if isinstance(model, Points):
                found += decode_points(*output, score_threshold)
            else:
                found += decode_detections(output, score_threshold, image_size=(64, 64))
    return found


def measured(model: nn.Module, scenes: Scenes, thresholds: tuple[float, ...]) -> list[float]:
    """Mean average precision at each threshold on IoU."""
    model.eval()
    objects = [Objects(b[y >= 0], y[y >= 0]) for b, y in zip(scenes.boxes, scenes.labels, strict=True)]
    table = mean_average_precision(detect(model, scenes.images), objects, 4, thresholds).table
    model.train()
    return [round(float(row.mean()), 4) for row in table]


def train(model: nn.Module, task: Task) -> dict:
    """AdamW, a tenth of the updates to warm up, then half a cosine; measured at `MARKS` updates."""
    scenes = load()["train"]
    images = torch.from_numpy(scenes.images).contiguous(memory_format=torch.channels_last)
    if task.kind == "points":
        targets = point_targets(scenes)
    else:
        targets = detection_targets(model.anchors((64, 64)), scenes.boxes, scenes.labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, task.rate, total_steps=task.updates, pct_start=0.1, cycle_momentum=False
    )
    batches = endless_batches(len(images), BATCH, torch.Generator().manual_seed(task.seed))
    record: dict[str, list[float]] = {"loss": [], "validation": []}
    losses, seconds = [], 0.0
    for step, rows in zip(range(1, task.updates + 1), batches, strict=False):
        began = time.process_time()
        logits, offsets, *_ = model(images[rows])
        loss = loss_of(task.kind, logits, offsets, DetectionTargets(*(part[rows] for part in targets)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        seconds += time.process_time() - began
        losses.append(loss.item())
        if step % (task.updates // MARKS) == 0:
            record["loss"].append(round(sum(losses) / len(losses), 4))
            if task.role != "search" or step == task.updates:
                record["validation"] += measured(model, load()["validation"], (0.5,))
            losses = []
    matches = (targets.classes > 0).sum(dim=1).float().mean().item()
    return {**record, "matches": round(matches, 2), "seconds": round(seconds, 1)}


def network(kind: str) -> nn.Module:
    """A network of the kind, untrained."""
    if kind == "points":
        return Points()
    model = SingleShotDetector(width=WIDTH)
    if kind == "focal, prior":
        for head in model.class_heads:
            background = head.bias.detach().view(-1, model.num_classes + 1)[:, 0]  # (per_cell,)
            background.fill_(np.log(model.num_classes * (1 - PRIOR) / PRIOR))
    return model


def work(task: Task) -> dict:
    """Make one run in a worker."""
    torch.set_num_threads(1)
    torch.manual_seed(task.seed)
    model = network(task.kind).to(memory_format=torch.channels_last)
    record = train(model, task)
    if task.role != "search":
        record["test"], record["test 0.75"] = measured(model, load()["test"], (0.5, 0.75))
    if task.role == "detector" and task.seed == 0:
        state = {key: value.numpy() for key, value in model.state_dict().items()}
        kept = {key: v.astype(np.float16) if v.dtype == np.float32 else v for key, v in state.items()}
        np.savez_compressed(RESULTS / WEIGHTS, **kept)
    return {**task._asdict(), **record}


def best(runs: list[dict]) -> float:
    """The rate that did best on validation scenes; of equals the lower."""
    return max(runs, key=lambda run: (run["validation"][-1], -run["rate"]))["rate"]


def beyond(runs: list[dict]) -> list[float]:
    """The next rung, where the best is the first or the last that was tried."""
    places, place = {LADDER.index(run["rate"]) for run in runs}, LADDER.index(best(runs))
    return [LADDER[p] for p in (place - 1, place + 1) if p not in places and 0 <= p < len(LADDER)]


def runs_of(experiment: str, pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """The search, then the seeds of every kind, then the detector."""
    tried: dict[str, list[dict]] = {kind: [] for kind in KINDS}
    wanted = [(kind, rate) for kind in KINDS for rate in FIRST]
    while wanted:
        tasks = [Task(kind, "search", SEARCH_SEED, rate, SEARCH) for kind, rate in wanted]
        for run in make(work, tasks, pool, known):
            tried[run["kind"]].append(run)
            yield run
        wanted = [(kind, rate) for kind in KINDS for rate in beyond(tried[kind])]
    chosen = {kind: best(runs) for kind, runs in tried.items()}
    tasks = [Task("hard", "detector", seed, chosen["hard"], DETECTOR) for seed in SEEDS]
    tasks += [Task(kind, "seed", seed, chosen[kind], UPDATES) for kind in KINDS for seed in SEEDS]
    yield from make(work, tasks, pool, known)


if __name__ == "__main__":
    shown = ("kind", "role", "seed", "rate", "validation", "seconds")
    main(__doc__, NAME, COMMAND, ("runs",), runs_of, shown)

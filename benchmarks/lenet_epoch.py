"""One epoch of LeNet on 8,000 images in NumPy layers against torch.

Uses MNIST from ``$COURSE_DATA`` where it is set, else the built-in digits, repeated; the time depends on the
number of images, not on what is drawn on them.
"""

from __future__ import annotations

import os

import numpy as np
import torch
from torch import nn

from benchmarks._harness import Table, compare
from course_lib import layers, optim
from course_lib.datasets import load
from course_lib.functional import cross_entropy_backward

IMAGES, BATCH = 8000, 64


def measure(repeats: int) -> list[Table]:
    """Epochs of both in turn: forward, loss, backward and a step of SGD with momentum, 125 times."""
    name = "mnist" if os.environ.get("COURSE_DATA") else "digits"
    train = load(name).train
    picked = np.arange(IMAGES) % len(train.labels)
    images, labels = np.asarray(train.images)[picked], np.asarray(train.labels)[picked]
    ours, theirs = numpy_lenet(), torch_lenet()
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    time = compare(
        lambda: numpy_epoch(ours, images, labels),
        lambda: torch_epoch(theirs, torch.from_numpy(images), torch.from_numpy(labels)),
        max(3, repeats // 3),
    )
    table = Table(
        f"LeNet, one epoch of {IMAGES:,} images ({name}), batches of {BATCH}, float32",
        ["NumPy s", "torch s", "ratio", "quartiles"],
        [[time.ours, time.theirs, time.ratio, time.spread]],
        figures={"ratio": time.ratio},
    )
    table.notes.append(f"ratio {time.ratio:.2f} (at most 4 wanted)")
    return [table]


def numpy_lenet() -> layers.Sequential:
    """LeNet with ReLU and max pooling in the course's layers."""
    rng = np.random.default_rng(0)
    return layers.Sequential(
        *(layers.Conv2d(1, 6, 5, padding=2, rng=rng), layers.ReLU(), layers.MaxPool2d(2)),
        *(layers.Conv2d(6, 16, 5, rng=rng), layers.ReLU(), layers.MaxPool2d(2), layers.Flatten()),
        *(layers.Linear(400, 120, rng=rng), layers.ReLU(), layers.Linear(120, 84, rng=rng), layers.ReLU()),
        layers.Linear(84, 10, rng=rng),
    )


def torch_lenet() -> nn.Sequential:
    """Build the same network in torch."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


def numpy_epoch(model: layers.Sequential, images: np.ndarray, labels: np.ndarray) -> None:
    """Train for one epoch in NumPy."""
    optimizer = optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for start in range(0, len(labels), BATCH):
        logits = model(images[start : start + BATCH])  # (BATCH, 10)
        optimizer.zero_grad()
        model.backward(cross_entropy_backward(1.0, logits, labels[start : start + BATCH]).logits)
        optimizer.step()


def torch_epoch(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Train for one epoch in torch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for start in range(0, len(labels), BATCH):
        loss = nn.functional.cross_entropy(
            model(images[start : start + BATCH]), labels[start : start + BATCH]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

"""Test accuracy of three networks on MNIST, over three seeds: ``python -m benchmarks.mnist_accuracy``.

Reads MNIST from ``$COURSE_DATA``; how many images there are is up to the folder, and is printed. Epochs and
shifts are chosen on an eighth of the training images, held out; the test images are looked at once per seed,
when nothing is left to choose.
"""

from __future__ import annotations

import argparse
import itertools
from typing import NamedTuple

import numpy as np
import torch

from benchmarks._harness import Table, save
from course_lib import models
from course_lib.datasets import Split, data_loader, load
from course_lib.reporting import parameter_count
from course_lib.training import fit


class Setting(NamedTuple):
    """What is chosen on the held-out images."""

    epochs: int
    shift: int  # pixels, at most, by which a training image is moved


class Network(NamedTuple):
    """What is fixed, and the numbers of epochs to choose from."""

    kind: str
    options: dict
    rate: float
    epochs: tuple[int, ...]


NETWORKS = {
    "LeNet-5": Network("lenet", {}, 5e-3, (15, 30)),
    "MnistCNN": Network("mnist_cnn", {}, 1e-3, (8, 16)),
    "narrow ResNet": Network("small_resnet", {"in_channels": 1, "depth": 14}, 5e-3, (4, 8)),
}
SHIFTS = (0, 2)
CHOOSING_SEED = 1000


class Shifted:
    """A loader whose images are moved by up to `most` pixels, each its own way, anew every time."""

    def __init__(self, loader: torch.utils.data.DataLoader, most: int, generator: torch.Generator) -> None:
        self.loader, self.most, self.generator = loader, most, generator

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self):
        for images, labels in self.loader:
            n, _, height, width = images.shape
            dy, dx = torch.randint(0, 2 * self.most + 1, (2, n, 1, 1), generator=self.generator)
            rows = torch.arange(height)[:, None] + dy  # (N, H, 1)
            columns = torch.arange(width) + dx  # (N, 1, W)
            padded = torch.nn.functional.pad(images, (self.most,) * 4)  # (N, 1, H + 2 most, W + 2 most)
            yield padded[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2), labels


def train(name: str, setting: Setting, seed: int, images: Split, judge: Split) -> float:
    """Train one network from one seed on `images` and return its accuracy on `judge`."""
    network = NETWORKS[name]
    torch.manual_seed(seed)
    model = models.build(network.kind, **network.options)
    generator = torch.Generator().manual_seed(seed)
    loader = Shifted(data_loader(images, 64, shuffle=True, generator=generator), setting.shift, generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=network.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, setting.epochs)
    history = fit(
        model, loader, data_loader(judge, 500), epochs=setting.epochs, optimizer=optimizer, scheduler=schedule
    )
    accuracy = history.column("val_accuracy")[-1]
    print(
        f"{name:<14} seed {seed:<4}  {parameter_count(model):>8,} params  {setting}  "
        f"{sum(history.column('seconds')):5.0f} s  accuracy on {len(judge.images):,}: {accuracy:.4f}",
        flush=True,
    )
    return accuracy


def hold_out(split: Split) -> tuple[Split, Split]:
    """Seven eighths to train on and one eighth to choose by, drawn once and for all."""
    order = np.random.default_rng(0).permutation(len(split.images))
    kept, held = order[len(order) // 8 :], order[: len(order) // 8]
    return Split(split.images[kept], split.labels[kept]), Split(split.images[held], split.labels[held])


def choose(name: str, split: Split) -> tuple[Setting, dict[Setting, float]]:
    """Try every setting on the held-out images; of equals the cheaper one is taken."""
    kept, held = hold_out(split)
    settings = [Setting(*pair) for pair in itertools.product(NETWORKS[name].epochs, SHIFTS)]
    tried = {setting: train(name, setting, CHOOSING_SEED, kept, held) for setting in settings}
    return max(tried, key=tried.get), tried


def measure(names: list[str], seeds: int) -> list[Table]:
    """Choose each network's setting, train it from every seed, and return both tables."""
    data = load("mnist")
    columns = ["network", *(f"seed {seed}" for seed in range(seeds)), "lowest", "highest"]
    accuracies = Table("Test accuracy on MNIST", columns)
    choices = Table("What was tried on the held-out images", ["network", "epochs", "shift", "accuracy", ""])
    for name in names:
        chosen, tried = choose(name, data.train)
        choices.rows += [
            [name, *setting, f"{found:.2%}", "taken" if setting == chosen else ""]
            for setting, found in tried.items()
        ]
        found = [train(name, chosen, seed, data.train, data.test) for seed in range(seeds)]
        accuracies.rows.append([name, *(f"{a:.2%}" for a in (*found, min(found), max(found)))])
        accuracies.figures[name] = min(found)
    total, tests = len(data.train.images), len(data.test.images)
    held = total // 8
    choices.notes = [
        f"trained on {total - held:,} images, judged by {held:,} others; one seed, used for nothing else"
    ]
    accuracies.notes = [f"{total:,} images to train on, {tests:,} to test on, looked at once per seed"]
    return [accuracies, choices]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--only", choices=list(NETWORKS), help="one network alone; nothing is written")
    arguments = parser.parse_args()
    tables = measure([arguments.only] if arguments.only else list(NETWORKS), arguments.seeds)
    print(*tables, sep="\n\n")
    if arguments.only is None:
        print(f"written to {save('mnist_accuracy', tables)}")

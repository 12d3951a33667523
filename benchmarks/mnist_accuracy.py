"""Test accuracy of three networks on MNIST, over three seeds: ``python -m benchmarks.mnist_accuracy``.

Reads MNIST from ``$COURSE_DATA``; how many images there are is up to the folder, and is printed.
"""

from __future__ import annotations

import argparse

import torch

from benchmarks._harness import Table, save
from course_lib import models
from course_lib.datasets import data_loader, load
from course_lib.reporting import parameter_count
from course_lib.training import fit

#: Name, arguments of the model, learning rate, epochs.
RUNS = {
    "LeNet-5": ("lenet", {}, 5e-3, 30),
    "MnistCNN": ("mnist_cnn", {}, 1e-3, 16),
    "narrow ResNet": ("small_resnet", {"in_channels": 1, "depth": 14}, 5e-3, 8),
}


class Shifted:
    """A loader whose images are moved by up to two pixels, each its own way, anew every time."""

    def __init__(self, loader: torch.utils.data.DataLoader, generator: torch.Generator) -> None:
        self.loader, self.generator = loader, generator

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self):
        for images, labels in self.loader:
            n, _, height, width = images.shape
            dy, dx = torch.randint(0, 5, (2, n, 1, 1), generator=self.generator)
            rows = torch.arange(height)[:, None] + dy  # (N, H, 1)
            columns = torch.arange(width) + dx  # (N, 1, W)
            padded = torch.nn.functional.pad(images, (2, 2, 2, 2))  # (N, 1, H + 4, W + 4)
            yield padded[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2), labels


def train(name: str, seed: int) -> float:
    """Train one network from one seed and return its test accuracy."""
    kind, options, rate, epochs = RUNS[name]
    data = load("mnist")
    torch.manual_seed(seed)
    model = models.build(kind, **options)
    generator = torch.Generator().manual_seed(seed)
    loader = Shifted(data_loader(data.train, 64, shuffle=True, generator=generator), generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    validation = data_loader(data.test, 500)
    history = fit(model, loader, validation, epochs=epochs, optimizer=optimizer, scheduler=schedule)
    accuracy = history.column("val_accuracy")[-1]
    print(
        f"{name:<14} seed {seed}  {len(data.train.images):,} images  {parameter_count(model):>8,} params  "
        f"{epochs} epochs  {sum(history.column('seconds')):5.0f} s  test accuracy {accuracy:.4f}",
        flush=True,
    )
    return accuracy


def table(results: dict[str, list[float]]) -> Table:
    """The accuracies as a table for the book, one row per network."""
    seeds = max(map(len, results.values()))
    columns = ["network", *(f"seed {seed}" for seed in range(seeds)), "lowest", "highest"]
    rows = [
        [name, *(f"{a:.2%}" for a in found), f"{min(found):.2%}", f"{max(found):.2%}"]
        for name, found in results.items()
    ]
    data = load("mnist")
    images = f"{len(data.train.images):,} images to train on, {len(data.test.images):,} to test on"
    note = f"{images}; moved by up to two pixels while training"
    return Table(
        "Test accuracy on MNIST", columns, rows, [note], {name: min(found) for name, found in results.items()}
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many (default 3)")
    parser.add_argument("--only", choices=list(RUNS), help="one network alone; nothing is written")
    arguments = parser.parse_args()
    chosen = [name for name in RUNS if arguments.only in (None, name)]
    accuracies = {name: [train(name, seed) for seed in range(arguments.seeds)] for name in chosen}
    print(table(accuracies))
    if arguments.only is None:
        save("mnist_accuracy", [table(accuracies)])

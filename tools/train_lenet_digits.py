"""Train the LeNet that reads a drawn digit, and store its weights in the package.

    python tools/train_lenet_digits.py             # writes course_lib/weights/lenet_digits.npz
    python tools/train_lenet_digits.py --measure   # trains nothing, says how well the stored one reads

The data are the 1,440 training digits of ``datasets.load("digits")``. Every pass moves, turns, stretches and
slants each of them anew and makes its strokes thinner or thicker, crisper or softer. The settings were fixed
before the test digits were looked at. ``--measure`` also reads MNIST's test digits where ``COURSE_DATA``
holds them: other writers, whole other pixels, and none of them seen in training.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib import datasets, models

STORED = Path(__file__).resolve().parent.parent / "course_lib" / "weights" / "lenet_digits.npz"
EPOCHS, BATCH, RATE, SEED = 40, 32, 2e-3, 0


def uniform(low, high, count):
    """Draw `count` numbers from torch's global generator."""
    return low + (high - low) * torch.rand(count)


def changed(images):
    """The digits moved by up to 3 pixels, turned, stretched, slanted, and drawn with another pen."""
    n = len(images)
    angle, slant = uniform(-0.25, 0.25, n), uniform(-0.25, 0.25, n)
    scale_x, scale_y = (1 / uniform(0.75, 1.15, n) for _ in "xy")
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([scale_x * cos, -scale_x * sin + slant, uniform(-3, 3, n) / 14], dim=1)  # (N, 3)
    bottom = torch.stack([scale_y * sin, scale_y * cos, uniform(-3, 3, n) / 14], dim=1)  # (N, 3)
    grid = F.affine_grid(torch.stack([top, bottom], dim=1), images.shape, align_corners=False)
    moved = F.grid_sample(images, grid, align_corners=False)  # (N, 1, 28, 28)
    threshold, gain = uniform(0.3, 0.6, n), torch.exp(uniform(0, math.log(8), n))
    pen = (moved - threshold[:, None, None, None]) * gain[:, None, None, None] + 0.5
    return torch.where(moved > 0.02, pen, 0.0).clamp(0, 1)


def train():
    """Train from the fixed seed and return the network."""
    torch.manual_seed(SEED)
    split = datasets.load("digits").train
    images, labels = torch.from_numpy(split.images), torch.from_numpy(split.labels)
    model = models.LeNet(activation=nn.ReLU, pooling=nn.MaxPool2d)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for epoch in range(EPOCHS):
        losses = []
        for batch in torch.randperm(len(images)).split(BATCH):
            loss = F.cross_entropy(model(changed(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}", flush=True)
    return model.eval()


def accuracy(model, split):
    """Share of a split's images that the model names rightly."""
    with torch.no_grad():
        guess = model(torch.from_numpy(split.images)).argmax(dim=1).numpy()
    return (guess == split.labels).mean()


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", action="store_true", help="only measure what is stored")
    if not parser.parse_args(arguments).measure:
        torch.set_num_threads(1)
        weights = {name: value.numpy() for name, value in train().state_dict().items()}
        STORED.parent.mkdir(exist_ok=True)
        np.savez_compressed(STORED, **weights)
        print(f"{STORED.name}: {STORED.stat().st_size / 1e3:.0f} kB")
    model = models.lenet_for_digits()
    print(f"test digits: {accuracy(model, datasets.load('digits').test):.1%}")
    try:
        print(f"MNIST's test digits: {accuracy(model, datasets.load('mnist').test):.1%}")
    except datasets.DataMissingError:
        print("no MNIST here")
    return 0


if __name__ == "__main__":
    sys.exit(main())

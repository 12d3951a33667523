"""Trained weights that later chapters start from; they lie beside this file as arrays, without pickle."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from course_lib._validation import fail
from course_lib.comparison.data import ComparisonData
from course_lib.comparison.networks import NETWORKS
from course_lib.comparison.records import names_in


class Pretrained(NamedTuple):
    """A network with trained weights, and what its images have to look like.

    Attributes
    ----------
    model : Module
        The network, in evaluation mode.
    mean, std : ndarray, shape (C, 1, 1), float32
        What to take away from the pixels, in [0, 1], and to divide them by.
    """

    model: nn.Module
    mean: np.ndarray
    std: np.ndarray


def save_weights(path: str | os.PathLike, model: nn.Module, data: ComparisonData) -> None:
    """Write a network's parameters and buffers, and its data's mean and deviation, as ``.npz``.

    Parameters
    ----------
    path : str or path
        Where to; replaced whole or not at all.
    model : Module
        A network of the comparison.
    data : ComparisonData
        What it was trained on.
    """
    arrays = {f"model.{key}": value.numpy(force=True) for key, value in model.state_dict().items()}
    temporary = Path(f"{os.fspath(path)}.partial")
    with temporary.open("wb") as file:
        np.savez_compressed(file, **arrays, mean=data.mean, std=data.std, classes=len(data.classes))
    temporary.replace(path)


def pretrained(name: str = "resnet", data: str = "shapes") -> Pretrained:
    """Load a network that the course comes with, trained in the comparison from seed 0.

    Parameters
    ----------
    name : str, default "resnet"
        A key of `NETWORKS` whose weights are stored.
    data : str, default "shapes"
        What it was trained on.

    Returns
    -------
    Pretrained
        The network, and how to standardise its images.

    Raises
    ------
    ValueError
        If no such weights are stored.
    """
    folder = resources.files("course_lib.comparison") / "weights_of"
    known = names_in(folder, ".npz")
    if f"{name}_{data}" not in known:
        fail("pretrained", f"stored weights, among {', '.join(known)}", repr(f"{name}_{data}"))
    with (folder / f"{name}_{data}.npz").open("rb") as file, np.load(file) as arrays:
        mean, std = arrays["mean"], arrays["std"]
        make = NETWORKS[name].make
        model = make(num_classes=int(arrays["classes"]), in_channels=len(mean))
        keys = model.state_dict()
        model.load_state_dict({key: torch.from_numpy(arrays[f"model.{key}"]) for key in keys})
    return Pretrained(model.eval(), mean, std)

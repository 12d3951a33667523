"""The comparison's data: any set of labelled images, as 64 x 64, in three parts."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
import torch

from course_lib import datasets
from course_lib._validation import fail
from course_lib.datasets import Split

#: The environment variable by which a reader runs the comparison on other data.
DATA_VARIABLE = "COURSE_COMPARISON"
#: The data sets that it knows, the default first.
DATA = ("shapes", "digits", "mnist", "fashion_mnist", "cifar10")
SIZE = 64  # pixels a side
MOST_TRAIN, MOST_VALIDATION, MOST_TEST = 8000, 1000, 2000


class ComparisonData(NamedTuple):
    """Images in three parts: to train on, to choose by, and to look at once.

    Attributes
    ----------
    name : str
        Name of the data set.
    train, validation, test : Split
        Images, shape (N, C, 64, 64), float32 in [0, 1], and labels.
    classes : tuple of str
        Name of each class, in the order of the labels.
    mean, std : ndarray, shape (C, 1, 1), float32
        Of every channel over the training images: what `standardise` takes away and divides by.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray

    @property
    def in_channels(self) -> int:
        """Channels of the images: 3 in colour, 1 in grey."""
        return self.train.images.shape[1]

    def standardise(self, images: np.ndarray) -> torch.Tensor:
        """Make of images what the networks are trained on.

        Parameters
        ----------
        images : ndarray, shape (N, C, H, W), float32
            Pixels in [0, 1].

        Returns
        -------
        Tensor, shape (N, C, H, W), float32
            Each channel with the training images' mean 0 and deviation 1.
        """
        return torch.from_numpy((images - self.mean) / self.std)


def load_data(name: str | None = None) -> ComparisonData:
    """Load one of the comparison's data sets, enlarged to 64 x 64 pixels.

    Parameters
    ----------
    name : {"shapes", "digits", "mnist", "fashion_mnist", "cifar10"}, optional
        By default what the environment variable ``COURSE_COMPARISON`` says, else ``"shapes"``.

    Returns
    -------
    ComparisonData
        At most 8,000 images to train and choose with and 2,000 to test; which ones, and which are held out
        for validation, is drawn once and for all.

    Raises
    ------
    ValueError
        If the name is unknown.
    DataMissingError
        If the data are not in the folder that ``$COURSE_DATA`` names.

    Examples
    --------
    >>> data = load_data("digits")
    >>> data.train.images.shape, data.validation.images.shape, data.test.images.shape
    ((1152, 1, 64, 64), (288, 1, 64, 64), (357, 1, 64, 64))
    """
    name = name or os.environ.get(DATA_VARIABLE) or DATA[0]
    if name not in DATA:
        fail("load_data", f"a name among {', '.join(map(repr, DATA))}", repr(name))
    data = datasets.load(name)
    count = min(len(data.train.labels), MOST_TRAIN)
    held = min(count // 5, MOST_VALIDATION)
    chosen = _permutation(len(data.train.labels))[:count]
    validation, train = _part(data.train, chosen[:held]), _part(data.train, chosen[held:])
    test = _part(data.test, _permutation(len(data.test.labels))[:MOST_TEST])
    mean = train.images.mean(axis=(0, 2, 3), dtype=np.float64)[:, None, None]  # (C, 1, 1)
    std = train.images.std(axis=(0, 2, 3), dtype=np.float64)[:, None, None]  # (C, 1, 1)
    statistics = (part.astype(np.float32) for part in (mean, std))
    return ComparisonData(name, train, validation, test, data.classes, *statistics)


def _permutation(count: int) -> np.ndarray:
    """An order drawn from raw bits, which every version of NumPy repeats."""
    return np.argsort(np.random.PCG64(0).random_raw(count), kind="stable")  # (count,)


def _part(split: Split, rows: np.ndarray) -> Split:
    """The chosen images, enlarged bilinearly where they are smaller than 64 x 64."""
    images = split.images[rows]  # (n, C, H, W)
    if images.shape[2:] != (SIZE, SIZE):
        tensor = torch.from_numpy(images)
        enlarged = torch.nn.functional.interpolate(tensor, (SIZE, SIZE), mode="bilinear")
        images = enlarged.numpy()  # (n, C, 64, 64)
    return Split(images, split.labels[rows])

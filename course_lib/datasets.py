"""The course's data, all behind one call: ``datasets.load(name)``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib._validation import fail


class Split(NamedTuple):
    """Images and what is known about them.

    Attributes
    ----------
    images : ndarray, shape (N, C, H, W), float32
        Pixels in [0, 1].
    labels : ndarray, shape (N,), int64
        Index of each image's class.
    """

    images: np.ndarray
    labels: np.ndarray


class ImageData(NamedTuple):
    """A data set, split for training and testing.

    Attributes
    ----------
    train, test : Split
        The two halves; no image stands in both.
    classes : tuple of str
        Name of each class, in the order of the labels.
    """

    train: Split
    test: Split
    classes: tuple[str, ...]


def load(name: str, root: str | None = None, download: bool = False) -> ImageData:
    """Load a data set by name.

    Parameters
    ----------
    name : {"digits"}
        ``"digits"``: 1,797 real handwritten digits that come with scikit-learn, drawn as 1 x 28 x 28.
    root : str, optional
        Folder of data sets that are not part of the installation. Unused by ``"digits"``.
    download : bool, default False
        Fetch what is missing. Unused by ``"digits"``.

    Returns
    -------
    ImageData
        The two splits and the names of the classes.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> digits = load("digits")
    >>> digits.train.images.shape, digits.test.images.shape
    ((1440, 1, 28, 28), (357, 1, 28, 28))
    """
    if name != "digits":
        fail("datasets.load", "a name among 'digits'", repr(name))
    return _load_digits()


def _load_digits() -> ImageData:
    """Enlarge scikit-learn's 8 x 8 digits threefold, with a margin of 2 pixels, and split them 4 : 1."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    small = (bunch.images / 16).astype(np.float32)  # (N, 8, 8)
    up = _bilinear_matrix(8, 24)  # (24, 8)
    large = up @ small @ up.T  # (N, 24, 24)
    images = np.pad(large, [(0, 0), (2, 2), (2, 2)])[:, None]  # (N, 1, 28, 28)
    labels = bunch.target.astype(np.int64)
    # A fifth is for testing. Neighbours in the file come from one writer, so whole runs of 40 go together.
    test = (np.arange(len(labels)) // 40) % 5 == 4  # (N,)
    return ImageData(
        train=Split(np.ascontiguousarray(images[~test]), labels[~test]),
        test=Split(np.ascontiguousarray(images[test]), labels[test]),
        classes=tuple("0123456789"),
    )


def _bilinear_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Matrix ``(size_out, size_in)`` that resamples an axis linearly, pixel centres aligned."""
    position = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5  # (size_out,)
    distance = np.abs(np.clip(position, 0, size_in - 1)[:, None] - np.arange(size_in))  # (size_out, size_in)
    return np.maximum(0, 1 - distance).astype(np.float32)  # (size_out, size_in)

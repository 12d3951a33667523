"""Real handwritten digits that come with scikit-learn: 1,797 of them, no network needed."""

from __future__ import annotations

import numpy as np

from course_lib._extras import require
from course_lib.datasets.types import ImageData, Split


def load_digits_28() -> ImageData:
    """Enlarge scikit-learn's 8 x 8 digits threefold, with a margin of 2 pixels, and split them 4 : 1."""
    require("sklearn", "datasets.load('digits')")
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

"""What every data set of the course looks like once it is loaded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


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


class Scenes(NamedTuple):
    """Drawn images with everything that is known of them; image ``n`` holds ``counts[n]`` objects.

    Attributes
    ----------
    images : ndarray, shape (N, 3, H, W), float32
        Pixels in [0, 1].
    counts : ndarray, shape (N,), int64
        Objects on each image, at least 1; entries from ``counts[n]`` on are padding in what follows.
    labels : ndarray, shape (N, M), int64
        Class of each object; -1 is padding.
    boxes : ndarray, shape (N, M, 4), float32
        Tight boxes ``xyxy`` of what is visible, in pixels, far edges exclusive; 0 is padding.
    masks : ndarray, shape (N, M, H, W), bool
        Visible pixels of each object.
    """

    images: np.ndarray
    counts: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    masks: np.ndarray

    def class_map(self) -> np.ndarray:
        """Paint the class of each pixel.

        Returns
        -------
        ndarray, shape (N, H, W), int64
            0 is background, ``label + 1`` an object.
        """
        classes = (self.labels + 1)[:, :, None, None] * self.masks  # (N, M, H, W)
        return classes.sum(axis=1)  # (N, H, W)


class SceneData(NamedTuple):
    """Drawn scenes, split for training and testing.

    Attributes
    ----------
    train, test : Scenes
        The two halves, from different seeds.
    classes : tuple of str
        Name of each class, in the order of the labels.
    """

    train: Scenes
    test: Scenes
    classes: tuple[str, ...]


class Sentences(NamedTuple):
    """Sentences and their classes.

    Attributes
    ----------
    texts : tuple of str
        The sentences as they were written.
    labels : ndarray, shape (N,), int64
        Index of each sentence's class.
    """

    texts: tuple[str, ...]
    labels: np.ndarray


class SentenceData(NamedTuple):
    """A data set of sentences, split for training, choosing and testing.

    Attributes
    ----------
    train, validation, test : Sentences
        The three parts; no file of a library stands in two.
    classes : tuple of str
        Name of each class, in the order of the labels.
    """

    train: Sentences
    validation: Sentences
    test: Sentences
    classes: tuple[str, ...]


class VisionData(NamedTuple):
    """Photographs of different sizes, read one by one.

    Attributes
    ----------
    train, test : torch.utils.data.Dataset
        torchvision's data sets: items are pairs of a PIL image and its annotation.
    classes : tuple of str
        Name of each class.
    """

    train: Any
    test: Any
    classes: tuple[str, ...]

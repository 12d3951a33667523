"""The course's data, all behind one call: ``datasets.load(name)``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib._extras import require
from course_lib._validation import as_bool, as_int, fail
from course_lib.datasets import vision
from course_lib.datasets.digits import load_digits_28
from course_lib.datasets.drawing import CLASSES, scenes
from course_lib.datasets.sentences import load_sentences
from course_lib.datasets.shapes import load_shapes, shape_masks
from course_lib.datasets.types import (
    ImageData,
    SceneData,
    Scenes,
    SentenceData,
    Sentences,
    Split,
    VisionData,
)
from course_lib.datasets.vision import DataDamagedError, DataMissingError

if TYPE_CHECKING:
    import torch

__all__ = [
    "DataDamagedError",
    "DataMissingError",
    "ImageData",
    "SceneData",
    "Scenes",
    "SentenceData",
    "Sentences",
    "Split",
    "VisionData",
    "data_loader",
    "load",
    "scenes",
    "shape_masks",
]
_NAMES = ("digits", "scenes", "shapes", "sentences", *vision.ARRAYS, *vision.PHOTOGRAPHS)


def load(
    name: str, root: str | os.PathLike | None = None, download: bool = False, **options: Any
) -> ImageData | SceneData | SentenceData | VisionData:
    """Load a data set by name.

    Parameters
    ----------
    name : {"digits", "scenes", "shapes", "sentences", "mnist", "fashion_mnist", "cifar10", "voc", \
"oxford_pet"}
        ``"digits"``: 1,797 real handwritten digits that come with scikit-learn, drawn as 1 x 28 x 28.
        ``"scenes"``: drawn shapes with class, box and mask. ``"shapes"``: one drawn shape amid clutter, as
        3 x 64 x 64, to classify. ``"sentences"``: 3,200 sentences from the docstrings of four libraries.
        None of these needs the network. The others are torchvision's.
    root : str or path, optional
        Folder of torchvision's data sets; by default ``$COURSE_DATA``, else ``data`` in the working
        directory.
    download : bool, default False
        Fetch what is missing into `root`.
    **options : dict
        For ``"scenes"``: ``train`` and ``test`` (how many, 2,000 and 500), ``seed`` (0), and what
        `scenes` takes. For ``"shapes"``: ``train`` and ``test`` (6,000 and 1,000) and ``seed`` (0).

    Returns
    -------
    ImageData, SceneData, SentenceData or VisionData
        The splits and the names of the classes. PASCAL VOC 2012's ``test`` is its published ``val``.

    Raises
    ------
    ValueError
        If the name or an option is unknown.
    DataMissingError
        If the data are not in the folder; the message names it and the call that downloads.
    DataDamagedError
        If a file is truncated or not what it should be; the message names it.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI machine learning
       repository, 1998.
    .. [2] Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998.

    Examples
    --------
    >>> digits = load("digits")
    >>> digits.train.images.shape, digits.test.images.shape
    ((1440, 1, 28, 28), (357, 1, 28, 28))
    """
    if name not in _NAMES:
        fail("datasets.load", "a name among " + ", ".join(map(repr, _NAMES)), repr(name))
    if options and name not in ("scenes", "shapes"):
        fail("datasets.load", f"no options for {name!r}", ", ".join(options))
    if name == "digits":
        return load_digits_28()
    if name == "shapes":
        return load_shapes(**options)
    if name == "sentences":
        return load_sentences()
    return _load_scenes(**options) if name == "scenes" else vision.load_vision(name, root, download)


def _load_scenes(train: int = 2000, test: int = 500, seed: int = 0, **options: Any) -> SceneData:
    seed = as_int("datasets.load", "seed", seed, 0)
    known = {"size", "max_objects", "noise"}
    if not set(options) <= known:
        fail("datasets.load", f"options among train, test, seed, {', '.join(sorted(known))}", sorted(options))
    # Even seeds train, odd ones test: no scene can stand in both.
    parts = (scenes(train, seed=2 * seed, **options), scenes(test, seed=2 * seed + 1, **options))
    return SceneData(*parts, classes=CLASSES)


def data_loader(
    split: Split, batch_size: int = 64, *, shuffle: bool = False, generator: torch.Generator | None = None
) -> torch.utils.data.DataLoader:
    """Serve a split to PyTorch in batches.

    Parameters
    ----------
    split : Split
        Images and labels.
    batch_size : int, default 64
        Samples per batch; the last batch may be smaller.
    shuffle : bool, default False
        Draw a new order for every pass.
    generator : torch.Generator, optional
        Where the order comes from; PyTorch's global generator by default.

    Returns
    -------
    torch.utils.data.DataLoader
        Batches ``(images, labels)`` of shapes ``(B, C, H, W)`` and ``(B,)``.

    Raises
    ------
    ValueError
        If `split` is no split, its images and labels differ in number, there is nothing to shuffle, or
        another argument is out of range.

    References
    ----------
    .. [1] ``torch.utils.data.DataLoader``.

    Examples
    --------
    >>> images, labels = next(iter(data_loader(load("digits").train, batch_size=32)))
    >>> tuple(images.shape), tuple(labels.shape)
    ((32, 1, 28, 28), (32,))
    """
    require("torch", "data_loader")
    import torch

    batch_size = as_int("data_loader", "batch_size", batch_size, 1)
    if not isinstance(split, Split):
        fail("data_loader", "a Split, such as `train` of a data set", type(split).__name__)
    if len(split.images) != len(split.labels):
        counts = f"{len(split.images)} and {len(split.labels)}"
        fail("data_loader", "as many labels as images", counts)
    if generator is not None and not isinstance(generator, torch.Generator):
        fail("data_loader", "`generator` to be a torch.Generator", type(generator).__name__)
    if as_bool("data_loader", "shuffle", shuffle) and not len(split.images):
        fail("data_loader", "at least one image to shuffle", "none")
    tensors = torch.utils.data.TensorDataset(_as_tensor(split.images), _as_tensor(split.labels))
    return torch.utils.data.DataLoader(tensors, batch_size=batch_size, shuffle=shuffle, generator=generator)


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    """Share the memory of an array with PyTorch where PyTorch can use it, and copy it where not."""
    import torch

    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return torch.from_numpy(np.require(native, requirements=["C_CONTIGUOUS", "WRITEABLE"]))

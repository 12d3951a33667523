"""torchvision's data sets, from a folder on disk, checked before they are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.datasets.types import ImageData, Split, VisionData

#: The environment variable that names the folder of data sets.
ROOT_VARIABLE = "COURSE_DATA"
ARRAYS = ("mnist", "fashion_mnist", "cifar10")
PHOTOGRAPHS = ("voc", "oxford_pet")


class DataMissingError(FileNotFoundError):
    """A data set is not where it was looked for; the message names the folder and the call that downloads."""


class DataDamagedError(OSError):
    """A file of a data set is truncated or unreadable; the message names it."""


def find_root(root: str | os.PathLike | None) -> Path:
    """Folder of data sets: the argument, else ``$COURSE_DATA``, else ``data`` in the working directory."""
    return Path(root or os.environ.get(ROOT_VARIABLE) or "data").expanduser()


def load_vision(name: str, root: str | os.PathLike | None, download: bool) -> ImageData | VisionData:
    """Load one of torchvision's data sets, or say where it was looked for."""
    folder = find_root(root)
    try:
        train, test = _open(name, folder, download)
    except RuntimeError as error:  # torchvision's word for "not there" and for "wrong checksum"
        raise DataMissingError(
            f"datasets.load: {name!r} not found, or not whole, in {folder.resolve()} ({error}). Download it "
            f"there with datasets.load({name!r}, root={str(folder)!r}, download=True), or name the folder "
            f"that has it by `root` or ${ROOT_VARIABLE}."
        ) from error
    if name in PHOTOGRAPHS:
        return VisionData(_Named(train), _Named(test), _class_names(name, train))
    return ImageData(_split(train), _split(test), tuple(str(c) for c in train.classes))


def _open(name: str, folder: Path, download: bool) -> tuple[Any, Any]:
    from torchvision import datasets as tv

    if name in ("mnist", "fashion_mnist"):
        kind = tv.MNIST if name == "mnist" else tv.FashionMNIST
        if not download:
            for path in sorted((folder / kind.__name__ / "raw").glob("*ubyte")):
                check_idx(path)
        return kind(folder, train=True, download=download), kind(folder, train=False, download=download)
    if name == "cifar10":
        return tv.CIFAR10(folder, train=True, download=download), tv.CIFAR10(folder, False, download=download)
    if name == "voc":
        year = {"year": "2012", "download": download}
        return tuple(tv.VOCDetection(folder, image_set=s, **year) for s in ("train", "val"))
    pets = {"target_types": ["category", "segmentation"], "download": download}
    return tuple(tv.OxfordIIITPet(folder, split=s, **pets) for s in ("trainval", "test"))


def check_idx(path: Path) -> None:
    """Compare an IDX file's size with what its header promises.

    Parameters
    ----------
    path : Path
        A file in the format of MNIST: a magic number, one 32-bit size per axis, then a byte per pixel.

    Raises
    ------
    DataDamagedError
        If the file is shorter or longer than its header says.

    References
    ----------
    .. [1] Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", file format.
    """
    with path.open("rb") as file:
        header = file.read(4)
        axes = header[3] if len(header) == 4 else 0
        sizes = np.frombuffer(file.read(4 * axes), dtype=">u4")
    promised = 4 + 4 * axes + int(np.prod(sizes, dtype=np.int64)) if axes and len(sizes) == axes else None
    if promised != path.stat().st_size:
        want = "a header" if promised is None else f"{promised} bytes"
        raise DataDamagedError(
            f"datasets.load: expected {want} in {path}, got {path.stat().st_size} bytes: the file is "
            "damaged; delete it and download it again"
        )


def _split(data: Any) -> Split:
    pixels = np.asarray(data.data)  # (N, H, W) or (N, H, W, C), uint8
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)  # (N, C, H, W)
    images = np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(255)
    return Split(images, np.asarray(data.targets, dtype=np.int64))


def _class_names(name: str, data: Any) -> tuple[str, ...]:
    return tuple(data.classes) if name == "oxford_pet" else VOC_CLASSES


class _Named:
    """A data set whose damaged files are reported by name."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        try:
            return self.data[index]
        except (OSError, SyntaxError) as error:
            path = self.data.images[index] if hasattr(self.data, "images") else self.data._images[index]
            raise DataDamagedError(f"datasets.load: {path} cannot be read whole: {error}") from error


VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *(
        "diningtable",
        "dog",
        "horse",
        "motorbike",
        "person",
        "pottedplant",
        "sheep",
        "sofa",
        "train",
        "tvmonitor",
    ),
)

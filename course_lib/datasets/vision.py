"""torchvision's data sets, from a folder on disk, checked before they are read."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from course_lib._extras import require
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
    except DataDamagedError:
        raise
    except (RuntimeError, FileNotFoundError) as error:  # torchvision's words for what is not there
        raise DataMissingError(
            f"datasets.load: {name!r} not found, or not whole, in {folder.resolve()} ({error}). Download it "
            f"there with datasets.load({name!r}, root={str(folder)!r}, download=True), or name the folder "
            f"that has it by `root` or ${ROOT_VARIABLE}."
        ) from error
    if name in PHOTOGRAPHS:
        return VisionData(_Named(train), _Named(test), _class_names(name, train))
    return ImageData(_split(train), _split(test), tuple(str(c) for c in train.classes))


def _open(name: str, folder: Path, download: bool) -> tuple[Any, Any]:
    require("torchvision", f"datasets.load({name!r})")
    from torchvision import datasets as tv

    if name in ("mnist", "fashion_mnist"):
        kind = tv.MNIST if name == "mnist" else tv.FashionMNIST
        for path in sorted((folder / kind.__name__ / "raw").glob("*idx?-ubyte")):
            check_idx(path)  # also before a download, which leaves alone what is there
        return kind(folder, train=True, download=download), kind(folder, train=False, download=download)
    if name == "cifar10":
        if not download:
            sums = dict([*tv.CIFAR10.train_list, *tv.CIFAR10.test_list])
            _check_sums(folder / tv.CIFAR10.base_folder, sums)
        return tv.CIFAR10(folder, train=True, download=download), tv.CIFAR10(folder, False, download=download)
    if name == "voc":
        year = {"year": "2012", "download": download}
        return tuple(tv.VOCDetection(folder, image_set=s, **year) for s in ("train", "val"))
    pets = {"target_types": ["category", "segmentation"], "download": download}
    return tuple(tv.OxfordIIITPet(folder, split=s, **pets) for s in ("trainval", "test"))


def check_idx(path: Path) -> None:
    """Compare an IDX file's kind with what its name promises, and its size with what its header does.

    Parameters
    ----------
    path : Path
        A file in the format of MNIST, named ``...idx3-ubyte`` for its three axes: a magic number (two zeros,
        8 for bytes, the number of axes), one 32-bit size per axis, then a byte per pixel.

    Raises
    ------
    DataDamagedError
        If the magic number is another, or the file is shorter or longer than its header says.

    References
    ----------
    .. [1] Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten digits", file format.
    """
    axes = int(path.name.rsplit("idx", 1)[-1][0])
    with path.open("rb") as file:
        magic, sizes = file.read(4), np.frombuffer(file.read(4 * axes), dtype=">u4")
    got = f"{path.stat().st_size} bytes"
    if len(magic) < 4 or len(sizes) < axes:
        want = "a header"
    elif magic != bytes([0, 0, 8, axes]):
        want, got = f"the magic number {bytes([0, 0, 8, axes]).hex()}", magic.hex()
    else:
        promised = 4 + 4 * axes + math.prod(sizes.tolist())
        want = None if promised == path.stat().st_size else f"{promised} bytes"
    if want is not None:
        raise _damaged(f"expected {want} in {path}, got {got}")


def _check_sums(folder: Path, sums: dict[str, str]) -> None:
    """Refuse a file whose checksum is not the published one; torchvision reports one that is missing."""
    from torchvision.datasets.utils import check_integrity

    for name, md5 in sums.items():
        if (folder / name).exists() and not check_integrity(str(folder / name), md5):
            raise _damaged(f"expected the checksum {md5} of {folder / name}, got another")


def _damaged(what: str) -> DataDamagedError:
    """Compose the error about a file that is not whole."""
    return DataDamagedError(f"datasets.load: {what}: the file is damaged; delete it and download it again")


def _split(data: Any) -> Split:
    pixels = np.asarray(data.data)  # (N, H, W) or (N, H, W, C), uint8
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)  # (N, C, H, W)
    images = np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(255)
    labels = np.asarray(data.targets, dtype=np.int64)  # (N,)
    if len(labels) != len(images):
        raise DataDamagedError(
            f"datasets.load: expected as many labels as images in {data.root}, got {len(labels)} and "
            f"{len(images)}: the files do not belong together; delete them and download them again"
        )
    return Split(images, labels)


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
            image, target = self.data[index]
            for part in target if isinstance(target, tuple) else ():
                if hasattr(part, "load"):
                    part.load()  # Pillow opens a mask and reads it later
            return image, target
        except (OSError, SyntaxError) as error:
            files = self._files(index)
            path = next((path for path in files if not _is_whole(path)), files[0])
            raise _damaged(f"expected to read the whole of {path}, got {error}") from error

    def _files(self, index: int) -> tuple[Path, Path]:
        """The image and its annotation."""
        if hasattr(self.data, "annotations"):
            return Path(self.data.images[index]), Path(self.data.annotations[index])
        return self.data._images[index], self.data._segs[index]


def _is_whole(path: Path) -> bool:
    """Whether an image or an XML file can be read to its end."""
    from PIL import Image

    try:
        if path.suffix == ".xml":
            ElementTree.parse(path)
        else:
            with Image.open(path) as image:
                image.load()
    except (OSError, SyntaxError):
        return False
    return True


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

"""A single-shot detector: boxes and classes at every position of several maps, in one pass.

Paper: W. Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325, section 2, figure
2. A backbone shrinks the image; on each of its last maps one 3x3 convolution predicts the classes, another
the offsets, of every anchor of every cell. Small objects are found on the fine maps, large ones on the
coarse.

=========  =======================================  ==========  =====================
map        what                                     resolution  anchors, in pixels
=========  =======================================  ==========  =====================
backbone   16, 32, 64 channels, each two 3x3        1 / 8       12, 18
..         convolutions and a 2x2 max pooling
extra1     the same with 128 channels               1 / 16      26, 36
extra2     the same with 128 channels               1 / 32      48, 60
=========  =======================================  ==========  =====================

Departures from the paper:

- a small backbone with batch normalisation, trained from scratch, instead of VGG-16 trained on ImageNet;
- three maps instead of six, two sides and the ratios 1, 2, 1/2 for every cell (six anchors), for 64 x 64
  scenes;
- no localisation weight (alpha is 1) and no augmentation here.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.boxes import anchor_boxes
from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled

#: Sides of the square anchors on each map, in pixels, finest map first.
ANCHOR_SIDES = ((12.0, 18.0), (26.0, 36.0), (48.0, 60.0))
ASPECT_RATIOS = (1.0, 2.0, 0.5)


class DetectorOutput(NamedTuple):
    """What the network says of every anchor.

    Attributes
    ----------
    class_logits : Tensor, shape (N, A, num_classes + 1)
        Logits; index 0 is background, ``label + 1`` an object.
    offsets : Tensor, shape (N, A, 4)
        Predicted offsets ``(dx, dy, dw, dh)``, as `course_lib.boxes.encode_offsets` writes them.
    anchors : Tensor, shape (A, 4)
        Boxes ``xyxy``, in pixels, the same for every image.
    """

    class_logits: Tensor
    offsets: Tensor
    anchors: Tensor


def _down(in_channels: int, channels: int) -> nn.Sequential:
    """Two 3x3 convolutions with batch normalisation and ReLU, then a 2x2 max pooling."""
    layers: list[nn.Module] = []
    for c_in in (in_channels, channels):
        layers += [nn.Conv2d(c_in, channels, kernel_size=3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


class SingleShotDetector(nn.Module):
    """SSD in miniature, for the course's drawn scenes.

    Parameters
    ----------
    num_classes : int, default 4
        Classes of objects, the background not counted.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every layer's channels.
    anchor_sides : sequence of sequence of float, default `ANCHOR_SIDES`
        Sides of the square anchors on each of the three maps, in pixels; equally many on each.
    aspect_ratios : sequence of float, default (1.0, 2.0, 0.5)
        Width over height of the anchors.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    course_lib.models.detection.detection_targets : What the network must answer.
    course_lib.models.detection.detection_loss : How far it is from that.
    course_lib.models.detection.decode_detections : Boxes from its answer.

    References
    ----------
    .. [1] W. Liu et al., "SSD: single shot multibox detector", arXiv:1512.02325, 2016.

    Examples
    --------
    >>> model = SingleShotDetector(width=0.25)
    >>> output = model(torch.zeros(2, 3, 64, 64))
    >>> output.class_logits.shape, output.offsets.shape, output.anchors.shape  # 6 * (64 + 16 + 4) anchors
    (torch.Size([2, 504, 5]), torch.Size([2, 504, 4]), torch.Size([504, 4]))
    """

    smallest = 32

    def __init__(
        self,
        num_classes: int = 4,
        in_channels: int = 3,
        width: float = 1.0,
        anchor_sides: Sequence[Sequence[float]] = ANCHOR_SIDES,
        aspect_ratios: Sequence[float] = ASPECT_RATIOS,
    ) -> None:
        super().__init__()
        check_counts("SingleShotDetector", width, num_classes=num_classes, in_channels=in_channels)
        _check_anchors(anchor_sides, aspect_ratios)
        self.num_classes, self.in_channels = num_classes, in_channels
        self.anchor_sides, self.aspect_ratios = anchor_sides, tuple(aspect_ratios)
        c1, c2, c3, c4 = (scaled(size, width) for size in (16, 32, 64, 128))
        self.backbone = nn.Sequential(_down(in_channels, c1), _down(c1, c2), _down(c2, c3))
        self.extra1 = _down(c3, c4)
        self.extra2 = _down(c4, c4)
        per_cell = len(anchor_sides[0]) * len(self.aspect_ratios)
        self.class_heads = nn.ModuleList(
            nn.Conv2d(c, per_cell * (num_classes + 1), kernel_size=3, padding=1) for c in (c3, c4, c4)
        )
        self.offset_heads = nn.ModuleList(
            nn.Conv2d(c, per_cell * 4, kernel_size=3, padding=1) for c in (c3, c4, c4)
        )
        self.apply(he_initialise_normalised)
        for head in (*self.class_heads, *self.offset_heads):
            nn.init.normal_(head.weight, 0.0, 0.01)  # begins near "anything, where the anchor is"

    def forward(self, images: Tensor) -> DetectorOutput:
        """Predict class and offsets of every anchor.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 32 x 32.

        Returns
        -------
        DetectorOutput
            Logits, offsets and anchors; the finest map's anchors come first.
        """
        check_images(self, images, self.smallest)
        fine = self.backbone(images)  # (N, 64, H / 8, W / 8)
        middle = self.extra1(fine)  # (N, 128, H / 16, W / 16)
        coarse = self.extra2(middle)  # (N, 128, H / 32, W / 32)
        maps = (fine, middle, coarse)
        logits = [
            _per_anchor(head(x), self.num_classes + 1) for head, x in zip(self.class_heads, maps, strict=True)
        ]
        offsets = [_per_anchor(head(x), 4) for head, x in zip(self.offset_heads, maps, strict=True)]
        anchors = self.anchors(tuple(images.shape[2:]), [tuple(x.shape[2:]) for x in maps])
        return DetectorOutput(
            class_logits=torch.cat(logits, dim=1),  # (N, A, num_classes + 1)
            offsets=torch.cat(offsets, dim=1),  # (N, A, 4)
            anchors=torch.from_numpy(anchors).to(images),  # (A, 4)
        )

    def anchors(
        self, image_size: tuple[int, int], map_sizes: Sequence[tuple[int, int]] | None = None
    ) -> np.ndarray:
        """Return the anchors of an image.

        Parameters
        ----------
        image_size : tuple of int
            ``(H, W)`` of the image, in pixels.
        map_sizes : sequence of tuple of int, optional
            ``(H, W)`` of the three maps, in cells; by default an 8th, 16th and 32nd of the image, rounded
            down.

        Returns
        -------
        ndarray, shape (A, 4), float32
            Boxes ``xyxy``, in pixels, in the order of the network's answers.
        """
        if map_sizes is None:
            map_sizes = [(image_size[0] // step, image_size[1] // step) for step in (8, 16, 32)]
        boxes = [
            anchor_boxes(size, image_size, sides, self.aspect_ratios)
            for size, sides in zip(map_sizes, self.anchor_sides, strict=True)
        ]
        return np.concatenate(boxes)  # (A, 4)


def _per_anchor(x: Tensor, values: int) -> Tensor:
    """Bring a head's map to one row per anchor: cells row by row, then the anchors of a cell."""
    x = x.permute(0, 2, 3, 1)  # (N, H, W, per_cell * values)
    return x.unflatten(3, (-1, values)).flatten(1, 3)  # (N, H * W * per_cell, values)


def _check_anchors(anchor_sides: Sequence[Sequence[float]], aspect_ratios: Sequence[float]) -> None:
    """Refuse anything but equally many positive sides for each of the three maps, and positive ratios."""
    parts = (*anchor_sides, aspect_ratios) if isinstance(anchor_sides, Sequence) else ()
    full = len(parts) == 4 and all(isinstance(part, Sequence) and len(part) for part in parts)
    positive = full and all(isinstance(n, Real) and n > 0 for part in parts for n in part)
    if not positive or len({len(sides) for sides in anchor_sides}) != 1:
        what = "`anchor_sides` with equally many positive sides for 3 maps, and positive `aspect_ratios`"
        fail("SingleShotDetector", what, f"{anchor_sides!r} and {aspect_ratios!r}")

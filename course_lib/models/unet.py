"""U-Net: down to understand, up to localise, and bridges between the two.

Paper: O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for biomedical image
segmentation", MICCAI 2015, arXiv:1505.04597, figure 1. At level l = 0 ... depth the maps have 64 * 2^l
channels. Each level of the way down is two 3x3 convolutions with ReLU and a 2x2 max pooling; each level of
the way up is a 2x2 up-convolution that halves the channels, a concatenation with the map of the same level
from the way down, and two 3x3 convolutions. A 1x1 convolution gives the classes.

Departures from the paper:

- ``padding="same"`` (the default) keeps the size: images whose sides 2^depth does not divide are padded
  with zeros on the right and bottom, and the answer is cropped back. ``padding="valid"`` is the paper's:
  572 x 572 in, 388 x 388 out, with the maps from the way down cropped around their centre;
- ``skips=False`` leaves the bridges out, for the ablation; ``batch_norm=True`` follows each 3x3 convolution
  by batch normalisation, which the paper does not use;
- dropout at the end of the way down, whose rate the paper does not state, is off by default.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import as_int, fail
from course_lib.models._common import check_counts, check_images, he_initialise, scaled


def _two_convolutions(in_channels: int, out_channels: int, padding: int, batch_norm: bool) -> nn.Sequential:
    """Two 3x3 convolutions, each with ReLU and, where asked for, batch normalisation."""
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        layers.append(nn.Conv2d(channels, out_channels, kernel_size=3, padding=padding, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """U-Net for semantic segmentation.

    Parameters
    ----------
    num_classes : int, default 2
        Channels of the output.
    in_channels : int, default 1
        Channels of the images.
    width : float, default 1.0
        Factor on every level's channels; 1 begins with 64.
    depth : int, default 4
        Number of poolings, and of up-convolutions; at least 1.
    skips : bool, default True
        Hand the maps of the way down to the way up.
    padding : {"same", "valid"}, default "same"
        Keep the size of the images, or use no padding as the paper does.
    batch_norm : bool, default False
        Follow each 3x3 convolution by batch normalisation.
    dropout : float, default 0.0
        Probability of dropping a value of the lowest map.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for biomedical image
       segmentation", arXiv:1505.04597, 2015.

    Examples
    --------
    >>> model = UNet(num_classes=3, width=1 / 16, depth=2)
    >>> model(torch.zeros(1, 1, 37, 50)).shape
    torch.Size([1, 3, 37, 50])
    >>> with torch.device("meta"):
    ...     UNet(padding="valid")(torch.zeros(1, 1, 572, 572)).shape
    torch.Size([1, 2, 388, 388])
    """

    def __init__(
        self,
        num_classes: int = 2,
        in_channels: int = 1,
        width: float = 1.0,
        depth: int = 4,
        skips: bool = True,
        padding: str = "same",
        batch_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_counts("UNet", width, num_classes=num_classes, in_channels=in_channels)
        self.depth = as_int("UNet", "depth", depth, 1)
        if padding not in ("same", "valid"):
            fail("UNet", "`padding` of 'same' or 'valid'", repr(padding))
        self.in_channels, self.skips, self.padding = in_channels, skips, padding
        self.smallest = 1 if padding == "same" else _smallest_valid(depth)
        pad = 1 if padding == "same" else 0
        channels = [scaled(64 * 2**level, width) for level in range(depth + 1)]
        self.down = nn.ModuleList(
            _two_convolutions(c_in, c_out, pad, batch_norm)
            for c_in, c_out in zip([in_channels, *channels], channels[:-1], strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.bottom = _two_convolutions(channels[-2], channels[-1], pad, batch_norm)
        self.dropout = nn.Dropout(dropout)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(channels[level + 1], channels[level], kernel_size=2, stride=2)
            for level in reversed(range(depth))
        )
        self.merge = nn.ModuleList(
            _two_convolutions(channels[level] * (2 if skips else 1), channels[level], pad, batch_norm)
            for level in reversed(range(depth))
        )
        self.head = nn.Conv2d(channels[0], num_classes, kernel_size=1)
        self.apply(he_initialise)
        for up in self.up:  # no ReLU follows: a pixel is a sum over the channels, and keeps their mean square
            nn.init.normal_(up.weight, 0.0, up.in_channels**-0.5)
            nn.init.zeros_(up.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits for every pixel.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images; of any size with ``padding="same"``, of at least 188 x 188 with ``"valid"`` at depth 4.

        Returns
        -------
        Tensor, shape (N, num_classes, H_out, W_out)
            Logits. "same" keeps H and W; "valid" answers for a window around the centre.
        """
        check_images(self, images, self.smallest)
        height, width = images.shape[2:]
        x = images
        if self.padding == "same":
            multiple = 2**self.depth
            x = F.pad(images, (0, -width % multiple, 0, -height % multiple))  # (N, in_channels, H', W')
        maps = []
        for block in self.down:
            x = block(x)  # (N, 64 * 2^l, H' / 2^l, W' / 2^l)
            maps.append(x)
            x = self.pool(x)  # (N, 64 * 2^l, H' / 2^(l + 1), W' / 2^(l + 1))
        x = self.dropout(self.bottom(x))  # (N, 64 * 2^depth, H' / 2^depth, W' / 2^depth)
        for up, merge in zip(self.up, self.merge, strict=True):
            x = up(x)  # (N, 64 * 2^l, H' / 2^l, W' / 2^l)
            skip = maps.pop()
            if self.skips:
                x = torch.cat(
                    (_centre_crop(skip, x.shape[2:]), x), dim=1
                )  # (N, 2 * 64 * 2^l, H' / 2^l, W' / 2^l)
            x = merge(x)  # (N, 64 * 2^l, H' / 2^l, W' / 2^l)
        x = self.head(x)  # (N, num_classes, H', W')
        return x[:, :, :height, :width]  # (N, num_classes, H_out, W_out)


def _centre_crop(x: Tensor, size: torch.Size) -> Tensor:
    """Cut the middle ``size`` = (H, W) out of ``x``; the spare odd pixel is cut at the far edge."""
    top, left = ((have - want) // 2 for have, want in zip(x.shape[2:], size, strict=True))
    return x[:, :, top : top + size[0], left : left + size[1]]


def _smallest_valid(depth: int) -> int:
    """Smallest side, in pixels, that leaves an answer without padding: every block takes 4 pixels away.

    A map must be at least 5 pixels wide before any block. Going up from s pixels at the bottom gives 2 s -
    4, so it is walked backwards.
    """
    size = 1
    for _ in range(depth):
        size = (size + 4 + 1) // 2  # before the block, then before the up-convolution
    for _ in range(depth):
        size = (size + 4) * 2  # before the lower block, then before the pooling
    return size + 4

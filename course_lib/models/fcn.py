"""Fully convolutional network: a classifier that answers for every pixel.

Paper: J. Long, E. Shelhamer and T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR
2015, arXiv:1411.4038, section 4, figure 3. The five stages of VGG-16 are followed by its dense layers
turned into 7x7 and 1x1 convolutions and by one score per class. FCN-32s enlarges these scores 32 times;
FCN-16s adds scores read from stage 4, FCN-8s also from stage 3, before it enlarges.

=======  ==============================================  ==========
layer    what                                            resolution
=======  ==============================================  ==========
stage3   VGG-16's, 256 channels                          1 / 8
stage4   VGG-16's, 512 channels                          1 / 16
stage5   VGG-16's, 512 channels                          1 / 32
fc6      4096 filters 7x7, ReLU, dropout                 1 / 32
fc7      4096 filters 1x1, ReLU, dropout                 1 / 32
score    num_classes filters 1x1                         1 / 32
up       transposed convolutions by 2, 2, 8; 2, 16; 32   1
=======  ==============================================  ==========

Departures from the paper:

- images are padded with zeros on the right and bottom to a multiple of 32 and the answer is cropped back,
  where the paper pads the first convolution by 100 and crops with offsets; fc6 is padded by 3;
- each class is enlarged by itself (a grouped transposed convolution); the paper's mixes classes but begins
  the same, as bilinear interpolation; the last enlargement is trained too, where the paper fixes it;
- the scores of stages 3 and 4 are not rescaled, and all levels train at once;
- ``batch_norm=True`` puts batch normalisation into the stages, for training from scratch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import as_int, fail
from course_lib.models._common import check_counts, check_images, he_initialise, scaled
from course_lib.models.vgg import vgg_stages


def bilinear_kernel(factor: int) -> Tensor:
    """Kernel with which a transposed convolution interpolates bilinearly.

    With stride `factor` and padding ``factor // 2`` the transposed convolution enlarges a map exactly
    `factor` times; away from the border it agrees with `torch.nn.functional.interpolate`.

    Parameters
    ----------
    factor : int
        How many times to enlarge; even, at least 2.

    Returns
    -------
    Tensor, shape (2 * factor, 2 * factor), float of torch's default dtype
        Products of two triangles; every output pixel receives weights that sum to 1.

    Raises
    ------
    ValueError
        If `factor` is odd or below 2.

    Examples
    --------
    >>> bilinear_kernel(2)[0] * 16
    tensor([1., 3., 3., 1.])
    """
    if as_int("bilinear_kernel", "factor", factor, 2) % 2:
        fail("bilinear_kernel", "an even `factor`", repr(factor))
    taps = (torch.arange(2 * factor) - factor + 0.5) / factor  # (2 factor,)
    triangle = 1 - taps.abs()  # (2 factor,)
    return torch.outer(triangle, triangle)  # (2 factor, 2 factor)


class Upsample(nn.ConvTranspose2d):
    """A transposed convolution that begins as bilinear interpolation of each channel by itself.

    Parameters
    ----------
    channels : int
        Channels of the input and the output.
    factor : int
        How many times to enlarge; even.
    """

    def __init__(self, channels: int, factor: int) -> None:
        super().__init__(
            channels, channels, 2 * factor, stride=factor, padding=factor // 2, groups=channels, bias=False
        )
        with torch.no_grad():
            self.weight.copy_(bilinear_kernel(factor))


class FCN(nn.Module):
    """FCN-32s, FCN-16s or FCN-8s on VGG-16.

    Parameters
    ----------
    stride : {32, 16, 8}, default 8
        Resolution of the finest scores, in pixels: 32 without skips, 16 with one, 8 with two.
    num_classes : int, default 21
        Channels of the output; 21 are those of PASCAL VOC with the background.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels.
    dropout : float, default 0.5
        Probability of dropping a value of fc6 and fc7.
    batch_norm : bool, default False
        Put batch normalisation into the stages.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] J. Long, E. Shelhamer and T. Darrell, "Fully convolutional networks for semantic segmentation",
       arXiv:1411.4038, 2014.

    Examples
    --------
    >>> model = FCN(8, num_classes=3, width=1 / 32)
    >>> model(torch.zeros(1, 3, 50, 70)).shape
    torch.Size([1, 3, 50, 70])
    """

    smallest = 1

    def __init__(
        self,
        stride: int = 8,
        num_classes: int = 21,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.5,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        check_counts("FCN", width, num_classes=num_classes, in_channels=in_channels)
        if stride not in (32, 16, 8):
            fail("FCN", "`stride` among 32, 16, 8", repr(stride))
        self.in_channels, self.stride = in_channels, stride
        c3, c4, hidden = (scaled(size, width) for size in (256, 512, 4096))
        stages = vgg_stages(16, in_channels, width, batch_norm)
        self.stages = nn.ModuleList(nn.Sequential(*stage) for stage in stages)
        self.fc6 = nn.Conv2d(c4, hidden, kernel_size=7, padding=3)
        self.fc7 = nn.Conv2d(hidden, hidden, kernel_size=1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout2d(dropout)
        self.score = nn.Conv2d(hidden, num_classes, kernel_size=1)
        if stride <= 16:
            self.up_to_16 = Upsample(num_classes, 2)
            self.score4 = nn.Conv2d(c4, num_classes, kernel_size=1)
        if stride == 8:
            self.up_to_8 = Upsample(num_classes, 2)
            self.score3 = nn.Conv2d(c3, num_classes, kernel_size=1)
        self.up = Upsample(num_classes, stride)
        self._initialise()

    def _initialise(self) -> None:
        """He's weights, but scores that begin at 0, as the paper's section 4.3 and 4.2 say."""
        self.apply(he_initialise)
        for name, module in self.named_children():
            if name.startswith("score"):
                nn.init.zeros_(module.weight)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits for every pixel.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of any size.

        Returns
        -------
        Tensor, shape (N, num_classes, H, W)
            Logits.
        """
        check_images(self, images, self.smallest)
        height, width = images.shape[2:]
        x = F.pad(images, (0, -width % 32, 0, -height % 32))  # (N, in_channels, H', W'), multiples of 32
        maps = []
        for stage in self.stages:
            x = stage(x)  # (N, C_stage, H' / 2^stage, W' / 2^stage)
            maps.append(x)
        x = self.dropout(self.relu(self.fc6(x)))  # (N, 4096, H' / 32, W' / 32)
        x = self.dropout(self.relu(self.fc7(x)))  # (N, 4096, H' / 32, W' / 32)
        x = self.score(x)  # (N, num_classes, H' / 32, W' / 32)
        if self.stride <= 16:
            x = self.up_to_16(x) + self.score4(maps[3])  # (N, num_classes, H' / 16, W' / 16)
        if self.stride == 8:
            x = self.up_to_8(x) + self.score3(maps[2])  # (N, num_classes, H' / 8, W' / 8)
        return self.up(x)[:, :, :height, :width]  # (N, num_classes, H, W)

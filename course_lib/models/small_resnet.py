"""The narrow ResNets for small images, and their plain twins.

Paper: K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR 2016,
arXiv:1512.03385, section 4.2. A 3x3 convolution, three stages of n basic blocks each, global average
pooling and one dense layer make 6 n + 2 layers with weights.

======  ==========================  ======
stage   what                        stride
======  ==========================  ======
conv1   3x3, 16                     1
layer1  n blocks of two 3x3, 16     1
layer2  n blocks of two 3x3, 32     2
layer3  n blocks of two 3x3, 64     2
======  ==========================  ======

Shortcuts have no parameters (the paper's option A), so that with and without them a network has exactly the
same parameters: the paper's experiment on degradation.

Departures from the paper: none in the layers; ``width`` and ``in_channels`` adapt them to 28 x 28 digits.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled
from course_lib.models.resnet import BasicBlock, conv3x3


class ZeroPadShortcut(nn.Module):
    """The paper's option A: every second pixel, and channels of zeros; nothing to learn.

    Parameters
    ----------
    extra_channels : int
        Channels of zeros to append.
    stride : int
        Step between the pixels kept.
    """

    def __init__(self, extra_channels: int, stride: int) -> None:
        super().__init__()
        self.extra_channels, self.stride = extra_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        """Subsample and pad ``x``, shape (N, C, H, W)."""
        x = x[:, :, :: self.stride, :: self.stride]  # (N, C, H / stride, W / stride)
        return F.pad(
            x, (0, 0, 0, 0, 0, self.extra_channels)
        )  # (N, C + extra_channels, H / stride, W / stride)


class SmallResNet(nn.Module):
    """The paper's ResNet for CIFAR-10, fit for 28 x 28 digits: three stages of 16, 32 and 64 channels.

    Parameters
    ----------
    depth : int, default 20
        Number of layers with weights, ``6 n + 2`` for n blocks a stage; at least 8.
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every layer's channels.
    residual : bool, default True
        Add the shortcuts; False builds the plain network, with exactly the same parameters.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", arXiv:1512.03385, 2015, section 4.2.

    Examples
    --------
    >>> import torch
    >>> model = SmallResNet(20, in_channels=1, width=0.5)
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    smallest = 1

    def __init__(
        self,
        depth: int = 20,
        num_classes: int = 10,
        in_channels: int = 3,
        width: float = 1.0,
        residual: bool = True,
    ) -> None:
        super().__init__()
        check_counts("SmallResNet", width, num_classes=num_classes, in_channels=in_channels, depth=depth)
        if depth < 8 or (depth - 2) % 6:
            fail("SmallResNet", "`depth` of the form 6 n + 2 with n at least 1", repr(depth))
        self.in_channels = in_channels
        count = (depth - 2) // 6
        channels = tuple(scaled(size, width) for size in (16, 32, 64))
        self.conv1 = conv3x3(in_channels, channels[0])
        self.bn1 = nn.BatchNorm2d(channels[0])
        self.relu = nn.ReLU()
        self.layer1 = self._stage(channels[0], channels[0], count, 1, residual)
        self.layer2 = self._stage(channels[0], channels[1], count, 2, residual)
        self.layer3 = self._stage(channels[1], channels[2], count, 2, residual)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels[2], num_classes)
        self.apply(he_initialise_normalised)

    @staticmethod
    def _stage(in_channels: int, channels: int, count: int, stride: int, residual: bool) -> nn.Sequential:
        """Stack ``count`` basic blocks; where the shape changes, the shortcut has no parameters."""
        shortcut = ZeroPadShortcut(channels - in_channels, stride) if stride != 1 else None
        first = BasicBlock(in_channels, channels, stride, shortcut, residual)
        rest = (BasicBlock(channels, channels, residual=residual) for _ in range(count - 1))
        return nn.Sequential(first, *rest)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of any size.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_images(self, images, self.smallest)
        x = self.relu(self.bn1(self.conv1(images)))  # (N, 16, H, W)
        x = self.layer1(x)  # (N, 16, H, W)
        x = self.layer2(x)  # (N, 32, H / 2, W / 2)
        x = self.layer3(x)  # (N, 64, H / 4, W / 4)
        return self.fc(self.avgpool(x).flatten(1))  # (N, num_classes)

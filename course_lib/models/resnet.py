"""ResNet: layers that learn what to add to their input.

Paper: K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", CVPR 2016,
arXiv:1512.03385, table 1. The paper's narrow networks for small images stand in `small_resnet`.

=======  ===========================  =============================  ======
stage    blocks in 18, 34             blocks in 50, 101, 152         stride
=======  ===========================  =============================  ======
stem     7x7, 64, then max pool 3x3   the same                       4
layer1   3x3, 64; 3x3, 64             1x1, 64; 3x3, 64; 1x1, 256     1
layer2   3x3, 128; 3x3, 128           1x1, 128; 3x3, 128; 1x1, 512   2
layer3   3x3, 256; 3x3, 256           1x1, 256; 3x3, 256; 1x1, 1024  2
layer4   3x3, 512; 3x3, 512           1x1, 512; 3x3, 512; 1x1, 2048  2
=======  ===========================  =============================  ======

Departures from the paper:

- `Bottleneck` halves the resolution in its 3x3 convolution, not in its first 1x1 (torchvision's "v1.5"); the
  parameters are the same;
- shortcuts that change shape are projections (the paper's option B) in every depth.

``residual=False`` leaves the shortcuts out: the paper's plain network, for its experiment on degradation.
"""

from __future__ import annotations

from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution with padding 1 and no bias."""
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False)


def _conv1x1(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them.

    Parameters
    ----------
    in_channels, channels : int
        Channels of the input and of both convolutions.
    stride : int, default 1
        Stride of the first convolution.
    downsample : Module, optional
        Shortcut where the shape changes; None (default) is the identity.
    residual : bool, default True
        Add the shortcut; False leaves a plain stack.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, channels, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv3x3(channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = downsample
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, in_channels, H, W), to shape (N, channels, H / stride, W / stride)."""
        out = self.relu(self.bn1(self.conv1(x)))  # (N, channels, H / stride, W / stride)
        out = self.bn2(self.conv2(out))  # (N, channels, H / stride, W / stride)
        if self.residual:
            out = out + (x if self.downsample is None else self.downsample(x))
        return self.relu(out)


class Bottleneck(nn.Module):
    """1x1 to few channels, 3x3, 1x1 back to four times as many, and a shortcut around them.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    channels : int
        Channels of the 3x3 convolution; the output has four times as many.
    stride : int, default 1
        Stride of the 3x3 convolution.
    downsample : Module, optional
        Shortcut where the shape changes; None (default) is the identity.
    residual : bool, default True
        Add the shortcut; False leaves a plain stack.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.conv1 = _conv1x1(in_channels, channels)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv3x3(channels, channels, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = _conv1x1(channels, channels * self.expansion)
        self.bn3 = nn.BatchNorm2d(channels * self.expansion)
        self.relu = nn.ReLU()
        self.downsample = downsample
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, in_channels, H, W), to shape (N, 4 * channels, H / stride, W / stride)."""
        out = self.relu(self.bn1(self.conv1(x)))  # (N, channels, H, W)
        out = self.relu(self.bn2(self.conv2(out)))  # (N, channels, H / stride, W / stride)
        out = self.bn3(self.conv3(out))  # (N, 4 * channels, H / stride, W / stride)
        if self.residual:
            out = out + (x if self.downsample is None else self.downsample(x))
        return self.relu(out)


#: Depth -> block and number of blocks in each of the four stages (the paper's table 1).
CONFIGURATIONS = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


class ResNet(nn.Module):
    """ResNet with 18, 34, 50, 101 or 152 layers, for images of the size of ImageNet's.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}, default 18
        Number of layers with weights, shortcuts not counted.
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every layer's channels.
    residual : bool, default True
        Add the shortcuts; False builds the plain network of the same depth.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] K. He et al., "Deep residual learning for image recognition", arXiv:1512.03385, 2015.

    Examples
    --------
    >>> import torch
    >>> model = ResNet(18, num_classes=10, in_channels=1, width=1 / 8)
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    smallest = 1
    torchvision_keys = ()

    def __init__(
        self,
        depth: int = 18,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        residual: bool = True,
    ) -> None:
        super().__init__()
        check_counts("ResNet", width, num_classes=num_classes, in_channels=in_channels)
        if depth not in CONFIGURATIONS:
            fail("ResNet", f"`depth` among {', '.join(map(str, CONFIGURATIONS))}", repr(depth))
        block, counts = CONFIGURATIONS[depth]
        self.in_channels = in_channels
        c1, c2, c3, c4 = (scaled(channels, width) for channels in (64, 128, 256, 512))
        self.conv1 = nn.Conv2d(in_channels, c1, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(c1)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _stage(block, c1, c1, counts[0], 1, residual)
        self.layer2 = _stage(block, c1 * block.expansion, c2, counts[1], 2, residual)
        self.layer3 = _stage(block, c2 * block.expansion, c3, counts[2], 2, residual)
        self.layer4 = _stage(block, c3 * block.expansion, c4, counts[3], 2, residual)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(c4 * block.expansion, num_classes)
        self.apply(he_initialise_normalised)

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
        x = self.relu(self.bn1(self.conv1(images)))  # (N, 64, H / 2, W / 2)
        x = self.layer1(self.maxpool(x))  # (N, 64 * expansion, H / 4, W / 4)
        x = self.layer2(x)  # (N, 128 * expansion, H / 8, W / 8)
        x = self.layer3(x)  # (N, 256 * expansion, H / 16, W / 16)
        x = self.layer4(x)  # (N, 512 * expansion, H / 32, W / 32)
        return self.fc(self.avgpool(x).flatten(1))  # (N, num_classes)


def _stage(
    block: type[BasicBlock | Bottleneck],
    in_channels: int,
    channels: int,
    count: int,
    stride: int,
    residual: bool,
) -> nn.Sequential:
    """Stack ``count`` blocks; the first changes the shape, with a projection as its shortcut."""
    out_channels = channels * block.expansion
    projection = None
    if residual and (stride != 1 or in_channels != out_channels):
        projection = nn.Sequential(_conv1x1(in_channels, out_channels, stride), nn.BatchNorm2d(out_channels))
    first = block(in_channels, channels, stride, projection, residual)
    return nn.Sequential(first, *(block(out_channels, channels, residual=residual) for _ in range(count - 1)))

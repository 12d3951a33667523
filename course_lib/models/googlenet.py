"""GoogLeNet: let the data choose the filter size.

Paper: C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv:1409.4842, table 1.
`CONFIGURATION` holds that table's Inception rows. Each module joins four branches along the channels: 1x1;
1x1 then 3x3; 1x1 then "5x5"; 3x3 max pooling then 1x1.

Departures from the paper, as in torchvision:

- batch normalisation (with eps 0.001 and no bias in the convolution) after every convolution;
- the "5x5" branch uses 3x3 filters; ``kernel_5x5=5`` restores the paper's;
- no local response normalisation; poolings round their output size up instead of padding;
- dropout 0.2 before the classifier, where the text of section 5 says 40%;
- the auxiliary heads average to 4x4 whatever the image size; they run in training only.

The paper states 12 times fewer parameters than AlexNet's 60 million. Its own table adds up to about 7
million, and this file counts 6,624,904 without the heads: 9 times fewer.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import as_int, fail
from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled

#: Name -> input channels, #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj (the paper's table 1).
CONFIGURATION = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


class GoogLeNetOutput(NamedTuple):
    """What the network answers in training.

    Attributes
    ----------
    logits : Tensor, shape (N, num_classes)
        The network's own answer.
    aux_logits1, aux_logits2 : Tensor, shape (N, num_classes)
        The answers of the heads on modules 4a and 4d.
    """

    logits: Tensor
    aux_logits1: Tensor
    aux_logits2: Tensor


class ConvUnit(nn.Module):
    """Convolution, batch normalisation, ReLU.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and the output.
    kernel_size : int
        Height and width of the filters, in pixels.
    stride : int, default 1
        Step between windows, in pixels.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, in_channels, H, W), to shape (N, out_channels, H / stride, W / stride)."""
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Four branches side by side, concatenated along the channels.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    c1x1 : int
        Filters of the 1x1 branch.
    reduce3x3, c3x3 : int
        Filters of the 3x3 branch: its 1x1 reduction and its 3x3 convolution.
    reduce5x5, c5x5 : int
        Filters of the 5x5 branch likewise.
    pool_proj : int
        Filters of the 1x1 convolution after the pooling.
    kernel_5x5 : int, default 3
        Kernel of the "5x5" branch, in pixels: 3 as in torchvision or 5 as in the paper.
    """

    def __init__(
        self,
        in_channels: int,
        c1x1: int,
        reduce3x3: int,
        c3x3: int,
        reduce5x5: int,
        c5x5: int,
        pool_proj: int,
        kernel_5x5: int = 3,
    ) -> None:
        super().__init__()
        self.branch1 = ConvUnit(in_channels, c1x1, 1)
        self.branch2 = nn.Sequential(ConvUnit(in_channels, reduce3x3, 1), ConvUnit(reduce3x3, c3x3, 3))
        self.branch3 = nn.Sequential(
            ConvUnit(in_channels, reduce5x5, 1), ConvUnit(reduce5x5, c5x5, kernel_5x5)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), ConvUnit(in_channels, pool_proj, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, in_channels, H, W), to shape (N, c1x1 + c3x3 + c5x5 + pool_proj, H, W)."""
        branches = (self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x))
        return torch.cat(branches, dim=1)  # (N, c1x1 + c3x3 + c5x5 + pool_proj, H, W)


class AuxiliaryHead(nn.Module):
    """A classifier on a middle layer, which shortens the gradient's way during training.

    Parameters
    ----------
    in_channels : int
        Channels of the layer.
    num_classes : int
        Length of the output.
    width : float, default 1.0
        Factor on the head's 128 channels and 1,024 units.
    dropout : float, default 0.7
        Probability of dropping a unit before the last layer.
    """

    def __init__(self, in_channels: int, num_classes: int, width: float = 1.0, dropout: float = 0.7) -> None:
        super().__init__()
        channels, hidden = scaled(128, width), scaled(1024, width)
        self.conv = ConvUnit(in_channels, channels, 1)
        self.fc1 = nn.Linear(channels * 4 * 4, hidden)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(hidden, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, in_channels, H, W), to logits (N, num_classes)."""
        x = self.conv(F.adaptive_avg_pool2d(x, 4))  # (N, 128, 4, 4)
        x = F.relu(self.fc1(x.flatten(1)))  # (N, 1024)
        return self.fc2(self.dropout(x))  # (N, num_classes)


class GoogLeNet(nn.Module):
    """GoogLeNet (Inception v1): 22 layers with weights, nine of its stages Inception modules.

    Parameters
    ----------
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    dropout : float, default 0.2
        Probability of dropping a feature before the classifier.
    aux_logits : bool, default True
        Attach the two auxiliary heads.
    kernel_5x5 : int, default 3
        Kernel of the "5x5" branches, in pixels: 3 as in torchvision or 5 as in the paper; odd.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] C. Szegedy et al., "Going deeper with convolutions", arXiv:1409.4842, 2014.

    Examples
    --------
    >>> model = GoogLeNet(num_classes=10, in_channels=1, width=1 / 8)
    >>> output = model(torch.zeros(2, 1, 32, 48))
    >>> output._fields, output.aux_logits2.shape
    (('logits', 'aux_logits1', 'aux_logits2'), torch.Size([2, 10]))
    >>> model.eval()(torch.zeros(2, 1, 32, 48)).shape
    torch.Size([2, 10])
    """

    smallest = 15

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.2,
        aux_logits: bool = True,
        kernel_5x5: int = 3,
    ) -> None:
        super().__init__()
        check_counts("GoogLeNet", width, num_classes=num_classes, in_channels=in_channels)
        if not as_int("GoogLeNet", "kernel_5x5", kernel_5x5, 1) % 2:
            fail("GoogLeNet", "an odd `kernel_5x5`, which keeps the size of the map", kernel_5x5)
        self.in_channels = in_channels
        # Published weights hold the heads; a network without heads leaves them out.
        self.torchvision_keys = () if aux_logits else ((r"^aux[12]\..*", ""),)
        c64, channels = scaled(64, width), scaled(192, width)
        self.conv1 = ConvUnit(in_channels, c64, 7, stride=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = ConvUnit(c64, c64, 1)
        self.conv3 = ConvUnit(c64, channels, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        for name, (_, *row) in CONFIGURATION.items():
            c1x1, reduce3x3, c3x3, reduce5x5, c5x5, proj = (scaled(size, width) for size in row)
            module = Inception(channels, c1x1, reduce3x3, c3x3, reduce5x5, c5x5, proj, kernel_5x5)
            self.add_module(f"inception{name}", module)
            channels = c1x1 + c3x3 + c5x5 + proj
            if aux_logits and name in ("4a", "4d"):
                number = 1 if name == "4a" else 2
                self.add_module(f"aux{number}", AuxiliaryHead(channels, num_classes, width))
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(channels, num_classes)
        self.aux_logits = aux_logits
        self.apply(he_initialise_normalised)

    def forward(self, images: Tensor) -> Tensor | GoogLeNetOutput:
        """Compute the logits, and in training those of the auxiliary heads.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 15 x 15.

        Returns
        -------
        Tensor or GoogLeNetOutput
            Logits, shape (N, num_classes), in evaluation mode or without heads; otherwise all three, named.
        """
        check_images(self, images, self.smallest)
        x = self.maxpool1(self.conv1(images))  # (N, 64, H / 4, W / 4)
        x = self.maxpool2(self.conv3(self.conv2(x)))  # (N, 192, H / 8, W / 8)
        x = self.inception3b(self.inception3a(x))  # (N, 480, H / 8, W / 8)
        at_4a = self.inception4a(self.maxpool3(x))  # (N, 512, H / 16, W / 16)
        at_4d = self.inception4d(self.inception4c(self.inception4b(at_4a)))  # (N, 528, H / 16, W / 16)
        x = self.inception4e(at_4d)  # (N, 832, H / 16, W / 16)
        x = self.inception5b(self.inception5a(self.maxpool4(x)))  # (N, 1024, H / 32, W / 32)
        logits = self.fc(self.dropout(self.avgpool(x).flatten(1)))  # (N, num_classes)
        if not (self.training and self.aux_logits):
            return logits
        return GoogLeNetOutput(logits, self.aux1(at_4a), self.aux2(at_4d))


def googlenet_loss(output: Tensor | GoogLeNetOutput, target: Tensor, aux_weight: float = 0.3) -> Tensor:
    """Cross-entropy of the network's answer plus a share of that of its auxiliary heads.

    Parameters
    ----------
    output : Tensor or GoogLeNetOutput
        What `GoogLeNet` returned, in either mode.
    target : Tensor, shape (N,), int64
        Classes.
    aux_weight : float, default 0.3
        Weight of each head's loss (the paper's section 5).

    Returns
    -------
    Tensor, scalar
        The loss.

    Examples
    --------
    >>> logits = torch.zeros(2, 4)
    >>> target = torch.tensor([0, 3])
    >>> googlenet_loss(GoogLeNetOutput(logits, logits, logits), target) / googlenet_loss(logits, target)
    tensor(1.6000)
    """
    if isinstance(output, Tensor):
        return F.cross_entropy(output, target)
    aux = F.cross_entropy(output.aux_logits1, target) + F.cross_entropy(output.aux_logits2, target)
    return F.cross_entropy(output.logits, target) + aux_weight * aux

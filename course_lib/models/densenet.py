"""DenseNet: every layer sees the outputs of all layers before it.

Paper: G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, "Densely connected convolutional networks",
CVPR 2017, arXiv:1608.06993, table 1 (the variants DenseNet-BC: bottlenecks, and transitions that halve the
channels).

============  ======================================================  ======
stage         what                                                    stride
============  ======================================================  ======
stem          7x7, 2k filters; batch norm; ReLU; max pool 3x3         4
denseblock    batch norm, ReLU, 1x1 to 4k; batch norm, ReLU, 3x3      1
..            to k, whose output joins the input
transition    batch norm, ReLU, 1x1 to half; average pool 2x2         2
classifier    batch norm, ReLU, global average pool, dense            ..
============  ======================================================  ======

Departures from the paper:

- DenseNet-161 (k = 48, 96 stem filters) comes from the models that the authors published, not from the table;
- the classifier's weights begin at N(0, 0.01^2), which the paper leaves open.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled

#: Depth -> growth rate k, stem filters, layers in each dense block (the paper's table 1).
CONFIGURATIONS = {
    121: (32, 64, (6, 12, 24, 16)),
    161: (48, 96, (6, 12, 36, 24)),
    169: (32, 64, (6, 12, 32, 32)),
    201: (32, 64, (6, 12, 48, 32)),
    264: (32, 64, (6, 12, 64, 48)),
}


class DenseLayer(nn.Module):
    """A bottleneck that appends ``growth_rate`` new channels to its input.

    Parameters
    ----------
    in_channels : int
        Channels of the input.
    growth_rate : int
        Channels appended.
    dropout : float, default 0.0
        Probability of dropping a new value.
    """

    def __init__(self, in_channels: int, growth_rate: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, 4 * growth_rate, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth_rate)
        self.conv2 = nn.Conv2d(4 * growth_rate, growth_rate, kernel_size=3, padding=1, bias=False)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``x``, shape (N, C, H, W), to shape (N, C + growth_rate, H, W)."""
        new = self.conv1(self.relu(self.norm1(x)))  # (N, 4 k, H, W)
        new = self.conv2(self.relu(self.norm2(new)))  # (N, k, H, W)
        return torch.cat((x, self.dropout(new)), dim=1)  # (N, C + k, H, W)


def _dense_block(in_channels: int, growth_rate: int, layers: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            (f"denselayer{i + 1}", DenseLayer(in_channels + i * growth_rate, growth_rate, dropout))
            for i in range(layers)
        )
    )


def _transition(in_channels: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(in_channels),
            relu=nn.ReLU(),
            conv=nn.Conv2d(in_channels, max(1, in_channels // 2), kernel_size=1, bias=False),
            pool=nn.AvgPool2d(2),
        )
    )


class DenseNet(nn.Module):
    """DenseNet-BC with 121, 161, 169, 201 or 264 layers.

    Parameters
    ----------
    depth : {121, 161, 169, 201, 264}, default 121
        Number of layers with weights.
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on the growth rate and the stem's channels, and so on all others.
    dropout : float, default 0.0
        Probability of dropping a new value in each dense layer; the paper uses 0.2 without augmentation.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] G. Huang et al., "Densely connected convolutional networks", arXiv:1608.06993, 2016.

    Examples
    --------
    >>> model = DenseNet(121, num_classes=10, in_channels=1, width=1 / 8)
    >>> model(torch.zeros(2, 1, 32, 48)).shape
    torch.Size([2, 10])
    """

    smallest = 29
    # Files published before 2018 spell a dense layer's modules norm.1, conv.2 ...
    torchvision_keys = ((r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2."),)

    def __init__(
        self,
        depth: int = 121,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_counts("DenseNet", width, num_classes=num_classes, in_channels=in_channels)
        if depth not in CONFIGURATIONS:
            fail("DenseNet", f"`depth` among {', '.join(map(str, CONFIGURATIONS))}", repr(depth))
        growth_rate, channels, blocks = CONFIGURATIONS[depth]
        growth_rate, channels = scaled(growth_rate, width), scaled(channels, width)
        self.in_channels = in_channels
        self.features = nn.Sequential(
            OrderedDict(
                conv0=nn.Conv2d(in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False),
                norm0=nn.BatchNorm2d(channels),
                relu0=nn.ReLU(),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )
        for number, layers in enumerate(blocks, start=1):
            if number > 1:
                self.features.add_module(f"transition{number - 1}", _transition(channels))
                channels = max(1, channels // 2)
            self.features.add_module(
                f"denseblock{number}", _dense_block(channels, growth_rate, layers, dropout)
            )
            channels += layers * growth_rate
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.features.add_module("relu5", nn.ReLU())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        self.apply(he_initialise_normalised)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 29 x 29.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_images(self, images, self.smallest)
        x = self.features(images)  # (N, 1024, H / 32, W / 32)
        return self.classifier(self.avgpool(x).flatten(1))  # (N, num_classes)

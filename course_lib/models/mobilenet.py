"""MobileNet (version 1): split a convolution into one filter per channel and a mixture of channels.

Paper: A. G. Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
applications", arXiv:1704.04861, 2017, table 1. `CONFIGURATION` is that table: each row is a depthwise 3x3
convolution with its stride and a 1x1 convolution to so many channels, each followed by batch normalisation
and ReLU. ``width`` is the paper's multiplier alpha; its resolution multiplier rho is the size of the
images.

Departures from the paper:

- padding of 1 on every side, where TensorFlow's "same" pads an even size at stride 2 on the right and
  bottom only;
- the table's last depthwise row is printed with stride 2; its sizes need stride 1;
- global average pooling at any image size; He initialisation, which the paper leaves open.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from course_lib.models._common import check_counts, check_images, he_initialise_normalised, scaled

#: (stride of the depthwise convolution, channels of the 1x1 convolution), from the paper's table 1.
CONFIGURATION = (
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *[(1, 512)] * 5,
    (2, 1024),
    (1, 1024),
)


def depthwise_separable(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Build a depthwise 3x3 and a pointwise 1x1 convolution, each with batch normalisation and ReLU.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and the output.
    stride : int, default 1
        Stride of the depthwise convolution, in pixels.

    Returns
    -------
    Sequential
        Maps (N, in_channels, H, W) to (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Examples
    --------
    >>> sum(p.numel() for p in depthwise_separable(32, 64).parameters())  # 9 * 32 + 32 * 64 + 2 * (32 + 64)
    2528
    """
    depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False)
    return nn.Sequential(
        OrderedDict(
            depthwise=depthwise,
            bn1=nn.BatchNorm2d(in_channels),
            relu1=nn.ReLU(),
            pointwise=nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False),
            bn2=nn.BatchNorm2d(out_channels),
            relu2=nn.ReLU(),
        )
    )


class MobileNet(nn.Module):
    """MobileNet v1: one full convolution, thirteen depthwise separable ones, one dense layer.

    Parameters
    ----------
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        The paper's alpha: factor on every layer's channels.
    dropout : float, default 0.0
        Probability of dropping a feature before the classifier.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] A. G. Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
       applications", arXiv:1704.04861, 2017.

    Examples
    --------
    >>> import torch
    >>> model = MobileNet(num_classes=10, in_channels=1, width=0.25)
    >>> model(torch.zeros(2, 1, 32, 48)).shape
    torch.Size([2, 10])
    """

    smallest = 1

    def __init__(
        self, num_classes: int = 1000, in_channels: int = 3, width: float = 1.0, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_counts("MobileNet", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        channels = scaled(32, width)
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, channels, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )
        for stride, size in CONFIGURATION:
            self.features.append(depthwise_separable(channels, scaled(size, width), stride))
            channels = scaled(size, width)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, num_classes)
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
        x = self.features(images)  # (N, 1024, H / 32, W / 32)
        x = self.dropout(self.avgpool(x).flatten(1))  # (N, 1024)
        return self.classifier(x)  # (N, num_classes)

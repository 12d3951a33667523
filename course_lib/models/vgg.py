"""VGG: how far do 3x3 filters alone go?

Paper: K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
ICLR 2015, arXiv:1409.1556, table 1. `CONFIGURATIONS` is that table: the channels of each stage's 3x3
convolutions; a 2x2 max pooling ends each stage. Three dense layers of 4096, 4096 and 1000 follow, so VGG-19
is 16 convolutions and 3 dense layers.

Departures from the paper:

- adaptive average pooling to 7x7 before the dense layers, which changes nothing at 224x224 and admits other
  sizes;
- He initialisation, where the paper starts the deep configurations from a trained VGG-11;
- the variants with batch normalisation, which the paper predates; as in torchvision their convolutions keep
  a bias;
- configurations A-LRN and C (with 1x1 convolutions) are left out.
"""

from __future__ import annotations

from torch import Tensor, nn

from course_lib._validation import fail
from course_lib.models._common import check_counts, check_images, he_initialise, scaled

#: Depth -> channels of the 3x3 convolutions in each of the five stages (the paper's columns A, B, D, E).
CONFIGURATIONS = {
    11: ((64,), (128,), (256, 256), (512, 512), (512, 512)),
    13: ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512)),
    16: ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
    19: ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512, 512, 512, 512)),
}


def vgg_stages(
    depth: int, in_channels: int = 3, width: float = 1.0, batch_norm: bool = False
) -> list[list[nn.Module]]:
    """Build the five convolutional stages of a VGG.

    Parameters
    ----------
    depth : {11, 13, 16, 19}
        Number of layers with weights, the three dense ones included.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every layer's channels.
    batch_norm : bool, default False
        Put batch normalisation between each convolution and its ReLU.

    Returns
    -------
    list of list of Module
        The modules of each stage, its max pooling last.

    Raises
    ------
    ValueError
        If the depth is not in `CONFIGURATIONS`, or another argument is out of range.

    Examples
    --------
    >>> [len(stage) for stage in vgg_stages(16)]
    [5, 5, 7, 7, 7]
    """
    check_counts("VGG", width, in_channels=in_channels)
    if depth not in CONFIGURATIONS:
        fail("VGG", f"`depth` among {', '.join(map(str, CONFIGURATIONS))}", repr(depth))
    stages = []
    for row in CONFIGURATIONS[depth]:
        stage: list[nn.Module] = []
        for channels in row:
            out_channels = scaled(channels, width)
            stage.append(nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1))
            if batch_norm:
                stage.append(nn.BatchNorm2d(out_channels))
            stage.append(nn.ReLU())
            in_channels = out_channels
        stages.append([*stage, nn.MaxPool2d(2)])
    return stages


class VGG(nn.Module):
    """VGG with 11, 13, 16 or 19 layers.

    Parameters
    ----------
    depth : {11, 13, 16, 19}, default 16
        Number of layers with weights.
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    dropout : float, default 0.5
        Probability of dropping an output of the two hidden dense layers.
    batch_norm : bool, default False
        Put batch normalisation between each convolution and its ReLU.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
       arXiv:1409.1556, 2014.

    Examples
    --------
    >>> import torch
    >>> model = VGG(11, num_classes=10, in_channels=1, width=1 / 8)
    >>> model(torch.zeros(2, 1, 32, 48)).shape
    torch.Size([2, 10])
    """

    smallest = 32
    torchvision_keys = ()

    def __init__(
        self,
        depth: int = 16,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.5,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        check_counts("VGG", width, num_classes=num_classes)
        self.in_channels = in_channels
        stages = vgg_stages(depth, in_channels, width, batch_norm)
        last, hidden = scaled(512, width), scaled(4096, width)
        self.features = nn.Sequential(*(module for stage in stages for module in stage))
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            *(nn.Linear(last * 7 * 7, hidden), nn.ReLU(), nn.Dropout(dropout)),
            *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout)),
            nn.Linear(hidden, num_classes),
        )
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 32 x 32.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_images(self, images, self.smallest)
        x = self.features(images)  # (N, 512, H // 32, W // 32)
        x = self.avgpool(x).flatten(1)  # (N, 512 * 7 * 7)
        return self.classifier(x)  # (N, num_classes)

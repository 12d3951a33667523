"""AlexNet, which won ILSVRC 2012 and ended the age of hand-crafted features.

Paper: A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural
networks", NeurIPS 2012, section 3.5, figure 2. The channel counts are those of A. Krizhevsky, "One weird
trick for parallelizing convolutional neural networks", arXiv:1404.5997, 2014, as in torchvision.

=====  =================================  =================
layer  what                               output at 224x224
=====  =================================  =================
1      64 filters 11x11, stride 4, pad 2  64 x 55 x 55
..     max 3x3, stride 2                  64 x 27 x 27
2      192 filters 5x5, pad 2             192 x 27 x 27
..     max 3x3, stride 2                  192 x 13 x 13
3      384 filters 3x3, pad 1             384 x 13 x 13
4      256 filters 3x3, pad 1             256 x 13 x 13
5      256 filters 3x3, pad 1             256 x 13 x 13
..     max 3x3, stride 2                  256 x 6 x 6
6      dropout, dense                     4096
7      dropout, dense                     4096
8      dense                              1000
=====  =================================  =================

Departures from the 2012 paper:

- 64, 192, 384, 256, 256 channels on one processor, where the paper has 96, 256, 384, 384, 256 in two groups
  on two;
- no local response normalisation after layers 1 and 2;
- adaptive average pooling to 6x6 before the dense layers, which changes nothing at 224x224 and admits other
  sizes;
- He initialisation: the paper's N(0, 0.01^2) with biases of 1 suits its own fan-in, and at an eighth of the
  width the network does not leave its starting loss.
"""

from __future__ import annotations

from torch import Tensor, nn

from course_lib.models._common import check_counts, check_images, he_initialise, scaled


class AlexNet(nn.Module):
    """AlexNet in torchvision's variant: five convolutions, three dense layers.

    Parameters
    ----------
    num_classes : int, default 1000
        Length of the output.
    in_channels : int, default 3
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    dropout : float, default 0.5
        Probability of dropping an input of the two hidden dense layers.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional
       neural networks", NeurIPS 2012.

    Examples
    --------
    >>> import torch
    >>> model = AlexNet(num_classes=10, in_channels=1, width=1 / 8)
    >>> model(torch.zeros(2, 1, 64, 80)).shape
    torch.Size([2, 10])
    """

    smallest = 63
    torchvision_keys = ()

    def __init__(
        self, num_classes: int = 1000, in_channels: int = 3, width: float = 1.0, dropout: float = 0.5
    ) -> None:
        super().__init__()
        check_counts("AlexNet", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        c1, c2, c3, c4, c5, hidden = (scaled(size, width) for size in (64, 192, 384, 256, 256, 4096))
        self.features = nn.Sequential(
            *(nn.Conv2d(in_channels, c1, kernel_size=11, stride=4, padding=2), nn.ReLU()),
            nn.MaxPool2d(kernel_size=3, stride=2),
            *(nn.Conv2d(c1, c2, kernel_size=5, padding=2), nn.ReLU()),
            nn.MaxPool2d(kernel_size=3, stride=2),
            *(nn.Conv2d(c2, c3, kernel_size=3, padding=1), nn.ReLU()),
            *(nn.Conv2d(c3, c4, kernel_size=3, padding=1), nn.ReLU()),
            *(nn.Conv2d(c4, c5, kernel_size=3, padding=1), nn.ReLU()),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            *(nn.Dropout(dropout), nn.Linear(c5 * 6 * 6, hidden), nn.ReLU()),
            *(nn.Dropout(dropout), nn.Linear(hidden, hidden), nn.ReLU()),
            nn.Linear(hidden, num_classes),
        )
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 63 x 63.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_images(self, images, self.smallest)
        x = self.features(images)  # (N, 256, H', W')
        x = self.avgpool(x).flatten(1)  # (N, 256 * 6 * 6)
        return self.classifier(x)  # (N, num_classes)

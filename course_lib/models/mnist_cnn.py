"""Three small networks for digits: SimpleCNN, MnistCNN and its fully convolutional twin.

They come from teaching, not from one paper. MnistFCN applies J. Long, E. Shelhamer and T. Darrell, "Fully
convolutional networks for semantic segmentation", CVPR 2015, section 3.1, to MnistCNN: dense layers become
convolutions.

=========  ==============================================  ==============================================
layer      MnistCNN (output at 28x28)                      MnistFCN (output at 28x28)
=========  ==============================================  ==============================================
conv1      32 filters 3x3, pad 1 (32 x 28 x 28)            the same
pool1      max 2x2 (32 x 14 x 14)                          the same
conv2      64 filters 3x3, pad 1 (64 x 14 x 14)            the same
pool2      max 2x2 (64 x 7 x 7)                            the same
fc1        dense 3136 -> 128                               128 filters 3x3 (128 x 5 x 5), adaptive max pool
fc2        dense 128 -> 10                                 10 filters 1x1 (10 x 1 x 1)
=========  ==============================================  ==============================================

SimpleCNN is LeNet-5 in modern dress: 6 and 16 filters 3x3 with padding 1, max pooling, ReLU, dense 120, 84,
10.

Departures from Long et al.: MnistFCN's 3x3 filters do not span the whole 7x7 map as a dense layer would;
the adaptive pooling picks each filter's best answer instead, so that one logit per class is left at any
image size. All weights begin as He et al. (2015) propose.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from course_lib.models._common import (
    as_image_size,
    check_counts,
    check_image_size,
    check_images,
    he_initialise,
    scaled,
)


def _blocks(in_channels: int, c1: int, c2: int) -> nn.Sequential:
    """Two blocks of 3x3 convolution, ReLU and 2x2 max pooling."""
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, kernel_size=3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(c1, c2, kernel_size=3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
        )
    )


class SimpleCNN(nn.Module):
    """LeNet-5's layout with 3x3 filters, max pooling and ReLU.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 1
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    image_size : int or tuple of int, default 28
        Height and width of the images, in pixels; at least 4.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import torch
    >>> model = SimpleCNN()
    >>> sum(p.numel() for p in model.parameters())
    106154
    >>> model(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """

    smallest = 4

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        width: float = 1.0,
        image_size: int | tuple[int, int] = 28,
    ) -> None:
        super().__init__()
        check_counts("SimpleCNN", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.image_size = as_image_size("SimpleCNN", image_size, self.smallest)
        c1, c2, d1, d2 = (scaled(size, width) for size in (6, 16, 120, 84))
        h, w = (size // 4 for size in self.image_size)
        self.features = _blocks(in_channels, c1, c2)
        self.classifier = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                fc1=nn.Linear(c2 * h * w, d1),
                relu1=nn.ReLU(),
                fc2=nn.Linear(d1, d2),
                relu2=nn.ReLU(),
                fc3=nn.Linear(d2, num_classes),
            )
        )
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of the size the network was built for.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_image_size(self, images)
        x = self.features(images)  # (N, 16, 7, 7)
        return self.classifier(x)  # (N, 10)


class MnistCNN(nn.Module):
    """Two convolutions of 32 and 64 channels and a dense layer of 128: enough for handwritten digits.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 1
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    dropout : float, default 0.0
        Probability of dropping a unit before the last layer.
    image_size : int or tuple of int, default 28
        Height and width of the images, in pixels; at least 4.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> import torch
    >>> model = MnistCNN()
    >>> sum(p.numel() for p in model.parameters())
    421642
    >>> model(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """

    smallest = 4

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        width: float = 1.0,
        dropout: float = 0.0,
        image_size: int | tuple[int, int] = 28,
    ) -> None:
        super().__init__()
        check_counts("MnistCNN", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.image_size = as_image_size("MnistCNN", image_size, self.smallest)
        c1, c2, hidden = (scaled(size, width) for size in (32, 64, 128))
        h, w = (size // 4 for size in self.image_size)
        self.features = _blocks(in_channels, c1, c2)
        self.classifier = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                fc1=nn.Linear(c2 * h * w, hidden),
                relu=nn.ReLU(),
                dropout=nn.Dropout(dropout),
                fc2=nn.Linear(hidden, num_classes),
            )
        )
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of the size the network was built for.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_image_size(self, images)
        x = self.features(images)  # (N, 64, 7, 7)
        return self.classifier(x)  # (N, 10)


class MnistFCN(nn.Module):
    """MnistCNN without dense layers: one logit per class from an image of any size.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 1
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] J. Long, E. Shelhamer and T. Darrell, "Fully convolutional networks for semantic segmentation",
       CVPR 2015.

    Examples
    --------
    >>> import torch
    >>> model = MnistFCN()
    >>> model(torch.zeros(1, 1, 28, 28)).shape, model(torch.zeros(1, 1, 40, 100)).shape
    (torch.Size([1, 10]), torch.Size([1, 10]))
    >>> model.score_map(torch.zeros(1, 1, 40, 100)).shape
    torch.Size([1, 10, 8, 23])
    """

    smallest = 12

    def __init__(self, num_classes: int = 10, in_channels: int = 1, width: float = 1.0) -> None:
        super().__init__()
        check_counts("MnistFCN", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        c1, c2, hidden = (scaled(size, width) for size in (32, 64, 128))
        self.features = _blocks(in_channels, c1, c2)
        self.conv3 = nn.Conv2d(c2, hidden, kernel_size=3)
        self.relu3 = nn.ReLU()
        self.pool3 = nn.AdaptiveMaxPool2d(1)
        self.conv4 = nn.Conv2d(hidden, num_classes, kernel_size=1)
        self.apply(he_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute one vector of logits for each whole image.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 12 x 12.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits.
        """
        check_images(self, images, self.smallest)
        x = self.relu3(self.conv3(self.features(images)))  # (N, 128, H // 4 - 2, W // 4 - 2)
        return self.conv4(self.pool3(x)).flatten(1)  # (N, num_classes)

    def score_map(self, images: Tensor) -> Tensor:
        """Compute logits at every position, as if the network slid over the image.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of at least 12 x 12.

        Returns
        -------
        Tensor, shape (N, num_classes, H // 4 - 2, W // 4 - 2)
            Logits, one vector every 4 pixels.
        """
        check_images(self, images, self.smallest)
        return self.conv4(self.relu3(self.conv3(self.features(images))))

"""LeNet-5, the network that read the cheques.

Paper: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998, section II.B, figure 2.

==========  =======================  ==============
layer       what                     output at 28x28
==========  =======================  ==============
conv1       6 filters 5x5, pad 2     6 x 28 x 28
pool1       average 2x2, stride 2    6 x 14 x 14
conv2       16 filters 5x5           16 x 10 x 10
pool2       average 2x2, stride 2    16 x 5 x 5
flatten                              400
fc1                                  120
fc2                                  84
fc3                                  10
==========  =======================  ==============

Departures from the paper, as in most teaching versions:

- 28x28 digits padded by 2 in the first layer, where the paper's input is a digit centred in 32x32 pixels;
- the logistic sigmoid everywhere, where the paper squashes by 1.7159 tanh(2a / 3);
- plain average pooling, where the paper's subsampling has a trained gain and bias per channel and is
  squashed;
- every filter of conv2 sees all six channels, where the paper's table I connects subsets (1,516
  parameters, not 2,416);
- a linear last layer for cross-entropy, where the paper measures distances to drawn characters (radial
  basis units);
- Glorot's uniform initialisation instead of U(-2.4, 2.4) / fan_in: the logistic sigmoid's slope is at most
  1/4, and the gradient of the smaller weights does not survive five layers of it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.models._common import as_image_size, check_counts, check_image_size, scaled


class LeNet(nn.Module):
    """LeNet-5: two blocks of convolution and average pooling, then three dense layers.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 1
        Channels of the images.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    image_size : int or tuple of int, default 28
        Height and width of the images, in pixels; at least 12.
    activation : callable, default nn.Sigmoid
        Makes the module that follows each hidden layer; ``nn.ReLU`` for a modern LeNet.
    pooling : callable, default nn.AvgPool2d
        Makes the module of both poolings from its window's size; ``nn.MaxPool2d`` for a modern LeNet.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86(11),
       1998.

    Examples
    --------
    >>> import torch
    >>> model = LeNet()
    >>> sum(p.numel() for p in model.parameters())
    61706
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    smallest = 12

    def __init__(
        self,
        num_classes: int = 10,
        in_channels: int = 1,
        width: float = 1.0,
        image_size: int | tuple[int, int] = 28,
        activation: Callable[[], nn.Module] = nn.Sigmoid,
        pooling: Callable[[int], nn.Module] = nn.AvgPool2d,
    ) -> None:
        super().__init__()
        check_counts("LeNet", width, num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.image_size = as_image_size("LeNet", image_size, self.smallest)
        c1, c2, d1, d2 = (scaled(size, width) for size in (6, 16, 120, 84))
        h, w = ((size // 2 - 4) // 2 for size in self.image_size)  # two poolings, and conv2's 4 lost pixels

        self.conv1 = nn.Conv2d(in_channels, c1, kernel_size=5, padding=2)
        self.act1 = activation()
        self.pool1 = pooling(2)
        self.conv2 = nn.Conv2d(c1, c2, kernel_size=5)
        self.act2 = activation()
        self.pool2 = pooling(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(c2 * h * w, d1)
        self.act3 = activation()
        self.fc2 = nn.Linear(d1, d2)
        self.act4 = activation()
        self.fc3 = nn.Linear(d2, num_classes)
        self.apply(_glorot_initialise)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits.

        Parameters
        ----------
        images : Tensor, shape (N, in_channels, H, W), floating
            Images of the size the network was built for.

        Returns
        -------
        Tensor, shape (N, num_classes)
            Logits; their softmax is the prediction.
        """
        check_image_size(self, images)
        x = self.pool1(self.act1(self.conv1(images)))  # (N, 6, 14, 14)
        x = self.pool2(self.act2(self.conv2(x)))  # (N, 16, 5, 5)
        x = self.flatten(x)  # (N, 400)
        x = self.act3(self.fc1(x))  # (N, 120)
        x = self.act4(self.fc2(x))  # (N, 84)
        return self.fc3(x)  # (N, 10)


def _glorot_initialise(module: nn.Module) -> None:
    """Keep the variance of activations and gradients between layers; biases start at 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def lenet_for_digits() -> LeNet:
    """Build the LeNet with ReLU and max pooling that comes trained on the course's digits.

    It was trained by ``tools/train_lenet_digits.py`` on the 1,440 training digits of
    ``datasets.load("digits")``, shifted, turned, stretched, slanted and drawn with thinner and thicker
    strokes at random. It reads all 357 test digits, and 82 % of 2,000 digits of MNIST, of which it has seen
    none: other hands, and pixels that were never enlarged.

    Returns
    -------
    LeNet
        The network, in evaluation mode, for 1 x 28 x 28 images of a white digit on black.

    Examples
    --------
    >>> model = lenet_for_digits()
    >>> type(model.act1).__name__, type(model.pool1).__name__, model.training
    ('ReLU', 'MaxPool2d', False)
    """
    model = LeNet(activation=nn.ReLU, pooling=nn.MaxPool2d)
    path = files("course_lib") / "weights" / "lenet_digits.npz"
    with path.open("rb") as file, np.load(file) as stored:
        model.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
    return model.eval()

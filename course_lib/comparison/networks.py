"""Who takes part in the comparison, in the order of the course, and at which width."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from course_lib import models
from course_lib._validation import fail
from course_lib.comparison.data import SIZE, ComparisonData


class Network(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    label : str
        Name as figures and tables write it.
    chapter : str
        Where the course builds it.
    make : callable
        Builds it: ``make(num_classes=..., in_channels=...)``.
    changed : str
        What differs from the paper's network, besides the size of the images.
    """

    label: str
    chapter: str
    make: Callable[..., nn.Module]
    changed: str


class SoftmaxRegression(nn.Sequential):
    """One dense layer on the pixels: the best that weighing each pixel by itself can do.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 3
        Channels of the 64 x 64 images.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 3) -> None:
        super().__init__(nn.Flatten(), nn.Linear(in_channels * SIZE**2, num_classes))


class MLP(nn.Sequential):
    """Two hidden dense layers with ReLU: as many weights as a CNN, and no idea of where a pixel lies.

    Parameters
    ----------
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 3
        Channels of the 64 x 64 images.
    hidden : int, default 128
        Units of each hidden layer.
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 3, hidden: int = 128) -> None:
        super().__init__(
            nn.Flatten(),
            *(nn.Linear(in_channels * SIZE**2, hidden), nn.ReLU()),
            *(nn.Linear(hidden, hidden), nn.ReLU()),
            nn.Linear(hidden, num_classes),
        )


def _model(name: str, **fixed: object) -> Callable[..., nn.Module]:
    """A network of course_lib.models with some arguments fixed."""
    return lambda **kwargs: models.build(name, **fixed, **kwargs)


#: Name -> how it is built and what had to change, in the order of the course.
NETWORKS = {
    "softmax": Network("softmax regression", "07_lenet", SoftmaxRegression, "nothing"),
    "mlp": Network("MLP", "07_lenet", MLP, "nothing"),
    "lenet": Network(
        "LeNet",
        "07_lenet",
        _model("lenet", image_size=SIZE),
        "full width; sigmoids and average pooling, as in 1998, in the textbook version",
    ),
    "lenet_relu": Network(
        "LeNet, ReLU and max pooling",
        "07_lenet",
        _model("lenet", image_size=SIZE, activation=nn.ReLU, pooling=nn.MaxPool2d),
        "full width; ReLU for the sigmoids, max pooling for average pooling",
    ),
    "alexnet": Network(
        "AlexNet",
        "08_alexnet",
        _model("alexnet", width=1 / 8),
        "an eighth of the channels and units; dropout 0.5 as in the paper; no response normalisation",
    ),
    "vgg": Network(
        "VGG-11",
        "09_vgg",
        _model("vgg11", width=1 / 8),
        "the shallowest configuration, an eighth of the channels and units; dropout 0.5 as in the paper",
    ),
    "googlenet": Network(
        "GoogLeNet",
        "10_googlenet",
        _model("googlenet", width=1 / 8),
        "an eighth of the channels; batch normalisation; both auxiliary heads in training, at 0.3 each",
    ),
    "resnet": Network("ResNet-18", "11_resnet", _model("resnet18", width=1 / 8), "an eighth of the channels"),
    "mobilenet": Network(
        "MobileNet", "12_efficient_networks", _model("mobilenet", width=1 / 4), "a quarter of the channels"
    ),
}


def build(name: str, data: ComparisonData) -> nn.Module:
    """Build a network for a data set, with weights drawn from torch's global generator.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`.
    data : ComparisonData
        Says how many channels and classes there are.

    Returns
    -------
    Module
        The network, in training mode; it takes images ``(N, C, 64, 64)`` that `data` has standardised.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name not in NETWORKS:
        fail("comparison.build", f"a name among {', '.join(NETWORKS)}", repr(name))
    return NETWORKS[name].make(num_classes=len(data.classes), in_channels=data.in_channels)

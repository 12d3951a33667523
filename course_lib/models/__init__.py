"""PyTorch models, one architecture per file, and a register of them by name.

>>> model = build("resnet18", num_classes=10, in_channels=1, width=1 / 8)
>>> type(model).__name__
'ResNet'
"""

from __future__ import annotations

import course_lib._torch  # noqa: F401 - says it where PyTorch is missing

# isort: split

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from course_lib._validation import fail
from course_lib.models._common import load_torchvision_state_dict
from course_lib.models.alexnet import AlexNet
from course_lib.models.densenet import DenseNet
from course_lib.models.detection import (
    DetectionTargets,
    decode_detections,
    detection_loss,
    detection_targets,
)
from course_lib.models.detector import DetectorOutput, SingleShotDetector
from course_lib.models.fcn import FCN, bilinear_kernel
from course_lib.models.googlenet import GoogLeNet, GoogLeNetOutput, Inception, googlenet_loss
from course_lib.models.lenet import LeNet, lenet_for_digits
from course_lib.models.mnist_cnn import MnistCNN, MnistFCN, SimpleCNN
from course_lib.models.mobilenet import MobileNet, depthwise_separable
from course_lib.models.pattern import ConvPattern, conv_pattern
from course_lib.models.resnet import BasicBlock, Bottleneck, ResNet
from course_lib.models.small_resnet import SmallResNet
from course_lib.models.text_cnn import TextCNN
from course_lib.models.unet import UNet
from course_lib.models.vgg import VGG

__all__ = [
    "FCN",
    "VGG",
    "AlexNet",
    "BasicBlock",
    "Bottleneck",
    "ConvPattern",
    "DenseNet",
    "DetectionTargets",
    "DetectorOutput",
    "GoogLeNet",
    "GoogLeNetOutput",
    "Inception",
    "LeNet",
    "MnistCNN",
    "MnistFCN",
    "MobileNet",
    "ResNet",
    "SimpleCNN",
    "SingleShotDetector",
    "SmallResNet",
    "TextCNN",
    "UNet",
    "available",
    "bilinear_kernel",
    "build",
    "conv_pattern",
    "decode_detections",
    "depthwise_separable",
    "detection_loss",
    "detection_targets",
    "googlenet_loss",
    "lenet_for_digits",
    "load_torchvision_state_dict",
]

_REGISTER: dict[str, Callable[..., nn.Module]] = {
    "lenet": LeNet,
    "simple_cnn": SimpleCNN,
    "mnist_cnn": MnistCNN,
    "mnist_fcn": MnistFCN,
    "alexnet": AlexNet,
    **{f"vgg{depth}": partial(VGG, depth) for depth in (11, 13, 16, 19)},
    **{f"vgg{depth}_bn": partial(VGG, depth, batch_norm=True) for depth in (11, 13, 16, 19)},
    "googlenet": GoogLeNet,
    **{f"resnet{depth}": partial(ResNet, depth) for depth in (18, 34, 50, 101, 152)},
    **{f"plain{depth}": partial(ResNet, depth, residual=False) for depth in (18, 34)},
    "small_resnet": SmallResNet,
    "small_plain": partial(SmallResNet, residual=False),
    "mobilenet": MobileNet,
    **{f"densenet{depth}": partial(DenseNet, depth) for depth in (121, 161, 169, 201, 264)},
    "conv_pattern": conv_pattern,
    "detector": SingleShotDetector,
    **{f"fcn{stride}s": partial(FCN, stride) for stride in (32, 16, 8)},
    "unet": UNet,
    "text_cnn": TextCNN,
}


def available() -> list[str]:
    """List the names that `build` knows.

    Returns
    -------
    list of str
        Names, in the order of the course.

    Examples
    --------
    >>> available()[:5]
    ['lenet', 'simple_cnn', 'mnist_cnn', 'mnist_fcn', 'alexnet']
    """
    return list(_REGISTER)


def build(name: str, **kwargs: Any) -> nn.Module:
    """Build a model by name, with weights drawn from torch's global generator.

    Parameters
    ----------
    name : str
        One of `available`.
    **kwargs : Any
        What the model's class takes: ``num_classes``, ``in_channels``, ``width`` ...

    Returns
    -------
    Module
        The model, in training mode.

    Raises
    ------
    ValueError
        If the name is unknown or an argument is out of range.

    Examples
    --------
    >>> build("lenet").fc3.out_features
    10
    """
    if name not in _REGISTER:
        fail("models.build", f"a name among {', '.join(_REGISTER)}", repr(name))
    return _REGISTER[name](**kwargs)

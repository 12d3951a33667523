"""What the architectures share: scaled channel counts, the check at the door, torchvision's weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Real

import torch
from torch import Tensor, nn

from course_lib._validation import as_int, as_pair, fail


def scaled(channels: int, width: float) -> int:
    """Return ``channels * width`` rounded to the nearest integer, at least 1."""
    return max(1, int(channels * float(width) + 0.5))


def check_images(model: nn.Module, images: Tensor, smallest: int | tuple[int, int] = 1) -> None:
    """Refuse anything but floating images ``(N, C, H, W)`` of at least ``smallest`` pixels a side."""
    name = type(model).__name__
    axes = f"(N, {model.in_channels}, H, W)"
    if not isinstance(images, Tensor):
        fail(name, f"images as a tensor of shape {axes}", type(images).__name__)
    if images.ndim != 4 or images.shape[1] != model.in_channels:
        fail(name, f"images of shape {axes}", f"shape {tuple(images.shape)}")
    if not images.is_floating_point():
        fail(name, "images of a floating dtype", f"dtype {images.dtype}")
    height, width = images.shape[2:]
    least = as_pair(name, "smallest", smallest, 1)
    if height < least[0] or width < least[1]:
        fail(name, f"images of at least {least[0]} x {least[1]}", f"{height} x {width}")


def check_image_size(model: nn.Module, images: Tensor) -> None:
    """Refuse images of another size than ``model.image_size``, which the dense layers were built for."""
    check_images(model, images)
    if tuple(images.shape[2:]) != model.image_size:
        expected, got = (f"{h} x {w}" for h, w in (model.image_size, images.shape[2:]))
        fail(type(model).__name__, f"images of {expected}", got)


def as_image_size(name: str, image_size: int | tuple[int, int], smallest: int) -> tuple[int, int]:
    """Return ``image_size`` as ``(H, W)``, refusing anything below ``smallest`` pixels a side."""
    height, width = as_pair(name, "image_size", image_size, 1)
    if min(height, width) < smallest:
        fail(name, f"images of at least {smallest} x {smallest}", f"{height} x {width}")
    return height, width


def check_counts(name: str, width: float, **counts: int) -> None:
    """Refuse a width that is not positive, and counts (of classes, ...) that are not integers from 1 on."""
    if isinstance(width, bool) or not isinstance(width, Real) or not 0 < width < float("inf"):
        fail(name, "`width` to be a positive number", repr(width))
    for argument, value in counts.items():
        as_int(name, argument, value, 1)


def he_initialise(module: nn.Module) -> None:
    """Initialise one module of a ReLU network as He et al. 2015 do; for ``model.apply``.

    Convolutions and dense layers draw from N(0, 2 / fan_in), and biases are 0. The deviation follows a
    layer's width, so narrow networks start with activations as large as wide ones.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def he_initialise_normalised(module: nn.Module) -> None:
    """Initialise one module of a network whose convolutions batch norm follows; for ``model.apply``.

    Convolutions draw from N(0, 2 / fan_out), which keeps the size of gradients on the way back; batch norm
    takes care of the way forward and begins as the identity. Dense layers draw from N(0, 0.01^2), so that
    the first answers are undecided; biases are 0.
    """
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.01)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)


def load_torchvision_state_dict(model: nn.Module, state_dict: Mapping[str, Tensor]) -> None:
    """Load weights that torchvision's twin of a model has saved.

    The modules carry torchvision's names, so most keys pass as they are. A model lists in
    ``torchvision_keys`` the pairs ``(pattern, replacement)`` by which the others are rewritten; a key
    rewritten to nothing is dropped.

    Parameters
    ----------
    model : Module
        An AlexNet, VGG, GoogLeNet, ResNet or DenseNet at full width.
    state_dict : mapping of str to Tensor
        What ``torchvision.models.<name>(...).state_dict()`` returned, or one of its published files.

    Raises
    ------
    ValueError
        If the model has no twin in torchvision.
    RuntimeError
        If a key is missing or left over, or a shape differs; PyTorch's message names all of them.

    Examples
    --------
    >>> import torchvision
    >>> from course_lib.models import build
    >>> ours, theirs = build("resnet18").eval(), torchvision.models.resnet18().eval()
    >>> load_torchvision_state_dict(ours, theirs.state_dict())
    >>> images = torch.ones(1, 3, 64, 64)
    >>> torch.equal(ours(images), theirs(images))
    True
    """
    rules = getattr(model, "torchvision_keys", None)
    if rules is None:
        fail("load_torchvision_state_dict", "a model that torchvision has too", type(model).__name__)
    renamed = {}
    for key, value in state_dict.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        if key:
            renamed[key] = value
    model.load_state_dict(renamed, assign=_on_meta(model))


def _on_meta(model: nn.Module) -> bool:
    """Whether a model was built without memory, under ``torch.device("meta")``."""
    return next(model.parameters()).device == torch.device("meta")

"""The pattern behind the networks up to 2014: [(CONV-RELU) * N - POOL?] * M - (FC-RELU) * K - SOFTMAX.

Source: A. Karpathy et al., "Convolutional networks", notes of Stanford's course CS231n, 2016, section "Layer
patterns". LeNet, AlexNet and VGG are instances of it; GoogLeNet's branches and ResNet's shortcuts are not,
which is where the pattern broke. The closing softmax is left to the loss, as everywhere in PyTorch.

Departure from the notes: N may differ from block to block, so that AlexNet's and VGG's layouts fit.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from course_lib._validation import as_bool, as_int, fail
from course_lib.models._common import as_image_size, check_counts, check_image_size, he_initialise, scaled


class ConvPattern(nn.Sequential):
    """A chain of layers for images of one size; built by `conv_pattern`.

    Parameters
    ----------
    layers : dict of str to Module
        The layers, by name, in order.
    in_channels : int
        Channels of the images.
    image_size : tuple of int
        Height and width of the images, in pixels.
    """

    def __init__(self, layers: dict[str, nn.Module], in_channels: int, image_size: tuple[int, int]) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.in_channels, self.image_size = in_channels, image_size

    def forward(self, images: Tensor) -> Tensor:
        """Map ``images``, shape (N, in_channels, H, W), to logits (N, num_classes)."""
        check_image_size(self, images)
        return super().forward(images)


def conv_pattern(
    n: int | Sequence[int] = 1,
    m: int = 2,
    k: int = 1,
    *,
    pool: bool | Sequence[bool] = True,
    channels: Sequence[int] | None = None,
    hidden: int = 128,
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int | tuple[int, int] = 28,
    width: float = 1.0,
    dropout: float = 0.0,
) -> ConvPattern:
    """Build the network [(CONV-RELU) * n - POOL?] * m - (FC-RELU) * k - FC.

    Convolutions are 3x3 with padding 1, poolings take the maximum of 2x2.

    Parameters
    ----------
    n : int or sequence of int, default 1
        Convolutions in each block; a sequence gives one number per block.
    m : int, default 2
        Number of blocks; 0 leaves the dense layers alone.
    k : int, default 1
        Number of hidden dense layers.
    pool : bool or sequence of bool, default True
        Whether a block ends with a pooling; a sequence gives one answer per block.
    channels : sequence of int, optional
        Channels of each block; by default 32, 64, 128 ...
    hidden : int, default 128
        Units of each hidden dense layer.
    num_classes : int, default 10
        Length of the output.
    in_channels : int, default 1
        Channels of the images.
    image_size : int or tuple of int, default 28
        Height and width of the images, in pixels; each pooling halves them, and at least one pixel must be
        left.
    width : float, default 1.0
        Factor on every hidden layer's channels or units.
    dropout : float, default 0.0
        Probability of dropping a unit of a hidden dense layer.

    Returns
    -------
    ConvPattern
        The network; its layers are named conv1_1, relu1_1, pool1, ..., flatten, fc1, ...

    Raises
    ------
    ValueError
        If a count is out of range, a sequence has not one entry per block, or the images are too small.

    References
    ----------
    .. [1] A. Karpathy et al., "Convolutional networks", notes of CS231n, Stanford University.

    Examples
    --------
    >>> [name for name, _ in conv_pattern(n=2, m=1, k=0).named_children()]
    ['conv1_1', 'relu1_1', 'conv1_2', 'relu1_2', 'pool1', 'flatten', 'fc1']
    """
    check_counts("conv_pattern", width, num_classes=num_classes, in_channels=in_channels, hidden=hidden)
    m, k = as_int("conv_pattern", "m", m, 0), as_int("conv_pattern", "k", k, 0)
    counts, pools = _per_block("n", n, m), _per_block("pool", pool, m)
    sizes = _per_block("channels", [32 * 2**block for block in range(m)] if channels is None else channels, m)
    for block in range(m):
        as_int("conv_pattern", f"n[{block}]", counts[block], 1)
        as_int("conv_pattern", f"channels[{block}]", sizes[block], 1)
        as_bool("conv_pattern", f"pool[{block}]", pools[block])
    height, width_px = as_image_size("conv_pattern", image_size, 2 ** sum(pools))
    size = (height, width_px)

    layers: dict[str, nn.Module] = {}
    c = in_channels
    for block, (count, pooled, out) in enumerate(zip(counts, pools, sizes, strict=True), start=1):
        for i in range(1, count + 1):
            layers[f"conv{block}_{i}"] = nn.Conv2d(c, scaled(out, width), kernel_size=3, padding=1)
            layers[f"relu{block}_{i}"] = nn.ReLU()
            c = scaled(out, width)
        if pooled:
            layers[f"pool{block}"] = nn.MaxPool2d(2)
            height, width_px = height // 2, width_px // 2
    layers |= _dense(c * height * width_px, k, scaled(hidden, width), num_classes, dropout)
    return ConvPattern(layers, in_channels, size).apply(he_initialise)


def _per_block(name: str, value: object, m: int) -> list:
    """Repeat one value for all ``m`` blocks, or check that there is one for each."""
    if not isinstance(value, Sequence):
        return [value] * m
    if len(value) != m:
        fail("conv_pattern", f"`{name}` with one entry for each of {m} blocks", f"{len(value)} entries")
    return list(value)


def _dense(features: int, k: int, hidden: int, num_classes: int, dropout: float) -> dict[str, nn.Module]:
    """Name the layers (FC-RELU) * k - FC."""
    layers: dict[str, nn.Module] = {"flatten": nn.Flatten()}
    for i in range(1, k + 1):
        layers[f"fc{i}"] = nn.Linear(features, hidden)
        layers[f"relu_fc{i}"] = nn.ReLU()
        if dropout:
            layers[f"dropout{i}"] = nn.Dropout(dropout)
        features = hidden
    layers[f"fc{k + 1}"] = nn.Linear(features, num_classes)
    return layers

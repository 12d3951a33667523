"""Layers with weights: convolution and the dense layer."""

from __future__ import annotations

import math

import numpy as np

from course_lib._validation import as_bool, as_int, as_pair, fail
from course_lib.functional import conv2d, conv2d_backward, linear, linear_backward
from course_lib.functional._conv_arguments import padding_sides
from course_lib.layers.base import Layer, Parameter


class Conv2d(Layer):
    r"""Convolution with learned filters.

    Weights and bias start uniform between plus and minus :math:`1 / \sqrt{K_h K_w C_{in} / \text{groups}}`,
    one over the root of the number of weights per output, which is PyTorch's default.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of input and output; both multiples of `groups`.
    kernel_size : int or pair of int
        Height and width of the filters, in taps; at least 1.
    stride : int or pair of int, default 1
        Step between neighbouring windows, in pixels.
    padding : int, pair of int, "same" or "valid", default 0
        Zeros on each side, in pixels.
    dilation : int or pair of int, default 1
        Distance between neighbouring taps, in pixels.
    groups : int, default 1
        Number of groups of channels that do not see each other.
    bias : bool, default True
        Whether to add a learned offset per output channel.
    rng : numpy.random.Generator
        Draws the first weights.
    dtype : dtype, default float32
        Of all parameters.

    Attributes
    ----------
    weight : Parameter, shape (C_out, C_in / groups, K_h, K_w)
        The filters.
    bias : Parameter, shape (C_out,), or None
        The offsets.

    Raises
    ------
    ValueError
        If a number is out of range, the channels are no multiples of `groups`, "same" meets a stride other
        than 1, `bias` is no bool, `rng` no generator or `dtype` not floating.

    See Also
    --------
    course_lib.functional.conv2d : The operation.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers: surpassing human-level
       performance on ImageNet classification", arXiv:1502.01852, 2015, section 2.2 (whose rule PyTorch uses
       with slope root 5).

    Examples
    --------
    >>> layer = Conv2d(3, 8, kernel_size=5, padding=2, rng=np.random.default_rng(0))
    >>> layer(np.zeros((1, 3, 28, 28), np.float32)).shape
    (1, 8, 28, 28)
    >>> {name: p.data.shape for name, p in layer.named_parameters()}
    {'weight': (8, 3, 5, 5), 'bias': (8,)}
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        dtype=np.float32,
    ):
        channels_in = as_int("Conv2d", "in_channels", in_channels, 1)
        channels_out = as_int("Conv2d", "out_channels", out_channels, 1)
        groups = as_int("Conv2d", "groups", groups, 1)
        if channels_in % groups or channels_out % groups:
            got = f"{channels_in} and {channels_out}"
            fail("Conv2d", f"channels that are multiples of `groups` {groups}", got)
        kernel = as_pair("Conv2d", "kernel_size", kernel_size, 1)
        as_pair("Conv2d", "dilation", dilation, 1)
        padding_sides("Conv2d", padding, as_pair("Conv2d", "stride", stride, 1), kernel)
        shape = (channels_out, channels_in // groups, *kernel)  # (C_out, C_in / groups, K_h, K_w)
        self.weight, self.bias = _draw("Conv2d", shape, bias, rng, dtype)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Convolve a batch, (N, C_in, H, W) to (N, C_out, H_out, W_out)."""
        out = conv2d(x, *self._arguments())
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Add to the gradients of weight and bias, and return that of the input."""
        grads = conv2d_backward(grad_out, self._input(), *self._arguments())
        _accumulate(self, grads)
        return grads.x

    def _arguments(self) -> tuple:
        """Return what `conv2d` takes after the input."""
        bias = None if self.bias is None else self.bias.data
        return self.weight.data, bias, self.stride, self.padding, self.dilation, self.groups


class Linear(Layer):
    r"""Dense layer: an affine map of the last axis, with learned weights.

    Weights and bias start uniform between plus and minus :math:`1 / \sqrt{\text{in\_features}}`, which is
    PyTorch's default.

    Parameters
    ----------
    in_features, out_features : int
        Length of the last axis of input and output.
    bias : bool, default True
        Whether to add a learned offset per output.
    rng : numpy.random.Generator
        Draws the first weights.
    dtype : dtype, default float32
        Of all parameters.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
        The weights.
    bias : Parameter, shape (out_features,), or None
        The offsets.

    Raises
    ------
    ValueError
        If a number is out of range, `bias` is no bool, `rng` no generator or `dtype` not floating.

    See Also
    --------
    course_lib.functional.linear : The operation.

    Examples
    --------
    >>> layer = Linear(400, 120, rng=np.random.default_rng(0))
    >>> layer(np.zeros((2, 400), np.float32)).shape
    (2, 120)
    >>> bool(np.abs(layer.weight.data).max() <= 1 / np.sqrt(400))
    True
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        dtype=np.float32,
    ):
        shape = (
            as_int("Linear", "out_features", out_features, 1),
            as_int("Linear", "in_features", in_features, 1),
        )
        self.weight, self.bias = _draw("Linear", shape, bias, rng, dtype)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Map the last axis, (..., in_features) to (..., out_features)."""
        out = linear(x, *self._arguments())
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Add to the gradients of weight and bias, and return that of the input."""
        grads = linear_backward(grad_out, self._input(), *self._arguments())
        _accumulate(self, grads)
        return grads.x

    def _arguments(self) -> tuple:
        """Return what `linear` takes after the input."""
        return self.weight.data, None if self.bias is None else self.bias.data


def _draw(
    function: str, shape: tuple[int, ...], bias: bool, rng: np.random.Generator, dtype
) -> tuple[Parameter, Parameter | None]:
    """Draw weights of a shape, outputs first, and the bias that goes with them."""
    if not isinstance(rng, np.random.Generator):
        fail(function, "`rng` to be a numpy.random.Generator", type(rng).__name__)
    bound = 1 / math.sqrt(math.prod(shape[1:]))
    weight = Parameter(rng.uniform(-bound, bound, shape).astype(dtype))
    biased = as_bool(function, "bias", bias)
    return weight, Parameter(rng.uniform(-bound, bound, shape[0]).astype(dtype)) if biased else None


def _accumulate(layer: Conv2d | Linear, grads) -> None:
    """Add the gradients of a layer's weight and bias to those collected so far."""
    layer.weight.accumulate(grads.weight)
    if layer.bias is not None:
        layer.bias.accumulate(grads.bias)

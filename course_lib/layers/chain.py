"""The chain of layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib._validation import fail
from course_lib.layers.base import Layer


class Sequential(Layer):
    """A chain: each layer takes what the one before it gave.

    Parameters
    ----------
    *layers : Layer
        First to last; they are named "0", "1" and so on.

    Raises
    ------
    ValueError
        If something is no layer, or a layer stands in the chain twice: it keeps the input of its last call
        only, so its first place in the chain would get a wrong gradient.

    Examples
    --------
    >>> from course_lib.layers import ReLU
    >>> chain = Sequential(ReLU(), ReLU())
    >>> chain(np.array([-1.0, 1.0]))
    array([0., 1.])
    >>> chain.backward(np.array([3.0, 3.0]))
    array([0., 3.])
    """

    def __init__(self, *layers: Layer):
        for position, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                fail("Sequential", "layers", type(layer).__name__)
            setattr(self, str(position), layer)
        inside = [layer for child in layers for layer in child.all_layers()]
        for layer in inside:
            if inside.count(layer) > 1:
                fail("Sequential", "every layer once", f"one {type(layer).__name__} in several places")

    def __iter__(self) -> Iterator[Layer]:
        """Iterate over the layers, first to last."""
        return iter(self.named_layers().values())

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Run every layer, first to last."""
        for layer in self:
            x = layer.forward(x)
        return x

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Run every layer's ``backward``, last to first."""
        for layer in reversed(list(self)):
            grad_out = layer.backward(grad_out)
        return grad_out

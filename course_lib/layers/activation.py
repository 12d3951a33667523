"""Layers without weights that act on each number alone, or only on the shape."""

from __future__ import annotations

import copy

import numpy as np

from course_lib._validation import as_float, check_shape, fail, is_array
from course_lib.functional import (
    dropout,
    dropout_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
)
from course_lib.layers.base import Layer


class ReLU(Layer):
    """Rectify: negative numbers become 0.

    See Also
    --------
    course_lib.functional.relu : The operation.

    Examples
    --------
    >>> ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Rectify an array of any shape."""
        out = relu(x)
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient of the input."""
        return relu_backward(grad_out, self._input()).x


class Sigmoid(Layer):
    """Squash into (0, 1).

    See Also
    --------
    course_lib.functional.sigmoid : The operation.

    Examples
    --------
    >>> Sigmoid()(np.array([0.0, 100.0]))
    array([0.5, 1. ])
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Squash an array of any shape."""
        out = sigmoid(x)
        self._x = x
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient of the input."""
        return sigmoid_backward(grad_out, self._input()).x


class Flatten(Layer):
    """Lay out all axes but the first as one.

    Examples
    --------
    >>> Flatten()(np.zeros((2, 16, 5, 5))).shape
    (2, 400)
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Flatten a batch, (N, C, H, W) to (N, C * H * W)."""
        if not is_array(x) or x.ndim < 1:
            got = f"shape {x.shape}" if is_array(x) else type(x).__name__
            fail("Flatten", "`x` to be a NumPy array of shape (N, ...)", got)
        self._x = x
        return x.reshape(len(x), int(np.prod(x.shape[1:])))  # (N, C * H * W)

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient in the input's shape."""
        shape = self._input().shape
        check_shape("Flatten.backward", "grad_out", grad_out, (shape[0], int(np.prod(shape[1:]))))
        return grad_out.reshape(shape)  # (N, C, H, W)


class Dropout(Layer):
    """Set numbers to 0 at random, in training only.

    Parameters
    ----------
    p : float, default 0.5
        Probability that a number is dropped.
    rng : numpy.random.Generator
        Draws what is dropped.

    Raises
    ------
    ValueError
        If `p` is no probability or `rng` no generator.

    See Also
    --------
    course_lib.functional.dropout : The operation.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones(4))
    array([2., 0., 0., 0.])
    >>> layer.eval()(np.ones(4))
    array([1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator):
        if not isinstance(rng, np.random.Generator):
            fail("Dropout", "`rng` to be a numpy.random.Generator", type(rng).__name__)
        self.p, self.rng = as_float("Dropout", "p", p, 0, 1), rng

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Drop from an array of any shape."""
        before = copy.deepcopy(self.rng) if self.training else None
        out = dropout(x, self.p, self.training, self.rng)
        self._x, self._drops, self._rng_before = x, self.training, before
        return out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Return the gradient of the input, through the mask of the last forward pass."""
        x = self._input()
        return dropout_backward(grad_out, x, self.p, self._drops, copy.deepcopy(self._rng_before)).x

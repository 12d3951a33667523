"""Batch normalisation as a layer, which keeps the running statistics."""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_float, as_int, check_rank
from course_lib.functional import batch_norm, batch_norm_backward
from course_lib.layers.base import Layer, Parameter


class BatchNorm2d(Layer):
    """Normalise every channel; learned scale and offset.

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float, default 1e-5
        Added to the variance.
    momentum : float or None, default 0.1
        Share of the newest batch in the running statistics. None averages all batches alike.
    affine : bool, default True
        Whether to learn scale and offset.
    track_running_stats : bool, default True
        Whether to keep running statistics; without them evaluation, too, uses the batch's.
    dtype : dtype, default float32
        Of all arrays.

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        Scale, 1 at first, and offset, 0 at first.
    running_mean, running_var : ndarray, shape (C,), or None
        Statistics for evaluation; 0 and 1 at first.
    num_batches_tracked : ndarray, shape (), int64, or None
        Number of batches in them.

    Raises
    ------
    ValueError
        If a number is out of range or `dtype` is not floating.

    See Also
    --------
    course_lib.functional.batch_norm : The operation.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing
       internal covariate shift", arXiv:1502.03167, 2015, section 3.

    Examples
    --------
    >>> layer = BatchNorm2d(2)
    >>> out = layer(np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2))
    >>> out.mean(axis=(0, 2, 3)).round(6), layer.running_mean
    (array([0., 0.], dtype=float32), array([0.15, 0.55], dtype=float32))
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype=np.float32,
    ):
        channels = as_int("BatchNorm2d", "num_features", num_features, 1)
        self.eps = as_float("BatchNorm2d", "eps", eps, 0)
        self.momentum = None if momentum is None else as_float("BatchNorm2d", "momentum", momentum, 0, 1)
        self.weight = Parameter(np.ones(channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(channels, dtype)) if affine else None
        self.running_mean = np.zeros(channels, dtype) if track_running_stats else None
        self.running_var = np.ones(channels, dtype) if track_running_stats else None
        self.num_batches_tracked = np.zeros((), np.int64) if track_running_stats else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Normalise a batch (N, C, H, W); in training, move the running statistics."""
        check_rank("BatchNorm2d", "x", x, "(N, C, H, W)")
        by_batch, tracks = self.training or self.running_mean is None, self.running_mean is not None
        share = self.momentum
        if share is None:
            share = 1 / (int(self.num_batches_tracked) + 1) if tracks else 0.0
        result = batch_norm(x, *self._arguments(), by_batch, share, self.eps)
        if self.training and tracks:
            self.num_batches_tracked += 1
            self.running_mean, self.running_var = result.running_mean, result.running_var
        self._x, self._by_batch = x, by_batch
        return result.out

    def backward(self, grad_out: np.ndarray) -> np.ndarray:
        """Add to the gradients of weight and bias, and return that of the input."""
        x = self._input()
        grads = batch_norm_backward(grad_out, x, *self._arguments(), self._by_batch, eps=self.eps)
        if self.weight is not None:
            self.weight.accumulate(grads.weight)
            self.bias.accumulate(grads.bias)
        return grads.x

    def _arguments(self) -> tuple:
        """Return what `batch_norm` takes after the input: statistics, scale and offset."""
        affine = [None if parameter is None else parameter.data for parameter in (self.weight, self.bias)]
        return self.running_mean, self.running_var, *affine

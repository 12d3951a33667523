"""What every convolution is made of: windows of an image laid out as columns, and three matrix products.

For one sample and one group, let ``columns`` hold one window per column, shape (C * K_h * K_w, H_out * W_out).
Then a convolution and both of its gradients are matrix products:

    forward              out      = weight @ columns
    gradient of weight   d_weight = d_out @ columns.T
    gradient of input    d_columns = weight.T @ d_out, scattered back to the pixels that each column was cut from
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

BLOCK_BYTES = 4 * 2**20  # of columns built at a time: small enough to stay in the processor's cache


class Geometry(NamedTuple):
    """Where the windows of one convolution lie; every pair is (vertical, horizontal)."""

    size: tuple[int, int]  # of the image, unpadded
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]  # zeros above and to the left
    after: tuple[int, int]  # zeros below and to the right
    out: tuple[int, int]  # number of windows
    groups: int

    @property
    def padded_size(self) -> tuple[int, int]:
        """Height and width of the image with its zeros."""
        return tuple(sum(lengths) for lengths in zip(self.before, self.size, self.after, strict=True))

    def inner(self) -> tuple[slice, slice]:
        """Rows and columns of the padded image that hold the image."""
        return tuple(slice(p, p + n) for p, n in zip(self.before, self.size, strict=True))

    def taps(self) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
        """Yield, for each kernel entry (u, v), the padded rows and columns that it meets over all windows."""
        (S_h, S_w), (D_h, D_w), (H_out, W_out) = self.stride, self.dilation, self.out
        for u in range(self.kernel[0]):
            rows = slice(u * D_h, u * D_h + (H_out - 1) * S_h + 1, S_h)
            for v in range(self.kernel[1]):
                yield u, v, (rows, slice(v * D_w, v * D_w + (W_out - 1) * S_w + 1, S_w))


def blocks(samples: int, bytes_per_sample: int) -> Iterator[slice]:
    """Cut the batch into runs of samples whose columns fit in `BLOCK_BYTES`, one sample at least."""
    step = max(1, BLOCK_BYTES // max(1, bytes_per_sample))
    for start in range(0, samples, step):
        yield slice(start, min(start + step, samples))


def im2col(x: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Copy every window of ``x``, shape (B, C, H, W), into a column."""
    B, C = x.shape[:2]
    padded = np.zeros((B, C, *geometry.padded_size), x.dtype)
    padded[:, :, *geometry.inner()] = x  # (B, C, H_pad, W_pad)
    columns = np.empty((B, C, *geometry.kernel, *geometry.out), x.dtype)
    for u, v, pixels in geometry.taps():
        columns[:, :, u, v] = padded[:, :, *pixels]  # (B, C, H_out, W_out)
    return columns.reshape(
        B, geometry.groups, -1, geometry.out[0] * geometry.out[1]
    )  # (B, G, C/G*K_h*K_w, P)


def col2im(columns: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Add every column back onto the pixels it was copied from: the transpose of `im2col`."""
    B = len(columns)
    columns = columns.reshape(B, -1, *geometry.kernel, *geometry.out)  # (B, C, K_h, K_w, H_out, W_out)
    padded = np.zeros((B, columns.shape[1], *geometry.padded_size), columns.dtype)
    for u, v, pixels in geometry.taps():
        padded[:, :, *pixels] += columns[:, :, u, v]  # (B, C, H_out, W_out)
    return padded[:, :, *geometry.inner()]  # (B, C, H, W)


def correlate(x: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Cross-correlate ``x`` (N, C_in, H, W) with ``weight`` (C_out, C_in/G, K_h, K_w)."""
    N, C_out, G, P = len(x), len(weight), geometry.groups, geometry.out[0] * geometry.out[1]
    W = weight.reshape(G, C_out // G, -1)  # (G, C_out/G, C_in/G*K_h*K_w)
    out = np.empty((N, G, C_out // G, P), x.dtype)
    for block in blocks(N, G * W.shape[2] * P * x.itemsize):
        np.matmul(W, im2col(x[block], geometry), out=out[block])  # (B, G, C_out/G, P)
    return out.reshape(N, C_out, *geometry.out)  # (N, C_out, H_out, W_out)


def correlate_weight_gradient(x: np.ndarray, grad_out: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Gradient of `correlate` for its weight, shape (C_out, C_in/G, K_h, K_w)."""
    (N, C_out), C_in, G, P = (
        grad_out.shape[:2],
        x.shape[1],
        geometry.groups,
        geometry.out[0] * geometry.out[1],
    )
    grad_out = grad_out.reshape(N, G, C_out // G, P)  # (N, G, C_out/G, P)
    taps = C_in // G * geometry.kernel[0] * geometry.kernel[1]
    grad = np.zeros((G, C_out // G, taps), x.dtype)
    for block in blocks(N, G * taps * P * x.itemsize):
        columns = im2col(x[block], geometry)  # (B, G, C_in/G*K_h*K_w, P)
        grad += (grad_out[block] @ columns.swapaxes(2, 3)).sum(0)  # (G, C_out/G, C_in/G*K_h*K_w)
    return grad.reshape(C_out, C_in // G, *geometry.kernel)  # (C_out, C_in/G, K_h, K_w)


def correlate_input_gradient(grad_out: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Gradient of `correlate` for its image, shape (N, C_in, H, W): the transpose of the linear map `correlate`."""
    (N, C_out), G, P = grad_out.shape[:2], geometry.groups, geometry.out[0] * geometry.out[1]
    grad_out = grad_out.reshape(N, G, C_out // G, P)  # (N, G, C_out/G, P)
    W = weight.reshape(G, C_out // G, -1)  # (G, C_out/G, C_in/G*K_h*K_w)
    grad = np.empty((N, G * weight.shape[1], *geometry.size), grad_out.dtype)
    for block in blocks(N, G * W.shape[2] * P * grad_out.itemsize):
        grad[block] = col2im(W.swapaxes(1, 2) @ grad_out[block], geometry)  # (B, C_in, H, W)
    return grad

"""What every convolution is made of: windows of an image as the columns of a matrix, and products with it.

A convolution links an *image* of C channels with a *map* of M channels that has one pixel per window. Let
``columns`` hold one window per column, shape (C * K_h * K_w, P) for P windows, and ``W`` one filter per row,
shape (M, C * K_h * K_w). Then all there is to compute is

    correlate         map     = W @ columns          the forward pass
    filter_gradient   d_W     = d_map @ columns.T    the gradient of the filters
    spread            columns = W.T @ map            then each column is added onto the pixels it was cut from

The columns are K_h * K_w times as large as the batch, so they are built block by block in one small buffer
that stays in the processor's cache. With G groups, everything gains a leading axis of length G.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import numpy as np

BLOCK_BYTES = 4 * 2**20  # of columns in one block, unless a single row of windows needs more


class Geometry(NamedTuple):
    """Where the windows of one convolution lie; every pair is (vertical, horizontal), in pixels."""

    size: tuple[int, int]  # of the image, unpadded
    out: tuple[int, int]  # of the map: how many windows
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    before: tuple[int, int]  # zeros above and to the left of the image
    after: tuple[int, int]  # zeros below it and to the right
    groups: int

    def pad(self, x: np.ndarray) -> np.ndarray:
        """Surround each image of ``x`` with its zeros; where none are asked for, return ``x`` itself."""
        if not any(self.before + self.after):
            return x
        padded = self.zeros(x.shape[:2], x.dtype)
        self.crop(padded)[:] = x
        return padded  # (N, C, H_pad, W_pad)

    def zeros(self, channels: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Padded images that are zero everywhere."""
        sides = zip(self.before, self.size, self.after, strict=True)
        return np.zeros((*channels, *map(sum, sides)), dtype)  # (N, C, H_pad, W_pad)

    def crop(self, padded: np.ndarray) -> np.ndarray:
        """View the images inside padded images."""
        (top, left), (H, W) = self.before, self.size
        return padded[:, :, top : top + H, left : left + W]  # (N, C, H, W)


class Block(NamedTuple):
    """Some rows of the map in some samples of the batch."""

    samples: slice
    rows: slice

    def of(self, maps: np.ndarray, groups: int) -> np.ndarray:
        """View this block of ``maps``, shape (N, M, H_out, W_out), with the batch behind the channels."""
        N, M, H_out, W_out = maps.shape
        grouped = maps.reshape(N, groups, M // groups, H_out, W_out)  # (N, G, M/G, H_out, W_out)
        return grouped[self.samples, :, :, self.rows].transpose(1, 2, 0, 3, 4)  # (G, M/G, B, R, W_out)

    def matrix(self, maps: np.ndarray, groups: int) -> np.ndarray:
        """Lay this block of ``maps`` out like its columns: one pixel per column."""
        return self.of(maps, groups).reshape(groups, maps.shape[1] // groups, -1)  # (G, M/G, P)


def blocks(samples: int, rows: int, bytes_per_row: int) -> Iterator[Block]:
    """Cut a batch of maps into blocks of `BLOCK_BYTES` of columns: several samples, or else rows of one."""
    budget = max(1, BLOCK_BYTES // bytes_per_row)  # in rows
    B, R = max(1, budget // rows), min(budget, rows)
    for n in range(0, samples, B):
        for i in range(0, rows, R):
            yield Block(slice(n, min(n + B, samples)), slice(i, min(i + R, rows)))


def taps(block: Block, geometry: Geometry) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
    """Yield, for each kernel entry (u, v), the padded pixels that it meets over the windows of a block."""
    (K_h, K_w), (S_h, S_w), (D_h, D_w) = geometry.kernel, geometry.stride, geometry.dilation
    first, last = block.rows.start * S_h, (block.rows.stop - 1) * S_h
    for u in range(K_h):
        rows = slice(first + u * D_h, last + u * D_h + 1, S_h)
        for v in range(K_w):
            across = slice(v * D_w, v * D_w + (geometry.out[1] - 1) * S_w + 1, S_w)
            yield u, v, (block.samples, slice(None), rows, across)


def columns_of(x: np.ndarray, geometry: Geometry) -> Iterator[tuple[Block, np.ndarray]]:
    """Yield each block with its columns, shape (G, C/G * K_h * K_w, P), valid until the next block comes.

    This is the routine known as im2col: K_h * K_w shifted copies of the image.
    """
    (N, C), (K_h, K_w), W_out = x.shape[:2], geometry.kernel, geometry.out[1]
    padded = geometry.pad(x)  # (N, C, H_pad, W_pad)
    buffer = np.empty(0, x.dtype)
    for block in blocks(N, geometry.out[0], C * K_h * K_w * W_out * x.itemsize):
        shape = C, K_h, K_w, *(part.stop - part.start for part in block), W_out
        if not buffer.size:
            buffer = np.empty(prod(shape), x.dtype)  # the first block is the largest
        columns = buffer[: prod(shape)].reshape(shape)  # (C, K_h, K_w, B, R, W_out)
        for u, v, pixels in taps(block, geometry):
            columns[:, u, v] = padded[pixels].swapaxes(0, 1)  # (C, B, R, W_out)
        rows = C // geometry.groups * K_h * K_w
        yield block, columns.reshape(geometry.groups, rows, -1)  # (G, C/G*K_h*K_w, P)


def correlate(x: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Cross-correlate ``x`` (N, C, H, W) with ``weight`` (M, C/G, K_h, K_w): maps (N, M, H_out, W_out)."""
    return correlate_and_gradient(x, weight, None, geometry)[0]


def filter_gradient(x: np.ndarray, maps: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Gradient of ``sum(maps * correlate(x, weight))`` for ``weight``, shape (M, C/G, K_h, K_w)."""
    C, M, G = x.shape[1], maps.shape[1], geometry.groups
    grad = np.zeros((G, M // G, C // G * prod(geometry.kernel)), x.dtype)
    for block, columns in columns_of(x, geometry):
        grad += block.matrix(maps, G) @ columns.swapaxes(1, 2)  # (G, M/G, C/G*K_h*K_w)
    return grad.reshape(M, C // G, *geometry.kernel)  # (M, C/G, K_h, K_w)


def correlate_and_gradient(x, weight, maps, geometry):
    """Return ``correlate(x, weight)`` and ``filter_gradient(x, maps)``, which can share their columns."""
    (N, _), M, G = x.shape[:2], len(weight), geometry.groups
    W = weight.reshape(G, M // G, -1)  # (G, M/G, C/G*K_h*K_w)
    out, grad = np.empty((N, M, *geometry.out), x.dtype), np.zeros(W.shape, x.dtype)
    for block, columns in columns_of(x, geometry):
        target = block.of(out, G)  # (G, M/G, B, R, W_out)
        target[:] = (W @ columns).reshape(target.shape)  # (G, M/G, B, R, W_out)
        if maps is not None:
            grad += block.matrix(maps, G) @ columns.swapaxes(1, 2)  # (G, M/G, C/G*K_h*K_w)
    return out, grad.reshape(weight.shape)  # (N, M, H_out, W_out), (M, C/G, K_h, K_w)


def spread(maps: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Add every map pixel, times its filter, onto the window it belongs to: the transpose of `correlate`."""
    N, (M, C_g, K_h, K_w), G = len(maps), weight.shape, geometry.groups
    W = weight.reshape(G, M // G, -1).swapaxes(1, 2)  # (G, C/G*K_h*K_w, M/G)
    padded = geometry.zeros((N, G * C_g), maps.dtype)  # (N, C, H_pad, W_pad)
    for block in blocks(N, geometry.out[0], G * C_g * K_h * K_w * geometry.out[1] * maps.itemsize):
        columns = W @ block.matrix(maps, G)  # (G, C/G*K_h*K_w, P)
        shape = G * C_g, K_h, K_w, *(part.stop - part.start for part in block), geometry.out[1]
        columns = columns.reshape(shape)  # (C, K_h, K_w, B, R, W_out)
        for u, v, pixels in taps(block, geometry):
            padded[pixels] += columns[:, u, v].swapaxes(0, 1)  # (B, C, R, W_out)
    return np.ascontiguousarray(geometry.crop(padded))  # (N, C, H, W)


def rotate(weight: np.ndarray, groups: int) -> np.ndarray:
    """Rotate each kernel by 180 degrees and let filters and channels change places."""
    M, C_g, K_h, K_w = weight.shape
    grouped = weight.reshape(groups, M // groups, C_g, K_h, K_w)  # (G, M/G, C/G, K_h, K_w)
    turned = grouped.swapaxes(1, 2)[..., ::-1, ::-1]  # (G, C/G, M/G, K_h, K_w)
    return turned.reshape(groups * C_g, M // groups, K_h, K_w)  # (C, M/G, K_h, K_w)


def exchange(geometry: Geometry) -> Geometry | None:
    """Geometry in which image and map change places; None where there is no such convolution.

    At stride 1, ``spread(maps, weight)`` is ``correlate(maps, rotate(weight))`` in this geometry: once more a
    convolution, padded so far that every pixel of the image meets every window it belongs to.
    """
    extent = [d * (k - 1) + 1 for d, k in zip(geometry.dilation, geometry.kernel, strict=True)]
    before = tuple(e - 1 - b for e, b in zip(extent, geometry.before, strict=True))
    sizes = zip(geometry.size, extent, geometry.out, before, strict=True)
    after = tuple(n + e - 1 - o - b for n, e, o, b in sizes)
    if geometry.stride != (1, 1) or min(before + after) < 0:
        return None
    return geometry._replace(size=geometry.out, out=geometry.size, before=before, after=after)

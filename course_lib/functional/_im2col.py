"""What every convolution is made of: the windows of an image laid out as columns, and matrix products with them.

A convolution links an *image* of C channels with a *map* that has one pixel per window and M channels. Let
``columns`` hold one window per column, shape (C * K_h * K_w, P) for P windows, and ``W`` one filter per row,
shape (M, C * K_h * K_w). Then all there is to compute is

    correlate     map      = W @ columns                the forward pass
    spread        columns  = W.T @ map, then every column is added back onto the pixels it was cut from
    filters       d_W      = d_map @ columns.T          the gradient of the filters

The columns of a batch are K_h * K_w times as large as the batch itself, so they are built block by block in one
buffer small enough to stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

BLOCK_BYTES = 2**20  # of columns in one block, unless a single row of windows needs more


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

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width of a window, the gaps of dilation included."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True))

    def padded(self, channels: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of an array of padded images."""
        return *channels, *(b + n + a for b, n, a in zip(self.before, self.size, self.after, strict=True))

    def inside(self, padded: np.ndarray) -> np.ndarray:
        """Cut the zeros off: a view of the image inside the padded image."""
        (top, left), (H, W) = self.before, self.size
        return padded[..., top : top + H, left : left + W]  # (..., H, W)


class Block(NamedTuple):
    """Some rows of the map, in some samples of the batch."""

    samples: slice
    rows: slice

    def of(self, maps: np.ndarray, groups: int) -> np.ndarray:
        """View this block of ``maps``, shape (N, M, H_out, W_out), with the batch behind the channels."""
        N, M, H_out, W_out = maps.shape
        grouped = maps.reshape(N, groups, M // groups, H_out, W_out)  # (N, G, M/G, H_out, W_out)
        return grouped[self.samples, :, :, self.rows].transpose(1, 2, 0, 3, 4)  # (G, M/G, B, rows, W_out)


def blocks(samples: int, rows: int, bytes_per_row: int) -> Iterator[Block]:
    """Cut a batch of maps into blocks whose columns fit in `BLOCK_BYTES`: whole samples if possible, else rows."""
    budget = max(1, BLOCK_BYTES // max(1, bytes_per_row))  # in rows
    step, height = max(1, budget // rows), min(budget, rows)
    for n in range(0, samples, step):
        for i in range(0, rows, height):
            yield Block(slice(n, min(n + step, samples)), slice(i, min(i + height, rows)))


def taps(block: Block, geometry: Geometry) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
    """Yield, for each kernel entry (u, v), the padded pixels that it meets over the windows of a block."""
    (S_h, S_w), (D_h, D_w), W_out = geometry.stride, geometry.dilation, geometry.out[1]
    for u in range(geometry.kernel[0]):
        rows = slice(u * D_h + block.rows.start * S_h, u * D_h + (block.rows.stop - 1) * S_h + 1, S_h)
        for v in range(geometry.kernel[1]):
            yield (
                u,
                v,
                (block.samples, slice(None), rows, slice(v * D_w, v * D_w + (W_out - 1) * S_w + 1, S_w)),
            )


def pad(x: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Surround every image of ``x`` with the zeros that the geometry asks for; without any, return ``x``."""
    if not any(geometry.before + geometry.after):
        return x
    padded = np.zeros(geometry.padded(x.shape[:2]), x.dtype)
    geometry.inside(padded)[:] = x
    return padded  # (N, C, H_pad, W_pad)


def columns_of(x: np.ndarray, geometry: Geometry) -> Iterator[tuple[Block, np.ndarray]]:
    """Yield block after block with its columns; they are read-only in spirit, and gone when the next one comes.

    This is the routine called im2col: K_h * K_w shifted copies of the image.
    """
    (N, C), (K_h, K_w), G = x.shape[:2], geometry.kernel, geometry.groups
    padded, W_out = pad(x, geometry), geometry.out[1]
    buffer = np.empty(0, x.dtype)
    for block in blocks(N, geometry.out[0], C * K_h * K_w * W_out * x.itemsize):
        B, R = block.samples.stop - block.samples.start, block.rows.stop - block.rows.start
        shape = (C, K_h, K_w, B, R, W_out)
        if not buffer.size:
            buffer = np.empty(np.prod(shape), x.dtype)  # the first block is the largest
        columns = buffer[: np.prod(shape)].reshape(shape)
        for u, v, pixels in taps(block, geometry):
            columns[:, u, v] = padded[pixels].swapaxes(0, 1)  # (C, B, R, W_out)
        yield block, columns.reshape(G, C // G * K_h * K_w, B * R * W_out)  # (G, C/G*K_h*K_w, P)


def correlate(x: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Cross-correlate ``x`` (N, C, H, W) with ``weight`` (M, C/G, K_h, K_w): the map (N, M, H_out, W_out)."""
    G, M = geometry.groups, len(weight)
    W = weight.reshape(G, M // G, -1)  # (G, M/G, C/G*K_h*K_w)
    maps = np.empty((len(x), M, *geometry.out), x.dtype)
    for block, columns in columns_of(x, geometry):
        target = block.of(maps, G)
        target[:] = (W @ columns).reshape(target.shape)  # (G, M/G, B, R, W_out)
    return maps


def spread(maps: np.ndarray, weight: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Add every map pixel, times its filter, onto the window it belongs to: the transpose of `correlate`."""
    (N, M), (_, C_g, K_h, K_w), G = maps.shape[:2], weight.shape, geometry.groups
    W = weight.reshape(G, M // G, -1).swapaxes(1, 2)  # (G, C/G*K_h*K_w, M/G)
    padded = np.zeros(geometry.padded((N, G * C_g)), maps.dtype)
    for block in blocks(N, geometry.out[0], G * C_g * K_h * K_w * geometry.out[1] * maps.itemsize):
        source = block.of(maps, G)  # (G, M/G, B, R, W_out)
        columns = W @ source.reshape(G, M // G, -1)  # (G, C/G*K_h*K_w, P)
        columns = columns.reshape(G * C_g, K_h, K_w, *source.shape[2:])  # (C, K_h, K_w, B, R, W_out)
        for u, v, pixels in taps(block, geometry):
            padded[pixels] += columns[:, u, v].swapaxes(0, 1)  # (B, C, R, W_out)
    return np.ascontiguousarray(geometry.inside(padded))  # (N, C, H, W)


def filter_gradient(x: np.ndarray, maps: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Gradient of ``sum(maps * correlate(x, weight))`` for ``weight``, shape (M, C/G, K_h, K_w)."""
    C, M, G = x.shape[1], maps.shape[1], geometry.groups
    grad = np.zeros((G, M // G, C // G * geometry.kernel[0] * geometry.kernel[1]), x.dtype)
    for block, columns in columns_of(x, geometry):
        grad += block.of(maps, G).reshape(G, M // G, -1) @ columns.swapaxes(1, 2)  # (G, M/G, C/G*K_h*K_w)
    return grad.reshape(M, C // G, *geometry.kernel)  # (M, C/G, K_h, K_w)


def correlate_with_gradient(x, weight, maps, geometry):
    """Return ``correlate(x, weight)`` and ``filter_gradient(x, maps)``, which share their columns."""
    C, M, G = x.shape[1], len(weight), geometry.groups
    W = weight.reshape(G, M // G, -1)  # (G, M/G, C/G*K_h*K_w)
    out, grad = np.empty((len(x), M, *geometry.out), x.dtype), np.zeros(W.shape, x.dtype)
    for block, columns in columns_of(x, geometry):
        target = block.of(out, G)
        target[:] = (W @ columns).reshape(target.shape)  # (G, M/G, B, R, W_out)
        grad += block.of(maps, G).reshape(G, M // G, -1) @ columns.swapaxes(1, 2)  # (G, M/G, C/G*K_h*K_w)
    return out, grad.reshape(weight.shape)


def rotate(weight: np.ndarray, groups: int) -> np.ndarray:
    """Rotate every kernel by 180 degrees and exchange the roles of filters and channels."""
    M, C_g, K_h, K_w = weight.shape
    grouped = weight.reshape(groups, M // groups, C_g, K_h, K_w)  # (G, M/G, C/G, K_h, K_w)
    turned = grouped.swapaxes(1, 2)[..., ::-1, ::-1]  # (G, C/G, M/G, K_h, K_w)
    return turned.reshape(groups * C_g, M // groups, K_h, K_w)  # (C, M/G, K_h, K_w)


def exchanged(geometry: Geometry) -> Geometry:
    """Geometry in which image and map change places: at stride 1 `spread` is `correlate` with rotated kernels."""
    before = tuple(e - 1 - b for e, b in zip(geometry.extent, geometry.before, strict=True))
    sizes = zip(geometry.size, geometry.extent, geometry.out, before, strict=True)
    after = tuple(n + e - 1 - o - b for n, e, o, b in sizes)
    return geometry._replace(size=geometry.out, out=geometry.size, before=before, after=after)


def can_exchange(geometry: Geometry) -> bool:
    """Whether `exchanged` asks for no negative padding."""
    other = exchanged(geometry)
    return geometry.stride == (1, 1) and min(other.before + other.after) >= 0

"""Drawn scenes: coloured shapes on a noisy ground, with class, box and mask of each, from a seed.

Nothing but raw bits is drawn from NumPy's generator, because only the bit generators promise the same stream
in every version of NumPy; what is made of the bits is written out here.
"""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_float, as_int, as_pair
from course_lib.datasets.types import Scenes

#: Names of the classes, in the order of the labels.
CLASSES = ("circle", "square", "triangle", "cross")
_TRIES = 12  # places tried for an object before it is left out
_CHUNK = 256  # images drawn at a time, so that the work fits in the cache


class Bits:
    """Uniform numbers made from a bit generator's raw output."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.PCG64(seed)

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """Float64 in [low, high): the top 53 bits of each word."""
        words = self._source.random_raw(int(np.prod(shape))).reshape(shape)  # (*shape,)
        return low + (high - low) * ((words >> np.uint64(11)) * 2.0**-53)

    def integers(self, count: int, *shape: int) -> np.ndarray:
        """Int64 from 0 to ``count - 1``."""
        return np.minimum(self.uniform(0, count, *shape).astype(np.int64), count - 1)

    def bytes(self, *shape: int) -> np.ndarray:
        """Uint8, eight from each word, lowest byte first."""
        size = int(np.prod(shape))
        words = self._source.random_raw(-(-size // 8)).astype("<u8")
        return words.view(np.uint8)[:size].reshape(shape)  # (*shape,)


def scenes(
    count: int, size: int | tuple[int, int] = 64, *, seed: int, max_objects: int = 4, noise: float = 0.1
) -> Scenes:
    """Draw scenes of circles, squares, triangles and crosses.

    Parameters
    ----------
    count : int
        How many scenes; at least 0.
    size : int or pair of int, default 64
        ``(H, W)`` of each, in pixels; at least 16.
    seed : int
        The same seed and arguments give the same scenes, bit for bit; the first scenes of a longer run are
        those of a shorter one, in whole blocks of 256.
    max_objects : int, default 4
        At most so many objects on a scene (M); at least 1 is always there.
    noise : float, default 0.1
        Half the width of the uniform noise that is added to every pixel, in [0, 1].

    Returns
    -------
    Scenes
        Images, and class, box and mask of every object. Objects may touch and hide a little of each other:
        the later one lies on top, by at most a quarter of the smaller box.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] I. Quilez, "2D distance functions", the source of drawing shapes by their distance.

    Examples
    --------
    >>> drawn = scenes(3, (32, 48), seed=0)
    >>> drawn.images.shape, drawn.masks.shape
    ((3, 3, 32, 48), (3, 4, 32, 48))
    >>> [CLASSES[label] for label in drawn.labels[0, : drawn.counts[0]]]
    ['triangle', 'square']
    """
    count = as_int("scenes", "count", count, 0)
    height, width = as_pair("scenes", "size", size, 16)
    seed = as_int("scenes", "seed", seed, 0)
    slots = as_int("scenes", "max_objects", max_objects, 1)
    noise = as_float("scenes", "noise", noise, 0, 1)
    images = np.empty((count, 3, height, width), dtype=np.float32)
    counts, labels = np.zeros(count, dtype=np.int64), np.full((count, slots), -1, dtype=np.int64)
    boxes = np.zeros((count, slots, 4), dtype=np.float32)
    masks = np.zeros((count, slots, height, width), dtype=bool)
    bits = Bits(seed)
    for start in range(0, count, _CHUNK):
        block = slice(
            start, start + _CHUNK
        )  # always drawn whole, then cut: the stream does not depend on count
        drawn = _draw_block(bits, height, width, slots, noise)
        for out, part in zip((images, counts, labels, boxes, masks), drawn, strict=True):
            out[block] = part[: len(out[block])]
    return Scenes(images, counts, labels, boxes, masks)


def _draw_block(bits: Bits, height: int, width: int, slots: int, noise: float) -> Scenes:
    """Draw one block of scenes with at most ``slots`` objects each."""
    kind = bits.integers(len(CLASSES), _CHUNK, slots)  # (B, M)
    angle = bits.uniform(0, 2 * np.pi, _CHUNK, slots)  # (B, M)
    circles, placed = _place(bits, height, width, slots)  # (B, M, 3), (B, M)
    images, ground = background(bits, _CHUNK, height, width)  # (B, 3, H, W), (B,)
    colour = clear_colour(bits.uniform(0, 1, _CHUNK, slots, 3), ground[:, None])  # (B, M, 3)
    masks = np.zeros((_CHUNK, slots, height, width), dtype=bool)
    for m in range(slots):
        for c in range(len(CLASSES)):
            rows = np.flatnonzero(placed[:, m] & (kind[:, m] == c))  # (b,)
            distance = _distance(c, circles[rows, m], angle[rows, m], height, width)  # (b, H, W)
            drawn = images[rows]  # (b, 3, H, W), a copy
            paint(drawn, colour[rows, m], distance)
            images[rows] = drawn
            masks[rows, :m] &= (distance >= 0)[:, None]  # what lies below is hidden
            masks[rows, m] = distance < 0
    grain = bits.bytes(_CHUNK, 3, height, width)  # (B, 3, H, W)
    images += np.float32(noise) * (grain * np.float32(2 / 255) - 1)
    np.clip(images, 0, 1, out=images)
    return _compact(images, np.where(placed, kind, -1), masks)


def _place(bits: Bits, height: int, width: int, slots: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose circles ``(x, y, radius)`` for the objects: of a few tries, the first that overlaps little."""
    short = min(height, width)
    wanted = 1 + bits.integers(slots, _CHUNK)  # (B,)
    tries = bits.uniform(0, 1, slots, _TRIES, _CHUNK, 3)  # (M, T, B, 3)
    circles, placed = np.zeros((_CHUNK, slots, 3)), np.zeros((_CHUNK, slots), dtype=bool)
    for m in range(slots):
        open_ = wanted > m  # (B,), still without a place
        for u in tries[m]:  # (B, 3)
            radius = short * (0.1 + 0.12 * u[:, 2])  # (B,)
            x = radius + u[:, 0] * (width - 2 * radius)  # (B,)
            y = radius + u[:, 1] * (height - 2 * radius)  # (B,)
            trial = np.stack([x, y, radius], axis=1)  # (B, 3)
            fits = open_ & ~(placed & (_overlap(trial[:, None], circles) > 0.25)).any(axis=1)  # (B,)
            circles[fits, m], placed[fits, m] = trial[fits], True
            open_ &= ~fits
    return circles, placed


def _overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection of the bounding squares of circles, relative to the smaller square."""
    reach = np.minimum(a[..., 2], b[..., 2]) * 2
    span = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - np.maximum(
        a[..., :2] - a[..., 2:], b[..., :2] - b[..., 2:]
    )
    area = np.clip(span, 0, None).prod(axis=-1)
    return np.divide(area, reach**2, out=np.zeros_like(area), where=reach > 0)


def background(bits: Bits, count: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey ground with a gentle slope of a random direction and tint, and its mean brightness."""
    ground = bits.uniform(0.2, 0.8, count)  # (B,)
    slope = bits.uniform(-0.15, 0.15, 2, count, 3)[..., None, None]  # (2, B, 3, 1, 1)
    y = np.linspace(-1, 1, height)[:, None]  # (H, 1)
    x = np.linspace(-1, 1, width)  # (W,)
    images = ground[:, None, None, None] + slope[0] * y + slope[1] * x  # (B, 3, H, W)
    return images.astype(np.float32), ground


def clear_colour(colour: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Colours ``(..., 3)`` that stand out from grounds ``(...)``: one as bright is darkened or lightened."""
    ground = ground[..., None]  # (..., 1)
    faint = np.abs(colour.mean(axis=-1, keepdims=True) - ground) < 0.2  # (..., 1)
    contrast = np.where(ground > 0.5, 0.2 * colour, 1 - 0.2 * colour)  # (..., 3)
    return np.where(faint, contrast, colour).astype(np.float32)  # (..., 3)


def paint(images: np.ndarray, colour: np.ndarray, distance: np.ndarray) -> None:
    """Paint, in place, one figure on every image: what its signed distance says is inside."""
    cover = np.clip(0.5 - distance, 0, 1)[:, None]  # (B, 1, H, W), share of each pixel
    images += cover * (colour[:, :, None, None] - images)


def _distance(kind: int, circles: np.ndarray, angle: np.ndarray, height: int, width: int) -> np.ndarray:
    """Signed distance, in pixels, from each pixel's centre to the outline of a shape; negative inside."""
    cx, cy, r = circles.T[:, :, None, None].astype(np.float32)  # three times (b, 1, 1)
    x = np.arange(width, dtype=np.float32) + 0.5 - cx  # (b, 1, W)
    y = (np.arange(height, dtype=np.float32) + 0.5)[:, None] - cy  # (b, H, 1)
    if kind == 0:
        return np.sqrt(x * x + y * y) - r  # (b, H, W)
    cos, sin = (f(angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    x, y = cos * x + sin * y, cos * y - sin * x  # (b, H, W), (b, H, W), turned
    if kind == 1:
        return np.maximum(np.abs(x), np.abs(y)) - r * np.float32(np.sqrt(0.5))
    if kind == 2:
        slant = np.float32(np.sqrt(0.75)) * np.abs(x) + 0.5 * y
        return np.maximum(slant, -y) - 0.5 * r
    x, y, arm = np.abs(x), np.abs(y), np.float32(0.3)
    bar = np.maximum(np.maximum(x, y) - r * np.float32(0.95), np.minimum(x, y) - arm * r)
    return bar


def _compact(images: np.ndarray, kind: np.ndarray, masks: np.ndarray) -> Scenes:
    """Move the placed objects of each scene to the front and measure their boxes."""
    order = np.argsort(kind < 0, axis=1, kind="stable")  # (B, M)
    labels = np.take_along_axis(kind, order, axis=1)  # (B, M)
    masks = np.take_along_axis(masks, order[:, :, None, None], axis=1)  # (B, M, H, W)
    columns, rows = masks.any(axis=2), masks.any(axis=3)  # (B, M, W), (B, M, H)
    x1, y1 = columns.argmax(axis=2), rows.argmax(axis=2)  # (B, M), (B, M)
    x2 = columns.shape[2] - columns[:, :, ::-1].argmax(axis=2)  # (B, M)
    y2 = rows.shape[2] - rows[:, :, ::-1].argmax(axis=2)  # (B, M)
    there = labels >= 0  # (B, M)
    boxes = np.stack([x1, y1, x2, y2], axis=2) * there[:, :, None]  # (B, M, 4)
    return Scenes(images, there.sum(axis=1), labels, boxes.astype(np.float32), masks)

"""Drawn shapes to classify: one on every image, at any place, size, tilt and colour, amid clutter.

What it tests is the shape's outline and nothing else. Place, size, tilt, colour, brightness, ground, clutter
and noise are drawn in the same way for every class, so no pixel and no mean of pixels says much of the class:
a network has to find the one figure that has a name among pieces that have none, wherever it lies, small or
large, upright or tilted by up to 30 degrees. What it does not test: texture, perspective, real lenses and
light, classes that vary within themselves. A network that does well here has learnt ten outlines, not to see.
"""

from __future__ import annotations

import numpy as np

from course_lib._validation import as_int, fail
from course_lib.datasets.drawing import Bits, background, clear_colour, paint
from course_lib.datasets.types import ImageData, Split

#: Names of the classes, in the order of the labels.
CLASSES = (
    *("circle", "ring", "crescent", "heart", "triangle"),
    *("square", "pentagon", "star", "cross", "arrow"),
)
SIZE = 64  # pixels a side
SMALLEST, LARGEST = 14.0, 26.0  # radius of the circle around a shape, in pixels
TILT = np.pi / 6  # a shape is turned by at most this, in radians, to either side
UNDER, OVER = 3, 1  # pieces of clutter below and on top of the shape
NOISE = 0.08  # half the width of the uniform noise added to every pixel
_CHUNK = 32  # images drawn at a time, so that the work fits in the cache


def load_shapes(train: int = 6000, test: int = 1000, seed: int = 0, **options: object) -> ImageData:
    """Draw both splits: even streams of bits train, odd ones test, so that no image stands in both."""
    if options:
        fail("datasets.load", "options among train, test, seed", sorted(options))
    train, test = (as_int("datasets.load", name, n, 0) for name, n in (("train", train), ("test", test)))
    seed = as_int("datasets.load", "seed", seed, 0)
    return ImageData(_draw(train, 2 * seed)[0], _draw(test, 2 * seed + 1)[0], CLASSES)


def shape_masks(count: int = 1000, *, split: str = "test", seed: int = 0) -> np.ndarray:
    """Where the shape with a name lies on the images of ``load("shapes")``.

    Parameters
    ----------
    count : int, default 1000
        How many masks; at least 0.
    split : {"train", "test"}, default "test"
        Which of the two splits.
    seed : int, default 0
        That of the images.

    Returns
    -------
    ndarray, shape (count, 64, 64), bool
        True at the shape's visible pixels; clutter that lies on top of it is left out.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    .. [1] I. Quilez, "2D distance functions", the source of drawing shapes by their distance.

    Examples
    --------
    >>> masks = shape_masks(50)
    >>> masks.shape, bool(masks.any(axis=(1, 2)).all())
    ((50, 64, 64), True)
    """
    count, seed = as_int("shape_masks", "count", count, 0), as_int("shape_masks", "seed", seed, 0)
    if split not in ("train", "test"):
        fail("shape_masks", "`split` to be 'train' or 'test'", repr(split))
    return _draw(count, 2 * seed + (split == "test"))[1]


def _draw(count: int, stream: int) -> tuple[Split, np.ndarray]:
    """Draw ``count`` images and masks; the first of a longer run are those of a shorter one."""
    images = np.empty((count, 3, SIZE, SIZE), dtype=np.float32)
    labels = np.empty(count, dtype=np.int64)
    masks = np.empty((count, SIZE, SIZE), dtype=bool)
    bits = Bits(stream)
    for start in range(0, count, _CHUNK):
        chunk = slice(start, start + _CHUNK)  # always drawn whole, then cut
        size = len(labels[chunk])
        for out, part in zip((images, labels, masks), _draw_chunk(bits), strict=True):
            out[chunk] = part[:size]
    return Split(images, labels), masks


def _draw_chunk(bits: Bits) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground, clutter below, the shape, clutter above, noise."""
    kind = bits.integers(len(CLASSES), _CHUNK)  # (B,)
    images, ground = background(bits, _CHUNK, SIZE, SIZE)  # (B, 3, H, W), (B,)
    radius = bits.uniform(SMALLEST, LARGEST, _CHUNK)  # (B,)
    place = radius + bits.uniform(0, 1, 2, _CHUNK) * (SIZE - 2 * radius)  # (2, B), x and y
    angle = bits.uniform(-TILT, TILT, _CHUNK)  # (B,)
    for _ in range(UNDER):
        _add_clutter(images, ground, bits, bits.uniform(0, SIZE, 2, _CHUNK))
    x, y = _turned(place, angle)  # (B, H, W), (B, H, W)
    distance = np.empty_like(x)  # (B, H, W)
    size = radius.astype(np.float32)[:, None, None]  # (B, 1, 1)
    for k, shape in enumerate(SHAPES):
        rows = kind == k
        distance[rows] = shape(x[rows], y[rows], size[rows])
    paint(images, clear_colour(bits.uniform(0, 1, _CHUNK, 3), ground), distance)
    masks = distance < 0  # (B, H, W)
    for _ in range(OVER):  # within the shape's circle, so that some of them hide a part of it
        piece = place + radius * bits.uniform(-1, 1, 2, _CHUNK)  # (2, B)
        masks &= _add_clutter(images, ground, bits, piece, thin=True) >= 0
    grain = bits.bytes(_CHUNK, 3, SIZE, SIZE)  # (B, 3, H, W)
    images += np.float32(NOISE) * (grain * np.float32(2 / 255) - 1)
    return np.clip(images, 0, 1, out=images), kind, masks


def _add_clutter(
    images: np.ndarray, ground: np.ndarray, bits: Bits, place: np.ndarray, thin: bool = False
) -> np.ndarray:
    """Paint one piece on every image: a bar, or a piece of a ring of the same length and width.

    Neither has a name here, and both have the straight and round edges of those that do. Returns its signed
    distance, (B, H, W).
    """
    length = bits.uniform(4, 14, _CHUNK).astype(np.float32)[:, None, None]  # (B, 1, 1), half of it
    width = bits.uniform(1, 2 if thin else 4, _CHUNK).astype(np.float32)[:, None, None]  # (B, 1, 1), likewise
    x, y = _turned(place, bits.uniform(0, 2 * np.pi, _CHUNK))  # (B, H, W), (B, H, W)
    bar = np.maximum(np.abs(x) - length, np.abs(y) - width)  # (B, H, W)
    # A third of a circle of radius `length`, its middle at the place: what lies between two slanted lines.
    x = x + length
    arc = np.maximum(np.abs(_norm(x, y) - length) - width, np.abs(y) * 0.5 - x * np.float32(0.75**0.5))
    bent = bits.integers(2, _CHUNK)[:, None, None] == 1  # (B, 1, 1)
    colour = clear_colour(bits.uniform(0, 1, _CHUNK, 3), ground)  # (B, 3)
    distance = np.where(bent, arc, bar)  # (B, H, W)
    paint(images, colour, distance)
    return distance


def _turned(place: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the pixels' centres around ``place``, in axes turned by ``angle``."""
    centre = place.astype(np.float32)[:, :, None, None]  # (2, B, 1, 1)
    cos, sin = (f(angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))  # (B, 1, 1)
    steps = np.arange(SIZE, dtype=np.float32) + np.float32(0.5)  # (W,)
    x, y = steps - centre[0], steps[:, None] - centre[1]  # (B, 1, W), (B, H, 1)
    return cos * x + sin * y, cos * y - sin * x  # (B, H, W), (B, H, W)


def _norm(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(x * x + y * y)  # (B, H, W); np.hypot takes four times as long


# A shape: (x, y, r) -> signed distance in pixels, negative inside, of a figure within the circle of radius r


def _circle(x, y, r):
    return _norm(x, y) - r


def _ring(x, y, r):
    return np.abs(_norm(x, y) - np.float32(0.75) * r) - np.float32(0.25) * r


def _crescent(x, y, r):
    bite = np.float32(0.8) * r - _norm(x - np.float32(0.5) * r, y)
    return np.maximum(_norm(x, y) - r, bite)


def _heart(x, y, r):
    """A square that stands on its corner, and a half-disc on each of its upper sides."""
    side = r * np.float32(0.5)  # half of the square's side
    x, y = np.abs(x), y + np.float32(0.2) * r
    corner = np.float32(0.5**0.5)
    square = (x + np.abs(y)) * corner - side
    return np.minimum(square, _norm(x - corner * side, y - corner * side) - side)


def _triangle(x, y, r):
    slant = np.float32(0.75**0.5) * np.abs(x) + np.float32(0.5) * y
    return np.maximum(slant, -y) - np.float32(0.5) * r


def _square(x, y, r):
    return np.maximum(np.abs(x), np.abs(y)) - np.float32(0.5**0.5) * r


def _five_lines(x, y):
    """Distances from the centre along the five normals of a pentagon's sides, mirrored at its axis."""
    x = np.abs(x)
    normals = np.pi * (0.5 + 0.4 * np.arange(5))  # (5,)
    return [np.float32(np.cos(a)) * x + np.float32(np.sin(a)) * y for a in normals]


def _pentagon(x, y, r):
    return np.maximum.reduce(_five_lines(x, y)) - np.float32(np.cos(np.pi / 5)) * r


def _star(x, y, r):
    """The pentagram: what lies inside at least four of the five lines; each tip is outside of one."""
    first = second = np.full_like(x, -np.inf)
    for line in _five_lines(x, y):
        first, second = np.maximum(first, line), np.maximum(second, np.minimum(first, line))
    return second - np.float32(np.cos(2 * np.pi / 5)) * r


def _cross(x, y, r):
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.maximum(x, y) - np.float32(0.95) * r, np.minimum(x, y) - np.float32(0.3) * r)


def _arrow(x, y, r):
    """A triangular head with right-angled tip, and a shaft below it."""
    head = np.maximum((np.abs(x) + y - r) * np.float32(0.5**0.5), np.float32(0.1) * r - y)
    below = np.maximum(y - np.float32(0.2) * r, -y - np.float32(0.95) * r)
    return np.minimum(head, np.maximum(np.abs(x) - np.float32(0.25) * r, below))


SHAPES = (_circle, _ring, _crescent, _heart, _triangle, _square, _pentagon, _star, _cross, _arrow)

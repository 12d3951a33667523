"""Solutions of edge_response(image, size)."""

import numpy as np
from bank import right, wrong


def _correlate(x, k):
    return np.einsum("ijuv,uv->ij", np.lib.stride_tricks.sliding_window_view(x, k.shape), k)


def _vertical(size):
    return np.tile(np.sign(np.arange(size) - size // 2).astype(float), (size, 1))


@right
def stacked(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@right
def filled(image, size):
    v, s = _vertical(size), size
    out = np.zeros((2, image.shape[0] - s + 1, image.shape[1] - s + 1))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            window = image[i : i + s, j : j + s]
            out[:, i, j] = np.sum(window * v), np.sum(window * v.T)
    return out


@right
def sums_of_sides(image, size):
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    half = size // 2
    columns, rows = windows.sum(axis=2), windows.sum(axis=3)
    v = columns[..., half + 1 :].sum(-1) - columns[..., :half].sum(-1)
    h = rows[..., half + 1 :].sum(-1) - rows[..., :half].sum(-1)
    return np.array([v, h])


@right
def axes_moved(image, size):
    v = _vertical(size)
    return np.moveaxis(np.dstack([_correlate(image, v), _correlate(image, v.T)]), -1, 0)


@wrong(fails="edge_response.stripe", hint="swapped")
def swapped(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v.T), _correlate(image, v)])


@wrong(fails="edge_response.stripe", hint="signs are reversed")
def signs_reversed(image, size):
    v = -_vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="both responses are the vertical")
def vertical_twice(image, size):
    r = _correlate(image, _vertical(size))
    return np.stack([r, r])


@wrong(fails="edge_response.stripe", hint="both responses are the horizontal")
def horizontal_twice(image, size):
    r = _correlate(image, _vertical(size).T)
    return np.stack([r, r])


@wrong(fails="edge_response.stripe", hint="absolute value")
def absolute(image, size):
    v = _vertical(size)
    return np.abs(np.stack([_correlate(image, v), _correlate(image, v.T)]))


@wrong(fails="edge_response.stripe", hint="negative responses are gone")
def with_relu(image, size):
    v = _vertical(size)
    return np.maximum(np.stack([_correlate(image, v), _correlate(image, v.T)]), 0)


@wrong(fails="edge_response.images", hint="filters are always 3 by 3")
def size_ignored(image, size):
    v = _vertical(3)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="there is no padding")
def padded(image, size):
    v, p = _vertical(size), size // 2
    image = np.pad(image, p)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="last axis")
def channels_last(image, size):
    v = _vertical(size)
    return np.dstack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="combined into one")
def magnitude(image, size):
    v = _vertical(size)
    return np.hypot(_correlate(image, v), _correlate(image, v.T))


@wrong(fails="edge_response.stripe", hint="averaged")
def averaged(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)]) / size**2


@wrong(fails="edge_response.stripe", hint="divided by the size")
def divided_by_size(image, size):
    v = _vertical(size) / size
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.images", hint="cuts fractions off")
def truncated(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)]).astype(int)


@wrong(fails="edge_response.stripe", hint="changed its input image")
def centres_the_image_in_place(image, size):
    image -= image.mean()
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="expected a NumPy array")
def a_tuple(image, size):
    v = _vertical(size)
    return _correlate(image, v), _correlate(image, v.T)

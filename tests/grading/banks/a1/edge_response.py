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


@right
def differences_of_running_sums(image, size):
    def along_columns(picture):
        sums = np.pad(picture, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        band = sums[size:] - sums[:-size]
        block = lambda a, b: band[:, b:][:, : band.shape[1] - size] - band[:, a:][:, : band.shape[1] - size]  # noqa: E731
        half = size // 2
        return block(half + 1, size) - block(0, half)

    return np.array([along_columns(image), along_columns(image.T).T])


@right
def one_einsum(image, size):
    v = _vertical(size)
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return np.einsum("ijuv,fuv->fij", windows, np.array([v, v.T]))


@right
def image_turned_for_the_second(image, size):
    v = _vertical(size)
    out = np.empty((2, image.shape[0] - size + 1, image.shape[1] - size + 1), order="F")
    out[0], out[1] = _correlate(image, v), _correlate(image.T, v).T
    print("responses from", out.min(), "to", out.max())
    return out


@wrong(fails="edge_response.images", hint="horizontal response has its sign reversed")
def horizontal_upside_down(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v[:, ::-1].T)])


@wrong(fails="edge_response.stripe", hint="under each other")
def concatenated(image, size):
    v = _vertical(size)
    return np.concatenate([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.images", hint="outermost")
def filters_with_empty_columns(image, size):
    v = np.zeros((size, size))
    v[:, 0], v[:, -1] = -1, 1
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.images", hint="grow with the distance")
def filters_that_grow(image, size):
    v = np.tile(np.arange(size) - size // 2, (size, 1)).astype(float)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="middle column is -1")
def filters_without_a_middle(image, size):
    v = np.ones((size, size))
    v[:, : size // 2 + 1] = -1
    return np.stack([_correlate(image, v), _correlate(image, v.T)])


@wrong(fails="edge_response.stripe", hint="H and W are swapped")
def transposed(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v).T, _correlate(image, v.T).T])


@wrong(fails="edge_response.stripe", hint="all input arrays must have the same shape")
def image_transposed_and_left_so(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image.T, v)])


@wrong(fails="edge_response.stripe", hint="the largest to 1")
def scaled_to_one(image, size):
    v = _vertical(size)
    y = np.stack([_correlate(image, v), _correlate(image, v.T)])
    return y / np.abs(y).max()


@wrong(fails="edge_response.stripe", hint="an axis too many")
def through_conv2d(image, size):
    v = _vertical(size)
    return np.stack([_correlate(image, v), _correlate(image, v.T)])[None]

"""Solutions of edge_filters(size)."""

import numpy as np
from bank import right, wrong


@right
def slices(size):
    v = np.zeros((size, size))
    v[:, : size // 2] = -1
    v[:, size // 2 + 1 :] = 1
    return v, v.T


@right
def outer_product(size):
    row = np.sign(np.arange(size) - size // 2).astype(np.float64)
    return np.outer(np.ones(size), row), np.outer(row, np.ones(size))


@right
def lists(size):
    half = size // 2
    v = [[-1.0] * half + [0.0] + [1.0] * half for _ in range(size)]
    return [np.array(v), np.array(v).T.copy()]


@right
def loops(size):
    v, h = np.empty((size, size), order="F"), np.empty((size, size))
    for i in range(size):
        for j in range(size):
            v[i, j] = (j > size // 2) - float(j < size // 2)
            h[i, j] = (i > size // 2) - float(i < size // 2)
    return v, h


def _vertical(size):
    return np.tile(np.sign(np.arange(size) - size // 2).astype(float), (size, 1))


@wrong(fails="edge_filters.three", hint="swapped")
def swapped(size):
    v = _vertical(size)
    return v.T, v


@wrong(fails="edge_filters.three", hint="signs are reversed")
def signs_reversed(size):
    v = -_vertical(size)
    return v, v.T


@wrong(fails="edge_filters.three", hint="both filters are the vertical one")
def the_same_twice(size):
    return _vertical(size), _vertical(size)


@wrong(fails="edge_filters.three", hint="horizontal filter has its sign reversed")
def horizontal_upside_down(size):
    return _vertical(size), _vertical(size)[:, ::-1].T


@wrong(fails="edge_filters.any_size", hint="outermost")
def outermost_only(size):
    v = np.zeros((size, size))
    v[:, 0], v[:, -1] = -1, 1
    return v, v.T


@wrong(fails="edge_filters.three", hint="middle row")
def middle_row_only(size):
    v = np.zeros((size, size))
    v[size // 2, : size // 2], v[size // 2, size // 2 + 1 :] = -1, 1
    return v, v.T


@wrong(fails="edge_filters.any_size", hint="grow with the distance")
def ramp(size):
    v = np.tile(np.arange(size) - size // 2, (size, 1)).astype(float)
    return v, v.T


@wrong(fails="edge_filters.any_size", hint="always 3 by 3")
def size_ignored(size):
    v = np.array([[-1.0, 0, 1]] * 3)
    return v, v.T


@wrong(fails="edge_filters.three", hint="divided by their size")
def normalised(size):
    v = _vertical(size) / size
    return v, v.T


@wrong(fails="edge_filters.three", hint="expected a floating dtype")
def integers(size):
    v = _vertical(size).astype(int)
    return v, v.T


@wrong(fails="edge_filters.three", hint="expected a tuple of 2")
def stacked(size):
    return np.stack([_vertical(size), _vertical(size).T])


@wrong(fails="edge_filters.three", hint="expected a tuple of 2")
def vertical_alone(size):
    return _vertical(size)


@right
def conditions(size):
    rows, columns = np.indices((size, size)) - size // 2
    return np.where(columns < 0, -1.0, np.where(columns > 0, 1.0, 0.0)), np.sign(rows) * 1.0


@right
def blocks(size):
    half = size // 2
    ones = np.ones((size, half))
    vertical = np.block([-ones, np.zeros((size, 1)), ones])
    print(vertical)
    return vertical, np.rot90(vertical, -1)


@right
def cumulated_in_single_precision(size):
    step = np.zeros((size, size), dtype=np.float32)
    step[:, 0], step[:, size // 2], step[:, size // 2 + 1] = -1, 1, 1
    vertical = np.cumsum(step, axis=1)
    return vertical, np.asfortranarray(vertical.T)


@wrong(fails="edge_filters.three", hint="the middle column is -1")
def middle_counts_as_left(size):
    v = np.ones((size, size))
    v[:, : size // 2 + 1] = -1
    return v, v.T


@wrong(fails="edge_filters.three", hint="the middle column is +1")
def middle_counts_as_right(size):
    v = np.ones((size, size))
    v[:, : size // 2] = -1
    return v, v.T


@wrong(fails="edge_filters.three", hint="Sobel")
def sobel(size):
    v = np.tile(np.sign(np.arange(size) - size // 2).astype(float), (size, 1))
    v[size // 2] *= 2
    return v, v.T


@wrong(fails="edge_filters.any_size", hint="from -1 to +1 in even steps")
def linspace(size):
    v = np.tile(np.linspace(-1, 1, size), (size, 1))
    return v, v.T


@wrong(fails="edge_filters.any_size", hint="next to the middle")
def a_small_filter_in_a_large_frame(size):
    v = np.zeros((size, size))
    v[:, size // 2 - 1], v[:, size // 2 + 1] = -1, 1
    return v, v.T


@wrong(fails="edge_filters.three", hint="one row and one column only")
def one_row_and_one_column(size):
    v = np.sign(np.arange(size) - size // 2).astype(float)[None]
    return v, v.T


@wrong(fails="edge_filters.three", hint="same array")
def one_array_filled_twice(size):
    v = np.zeros((size, size))
    h = v
    v[:, : size // 2], v[:, size // 2 + 1 :] = -1, 1
    h[: size // 2], h[size // 2 + 1 :] = -1, 1
    return v, h


@wrong(fails="edge_filters.three", hint="got a dict")
def a_dictionary(size):
    v = np.tile(np.sign(np.arange(size) - size // 2).astype(float), (size, 1))
    return {"vertical": v, "horizontal": v.T}

"""Solutions of corr2d(x, k)."""

import warnings

import numpy as np
from bank import right, wrong


@right
def four_loops(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(k.shape[0]):
                for v in range(k.shape[1]):
                    y[i, j] += x[i + u, j + v] * k[u, v]
    return y


@right
def window_view(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("ijuv,uv->ij", windows, k)


@right
def matrix_product(x, k):
    (h, w), (a, b) = x.shape, k.shape
    rows = [x[i : i + a, j : j + b].ravel() for i in range(h - a + 1) for j in range(w - b + 1)]
    return (np.array(rows) @ k.ravel()).reshape(h - a + 1, w - b + 1)


@right
def shifted_images(x, k):
    h, w = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    return sum(k[u, v] * x[u : u + h, v : v + w] for u in range(k.shape[0]) for v in range(k.shape[1]))


@right
def list_of_lists(x, k):
    a, b = k.shape
    return np.array(
        [
            [float((x[i : i + a, j : j + b] * k).sum()) for j in range(x.shape[1] - b + 1)]
            for i in range(x.shape[0] - a + 1)
        ]
    )


@right
def talkative_and_in_column_order(x, k):
    print("corr2d was called with", x.shape, k.shape)
    warnings.warn("loops are slow", stacklevel=2)
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1), order="F")
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i : i + k.shape[0], j : j + k.shape[1]] * k).sum()
    return y


@right
def a_view_with_gaps(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    y = np.zeros((2 * windows.shape[0], 3 * windows.shape[1]))
    y[::2, ::3] = (windows * k).sum(axis=(2, 3))
    return y[::2, ::3]


def _correlate(x, k):
    return np.einsum("ijuv,uv->ij", np.lib.stride_tricks.sliding_window_view(x, k.shape), k)


@wrong(fails="corr2d.example", hint="flipped")
def kernel_flipped(x, k):
    return _correlate(x, k[::-1, ::-1])


@wrong(fails="corr2d.example", hint="transposed")
def kernel_transposed(x, k):
    y = np.zeros((x.shape[0] - k.shape[1] + 1, x.shape[1] - k.shape[0] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[1], j : j + k.shape[0]] * k.T)
    return y


@wrong(fails="corr2d.rectangles", hint="x.shape is (H, W)")
def h_and_w_swapped(x, k):
    w, h = x.shape
    y = np.zeros((h - k.shape[0] + 1, w - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.rectangles", hint="output is transposed")
def output_transposed(x, k):
    return _correlate(x, k).T


@wrong(fails="corr2d.rectangles", hint="K_h and K_w are swapped")
def kernel_sizes_swapped(x, k):
    y = np.zeros((x.shape[0] - k.shape[1] + 1, x.shape[1] - k.shape[0] + 1))
    right = _correlate(x, k)
    h, w = min(y.shape[0], right.shape[0]), min(y.shape[1], right.shape[1])
    y[:h, :w] = right[:h, :w]
    return y


@wrong(fails="corr2d.example", hint="one row and one column short")
def plus_one_missing(x, k):
    y = np.zeros((x.shape[0] - k.shape[0], x.shape[1] - k.shape[1]))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.example", hint="the range ends one too early")
def last_row_and_column_skipped(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0] - 1):
        for j in range(y.shape[1] - 1):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.example", hint="size of the input")
def padded_to_the_input(x, k):
    y = np.zeros(x.shape)
    part = _correlate(x, k)
    y[: part.shape[0], : part.shape[1]] = part
    return y


@wrong(fails="corr2d.fractions", hint="cuts fractions off")
def integer_output(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1), dtype=int)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.fractions", hint="the fractions are cut off")
def truncated_on_the_way(x, k):
    return np.trunc(_correlate(x, k))


@wrong(fails="corr2d.example", hint="+=")
def overwritten_in_place_of_summed(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(k.shape[0]):
                for v in range(k.shape[1]):
                    y[i, j] = x[i + u, j + v] * k[u, v]
    return y


@wrong(fails="corr2d.example", hint="averaged")
def mean_in_place_of_sum(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.mean(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.fractions", hint="negative sums are gone")
def with_relu(x, k):
    return np.maximum(_correlate(x, k), 0)


@wrong(fails="corr2d.example", hint="changed its input x")
def writes_into_the_image(x, k):
    h, w = x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1
    for i in range(h):
        for j in range(w):
            x[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return x[:h, :w]


@wrong(fails="corr2d.example", hint="changed its input k")
def writes_into_the_kernel(x, k):
    y = _correlate(x, k)
    k *= 0
    return y


@wrong(fails="corr2d.example", hint="is the `return` missing?")
def return_forgotten(x, k):
    _correlate(x, k)


@wrong(fails="corr2d.example", hint="np.array(...)")
def returns_lists(x, k):
    return _correlate(x, k).tolist()


@wrong(fails="corr2d.example", hint="not written yet")
def not_written(x, k):
    raise NotImplementedError


@wrong(fails="corr2d.example", hint="raised ModuleNotFoundError")
def imports_what_is_not_there(x, k):
    import a_library_that_does_not_exist

    return a_library_that_does_not_exist.corr2d(x, k)


@right
def recursive(x, k):
    def rows(i):
        return [] if i > x.shape[0] - k.shape[0] else [columns(i, 0), *rows(i + 1)]

    def columns(i, j):
        if j > x.shape[1] - k.shape[1]:
            return []
        return [np.vdot(x[i : i + k.shape[0], j : j + k.shape[1]], k), *columns(i, j + 1)]

    return np.array(rows(0))


@right
def strides_by_hand(x, k):
    x = np.ascontiguousarray(x)
    shape = (x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1, *k.shape)
    windows = np.lib.stride_tricks.as_strided(x, shape, 2 * x.strides)
    return np.tensordot(windows, k, axes=2).T.copy().T


@right
def row_by_row_with_the_library(x, k):
    sums = [sum(np.correlate(x[i + u], k[u]) for u in range(len(k))) for i in range(len(x) - len(k) + 1)]
    return np.vstack(sums)


@right
def a_big_sparse_matrix(x, k):
    (h, w), (a, b) = x.shape, k.shape
    matrix = np.zeros((h - a + 1, w - b + 1, h, w))
    for i in range(h - a + 1):
        for j in range(w - b + 1):
            matrix[i, j, i : i + a, j : j + b] = k
    return np.einsum("ijhw,hw->ij", matrix, x)


@wrong(fails="corr2d.example", hint="the `return` stands inside the loop")
def returns_after_the_first_row(x, k):
    h, w = x.shape
    k_h, k_w = k.shape
    y = np.zeros((h - k_h + 1, w - k_w + 1))
    for i in range(h - k_h + 1):
        for j in range(w - k_w + 1):
            y[i, j] = np.sum(x[i : i + k_h, j : j + k_w] * k)
        return y


@wrong(fails="corr2d.example", hint="the `return` stands inside the loop")
def returns_after_the_first_pixel(x, k):
    h, w = x.shape
    k_h, k_w = k.shape
    y = np.zeros((h - k_h + 1, w - k_w + 1))
    for i in range(h - k_h + 1):
        for j in range(w - k_w + 1):
            y[i, j] = np.sum(x[i : i + k_h, j : j + k_w] * k)
            return y


@wrong(fails="corr2d.example", hint="never set back to 0")
def the_sum_runs_on(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    total = 0
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(k.shape[0]):
                for v in range(k.shape[1]):
                    total += x[i + u, j + v] * k[u, v]
            y[i, j] = total
    return y


@wrong(fails="corr2d.example", hint="matrix product")
def matrix_product_of_the_window(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] @ k)
    return y


@wrong(fails="corr2d.rectangles", hint="use the argument k")
def the_kernel_of_an_earlier_cell(x, k):
    kernel = np.array([[0.0, 1.0], [2.0, 3.0]])
    y = np.zeros((x.shape[0] - 1, x.shape[1] - 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + 2, j : j + 2] * kernel)
    return y


@wrong(fails="corr2d.example", hint="the last column is never computed")
def last_column_skipped(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(x.shape[0] - k.shape[0] + 1):
        for j in range(x.shape[1] - k.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.example", hint="the first row and column are never computed")
def counts_from_one(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(1, y.shape[0]):
        for j in range(1, y.shape[1]):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.example", hint="one pixel further")
def windows_side_by_side(x, k):
    k_h, k_w = k.shape
    y = np.zeros((x.shape[0] // k_h, x.shape[1] // k_w))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i * k_h : (i + 1) * k_h, j * k_w : (j + 1) * k_w] * k)
    return y


@wrong(fails="corr2d.rectangles", hint="raised IndexError: index 1 is out of bounds")
def rows_and_columns_exchanged_in_the_loop(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(x.shape[1] - k.shape[1] + 1):
        for j in range(x.shape[0] - k.shape[0] + 1):
            y[i, j] = np.sum(x[i : i + k.shape[0], j : j + k.shape[1]] * k)
    return y


@wrong(fails="corr2d.example", hint="got a str")
def prints_and_returns_text(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    return f"result: {y}"

"""Solutions of convolve2d(x, k)."""

import numpy as np
from bank import right, wrong


def _correlate(x, k):
    return np.einsum("ijuv,uv->ij", np.lib.stride_tricks.sliding_window_view(x, k.shape), k)


@right
def flip_and_correlate(x, k):
    return _correlate(x, k[::-1, ::-1])


@right
def by_definition(x, k):
    a, b = k.shape
    y = np.zeros((x.shape[0] - a + 1, x.shape[1] - b + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(a):
                for v in range(b):
                    y[i, j] += x[i + a - 1 - u, j + b - 1 - v] * k[u, v]
    return y


@right
def by_fourier(x, k):
    size = (x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1)
    full = np.fft.irfft2(np.fft.rfft2(x, size) * np.fft.rfft2(k, size), size)
    return full[k.shape[0] - 1 : x.shape[0], k.shape[1] - 1 : x.shape[1]]


@right
def flip_both_and_the_result(x, k):
    return np.asfortranarray(_correlate(x[::-1, ::-1], k)[::-1, ::-1])


@wrong(fails="convolve2d.example", hint="unflipped")
def not_flipped(x, k):
    return _correlate(x, k)


@wrong(fails="convolve2d.example", hint="only the rows")
def rows_flipped(x, k):
    return _correlate(x, k[::-1])


@wrong(fails="convolve2d.example", hint="only the columns")
def columns_flipped(x, k):
    return _correlate(x, k[:, ::-1])


@wrong(fails="convolve2d.example", hint="transposed where it should be flipped")
def transposed(x, k):
    return _correlate(x, k.T)


@wrong(fails="convolve2d.example", hint="flipped and transposed")
def flipped_and_transposed(x, k):
    return _correlate(x, k[::-1, ::-1].T)


@wrong(fails="convolve2d.example", hint="turned by 90 degrees")
def quarter_turn(x, k):
    return _correlate(x, np.rot90(k))


@wrong(fails="convolve2d.example", hint="the image or the result is flipped")
def image_flipped(x, k):
    return _correlate(x[::-1, ::-1], k)


@wrong(fails="convolve2d.example", hint="full convolution")
def full(x, k):
    a, b = k.shape
    return _correlate(np.pad(x, ((a - 1, a - 1), (b - 1, b - 1))), k[::-1, ::-1])


@wrong(fails="convolve2d.example", hint="size of the input")
def same_size(x, k):
    y = np.zeros_like(x)
    part = _correlate(x, k[::-1, ::-1])
    y[: part.shape[0], : part.shape[1]] = part
    return y


@wrong(fails="convolve2d.example", hint="one row and one column short")
def plus_one_missing(x, k):
    return _correlate(x, k[::-1, ::-1])[:-1, :-1]


@wrong(fails="convolve2d.rectangles", hint="cuts fractions off")
def truncated(x, k):
    return _correlate(x, k[::-1, ::-1]).astype(int)


@wrong(fails="convolve2d.example", hint="changed its input k")
def flips_the_callers_kernel(x, k):
    k[:] = k[::-1, ::-1].copy()
    return _correlate(x, k)


@wrong(fails="convolve2d.rectangles", hint="raised ValueError")
def square_kernels_only(x, k):
    n = k.shape[0]
    y = np.zeros((x.shape[0] - n + 1, x.shape[1] - n + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = np.sum(x[i : i + n, j : j + n] * k[::-1, ::-1])
    return y


@right
def one_outer_product_per_pixel(x, k):
    full = np.zeros((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1))
    for (i, j), value in np.ndenumerate(x):
        full[i : i + k.shape[0], j : j + k.shape[1]] += value * k
    return full[k.shape[0] - 1 : x.shape[0], k.shape[1] - 1 : x.shape[1]]


@right
def rows_with_the_library(x, k):
    a = len(k)
    rows = [
        sum(np.convolve(x[i + a - 1 - u], k[u], mode="valid") for u in range(a))
        for i in range(len(x) - a + 1)
    ]
    print(len(rows), "rows")
    return np.array(rows)[:, : max(x.shape[1] - k.shape[1], 0) + 1]


@right
def strides_that_run_backwards(x, k):
    d_h, d_w = x.strides
    shape = (x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1, *k.shape)
    corner = x[k.shape[0] - 1 :, k.shape[1] - 1 :]
    windows = np.lib.stride_tricks.as_strided(corner, shape, (d_h, d_w, -d_h, -d_w))
    return (windows * k).sum(axis=(2, 3))


@wrong(fails="convolve2d.example", hint="the image is flipped as well")
def image_and_kernel_flipped(x, k):
    return _correlate(x[::-1, ::-1], k[::-1, ::-1])


@wrong(fails="convolve2d.example", hint="counts from the end")
def definition_read_literally(x, k):
    y = np.zeros((x.shape[0] - k.shape[0] + 1, x.shape[1] - k.shape[1] + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(k.shape[0]):
                for v in range(k.shape[1]):
                    y[i, j] += x[i - u, j - v] * k[u, v]
    return y


@wrong(fails="convolve2d.example", hint="begins at the top left of the full convolution")
def corner_of_the_full_convolution(x, k):
    (h, w), (a, b) = x.shape, k.shape
    padded = np.pad(x, ((a - 1, a - 1), (b - 1, b - 1)))
    return _correlate(padded, k[::-1, ::-1])[: h - a + 1, : w - b + 1]


@wrong(fails="convolve2d.example", hint="two axes")
def through_conv2d_without_unpacking(x, k):
    return _correlate(x, k[::-1, ::-1])[None, None]


@wrong(fails="convolve2d.example", hint="unflipped")
def rows_reversed_twice(x, k):
    return _correlate(x, k[::-1][::-1])


@wrong(fails="convolve2d.example", hint="+=")
def overwritten_in_place_of_summed(x, k):
    a, b = k.shape
    y = np.zeros((x.shape[0] - a + 1, x.shape[1] - b + 1))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            for u in range(a):
                for v in range(b):
                    y[i, j] = x[i + a - 1 - u, j + b - 1 - v] * k[u, v]
    return y


@wrong(fails="convolve2d.example", hint="wrong shape")
def flattened_for_the_library(x, k):
    return np.convolve(x.ravel(), k.ravel(), mode="valid")


@wrong(fails="convolve2d.example", hint="raised ModuleNotFoundError")
def a_library_that_is_not_there(x, k):
    import scipy_that_is_not_there as scipy

    return scipy.signal.convolve2d(x, k, mode="valid")

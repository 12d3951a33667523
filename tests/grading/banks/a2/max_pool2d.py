"""Solutions of max_pool2d(x, kernel_size, stride=None, padding=0)."""

import warnings

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _windows(x, kernel_size, stride, padding=0, fill=-np.inf):
    (p_h, p_w), (s_h, s_w) = _pair(padding), _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, _pair(kernel_size), axis=(2, 3))[:, :, ::s_h, ::s_w]


@right
def loops(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    n, c, h, w = x.shape
    y = np.empty((n, c, (h + 2 * p_h - k_h) // s_h + 1, (w + 2 * p_w - k_w) // s_w + 1), dtype=x.dtype)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            top, left = i * s_h - p_h, j * s_w - p_w
            window = x[:, :, max(top, 0) : top + k_h, max(left, 0) : left + k_w]
            y[:, :, i, j] = window.max(axis=(2, 3))
    return y


@right
def window_view(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).max(axis=(4, 5))


@right
def running_maximum(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    big = np.full((*x.shape[:2], x.shape[2] + 2 * p_h, x.shape[3] + 2 * p_w), -np.inf, dtype=x.dtype)
    big[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]] = x
    h_out, w_out = (big.shape[2] - k_h) // s_h + 1, (big.shape[3] - k_w) // s_w + 1
    y = np.full((*x.shape[:2], h_out, w_out), -np.inf, dtype=x.dtype, order="F")
    for u in range(k_h):
        for v in range(k_w):
            y = np.maximum(y, big[:, :, u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w])
    return y


@right
def sorted_and_talking(x, kernel_size, stride=None, padding=0):
    print("pooling", x.shape)
    warnings.warn("sorting is slow", stacklevel=2)
    windows = _windows(x, kernel_size, stride, padding, fill=np.finfo(x.dtype).min)
    return np.sort(windows.reshape(*windows.shape[:4], -1), axis=-1)[..., -1]


@wrong(fails="max_pool2d.padding", hint="zeros, which win")
def zeros_at_the_border(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, fill=0).max(axis=(4, 5))


@wrong(fails="max_pool2d.windows", hint="negative numbers have become zero")
def starts_from_zero(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding)
    best = np.zeros(windows.shape[:4], dtype=x.dtype)
    for u in range(windows.shape[4]):
        for v in range(windows.shape[5]):
            best = np.maximum(best, windows[..., u, v])
    return best


@wrong(fails="max_pool2d.windows", hint="this is the average")
def average(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, fill=0).mean(axis=(4, 5))


@wrong(fails="max_pool2d.windows", hint="smallest number")
def minimum(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, fill=np.inf).min(axis=(4, 5))


@wrong(fails="max_pool2d.windows", hint="absolute value")
def largest_magnitude(x, kernel_size, stride=None, padding=0):
    return np.abs(_windows(x, kernel_size, stride, padding, fill=0)).max(axis=(4, 5))


@wrong(fails="max_pool2d.windows", hint="first pixel")
def first_pixel(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, fill=0)[..., 0, 0].copy()


@wrong(fails="max_pool2d.windows", hint="the windows move by one pixel")
def stride_one_by_default(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, 1 if stride is None else stride, padding)


@wrong(fails="max_pool2d.strides", hint="stride is ignored")
def stride_ignored(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, kernel_size, padding)


@wrong(fails="max_pool2d.strides", hint="rows only")
def stride_on_rows_only(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return window_view(x, kernel_size, (_pair(stride)[0], 1), padding)


@wrong(fails="max_pool2d.strides", hint="two strides are swapped")
def strides_swapped(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return window_view(x, kernel_size, _pair(stride)[::-1], padding)


@wrong(fails="max_pool2d.windows", hint="height and width are swapped")
def kernel_swapped(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return window_view(x, _pair(kernel_size)[::-1], stride, padding)


@wrong(fails="max_pool2d.windows", hint="one row and one column too many")
def overhanging_windows(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    (p_h, p_w) = _pair(padding)
    more_h, more_w = -(x.shape[2] + 2 * p_h - k_h) % s_h, -(x.shape[3] + 2 * p_w - k_w) % s_w
    sides = ((0, 0), (0, 0), (p_h, p_h + more_h), (p_w, p_w + more_w))
    return window_view(np.pad(x, sides, constant_values=-np.inf), kernel_size, stride)


@wrong(fails="max_pool2d.padding", hint="padding is ignored")
def padding_ignored(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride)


@wrong(fails="max_pool2d.padding", hint="top and left only")
def padding_on_one_side(x, kernel_size, stride=None, padding=0):
    p_h, p_w = _pair(padding)
    return window_view(
        np.pad(x, ((0, 0), (0, 0), (p_h, 0), (p_w, 0)), constant_values=-np.inf), kernel_size, stride
    )


@wrong(fails="max_pool2d.batches", hint="channels are gone")
def over_channels(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, padding).max(axis=1)


@wrong(fails="max_pool2d.batches", hint="every image gives the result of the first")
def first_image_for_all(x, kernel_size, stride=None, padding=0):
    return np.repeat(window_view(x[:1], kernel_size, stride, padding), len(x), axis=0)


@wrong(fails="max_pool2d.batches", hint="every channel gives the result of the first")
def first_channel_for_all(x, kernel_size, stride=None, padding=0):
    return np.repeat(window_view(x[:, :1], kernel_size, stride, padding), x.shape[1], axis=1)


@wrong(fails="max_pool2d.windows", hint="cuts fractions off")
def integers(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, padding).astype(int)


@wrong(fails="max_pool2d.dtype", hint="expected float32, got float64")
def always_float64(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, padding).astype(np.float64)


@wrong(fails="max_pool2d.windows", hint="changed its input x")
def crosses_out_the_winners(x, kernel_size, stride=None, padding=0):
    y = window_view(x, kernel_size, stride, padding)
    x[np.isin(x, y)] = -np.inf
    return y


@right
def nan_at_the_border(x, kernel_size, stride=None, padding=0):
    return np.nanmax(_windows(x, kernel_size, stride, padding, fill=np.nan), axis=(4, 5))


@right
def smallest_number_at_the_border(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding, fill=x.min())
    return np.asfortranarray(windows.max(axis=5).max(axis=4))


@right
def rows_then_columns_recursively(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    wide = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=-np.inf)

    def along(a, k):  # the maximum of k neighbours in the last axis
        return a if k == 1 else np.maximum(a[..., k - 1 :], along(a, k - 1)[..., : a.shape[-1] - k + 1])

    narrow = along(wide, k_w)[..., ::s_w]
    return along(narrow.swapaxes(2, 3), k_h)[..., ::s_h].swapaxes(2, 3)


@wrong(fails="max_pool2d.padding", hint="expected -2e+12, got -1e+09")
def a_billion_below_zero_at_the_border(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, fill=-1e9).max(axis=(4, 5))


@wrong(fails="max_pool2d.windows", hint="positions are returned")
def argmax_returned(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding)
    return windows.reshape(*windows.shape[:4], -1).argmax(axis=-1).astype(x.dtype)


@wrong(fails="max_pool2d.batches", hint="all images and channels are pooled into one")
def maximum_of_everything_in_the_window(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=-np.inf)
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((*x.shape[:2], h_out, w_out), dtype=x.dtype)
    for i in range(h_out):
        for j in range(w_out):
            y[:, :, i, j] = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w].max()
    return y


@wrong(fails="max_pool2d.strides", hint="the image's size is divided by the stride")
def size_divided_by_the_stride(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=-np.inf)
    y = np.zeros((*x.shape[:2], x.shape[2] // s_h, x.shape[3] // s_w), dtype=x.dtype)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w].max(axis=(2, 3))
    return y


@wrong(fails="max_pool2d.padding", hint="two paddings are swapped")
def paddings_swapped(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, _pair(padding)[::-1])


@wrong(fails="max_pool2d.padding", hint="columns only")
def padding_of_columns_only(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, (0, _pair(padding)[1]))


@wrong(fails="max_pool2d.windows", hint="width is computed from H")
def square_images_only(x, kernel_size, stride=None, padding=0):
    (k_h, _), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, _ = _pair(kernel_size if stride is None else stride)
    n = (x.shape[2] + 2 * p_h - k_h) // s_h + 1
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w + 40)), constant_values=-np.inf)
    return window_view(x, kernel_size, stride)[:, :, :n, :n]


@wrong(fails="max_pool2d.strides", hint="kernel's size apart")
def windows_side_by_side_after_all(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), constant_values=-np.inf)
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.full((*x.shape[:2], h_out, w_out), -np.inf, dtype=x.dtype)
    for i in range(h_out):
        for j in range(w_out):
            window = x[:, :, i * k_h : (i + 1) * k_h, j * k_w : (j + 1) * k_w]
            if window.size:
                y[:, :, i, j] = window.max(axis=(2, 3))
    return y


@wrong(fails="max_pool2d.windows", hint="the `return` stands inside the loop")
def returns_after_the_first_row(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding)
    y = np.zeros(windows.shape[:4], dtype=x.dtype)
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = windows[:, :, i, j].max(axis=(2, 3))
        return y


@wrong(fails="max_pool2d.windows", hint="cannot reshape")
def blocks_by_reshaping(x, kernel_size, stride=None, padding=0):
    (n, c, h, w), (k_h, k_w) = x.shape, _pair(kernel_size)
    return x.reshape(n, c, h // k_h, k_h, w // k_w, k_w).max(axis=(3, 5))


@wrong(fails="max_pool2d.windows", hint="a comma after a value makes a tuple")
def a_comma_too_many(x, kernel_size, stride=None, padding=0):
    y = _windows(x, kernel_size, stride, padding).max(axis=(4, 5))
    return (y,)


@wrong(fails="max_pool2d.windows", hint="raised TypeError")
def stride_none_forgotten(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(stride)
    return np.zeros((*x.shape[:2], (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1))

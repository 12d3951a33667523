"""Solutions of avg_pool2d(x, kernel_size, stride=None, padding=0)."""

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _windows(x, kernel_size, stride, padding=0, **fill):
    (p_h, p_w), (s_h, s_w) = _pair(padding), _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), **fill)
    return np.lib.stride_tricks.sliding_window_view(x, _pair(kernel_size), axis=(2, 3))[:, :, ::s_h, ::s_w]


@right
def window_view(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).mean(axis=(4, 5))


@right
def loops(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    y = np.zeros((*x.shape[:2], (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w].sum((2, 3)) / (
                k_h * k_w
            )
    return y


@right
def integral_image(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    sums = np.pad(x, ((0, 0), (0, 0), (p_h + 1, p_h), (p_w + 1, p_w))).cumsum(axis=2).cumsum(axis=3)
    total = (
        sums[:, :, k_h:, k_w:] - sums[:, :, :-k_h, k_w:] - sums[:, :, k_h:, :-k_w] + sums[:, :, :-k_h, :-k_w]
    )
    return np.asfortranarray(total[:, :, ::s_h, ::s_w] / (k_h * k_w))


@right
def as_a_convolution(x, kernel_size, stride=None, padding=0):
    k_h, k_w = _pair(kernel_size)
    kernel = np.full((k_h, k_w), 1 / (k_h * k_w))
    return np.einsum("ncijuv,uv->ncij", _windows(x, kernel_size, stride, padding), kernel)


@wrong(fails="avg_pool2d.windows", hint="sum is not divided")
def sums(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).sum(axis=(4, 5))


@wrong(fails="avg_pool2d.windows", hint="this is the maximum")
def maximum(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).max(axis=(4, 5))


@wrong(fails="avg_pool2d.windows", hint="median")
def median(x, kernel_size, stride=None, padding=0):
    return np.median(_windows(x, kernel_size, stride, padding), axis=(4, 5))


@wrong(fails="avg_pool2d.windows", hint="divided by K_h only")
def divided_by_the_height(x, kernel_size, stride=None, padding=0):
    return sums(x, kernel_size, stride, padding) / _pair(kernel_size)[0]


@wrong(fails="avg_pool2d.windows", hint="square of K_h")
def divided_by_a_square(x, kernel_size, stride=None, padding=0):
    return sums(x, kernel_size, stride, padding) / _pair(kernel_size)[0] ** 2


@wrong(fails="avg_pool2d.padding", hint="leaves the border out")
def border_not_counted(x, kernel_size, stride=None, padding=0):
    return np.nanmean(_windows(x, kernel_size, stride, padding, constant_values=np.nan), axis=(4, 5))


@wrong(fails="avg_pool2d.padding", hint="copies of the edge")
def edge_repeated(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, mode="edge").mean(axis=(4, 5))


@wrong(fails="avg_pool2d.padding", hint="padding is ignored")
def padding_ignored(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride)


@wrong(fails="avg_pool2d.padding", hint="bottom and right only")
def padding_on_one_side(x, kernel_size, stride=None, padding=0):
    p_h, p_w = _pair(padding)
    return window_view(np.pad(x, ((0, 0), (0, 0), (0, p_h), (0, p_w))), kernel_size, stride)


@wrong(fails="avg_pool2d.padding", hint="raised ValueError")
def minus_infinity_refused(x, kernel_size, stride=None, padding=0):
    if padding != 0:
        raise ValueError("padding is for max pooling")
    return window_view(x, kernel_size, stride)


@wrong(fails="avg_pool2d.windows", hint="the windows move by one pixel")
def stride_one_by_default(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, 1 if stride is None else stride, padding)


@wrong(fails="avg_pool2d.strides", hint="stride is ignored")
def stride_ignored(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, None, padding)


@wrong(fails="avg_pool2d.strides", hint="columns only")
def stride_on_columns_only(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    return window_view(x, kernel_size, (1, _pair(stride)[1]), padding)


@wrong(fails="avg_pool2d.windows", hint="cuts fractions off")
def floor_division(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, padding).astype(int)


@wrong(fails="avg_pool2d.windows", hint="too early")
def last_row_and_column_skipped(x, kernel_size, stride=None, padding=0):
    y = window_view(x, kernel_size, stride, padding)
    y[:, :, -1], y[..., -1] = 0, 0
    return y


@wrong(fails="avg_pool2d.windows", hint="changed its input x")
def divides_the_callers_image(x, kernel_size, stride=None, padding=0):
    k_h, k_w = _pair(kernel_size)
    x /= k_h * k_w
    return sums(x, kernel_size, stride, padding)


@right
def two_passes_in_single_precision(x, kernel_size, stride=None, padding=0):
    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    x = np.pad(x.astype(np.float32), ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    rows = [x[:, :, i : i + k_h].mean(axis=2) for i in range(0, x.shape[2] - k_h + 1, s_h)]
    x = np.stack(rows, axis=2)
    columns = [x[..., j : j + k_w].mean(axis=3) for j in range(0, x.shape[3] - k_w + 1, s_w)]
    return np.stack(columns, axis=3)


@right
def band_matrices(x, kernel_size, stride=None, padding=0):
    def band(size, k, s, p):
        start = s * np.arange((size + 2 * p - k) // s + 1)[:, None] - p
        return ((np.arange(size) >= start) & (np.arange(size) < start + k)) / k

    (k_h, k_w), (p_h, p_w) = _pair(kernel_size), _pair(padding)
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    return band(x.shape[2], k_h, s_h, p_h) @ x @ band(x.shape[3], k_w, s_w, p_w).T


@right
def recursive_talking(x, kernel_size, stride=None, padding=0):
    if len(x) > 1:
        print("first of", len(x), "images")
        parts = [recursive_talking(part, kernel_size, stride, padding) for part in (x[:1], x[1:])]
        return np.concatenate(parts)
    return loops(x, kernel_size, stride, padding)


@wrong(fails="avg_pool2d.windows", hint="all images and channels")
def divided_by_the_whole_window(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding)
    return windows.sum(axis=(4, 5)) / windows[:, :, 0, 0].size


@wrong(fails="avg_pool2d.windows", hint="all images and channels are pooled into one")
def mean_of_everything_in_the_window(x, kernel_size, stride=None, padding=0):
    y = _windows(x, kernel_size, stride, padding).mean(axis=(4, 5))
    y[:] = y.mean(axis=(0, 1))
    return y


@wrong(fails="avg_pool2d.windows", hint="K_h + K_w")
def divided_by_the_perimeter(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).sum(axis=(4, 5)) / sum(_pair(kernel_size))


@wrong(fails="avg_pool2d.windows", hint="divided by K_w only")
def divided_by_the_width(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).sum(axis=(4, 5)) / _pair(kernel_size)[1]


@wrong(fails="avg_pool2d.padding", hint="-inf")
def padded_as_for_the_maximum(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding, constant_values=-np.inf).mean(axis=(4, 5))


@wrong(fails="avg_pool2d.windows", hint="rounded down")
def floor_division_of_floats(x, kernel_size, stride=None, padding=0):
    k_h, k_w = _pair(kernel_size)
    return _windows(x, kernel_size, stride, padding).sum(axis=(4, 5)) // (k_h * k_w)


@wrong(fails="avg_pool2d.padding", hint="two paddings are swapped")
def paddings_swapped(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, _pair(padding)[::-1])


@wrong(fails="avg_pool2d.padding", hint="padding is applied to rows only")
def padding_of_rows_only(x, kernel_size, stride=None, padding=0):
    return window_view(x, kernel_size, stride, (_pair(padding)[0], 0))


@wrong(fails="avg_pool2d.windows", hint="running average")
def a_running_average(x, kernel_size, stride=None, padding=0):
    windows = _windows(x, kernel_size, stride, padding)
    y = windows[..., 0, 0].copy()
    for u in range(windows.shape[4]):
        for v in range(windows.shape[5]):
            if u or v:
                y = (y + windows[..., u, v]) / 2
    return y


@wrong(fails="avg_pool2d.windows", hint="raised TypeError")
def an_int_expected(x, kernel_size, stride=None, padding=0):
    return _windows(x, kernel_size, stride, padding).sum(axis=(4, 5)) / kernel_size**2

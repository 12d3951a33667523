"""Solutions of max_pool2d_backward(grad_out, x, kernel_size, stride=None)."""

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _places(grad_out, kernel_size, stride):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            yield i, j, np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]


def _scatter(grad_out, x, kernel_size, stride, share, add=True):
    grad_x = np.zeros_like(x)
    for i, j, place in _places(grad_out, kernel_size, stride):
        weights = share(x[place])
        sent = grad_out[:, :, i, j][:, :, None, None] * weights
        grad_x[place] = grad_x[place] + sent if add else np.where(weights != 0, sent, grad_x[place])
    return grad_x


def _all_maxima(window):
    return (window == window.max(axis=(2, 3), keepdims=True)) * 1.0


def _first(window):
    flat = _all_maxima(window).reshape(*window.shape[:2], -1)
    return (flat * (flat.cumsum(axis=-1) == 1)).reshape(window.shape)


@right
def first_maximum(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, _first)


@right
def four_loops(grad_out, x, kernel_size, stride=None):
    grad_x = np.zeros(x.shape, order="F")
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    for n, c, i, j in np.ndindex(grad_out.shape):
        window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_x[n, c, i * s_h + u, j * s_w + v] += grad_out[n, c, i, j]
    return grad_x


@right
def add_at(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]
    u, v = np.divmod(windows.reshape(*windows.shape[:4], -1).argmax(axis=-1), k_w)
    n, c, i, j = np.indices(grad_out.shape)
    grad_x = np.zeros_like(x)
    np.add.at(grad_x, (n, c, i * s_h + u, j * s_w + v), grad_out)
    return grad_x


@wrong(fails="max_pool2d_backward.windows", hint="upstream gradient is ignored")
def upstream_ignored(grad_out, x, kernel_size, stride=None):
    return _scatter(np.ones_like(grad_out), x, kernel_size, stride, _first)


@wrong(fails="max_pool2d_backward.ties", hint="ties are paid twice")
def ties_paid_twice(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, _all_maxima)


@wrong(fails="max_pool2d_backward.ties", hint="ties share")
def ties_share(grad_out, x, kernel_size, stride=None):
    share = lambda w: _all_maxima(w) / _all_maxima(w).sum(axis=(2, 3), keepdims=True)  # noqa: E731
    return _scatter(grad_out, x, kernel_size, stride, share)


@wrong(fails="max_pool2d_backward.ties", hint="ties are not paid at all")
def ties_not_paid(grad_out, x, kernel_size, stride=None):
    alone = lambda w: _all_maxima(w) * (_all_maxima(w).sum(axis=(2, 3), keepdims=True) == 1)  # noqa: E731
    return _scatter(grad_out, x, kernel_size, stride, alone)


@wrong(fails="max_pool2d_backward.ties", hint="last of several maxima")
def last_maximum(grad_out, x, kernel_size, stride=None):
    last = lambda w: _first(w[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]  # noqa: E731
    return _scatter(grad_out, x, kernel_size, stride, last)


@wrong(fails="max_pool2d_backward.overlaps", hint="overwritten")
def overlaps_overwritten(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, _first, add=False)


@wrong(fails="max_pool2d_backward.windows", hint="whole window is paid")
def whole_window(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, np.ones_like)


@wrong(fails="max_pool2d_backward.windows", hint="average pooling")
def as_average(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, np.ones_like) / np.prod(_pair(kernel_size))


@wrong(fails="max_pool2d_backward.windows", hint="minimum is paid")
def minimum(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, -x, kernel_size, stride, _first)


@wrong(fails="max_pool2d_backward.windows", hint="multiplied by the maximum")
def times_maximum(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, lambda w: _first(w) * w)


@wrong(fails="max_pool2d_backward.windows", hint="averaged over the batch")
def batch_averaged(grad_out, x, kernel_size, stride=None):
    return first_maximum(grad_out, x, kernel_size, stride) / len(x)


@wrong(fails="max_pool2d_backward.windows", hint="wrong shape")
def gradient_of_the_output(grad_out, x, kernel_size, stride=None):
    return grad_out.copy()


@wrong(fails="max_pool2d_backward.windows", hint="changed its input x")
def marks_the_winners(grad_out, x, kernel_size, stride=None):
    grad_x = first_maximum(grad_out, x, kernel_size, stride)
    x[grad_x != 0] = -np.inf
    return grad_x


@right
def recursive_over_the_windows(grad_out, x, kernel_size, stride=None):
    places = list(_places(grad_out, kernel_size, stride))

    def add(k):
        if k < 0:
            return np.zeros_like(x)
        (i, j, place), grad_x = places[k], add(k - 1)
        grad_x[place] += grad_out[:, :, i, j][:, :, None, None] * _first(x[place])
        return grad_x

    return add(len(places) - 1)


@right
def every_pixel_asks_its_windows(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros(x.shape)
    for n, c, h, w in np.ndindex(x.shape):
        for i in range(grad_out.shape[2]):
            for j in range(grad_out.shape[3]):
                u, v = h - i * s_h, w - j * s_w
                if 0 <= u < k_h and 0 <= v < k_w:
                    window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
                    if window.argmax() == u * k_w + v:
                        grad_x[n, c, h, w] += grad_out[n, c, i, j]
    return grad_x


@right
def weights_by_bincount_talking(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    numbers = np.arange(x.size).reshape(x.shape)
    view = lambda a: np.lib.stride_tricks.sliding_window_view(a, (k_h, k_w), axis=(2, 3))[:, :, ::s_h, ::s_w]  # noqa: E731
    best = view(x).reshape(*grad_out.shape, -1).argmax(axis=-1)[..., None]
    winners = np.take_along_axis(view(numbers).reshape(*grad_out.shape, -1), best, axis=-1)
    print(len(set(winners.ravel().tolist())), "pixels won")
    return np.bincount(winners.ravel(), grad_out.ravel(), x.size).reshape(x.shape)


@wrong(fails="max_pool2d_backward.windows", hint="add the window's top and left")
def corner_of_the_window_forgotten(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x)
    for n, c, i, j in np.ndindex(grad_out.shape):
        window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_x[n, c, u, v] += grad_out[n, c, i, j]
    return grad_x


@wrong(fails="max_pool2d_backward.windows", hint="by K_w")
def position_divided_by_the_height(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.pad(np.zeros_like(x), ((0, 0), (0, 0), (0, 9), (0, 9)))
    for n, c, i, j in np.ndindex(grad_out.shape):
        window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
        u, v = divmod(window.argmax(), k_h)
        grad_x[n, c, i * s_h + u, j * s_w + v] += grad_out[n, c, i, j]
    return grad_x[:, :, : x.shape[2], : x.shape[3]]


@wrong(fails="max_pool2d_backward.windows", hint="only the first image and channel")
def first_image_and_channel(grad_out, x, kernel_size, stride=None):
    grad_x = np.zeros_like(x)
    grad_x[:1, :1] = first_maximum(grad_out[:1, :1], x[:1, :1], kernel_size, stride)
    return grad_x


@wrong(fails="max_pool2d_backward.windows", hint="largest absolute value")
def largest_magnitude(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, np.abs(x), kernel_size, stride, _first)


@wrong(fails="max_pool2d_backward.overlaps", hint="raised")
def stride_taken_for_the_kernel(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), grad_x = _pair(kernel_size), np.zeros_like(x)
    for n, c, i, j in np.ndindex(grad_out.shape):
        window = x[n, c, i * k_h : (i + 1) * k_h, j * k_w : (j + 1) * k_w]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_x[n, c, i * k_h + u, j * k_w + v] += grad_out[n, c, i, j]
    return grad_x


@wrong(fails="max_pool2d_backward.windows", hint="this is the maximum")
def the_maximum_itself(grad_out, x, kernel_size, stride=None):
    grad_x = np.zeros_like(x)
    for _, _, place in _places(grad_out, kernel_size, stride):
        grad_x[place] = _first(x[place]) * x[place]
    return grad_x


@wrong(fails="max_pool2d_backward.windows", hint="the `return` stands inside the loop")
def returns_after_the_first_row(grad_out, x, kernel_size, stride=None):
    first_row = np.zeros_like(grad_out)
    first_row[:, :, 0] = grad_out[:, :, 0]
    return first_maximum(first_row, x, kernel_size, stride)


@wrong(fails="max_pool2d_backward.windows", hint="cuts fractions off")
def integers(grad_out, x, kernel_size, stride=None):
    return first_maximum(grad_out, x, kernel_size, stride).astype(int)


@wrong(fails="max_pool2d_backward.overlaps", hint="overwritten")
def the_later_window_wins(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x)
    for n, c, i, j in np.ndindex(grad_out.shape):
        window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_x[n, c, i * s_h + u, j * s_w + v] = grad_out[n, c, i, j]
    return grad_x

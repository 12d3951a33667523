"""Solutions of avg_pool2d_backward(grad_out, x, kernel_size, stride=None)."""

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _scatter(grad_out, x, kernel_size, stride, scale, add=True):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            place = np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            sent = grad_out[:, :, i, j][:, :, None, None] * scale
            grad_x[place] = grad_x[place] + sent if add else sent
    return grad_x


def _even(kernel_size):
    k_h, k_w = _pair(kernel_size)
    return 1 / (k_h * k_w)


@right
def windows(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, _even(kernel_size))


@right
def loop_over_the_kernel(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x, order="F")
    for u in range(k_h):
        for v in range(k_w):
            grad_x[:, :, u:, v:][:, :, ::s_h, ::s_w][:, :, : grad_out.shape[2], : grad_out.shape[3]] += (
                grad_out
            )
    return grad_x / k_h / k_w


@right
def matrices(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    rows, columns = np.arange(x.shape[2]), np.arange(x.shape[3])
    top, left = s_h * np.arange(grad_out.shape[2])[:, None], s_w * np.arange(grad_out.shape[3])[:, None]
    down = ((rows >= top) & (rows < top + k_h)) / k_h
    across = ((columns >= left) & (columns < left + k_w)) / k_w
    return np.einsum("ncij,ih,jw->nchw", grad_out, down, across)


@wrong(fails="avg_pool2d_backward.windows", hint="upstream gradient is ignored")
def upstream_ignored(grad_out, x, kernel_size, stride=None):
    return windows(np.ones_like(grad_out), x, kernel_size, stride)


@wrong(fails="avg_pool2d_backward.windows", hint="not divided")
def not_divided(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1)


@wrong(fails="avg_pool2d_backward.overlaps", hint="overwritten")
def overlaps_overwritten(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, _even(kernel_size), add=False)


@wrong(fails="avg_pool2d_backward.windows", hint="divided by K_h only")
def divided_by_height(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1 / _pair(kernel_size)[0])


@wrong(fails="avg_pool2d_backward.windows", hint="size of the image")
def divided_by_the_image(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1 / (x.shape[2] * x.shape[3]))


@wrong(fails="avg_pool2d_backward.overlaps", hint="stride is ignored")
def stride_ignored(grad_out, x, kernel_size, stride=None):
    return windows(grad_out, x, kernel_size, 1)


@wrong(fails="avg_pool2d_backward.windows", hint="averaged over the batch")
def batch_averaged(grad_out, x, kernel_size, stride=None):
    return windows(grad_out, x, kernel_size, stride) / len(x)


@wrong(fails="avg_pool2d_backward.windows", hint="does not depend on it")
def times_x(grad_out, x, kernel_size, stride=None):
    return windows(grad_out, x, kernel_size, stride) * x


@wrong(fails="avg_pool2d_backward.windows", hint="only the first pixel")
def first_pixel(grad_out, x, kernel_size, stride=None):
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x)
    grad_x[:, :, ::s_h, ::s_w][:, :, : grad_out.shape[2], : grad_out.shape[3]] = grad_out
    return grad_x


@wrong(fails="avg_pool2d_backward.windows", hint="wrong shape")
def shape_of_the_output(grad_out, x, kernel_size, stride=None):
    return grad_out * _even(kernel_size)


@wrong(fails="avg_pool2d_backward.windows", hint="changed its input grad_out")
def divides_in_place(grad_out, x, kernel_size, stride=None):
    grad_out *= _even(kernel_size)
    return _scatter(grad_out, x, kernel_size, stride, 1)


@right
def running_sums(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    steps = np.zeros((*x.shape[:2], x.shape[2] + 1, x.shape[3] + 1))
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            top, left = i * s_h, j * s_w
            steps[:, :, top, left] += grad_out[:, :, i, j]
            steps[:, :, top + k_h, left] -= grad_out[:, :, i, j]
            steps[:, :, top, left + k_w] -= grad_out[:, :, i, j]
            steps[:, :, top + k_h, left + k_w] += grad_out[:, :, i, j]
    return steps.cumsum(axis=2).cumsum(axis=3)[:, :, :-1, :-1] / (k_h * k_w)


@right
def recursive_over_the_channels(grad_out, x, kernel_size, stride=None):
    if x.shape[1] == 1:
        print("one channel")
        return windows(grad_out, x, kernel_size, stride)
    first = recursive_over_the_channels(grad_out[:, :1], x[:, :1], kernel_size, stride)
    rest = recursive_over_the_channels(grad_out[:, 1:], x[:, 1:], kernel_size, stride)
    return np.concatenate([first, rest], axis=1)


@right
def every_pixel_asks_its_windows(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.empty(x.shape, dtype=np.float32)
    for h in range(x.shape[2]):
        for w in range(x.shape[3]):
            rows = [i for i in range(grad_out.shape[2]) if i * s_h <= h < i * s_h + k_h]
            columns = [j for j in range(grad_out.shape[3]) if j * s_w <= w < j * s_w + k_w]
            grad_x[:, :, h, w] = grad_out[:, :, rows][..., columns].sum(axis=(2, 3)) / (k_h * k_w)
    return grad_x


@wrong(fails="avg_pool2d_backward.overlaps", hint="number of windows")
def divided_by_the_windows_that_met(grad_out, x, kernel_size, stride=None):
    total = _scatter(grad_out, x, kernel_size, stride, _even(kernel_size))
    met = _scatter(np.ones_like(grad_out), x, kernel_size, stride, 1)
    return total / np.maximum(met, 1)


@wrong(fails="avg_pool2d_backward.windows", hint="K_h + K_w")
def divided_by_the_perimeter(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1 / sum(_pair(kernel_size)))


@wrong(fails="avg_pool2d_backward.windows", hint="divided by K_w only")
def divided_by_width(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1 / _pair(kernel_size)[1])


@wrong(fails="avg_pool2d_backward.overlaps", hint="divided by the stride")
def divided_by_the_stride(grad_out, x, kernel_size, stride=None):
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    return _scatter(grad_out, x, kernel_size, stride, 1 / (s_h * s_w))


@wrong(fails="avg_pool2d_backward.windows", hint="number of output pixels")
def divided_by_the_size_of_the_output(grad_out, x, kernel_size, stride=None):
    return _scatter(grad_out, x, kernel_size, stride, 1 / grad_out[0, 0].size)


@wrong(fails="avg_pool2d_backward.windows", hint="multiplied by K_h K_w")
def multiplied(grad_out, x, kernel_size, stride=None):
    k_h, k_w = _pair(kernel_size)
    return _scatter(grad_out, x, kernel_size, stride, k_h * k_w)


@wrong(fails="avg_pool2d_backward.overlaps", hint="wrong shape")
def repeated(grad_out, x, kernel_size, stride=None):
    k_h, k_w = _pair(kernel_size)
    return grad_out.repeat(k_h, axis=2).repeat(k_w, axis=3) / (k_h * k_w)


@wrong(fails="avg_pool2d_backward.windows", hint="only the first image and channel")
def first_image_and_channel(grad_out, x, kernel_size, stride=None):
    grad_x = np.zeros_like(x)
    grad_x[:1, :1] = windows(grad_out[:1, :1], x[:1, :1], kernel_size, stride)
    return grad_x


@wrong(fails="avg_pool2d_backward.windows", hint="averages of x")
def averages_spread_out(grad_out, x, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    grad_x = np.zeros_like(x)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            place = np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            grad_x[place] += x[place].mean(axis=(2, 3), keepdims=True)
    return grad_x


@wrong(fails="avg_pool2d_backward.windows", hint="cuts fractions off")
def integers(grad_out, x, kernel_size, stride=None):
    return windows(grad_out, x, kernel_size, stride).astype(int)

"""Solutions of lp_pool2d(x, norm_type, kernel_size, stride=None)."""

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _windows(x, kernel_size, stride):
    s_h, s_w = _pair(kernel_size if stride is None else stride)
    return np.lib.stride_tricks.sliding_window_view(x, _pair(kernel_size), axis=(2, 3))[:, :, ::s_h, ::s_w]


@right
def formula(x, norm_type, kernel_size, stride=None):
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** norm_type, axis=(4, 5)) ** (1 / norm_type)


@right
def linalg(x, norm_type, kernel_size, stride=None):
    windows = _windows(x, kernel_size, stride)
    return np.linalg.norm(windows.reshape(*windows.shape[:4], -1), ord=norm_type, axis=-1)


@right
def scaled_first(x, norm_type, kernel_size, stride=None):
    windows = np.abs(_windows(x, kernel_size, stride))
    top = windows.max(axis=(4, 5), keepdims=True)
    return (top * ((windows / top) ** norm_type).sum(axis=(4, 5), keepdims=True) ** (1 / norm_type))[
        ..., 0, 0
    ]


@right
def loops(x, norm_type, kernel_size, stride=None):
    (k_h, k_w), (s_h, s_w) = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    y = np.zeros((*x.shape[:2], (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            for u in range(k_h):
                for v in range(k_w):
                    y[:, :, i, j] += np.abs(x[:, :, i * s_h + u, j * s_w + v]) ** norm_type
    return np.power(y, 1 / norm_type)


@wrong(fails="lp_pool2d.values", hint="root is missing")
def root_missing(x, norm_type, kernel_size, stride=None):
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** norm_type, axis=(4, 5))


@wrong(fails="lp_pool2d.values", hint="this is a mean")
def mean(x, norm_type, kernel_size, stride=None):
    return np.mean(np.abs(_windows(x, kernel_size, stride)) ** norm_type, axis=(4, 5)) ** (1 / norm_type)


@wrong(fails="lp_pool2d.values", hint="absolute value is missing")
def absolute_value_missing(x, norm_type, kernel_size, stride=None):
    return np.sum(_windows(x, kernel_size, stride) ** norm_type, axis=(4, 5)) ** (1 / norm_type)


@wrong(fails="lp_pool2d.powers", hint="always the norm for p = 2")
def always_two(x, norm_type, kernel_size, stride=None):
    return formula(x, 2, kernel_size, stride)


@wrong(fails="lp_pool2d.powers", hint="it is the p-th")
def always_a_square_root(x, norm_type, kernel_size, stride=None):
    return np.sqrt(root_missing(x, norm_type, kernel_size, stride))


@wrong(fails="lp_pool2d.powers", hint="divided by p")
def divided_by_p(x, norm_type, kernel_size, stride=None):
    return root_missing(x, norm_type, kernel_size, stride) / norm_type


@wrong(fails="lp_pool2d.values", hint="added before the power")
def sum_first(x, norm_type, kernel_size, stride=None):
    return (np.abs(_windows(x, kernel_size, stride).sum(axis=(4, 5))) ** norm_type) ** (1 / norm_type)


@wrong(fails="lp_pool2d.powers", hint="whatever p")
def sum_of_absolute_values(x, norm_type, kernel_size, stride=None):
    return formula(x, 1, kernel_size, stride)


@wrong(fails="lp_pool2d.powers", hint="limit for large p")
def maximum(x, norm_type, kernel_size, stride=None):
    return np.abs(_windows(x, kernel_size, stride)).max(axis=(4, 5))


@wrong(fails="lp_pool2d.values", hint="the windows move by one pixel")
def stride_one_by_default(x, norm_type, kernel_size, stride=None):
    return formula(x, norm_type, kernel_size, 1 if stride is None else stride)


@wrong(fails="lp_pool2d.powers", hint="stride is ignored")
def stride_ignored(x, norm_type, kernel_size, stride=None):
    return formula(x, norm_type, kernel_size)


@wrong(fails="lp_pool2d.values", hint="changed its input x")
def powers_in_place(x, norm_type, kernel_size, stride=None):
    np.abs(x, out=x)
    return formula(x, norm_type, kernel_size, stride)

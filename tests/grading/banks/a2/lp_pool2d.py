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


@right
def sums_of_logarithms(x, norm_type, kernel_size, stride=None):
    with np.errstate(divide="ignore"):
        logs = norm_type * np.log(np.abs(_windows(x, kernel_size, stride)))
    return np.exp(np.logaddexp.reduce(logs.reshape(*logs.shape[:4], -1), axis=-1) / norm_type)


@right
def columns_then_rows(x, norm_type, kernel_size, stride=None):
    windows = np.abs(_windows(x, kernel_size, stride))
    inner = (windows**norm_type).sum(axis=-1) ** (1 / norm_type)
    return np.asfortranarray((inner**norm_type).sum(axis=-1) ** (1.0 / norm_type))


@right
def one_norm_per_window(x, norm_type, kernel_size, stride=None):
    windows = _windows(x, kernel_size, stride)
    y = np.empty(windows.shape[:4])
    for place in np.ndindex(y.shape):
        y[place] = np.linalg.norm(windows[place].ravel(), norm_type)
    print("largest", y.max())
    return y


@wrong(fails="lp_pool2d.values", hint="norm of a matrix")
def norm_of_a_matrix(x, norm_type, kernel_size, stride=None):
    windows = _windows(x, kernel_size, stride)
    return np.linalg.norm(windows, ord=norm_type, axis=(4, 5))


@wrong(fails="lp_pool2d.powers", hint="** binds before /")
def precedence_of_the_power(x, norm_type, kernel_size, stride=None):
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** norm_type, axis=(4, 5)) ** 1 / norm_type


@wrong(fails="lp_pool2d.values", hint="1 // p is 0")
def integer_division_in_the_root(x, norm_type, kernel_size, stride=None):
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** norm_type, axis=(4, 5)) ** (1 // norm_type)


@wrong(fails="lp_pool2d.powers", hint="p is cut to an integer")
def p_cut_to_an_integer(x, norm_type, kernel_size, stride=None):
    p = int(norm_type)
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** p, axis=(4, 5)) ** (1 / p)


@wrong(fails="lp_pool2d.values", hint="absolute value is taken too late")
def absolute_value_of_the_sum(x, norm_type, kernel_size, stride=None):
    return np.abs(np.sum(_windows(x, kernel_size, stride) ** norm_type, axis=(4, 5))) ** (1 / norm_type)


@wrong(fails="lp_pool2d.powers", hint="whatever p")
def root_before_the_sum(x, norm_type, kernel_size, stride=None):
    return ((np.abs(_windows(x, kernel_size, stride)) ** norm_type) ** (1 / norm_type)).sum(axis=(4, 5))


@wrong(fails="lp_pool2d.values", hint="all images and channels are pooled into one")
def one_norm_for_the_batch(x, norm_type, kernel_size, stride=None):
    powers = np.abs(_windows(x, kernel_size, stride)) ** norm_type
    y = powers.sum(axis=(4, 5))
    y[:] = y.sum(axis=(0, 1)) ** (1 / norm_type)
    return y


@wrong(fails="lp_pool2d.values", hint="height and width are swapped")
def kernel_swapped(x, norm_type, kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    return formula(x, norm_type, _pair(kernel_size)[::-1], stride)


@wrong(fails="lp_pool2d.values", hint="the exponent is 1 / p twice")
def powers_of_the_root(x, norm_type, kernel_size, stride=None):
    return np.sum(np.abs(_windows(x, kernel_size, stride)) ** (1 / norm_type), axis=(4, 5)) ** (1 / norm_type)


@wrong(fails="lp_pool2d.values", hint="raised TypeError")
def arguments_in_the_order_of_the_other_pools(x, norm_type, kernel_size, stride=None):
    k_h, k_w = kernel_size
    return formula(x, norm_type, (k_h, k_w), stride)

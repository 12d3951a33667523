"""Solutions of global_avg_pool2d(x)."""

import numpy as np
from bank import right, wrong


@right
def keepdims(x):
    return x.mean(axis=(2, 3), keepdims=True)


@right
def reshaped(x):
    n, c, h, w = x.shape
    return (x.reshape(n, c, h * w) @ np.ones(h * w) / (h * w)).reshape(n, c, 1, 1)


@right
def loops(x):
    y = np.zeros((*x.shape[:2], 1, 1), order="F")
    for n in range(len(x)):
        for c in range(x.shape[1]):
            y[n, c, 0, 0] = sum(float(v) for v in x[n, c].ravel()) / x[n, c].size
    return y


@wrong(fails="global_avg_pool2d.values", hint="this is the sum")
def sums(x):
    return x.sum(axis=(2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="this is the maximum")
def maximum(x):
    return x.max(axis=(2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="W summed")
def half_averaged(x):
    return x.sum(axis=(2, 3), keepdims=True) / x.shape[2]


@wrong(fails="global_avg_pool2d.values", hint="over the channels too")
def channels_too(x):
    return np.stack([x.mean(axis=(1, 2, 3))] * x.shape[1], axis=1)[:, :, None, None]


@wrong(fails="global_avg_pool2d.values", hint="over the images too")
def images_too(x):
    return np.repeat(x.mean(axis=(0, 2, 3))[None], len(x), axis=0)[:, :, None, None]


@wrong(fails="global_avg_pool2d.values", hint="keep them with length 1")
def squeezed(x):
    return x.mean(axis=(2, 3))


@wrong(fails="global_avg_pool2d.values", hint="expected a NumPy array")
def one_number(x):
    return float(x.mean())


@wrong(fails="global_avg_pool2d.values", hint="average over H and W")
def wrong_axis(x):
    return x.mean(axis=1, keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="only one axis")
def one_axis(x):
    return x.mean(axis=2, keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="cuts fractions off")
def floor_division(x):
    return (x.sum(axis=(2, 3), keepdims=True) // (x.shape[2] * x.shape[3])).astype(int)


@wrong(fails="global_avg_pool2d.values", hint="changed its input x")
def in_place(x):
    x /= x.shape[2] * x.shape[3]
    return x.sum(axis=(2, 3), keepdims=True)

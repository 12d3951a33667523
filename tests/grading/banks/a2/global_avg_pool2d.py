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


@right
def einsum(x):
    y = np.einsum("nchw->nc", x) / (x.shape[2] * x.shape[3])
    return y[..., None, None]


@right
def one_axis_after_the_other(x):
    print("averaging", x.shape)
    return np.asfortranarray(x.mean(axis=3, keepdims=True).mean(axis=2, keepdims=True))


@right
def halving(x):
    n, c, h, w = x.shape

    def total(a):
        return (
            a if a.shape[-1] == 1 else total(a[..., : a.shape[-1] // 2]) + total(a[..., a.shape[-1] // 2 :])
        )

    return (total(x.reshape(n, c, -1).astype(np.float32)) / np.float32(h * w))[..., None]


@wrong(fails="global_avg_pool2d.values", hint="the channels are axis 1")
def channels_last(x):
    return x.mean(axis=(1, 2), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="the images are averaged as well")
def batch_averaged_away(x):
    return x.mean(axis=(0, 2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="the channels are averaged as well")
def channels_averaged_away(x):
    return x.mean(axis=(1, 2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="divided by H H")
def square_images_only(x):
    return x.sum(axis=(2, 3), keepdims=True) / x.shape[2] ** 2


@wrong(fails="global_avg_pool2d.values", hint="divided by N C H W")
def divided_by_the_size_of_the_batch(x):
    return x.sum(axis=(2, 3), keepdims=True) / x.size


@wrong(fails="global_avg_pool2d.values", hint="a square window")
def one_square_window(x):
    k = x.shape[2]
    return x[:, :, :k, :k].mean(axis=(2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="median")
def median(x):
    return np.median(x, axis=(2, 3), keepdims=True)


@wrong(fails="global_avg_pool2d.values", hint="np.array(...)")
def lists(x):
    return [[[[float(channel.mean())]] for channel in image] for image in x]


@wrong(fails="global_avg_pool2d.values", hint="rounded down")
def rounded_down(x):
    return x.sum(axis=(2, 3), keepdims=True) // (x.shape[2] * x.shape[3])

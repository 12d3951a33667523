"""Solutions of shift_sensitivity(x, kernel_size, stride, shift=1)."""

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _pool(x, kernel_size, stride):
    s_h, s_w = _pair(stride)
    windows = np.lib.stride_tricks.sliding_window_view(x, _pair(kernel_size), axis=(2, 3))
    return windows[:, :, ::s_h, ::s_w].max(axis=(4, 5))


@right
def rolled(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return np.mean(np.abs(after - before)) / np.mean(np.abs(before))


@right
def sums_of_absolute_values(x, kernel_size, stride, shift=1):
    moved = np.concatenate([x[..., -shift:], x[..., :-shift]], axis=-1)
    before, after = _pool(x, kernel_size, stride), _pool(moved, kernel_size, stride)
    return float(np.abs(before - after).sum()) / float(np.abs(before).sum())


@right
def norms(x, kernel_size, stride, shift=1):
    columns = (np.arange(x.shape[3]) - shift) % x.shape[3]
    before = _pool(x, kernel_size, stride).ravel()
    after = _pool(x[..., columns], kernel_size, stride).ravel()
    return np.array(np.linalg.norm(after - before, 1) / np.linalg.norm(before, 1))


@wrong(fails="shift_sensitivity.one_pixel", hint="differences cancel")
def signed(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float((after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="not divided")
def not_divided(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="not by the mean")
def divided_by_the_signed_mean(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).mean() / before.mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="not the shifted one")
def divided_by_the_shifted(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(after).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="squared")
def squared(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(((after - before) ** 2).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="largest difference")
def largest(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).max() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="shifted along H")
def shifted_down(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=2), kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="as np.roll does")
def zeros_come_in(x, kernel_size, stride, shift=1):
    moved = np.zeros_like(x)
    moved[..., shift:] = x[..., :-shift]
    before, after = _pool(x, kernel_size, stride), _pool(moved, kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="the pooled result is shifted")
def result_shifted(x, kernel_size, stride, shift=1):
    before = _pool(x, kernel_size, stride)
    return float(np.abs(np.roll(before, shift, axis=3) - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.shifts", hint="shifted to the left")
def shifted_left(x, kernel_size, stride, shift=1):
    return float(rolled(x, kernel_size, stride, -shift))


@wrong(fails="shift_sensitivity.shifts", hint="always one pixel")
def always_one_pixel(x, kernel_size, stride, shift=1):
    return float(rolled(x, kernel_size, stride))


@wrong(fails="shift_sensitivity.shifts", hint="stride is ignored")
def stride_ignored(x, kernel_size, stride, shift=1):
    return float(rolled(x, kernel_size, kernel_size, shift))


@wrong(fails="shift_sensitivity.one_pixel", hint="percentage")
def percentage(x, kernel_size, stride, shift=1):
    return 100 * float(rolled(x, kernel_size, stride, shift))


@wrong(fails="shift_sensitivity.one_pixel", hint="changed its input x")
def rolls_the_callers_image(x, kernel_size, stride, shift=1):
    before = _pool(x, kernel_size, stride)
    x[:] = np.roll(x, shift, axis=3)
    return float(np.abs(_pool(x, kernel_size, stride) - before).mean() / np.abs(before).mean())


@right
def by_index(x, kernel_size, stride, shift=1):
    moved = np.empty_like(x, order="F")
    for j in range(x.shape[3]):
        moved[..., (j + shift) % x.shape[3]] = x[..., j]
    before, after = _pool(x, kernel_size, stride), _pool(moved, kernel_size, stride)
    return np.float32(np.abs(after - before).mean() / np.abs(before).mean())


@right
def image_by_image_talking(x, kernel_size, stride, shift=1):
    change = size = 0.0
    for image in x:
        before = _pool(image[None], kernel_size, stride)
        change += np.abs(_pool(np.roll(image[None], shift, -1), kernel_size, stride) - before).sum()
        size += np.abs(before).sum()
        print(f"so far {change / size:.3f}")
    return change / size


@right
def tiled_and_cut(x, kernel_size, stride, shift=1):
    w = x.shape[3]
    moved = np.tile(x, 2)[..., w - shift : 2 * w - shift]
    before, after = _pool(x, kernel_size, stride), _pool(moved, kernel_size, stride)
    return float(np.average(np.abs(after - before))) / float(np.average(np.abs(before)))


@wrong(fails="shift_sensitivity.one_pixel", hint="axis=3")
def rolled_without_an_axis(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift), kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="number by number")
def mean_of_the_ratios(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.mean(np.abs(after - before) / np.abs(before)))


@wrong(fails="shift_sensitivity.one_pixel", hint="sum over a mean")
def sum_over_mean(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).sum() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="square root")
def euclidean_norms(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


@wrong(fails="shift_sensitivity.shifts", hint="shifted as well before they are compared")
def compared_with_the_shifted_result(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - np.roll(before, shift, axis=3)).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="the image by shift times the stride")
def shifted_by_strides(x, kernel_size, stride, shift=1):
    moved = np.roll(x, shift * _pair(stride)[1], axis=3)
    before, after = _pool(x, kernel_size, stride), _pool(moved, kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="image before pooling")
def divided_by_the_image(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(x).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="largest number of the unshifted result")
def divided_by_the_largest(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return float(np.abs(after - before).mean() / np.abs(before).max())


@wrong(fails="shift_sensitivity.one_pixel", hint="average pooling")
def average_pooled(x, kernel_size, stride, shift=1):
    def pool(x):
        s_h, s_w = _pair(stride)
        windows = np.lib.stride_tricks.sliding_window_view(x, _pair(kernel_size), axis=(2, 3))
        return windows[:, :, ::s_h, ::s_w].mean(axis=(4, 5))

    before, after = pool(x), pool(np.roll(x, shift, axis=3))
    return float(np.abs(after - before).mean() / np.abs(before).mean())


@wrong(fails="shift_sensitivity.one_pixel", hint="expected a number")
def one_number_for_each_image(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return np.abs(after - before).mean(axis=(1, 2, 3)) / np.abs(before).mean(axis=(1, 2, 3))


@wrong(fails="shift_sensitivity.one_pixel", hint="expected 0.46666667, got 0.47")
def rounded(x, kernel_size, stride, shift=1):
    before, after = _pool(x, kernel_size, stride), _pool(np.roll(x, shift, axis=3), kernel_size, stride)
    return round(float(np.abs(after - before).mean() / np.abs(before).mean()), 2)

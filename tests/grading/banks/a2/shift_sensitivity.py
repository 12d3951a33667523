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


@wrong(fails="shift_sensitivity.one_pixel", hint="shift the image, then pool")
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

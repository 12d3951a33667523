"""Solutions of conv2d(x, weight, bias=None, stride=1, padding=0)."""

import sys
import warnings

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _pad(x, p_h, p_w):
    return np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))


def _valid(x, weight, s_h=1, s_w=1):
    """Windows and einsum, no padding, no bias."""
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))[:, :, ::s_h, ::s_w]
    return np.einsum("nchwuv,ocuv->nohw", windows, weight)


def _plus_bias(y, bias):
    return y if bias is None else y + bias[:, None, None]


@right
def seven_loops(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    n, c_in, h, w = x.shape
    c_out, _, k_h, k_w = weight.shape
    h_out, w_out = (h + 2 * p_h - k_h) // s_h + 1, (w + 2 * p_w - k_w) // s_w + 1
    y = np.zeros((n, c_out, h_out, w_out), dtype=x.dtype)
    for a in range(n):
        for o in range(c_out):
            for i in range(h_out):
                for j in range(w_out):
                    total = 0.0 if bias is None else float(bias[o])
                    for c in range(c_in):
                        for u in range(k_h):
                            for v in range(k_w):
                                row, column = i * s_h + u - p_h, j * s_w + v - p_w
                                if 0 <= row < h and 0 <= column < w:
                                    total += float(x[a, c, row, column]) * float(weight[o, c, u, v])
                    y[a, o, i, j] = total
    return y


@right
def window_view(x, weight, bias=None, stride=1, padding=0):
    return _plus_bias(_valid(_pad(x, *_pair(padding)), weight, *_pair(stride)), bias)


@right
def columns_and_matrix_product(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    x = _pad(x, p_h, p_w)
    n, c_in, h, w = x.shape
    c_out, _, k_h, k_w = weight.shape
    h_out, w_out = (h - k_h) // s_h + 1, (w - k_w) // s_w + 1
    columns = np.empty((c_in, k_h, k_w, n, h_out, w_out), dtype=x.dtype)
    for u in range(k_h):
        for v in range(k_w):
            part = x[:, :, u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w]
            columns[:, u, v] = part.transpose(1, 0, 2, 3)
    y = weight.reshape(c_out, -1) @ columns.reshape(c_in * k_h * k_w, -1)
    if bias is not None:
        y += bias[:, None]
    return y.reshape(c_out, n, h_out, w_out).transpose(1, 0, 2, 3)  # not contiguous


@right
def a_loop_over_the_kernel_talking(x, weight, bias=None, stride=1, padding=0):
    print("conv2d", x.shape, weight.shape, stride, padding)
    print("still here", file=sys.stderr)
    warnings.warn("this is slow", stacklevel=2)
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    x = _pad(x, p_h, p_w)
    k_h, k_w = weight.shape[2:]
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((len(x), len(weight), h_out, w_out), dtype=x.dtype, order="F")
    for u in range(k_h):
        for v in range(k_w):
            part = x[:, :, u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w]
            y += np.einsum("nchw,oc->nohw", part, weight[:, :, u, v])
    if bias is not None:
        y += bias.reshape(1, -1, 1, 1)
    return y


@right
def everything_in_float64(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x.astype(np.float64), weight.astype(np.float64), bias, stride, padding)
    return y.astype(x.dtype)


@right
def stride_applied_last(x, weight, bias=None, stride=1, padding=0):
    s_h, s_w = _pair(stride)
    return window_view(x, weight, bias, 1, padding)[:, :, ::s_h, ::s_w]


@right
def one_dot_product_per_window(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    big = np.zeros((*x.shape[:2], x.shape[2] + 2 * p_h, x.shape[3] + 2 * p_w), x.dtype)
    big[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]] = x
    images = []
    for image in big:
        maps = []
        for o, kernel in enumerate(weight):
            k_h, k_w = kernel.shape[1:]
            rows = range(0, image.shape[1] - k_h + 1, s_h)
            steps = range(0, image.shape[2] - k_w + 1, s_w)
            b = 0 if bias is None else bias[o]
            maps.append(
                [[(image[:, i : i + k_h, j : j + k_w] * kernel).sum() + b for j in steps] for i in rows]
            )
        images.append(maps)
    return np.array(images, dtype=x.dtype)


@wrong(fails="conv2d.input_channels", hint="kernel flipped")
def kernel_flipped(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight[:, :, ::-1, ::-1], bias, stride, padding)


@wrong(fails="conv2d.input_channels", hint="kernel is transposed")
def kernel_transposed(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight.swapaxes(2, 3), bias, stride, padding)


@wrong(fails="conv2d.input_channels", hint="output is transposed")
def output_transposed(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).swapaxes(2, 3)


@wrong(fails="conv2d.input_channels", hint="only the first input channel")
def first_channel_only(x, weight, bias=None, stride=1, padding=0):
    return window_view(x[:, :1], weight[:, :1], bias, stride, padding)


@wrong(fails="conv2d.input_channels", hint="+=")
def channels_overwritten(x, weight, bias=None, stride=1, padding=0):
    for c in range(x.shape[1]):
        y = window_view(x[:, c : c + 1], weight[:, c : c + 1], bias, stride, padding)
    return y


@wrong(fails="conv2d.input_channels", hint="averaged")
def channels_averaged(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding) / x.shape[1]
    return _plus_bias(y, bias)


@wrong(fails="conv2d.input_channels", hint="summed before the filter")
def channels_summed_first(x, weight, bias=None, stride=1, padding=0):
    grey = x.sum(axis=1, keepdims=True)
    return window_view(grey, weight.sum(axis=1, keepdims=True), bias, stride, padding)


@wrong(fails="conv2d.output_channels", hint="every output channel uses the first filter")
def first_filter_for_all(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, np.stack([weight[0]] * len(weight)), bias, stride, padding)


@wrong(fails="conv2d.output_channels", hint="two channel axes of the weight are swapped")
def weight_axes_swapped(x, weight, bias=None, stride=1, padding=0):
    y = np.zeros_like(window_view(x, weight, None, stride, padding))
    for o in range(weight.shape[0]):
        for c in range(weight.shape[1]):
            image = x[:, c : c + 1]
            kernel = (
                weight[c : c + 1, o : o + 1]
                if weight.shape[0] == weight.shape[1]
                else weight[o : o + 1, c : c + 1]
            )
            y[:, o : o + 1] += window_view(image, kernel, None, stride, padding)
    return _plus_bias(y, bias)


@wrong(fails="conv2d.output_channels", hint="here the channels come last")
def channels_last(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).transpose(0, 2, 3, 1)


@wrong(fails="conv2d.output_channels", hint="here the channels come first")
def batch_axis_second(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).swapaxes(0, 1)


@wrong(fails="conv2d.input_channels", hint="the batch axis is gone")
def squeezed(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding)[0]


@wrong(fails="conv2d.batches", hint="every image gives the result of the first")
def first_image_for_all(x, weight, bias=None, stride=1, padding=0):
    return np.repeat(window_view(x[:1], weight, bias, stride, padding), len(x), axis=0)


@wrong(fails="conv2d.batches", hint="added together")
def images_accumulated(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding)
    y[:] = y.sum(axis=0)
    return _plus_bias(y, bias)


@wrong(fails="conv2d.batches", hint="are averaged")
def images_averaged(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, bias, stride, padding)
    return np.broadcast_to(y.mean(axis=0), y.shape)


@wrong(fails="conv2d.bias", hint="bias is missing")
def bias_missing(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, None, stride, padding)


@wrong(fails="conv2d.bias", hint="once per input channel")
def bias_added_per_channel(x, weight, bias=None, stride=1, padding=0):
    return sum(
        window_view(x[:, c : c + 1], weight[:, c : c + 1], bias, stride, padding) for c in range(x.shape[1])
    )


@wrong(fails="conv2d.bias", hint="indexed by image")
def bias_added_per_image(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding)
    if bias is not None:
        for n in range(len(x)):
            y[n] += bias[n]
    return y


@wrong(fails="conv2d.bias", hint="runs along W")
def bias_along_the_columns(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding)
    return y if bias is None else y + bias


@wrong(fails="conv2d.bias", hint="first entry of the bias")
def first_bias_for_all(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding)
    return y if bias is None else y + bias[0]


@wrong(fails="conv2d.bias", hint="subtracted")
def bias_subtracted(x, weight, bias=None, stride=1, padding=0):
    return _plus_bias(window_view(x, weight, None, stride, padding), None if bias is None else -bias)


@wrong(fails="conv2d.bias", hint="raised TypeError")
def bias_always_expected(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, None, stride, padding) + bias[:, None, None]


@wrong(fails="conv2d.padding", hint="padding is ignored")
def padding_ignored(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, 0)


@wrong(fails="conv2d.padding", hint="top and left only")
def padding_on_one_side(x, weight, bias=None, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, 0), (p_w, 0)))
    return window_view(x, weight, bias, stride)


@wrong(fails="conv2d.padding", hint="bottom and right only")
def padding_on_the_other_side(x, weight, bias=None, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    x = np.pad(x, ((0, 0), (0, 0), (0, p_h), (0, p_w)))
    return window_view(x, weight, bias, stride)


@wrong(fails="conv2d.padding", hint="all the padding is on the bottom and right")
def image_placed_in_the_corner(x, weight, bias=None, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    big = np.zeros((*x.shape[:2], x.shape[2] + 2 * p_h, x.shape[3] + 2 * p_w), x.dtype)
    big[:, :, : x.shape[2], : x.shape[3]] = x
    return window_view(big, weight, bias, stride)


@wrong(fails="conv2d.padding", hint="padding is applied to rows only")
def padding_of_rows_only(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, (_pair(padding)[0], 0))


@wrong(fails="conv2d.padding", hint="two paddings are swapped")
def paddings_swapped(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, _pair(padding)[::-1])


@wrong(fails="conv2d.padding", hint="copies of the edge")
def edge_repeated(x, weight, bias=None, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    return window_view(np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)), mode="edge"), weight, bias, stride)


@wrong(fails="conv2d.padding", hint="too early")
def last_row_and_column_skipped(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, bias, stride, padding)
    out = np.zeros_like(y)
    out[:, :, :-1, :-1] = y[:, :, :-1, :-1]
    return out


@wrong(fails="conv2d.input_channels", hint="the formula ends in + 1")
def plus_one_missing(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding)[:, :, :-1, :-1]


@wrong(fails="conv2d.strides", hint="stride is ignored")
def stride_ignored(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, 1, padding)


@wrong(fails="conv2d.strides", hint="rows only")
def stride_on_rows_only(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, (_pair(stride)[0], 1), padding)


@wrong(fails="conv2d.strides", hint="columns only")
def stride_on_columns_only(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, (1, _pair(stride)[1]), padding)


@wrong(fails="conv2d.strides", hint="two strides are swapped")
def strides_swapped(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, _pair(stride)[::-1], padding)


@wrong(fails="conv2d.strides", hint="vertical stride is used in both directions")
def vertical_stride_for_both(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, _pair(stride)[0], padding)


@wrong(fails="conv2d.strides", hint="starts at stride - 1")
def windows_start_late(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    return window_view(_pad(x, p_h, p_w)[:, :, s_h - 1 :, s_w - 1 :], weight, bias, stride)


@wrong(fails="conv2d.strides")
def size_strided_but_not_the_windows(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, bias, stride, padding)
    return window_view(x, weight, bias, 1, padding)[:, :, : y.shape[2], : y.shape[3]]


@wrong(fails="conv2d.together", hint="cuts fractions off")
def integer_output(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).astype(int)


@wrong(fails="conv2d.together", hint="the fractions are cut off")
def truncated_on_the_way(x, weight, bias=None, stride=1, padding=0):
    return np.trunc(window_view(x, weight, bias, stride, padding))


@wrong(fails="conv2d.dtype", hint="expected float32, got float64")
def always_float64(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).astype(np.float64)


@wrong(fails="conv2d.dtype", hint="expected float64, got float32")
def always_float32(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding).astype(np.float32)


@wrong(fails="conv2d.together")
def half_precision_inside(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x.astype(np.float16), weight.astype(np.float16), None, stride, padding)
    return _plus_bias(y.astype(x.dtype), bias)


@right
def single_precision_inside(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x.astype(np.float32), weight.astype(np.float32), None, stride, padding)
    return _plus_bias(y.astype(x.dtype), bias)


@wrong(fails="conv2d.input_channels", hint="changed its input weight")
def flips_back_and_forgets(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, bias, stride, padding)
    weight[:] = weight[:, :, ::-1, ::-1].copy()
    return y


@wrong(fails="conv2d.together", hint="changed its input x")
def scales_the_callers_images(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, bias, stride, padding)
    x /= 2
    return y


@wrong(fails="conv2d.batches", hint="raised RecursionError")
def calls_itself(x, weight, bias=None, stride=1, padding=0):
    def again(n):
        return again(n + 1)

    return window_view(x, weight, bias, stride, padding) if len(x) == 1 else again(0)


@wrong(fails="conv2d.strides", hint="one pixel apart")
def strides_count_the_windows_but_do_not_move_them(x, weight, bias=None, stride=1, padding=0):
    h_out, w_out = window_view(x, weight, bias, stride, padding).shape[2:]
    return window_view(x, weight, bias, 1, padding)[:, :, :h_out, :w_out]


@wrong(fails="conv2d.padding", hint="counts without the padding")
def padded_but_counted_without(x, weight, bias=None, stride=1, padding=0):
    h_out, w_out = window_view(x, weight, bias, stride, 0).shape[2:]
    return window_view(x, weight, bias, stride, padding)[:, :, :h_out, :w_out]


@wrong(fails="conv2d.input_channels", hint="two rows and two columns short")
def two_short_in_both_directions(x, weight, bias=None, stride=1, padding=0):
    return window_view(x, weight, bias, stride, padding)[:, :, :-2, :-2]


@right
def strides_by_hand_and_no_pad(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    (n, c, h, w), (k_h, k_w) = x.shape, weight.shape[2:]
    big = np.zeros((n, c, h + 2 * p_h, w + 2 * p_w), x.dtype)
    big[:, :, p_h : p_h + h, p_w : p_w + w] = x
    shape = (n, c, (big.shape[2] - k_h) // s_h + 1, (big.shape[3] - k_w) // s_w + 1, k_h, k_w)
    d_n, d_c, d_h, d_w = big.strides
    windows = np.lib.stride_tricks.as_strided(big, shape, (d_n, d_c, s_h * d_h, s_w * d_w, d_h, d_w))
    y = np.tensordot(weight, windows, axes=([1, 2, 3], [1, 4, 5]))  # (O, N, H_out, W_out)
    if bias is not None:
        y = (y.T + bias).T
    return np.swapaxes(y, 0, 1)


@right
def recursion_over_the_channels(x, weight, bias=None, stride=1, padding=0):
    if x.shape[1] > 1:
        first = recursion_over_the_channels(x[:, :1], weight[:, :1], bias, stride, padding)
        return first + recursion_over_the_channels(x[:, 1:], weight[:, 1:], None, stride, padding)
    return _plus_bias(_valid(_pad(x, *_pair(padding)), weight, *_pair(stride)), bias)


@right
def everything_broadcast_at_once(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    x = _pad(x, *_pair(padding))
    rows = s_h * np.arange((x.shape[2] - k_h) // s_h + 1)[:, None] + np.arange(k_h)
    columns = s_w * np.arange((x.shape[3] - k_w) // s_w + 1)[:, None] + np.arange(k_w)
    windows = x[:, :, rows[:, None, :, None], columns[None, :, None, :]]  # (N, C, H_out, W_out, K_h, K_w)
    y = (windows[:, None] * weight[None, :, :, None, None]).sum(axis=(2, 5, 6))
    return np.asfortranarray(y if bias is None else y + bias.reshape(1, -1, 1, 1))


@wrong(fails="conv2d.bias", hint="once for every product")
def bias_added_in_the_innermost_loop(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    x = _pad(x, *_pair(padding))
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((len(x), len(weight), h_out, w_out), dtype=x.dtype)
    for n, o, i, j in np.ndindex(y.shape):
        for c, u, v in np.ndindex(weight.shape[1:]):
            y[n, o, i, j] += x[n, c, i * s_h + u, j * s_w + v] * weight[o, c, u, v]
            if bias is not None:
                y[n, o, i, j] += bias[o]
    return y


@wrong(fails="conv2d.padding", hint="N and C_in are padded as well")
def every_axis_padded(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    x = np.pad(x, padding) if isinstance(padding, int) else _pad(x, *padding)
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((len(x), len(weight), h_out, w_out), dtype=x.dtype)
    for n, o, i, j in np.ndindex(y.shape):
        for c in range(weight.shape[1]):
            window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            y[n, o, i, j] += np.sum(window * weight[o, c])
        y[n, o, i, j] += 0 if bias is None else bias[o]
    return y


@wrong(fails="conv2d.padding", hint="before and after")
def pair_taken_for_before_and_after(x, weight, bias=None, stride=1, padding=0):
    padding = _pair(padding)
    x = np.pad(x, ((0, 0), (0, 0), padding, padding))
    return window_view(x, weight, bias, stride)


@wrong(fails="conv2d.padding", hint="pad with zeros")
def image_mirrored_at_the_border(x, weight, bias=None, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    sides = ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w))
    return window_view(np.pad(x, sides, mode="symmetric"), weight, bias, stride)


@wrong(fails="conv2d.strides", hint="the image is thinned out first")
def image_thinned_out_first(x, weight, bias=None, stride=1, padding=0):
    s_h, s_w = _pair(stride)
    return window_view(_pad(x, *_pair(padding))[:, :, ::s_h, ::s_w], weight, bias)


@wrong(fails="conv2d.strides", hint="only every stride-th")
def results_left_where_the_windows_are(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    x = _pad(x, *_pair(padding))
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((len(x), len(weight), h_out, w_out), dtype=x.dtype)
    for i in range(0, h_out, s_h):
        for j in range(0, w_out, s_w):
            window = x[:, :, i : i + k_h, j : j + k_w]
            y[:, :, i, j] = np.tensordot(window, weight, axes=([1, 2, 3], [1, 2, 3]))
            if bias is not None:
                y[:, :, i, j] += bias
    return y


@wrong(fails="conv2d.input_channels", hint="never set back to 0")
def the_sum_runs_on(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    x = _pad(x, *_pair(padding))
    h_out, w_out = (x.shape[2] - k_h) // s_h + 1, (x.shape[3] - k_w) // s_w + 1
    y = np.zeros((len(x), len(weight), h_out, w_out), dtype=x.dtype)
    total = 0
    for n, o, i, j in np.ndindex(y.shape):
        for c in range(x.shape[1]):
            window = x[n, c, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            total += np.sum(window * weight[o, c])
        y[n, o, i, j] = total + (0 if bias is None else bias[o])
    return y


@wrong(fails="conv2d.input_channels", hint="width is computed from H")
def square_images_only(x, weight, bias=None, stride=1, padding=0):
    (s_h, _), (p_h, p_w) = _pair(stride), _pair(padding)
    h_out = w_out = (x.shape[2] + 2 * p_h - weight.shape[2]) // s_h + 1
    x = np.pad(_pad(x, p_h, p_w), ((0, 0), (0, 0), (0, 20), (0, 20)))
    return window_view(x, weight, bias, stride)[:, :, :h_out, :w_out]


@wrong(fails="conv2d.input_channels", hint="axes of length 1 are gone")
def squeezed_by_the_library(x, weight, bias=None, stride=1, padding=0):
    return np.squeeze(window_view(x, weight, bias, stride, padding))


@wrong(fails="conv2d.strides", hint="rounded up")
def overhanging_windows_computed(x, weight, bias=None, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = _pair(stride), _pair(padding), weight.shape[2:]
    more_h = -(x.shape[2] + 2 * p_h - k_h) % s_h
    more_w = -(x.shape[3] + 2 * p_w - k_w) % s_w
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h + more_h), (p_w, p_w + more_w)))
    return window_view(x, weight, bias, stride)


@wrong(fails="conv2d.bias", hint="truth value of an array")
def asks_whether_the_bias_is_true(x, weight, bias=None, stride=1, padding=0):
    y = window_view(x, weight, None, stride, padding)
    if bias:
        y += bias[:, None, None]
    return y


@wrong(fails="conv2d.padding", hint="raised TypeError")
def pairs_forgotten(x, weight, bias=None, stride=1, padding=0):
    if padding > 0:
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return window_view(x, weight, bias, stride)


@wrong(fails="conv2d.input_channels", hint="raised NameError")
def a_name_from_another_cell(x, weight, bias=None, stride=1, padding=0):
    return window_view(images, weight, bias, stride, padding)  # noqa: F821 - that is the mistake

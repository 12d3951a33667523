"""Solutions of conv2d_backward(grad_out, x, weight, stride=1, padding=0)."""

import warnings

import numpy as np
from bank import right, wrong


def _pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def _backward(grad_out, x, weight, stride=1, padding=0, add=True, cut=True):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = _pair(stride), _pair(padding), weight.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    grad_x, grad_weight = np.zeros_like(x_pad), np.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            place = np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            g = grad_out[:, :, i, j]
            sent = np.einsum("no,ocuv->ncuv", g, weight)
            grad_x[place] = grad_x[place] + sent if add else sent
            grad_weight += np.einsum("no,ncuv->ocuv", g, x_pad[place])
    if cut:
        grad_x = grad_x[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]]
    return grad_x, grad_weight, grad_out.sum(axis=(0, 2, 3))


@right
def a_loop_over_windows(grad_out, x, weight, stride=1, padding=0):
    return _backward(grad_out, x, weight, stride, padding)


@right
def a_loop_over_the_kernel_talking(grad_out, x, weight, stride=1, padding=0):
    print("backward", grad_out.shape)
    warnings.warn("not fast", stacklevel=2)
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    h_out, w_out = grad_out.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    full, grad_weight = np.zeros_like(x_pad, order="F"), np.zeros_like(weight)
    for u in range(weight.shape[2]):
        for v in range(weight.shape[3]):
            place = np.s_[:, :, u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w]
            full[place] += np.einsum("nohw,oc->nchw", grad_out, weight[:, :, u, v])
            grad_weight[:, :, u, v] = np.einsum("nohw,nchw->oc", grad_out, x_pad[place])
    return [full[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]], grad_weight, grad_out.sum((0, 2, 3))]


@right
def as_two_convolutions(grad_out, x, weight, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = _pair(stride), _pair(padding), weight.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    dilated = np.zeros((*grad_out.shape[:2], x_pad.shape[2] - k_h + 1, x_pad.shape[3] - k_w + 1))
    dilated[:, :, ::s_h, ::s_w][:, :, : grad_out.shape[2], : grad_out.shape[3]] = grad_out
    windows = np.lib.stride_tricks.sliding_window_view(x_pad, dilated.shape[2:], axis=(2, 3))
    grad_weight = np.einsum("nohw,ncuvhw->ocuv", dilated, windows)
    framed = np.pad(dilated, ((0, 0), (0, 0), (k_h - 1, k_h - 1), (k_w - 1, k_w - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, (k_h, k_w), axis=(2, 3))
    grad_x = np.einsum("nohwuv,ocuv->nchw", windows, weight[:, :, ::-1, ::-1])
    inner = grad_x[:, :, p_h : p_h + x.shape[2], p_w : p_w + x.shape[3]]
    return inner, grad_weight, np.einsum("nohw->o", grad_out)


@right
def in_single_precision(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(*(a.astype(np.float32) for a in (grad_out, x, weight)), stride, padding)
    return tuple(g.astype(x.dtype) for g in grads)


@wrong(fails="conv2d_backward.x", hint="kernel is not rotated")
def kernel_not_rotated(grad_out, x, weight, stride=1, padding=0):
    grad_x = _backward(grad_out, x, weight[:, :, ::-1, ::-1], stride, padding)[0]
    return grad_x, *_backward(grad_out, x, weight, stride, padding)[1:]


@wrong(fails="conv2d_backward.strides", hint="stride is ignored in grad_x")
def stride_ignored_for_x(grad_out, x, weight, stride=1, padding=0):
    return _backward(grad_out, x, weight, 1, padding)[0], *_backward(grad_out, x, weight, stride, padding)[1:]


@wrong(fails="conv2d_backward.strides", hint="stride is ignored in the weight gradient")
def stride_ignored_for_weight(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], _backward(grad_out, x, weight, 1, padding)[1], grads[2]


@wrong(fails="conv2d_backward.padding", hint="padding is not cropped")
def padding_not_cropped(grad_out, x, weight, stride=1, padding=0):
    return _backward(grad_out, x, weight, stride, padding, cut=False)


@wrong(fails="conv2d_backward.padding", hint="cropped on one side only")
def cropped_on_one_side(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding, cut=False)
    return grads[0][:, :, : x.shape[2], : x.shape[3]], *grads[1:]


@wrong(fails="conv2d_backward.x", hint="overwritten")
def overlaps_overwritten(grad_out, x, weight, stride=1, padding=0):
    return _backward(grad_out, x, weight, stride, padding, add=False)


@wrong(fails="conv2d_backward.weight", hint="averaged over the batch")
def weight_averaged(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[1] / len(x), grads[2]


@wrong(fails="conv2d_backward.x", hint="averaged over the batch")
def x_averaged(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0] / len(x), *grads[1:]


@wrong(fails="conv2d_backward.weight", hint="upstream gradient is ignored")
def upstream_ignored(grad_out, x, weight, stride=1, padding=0):
    return _backward(np.ones_like(grad_out), x, weight, stride, padding)


@wrong(fails="conv2d_backward.weight", hint="turned by 180 degrees")
def weight_rotated(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[1][:, :, ::-1, ::-1], grads[2]


@wrong(fails="conv2d_backward.weight", hint="channel axes of the weight gradient are swapped")
def weight_channels_swapped(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[1].swapaxes(0, 1), grads[2]


@wrong(fails="conv2d_backward.weight", hint="only the last image")
def last_image_only(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], _backward(grad_out[-1:], x[-1:], weight, stride, padding)[1], grads[2]


@wrong(fails="conv2d_backward.x", hint="only the first filter")
def first_filter_only(grad_out, x, weight, stride=1, padding=0):
    grad_x = _backward(grad_out[:, :1], x, weight[:1], stride, padding)[0]
    return grad_x, *_backward(grad_out, x, weight, stride, padding)[1:]


@wrong(fails="conv2d_backward.bias", hint="bias gradient is averaged: it is a sum")
def bias_averaged(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.mean(axis=(0, 2, 3))


@wrong(fails="conv2d_backward.bias", hint="keeps the batch axis")
def bias_per_image(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.sum(axis=(2, 3))


@wrong(fails="conv2d_backward.bias", hint="averaged over the batch")
def bias_averaged_over_the_batch(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.mean(axis=0).sum(axis=(1, 2))


@wrong(fails="conv2d_backward.bias", hint="one for each output channel")
def bias_one_number(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.sum()


@wrong(fails="conv2d_backward.strides", hint="the order is grad_x, grad_weight, grad_bias")
def order_swapped(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[1], grads[0], grads[2]


@wrong(fails="conv2d_backward.bias", hint="a tuple of 3 (grad_x, grad_weight, grad_bias)")
def bias_forgotten(grad_out, x, weight, stride=1, padding=0):
    return _backward(grad_out, x, weight, stride, padding)[:2]


@wrong(fails="conv2d_backward.bias", hint="changed its input grad_out")
def upstream_scaled_in_place(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    grad_out /= len(x)
    return grads


@wrong(fails="conv2d_backward.padding", hint="without its padding")
def image_read_without_padding(grad_out, x, weight, stride=1, padding=0):
    (s_h, s_w), (k_h, k_w) = _pair(stride), weight.shape[2:]
    grads = _backward(grad_out, x, weight, stride, padding)
    grad_weight = np.zeros_like(weight)
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            window = x[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            part = np.einsum("no,ncuv->ocuv", grad_out[:, :, i, j], window)
            grad_weight[:, :, : part.shape[2], : part.shape[3]] += part
    return grads[0], grad_weight, grads[2]


@wrong(fails="conv2d_backward.together")
def one_stride_for_both_axes(grad_out, x, weight, stride=1, padding=0):
    s_h, s_w = _pair(stride)
    if s_h == s_w:
        return _backward(grad_out, x, weight, stride, padding)
    wide = np.zeros((*grad_out.shape[:3], max(grad_out.shape[3], (x.shape[3] - weight.shape[3]) // s_h + 1)))
    wide[..., : grad_out.shape[3]] = grad_out
    p_h, p_w = _pair(padding)
    return _backward(wide, x, weight, s_h, (p_h, max(p_w, p_h)))


@wrong(fails="conv2d_backward.together", hint="raised ValueError")
def paddings_swapped(grad_out, x, weight, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    return _backward(grad_out, x, weight, stride, (0, p_h + p_w))


@right
def seven_loops(grad_out, x, weight, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w) = _pair(stride), _pair(padding)
    grad_x, grad_weight, grad_bias = np.zeros_like(x), np.zeros_like(weight), np.zeros(len(weight))
    for n, o, i, j in np.ndindex(grad_out.shape):
        g = grad_out[n, o, i, j]
        grad_bias[o] += g
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i * s_h + u - p_h, j * s_w + v - p_w
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                grad_weight[o, c, u, v] += g * x[n, c, row, column]
                grad_x[n, c, row, column] += g * weight[o, c, u, v]
    return grad_x, grad_weight, grad_bias


@right
def image_by_image_recursively(grad_out, x, weight, stride=1, padding=0):
    if len(x) == 1:
        return _backward(grad_out, x, weight, stride, padding)
    first = image_by_image_recursively(grad_out[:1], x[:1], weight, stride, padding)
    rest = image_by_image_recursively(grad_out[1:], x[1:], weight, stride, padding)
    return np.concatenate([first[0], rest[0]]), first[1] + rest[1], first[2] + rest[2]


@right
def columns_and_matrix_products(grad_out, x, weight, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = _pair(stride), _pair(padding), weight.shape[2:]
    (n, c, h, w), (h_out, w_out) = x.shape, grad_out.shape[2:]
    padded = np.arange(x[0].size).reshape(x.shape[1:]) + 1
    padded = np.pad(padded, ((0, 0), (p_h, p_h), (p_w, p_w)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (k_h, k_w), axis=(1, 2))[:, ::s_h, ::s_w]
    index = views.transpose(1, 2, 0, 3, 4).reshape(h_out * w_out, -1)  # of each pixel in the image, 0 outside
    g = grad_out.reshape(n, len(weight), -1)
    flat = np.concatenate([np.zeros((n, 1)), x.reshape(n, -1)], axis=1)
    grad_weight = np.tensordot(g, flat[:, index], axes=([0, 2], [0, 1])).reshape(weight.shape)
    sent = g.swapaxes(1, 2) @ weight.reshape(len(weight), -1)  # (N, H_out W_out, C_in K_h K_w)
    grad_flat = np.zeros_like(flat)
    for image in range(n):
        np.add.at(grad_flat[image], index, sent[image])
    return grad_flat[:, 1:].reshape(n, c, h, w), np.asfortranarray(grad_weight), g.sum(axis=2).sum(axis=0)


@wrong(fails="conv2d_backward.strides", hint="the slice p : -p is empty")
def empty_slice_without_padding(grad_out, x, weight, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    grads = _backward(grad_out, x, weight, stride, padding, cut=False)
    return grads[0][:, :, p_h:-p_h, p_w:-p_w], *grads[1:]


@wrong(fails="conv2d_backward.weight", hint="only the last output pixel")
def weight_overwritten(grad_out, x, weight, stride=1, padding=0):
    (s_h, s_w), (p_h, p_w), (k_h, k_w) = _pair(stride), _pair(padding), weight.shape[2:]
    grads = _backward(grad_out, x, weight, stride, padding)
    x_pad = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    for i in range(grad_out.shape[2]):
        for j in range(grad_out.shape[3]):
            window = x_pad[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
            grad_weight = np.einsum("no,ncuv->ocuv", grad_out[:, :, i, j], window)
    return grads[0], grad_weight, grads[2]


@wrong(fails="conv2d_backward.bias", hint="one axis, (C_out,)")
def bias_with_all_axes(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.sum(axis=(0, 2, 3), keepdims=True)


@wrong(fails="conv2d_backward.bias", hint="one number for each image")
def bias_for_each_image(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], grad_out.sum(axis=(1, 2, 3))


@wrong(fails="conv2d_backward.strides", hint="the order is grad_x, grad_weight, grad_bias")
def bias_in_the_middle(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[2], grads[1]


@wrong(fails="conv2d_backward.weight", hint="only the first image")
def first_image_only(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], _backward(grad_out[:1], x[:1], weight, stride, padding)[1], grads[2]


@wrong(fails="conv2d_backward.weight", hint="averaged over the output pixels")
def weight_averaged_over_the_pixels(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[1] / grad_out[0, 0].size, grads[2]


@wrong(fails="conv2d_backward.weight", hint="channels are summed")
def one_slice_for_all_channels(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    grad_weight = np.zeros_like(weight)
    grad_weight[:] = grads[1].sum(axis=1, keepdims=True)
    return grads[0], grad_weight, grads[2]


@wrong(fails="conv2d_backward.padding", hint="cropped with the two paddings swapped")
def cropped_with_the_paddings_swapped(grad_out, x, weight, stride=1, padding=0):
    p_h, p_w = _pair(padding)
    grads = _backward(grad_out, x, weight, stride, padding, cut=False)
    return grads[0][:, :, p_w : p_w + x.shape[2], p_h : p_h + x.shape[3]], *grads[1:]


@wrong(fails="conv2d_backward.x", hint="transposed")
def kernel_transposed(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    if weight.shape[2] != weight.shape[3]:
        return grads[0] * 0, *grads[1:]
    return _backward(grad_out, x, weight.swapaxes(2, 3), stride, padding)[0], *grads[1:]


@wrong(fails="conv2d_backward.strides", hint="grad_bias has the wrong type")
def bias_left_for_later(grad_out, x, weight, stride=1, padding=0):
    return *_backward(grad_out, x, weight, stride, padding)[:2], None


@wrong(fails="conv2d_backward.weight", hint="grad_weight has the wrong dtype")
def integer_weight_gradient(grad_out, x, weight, stride=1, padding=0):
    grads = _backward(grad_out, x, weight, stride, padding)
    return grads[0], grads[1].astype(int), grads[2]

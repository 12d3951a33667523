"""What the well-known mistakes in the gradients of pooling compute, for the hints of its checks."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a3_backpropagation._conv_mistakes import pair


def max_gradient(grad_out, x, kernel_size, stride=None):
    from course_lib.functional import max_pool2d_backward

    return max_pool2d_backward(grad_out, x, kernel_size, stride).x


def avg_gradient(grad_out, x, kernel_size, stride=None):
    from course_lib.functional import avg_pool2d_backward

    return avg_pool2d_backward(grad_out, x, kernel_size, stride).x


def _scatter(share, add=True):
    """Send each output's gradient into its window by ``share(window)``, weights of the window's shape."""

    def mistake(grad_out, x, kernel_size, stride=None):
        (k_h, k_w), (s_h, s_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
        grad_x = np.zeros_like(x)
        for i in range(grad_out.shape[2]):
            for j in range(grad_out.shape[3]):
                place = np.s_[:, :, i * s_h : i * s_h + k_h, j * s_w : j * s_w + k_w]
                weights = share(x[place])  # (N, C, K_h, K_w)
                sent = grad_out[:, :, i, j][:, :, None, None] * weights  # (N, C, K_h, K_w)
                grad_x[place] = grad_x[place] + sent if add else np.where(weights != 0, sent, grad_x[place])
        return grad_x

    return mistake


def _first(window, step=1):
    """One at the first maximum (the last for ``step=-1``), zero elsewhere."""
    flat = window.reshape(*window.shape[:2], -1)[..., ::step]  # (N, C, K_h K_w)
    one = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]  # (N, C, K_h K_w)
    return one[..., ::step].reshape(window.shape).astype(float)  # (N, C, K_h, K_w)


def _all_maxima(window):
    return (window == window.max(axis=(2, 3), keepdims=True)).astype(float)  # (N, C, K_h, K_w)


def _shared(window):
    ties = _all_maxima(window)
    return ties / ties.sum(axis=(2, 3), keepdims=True)  # (N, C, K_h, K_w)


def _unique_only(window):
    ties = _all_maxima(window)
    return ties * (ties.sum(axis=(2, 3), keepdims=True) == 1)  # (N, C, K_h, K_w)


def _ones(change):
    return lambda grad_out, *rest, **named: change(np.ones_like(grad_out), *rest, **named)


def _even(window):
    return np.full(window.shape, 1 / (window.shape[2] * window.shape[3]))


def _some_only(reference):
    """Mistakes that leave out a part of the gradient."""

    def kept(*places):
        def mistake(grad_out, *rest, **named):
            some = np.zeros_like(grad_out)
            for place in places:
                some[place] = grad_out[place]
            return reference(some, *rest, **named)

        return mistake

    return {
        "only the first image and channel get a gradient": kept(np.s_[:1, :1]),
        "only the first image gets a gradient": kept(np.s_[:1]),
        "only the first channel gets a gradient": kept(np.s_[:, :1]),
        "only the first row of windows is paid: the `return` stands inside the loop": kept(np.s_[:, :, :1]),
    }


def _winners(grad_out, x, kernel_size, stride):
    """Each window's indices, its top and left, and the place of its first maximum, counted row by row."""
    (k_h, k_w), (s_h, s_w) = pair(kernel_size), pair(kernel_size if stride is None else stride)
    for n, c, i, j in np.ndindex(grad_out.shape):
        top, left = i * s_h, j * s_w
        yield n, c, i, j, top, left, int(x[n, c, top : top + k_h, left : left + k_w].argmax())


def _in_the_first_window(grad_out, x, kernel_size, stride=None):
    grad_x, k_w = np.zeros_like(x), pair(kernel_size)[1]
    for n, c, i, j, _, _, place in _winners(grad_out, x, kernel_size, stride):
        grad_x[n, c, place // k_w, place % k_w] += grad_out[n, c, i, j]
    return grad_x


def _divided_by_height(grad_out, x, kernel_size, stride=None):
    """The rows and columns that lie outside x are lost."""
    k_h, k_w = pair(kernel_size)
    grad_x = np.pad(np.zeros_like(x), ((0, 0), (0, 0), (0, k_h * k_w), (0, k_h * k_w)))
    for n, c, i, j, top, left, place in _winners(grad_out, x, kernel_size, stride):
        grad_x[n, c, top + place // k_h, left + place % k_h] += grad_out[n, c, i, j]
    return grad_x[:, :, : x.shape[2], : x.shape[3]]  # (N, C, H, W)


def _over_strides(grad_out, x, kernel_size, stride=None):
    s_h, s_w = pair(kernel_size if stride is None else stride)
    return _scatter(np.ones_like)(grad_out, x, kernel_size, stride) / (s_h * s_w)


def _over_windows(grad_out, x, kernel_size, stride=None):
    windows = _scatter(np.ones_like)(np.ones_like(grad_out), x, kernel_size, stride)
    return avg_gradient(grad_out, x, kernel_size, stride) / np.maximum(windows, 1)


MAX_MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": _ones(max_gradient),
    "ties are paid twice: only the first maximum of a window, row by row, gets the gradient": _scatter(
        _all_maxima
    ),
    "ties share the gradient: the first maximum of a window, row by row, gets all of it": _scatter(_shared),
    "ties are not paid at all: the first maximum of a window gets the gradient": _scatter(_unique_only),
    "the last of several maxima is paid: take the first, row by row": _scatter(lambda w: _first(w, -1)),
    "where windows overlap the gradient is overwritten: add it up with +=": _scatter(_first, add=False),
    "the whole window is paid: only its maximum gets the gradient": _scatter(np.ones_like),
    "this is the gradient of average pooling": _scatter(_even),
    "the minimum is paid: the maximum gets the gradient": _scatter(lambda w: _first(-w)),
    "the window's corner is forgotten: the position counts from there, add the window's top and left": (
        _in_the_first_window
    ),
    "the position is divided by K_h: a row of the window has K_w pixels, divide by K_w": _divided_by_height,
    "the largest absolute value is paid: the sign counts": _scatter(lambda w: _first(np.abs(w))),
    "this is the maximum itself: its place gets grad_out": lambda grad_out, *rest, **named: _scatter(
        lambda w: _first(w) * w, add=False
    )(np.ones_like(grad_out), *rest, **named),
    **_some_only(max_gradient),
    "the stride is ignored": lambda grad_out, x, kernel_size, stride=None: _scatter(_first)(
        grad_out, x, kernel_size, 1
    ),
    "the gradient is multiplied by the maximum: it passes through unchanged": _scatter(
        lambda w: _first(w) * w
    ),
    "averaged over the batch: the images do not meet": lambda grad_out, *rest, **named: (
        max_gradient(grad_out, *rest, **named) / len(grad_out)
    ),
}

AVG_MISTAKES = {
    "the upstream gradient is ignored, as if it were all ones: multiply by grad_out": _ones(avg_gradient),
    "the gradient is not divided: each pixel of a window gets grad_out / (K_h K_w)": _scatter(np.ones_like),
    "where windows overlap the gradient is overwritten: add it up with +=": _scatter(_even, add=False),
    "divided by K_h only: each pixel gets grad_out / (K_h K_w)": _scatter(
        lambda w: np.full(w.shape, 1 / w.shape[2])
    ),
    "divided by K_w only: each pixel gets grad_out / (K_h K_w)": _scatter(
        lambda w: np.full(w.shape, 1 / w.shape[3])
    ),
    "divided by K_h + K_w: each pixel gets grad_out / (K_h K_w)": _scatter(
        lambda w: np.full(w.shape, 1 / (w.shape[2] + w.shape[3]))
    ),
    "multiplied by K_h K_w: divide by it": _scatter(lambda w: np.full(w.shape, w.shape[2] * w.shape[3])),
    "divided by the stride: each pixel gets grad_out / (K_h K_w)": _over_strides,
    "divided by the number of output pixels: each pixel gets grad_out / (K_h K_w)": lambda g, x, k, s=None: (
        _scatter(np.ones_like)(g, x, k, s) / g[0, 0].size
    ),
    "divided by the number of windows that a pixel lies in as well: what it gets from them adds up": (
        _over_windows
    ),
    "these are averages of x, spread out: each pixel gets a share of grad_out": lambda g, *rest, **named: (
        _scatter(lambda w: np.broadcast_to(w.mean(axis=(2, 3), keepdims=True), w.shape))(
            np.ones_like(g), *rest, **named
        )
    ),
    **_some_only(avg_gradient),
    "divided by the size of the image: each pixel gets grad_out / (K_h K_w)": lambda g, x, k, s=None: (
        _scatter(np.ones_like)(g, x, k, s) / (x.shape[2] * x.shape[3])
    ),
    "this is the gradient of max pooling": _scatter(_first),
    "only the first pixel of each window is paid": _scatter(
        lambda w: np.pad(
            np.ones((*w.shape[:2], 1, 1)), ((0, 0), (0, 0), (0, w.shape[2] - 1), (0, w.shape[3] - 1))
        )
    ),
    "the stride is ignored": lambda grad_out, x, kernel_size, stride=None: _scatter(_even)(
        grad_out, x, kernel_size, 1
    ),
    "averaged over the batch: the images do not meet": lambda grad_out, *rest, **named: (
        avg_gradient(grad_out, *rest, **named) / len(grad_out)
    ),
    "multiplied by x: the gradient of a mean does not depend on it": lambda grad_out, x, *rest, **named: (
        avg_gradient(grad_out, x, *rest, **named) * x
    ),
}

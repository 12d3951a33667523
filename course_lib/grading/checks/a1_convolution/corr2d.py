"""Checks of `corr2d(x, k)`: one image, one kernel."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check, Shape

X9 = np.arange(9.0).reshape(3, 3)
K4 = np.array([[0.0, 1.0], [2.0, 3.0]])


def reference(x, k):
    from course_lib.functional import corr2d

    return corr2d(x, k)


def _emptied(*places):
    """The result with zeros in some places, which were never computed."""

    def mistake(x, k):
        y = reference(x, k)
        for place in places:
            y[place] = 0
        return y

    return mistake


def _matrix_products(x, k):
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)  # (H_out, W_out, K_h, K_w)
    return (windows @ k).sum(axis=(2, 3))  # (H_out, W_out)


def _running_sum(x, k):
    y = reference(x, k)
    return y.cumsum().reshape(y.shape)  # (H_out, W_out)


def _side_by_side(x, k):
    k_h, k_w = k.shape
    h, w = x.shape[0] // k_h, x.shape[1] // k_w
    blocks = x[: h * k_h, : w * k_w].reshape(h, k_h, w, k_w)  # (H // K_h, K_h, W // K_w, K_w)
    return np.einsum("iujv,uv->ij", blocks, k)  # (H // K_h, W // K_w)


MISTAKES = {
    "this is the result with the kernel flipped: a cross-correlation does not flip it": lambda x, k: (
        reference(x, k[::-1, ::-1])
    ),
    "the kernel is transposed: its rows run along H, its columns along W": lambda x, k: reference(x, k.T),
    "the kernel is upside down": lambda x, k: reference(x, k[::-1]),
    "the last row and column are never computed: the range ends one too early": _emptied(
        np.s_[-1, :], np.s_[:, -1]
    ),
    "the last row is never computed: the range over the rows ends one too early": _emptied(np.s_[-1, :]),
    "the last column is never computed: the range over the columns ends one too early": _emptied(
        np.s_[:, -1]
    ),
    "the first row and column are never computed: a range starts at 0": _emptied(np.s_[0, :], np.s_[:, 0]),
    "only the first row is computed: the `return` stands inside the loop": _emptied(np.s_[1:, :]),
    "only the first number is computed: the `return` stands inside the loop": _emptied(
        np.s_[1:, :], np.s_[:, 1:]
    ),
    "the sum is never set back to 0: begin each window with 0": _running_sum,
    "this is a matrix product: * multiplies the numbers that lie on each other": _matrix_products,
    "the kernel of the example is used: use the argument k": lambda x, k: reference(x, K4),
    "the windows lie side by side: each is one pixel further than the one before": _side_by_side,
    "each window is averaged: add its products up": lambda x, k: reference(x, k) / k.size,
    "only the last product of each window is kept: add them up with +=": lambda x, k: (
        x[k.shape[0] - 1 :, k.shape[1] - 1 :] * k[-1, -1]
    ),
    "the fractions are cut off: an array of integers cannot hold them": lambda x, k: np.trunc(
        reference(x, k)
    ),
    "negative sums are gone": lambda x, k: np.maximum(reference(x, k), 0),
    "the output is one row and one column short: H - K_h + 1 windows fit": lambda x, k: Shape(
        (x.shape[0] - k.shape[0], x.shape[1] - k.shape[1])
    ),
    "the output is transposed: its rows run along H": lambda x, k: reference(x, k).T,
    "H and W are swapped in the output": lambda x, k: Shape(
        (x.shape[1] - k.shape[1] + 1, x.shape[0] - k.shape[0] + 1)
    ),
    "the image's H and W are swapped: x.shape is (H, W)": lambda x, k: Shape(
        (x.shape[1] - k.shape[0] + 1, x.shape[0] - k.shape[1] + 1)
    ),
    "K_h and K_w are swapped": lambda x, k: Shape((x.shape[0] - k.shape[1] + 1, x.shape[1] - k.shape[0] + 1)),
    "the output has the size of the input: a window must fit inside, so it is smaller": lambda x, k: Shape(
        x.shape
    ),
}


def _check(name, about, visible, hidden):
    return Check(f"corr2d.{name}", "corr2d", about, ("x", "k"), visible, hidden, reference, MISTAKES)


def _example():
    return [
        Case(
            (X9.copy(), K4.copy()),
            note="a 3x3 image under a 2x2 kernel",
            expected=np.array([[19.0, 25.0], [37.0, 43.0]]),
            explain="top left: 0*0 + 1*1 + 3*2 + 4*3 = 19",
        ),
        Case(
            (
                np.array([[1.0, 0, 2, 1], [0, 3, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]]),
                np.array([[1.0, 2.0], [0.0, -1.0]]),
            ),
            note="a 4x4 image, another kernel",
            expected=np.array([[-2.0, 3.0, 2.0], [5.0, 5.0, 4.0], [2.0, 0.0, 2.0]]),
            explain="top left: 1*1 + 0*2 + 0*0 + 3*(-1) = -2",
        ),
    ]


def _example_hidden(rng):
    return [
        Case((rng.standard_normal((n, n)), rng.standard_normal((k, k))), note=f"square {what}")
        for n, k, what in [(4, 2, "image, square kernel"), (5, 3, "image, larger kernel")]
    ]


def _rectangles():
    return [
        Case(
            (np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]), np.array([[1.0, 0.0, -1.0]])),
            note="H = 2, W = 4, a kernel of one row and three columns",
            expected=np.array([[-2.0, -2.0], [-2.0, -2.0]]),
            explain="each window is three neighbours in one row: 1*1 + 2*0 + 3*(-1) = -2",
        ),
        Case(
            (np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 7.0]]), np.array([[1.0], [2.0]])),
            note="H = 3, W = 2, a kernel of two rows and one column",
            expected=np.array([[5.0, 14.0], [8.0, 19.0]]),
            explain="each window is two neighbours in one column: 1*1 + 2*2 = 5",
        ),
        Case(
            (np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))),
            note="the kernel is as large as the image",
            expected=np.array([[10.0]]),
            explain="only one window fits: 1 + 2 + 3 + 4 = 10",
        ),
        Case(
            (np.array([[1.0, 2.0, 4.0, 7.0], [0.0, 3.0, 1.0, 5.0]]), np.array([[1.0], [2.0]])),
            note="a result of one row and four columns",
            expected=np.array([[1.0, 8.0, 6.0, 17.0]]),
            explain="the last of them: 7*1 + 5*2 = 17",
        ),
    ]


def _rectangles_hidden(rng):
    h, w = rng.permutation([6, 7, 8, 9])[:2]
    sizes = [(h, w, 2, 4, "H != W, wide kernel"), (w, h, 3, 1, "H != W, tall kernel")]
    sizes += [(4, 4, 4, 4, "kernel as large as the image"), (5, 4, 1, 1, "1x1 kernel")]
    return [
        Case((rng.standard_normal((a, b)), rng.standard_normal((c, d))), note=what)
        for a, b, c, d, what in sizes
    ]


def _fractions():
    return [
        Case(
            (np.array([[0.5, -1.5, 1.0], [2.0, 0.25, -4.0]]), np.array([[-1.0, 0.5]])),
            note="fractions and negative numbers",
            expected=np.array([[-1.25, 2.0], [-1.875, -2.25]]),
            explain="first row: 0.5*(-1) + (-1.5)*0.5 = -1.25",
        )
    ]


def _fractions_hidden(rng):
    return [
        Case((rng.uniform(-0.9, 0.9, (5, 6)), rng.uniform(-0.5, 0.5, (2, 3))), note="small fractions"),
        Case((rng.standard_normal((6, 5)) * 30, -np.ones((3, 2)) * 0.25), note="large numbers"),
    ]


CHECKS = (
    _check("example", "a square image and a square kernel", _example, _example_hidden),
    _check("rectangles", "H != W and K_h != K_w", _rectangles, _rectangles_hidden),
    _check("fractions", "fractions and negative numbers", _fractions, _fractions_hidden),
)

"""Checks of `flip_kernel(k)` and `convolve2d(x, k)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a1_convolution.corr2d import K4, X9
from course_lib.grading.checks.a1_convolution.corr2d import reference as corr2d
from course_lib.grading.engine import Case, Check, Shape


def _flip(k):
    return k[::-1, ::-1].copy()


def _but_the_middle_row(k):
    out, half = k.copy(), len(k) // 2
    out[:half], out[len(k) - half :] = _flip(k)[:half], _flip(k)[len(k) - half :]
    return out


def _convolve2d(x, k):
    from course_lib.functional import convolve2d

    return convolve2d(x, k)


FLIP_MISTAKES = {
    "the kernel is unchanged; k[::-1][::-1], for one, reverses the rows twice": lambda k: k,
    "only the rows are reversed: reverse the columns as well": lambda k: k[::-1],
    "only the columns are reversed: reverse the rows as well": lambda k: k[:, ::-1],
    "this is the transpose: a flip reverses both axes and keeps them in order": lambda k: k.T,
    "this is the transpose reversed: a flip keeps the axes in order": lambda k: k[::-1, ::-1].T,
    "turned by 90 degrees: turn by 180": np.rot90,
    "turned by 90 degrees the other way: turn by 180": lambda k: np.rot90(k, -1),
    "the sign is changed: a flip moves the numbers and keeps them": lambda k: -k,
    "the fractions are cut off: an array of integers cannot hold them": lambda k: np.trunc(_flip(k)),
    "flattened: keep the shape of the kernel": lambda k: _flip(k).ravel(),
    "one row and one column are lost: a slice that ends at 0 leaves 0 out": lambda k: k[:0:-1, :0:-1],
    "the middle row is left as it was: it is reversed as well": _but_the_middle_row,
    "the numbers are sorted: a flip moves them, whatever they are": lambda k: np.sort(k.ravel())[
        ::-1
    ].reshape(k.shape),
}


def _full_corner(x, k):
    """As many numbers of the full convolution as are wanted, from its top left."""
    (a, b), (h, w) = k.shape, _convolve2d(x, k).shape
    return _convolve2d(np.pad(x, ((a - 1, 0), (b - 1, 0))), k)[:h, :w]  # (H_out, W_out)


def _wrapped(x, k):
    """The sum of x[i - u, j - v] k[u, v] for i and j from 0, where negative indices count from the end."""
    h, w = _convolve2d(x, k).shape
    return sum(value * np.roll(x, uv, axis=(0, 1))[:h, :w] for uv, value in np.ndenumerate(k))


def _one_product(x, k, u, v):
    """The product of one of the kernel's numbers alone."""
    h, w = _convolve2d(x, k).shape
    return x[k.shape[0] - 1 - u :, k.shape[1] - 1 - v :][:h, :w] * k[u, v]  # (H_out, W_out)


CONVOLVE_MISTAKES = {
    "this is the unflipped result: flip the kernel first": corr2d,
    "only the rows of the kernel are reversed": lambda x, k: corr2d(x, k[::-1]),
    "only the columns of the kernel are reversed": lambda x, k: corr2d(x, k[:, ::-1]),
    "the kernel is transposed where it should be flipped": lambda x, k: corr2d(x, k.T),
    "the kernel is flipped and transposed": lambda x, k: corr2d(x, k[::-1, ::-1].T),
    "the kernel is turned by 90 degrees where it should be turned by 180": lambda x, k: corr2d(
        x, np.rot90(k)
    ),
    "the image or the result is flipped: flip the kernel, and nothing else": lambda x, k: corr2d(
        x[::-1, ::-1], k
    ),
    "the image is flipped as well: flip the kernel, and nothing else": lambda x, k: corr2d(x, k)[::-1, ::-1],
    "where i < u the index i - u counts from the end: begin where the whole kernel lies inside": _wrapped,
    "this begins at the top left of the full convolution: begin where the kernel lies inside": _full_corner,
    "only the last product of each window is kept: add them up with +=": lambda x, k: _one_product(
        x, k, k.shape[0] - 1, k.shape[1] - 1
    ),
    "only the product of each window's last pixel is kept: add them up with +=": lambda x, k: _one_product(
        x, k, 0, 0
    ),
    "the fractions are cut off: an array of integers cannot hold them": lambda x, k: np.trunc(
        _convolve2d(x, k)
    ),
    "the sign is changed": lambda x, k: -_convolve2d(x, k),
    "this is the full convolution: keep the places where the kernel lies inside the image": lambda x, k: (
        Shape((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1))
    ),
    "the output has the size of the input: keep the places where the kernel lies inside": lambda x, k: Shape(
        x.shape
    ),
    "the output is one row and one column short: H - K_h + 1 windows fit": lambda x, k: Shape(
        (x.shape[0] - k.shape[0], x.shape[1] - k.shape[1])
    ),
    "there are two axes too many: the result is (H_out, W_out)": lambda x, k: Shape(
        (1, 1, *_convolve2d(x, k).shape)
    ),
}


def _flip_square():
    return [
        Case(
            (np.array([[1.0, 2.0], [3.0, 4.0]]),),
            note="a 2x2 kernel",
            expected=np.array([[4.0, 3.0], [2.0, 1.0]]),
            explain="the last number comes first: turning by 180 degrees takes 4 to the top left",
        ),
        Case(
            (np.array([[1.0, 0.0, 2.0], [5.0, -3.0, 4.0], [0.0, 7.0, 6.0]]),),
            note="a 3x3 kernel",
            expected=np.array([[6.0, 7.0, 0.0], [4.0, -3.0, 5.0], [2.0, 0.0, 1.0]]),
            explain="the last row, 0 7 6, is read backwards and comes first; the middle one is reversed too",
        ),
    ]


def _flip_square_hidden(rng):
    return [Case((rng.standard_normal((n, n)),), note="a square kernel") for n in (2, 3, 5)]


def _flip_rectangle():
    return [
        Case(
            (np.array([[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]),),
            note="K_h = 2, K_w = 3",
            expected=np.array([[5.5, 4.5, 3.5], [2.5, 1.5, 0.5]]),
            explain="both axes are reversed, the shape stays (2, 3)",
        )
    ]


def _flip_rectangle_hidden(rng):
    return [
        Case((rng.standard_normal((a, b)),), note="K_h != K_w") for a, b in [(2, 4), (5, 3), (1, 3), (4, 1)]
    ]


def _convolve_example():
    return [
        Case(
            (X9.copy(), K4.copy()),
            note="a 3x3 image and a 2x2 kernel",
            expected=np.array([[5.0, 11.0], [23.0, 29.0]]),
            explain="the flipped kernel is [[3, 2], [1, 0]]; top left: 0*3 + 1*2 + 3*1 + 4*0 = 5",
        ),
        Case(
            (np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [4.0, 1.0, 0.0]]), K4.copy()),
            note="another image, the same kernel",
            expected=np.array([[3.0, 7.0], [10.0, 12.0]]),
            explain="top left: 1*3 + 0*2 + 0*1 + 3*0 = 3",
        ),
    ]


def _convolve_example_hidden(rng):
    return [Case((rng.standard_normal((5, 5)), rng.standard_normal((k, k))), note="square") for k in (2, 3)]


def _convolve_rectangles():
    return [
        Case(
            (np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[1.0, 0.0, -0.5]])),
            note="one row",
            expected=np.array([[3.5, 7.0]]),
            explain="the flipped kernel is [-0.5, 0, 1]: 1*(-0.5) + 2*0 + 4*1 = 3.5",
        )
    ]


def _convolve_rectangles_hidden(rng):
    sizes = [(6, 4, 2, 3), (4, 7, 3, 2), (5, 6, 4, 1)]
    return [
        Case((rng.standard_normal((h, w)), rng.standard_normal((a, b))), note="H != W, K_h != K_w")
        for h, w, a, b in sizes
    ]


def _flip_check(name, about, visible, hidden):
    return Check(f"flip_kernel.{name}", "flip_kernel", about, ("k",), visible, hidden, _flip, FLIP_MISTAKES)


def _convolve_check(name, about, visible, hidden):
    function = "convolve2d"
    return Check(
        f"{function}.{name}", function, about, ("x", "k"), visible, hidden, _convolve2d, CONVOLVE_MISTAKES
    )


CHECKS = (
    _flip_check("square", "a square kernel", _flip_square, _flip_square_hidden),
    _flip_check("rectangle", "K_h != K_w", _flip_rectangle, _flip_rectangle_hidden),
    _convolve_check("example", "square image and kernel", _convolve_example, _convolve_example_hidden),
    _convolve_check("rectangles", "H != W and K_h != K_w", _convolve_rectangles, _convolve_rectangles_hidden),
)

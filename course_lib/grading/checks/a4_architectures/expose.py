"""Checks of the inputs that expose a bug: each is run here, on a wrong and on a right function."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import Difference
from course_lib.grading.engine import Case, Check

MOST = (4, 4, 16, 16)  # N, C, H, W
LARGEST, GAP = 10.0, 0.01


def _windows(x):
    """3x3 windows, stride 2, of a padded array."""
    view = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return view[:, :, ::2, ::2].max(axis=(-2, -1))  # (N, C, H_out, W_out)


def right_max_pool(x, seed=0):
    """3x3, stride 2, padding 1; the padding never wins."""
    return _windows(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-np.inf))


def wrong_max_pool(x, seed=0):
    """The padding is 0."""
    return _windows(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))))


def right_global_pool(x, seed=0):
    """Mean over the pixels."""
    return x.mean(axis=(2, 3))  # (N, C)


def wrong_global_pool(x, seed=0):
    """Divided by the height twice."""
    return x.sum(axis=(2, 3)) / x.shape[2] ** 2  # (N, C)


def _branch(x, seed):
    """A 1x1 convolution with weights from the seed."""
    weight = np.random.default_rng(seed).standard_normal((x.shape[1], x.shape[1]))
    return np.einsum("oc,nchw->nohw", weight, x)  # (N, C, H, W)


def right_residual(x, seed=0):
    """ReLU after the addition."""
    return np.maximum(_branch(x, seed) + x, 0)


def wrong_residual(x, seed=0):
    """ReLU before the addition."""
    return np.maximum(_branch(x, seed), 0) + x


def right_batch_norm(x, seed=0):
    """Mean and variance of each channel over images and pixels."""
    return (x - x.mean((0, 2, 3), keepdims=True)) / np.sqrt(x.var((0, 2, 3), keepdims=True) + 1e-5)


def wrong_batch_norm(x, seed=0):
    """Each image by itself."""
    return (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + 1e-5)


def _why_max_pool(x):
    return (
        ""
        if (right_max_pool(x) < -GAP).any()
        else "the padding matters only where all pixels of a window are below it"
    )


def _why_global_pool(x):
    if x.shape[2] == x.shape[3]:
        return "your images are as high as wide"
    return "the pixels of each image add to 0, and 0 divided by anything is 0"


def _why_residual(x):
    if (x >= 0).all() or (x <= 0).all():
        return "all entries of your input that are not 0 have the same sign"
    return "with some weights of the branch; the input must show the bug whatever they are"


def _why_batch_norm(x):
    if len(x) == 1:
        return "there is one image, and it is the whole batch"
    return "all images of your batch have the same mean and variance"


PAIRS = {
    "max_pool": (right_max_pool, wrong_max_pool, _why_max_pool),
    "global_pool": (right_global_pool, wrong_global_pool, _why_global_pool),
    "residual": (right_residual, wrong_residual, _why_residual),
    "batch_norm": (right_batch_norm, wrong_batch_norm, _why_batch_norm),
}


def _same(aspect, text):
    return Difference(aspect, text, text)


def problem(x):
    """What is wrong with the form of an input; None when it may be used."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iuf":
        kind = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        return _same(
            "type", f"the input has the wrong type: expected a NumPy array of real numbers, got {kind}"
        )
    if x.ndim != 4 or not all(1 <= n <= most for n, most in zip(x.shape, MOST, strict=True)):
        most = " x ".join(map(str, MOST))
        return _same(
            "shape", f"the input has the wrong shape: expected (N, C, H, W) of at most {most}, got {x.shape}"
        )
    if not (np.abs(np.asarray(x, np.float64)) <= LARGEST).all():
        return _same("values", f"the input holds numbers that are not between -{LARGEST:g} and {LARGEST:g}")
    return None


def _judge(bug):
    right, wrong, why = PAIRS[bug]

    def judge(case, got):
        found = problem(got)
        if found:
            return found
        x = np.asarray(got, dtype=np.float64)
        for seed in case.expected:
            gap = float(np.abs(right(x, seed) - wrong(x, seed)).max())
            if not gap > GAP:
                reason = why(x)
                text = f"the right and the wrong {bug} give the same on your input (they differ by {gap:.2g})"
                return _same("values", f"{text}: {reason}" if reason else text)
        return None

    return judge


def _check(bug, about):
    return Check(
        f"{bug}_input.exposes",
        f"{bug}_input",
        about,
        (),
        lambda: [Case((), note=f"the {bug} of the notebook", expected=tuple(range(40)))],
        lambda rng: [
            Case((), note="other weights", expected=tuple(int(s) for s in rng.integers(1, 2**31, 200)))
        ],
        judge=_judge(bug),
    )


CHECKS = (
    _check("max_pool", "an input on which padding with 0 shows"),
    _check("global_pool", "an input on which the wrong divisor shows"),
    _check("residual", "an input on which ReLU before the addition shows"),
    _check("batch_norm", "an input on which statistics of each image alone show"),
)

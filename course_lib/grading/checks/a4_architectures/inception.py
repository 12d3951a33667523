"""Checks of the Inception block; torch is loaded when they run."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check


def _nets():
    from course_lib.grading.checks.a4_architectures import _nets

    return _nets


def _run(order=None, **changes):
    """The four branches of the block's output as a tuple."""

    def run(x, c1, c2, c3, c4, seed=0):
        nets = _nets()
        widths = [c1, c2[1], c3[1], c4]
        block = nets.Inception(x.shape[1], c1, c2, c3, c4, **{k: v(nets) for k, v in changes.items()})
        if order:
            block.branches = lambda x: [nets.Inception.branches(block, x)[i] for i in order]
        try:
            y = nets.run_module(block, x, seed)  # (N, C_out, H, W)
        except RuntimeError:
            raise ValueError("the shapes do not allow it") from None
        if y.shape[1] != sum(widths):
            raise ValueError("the block has other channels")
        return tuple(np.split(y, np.cumsum(widths)[:-1], axis=1))

    return run


MISTAKES = {
    "the ReLUs are missing: one after each convolution": _run(
        act=lambda n: lambda x: x, last=lambda n: lambda x: x, pool_act=lambda n: lambda x: x
    ),
    "the ReLU after the reducing 1x1 convolutions is missing": _run(act=lambda n: lambda x: x),
    "the ReLU after the last convolutions of the branches is missing": _run(
        last=lambda n: lambda x: x, pool_act=lambda n: lambda x: x
    ),
    "the ReLU after the convolution behind the pool is missing": _run(pool_act=lambda n: lambda x: x),
    "the fourth branch takes an average: it takes a maximum": _run(
        pool=lambda n: lambda x: n.F.avg_pool2d(x, 3, 1, 1)
    ),
    "the fourth branch has no pool before its convolution": _run(pool=lambda n: lambda x: x),
    "the fourth branch pools 5x5: it pools 3x3": _run(pool=lambda n: lambda x: n.F.max_pool2d(x, 5, 1, 2)),
    "the third branch has a 3x3 kernel: it has a 5x5": _run(wide=lambda n: True),
    "the branches are joined in the reverse order": _run(order=(3, 2, 1, 0)),
    "the fourth branch is joined first: the order is that of the table": _run(order=(3, 0, 1, 2)),
}


def _count(x_channels, c1, c2, c3, c4, kernel=5, reduced=True, bias=True):
    """Parameters by formula."""

    def conv(a, b, k):
        return a * b * k * k + b * bias

    middle = (
        conv(x_channels, c2[0], 1)
        + conv(c2[0], c2[1], 3)
        + conv(x_channels, c3[0], 1)
        + conv(c3[0], c3[1], kernel)
    )
    if not reduced:
        middle = conv(x_channels, c2[1], 3) + conv(x_channels, c3[1], kernel)
    return conv(x_channels, c1, 1) + middle + conv(x_channels, c4, 1)


def count_inception(in_channels, c1, c2, c3, c4):
    """Parameters of the block."""
    return _count(in_channels, c1, c2, c3, c4)


COUNT_MISTAKES = {
    "the third branch has a 3x3 kernel: it has a 5x5": lambda *a: _count(*a, kernel=3),
    "the 3x3 and the 5x5 see the whole input: a 1x1 convolution reduces it before them": lambda *a: _count(
        *a, reduced=False
    ),
    "the convolutions have no bias": lambda *a: _count(*a, bias=False),
    "the convolution behind the pool is missing": lambda c, c1, c2, c3, c4: (
        _count(c, c1, c2, c3, c4) - c * c4 - c4
    ),
    "the first branch has a 3x3 kernel: it has a 1x1": lambda c, c1, c2, c3, c4: (
        _count(c, c1, c2, c3, c4) + 8 * c * c1
    ),
    "the convolution behind the pool has a 3x3 kernel: it has a 1x1": lambda c, c1, c2, c3, c4: (
        _count(c, c1, c2, c3, c4) + 8 * c * c4
    ),
    "the reducing convolutions have a 3x3 kernel: they have a 1x1": lambda c, c1, c2, c3, c4: (
        _count(c, c1, c2, c3, c4) + 8 * c * (c2[0] + c3[0])
    ),
    "batch norm stands behind the convolutions: this block has none": lambda c, c1, c2, c3, c4: (
        _count(c, c1, c2, c3, c4) + 2 * (c1 + sum(c2) + sum(c3) + c4)
    ),
}


def _counts():
    return [
        Case(
            (192, 64, (96, 128), (16, 32), 32),
            note="GoogLeNet's first block",
            expected=163_696,
            explain="12,352 + 18,528 + 110,720 + 3,088 + 12,832 + 6,176",
        )
    ]


def _counts_hidden(rng):
    a, b, c, d = (int(n) for n in rng.integers(3, 20, 4))
    return [Case((d + 20, a, (b, c), (d, a), b + 1), note="other widths")]


def _part(name, about, branch, visible, hidden):
    """One branch is looked at; the others may be wrong."""

    def only(cases):
        def make(*arguments):
            made = []
            for case in cases(*arguments):
                whole = case.expected if isinstance(case.expected, tuple) else _run()(*case.args)
                expected = tuple(y if i == branch else ANYTHING for i, y in enumerate(whole))
                made.append(Case(case.args, {}, case.note, expected, case.explain))
            return made

        return make

    return Check(
        f"run_inception.{name}",
        "run_inception",
        about,
        ("x", "c1", "c2", "c3", "c4", "seed"),
        only(visible),
        only(hidden),
        _run(),
        MISTAKES,
        parts=("branch 1", "branch 2", "branch 3", "branch 4"),
    )


def _visible():
    x = np.array([[[[1.0, -2.0, 4.0]]]])  # (1, 1, 1, 3)
    ones = np.array([[[[1.0, 0.0, 4.0]]]])
    middle = np.array([[[[1.0, 5.0, 4.0]]]])
    wide = np.array([[[[5.0, 5.0, 5.0]]]])
    return [
        Case(
            (x, 1, (1, 1), (1, 1), 1),
            note="a row of three pixels, all weights 1",
            expected=(ones, middle, wide, np.array([[[[1.0, 4.0, 4.0]]]])),
            explain="branch 1 and the reducing 1x1 give (1, 0, 4) after ReLU; the 3x3 adds neighbours to "
            "(1, 5, 4), the 5x5 all three; the pool of (1, -2, 4) is (1, 4, 4)",
        ),
        Case(
            (np.linspace(-1, 1, 2 * 3 * 4 * 5).reshape(2, 3, 4, 5), 2, (4, 3), (5, 6), 7, 1),
            note="seed 1, H != W",
        ),
    ]


def _hidden(rng):
    return [
        Case((rng.standard_normal((2, 4, 6, 5)), 3, (2, 5), (6, 7), 4, 2), note="two images"),
        Case((rng.standard_normal((1, 6, 7, 9)), 2, (4, 4), (3, 5), 7, 3), note="an odd size"),
    ]


CHECKS = (
    Check(
        "count_inception.parameters",
        "count_inception",
        "how many parameters the block has",
        ("in_channels", "c1", "c2", "c3", "c4"),
        _counts,
        _counts_hidden,
        count_inception,
        COUNT_MISTAKES,
    ),
    _part("first", "the 1x1 convolution", 0, _visible, _hidden),
    _part("second", "the 3x3 behind its reduction", 1, _visible, _hidden),
    _part("third", "the 5x5 behind its reduction", 2, _visible, _hidden),
    _part("pooled", "the convolution behind the pool", 3, _visible, _hidden),
)

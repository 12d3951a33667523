"""Checks of the residual block; torch is loaded when they run."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check


def _nets():
    from course_lib.grading.checks.a4_architectures import _nets

    return _nets


def _run(way=None, **build):
    """The block with another forward pass, ``way(F, block, x)``, or built otherwise."""

    def run(x, out_channels, stride=1, seed=0):
        nets = _nets()
        forward = (lambda block, x: way(nets.F, block, x)) if way else None
        block = nets.Residual(x.shape[1], out_channels, stride, way=forward, **build)
        try:
            return nets.run_module(block, x, seed)
        except RuntimeError:
            raise ValueError("the shapes do not allow it") from None

    return run


def _projected(way):
    """A forward pass that differs only where the block has a projection."""
    return lambda F, block, x: (
        way(F, block, x) if hasattr(block.shortcut, "__len__") else F.relu(block.body(x) + block.shortcut(x))
    )


MISTAKES = {
    "the shortcut is missing: add x to what the branch gives": _run(lambda F, m, x: F.relu(m.body(x))),
    "the last ReLU is missing": _run(lambda F, m, x: m.body(x) + m.shortcut(x)),
    "the last ReLU comes before the addition: add first": _run(
        lambda F, m, x: F.relu(m.body(x)) + m.shortcut(x)
    ),
    "there is a ReLU before the addition as well: it comes after, once": _run(
        lambda F, m, x: F.relu(F.relu(m.body(x)) + m.shortcut(x))
    ),
    "the ReLU between the convolutions is missing": _run(
        lambda F, m, x: F.relu(m.bn2(m.conv2(m.bn1(m.conv1(x)))) + m.shortcut(x))
    ),
    "the shortcut is added before the second batch norm: add it after": _run(
        lambda F, m, x: F.relu(m.bn2(m.conv2(F.relu(m.bn1(m.conv1(x)))) + m.shortcut(x)))
    ),
    "bn1 is used twice: the second convolution has its own": _run(
        lambda F, m, x: F.relu(m.bn1(m.conv2(F.relu(m.bn1(m.conv1(x))))) + m.shortcut(x))
    ),
    "conv1 is used twice: use conv2": _run(
        lambda F, m, x: F.relu(m.bn2(m.conv1(F.relu(m.bn1(m.conv1(x))))) + m.shortcut(x))
    ),
    "the batch norms are built and not used": _run(
        lambda F, m, x: F.relu(m.conv2(F.relu(m.conv1(x))) + m.shortcut(x))
    ),
    "bn2 is built and not used": _run(
        lambda F, m, x: F.relu(m.conv2(F.relu(m.bn1(m.conv1(x)))) + m.shortcut(x))
    ),
    "bn1 is built and not used": _run(
        lambda F, m, x: F.relu(m.bn2(m.conv2(F.relu(m.conv1(x)))) + m.shortcut(x))
    ),
    "the ReLU stands before bn1: it comes after": _run(
        lambda F, m, x: F.relu(m.bn2(m.conv2(m.bn1(F.relu(m.conv1(x))))) + m.shortcut(x))
    ),
    "the branch is multiplied by the shortcut: add them": _run(
        lambda F, m, x: F.relu(m.body(x) * m.shortcut(x))
    ),
    "the shortcut is subtracted: add it": _run(lambda F, m, x: F.relu(m.body(x) - m.shortcut(x))),
    "the shortcut is added twice": _run(lambda F, m, x: F.relu(m.body(x) + 2 * m.shortcut(x))),
    "the convolutions have a bias: batch norm has one already": _run(bias=True),
    "the shortcut is projected although the shapes agree: there it is x itself": _run(project=True),
    "the stride stands in the second convolution: it belongs to the first": _run(second=True),
    "the projection has no batch norm, or does not use it": _run(norm=False),
    "there is a ReLU in the projection": _run(extra=True),
    "the projection's convolution has a bias: batch norm has one already": _run(shift=True),
    "the projection's layers are built before the others: build them last": _run(first=True),
    "the shortcut is left out where it would need a projection": _run(
        _projected(lambda F, m, x: F.relu(m.body(x)))
    ),
}


def _count(c, o, stride=1, bias=0, project=None, norm=2):
    total = 9 * c * o + 9 * o * o + 2 * norm * o + 2 * bias * o
    if (stride != 1 or c != o) if project is None else project:
        total += c * o + norm * o + bias * o
    return total


def count_residual(in_channels, out_channels, stride=1):
    """Parameters of the block."""
    return _count(in_channels, out_channels, stride)


COUNT_MISTAKES = {
    "the convolutions have a bias: batch norm has one already": lambda c, o, s=1: _count(c, o, s, bias=1),
    "the projection's convolution has a bias: batch norm has one already": lambda c, o, s=1: (
        _count(c, o, s) + (o if s != 1 or c != o else 0)
    ),
    "there is a projection although the shapes agree": lambda c, o, s=1: _count(c, o, s, project=True),
    "the projection is missing": lambda c, o, s=1: _count(c, o, s, project=False),
    "the projection is missing where the stride alone changes the shape": lambda c, o, s=1: _count(
        c, o, s, project=c != o
    ),
    "the projection is missing where the channels alone change": lambda c, o, s=1: _count(
        c, o, s, project=s != 1
    ),
    "the batch norms are missing": lambda c, o, s=1: _count(c, o, s, norm=0),
    "the projection has no batch norm": lambda c, o, s=1: (
        _count(c, o, s) - (2 * o if s != 1 or c != o else 0)
    ),
    "the projection has a 3x3 kernel: it has a 1x1": lambda c, o, s=1: (
        _count(c, o, s) + (8 * c * o if s != 1 or c != o else 0)
    ),
}


def _counts():
    return [
        Case((64, 64), note="ResNet-18's first block", expected=73_984, explain="2 * 64*64*9 + 4 * 64"),
        Case(
            (64, 128, 2),
            note="its first block with a projection",
            expected=230_144,
            explain="128*64*9 + 128*128*9 + 4*128, and for the projection 128*64 + 2*128",
        ),
        Case(
            (4, 6),
            note="the channels alone",
            expected=600,
            explain="216 + 324 + 24, and 24 + 12 for the projection",
        ),
        Case(
            (5, 5, 2),
            note="the stride alone",
            expected=505,
            explain="450 + 20, and 25 + 10 for the projection",
        ),
    ]


def _counts_hidden(rng):
    c, o = (int(n) for n in rng.integers(3, 30, 2))
    return [
        Case((c, c), note="the same shape"),
        Case((c, o + 30), note="other channels"),
        Case((c, c, 2), note="a stride"),
        Case((o + 30, c, 2), note="fewer channels and a stride"),
    ]


def _check(name, about, visible, hidden):
    # A shortcut that is always missing looks like one that is missing where it needs a projection.
    twin = "the shortcut is left out" if name == "identity" else "the shortcut is missing"
    known = {hint: f for hint, f in MISTAKES.items() if not hint.startswith(twin)}
    return Check(
        f"run_residual.{name}",
        "run_residual",
        about,
        ("x", "out_channels", "stride", "seed"),
        visible,
        hidden,
        _run(),
        known,
    )


def _x(*shape):
    """Values from -2 to 2, none of them in order."""
    n = int(np.prod(shape))
    return ((np.arange(n) * 37) % n / n * 4 - 2).reshape(shape)


def _identity():
    return [
        Case(
            (np.array([[[[1.0, -9.0], [10.0, -1.0]]]]), 1),
            note="all weights 1, same shape",
            expected=np.array([[[[5.0, 0.0], [14.0, 3.0]]]]),
            explain="the pixels add to 1, so the first convolution gives 1 everywhere and the second 4; "
            "4 + 1 = 5, and 4 - 9 is negative",
        ),
        Case((_x(2, 3, 4, 5), 3, 1, 1), note="seed 1, two images, H != W"),
    ]


def _identity_hidden(rng):
    return [
        Case((2 * rng.standard_normal((2, 4, 5, 6)), 4, 1, 2), note="same shape"),
        Case((2 * rng.standard_normal((3, 2, 6, 3)), 2, 1, 3), note="same shape, three images"),
    ]


def _projection():
    return [
        Case(
            (np.array([[[[1.0, -49.0], [50.0, -1.0]], [[0.0, 2.0], [0.0, 0.0]]]]), 3),
            note="all weights 1, two channels become three",
            expected=np.array([[[[37.0, 0.0], [86.0, 35.0]]] * 3]),
            explain="all pixels add to 3, so the first convolution gives 3 everywhere in its three channels, "
            "the second 4 * 3 * 3 = 36; the projection adds the two channels of x: 36 + 1 = 37, and "
            "36 - 47 is negative",
        ),
        Case((_x(2, 3, 4, 5), 5, 2, 1), note="stride 2, three channels become five, seed 1"),
    ]


def _projection_hidden(rng):
    return [
        Case((2 * rng.standard_normal((2, 3, 6, 4)), 7, 2, 4), note="more channels, stride 2"),
        Case((2 * rng.standard_normal((2, 5, 5, 7)), 4, 1, 5), note="fewer channels, stride 1"),
        Case((2 * rng.standard_normal((1, 2, 7, 9)), 3, 3, 6), note="stride 3"),
    ]


def _stride():
    return [
        Case(
            (np.arange(16.0).reshape(1, 1, 4, 4) - 9, 1, 2),
            note="all weights 1, stride 2, the channels stay",
            expected=np.array([[[[0.0, 2.0], [8.0, 10.0]]]]),
            explain="the first convolution gives -26, -30, -3 and 9, of which ReLU leaves the 9; the second "
            "gives 9 everywhere; the projection takes the pixels -9, -7, -1 and 1",
        ),
        Case((_x(2, 3, 5, 6), 3, 2, 1), note="seed 1, an odd height"),
    ]


def _stride_hidden(rng):
    return [
        Case((2 * rng.standard_normal((2, 3, 6, 8)), 3, 2, 7), note="stride 2, the channels stay"),
        Case((2 * rng.standard_normal((1, 4, 7, 5)), 4, 2, 8), note="an odd size"),
    ]


CHECKS = (
    Check(
        "count_residual.parameters",
        "count_residual",
        "how many parameters the block has",
        ("in_channels", "out_channels", "stride"),
        _counts,
        _counts_hidden,
        count_residual,
        COUNT_MISTAKES,
    ),
    _check("identity", "the shape stays, and x is added", _identity, _identity_hidden),
    _check("projection", "the channels change", _projection, _projection_hidden),
    _check("stride", "the stride alone changes the shape", _stride, _stride_hidden),
)

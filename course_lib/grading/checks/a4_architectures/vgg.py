"""Checks of the VGG block and the net made of such blocks; torch is loaded when they run."""

from __future__ import annotations

import numpy as np

from course_lib.grading.engine import Case, Check


def _nets():
    from course_lib.grading.checks.a4_architectures import _nets

    return _nets


def _try(make, x, seed):
    """The output of a module; a ValueError where its shapes do not fit."""
    try:
        return _nets().run_module(make(), x, seed)
    except RuntimeError:
        raise ValueError("the shapes do not allow it") from None


def _block(**changes):
    def run(x, num_convs, out_channels, seed=0):
        nets = _nets()
        return _try(lambda: nets.vgg_block(num_convs, x.shape[1], out_channels, **changes), x, seed)

    return run


def _pool_each(x, num_convs, out_channels, seed=0):
    nets = _nets()
    return _try(lambda: nets.pool_each(num_convs, x.shape[1], out_channels), x, seed)


def _times(change):
    return lambda x, num_convs, out_channels, seed=0: _block()(
        x, max(1, change(num_convs)), out_channels, seed
    )


BLOCK_MISTAKES = {
    "the ReLUs are missing: one after each convolution": _block(relu=False),
    "the ReLU after the last convolution is missing": _block(last_relu=False),
    "the pool at the end is missing": _block(pool="none"),
    "this is average pooling: take the maximum": _block(pool="avg"),
    "the pool moves by one pixel: it moves by two": _block(pool="one"),
    "the pool is 3x3 with padding: it is 2x2": _block(pool="three"),
    "there is a pool after every convolution: one stands at the end of the block": _pool_each,
    "the convolutions have no padding: padding 1 keeps H and W": _block(padding=0),
    "the convolutions have no bias": _block(bias=False),
    "the kernels are 5x5: they are 3x3": _block(kernel=5, padding=2),
    "there is one convolution too many: num_convs of them": _times(lambda n: n + 1),
    "there is one convolution only: num_convs of them": _times(lambda n: 1),
    "there is one convolution too few: num_convs of them": _times(lambda n: n - 1),
}


def _vgg(change=lambda *a: a, **changes):
    def run(x, blocks, hidden, num_classes, seed=0):
        nets = _nets()
        if "block" in changes:
            changes["block"] = nets.OnlyOne
        settings = change(blocks, x.shape[1], x.shape[2:], hidden, num_classes)
        return _try(lambda: nets.vgg(*settings, **changes), x, seed)

    return run


def _softmax(x, blocks, hidden, num_classes, seed=0):
    y = np.exp(_vgg()(x, blocks, hidden, num_classes, seed))
    return y / y.sum(axis=1, keepdims=True)


NET_MISTAKES = {
    "the ReLU between the two linear layers is missing": _vgg(relu=False),
    "there is a ReLU behind the last layer: logits may be negative": _vgg(last_relu=True),
    "softmax is applied at the end: return the logits": _softmax,
    "the number of convolutions is not given to the block": _vgg(block="one"),
    "the linear layers have no bias": _vgg(bias=False),
    "there are three linear layers: two are asked for": _vgg(dense=2),
    "the map is flattened with its channels last: flatten keeps the order C, H, W": _vgg(swap=True),
    "the blocks come in reverse order": _vgg(lambda blocks, *rest: (blocks[::-1], *rest)),
}


def _block_check(name, about, visible, hidden):
    parameters = ("x", "num_convs", "out_channels", "seed")
    return Check(
        f"run_vgg_block.{name}", "run_vgg_block", about, parameters, visible, hidden, _block(), BLOCK_MISTAKES
    )


def _random(rng, *shape):
    return rng.standard_normal(shape)


def _values():
    x = np.arange(12.0).reshape(1, 1, 2, 6) - 5  # (1, 1, 2, 6), from -5 to 6
    return [
        Case(
            (np.linspace(-1, 1, 180).reshape(1, 2, 9, 10), 3, 3, 1),
            note="three convolutions, seed 1, odd height",
        ),
        Case(
            (x, 1, 1),
            note="one convolution of ones, two rows of six",
            expected=np.array([[[[0.0, 6.0, 12.0]]]]),
            explain="the columns add to -4, -2, 0, 2, 4, 6, so the windows give -6, -6, 0, 6, 12, 10 in both "
            "rows; ReLU makes the first two 0, and the largest of each 2x2 remain",
        ),
    ]


def _values_hidden(rng):
    return [
        Case((_random(rng, 2, 3, 8, 6), 1, 5, 3), note="one convolution"),
        Case((_random(rng, 1, 2, 6, 9), 2, 4, 4), note="two convolutions, an odd width"),
        Case((_random(rng, 2, 4, 7, 8), 3, 4, 5), note="three convolutions, as many channels out as in"),
    ]


def _net_check(name, about, visible, hidden):
    parameters = ("x", "blocks", "hidden", "num_classes", "seed")
    return Check(f"run_vgg.{name}", "run_vgg", about, parameters, visible, hidden, _vgg(), NET_MISTAKES)


def _chain():
    return [
        Case(
            (np.arange(4.0).reshape(1, 1, 2, 2), ((3, 1),), 2, 1),
            note="one block, all weights 1",
            expected=np.array([[36.0]]),
            explain="the stand-in adds 0 + 1 + 2 + 3 = 6 and multiplies by its 3 convolutions: 18; each of "
            "the two hidden units has 18, and their sum is 36",
        ),
        Case(
            (np.linspace(-1, 1, 384).reshape(2, 3, 8, 8), ((1, 4), (2, 5)), 6, 3, 1),
            note="two blocks, two images, seed 1",
        ),
    ]


def _chain_hidden(rng):
    return [
        Case((_random(rng, 3, 1, 8, 8), ((2, 3), (1, 4), (3, 5)), 7, 4, 2), note="three blocks, grey images"),
        Case((_random(rng, 2, 3, 4, 4), ((2, 6),), 5, 9, 3), note="one block"),
    ]


def _sizes():
    return [
        Case(
            (np.linspace(-1, 1, 48).reshape(1, 2, 4, 6), ((1, 3),), 4, 2, 1),
            note="an image 4 high and 6 wide, seed 1",
            explain="a block halves both sides: 3 channels of 2 x 3 pixels are left, 18 features",
        ),
        Case(
            (np.linspace(-1, 1, 64).reshape(1, 1, 16, 4), ((1, 2), (2, 3)), 5, 3, 2),
            note="16 high and 4 wide, seed 2",
        ),
    ]


def _sizes_hidden(rng):
    return [
        Case((_random(rng, 2, 3, 4, 8), ((1, 4), (2, 5)), 6, 3, 4), note="wider than high"),
        Case((_random(rng, 1, 2, 12, 2), ((1, 3),), 4, 5, 5), note="higher than wide"),
    ]


CHECKS = (
    _block_check("values", "convolutions, ReLU and a pool", _values, _values_hidden),
    _net_check("chain", "blocks in a row and two linear layers", _chain, _chain_hidden),
    _net_check("sizes", "images that are not square", _sizes, _sizes_hidden),
)

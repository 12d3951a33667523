"""Checks of `layer_size` and `stack_sizes`: how large the map is after a layer, and after each of several."""

from __future__ import annotations

import math

from course_lib.grading.engine import Case, Check


def layer_size(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Size of the output along one axis, in PyTorch's convention."""
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    out = math.ceil(room / stride) + 1
    return out - 1 if (out - 1) * stride >= size + padding else out


def stack_sizes(size, layers):
    """Size after each layer (kind, kernel_size, stride, padding, dilation, ceil_mode)."""
    sizes = []
    for _, *settings in layers:
        size = layer_size(size, *settings)
        sizes.append(size)
    return tuple(sizes)


def _wrong(formula):
    """A formula in the letters of the text as a function with the exercise's arguments."""
    return lambda size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False: formula(
        size, kernel_size, stride, padding, dilation, ceil_mode
    )


def _up(I, K, S, P, D, C):  # noqa: E741 - the letters of the text
    """Rounded as asked, without the rule about the last window."""
    room = I + 2 * P - D * (K - 1) - 1
    return (-(-room // S) if C else room // S) + 1


SIZE_MISTAKES = {
    "the + 1 is missing: the first window counts too": _wrong(
        lambda I, K, S, P, D, C: layer_size(I, K, S, P, D, C) - 1  # noqa: E741
    ),
    "the padding is counted once: it is on both sides": _wrong(
        lambda I, K, S, P, D, C: layer_size(I - P, K, S, P, D, C)  # noqa: E741
    ),
    "the padding is ignored": _wrong(lambda I, K, S, P, D, C: layer_size(I, K, S, 0, D, C)),  # noqa: E741
    "the stride is ignored": _wrong(lambda I, K, S, P, D, C: layer_size(I, K, 1, P, D, C)),  # noqa: E741
    "the dilation is ignored": _wrong(lambda I, K, S, P, D, C: layer_size(I, K, S, P, 1, C)),  # noqa: E741
    "the dilation multiplies the whole kernel: it lies between the taps, so D (K - 1) + 1 pixels": _wrong(
        lambda I, K, S, P, D, C: layer_size(I, D * K, S, P, 1, C)  # noqa: E741
    ),
    "the dilation is taken for the gap: a dilation of 1 leaves no gap, so D (K - 1) + 1 pixels": _wrong(
        lambda I, K, S, P, D, C: layer_size(I, K, S, P, D + 1, C)  # noqa: E741
    ),
    "ceil_mode is ignored": _wrong(lambda I, K, S, P, D, C: layer_size(I, K, S, P, D, False)),  # noqa: E741
    "always rounded up: only ceil_mode=True rounds up": _wrong(
        lambda I, K, S, P, D, C: layer_size(I, K, S, P, D, True)  # noqa: E741
    ),
    "always rounded up, and a last window that starts in the padding on the right counts": _wrong(
        lambda I, K, S, P, D, C: _up(I, K, S, P, D, True)  # noqa: E741
    ),
    "rounded up, but a last window that starts in the padding on the right does not count": _wrong(_up),
    "rounded up by adding one more window: where the stride divides there is none": _wrong(
        lambda I, K, S, P, D, C: layer_size(I, K, S, P, D, False) + bool(C)  # noqa: E741
    ),
    "rounded to the nearest: round down, or up where ceil_mode asks for it": _wrong(
        lambda I, K, S, P, D, C: round((I + 2 * P - D * (K - 1) - 1) / S) + 1  # noqa: E741
    ),
    "the + 1 stands inside the division: add it after": _wrong(
        lambda I, K, S, P, D, C: (I + 2 * P - D * (K - 1)) // S  # noqa: E741
    ),
    "parentheses are missing: // binds before + and -": _wrong(
        lambda I, K, S, P, D, C: I + 2 * P - D * (K - 1) - 1 // S + 1  # noqa: E741
    ),
}

ABOUT = {
    "ceil": ("ceil_mode is ignored", "always rounded up: ", "rounded up by", "rounded to", "the stride is"),
    "edge": ("always rounded up, ", "rounded up, "),
}
SIZE = ("size", "kernel_size", "stride", "padding", "dilation", "ceil_mode")


def _size_check(name, about, visible, hidden):
    # What is about rounding is told by its own checks, where other mistakes could give the same numbers.
    about_it = ABOUT.get(name, ("",))
    known = {hint: f for hint, f in SIZE_MISTAKES.items() if hint.startswith(about_it)}
    return Check(f"layer_size.{name}", "layer_size", about, SIZE, visible, hidden, layer_size, known)


def _strides():
    return [
        Case((7, 3), note="kernel 3 on 7 pixels", expected=5, explain="the window starts at 0 to 4"),
        Case((28, 5, 1, 2), note="LeNet's first layer", expected=28, explain="28 + 2*2 - 5 + 1 = 28"),
        Case(
            (224, 7, 2, 3),
            note="ResNet's first layer",
            expected=112,
            explain="(224 + 2*3 - 7) / 2 = 111.5, rounded down 111, plus 1",
        ),
        Case((13, 4, 3, 2), note="an even kernel, stride 3", expected=5, explain="(13 + 4 - 4) / 3 = 4.33"),
        Case((14, 4, 3), note="the same without padding", expected=4, explain="(14 - 4) / 3 = 3.33"),
    ]


def _strides_hidden(rng):
    cases = [
        Case((11, 1, 4, 0), note="a 1x1 kernel with a stride"),
        Case((14, 4, 3), note="a stride that leaves one pixel over"),
    ]
    for remainder in range(4):
        k, p, n = int(rng.integers(2, 8)), int(rng.integers(1, 4)), int(rng.integers(8, 40))
        what = "divides" if remainder == 0 else "does not divide"
        cases.append(Case((4 * n + remainder + k - 2 * p, k, 4, p), note=f"padding and a stride that {what}"))
    return cases


def _dilation():
    return [
        Case(
            (10, 3, 1, 0, 2),
            note="kernel 3, dilation 2",
            expected=6,
            explain="three taps two apart cover 2*2 + 1 = 5 pixels; the window starts at 0 to 5",
        ),
        Case(
            (9, 1, 1, 0, 5),
            note="a 1x1 kernel",
            expected=9,
            explain="one tap has no gaps, whatever the dilation",
        ),
        Case(
            (16, 4, 1, 0, 3),
            note="kernel 4, dilation 3",
            expected=7,
            explain="3*3 + 1 = 10 pixels; 16 - 10 + 1 = 7",
        ),
    ]


def _dilation_hidden(rng):
    rows = zip(rng.integers(30, 90, 4), rng.integers(2, 6, 4), (2, 3, 4, 5), strict=True)
    return [Case((int(i), int(k), 1, 0, d), note=f"dilation {d}") for i, k, d in rows]


def _ceil():
    return [
        Case(
            (7, 3, 3, 0, 1, True),
            note="two pixels of a window hang over",
            expected=3,
            explain="the window starts at 0, 3 and 6; the one at 6 holds one pixel and counts here",
        ),
        Case(
            (6, 3, 2, 0, 1, True),
            note="a window hangs over the edge",
            expected=3,
            explain="the window starts at 0, 2 and 4; the one at 4 reaches over the edge and counts here",
        ),
        Case(
            (7, 3, 2, 0, 1, True),
            note="the stride divides",
            expected=3,
            explain="0, 2 and 4: no window hangs over",
        ),
        Case((6, 3, 2, 0, 1, False), note="the first again, rounded down", expected=2, explain="0 and 2"),
    ]


def _ceil_hidden(rng):
    k, n = int(rng.integers(4, 7)), int(rng.integers(5, 20))
    return [
        Case((3 * n + k + 1, k, 3, 0, 1, True), note="a window hangs over the edge"),
        Case((3 * n + k + 2, k, 3, 0, 1, True), note="a window hangs over by one pixel"),
        Case((3 * n + k, k, 3, 0, 1, True), note="the stride divides"),
        Case((3 * n + k + 2, k, 3, 0, 1, False), note="rounded down"),
    ]


def _edge():
    return [
        Case(
            (3, 2, 2, 1, 1, True),
            note="the last window would start in the padding on the right",
            expected=2,
            explain="with the padding the pixels are 0 to 4; windows start at 0 and 2. One at 4 would hold "
            "nothing but padding, and does not count",
        ),
        Case(
            (6, 3, 3, 1, 1, True),
            note="the last window starts on the last pixel",
            expected=3,
            explain="with the padding the image's pixels are 1 to 6; windows start at 0, 3 and 6, a pixel",
        ),
        Case(
            (5, 3, 2, 1, 1, True),
            note="the stride divides",
            expected=3,
            explain="windows start at 0, 2 and 4",
        ),
        Case(
            (8, 3, 3, 1, 1, True),
            note="stride 3",
            expected=3,
            explain="0, 3 and 6; at 9 there is padding only",
        ),
        Case((8, 3, 3, 1, 1, False), note="rounded down", expected=3, explain="windows start at 0, 3 and 6"),
    ]


def _edge_hidden(rng):
    n = int(rng.integers(5, 20))
    return [
        Case((2 * n + 1, 2, 2, 1, 1, True), note="the last window would start in the padding on the right"),
        Case((3 * n + 2, 2, 3, 1, 1, True), note="the last window would start in the padding, stride 3"),
        Case((3 * n, 3, 3, 1, 1, True), note="the last window starts inside the image"),
        Case((3 * n, 3, 3, 1, 1, False), note="rounded down"),
        Case((2 * n + 1, 3, 2, 1, 1, True), note="the stride divides"),
    ]


STACK_MISTAKES = {
    "every layer gets the size of the image: it gets what the layer before it left": lambda size, layers: (
        tuple(stack_sizes(size, [layer])[0] for layer in layers)
    ),
    "this is the size after the last layer alone: return one for each layer": lambda size, layers: (
        stack_sizes(size, layers)[-1]
    ),
    "the image's own size comes first: begin with the size after the first layer": lambda size, layers: (
        (size, *stack_sizes(size, layers))
    ),
    "the last layer is left out": lambda size, layers: stack_sizes(size, layers[:-1]),
    "the sizes are in reverse order": lambda size, layers: stack_sizes(size, layers)[::-1],
    "the pooling layers are left out": lambda size, layers: stack_sizes(
        size, [layer for layer in layers if layer[0] == "conv"]
    ),
    "this is the first layer's size alone: the return stands inside the loop": lambda size, layers: (
        stack_sizes(size, layers)[0]
    ),
    "the padding of the layers is ignored": lambda size, layers: stack_sizes(
        size, [(*layer[:3], 0, *layer[4:]) for layer in layers]
    ),
    "the strides of the layers are ignored": lambda size, layers: stack_sizes(
        size, [(*layer[:2], 1, *layer[3:]) for layer in layers]
    ),
    "a pooling layer's stride is taken to be its kernel size: it is given": lambda size, layers: stack_sizes(
        size, [(k[0], k[1], k[1] if k[0] == "pool" else k[2], *k[3:]) for k in layers]
    ),
}


def _stack():
    lenet = (("conv", 5, 1, 2, 1, False), ("pool", 2, 2, 0, 1, False), ("conv", 5, 1, 0, 1, False))
    start = (("conv", 11, 4, 2, 1, False), ("pool", 3, 2, 0, 1, False), ("conv", 5, 1, 2, 1, False))
    return [
        Case(
            (28, lenet),
            note="LeNet's first layers",
            expected=(28, 14, 10),
            explain="28 + 4 - 5 + 1 = 28; 28 / 2 = 14",
        ),
        Case(
            (224, start),
            note="AlexNet's first layers",
            expected=(55, 27, 27),
            explain="(55 - 3) / 2 + 1 = 27",
        ),
    ]


def _stack_hidden(rng):
    cases = []
    for count in (4, 5):
        layers = []
        for i in range(count):
            kind = ("conv", "pool")[i % 2]
            k = int(rng.integers(3, 6))
            layers.append(
                (
                    kind,
                    k,
                    2 if kind == "pool" else 1,
                    int(rng.integers(1, 3)) if kind == "conv" else 1,
                    1,
                    False,
                )
            )
        cases.append(Case((int(rng.integers(60, 200)), tuple(layers)), note=f"{count} layers"))
    return [*cases, Case((9, (("pool", 3, 3, 0, 1, False),)), note="a single layer")]


CHECKS = (
    _size_check("strides", "kernel, stride and padding", _strides, _strides_hidden),
    _size_check("dilation", "a kernel with gaps", _dilation, _dilation_hidden),
    _size_check("ceil", "rounding up, as pooling layers may", _ceil, _ceil_hidden),
    _size_check("edge", "a last window in the padding on the right", _edge, _edge_hidden),
    Check(
        "stack_sizes.sizes",
        "stack_sizes",
        "the size after every layer of a stack",
        ("size", "layers"),
        _stack,
        _stack_hidden,
        stack_sizes,
        STACK_MISTAKES,
    ),
)

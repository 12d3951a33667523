"""Checks of `receptive_field(layers)`: size, jump and start, as in the chapter on cost."""

from __future__ import annotations

from course_lib.grading.compare import ANYTHING
from course_lib.grading.engine import Case, Check


def _walk(layers, grow=None, move=None, leap=None, start=0.0):
    """Size, jump and start after all layers; each of the three rules can be replaced."""
    grow = grow or (lambda k, d, jump, s: (k - 1) * d * jump)
    move = move or (lambda k, d, p, jump, s: ((k - 1) * d / 2 - p) * jump)
    leap = leap or (lambda jump, s, k: jump * s)
    size, jump = 1, 1
    for _, k, s, p, d, _ in layers:
        size, start, jump = size + grow(k, d, jump, s), start + move(k, d, p, jump, s), leap(jump, s, k)
    return size, jump, start


def receptive_field(layers):
    """Size, jump and start of the field of one output pixel, in input pixels."""
    return _walk(layers)


def _after(layers):
    """The jump is updated before it is used."""
    size, jump, start = 1, 1, 0.0
    for _, k, s, p, d, _ in layers:
        jump *= s
        size, start = size + (k - 1) * d * jump, start + ((k - 1) * d / 2 - p) * jump
    return size, jump, start


def _reset(layers):
    return _walk(layers[-1:])


def _convs(layers):
    return _walk([layer for layer in layers if layer[0] == "conv"])


def _as(**rules):
    return lambda layers: _walk(layers, **rules)


def _left_edge(layers):
    size, jump, start = _walk(layers)
    return size, jump, start - (size - 1) / 2


def _jump_first(layers):
    size, jump, start = _walk(layers)
    return jump, size, start


SIZE, JUMP, START = 0, 1, 2
# A hint, the rule that earns it, and the numbers that it can explain.
KNOWN = (
    (
        "the kernel grows the field by k: by k - 1 jumps",
        _as(grow=lambda k, d, jump, s: k * d * jump),
        (SIZE,),
    ),
    (
        "the jump is left out of the size: each further tap lies a jump away, not a pixel",
        _as(grow=lambda k, d, jump, s: (k - 1) * d),
        (SIZE,),
    ),
    (
        "the jump is updated before it is used: a layer's own stride counts for the next layer",
        _after,
        (SIZE, START),
    ),
    (
        "the jump counts the last stride alone: the strides multiply",
        _as(leap=lambda jump, s, k: s),
        (SIZE, JUMP),
    ),
    ("the strides are added: they multiply", _as(leap=lambda jump, s, k: jump + s), (SIZE, JUMP)),
    (
        "the strides minus one are added: the strides multiply",
        _as(leap=lambda jump, s, k: jump + s - 1),
        (JUMP,),
    ),
    ("the jump takes the kernel for the stride", _as(leap=lambda jump, s, k: jump * k), (SIZE, JUMP)),
    ("the pooling layers are left out: they have windows and strides as well", _convs, (SIZE, JUMP, START)),
    (
        "the dilation is ignored",
        _as(
            grow=lambda k, d, jump, s: (k - 1) * jump, move=lambda k, d, p, jump, s: ((k - 1) / 2 - p) * jump
        ),
        (SIZE,),
    ),
    (
        "the dilation multiplies the whole kernel: d (k - 1) + 1 pixels",
        _as(grow=lambda k, d, jump, s: (k * d - 1) * jump),
        (SIZE,),
    ),
    (
        "the dilation is added to the jump: the taps lie dilation times a jump apart",
        _as(grow=lambda k, d, jump, s: (k - 1) * (jump + d - 1)),
        (SIZE,),
    ),
    (
        "the start ignores the padding: it moves the first window out of the image",
        _as(move=lambda k, d, p, jump, s: (k - 1) * d / 2 * jump),
        (START,),
    ),
    (
        "the start adds the padding: it moves the first window to the left",
        _as(move=lambda k, d, p, jump, s: ((k - 1) * d / 2 + p) * jump),
        (START,),
    ),
    (
        "the start moves by pixels: each layer's step counts as many pixels as the jump before it",
        _as(move=lambda k, d, p, jump, s: (k - 1) * d / 2 - p),
        (START,),
    ),
    ("the start is the left edge of the field: give its centre", _left_edge, (START,)),
    (
        "the start counts from the corner of the first pixel: the centre of the first pixel is 0 here",
        lambda layers: (*_walk(layers)[:2], _walk(layers)[2] + 0.5),
        (START,),
    ),
    (
        "the start is rounded down: between two pixels it is a half",
        _as(move=lambda k, d, p, jump, s: ((k - 1) * d // 2 - p) * jump),
        (START,),
    ),
    (
        "the field begins with 0: a pixel of the image sees one pixel",
        lambda layers: (_walk(layers)[0] - 1, *_walk(layers)[1:]),
        (SIZE,),
    ),
    ("the order is size, jump, start; here the jump comes first", _jump_first, (SIZE,)),
    ("this is the last layer alone: go on from what the layers before it left", _reset, (SIZE, START)),
)


def _mistakes(part):
    """The known mistakes in one of the three numbers; the others are not looked at."""

    def only(function):
        return lambda layers: _part(function(layers), part)

    return {hint: only(function) for hint, function, parts in KNOWN if part in parts}


def _check(name, about, part, visible, hidden):
    """One of the three numbers; the others are not looked at."""

    def only(cases):
        def make(*arguments):
            return [
                Case(c.args, c.kwargs, c.note, _part(receptive_field(*c.args), part), c.explain)
                for c in cases(*arguments)
            ]

        return make

    return Check(
        f"receptive_field.{name}",
        "receptive_field",
        about,
        ("layers",),
        only(visible),
        only(hidden),
        receptive_field,
        _mistakes(part),
        parts=("size", "jump", "start"),
    )


def _part(answer, part):
    return tuple(value if i == part else ANYTHING for i, value in enumerate(answer))


def _layers(*rows):
    """(kind, kernel_size, stride) with padding 0, or all six settings."""
    return tuple(row if len(row) == 6 else (*row, 0, 1, False) for row in rows)


def _size():
    return [
        Case((_layers(("conv", 3, 1), ("conv", 3, 1)),), note="two 3x3", explain="1 + 2 = 3, 3 + 2 = 5"),
        Case(
            (_layers(("conv", 5, 1), ("pool", 2, 2), ("conv", 5, 1)),),
            note="a pool between",
            explain="5; the pool adds one pixel: 6; now neighbours lie 2 pixels apart: 6 + 4*2 = 14",
        ),
        Case(
            (_layers(("conv", 7, 2), ("pool", 3, 2), ("conv", 3, 1)),),
            note="two strides",
            explain="7; 7 + 2*2 = 11; 11 + 2*4 = 19",
        ),
    ]


def _rows(rng, count, dilations=(1,), paddings=(0,)):
    kinds = [("conv", "pool")[i % 2] for i in range(count)]
    return tuple(
        (
            kind,
            int(rng.integers(2, 6)),
            (3, 2)[i % 2] if kind == "pool" else (1, 2)[int(i == 0)],
            paddings[i % len(paddings)],
            dilations[i % len(dilations)],
            False,
        )
        for i, kind in enumerate(kinds)
    )


def _size_hidden(rng):
    return [Case((_rows(rng, n),), note=f"{n} layers") for n in (1, 3, 5)]


def _dilation():
    return [
        Case(
            (_layers(("conv", 3, 1, 0, 4, False)),),
            note="dilation 4",
            explain="three taps 4 apart: 2*4 + 1 = 9",
        ),
        Case(
            (_layers(("conv", 4, 2), ("pool", 2, 3), ("conv", 3, 1, 0, 3, False)),),
            note="dilation 3 behind strides of 2 and 3",
            explain="4; 4 + 2 = 6; the taps lie 3 * 6 = 18 pixels apart: 6 + 2*18 = 42",
        ),
    ]


def _dilation_hidden(rng):
    return [Case((_rows(rng, n, dilations=(2, 1, 3)),), note="some layers dilated") for n in (3, 5)]


def _jump():
    return [
        Case(
            (_layers(("conv", 3, 2), ("pool", 4, 3), ("conv", 5, 4)),),
            note="strides 2, 3, 4",
            explain="2 * 3 * 4",
        ),
        Case(
            (_layers(("conv", 7, 1), ("conv", 3, 1)),), note="no stride", explain="neighbours stay neighbours"
        ),
        Case(
            (_layers(("pool", 2, 2), ("pool", 2, 2), ("pool", 2, 2)),),
            note="three pools",
            explain="2 * 2 * 2 = 8",
        ),
    ]


def _start():
    return [
        Case(
            (_layers(("conv", 3, 1)),),
            note="a 3x3",
            explain="the first window lies on pixels 0, 1, 2; its middle is 1",
        ),
        Case((_layers(("pool", 2, 2)),), note="an even window", explain="pixels 0 and 1; the middle is 0.5"),
        Case(
            (_layers(("conv", 5, 1, 2, 1, False)),),
            note="padding",
            explain="the first window lies on pixels -2 to 2; its middle is 0",
        ),
        Case(
            (_layers(("conv", 3, 2), ("conv", 3, 1)),),
            note="behind a stride",
            explain="after the first layer 1, 3, 5 are the middles; the first window of the second holds "
            "these three, and its middle is 3",
        ),
        Case(
            (_layers(("pool", 2, 2), ("conv", 3, 1)),),
            note="behind an even window",
            explain="after the pool 0.5, 2.5 and 4.5 are the middles; the middle of these is 2.5",
        ),
    ]


def _start_hidden(rng):
    return [Case((_rows(rng, n, paddings=(2, 1)),), note="padding in every layer") for n in (2, 3, 5)]


CHECKS = (
    _check("size", "how many pixels one output sees", 0, _size, _size_hidden),
    _check("dilation", "the same with dilation", 0, _dilation, _dilation_hidden),
    _check("jump", "how far neighbouring outputs are apart", 1, _jump, _size_hidden),
    _check("start", "where the first field has its centre", 2, _start, _start_hidden),
)

"""Checks of `output_size(size, kernel_size, stride=1, padding=0)`."""

from __future__ import annotations

from course_lib.grading.engine import Case, Check


def reference(size, kernel_size, stride=1, padding=0):
    from course_lib._validation import conv_output_size

    return conv_output_size(size, kernel_size, stride, padding)


def _wrong(formula):
    """A formula in the syllabus's letters as a function with the exercise's arguments."""
    return lambda size, kernel_size, stride=1, padding=0: formula(size, kernel_size, stride, padding)


# J: size, M: kernel_size, S: stride, P: padding
MISTAKES = {
    'this is the size with "same" padding: use the argument padding': _wrong(
        lambda J, M, S, P: (J - 1) // S + 1
    ),
    "the + 1 is missing: the first window counts too": _wrong(lambda J, M, S, P: (J + 2 * P - M) // S),
    "one too many is subtracted: the formula does not end in - 1": _wrong(
        lambda J, M, S, P: (J + 2 * P - M) // S - 1
    ),
    "the padding is counted once: it is on both sides": _wrong(lambda J, M, S, P: (J + P - M) // S + 1),
    "the padding is ignored": _wrong(lambda J, M, S, P: (J - M) // S + 1),
    "the padding is subtracted: it makes the image larger": _wrong(
        lambda J, M, S, P: (J - 2 * P - M) // S + 1
    ),
    "the stride is ignored": _wrong(lambda J, M, S, P: J + 2 * P - M + 1),
    "rounded up: a last window that hangs over the edge does not count": _wrong(
        lambda J, M, S, P: -((M - J - 2 * P) // S) + 1
    ),
    "rounded to the nearest: round down": _wrong(lambda J, M, S, P: round((J + 2 * P - M) / S) + 1),
    "the + 1 is inside the division: add it after": _wrong(lambda J, M, S, P: (J + 2 * P - M + 1) // S),
    "only the size is divided by the stride": _wrong(lambda J, M, S, P: (J + 2 * P) // S - M + 1),
    "the kernel is ignored": _wrong(lambda J, M, S, P: (J + 2 * P) // S),
    "parentheses are missing: // binds before + and -": _wrong(lambda J, M, S, P: J + 2 * P - M // S + 1),
    "the + 1 is not part of the divisor: add it after the division": _wrong(
        lambda J, M, S, P: (J + 2 * P - M) // (S + 1)
    ),
    "the padding is added after the division: the window steps over it as well": _wrong(
        lambda J, M, S, P: (J - M) // S + 1 + 2 * P
    ),
    "one too many: the last window starts at size + 2 * padding - kernel_size": _wrong(
        lambda J, M, S, P: (J + 2 * P - M + 1) // S + 1
    ),
    "half the kernel is taken for the padding: use the argument padding": _wrong(
        lambda J, M, S, P: (J + 2 * (M // 2) - M) // S + 1
    ),
}


def _check(name, about, visible, hidden):
    parameters = ("size", "kernel_size", "stride", "padding")
    return Check(
        f"output_size.{name}",
        "output_size",
        about,
        parameters,
        visible,
        hidden,
        reference,
        MISTAKES,
    )


def _plain():
    return [
        Case((5, 3), note="kernel 3 on 5 pixels", expected=3, explain="the window starts at 0, 1 and 2"),
        Case((6, 1), note="kernel 1 on 6 pixels", expected=6, explain="every pixel is a window"),
        Case((4, 4), note="kernel as long as the axis", expected=1, explain="the window starts at 0 only"),
    ]


def _plain_hidden(rng):
    return [
        Case((int(k + extra), int(k)), note="stride 1, no padding")
        for k, extra in zip(rng.integers(1, 9, 6), [0, 1, *rng.integers(2, 200, 4)], strict=True)
    ]


def _padding():
    return [
        Case(
            (5, 3),
            {"padding": 1},
            note="kernel 3, padding 1",
            expected=5,
            explain="one zero on each side makes 7 pixels; the window starts at 0 to 4",
        ),
        Case(
            (28, 5), {"padding": 2}, note="LeNet's first layer", expected=28, explain="28 + 2*2 - 5 + 1 = 28"
        ),
        Case((3, 2), {"padding": 1}, note="an even kernel", expected=4, explain="3 + 2*1 - 2 + 1 = 4"),
    ]


def _padding_hidden(rng):
    rows = zip(rng.integers(5, 100, 6), rng.integers(2, 6, 6), rng.integers(1, 5, 6), strict=True)
    return [Case((int(j), int(m), 1, int(p)), note="stride 1 with padding") for j, m, p in rows]


def _strides():
    return [
        Case((7, 3, 2), note="a stride that divides", expected=3, explain="the window starts at 0, 2 and 4"),
        Case(
            (6, 3, 2),
            note="a stride that does not divide",
            expected=2,
            explain="the window starts at 0 and 2; at 4 it would hang over the edge",
        ),
        Case(
            (224, 11, 4, 2),
            note="AlexNet's first layer",
            expected=55,
            explain="(224 + 2*2 - 11) / 4 = 54.25, rounded down 54, plus 1",
        ),
    ]


def _strides_hidden(rng):
    cases = []
    for remainder in [0, 1, 2, 3]:
        s, m, p, n = 4, int(rng.integers(2, 8)), int(rng.integers(1, 4)), int(rng.integers(5, 40))
        j = n * s + remainder + m - 2 * p
        what = "divides" if remainder == 0 else "does not divide"
        cases.append(Case((j, m), {"stride": s, "padding": p}, note=f"padding and a stride that {what}"))
    return [*cases, Case((9, 2, 5), note="a stride larger than the kernel")]


CHECKS = (
    _check("plain", "stride 1, no padding", _plain, _plain_hidden),
    _check("padding", "padding on both sides", _padding, _padding_hidden),
    _check("strides", "strides that divide and that do not", _strides, _strides_hidden),
)

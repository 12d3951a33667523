"""Checks of `edge_filters(size)` and `edge_response(image, size)`."""

from __future__ import annotations

import numpy as np

from course_lib.grading.checks.a1_convolution.corr2d import reference as corr2d
from course_lib.grading.engine import Case, Check, Shape

PLATEAU = np.tile([0.0, 50.0, 50.0, 0.0, 0.0, 0.0], (5, 1))  # (5, 6)
PARTS = ("vertical", "horizontal")


def _filters(size):
    vertical = np.tile(np.sign(np.arange(size) - size // 2).astype(float), (size, 1))  # (size, size)
    return vertical, vertical.T.copy()


def _response(image, size):
    return np.stack([corr2d(image, k) for k in _filters(size)])  # (2, H_out, W_out)


def _from_filters(change):
    """The response with other filters."""
    return lambda image, size: np.stack([corr2d(image, k) for k in change(*_filters(size))])


def _outer_only(size):
    """-1 and +1 in the outermost columns alone."""
    row = np.zeros(size)
    row[0], row[-1] = -1, 1
    return np.tile(row, (size, 1)), np.tile(row, (size, 1)).T  # (size, size) each


def _middle_row_only(size):
    vertical, _ = _filters(size)
    one = vertical * (np.arange(size) == size // 2)[:, None]  # (size, size)
    return one, one.T


def _ramp(size):
    vertical = np.tile(np.arange(size) - size // 2, (size, 1)).astype(float)  # (size, size)
    return vertical, vertical.T


FILTER_MISTAKES = {
    "the two filters are swapped: the columns of the vertical filter differ": lambda size: _filters(size)[
        ::-1
    ],
    "the signs are reversed: -1 on the left and the top": lambda size: tuple(-k for k in _filters(size)),
    "both filters are the vertical one": lambda size: (_filters(size)[0],) * 2,
    "the horizontal filter has its sign reversed: -1 stands on top": lambda size: (
        _filters(size)[0],
        -_filters(size)[1],
    ),
    "only the outermost columns are set: every column left of the middle is -1": _outer_only,
    "only the middle row is set: every row of the vertical filter is the same": _middle_row_only,
    "the weights grow with the distance from the middle: they are -1, 0 and +1": _ramp,
    "the filters are divided by their size: the weights are -1, 0 and +1": lambda size: tuple(
        k / size for k in _filters(size)
    ),
    "always 3 by 3: use the argument size": lambda size: _filters(3),
}

RESPONSE_MISTAKES = {
    "the two responses are swapped: the vertical filter's comes first": _from_filters(lambda v, h: (h, v)),
    "the signs are reversed: -1 stands on the left and on top": _from_filters(lambda v, h: (-v, -h)),
    "the kernels are flipped: use the cross-correlation": lambda image, size: -_response(image, size),
    "both responses are the vertical filter's": _from_filters(lambda v, h: (v, v)),
    "both responses are the horizontal filter's": _from_filters(lambda v, h: (h, h)),
    "the absolute value is taken: keep the sign, it says which side is brighter": lambda image, size: np.abs(
        _response(image, size)
    ),
    "negative responses are gone: keep the sign, it says which side is brighter": lambda image, size: (
        np.maximum(_response(image, size), 0)
    ),
    "the responses are divided by the size": lambda image, size: _response(image, size) / size,
    "the responses are averaged over the window": lambda image, size: _response(image, size) / size**2,
    "the filters are always 3 by 3: use the argument size": lambda image, size: Shape(
        _response(image, 3).shape
    ),
    "the output has the size of the input: there is no padding": lambda image, size: Shape((2, *image.shape)),
    "the two responses stand in the last axis: the result is (2, H_out, W_out)": lambda image, size: Shape(
        (*_response(image, size).shape[1:], 2)
    ),
    "the two responses are combined into one: stack them, (2, H_out, W_out)": lambda image, size: Shape(
        _response(image, size).shape[1:]
    ),
    "H and W are swapped in the output": lambda image, size: Shape(_response(image.T, size).shape),
}


def _three():
    vertical = np.array([[-1.0, 0.0, 1.0]] * 3)  # (3, 3)
    return [
        Case(
            (3,),
            note="3 by 3",
            expected=(vertical, vertical.T.copy()),
            explain="the vertical filter is [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]",
        )
    ]


def _three_hidden(rng):
    return [Case((3,), note="3 by 3")]


def _any_size():
    vertical = np.array([[-1.0, -1.0, 0.0, 1.0, 1.0]] * 5)  # (5, 5)
    return [
        Case((5,), note="5 by 5", expected=(vertical, vertical.T.copy()), explain="each row is -1 -1 0 1 1")
    ]


def _any_size_hidden(rng):
    return [Case((int(size),), note="another odd size") for size in rng.permutation([3, 5, 7, 9, 11])]


def _plateau():
    response = np.tile([150.0, -150.0, -150.0, 0.0], (3, 1))  # (3, 4)
    return [
        Case(
            (PLATEAU.copy(), 3),
            note="a bright vertical stripe in a 5x6 image",
            expected=np.stack([response, np.zeros((3, 4))]),  # (2, 3, 4)
            explain="first window: each of three rows gives 0*(-1) + 50*0 + 50*1 = 50, together 150; "
            "nothing changes from row to row, so the horizontal response is 0",
        )
    ]


def _plateau_hidden(rng):
    return [
        Case((np.tile(rng.uniform(0, 9, 7), (5, 1)), 3), note="vertical stripes"),
        Case((np.tile(rng.uniform(0, 9, (6, 1)), (1, 4)), 3), note="horizontal stripes"),
    ]


def _images():
    image = np.zeros((4, 5))
    image[2:, :] = 0.5  # dark above, bright below
    return [
        Case(
            (image, 3),
            note="a horizontal edge",
            expected=np.stack([np.zeros((2, 3)), np.full((2, 3), 1.5)]),  # (2, 2, 3)
            explain="the row below minus the row above, three times: 3 * (0.5 - 0) = 1.5",
        ),
        Case(
            (np.tile([0.0, 0.0, 0.0, 1.0, 1.0], (5, 1)), 5),
            note="size 5, as large as the image",
            expected=np.array([[[10.0]], [[0.0]]]),  # (2, 1, 1)
            explain="each of five rows gives 1 + 1 - 0 - 0 = 2, together 10",
        ),
    ]


def _images_hidden(rng):
    sizes = [(7, 9, 5), (8, 6, 3), (9, 8, 7)]
    return [Case((rng.standard_normal((h, w)), s), note=f"a noisy image, size {s}") for h, w, s in sizes]


def _filters_check(name, about, visible, hidden):
    function, options = "edge_filters", {"parts": PARTS}
    return Check(
        f"{function}.{name}",
        function,
        about,
        ("size",),
        visible,
        hidden,
        _filters,
        FILTER_MISTAKES,
        **options,
    )


def _response_check(name, about, visible, hidden):
    function = "edge_response"
    return Check(
        f"{function}.{name}",
        function,
        about,
        ("image", "size"),
        visible,
        hidden,
        _response,
        RESPONSE_MISTAKES,
    )


CHECKS = (
    _filters_check("three", "the 3 by 3 filters", _three, _three_hidden),
    _filters_check("any_size", "filters of any odd size", _any_size, _any_size_hidden),
    _response_check("stripe", "stripes", _plateau, _plateau_hidden),
    _response_check("images", "images and sizes of all kinds", _images, _images_hidden),
)

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


def _made_with(filters):
    """The response with filters of the mistaken kind."""
    return lambda image, size: np.stack([corr2d(image, k) for k in filters(size)])


def _outer_only(size):
    """-1 and +1 in the outermost columns alone."""
    row = np.zeros(size)
    row[0], row[-1] = -1, 1
    return np.tile(row, (size, 1)), np.tile(row, (size, 1)).T  # (size, size) each


def _middle_row_only(size):
    vertical, _ = _filters(size)
    one = vertical * (np.arange(size) == size // 2)[:, None]  # (size, size)
    return one, one.T


def _middle(value):
    """The middle column counted to one of the sides."""

    def mistake(size):
        vertical, _ = _filters(size)
        vertical[:, size // 2] = value
        return vertical, vertical.T

    return mistake


def _next_to_middle(size):
    row = np.zeros(size)
    row[size // 2 - 1], row[size // 2 + 1] = -1, 1
    return np.tile(row, (size, 1)), np.tile(row, (size, 1)).T  # (size, size) each


def _sobel(size):
    vertical, _ = _filters(size)
    vertical[size // 2] *= 2
    return vertical, vertical.T


def _linspace(size):
    vertical = np.tile(np.linspace(-1, 1, size), (size, 1))  # (size, size)
    return vertical, vertical.T


def _one_array(size):
    """Columns, then rows written into the same array."""
    both, half = _filters(size)[0], size // 2
    both[:half], both[half + 1 :] = -1, 1
    return both, both


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
    "the middle column is -1: it is 0": _middle(-1),
    "the middle column is +1: it is 0": _middle(1),
    "this is the Sobel filter: all rows of the vertical filter are the same": _sobel,
    "the weights run from -1 to +1 in even steps: they are -1, 0 and +1": _linspace,
    "only the columns next to the middle are set: every column left of the middle is -1": _next_to_middle,
    "one row and one column only: both filters are (size, size)": lambda size: (
        _filters(size)[0][:1],
        _filters(size)[1][:, :1],
    ),
    "both filters are the same array, filled twice: `h = v` makes no copy": _one_array,
}

RESPONSE_MISTAKES = {
    "the two responses are swapped: the vertical filter's comes first": _from_filters(lambda v, h: (h, v)),
    "the signs are reversed: -1 stands on the left and on top, and a cross-correlation does not flip": (
        _from_filters(lambda v, h: (-v, -h))
    ),
    "the horizontal response has its sign reversed: -1 stands on top": _from_filters(lambda v, h: (v, -h)),
    "only the outermost columns of the filter are set: every column left of the middle is -1": _made_with(
        _outer_only
    ),
    "the filter's weights grow with the distance from the middle: they are -1, 0 and +1": _made_with(_ramp),
    "the filter's weights run from -1 to +1 in even steps: they are -1, 0 and +1": _made_with(_linspace),
    "the filter's middle column is -1: it is 0": _made_with(_middle(-1)),
    "the filter's middle column is +1: it is 0": _made_with(_middle(1)),
    "these are Sobel filters: all rows of the vertical filter are the same": _made_with(_sobel),
    "only the filter's columns next to the middle are set": _made_with(_next_to_middle),
    "both responses are the vertical filter's": _from_filters(lambda v, h: (v, v)),
    "both responses are the horizontal filter's": _from_filters(lambda v, h: (h, h)),
    "the absolute value is taken: keep the sign, it says which side is brighter": lambda image, size: np.abs(
        _response(image, size)
    ),
    "negative responses are gone: keep the sign, it says which side is brighter": lambda image, size: (
        np.maximum(_response(image, size), 0)
    ),
    "the responses are scaled, the largest to 1: leave them as they are": lambda image, size: (
        _response(image, size) / np.abs(_response(image, size)).max()
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
    "the responses stand under each other: np.stack gives them an axis of their own": lambda image, size: (
        np.concatenate([*_response(image, size)])
    ),
    "there is an axis too many: the result is (2, H_out, W_out)": lambda image, size: _response(image, size)[
        None
    ],
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

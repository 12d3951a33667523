"""One style of error, and the arithmetic of output sizes held to torch."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import fixed
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import _validation as v


def refuses(message):
    """Expect a ValueError with exactly this message."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def test_the_one_style():
    with refuses("conv2d: expected a kernel, got None"):
        v.fail("conv2d", "a kernel", None)


@pytest.mark.parametrize(("axes", "rank"), [("(N,)", 1), ("(H, W)", 2), ("(N, C_in, H, W)", 4)])
def test_check_rank(axes, rank):
    v.check_rank("op", "x", np.zeros((2,) * rank), axes)
    for wrong in (rank - 1, rank + 1):
        with refuses(f"op: expected `x` of shape {axes}, got shape {(2,) * wrong}"):
            v.check_rank("op", "x", np.zeros((2,) * wrong), axes)
    with refuses("op: expected `x` of a floating dtype, got dtype complex128"):
        v.check_rank("op", "x", np.zeros((2,) * rank, complex), axes)
    with refuses(f"op: expected `x` to be a NumPy array of shape {axes}, got Tensor"):
        v.check_rank("op", "x", torch.zeros((2,) * rank), axes)


def test_check_shape():
    v.check_shape("op", "b", np.zeros((2, 3)), [2, 3])
    with refuses("op: expected `b` of shape (3,) (C_out), got shape (1, 3)"):
        v.check_shape("op", "b", np.zeros((1, 3)), (3,), " (C_out)")
    with refuses("op: expected `b` to be a NumPy array of shape (3,), got float"):
        v.check_shape("op", "b", 1.0, (3,))


def test_check_same_dtype():
    single, double = np.zeros(1, "f"), np.zeros(1)
    v.check_same_dtype("op", x=single, w=single, b=None)
    v.check_same_dtype("op", b=None)
    with refuses("op: expected `x`, `w` of one dtype, got x float32, w float64"):
        v.check_same_dtype("op", x=single, w=double, b=None)


@pytest.mark.parametrize("value", [2, np.int64(2), np.uint8(2)])
def test_as_int_takes_integers(value):
    assert v.as_int("op", "stride", value, 1) == 2
    assert type(v.as_int("op", "stride", value, 1)) is int


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None, True, np.True_, np.array([1, 2]), (2,)])
def test_as_int_refuses(value):
    with refuses(f"op: expected `stride` to be an integer of at least 1, got {value!r}"):
        v.as_int("op", "stride", value, 1)


@pytest.mark.parametrize(
    ("value", "expected"), [(3, (3, 3)), ((1, 2), (1, 2)), ([1, 2], (1, 2)), (np.int32(3), (3, 3))]
)
def test_as_pair(value, expected):
    assert v.as_pair("op", "stride", value, 1) == expected


def test_as_pair_refuses():
    with refuses("op: expected `stride` to be an integer or a pair of them, got (1,)"):
        v.as_pair("op", "stride", (1,), 1)
    for value, named in ((0, 0), ((1, 0), 0), ((1.5, 1), 1.5)):
        with refuses(f"op: expected `stride` to be an integer of at least 1, got {named!r}"):
            v.as_pair("op", "stride", value, 1)


SIZES = {
    name: st.integers(low, high) for name, low, high in (("size", 1, 30), ("kernel", 1, 6), ("stride", 1, 5))
}


@given(**SIZES, padding=st.integers(0, 5), dilation=st.integers(1, 4))
@fixed
def test_output_size_is_torchs(size, kernel, stride, padding, dilation):
    x, w = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel)
    if dilation * (kernel - 1) + 1 > size + 2 * padding:
        with pytest.raises(
            ValueError, match="conv_output_size: expected a padded size of at least the kernel's extent"
        ):
            v.conv_output_size(size, kernel, stride, padding, dilation)
        return
    expected = F.conv1d(x, w, None, stride, padding, dilation).shape[-1]
    assert v.conv_output_size(size, kernel, stride, padding, dilation) == expected
    assert v.conv_output_size(size, kernel, stride, padding, dilation) != expected - 1  # the usual misprint


@given(**SIZES, dilation=st.integers(1, 3), data=st.data())
@fixed
def test_output_size_in_ceil_mode_is_torchs(size, kernel, stride, dilation, data):
    padding = data.draw(st.integers(0, kernel // 2))
    assume(dilation * (kernel - 1) + 1 <= size + 2 * padding)
    expected = F.max_pool1d(torch.zeros(1, 1, size), kernel, stride, padding, dilation, ceil_mode=True).shape[
        -1
    ]
    assert v.conv_output_size(size, kernel, stride, padding, dilation, ceil_mode=True) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": -1}, "`size` to be an integer of at least 0, got -1"),
        ({"kernel_size": 0}, "`kernel_size` to be an integer of at least 1, got 0"),
        ({"stride": 0}, "`stride` to be an integer of at least 1, got 0"),
        ({"padding": -1}, "`padding` to be an integer of at least 0, got -1"),
        ({"dilation": 1.5}, "`dilation` to be an integer of at least 1, got 1.5"),
        ({"size": 2}, "a padded size of at least the kernel's extent 3, got 2"),
    ],
)
def test_output_size_refuses(arguments, message):
    with refuses(f"conv_output_size: expected {message}"):
        v.conv_output_size(**{"size": 5, "kernel_size": 3} | arguments)


def test_output_size_wants_a_flag():
    with refuses("conv_output_size: expected `ceil_mode` to be True or False, got 1"):
        v.conv_output_size(5, 3, ceil_mode=1)


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.5), np.float16(1), np.int8(0)])
def test_as_float_takes_numbers_and_gives_python_s_own(value):
    assert v.as_float("op", "p", value, 0, 1) == value
    assert type(v.as_float("op", "p", value, 0, 1)) is float


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "0.5", None, True, np.True_, 1j, np.array([0.5])])
def test_as_float_refuses(value):
    with refuses(f"op: expected `p` from 0 to 1, got {value!r}"):
        v.as_float("op", "p", value, 0, 1)


def test_as_float_says_what_range_it_wants():
    assert v.as_float("op", "x", -np.inf) == -np.inf
    with refuses("op: expected `x` to be a number, got nan"):
        v.as_float("op", "x", float("nan"))
    with refuses("op: expected `x` of at least 0, got -1"):
        v.as_float("op", "x", -1, 0)


def test_as_bool():
    assert [v.as_bool("op", "b", value) for value in (True, False, np.True_)] == [True, False, True]
    for wrong in (1, 0, None, "yes", np.array([True])):
        with refuses(f"op: expected `b` to be True or False, got {wrong!r}"):
            v.as_bool("op", "b", wrong)


def test_check_choice():
    v.check_choice("op", "mode", "full", ("valid", "full"))
    for wrong in ("same", None, ["full"], np.array(["full", "valid"])):
        with refuses(f"op: expected `mode` among 'valid', 'full', got {wrong!r}"):
            v.check_choice("op", "mode", wrong, ("valid", "full"))


@pytest.mark.parametrize("kind", [np.ma.MaskedArray, np.matrix])
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_arrays_with_rules_of_their_own_are_no_arrays(kind):
    array = kind(np.eye(2))
    for check in (
        lambda: v.check_floating("op", "x", array),
        lambda: v.check_rank("op", "x", array, "(H, W)"),
        lambda: v.check_shape("op", "x", array, (2, 2)),
        lambda: v.check_batch("op", "x", array, 2, "(N, C)"),
    ):
        with pytest.raises(ValueError, match=f"^op: expected `x` to be a .*, got {kind.__name__}$"):
            check()


def test_the_order_of_bytes_is_no_other_dtype():
    v.check_same_dtype("op", x=np.zeros(1, ">f4"), w=np.zeros(1, "<f4"))
    with refuses("op: expected `x`, `w` of one dtype, got x >f4, w float64"):
        v.check_same_dtype("op", x=np.zeros(1, ">f4"), w=np.zeros(1))

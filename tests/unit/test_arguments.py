"""Every argument of every operation, with every kind of value: an answer of the contract, or an error of its style."""

import inspect
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from test_contract import OPERATIONS, PAIRED

from course_lib import functional


def operands(name, dtype="f8"):
    """Arguments that the operation accepts, its arrays in the dtype."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    x = draw(2, 4, 6, 5)
    special = {
        "conv2d": (x, draw(6, 2, 3, 2), draw(6), 1, 1, 1, 2),
        "conv1d": (draw(2, 4, 7), draw(6, 4, 3), draw(6)),
        "conv_transpose2d": (x, draw(4, 3, 3, 2), draw(3), 2, 1, 1),
        "corr2d": (draw(5, 6), draw(2, 3)),
        "convolve2d": (draw(5, 6), draw(2, 3)),
        "lp_pool2d": (np.abs(x), 2, 2),
        "linear": (draw(2, 3, 4), draw(5, 4), draw(5)),
        "cross_entropy": (draw(3, 4), np.array([0, 3, 1])),
        "batch_norm": (x, draw(4), np.abs(draw(4)), draw(4), draw(4), True),
        "dropout": (x, 0.5, True, 0),
        "local_response_norm": (x, 3),
        "interpolate": (x, (9, 7), None, "bilinear"),
        "max_unpool2d": (draw(1, 1, 1, 2), np.array([[[[1, 7]]]]), 2),
        "softmax": (x, 1),
        "log_softmax": (x, 1),
    }
    if name in special:
        return special[name]
    return (x, 2) if "kernel_size" in parameters(name) or "output_size" in parameters(name) else (x,)


def parameters(name):
    """The names of an operation's parameters, and their defaults."""
    return {p.name: p.default for p in inspect.signature(getattr(functional, name)).parameters.values()}


def calls(name):
    """An operation, and its backward with a gradient of the right shape, each with all its arguments."""
    arguments = operands(name)
    arguments = (*arguments, *list(parameters(name).values())[len(arguments) :])
    yield name, arguments
    if name in PAIRED:
        out = getattr(functional, name)(*arguments)
        yield f"{name}_backward", (np.ones(np.shape(getattr(out, "out", out))), *arguments)


MASKED = np.ma.masked_array(np.ones((2, 4, 6, 5)), mask=True)
ODD = [
    *(None, "image", b"image", True, False, np.True_, object(), {}, (), (1, 2, 3), [None, 1], (1, None)),
    *(0, -1, 1.5, 1j, float("nan"), float("inf"), np.float32(2), np.float64(0.5), np.int8(3), np.uint8(2)),
    *(range(2), ("same", "valid"), (1.5, 2), [[1.0, 2.0]], np.datetime64("2020"), 2**40, -(2**70)),
    *(np.array(2), np.array(1.0), np.array([2, 2]), np.array([True]), np.array([1j]), np.array(["a"])),
    *(np.zeros(0), np.zeros((2, 4, 6, 5), int), np.zeros((2, 4, 6, 5), bool), MASKED, np.array([None])),
]
HUGE = {"stride", "dilation", "padding", "output_size", "size", "scale_factor", "kernel_size"}
HUGE_LEGAL = {"alpha", "beta", "k", "norm_type"}  # numbers of any size, but powers of them overflow


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_given_the_answer_is_right_or_the_error_has_the_one_style(name):
    for function, arguments in calls(name):
        names = [*(["grad_out"] if function != name else []), *parameters(name)]
        for position, parameter in enumerate(names):
            for odd in ODD:
                if isinstance(odd, int) and abs(odd) > 9 and parameter in HUGE | HUGE_LEGAL:
                    continue  # legal, and larger than the memory or the range of floats
                given = [*arguments[:position], odd, *arguments[position + 1 :]]
                message = refusal(function, given)
                style = rf"{function}: expected .+, got "
                assert message is None or re.match(style, message, re.DOTALL), (
                    f"{parameter}={odd!r}: {message}"
                )


def refusal(function, given):
    """What the operation says of its arguments; None where it takes them."""
    try:
        with np.errstate(all="ignore"):
            getattr(functional, function)(*given)
    except ValueError as error:
        return str(error)


FLAGS = [
    (name, flag)
    for name in PAIRED
    for flag in ("ceil_mode", "count_include_pad", "training", "align_corners")
    if flag in parameters(name)
]


@pytest.mark.parametrize(("name", "flag"), FLAGS)
@pytest.mark.parametrize("wrong", [1, 0, "no", (1, 1)])
def test_a_flag_is_true_or_false(name, flag, wrong):
    settings = dict(zip(parameters(name), operands(name), strict=False)) | {flag: wrong}
    with pytest.raises(ValueError, match=f"^{name}: expected `{flag}` to be True or False, got "):
        getattr(functional, name)(**settings)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "f2"])
def test_the_dtype_is_kept_and_the_order_of_bytes_makes_no_difference(name, dtype):
    """Bytes in the other order come from files; NumPy answers in the machine's own order."""
    arguments = operands(name, dtype)
    native = np.dtype(dtype).newbyteorder("=")
    expected = [a.astype(native) if getattr(a, "dtype", None) == dtype else a for a in arguments]
    out, same = (as_arrays(getattr(functional, name)(*given)) for given in (arguments, expected))
    for array, right in zip(out, same, strict=True):
        assert array.dtype.newbyteorder("=") == (native if right.dtype.kind == "f" else right.dtype)
        np.testing.assert_allclose(array, right, rtol=100 * np.finfo(dtype).eps)
    if name in PAIRED:
        grad_out = np.ones(out[0].shape, dtype)
        for order in (dtype, native):  # the gradient of a native result is native
            grads = getattr(functional, f"{name}_backward")(grad_out.astype(order), *arguments)
            right = getattr(functional, f"{name}_backward")(grad_out.astype(native), *expected)
            for array, wanted in zip(as_arrays(grads), as_arrays(right), strict=True):
                assert array.dtype.newbyteorder("=") == native
                np.testing.assert_allclose(array, wanted, rtol=100 * np.finfo(dtype).eps)


def as_arrays(result):
    """The arrays of a result, whether it is one array or a record of them."""
    return [
        np.asarray(part) for part in (result if isinstance(result, tuple) else (result,)) if part is not None
    ]


@pytest.mark.parametrize("scalar", [np.float64, np.float32, np.float16])
def test_settings_given_as_numpy_scalars_do_not_widen(scalar):
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)  # (N, C, L)
    settings = {"alpha": scalar(0.5), "beta": scalar(0.75), "k": scalar(2)}
    out = functional.local_response_norm(x, 2, **settings)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, F.local_response_norm(torch.tensor(x), 2, 0.5, 0.75, 2.0), rtol=1e-6)
    assert functional.local_response_norm_backward(x, x, 2, **settings).x.dtype == np.float32


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "dropout"])
def test_an_array_without_axes_gives_one(name):
    x = np.array(0.75, np.float32)
    settings = {"rng": 1} if name == "dropout" else {}
    out = getattr(functional, name)(x, **settings)
    grad = getattr(functional, f"{name}_backward")(out, out, **settings).x
    assert [(type(a), a.shape, a.dtype) for a in (out, grad)] == [(np.ndarray, (), np.float32)] * 2


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_the_axis_may_be_a_numpy_integer(name):
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(getattr(functional, name)(x, np.int64(0)), getattr(functional, name)(x, 0))


def test_a_seed_of_dropout_is_no_float_and_not_negative():
    for wrong in (1.5, -1, "seed", True):
        with pytest.raises(ValueError, match="^dropout: expected `rng` to be an integer of at least 0, got "):
            functional.dropout(np.ones(3), rng=wrong)


def test_a_mean_over_classes_without_weight_is_infinite_where_smoothing_leaves_a_cost():
    logits, target, weight = np.zeros((2, 2)), np.array([0, 0]), np.array([0.0, 1.0])
    assert functional.cross_entropy(logits, target, weight, label_smoothing=0.5) == np.inf


@pytest.mark.parametrize("size", [5, (5,), (1, 5, 5), (5.0, 5), ("a", 5), np.array([5, 5])])
def test_the_size_of_an_unpooling_is_two_or_four_integers(size):
    x, indices = np.ones((1, 1, 2, 2)), np.arange(4).reshape(1, 1, 2, 2)
    with pytest.raises(ValueError, match="^max_unpool2d: expected `output_size` to be "):
        functional.max_unpool2d(x, indices, 2, output_size=size)
    assert functional.max_unpool2d(x, indices, 2, output_size=[1, 1, 5, 5]).shape == (1, 1, 5, 5)

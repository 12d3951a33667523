"""Activations and softmax against torch, central differences and numbers worked by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import arrays, assert_close, check_against_torch, fixed
from hypothesis import given
from hypothesis import strategies as st

from course_lib import functional as ours

ELEMENTWISE = {"relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
ALONG_CLASSES = {"softmax": F.softmax, "log_softmax": F.log_softmax}
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).flatmap(arrays)


@pytest.mark.parametrize("name", ELEMENTWISE)
@fixed
@given(x=shapes)
def test_elementwise_activations_equal_torch(name, x):
    check_against_torch(name, ELEMENTWISE[name], {"x": x})
    check_against_torch(name, ELEMENTWISE[name], {"x": x * x.dtype.type(1e4)})


@pytest.mark.parametrize("name", ALONG_CLASSES)
@fixed
@given(x=shapes, dim=st.integers(-4, 3), scale=st.sampled_from([1, 1e4]))
def test_softmaxes_equal_torch(name, x, dim, scale):
    dim = dim % x.ndim - x.ndim * (dim < 0)
    check_against_torch(name, ALONG_CLASSES[name], {"x": x * x.dtype.type(scale)}, options={"dim": dim})


@pytest.mark.parametrize("name", [*ELEMENTWISE, *ALONG_CLASSES])
def test_gradients_equal_central_differences(name):
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    options = {"dim": 1} if name in ALONG_CLASSES else {}
    check_against_torch(name, (ELEMENTWISE | ALONG_CLASSES)[name], {"x": x}, options=options, numeric=True)


def test_activations_by_hand():
    x = np.array([-np.log(3), 0, np.log(3)])
    assert ours.relu(x).tolist() == [0, 0, np.log(3)]
    np.testing.assert_allclose(ours.sigmoid(x), [1 / 4, 1 / 2, 3 / 4], rtol=1e-15)
    np.testing.assert_allclose(ours.tanh(x), [-4 / 5, 0, 4 / 5], rtol=1e-15)
    np.testing.assert_allclose(ours.softmax(x), [1 / 13, 3 / 13, 9 / 13], rtol=1e-15)
    np.testing.assert_allclose(ours.log_softmax(x), np.log([1 / 13, 3 / 13, 9 / 13]), rtol=1e-15)
    ones = np.ones(3)
    assert ours.relu_backward(ones, x).x.tolist() == [0, 0, 1]
    np.testing.assert_allclose(ours.sigmoid_backward(ones, x).x, [3 / 16, 1 / 4, 3 / 16], rtol=1e-15)
    np.testing.assert_allclose(ours.tanh_backward(ones, x).x, [9 / 25, 1, 9 / 25], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_overflows_at_ten_thousand(dtype):
    x = np.array([-1e4, -1e4 + 1, 1e4], dtype)
    assert_close(ours.sigmoid(x), np.array([0, 0, 1], dtype))
    assert_close(ours.softmax(x), np.array([0, 0, 1], dtype))
    assert_close(ours.log_softmax(x), np.array([-2e4, -2e4 + 1, 0], dtype))
    assert_close(ours.sigmoid_backward(np.ones_like(x), x).x, np.zeros(3, dtype))


def test_sigmoid_keeps_its_small_values():
    assert ours.sigmoid(np.array([-700.0]))[0] == np.exp(-700.0)
    assert ours.sigmoid_backward(np.ones(1), np.array([700.0])).x[0] == np.exp(-700.0)


def test_nan_and_infinity():
    special = np.array([np.nan, np.inf, -np.inf])
    for name, theirs in ELEMENTWISE.items():
        check_against_torch(name, theirs, {"x": special})


X = np.zeros((2, 3))


@pytest.mark.parametrize("name", [*ELEMENTWISE, *ALONG_CLASSES])
def test_bad_arguments_are_named(name):
    forward, backward = getattr(ours, name), getattr(ours, f"{name}_backward")
    with pytest.raises(
        ValueError, match=f"{name}: expected `x` to be a NumPy array of a floating dtype, got dtype int"
    ):
        forward(X.astype(int))
    with pytest.raises(
        ValueError, match=f"{name}: expected `x` to be a NumPy array of a floating dtype, got list"
    ):
        forward([0.0])
    with pytest.raises(
        ValueError, match=rf"{name}_backward: expected `grad_out` of shape \(2, 3\), got shape \(3, 2"
    ):
        backward(X.T, X)
    with pytest.raises(
        ValueError, match=f"{name}_backward: expected `grad_out`, `x` of one dtype, got grad_out float32"
    ):
        backward(X.astype(np.float32), X)


@pytest.mark.parametrize("name", ALONG_CLASSES)
def test_bad_axes_are_named(name):
    forward = getattr(ours, name)
    with pytest.raises(ValueError, match=f"{name}: expected `dim` to be an axis of the 2 of `x`, got 2"):
        forward(X, 2)
    with pytest.raises(ValueError, match=f"{name}: expected `dim` to be an axis of the 2 of `x`, got None"):
        forward(X, None)
    with pytest.raises(ValueError, match=rf"{name}: expected at least one class, got shape \(2, 0\)"):
        forward(X[:, :0])

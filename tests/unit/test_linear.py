"""The dense layer against torch, central differences and arrays worked by hand."""

import numpy as np
import pytest
import torch.nn.functional as F
from _oracle import arrays, check_against_torch, fixed
from hypothesis import given
from hypothesis import strategies as st

from course_lib import functional as ours


@st.composite
def dense_layers(draw):
    """Input with any number of leading axes, weights, and perhaps a bias."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    features_in, features_out = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    leading = draw(st.lists(st.integers(0, 3), max_size=3))
    return {
        "x": draw(arrays((*leading, features_in), dtype=dtype)),
        "weight": draw(arrays((features_out, features_in), dtype=dtype)),
        "bias": draw(st.none() | arrays((features_out,), dtype=dtype)),
    }


@fixed
@given(dense_layers())
def test_linear_equals_torch(layer):
    check_against_torch("linear", F.linear, layer)


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3)])
def test_gradients_equal_central_differences(shape):
    rng = np.random.default_rng(0)
    layer = {"x": rng.normal(size=shape), "weight": rng.normal(size=(2, 3)), "bias": rng.normal(size=2)}
    check_against_torch("linear", F.linear, layer, numeric=True)


def test_linear_by_hand():
    x, weight, bias = (
        np.array([[1.0, 2], [3, 4]]),
        np.array([[1.0, 0], [0, 1], [1, 1]]),
        np.array([0.0, 0, 10]),
    )
    assert ours.linear(x, weight, bias).tolist() == [[1, 2, 13], [3, 4, 17]]
    grads = ours.linear_backward(np.array([[1.0, 0, 0], [0, 0, 2]]), x, weight, bias)
    assert grads.x.tolist() == [[1, 0], [2, 2]]
    assert grads.weight.tolist() == [[1, 2], [0, 0], [6, 8]]
    assert grads.bias.tolist() == [1, 0, 2]


X, W = np.zeros((2, 3)), np.zeros((4, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.linear(X, W.T),
            r"linear: expected `x` of shape \(..., 4\) to fit `weight`, got shape \(2, 3\)",
        ),
        (
            lambda: ours.linear(X, W[0]),
            r"linear: expected `weight` of shape \(out_features, in_features\), got",
        ),
        (
            lambda: ours.linear(X, W, np.zeros(3)),
            r"linear: expected `bias` of shape \(4,\), got shape \(3,\)",
        ),
        (
            lambda: ours.linear(X.astype("f4"), W),
            "linear: expected `x`, `weight` of one dtype, got x float32, weight",
        ),
        (lambda: ours.linear(X.astype(int), W), "linear: expected `x`, `weight` of one dtype, got x int64"),
        (lambda: ours.linear([1.0], W), "linear: expected `x` to be a NumPy array .* got list"),
        (lambda: ours.linear(np.zeros(()), W), r"linear: expected `x` of shape \(..., 3\) .* got shape \(\)"),
        (
            lambda: ours.linear_backward(X, X, W),
            r"linear_backward: expected `grad_out` of shape \(2, 4\), got shape",
        ),
        (lambda: ours.linear_backward(np.zeros((2, 4), "f4"), X, W), "expected `grad_out`, `x` of one dtype"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

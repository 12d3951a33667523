"""Batch norm, local response norm and dropout against torch, central differences and hand-worked arrays."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import arrays, assert_close, check_against_torch, fixed
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import functional as ours


def batch_norm_of_torch(x, running_mean, running_var, weight, bias, **options):
    """Torch's batch norm, which updates the running statistics in place, on copies of them."""
    statistics = [None if s is None else s.detach().clone() for s in (running_mean, running_var)]
    return F.batch_norm(x, *statistics, weight, bias, **options)


@st.composite
def normalisations(draw):
    """A batch of rank 2 to 4 with or without statistics, scale and offset."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    n, channels, training = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.booleans())
    shape = (n, channels, *draw(st.lists(st.integers(1, 5), max_size=2)))
    assume(not training or np.prod(shape) // channels > 1)
    vector = arrays((channels,), dtype=dtype)
    statistics = not training or draw(st.booleans())
    batch = {
        "x": draw(arrays(shape, dtype=dtype)),
        "running_mean": draw(vector) if statistics else None,
        "running_var": draw(arrays((channels,), dtype=dtype, positive=True)) if statistics else None,
        "weight": draw(st.none() | vector),
        "bias": draw(st.none() | vector),
    }
    options = {
        "training": training,
        "momentum": draw(st.sampled_from([0.0, 0.1, 1.0])),
        "eps": draw(st.sampled_from([1e-5, 0.1])),
    }
    return batch, options


@fixed
@given(normalisations())
def test_batch_norm_equals_torch(case):
    batch, options = case
    flat = np.moveaxis(batch["x"], 1, 0).reshape(batch["x"].shape[1], -1)
    assume(not options["training"] or options["eps"] == 0.1 or flat.std(axis=1).min() > 0.1)
    check_against_torch("batch_norm", batch_norm_of_torch, batch, options=options)
    if batch["running_mean"] is not None:
        tensors = {k: None if v is None else torch.tensor(v) for k, v in batch.items()}
        F.batch_norm(**{"input" if k == "x" else k: v for k, v in tensors.items()}, **options)
        result = ours.batch_norm(**batch, **options)
        assert_close(result.running_mean, tensors["running_mean"].numpy())
        assert_close(result.running_var, tensors["running_var"].numpy())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(5, 2), (3, 2, 4), (2, 2, 3, 4)])
def test_batch_norm_gradients_equal_central_differences(training, shape):
    rng = np.random.default_rng(0)
    batch = {
        "x": rng.normal(3, 2, shape),
        "running_mean": rng.normal(size=2),
        "running_var": rng.random(2) + 0.5,
    }
    batch |= {"weight": rng.normal(size=2), "bias": rng.normal(size=2)}
    options = {"training": training}
    check_against_torch("batch_norm", batch_norm_of_torch, batch, options=options, numeric=True)


def test_batch_norm_by_hand():
    x = np.array([[0.0], [2.0], [4.0], [6.0]])  # mean 3, biased variance 5, unbiased 20 / 3
    result = ours.batch_norm(x, np.zeros(1), np.ones(1), np.array([2.0]), np.array([1.0]), True, 0.1, 0.0)
    np.testing.assert_allclose(result.out.ravel(), 1 + 2 * np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-15)
    assert result.running_mean == pytest.approx(0.3)
    assert result.running_var == pytest.approx(0.9 + 2 / 3)
    evaluated = ours.batch_norm(x, np.array([2.0]), np.array([4.0]), eps=0.0)
    assert evaluated.out.ravel().tolist() == [-1, 0, 1, 2]
    assert evaluated.running_mean.tolist() == [2]


@pytest.mark.parametrize(("std", "outlier"), [(1, None), (1, 0.0), (0.01, None)])
def test_batch_norm_keeps_its_accuracy_beside_a_large_mean(std, outlier):
    rng = np.random.default_rng(0)
    x = (12345.678 + std * rng.standard_normal((32, 3, 16, 16))).astype(np.float32)
    if outlier is not None:
        x[0, :, 0, 0] = outlier
    g = rng.standard_normal(x.shape).astype(np.float32)
    exact, weight = x.astype(np.float64), np.ones(3, np.float32)
    result = ours.batch_norm(x, np.zeros(3, np.float32), np.ones(3, np.float32), weight, training=True)
    reference = ours.batch_norm(exact, np.zeros(3), np.ones(3), np.ones(3), training=True)
    np.testing.assert_allclose(result.out, reference.out, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(result.running_var, reference.running_var, rtol=2e-6)
    np.testing.assert_allclose(result.running_mean, reference.running_mean, rtol=2e-7)
    grads = ours.batch_norm_backward(g, x, None, None, weight, training=True)
    expected = ours.batch_norm_backward(g.astype(np.float64), exact, None, None, np.ones(3), training=True)
    np.testing.assert_allclose(grads.x, expected.x, rtol=2e-5, atol=2e-5 * np.abs(expected.x).max())
    np.testing.assert_allclose(grads.weight, expected.weight, rtol=1e-4)


def test_batch_norm_in_evaluation_keeps_its_accuracy_beside_a_large_mean():
    x = np.array([[9999.0], [10001.0]], np.float32)
    result = ours.batch_norm(x, np.array([1e4], np.float32), np.array([1e-2], np.float32), eps=0.0)
    np.testing.assert_allclose(result.out.ravel(), [-10, 10], rtol=1e-6)


def test_a_constant_channel_becomes_its_offset():
    x, bias = np.full((4, 1, 3, 3), 7.1, np.float32), np.array([0.25], np.float32)
    result = ours.batch_norm(x, None, None, None, bias, training=True)
    np.testing.assert_allclose(result.out, np.full(x.shape, 0.25), atol=1e-6)


@fixed
@given(
    arrays((st.integers(1, 2), st.integers(1, 7), st.integers(1, 3), st.integers(1, 3))),
    st.integers(1, 9),
    st.sampled_from([1e-4, 0.5, 2.0]),
    st.sampled_from([0.75, 1.0, 2.0]),
    st.sampled_from([1.0, 2.0]),
)
def test_local_response_norm_equals_torch(x, size, alpha, beta, k):
    options = {"size": size, "alpha": alpha, "beta": beta, "k": k}
    check_against_torch("local_response_norm", F.local_response_norm, {"x": x}, options=options)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9])
def test_local_response_norm_gradients_equal_central_differences(size):
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    options = {"size": size, "alpha": 0.7}
    check_against_torch("local_response_norm", F.local_response_norm, {"x": x}, options=options, numeric=True)


def test_local_response_norm_by_hand():
    x = np.array([[[1.0], [2.0], [3.0]]])
    out = ours.local_response_norm(x, size=2, alpha=2.0, beta=1.0, k=0.0)  # divisors 1, 1 + 4, 4 + 9
    np.testing.assert_allclose(out.ravel(), [1, 2 / 5, 3 / 13], rtol=1e-15)


def test_dropout_drops_its_share_and_keeps_the_expectation():
    x = np.ones((200, 500), np.float32)
    out = ours.dropout(x, p=0.3, rng=np.random.default_rng(0))
    assert out.dtype == np.float32
    assert set(np.unique(out)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (out == 0).mean() == pytest.approx(0.3, abs=0.005)  # 3.5 standard deviations
    assert out.mean() == pytest.approx(1, abs=0.008)


def test_dropout_backward_draws_the_forward_s_mask_again():
    x, grad_out = np.arange(1.0, 25).reshape(2, 3, 4), np.arange(24.0, 0, -1).reshape(2, 3, 4)
    rng = np.random.default_rng(3)
    before = copy.deepcopy(rng)
    out = ours.dropout(x, 0.5, rng=rng)
    np.testing.assert_array_equal(ours.dropout_backward(grad_out, x, 0.5, rng=before).x, grad_out * out / x)
    assert (ours.dropout(x, 0.5, rng=rng) != out).any()  # the generator moved on
    np.testing.assert_array_equal(ours.dropout(x, 0.5, rng=7), ours.dropout(x, 0.5, rng=7))


@pytest.mark.parametrize(("p", "training", "factor"), [(0.5, False, 1), (0.0, True, 1), (1.0, True, 0)])
def test_dropout_at_its_limits(p, training, factor):
    x = np.array([1.0, -2.0])
    assert ours.dropout(x, p, training, rng=0).tolist() == (factor * x).tolist()
    assert ours.dropout_backward(x, x, p, training, rng=0).x.tolist() == (factor * x).tolist()
    assert ours.dropout(x, p, training, rng=0) is not x


X, V = np.zeros((2, 3, 4, 4)), np.ones(3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.batch_norm(X[0, 0, 0], V, V),
            r"batch_norm: expected `x` to be a floating .* got shape \(4,\)",
        ),
        (
            lambda: ours.batch_norm([[1.0]], V, V),
            "batch_norm: expected `x` to be a floating NumPy array .* got list",
        ),
        (
            lambda: ours.batch_norm(X, V[:2], V),
            r"batch_norm: expected `running_mean` of shape \(3,\), got shape \(2,",
        ),
        (
            lambda: ours.batch_norm(X, V, V, V.astype("f4")),
            "batch_norm: expected .* of one dtype, got x float64",
        ),
        (
            lambda: ours.batch_norm(X, None, None),
            "batch_norm: expected `running_mean` and `running_var`, or neither",
        ),
        (
            lambda: ours.batch_norm(X, V, None, training=True),
            "batch_norm: expected `running_mean` and `running_var`",
        ),
        (
            lambda: ours.batch_norm(X[:1, :, 0, 0], V, V, training=True),
            "expected at least two values per channel",
        ),
        (lambda: ours.batch_norm(X, V, V, momentum=2), "batch_norm: expected `momentum` from 0 to 1, got 2"),
        (lambda: ours.batch_norm(X, V, V, eps=-1), "batch_norm: expected `eps` of at least 0, got -1"),
        (
            lambda: ours.batch_norm_backward(X[0], X, V, V),
            r"batch_norm_backward: expected `grad_out` of shape \(2, 3",
        ),
        (
            lambda: ours.local_response_norm(X[0, 0], 3),
            "local_response_norm: expected `x` to be a floating NumPy",
        ),
        (
            lambda: ours.local_response_norm(X, 0),
            "local_response_norm: expected `size` to be an integer of at least 1",
        ),
        (
            lambda: ours.local_response_norm_backward(X[0], X, 1),
            "local_response_norm_backward: expected `grad_out`",
        ),
        (lambda: ours.dropout(X), "dropout: expected `rng`, a generator or a seed, in training, got None"),
        (lambda: ours.dropout(X, 1.5, rng=0), "dropout: expected `p` from 0 to 1, got 1.5"),
        (lambda: ours.dropout(X.astype(int), rng=0), "dropout: expected `x` to be .* got dtype int64"),
        (
            lambda: ours.dropout_backward(X[0], X, rng=0),
            r"dropout_backward: expected `grad_out` of shape \(2, 3, 4, 4",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

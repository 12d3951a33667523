"""Cross-entropy against torch, central differences and numbers worked by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import arrays, assert_close, check_against_torch, fixed
from hypothesis import given
from hypothesis import strategies as st

from course_lib import functional as ours


@st.composite
def classifications(draw):
    """Logits with a target of indices or probabilities, and every option torch has for them."""
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    n, classes = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    pixels = draw(st.lists(st.integers(1, 3), max_size=2))
    logits = draw(arrays((n, classes, *pixels), dtype=dtype)) * dtype(draw(st.sampled_from([1, 30, 1e4])))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    options = {
        "weight": draw(st.none() | arrays((classes,), dtype=dtype, positive=True)),
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 1.0])),
    }
    if draw(st.booleans()):
        target = rng.random(logits.shape).astype(dtype)
    else:
        target = rng.integers(0, classes, (n, *pixels))
        options["ignore_index"] = draw(st.sampled_from([-100, 0]))
    return logits, target, options


def theirs(logits, target, *, weight=None, **options):
    weight = None if weight is None else torch.tensor(weight)
    return F.cross_entropy(logits, target, weight=weight, **options)


@fixed
@given(classifications())
def test_cross_entropy_equals_torch(case):
    logits, target, options = case
    check_against_torch("cross_entropy", theirs, {"logits": logits, "target": target}, options=options)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("soft", [False, True])
def test_gradients_equal_central_differences(reduction, soft):
    rng = np.random.default_rng(0)
    target = rng.random((4, 3, 2)) if soft else rng.integers(0, 3, (4, 2))
    options = {"reduction": reduction, "label_smoothing": 0.2, "weight": np.array([0.5, 1, 2])}
    arrays_ = {"logits": rng.normal(size=(4, 3, 2)), "target": target}
    check_against_torch("cross_entropy", theirs, arrays_, options=options, numeric=True)


def test_cross_entropy_by_hand():
    logits = np.log(np.array([[1.0, 3.0], [1.0, 1.0]]))  # probabilities 1/4, 3/4 and 1/2, 1/2
    target = np.array([0, 1])
    losses = ours.cross_entropy(logits, target, reduction="none")
    np.testing.assert_allclose(losses, [np.log(4), np.log(2)], rtol=1e-15)
    assert ours.cross_entropy(logits, target) == pytest.approx(1.5 * np.log(2), rel=1e-15)
    gradient = ours.cross_entropy_backward(1.0, logits, target).logits
    np.testing.assert_allclose(gradient, [[-3 / 8, 3 / 8], [1 / 4, -1 / 4]], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_and_wrong_is_expensive_but_finite(dtype):
    logits = np.array([[1e4, 0, -1e4]], dtype)
    assert_close(ours.cross_entropy(logits, np.array([2])), np.array(2e4, dtype))
    assert_close(ours.cross_entropy(logits, np.array([0])), np.array(0, dtype))
    gradient = ours.cross_entropy_backward(1.0, logits, np.array([2])).logits
    assert_close(gradient, np.array([[1, 0, -1]], dtype))


def test_an_impossible_class_costs_nothing_where_it_is_not_the_target():
    logits = np.array([[0.0, -np.inf]])
    assert ours.cross_entropy(logits, np.array([0])) == 0
    assert ours.cross_entropy(logits, np.array([1])) == np.inf


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_a_mean_over_nothing_is_nan_and_its_gradient_zero(label_smoothing):
    logits, target = np.ones((2, 3)), np.array([-100, -100])
    options = {"label_smoothing": label_smoothing}
    check_against_torch("cross_entropy", theirs, {"logits": logits, "target": target}, options=options)
    assert np.isnan(ours.cross_entropy(np.ones((0, 3)), np.zeros(0, int)))
    assert ours.cross_entropy_backward(1.0, np.ones((0, 3)), np.zeros(0, int)).logits.shape == (0, 3)


Z, T = np.zeros((2, 3)), np.array([0, 2])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.cross_entropy(Z[0], T),
            r"cross_entropy: expected `logits` of shape \(N, C, ...\), got shape",
        ),
        (
            lambda: ours.cross_entropy(Z.astype(int), T),
            "cross_entropy: expected `logits` to be .* got dtype int64",
        ),
        (
            lambda: ours.cross_entropy([[1.0]], T),
            "cross_entropy: expected `logits` to be a NumPy array .* got list",
        ),
        (
            lambda: ours.cross_entropy(Z, T[:1]),
            r"expected `target` of shape \(2,\) for class indices, got shape \(1,",
        ),
        (lambda: ours.cross_entropy(Z, T + 1), "cross_entropy: expected class indices from 0 to 2, got 3"),
        (lambda: ours.cross_entropy(Z, T - 1), "cross_entropy: expected class indices from 0 to 2, got -1"),
        (
            lambda: ours.cross_entropy(Z, T > 0),
            "expected `target` of integer class indices or floating probabilities",
        ),
        (
            lambda: ours.cross_entropy(Z, Z[:1]),
            r"expected `target` of shape \(2, 3\) for a target of probabilities",
        ),
        (
            lambda: ours.cross_entropy(Z, Z.astype("f4")),
            "cross_entropy: expected `logits`, `target` of one dtype",
        ),
        (
            lambda: ours.cross_entropy(Z, T, np.ones(2)),
            r"cross_entropy: expected `weight` of shape \(3,\), got shape",
        ),
        (
            lambda: ours.cross_entropy(Z, T, reduction="max"),
            "expected `reduction` among 'mean', 'sum', 'none', got 'max",
        ),
        (
            lambda: ours.cross_entropy(Z, T, label_smoothing=2),
            "expected `label_smoothing` from 0 to 1, got 2",
        ),
        (
            lambda: ours.cross_entropy_backward(T, Z, T),
            r"cross_entropy_backward: expected `grad_out` of shape \(\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

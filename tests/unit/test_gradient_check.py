"""The referee itself: right gradients pass, wrong ones are named, and the step is where it should be."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from _oracle import fixed
from hypothesis import given
from hypothesis import strategies as st

from course_lib.functional import (
    batch_norm,
    batch_norm_backward,
    conv2d,
    conv2d_backward,
    max_pool2d_backward,
    max_pool2d_with_indices,
)
from course_lib.gradient_check import EPSILON, check_gradients, gradient_errors, numerical_gradient


class Gradients(NamedTuple):
    """Gradients of the operations below."""

    x: np.ndarray
    scale: np.ndarray


def scaled_square(x, scale, power=2):
    """A smooth operation of two arrays."""
    return scale * x**power


def scaled_square_backward(grad_out, x, scale, power=2):
    """Its gradients, by hand."""
    return Gradients(grad_out * scale * power * x ** (power - 1), (grad_out * x**power).sum(0))


X, SCALE = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.25]]), np.array([2.0, -1.0])


def test_numerical_gradient_by_hand():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    before = x.copy()
    np.testing.assert_allclose(
        numerical_gradient(lambda x: x[0, 0] * x[1, 1] ** 2, x), [[16, 0], [0, 8]], atol=1e-8
    )
    np.testing.assert_array_equal(x, before)


@given(x=st.lists(st.floats(-2, 2), min_size=1, max_size=5))
@fixed
def test_numerical_gradient_of_a_smooth_function(x):
    x = np.array(x)
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), rtol=0, atol=1e-9)


def test_numerical_gradient_takes_integers_scalars_and_nothing():
    assert numerical_gradient(lambda x: x**2, np.array(3)) == pytest.approx(6)
    assert numerical_gradient(lambda x: 0.0, np.empty((0, 2))).shape == (0, 2)
    assert numerical_gradient(lambda x: x.sum(), np.ones(2, np.float32)).dtype == np.float64


def test_the_step_is_where_the_error_is_small():
    """The error falls, is below 1e-8 at the default, and grows again: the two branches of the module's text."""
    steps = 10.0 ** np.arange(-12, 0)
    x = np.linspace(-1, 1, 50)
    errors = [
        abs(numerical_gradient(lambda x: np.exp(x).sum(), x, step) - np.exp(x)).mean() for step in steps
    ]
    assert errors[list(steps.round(12)).index(EPSILON)] < 1e-8
    assert 1e-7 < steps[np.argmin(errors)] < 1e-3
    assert errors[0] > 1e-6 < errors[-1]


def test_right_gradients_pass_and_are_listed():
    errors = check_gradients(scaled_square, scaled_square_backward, [X, SCALE], tolerance=1e-8)
    assert [error.name for error in errors] == ["x", "scale"]
    assert all(0 <= error.relative_error < 1e-8 for error in errors)
    check_gradients(scaled_square, scaled_square_backward, [X, SCALE], tolerance=1e-7, power=3)
    check_gradients(scaled_square, scaled_square_backward, [X.astype(np.float32), SCALE], tolerance=1e-8)


def wrong_at(place, name="x", factor=1000.0):
    """Return the backward pass with one entry of one gradient off."""

    def backward(grad_out, x, scale, power=2):
        grads = scaled_square_backward(grad_out, x, scale, power)
        getattr(grads, name)[place] *= factor
        return grads

    return backward


@pytest.mark.parametrize(("name", "place"), [("x", (2, 0)), ("x", (1, 1)), ("scale", (1,))])
def test_the_worst_entry_is_named(name, place):
    errors = {e.name: e for e in gradient_errors(scaled_square, wrong_at(place, name), [X, SCALE])}
    assert errors[name].index == place
    assert errors[name].analytic == pytest.approx(1000 * errors[name].numerical)
    assert errors[name].relative_error == pytest.approx(0.999, abs=1e-3)
    where = ", ".join(map(str, place))
    message = f"gradient for `{name}`: worst relative error 1.0e+00 at [{where}], analytic"
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_gradients(scaled_square, wrong_at(place, name), [X, SCALE])


def test_nan_fails():
    with pytest.raises(AssertionError, match=r"relative error nan at \[1, 0\]"):
        check_gradients(scaled_square, wrong_at((1, 0), factor=np.nan), [X, SCALE])


def test_a_gradient_right_only_for_ones_upstream_fails():
    def backward(grad_out, x):
        return 2 * x

    with pytest.raises(AssertionError, match="gradient for `x`"):
        check_gradients(lambda x: x**2, backward, [X])


def test_the_referee_sees_an_unflipped_kernel():
    def backward(grad_out, x, weight):
        grads = conv2d_backward(grad_out, x, weight)
        return grads._replace(x=conv2d_backward(grad_out, x, weight[..., ::-1, ::-1].copy()).x)

    rng = np.random.default_rng(0)
    args = [rng.normal(size=(1, 2, 4, 5)), rng.normal(size=(2, 2, 3, 2))]
    check_gradients(conv2d, conv2d_backward, args)
    with pytest.raises(AssertionError, match=r"gradient for `x`: [^;]*$"):  # x alone
        check_gradients(conv2d, backward, args)


def test_missing_and_misshapen_gradients_are_refused():
    with pytest.raises(
        ValueError, match=r"gradient_errors: expected `gradient for x` of shape \(3, 2\), got"
    ):
        gradient_errors(lambda x: x**2, lambda g, x: (2 * g * x).T, [X])
    with pytest.raises(ValueError, match="gradient_errors: expected the gradient of at least one array"):
        gradient_errors(lambda x: x, lambda g, x: g, [np.arange(3)])


def test_bad_arguments_are_refused():
    with pytest.raises(
        ValueError, match="numerical_gradient: expected `f` to return one number, got an array"
    ):
        numerical_gradient(lambda x: x, X)
    for eps in (0.0, -1e-6, np.nan):
        with pytest.raises(ValueError, match="numerical_gradient: expected `eps` to be positive, got"):
            numerical_gradient(np.sum, X, eps)


def test_a_function_may_spend_its_argument():
    gradient = numerical_gradient(lambda x: np.multiply(x, 2, out=x).sum(), np.ones(3))
    np.testing.assert_allclose(gradient, [2, 2, 2], rtol=1e-8)


def test_operations_with_several_results_are_checked_by_their_output():
    """The course's own batch norm returns its statistics as well, and its max pooling the places."""
    rng = np.random.default_rng(0)
    x, scale, offset = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    arguments = [x, np.zeros(3), np.ones(3), scale, offset]
    errors = check_gradients(batch_norm, batch_norm_backward, arguments, training=True)
    assert [error.name for error in errors] == ["x", "weight", "bias"]
    image = rng.permutation(np.arange(20.0)).reshape(1, 1, 4, 5)
    check_gradients(max_pool2d_with_indices, max_pool2d_backward, [image], kernel_size=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: numerical_gradient(np.sum, np.ones(2), eps="a"), "expected `eps` to be positive, got 'a'"),
        (
            lambda: numerical_gradient(np.sum, np.ones(2), eps=np.inf),
            "expected `eps` to be positive, got inf",
        ),
        (
            lambda: numerical_gradient(np.sum, np.ones(2) * 1j),
            "expected `x` to be real, got dtype complex128",
        ),
        (
            lambda: numerical_gradient(lambda x: 1j, np.ones(2)),
            "expected `f` to return one number, got dtype",
        ),
        (
            lambda: numerical_gradient(lambda x: None, np.ones(2)),
            "expected `f` to return one number, got dtype",
        ),
    ],
)
def test_what_is_not_real_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^numerical_gradient: {message}"):
        call()

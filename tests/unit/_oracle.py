"""PyTorch as the oracle: three lines hold an operation to it, forward and for every gradient."""

import numpy as np
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from course_lib import functional
from course_lib.gradient_check import numerical_gradient

TOLERANCE = {np.float64: 1e-10, np.float32: 2e-5}  # relative to the largest number compared

#: The same cases on every machine and every run, however slow the machine.
fixed = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def assert_close(actual, expected, what=""):
    """Same shape, same dtype, same NaN and infinities, and values within the dtype's tolerance."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, not {expected.dtype}"
    tolerance = TOLERANCE[actual.dtype.type]
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(1.0, float(finite.max())) if finite.size else 1.0
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def check_against_torch(name, theirs, arrays, *arguments, options=None, seed=0, numeric=False):
    """Hold ``functional.<name>`` and its backward to torch's function, for arrays given by name, None included.

    The upstream gradient is random, inputs must survive unchanged, and read-only inputs are allowed. With
    ``numeric`` the gradients are held to central differences as well.
    """
    options = options or {}
    before = {key: None if value is None else value.copy() for key, value in arrays.items()}
    result = getattr(functional, name)(*arrays.values(), *arguments, **options)
    out = result.out if hasattr(result, "out") else result
    tensors = {key: _leaf(value) for key, value in arrays.items()}
    expected = theirs(*tensors.values(), *arguments, **options)
    assert_close(out, expected.detach().numpy(), f"{name}: output")
    rng = np.random.default_rng(seed)
    grad_out = np.asarray(rng.standard_normal(np.shape(out)), np.asarray(out).dtype)
    expected.backward(torch.tensor(grad_out))
    backward = getattr(functional, f"{name}_backward")
    grads = backward(grad_out, *arrays.values(), *arguments, **options)
    for key, gradient in grads._asdict().items():
        if arrays[key] is None:
            assert gradient is None, f"{name}: a gradient for a missing {key}"
            continue
        assert_close(gradient, tensors[key].grad.numpy(), f"{name}: gradient of {key}")
        if numeric:
            check_against_differences(name, arrays, key, gradient, grad_out, arguments, options)
    for key, value in arrays.items():
        np.testing.assert_array_equal(value, before[key], err_msg=f"{name} changed its input {key}")


def check_against_differences(name, arrays, key, gradient, grad_out, arguments, options):
    """Compare a gradient with central differences, number by number, in float64."""
    constants = {k: v for k, v in arrays.items() if k != key}

    def loss(value):
        values = [value if k == key else constants[k] for k in arrays]
        result = getattr(functional, name)(*values, *arguments, **options)
        return ((result.out if hasattr(result, "out") else result) * grad_out).sum()

    numeric = numerical_gradient(loss, arrays[key])
    np.testing.assert_allclose(
        gradient, numeric, rtol=1e-6, atol=1e-7, err_msg=f"{name}: {key} by differences"
    )


def _leaf(value):
    """Return a tensor of its own memory; one that collects a gradient if it is floating."""
    if value is None:
        return None
    tensor = torch.tensor(value)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


@st.composite
def arrays(draw, shape, dtype=None, positive=False):
    """Arrays where bugs hide: with ties, one sign, strides out of order, or read-only."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = tuple(draw(side) if isinstance(side, st.SearchStrategy) else side for side in shape)
    dtype = dtype or draw(st.sampled_from([np.float32, np.float64]))
    kind = draw(st.sampled_from(["normal", "ties", "negative"]))
    layout = draw(st.sampled_from(["plain", "transposed", "strided", "read-only"]))
    stored = shape[::-1] if layout == "transposed" else (*shape[:-1], 2 * shape[-1])
    if layout in ("plain", "read-only"):
        stored = shape
    values = rng.integers(-2, 3, stored) if kind == "ties" else rng.standard_normal(stored)
    values = -np.abs(values) if kind == "negative" else values
    values = (np.abs(values) + 0.125 if positive else values).astype(dtype)
    if layout == "transposed":
        values = values.T
    elif layout == "strided":
        values = values[..., ::2]
    values.flags.writeable = layout != "read-only"
    return values


def evenly(low, high):
    """Integers, all equally often; Hypothesis's own strategy prefers the small ones, which hide bugs."""
    return st.sampled_from(range(low, high + 1))


def images(dtype=None, least=1):
    """Batches of images, now and then an empty one, of which height and width differ."""
    size = evenly(least, 9)
    return arrays((st.sampled_from([1, 2, 3, 2, 0]), evenly(1, 3), size, size), dtype=dtype)


def one_or_pair(low, high):
    """An integer, or a pair of them."""
    return evenly(low, high) | st.tuples(evenly(low, high), evenly(low, high))


def pair(value):
    """Return an integer or a pair as a pair."""
    return value if isinstance(value, tuple) else (value, value)

"""Interpolation and max unpooling against torch, central differences and hand-worked arrays."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import assert_close, check_against_torch, fixed, images, one_or_pair
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import functional as ours

MODES = st.sampled_from(
    [{"mode": "nearest"}, *({"mode": "bilinear", "align_corners": a} for a in (None, False, True))]
)
factors = st.sampled_from([0.3, 0.5, 0.7, 1.0, 1.3, 1.5, 2.0, 2.6, 3])


@fixed
@given(images(), one_or_pair(1, 17), MODES)
def test_interpolate_to_a_size_equals_torch(x, size, mode):
    assume(len(x))
    check_against_torch("interpolate", F.interpolate, {"x": x}, options={"size": size, **mode})


@fixed
@given(images(), factors | st.tuples(factors, factors), MODES)
def test_interpolate_by_a_factor_equals_torch(x, scale_factor, mode):
    pair = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * 2
    assume(len(x) and all(int(n * f) > 0 for n, f in zip(x.shape[2:], pair, strict=True)))
    check_against_torch(
        "interpolate", F.interpolate, {"x": x}, options={"scale_factor": scale_factor, **mode}
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nearest_takes_torch_s_pixel_for_every_pair_of_sizes(dtype):
    for n in range(1, 33):
        x = np.arange(n, dtype=dtype).reshape(1, 1, 1, n)
        for m in range(1, 65):
            theirs = F.interpolate(torch.tensor(x), size=(1, m)).numpy()
            np.testing.assert_array_equal(ours.interpolate(x, size=(1, m)), theirs, err_msg=f"{n} to {m}")


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_factors_that_leave_a_fraction_equal_torch(mode):
    for n in range(1, 12):
        x = np.random.default_rng(n).normal(size=(1, 1, 1, n))
        for factor in np.arange(1, 3, 0.1):
            options = {"scale_factor": (1.0, float(factor)), "mode": mode}
            check_against_torch("interpolate", F.interpolate, {"x": x}, options=options)


@pytest.mark.parametrize("mode", [{}, {"mode": "bilinear"}, {"mode": "bilinear", "align_corners": True}])
@pytest.mark.parametrize("size", [(2, 7), (5, 3), (1, 1)])
def test_interpolate_gradients_equal_central_differences(mode, size):
    x = np.random.default_rng(0).normal(size=(2, 1, 3, 4))
    check_against_torch("interpolate", F.interpolate, {"x": x}, options={"size": size, **mode}, numeric=True)


def test_interpolate_by_hand():
    x = np.array([[[[0.0, 3], [6, 9]]]])
    assert ours.interpolate(x, scale_factor=2).tolist() == [
        [[[0, 0, 3, 3], [0, 0, 3, 3], [6, 6, 9, 9], [6, 6, 9, 9]]]
    ]
    aligned = ours.interpolate(x, (2, 4), mode="bilinear", align_corners=True)
    assert_close(aligned, np.array([[[[0.0, 1, 2, 3], [6, 7, 8, 9]]]]))
    centred = ours.interpolate(x, (2, 4), mode="bilinear")
    assert_close(centred, np.array([[[[0, 0.75, 2.25, 3], [6, 6.75, 8.25, 9]]]]))
    grads = ours.interpolate_backward(
        np.array([[[[1.0, 2, 4, 8], [0, 0, 0, 0]]]]), x, (2, 4), mode="bilinear"
    )
    assert grads.x.tolist() == [[[[1 + 1.5 + 1, 0.5 + 3 + 8], [0, 0]]]]


def test_an_infinite_pixel_stays_local():
    x = np.array([[[[0.0, np.inf, 0.0, 1.0, 2.0]]]])
    check_against_torch("interpolate", F.interpolate, {"x": x}, options={"size": (1, 9)})
    out = ours.interpolate(x, (1, 10), mode="bilinear")
    assert np.isfinite(out[..., 6:]).all()


@fixed
@given(images(least=4), st.integers(1, 3), st.integers(0, 1), st.booleans())
def test_max_unpool2d_equals_torch(x, stride, padding, sized):
    kernel = (2, 3)
    pooled, indices = F.max_pool2d(torch.tensor(x), kernel, max(kernel), padding, return_indices=True)
    # Disjoint windows: where several maxima share a place torch's result is not determined.
    options = {"kernel_size": kernel, "stride": max(kernel), "padding": padding, "output_size": x.shape[2:]}
    assume(
        len(x)
        and all(abs(n - d) < 3 for n, d in zip(x.shape[2:], default_size(pooled, options), strict=True))
    )
    check_against_torch(
        "max_unpool2d", F.max_unpool2d, {"x": pooled.numpy(), "indices": indices.numpy()}, options=options
    )


def default_size(pooled, options):
    """Size of the unpooled image when none is asked for."""
    (kh, kw), s, p = options["kernel_size"], options["stride"], options["padding"]
    return (pooled.shape[2] - 1) * s - 2 * p + kh, (pooled.shape[3] - 1) * s - 2 * p + kw


def test_max_unpool2d_undoes_a_pooling_by_hand():
    x = np.array([[[[1.0, 2, 3, 4], [8, 7, 6, 5]]]])
    pooled = ours.max_pool2d_with_indices(x, 2)
    arguments = (pooled.out, pooled.indices, 2)
    assert ours.max_unpool2d(*arguments).tolist() == [[[[0, 0, 0, 0], [8, 0, 6, 0]]]]
    assert ours.max_unpool2d_backward(x, *arguments).x.tolist() == [[[[8, 6]]]]
    assert ours.max_unpool2d(*arguments, output_size=(1, 1, 3, 5)).shape == (1, 1, 3, 5)
    check_against_torch(
        "max_unpool2d", F.max_unpool2d, {"x": pooled.out, "indices": pooled.indices}, 2, numeric=True
    )


X, I = np.zeros((1, 1, 2, 3)), np.zeros((1, 1, 2, 3), int)  # noqa: E741


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.interpolate(X),
            "interpolate: expected one of `size` and `scale_factor`, got None and None",
        ),
        (
            lambda: ours.interpolate(X, 2, 2),
            "interpolate: expected one of `size` and `scale_factor`, got 2 and 2",
        ),
        (
            lambda: ours.interpolate(X, 0),
            "interpolate: expected `size` to be an integer of at least 1, got 0",
        ),
        (
            lambda: ours.interpolate(X, 2, mode="cubic"),
            "interpolate: expected `mode` among 'nearest', 'bilinear', got",
        ),
        (
            lambda: ours.interpolate(X, 2, align_corners=True),
            "expected `align_corners` for mode 'bilinear' only",
        ),
        (
            lambda: ours.interpolate(X, scale_factor=0),
            "interpolate: expected `scale_factor` to be a positive number",
        ),
        (
            lambda: ours.interpolate(X, scale_factor=0.3),
            "interpolate: expected `scale_factor` to leave at least one",
        ),
        (lambda: ours.interpolate(X[..., :0], 2), "interpolate: expected an image of at least one pixel"),
        (
            lambda: ours.interpolate_backward(X, X, 2),
            r"interpolate_backward: expected `grad_out` of shape \(1, 1, 2, 2",
        ),
        (
            lambda: ours.max_unpool2d(X, I[..., :1], 2),
            r"max_unpool2d: expected `indices` of shape \(1, 1, 2, 3\), got",
        ),
        (
            lambda: ours.max_unpool2d(X, X, 2),
            "max_unpool2d: expected `indices` of an integer dtype, got dtype float64",
        ),
        (lambda: ours.max_unpool2d(X, I + 24, 2), "max_unpool2d: expected `indices` from 0 to 23, got 24"),
        (lambda: ours.max_unpool2d(X, I - 1, 2), "max_unpool2d: expected `indices` from 0 to 23, got -1"),
        (
            lambda: ours.max_unpool2d(X, I, 2, output_size=(6, 6)),
            r"expected `output_size` less than \(2, 2\) from \(4,",
        ),
        (
            lambda: ours.max_unpool2d(X, I, 1, 1, 1),
            r"max_unpool2d: expected an output of at least one pixel, got \(0,",
        ),
        (
            lambda: ours.max_unpool2d_backward(X, X, I, 2),
            r"max_unpool2d_backward: expected `grad_out` of shape \(1, 1",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

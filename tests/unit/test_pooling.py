"""Pooling against torch, central differences and arrays worked by hand."""

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from _oracle import assert_close, check_against_torch, fixed, images, one_or_pair, pair
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib import functional as ours
from course_lib._validation import conv_output_size

NAN, INF = np.nan, np.inf


@st.composite
def poolings(draw, dilated=False, padded=True):
    """An image and the arguments of a pooling that torch accepts for it."""
    x = draw(images())
    kernel, stride = draw(one_or_pair(1, 4)), draw(st.none() | one_or_pair(1, 4))
    dilation = draw(one_or_pair(1, 3)) if dilated else 1
    extents = [d * (k - 1) + 1 for k, d in zip(pair(kernel), pair(dilation), strict=True)]
    padding = tuple(draw(st.integers(0, k // 2)) for k in pair(kernel)) if padded else (0, 0)
    ceil_mode = draw(st.booleans())
    steps = pair(kernel if stride is None else stride)
    for size, e, p, s in zip(x.shape[2:], extents, padding, steps, strict=True):
        slack = size + 2 * p - e
        assume(slack >= 0 or (ceil_mode and slack > -s))
    return x, {
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
    }


@fixed
@given(poolings(dilated=True))
def test_max_pool2d_equals_torch(case):
    x, options = case
    assume(every_window_has_a_pixel(x, options))
    check_against_torch("max_pool2d", F.max_pool2d, {"x": x}, options=options)
    result = ours.max_pool2d_with_indices(x, **options)
    out, indices = F.max_pool2d(torch.tensor(x), return_indices=True, **options)
    assert_close(result.out, out.numpy())
    np.testing.assert_array_equal(result.indices, indices.numpy())


def every_window_has_a_pixel(x, options):
    """Whether no window lies with all its taps in the padding, where torch's own index leaves the image."""
    return np.isfinite(ours.max_pool2d(np.zeros(x.shape), **options)).all()


@fixed
@given(poolings(), st.booleans(), st.sampled_from([None, 1, 3, -2]))
def test_avg_pool2d_equals_torch(case, count_include_pad, divisor_override):
    x, options = case
    del options["dilation"]
    options |= {"count_include_pad": count_include_pad, "divisor_override": divisor_override}
    check_against_torch("avg_pool2d", F.avg_pool2d, {"x": x}, options=options)


@fixed
@given(poolings(padded=False), st.sampled_from([1, 2, 3, 1.5, 0.5, -1, INF, -INF]), st.booleans())
def test_lp_pool2d_equals_torch(case, norm_type, positive):
    x, options = case
    del options["dilation"], options["padding"]
    x = np.abs(x) + x.dtype.type(0.125) if positive else x
    check_against_torch("lp_pool2d", F.lp_pool2d, {"x": x}, options=options | {"norm_type": norm_type})


@fixed
@given(images(), st.none() | one_or_pair(1, 11) | st.tuples(st.none(), st.integers(1, 4)))
def test_adaptive_poolings_equal_torch(x, output_size):
    theirs = output_size if output_size is not None else (None, None)
    check_against_torch(
        "adaptive_avg_pool2d", lambda x, _: F.adaptive_avg_pool2d(x, theirs), {"x": x}, output_size
    )
    check_against_torch(
        "adaptive_max_pool2d", lambda x, _: F.adaptive_max_pool2d(x, theirs), {"x": x}, output_size
    )
    result = ours.adaptive_max_pool2d_with_indices(x, output_size)
    _, indices = F.adaptive_max_pool2d(torch.tensor(x), theirs, return_indices=True)
    np.testing.assert_array_equal(result.indices, indices.numpy())


@fixed
@given(images())
def test_global_avg_pool2d_equals_torch(x):
    check_against_torch(
        "global_avg_pool2d", functools.partial(F.adaptive_avg_pool2d, output_size=1), {"x": x}
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("max_pool2d", {"kernel_size": (2, 3), "stride": (1, 2), "padding": 1, "ceil_mode": True}),
        ("max_pool2d", {"kernel_size": 2, "stride": 1, "dilation": (2, 1)}),
        ("avg_pool2d", {"kernel_size": (3, 2), "stride": 2, "padding": 1, "ceil_mode": True}),
        ("avg_pool2d", {"kernel_size": (3, 2), "stride": 2, "padding": 1, "count_include_pad": False}),
        ("lp_pool2d", {"norm_type": 3, "kernel_size": (2, 3), "stride": (1, 2)}),
        ("lp_pool2d", {"norm_type": INF, "kernel_size": (2, 3)}),
        ("adaptive_avg_pool2d", {"output_size": (3, 4)}),
        ("adaptive_max_pool2d", {"output_size": (3, 4)}),
        ("global_avg_pool2d", {}),
    ],
)
def test_gradients_equal_central_differences(name, options):
    x = np.random.default_rng(1).permutation(2 * 2 * 5 * 7).reshape(2, 2, 5, 7) / 20 + 0.1  # no ties
    theirs = getattr(F, name, lambda x: F.adaptive_avg_pool2d(x, 1))
    check_against_torch(name, theirs, {"x": x}, options=options, numeric=True)


def test_max_pool2d_by_hand():
    x = np.array([[[[1, 2, 3], [4, 9, 9], [7, 9, 5]]]], np.float64)
    result = ours.max_pool2d_with_indices(x, 2, stride=1)
    assert result.out.tolist() == [[[[9, 9], [9, 9]]]]
    assert result.indices.tolist() == [
        [[[4, 4], [4, 4]]]
    ]  # reading order: row 1, column 1 is first in all four
    grads = ours.max_pool2d_backward(np.array([[[[1.0, 2], [4, 8]]]]), x, 2, stride=1)
    assert grads.x.tolist() == [[[[0, 0, 0], [0, 15, 0], [0, 0, 0]]]]


def test_avg_pool2d_by_hand():
    x = np.array([[[[4, 8, 12]]]], np.float64)
    options = {"kernel_size": (1, 2), "stride": 2, "padding": (0, 1), "ceil_mode": True}
    # Windows over 0 4 | 8 12, the zero being padding.
    assert ours.avg_pool2d(x, **options).tolist() == [[[[2, 10]]]]
    assert ours.avg_pool2d(x, **options, count_include_pad=False).tolist() == [[[[4, 10]]]]
    assert ours.avg_pool2d(x, **options, divisor_override=4).tolist() == [[[[1, 5]]]]
    grads = ours.avg_pool2d_backward(np.array([[[[6.0, 10]]]]), x, **options)
    assert grads.x.tolist() == [[[[3, 5, 5]]]]


def test_lp_pool2d_by_hand_and_its_limits():
    x = np.array([[[[3.0, 4], [0, 12]]]])
    assert ours.lp_pool2d(x, 2, 2).item() == pytest.approx(13)
    assert ours.lp_pool2d(x, 1, 2).item() == 19
    assert ours.lp_pool2d(x, 200, 2).item() == pytest.approx(12, rel=1e-12)
    assert ours.lp_pool2d(-x, INF, 2).item() == 12
    assert ours.lp_pool2d(-x, -INF, 2).item() == 0


def test_adaptive_pooling_by_hand():
    x = np.array([[[[1.0, 2, 3, 4, 5]]]])
    # Windows of 3 outputs over 5 pixels: 0-1, 1-3, 3-4.
    assert ours.adaptive_avg_pool2d(x, (1, 3)).tolist() == [[[[1.5, 3, 4.5]]]]
    assert ours.adaptive_max_pool2d(x, (1, 3)).tolist() == [[[[2, 4, 5]]]]
    assert ours.global_avg_pool2d(x).tolist() == [[[[3]]]]
    assert ours.global_avg_pool2d_backward(np.array([[[[10.0]]]]), x).x.tolist() == [[[[2, 2, 2, 2, 2]]]]


@pytest.mark.parametrize("padding", [0, 1])
def test_nan_and_infinity_win_where_torch_lets_them(padding):
    x = np.array([[[[1, NAN, -INF, -INF], [NAN, 3, -INF, -INF], [INF, INF, 0, 0]]]])
    options = {"kernel_size": 2, "stride": 1, "padding": padding}
    check_against_torch("max_pool2d", F.max_pool2d, {"x": x}, options=options)
    indices = F.max_pool2d(torch.tensor(x), return_indices=True, **options)[1]
    np.testing.assert_array_equal(ours.max_pool2d_with_indices(x, **options).indices, indices.numpy())
    check_against_torch("adaptive_max_pool2d", F.adaptive_max_pool2d, {"x": x}, (2, 3))


def test_an_infinite_gradient_stays_with_its_winner():
    x = np.array([[[[1.0, 2.0, 0.0, 5.0]]]], np.float32)
    grad_out = np.array([[[[INF, NAN]]]], np.float32)
    np.testing.assert_array_equal(
        ours.max_pool2d_backward(grad_out, x, (1, 2)).x, np.array([[[[0, INF, 0, NAN]]]], np.float32)
    )


def test_a_long_double_keeps_its_dtype():
    x = np.array([[[[1.0, 2.0]]]], np.longdouble)
    grads = ours.max_pool2d_backward(np.ones((1, 1, 1, 1), np.longdouble), x, (1, 2))
    assert grads.x.dtype == np.longdouble
    assert grads.x.tolist() == [[[[0, 1]]]]


def test_a_window_without_a_pixel_gives_minus_infinity_and_takes_no_gradient():
    x = np.ones((1, 1, 1, 1))
    options = {"kernel_size": 2, "dilation": 2, "padding": 1}  # both taps fall beside the one pixel
    assert ours.max_pool2d(x, **options).item() == -INF
    assert ours.max_pool2d_backward(np.ones((1, 1, 1, 1)), x, **options).x.item() == 0


@fixed
@given(
    *[
        st.integers(1, 30),
        st.integers(1, 7),
        st.integers(1, 5),
        st.integers(0, 3),
        st.integers(1, 3),
        st.booleans(),
    ]
)
def test_conv_output_size_equals_torch(size, kernel, stride, padding, dilation, ceil_mode):
    padding = min(padding, kernel // 2)
    try:
        pooled = F.max_pool1d(torch.zeros(1, 1, size), kernel, stride, padding, dilation, ceil_mode).shape[-1]
    except RuntimeError:
        with pytest.raises(
            ValueError, match="conv_output_size: expected a padded size of at least the kernel's"
        ):
            conv_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    else:
        assert conv_output_size(size, kernel, stride, padding, dilation, ceil_mode) == pooled


IMAGE = np.zeros((1, 1, 4, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.max_pool2d(IMAGE[0], 2),
            r"max_pool2d: expected `x` of shape \(N, C, H, W\), got shape \(1, 4",
        ),
        (lambda: ours.max_pool2d([[1.0]], 2), "max_pool2d: expected `x` to be a NumPy array .* got list"),
        (
            lambda: ours.max_pool2d(IMAGE.astype(int), 2),
            "max_pool2d: expected `x` of a floating dtype, got dtype int",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, 2, 0),
            "max_pool2d: expected `stride` to be an integer of at least 1, got 0",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, 2.0),
            "max_pool2d: expected `kernel_size` to be an integer of at least 1",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, 2, 1, -1),
            "max_pool2d: expected `padding` to be an integer of at least 0",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, 2, 1, 2),
            "max_pool2d: expected `padding` of at most half .* 2, got 2",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, 5),
            "^max_pool2d: expected a padded size of at least the .* 5, got 4",
        ),
        (
            lambda: ours.max_pool2d(IMAGE, (2, 2, 2)),
            "expected `kernel_size` to be an integer or a pair of them",
        ),
        (lambda: ours.max_pool2d(IMAGE[:, :, :0], 2), "max_pool2d: expected an image of at least one pixel"),
        (
            lambda: ours.max_pool2d_backward(IMAGE, IMAGE, 2),
            r"expected `grad_out` of shape \(1, 1, 2, 2\), got shape",
        ),
        (
            lambda: ours.max_pool2d_backward(np.zeros((1, 1, 2, 2), np.float32), IMAGE, 2),
            "max_pool2d_backward: expected `grad_out`, `x` of one dtype, got grad_out float32, x float64",
        ),
        (
            lambda: ours.avg_pool2d(IMAGE, 2, divisor_override=0),
            "avg_pool2d: expected `divisor_override` other than 0",
        ),
        (
            lambda: ours.lp_pool2d(IMAGE, 0, 2),
            "lp_pool2d: expected `norm_type` to be a number other than 0, got 0",
        ),
        (lambda: ours.lp_pool2d(IMAGE, NAN, 2), "lp_pool2d: expected `norm_type` to be a number .* got nan"),
        (
            lambda: ours.adaptive_avg_pool2d(IMAGE, 0),
            "expected `output_size` to be an integer of at least 1, got 0",
        ),
        (
            lambda: ours.adaptive_max_pool2d(IMAGE, (1, 2, 3)),
            "adaptive_max_pool2d: expected `output_size` to be",
        ),
        (
            lambda: ours.adaptive_avg_pool2d(IMAGE[..., :0], 1),
            "adaptive_avg_pool2d: expected an image of at least",
        ),
        (
            lambda: ours.global_avg_pool2d(IMAGE[..., :0]),
            "global_avg_pool2d: expected an image of at least one pixel",
        ),
        (
            lambda: ours.global_avg_pool2d_backward(IMAGE, IMAGE),
            r"expected `grad_out` of shape \(1, 1, 1, 1\)",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

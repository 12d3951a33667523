"""Convolutions, forward and backward: PyTorch, SciPy, central differences, and arrays worked by hand."""

import re
import tracemalloc
from unittest.mock import patch

import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F
from _oracle import arrays, assert_close, check_against_torch, fixed, one_or_pair, pair
from hypothesis import given
from hypothesis import strategies as st

import course_lib.functional as functional
from course_lib.functional import (
    _im2col,
    conv1d,
    conv1d_backward,
    conv2d,
    conv2d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
    convolve2d,
    corr2d,
)
from course_lib.gradient_check import check_gradients

X = np.arange(9.0).reshape(3, 3)
K = np.array([[0.0, 1.0], [2.0, 3.0]])
#: From columns cut a row at a time to a whole batch in one piece.
BLOCK_BYTES = st.sampled_from([1, 2_000, _im2col.BLOCK_BYTES])


def normal(*shape, seed=0, dtype=np.float64):
    """Draw normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def batch(image):
    """One sample with one channel."""
    return image[None, None]  # (1, 1, H, W)


# --- by hand -----------------------------------------------------------------------------------------------


def test_cross_correlation_by_hand():
    np.testing.assert_array_equal(corr2d(X, K), [[19, 25], [37, 43]])


def test_sliding_window_by_hand():
    image = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
    kernel = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    out = corr2d(np.array(image, float), np.array(kernel, float))
    np.testing.assert_array_equal(out, [[12, 12, 17], [10, 17, 19], [9, 6, 14]])


def test_padding_and_stride_by_hand():
    padded = conv2d(batch(X), batch(K), padding=1)
    np.testing.assert_array_equal(
        padded[0, 0], [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]]
    )
    strided = conv2d(batch(X), batch(K), stride=(3, 2), padding=1)
    np.testing.assert_array_equal(strided[0, 0], [[0, 8], [6, 8]])


def test_channels_by_hand():
    x, w = np.stack([X, X + 1])[None], np.stack([K, K + 1])[None]
    np.testing.assert_array_equal(conv2d(x, w), [[[[56, 72], [104, 120]]]])


def test_edge_filter_by_hand():
    image = np.tile([0.0, 50.0, 50.0, 0.0, 0.0, 0.0], (5, 1))
    vertical = np.array([[-1.0, 0.0, 1.0]] * 3)
    np.testing.assert_array_equal(corr2d(image, vertical), [[150, -150, -150, 0]] * 3)
    np.testing.assert_array_equal(corr2d(image, vertical.T), np.zeros((3, 4)))


def test_transposed_convolution_by_hand():
    x, k = np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    out = conv_transpose2d(batch(x), batch(k), stride=2)[0, 0]
    np.testing.assert_array_equal(out, [[0, 1, 0, 0], [1, 0, 0, 0], [0, 2, 0, 3], [2, 0, 3, 0]])


def test_gradients_by_hand():
    grads = conv2d_backward(np.ones((1, 1, 2, 2)), batch(X), batch(K), np.zeros(1))
    np.testing.assert_array_equal(grads.weight[0, 0], [[8, 12], [20, 24]])  # sums of the four 2x2 corners
    np.testing.assert_array_equal(grads.x[0, 0], [[0, 1, 1], [2, 6, 4], [2, 5, 3]])
    np.testing.assert_array_equal(grads.bias, [4])


def test_words_by_hand():
    words = np.array([[[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0]]])  # (N, C_in, L): 4 words of 2 features
    filters = np.array([[[1.0, 0.0, -1.0], [0.0, 2.0, 0.0]]])  # (C_out, C_in, K): F_-1, F_0, F_1
    np.testing.assert_array_equal(conv1d(words, filters, padding=1), [[[-2, 0, -2, 5]]])


@pytest.mark.parametrize(
    ("kernel", "dilation", "top", "bottom"), [(2, 1, 0, 1), (3, 1, 1, 1), (4, 1, 1, 2), (2, 3, 1, 2)]
)
def test_same_padding_puts_the_odd_zero_behind(kernel, dilation, top, bottom):
    x, w = normal(1, 1, 6, 7), normal(1, 1, kernel, kernel)
    by_hand = np.pad(x, [(0, 0), (0, 0), (top, bottom), (top, bottom)])
    out = conv2d(x, w, padding="same", dilation=dilation)
    assert out.shape == x.shape
    np.testing.assert_allclose(out, conv2d(by_hand, w, dilation=dilation), rtol=0, atol=1e-14)


# --- true convolution --------------------------------------------------------------------------------------


@given(data=st.data(), mode=st.sampled_from(["valid", "full"]))
@fixed
def test_convolve2d_is_scipys(data, mode):
    x = data.draw(arrays((st.integers(3, 6), st.integers(4, 7))))
    k = data.draw(arrays((st.integers(1, 3), st.integers(1, 4)), dtype=x.dtype.type))
    assert_close(convolve2d(x, k, mode=mode), scipy.signal.convolve2d(x, k, mode=mode))
    assert_close(convolve2d(x, k, mode=mode), corr2d(x, k[::-1, ::-1]) if mode == "valid" else full(x, k))


def full(x, k):
    """Full convolution from its definition: every product, at the place where it lands."""
    out = np.zeros((x.shape[0] + k.shape[0] - 1, x.shape[1] + k.shape[1] - 1), x.dtype)
    for (i, j), pixel in np.ndenumerate(x):
        out[i : i + k.shape[0], j : j + k.shape[1]] += pixel * k
    return out


def test_full_convolution_commutes_and_cross_correlation_does_not():
    x, k = normal(4, 5), normal(3, 2)
    np.testing.assert_allclose(convolve2d(x, k, "full"), convolve2d(k, x, "full"), rtol=0, atol=1e-13)
    crossed = corr2d(np.pad(x, [(2, 2), (1, 1)]), k)  # (6, 6)
    exchanged = corr2d(np.pad(k, [(3, 3), (4, 4)]), x)  # (6, 6)
    assert abs(crossed - exchanged).max() > 1
    np.testing.assert_allclose(crossed, exchanged[::-1, ::-1], rtol=0, atol=1e-13)  # it turns around


# --- PyTorch's whole argument space ------------------------------------------------------------------------


@st.composite
def convolutions(draw, axes=2):
    """Arrays and arguments of a convolution that exists, over the range of every argument."""
    groups = draw(st.integers(1, 3))
    C, M = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    kernel = draw(st.tuples(*[st.integers(1, 4)] * axes))
    integer = one_or_pair if axes == 2 else st.integers
    dilation, stride = draw(integer(1, 3)), draw(integer(1, 3))
    padding = draw(integer(0, 3) | st.sampled_from(["same", "valid"]))
    if padding == "same":
        stride = 1
    zeros = (0, 0) if padding == "valid" else (9, 9) if padding == "same" else pair(padding)
    extents = [d * (k - 1) + 1 for d, k in zip(pair(dilation), kernel, strict=False)]
    sizes = [max(1, e - 2 * p) + draw(st.integers(0, 5)) for e, p in zip(extents, zeros, strict=False)]
    x = draw(arrays((draw(st.integers(0, 3)), groups * C, *sizes)))
    weight = draw(arrays((groups * M, C, *kernel), dtype=x.dtype.type))
    bias = draw(st.none() | arrays((groups * M,), dtype=x.dtype.type))
    return {"x": x, "weight": weight, "bias": bias}, (stride, padding, dilation, groups)


# torch warns that it copies the image when "same" padding differs from side to side.
uneven = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")


@uneven
@given(case=convolutions(), block=BLOCK_BYTES, seed=st.integers(0, 9))
@fixed
def test_conv2d_is_torchs(case, block, seed):
    with patch.object(_im2col, "BLOCK_BYTES", block):
        check_against_torch("conv2d", F.conv2d, case[0], *case[1], seed=seed)


@uneven
@given(case=convolutions(axes=1), seed=st.integers(0, 9))
@fixed
def test_conv1d_is_torchs(case, seed):
    check_against_torch("conv1d", F.conv1d, case[0], *case[1], seed=seed)


@st.composite
def transposed_convolutions(draw):
    """The same for `conv_transpose2d`: only settings that leave an output."""
    groups = draw(st.integers(1, 3))
    C, M = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    kernel, size = draw(st.tuples(*[st.integers(1, 4)] * 2)), draw(st.tuples(*[st.integers(1, 5)] * 2))
    stride, dilation = draw(one_or_pair(1, 3)), draw(one_or_pair(1, 3))
    most = [max(s, d) - 1 for s, d in zip(pair(stride), pair(dilation), strict=True)]
    extra = tuple(draw(st.integers(0, m)) for m in most)
    lengths = zip(size, pair(stride), pair(dilation), kernel, extra, strict=True)
    least = [(n - 1) * s + d * (k - 1) + e for n, s, d, k, e in lengths]  # the output's size - 1, unpadded
    padding = tuple(draw(st.integers(0, min(3, n // 2))) for n in least)
    x = draw(arrays((draw(st.integers(0, 3)), groups * C, *size)))
    weight = draw(arrays((groups * C, M, *kernel), dtype=x.dtype.type))
    bias = draw(st.none() | arrays((groups * M,), dtype=x.dtype.type))
    return {"x": x, "weight": weight, "bias": bias}, (stride, padding, extra, groups, dilation)


@given(case=transposed_convolutions(), block=BLOCK_BYTES, seed=st.integers(0, 9))
@fixed
def test_conv_transpose2d_is_torchs(case, block, seed):
    with patch.object(_im2col, "BLOCK_BYTES", block):
        check_against_torch("conv_transpose2d", F.conv_transpose2d, case[0], *case[1], seed=seed)


CHANNELS = [(2, 3), (1, 7), (7, 1)]  # the last two take the other way to the gradients


@pytest.mark.parametrize(("C_in", "C_out"), CHANNELS)
@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_and_many_channels(name, C_in, C_out, dtype):
    first = (C_out, C_in) if name == "conv2d" else (C_in, C_out)
    named = {"x": normal(2, C_in, 6, 5, dtype=dtype), "weight": normal(*first, 3, 2, dtype=dtype)}
    check_against_torch(name, getattr(F, name), named | {"bias": normal(C_out, dtype=dtype)}, 1, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_of_a_real_network(dtype):
    """Large enough for several blocks as shipped: 64 channels cut into more than 4 MiB of columns."""
    named = {"x": normal(3, 64, 40, 40, dtype=dtype), "weight": normal(16, 64, 3, 3, dtype=dtype) / 24}
    check_against_torch("conv2d", F.conv2d, named | {"bias": normal(16, dtype=dtype)}, 1, 1)


# --- central differences and adjoints ----------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, (2, 3)])
@pytest.mark.parametrize("groups", [1, 2])
def test_central_differences(stride, groups):
    bias = normal(4)
    options = {"stride": stride, "padding": (1, 2), "dilation": (2, 1), "groups": groups}
    args = [normal(2, 4, 5, 4), normal(4, 4 // groups, 3, 2), bias]
    names = [e.name for e in check_gradients(conv2d, conv2d_backward, args, tolerance=1e-7, **options)]
    assert names == ["x", "weight", "bias"]
    options = {
        "stride": stride,
        "padding": (1, 0),
        "output_padding": (1, 0),
        "dilation": (2, 1),
        "groups": groups,
    }
    args = [normal(2, 4, 3, 4), normal(4, 4 // groups, 3, 2), bias]
    check_gradients(conv_transpose2d, conv_transpose2d_backward, args, tolerance=1e-7, **options)
    options = {"stride": 2 if stride != 1 else 1, "padding": 2, "dilation": 2, "groups": groups}
    args = [normal(2, 4, 7), normal(4, 4 // groups, 3), bias]
    check_gradients(conv1d, conv1d_backward, args, tolerance=1e-7, **options)


@pytest.mark.parametrize("stride", [1, 2])
def test_transposed_convolution_is_the_transpose(stride):
    x, w = normal(2, 3, 7, 9), normal(4, 3, 3, 3, seed=1)
    y = conv2d(x, w, stride=stride, padding=1)
    g = normal(*y.shape, seed=2)
    back = conv_transpose2d(g, w, stride=stride, padding=1)
    assert back.shape == x.shape
    assert np.vdot(y, g) == pytest.approx(np.vdot(x, back), rel=1e-12)
    np.testing.assert_allclose(conv2d_backward(g, x, w, None, stride, 1).x, back, rtol=0, atol=1e-12)


def test_linearity():
    x, z, w, v = (
        normal(2, 3, 6, 5),
        normal(2, 3, 6, 5, seed=1),
        normal(4, 3, 3, 2),
        normal(4, 3, 3, 2, seed=1),
    )
    both = conv2d(2 * x - z, w)
    np.testing.assert_allclose(both, 2 * conv2d(x, w) - conv2d(z, w), rtol=0, atol=1e-12)
    np.testing.assert_allclose(conv2d(x, w - 3 * v), conv2d(x, w) - 3 * conv2d(x, v), rtol=0, atol=1e-12)


# --- what is asked of arrays -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x, w, b = normal(1, 2, 4, 4, dtype=dtype), normal(3, 2, 2, 2, dtype=dtype), normal(3, dtype=dtype)
    out = conv2d(x, w, b, padding=1)
    grads = conv2d_backward(out, x, w, b, padding=1)
    assert {a.dtype for a in (out, *grads, conv1d(x[:, :, 0], w[:, :, 0], b))} == {np.dtype(dtype)}
    back = conv_transpose2d(out, w, stride=2)
    assert {a.dtype for a in (back, *conv_transpose2d_backward(back, out, w, np.ones(2, dtype), 2))} == {
        np.dtype(dtype)
    }


@pytest.mark.parametrize("bias", [None, normal(4)])
def test_an_empty_batch(bias):
    x, w = np.empty((0, 3, 5, 6)), normal(4, 3, 3, 2)
    out = conv2d(x, w, bias, stride=2)
    assert out.shape == (0, 4, 2, 3)
    grads = conv2d_backward(out, x, w, bias, stride=2)
    assert grads.x.shape == x.shape
    np.testing.assert_array_equal(grads.weight, np.zeros_like(w))
    assert grads.bias is None if bias is None else (grads.bias == 0).all()


def test_results_do_not_share_memory_with_arguments():
    x, w = normal(1, 1, 3, 3), np.ones((1, 1, 1, 1))
    for out in (conv2d(x, w), conv2d_backward(x, x, w).x, conv_transpose2d(x, w)):
        np.testing.assert_array_equal(out, x)
        assert not np.shares_memory(out, x)
        assert out.flags.c_contiguous
        assert out.flags.writeable


def test_nan_stays_where_it_belongs():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 2, 2] = np.nan
    expected = torch.nn.functional.conv2d(
        torch.tensor(x), torch.ones(1, 1, 2, 2, dtype=torch.float64)
    ).numpy()
    np.testing.assert_array_equal(conv2d(x, np.ones((1, 1, 2, 2))), expected)


def test_memory_stays_bounded():
    """Working memory is one block and one padded copy, however large the matrix of columns would be."""
    x, w = np.ones((1, 16, 160, 160), np.float32), np.ones((16, 16, 5, 5), np.float32)
    columns = 25 * x.nbytes
    tracemalloc.start()
    out = conv2d(x, w, padding=2)
    grads = conv2d_backward(out, x, w, padding=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert grads.x.shape == x.shape
    assert peak - out.nbytes - grads.x.nbytes < 2 * _im2col.BLOCK_BYTES + 3 * x.nbytes < columns


# --- bad input ---------------------------------------------------------------------------------------------

x4, w4 = np.zeros((2, 3, 5, 6)), np.zeros((4, 3, 3, 2))
REFUSED = {
    "rank of x": ([x4[0], w4], {}, "`x` of shape (N, C_in, H, W), got shape (3, 5, 6)"),
    "rank of weight": (
        [x4, w4[0]],
        {},
        "`weight` of shape (C_out, C_in/groups, K_h, K_w), got shape (3, 3, 2)",
    ),
    "no array": ([x4.tolist(), w4], {}, "`x` to be a NumPy array of shape (N, C_in, H, W), got list"),
    "integers": ([x4.astype(int), w4], {}, "`x` of a floating dtype, got dtype int64"),
    "integer weight": ([x4, w4.astype(int)], {}, "`weight` of a floating dtype, got dtype int64"),
    "two dtypes": ([x4.astype("f"), w4], {}, "of one dtype, got x float32, weight float64"),
    "two dtypes with bias": ([x4, w4, np.zeros(4, "f")], {}, "of one dtype"),
    "channels": (
        [x4, w4[:, :2]],
        {},
        "with 3 on axis 1, for `x` (2, 3, 5, 6) and groups=1, got shape (4, 2, 3, 2)",
    ),
    "groups": ([x4, w4], {"groups": 2}, "to divide into groups=2"),
    "no groups": ([x4, w4], {"groups": 0}, "`groups` to be an integer of at least 1, got 0"),
    "bias": ([x4, w4, np.zeros(3)], {}, "`bias` of shape (4,) (C_out), got shape (3,)"),
    "bias of one": ([x4, w4, np.zeros(1)], {}, "`bias` of shape (4,) (C_out), got shape (1,)"),
    "kernel too large": ([x4[:, :, :2], w4], {}, "fits in the padded input (2, 6), got one of extent (3, 2)"),
    "dilated too far": ([x4, w4], {"dilation": 3}, "got one of extent (7, 4)"),
    "stride": ([x4, w4], {"stride": 0}, "`stride` to be an integer of at least 1, got 0"),
    "stride of a pair": ([x4, w4], {"stride": (1, -1)}, "`stride` to be an integer of at least 1, got -1"),
    "triple": ([x4, w4], {"stride": (1, 1, 1)}, "`stride` to be an integer or a pair of them, got (1, 1, 1)"),
    "float": ([x4, w4], {"stride": 1.0}, "`stride` to be an integer of at least 1, got 1.0"),
    "bool": ([x4, w4], {"stride": True}, "`stride` to be an integer of at least 1, got True"),
    "padding": ([x4, w4], {"padding": -1}, "`padding` to be an integer of at least 0, got -1"),
    "word": ([x4, w4], {"padding": "full"}, '"same" or "valid", got \'full\''),
    "same with stride": (
        [x4, w4],
        {"padding": "same", "stride": 2},
        'stride 1 with padding="same", got stride (2, 2)',
    ),
    "dilation": ([x4, w4], {"dilation": 0}, "`dilation` to be an integer of at least 1, got 0"),
    "no pixels": ([x4[:, :, :0], w4], {"padding": 2}, "no empty axis but that of the batch"),
    "no taps": ([x4, w4[..., :0]], {}, "no empty axis but that of the batch"),
}


@pytest.mark.parametrize(("args", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_conv2d_refuses(args, options, message):
    with pytest.raises(ValueError, match=r"conv2d: expected .*" + re.escape(message)):
        conv2d(*args, **options)
    with pytest.raises(ValueError, match=r"conv2d_backward: expected .*" + re.escape(message)):
        conv2d_backward(np.zeros((2, 4, 3, 5)), *args, **options)


@pytest.mark.parametrize(
    ("grad_out", "message"),
    [
        (
            np.zeros((2, 4, 3, 4)),
            "`grad_out` of shape (2, 4, 3, 5) (that of the forward's result), got shape",
        ),
        (np.zeros((1, 4, 3, 5)), "`grad_out` of shape (2, 4, 3, 5)"),
        (np.zeros((2, 4, 3, 5), "f"), "`grad_out`, `x` of one dtype, got grad_out float32, x float64"),
        ([[0.0]], "`grad_out` to be a NumPy array"),
    ],
)
def test_backward_refuses_another_gradient(grad_out, message):
    with pytest.raises(ValueError, match=r"conv2d_backward: expected " + re.escape(message)):
        conv2d_backward(grad_out, x4, w4)


TRANSPOSED = {
    "channels": ([x4, w4], {}, "`weight` (C_in, C_out/groups, K_h, K_w) with 3 on axis 0"),
    "bias": ([x4, w4[:3], np.zeros(4)], {}, "`bias` of shape (3,) (C_out), got shape (4,)"),
    "extra": (
        [x4, w4[:3]],
        {"output_padding": 1},
        "`output_padding` smaller than the stride or the dilation",
    ),
    "less": (
        [x4, w4[:3]],
        {"output_padding": -1, "stride": 2},
        "`output_padding` to be an integer of at least 0",
    ),
    "nothing left": ([x4, w4[:3]], {"padding": 4}, "an output of at least one pixel"),
    "word": ([x4, w4[:3]], {"padding": "same"}, "`padding` to be an integer of at least 0, got 'same'"),
    "stride": ([x4, w4[:3]], {"stride": (0, 1)}, "`stride` to be an integer of at least 1, got 0"),
}


@pytest.mark.parametrize(("args", "options", "message"), TRANSPOSED.values(), ids=TRANSPOSED)
def test_conv_transpose2d_refuses(args, options, message):
    with pytest.raises(ValueError, match=r"conv_transpose2d: expected .*" + re.escape(message)):
        conv_transpose2d(*args, **options)
    with pytest.raises(ValueError, match=r"conv_transpose2d_backward: expected .*" + re.escape(message)):
        conv_transpose2d_backward(np.zeros((2, 3, 7, 7)), *args, **options)


ONE_AXIS = {
    "rank": ([x4, w4], {}, "`x` of shape (N, C_in, L), got shape (2, 3, 5, 6)"),
    "channels": ([x4[..., 0], w4[:, :2, :, 0]], {}, "`weight` (C_out, C_in/groups, K) with 3 on axis 1"),
    "pair": (
        [x4[..., 0], w4[..., 0]],
        {"stride": (1, 2)},
        "`stride` to be an integer of at least 1, got (1, 2)",
    ),
    "too long": ([x4[:, :, :2, 0], w4[..., 0]], {}, "a kernel that fits in the padded input"),
    "same with stride": ([x4[..., 0], w4[..., 0]], {"padding": "same", "stride": 2}, "stride 1"),
}


@pytest.mark.parametrize(("args", "options", "message"), ONE_AXIS.values(), ids=ONE_AXIS)
def test_conv1d_refuses(args, options, message):
    with pytest.raises(ValueError, match=r"conv1d: expected .*" + re.escape(message)):
        conv1d(*args, **options)
    with pytest.raises(ValueError, match=r"conv1d_backward: expected .*" + re.escape(message)):
        conv1d_backward(np.zeros((2, 4, 3)), *args, **options)


@pytest.mark.parametrize(
    ("x", "k", "message"),
    [
        (X[None], K, "`x` of shape (H, W), got shape (1, 3, 3)"),
        (X, K[0], "`k` of shape (K_h, K_w), got shape (2,)"),
        (X, X[:, :0], "a kernel of at least 1x1"),
        (K, X, "a kernel of at least 1x1 that fits in the image (2, 2), got `k` of shape (3, 3)"),
        (X.astype(int), K, "`x` of a floating dtype, got dtype int64"),
        (X, K.astype("f"), "`x`, `k` of one dtype, got x float64, k float32"),
    ],
)
@pytest.mark.parametrize("name", ["corr2d", "convolve2d"])
def test_single_channel_refuses(name, x, k, message):
    with pytest.raises(ValueError, match=f"{name}: expected " + re.escape(message)):
        getattr(functional, name)(x, k)


def test_convolve2d_refuses_an_unknown_mode():
    with pytest.raises(ValueError, match="convolve2d: expected `mode` among 'valid', 'full', got 'same'"):
        convolve2d(X, K, mode="same")

"""course_lib.boxes against torchvision.ops and boxes worked by hand."""

import numpy as np
import pytest
import torch
import torchvision.ops as tv
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import boxes as B

FORMATS = ["xyxy", "xywh", "cxcywh"]


def random_boxes(rng, n, size=50.0, degenerate=True, dtype=np.float64):
    corners = np.sort(rng.uniform(0, size, (n, 2, 2)), axis=1).reshape(n, 4)
    if degenerate and n > 3:
        corners[0, 2] = corners[0, 0]  # no width
        corners[1, 2:] = corners[1, :2]  # a point
        corners[2] = corners[3]  # twice the same
    return corners.astype(dtype)


@pytest.mark.parametrize("in_fmt", FORMATS)
@pytest.mark.parametrize("out_fmt", FORMATS)
def test_box_convert_equals_torchvision(in_fmt, out_fmt):
    x = random_boxes(np.random.default_rng(0), 20)
    before = x.copy()
    got = B.box_convert(x, in_fmt, out_fmt)
    np.testing.assert_allclose(got, tv.box_convert(torch.tensor(x), in_fmt, out_fmt), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(got, x)


def test_iou_by_hand():
    a = np.array([[0.0, 0.0, 2.0, 2.0]])
    b = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [0, 0, 1, 1]], dtype=float)
    np.testing.assert_allclose(B.box_iou(a, b), [[1, 1 / 7, 0, 1 / 4]], rtol=1e-15)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 2**32 - 1))
@settings(deadline=None, derandomize=True, max_examples=60)
def test_iou_and_area_equal_torchvision(n, m, seed):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, n), random_boxes(rng, m)
    expected = tv.box_iou(torch.tensor(a), torch.tensor(b)).nan_to_num(0).numpy()
    np.testing.assert_allclose(B.box_iou(a, b), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(B.box_area(a), tv.box_area(torch.tensor(a)), rtol=1e-12)


def test_iou_of_two_empty_boxes_is_zero():
    point = np.array([[1.0, 1.0, 1.0, 1.0]])
    assert B.box_iou(point, point) == 0


def test_float32_stays_float32():
    x = random_boxes(np.random.default_rng(1), 5, degenerate=False, dtype=np.float32)
    results = [
        B.box_iou(x, x),
        B.box_area(x),
        B.box_convert(x, "xyxy", "cxcywh"),
        B.encode_offsets(x, x),
        B.decode_offsets(x, x),
    ]
    assert {r.dtype for r in results} == {np.dtype(np.float32)}


@given(
    st.integers(0, 60), st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]), st.booleans(), st.integers(0, 2**32 - 1)
)
@settings(deadline=None, derandomize=True, max_examples=120)
def test_nms_equals_torchvision(n, threshold, ties, seed):
    rng = np.random.default_rng(seed)
    # Whole coordinates: overlaps that equal the threshold exactly do occur.
    x = np.sort(rng.integers(0, 12, (n, 2, 2)), axis=1).reshape(n, 4).astype(np.float64)
    x[:, 2:] += 1
    scores = rng.integers(0, 5, n) / 4 if ties else rng.random(n)
    order = np.argsort(-scores, kind="stable")
    # torchvision does not promise an order of equal scores; sorted input fixes it.
    expected = tv.nms(torch.tensor(x[order]), torch.arange(n, 0, -1, dtype=torch.float64), threshold)
    np.testing.assert_array_equal(B.nms(x, scores, threshold), order[expected.numpy()])


def test_batched_nms_equals_torchvision():
    rng = np.random.default_rng(2)
    x, scores, labels = random_boxes(rng, 200), rng.random(200), rng.integers(0, 4, 200)
    expected = tv.batched_nms(torch.tensor(x), torch.tensor(scores), torch.tensor(labels), 0.3)
    np.testing.assert_array_equal(B.batched_nms(x, scores, labels, 0.3), expected)
    assert len(expected) < 200


def test_nms_in_a_chain_is_greedy():
    # b overlaps a and c, a and c do not overlap: dropping b saves c.
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], dtype=float)
    np.testing.assert_array_equal(B.nms(chain, np.array([0.9, 0.8, 0.7]), 0.3), [0, 2])


def test_anchors_by_hand():
    got = B.anchor_boxes((1, 2), (8, 16), scales=[4.0], aspect_ratios=[1.0, 4.0], dtype=np.float64)
    by_hand = [[2, 2, 6, 6], [0, 3, 8, 5], [10, 2, 14, 6], [8, 3, 16, 5]]
    np.testing.assert_allclose(got, by_hand, rtol=1e-15)


def test_anchors_keep_area_ratio_and_centre():
    got = B.anchor_boxes((3, 5), (30, 100), scales=[8, 20], aspect_ratios=[0.5, 1, 2], dtype=np.float64)
    assert got.shape == (3 * 5 * 6, 4)
    x, y, w, h = B.box_convert(got, "xyxy", "cxcywh").reshape(3, 5, 2, 3, 4).transpose(4, 0, 1, 2, 3)
    np.testing.assert_allclose(w * h, np.broadcast_to([[64.0], [400.0]], (3, 5, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(w / h, np.broadcast_to([0.5, 1, 2], (3, 5, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(x[1, :, 0, 0], [10, 30, 50, 70, 90], rtol=1e-12)
    np.testing.assert_allclose(y[:, 1, 0, 0], [5, 15, 25], rtol=1e-12)


def test_match_thresholds_and_forced_matches():
    anchors = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 10, 4], [50, 50, 60, 60]], dtype=float)
    truth = np.array([[0, 0, 10, 10], [14, 9, 20, 20]], dtype=float)
    # IoU with truth 0: 1, 1/3, 0.4, 0; truth 1 touches anchor 1 alone, by 1 pixel.
    np.testing.assert_array_equal(B.match_anchors(anchors, truth, 0.5, force=False), [0, -1, -1, -1])
    np.testing.assert_array_equal(B.match_anchors(anchors, truth, 0.5, 0.35, force=False), [0, -1, -2, -1])
    np.testing.assert_array_equal(B.match_anchors(anchors, truth, 0.5), [0, 1, -1, -1])
    np.testing.assert_array_equal(B.match_anchors(anchors, np.empty((0, 4))), [-1] * 4)


def test_forced_matches_never_share_an_anchor():
    anchors = np.array([[0, 0, 10, 10], [0, 0, 9, 10]], dtype=float)
    truth = np.array([[0, 0, 10, 10], [0, 0, 10, 9.5]], dtype=float)
    assert sorted(B.match_anchors(anchors, truth, 0.99)) == [0, 1]


def test_offsets_by_hand_and_round_trip():
    box, anchor = np.array([[2.0, 1, 10, 5]]), np.array([[0.0, 0, 4, 4]])
    # centre (6, 3) against (2, 2), size (8, 4) against (4, 4)
    by_hand = [[4 / 4 / 0.1, 1 / 4 / 0.1, np.log(2) / 0.2, 0]]
    np.testing.assert_allclose(B.encode_offsets(box, anchor), by_hand, rtol=1e-14)
    rng = np.random.default_rng(3)
    boxes, anchors = (random_boxes(rng, 100, degenerate=False) for _ in range(2))
    back = B.decode_offsets(B.encode_offsets(boxes, anchors), anchors)
    big = (boxes[:, 2:] - boxes[:, :2]) / (anchors[:, 2:] - anchors[:, :2]) < 1000 / 16
    keep = big.all(axis=1)
    assert keep.sum() > 80
    np.testing.assert_allclose(back[keep], boxes[keep], rtol=1e-9, atol=1e-9)


def test_decode_does_not_overflow():
    wild = np.full((1, 4), 1e4, dtype=np.float32)
    assert np.isfinite(B.decode_offsets(wild, np.array([[0, 0, 4, 4]], dtype=np.float32))).all()


GOOD = np.array([[0.0, 0.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: B.box_area(np.zeros((2, 5))),
            r"box_area: expected `boxes` of shape \(N, 4\), got shape \(2, 5\)",
        ),
        (
            lambda: B.box_area(np.zeros((2, 4), int)),
            "box_area: expected `boxes` of a floating dtype, got dtype int64",
        ),
        (lambda: B.box_iou(GOOD, GOOD.astype(np.float32)), "of one dtype"),
        (lambda: B.box_convert(GOOD, "xyxy", "yxyx"), "box_convert: expected `out_fmt` among"),
        (lambda: B.nms(GOOD, np.zeros(2), 0.5), r"nms: expected `scores` of shape \(1,\) to match `boxes`"),
        (lambda: B.nms(GOOD, np.zeros(1), 1.5), "nms: expected `iou_threshold` from 0 to 1, got 1.5"),
        (lambda: B.nms(GOOD, np.zeros(1), "half"), "nms: expected `iou_threshold` from 0 to 1, got 'half'"),
        (
            lambda: B.nms(GOOD, np.zeros(1, np.uint8), 0.5),
            "nms: expected `scores` of a floating dtype, got dtype uint8",
        ),
        (
            lambda: B.batched_nms([[0.0, 0, 1, 1]], np.zeros(1), np.zeros(1, int), 0.5),
            "batched_nms: expected `boxes` to be a NumPy array",
        ),
        (
            lambda: B.batched_nms(GOOD[:0], np.zeros(0), np.zeros(0, int), 5),
            "batched_nms: expected `iou_threshold` from 0",
        ),
        (
            lambda: B.batched_nms(GOOD, np.zeros(1), np.zeros(1), 0.5),
            "batched_nms: expected `labels` of an integer dtype",
        ),
        (
            lambda: B.anchor_boxes((3,), (8, 8), [1]),
            "anchor_boxes: expected `feature_size` to be an integer or",
        ),
        (
            lambda: B.anchor_boxes((1, 1), (8, 8), "big"),
            "anchor_boxes: expected `scales` to be positive numbers",
        ),
        (lambda: B.anchor_boxes((1, 1), (8, 8), 4), "anchor_boxes: expected `scales` to be positive numbers"),
        (
            lambda: B.anchor_boxes((1, 1), (8, 8), [4], dtype=int),
            "anchor_boxes: expected a floating `dtype`, got",
        ),
        (lambda: B.match_anchors([1.0], GOOD), "match_anchors: expected `anchors` to be a NumPy array"),
        (
            lambda: B.match_anchors(GOOD, GOOD.astype("f4")),
            "match_anchors: expected `anchors`, `truth` of one dtype",
        ),
        (lambda: B.match_anchors(GOOD, GOOD, "half"), "0 <= negative_iou <= positive_iou <= 1, got"),
        (
            lambda: B.encode_offsets(GOOD, GOOD, (0, 1, 1, 1)),
            "encode_offsets: expected `std` to be positive numbers",
        ),
        (
            lambda: B.decode_offsets(GOOD, GOOD, (1, 1)),
            "decode_offsets: expected four numbers in `std`, got 2",
        ),
        (lambda: B.nms(GOOD, np.full(1, np.nan), 0.5), "nms: expected `scores` without NaN"),
        (lambda: B.anchor_boxes((0, 2), (8, 8), [1]), "`feature_size` to be an integer of at least 1, got 0"),
        (lambda: B.anchor_boxes((2, 2), (8, 8), [-1.0]), "`scales` to be positive numbers"),
        (lambda: B.match_anchors(GOOD, GOOD, 0.3, 0.5), "0 <= negative_iou <= positive_iou <= 1"),
        (
            lambda: B.encode_offsets(GOOD, np.zeros((1, 4))),
            "encode_offsets: expected `anchors` of positive width",
        ),
        (lambda: B.decode_offsets(GOOD, np.zeros((2, 4))), "decode_offsets: expected `anchors` of shape"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["turned over", "without area", "whole"])
def test_nms_equals_torchvision_for_boxes_no_detector_should_give(dtype, kind):
    """Far edges before near ones, lines and points, and overlaps of exactly a third, which float32 rounds up."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        n = rng.integers(0, 30)
        boxes = rng.integers(0, 7, (n, 4)) if kind != "turned over" else 9 * rng.random((n, 4))
        if kind != "turned over":
            boxes = np.concatenate(
                [np.minimum(boxes[:, :2], boxes[:, 2:]), boxes.max(axis=1, keepdims=True)], 1
            )
            boxes = boxes[:, [0, 1, 2, 2]] if kind == "whole" else boxes[:, [0, 1, 0, 2]]
        boxes, scores = boxes.astype(dtype), (rng.integers(0, 5, n) / 4).astype(dtype)
        for threshold in (0.0, 0.25, 1 / 3, 0.5, 0.7, 1.0):
            expected = tv.nms(torch.tensor(boxes), torch.tensor(scores), threshold)
            np.testing.assert_array_equal(B.nms(boxes, scores, threshold), expected.numpy())

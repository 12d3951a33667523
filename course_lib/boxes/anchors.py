"""From boxes to a network's targets and back: anchors, matching, offsets."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

from course_lib._validation import as_pair, check_same_dtype, check_shape, fail
from course_lib.boxes.geometry import box_convert, box_iou, check_boxes

#: Standard deviations by which Faster R-CNN and SSD scale the offsets (dx, dy, dw, dh).
OFFSET_STD = (0.1, 0.1, 0.2, 0.2)


def anchor_boxes(
    feature_size: tuple[int, int],
    image_size: tuple[int, int],
    scales: Sequence[float],
    aspect_ratios: Sequence[float] = (1.0,),
    dtype: type = np.float32,
) -> np.ndarray:
    """Boxes of every scale and shape, centred on every cell of a feature map.

    Parameters
    ----------
    feature_size : int or pair of int
        ``(H, W)`` of the feature map, in cells.
    image_size : int or pair of int
        ``(H, W)`` of the image it was computed from, in pixels.
    scales : sequence of float
        Side of a square anchor, in pixels; every scale keeps its area whatever the aspect ratio.
    aspect_ratios : sequence of float, default (1.0,)
        Width over height.
    dtype : dtype, default float32
        Of the result.

    Returns
    -------
    ndarray, shape (H * W * len(scales) * len(aspect_ratios), 4)
        Boxes ``xyxy``, in pixels, not clipped to the image: the cell varies slowest (row by row), then the
        scale, then the aspect ratio, which is the order of a prediction head ``(H, W, A, 4)``.

    Raises
    ------
    ValueError
        If a size is below 1, a scale or ratio is not positive, or `dtype` is not floating.

    References
    ----------
    .. [1] S. Ren et al., "Faster R-CNN: towards real-time object detection with region proposal networks",
       arXiv:1506.01497, 2015, section 3.1.1.

    Examples
    --------
    >>> anchor_boxes((1, 2), (8, 16), scales=[4])
    array([[ 2.,  2.,  6.,  6.],
           [10.,  2., 14.,  6.]], dtype=float32)
    """
    rows, columns = as_pair("anchor_boxes", "feature_size", feature_size, 1)
    height, width = as_pair("anchor_boxes", "image_size", image_size, 1)
    scale, ratio = (
        _positive("anchor_boxes", name, values)  # (scales,), (ratios,)
        for name, values in (("scales", scales), ("aspect_ratios", aspect_ratios))
    )
    if not np.issubdtype(dtype, np.floating):
        fail("anchor_boxes", "a floating `dtype`", dtype)
    w = (scale[:, None] * np.sqrt(ratio)).ravel()  # (A,)
    h = (scale[:, None] / np.sqrt(ratio)).ravel()  # (A,)
    half = np.stack([-w, -h, w, h], axis=1) / 2  # (A, 4)
    cx = (np.arange(columns) + 0.5) * width / columns  # (W,)
    cy = (np.arange(rows) + 0.5) * height / rows  # (H,)
    grid_x, grid_y = np.meshgrid(cx, cy)  # (H, W), (H, W)
    centre = np.stack([grid_x, grid_y, grid_x, grid_y], axis=-1)  # (H, W, 4)
    return (centre[:, :, None] + half).reshape(-1, 4).astype(dtype)  # (H * W * A, 4)


def match_anchors(
    anchors: np.ndarray,
    truth: np.ndarray,
    positive_iou: float = 0.5,
    negative_iou: float | None = None,
    force: bool = True,
) -> np.ndarray:
    """Say for each anchor which true box it must predict.

    An anchor takes the true box that it overlaps most, if by at least `positive_iou`; it is background below
    `negative_iou`, and ignored in between. With `force`, every true box also claims the anchor that overlaps
    it most, so that no object goes without one; larger overlaps are served first.

    Parameters
    ----------
    anchors : ndarray, shape (A, 4), floating
        Boxes ``xyxy``, in pixels.
    truth : ndarray, shape (M, 4), dtype of `anchors`
        True boxes ``xyxy``, in pixels; M may be 0.
    positive_iou : float, default 0.5
        Least overlap of a match.
    negative_iou : float, optional
        Overlap below which an anchor is background; `positive_iou` by default, so that none is ignored.
    force : bool, default True
        Give every true box an anchor.

    Returns
    -------
    ndarray, shape (A,), int64
        Index of the true box, -1 for background, -2 for ignored.

    Raises
    ------
    ValueError
        If a shape or dtype disagrees, or not ``0 <= negative_iou <= positive_iou <= 1``.

    References
    ----------
    .. [1] W. Liu et al., "SSD: single shot multibox detector", arXiv:1512.02325, 2016, section 2.2.

    Examples
    --------
    >>> anchors = np.array([[0., 0., 4., 4.], [4., 0., 8., 4.], [0., 0., 1., 1.]])
    >>> match_anchors(anchors, np.array([[5., 0., 9., 4.]]))
    array([-1,  0, -1])
    """
    for name, boxes in (("anchors", anchors), ("truth", truth)):
        check_boxes("match_anchors", name, boxes)
    check_same_dtype("match_anchors", anchors=anchors, truth=truth)
    iou = box_iou(anchors, truth)  # (A, M)
    negative_iou = positive_iou if negative_iou is None else negative_iou
    numbers = isinstance(negative_iou, Real) and isinstance(positive_iou, Real)
    if not numbers or not 0 <= negative_iou <= positive_iou <= 1:
        fail("match_anchors", "0 <= negative_iou <= positive_iou <= 1", (negative_iou, positive_iou))
    match = np.full(len(anchors), -1, dtype=np.int64)  # (A,)
    if iou.size == 0:
        return match
    best, best_iou = iou.argmax(axis=1), iou.max(axis=1)  # (A,), (A,)
    match[best_iou >= negative_iou] = -2
    positive = best_iou >= positive_iou
    match[positive] = best[positive]
    if force:
        for _ in range(min(iou.shape)):
            anchor, box = np.unravel_index(iou.argmax(), iou.shape)
            if iou[anchor, box] <= 0:
                break
            match[anchor] = box
            iou[anchor, :] = iou[:, box] = -1
    return match


def encode_offsets(boxes: np.ndarray, anchors: np.ndarray, std: Sequence[float] = OFFSET_STD) -> np.ndarray:
    r"""Write boxes relative to anchors, as a network predicts them.

    With centre, width and height of a box :math:`(x, y, w, h)` and of its anchor
    :math:`(x_a, y_a, w_a, h_a)`,

    .. math::
        \left(\frac{x - x_a}{w_a \sigma_x},\; \frac{y - y_a}{h_a \sigma_y},\;
        \frac{\log (w / w_a)}{\sigma_w},\; \frac{\log (h / h_a)}{\sigma_h}\right).

    Parameters
    ----------
    boxes : ndarray, shape (N, 4), floating
        Boxes ``xyxy``, in pixels, of positive width and height.
    anchors : ndarray, shape (N, 4), dtype of `boxes`
        The anchor of each box, likewise.
    std : sequence of float, default (0.1, 0.1, 0.2, 0.2)
        Divisors that bring the four offsets to about unit variance.

    Returns
    -------
    ndarray, shape (N, 4), dtype of `boxes`
        Offsets ``(dx, dy, dw, dh)``, without unit.

    Raises
    ------
    ValueError
        If shapes or dtypes disagree, a box or anchor has no area, or `std` is not four positive numbers.

    References
    ----------
    .. [1] R. Girshick et al., "Rich feature hierarchies for accurate object detection and semantic
       segmentation", arXiv:1311.2524, 2014, appendix C.

    Examples
    --------
    >>> encode_offsets(np.array([[2., 0., 6., 4.]]), np.array([[0., 0., 4., 4.]]))
    array([[5., 0., 0., 0.]])
    """
    check_boxes("encode_offsets", "boxes", boxes)
    check_shape("encode_offsets", "anchors", anchors, boxes.shape, " to match `boxes`")
    check_same_dtype("encode_offsets", boxes=boxes, anchors=anchors)
    for name, array in (("boxes", boxes), ("anchors", anchors)):
        if not (array[:, 2:] > array[:, :2]).all():
            fail("encode_offsets", f"`{name}` of positive width and height", "an empty box")
    box, anchor = box_convert(boxes, "xyxy", "cxcywh"), box_convert(anchors, "xyxy", "cxcywh")
    shift = (box[:, :2] - anchor[:, :2]) / anchor[:, 2:]  # (N, 2)
    growth = np.log(box[:, 2:] / anchor[:, 2:])  # (N, 2)
    return np.concatenate([shift, growth], axis=1) / _as_std("encode_offsets", std, boxes.dtype)  # (N, 4)


def decode_offsets(offsets: np.ndarray, anchors: np.ndarray, std: Sequence[float] = OFFSET_STD) -> np.ndarray:
    """Turn predicted offsets back into boxes: the inverse of `encode_offsets`.

    Parameters
    ----------
    offsets : ndarray, shape (N, 4), floating
        Offsets ``(dx, dy, dw, dh)``, without unit.
    anchors : ndarray, shape (N, 4), dtype of `offsets`
        Boxes ``xyxy``, in pixels.
    std : sequence of float, default (0.1, 0.1, 0.2, 0.2)
        The divisors that `encode_offsets` was given.

    Returns
    -------
    ndarray, shape (N, 4), dtype of `offsets`
        Boxes ``xyxy``, in pixels. A box grows at most 1000 / 16 times, so that an untrained network cannot
        overflow.

    Raises
    ------
    ValueError
        If shapes or dtypes disagree, or `std` is not four positive numbers.

    References
    ----------
    .. [1] R. Girshick et al., "Rich feature hierarchies for accurate object detection and semantic
       segmentation", arXiv:1311.2524, 2014, appendix C.

    Examples
    --------
    >>> decode_offsets(np.array([[5., 0., 0., 0.]]), np.array([[0., 0., 4., 4.]]))
    array([[2., 0., 6., 4.]])
    """
    check_boxes("decode_offsets", "offsets", offsets)
    check_shape("decode_offsets", "anchors", anchors, offsets.shape, " to match `offsets`")
    check_same_dtype("decode_offsets", offsets=offsets, anchors=anchors)
    scaled = offsets * _as_std("decode_offsets", std, offsets.dtype)  # (N, 4)
    anchor = box_convert(anchors, "xyxy", "cxcywh")  # (N, 4)
    centre = anchor[:, :2] + scaled[:, :2] * anchor[:, 2:]  # (N, 2)
    size = anchor[:, 2:] * np.exp(
        np.minimum(scaled[:, 2:], np.log(1000 / 16)).astype(offsets.dtype)
    )  # (N, 2)
    return box_convert(np.concatenate([centre, size], axis=1), "cxcywh", "xyxy")  # (N, 4)


def _positive(function: str, name: str, values: Sequence[float]) -> np.ndarray:
    """Return a sequence of numbers above 0 as float64."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf" or not (array > 0).all():
        fail(function, f"`{name}` to be positive numbers", values)
    return array.astype(np.float64)


def _as_std(function: str, std: Sequence[float], dtype: np.dtype) -> np.ndarray:
    """Return the four divisors of the offsets in the dtype of the boxes."""
    divisors = _positive(function, "std", std)  # (4,)
    if divisors.shape != (4,):
        fail(function, "four numbers in `std`", len(divisors))
    return divisors.astype(dtype)

"""What boxes are: how they are written, how large they are, how much they overlap.

Boxes are rows ``(x1, y1, x2, y2)`` in pixels, x to the right, y down, the far edges exclusive: a box of one
pixel has ``x2 - x1 == 1``. Coordinates are floating and keep their dtype.
"""

from __future__ import annotations

import numpy as np

from course_lib._validation import check_choice, check_rank, check_same_dtype, fail

_FORMATS = ("xyxy", "xywh", "cxcywh")


def check_boxes(function: str, name: str, boxes: np.ndarray) -> None:
    """Refuse what is not a floating array of shape (N, 4)."""
    check_rank(function, name, boxes, "(N, 4)")
    if boxes.shape[1] != 4:
        fail(function, f"`{name}` of shape (N, 4)", f"shape {boxes.shape}")


def box_convert(boxes: np.ndarray, in_fmt: str, out_fmt: str) -> np.ndarray:
    """Change how boxes are written.

    Parameters
    ----------
    boxes : ndarray, shape (N, 4), floating
        Boxes, in pixels.
    in_fmt, out_fmt : {"xyxy", "xywh", "cxcywh"}
        Two corners; first corner, width and height; or centre, width and height.

    Returns
    -------
    ndarray, shape (N, 4), dtype of `boxes`
        The same boxes in `out_fmt`; always a new array.

    Raises
    ------
    ValueError
        If `boxes` has another shape or is not floating, or a format is unknown.

    References
    ----------
    .. [1] ``torchvision.ops.box_convert``, whose names and formats these are.

    Examples
    --------
    >>> box_convert(np.array([[10., 20., 30., 60.]]), "xyxy", "cxcywh")
    array([[20., 40., 20., 40.]])
    """
    check_boxes("box_convert", "boxes", boxes)
    for name, fmt in (("in_fmt", in_fmt), ("out_fmt", out_fmt)):
        check_choice("box_convert", name, fmt, _FORMATS)
    if in_fmt == out_fmt:
        return boxes.copy()
    a, b = boxes[:, :2], boxes[:, 2:]  # (N, 2), (N, 2)
    first, last = {"xyxy": (a, b), "xywh": (a, a + b), "cxcywh": (a - b / 2, a + b / 2)}[in_fmt]
    size = b if in_fmt != "xyxy" else last - first
    out = {"xyxy": (first, last), "xywh": (first, size), "cxcywh": ((first + last) / 2, size)}[out_fmt]
    return np.concatenate(out, axis=1)  # (N, 4)


def box_area(boxes: np.ndarray) -> np.ndarray:
    """Area of each box.

    Parameters
    ----------
    boxes : ndarray, shape (N, 4), floating
        Boxes ``xyxy``, in pixels.

    Returns
    -------
    ndarray, shape (N,), dtype of `boxes`
        Areas, in square pixels.

    Raises
    ------
    ValueError
        If `boxes` has another shape or is not floating.

    References
    ----------
    .. [1] ``torchvision.ops.box_area``.

    Examples
    --------
    >>> box_area(np.array([[0., 0., 3., 2.], [1., 1., 1., 5.]]))
    array([6., 0.])
    """
    check_boxes("box_area", "boxes", boxes)
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])  # (N,)


def box_iou(boxes1: np.ndarray, boxes2: np.ndarray) -> np.ndarray:
    r"""Intersection over union of every box of one set with every box of another.

    .. math::
        \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}.

    Parameters
    ----------
    boxes1 : ndarray, shape (N, 4), floating
        Boxes ``xyxy``, in pixels.
    boxes2 : ndarray, shape (M, 4), dtype of `boxes1`
        Boxes ``xyxy``, in pixels.

    Returns
    -------
    ndarray, shape (N, M), dtype of `boxes1`
        Overlaps in [0, 1]; 0 where two empty boxes meet, whose quotient is undefined.

    Raises
    ------
    ValueError
        If a shape or dtype disagrees.

    References
    ----------
    .. [1] M. Everingham et al., "The PASCAL visual object classes (VOC) challenge", IJCV 88, 2010,
       section 4.2.

    Examples
    --------
    >>> box_iou(np.array([[0., 0., 2., 2.]]), np.array([[1., 0., 3., 2.], [5., 5., 6., 6.]])).round(3)
    array([[0.333, 0.   ]])
    """
    check_boxes("box_iou", "boxes1", boxes1)
    check_boxes("box_iou", "boxes2", boxes2)
    check_same_dtype("box_iou", boxes1=boxes1, boxes2=boxes2)
    return pairwise_iou(boxes1[:, None], boxes2[None])  # (N, M)


def pairwise_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU of boxes that broadcast against each other along all axes but the last."""
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    inter = np.maximum(width, 0) * np.maximum(height, 0)
    area_a = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1])
    area_b = (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    union = area_a + area_b - inter
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)

"""Around a single-shot detector: its targets, its loss, and the boxes in its answer.

Paper: W. Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325, section 2.2.

Departure from the paper: an image without objects counts as one match in the loss, so that its false alarms
are still punished; the paper sets its loss to 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib._validation import as_float, as_pair, check_same_dtype, check_shape, fail
from course_lib.boxes import batched_nms, decode_offsets, encode_offsets, match_anchors
from course_lib.boxes.geometry import check_boxes
from course_lib.metrics import Detections
from course_lib.models.detector import DetectorOutput


class DetectionTargets(NamedTuple):
    """What the network must answer for every anchor.

    Attributes
    ----------
    classes : Tensor, shape (N, A), int64
        0 for background, ``label + 1`` for an object, -1 for anchors that the loss ignores.
    offsets : Tensor, shape (N, A, 4), float32
        Offsets from the anchor to its object; 0 where there is none.
    """

    classes: Tensor
    offsets: Tensor


def detection_targets(
    anchors: np.ndarray,
    boxes: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    positive_iou: float = 0.5,
    negative_iou: float | None = None,
) -> DetectionTargets:
    """Match true boxes to anchors, image by image.

    Parameters
    ----------
    anchors : ndarray, shape (A, 4), float32
        Boxes ``xyxy``, in pixels.
    boxes : sequence of ndarray, each of shape (M, 4), float32
        True boxes of each image, in pixels.
    labels : sequence of ndarray, each of shape (M,), integer
        Their classes from 0 on; rows labelled -1 are padding.
    positive_iou : float, default 0.5
        Least overlap of an anchor with the object it must predict.
    negative_iou : float, optional
        Overlap below which an anchor is background; `positive_iou` by default.

    Returns
    -------
    DetectionTargets
        Classes and offsets of every anchor.

    Raises
    ------
    ValueError
        If the sequences differ in length, or shapes or dtypes disagree.

    References
    ----------
    .. [1] W. Liu et al., "SSD: single shot multibox detector", arXiv:1512.02325, 2016, section 2.2.

    Examples
    --------
    >>> anchors = np.array([[0, 0, 8, 8], [8, 0, 16, 8]], dtype=np.float32)
    >>> boxes = np.array([[[8, 0, 16, 8]]], dtype=np.float32)
    >>> detection_targets(anchors, boxes, np.array([[2]])).classes
    tensor([[0, 3]])
    """
    check_boxes("detection_targets", "anchors", anchors)
    if len(boxes) != len(labels):
        fail(
            "detection_targets",
            "as many entries in `boxes` as in `labels`",
            f"{len(boxes)} and {len(labels)}",
        )
    classes = np.zeros((len(boxes), len(anchors)), dtype=np.int64)
    offsets = np.zeros((len(boxes), len(anchors), 4), dtype=np.float32)
    for n, (image_boxes, image_labels) in enumerate(zip(boxes, labels, strict=True)):
        check_boxes("detection_targets", "boxes", image_boxes)
        check_same_dtype("detection_targets", anchors=anchors, boxes=image_boxes)
        check_shape("detection_targets", "labels", image_labels, image_boxes.shape[:1], " to match `boxes`")
        if not np.issubdtype(image_labels.dtype, np.integer):
            fail("detection_targets", "`labels` of an integer dtype", f"dtype {image_labels.dtype}")
        real = image_labels >= 0  # (M,)
        truth, label = image_boxes[real], image_labels[real]
        match = match_anchors(anchors, truth, positive_iou, negative_iou)  # (A,)
        found = match >= 0
        classes[n, match == -2] = -1
        classes[n, found] = label[match[found]] + 1
        offsets[n, found] = encode_offsets(truth[match[found]], anchors[found])
    return DetectionTargets(torch.from_numpy(classes), torch.from_numpy(offsets))


def detection_loss(
    output: DetectorOutput, targets: DetectionTargets, negatives_per_positive: float = 3.0
) -> Tensor:
    r"""Cross-entropy of the classes plus smooth L1 of the offsets, per matched anchor.

    .. math::
        L = \frac{1}{P} \Big( \sum_{a \in \text{matched}} \big[\text{CE}(a) + \text{smooth}_{L1}(a)\big]
            + \sum_{a \in \text{hard}} \text{CE}(a) \Big),

    where P counts the matched anchors of the batch and the hard anchors of an image are those background
    anchors that the network gets most wrong, three for each match.

    Parameters
    ----------
    output : DetectorOutput
        What the network said.
    targets : DetectionTargets
        What it should have said.
    negatives_per_positive : float, default 3.0
        Background anchors counted for each match; an image without objects counts as one match.

    Returns
    -------
    Tensor, scalar
        The loss.

    Raises
    ------
    ValueError
        If the targets are not of this output's shape.

    References
    ----------
    .. [1] W. Liu et al., "SSD: single shot multibox detector", arXiv:1512.02325, 2016, equations 1 to 3.

    Examples
    --------
    >>> output = DetectorOutput(torch.zeros(1, 2, 4), torch.zeros(1, 2, 4), torch.zeros(2, 4))
    >>> targets = DetectionTargets(torch.tensor([[0, 3]]), torch.zeros(1, 2, 4))
    >>> detection_loss(output, targets)  # 2 log 4: one match, one hard negative
    tensor(2.7726)
    """
    for name, wanted in (("classes", output.class_logits.shape[:2]), ("offsets", output.offsets.shape)):
        got = getattr(targets, name).shape
        if got != wanted:
            fail("detection_loss", f"`targets.{name}` of shape {tuple(wanted)}", f"shape {tuple(got)}")
    logits = output.class_logits.transpose(1, 2)  # (N, num_classes + 1, A)
    entropy = F.cross_entropy(logits, targets.classes, ignore_index=-1, reduction="none")  # (N, A)
    positive = targets.classes > 0  # (N, A)
    matches = positive.sum(dim=1).clamp(min=1)  # (N,)

    difficulty = entropy.detach().masked_fill(targets.classes != 0, -1.0)  # (N, A), -1 where not background
    rank = difficulty.argsort(dim=1, descending=True).argsort(dim=1)  # (N, A), 0 for the hardest
    hard = rank < negatives_per_positive * matches[:, None]  # (N, A), ignored anchors have entropy 0

    shift = F.smooth_l1_loss(
        output.offsets[positive], targets.offsets[positive].to(output.offsets), reduction="sum"
    )
    return (entropy[positive | hard].sum() + shift) / matches.sum()


def decode_detections(
    output: DetectorOutput,
    score_threshold: float = 0.5,
    iou_threshold: float = 0.45,
    image_size: tuple[int, int] | None = None,
) -> list[Detections]:
    """Turn the network's answer into boxes: decode, drop the unsure, suppress the doubles class by class.

    Parameters
    ----------
    output : DetectorOutput
        What the network said.
    score_threshold : float, default 0.5
        Least probability of a class.
    iou_threshold : float, default 0.45
        Largest overlap of two boxes of one class.
    image_size : tuple of int, optional
        ``(H, W)`` of the images, in pixels, to which boxes are clipped; not clipped by default.

    Returns
    -------
    list of Detections
        For each image its boxes, scores and labels (from 0 on), highest score first.

    Raises
    ------
    ValueError
        If a threshold lies outside [0, 1] or `image_size` is not one or two positive integers.

    References
    ----------
    .. [1] W. Liu et al., "SSD: single shot multibox detector", arXiv:1512.02325, 2016, section 3.

    Examples
    --------
    >>> logits = torch.tensor([[[0., 9., 0.], [9., 0., 0.]]])
    >>> anchors = torch.tensor([[0., 0., 8., 8.], [8., 0., 16., 8.]])
    >>> decode_detections(DetectorOutput(logits, torch.zeros(1, 2, 4), anchors))[0].boxes
    array([[0., 0., 8., 8.]], dtype=float32)
    """
    score_threshold = as_float("decode_detections", "score_threshold", score_threshold, 0, 1)
    iou_threshold = as_float("decode_detections", "iou_threshold", iou_threshold, 0, 1)
    size = None if image_size is None else as_pair("decode_detections", "image_size", image_size, 1)
    anchors = output.anchors.detach().float().cpu().numpy()  # (A, 4)
    offsets = output.offsets.detach().float().cpu().numpy()  # (N, A, 4)
    probability = output.class_logits.detach().float().softmax(dim=2).cpu().numpy()  # (N, A, num_classes + 1)
    detections = []
    for image_offsets, image_probability in zip(offsets, probability, strict=True):
        anchor, label = np.nonzero(image_probability[:, 1:] >= score_threshold)  # (D,), (D,)
        scores = image_probability[anchor, label + 1]  # (D,)
        boxes = decode_offsets(image_offsets[anchor], anchors[anchor])  # (D, 4)
        if size is not None:
            height, width = size
            boxes = boxes.clip(0, np.array([width, height, width, height], dtype=boxes.dtype))  # (D, 4)
        keep = batched_nms(boxes, scores, label, iou_threshold)  # (K,)
        detections.append(Detections(boxes[keep], scores[keep], label[keep]))
    return detections

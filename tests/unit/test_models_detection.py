"""The single-shot detector: anchors in the order of its heads, targets, loss and decoding."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.ops import batched_nms, box_iou

from course_lib import boxes as box_ops
from course_lib.models import (
    DetectionTargets,
    DetectorOutput,
    SingleShotDetector,
    build,
    decode_detections,
    detection_loss,
    detection_targets,
)


def random_boxes(count, size=64, seed=0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, size - 20, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(6, 20, (count, 2))], axis=1).astype(np.float32)


def test_anchors_lie_on_their_cells():
    model = SingleShotDetector(width=0.25)
    anchors = model.anchors((64, 96))
    assert anchors.shape == (6 * (8 * 12 + 4 * 6 + 2 * 3), 4)
    centres, sides = (anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]
    np.testing.assert_allclose(centres[:6], [[4, 4]] * 6, rtol=1e-6)
    np.testing.assert_allclose(centres[6], [12, 4], rtol=1e-6)  # the next cell of the same row
    np.testing.assert_allclose(centres[-1], [80, 48], rtol=1e-6)  # the last cell of the coarsest map
    r = np.sqrt(2)
    expected = [[12, 12], [12 * r, 12 / r], [12 / r, 12 * r], [18, 18], [18 * r, 18 / r], [18 / r, 18 * r]]
    np.testing.assert_allclose(sides[:6], expected, rtol=1e-5)
    with torch.no_grad():
        output = model.eval()(torch.rand(1, 3, 64, 96))
    np.testing.assert_array_equal(output.anchors.numpy(), anchors)


def test_anchors_follow_maps_that_are_rounded_down():
    model = SingleShotDetector(width=0.25).eval()
    with torch.no_grad():
        output = model(torch.rand(1, 3, 50, 70))
    np.testing.assert_array_equal(output.anchors.numpy(), model.anchors((50, 70)))
    assert output.class_logits.shape[1] == output.offsets.shape[1] == len(output.anchors)


def test_predictions_stand_beside_their_anchors():
    """A head that answers at one cell and one anchor moves exactly that anchor's row."""
    model = SingleShotDetector(num_classes=2, width=0.25).eval()
    for head in (*model.class_heads, *model.offset_heads):
        torch.nn.init.zeros_(head.weight)
    fine = torch.zeros(6, 4)
    fine[4, 2] = 7.0  # fifth anchor of every cell of the finest map, third offset
    model.offset_heads[0].bias.data = fine.flatten()
    coarse = torch.zeros(6, 3)
    coarse[1, 2] = 5.0
    model.class_heads[2].bias.data = coarse.flatten()
    with torch.no_grad():
        output = model(torch.rand(1, 3, 64, 64))
    rows = output.offsets[0, :, 2].nonzero().flatten()
    assert rows.tolist() == list(range(4, 6 * 64, 6))
    rows = output.class_logits[0, :, 2].nonzero().flatten()
    assert rows.tolist() == [6 * (64 + 16) + 6 * cell + 1 for cell in range(4)]


def test_cells_run_along_rows():
    """Each map's logits, cell by cell, on a map that is wider than high."""
    torch.manual_seed(0)
    model = SingleShotDetector(num_classes=2, width=0.25).eval()
    maps = []
    for stage in (model.backbone, model.extra1, model.extra2):
        stage.register_forward_hook(lambda module, x, y: maps.append(y))
    with torch.no_grad():
        output = model(torch.rand(1, 3, 64, 96))
        row = 0
        for x, head in zip(maps, model.class_heads, strict=True):
            answer = head(x)[0]  # (6 * 3, H, W)
            for i, j in itertools.product(range(x.shape[2]), range(x.shape[3])):
                torch.testing.assert_close(output.class_logits[0, row : row + 6].flatten(), answer[:, i, j])
                row += 6
    assert row == len(output.anchors)


def test_targets_name_each_objects_class_and_offsets():
    anchors = build("detector").anchors((64, 64))
    boxes = np.stack([random_boxes(3), random_boxes(3, seed=1)])
    labels = np.array([[2, 0, 1], [3, -1, -1]])
    targets = detection_targets(anchors, boxes, labels)
    assert targets.classes.shape == (2, 504)
    iou = box_iou(torch.from_numpy(anchors), torch.from_numpy(boxes[0]))
    best, match = iou.max(dim=1)
    clear = best >= 0.5
    assert clear.any()
    assert torch.equal(targets.classes[0][clear], torch.tensor(labels[0])[match[clear]] + 1)
    assert set(targets.classes[0].tolist()) == {0, 1, 2, 3}  # every object found an anchor
    assert set(targets.classes[1].tolist()) == {0, 4}  # padding did not
    assert not targets.offsets[1][targets.classes[1] == 0].any()
    found = (targets.classes[0] > 0).numpy()
    decoded = box_ops.decode_offsets(targets.offsets[0].numpy()[found], anchors[found])
    nearest = np.abs(decoded[:, None] - boxes[0]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-4
    assert not targets.offsets[0][~found].any()


def test_targets_ignore_anchors_in_between():
    anchors = np.array([[0, 0, 10, 10], [0, 0, 10, 14], [0, 0, 10, 40]], dtype=np.float32)
    targets = detection_targets(anchors, anchors[None, :1], np.array([[0]]), 0.8, 0.5)
    assert targets.classes.tolist() == [[1, -1, 0]]


def reference_loss(output, targets, ratio=3.0):
    """The loss, image by image and anchor by anchor."""
    total, matches = 0.0, 0
    for logits, offsets, classes, wanted in zip(output.class_logits, output.offsets, *targets, strict=True):
        entropy = [
            F.cross_entropy(row, c.clamp(min=0)).item() for row, c in zip(logits, classes, strict=True)
        ]
        positive = [a for a, c in enumerate(classes) if c > 0]
        negative = sorted((a for a, c in enumerate(classes) if c == 0), key=lambda a: -entropy[a])
        count = max(1, len(positive))
        total += sum(entropy[a] for a in positive + negative[: int(ratio * count)])
        total += sum(F.smooth_l1_loss(offsets[a], wanted[a], reduction="sum").item() for a in positive)
        matches += count
    return total / matches


@pytest.mark.parametrize("ratio", [3.0, 1.0, 100.0])
def test_loss_against_loops(ratio):
    generator = torch.Generator().manual_seed(0)
    output = DetectorOutput(
        torch.randn(3, 12, 4, generator=generator, dtype=torch.float64, requires_grad=True),
        torch.randn(3, 12, 4, generator=generator, dtype=torch.float64, requires_grad=True),
        torch.zeros(12, 4),
    )
    classes = torch.zeros(3, 12, dtype=torch.int64)
    classes[0, :2], classes[0, 5], classes[1, 7] = 3, -1, 1  # the third image is empty
    targets = DetectionTargets(classes, torch.randn(3, 12, 4, generator=generator, dtype=torch.float64))
    loss = detection_loss(output, targets, ratio)
    assert loss.item() == pytest.approx(reference_loss(output, targets, ratio), rel=1e-10)
    loss.backward()
    assert not output.class_logits.grad[0, 5].any()  # ignored
    assert torch.equal(output.offsets.grad.abs().sum(dim=2) > 0, classes > 0)


def test_loss_refuses_targets_of_other_anchors():
    output = DetectorOutput(torch.zeros(1, 6, 4), torch.zeros(1, 6, 4), torch.zeros(6, 4))
    targets = DetectionTargets(torch.zeros(1, 5, dtype=torch.int64), torch.zeros(1, 5, 4))
    message = r"^detection_loss: expected `targets.classes` of shape \(1, 6\), got shape \(1, 5\)$"
    with pytest.raises(ValueError, match=message):
        detection_loss(output, targets)
    anchors = np.zeros((3, 4), dtype=np.float32)
    with pytest.raises(ValueError, match="as many entries in `boxes` as in `labels`, got 1 and 2$"):
        detection_targets(anchors, np.zeros((1, 2, 4), dtype=np.float32), np.zeros((2, 2), dtype=np.int64))


def test_decoding_inverts_the_targets():
    """A network that answers its targets exactly is decoded to the true boxes."""
    anchors = build("detector").anchors((64, 64))
    boxes, labels = np.stack([random_boxes(2, 64)]), np.array([[3, 1]])
    targets = detection_targets(anchors, boxes, labels)
    logits = 20.0 * F.one_hot(targets.classes, 5)
    detections = decode_detections(DetectorOutput(logits, targets.offsets, torch.from_numpy(anchors)))
    assert len(detections) == 1
    order = np.argsort(-detections[0].labels)
    np.testing.assert_array_equal(detections[0].labels[order], [3, 1])
    np.testing.assert_allclose(detections[0].boxes[order], boxes[0], atol=1e-4)
    assert (detections[0].scores > 0.999).all()


def test_decoding_against_torchvision():
    generator = torch.Generator().manual_seed(0)
    anchors = torch.from_numpy(random_boxes(60))
    output = DetectorOutput(
        2 * torch.randn(1, 60, 4, generator=generator), torch.randn(1, 60, 4, generator=generator), anchors
    )
    ours = decode_detections(output, score_threshold=0.3, iou_threshold=0.2, image_size=(40, 50))[0]
    decoded = torch.from_numpy(box_ops.decode_offsets(output.offsets[0].numpy(), anchors.numpy()))
    decoded = torch.minimum(decoded.clamp(min=0), torch.tensor([50.0, 40, 50, 40]))
    probability = output.class_logits[0].softmax(dim=1)
    pairs = [(a, c) for a, c in itertools.product(range(60), range(3)) if probability[a, c + 1] >= 0.3]
    index, label = (torch.tensor(column) for column in zip(*pairs, strict=True))
    scores = probability[index, label + 1]
    keep = batched_nms(decoded[index], scores, label, 0.2)
    assert 3 < len(keep) < len(index)
    np.testing.assert_array_equal(ours.boxes, decoded[index][keep].numpy())
    np.testing.assert_array_equal(ours.labels, label[keep].numpy())
    np.testing.assert_array_equal(ours.scores, scores[keep].numpy())


def test_nothing_is_decoded_from_a_network_unsure():
    output = DetectorOutput(torch.zeros(2, 5, 4), torch.zeros(2, 5, 4), torch.from_numpy(random_boxes(5)))
    for detections in decode_detections(output):
        assert detections.boxes.shape == (0, 4)
        assert detections.scores.shape == detections.labels.shape == (0,)


def test_detector_learns_one_scene():
    """Loss, targets and heads fit together: a few steps suffice to find the objects of one image."""
    torch.manual_seed(0)
    model = SingleShotDetector(num_classes=2, width=0.5)
    image = torch.full((1, 3, 64, 64), 0.5)
    boxes = np.array([[[6, 8, 22, 24], [34, 30, 58, 54]]], dtype=np.float32)
    for channel, (x1, y1, x2, y2) in enumerate(boxes[0].astype(int)):
        image[0, channel, y1:y2, x1:x2] = 1.0
    targets = detection_targets(model.anchors((64, 64)), boxes, np.array([[0, 1]]))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        detection_loss(model(image), targets).backward()
        optimizer.step()
    found = decode_detections(model(image))[0]
    assert sorted(found.labels.tolist()) == [0, 1]
    overlap = box_ops.box_iou(found.boxes, boxes[0])[np.arange(2), found.labels]
    assert overlap.min() > 0.7


def test_detector_refuses_uneven_anchors():
    for sides in (((1,), (2,)), ((1,), (2,), (3, 4))):
        with pytest.raises(
            ValueError, match="^SingleShotDetector: expected `anchor_sides` with equally many"
        ):
            SingleShotDetector(anchor_sides=sides)
    for wrong in ({"anchor_sides": 3}, {"anchor_sides": ((-1,), (2,), (3,))}, {"aspect_ratios": ()}):
        with pytest.raises(
            ValueError, match="^SingleShotDetector: expected .* positive `aspect_ratios`, got"
        ):
            SingleShotDetector(**wrong)


BOX = np.array([[0.0, 0.0, 8.0, 8.0]], dtype=np.float32)
SAID = DetectorOutput(torch.zeros(1, 1, 3), torch.zeros(1, 1, 4), torch.from_numpy(BOX))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: detection_targets(BOX, [BOX.astype(np.float64)], [np.array([0])]),
            "detection_targets: expected `anchors`, `boxes` of one dtype, got",
        ),
        (
            lambda: detection_targets(BOX, [BOX.tolist()], [np.array([0])]),
            "detection_targets: expected `boxes` to be a NumPy array",
        ),
        (
            lambda: detection_targets(BOX, [BOX], [np.array([0.0])]),
            "detection_targets: expected `labels` of an integer dtype, got dtype float64",
        ),
        (
            lambda: detection_loss(
                SAID, DetectionTargets(torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 4))
            ),
            r"detection_loss: expected `targets.offsets` of shape \(1, 1, 4\), got shape \(1, 4\)",
        ),
        (
            lambda: decode_detections(SAID, score_threshold=2),
            "decode_detections: expected `score_threshold` from 0 to 1, got 2",
        ),
        (
            lambda: decode_detections(SAID, iou_threshold="half"),
            "decode_detections: expected `iou_threshold` from 0 to 1, got 'half'",
        ),
        (
            lambda: decode_detections(SAID, image_size=(8, 8, 3)),
            "decode_detections: expected `image_size` to be an integer or a pair",
        ),
    ],
)
def test_what_does_not_fit_the_detector_is_named(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()

"""course_lib.metrics against pycocotools, scikit-learn and numbers worked by hand."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import f1_score, jaccard_score

from course_lib import metrics as M


def random_scene(seed, images=6, classes=3):
    """Objects, and detections that are jittered, doubled, missed, invented or mislabelled."""
    rng = np.random.default_rng(seed)
    detections, objects = [], []
    for _ in range(images):
        n = rng.integers(0, 7)
        corner, size = rng.uniform(0, 80, (n, 2)), rng.uniform(3, 30, (n, 2))
        truth, labels = np.concatenate([corner, corner + size], axis=1), rng.integers(0, classes, n)
        copies = np.repeat(np.arange(n), rng.integers(0, 3, n))
        boxes = truth[copies] + rng.normal(0, 1.5, (len(copies), 4))
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        extra = rng.uniform(0, 80, (rng.integers(0, 3), 2))
        boxes = np.concatenate([boxes, np.concatenate([extra, extra + 10], axis=1)])
        found = np.concatenate([labels[copies], rng.integers(0, classes, len(extra))])
        found = np.where(rng.random(len(found)) < 0.1, rng.integers(0, classes, len(found)), found)
        scores = rng.integers(1, 30, len(boxes)) / 30  # ties are common
        detections.append(M.Detections(boxes, scores, found))
        objects.append(M.Objects(truth, labels))
    return detections, objects


def coco_precision(detections, objects, classes, max_detections=100):
    """COCO's own table of average precision, (10 thresholds, classes)."""

    def rows(per_image):
        out = []
        for image, entry in enumerate(per_image):
            for i, (x1, y1, x2, y2) in enumerate(entry.boxes):
                row = {
                    "id": len(out) + 1,
                    "image_id": image + 1,
                    "category_id": int(entry.labels[i]) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
                if isinstance(entry, M.Detections):
                    row["score"] = float(entry.scores[i])
                out.append(row)
        return out

    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": i + 1} for i in range(len(objects))],
        "categories": [{"id": c + 1} for c in range(classes)],
        "annotations": rows(objects),
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(rows(detections)), "bbox")
        evaluation.params.maxDets = [max_detections]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, 0]  # (T, R, C)
    return np.where(precision[:, 0] == -1, np.nan, precision.mean(axis=1))  # (T, C)


@pytest.mark.parametrize("seed", range(60))
def test_average_precision_equals_pycocotools(seed):
    detections, objects = random_scene(seed)
    expected = coco_precision(detections, objects, classes=3)
    got = M.mean_average_precision(detections, objects, num_classes=3)
    np.testing.assert_allclose(got.table, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(got.mean, np.nanmean(expected), rtol=1e-12)
    single = M.mean_average_precision(detections, objects, num_classes=3, iou_thresholds=[0.5])
    np.testing.assert_allclose(single.table[0], expected[0], rtol=1e-12, atol=1e-12)


def test_detections_beyond_the_limit_do_not_count():
    detections, objects = random_scene(7)
    expected = coco_precision(detections, objects, classes=3, max_detections=2)
    got = M.mean_average_precision(detections, objects, num_classes=3, max_detections=2)
    np.testing.assert_allclose(got.table, expected, rtol=1e-12, atol=1e-12)
    assert got.mean != M.mean_average_precision(detections, objects, num_classes=3).mean


def test_average_precision_by_hand():
    # Right, wrong, right of 2 objects: recall 1/2 at precision 1, recall 1 at precision 2/3.
    truth = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], dtype=float)
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 10]], dtype=float)
    scores = np.array([0.9, 0.8, 0.7])
    curve = M.precision_recall([boxes], [scores], [truth])
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3])
    np.testing.assert_allclose(curve.recall, [1 / 2, 1 / 2, 1])
    # 51 of the 101 recalls are at most 1/2.
    assert M.average_precision([boxes], [scores], [truth]) == pytest.approx(
        (51 + 50 * 2 / 3) / 101, rel=1e-14
    )


def test_nothing_to_find_is_nan_and_nothing_found_is_zero():
    none, box = np.empty((0, 4)), np.array([[0.0, 0, 1, 1]])
    assert np.isnan(M.average_precision([box], [np.ones(1)], [none]))
    assert M.average_precision([none], [np.empty(0)], [box]) == 0
    empty = M.mean_average_precision(
        [M.Detections(none, np.empty(0), np.empty(0, int))], [M.Objects(none, np.empty(0, int))], 2
    )
    assert np.isnan(empty.mean)
    assert np.isnan(empty.table).all()


def test_accuracy_by_hand_and_top_k():
    logits = np.array([[3.0, 2, 1], [1, 2, 3], [2, 3, 1]])
    target = np.array([0, 0, 0])
    assert [M.accuracy(logits, target, k) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_constant_or_nan_logits_earn_nothing():
    assert M.accuracy(np.zeros((4, 10)), np.arange(4)) == 0
    assert M.accuracy(np.full((4, 10), np.nan), np.arange(4)) == 0


@pytest.mark.parametrize("shape", [(7,), (5, 6), (2, 5, 6)])
def test_iou_and_dice_equal_scikit_learn(shape):
    rng = np.random.default_rng(0)
    p, t = rng.integers(0, 3, shape), rng.integers(0, 3, shape)
    kwargs = {"labels": range(3), "average": None, "zero_division": np.nan}
    expected = jaccard_score(t.ravel(), p.ravel(), labels=range(3), average=None)
    np.testing.assert_allclose(M.intersection_over_union(p, t, 3), expected, rtol=1e-14)
    np.testing.assert_allclose(M.dice(p, t, 3), f1_score(t.ravel(), p.ravel(), **kwargs), rtol=1e-14)


def test_masks_leave_out_what_has_no_label_and_say_nan_for_absent_classes():
    p, t = np.array([0, 0, 1, 1]), np.array([0, -1, 1, 0])
    np.testing.assert_allclose(M.intersection_over_union(p, t, 3), [1 / 2, 1 / 2, np.nan])
    np.testing.assert_allclose(M.dice(p, t, 3), [2 / 3, 2 / 3, np.nan])


BOX = np.array([[0.0, 0.0, 2.0, 2.0]])


def mean_of(scores=None, labels=None, iou_thresholds=(0.5,)):
    """Mean average precision of one right detection among two classes."""
    scores, labels = np.ones(1) if scores is None else scores, np.zeros(1, int) if labels is None else labels
    found, there = M.Detections(BOX, scores, labels), M.Objects(BOX, np.zeros(1, int))
    return M.mean_average_precision([found], [there], 2, iou_thresholds).mean


def test_labels_below_zero_are_padding():
    assert mean_of() == 1
    assert mean_of(labels=np.array([-1])) == 0


@pytest.mark.parametrize("seed", range(40))
def test_average_precision_equals_pycocotools_at_ties_and_on_boxes_without_area(seed):
    """Whole coordinates: overlaps meet the thresholds exactly, boxes repeat, some are lines; scores tie."""
    rng = np.random.default_rng(seed)
    detections, objects = [], []
    for _ in range(rng.integers(2, 6)):
        counts = rng.integers(1, 10), rng.integers(1, 6)
        boxes = [rng.integers(0, 4, (n, 2)).astype(float) for n in counts]
        boxes = [np.concatenate([b, b + rng.integers(seed % 2, 4, b.shape)], axis=1) for b in boxes]
        scores, labels = rng.integers(0, 4, counts[0]) / 4, [rng.integers(0, 3, n) for n in counts]
        detections.append(M.Detections(boxes[0], scores, labels[0]))
        objects.append(M.Objects(boxes[1], labels[1]))
    limit = (1, 3, 100)[seed % 3]
    with np.errstate(invalid="ignore"):  # two boxes without area, in pycocotools
        expected = coco_precision(detections, objects, 3, limit)
    got = M.mean_average_precision(detections, objects, num_classes=3, max_detections=limit)
    np.testing.assert_allclose(got.table, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: M.accuracy(np.zeros((2, 3)), np.zeros(3, int)),
            r"accuracy: expected `target` of shape \(2,\)",
        ),
        (
            lambda: M.accuracy(np.zeros((2, 3)), np.array([0, 3])),
            "accuracy: expected `target` of integers from 0 to 2",
        ),
        (lambda: M.accuracy(np.zeros((2, 3)), np.zeros(2)), "accuracy: expected `target` of integers"),
        (lambda: M.accuracy(np.zeros((0, 3)), np.zeros(0, int)), "accuracy: expected at least one sample"),
        (lambda: M.average_precision([], [], [np.zeros((1, 4))]), "for the same images"),
        (
            lambda: M.average_precision(None, None, None),
            "average_precision: expected sequences `boxes`, `scores`",
        ),
        (
            lambda: M.average_precision([BOX], [np.zeros(1, np.uint8)], [BOX]),
            "average_precision: expected `scores` of a float",
        ),
        (
            lambda: M.average_precision([BOX], [np.zeros(1)], [BOX.tolist()]),
            "average_precision: expected `truth` to be a",
        ),
        (
            lambda: M.precision_recall([BOX], [np.zeros(1)], [BOX], max_detections=-1),
            "precision_recall: expected `max_detections` to be an integer of at least 1, got -1",
        ),
        (
            lambda: M.precision_recall([BOX], [np.zeros(1)], [BOX], iou_threshold="half"),
            "precision_recall: expected `iou_threshold` from 0 to 1, got 'half'",
        ),
        (
            lambda: M.match_detections(BOX[0], BOX, 0.5),
            r"match_detections: expected `boxes` of shape \(N, 4\)",
        ),
        (
            lambda: M.match_detections(BOX, BOX.astype("f4"), 0.5),
            "match_detections: expected `boxes`, `truth` of",
        ),
        (
            lambda: mean_of(labels=np.array([5])),
            "mean_average_precision: expected `labels` of integers below num_classes = 2, got 5",
        ),
        (lambda: mean_of(labels=[0]), "mean_average_precision: expected `labels` to be a NumPy array"),
        (
            lambda: mean_of(labels=np.array([0.0])),
            "expected `labels` of integers below .*, got dtype float64",
        ),
        (
            lambda: mean_of(scores=np.ones(2)),
            r"mean_average_precision: expected `scores` of shape \(1,\) to match",
        ),
        (
            lambda: mean_of(iou_thresholds=0.5),
            "mean_average_precision: expected a sequence of `iou_thresholds`",
        ),
        (
            lambda: M.mean_average_precision([(BOX,)], [(BOX,)], 1),
            "expected entries that are Detections and Objects, got tuple",
        ),
        (lambda: M.accuracy(np.zeros((2, 0)), np.zeros(2, int)), "accuracy: expected at least one class"),
        (lambda: M.dice([0], [0], 2), "dice: expected `target` to be a NumPy array, got list"),
        (
            lambda: M.mean_average_precision([], [M.Objects(np.zeros((1, 4)), np.zeros(1, int))], 1),
            "same images",
        ),
        (
            lambda: M.dice(np.zeros((2, 2), int), np.zeros((2, 3), int), 2),
            "dice: expected `prediction` of shape",
        ),
        (
            lambda: M.dice(np.full(2, 5), np.zeros(2, int), 2),
            "dice: expected `prediction` of integers below num_classes = 2, got 5",
        ),
        (
            lambda: M.dice(np.full(2, -1), np.zeros(2, int), 2),
            "dice: expected `prediction` of classes from 0",
        ),
        (
            lambda: M.intersection_over_union(np.zeros(2), np.zeros(2, int), 2),
            "intersection_over_union: expected",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

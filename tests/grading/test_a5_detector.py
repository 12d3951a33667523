"""Assignment a5: its bugs and its detector are judged outside; the notebook's helpers agree with the grader."""

import json
import shutil

import a4
import a5
import a5_entries
import bench
import forge
import numpy as np
import pytest
import torch

from course_lib.boxes import anchor_boxes, batched_nms, decode_offsets, encode_offsets, match_anchors
from course_lib.boxes import box_iou as library_iou
from course_lib.grading import scoring
from course_lib.grading.checks._traced import graph
from course_lib.grading.checks.a5_detection import (
    decoding,
    detector,
    encoding,
    expose,
    hits,
    matching,
    overlap,
    per_class,
    precision,
)
from course_lib.grading.rubric import read_rubric
from course_lib.grading.submission import load
from course_lib.metrics import average_precision as library_ap
from course_lib.metrics import match_detections


@pytest.fixture(scope="module")
def kernel():
    """The notebook's names, in a student's kernel."""
    return a5.namespace()


@pytest.fixture(scope="module")
def rubric():
    return read_rubric(forge.ROOT / "assignments", a5.NAME)


def boxes(rng, n, reach=50, least=4, most=30):
    first = rng.uniform(0, reach, (n, 2))
    return np.concatenate([first, first + rng.uniform(least, most, (n, 2))], axis=1)


# ---------------------------------------------------------------- the references are the library's functions


def test_references_agree_with_the_library():
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = boxes(rng, 9), boxes(rng, 5)
        iou = library_iou(a, b)
        np.testing.assert_allclose(overlap.box_iou(a, b), iou, atol=1e-12)
        np.testing.assert_array_equal(matching.match_anchors(iou, 0.5, 0.3), match_anchors(a, b, 0.5, 0.3))
        scores, labels = rng.permutation(9) / 9, rng.integers(0, 2, 9)
        kept = per_class.nms_per_class(library_iou(a, a), scores, labels, 0.4)
        np.testing.assert_array_equal(kept, batched_nms(a, scores, labels, 0.4))
        offsets = np.concatenate([encoding.shift_of(a, a[::-1]), encoding.growth_of(a, a[::-1])], axis=1)
        np.testing.assert_allclose(offsets, encode_offsets(a, a[::-1]), atol=1e-12)
        back = decode_offsets(offsets, a[::-1])
        np.testing.assert_allclose(decoding.centre_of(offsets, a[::-1]), encoding.centre(back), atol=1e-9)
        np.testing.assert_allclose(decoding.size_of(offsets, a[::-1]), encoding.size(back), atol=1e-9)


def test_average_precision_agrees_with_the_library():
    rng = np.random.default_rng(1)
    for _ in range(30):
        found, truth = [boxes(rng, 6) for _ in range(3)], [boxes(rng, n) for n in (4, 2, 1)]
        scores = rng.permutation(18) / 18
        images, owners = np.repeat([0, 1, 2], 6), np.repeat([0, 1, 2], [4, 2, 1])
        iou = library_iou(np.concatenate(found), np.concatenate(truth))
        hit = hits.find_hits(iou, scores, images, owners, 0.3)
        for i, (box, true) in enumerate(zip(found, truth, strict=True)):
            mine = np.flatnonzero(images == i)[np.argsort(-scores[images == i])]
            np.testing.assert_array_equal(hit[mine], match_detections(box[mine - 6 * i], true, 0.3))
        reached = precision.average_precision(*precision.precision_recall(hit, scores, 7))
        assert reached == pytest.approx(library_ap(found, np.split(scores, 3), truth, 0.3), abs=1e-12)


@pytest.mark.parametrize("bug", expose.BUGS)
def test_the_notebook_s_bugs_are_the_grader_s(kernel, bug):
    rng = np.random.default_rng(2)
    differ = 0
    for _ in range(60):
        if bug == "ap":
            found = rng.random(8) < 0.5
            args = found, int(found.sum() + 1)
        elif bug == "iou":
            args = (boxes(rng, 2),)
        else:
            second = rng.permutation(7) / 7 if bug == "nms" else boxes(rng, 3)
            args = boxes(rng, 7, reach=12, least=18, most=22), second
        wrong = getattr(expose, f"wrong_{bug}")(*args)
        np.testing.assert_allclose(kernel[f"wrong_{bug}"](*args), wrong, atol=1e-12)
        differ += not np.array_equal(wrong, getattr(expose, f"right_{bug}")(*args))
    assert differ > 0


# ---------------------------------------------------------------- the detector


def test_the_network_is_traced_as_in_a4():
    sources = {
        module.NAME: next(s for i, _, s in module.cells() if i in ("budget", "detector"))
        for module in (a4, a5)
    }
    one, two = (source.replace("def budget", "def detector") for source in sources.values())
    assert one == two


def test_anchors_and_rows_are_the_grader_s(kernel):
    np.testing.assert_array_equal(kernel["ANCHORS"], detector.anchors())
    np.testing.assert_array_equal(kernel["ANCHORS"], anchor_boxes(8, 64, kernel["SIDES"]))
    assert kernel["SIDES"] == detector.SIDES


def perfect(drawn):
    """Maps of a network that finds every matched object exactly."""
    from course_lib.models import detection_targets

    targets = detection_targets(detector.anchors(), drawn.boxes, drawn.labels)
    logits = 20.0 * np.eye(5)[targets.classes.clamp(min=0).numpy()]  # (N, A, 5)
    rows = np.concatenate([logits, targets.offsets.numpy()], axis=-1)  # (N, A, 9)
    maps = rows.reshape(len(rows), 8, 8, detector.CHANNELS).transpose(0, 3, 1, 2)  # (N, 27, 8, 8)
    return np.ascontiguousarray(maps, dtype=np.float32)


def test_the_targets_are_worth_full_marks_and_their_channels_matter(kernel):
    drawn = detector.scenes(5)
    maps = perfect(drawn)
    assert detector.score(maps, drawn) > 0.999
    logits, offsets = kernel["split_answers"](torch.from_numpy(maps))
    assert logits.shape == (detector.SCENES, 192, 5)
    classes, wanted = kernel["make_targets"](drawn, negative=0.5)
    torch.testing.assert_close(logits.argmax(-1), classes)
    torch.testing.assert_close(offsets, wanted)
    assert detector.score(np.roll(maps, 9, axis=1), drawn) < 0.5
    assert detector.score(np.ascontiguousarray(maps.transpose(0, 1, 3, 2)), drawn) < 0.5


def handed_in(kernel, network):
    """What detector() returns for a network with its own weights, without a file."""
    state = {n: v.numpy() for n, v in network.state_dict().items() if v.is_floating_point()}
    described = {"nodes": kernel["trace"](network), "weights": [[n, list(w.shape)] for n, w in state.items()]}
    numbers = np.concatenate([w.ravel() for w in state.values()])
    return np.frombuffer(json.dumps(described).encode(), dtype=np.uint8), numbers


@pytest.mark.parametrize("name", a5_entries.ENTRIES)
def test_what_is_run_outside_is_the_student_s_network(kernel, name):
    torch.manual_seed(0)
    network = a5_entries.ENTRIES[name]().eval()
    read, numbers, work = detector.BUDGET.read(handed_in(kernel, network))
    images = np.random.default_rng(0).random((3, *detector.SHAPE), dtype=np.float32)
    with torch.no_grad():
        expected = network(torch.tensor(images)).numpy()
    np.testing.assert_allclose(graph.answers(read, images, axes=4), expected, rtol=1e-4, atol=1e-4)
    assert numbers == sum(v.numel() for v in network.state_dict().values() if v.is_floating_point())
    assert numbers <= detector.NUMBERS
    assert work <= detector.MULTIPLY_ADDS


def flat():
    """A network whose answer has no cells."""
    return torch.nn.Sequential(torch.nn.Conv2d(3, 27, 8, stride=8), torch.nn.Flatten())


class Scaled(torch.nn.Module):
    """A head whose answers are as large as numbers get."""

    def __init__(self, scale):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 27, 8, stride=8)
        self.conv.weight.data.uniform_(-scale, scale)

    def forward(self, x):
        return self.conv(x)


@pytest.mark.parametrize(
    ("network", "check", "reason"),
    [
        (lambda: torch.nn.Conv2d(3, 27, 8, stride=4), "fits", "expected 27 x 8 x 8"),
        (lambda: torch.nn.Conv2d(3, 24, 8, stride=8), "fits", "gives maps of 24 x 8 x 8"),
        (flat, "fits", "expected a map of shape (N, C, H, W)"),
        (lambda: torch.nn.Conv2d(3, 27, 31, stride=8, padding=12), "fits", "numbers; the budget is"),
        (lambda: torch.nn.Conv2d(3, 150, 9, padding=4), "fits", "multiply-adds; the budget is"),
        (lambda: Scaled(1e38), "fits", "NaN or infinity"),
        (lambda: Scaled(1.0), "step_1", "next to nothing"),
        (lambda: Scaled(1e30), "step_1", "next to nothing"),
    ],
)
def test_a_detector_that_is_none_is_told_why(kernel, network, check, reason):
    torch.manual_seed(0)
    answer = handed_in(kernel, torch.nn.Sequential(network()))
    found = bench.verdict(a5.CHECKS[f"detector.{check}"], lambda: answer, seed=3)
    assert found.status == "failed"
    assert reason in found.message, found.message


def test_answers_at_every_anchor_are_cut_to_the_best():
    maps = np.zeros((2, detector.CHANNELS, 8, 8), np.float32)
    assert [len(d.scores) for d in detector.detections(maps)] <= [detector.DETECTIONS] * 2
    assert all((d.boxes >= 0).all() and (d.boxes <= 64).all() for d in detector.detections(maps))


# ---------------------------------------------------------------- thresholds and the stored entry

MARGIN = 0.03  # two standard deviations of the mAP of 500 scenes are less


def test_thresholds_lie_between_what_our_entries_reached():
    found = json.loads(a5_entries.RECORD.read_text())
    reached = {name: [hit for row in entry["mAP"] for hit in row] for name, entry in found.items()}
    assert {len(values) for values in reached.values()} == {3 * len(a5_entries.DRAWS)}
    assert list(detector.STEPS.values()) == sorted(detector.STEPS.values())
    for least in detector.STEPS.values():
        assert all(abs(value - least) > MARGIN for values in reached.values() for value in values)
    first, _, third, last = detector.STEPS.values()
    assert max(reached["linear"]) < min(reached["no_norm"])
    assert max(reached["no_norm"]) < first
    assert third < min(reached["narrow"])
    assert max(reached["narrow"]) < last < min(reached["wide"])


def test_checks_of_one_stream_see_the_same_scenes():
    names = ["detector.fits", *(f"detector.{step}" for step in detector.STEPS)]
    seeds = {a5.CHECKS[name].hidden(np.random.default_rng(5))[0].expected for name in names}
    assert {a5.CHECKS[name].stream for name in names} == {"detector"}
    assert len(seeds) == 1
    assert detector.VALIDATION not in seeds


def test_the_stored_weights_earn_full_marks_on_new_scenes(kernel, tmp_path, monkeypatch):
    shutil.copy(a5.WEIGHTS, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, check in a5.CHECKS.items():
        if name.startswith("detector."):
            for seed in (None, 0):
                found = bench.verdict(check, kernel["detector"], seed)
                assert found.passed, found.message
    network, _, _ = detector.BUDGET.read(kernel["detector"]())
    assert detector.BUDGET.reached(network, 123_456) > max(detector.STEPS.values())


# ---------------------------------------------------------------- through the jail


def graded(folder, rubric, weights):
    """The report of the source notebook with or without its file."""
    path = forge.write(a5.NOTEBOOK.read_text(encoding="utf-8"), folder / f"{a5.NAME}.ipynb")
    if weights:
        shutil.copy(a5.WEIGHTS, folder)
    return scoring.score(load(path, rubric), rubric, seed=7)


def test_the_source_gets_full_marks_in_the_jail(require, tmp_path, rubric):
    require("bwrap")
    report = graded(tmp_path, rubric, weights=True)
    assert {c.id: c.message for c in report.cells if c.status not in ("passed", "manual")} == {}
    assert report.score == 100
    assert report.notes == []


def test_without_the_file_the_detector_alone_is_lost(require, tmp_path, rubric):
    require("bwrap")
    report = graded(tmp_path, rubric, weights=False)
    lost = {c.id for c in report.cells if c.status not in ("passed", "manual")}
    assert lost == {f"detector_{name}" for name in ("fits", *detector.STEPS)}
    assert report.score == 80

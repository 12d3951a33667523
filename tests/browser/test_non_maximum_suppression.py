"""Non-maximum suppression: its rounds against the course's library and torchvision, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import torch
import torchvision
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import FIGURES, axe_violations

from course_lib.boxes import batched_nms, box_iou, nms

pytestmark = pytest.mark.browser

ROOT = '[data-figure="non-maximum-suppression"]'
README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
PRESETS = ["each", "all", "low", "high"]
SCENE = "() => CourseFigures.suppression.SCENE"


def figure(**data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="course-figure" data-figure="non-maximum-suppression" {more}>Eight boxes.</div>'


@pytest.fixture
def page(figure_reader):
    """A page with the figure at its start."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").inner_text()


def fates(page):
    """The table: { box: [class, score, IoU, fate] }."""
    rows = page.locator(".cf-fates tbody tr").all_inner_texts()
    return {cells[0]: cells[1:] for cells in (row.split("\t") for row in rows)}


def test_rounds_equal_the_library_and_torchvision_over_random_boxes(page):
    rng = np.random.default_rng(0)
    jobs = []
    for _ in range(200):
        corner, size = rng.integers(0, 40, (2, 12, 2))
        boxes = np.concatenate([corner, corner + 1 + size], axis=1).astype(float)
        scores, kinds = np.round(rng.random(12), 3), rng.integers(0, 2, 12)
        threshold, within = float(rng.integers(0, 21) / 20), str(rng.choice(["class", "all"]))
        jobs.append((boxes, scores, kinds, threshold, within))
    packed = [
        {
            "boxes": [
                {"box": box.tolist(), "score": float(score), "kind": ["circle", "square"][kind]}
                for box, score, kind in zip(boxes, scores, kinds, strict=True)
            ],
            "threshold": threshold,
            "within": within,
        }
        for boxes, scores, kinds, threshold, within in jobs
    ]
    results = page.evaluate("jobs => jobs.map(CourseFigures.suppression.compute)", packed)
    for (boxes, scores, kinds, threshold, within), result in zip(jobs, results, strict=True):
        kept = [one["kept"] for one in result["rounds"]]
        if within == "all":
            ours = nms(boxes, scores, threshold)
            theirs = torchvision.ops.nms(torch.tensor(boxes), torch.tensor(scores), threshold)
        else:
            ours = batched_nms(boxes, scores, kinds, threshold)
            theirs = torchvision.ops.batched_nms(*map(torch.tensor, (boxes, scores, kinds)), threshold)
        np.testing.assert_array_equal(kept, ours)
        if len(set(scores)) == len(scores):
            np.testing.assert_array_equal(kept, theirs.numpy())
        overlap = box_iou(boxes, boxes)
        for index, fate in enumerate(result["fates"]):
            assert (fate["by"] is None) == (index in kept)
            if fate["by"] is not None:
                np.testing.assert_allclose(fate["iou"], overlap[fate["by"], index], rtol=1e-12)
                assert fate["iou"] > threshold
                assert scores[fate["by"]] >= scores[index]
                assert within == "all" or kinds[fate["by"]] == kinds[index]


def test_the_scene_shows_what_the_presets_say(page):
    scene = page.evaluate(SCENE)
    verdicts = {}
    for preset in PRESETS:
        page.get_by_label("Example").select_option(preset)
        verdicts[preset] = page.locator("[data-part=verdict]").inner_text()
    assert verdicts == {
        "each": "Kept: A, E, C, G. Of 4 objects 4 found, 0 lost; 0 boxes too many.",
        "all": "Kept: A, E, C. Of 4 objects 3 found, 1 lost; 0 boxes too many.",
        "low": "Kept: A, E, G. Of 4 objects 3 found, 1 lost; 0 boxes too many.",
        "high": "Kept: A, E, C, B, G, D, F, H. Of 4 objects 4 found, 0 lost; 4 boxes too many.",
    }
    boxes = np.array([one["box"] for one in scene["boxes"]], dtype=float)
    assert (boxes >= 0).all()
    assert (boxes[:, 2:] <= [scene["width"], scene["height"]]).all()
    gap = np.diff(np.sort([one["score"] for one in scene["boxes"]]))
    assert (gap > 0.02).all()


def test_a_reader_steps_by_key_and_moves_the_threshold(page):
    tab_to(page, ROOT)
    page.keyboard.press("ArrowRight")
    assert said(page) == (
        "Round 1: A (circle, 0.95) is the highest left: keep. Suppress B (IoU 0.71), H (IoU 0.54): above 0.50. "
        "What overlaps less stays: 3. Kept so far: A."
    )
    assert fates(page)["B"] == ["\u25cb circle", "0.80", "0.71", "suppressed by A"]
    assert fates(page)["C"] == ["\u25cb circle", "0.88", "0.39", "waits"]
    assert fates(page)["E"] == ["\u25a1 square", "0.92", "", "waits"]  # another class is not compared
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    assert page.get_by_label("IoU threshold", exact=True).input_value() == "0.25"
    assert fates(page)["C"][-1] == "suppressed by A"
    assert "C (IoU 0.39), B (IoU 0.71), D (IoU 0.28), H (IoU 0.54): above 0.25." in said(page)
    page.keyboard.press("End")
    assert "Kept: A, E, G." in said(page)
    page.keyboard.press("Home")
    assert said(page) == "Eight boxes wait, highest score first. Kept so far: none."
    assert page.locator(".cf-edge.cf-waits").count() == 8


def test_frames_and_table_tell_the_same(page):
    page.get_by_label("IoU threshold, as a number").fill("0.5")
    page.get_by_label("Suppress", exact=True).select_option("all")
    for position in range(4):
        table = fates(page)
        for name, cells in table.items():
            look = page.locator(f".cf-edge[data-box={name}]").get_attribute("class")
            word = {"w": "cf-waits", "k": "cf-kept", "s": "cf-gone"}[cells[-1][0]]
            assert word in look
        if position < 3:
            page.get_by_role("button", name="Next position").click()
    assert table["G"] == ["\u25cb circle", "0.74", "", "suppressed by E"]
    page.get_by_role("button", name="Previous position").click()
    assert fates(page)["G"][2:] == ["0.73", "suppressed by E"]


def test_what_is_set_stands_in_the_address(page):
    page.get_by_label("IoU threshold, as a number").fill("0.35")
    page.get_by_label("Suppress", exact=True).select_option("all")
    page.get_by_role("button", name="Last position").click()
    page.wait_for_function("location.hash.includes('step')")
    assert page.evaluate("location.hash") == "#fig=non-maximum-suppression&threshold=0.35&within=all&step=3"
    table = fates(page)
    page.reload()
    assert fates(page) == table
    page.get_by_label("IoU threshold, as a number").fill("2")
    assert "expected a number from 0 to 1" in page.get_by_role("alert").inner_text()


def test_the_text_for_readers_without_javascript_tells_the_figures_numbers(figure_reader):
    div = next(
        line for line in README.splitlines() if line.startswith("<div") and "non-maximum-suppression" in line
    )
    number = re.compile(r"\d\.\d+")
    told = set(number.findall(re.sub(r"<.*?>", "", div)))
    shown = set()
    with figure_page(figure_reader, div) as page:
        for preset in ["each", "all", "low", "high"]:
            page.get_by_label("Example").select_option(preset)
            page.locator(ROOT).focus()
            for _ in range(9):
                inputs = page.locator("input").evaluate_all(
                    "all => all.map(one => ` ${one.value}`).join(' ')"
                )
                shown |= set(number.findall(page.locator(ROOT).inner_text() + inputs))
                page.keyboard.press("ArrowLeft")
    assert len(told) > 10
    assert told <= shown


def test_every_preset_fits_a_screen_and_a_phone(figure_reader):
    for width, height in [(1300, 900), (390, 844)]:
        with figure_page(figure_reader, figure(), width=width) as page:
            for preset in PRESETS:
                page.get_by_label("Example").select_option(preset)
                assert page.locator(ROOT).bounding_box()["height"] <= height
                page.get_by_role("button", name="First position").click()
                assert page.locator(ROOT).bounding_box()["height"] <= height
                assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(step=1), theme=theme) as page:
        assert axe_violations(page, FIGURES) == []
        page.get_by_label("Example").select_option("all")
        assert axe_violations(page, FIGURES) == []

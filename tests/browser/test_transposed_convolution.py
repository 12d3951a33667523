"""Transposed convolution: its two sums against torch, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import FIGURES, axe_violations

pytestmark = pytest.mark.browser

CHAPTER = "chapters/16_upsampling.html"
ROOT = '[data-figure="transposed-convolution"]'
README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
PRESETS = ["worked", "overlap", "uneven", "even", "bilinear"]
GRID = """name => [...document.querySelectorAll(`[data-part=${name}] .cf-row`)].map(row =>
    [...row.querySelectorAll('.cf-value')].map(cell => Number((cell.value ?? cell.textContent).replace('\u2212', '-'))))"""


def figure(**data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="course-figure" data-figure="transposed-convolution" {more}>Two ways.</div>'


@pytest.fixture
def page(figure_reader):
    """A page with the worked example."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").inner_text()


def transposed(x, kernel, stride, padding):
    """The layer by torch."""
    x, kernel = (torch.tensor(a, dtype=torch.float64)[None, None] for a in (x, kernel))
    return F.conv_transpose2d(x, kernel, stride=stride, padding=padding)[0, 0].numpy()


def draw(rng):
    """Settings of any shape that the figure takes."""
    (h, w), (k_h, k_w) = rng.integers(1, 5, 2), rng.integers(1, 6, 2)
    return {
        "input": rng.integers(-4, 5, (h, w)).tolist(),
        "kernel": rng.integers(-4, 5, (k_h, k_w)).tolist(),
        "stride": int(rng.integers(1, 4)),
        "padding": int(rng.integers(0, min(k_h, k_w) + 1)),
        "pixel": int(rng.integers(0, 16)),
        "row": int(rng.integers(0, 16)),
        "column": int(rng.integers(0, 16)),
    }


def test_both_sums_equal_torch_over_random_layers(page):
    rng = np.random.default_rng(0)
    jobs = [draw(rng) for _ in range(300)]
    results = page.evaluate("jobs => jobs.map(CourseFigures.transposed.compute)", jobs)
    refused = 0
    for job, result in zip(jobs, results, strict=True):
        x, kernel, s, p = (job[name] for name in ("input", "kernel", "stride", "padding"))
        if p >= min(len(kernel), len(kernel[0])) or min(result["size"]) < 1:
            assert not result["fits"]
            assert ("at most K" in result["message"]) == (p >= min(len(kernel), len(kernel[0])))
            refused += 1
            continue
        expected = transposed(x, kernel, s, p)
        np.testing.assert_array_equal(result["output"], expected)
        ones = np.ones_like(np.array(x)), np.ones_like(np.array(kernel))
        np.testing.assert_array_equal(result["counts"], transposed(*ones, s, p))
        r, c = result["place"]
        assert result["gathered"] == expected[r, c]
        assert sum(term["x"] * term["w"] for term in result["terms"]) == expected[r, c]
        assert len(result["terms"]) == result["counts"][r][c]
        early = np.array(x).ravel()
        early[result["pixel"] + 1 :] = 0
        np.testing.assert_array_equal(result["written"], transposed(early.reshape(np.shape(x)), kernel, s, p))
        framed = torch.tensor(result["dilated"], dtype=torch.float64)[None, None]
        turned = torch.tensor(result["turned"], dtype=torch.float64)[None, None]
        np.testing.assert_array_equal(F.conv2d(framed, turned)[0, 0].numpy(), expected)
        own = np.array(result["dilated"])[np.array(result["own"])]
        np.testing.assert_array_equal(own, np.ravel(x))
    assert 20 < refused < 150


def test_a_reader_steps_through_the_worked_example(page):
    np.testing.assert_array_equal(
        page.evaluate(GRID, "output"), [[0, 1, 0, 0], [1, 0, 0, 0], [0, 2, 0, 3], [2, 0, 3, 0]]
    )
    tab_to(page, ROOT)
    page.keyboard.press("Home")
    assert said(page) == (
        "X(0, 0) = 1: add 1 \u00b7 K at rows 0 to 1, columns 0 to 1. "
        "Output row 0, column 1: 1 both ways; 1 window writes there."
    )
    np.testing.assert_array_equal(page.evaluate(GRID, "output")[2:], np.zeros((2, 4)))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("X(1, 0) = 2: add 2 \u00b7 K at rows 2 to 3, columns 0 to 1.")
    assert "Output row 2, column 1: 2 both ways" in said(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert "Output row 2, column 3: 0 so far, 3 with inserted zeros" in said(page)
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert "Output row 2, column 1" in said(page)  # it lay outside: the new window's first number, one back
    page.get_by_label("Input row 1, column 0", exact=True).click()
    assert page.locator(".cf-where").inner_text() == "3 of 4"


def test_sums_stand_in_numbers_and_agree_with_the_grid(page):
    page.get_by_label("Example").select_option("overlap")
    np.testing.assert_array_equal(page.evaluate(GRID, "output"), [[1, 2, 0], [5, 11, 6], [6, 17, 12]])
    texts = page.locator(".cf-way .cf-sum").all_inner_texts()
    left, right = (re.sub(r"\s+", " ", text) for text in texts)
    assert left == "Y(1, 1) = 1\u00b74 + 0\u00b73 + 2\u00b72 + 3\u00b71 = 11 4 windows write here"
    assert right.startswith("Y(1, 1) = 1\u00b74 + 0\u00b73 + 2\u00b72 + 3\u00b71 = 11")
    page.get_by_role("button", name="First position").click()
    page.get_by_label("Output row 1, column 1: 4").click()
    told = re.sub(r"\s+", " ", page.locator("[data-part=scatter] .cf-sum").inner_text())
    assert told == "Y(1, 1) so far = 1\u00b74 = 4 4 windows write here, 3 still to come"


def test_overlaps_stand_out_as_a_heat_map(page):
    page.get_by_label("Example").select_option("uneven")
    counts = np.array(page.evaluate(GRID, "output"))
    np.testing.assert_array_equal(counts, transposed(np.ones((4, 4)), np.ones((3, 3)), 2, 0))
    heat = page.locator("[data-part=output] .cf-cell").evaluate_all(
        "all => all.map(one => [Number(one.style.getPropertyValue('--cf-heat')), getComputedStyle(one).backgroundColor])"
    )
    np.testing.assert_allclose([part for part, _ in heat], counts.ravel() / counts.max(), atol=1e-6)
    assert len({colour for _, colour in heat}) == len(set(counts.ravel()))
    assert "1 to 4 for a number; s does not divide K" in page.locator("[data-part=size]").inner_text()
    page.get_by_label("Kernel rows and columns").fill("2")  # all ones still: what is new takes their value
    assert set(np.ravel(page.evaluate(GRID, "output"))) == {1}
    assert "1 for every number; s divides K" in page.locator("[data-part=size]").inner_text()


def test_what_cannot_be_is_said_and_what_is_set_is_kept(page):
    page.get_by_label("Padding").fill("3")
    assert "expected a whole number from 0 to 1" in page.get_by_role("alert").inner_text()
    page.get_by_label("Padding").fill("1")
    np.testing.assert_array_equal(page.evaluate(GRID, "output"), [[0, 0], [2, 0]])
    page.get_by_label("Input rows and columns").fill("1")
    assert "Nothing is left of the output" in page.get_by_role("alert").inner_text()
    page.get_by_label("Input rows and columns").fill("3")
    page.get_by_label("Stride").fill("3")
    page.get_by_label("Kernel row 0, column 1").fill("x")
    assert '"x": expected a number' in page.get_by_role("alert").inner_text()
    page.get_by_label("Kernel row 0, column 1").fill("-2")
    page.wait_for_function("location.hash.includes('kernel')")
    grid = page.evaluate(GRID, "output")
    page.reload()
    assert page.evaluate(GRID, "output") == grid
    np.testing.assert_array_equal(grid, transposed(page.evaluate(GRID, "input"), [[0, -2], [1, 0]], 3, 1))


def test_the_text_for_readers_without_javascript_tells_the_figures_numbers(figure_reader):
    div = next(
        line for line in README.splitlines() if line.startswith("<div") and "transposed-convolution" in line
    )
    number = re.compile(r"\d+")
    told = set(number.findall(re.sub(r"<.*?>", "", div)))
    with figure_page(figure_reader, div) as page:
        inputs = page.locator("input").evaluate_all("all => all.map(one => ` ${one.value}`).join(' ')")
        shown = set(number.findall(page.locator(ROOT).inner_text() + inputs))
    assert len(told) >= 4
    assert told <= shown


def test_every_preset_fits_a_screen_and_a_phone(figure_reader):
    for width, height in [(1300, 900), (390, 844)]:
        with figure_page(figure_reader, figure(), width=width) as page:
            for preset in PRESETS:
                page.get_by_label("Example").select_option(preset)
                assert page.locator(ROOT).bounding_box()["height"] <= height, preset
                assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(preset="uneven"), theme=theme) as page:
        assert axe_violations(page, FIGURES) == []
        page.get_by_label("Example").select_option("worked")
        page.get_by_label("Padding").fill("7")
        assert axe_violations(page, FIGURES) == []


@pytest.mark.on_page(CHAPTER)
def test_the_chapter_s_figure_works_the_example_of_the_text(chapter):
    one = chapter.locator(ROOT)
    one.focus()
    chapter.keyboard.press("Home")
    for _ in range(3):
        assert chapter.evaluate(GRID, "output") != [[0, 1, 0, 0], [1, 0, 0, 0], [0, 2, 0, 3], [2, 0, 3, 0]]
        chapter.keyboard.press("ArrowRight")
    assert chapter.evaluate(GRID, "output") == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 2, 0, 3], [2, 0, 3, 0]]
    assert said(one).endswith("3 both ways; 1 window writes there.")
    assert axe_violations(chapter, FIGURES) == []

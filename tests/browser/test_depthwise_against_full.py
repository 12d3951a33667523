"""Depthwise against full: its counts against torch modules, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import torch
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import FIGURES, axe_violations
from torch import nn

from course_lib.reporting import cost

pytestmark = pytest.mark.browser

ROOT = '[data-figure="depthwise-against-full"]'
README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
PRESETS = ["small", "wide", "mobilenet", "convnext"]


def figure(**data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="course-figure" data-figure="depthwise-against-full" {more}>Two ways.</div>'


@pytest.fixture
def page(figure_reader):
    """A page with four channels to six."""
    with figure_page(figure_reader, figure(preset="small")) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").inner_text()


def table(page):
    """The costs: { row's name: its cells }."""
    rows = page.locator(".cf-costs tbody tr").all_inner_texts()
    return {cells[0].replace("\u2009", " "): cells[1:] for cells in (row.split("\t") for row in rows)}


def reads_by_gradient(module, channels, side):
    """The weights that one number in the middle of the output reads: those that get a gradient."""
    module = module.double()
    output = module(torch.ones(1, channels, side, side, dtype=torch.float64))
    output[0, -1, side // 2, side // 2].backward()
    return sum(int((p.grad != 0).sum()) for p in module.parameters())


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_counts_equal_torch_over_random_layers(page):
    rng = np.random.default_rng(0)
    names = ["in", "out", "kernel", "rows", "columns", "groups"]
    draws = [[int(n) for n in rng.integers([1, 1, 1, 1, 1, 1], [9, 9, 6, 9, 9, 6])] for _ in range(200)]
    jobs = [dict(zip(names, draw, strict=True)) for draw in draws]
    got = page.evaluate(
        "jobs => jobs.map(job => ({ ...CourseFigures.depthwise.compute(job), divisors: CourseFigures.depthwise.divisors(job) }))",
        jobs,
    )
    refused = 0
    for job, result in zip(jobs, got, strict=True):
        c, o, k, g = job["in"], job["out"], job["kernel"], job["groups"]

        def conv(a, b, k=k, groups=1):
            return nn.Conv2d(a, b, k, padding="same", groups=groups, bias=False)

        layers = {
            "full": (conv(c, o), c),
            "depthwise": (conv(c, c, groups=c), c),
            "pointwise": (conv(c, o, 1), c),
        }
        layers["separable"] = (nn.Sequential(conv(c, c, groups=c), conv(c, o, 1)), c)
        try:
            layers["grouped"] = (conv(c, o, groups=g), c)
        except ValueError:
            refused += 1
            assert result["grouped"] is None
            assert not result["fits"]
            assert f"cannot be divided into {g} groups" in result["message"]
            assert g not in result["divisors"]
        else:
            assert g in result["divisors"]
        for name, (module, channels) in layers.items():
            one = cost(module, (channels, job["rows"], job["columns"]))
            assert (result[name]["weights"], result[name]["macs"]) == (one.parameters, one.macs), (job, name)
            for weight in module.parameters():
                nn.init.ones_(weight)
            assert result[name]["reads"] == reads_by_gradient(module, channels, 2 * k + 1), (job, name)
        np.testing.assert_allclose(result["ratio"], 1 / o + 1 / k**2, rtol=1e-12)
        np.testing.assert_allclose(result["predicted"], result["ratio"], rtol=1e-12)
    assert 40 < refused < 200


def test_the_weights_that_stand_out_are_those_that_torch_reads(page):
    for groups, channel in [(1, 0), (2, 2), (2, 5)]:
        page.get_by_label("Groups").fill(str(groups))
        page.get_by_label("Output channel", exact=True).fill(str(channel))
        tiles = page.locator("[data-part=full] .cf-tile").evaluate_all(
            "all => all.map(one => [!one.classList.contains('cf-zero'), one.classList.contains('cf-chosen')])"
        )
        conv = nn.Conv2d(4, 6, 3, groups=groups, bias=False).double()
        holds = torch.zeros(6, 4, dtype=bool)
        x = torch.ones(1, 4, 3, 3, dtype=torch.float64, requires_grad=True)
        nn.init.ones_(conv.weight)
        for o in range(6):
            (grad,) = torch.autograd.grad(conv(x)[0, o].sum(), x)
            holds[o] = grad[0].sum(dim=(1, 2)) != 0
        chosen = holds & (torch.arange(6) == channel)[:, None]
        assert tiles == [[bool(a), bool(b)] for a, b in zip(holds.ravel(), chosen.ravel(), strict=True)]
    assert page.locator("[data-part=depthwise] .cf-chosen").count() == 4
    assert page.locator("[data-part=pointwise] .cf-chosen").count() == 4


def test_a_reader_chooses_channel_and_groups_by_key(page):
    tab_to(page, ROOT)
    page.keyboard.press("ArrowDown")
    assert said(page) == (
        "Output channel 1: one number reads 36 weights in the full convolution, 40 in depthwise and 1 by 1. "
        "Weights 216 against 60, ratio to full 0.2778."
    )
    page.keyboard.press("ArrowRight")
    assert "reads 18 weights in 2 groups" in said(page)
    page.keyboard.press("ArrowRight")  # there is no larger number that divides 4 and 6
    assert "in 2 groups" in said(page)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert said(page).startswith("Output channel 0: one number reads 36")
    page.get_by_label("Groups").fill("3")
    assert said(page) == "4 input channels cannot be divided into 3 groups."
    assert page.get_by_role("alert").inner_text() == "4 input channels cannot be divided into 3 groups."
    assert table(page)["3 groups"][-1] == "impossible"


def test_large_layers_are_drawn_as_areas_and_kept_in_the_address(page):
    page.get_by_label("Example").select_option("wide")
    page.get_by_label("Groups").fill("4")
    page.get_by_label("Output channel", exact=True).fill("200")
    assert "expected a whole number from 0 to 127" in page.get_by_role("alert").inner_text()
    page.get_by_label("Output channel", exact=True).fill("127")
    costs = table(page)
    assert costs["full"][:3] == ["576", "73,728", "231,211,008"]
    assert costs["4 groups"][:3] == ["144", "18,432", "57,802,752"]
    assert costs["depthwise + 1 \u00d7 1"][:3] == ["640", "8,768", "27,496,448"]
    assert page.locator("[data-part=ratio] strong").inner_text() == "0.1189"
    page.wait_for_function("location.hash.includes('channel')")
    assert page.evaluate("location.hash") == "#fig=depthwise-against-full&preset=wide&groups=4&channel=127"
    page.reload()
    assert table(page) == costs
    page.locator("[data-part=pointwise] .cf-void").click(position={"x": 5, "y": 3})
    assert int(page.get_by_label("Output channel", exact=True).input_value()) < 10


def test_the_text_for_readers_without_javascript_tells_the_figures_numbers(figure_reader):
    div = next(
        line for line in README.splitlines() if line.startswith("<div") and "depthwise-against-full" in line
    )
    numbers = re.compile(r"\d+(?:,\d{3})+|\d+(?:\.\d+)?")
    told = set(numbers.findall(re.sub(r"<.*?>", "", div)))
    with figure_page(figure_reader, div) as page:
        inputs = page.locator("input").evaluate_all("all => all.map(one => ` ${one.value}`).join(' ')")
        shown = set(numbers.findall(page.locator(ROOT).inner_text() + inputs))
    assert len(told) > 10
    assert told <= shown


def test_every_preset_fits_a_screen_and_a_phone(figure_reader):
    for width, height in [(1300, 900), (390, 844)]:
        with figure_page(figure_reader, figure(preset="small", groups=2), width=width) as page:
            for preset in PRESETS:
                page.get_by_label("Example").select_option(preset)
                assert page.locator(ROOT).bounding_box()["height"] <= height
                assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(preset="wide", groups=4), theme=theme) as page:
        assert axe_violations(page, FIGURES) == []
        page.get_by_label("Groups").fill("5")
        assert axe_violations(page, FIGURES) == []

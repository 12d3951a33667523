"""Residual paths: its numbers and gradients against torch's autograd, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import torch
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import FIGURES, axe_violations

pytestmark = pytest.mark.browser

ROOT = '[data-figure="residual-paths"]'
README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
GRIDS = """() => Object.fromEntries([...document.querySelectorAll('.cf-block-grid [role=table], .cf-block-grid [role=grid]')].map(grid => [
    grid.getAttribute('aria-label'),
    [...grid.querySelectorAll('.cf-value')].map(cell => (cell.value ?? cell.textContent).replace('\u2212', '-')).map(text => text === '' ? null : Number(text))]))"""


def figure(**data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="course-figure" data-figure="residual-paths" {more}>Two paths.</div>'


@pytest.fixture
def page(figure_reader):
    """A page with the figure as it is."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").inner_text()


def by_autograd(job):
    """Every number and gradient of the block, and the derivative of the chain, by torch."""
    x, first, second, upstream = (
        torch.tensor(job[name], dtype=torch.float64) for name in ("input", "first", "second", "gradient")
    )

    def conv(row, w):
        return torch.nn.functional.conv1d(row[None, None], w[None, None], padding=1)[0, 0]

    x.requires_grad_()
    into = x.clone()  # the copy that enters F
    u = conv(into, first)
    a = torch.relu(u)
    f = job["scale"] * conv(a, second)
    s = x + f
    y = torch.relu(s) if job["last"] == "relu" else s + 0
    values = {"x": x, "branch": into, "u": u, "a": a, "f": f, "s": s, "y": y}
    for tensor in values.values():
        tensor.retain_grad()
    (y * upstream).sum().backward()
    return values


def chain_by_autograd(job, slopes, shortcut):
    """dh_n / dh_0 through blocks of one number."""
    h = start = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    for slope in slopes:
        h = h * shortcut + job["scale"] * slope * h
    return torch.autograd.grad(h, start)[0].item()


def test_numbers_and_gradients_equal_autograd_over_random_blocks(page):
    rng = np.random.default_rng(0)
    jobs = []
    for _ in range(240):
        draw = {
            name: (rng.integers(-8, 9, n) / 4).tolist()
            for name, n in [("input", 4), ("first", 3), ("second", 3), ("gradient", 4)]
        }
        draw |= {
            "scale": rng.integers(-20, 21) / 10,
            "last": str(rng.choice(["relu", "none"])),
            "depth": int(rng.integers(1, 51)),
        }
        jobs.append(draw)
    got = page.evaluate("jobs => jobs.map(CourseFigures.residual.compute)", jobs)
    for job, result in zip(jobs, got, strict=True):
        values = by_autograd(job)
        for name, tensor in values.items():
            np.testing.assert_allclose(result[name], tensor.detach().numpy(), atol=1e-12)
            np.testing.assert_allclose(result["g"][name], tensor.grad.numpy(), atol=1e-12, err_msg=name)
        lengths = {"arrives": values["y"].grad, "leaves": values["x"].grad, "branch": values["branch"].grad}
        for name, row in lengths.items():
            np.testing.assert_allclose(result["lengths"][name], np.linalg.norm(row.numpy()), atol=1e-12)
        chain = result["chain"]
        assert len(chain["slopes"]) == job["depth"]
        for kind, shortcut in [("residual", 1), ("plain", 0)]:
            assert len(chain[kind]) == job["depth"] + 1
            expected = chain_by_autograd(job, chain["slopes"], shortcut)
            np.testing.assert_allclose(chain[kind][-1], expected, rtol=1e-12, atol=0)
    assert min(abs(slope) for slope in got[0]["chain"]["slopes"]) > 0


def test_keys_send_the_numbers_forward_and_the_gradient_back(page):
    job = {
        "input": [1, 2, 0, 1],
        "first": [1, 0, -1],
        "second": [0.5, 1, 0.5],
        "gradient": [1, 1, 1, 1],
        "scale": 1,
        "last": "relu",
    }
    values = by_autograd(job)
    tab_to(page, ROOT)
    shown = page.evaluate(GRIDS)
    assert (shown["Numbers x,"], shown["Numbers u,"], shown["Gradient of x,"]) == (
        [1, 2, 0, 1],
        [None] * 4,
        [None] * 4,
    )
    for name, steps in [("u", 1), ("a", 1), ("F", 1), ("x + F", 1), ("y", 1)]:
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
        value = values[{"F": "f", "x + F": "s"}.get(name, name)].detach().tolist()
        assert page.evaluate(GRIDS)[f"Numbers {name},"] == value
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("Step 7 of 13: Now backwards")
    for name, key in [("x + F", "s"), ("F", "f"), ("a", "a"), ("u", "u"), ("x into F", "branch"), ("x", "x")]:
        page.keyboard.press("ArrowRight")
        assert page.evaluate(GRIDS)[f"Gradient of {name},"] == values[key].grad.tolist()
    assert "dx[1] = 1 + 2 = 3" in said(page)
    page.keyboard.press("Home")
    assert page.evaluate(GRIDS)["Numbers y,"] == [None] * 4
    page.keyboard.press("End")
    assert "13 of 13" in page.locator(".cf-where").inner_text()


def test_with_scale_0_the_block_is_the_identity(page):
    page.locator(ROOT).focus()
    page.keyboard.press("End")
    slider = page.get_by_label("Scale of the weights of F")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    grids = page.evaluate(GRIDS)
    assert page.get_by_label("Scale, as a number").input_value() == "0"
    assert (grids["Numbers y,"], grids["Gradient of x,"], grids["Gradient of x into F,"]) == (
        [1, 2, 0, 1],
        [1, 1, 0, 1],
        [0] * 4,
    )
    page.get_by_label("last ReLU").uncheck()
    assert page.evaluate(GRIDS)["Gradient of x,"] == [1] * 4
    products = page.locator("[data-part=products] strong").all_inner_texts()
    assert products == ["1", "0"]
    assert "with shortcuts 1, without 0" in said(page)


def test_a_closed_branch_leaves_the_gradient_its_way_past(page):
    page.get_by_label("Example").select_option("closed")
    page.locator(ROOT).focus()
    page.keyboard.press("End")
    grids = page.evaluate(GRIDS)
    assert (grids["Numbers a,"], grids["Gradient of x into F,"]) == ([0] * 4, [0] * 4)
    assert grids["Gradient of x,"] == [1, 1, 0, 1]  # the last ReLU is closed where x is 0


def test_editing_numbers_and_depth_and_the_address(page):
    page.get_by_label("Numbers x, row 0, column 3", exact=True).fill("-3")
    page.get_by_label("Kernel w2, row 0, column 1", exact=True).fill("2")
    page.get_by_label("Blocks, as a number").fill("7")
    page.wait_for_function("location.hash.includes('depth=7')")
    assert page.evaluate("location.hash") == "#fig=residual-paths&input=1+2+0+-3&second=0.5+2+0.5&depth=7"
    products = page.locator("[data-part=products]").inner_text()
    page.reload()
    assert page.locator("[data-part=products]").inner_text() == products
    page.get_by_label("Numbers x, row 0, column 3", exact=True).fill("x")
    assert 'Numbers x, row 0, column 3 is "x": expected a number.' in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert page.evaluate(GRIDS)["Numbers x,"] == [1, 2, 0, 1]
    assert page.locator("[aria-invalid=true]").count() == 0
    assert page.get_by_role("alert").inner_text() == ""


def test_the_text_for_readers_without_javascript_tells_the_figures_numbers(figure_reader):
    div = next(line for line in README.splitlines() if line.startswith("<div") and "residual-paths" in line)
    numbers = re.compile(r"\u2212?\d+(?:\.\d+)?|10[\u2070-\u207e\u00b9\u00b2\u00b3]+")
    told = set(numbers.findall(re.sub(r"<.*?>", "", div)))
    with figure_page(figure_reader, div) as page:
        inputs = page.locator("input").evaluate_all("all => all.map(one => one.value).join(' ')")
        shown = set(numbers.findall(page.locator(ROOT).inner_text() + inputs))
    assert len(told) > 10
    assert told <= shown


def test_it_fits_a_screen_and_a_phone(figure_reader):
    for width, height in [(1300, 900), (390, 844)]:
        with figure_page(figure_reader, figure(step=12, scale=0.7, depth=50), width=width) as page:
            assert page.locator(ROOT).bounding_box()["height"] <= height
            assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(step=8), theme=theme) as page:
        page.get_by_label("Numbers x, row 0, column 3", exact=True).fill("x")
        assert axe_violations(page, FIGURES) == []

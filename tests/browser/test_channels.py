"""The channels figure: its arithmetic against torch, and the figure driven by keyboard."""

import numpy as np
import pytest
import torch
from figure_page import figure_page, tab_to
from reader import FIGURES, PHONE, axe_violations

pytestmark = pytest.mark.browser

X = np.array(
    [
        [[1, 0, 2, 1, 0], [2, 1, 0, 0, 1], [0, 2, 1, 1, 0], [1, 0, 0, 2, 1], [0, 1, 2, 0, 2]],
        [[0, 1, 1, 0, 2], [1, 2, 0, 1, 0], [2, 0, 1, 0, 1], [0, 1, 2, 1, 0], [1, 0, 0, 2, 1]],
        [[2, 1, 0, 1, 0], [0, 0, 1, 2, 1], [1, 0, 2, 0, 0], [0, 2, 1, 0, 1], [1, 1, 0, 0, 2]],
    ]
)
W = np.array(
    [
        [
            [[1, 0, -1], [1, 0, -1], [0, 1, 0]],
            [[0, 1, 0], [1, -1, 1], [0, 0, 0]],
            [[-1, 0, 1], [0, 1, 0], [0, -1, 1]],
        ],
        [
            [[0, 1, 1], [-1, 0, 0], [0, 0, 1]],
            [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
            [[0, 0, 1], [1, 1, 0], [-1, 0, 0]],
        ],
    ]
)
Y = [[[6, 1, 0], [1, 5, -1], [2, 2, 6]], [[1, -1, -4], [1, 2, 0], [3, 3, 3]]]
OUTPUT = ".cf-kind-output"
CHAPTER = "chapters/04_channels.html"


def stack(matrices):
    """Write channels as the figure's attributes do."""
    return " | ".join("; ".join(" ".join(map(str, row)) for row in matrix) for matrix in matrices)


def figure(x=X, w=W, bias="1 0", controls="input filters bias stride padding", **data):
    """The raw HTML an author writes."""
    data = {"stride": 2, "padding": 1, "names": "red green blue"} | data
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return (
        f'<div class="course-figure" data-figure="channels" data-input="{stack(x)}" data-bias="{bias}" '
        f'data-filters="{" / ".join(map(stack, w))}" data-controls="{controls}" {more}>Filters over channels.</div>'
    )


@pytest.fixture
def page(figure_reader):
    """A page with the chapter's figure."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").first.inner_text()


def total(page):
    """The number after the last equals sign of the announcement."""
    return float(said(page).rsplit("=", 1)[1].replace("\u2212", "-"))


def outputs(page):
    """The output channels' texts, row by row."""
    read = (
        "rows => rows.map(row => [...row.children].map(cell => cell.querySelector('.cf-value').textContent))"
    )
    return [grid.locator(".cf-row").evaluate_all(read) for grid in page.locator(OUTPUT).all()]


def filled(page):
    """The output as numbers, once every cell is filled in."""
    page.get_by_label("fill in all").check()
    return [
        [[float(text.replace("\u2212", "-")) for text in row] for row in channel] for channel in outputs(page)
    ]


def test_compute_equals_torch_over_random_settings(page):
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(200):
        c, o = rng.integers(1, 5, 2)
        x, w = (
            rng.integers(-9, 10, (c, *rng.integers(1, 8, 2))),
            rng.integers(-9, 10, (o, c, *rng.integers(1, 5, 2))),
        )
        case = {"input": x.tolist(), "filters": w.tolist(), "bias": rng.integers(-9, 10, o).tolist()}
        cases.append(
            case | {"stride": rng.integers(1, 4, 2).tolist(), "padding": rng.integers(0, 3, 2).tolist()}
        )
    fitting = 0
    computed = page.evaluate("all => all.map(one => CourseFigures.channels.compute(one))", cases)
    for case, got in zip(cases, computed, strict=True):
        x, w, b = (torch.tensor(case[name], dtype=torch.float64) for name in ("input", "filters", "bias"))
        try:
            expected = torch.nn.functional.conv2d(x[None], w, b, case["stride"], case["padding"])[0]
        except RuntimeError:
            assert not got["fits"]
            assert "No window fits" in got["message"]
            continue
        fitting += 1
        assert got["output"] == expected.tolist()
    assert 80 < fitting < 200


def test_arrow_keys_step_through_both_filters(page):
    assert said(page) == ""
    tab_to(page, f"{OUTPUT} .cf-cell")
    page.keyboard.press("Home")
    sums = []
    for _ in range(18):
        sums.append(total(page))
        page.keyboard.press("ArrowRight")
    assert sums == np.ravel(Y).tolist()
    assert outputs(page) == [[[str(v).replace("-", "\u2212") for v in row] for row in map_] for map_ in Y]
    assert "18 of 18" in said(page)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert total(page) == 1
    page.keyboard.press("ArrowRight")
    assert (
        said(page) == "Filter 0, row 1, column 1, 5 of 18: red 2, green \u22121, blue 3, bias 1, output = 5"
    )


def test_window_and_slices_follow_the_step(page):
    page.locator(OUTPUT).nth(1).locator(".cf-cell").nth(4).click()  # filter 1, middle
    covered = page.locator(".cf-kind-input").nth(2).locator(".cf-covered input")
    values = covered.evaluate_all("all => all.map(one => Number(one.value))")
    assert values == X[2, 1:4, 1:4].ravel().tolist()
    read = "all => all.map(one => Number(one.value.replace('\u2212', '-')))"
    for c in range(3):
        slice_ = page.locator(".cf-kind-kernel").nth(c).locator("input").evaluate_all(read)
        assert slice_ == W[1, c].ravel().tolist()
        part = page.locator("[data-part=channel]").nth(c).inner_text().split("=")[-1]
        assert float(part.replace("\u2212", "-")) == (X[c, 1:4, 1:4] * W[1, c]).sum()
    assert page.locator("[data-part=sum]").inner_text().split("=")[-1].strip() == "2"


def test_editing_input_slice_and_bias(page):
    page.locator(OUTPUT).nth(1).locator(".cf-cell").nth(0).click()
    page.get_by_label("Slice for green, row 1, column 1", exact=True).fill("-3")
    page.get_by_label("blue row 4, column 4", exact=True).fill("7")
    page.get_by_label("Bias filter 1", exact=True).fill("-5")
    x, w = X.astype(float), W.astype(float)
    w[1, 1, 1, 1], x[2, 4, 4] = -3, 7
    bias = torch.tensor([1.0, -5.0], dtype=torch.float64)
    expected = torch.nn.functional.conv2d(torch.tensor(x)[None], torch.tensor(w), bias, 2, 1)[0]
    assert filled(page) == expected.tolist()
    page.get_by_role("button", name="Reset").click()
    assert filled(page) == Y


def test_stride_and_padding(page):
    page.get_by_label("Stride across", exact=True).fill("1")
    page.get_by_label("Padding down", exact=True).fill("0")
    x, w = torch.tensor(X, dtype=torch.float64), torch.tensor(W, dtype=torch.float64)
    bias = torch.tensor([1.0, 0.0], dtype=torch.float64)
    expected = torch.nn.functional.conv2d(x[None], w, bias, (2, 1), (0, 1))[0]
    assert filled(page) == expected.tolist()
    assert page.locator(".cf-kind-input").first.locator(".cf-pad").count() == 10


def test_what_cannot_fit_is_said(figure_reader):
    with figure_page(figure_reader, figure(x=np.ones((3, 2, 2), dtype=int), padding=0)) as page:
        assert "No window fits: a slice is 3 \u00d7 3" in page.get_by_role("alert").inner_text()
        assert page.locator(OUTPUT).count() == 0
        page.get_by_label("Padding down", exact=True).fill("1")
        page.get_by_label("Padding across", exact=True).fill("1")
        assert page.get_by_role("alert").inner_text() == ""
        assert np.shape(outputs(page)) == (2, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w": W[:, :2]}, "data-filters: expected 3 slices, one per channel, got 2"),
        ({"bias": "1"}, "data-bias: expected 2 numbers, got 1"),
        ({"names": "red"}, "data-names: expected 3 words, got 1"),
        ({"stride": 9}, "data-stride: expected 1 to 3 down and across, got 9 and 9"),
    ],
)
def test_an_unreadable_attribute_is_said_in_place(figure_reader, change, message):
    with figure_page(figure_reader, figure(**change)) as page:
        assert message in page.locator(".course-figure").inner_text()
        assert "Filters over channels." in page.locator(".course-figure").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(), theme=theme, reduced_motion="reduce") as page:
        page.locator(f"{OUTPUT} .cf-cell").nth(4).focus()
        page.get_by_label("red row 0, column 0", exact=True).fill("x")
        assert axe_violations(page, FIGURES) == []


@pytest.mark.parametrize("width", [PHONE, 690])
def test_no_width_overflows(figure_reader, width):
    with figure_page(figure_reader, figure(x=np.full((3, 7, 7), -12)), width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        inner, outer = page.locator(".course-figure").evaluate("one => [one.scrollWidth, one.clientWidth]")
        assert inner == outer


# ---- on the chapter's own page -------------------------------------------------------------------------------------


@pytest.mark.on_page(CHAPTER)
def test_the_chapter_steps_by_key(chapter):
    address = chapter.url
    first = chapter.locator('.course-figure[data-figure="channels"]')
    first.locator(f"{OUTPUT} .cf-cell").first.focus()
    chapter.keyboard.press("Home")
    sums = []
    for _ in range(18):
        sums.append(total(chapter))
        chapter.keyboard.press("ArrowRight")
    assert sums == np.ravel(Y).tolist()
    assert chapter.url == address
    assert axe_violations(chapter, FIGURES) == []

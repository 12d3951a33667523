"""The gradient flow: its arithmetic against torch's autograd, and the figure driven by keyboard."""

import numpy as np
import pytest
import torch
from figure_page import figure_page, tab_to
from reader import FIGURES, PHONE, axe_violations

pytestmark = pytest.mark.browser

IMAGE = np.array([[0, 1, 2, 1], [3, 0, 1, 2], [1, 2, 0, 1], [2, 1, 1, 0]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
UPSTREAM = np.array([[1, -2], [3, 1]])
CHAPTER = "chapters/06_backpropagation.html"


def rows(matrix):
    """Write a matrix as the figure's attributes do."""
    return "; ".join(" ".join(str(value) for value in row) for row in np.asarray(matrix).tolist())


def figure(
    image=IMAGE, kernel=KERNEL, upstream=UPSTREAM, controls="input kernel upstream stride padding", **data
):
    """The raw HTML an author writes."""
    more = "" if upstream is None else f'data-upstream="{rows(upstream)}" '
    more += " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return (
        f'<div class="course-figure" data-figure="gradient-flow" data-input="{rows(image)}" '
        f'data-kernel="{rows(kernel)}" data-controls="{controls}" {more}>Gradients flow back.</div>'
    )


@pytest.fixture
def page(figure_reader):
    """A page with one figure."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def by_torch(image, kernel, upstream=None, stride=(1, 1), padding=(0, 0)):
    """Gradients of the input and of the kernel, by autograd; `upstream` None stands for ones."""
    x, w = (torch.tensor(a, dtype=torch.float64)[None, None].requires_grad_() for a in (image, kernel))
    y = torch.nn.functional.conv2d(x, w, stride=stride, padding=padding)
    g = torch.ones_like(y) if upstream is None else torch.tensor(upstream, dtype=torch.float64)[None, None]
    y.backward(g)
    return x.grad[0, 0].tolist(), w.grad[0, 0].tolist()


def number(text):
    """Read a number that the figure shows."""
    return float(text.replace("\u2212", "-"))


def shown(page, kind):
    """A grid of results as numbers."""
    read = (
        "rows => rows.map(row => [...row.children].map(cell => cell.querySelector('.cf-value').textContent))"
    )
    texts = page.locator(f".cf-kind-{kind} .cf-row").evaluate_all(read)
    return [[number(text) for text in row] for row in texts]


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").first.inner_text()


def marked(page, kind):
    """Row and column of the highlighted cells of a grid."""
    read = "rows => rows.flatMap((row, r) => [...row.children].flatMap((cell, c) => cell.classList.contains('cf-covered') ? [[r, c]] : []))"
    return page.locator(f".cf-kind-{kind} .cf-row").evaluate_all(read)


def taps(page, kind):
    """The small numbers in a grid's cells, where there are any."""
    return [text for text in page.locator(f".cf-kind-{kind} .cf-tap").all_inner_texts() if text]


# ---- the arithmetic ------------------------------------------------------------------------------------------------

TRACES = """all => all.map(settings => {
    const result = CourseFigures.gradientFlow.compute(settings);
    if (!result.fits) return null;
    const { trace } = CourseFigures.gradientFlow;
    const add = (kind, value) => (row, r) => row.map((_, c) => trace(result, kind, r, c).reduce((sum, m) => sum + value(m), 0));
    const scattered = settings.input.map(row => row.map(() => 0));
    settings.upstream.forEach((row, i) => row.forEach((_, j) => {
        for (const m of trace(result, "output", i, j)) if (m.inside) scattered[m.r][m.c] += m.g * m.k;
    }));
    return {
        gradInput: result.gradInput, gradKernel: result.gradKernel, scattered,
        gathered: settings.input.map(add("input", m => m.g * m.k)), weights: settings.kernel.map(add("kernel", m => m.x * m.g)),
    };
})"""


def test_gradients_equal_autograd_over_random_settings(page):
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(200):
        image = rng.integers(-9, 10, rng.integers(1, 8, 2))
        kernel = rng.integers(-9, 10, rng.integers(1, 5, 2))
        stride, padding = (tuple(int(n) for n in rng.integers(low, 4, 2)) for low in (1, 0))
        out = (np.array(image.shape) + 2 * np.array(padding) - kernel.shape) // stride + 1
        if min(out) >= 1:
            cases.append((image, kernel, rng.integers(-9, 10, out), stride, padding))
    assert len(cases) > 100
    names = ("input", "kernel", "upstream", "stride", "padding")
    settings = [dict(zip(names, (np.asarray(part).tolist() for part in case), strict=True)) for case in cases]
    for case, got in zip(cases, page.evaluate(TRACES, settings), strict=True):
        grad_input, grad_kernel = by_torch(*case)
        assert got["gradInput"] == got["scattered"] == got["gathered"] == grad_input
        assert got["gradKernel"] == got["weights"] == grad_kernel


# ---- the figure ----------------------------------------------------------------------------------------------------


def test_gradients_are_shown(page):
    assert (shown(page, "gradinput"), shown(page, "gradkernel")) == by_torch(IMAGE, KERNEL, UPSTREAM)
    assert said(page) == ""  # nothing is announced before the reader acts


def test_an_output_cell_reaches_its_window_and_all_weights(page):
    tab_to(page, ".cf-kind-upstream input")
    page.keyboard.press("ArrowRight")
    window = [[r, c] for r in range(3) for c in range(1, 4)]
    assert marked(page, "input") == marked(page, "gradinput") == window
    assert taps(page, "gradinput") == [f"{-2 * k:+d}".replace("-", "\u2212") for k in KERNEL.ravel()]
    assert taps(page, "gradkernel") == [f"{-2 * x:+d}".replace("-", "\u2212") for x in IMAGE[:3, 1:].ravel()]
    assert "Output row 0, column 1. G[0, 1] = \u22122 flows to the 9 inputs" in said(page)


def test_an_inputs_gradient_is_gathered_from_the_windows_that_read_it(page):
    expected, _ = by_torch(IMAGE, KERNEL, UPSTREAM)
    tab_to(page, ".cf-kind-input input")
    page.keyboard.press("End")
    seen = []
    for r in range(4):
        page.keyboard.press("Home")
        for c in range(4):
            assert f"Gradient of input row {r}, column {c}: " in said(page)
            seen.append(number(said(page).rsplit("= ", 1)[1]))
            page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    assert seen == np.ravel(expected).tolist()
    page.locator(".cf-kind-input input").nth(5).click()  # X[1, 1]: all four windows read it
    assert marked(page, "upstream") == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert taps(page, "upstream") == ["\u00d72", "\u00d72", "\u00d71", "\u00d70"]
    assert said(page).endswith("1 \u00d7 2 + (\u22122) \u00d7 2 + 3 \u00d7 1 + 1 \u00d7 0 = 1")
    assert marked(page, "framed") == [[r, c] for r in (1, 2, 3) for c in (1, 2, 3)]
    assert taps(page, "framed") == [f"\u00d7{k}" for k in KERNEL[::-1, ::-1].ravel()]


def test_a_weights_gradient_is_gathered_from_every_output(page):
    _, expected = by_torch(IMAGE, KERNEL, UPSTREAM)
    tab_to(page, ".cf-kind-gradkernel .cf-cell")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert marked(page, "input") == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert taps(page, "input") == ["\u00d71", "\u00d7\u22122", "\u00d73", "\u00d71"]
    assert number(said(page).rsplit("= ", 1)[1]) == expected[1][1]


def test_trace_select_and_buttons_step_through_all_cells(page):
    page.get_by_label("Trace", exact=True).select_option("kernel")
    page.get_by_role("button", name="Last position").focus()
    page.keyboard.press("Enter")
    assert "Gradient of kernel row 2, column 2" in said(page)
    page.keyboard.press("ArrowUp")
    assert "Gradient of kernel row 1, column 2" in said(page)
    page.keyboard.press("Home")
    assert "Gradient of kernel row 0, column 0" in said(page)


def test_edits_change_every_gradient(page):
    tab_to(page, ".cf-kind-upstream input")
    page.keyboard.type("-4")
    page.get_by_label("Kernel row 2, column 1", exact=True).fill("5")
    page.get_by_label("Input row 3, column 0", exact=True).fill("0.5")
    image, kernel, upstream = IMAGE.astype(float), KERNEL.copy(), UPSTREAM.copy()
    image[3, 0], kernel[2, 1], upstream[0, 0] = 0.5, 5, -4
    assert (shown(page, "gradinput"), shown(page, "gradkernel")) == by_torch(image, kernel, upstream)
    page.get_by_label("Input row 0, column 0", exact=True).fill("?")
    assert (
        'Input row 0, column 0 is "?": expected a number. 0 stays in use.'
        in page.get_by_role("alert").inner_text()
    )


def test_stride_padding_and_reset(page):
    for name, value in [("Padding down", 1), ("Padding across", 2), ("Stride down", 2)]:
        page.get_by_label(name, exact=True).fill(str(value))
    upstream = np.ones((2, 6))
    upstream[:, :2] = UPSTREAM
    expected = by_torch(IMAGE, KERNEL, upstream, stride=(2, 1), padding=(1, 2))
    assert (shown(page, "gradinput"), shown(page, "gradkernel")) == expected
    page.locator(".cf-kind-upstream input").first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "of its products fall on padding and are dropped" in said(page)
    page.get_by_label("Kernel size rows", exact=True).fill("1")
    page.get_by_label("Padding down", exact=True).fill("0")
    page.get_by_label("Trace", exact=True).select_option("input")
    page.locator(".cf-kind-gradinput .cf-cell").nth(4).click()  # X[1, 0]: the stride jumps over it
    assert "was read by no window" in page.locator("[data-part=story]").inner_text()
    page.get_by_role("button", name="Reset").click()
    assert (shown(page, "gradinput"), shown(page, "gradkernel")) == by_torch(IMAGE, KERNEL, UPSTREAM)


def test_what_cannot_fit_is_said_and_mended(page):
    page.get_by_label("Input size rows", exact=True).fill("2")
    assert "No window fits: the kernel is 3 \u00d7 3" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="Play").get_attribute("aria-disabled") == "true"
    page.get_by_label("Input row 0, column 0", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Input size rows", exact=True).fill("5")
    assert page.get_by_role("alert").inner_text() == ""
    assert np.shape(shown(page, "gradinput")) == (5, 4)


def test_keys_stay_inside_the_figure(page):
    page.evaluate("window.leaked = []; document.addEventListener('keydown', event => leaked.push(event.key))")
    tab_to(page, ".cf-kind-upstream input")
    page.evaluate("leaked.length = 0")
    for key in ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "Home", "End"]:
        page.keyboard.press(key)
    assert page.evaluate("leaked") == []


def test_a_figure_that_nobody_may_change(figure_reader):
    with figure_page(figure_reader, figure(upstream=None, controls="", trace="input", stride="1 1")) as page:
        assert page.locator(".cf-row input, .cf-number").count() == 0
        assert (shown(page, "gradinput"), shown(page, "gradkernel")) == by_torch(IMAGE, KERNEL)
        tab_to(page, ".cf-kind-input .cf-cell")
        page.keyboard.press("ArrowDown")
        assert "Gradient of input row 1, column 0" in said(page)


def test_an_upstream_of_the_wrong_shape_is_said_in_place(figure_reader):
    with figure_page(figure_reader, figure(upstream=[[1, 2, 3]])) as page:
        text = page.locator(".course-figure").inner_text()
        assert "data-upstream: expected the output's shape 2,2, got 1,3" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    body = "".join(figure(trace=trace, label=trace) for trace in ("output", "input", "kernel"))
    with figure_page(figure_reader, body, theme=theme, reduced_motion="reduce") as page:
        page.get_by_label("Kernel row 0, column 0", exact=True).first.fill("x")
        assert axe_violations(page, FIGURES) == []


def test_phone_width_does_not_overflow(figure_reader):
    wide = figure(np.full((7, 7), -12), np.full((4, 4), -8), None, padding="3", label="Wide")
    with figure_page(figure_reader, figure() + wide, width=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        boxes = page.locator(".course-figure").evaluate_all(
            "all => all.map(one => [one.scrollWidth, one.clientWidth])"
        )
        assert [inner - outer for inner, outer in boxes] == [0, 0]


# ---- on the chapter's own page -------------------------------------------------------------------------------------


def one_of(chapter, index):
    """One of the page's figures, and its numbers as the author wrote them."""
    one = chapter.locator('.course-figure[data-figure="gradient-flow"]').nth(index)

    def read(name):
        return [[float(n) for n in row.split()] for row in one.get_attribute(name).split(";")]

    return one, *(read(f"data-{name}") for name in ("input", "kernel", "upstream"))


def heard(one):
    """What a screen reader was given last by one figure."""
    return one.locator("[data-part=live]").inner_text()


@pytest.mark.on_page(CHAPTER)
def test_the_chapter_s_first_figure_follows_clicks_and_keys(chapter):
    address = chapter.url
    one, image, kernel, upstream = one_of(chapter, 0)
    grad_input, grad_kernel = by_torch(image, kernel, upstream)
    assert grad_input == [[0, 1, -2], [2, 2, -5], [6, 11, 3]]  # as the text works it by hand
    assert grad_kernel == [[11, 14], [20, 23]]
    assert (shown(one, "gradinput"), shown(one, "gradkernel")) == (grad_input, grad_kernel)
    one.locator(".cf-kind-upstream input").nth(3).click()
    assert "Output row 1, column 1. G[1, 1] = 1 flows to the 4 inputs" in heard(one)
    assert marked(one, "input") == [[1, 1], [1, 2], [2, 1], [2, 2]]
    one.locator(".cf-kind-input input").nth(4).click()  # the middle pixel of the question
    assert heard(one).endswith("1 \u00d7 3 + (\u22122) \u00d7 2 + 3 \u00d7 1 + 1 \u00d7 0 = 2")
    one.locator(".cf-kind-gradinput .cf-cell").first.focus()
    seen = []
    for _ in range(3):
        chapter.keyboard.press("Home")
        for _ in range(3):
            seen.append(number(heard(one).rsplit("= ", 1)[1]))
            chapter.keyboard.press("ArrowRight")
        chapter.keyboard.press("ArrowDown")
    assert seen == np.ravel(grad_input).tolist()
    assert chapter.url == address
    assert axe_violations(chapter, FIGURES) == []


@pytest.mark.on_page(CHAPTER)
def test_the_chapter_s_second_figure_dilates(chapter):
    one, image, kernel, upstream = one_of(chapter, 1)
    stride = (int(one.get_attribute("data-stride")),) * 2
    assert stride == (2, 2)
    expected = by_torch(image, kernel, upstream, stride=stride)
    assert (shown(one, "gradinput"), shown(one, "gradkernel")) == expected
    dilated = np.zeros((6, 6))
    dilated[1:5:2, 1:5:2] = upstream
    assert shown(one, "framed") == dilated.tolist()
    one.locator(".cf-kind-gradinput .cf-cell").last.click()  # the stride jumps over the last row
    assert (
        "X[4, 4] was read by no window: its gradient is 0." in one.locator("[data-part=story]").inner_text()
    )

"""The sliding window: its arithmetic against NumPy, SciPy and torch, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import scipy.signal
import torch
from figure_page import figure_page, tab_to
from reader import FIGURES, PHONE, axe_violations

pytestmark = pytest.mark.browser

IMAGE = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]])
KERNEL = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]])
RESULT = [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
OUTPUT = ".cf-kind-output"
CHAPTER = "chapters/02_convolution.html"
PADDING = "chapters/03_padding_and_stride.html"


def rows(matrix):
    """Write a matrix as the figure's attributes do."""
    return "; ".join(" ".join(str(value) for value in row) for row in matrix)


def figure(image=IMAGE, kernel=KERNEL, controls="input kernel stride padding dilation mode", **data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in data.items())
    return (
        f'<div class="course-figure" data-figure="sliding-window" data-input="{rows(image)}" '
        f'data-kernel="{rows(kernel)}" data-controls="{controls}" {more}>A window slides over an image.</div>'
    )


@pytest.fixture
def page(figure_reader):
    """A page with row B1's figure."""
    with figure_page(figure_reader, figure()) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").first.inner_text()


def total(page):
    """The number after the last equals sign of the announcement."""
    return float(said(page).rsplit("=", 1)[1].replace("\u2212", "-"))


def shown(page, kind="output"):
    """A grid's texts, row by row; an input's value where there is one."""
    read = "rows => rows.map(row => [...row.children].map(cell => (cell.querySelector('input') || {}).value ?? cell.querySelector('.cf-value').textContent))"
    return page.locator(f".cf-kind-{kind} .cf-row").evaluate_all(read)


def filled(page):
    """The output as numbers, once every cell is filled in."""
    return [[float(text.replace("\u2212", "-")) for text in row] for row in shown(page)]


def field(page, name):
    """A settings field by its accessible name."""
    return page.get_by_label(name, exact=True)


# ---- the arithmetic, without the figure --------------------------------------------------------------------------


def settings_of(image, kernel, stride=(1, 1), padding=(0, 0), dilation=(1, 1), mode="cross-correlation"):
    """What the figure's arithmetic takes."""
    settings = dict(stride=list(stride), padding=list(padding), dilation=list(dilation), mode=mode)
    return settings | {"input": np.asarray(image).tolist(), "kernel": np.asarray(kernel).tolist()}


def compute_all(page, settings):
    """Run the figure's own arithmetic in the browser, once for each of the settings."""
    return page.evaluate("all => all.map(one => CourseFigures.slidingWindow.compute(one))", settings)


def compute(page, *arrays, **options):
    """Run the figure's own arithmetic in the browser."""
    return compute_all(page, [settings_of(*arrays, **options)])[0]


def test_compute_gives_the_worked_examples(page):
    assert compute(page, IMAGE, KERNEL)["output"] == RESULT
    image, kernel = np.arange(9).reshape(3, 3), [[0, 1], [2, 3]]
    assert compute(page, image, kernel)["output"] == [[19, 25], [37, 43]]
    padded = compute(page, image, kernel, padding=(1, 1))["output"]
    assert padded == [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]]
    assert compute(page, image, kernel, stride=(3, 2), padding=(1, 1))["output"] == [[0, 8], [6, 8]]


def test_convolution_mode_is_scipys(page):
    rng = np.random.default_rng(0)
    for shape in [(2, 3), (3, 3), (1, 4), (4, 1)]:
        image, kernel = rng.integers(-9, 10, (6, 5)), rng.integers(-9, 10, shape)
        expected = scipy.signal.convolve2d(image, kernel, mode="valid")
        assert compute(page, image, kernel, mode="convolution")["output"] == expected.tolist()


def test_compute_equals_torch_over_random_settings(page):
    rng = np.random.default_rng(1)
    cases = []
    for _ in range(300):
        image = rng.integers(-9, 10, rng.integers(1, 9, 2))
        kernel = rng.integers(-9, 10, rng.integers(1, 6, 2))
        settings = dict(
            stride=rng.integers(1, 5, 2), padding=rng.integers(0, 5, 2), dilation=rng.integers(1, 4, 2)
        )
        cases.append((image, kernel, {name: tuple(int(n) for n in pair) for name, pair in settings.items()}))
    computed = compute_all(page, [settings_of(image, kernel, **options) for image, kernel, options in cases])
    fitting = 0
    for (image, kernel, options), got in zip(cases, computed, strict=True):
        x, w = (torch.tensor(a, dtype=torch.float64)[None, None] for a in (image, kernel))
        try:
            expected = torch.nn.functional.conv2d(x, w, **options)[0, 0]
        except RuntimeError:
            assert not got["fits"]
            assert "No window fits" in got["message"]
            continue
        fitting += 1
        assert got["output"] == expected.tolist()
        assert got["unread"] == unread_by_torch(x, w, options)
    assert 100 < fitting < 300


def unread_by_torch(x, w, settings):
    """The pixels that receive no gradient when every weight is 1."""
    x = x.clone().requires_grad_()
    torch.nn.functional.conv2d(x, torch.ones_like(w), **settings).sum().backward()
    return (x.grad[0, 0] == 0).nonzero().tolist()


# ---- the figure, by keyboard ---------------------------------------------------------------------------------------


def test_every_position_by_arrow_key(page):
    assert shown(page) == [["12", "", ""], ["", "", ""], ["", "", ""]]
    assert said(page) == ""  # nothing is announced before the reader acts
    tab_to(page, f"{OUTPUT} .cf-cell")
    page.keyboard.press("Home")
    assert said(page).startswith(
        "Output row 0, column 0, 1 of 9: 3 \u00d7 0 + 3 \u00d7 1 + 2 \u00d7 2 + 0 \u00d7 2"
    )
    sums = [total(page)]
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        sums.append(total(page))
    assert sums == np.ravel(RESULT).tolist()
    assert filled(page) == RESULT
    page.keyboard.press("ArrowRight")  # beyond the end: stays
    assert "row 2, column 2, 9 of 9" in said(page)
    page.keyboard.press("ArrowUp")
    assert "row 1, column 2" in said(page)
    page.keyboard.press("ArrowLeft")
    assert "row 1, column 1" in said(page)
    page.keyboard.press("ArrowDown")
    assert "row 2, column 1" in said(page)
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert total(page) == 14
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "row 2, column 2: 14"
    assert page.locator("[data-part=sum]").inner_text().split()[-2:] == ["=", "14"]


def test_window_and_taps_are_marked_on_the_input(page):
    tab_to(page, f"{OUTPUT} .cf-cell")
    page.keyboard.press("End")
    covered = page.locator(".cf-kind-input .cf-covered")
    assert covered.count() == 9
    taps = covered.locator(".cf-tap").all_inner_texts()
    assert taps == [f"\u00d7{k}" for k in KERNEL.ravel()]
    first = covered.first.locator("input").get_attribute("aria-label")
    assert first == "Input row 2, column 2"


def test_keys_stay_inside_the_figure(page):
    page.evaluate("window.leaked = []; document.addEventListener('keydown', event => leaked.push(event.key))")
    page.get_by_role("link", name="before").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("leaked") == ["ArrowRight"]
    assert said(page) == ""
    tab_to(page, f"{OUTPUT} .cf-cell")
    page.evaluate("leaked.length = 0; window.scrollTo(0, 0)")
    for key in ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "Home", "End"]:
        page.keyboard.press(key)
    assert page.evaluate("[leaked, scrollY]") == [[], 0]
    page.keyboard.press("PageDown")
    page.wait_for_function("scrollY > 0")


def test_buttons_step_and_end_is_marked(page):
    for name, position in [("Next", 2), ("Next", 3), ("Previous", 2), ("Last", 9), ("First", 1)]:
        button = page.get_by_role("button", name=f"{name} position")
        button.focus()
        page.keyboard.press("Enter")
        assert f"{position} of 9" in said(page)
    assert page.get_by_role("button", name="Previous position").get_attribute("aria-disabled") == "true"
    page.keyboard.press("ArrowRight")  # arrow keys work from the buttons as well
    assert "2 of 9" in said(page)


def test_clicking_an_output_cell_jumps_there(page):
    page.locator(f"{OUTPUT} .cf-cell").nth(5).click()
    assert total(page) == 19
    assert shown(page) == [["12", "", ""], ["", "", "19"], ["", "", ""]]


def test_play_runs_to_the_end_and_pauses(fresh_figure_reader):
    with figure_page(fresh_figure_reader, figure()) as page:
        page.clock.install(time=0)
        page.clock.pause_at(60)  # from here on it moves by run_for alone, however busy the machine is
        play = page.get_by_role("button", name="Play")
        play.click()
        page.clock.run_for(2500)
        assert "3 of 9" in said(page)
        page.get_by_role("button", name="Pause").click()
        page.clock.run_for(5000)
        assert "3 of 9" in said(page)
        play.click()
        page.clock.run_for(20_000)
        assert "9 of 9" in said(page)
        assert play.is_visible()


def test_fill_in_all_by_space(page):
    tab_to(page, ".cf-check input")
    page.keyboard.press("Space")
    assert filled(page) == RESULT


def test_editing_a_kernel_cell(page):
    tab_to(page, ".cf-kind-kernel input")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("-1.5")
    assert total(page) == 12 - 2.5 * 3
    page.get_by_label("fill in all").check()
    kernel = KERNEL.astype(float)
    kernel[0, 1] = -1.5
    assert filled(page) == scipy.signal.correlate2d(IMAGE, kernel, mode="valid").tolist()


def test_an_entry_that_is_no_number_is_flagged(page):
    tab_to(page, ".cf-kind-input input")
    page.keyboard.type("x")
    alert = page.get_by_role("alert")
    assert alert.inner_text() == 'Input row 0, column 0 is "x": expected a number. 3 stays in use.'
    assert page.locator("[aria-invalid=true]").count() == 1
    assert shown(page)[0][0] == "12"
    page.keyboard.press("Escape")
    assert alert.inner_text() == ""
    assert shown(page, "input")[0][0] == "3"
    page.keyboard.press("Delete")
    assert "is empty" in alert.inner_text()
    page.keyboard.type("5")
    assert alert.inner_text() == ""


def test_convolution_shows_the_turned_kernel(page):
    page.get_by_label("fill in all").check()
    select = page.get_by_label("Operation", exact=True)
    select.focus()
    page.keyboard.press("ArrowDown")
    assert shown(page, "used") == [[str(k) for k in row] for row in KERNEL[::-1, ::-1]]
    assert filled(page) == scipy.signal.convolve2d(IMAGE, KERNEL, mode="valid").tolist()
    assert "turned by 180\u00b0" in page.locator("[data-part=notes]").inner_text()
    page.get_by_label("Kernel row 0, column 0", exact=True).fill("7")
    assert shown(page, "used")[2][2] == "7"


def test_stride_padding_dilation_and_reset(page):
    page.get_by_label("fill in all").check()
    for name, value in [
        ("Stride down", 3),
        ("Stride across", 2),
        ("Padding down", 2),
        ("Padding across", 1),
        ("Dilation across", 2),
    ]:
        field(page, name).fill(str(value))
    options = dict(stride=(3, 2), padding=(2, 1), dilation=(1, 2))
    x, w = (torch.tensor(a, dtype=torch.float64)[None, None] for a in (IMAGE, KERNEL))
    expected = torch.nn.functional.conv2d(x, w, **options)[0, 0].tolist()
    assert filled(page) == expected
    sizes = page.locator("[data-part=sizes]").inner_text()
    assert "rows: \u230a(5 + 2\u00b72 \u2212 1\u00b7(3 \u2212 1) \u2212 1) / 3\u230b + 1 = 3" in sizes
    assert "columns: \u230a(5 + 2\u00b71 \u2212 2\u00b7(3 \u2212 1) \u2212 1) / 2\u230b + 1 = 2" in sizes
    assert page.locator(".cf-kind-input .cf-pad").count() == 9 * 7 - 25
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    assert shown(page) == [["12", "", ""], ["", "", ""], ["", "", ""]]
    assert field(page, "Stride down").input_value() == "1"
    assert page.evaluate("document.activeElement.textContent") == "Reset"


def test_sizes_change_and_what_cannot_fit_is_said(page):
    field(page, "Input size rows").fill("2")
    assert "No window fits: the kernel spans 3 \u00d7 3 cells" in page.get_by_role("alert").inner_text()
    assert page.locator(OUTPUT).count() == 0
    assert page.get_by_role("button", name="Next position").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    field(page, "Padding down").fill("1")
    assert page.get_by_role("alert").inner_text() == ""
    assert np.shape(shown(page)) == (2, 3)
    field(page, "Stride down").fill("9")
    assert "Stride down: expected a whole number from 1 to 4." in page.get_by_role("alert").inner_text()
    assert np.shape(shown(page)) == (2, 3)


def test_unread_values_are_marked_when_asked(figure_reader):
    with figure_page(figure_reader, figure(stride="3 2", show_unread="", kernel=[[1, 1], [1, 1]])) as page:
        struck = page.locator(".cf-kind-input .cf-unread input")
        labels = struck.evaluate_all("inputs => inputs.map(input => input.getAttribute('aria-label'))")
        expected = compute(page, IMAGE, np.ones((2, 2)), stride=(3, 2))["unread"]
        assert [[int(n) for n in re.findall(r"\d", label)] for label in labels] == expected
        assert (
            f"No window reads {len(expected)} of the input's 25"
            in page.locator("[data-part=notes]").inner_text()
        )


def test_figures_on_one_page_are_independent(figure_reader):
    second = figure(image=np.arange(9).reshape(3, 3), kernel=[[0, 1], [2, 3]], controls="")
    with figure_page(figure_reader, figure() + second) as page:
        page.locator(OUTPUT).nth(1).locator(".cf-cell").first.focus()
        page.keyboard.press("End")
        assert said(page) == ""
        assert page.locator("[data-part=live]").nth(1).inner_text().endswith("= 43")
        assert page.locator(".course-figure").nth(1).locator(".cf-settings input, .cf-row input").count() == 0


def test_an_unreadable_attribute_is_said_in_place(figure_reader):
    with figure_page(figure_reader, figure(mode="correlation")) as page:
        assert (
            'data-mode: expected cross-correlation or convolution, got "correlation"'
            in page.locator(".course-figure").inner_text()
        )
        assert "A window slides over an image." in page.locator(".course-figure").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    body = figure() + figure(
        padding="1 2", stride="2", dilation="1 2", mode="convolution", show_unread="", fill="", label="Second"
    )
    with figure_page(figure_reader, body, theme=theme, reduced_motion="reduce") as page:
        page.locator(f"{OUTPUT} .cf-cell").nth(4).focus()
        page.get_by_label("Kernel row 0, column 0", exact=True).first.fill("x")
        assert axe_violations(page, FIGURES) == []


def test_phone_width_does_not_overflow(figure_reader):
    wide = figure(image=np.full((8, 8), -12), padding="4", kernel=np.full((5, 5), -8), label="Wide")
    with figure_page(figure_reader, figure() + wide, width=PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE
        boxes = page.locator(".course-figure").evaluate_all(
            "all => all.map(one => [one.scrollWidth, one.clientWidth])"
        )
        assert [inner - outer for inner, outer in boxes] == [0, 0]


def test_reduced_motion_is_respected(figure_reader):
    read = "node => getComputedStyle(node).transitionDuration"
    for motion, expected in [("reduce", "0s"), ("no-preference", "0.22s, 0.22s")]:
        with figure_page(figure_reader, figure(), reduced_motion=motion) as page:
            assert page.locator(".cf-overlay").first.evaluate(read) == expected


# ---- on the chapter's own page -------------------------------------------------------------------------------------


@pytest.mark.on_page(CHAPTER)
def test_the_chapter_steps_by_key(chapter):
    address = chapter.url
    first = chapter.locator('.course-figure[data-figure="sliding-window"]').first
    first.locator(f"{OUTPUT} .cf-cell").first.focus()
    chapter.keyboard.press("Home")
    sums = []
    for _ in range(9):
        sums.append(float(first.locator("[data-part=live]").inner_text().rsplit("=", 1)[1]))
        chapter.keyboard.press("ArrowRight")
    assert sums == np.ravel(RESULT).tolist()
    assert chapter.url == address
    assert axe_violations(chapter, FIGURES) == []


def type_into(page, figure, **values):
    """Change settings of one figure by keyboard alone: ``stride_down=3`` types 3 into "Stride down"."""
    for name, value in values.items():
        figure.get_by_label(name.replace("_", " ").capitalize(), exact=True).focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(str(value))


def read(figure, part):
    """The text of one part of a figure."""
    return figure.locator(f"[data-part={part}]").inner_text()


@pytest.mark.on_page(PADDING)
def test_padding_stride_and_dilation_change_by_key_in_their_chapter(chapter):
    address = chapter.url
    figures = chapter.locator('.course-figure[data-figure="sliding-window"]')
    assert figures.count() == 3
    first, dilated, gaps = (figures.nth(index) for index in range(3))

    first.get_by_label("fill in all").focus()
    chapter.keyboard.press("Space")
    assert filled(first) == [[0, 3, 8, 4], [9, 19, 25, 10], [21, 37, 43, 16], [6, 7, 8, 0]]
    type_into(chapter, first, stride_down=3, stride_across=2)
    assert filled(first) == [[0, 8], [6, 8]]
    size = "rows: \u230a(3 + 2\u00b71 \u2212 1\u00b7(2 \u2212 1) \u2212 1) / 3\u230b + 1 = 2"
    assert size in read(first, "sizes")
    type_into(chapter, first, stride_down=1, stride_across=1, padding_down=0, padding_across=0)
    type_into(chapter, first, dilation_down=2, dilation_across=2)
    assert filled(first) == [[38]]
    size = "rows: \u230a(3 + 2\u00b70 \u2212 2\u00b7(2 \u2212 1) \u2212 1) / 1\u230b + 1 = 1"
    assert size in read(first, "sizes")
    assert "No window reads 5 of the input's 9 values" in read(first, "notes")

    dilated.locator(f"{OUTPUT} .cf-cell").first.focus()
    chapter.keyboard.press("End")
    assert read(dilated, "live").endswith("= 6")

    assert "No window reads 32 of the input's 56 values" in read(gaps, "notes")
    type_into(chapter, gaps, stride_down=2, stride_across=2)
    assert "No window reads 8 of the input's 56 values" in read(gaps, "notes")
    type_into(chapter, gaps, padding_down=1, padding_across=1)
    assert read(gaps, "notes") == "Every input value is read by at least one window."

    assert chapter.url == address
    assert axe_violations(chapter, FIGURES) == []

"""Proof that the other tests can fail: faults are planted in a page, and each is reported with its page and scheme."""

import functools
import re

import pytest
import test_pages
import test_sliding_window
from conftest import HTML
from figure_page import figure_page
from reader import PHONE

pytestmark = pytest.mark.browser
DARK_ERROR = """<script>matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
    dark => dark.matches && console.error("afraid of the dark"))</script>"""
PALE_IN_THE_DARK = """<style>html[data-theme="dark"] .pale { color: #444; background: #333 }</style>
    <p class="pale">Read me.</p>"""
OFF_BY_ONE = """() => {
    const right = CourseFigures.slidingWindow.compute;
    CourseFigures.slidingWindow.compute = settings => {
        const result = right(settings);
        if (result.fits) result.output[0][0] += 1;
        return result;
    };
}"""


@pytest.fixture
def plant(book, book_reader):
    """Add something to the book's first page; return `look` for the page that results."""
    first = (HTML / "index.html").read_text()

    def planted(html):
        name = f"planted-{len(book.written)}.html"
        page, found = re.subn("</article>", lambda end: html + end[0], first, count=1)
        assert found == 1
        book.written[f"/{name}"] = page
        return functools.partial(book_reader.look, name)

    yield planted
    book_reader.watch.faults.clear()


@pytest.fixture
def silent(book_reader):
    """Ask whether a page is silent, as test_pages does."""
    return functools.partial(test_pages.test_page_is_silent_and_asks_no_other_host, book_reader=book_reader)


def test_an_untouched_page_passes(plant, silent, book, status):
    look = plant("")
    test_pages.test_every_image_loads_and_has_a_description(look())
    test_pages.test_mathematics_is_typeset(look())
    test_pages.test_links_within_the_book_lead_somewhere(look(), book, status)
    test_pages.test_axe_finds_nothing_serious(look, "light")
    test_pages.test_axe_finds_nothing_serious(look, "dark")
    test_pages.test_page_fits_a_phone(look)
    silent(look)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("fetch('http://192.0.2.1/x').catch(() => 0)", "request to another host: http://192.0.2.1/x"),
        ("new WebSocket('ws://example.org/x')", "request to another host: ws://example.org/x"),
        ("console.error('told you so')", "told you so"),
        ("setTimeout(() => { throw new Error('boom') }, 0)", "exception: boom"),
        ("fetch('no-such-file.js')", "404 for http"),
    ],
)
def test_a_page_that_misbehaves(plant, silent, script, fault):
    look = plant(f"<script>{script}</script>")
    with pytest.raises(AssertionError, match=rf"planted-\d+.html, light, 1280 px wide: {re.escape(fault)}"):
        silent(look)


def test_an_error_in_the_dark_only(plant, silent):
    look = plant(DARK_ERROR)
    silent(look)
    look("dark")
    with pytest.raises(AssertionError, match=r"planted-\d+.html, dark, 1280 px wide: afraid of the dark"):
        silent(look)


def test_another_host_gives_no_answer(plant, book_reader):
    asked = plant("")().evaluate("fetch('http://192.0.2.1/x').then(() => 'answered', error => error.message)")
    assert asked == "Failed to fetch"


def test_an_image_without_a_description(plant):
    look = plant('<img src="_static/logo.svg" alt=" ">')
    with pytest.raises(AssertionError, match="logo.svg"):
        test_pages.test_every_image_loads_and_has_a_description(look())


def test_an_image_that_does_not_load(plant):
    look = plant('<img src="data:image/png;base64,AAAA" alt="Nothing.">')
    with pytest.raises(AssertionError, match="image/png"):
        test_pages.test_every_image_loads_and_has_a_description(look())


def test_a_second_heading(plant):
    with pytest.raises(AssertionError, match="2 == 1"):
        test_pages.test_page_has_a_title_and_one_heading(plant("<h1>Again</h1>")(), "planted.html")


@pytest.mark.parametrize("formula", [r"\(\frac{1}\)", "left alone"])
def test_mathematics_that_is_not_typeset(plant, formula):
    look = plant(f'<span class="math notranslate nohighlight">{formula}</span>')
    with pytest.raises(AssertionError):
        test_pages.test_mathematics_is_typeset(look())


def test_a_link_to_nowhere(plant, book, status):
    look = plant('<a href="chapters/no_such_chapter.html#here">Read on.</a>')
    with pytest.raises(AssertionError, match="no_such_chapter.html"):
        test_pages.test_links_within_the_book_lead_somewhere(look(), book, status)


def test_low_contrast_in_the_dark_only(plant):
    look = plant(PALE_IN_THE_DARK)
    test_pages.test_axe_finds_nothing_serious(look, "light")
    with pytest.raises(AssertionError, match=r"color-contrast \(serious\): .*\.pale"):
        test_pages.test_axe_finds_nothing_serious(look, "dark")


def test_a_pale_token_among_many_of_its_kind(plant):
    token = '<span class="n">image</span> '
    look = plant(
        f'<div class="highlight"><pre>{9 * token}<span class="n" style="color: #ddd">kernel</span></pre></div>'
    )
    with pytest.raises(AssertionError, match=r"color-contrast \(serious\): .*#ddd"):
        test_pages.test_axe_finds_nothing_serious(look, "light")
    assert look().locator("pre span.n").first.is_visible()


def test_sideways_scroll_on_a_phone_only(plant):
    look = plant('<div style="width: 600px">wide</div>')
    wide = look()
    assert wide.evaluate("document.documentElement.scrollWidth") <= wide.viewport_size["width"]
    with pytest.raises(AssertionError, match=f"<= {PHONE}"):
        test_pages.test_page_fits_a_phone(look)


@pytest.mark.parametrize(
    "ask",
    [
        test_sliding_window.test_every_position_by_arrow_key,
        test_sliding_window.test_compute_equals_torch_over_random_settings,
    ],
)
def test_a_wrong_number_in_a_figure(figure_reader, ask):
    with figure_page(figure_reader, test_sliding_window.figure()) as page:
        page.evaluate(OFF_BY_ONE)
        page.get_by_role("button", name="Reset").click()
        with pytest.raises(AssertionError):
            ask(page)


def test_a_figure_that_logs_an_error(figure_reader):
    with pytest.raises(AssertionError, match="told you so"), figure_page(figure_reader, "") as page:
        page.evaluate("console.error('told you so')")

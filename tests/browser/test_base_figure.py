"""The base of the interactive figures: focus, keys, announcements, fields, the address; on the README's own example."""

import re

import pytest
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import axe_violations

pytestmark = pytest.mark.browser

README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.search(r"```js\n(.*?)```", README, re.DOTALL)[1]
SHAPES = '<div class="course-figure" data-figure="shapes-through-network">Shapes.</div>'
ROOT = '[data-figure="doubling"]'
MOUNT = """({script, divs}) => {
    document.querySelector('h1').insertAdjacentHTML('afterend', divs);
    const element = document.createElement('script');
    element.textContent = script;
    document.head.append(element);
}"""


def doubling(attributes="", anchor=""):
    """One figure of the README's example."""
    figure = f'<div class="course-figure" data-figure="doubling" {attributes}>Three times: 8.</div>'
    return f'<figure id="{anchor}">{figure}</figure>' if anchor else figure


@pytest.fixture
def mount(figure_reader):
    """Open a page at an address and put the example on it, once or more often."""
    with figure_page(figure_reader, SHAPES) as page:

        def mounted(*divs, at=""):
            if at:
                page.evaluate("hash => history.replaceState(null, '', hash)", at)
            page.evaluate(MOUNT, {"script": EXAMPLE, "divs": "".join(divs or [doubling()])})
            return page

        yield mounted


def said(page, index=0):
    """What a screen reader was given last."""
    return page.locator(f"{ROOT} [data-part=live]").nth(index).inner_text()


def assert_address(page, expected):
    """What stands behind the page's own address becomes `expected`, however long a busy machine takes to write it."""
    page.wait_for_function("expected => location.hash === expected", arg=expected)


def address(page):
    """What stands there after the time in which a figure writes: for what must stay as it is."""
    page.wait_for_timeout(300)
    return page.evaluate("location.hash")


def test_the_figure_itself_takes_the_focus_and_keys_stay_inside(mount):
    page = mount()
    page.evaluate("window.leaked = []; document.addEventListener('keydown', event => leaked.push(event.key))")
    assert said(page) == ""  # nothing is announced before the reader acts
    tab_to(page, ROOT)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert said(page) == "1 doubled 4 times is 16"
    assert page.evaluate("[leaked.filter(key => key !== 'Tab'), scrollY]") == [[], 0]
    page.keyboard.press("ArrowDown")  # not a key of this figure: the page's own
    assert page.evaluate("leaked.at(-1)") == "ArrowDown"
    page.keyboard.press("Control+ArrowRight")
    assert said(page) == "1 doubled 4 times is 16"


def test_a_field_says_what_it_cannot_take_and_keys_in_it_only_type(mount):
    page = mount()
    field = page.get_by_label("Times doubled")
    field.fill("21")
    alert = page.locator(f"{ROOT} [role=alert]")
    assert alert.inner_text() == "Times doubled: expected a whole number from 0 to 20; 3 stays in use."
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("2.5")
    assert "expected a whole number" in alert.inner_text()
    field.fill("6")
    assert (alert.inner_text(), said(page)) == ("", "1 doubled 6 times is 64")
    page.keyboard.press("ArrowLeft")
    assert said(page) == "1 doubled 6 times is 64"
    field.fill("")
    page.get_by_role("button", name="Reset").first.press("Enter")
    assert (field.input_value(), alert.inner_text()) == ("3", "")


def test_the_address_holds_what_differs_and_reset_takes_it_out(mount):
    page = mount()
    before = page.evaluate("history.length")
    tab_to(page, ROOT)
    page.keyboard.press("ArrowRight")
    assert_address(page, "#fig=doubling&n=4")
    page.get_by_label("Example").first.select_option("large")
    assert_address(page, "#fig=doubling&preset=large")
    assert page.evaluate("history.length") == before  # the Back button leads away from the page at once
    page.get_by_role("button", name="Reset").first.click()
    assert_address(page, "")


def test_several_figures_share_an_address_and_are_named(mount):
    page = mount(
        doubling(),
        doubling('data-n="5"'),
        doubling(anchor="fig-powers"),
        at="#fig=doubling-2&n=7&fig=other&k=1",
    )
    assert "5 times is 32" not in page.locator(ROOT).nth(1).inner_text()
    assert "7 times is 128" in page.locator(ROOT).nth(1).inner_text()
    page.locator(ROOT).nth(2).focus()
    page.keyboard.press("ArrowLeft")
    assert_address(page, "#fig=doubling-2&n=7&fig=other&k=1&fig=fig-powers&n=2")
    page.locator(ROOT).nth(1).get_by_role("button", name="Reset").click()
    assert_address(page, "#fig=other&k=1&fig=fig-powers&n=2")
    page.evaluate("location.hash = '#fig=doubling&n=10'")  # a link on the page
    page.wait_for_function("document.querySelector('[data-figure=doubling] p').textContent.endsWith('1024')")


def test_an_ordinary_anchor_is_left_alone_until_the_reader_acts(mount):
    page = mount(at="#end")
    assert address(page) == "#end"
    page.get_by_role("button", name="Reset").first.click()
    assert address(page) == "#end"


def test_what_the_address_asks_wrongly_is_said_and_the_authors_setting_shown(mount):
    page = mount(at="#fig=doubling&n=99")
    assert page.locator(f"{ROOT} [role=alert]").inner_text() == (
        'The address asks for what cannot be shown. n: expected a whole number from 0 to 20, got "99".'
    )
    assert "3 times is 8" in page.locator(ROOT).inner_text()
    tab_to(page, ROOT)
    page.keyboard.press("ArrowRight")
    assert page.locator(f"{ROOT} [role=alert]").inner_text() == ""


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ('data-n="many"', 'data-n: expected a whole number from 0 to 20, got "many"'),
        ('data-preset="huge"', 'data-preset: expected large, got "huge"'),
    ],
)
def test_an_unreadable_attribute_is_said_in_place(mount, attribute, message):
    text = mount(doubling(attribute)).locator(ROOT).inner_text()
    assert message in text
    assert "Three times: 8." in text


def test_large_counts_are_written_in_full_and_in_short(mount):
    page = mount()
    counts = [0, 999, 1000, 12345, 999_600, 138_357_544, 15_470_264_320]
    short = page.evaluate("counts => counts.map(CourseFigures.short)", counts)
    assert short == ["0", "999", "1\u00a0k", "12.3\u00a0k", "1\u00a0M", "138\u00a0M", "15.5\u00a0G"]
    assert page.evaluate("CourseFigures.exact(15470264320)") == "15,470,264,320"


def test_axe_finds_nothing(mount):
    page = mount()
    tab_to(page, ROOT)
    assert axe_violations(page, ROOT) == []

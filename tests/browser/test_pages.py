"""Every page of the built book: silent, self-contained, accessible, typeset, and no wider than a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def violations(page):
    """The serious and critical violations of axe on the page, one line each."""
    page.add_style_tag(
        content="*, *::before, *::after { transition: none !important; animation: none !important }"
    )
    found = (
        Axe().run(page, options={"preload": False}).response["violations"]
    )  # its preload asks for wrong paths
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def test_page_is_silent_and_asks_no_other_host(visit):
    visit.wait_for_load_state("networkidle")
    assert visit.watch.faults == []


def test_page_has_a_title_and_one_heading(visit):
    assert visit.title()
    assert visit.locator("#main-content article h1").count() == 1


def test_every_image_loads_and_has_a_description(visit):
    images = visit.eval_on_selector_all(
        "main img", "all => all.map(i => [i.src, i.alt.trim(), i.naturalWidth])"
    )
    assert [image for image in images if not image[1]] == []
    assert [image for image in images if not image[2]] == []


def test_mathematics_is_typeset(visit):
    written, typeset = visit.locator("span.math, div.math").count(), visit.locator("mjx-container").count()
    assert typeset >= written
    assert visit.locator("mjx-merror").count() == 0


def test_links_within_the_book_lead_somewhere(visit, book_url):
    links = visit.eval_on_selector_all("main a[href]", "all => all.map(a => a.href)")
    inside = {link.split("#")[0] for link in links if link.startswith(book_url)}
    assert [link for link in sorted(inside) if visit.request.get(link).status != 200] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    visit.emulate_media(color_scheme=scheme)
    visit.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
    assert violations(visit) == []


def test_page_fits_a_phone(visit):
    wide = visit.viewport_size
    visit.set_viewport_size(PHONE)
    assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    visit.set_viewport_size(wide)

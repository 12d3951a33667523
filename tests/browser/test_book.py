"""What the book as a whole must do."""

import pytest

pytestmark = pytest.mark.browser


def test_search_finds_a_page_without_a_network(open_page):
    with open_page("search.html?q=equivariance") as page:
        page.wait_for_selector("#search-results li a")
        assert page.locator("#search-results li a").count() >= 1


def test_theme_button_turns_the_page_dark(open_page):
    with open_page("index.html") as page:
        seen = set()
        for _ in range(3):
            page.locator("button.theme-switch-button:visible").first.click()
            seen.add(page.evaluate("document.documentElement.dataset.theme"))
        assert seen == {"light", "dark"}


@pytest.mark.on_page("index.html")
def test_thebe_is_gone(visit):
    assert visit.evaluate("typeof THEBE_JS_URL") == "undefined"
    assert visit.locator("script[src*=thebe], link[href*=thebe]").count() == 0

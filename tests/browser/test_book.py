"""What the book as a whole must do, and proof that the page tests can fail."""

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


def test_thebe_is_gone(open_page):
    with open_page("index.html") as page:
        assert page.evaluate("typeof THEBE_JS_URL") == "undefined"
        assert page.locator("script[src*=thebe], link[href*=thebe]").count() == 0


def test_a_request_to_another_host_is_a_failure(open_page):
    with pytest.raises(AssertionError, match="request to another host"), open_page("index.html") as page:
        page.evaluate("fetch('http://192.0.2.1/x').catch(() => 0)")


def test_a_console_error_is_a_failure(open_page):
    with pytest.raises(AssertionError, match="told you so"), open_page("index.html") as page:
        page.evaluate("console.error('told you so')")


def test_an_exception_in_a_script_is_a_failure(open_page):
    with pytest.raises(AssertionError, match="boom"), open_page("index.html") as page:  # noqa: PT012
        page.evaluate("new Promise(done => setTimeout(() => { done(); throw new Error('boom') }, 0))")
        page.wait_for_timeout(50)


def test_a_missing_file_is_a_failure(open_page):
    with pytest.raises(AssertionError, match="404 for"), open_page("index.html") as page:
        page.evaluate("fetch('no-such-file.js')")

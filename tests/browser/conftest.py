"""The built book on localhost, and pages in a real Chromium that may talk to nothing else."""

import functools
import http.server
import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

HTML = Path(os.environ.get("COURSE_BOOK", Path(__file__).resolve().parents[2] / "_build" / "html"))
QUIET = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync"]
QUIET += [
    "--disable-component-update",
    "--no-first-run",
    "--disable-default-apps",
    "--no-default-browser-check",
]
MATH_TIMEOUT = 20_000


def pytest_generate_tests(metafunc):
    """Run every test that asks for `page_name` on every page of the built book."""
    if "page_name" in metafunc.fixturenames:
        found = (path.relative_to(HTML) for path in HTML.rglob("*.html") if "_static" not in path.parts)
        names = sorted(str(path) for path in found if "_sources" not in path.parts)
        metafunc.parametrize("page_name", names or [None], ids=names or ["no built book"], scope="module")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files and keep the test log clean."""

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="session")
def book_url():
    """The address of the built book, served on a free port of localhost."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built; run: make book", pytrace=False)
    handler = functools.partial(QuietHandler, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(require):
    """One headless Chromium for the whole run."""
    executable = require("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield chromium
        chromium.close()


class Watch:
    """What a page did that it must not do: console errors, exceptions, failed or foreign requests."""

    def __init__(self, page, home):
        self.faults, self.home = [], home
        page.on("console", lambda message: message.type == "error" and self.faults.append(message.text))
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("response", self.check_response)
        page.context.route("**/*", self.route)

    def check_response(self, response):
        """Note an answer that is an error."""
        if response.status >= 400:
            self.faults.append(f"{response.status} for {response.url}")

    def route(self, route):
        """Let a request through to the book's own server only."""
        url = route.request.url
        if url.startswith((self.home, "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"request to another host: {url}")
            route.abort()


@pytest.fixture(scope="module")
def open_page(browser, book_url):
    """A context manager that opens a page of the book and fails when the page misbehaved.

    ``with open_page("chapters/02_convolution.html", scheme="dark", width=390) as page: ...`` yields a Playwright
    page whose mathematics is typeset.
    """

    @contextmanager
    def opened(name, scheme="light", width=1280, height=900):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        try:
            page = context.new_page()
            page.watch = watch = Watch(page, book_url)
            page.goto(f"{book_url}/{name}", wait_until="load")
            wait_for_math(page)
            yield page
            assert watch.faults == [], f"{name} in {scheme}: {watch.faults}"
        finally:
            context.close()

    return opened


def wait_for_math(page):
    """Wait until MathJax, where the page has any mathematics, has typeset it."""
    if page.locator(".math").count():
        page.wait_for_function(
            "window.MathJax && MathJax.startup && MathJax.startup.promise", timeout=MATH_TIMEOUT
        )
        page.evaluate("() => MathJax.startup.promise.then(() => true)")


@pytest.fixture(scope="module")
def visit(page_name, open_page):
    """The page, opened once, light and wide, for all the tests that look at it without changing it for good."""
    with open_page(page_name) as page:
        yield page


@pytest.fixture(scope="session")
def slug():
    """Turn a page's name into a file name."""
    return lambda name: re.sub(r"\W+", "-", name.removesuffix(".html"))

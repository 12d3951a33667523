"""The built book on localhost, and pages in a real Chromium that may talk to nothing else.

A page is opened once for all the questions asked of it: tests that take `look` or `visit` and name the same page
share a tab, and run one after the other on one worker (`--dist loadgroup`).
"""

import functools
import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from reader import PHONE, RESET, WIDE, Reader
from site_server import serve

HTML = Path(os.environ.get("COURSE_BOOK", Path(__file__).resolve().parents[2] / "_build" / "html"))
ASSETS = Path(__file__).resolve().parents[2] / "assets"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--no-first-run",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # no other host exists, by name or by number
]


def pytest_configure(config):
    """Declare this folder's marker."""
    config.addinivalue_line(
        "markers", "on_page(*names): the pages of the book that a test looks at; all by default"
    )


def book_pages():
    """The pages of the built book; one None where there is no book, so that the tests fail and say so."""
    found = (path.relative_to(HTML) for path in HTML.rglob("*.html") if "_static" not in path.parts)
    return sorted(str(path) for path in found if "_sources" not in path.parts) or [None]


def pytest_generate_tests(metafunc):
    """Run a test that looks at a page on every page of the book, or on those that `on_page` names."""
    if "page_name" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on_page")
        names = marker.args if marker else book_pages()
        pages = [
            pytest.param(name, id=name or "no built book", marks=pytest.mark.xdist_group(name or "none"))
            for name in names
        ]
        metafunc.parametrize("page_name", pages, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Page by page; of each page first the questions that leave it as it is, then its figures."""
    own = [item for item in items if Path(__file__).parent in item.path.parents]
    if len(own) == len(items):
        items.sort(key=lambda item: (page_of(item), item.path.name != "test_pages.py"))


def page_of(item):
    """The page that a test looks at, or an empty text."""
    return (item.callspec.params.get("page_name") or "") if hasattr(item, "callspec") else ""


@pytest.fixture(scope="session")
def book():
    """A server of the built book."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built; run: make book", pytrace=False)
    with serve(HTML) as server:
        yield server


@pytest.fixture(scope="session")
def assets():
    """A server of assets/, for pages that hold a figure and nothing else."""
    with serve(ASSETS) as server:
        yield server


@pytest.fixture(scope="session")
def browser(require):
    """One headless Chromium for each worker."""
    executable = require("chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def reader(browser, server):
    """A tab in a context of its own: nothing that another context stored is seen in it."""
    context = browser.new_context()
    try:
        yield Reader(context, server)
    finally:
        context.close()


@pytest.fixture(scope="session")
def book_reader(browser, book):
    """The tab that all the tests of built pages share."""
    with reader(browser, book) as shared:
        yield shared


@pytest.fixture(scope="session")
def status(book_reader):
    """Ask the server what it answers to an address, once for each."""
    return functools.cache(lambda url: book_reader.page.request.head(url).status)


@pytest.fixture(scope="session")
def figure_reader(browser, assets):
    """The tab that all the tests of figures on small pages share."""
    with reader(browser, assets) as shared:
        yield shared


@pytest.fixture
def fresh_figure_reader(browser, assets):
    """A tab of its own, for a test that changes more than its page, say the clock."""
    with reader(browser, assets) as own:
        yield own


@pytest.fixture
def look(page_name, book_reader):
    """Call it as ``look(scheme="dark", width=390)``: the page of this test, as a reader sees it.

    Whatever the page did wrong meanwhile is a failure.
    """
    if page_name and not (HTML / page_name).exists():
        pytest.fail(f"{page_name} is not in the built book", pytrace=False)
    yield functools.partial(book_reader.look, page_name)
    book_reader.watch.check_silence()


@pytest.fixture
def visit(look):
    """The page of this test, light and wide."""
    return look()


@pytest.fixture(params=["light", "dark"])
def chapter(look, book_reader, request):
    """The page of this test, for driving its figures: wide in the light scheme, as wide as a phone in the dark one.

    Afterwards the figures are as their author wrote them.
    """
    yield look(request.param, width=PHONE if request.param == "dark" else WIDE)
    book_reader.page.eval_on_selector_all(".course-figure button", RESET)


@pytest.fixture
def open_page(browser, book):
    """A context manager that opens a page of the book in a tab of its own, for tests that change it for good.

    ``with open_page("index.html", scheme="dark", width=390) as page: ...`` fails on leaving when the page misbehaved.
    """

    @contextmanager
    def opened(name, **view):
        with reader(browser, book) as own:
            yield own.look(name, **view)
            own.watch.check_silence()

    return opened

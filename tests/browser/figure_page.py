"""A small page that holds interactive figures, so that they are tested without building the book."""

import functools
import http.server
import importlib.util
import re
import threading
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
AXE = {
    "resultTypes": ["violations"],
    "preload": False,
}  # preloading asks for style sheets under wrong addresses
FIGURE = re.compile(r'data-figure="([\w-]+)"')


@functools.cache
def extension():
    """The book's own extension, which knows a figure's files."""
    spec = importlib.util.spec_from_file_location("book_chapter", ROOT / "extensions" / "book_chapter.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def head(body):
    """What the book puts into the head of a page with these figures."""
    names = FIGURE.findall(body)
    styles = dict.fromkeys(style for name in names for style in extension().figure_styles(name))
    scripts = dict.fromkeys(script for name in names for script in extension().figure_scripts(name))
    links = [f'<link rel="stylesheet" href="/{style}">' for style in styles]
    return "\n".join([*links, *(f'<script defer src="/{script}"></script>' for script in scripts)])


PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>Figures</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
{head}<style>html[data-theme="dark"] body {{ background: #121212; color: #eeeeee; }}</style></head>
<body><main><h1>Figures</h1><p><a href="#end">before</a></p>{body}<p id="end"><a href="#end">after</a></p>
<p style="height: 2000px">room to scroll</p></main></body></html>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """The figures' files from assets/, and one page at /."""

    page = ""

    def do_GET(self):
        """Answer with the page, or with a file."""
        if self.path != "/":
            super().do_GET()
            return
        body = self.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Keep the test log clean."""


@contextmanager
def figure_page(browser, body, theme="light", width=1000, **context_options):
    """Open a page whose body is `body`; fail on leaving when it logged an error or asked for a missing file."""
    page_text = PAGE.format(theme=theme, head=head(body), body=body)
    handler = type("PageHandler", (Handler,), {"page": page_text})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=str(ASSETS))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context(viewport={"width": width, "height": 900}, **context_options)
        try:
            page, faults = context.new_page(), []
            page.on("console", lambda message: message.type == "error" and faults.append(message.text))
            page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
            page.on("response", lambda answer: answer.status >= 400 and faults.append(answer.url))
            page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="load")
            yield page
            assert faults == []
        finally:
            context.close()
            server.shutdown()


def axe_violations(page, selector=".course-figure"):
    """Return what axe finds inside the figures, one line each."""
    found = Axe().run(page, context=selector, options=AXE).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def tab_to(page, selector, limit=60):
    """Press Tab until the element is focused, as a reader without a mouse does."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{limit} times Tab did not reach {selector}")

"""A small page that holds interactive figures, so that they are tested without building the book."""

import functools
import importlib.util
import re
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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


@contextmanager
def figure_page(reader, body, theme="light", width=1000, **media):
    """Show a new page whose body is `body`; fail on leaving when it logged an error or asked for a missing file."""
    name = f"?{len(reader.server.written)}"
    reader.server.written[f"/{name}"] = PAGE.format(theme=theme, head=head(body), body=body)
    yield reader.look(name, width=width, **media)
    reader.watch.check_silence()


def tab_to(page, selector, limit=60):
    """Press Tab until the element is focused, as a reader without a mouse does."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{limit} times Tab did not reach {selector}")

"""The {interactive} directive: an interactive figure gets a number, a caption and a name."""

import re
import sys
from io import StringIO
from pathlib import Path

import pytest
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
FIGURE = '<div class="course-figure" data-figure="depthwise-against-full" data-preset="small">Numbers.</div>'
PAGE = f"""# Page

As {{numref}}`fig-one` shows.

:::{{interactive}}
:name: fig-one

{FIGURE}

What it *shows*.
:::
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build a page with the book's extension; return its HTML and the warnings."""
    monkeypatch.syspath_prepend(str(ROOT / "extensions"))

    def built(page):
        source, out = tmp_path / "source", tmp_path / "out"
        source.mkdir()
        (source / "index.md").write_text(page, encoding="utf-8")
        overrides = {
            "extensions": ["myst_parser", "book_chapter"],
            "myst_enable_extensions": ["colon_fence"],
            "numfig": True,
        }
        warnings = StringIO()
        Sphinx(
            source, None, out, tmp_path / "trees", "html", overrides, status=None, warning=warnings
        ).build()
        return (out / "index.html").read_text(encoding="utf-8"), warnings.getvalue()

    yield built
    sys.modules.pop("book_chapter", None)


def test_it_is_numbered_named_and_referred_to(build):
    html, warnings = build(PAGE)
    assert warnings == ""
    figure = re.search(r'<figure[^>]*id="fig-one".*?</figure>', html, re.DOTALL)[0]
    assert FIGURE in figure
    assert re.search(r"<figcaption>.*Fig\. 1.*What it <em>shows</em>\..*</figcaption>", figure, re.DOTALL)
    assert re.search(r'<a[^>]*href="#fig-one"><span class="std std-numref">Fig\. 1</span></a>', html)
    loaded = re.findall(r'figures/([\w.]+?)(?:\?v=\w+)?"', html)
    assert loaded[-6:] == [
        "core.js",
        "controls.js",
        "base.js",
        "depthwise_against_full_compute.js",
        "depthwise_against_full_view.js",
        "depthwise_against_full.js",
    ]
    assert {"figures.css", "base.css", "depthwise_against_full.css"} <= set(loaded)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (PAGE.replace("What it *shows*.\n", ""), "expected one <div"),
        (PAGE.replace(FIGURE, "No figure."), "expected one <div"),
        (PAGE.replace(":name: fig-one\n", ""), "expected :name:"),
    ],
)
def test_what_is_missing_is_said(build, page, message):
    _, warnings = build(page)
    assert message in warnings

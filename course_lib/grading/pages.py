"""Web pages that need nothing but themselves: no script, no network, safe to open from anybody's work."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).with_name("templates")


@functools.cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(TEMPLATES)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(template: str, **values: Any) -> str:
    """Fill a template of this package; every value is escaped unless it is marked as markup."""
    from markupsafe import Markup

    css = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(css=Markup(css), **values)


def _picture(text: str) -> str:
    """What stands for a picture: it would have to be fetched, or came with the notebook and is gone."""
    from mistune import escape

    return f"[picture: {escape(text)}]"


@functools.cache
def _markdown() -> Any:
    import mistune

    class Plain(mistune.HTMLRenderer):
        """Shows text; headings belong to the page."""

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return _picture(text)

        def heading(self, text: str, level: int, **attributes: Any) -> str:
            return f"<p><strong>{text}</strong></p>\n"

    return mistune.create_markdown(escape=True, renderer=Plain(escape=True), plugins=["table"])


def markdown(source: str) -> Any:
    """A student's text as markup: HTML in it is shown as text, formulas stay as they were typed.

    Examples
    --------
    >>> str(markdown("**yes** <script>alert(1)</script>")).strip()
    '<p><strong>yes</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>'
    """
    from markupsafe import Markup

    return Markup(_markdown()(source))


def formgrader_text(source: str) -> str:
    """Markdown as formgrader shows it, formulas and headings and all, but HTML in it is shown as text.

    Formgrader's page may do whatever the person who grades may do, so no student may put a script into it.

    Examples
    --------
    >>> formgrader_text("$a<b$ <script>alert(1)</script>").strip()
    '<p>$a&lt;b$ &lt;script&gt;alert(1)&lt;/script&gt;</p>'
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Harmless(IPythonRenderer):
        """nbconvert's own, without HTML, pictures, diagrams and links that run code."""

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return _picture(text)

        def block_mermaidjs(self, code: str) -> str:
            return f"<pre><code>{self.escape_html(code)}</code></pre>\n"

    renderer = Harmless(escape=True, allow_harmful_protocols=False)
    return MarkdownWithMath(renderer=renderer).render(source)


def python(source: str) -> Any:
    """Python source as markup, its words coloured by the page's style."""
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n"))

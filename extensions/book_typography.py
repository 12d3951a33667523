"""Sphinx extension: small repairs of how a line breaks.

A browser may break a line between a formula and the full stop after it, or the bracket before it, since a
formula is a box to it; here both travel together. A product such as 3 × 3 does not break at all. Code in a
sentence breaks at its spaces, and only words of it that are longer than a phone's line may break elsewhere:
in a table after an underscore, a slash or a full stop. The space in "Solution to Exercise 2.1" stands outside
of its link, so that it is not underlined.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

CLOSING = re.compile(r"^[.,;:!?)\]’”]+")
OPENING = re.compile(r"[(\[“‘]+$")
CODE = re.compile(r'(<span class="pre)">([^<]+)</span>')
CELL = re.compile(r"<td>.*?</td>", re.DOTALL)
TIMES = re.compile(r"(?<=\w) × (?=\w)")
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.entry)
LONG, LONG_IN_TABLE = 24, 8
SOLUTION = re.compile(r'Solution to(<a class="reference internal" href="[^"]*">) ')


class KeepFormulaAndPunctuation(SphinxPostTransform):
    """Wrap a formula and the punctuation that touches it in one unbreakable inline."""

    default_priority = 900
    formats = ("html",)

    def run(self):
        """Visit every inline formula of the document."""
        for math in list(self.document.findall(nodes.math)):
            opening = touching(math, -1, OPENING)
            closing = touching(math, 1, CLOSING)
            if opening or closing:
                wrap(math, opening, closing)


class KeepProducts(SphinxPostTransform):
    """Put no-break spaces around the sign of a product, outside of code and of narrow cells."""

    default_priority = 901
    formats = ("html",)

    def run(self):
        """Visit every text of the document."""
        for text in list(self.document.findall(nodes.Text)):
            if TIMES.search(text) and not within(text, VERBATIM):
                place = next(i for i, child in enumerate(text.parent) if child is text)
                text.parent[place] = nodes.Text(TIMES.sub("\u00a0×\u00a0", text))


def within(node, kinds):
    """Whether `node` lies inside a node of one of the kinds."""
    while node.parent is not None and not isinstance(node.parent, kinds):
        node = node.parent
    return node.parent is not None


def touching(math, step, pattern):
    """The punctuation that touches `math` on one side, cut off the text there; an empty string for none."""
    place = math.parent.index(math) + step
    text = math.parent[place] if 0 <= place < len(math.parent) else None
    found = pattern.search(text) if isinstance(text, nodes.Text) else None
    if found is None:
        return ""
    math.parent[place] = nodes.Text(text[: found.start()] + text[found.end() :])
    return found.group()


def wrap(math, opening, closing):
    """Replace `math` by an inline that holds it between its punctuation."""
    kept = nodes.inline(classes=["unbroken"])
    math.parent.replace(math, kept)
    kept += [nodes.Text(opening), math, nodes.Text(closing)]


def breakable_code(match):
    """Mark a long word of code, which may break anywhere."""
    return f'{match[1]} long">{match[2]}</span>' if len(match[2]) > LONG else match[0]


def breakable_cell(match):
    """Offer a break after each part of the longer words of code in a table's cell."""

    def offer(code):
        parts = re.sub(r"([_/.]+)(?=\w)", r"\1<wbr>", code[2])
        return f'{code[1]} long">{parts}</span>' if len(code[2]) > LONG_IN_TABLE else code[0]

    return CODE.sub(offer, match[0])


def repair_breaks(app, pagename, templatename, context, doctree):
    """Say where code may break, and move the space of a solution's title out of its link."""
    if "body" in context:
        body = CODE.sub(breakable_code, CELL.sub(breakable_cell, context["body"]))
        context["body"] = SOLUTION.sub(r"Solution to \1", body)


def setup(app):
    """Register the extension."""
    app.add_post_transform(KeepFormulaAndPunctuation)
    app.add_post_transform(KeepProducts)
    app.connect("html-page-context", repair_breaks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

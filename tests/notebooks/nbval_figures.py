"""A pytest plugin: nbval compares a stored SVG figure by what it shows; everything else it compares exactly.

Another processor moves the last bits of a figure's numbers. Two figures are the same if they have the same
elements in the same order, with the same attributes, texts, colours and styles, and if every coordinate lies
within 0.05 px of the stored one. `python -m pytest -p tests.notebooks.nbval_figures --nbval ...` uses it.
"""

import base64
import io
import itertools
import re
import xml.etree.ElementTree as ET

import nbval.plugin
import numpy as np
from nbformat import NotebookNode
from PIL import Image

compare_exactly = nbval.plugin.IPyNbCell.compare_outputs

SVG = "image/svg+xml"
PIXELS = 0.05
POINTS = PIXELS * 72 / 96  # matplotlib draws in points
# An embedded image is a small matrix in colours. The last bit of a value can choose the next of the colour
# map's 256 colours; in the maps of the book these differ by 4 of 255 levels at most, which nobody sees.
LEVELS = 4
COORDINATES = ("d", "x", "y", "width", "height", "viewBox", "points")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
TRANSLATION = re.compile(r"(?<=translate\()[^)]*")
# Names that matplotlib makes of unrounded content. A glyph's name says which letter it is, and stays.
MADE_NAME = re.compile(r'(?<=id=")(?:[mph]|image|C\w+_)[0-9a-f]{10}(?=")')
HREF = "{http://www.w3.org/1999/xlink}href"


def elements(svg):
    """Every element and comment of a figure in order, with made names replaced by their place in that order."""
    for place, name in enumerate(dict.fromkeys(MADE_NAME.findall(svg))):
        svg = svg.replace(f'id="{name}"', f'id="made-{place}"').replace(f'#{name}"', f'#made-{place}"')
        svg = svg.replace(f"url(#{name})", f"url(#made-{place})")
    return ET.fromstring(svg, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))).iter()


def same_numbers(stored, drawn):
    """Whether two texts agree but for numbers that lie within the tolerance of each other."""
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (stored, drawn)]
    return NUMBER.sub("0", stored) == NUMBER.sub("0", drawn) and np.allclose(*numbers, rtol=0, atol=POINTS)


def pixels(href):
    """The pixels of an embedded image."""
    with Image.open(io.BytesIO(base64.b64decode(href.partition("base64,")[2]))) as image:
        return np.asarray(image.convert("RGBA"), dtype=int)  # (H, W, 4)


def same_attribute(name, stored, drawn):
    """Whether an attribute's two values show the same."""
    if name in COORDINATES:
        return same_numbers(stored, drawn)
    if name == "transform":
        moves = [" ".join(TRANSLATION.findall(text)) for text in (stored, drawn)]
        return TRANSLATION.sub("", stored) == TRANSLATION.sub("", drawn) and same_numbers(*moves)
    if name == HREF and stored.startswith("data:image/png") and drawn.startswith("data:image/png"):
        images = pixels(stored), pixels(drawn)
        return images[0].shape == images[1].shape and np.allclose(*images, rtol=0, atol=LEVELS)
    return stored == drawn


def difference(stored, drawn):
    """The first thing in which two figures differ, or an empty string."""
    if stored == drawn:
        return ""
    for a, b in itertools.zip_longest(elements(stored), elements(drawn)):
        if a is None or b is None or a.tag != b.tag or len(a) != len(b):
            return f"the stored figure has {described(a)}, this run draws {described(b)}"
        if ((a.text or "").strip(), (a.tail or "").strip()) != (
            (b.text or "").strip(),
            (b.tail or "").strip(),
        ):
            return f"the stored figure says {a.text!r}, this run {b.text!r}"
        if a.keys() != b.keys():
            return f"{described(a)} has the attributes {a.keys()}, on this run {b.keys()}"
        for name in a.keys():  # noqa: SIM118  an element is no dictionary
            if not same_attribute(name, a.get(name), b.get(name)):
                return f"{described(a)}: {name}={a.get(name)[:300]!r} is {b.get(name)[:300]!r} on this run"
    return ""


def described(element):
    """An element in a few words."""
    if element is None:
        return "no further element"
    if element.tag is ET.Comment:
        return f"the label {element.text!r}"
    name = element.tag.partition("}")[2]
    return f"<{name}> {element.get('id', '')}".rstrip() + f" with {len(element)} elements"


def compare_outputs(cell, test, ref, skip_compare=None):
    """Compare as nbval does, with each new figure that shows the same replaced by the stored one."""
    stored = [output["data"][SVG] for output in ref if SVG in output.get("data", {})]
    found, outputs = [], []
    for output in test:
        if SVG in output.get("data", {}) and stored:
            figure = stored.pop(0)
            found.append(difference(figure, output["data"][SVG]))
            if not found[-1]:
                output = NotebookNode(output | {"data": output["data"] | {SVG: figure}})
        outputs.append(output)
    same = compare_exactly(cell, outputs, ref, skip_compare)
    cell.comparison_traceback += [f"A figure differs: {text}" for text in found if text]
    return same


def pytest_configure():
    """Take the place of nbval's comparison."""
    nbval.plugin.IPyNbCell.compare_outputs = compare_outputs

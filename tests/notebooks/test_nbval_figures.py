"""Figures are compared by what they show: planted differences on the stored figures fail, invisible ones pass."""

import itertools
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import nbval_figures as figures

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
POINT = 72 / 96  # one pixel in points, the unit of matplotlib's drawings


def stored_figures():
    """Every SVG figure of the book by its chapter and cell."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                if figures.SVG in output.get("data", {}):
                    yield f"{path.stem}/{cell.id}", output["data"][figures.SVG]


STORED = dict(stored_figures())


def parse(svg):
    return ET.fromstring(svg, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))


def groups(root, kind):
    """The groups that matplotlib names after what they draw: line2d_3, patch_5, text_7."""
    return [element for element in root.iter() if element.get("id", "").startswith(kind)]


def curve(root):
    """The path of a drawn line, the longest one."""
    paths = [
        path for line in groups(root, "line2d") for path in line if path.get("d") and path.get("clip-path")
    ]
    return max(paths, key=lambda path: len(path.get("d")), default=None)


def parent_of(root, wanted):
    return next(element for element in root.iter() if any(child is wanted for child in element))


def bars(root):
    """Filled rectangles inside of the axes, which a clip path bounds."""
    return [g for g in groups(root, "patch") if len(g) and g[0].get("clip-path") and "z" in g[0].get("d")]


def move_vertex(element, points):
    """Move the first vertex of a path to the right."""
    move = re.compile(r"(?<=M )-?[\d.]+")
    element.set("d", move.sub(lambda x: f"{float(x[0]) + points:.6f}", element.get("d"), count=1))


# Each changes a parsed figure, or returns False where a figure holds nothing of the kind.
def curve_moved_by(pixels):
    def plant(root):
        path = curve(root)
        return path is not None and (move_vertex(path, pixels * POINT), True)[1]

    return plant


def shift(root, pixels):
    """Move a text, which a translation places."""
    place = next(e for e in root.iter() if e.get("transform", "").startswith("translate("))
    x, rest = place.get("transform")[len("translate(") :].split(" ", 1)
    place.set("transform", f"translate({float(x) + pixels * POINT:.6f} {rest}")
    return True


def other_letter(root):
    uses = [e for e in root.iter() if e.get(figures.HREF, "").startswith("#DejaVuSans")]
    names = sorted({e.get(figures.HREF) for e in uses})
    uses[0].set(figures.HREF, next(name for name in names if name != uses[0].get(figures.HREF)))
    return True


def label_grown(root):
    place = next(e for e in root.iter() if " scale(0.1" in e.get("transform", ""))
    place.set("transform", place.get("transform").replace(" scale(0.1", " scale(0.11"))
    return True


def bar_missing(root):
    found = bars(root)
    return bool(found) and (parent_of(root, found[-1]).remove(found[-1]), True)[1]


def bar_added(root):
    found = bars(root)
    return bool(found) and (parent_of(root, found[-1]).append(found[-1]), True)[1]


def reordered(root):
    axes = groups(root, "axes")[0]
    axes[:] = [axes[1], axes[0], *axes[2:]]
    return True


def style_of_curve(old, new):
    def plant(root):
        path = curve(root)
        if path is None or not re.search(old, path.get("style")):
            return False
        path.set("style", re.sub(old, new, path.get("style")))
        return True

    return plant


def attribute_dropped(root):
    clipped = [e for e in root.iter() if e.get("clip-path")]
    return bool(clipped) and bool(clipped[0].attrib.pop("clip-path"))


def point_added(root):
    path = curve(root)
    return path is not None and (path.set("d", path.get("d") + "L 50 50 \n"), True)[1]


def line_to_curve(root):
    path = curve(root)
    return path is not None and (path.set("d", path.get("d").replace("L ", "T ", 1)), True)[1]


def other_marker(root):
    """Two kinds of marker, one in the place of the other: names made of content change no more than a place."""
    uses = [e for e in root.iter() if re.match(r"#m[0-9a-f]{10}", e.get(figures.HREF, ""))]
    others = [e for e in uses if e.get(figures.HREF) != uses[0].get(figures.HREF)]
    return bool(others) and (uses[0].set(figures.HREF, others[0].get(figures.HREF)), True)[1]


def tint(levels):
    def plant(root):
        images = [e for e in root.iter() if e.get(figures.HREF, "").startswith("data:image/png")]
        for image in images[:1]:
            array = figures.pixels(image.get(figures.HREF))
            array[0, 0, :3] += np.where(array[0, 0, :3] > 127, -levels, levels)
            image.set(figures.HREF, encoded(array))
        return bool(images)

    return plant


def encoded(array):
    file = figures.io.BytesIO()
    figures.Image.fromarray(array.astype(np.uint8)).save(file, "png", compress_level=1)
    return "data:image/png;base64,\n" + figures.base64.b64encode(file.getvalue()).decode()


def image_cut(root):
    images = [e for e in root.iter() if e.get(figures.HREF, "").startswith("data:image/png")]
    for image in images[:1]:
        image.set(figures.HREF, encoded(figures.pixels(image.get(figures.HREF))[1:]))
    return bool(images)


VISIBLE = {
    "a curve's vertex moved by 0.2 px": curve_moved_by(0.2),
    "a curve's vertex moved by 5 px": curve_moved_by(-5),
    "a text moved by 0.2 px": lambda root: shift(root, 0.2),
    "another letter in a label": other_letter,
    "a label that grew": label_grown,
    "a bar that is missing": bar_missing,
    "a bar too many": bar_added,
    "an element drawn before another": reordered,
    "another colour": style_of_curve("stroke: #[0-9a-f]{6}", "stroke: #d55e01"),
    "another line width": style_of_curve("stroke-width: 2", "stroke-width: 2.1"),
    "a dashed line": style_of_curve("stroke-linecap", "stroke-dasharray: 7.4,3.2; stroke-linecap"),
    "a curve no longer clipped": attribute_dropped,
    "a point more": point_added,
    "another path command": line_to_curve,
    "another marker": other_marker,
    "a tint changed by 8 levels": tint(8),
    "an image without its first row": image_cut,
}
INVISIBLE = {
    "a curve's vertex moved by 0.01 px": curve_moved_by(0.01),
    "a curve's vertex moved in its last bit": curve_moved_by(1e-6),
    "a text moved by 0.01 px": lambda root: shift(root, 0.01),
    "one step of a colour map, packed otherwise": tint(2),
}


def planted(plant):
    """Up to four stored figures that hold what the plant changes, each beside its changed self."""
    roots = ((name, svg, parse(svg)) for name, svg in STORED.items())
    changed = ((name, svg, ET.tostring(root, encoding="unicode")) for name, svg, root in roots if plant(root))
    return itertools.islice(changed, 4)


@pytest.mark.parametrize("plant", VISIBLE)
def test_a_visible_difference_is_found(plant):
    missed = {name: figures.difference(svg, changed) == "" for name, svg, changed in planted(VISIBLE[plant])}
    assert missed, "no stored figure can hold this plant"
    assert not any(missed.values()), missed


@pytest.mark.parametrize("plant", INVISIBLE)
def test_an_invisible_difference_passes(plant):
    found = {
        name: (changed != svg, figures.difference(svg, changed))
        for name, svg, changed in planted(INVISIBLE[plant])
    }
    assert found, "no stored figure can hold this plant"
    assert set(found.values()) == {(True, "")}


def test_a_negative_zero_is_zero():
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 209.99952 L 505.44 0 z"/></svg>'
    assert figures.difference(svg, svg.replace("505.44 0", "505.44 -0")) == ""
    assert figures.difference(svg, svg.replace("505.44 0", "505.44 -1")) != ""


def test_names_made_of_content_may_change_and_others_may_not():
    for name, svg in STORED.items():
        made = set(figures.MADE_NAME.findall(svg))
        renamed = svg
        for number, old in enumerate(sorted(made)):
            renamed = renamed.replace(old, f"{old[:-10]}{number:010x}")
        assert figures.difference(svg, renamed) == "", name
    clipped = next(svg for svg in STORED.values() if "clip-path" in svg)
    clip = re.search(r"clip-path=\"url\(#(\w+)\)", clipped)[1]
    assert figures.difference(clipped, clipped.replace(f"url(#{clip})", "url(#p0)", 1)) != ""


SHOW = 'from IPython.display import SVG\nSVG(\'<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 {}"/></svg>\')'


def test_nbval_uses_it_and_still_compares_text_exactly(tmp_path, run_nbval):
    """Four cells, stored first and then changed: two figures and two numbers, one of each too far."""
    new = nbformat.v4

    def notebook(values):
        cells = [new.new_code_cell(SHOW.format(value)) for value in values[:2]]
        cells += [new.new_code_cell(f"print({value})") for value in values[2:]]
        return new.new_notebook(cells=cells)

    stored = notebook(["0", "0", "0.12345", "0.12345"])
    for count, (cell, drawn) in enumerate(
        zip(stored.cells, ["0", "0", "0.12345", "0.12345"], strict=True), 1
    ):
        cell.execution_count = count
        if count <= 2:
            data = {figures.SVG: cell.source.split("'")[1], "text/plain": "<IPython.core.display.SVG object>"}
            cell.outputs = [new.new_output("execute_result", data=data, execution_count=count)]
        else:
            cell.outputs = [new.new_output("stream", name="stdout", text=f"{drawn}\n")]
    for cell, changed in zip(
        stored.cells, notebook(["-0.01", "0.2", "0.12345", "0.12346"]).cells, strict=True
    ):
        cell.source = changed.source
    nbformat.write(stored, tmp_path / "02_small.ipynb")
    status, report = run_nbval(tmp_path)
    assert status == 1, report
    assert "2 failed, 2 passed" in report
    assert "A figure differs: <path> with 0 elements: d='M 0 0' is 'M 0 0.2' on this run" in report
    assert "Cell 1: Cell outputs differ" in report
    assert "Cell 3: Cell outputs differ" in report

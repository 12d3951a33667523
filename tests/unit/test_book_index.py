"""The index of results: what is read from a notebook, and that no chapter's results are left out of it."""

import importlib
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def index():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "extensions"))
        return importlib.import_module("book_index")


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source}


def test_each_kind_is_read_with_the_section_that_it_stands_in(index):
    figure = {"mystnb": {"figure": {"name": "fig-03-a", "caption": "What it shows."}}}
    cells = [
        markdown("# A chapter\n\nWhy?"),
        markdown("(sec-03-one)=\n## One idea\n\n$$\na = b\n$$ (eq-03-a)\n\n$$\nb = c\n$$ (eq-03-b)"),
        code("draw()", **figure),
        code("train()", tags=["nbval-ignore-output"]),
        code('json.loads(Path("results/03.json").read_text())'),
        markdown(
            "## Without a label\n\n:::{interactive}\n:name: fig-03-b\n\n<div>\nx</div>\n\nMove it.\n:::"
        ),
        code("train()", tags=["nbval-ignore-output"]),
        markdown("## Exercises\n\n`````{exercise} Count\n:label: ex03-count\n\nHow many?\n`````"),
        code("train()", tags=["nbval-ignore-output", "solution"]),
    ]
    read = index.read({"cells": cells}, "chapters/03_a")
    one, two = "[One idea](sec-03-one)", "[Without a label](../chapters/03_a.ipynb#without-a-label)"
    assert read.title == "A chapter"
    assert read.equations == [("eq-03-a", one), ("eq-03-b", one)]
    assert read.figures == [("fig-03-a", "What it shows."), ("fig-03-b", "Move it.")]
    assert read.experiments == [("runs on the page, stored runs", one), ("runs on the page", two)]
    assert read.exercises == [("ex03-count", "Count")]
    page = index.as_markdown(read, "chapters/03_a")
    assert page.startswith("## 3 [A chapter](../chapters/03_a.ipynb)\n\n**Derivations**\n")
    assert "- {eq}`eq-03-a`, {eq}`eq-03-b` [One idea](sec-03-one)\n" in page
    assert "**Experiments**" not in index.as_markdown(read._replace(experiments=[]), "chapters/03_a")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_label_of_a_chapter_is_missing(index, path):
    text = path.read_text(encoding="utf-8")
    page = index.as_markdown(index.read(json.loads(text), f"chapters/{path.stem}"), f"chapters/{path.stem}")
    listed = re.findall(r"`((?:eq|fig|ex)-?\d\d-[\w-]+)`", page)
    written = {*re.findall(r"\$\$ \((eq-\d\d-[\w-]+)\)", text), *re.findall(r":label: (ex\d\d-[\w-]+)", text)}
    written |= set(re.findall(r'(?:"name": "|:name: )(fig-\d\d-[\w-]+)', text))
    assert set(listed) == written
    assert len(listed) == len(set(listed)) >= 10


def test_the_chapters_are_those_of_the_table_of_contents(index):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert [f"{name}.ipynb" for name in index.chapters(toc)] == [f"chapters/{path.name}" for path in CHAPTERS]

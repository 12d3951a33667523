"""Sphinx extension: what the chapters derive, draw, measure and ask, on one page, read from the notebooks.

``{results-index}`` lists, for every chapter in _toc.yml, its numbered equations with the section that derives
them, its figures with their captions, the sections whose cells train, time or read stored runs, and its
exercises. It reads what the chapters hold, so there is nothing to keep up; a reference that leads nowhere
fails the build.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import yaml
from mdit_py_plugins.anchors.index import slugify
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
HEADING = re.compile(r"^(?:\(([\w-]+)\)=\n+)?##+ +(.+)$", re.MULTILINE)
EQUATION = re.compile(r"^\$\$ \((eq-[\w-]+)\)$", re.MULTILINE)
INTERACTIVE = re.compile(
    r"^:::+\{interactive\}\n:name: (\S+)\n.*?</div>\n+(.+?)\n:::+$", re.MULTILINE | re.DOTALL
)
EXERCISE = re.compile(r"^`+\{exercise\} (.+)\n:label: (\S+)$", re.MULTILINE)
TRAINS = "nbval-ignore-output"  # the tag of a cell that trains or measures time
STORED = re.compile(r"""["'](?:chapters/)?results/[\w.]+["']|comparison\.stored\(""")


class Chapter(NamedTuple):
    """What a chapter holds: pairs of a label and a text, in the order of the page.

    ``equations`` and ``experiments`` are told by the section that they stand in, as a link.
    """

    title: str
    equations: list[tuple[str, str]]
    figures: list[tuple[str, str]]
    experiments: list[tuple[str, str]]
    exercises: list[tuple[str, str]]


def chapters(toc):
    """The documents of the chapters, in the order of the table of contents."""
    files = (entry["file"] for part in toc["parts"] for entry in part["chapters"])
    return [file for file in files if file.startswith("chapters/")]


def read(notebook, docname):
    """Collect what the cells of a notebook hold."""
    found = Chapter("", [], [], [], [])
    section = f"[the beginning](../{docname}.ipynb)"
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            if not found.title:
                found = found._replace(title=re.search(r"^# +(.+)$", source, re.MULTILINE)[1])
            marks = [*HEADING.finditer(source), *EQUATION.finditer(source), *INTERACTIVE.finditer(source)]
            for mark in sorted(marks, key=lambda mark: mark.start()):
                if mark.re is HEADING:
                    label, title = mark.groups()
                    section = f"[{title}]({label or f'../{docname}.ipynb#{slugify(title)}'})"
                elif mark.re is EQUATION:
                    found.equations.append((mark[1], section))
                else:
                    found.figures.append(mark.groups())
            found.exercises.extend((label, title) for title, label in EXERCISE.findall(source))
        else:
            figure = cell["metadata"].get("mystnb", {}).get("figure", {})
            if "name" in figure:
                found.figures.append((figure["name"], figure["caption"]))
            tags = cell["metadata"].get("tags", [])
            stored = bool(STORED.search(source))
            if "solution" not in tags and (TRAINS in tags or stored):
                add_experiment(found.experiments, section, stored)
    return found


def add_experiment(experiments, section, stored):
    """Note that a section trains, or reads stored runs, or both; once for each section."""
    how = {"stored runs"} if stored else {"runs on the page"}
    if experiments and experiments[-1][1] == section:
        how |= set(experiments.pop()[0].split(", "))
    experiments.append((", ".join(sorted(how)), section))


def as_markdown(chapter, docname):
    """A chapter's entry: a heading and up to four lists."""
    derived = {}
    for label, section in chapter.equations:
        derived.setdefault(section, []).append(f"{{eq}}`{label}`")
    lists = {
        "Derivations": [f"{', '.join(labels)} {section}" for section, labels in derived.items()],
        "Figures": [f"{{numref}}`{name}` {caption}" for name, caption in chapter.figures],
        "Experiments": [f"{section} ({how})" for how, section in chapter.experiments],
        "Exercises": [f"{{ref}}`{label}` {title}" for label, title in chapter.exercises],
    }
    number = int(Path(docname).name[:2])
    lines = [f"## {number} [{chapter.title}](../{docname}.ipynb)"]
    for name, entries in lists.items():
        if entries:
            lines += ["", f"**{name}**", "", *(f"- {entry}" for entry in entries)]
    return "\n".join(lines) + "\n"


class ResultsIndex(SphinxDirective):
    """``{results-index}``: every chapter's derivations, figures, experiments and exercises."""

    def run(self):
        toc = ROOT / "_toc.yml"
        self.env.note_dependency(str(toc))
        entries = []
        for docname in chapters(yaml.safe_load(toc.read_text(encoding="utf-8"))):
            path = ROOT / f"{docname}.ipynb"
            self.env.note_dependency(str(path))
            notebook = json.loads(path.read_text(encoding="utf-8"))
            entries.append(as_markdown(read(notebook, docname), docname))
        return self.parse_text_to_nodes("\n".join(entries), allow_section_headings=True)


def setup(app):
    """Register the directive."""
    app.add_directive("results-index", ResultsIndex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

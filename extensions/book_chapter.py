"""Sphinx extension: the measured line under a chapter's title, and a chapter's interactive figures.

tools/execute_chapter.py stores in a notebook's metadata what its run took, ``course: {seconds, memory_mb}``.

A page that holds ``<div class="course-figure" data-figure="sliding-window" ...>`` loads, from assets/figures,
the shared core.js, controls.js and base.js, then sliding_window_*.js, then sliding_window.js; figures.css and
base.css, and sliding_window.css where there is one. Other pages load none of them. The directive
``{interactive}`` makes such a figure a numbered one with a caption.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

FIGURES = Path(__file__).resolve().parent.parent / "assets" / "figures"
FIGURE = re.compile(r"""data-figure=["']([\w-]+)["']""")


def course_metadata(env, docname):
    """The ``course`` entry of a notebook's metadata, or an empty dictionary."""
    entry = env.metadata.get(docname, {}).get("course", {})
    return json.loads(entry) if isinstance(entry, str) else entry


def measured_line(seconds, memory_mb):
    """The sentence that tells a reader what running the chapter takes."""
    text = f"Running every cell of this page took {seconds} s and {memory_mb} MB on two cores, without a GPU."
    return nodes.paragraph("", text, classes=["measured"])


def insert_measured_line(app, doctree):
    """Put the measured line under the page's title."""
    course = course_metadata(app.env, app.env.docname)
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is not None and {"seconds", "memory_mb"} <= course.keys():
        line = measured_line(course["seconds"], course["memory_mb"])
        title.parent.insert(title.parent.index(title) + 1, line)


class Interactive(SphinxDirective):
    """A numbered figure around a ``<div class="course-figure">``; the paragraph after it is the caption."""

    has_content = True
    option_spec = {"name": directives.unchanged_required}

    def run(self):
        """Return the figure."""
        *body, caption = self.parse_content_to_nodes() or [None]
        holds = [node for node in body if isinstance(node, nodes.raw) and FIGURE.search(node.astext())]
        if len(holds) != 1 or len(body) != 1 or not isinstance(caption, nodes.paragraph):
            raise self.error(
                'expected one <div class="course-figure" data-figure="...">, a blank line, and a caption'
            )
        if not self.options.get("name"):
            raise self.error(
                "expected :name:, by which the text refers to the figure and the address finds it"
            )
        figure = nodes.figure("", *body, nodes.caption("", "", *caption.children), classes=["interactive"])
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]


def figure_scripts(name):
    """The scripts of one figure under assets/figures, in the order in which they run."""
    stem = name.replace("-", "_")
    parts = sorted(path.name for path in FIGURES.glob(f"{stem}_*.js"))
    return [f"figures/{file}" for file in ("core.js", "controls.js", "base.js", *parts, f"{stem}.js")]


def figure_styles(name):
    """The style sheets of one figure under assets/figures, in the order in which they count."""
    own = f"{name.replace('-', '_')}.css"
    return [f"figures/{file}" for file in ("figures.css", "base.css", own) if (FIGURES / file).exists()]


def add_figures(app, pagename, templatename, context, doctree):
    """Load the scripts and the style of the figures that the page holds."""
    raw = doctree.findall(nodes.raw) if doctree is not None else ()
    names = sorted({name for node in raw for name in FIGURE.findall(node.astext())})
    scripts = dict.fromkeys(script for name in names for script in figure_scripts(name))
    for script in scripts:
        app.add_js_file(script, defer="defer")
    for style in dict.fromkeys(style for name in names for style in figure_styles(name)):
        app.add_css_file(style)


def setup(app):
    """Register the extension."""
    app.add_directive("interactive", Interactive)
    app.connect("doctree-read", insert_measured_line)
    app.connect("html-page-context", add_figures)
    return {"version": "4", "parallel_read_safe": True, "parallel_write_safe": True}

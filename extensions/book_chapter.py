"""Sphinx extension: the measured line under a chapter's title, and the scripts of its interactive figures.

tools/execute_chapter.py stores in a notebook's metadata what its run took, ``course: {seconds, memory_mb}``.

A page that holds ``<div class="course-figure" data-figure="sliding-window" ...>`` loads, from assets/figures,
the shared core.js, controls.js and base.js, then sliding_window_*.js, then sliding_window.js; figures.css and base.css,
and sliding_window.css where there is one. Other pages load none of them.
"""

import json
import re
from pathlib import Path

from docutils import nodes

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
    app.connect("doctree-read", insert_measured_line)
    app.connect("html-page-context", add_figures)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}

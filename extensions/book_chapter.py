"""Sphinx extension: what a chapter's notebook metadata adds to its page.

tools/execute_chapter.py stores in a notebook's metadata what its run took, and the author may name scripts
and styles under assets/ that the page needs::

    "course": {"seconds": 12, "memory_mb": 310, "scripts": ["figures/x.js"], "styles": ["figures/x.css"]}

The page then carries the measured line under its title and loads those files, and only those.
"""

import json

from docutils import nodes


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
        title.parent.insert(
            title.parent.index(title) + 1, measured_line(course["seconds"], course["memory_mb"])
        )


def add_page_files(app, pagename, templatename, context, doctree):
    """Load the scripts and styles that this page's notebook names."""
    course = course_metadata(app.env, pagename)
    for script in course.get("scripts", []):
        app.add_js_file(script, defer="defer")
    for style in course.get("styles", []):
        app.add_css_file(style)


def setup(app):
    """Register the extension."""
    app.connect("doctree-read", insert_measured_line)
    app.connect("html-page-context", add_page_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

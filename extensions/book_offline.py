"""Sphinx extension: every page works without a network, and logs nothing in the browser's console.

MathJax is copied out of the installed package sphinx-mathjax-offline: the loader, the fonts, TeX's
extensions and what its accessibility menu loads in English. Thebe, which Jupyter Book always adds, is taken
out again: it would run code on a server elsewhere, and it is declared twice on every page, which is an error
in the console.
"""

import importlib.metadata
import shutil
from pathlib import Path

from docutils import nodes

MATHJAX = (
    "tex-chtml.js",
    "output/chtml/fonts",
    "input/tex/extensions",
    "a11y",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
    "sre/mathmaps/nemeth.json",
)


def mathjax_source():
    """The folder that holds MathJax in the installed package."""
    distribution = importlib.metadata.distribution("sphinx-mathjax-offline")
    return Path(distribution.locate_file("sphinx-mathjax-offline/static/mathjax"))


def copy_mathjax(app, error):
    """Copy the needed part of MathJax into the built book, once."""
    if error is not None or app.builder.format != "html":
        return
    source, target = mathjax_source(), Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        if (target / name).exists():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy2
        copy(source / name, target / name)


def is_thebe(text):
    """Whether a script or a node belongs to Thebe."""
    return any(word in text for word in ("thebe", "THEBE", "kernelName ="))


def drop_thebe_nodes(app, doctree, docname):
    """Remove the configuration that Thebe appends to every document."""
    for node in list(doctree.findall(nodes.raw)):
        if node.astext().lstrip().startswith("<script") and is_thebe(node.astext()):
            node.parent.remove(node)


def drop_thebe_files(app, pagename, templatename, context, doctree):
    """Remove Thebe's scripts and style from the page's head."""
    for kind in ("script_files", "css_files"):
        kept = []
        for file in context.get(kind, []):
            attributes = getattr(file, "attributes", {})
            if not is_thebe(f"{getattr(file, 'filename', file)} {attributes.get('body', '')}"):
                kept.append(file)
        context[kind] = kept


def setup(app):
    """Register the extension."""
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", copy_mathjax)
    app.connect("doctree-resolved", drop_thebe_nodes, priority=900)
    app.connect("html-page-context", drop_thebe_files, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Sphinx extension: repairs of the generated HTML that a screen reader needs.

docutils marks a list of references as ``role="list"`` whose children are not list items, and its entries with
a role that the standard has withdrawn; a screen reader then announces an empty list. Without the roles it
reads the entries.
"""

REPLACEMENTS = (
    ('<div role="list" class="citation-list">', '<div class="citation-list">'),
    (' role="doc-biblioentry"', ""),
)


def repair(app, pagename, templatename, context, doctree):
    """Apply the replacements to the page's body."""
    if "body" in context:
        for wrong, right in REPLACEMENTS:
            context["body"] = context["body"].replace(wrong, right)


def setup(app):
    """Register the extension."""
    app.connect("html-page-context", repair)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

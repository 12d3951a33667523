"""Sphinx extension: a directive that shows a run of the benchmarks; the page's numbers are that run's.

``{benchmark} conv`` renders every table of benchmarks/results/conv.json, with the sentences that sum it up
and the machine that it was measured on. A file that is missing is a warning, and so fails the build.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"


def show(value):
    """Numbers with three digits, everything else as it is."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(values, kind=""):
    """One row of a table."""
    entries = [nodes.entry("", nodes.paragraph("", show(value))) for value in values]
    return nodes.row("", *entries, classes=[kind] if kind else [])


def table(content):
    """A table of results, its title as caption."""
    group = nodes.tgroup("", cols=len(content["columns"]))
    group += [nodes.colspec(colwidth=1) for _ in content["columns"]]
    group += nodes.thead("", row(content["columns"]))
    group += nodes.tbody("", *[row(values) for values in content["rows"]])
    return nodes.table("", nodes.title("", content["title"]), group, classes=["benchmark"])


def machine_sentence(machine):
    """What the numbers depend on, in one line."""
    facts = (f"{key.replace('_', ' ')}: {value}" for key, value in machine.items())
    return nodes.paragraph("", "Measured with " + "; ".join(facts) + ".", classes=["measured"])


class Benchmark(SphinxDirective):
    """``{benchmark} SUITE``: the tables of the last committed run of a suite."""

    required_arguments = 1

    def run(self):
        path = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(path))
        if not path.exists():
            raise self.error(
                f"no run of '{self.arguments[0]}' is committed: python -m benchmarks {self.arguments[0]}"
            )
        content = json.loads(path.read_text(encoding="utf-8"))
        found = []
        for part in content["tables"]:
            notes = [nodes.list_item("", nodes.paragraph("", note)) for note in part["notes"]]
            found += [table(part), *([nodes.bullet_list("", *notes)] if notes else [])]
        return [*found, machine_sentence(content["machine"])]


def setup(app):
    """Register the directive."""
    app.add_directive("benchmark", Benchmark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

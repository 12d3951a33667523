"""How long ``import course_lib`` takes, and what it loads."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from benchmarks._harness import Table, clock

STATEMENTS = {
    "nothing": "pass",
    "numpy": "import numpy",
    "course_lib": "import course_lib",
    "course_lib.functional": "import course_lib.functional",
}


def measure(repeats: int) -> list[Table]:
    """Start a fresh interpreter for each statement, in turn."""
    turns = [[clock(run, code) for code in STATEMENTS.values()] for _ in range(repeats)]
    seconds = dict(zip(STATEMENTS, np.median(turns, axis=0).tolist(), strict=True))
    table = Table("time to import, less an interpreter that imports nothing", ["module", "s"])
    table.rows = [
        [name, max(0.0, value - seconds["nothing"])] for name, value in seconds.items() if name != "nothing"
    ]
    table.figures = {name: value for name, value in table.rows}
    loaded = run("import course_lib, course_lib.functional, sys; print('torch' in sys.modules)").strip()
    table.notes.append("torch is loaded" if loaded == "True" else "torch is not loaded")
    return [table]


def run(code: str) -> str:
    """Run one line in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

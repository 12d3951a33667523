"""Interleaved timing, working memory, and the tables that come out.

Two programs are compared within one run and turn by turn, first one, then the other, so that whatever else
the machine does meets both. The ratio of their medians is the result; the quartiles of the ratios of single
turns say how far to trust it.
"""

from __future__ import annotations

import json
import os
import platform
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import threadpoolctl

RESULTS = Path(__file__).parent / "results"


@dataclass
class Table:
    """One table of results: a title, columns, rows of text or numbers, and lines that sum it up."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)  # what a page may quote, by name

    def __str__(self) -> str:
        cells = [list(self.columns)] + [[show(value) for value in row] for row in self.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
        ]
        return "\n".join([self.title, *lines, *self.notes])


@dataclass
class Timing:
    """Medians in seconds of two programs measured in turn, and the spread of their ratio."""

    ours: float
    theirs: float
    low: float  # first and third quartile of the ratio, turn by turn
    high: float

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.theirs

    @property
    def spread(self) -> str:
        """Quartiles of the ratio as text."""
        return f"{self.low:.2f}-{self.high:.2f}"


def show(value: object) -> str:
    """Numbers with three digits, everything else as it is."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def compare(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> Timing:
    """Time two programs turn by turn, after one turn that does not count."""
    seconds = np.array([(clock(ours), clock(theirs)) for _ in range(repeats + 1)])[1:]  # (repeats, 2)
    low, high = np.quantile(seconds[:, 0] / seconds[:, 1], [0.25, 0.75])
    return Timing(*map(float, (*np.median(seconds, axis=0), low, high)))


def clock(program: Callable[..., object], *args: object) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    program(*args)
    return time.perf_counter() - start


def race(title: str, cases: dict[str, tuple[Callable, Callable]], repeats: int, at_most: float) -> Table:
    """Compare two programs that return the same arrays on each case; `at_most` is the mean ratio wanted."""
    table = Table(title, ["case", "NumPy ms", "torch ms", "ratio", "quartiles", "working memory MiB"])
    for label, (ours, theirs) in cases.items():
        for mine, other in zip(ours(), theirs(), strict=True):  # other numbers would make it no race
            np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4 * max(1.0, float(abs(other).max())))
        time = compare(ours, theirs, repeats)
        row = [label, time.ours * 1e3, time.theirs * 1e3, time.ratio, time.spread, working_memory(ours)]
        table.rows.append(row)
    mean, memory = geometric_mean([row[3] for row in table.rows]), max(row[5] for row in table.rows)
    table.figures = {"geometric_mean": mean, "memory_mib": memory, "at_most": at_most}
    table.notes = [
        f"geometric mean {mean:.2f} (at most {at_most} wanted)",
        f"working memory at most {memory:.0f} MiB (at most 256 wanted)",
    ]
    return table


def torch_pass(program: Callable, leaves: Sequence, grad_out: np.ndarray) -> Callable[[], list[np.ndarray]]:
    """Return torch's forward and backward pass as one call that returns NumPy arrays, output first."""
    import torch

    upstream = torch.from_numpy(grad_out)

    def call():
        out = program()
        return [array.detach().numpy() for array in (out, *torch.autograd.grad(out, leaves, upstream))]

    return call


def working_memory(program: Callable[[], Sequence[np.ndarray | None]]) -> float:
    """Peak of NumPy's memory during one call, in MiB, without the arrays that the call returns."""
    tracemalloc.start()
    try:
        returned = program()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return (peak - sum(array.nbytes for array in returned if array is not None)) / 2**20


def geometric_mean(values: Sequence[float]) -> float:
    """Mean of ratios: twice as fast here and half as fast there cancel."""
    return float(np.exp(np.mean(np.log(values))))


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    import torch

    blas = next((lib for lib in threadpoolctl.threadpool_info() if lib["user_api"] == "blas"), {})
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "blas": f"{blas.get('internal_api')} {blas.get('version')} {blas.get('architecture')}",
        "blas_threads": blas.get("num_threads"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "torch_capability": torch.backends.cpu.get_cpu_capability(),
        "load": round(os.getloadavg()[0], 1),
    }


def save(suite: str, tables: Sequence[Table]) -> Path:
    """Write a suite's tables to ``results/SUITE.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{suite}.json"
    content = {"suite": suite, "machine": machine(), "tables": [asdict(table) for table in tables]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path

"""Submissions graded per second: `course autograde`, jail on, against plain nbgrader on the same class.

Half the class has everything right and half has a third of it. Both programs start from a released
assignment and an empty gradebook and are timed as a whole, start-up included; plain nbgrader runs each
notebook in a kernel of its own, one after the other, with nothing between a submission and the person who
grades it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np

from benchmarks._harness import Table

ROOT = Path(__file__).resolve().parents[1]
NAME = "a1_convolution"
SMALL, LARGE = 40, 400
STUBS = "def conv2d(*a, **k):\n    raise NotImplementedError\n\n\nedge_filters = edge_response = conv2d"
WANTED = {"ratio": 4.0, "flat": 1.25, "memory_mb": 500.0}


def measure(repeats: int) -> list[Table]:
    """Grade 40 submissions with both and 400 with ours, turn by turn; at most three turns."""
    programs = (
        ("nbgrader autograde, plain", "plain", SMALL),
        ("course autograde, jail on", "ours", SMALL),
        ("course autograde, jail on", "ours", LARGE),
    )
    turns = [[grade(program, count) for _, program, count in programs] for _ in range(min(repeats, 3))]
    points = {
        points / count for turn in turns for (_, _, points), (*_, count) in zip(turn, programs, strict=True)
    }
    if len(points) != 1:
        raise RuntimeError(f"expected equal scores of all programs, got means of {sorted(points)}")
    seconds = np.array([[run[0] for run in turn] for turn in turns])  # (turns, programs)
    memory = np.array([[run[1] for run in turn] for turn in turns]).max(axis=0)  # (programs,)
    columns = ["program", "submissions", "s", "spread", "submissions per s", "peak memory MB"]
    table = Table("autograding assignment a1", columns)
    for (label, _, count), times, peak in zip(programs, seconds.T, memory, strict=True):
        middle = float(np.median(times))
        spread = f"{times.min():.1f}-{times.max():.1f}"
        table.rows.append([label, count, middle, spread, count / middle, float(peak)])
    ratio = np.median(seconds[:, 0] / seconds[:, 1])
    flat = np.median((seconds[:, 2] / LARGE) / (seconds[:, 1] / SMALL))
    table.figures = {"ratio": float(ratio), "flat": float(flat), "memory_mb": float(memory[2])}
    table.notes = [
        f"{ratio:.1f} times plain nbgrader's rate (at least {WANTED['ratio']:g} wanted)",
        f"one among {LARGE} costs {flat:.2f} times one among {SMALL} (at most {WANTED['flat']} wanted)",
        f"coordinating process at {LARGE}: {memory[2]:.0f} MB (at most {WANTED['memory_mb']:.0f} wanted)",
        f"medians and range of {len(turns)} turns, all three in a row in each, on {os.cpu_count()} cores",
    ]
    return [table]


def grade(program: str, count: int) -> tuple[float, float, float]:
    """Seconds, memory of the coordinating process in MB, and the sum of all scores."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        root = Path(folder)
        prepare(root, program, count)
        options = {"cwd": root, "env": environment, "check": True, "capture_output": True}
        subprocess.run([scripts / "nbgrader", "generate_assignment", NAME], **options)
        command = [scripts / ("nbgrader" if program == "plain" else "course"), "autograde", NAME]
        start = time.perf_counter()
        null = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        peak = 0.0
        with subprocess.Popen(command, cwd=root, env=environment, **null) as process:
            while process.poll() is None:
                peak = max(peak, peak_memory(process.pid))
                time.sleep(0.1)
        seconds = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(f"{program} failed on {count} submissions")
        return seconds, peak, total(root)


def peak_memory(pid: int) -> float:
    """The most memory that a running process has held, in MB; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def prepare(root: Path, program: str, count: int) -> None:
    """A course root with a class that has handed in; for the plain program without this course's settings."""
    shutil.copytree(ROOT / "assignments" / "source" / NAME, root / "source" / NAME)
    if program == "plain":
        (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'cnn'\n")
    else:
        shutil.copy(ROOT / "assignments" / "nbgrader_config.py", root)
    right = nbformat.read(root / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    for i in range(count):
        target = root / "submitted" / f"student{i:04}" / NAME / f"{NAME}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(right if i % 2 else unfinished(right), target)


def unfinished(right: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with conv2d and the edge filters not written."""
    notebook = nbformat.from_dict(right)
    notebook.cells = [nbformat.from_dict(dict(cell)) for cell in right.cells]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("conv2d", "edge_filters"):
            cell.source = STUBS
    return notebook


def total(root: Path) -> float:
    """The sum of all automatic scores in the gradebook."""
    import sqlite3

    connection = sqlite3.connect(root / "gradebook.db")
    (points,) = connection.execute("select coalesce(sum(auto_score), 0) from grade").fetchone()
    connection.close()
    return float(points)

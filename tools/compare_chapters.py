"""Run the chapters again with nbval and compare every output; chapters that passed unchanged are left alone.

    python tools/compare_chapters.py          # those that changed, or whose library or requirements changed
    python tools/compare_chapters.py --all

What passed is remembered in _build/nbval.json by the digest of everything that a chapter's outputs depend on.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = ROOT / "_build" / "nbval.json"
SANITIZE = ROOT / "tests" / "notebooks" / "sanitize.cfg"
FIGURES = "tests.notebooks.nbval_figures"  # the plugin that compares figures by what they show
SHARED = (
    "course_lib/**/*.py",
    "requirements.txt",
    "constraints.txt",
    "tests/notebooks/sanitize.cfg",
    "tests/notebooks/nbval_figures.py",
)


def digest(paths):
    """One digest of the content of several files."""
    parts = (hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths))
    return hashlib.sha256(" ".join([sys.version, *parts]).encode()).hexdigest()


def state():
    """Map each chapter to the digest of what its outputs depend on."""
    shared = [path for pattern in SHARED for path in ROOT.glob(pattern)]
    return {path.name: digest([path, *shared]) for path in sorted((ROOT / "chapters").glob("*.ipynb"))}


def passed_before():
    """The chapters that passed, with the digest they passed with."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def nbval_command(paths, workers):
    """The command that runs notebooks again and compares them, from the repository's root."""
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", FIGURES]
    command += ["--nbval-sanitize-with", str(SANITIZE), "-p", "no:cacheprovider"]
    command += ["-n", str(workers), "--dist", "loadfile"]
    return [*command, *map(str, paths)]


def nbval(names, workers):
    """Compare the named chapters; return pytest's exit status."""
    command = nbval_command([ROOT / "chapters" / name for name in names], workers)
    environment = {"COURSE_QUIET": "1", **os.environ}
    if workers > 1:  # two chapters with two threads each wait for one another
        environment.setdefault("OMP_NUM_THREADS", "1")
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="compare every chapter")
    parser.add_argument("--workers", type=int, default=2, help="chapters side by side (default 2)")
    options = parser.parse_args(arguments)
    now, before = state(), passed_before()
    names = [name for name in now if options.all or before.get(name) != now[name]]
    if not names:
        print(f"All {len(now)} chapters passed as they are.")
        return 0
    status = nbval(names, min(options.workers, len(names)))
    if status == 0:
        STAMP.parent.mkdir(exist_ok=True)
        STAMP.write_text(json.dumps(now, indent=1))
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Name the files that a coverage report in JSON finds below a share: python tools/low_coverage.py REPORT."""

import json
import sys
from pathlib import Path

LOW = 90.0  # per cent of lines and branches


def low(report: dict) -> list[str]:
    """A line for each file below `LOW`, the lowest first."""
    shares = {name: about["summary"]["percent_covered"] for name, about in report["files"].items()}
    order = sorted((share, name) for name, share in shares.items() if share < LOW)
    return [f"  {share:5.1f} %  {name}" for share, name in order]


if __name__ == "__main__":
    lines = low(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(f"Files that tests reach by less than {LOW:g} %:", *lines or ["  none"], sep="\n")

"""Write constraints.txt from the packages installed in this environment: run in a fresh .venv."""

import subprocess
import sys
from pathlib import Path

HEADER = (
    "# Exact versions of everything that requirements.txt pulls in. Written by tools/pin.py; do not edit.\n"
)

if __name__ == "__main__":
    freeze = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable", "--exclude", "pip"]
    pinned = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout
    (Path(__file__).parent.parent / "constraints.txt").write_text(HEADER + pinned)

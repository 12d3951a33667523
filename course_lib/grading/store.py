"""Small JSON files that are written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path


def read_stored(path: Path) -> dict:
    """A stored JSON object; empty where there is none or it was cut off."""
    try:
        stored = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}


def write_stored(path: Path, stored: dict) -> None:
    """Store a JSON object whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(stored))
    os.replace(part, path)

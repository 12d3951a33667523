"""Real sentences to classify: from the docstrings of four libraries, shipped with the course."""

from __future__ import annotations

from importlib import resources

import numpy as np

from course_lib.datasets.types import SentenceData, Sentences

CLASSES = ("matplotlib", "numpy", "scikit-learn", "torch")


def load_sentences() -> SentenceData:
    """Read the sentences, each under the line that names its library, its part and its file."""
    source = resources.files("course_lib.datasets") / "texts" / "sentences.txt"
    parts: dict[str, list[tuple[str, int]]] = {"train": [], "validation": [], "test": []}
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            label, part, _ = line.removeprefix("# ").split(" | ")
        else:
            parts[part].append((line, CLASSES.index(label)))
    splits = {part: Sentences(*_columns(rows)) for part, rows in parts.items()}
    return SentenceData(**splits, classes=CLASSES)


def _columns(rows: list[tuple[str, int]]) -> tuple[tuple[str, ...], np.ndarray]:
    """Sentences and labels, the libraries dealt out in turn, so that the first n hold n / 4 of each."""
    labels = np.array([label for _, label in rows], dtype=np.int64)  # (N,)
    order = np.argsort(labels, kind="stable").reshape(len(CLASSES), -1).T.ravel()  # (N,)
    return tuple(rows[i][0] for i in order), labels[order]

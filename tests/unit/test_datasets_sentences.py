"""The shipped sentences: parts that share nothing, the licences beside them, and the file that they come from."""

import re
from importlib import resources

import numpy as np
import pytest

from course_lib import datasets
from course_lib.datasets import sentences

TEXTS = resources.files("course_lib.datasets") / "texts"
LINES = (TEXTS / "sentences.txt").read_text(encoding="utf-8").splitlines()


def runs_of_words(text):
    """Every five words in a row, once each."""
    words = re.findall(r"[a-z]+(?:'[a-z]+)?|[0-9]+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


@pytest.fixture(scope="module")
def data():
    return datasets.load("sentences")


def test_parts_classes_and_order(data):
    assert data.classes == sentences.CLASSES == ("matplotlib", "numpy", "scikit-learn", "torch")
    for split, count in ((data.train, 2000), (data.validation, 600), (data.test, 600)):
        assert len(split.texts) == len(split.labels) == count
        assert split.labels.dtype == np.int64
        # The classes in turn, so that the first sentences are as balanced as all.
        np.testing.assert_array_equal(split.labels[:8], [0, 1, 2, 3, 0, 1, 2, 3])
        assert set(np.bincount(split.labels)) == {count // 4}


def test_the_first_and_last_sentence_of_a_library_keep_their_label(data):
    first = next(i for i, line in enumerate(LINES) if line.startswith("# numpy | train"))
    last = max(i for i, line in enumerate(LINES) if re.match(r"# (?!torch)", line))
    assert data.train.texts[1] == LINES[first + 1]
    assert LINES[last].startswith("# scikit-learn | test")
    assert data.test.labels[data.test.texts.index(LINES[last + 1])] == 2


def test_no_two_sentences_share_five_words_and_no_file_two_parts(data):
    runs = [run for split in data[:3] for text in split.texts for run in runs_of_words(text)]
    assert len(runs) > 20_000
    assert len(set(runs)) == len(runs)
    parts = {}
    for line in LINES:
        if line.startswith("# "):
            _, part, file = line.split(" | ")
            parts.setdefault(file, set()).add(part)
    assert len(parts) > 200
    assert all(len(found) == 1 for found in parts.values())


def test_the_licences_lie_beside_the_sentences_and_both_are_small():
    licences = (TEXTS / "LICENSES.txt").read_text(encoding="utf-8")
    for holder in ("NumPy Developers", "scikit-learn developers", "Matplotlib Development Team", "Facebook"):
        assert holder in licences
    assert sum(len(path.read_bytes()) for path in TEXTS.iterdir()) < 300_000


def test_options_are_refused():
    with pytest.raises(ValueError, match=r"datasets.load: expected no options for 'sentences', got seed"):
        datasets.load("sentences", seed=1)

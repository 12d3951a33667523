"""The experiment of chapter 18, stored: ``python -m benchmarks.text [--resume]``.

Two tasks on the sentences of ``datasets.load("sentences")``. `library`: which library's documentation is a
sentence from? `order`: does it stand as it was written, or with its words shuffled? Linear classifiers on
bags of words, and of words and pairs of neighbours, against convolutions over words whose filters are one
word wide, three, or two to four; learnt from 500, 1,000 or 2,000 sentences. Each learns with every rate of a
ladder, which goes on until the best is no end of it, and is asked on the validation sentences after every 40
updates; the best rate and number of updates are then used for three other seeds, and the test sentences are
looked at once. About six minutes on two cores.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks._stored import Data, accuracy, endless_batches, main, make
from course_lib import datasets

NAME, COMMAND = "18_text", "python -m benchmarks.text"
TASKS, COUNTS, SEEDS, SEARCH_SEED = ("library", "order"), (500, 1000, 2000), (0, 1, 2), 100
LADDER = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
UPDATES, STEP, BATCH, DECAY, LENGTH = 800, 40, 50, 0.01, 30
#: How wide the filters are of each contestant, and how many there are of each width; none for the bags.
CONTESTANTS = {
    "words": None,
    "words and pairs": None,
    "width 1": {1: 96},
    "width 3": {3: 96},
    "widths 2, 3, 4": {2: 32, 3: 32, 4: 32},
}
#: Where the search begins; it goes on past an end that is best.
TRIED = {"words": LADDER[2:7], "words and pairs": LADDER[2:7]}
PAD, UNKNOWN = 0, 1


class Task(NamedTuple):
    """One run."""

    task: str
    kind: str
    count: int  # sentences to learn from
    role: str  # "search" or "seed"
    seed: int
    rate: float
    updates: int


def words(text: str) -> list[str]:
    """The words and numbers of a sentence, in small letters."""
    return re.findall(r"[a-z]+(?:'[a-z]+)?|[0-9]+", text.lower())


def shuffled(tokens: list[str], rng: np.random.Generator) -> list[str]:
    """The same words in another order."""
    while True:
        mixed = [tokens[i] for i in rng.permutation(len(tokens))]
        if mixed != tokens:
            return mixed


def numbered(sentences: list[list], numbers: dict, length: int, unknown: int) -> np.ndarray:
    """Sentences as rows of numbers, filled up with PAD."""
    out = np.full((len(sentences), length), PAD)
    for row, tokens in zip(out, sentences, strict=True):
        row[: len(tokens)] = [numbers.get(token, unknown) for token in tokens]
    return out  # (N, length)


@cache
def load(task: str, count: int) -> tuple[Data, Data, int, int]:
    """The three parts as numbers of words, the same followed by those of pairs, and how many there are."""
    data, parts = datasets.load("sentences"), []
    for seed, split in enumerate((data.train, data.validation, data.test)):
        sentences, labels = [words(text) for text in split.texts], split.labels
        if split is data.train:
            sentences, labels = sentences[:count], labels[:count]
        if task == "order":
            rng = np.random.default_rng(seed)
            mixed = [shuffled(tokens, rng) for tokens in sentences]
            labels = np.repeat([1, 0], len(sentences))  # (2 N,)
            sentences = sentences + mixed
        parts.append((sentences, torch.from_numpy(labels)))
    learnt = parts[0][0]
    counts = Counter(word for tokens in learnt for word in tokens)
    pairs = Counter(pair for tokens in learnt for pair in pairwise(tokens))
    # Twice in the sentences as they are: a shuffled copy makes no word more frequent.
    least = 4 if task == "order" else 2
    vocabulary = {word: 2 + i for i, word in enumerate(sorted(w for w, n in counts.items() if n >= least))}
    size = 2 + len(vocabulary)
    pair_numbers = {pair: size + i for i, pair in enumerate(sorted(p for p, n in pairs.items() if n >= 2))}
    rows, both = [], []
    for sentences, labels in parts:
        x = numbered(sentences, vocabulary, LENGTH, UNKNOWN)  # (N, 30)
        neighbours = [list(pairwise(tokens)) for tokens in sentences]
        x_pairs = numbered(neighbours, pair_numbers, LENGTH, PAD)  # (N, 30)
        rows.append((torch.from_numpy(x), labels))
        both.append((torch.from_numpy(np.hstack([x, x_pairs])), labels))
    return Data(*rows), Data(*both), size, size + len(pair_numbers)


class Bag(nn.Module):
    """A dense layer on counts: the sum of one row of weights for each thing counted."""

    def __init__(self, things: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Embedding(things, classes, padding_idx=PAD)
        self.bias = nn.Parameter(torch.zeros(classes))
        nn.init.zeros_(self.weight.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.weight(tokens).sum(dim=1) + self.bias  # (N, classes)


class Convolution(nn.Module):
    """Word vectors, filters over neighbouring words, the maximum of each over the sentence, a dense layer."""

    def __init__(self, things: int, classes: int, filters: dict[int, int], E: int = 32) -> None:
        super().__init__()
        self.vectors = nn.Embedding(things, E, padding_idx=PAD)
        self.convs = nn.ModuleList(nn.Conv1d(E, number, width) for width, number in filters.items())
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(sum(filters.values()), classes)
        nn.init.uniform_(self.vectors.weight, -0.25, 0.25)
        nn.init.zeros_(self.vectors.weight.data[PAD])

    def forward(self, tokens: Tensor) -> Tensor:
        v = self.vectors(tokens).transpose(1, 2)  # (N, E, L)
        strongest = [F.relu(conv(v)).amax(dim=2) for conv in self.convs]  # each (N, filters)
        return self.dense(self.dropout(torch.cat(strongest, dim=1)))  # (N, classes)


def run(task: Task) -> dict:
    """Train one contestant once; asked every 40 updates on the validation sentences."""
    torch.set_num_threads(1)
    started = time.process_time()
    tokens, both, size, size_both = load(task.task, task.count)
    data, things = (both, size_both) if task.kind == "words and pairs" else (tokens, size)
    classes = 4 if task.task == "library" else 2
    torch.manual_seed(task.seed)
    filters = CONTESTANTS[task.kind]
    model = Bag(things, classes) if filters is None else Convolution(things, classes, filters)
    optimizer = torch.optim.AdamW(model.parameters(), lr=task.rate, weight_decay=DECAY)
    order = torch.Generator().manual_seed(task.seed)
    batches = endless_batches(len(data.train[1]), BATCH, order)
    validation = []
    for update in range(1, task.updates + 1):
        rows = next(batches)
        loss = F.cross_entropy(model(data.train[0][rows]), data.train[1][rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if update % STEP == 0:
            validation.append(accuracy(model, *data.validation))
            model.train()
    result = {**task._asdict(), "validation": validation}
    if task.role == "seed":
        result |= {"train": accuracy(model, *data.train), "test": accuracy(model, *data.test)}
        result |= {"parameters": sum(p.numel() for p in model.parameters())}
    return result | {
        "shown": result.get("test", max(validation)),
        "seconds": round(time.process_time() - started, 1),
    }


def race(pool: ProcessPoolExecutor, known: list[dict]) -> Iterator[dict]:
    """Search every contestant's rate and updates, going on past an end that is best; then three seeds."""
    known = list(known)
    for count in (min(COUNTS), max(COUNTS), *sorted(COUNTS)[1:-1]):
        keys = [(task, kind, count) for task in TASKS for kind in CONTESTANTS]
        found: dict[tuple, list[dict]] = {key: [] for key in keys}
        wanted = {key: set(TRIED.get(key[1], LADDER[1:6])) for key in keys}
        while any(wanted.values()):
            tasks = [
                Task(*key, "search", SEARCH_SEED, rate, UPDATES)
                for key in keys
                for rate in sorted(wanted[key])
            ]
            for made in make(run, tasks, pool, known):
                found[made["task"], made["kind"], made["count"]].append(made)
                yield made
            wanted = {key: beyond(runs) for key, runs in found.items()}
        tasks = [Task(*key, "seed", seed, *chosen(found[key])) for key in keys for seed in SEEDS]
        yield from make(run, tasks, pool, known)


def beyond(runs: list[dict]) -> set[float]:
    """The rate next to the best one, if that is an end of those tried; none if all rates do alike."""
    tried = sorted(LADDER.index(made["rate"]) for made in runs)
    best = LADDER.index(chosen(runs)[0])
    neighbour = {tried[0]: tried[0] - 1, tried[-1]: tried[-1] + 1}.get(best, -1)
    # A bag of words tells nothing of the order, whatever the rate: there is no best.
    tells = any(abs(share - 0.5) > 0.01 for made in runs for share in made["validation"])
    return {LADDER[neighbour]} if tells and 0 <= neighbour < len(LADDER) else set()


def chosen(runs: list[dict]) -> tuple[float, int]:
    """The rate and the number of updates that did best on the validation sentences; of equals the fewest."""
    best = max(runs, key=lambda r: (max(r["validation"]), -r["rate"]))
    return best["rate"], STEP * (1 + int(np.argmax(best["validation"])))


if __name__ == "__main__":
    main(
        __doc__,
        NAME,
        COMMAND,
        ("race",),
        lambda _, pool, known: race(pool, known),
        ("task", "kind", "count", "role", "seed", "rate", "updates", "shown"),
    )

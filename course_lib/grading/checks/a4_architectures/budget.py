"""Checks of `budget()`: a network within a budget, judged by its accuracy on images that nobody has seen."""

from __future__ import annotations

import functools
import hashlib

from course_lib.grading.checks.a4_architectures import _graph
from course_lib.grading.compare import Difference
from course_lib.grading.engine import Case, Check

SHAPE, CLASSES = (3, 32, 32), 4
PARAMETERS, MULTIPLY_ADDS = 25_000, 3_000_000
IMAGES = 1000
VALIDATION = 1  # the seed of the images that the notebook shows
# Accuracy asked for, set by entries of our own: tests/grading/a4_entries.py measures them.
STEPS = {"step_1": 0.30, "step_2": 0.50, "step_3": 0.65, "step_4": 0.76}


@functools.lru_cache(maxsize=2)
def images(seed):
    """Images (N, 3, 32, 32) and labels (N,) of one seed: one shape on each."""
    from course_lib.datasets.drawing import scenes

    drawn = scenes(IMAGES, SHAPE[1:], seed=seed, max_objects=1, noise=0.2)
    return drawn.images, drawn.labels[:, 0]


_MEASURED: dict[bytes, float] = {}


def accuracy(network, seed):
    """The share of images of a seed that the network names; kept, for several checks ask the same."""
    total = hashlib.sha256(repr((network.nodes, seed)).encode())
    for name, array in network.weights.items():
        total.update(repr((name, array.shape)).encode() + array.tobytes())
    key = total.digest()
    if key not in _MEASURED:
        while len(_MEASURED) > 3:  # the images for validation and the new ones, asked for in turn
            _MEASURED.pop(next(iter(_MEASURED)))
        x, labels = images(seed)
        y = _graph.logits(network, x)  # (N, K)
        if y.shape[1] != CLASSES:
            raise _graph.Refused(f"the network gives {y.shape[1]} logits, expected {CLASSES}")
        _MEASURED[key] = float((y.argmax(axis=1) == labels).mean())
    return _MEASURED[key]


def measure(got):
    """The network of an answer, its numbers and its multiply-adds.

    Raises
    ------
    Refused
        If it is no network.
    """
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise _graph.Refused("budget() is to return the network and its weights")
    network = _graph.read(*got)
    return network, network.numbers, _graph.multiply_adds(network, SHAPE)


def _over(parameters, work):
    """Which bound is exceeded; empty where none is."""
    if parameters > PARAMETERS:
        return f"the file holds {parameters:,} numbers; the budget is {PARAMETERS:,}"
    if work > MULTIPLY_ADDS:
        return f"one image costs {work:,} multiply-adds; the budget is {MULTIPLY_ADDS:,}"
    return ""


def _judge(least):
    def judge(case, got):
        try:
            network, parameters, work = measure(got)
            text = _over(parameters, work)
            if not text:
                reached = accuracy(network, case.expected)
                text = "" if reached >= least else f"accuracy {reached:.3f}, asked for {least:.2f}"
                if text and reached < 1.2 / CLASSES:
                    text += "; that is chance: was the network trained, and was its best state saved?"
        except _graph.Refused as error:
            text = _graph.shown(str(error), 300)
        return Difference("values", text, text) if text else None

    return judge


def _check(name, about, least):
    return Check(
        f"budget.{name}",
        "budget",
        about,
        (),
        lambda: [Case((), note="the images for validation", expected=VALIDATION)],
        lambda rng: [Case((), note="new images", expected=int(rng.integers(10**6, 2**31)))],
        judge=_judge(least),
        stream="budget",
    )


CHECKS = (
    _check("fits", f"at most {PARAMETERS:,} numbers and {MULTIPLY_ADDS:,} multiply-adds", 0.0),
    *(_check(name, f"accuracy of {least:.0%} or more", least) for name, least in STEPS.items()),
)

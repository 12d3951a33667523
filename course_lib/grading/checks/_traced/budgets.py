"""Checks of a network within a budget: its numbers and multiply-adds counted, its answers judged outside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from course_lib.grading.checks._traced import graph
from course_lib.grading.compare import Difference
from course_lib.grading.engine import Case, Check

KEPT = 4  # the images for validation and the new ones, asked for in turn, of two networks


@dataclass(frozen=True)
class Budget:
    """What a network may cost, and how good its answers are.

    Attributes
    ----------
    function : str
        The notebook's function that hands in the description and the numbers.
    shape : tuple of int
        Of one image, (C, H, W).
    axes : int
        Of an answer: 2 for logits (N, K), 4 for a map (N, C, H, W).
    numbers, multiply_adds : int
        At most so many in the file, and for one image.
    measure : str
        What the quality is called in messages.
    images : callable (seed) -> ndarray
        Images of that seed, shape (N, C, H, W).
    quality : callable (answers, seed) -> float
        How good the answers to these images are; it may raise `Refused`.
    validation : int
        The seed of the images that the notebook shows.
    poor : callable (quality) -> str
        A remark on an answer that is no better than none, or "".
    """

    function: str
    shape: tuple[int, int, int]
    axes: int
    numbers: int
    multiply_adds: int
    measure: str
    images: Callable[[int], np.ndarray]
    quality: Callable[[np.ndarray, int], float]
    validation: int
    poor: Callable[[float], str]
    _known: dict[bytes, float] = field(default_factory=dict)

    def read(self, got: object) -> tuple[graph.Network, int, int]:
        """The network of an answer, its numbers and its multiply-adds.

        Raises
        ------
        Refused
            If it is no network.
        """
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise graph.Refused(f"{self.function}() is to return the network and its weights")
        network = graph.read(*got)
        return network, network.numbers, graph.multiply_adds(network, self.shape, self.axes)

    def reached(self, network: graph.Network, seed: int) -> float:
        """The quality of a network on the images of a seed; kept, for several checks ask the same."""
        total = hashlib.sha256(repr((network.nodes, seed)).encode())
        for name, array in network.weights.items():
            total.update(repr((name, array.shape)).encode() + array.tobytes())
        key = total.digest()
        if key not in self._known:
            while len(self._known) >= KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[key] = self.quality(graph.answers(network, self.images(seed), self.axes), seed)
        return self._known[key]

    def checks(self, steps: Mapping[str, float], about: Callable[[float], str]) -> tuple[Check, ...]:
        """A check of the bounds, ``fits``, and one for each step of quality."""
        fits = f"at most {self.numbers:,} numbers and {self.multiply_adds:,} multiply-adds"
        return (
            self._check("fits", fits, 0.0),
            *(self._check(name, about(least), least) for name, least in steps.items()),
        )

    def _check(self, name: str, about: str, least: float) -> Check:
        shown = [Case((), note="the images for validation", expected=self.validation)]
        return Check(
            f"{self.function}.{name}",
            self.function,
            about,
            (),
            lambda: shown,
            lambda rng: [Case((), note="new images", expected=int(rng.integers(10**6, 2**31)))],
            judge=lambda case, got: self._judge(got, case.expected, least),
            stream=self.function,
        )

    def _judge(self, got: object, seed: int, least: float) -> Difference | None:
        try:
            text = self._problem(got, seed, least)
        except graph.Refused as error:
            text = graph.shown(str(error), 300)
        return Difference("values", text, text) if text else None

    def _problem(self, got: object, seed: int, least: float) -> str:
        network, numbers, work = self.read(got)
        if numbers > self.numbers:
            return f"the file holds {numbers:,} numbers; the budget is {self.numbers:,}"
        if work > self.multiply_adds:
            return f"one image costs {work:,} multiply-adds; the budget is {self.multiply_adds:,}"
        reached = self.reached(network, seed)
        if reached >= least:
            return ""
        return f"{self.measure} {reached:.3f}, asked for {least:.2f}{self.poor(reached)}"

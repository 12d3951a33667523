"""Random cases that tell mistakes apart."""

from __future__ import annotations

import numpy as np

from course_lib.grading.compare import matches

TRIES = 400


def telling(rng, make, right, wrongs, gap=1e-4):
    """Arguments from ``make(rng)`` that tell all functions apart: every two answers differ by ``gap``.

    Of `TRIES` draws the one with most different answers, should none tell all.
    """
    best, most = None, 0
    for _ in range(TRIES):
        args = make(rng)
        found = _distinct([right, *wrongs], args, gap)
        if found > most:
            best, most = args, found
        if most == 1 + len(wrongs):
            break
    return best


def _distinct(functions, args, gap):
    """How many functions answer otherwise than those before them; an exception is an answer of its own."""
    answers, count = [], 0
    for function in functions:
        try:
            answer = function(*args)
        except (ValueError, IndexError, TypeError):
            count += 1
            continue
        if not any(matches(other, answer, rtol=0, atol=gap) for other in answers):
            count += 1
        answers.append(answer)
    return count


def scores(rng, n):
    """Scores in (0, 1), none equal, no two closer than 0.4 / n."""
    return rng.permutation((np.arange(n) + rng.uniform(0.3, 0.7, n)) / n)


def symmetric(n, entries):
    iou = np.eye(n)
    for (i, j), value in entries.items():
        iou[i, j] = iou[j, i] = value
    return iou


def overlapping(sizes, threshold):
    """Groups whose boxes all overlap by more than the threshold, and a little between groups; scores fall."""

    def make(rng):
        n = sum(sizes)
        group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))  # (n,)
        same = group[:, None] == group
        iou = np.where(
            same,
            rng.uniform(threshold + 0.05, 0.95, (n, n)),
            rng.uniform(0, threshold - 0.05, (n, n)) * (rng.random((n, n)) < 0.6),
        )
        iou = np.triu(iou, 1).round(3)  # (n, n)
        return iou + iou.T + np.eye(n), np.sort(scores(rng, n))[::-1].copy(), threshold

    return make

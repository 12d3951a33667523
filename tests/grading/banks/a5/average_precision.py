"""Solutions of average_precision(precision, recall)."""

import numpy as np
from bank import right, wrong

GRID = np.linspace(0, 1, 101)


def read(precision, recall, grid=GRID):
    return [max((p for p, r in zip(precision, recall, strict=True) if r >= at), default=0.0) for at in grid]


@right
def by_definition(precision, recall):
    return sum(read(precision, recall)) / 101


@right
def searched(precision, recall):
    falling = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return falling[np.searchsorted(recall, GRID)].mean()


@right
def masks(precision, recall):
    total = 0.0
    for i in range(101):
        beyond = precision[recall >= i / 100 - 1e-9]
        total += beyond.max() if beyond.size else 0
    return total / 101


@right
def from_the_back(precision, recall):
    best, at, total = 0.0, 100, 0.0
    for p, r in zip(precision[::-1], recall[::-1], strict=True):
        while at >= 0 and at * 0.01 > r + 1e-12:
            total, at = total + best, at - 1
        best = max(best, p)
    return float(total + best * (at + 1)) / 101


@wrong(fails="average_precision.points", hint="11 recalls")
def eleven(precision, recall):
    return np.mean(read(precision, recall, np.linspace(0, 1, 11)))


@wrong(fails="average_precision.points", hint="the area under every step")
def all_steps(precision, recall):
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0) * falling))


@wrong(fails="average_precision.points", hint="0 is one of them")
def without_zero(precision, recall):
    return np.mean(read(precision, recall, GRID[1:]))


@wrong(fails="average_precision.points", hint="1 is one of them")
def without_one(precision, recall):
    return np.mean(read(precision, recall, np.arange(0, 1, 0.01)))


@wrong(fails="average_precision.points", hint="the mean of the precisions")
def mean_of_precisions(precision, recall):
    return precision.mean() if len(precision) else 0.0


@wrong(fails="average_precision.points", hint="trapezoids")
def trapezoids(precision, recall):
    return float(np.trapezoid(precision, recall))


@wrong(fails="average_precision.points", hint="straight lines")
def straight_lines(precision, recall):
    if not len(recall):
        return 0.0
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return np.interp(GRID, recall, falling, right=0).mean()


@wrong(fails="average_precision.points", hint="that recall or beyond")
def strictly_beyond(precision, recall):
    return np.mean([precision[recall > at].max(initial=0) for at in GRID])


@wrong(fails="average_precision.falling", hint="not made to fall")
def not_falling(precision, recall):
    return float(
        np.mean([next((p for p, r in zip(precision, recall, strict=True) if r >= at), 0) for at in GRID])
    )


@wrong(fails="average_precision.falling", hint="the best precision so far")
def accumulated_forwards(precision, recall):
    return not_falling(np.maximum.accumulate(precision), recall)


@wrong(fails="average_precision.ends", hint="what was never found counts 0")
def goes_on(precision, recall):
    if not len(recall):
        return 0.0
    return np.mean([precision[recall >= min(at, recall[-1])].max() for at in GRID])


@wrong(fails="average_precision.ends", hint="raised ValueError")
def needs_detections(precision, recall):
    assert precision.max() <= 1
    return by_definition(precision, recall)

"""Stored runs of the course's comparison, network by network, on one set of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt  # noqa: F401  the examples close their figures
import numpy as np
from matplotlib.axes import Axes

from course_lib._validation import fail
from course_lib.plotting.style import COLOURS, new_axes

_STYLES = ("-", "--", "-.", ":")


def plot_comparison(
    records: Any,
    names: Sequence[str] | None = None,
    *,
    highlight: str | None = None,
    quantity: str = "val_accuracy",
    ax: Axes | None = None,
) -> Axes:
    """Draw the curves of the comparison so far: the median of the seeds, and the band from lowest to highest.

    A network keeps its colour and dash from chapter to chapter, whoever else is drawn.

    Parameters
    ----------
    records : course_lib.comparison.Records
        What ``comparison.stored()`` returned.
    names : sequence of str, optional
        Networks to draw, in any order: they appear in the order of the course. All by default.
    highlight : str, optional
        The network that the page is about: drawn thick, the others thin.
    quantity : {"val_accuracy", "val_loss", "train_loss"}, default "val_accuracy"
        What to draw; accuracies in percent.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If a network is not in the records, or `highlight` is not drawn.
    """
    course = list(records.networks)
    names = course if names is None else list(names)
    unknown = [name for name in names if name not in course]
    if unknown or not names:
        fail("plot_comparison", f"names among {', '.join(course)}", names)
    if highlight is not None and highlight not in names:
        fail("plot_comparison", f"`highlight` among {', '.join(names)}", repr(highlight))
    ax = new_axes((7.0, 3.6)) if ax is None else ax
    for index, name in enumerate(course):
        if name in names:
            _draw_network(ax, records, name, index, quantity, highlight in (None, name), highlight == name)
    accuracy = quantity.endswith("accuracy")
    part, measure = quantity.split("_")
    words = {"val": "validation", "train": "training"}[part]
    ax.set(xlabel="updates", ylabel=f"{words} {measure}" + (" in %" if accuracy else ""))
    ax.set_xlim(0, None)
    if accuracy:
        ax.set_ylim(0, 100)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def _draw_network(
    ax: Axes, records: Any, name: str, index: int, quantity: str, strong: bool, thick: bool
) -> None:
    """One median with its band; the colour and the dash are those of the network's place in the course."""
    curves = records.curves(name, quantity) * (100 if quantity.endswith("accuracy") else 1)  # (seeds, rounds)
    failed = int(np.isnan(curves[:, -1]).sum())
    label = records.networks[name]["label"]
    label = f"{label} ({failed} of {len(curves)} failed)" if failed else label
    style = {"color": COLOURS[index % len(COLOURS)], "linestyle": _STYLES[index % len(_STYLES)]}
    curves = curves[~np.isnan(curves).all(axis=1)]  # (seeds that finished, rounds)
    if not len(curves):
        ax.plot([], [], **style, label=label)
        return
    steps = records.steps(name)  # (rounds,)
    width = 3.0 if thick else 1.8 if strong else 1.3
    ax.plot(steps, np.median(curves, axis=0), **style, linewidth=width, label=label)
    low, high = curves.min(axis=0), curves.max(axis=0)  # (rounds,)
    ax.fill_between(steps, low, high, color=style["color"], alpha=0.25 if strong else 0.12, linewidth=0)

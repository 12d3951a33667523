"""What happened during training: numbers per step and per epoch, saved, loaded and drawn."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib._validation import fail

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass
class History:
    """The record of one training run.

    Attributes
    ----------
    step_loss : list of float
        Training loss of every batch, before the step that it led to.
    epochs : list of dict of str to float
        One entry per epoch: ``train_loss`` (mean over the epoch's samples, while the model changes),
        ``val_loss`` and every metric as ``val_<name>`` (after the epoch, in evaluation mode), ``seconds``.
    """

    step_loss: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)

    def column(self, name: str) -> list[float]:
        """Values of one quantity, epoch by epoch.

        Parameters
        ----------
        name : str
            A key of `epochs`, such as ``"val_accuracy"``.

        Returns
        -------
        list of float
            One value per epoch.

        Raises
        ------
        ValueError
            If the run has no such quantity.
        """
        if any(name not in epoch for epoch in self.epochs):
            known = ", ".join(sorted(self.epochs[0])) if self.epochs else "none"
            fail("History.column", f"a name among {known}", repr(name))
        return [epoch[name] for epoch in self.epochs]

    def save(self, path: str | os.PathLike) -> None:
        """Write the record as JSON; the file is replaced whole or not at all.

        Parameters
        ----------
        path : str or path
            Where to.
        """
        text = json.dumps(asdict(self), indent=1)
        temporary = Path(f"{os.fspath(path)}.partial")
        temporary.write_text(text)
        temporary.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> History:
        """Read a record that `save` wrote.

        Parameters
        ----------
        path : str or path
            Where from.

        Returns
        -------
        History
            The record.

        Raises
        ------
        ValueError
            If the file is not such a record.
        """
        try:
            record = cls(**json.loads(Path(path).read_text()))
            numbers = [*record.step_loss, *(number for epoch in record.epochs for number in epoch.values())]
            if not all(isinstance(number, int | float) for number in numbers):
                raise TypeError("it holds something else than numbers")
        except (ValueError, TypeError, AttributeError) as error:
            fail("History.load", "a file written by History.save", f"{path}: {error}")
        return record

    def plot(self, quantity: str = "loss", ax: Axes | None = None) -> Axes:
        """Draw a quantity over the epochs, for training and validation where both are known.

        Parameters
        ----------
        quantity : str, default "loss"
            Name without the prefix ``train_`` or ``val_``.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.

        Raises
        ------
        ValueError
            If the run has no such quantity.
        """
        from matplotlib import pyplot as plt

        known = self.epochs[0] if self.epochs else {}
        found = [(part, f"{part}_{quantity}") for part in ("train", "val") if f"{part}_{quantity}" in known]
        if not found:
            fail("History.plot", f"a quantity of this run, among {sorted(known)}", repr(quantity))
        ax = plt.subplots()[1] if ax is None else ax
        for (part, name), style in zip(found, ("-", "--"), strict=False):
            ax.plot(range(1, len(self.epochs) + 1), self.column(name), style, label=part)
        ax.set(xlabel="epoch", ylabel=quantity)
        ax.legend()
        return ax

"""Reading and writing the comparison's runs; those that are committed lie beside this file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np

from course_lib._validation import check_choice, fail
from course_lib.comparison.runs import ROUNDS, Run

ROLES = ("search", "seed", "control")


@dataclass
class Records:
    """Every run on one data set, and where they come from.

    Attributes
    ----------
    data : str
        Name of the data set.
    protocol : dict
        Updates, batch size, rates, seeds and sizes of the splits that the runs share.
    provenance : dict
        Command, date, machine and versions.
    networks : dict of str to dict
        ``label``, ``parameters`` and ``multiply_adds`` (for one image) of every network, in the order of the
        course.
    runs : list of Run
        In the order in which they were made.
    """

    data: str
    protocol: dict[str, Any]
    provenance: dict[str, Any]
    networks: dict[str, dict[str, Any]]
    runs: list[Run] = field(default_factory=list)

    def of(self, name: str, role: str = "seed") -> list[Run]:
        """Pick the runs of one network.

        Parameters
        ----------
        name : str
            A key of `networks`.
        role : {"search", "seed", "control"}, default "seed"
            What they were made for.

        Returns
        -------
        list of Run
            Search runs in the order of their rates, others in the order of their seeds.

        Raises
        ------
        ValueError
            If there is no such run.
        """
        check_choice("Records.of", "role", role, ROLES)
        found = [run for run in self.runs if run.network == name and run.role == role]
        if not found:
            known = dict.fromkeys(run.network for run in self.runs if run.role == role)
            fail("Records.of", f"a network with runs of role {role!r}, among {', '.join(known)}", repr(name))
        return sorted(found, key=lambda run: (run.rate, run.seed))

    def rate(self, name: str) -> float:
        """Learning rate that the search takes: the best at the end on validation data; of equals the lower.

        Parameters
        ----------
        name : str
            A key of `networks`.

        Returns
        -------
        float
            The rate.
        """
        finished = [run for run in self.of(name, "search") if run.failed is None]
        if not finished:
            fail("Records.rate", f"a rate at which {name} does not fail", "none")
        return max(finished, key=lambda run: run.val_accuracy[-1]).rate

    def curves(self, name: str, quantity: str = "val_accuracy", role: str = "seed") -> np.ndarray:
        """Curves of one network over the rounds.

        Parameters
        ----------
        name : str
            A key of `networks`.
        quantity : {"val_accuracy", "val_loss", "train_loss"}, default "val_accuracy"
            Which column.
        role : {"search", "seed", "control"}, default "seed"
            Which runs.

        Returns
        -------
        ndarray, shape (runs, rounds)
            One row per run; NaN where a run had failed.
        """
        check_choice("Records.curves", "quantity", quantity, ("val_accuracy", "val_loss", "train_loss"))
        rows = [getattr(run, quantity) or [np.nan] * ROUNDS for run in self.of(name, role)]
        return np.array(rows, dtype=float)

    def steps(self, name: str, role: str = "seed") -> np.ndarray:
        """Updates made at the end of each round.

        Parameters
        ----------
        name : str
            A key of `networks`.
        role : {"search", "seed", "control"}, default "seed"
            Which runs.

        Returns
        -------
        ndarray, shape (rounds,), int64
            From the first round's end to the last update.
        """
        return self.of(name, role)[0].updates * np.arange(1, ROUNDS + 1) // ROUNDS

    def test_accuracy(self, name: str, role: str = "seed") -> np.ndarray:
        """Test accuracy of one network, seed by seed.

        Parameters
        ----------
        name : str
            A key of `networks`.
        role : {"seed", "control"}, default "seed"
            Which runs.

        Returns
        -------
        ndarray, shape (seeds,)
            Shares from 0 to 1; NaN where a run had failed.
        """
        values = [run.test_accuracy for run in self.of(name, role)]
        return np.array([np.nan if value is None else value for value in values])

    def save(self, path: str | os.PathLike) -> None:
        """Write the records as JSON, a run a line; the file is replaced whole or not at all.

        Parameters
        ----------
        path : str or path
            Where to.
        """
        head = {key: value for key, value in asdict(self).items() if key != "runs"}
        lines = ",\n".join("  " + json.dumps(asdict(run)) for run in self.runs)
        text = json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n' + lines + "\n ]\n}\n"
        temporary = Path(f"{os.fspath(path)}.partial")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def read_records(path: str | os.PathLike) -> Records:
    """Read what `Records.save` wrote.

    Parameters
    ----------
    path : str or path
        Where from.

    Returns
    -------
    Records
        The runs.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        lists = ("train_loss", "val_loss", "val_accuracy")
        runs = [Run(**run | {key: tuple(run[key]) for key in lists}) for run in content.pop("runs")]
        return Records(**content, runs=runs)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        fail("read_records", "a file written by Records.save", f"{path}: {error}")


def names_in(folder: Traversable, suffix: str) -> list[str]:
    """Names of a package's data files of one kind, without their suffix; none where there is no folder."""
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(file.name.removesuffix(suffix) for file in files if file.name.endswith(suffix))


def stored(data: str = "shapes") -> Records:
    """Read the runs that the course comes with.

    Parameters
    ----------
    data : str, default "shapes"
        A data set whose runs are committed.

    Returns
    -------
    Records
        The runs of ``python -m benchmarks.comparison``.

    Raises
    ------
    ValueError
        If no runs on these data are committed.
    """
    folder = resources.files("course_lib.comparison") / "runs_of"
    known = names_in(folder, ".json")
    if data not in known:
        fail("stored", f"data with committed runs, among {', '.join(known)}", repr(data))
    return read_records(folder / f"{data}.json")

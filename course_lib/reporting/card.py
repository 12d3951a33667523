"""One page that says all about a model that a report should."""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass, field
from numbers import Real

from torch import nn

from course_lib._validation import fail
from course_lib.reporting.costs import Cost, Latency, cost, latency
from course_lib.training import History


@dataclass
class ReportCard:
    """A model's report: print it, show it in a notebook, or take its `as_dict`.

    Attributes
    ----------
    name, what, why, alternatives, data : str
        The author's words: what the model is, why it was chosen, what else was tried, what it was trained on.
    input_shape : tuple of int
        One sample, without the batch axis.
    parameters, macs, flops, activation_bytes : int
        Cost for one sample.
    latency : dict of str to float
        Milliseconds per batch, and how they were measured.
    training : dict of str to float
        Epochs, steps and seconds; empty if no history was given.
    metrics : dict of str to float
        Results.
    """

    name: str
    what: str
    why: str
    alternatives: str
    data: str
    input_shape: tuple[int, ...]
    parameters: int
    macs: int
    flops: int
    activation_bytes: int
    latency: dict[str, float]
    training: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """The report as plain values, ready for JSON.

        Returns
        -------
        dict
            One entry per attribute.
        """
        return asdict(self)

    def rows(self) -> list[tuple[str, str]]:
        """Label and value of every line, empty ones left out.

        Returns
        -------
        list of tuple of str
            In the order of the page.
        """
        time = self.latency
        lines = [
            ("what", self.what),
            ("why", self.why),
            ("alternatives", self.alternatives),
            ("data", self.data),
            ("input", " x ".join(map(str, self.input_shape))),
            ("parameters", f"{self.parameters:,} ({4 * self.parameters / 2**20:.1f} MiB in float32)"),
            ("multiply-adds", f"{self.macs:,} per sample ({self.flops:,} FLOPs)"),
            ("activations", f"{self.activation_bytes / 2**20:.2f} MiB per sample"),
            (
                "latency",
                f"{time['mean']:.2f} ± {time['std']:.2f} ms per batch of {time['batch_size']}, "
                f"{time['batches']} batches on {time['device']}",
            ),
        ]
        if self.training:
            t = self.training
            lines.append(("training", f"{t['epochs']} epochs, {t['steps']} steps, {t['seconds']:.1f} s"))
        lines += [(name, f"{value:.4g}") for name, value in self.metrics.items()]
        return [(label, value) for label, value in lines if value]

    def __str__(self) -> str:
        """Plain text, one line per fact."""
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        return "\n".join([self.name, *(f"  {label:<{width}}  {value}" for label, value in rows)])

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        cells = "".join(
            f'<tr><th scope="row">{html.escape(a)}</th><td>{html.escape(b)}</td></tr>' for a, b in self.rows()
        )
        return f"<table><caption>{html.escape(self.name)}</caption><tbody>{cells}</tbody></table>"

    def as_html(self) -> str:
        """The report as an HTML table.

        Returns
        -------
        str
            Markup with everything escaped.
        """
        return self._repr_html_()


def report_card(
    model: nn.Module,
    input_shape: tuple[int, ...],
    *,
    name: str | None = None,
    what: str = "",
    why: str = "",
    alternatives: str = "",
    data: str = "",
    history: History | None = None,
    metrics: dict[str, float] | None = None,
    batch_size: int = 1,
    batches: int = 100,
) -> ReportCard:
    """Write a model's report: what it is and why, what it costs, how well it does.

    Parameters
    ----------
    model : torch.nn.Module
        Any model; it is run, not changed.
    input_shape : tuple of int
        One sample, without the batch axis.
    name : str, optional
        Title; the model's class by default.
    what, why, alternatives, data : str, optional
        What only the author knows. An empty one is left out of the page.
    history : History, optional
        For training time, and for the last epoch's metrics where `metrics` is not given.
    metrics : dict of str to float, optional
        Results, such as test accuracy.
    batch_size, batches : int, optional
        For the latency; 1 and 100 by default.

    Returns
    -------
    ReportCard
        Printable, and a table in a notebook.

    Raises
    ------
    ValueError
        If `input_shape` or a count is out of range, or a metric is no number.

    References
    ----------
    .. [1] M. Mitchell et al., "Model cards for model reporting", arXiv:1810.03993, 2019.

    Examples
    --------
    >>> card = report_card(nn.Linear(4, 2), (4,), what="a dense layer", batches=3)
    >>> card.parameters, card.macs
    (10, 8)
    """
    spent: Cost = cost(model, input_shape)
    time: Latency = latency(model, input_shape, batch_size=batch_size, batches=batches)
    training: dict[str, float] = {}
    if history is not None and history.epochs:
        seconds = sum(history.column("seconds"))
        training = {"epochs": len(history.epochs), "steps": len(history.step_loss), "seconds": seconds}
        if metrics is None:
            metrics = {k: v for k, v in history.epochs[-1].items() if k.startswith("val_")}
    metrics = {key: _as_number(key, value) for key, value in (metrics or {}).items()}
    return ReportCard(
        name or type(model).__name__,
        what,
        why,
        alternatives,
        data,
        tuple(input_shape),
        spent.parameters,
        spent.macs,
        spent.flops,
        spent.activation_bytes,
        time._asdict(),
        training,
        metrics,
    )


def _as_number(name: str, value: float) -> float:
    """Return a result as a Python number; not-a-number is one."""
    if not isinstance(value, Real):
        fail("report_card", f"metric `{name}` to be a number", repr(value))
    return float(value)

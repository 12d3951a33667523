"""The training loop that chapter 07 writes out, as a function to import afterwards."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from course_lib._validation import as_int, fail
from course_lib.training import checkpoints
from course_lib.training.history import History
from course_lib.training.modes import evaluating
from course_lib.training.nonfinite import explain_nonfinite_loss, random_state

Metric = Callable[[Any, Any], float]


def accuracy(output: Any, target: torch.Tensor) -> float:
    """Count the share of samples whose highest logit is the true class.

    Parameters
    ----------
    output : Tensor, shape (B, C, ...), or tuple with a field ``logits``
        What the model returned.
    target : Tensor, shape (B, ...), integer
        The true classes.

    Returns
    -------
    float
        From 0 to 1.
    """
    logits = getattr(output, "logits", output)  # (B, C, ...)
    return (logits.argmax(dim=1) == target).float().mean().item()


def fit(
    model: nn.Module,
    train_loader: Iterable,
    val_loader: Iterable | None = None,
    *,
    epochs: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Any, Any], torch.Tensor] = nn.functional.cross_entropy,
    metrics: Mapping[str, Metric] | None = None,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    device: torch.device | str | None = None,
    progress: bool = True,
    checkpoint: str | os.PathLike | None = None,
) -> History:
    """Train a model, and measure it on other data after every epoch.

    Parameters
    ----------
    model : torch.nn.Module
        Trained in place; left in training mode.
    train_loader, val_loader : iterable of (input, target)
        Batches of tensors, or of tuples, lists and dicts of them; `val_loader` is optional.
    epochs : int
        Passes over `train_loader` in all, those before a resumption included; at least 1.
    optimizer : torch.optim.Optimizer
        Over the model's parameters.
    loss : callable, default cross-entropy
        ``loss(model(input), target)``, a mean over the batch's samples.
    metrics : mapping of str to callable, optional
        ``metric(output, target)``, means over the batch's samples; ``{"accuracy": accuracy}`` by default.
    scheduler : torch.optim.lr_scheduler.LRScheduler, optional
        Stepped after every epoch; not one that asks for a measure, as ReduceLROnPlateau does.
    device : device or str, optional
        Where to compute; a GPU if there is one, by default.
    progress : bool, default True
        Draw a bar; none is drawn under ``COURSE_QUIET=1`` or where output is neither a terminal nor a
        notebook.
    checkpoint : str or path, optional
        File that is replaced after every epoch. If it exists, training goes on from it, with the result of a
        run that was never interrupted: model, optimiser, scheduler and PyTorch's random states, the loader's
        included, are restored.

    Returns
    -------
    History
        Loss of every step; losses, metrics and seconds of every epoch.

    Raises
    ------
    ValueError
        If `epochs` is below 1, a loader is empty, `loss` does not return one number, a metric is called
        "loss", the scheduler asks for a measure, or `checkpoint` lies in no folder, is damaged or belongs to
        another model, optimiser or scheduler.
    FloatingPointError
        If the loss is not finite; the message names the step and the first layer whose output was not finite.

    References
    ----------
    .. [1] I. Goodfellow, Y. Bengio and A. Courville, "Deep Learning", MIT Press, 2016, chapter 8.

    Examples
    --------
    >>> model = nn.Linear(2, 2)
    >>> batch = (torch.randn(8, 2), torch.zeros(8, dtype=torch.long))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> history = fit(model, [batch], [batch], epochs=20, optimizer=optimizer, device="cpu")
    >>> history.column("val_loss")[-1] < history.column("val_loss")[0]
    True
    """
    epochs = as_int("fit", "epochs", epochs, 1)
    _check_metrics("fit", metrics)
    if isinstance(scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        fail("fit", "a scheduler that is stepped without a measure", type(scheduler).__name__)
    if checkpoint is not None and not Path(checkpoint).absolute().parent.is_dir():
        fail("fit", "`checkpoint` in a folder that exists", os.fspath(checkpoint))
    device = default_device() if device is None else torch.device(device)
    model.to(device)
    _move_optimizer(optimizer, device)
    history = History()
    run = checkpoints.Run(model, optimizer, scheduler, train_loader, device)
    if checkpoint is not None and os.path.exists(checkpoint):
        history = checkpoints.restore(checkpoint, run)
    model.train()
    steps = _length(train_loader)
    for epoch in range(len(history.epochs), epochs):
        start = time.perf_counter()
        bar = tqdm(total=steps, desc=f"epoch {epoch + 1}/{epochs}", disable=_quiet(progress), leave=False)
        with bar:
            train_loss = _train_epoch(model, train_loader, optimizer, loss, device, history, bar)
        row = {"train_loss": train_loss}
        if val_loader is not None:
            measured = evaluate(model, val_loader, loss=loss, metrics=metrics, device=device)
            row |= {f"val_{name}": value for name, value in measured.items()}
        if scheduler is not None:
            scheduler.step()
        history.epochs.append(row | {"seconds": time.perf_counter() - start})
        if checkpoint is not None:
            checkpoints.save(checkpoint, run, history)
    return history


def _train_epoch(model, loader, optimizer, loss, device, history, bar) -> float:
    """One pass over the data; returns the mean loss of its samples."""
    model.train()
    total = samples = 0
    for batch in loader:
        inputs, target = to_device(batch, device)
        size = batch_size(inputs)
        if not size:
            continue  # a mean over no sample is no number
        optimizer.zero_grad()
        random = random_state(device)
        output = model(inputs)
        value = loss(output, target)
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            got = f"shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
            fail("fit", "`loss` to return a tensor of one number", got)
        if not torch.isfinite(value):
            step = len(history.step_loss) + 1
            explain_nonfinite_loss(model, inputs, output, random, value.item(), step)
        value.backward()
        optimizer.step()
        history.step_loss.append(value.item())
        total, samples = total + value.item() * size, samples + size
        bar.update()
        bar.set_postfix(loss=f"{value.item():.4f}")
    if not samples:
        fail("fit", "`train_loader` to yield at least one sample", "none")
    return total / samples


def evaluate(
    model: nn.Module,
    loader: Iterable,
    *,
    loss: Callable[[Any, Any], torch.Tensor] = nn.functional.cross_entropy,
    metrics: Mapping[str, Metric] | None = None,
    device: torch.device | str | None = None,
) -> dict[str, float]:
    """Measure a model: evaluation mode, no gradients, the model's mode restored afterwards.

    Parameters
    ----------
    model : torch.nn.Module
        What to measure.
    loader : iterable of (input, target)
        Batches of tensors, or of tuples, lists and dicts of them.
    loss : callable, default cross-entropy
        ``loss(model(input), target)``, a mean over the batch's samples.
    metrics : mapping of str to callable, optional
        ``metric(output, target)``, means over the batch's samples; ``{"accuracy": accuracy}`` by default.
    device : device or str, optional
        Where to compute; a GPU if there is one, by default.

    Returns
    -------
    dict of str to float
        ``loss`` and every metric, means over the samples whatever the sizes of the batches.

    Raises
    ------
    ValueError
        If the loader yields no sample, or a metric is called "loss".

    References
    ----------
    .. [1] ``torch.nn.Module.eval`` and ``torch.inference_mode``.

    Examples
    --------
    >>> model = nn.Linear(2, 2)
    >>> batch = (torch.randn(8, 2), torch.zeros(8, dtype=torch.long))
    >>> sorted(evaluate(model, [batch], device="cpu"))
    ['accuracy', 'loss']
    """
    _check_metrics("evaluate", metrics)
    metrics = {"accuracy": accuracy} if metrics is None else metrics
    device = default_device() if device is None else torch.device(device)
    model.to(device)
    totals, samples = dict.fromkeys(["loss", *metrics], 0.0), 0
    with torch.inference_mode(), evaluating(model):
        for batch in loader:
            inputs, target = to_device(batch, device)
            size = batch_size(inputs)
            if not size:
                continue
            output = model(inputs)
            totals["loss"] += float(loss(output, target)) * size
            for name, metric in metrics.items():
                totals[name] += float(metric(output, target)) * size
            samples += size
    if not samples:
        fail("evaluate", "`loader` to yield at least one sample", "none")
    return {name: total / samples for name, total in totals.items()}


def default_device() -> torch.device:
    """Choose a GPU if there is one, else the processor.

    Returns
    -------
    torch.device
        ``cuda`` or ``cpu``.
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_device(value: Any, device: torch.device) -> Any:
    """Move every tensor in nested tuples, named tuples, lists and dicts."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {key: to_device(item, device) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [to_device(item, device) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def batch_size(inputs: Any) -> int:
    """Samples in a batch: the length of its first tensor, or of a list of images."""
    while isinstance(inputs, dict | tuple):
        inputs = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[0]
    return len(inputs)


def _move_optimizer(optimizer: torch.optim.Optimizer, device: torch.device) -> None:
    """Bring momenta along to the device that the parameters were moved to."""
    for state in optimizer.state.values():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.ndim:  # a scalar step count stays where it is
                state[key] = value.to(device)


def _check_metrics(function: str, metrics: Mapping[str, Metric] | None) -> None:
    """Refuse a metric by the name that the loss already has."""
    if metrics is not None and "loss" in metrics:
        fail(function, "metrics by other names than 'loss'", sorted(metrics))


def _length(loader: Iterable) -> int | None:
    """Return the number of batches, or None where the loader does not know it."""
    try:
        return len(loader)
    except TypeError:
        return None


def _quiet(progress: bool) -> bool:
    if not progress or os.environ.get("COURSE_QUIET") == "1":
        return True
    return "ipykernel" not in sys.modules and not sys.stderr.isatty()

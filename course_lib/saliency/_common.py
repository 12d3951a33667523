"""Running a model under observation and leaving it as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib._validation import fail


def as_images(function: str, model: nn.Module, images: np.ndarray | Tensor) -> Tensor:
    """Return a detached copy of the images on the model's device, in its dtype."""
    if not isinstance(images, Tensor):
        images = np.array(images)  # a copy in plain order: PyTorch takes no other strides
    if images.ndim != 4:
        fail(function, "images of shape (N, C, H, W)", f"shape {tuple(images.shape)}")
    if isinstance(images, np.ndarray) and np.issubdtype(images.dtype, np.floating):
        images = torch.from_numpy(images.astype(images.dtype.newbyteorder("="), copy=False))
    if not isinstance(images, Tensor) or not images.is_floating_point():
        fail(function, "images of a floating dtype", f"dtype {images.dtype}")
    return images.detach().clone().to(next(model.parameters(), images))


def main_output(answer: object) -> Tensor:
    """The logits of a model that answers with a tensor or with named outputs."""
    return getattr(answer, "logits", answer)


def run_classifier(function: str, model: nn.Module, images: Tensor) -> Tensor:
    """Run the classifier and check that it is one."""
    logits = main_output(model(images))
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        got = f"shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        fail(function, "a classifier with logits of shape (N, K)", got)
    return logits


def target_classes(function: str, logits: Tensor, target: int | Sequence[int] | None) -> Tensor:
    """One class for each image, shape (N,)."""
    if target is None:
        return logits.argmax(dim=1)
    count, classes = logits.shape
    index = np.asarray(target.cpu() if isinstance(target, Tensor) else target)
    if not np.issubdtype(index.dtype, np.integer) or index.shape not in ((), (count,)):
        fail(function, f"`target` as one class or {count}", repr(target))
    if index.size and not 0 <= index.min() <= index.max() < classes:
        fail(function, f"`target` from 0 to {classes - 1}", repr(target))
    return torch.tensor(index.astype(np.int64), device=logits.device).expand(count)


def target_scores(
    function: str, model: nn.Module, images: Tensor, target: int | Sequence[int] | None
) -> Tensor:
    """Logit of each image's class, shape (N,)."""
    logits = run_classifier(function, model, images)
    return logits.gather(1, target_classes(function, logits, target)[:, None])[:, 0]  # (N,)


def enlarged(evidence: Tensor, images: Tensor, upsample: bool) -> np.ndarray:
    """Bring maps (N, H', W') to the size of the images."""
    if upsample:
        size = images.shape[2:]
        evidence = F.interpolate(evidence[:, None], size, mode="bilinear", align_corners=False)[:, 0]
    return evidence.detach().cpu().numpy()


def find_layer(function: str, model: nn.Module, name: str) -> nn.Module:
    """Return the layer of that name."""
    layers = dict(model.named_modules())
    if name not in layers or not name:
        expected = f"the name of a layer of {type(model).__name__}, such as {list(layers)[-1]!r}"
        fail(function, expected, repr(name))
    return layers[name]


def check_seen(function: str, seen: dict[str, Tensor | None]) -> None:
    """Refuse layers that the forward pass did not run, or that answer with something else than a tensor."""
    for name, answer in seen.items():
        if not isinstance(answer, Tensor):
            got = "no answer" if answer is None else type(answer).__name__
            fail(function, f"layer {name!r} to answer with a tensor", got)


def as_maps(function: str, layer: str, seen: dict[str, Tensor | None]) -> Tensor:
    """The recorded answer of a layer that must be a map (N, C, H, W)."""
    check_seen(function, seen)
    if seen[layer].ndim != 4:
        got = f"shape {tuple(seen[layer].shape)}"
        fail(function, f"layer {layer!r} to answer with shape (N, C, H, W)", got)
    return seen[layer]


@contextmanager
def recording(function: str, model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor | None]]:
    """Fill a dict with the outputs of layers as the model runs; the hooks go away again.

    The model goes on with copies of the outputs, so that a layer that works in place does not overwrite them.
    """
    seen: dict[str, Tensor | None] = dict.fromkeys(names)
    layers = [(name, find_layer(function, model, name)) for name in names]
    hooks = [layer.register_forward_hook(_keep(seen, name)) for name, layer in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _keep(seen: dict[str, Tensor | None], name: str) -> Callable[[nn.Module, tuple, Any], None]:
    """Make a hook that notes a layer's answer and hands on a copy."""

    def hook(module: nn.Module, arguments: tuple, answer: Any) -> Any:
        seen[name] = answer
        return answer.clone() if isinstance(answer, Tensor) else None

    return hook

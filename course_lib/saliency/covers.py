"""Covering parts of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course_lib._validation import as_float, as_pair, fail
from course_lib.saliency._common import (
    as_images,
    run_classifier,
    target_classes,
)
from course_lib.training.modes import evaluating


def occlusion(
    model: nn.Module,
    images: np.ndarray | Tensor,
    target: int | Sequence[int] | None = None,
    window: int | tuple[int, int] = 8,
    stride: int | tuple[int, int] = 4,
    fill: float = 0.0,
) -> np.ndarray:
    """Cover one window of the image after another and see how much probability the class loses.

    Parameters
    ----------
    model : Module
        A classifier.
    images : ndarray or Tensor, shape (N, C, H, W), floating
        Images.
    target : int or sequence of int, optional
        Class to ask about, for all images or one for each; by default the one that the model predicts.
    window : int or pair of int, default 8
        Height and width of the cover, in pixels; at most those of the image.
    stride : int or pair of int, default 4
        Step between covers, in pixels.
    fill : float, default 0.0
        Value of covered pixels.

    Returns
    -------
    ndarray, shape (N, rows, columns)
        Probability of the class without cover minus that with a cover there; entry (i, j) covers the window
        whose first pixel is ``(i * stride, j * stride)``.

    Raises
    ------
    ValueError
        If the window exceeds the image, `fill` is no number, or the images or target do not fit.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       arXiv:1311.2901, 2013, section 4.2.

    Examples
    --------
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    >>> occlusion(model, np.ones((1, 1, 8, 8), dtype=np.float32), window=4, stride=2).shape
    (1, 3, 3)
    """
    images = as_images("occlusion", model, images)
    (h, w), (down, across) = (
        as_pair("occlusion", "window", window, 1),
        as_pair("occlusion", "stride", stride, 1),
    )
    fill = as_float("occlusion", "fill", fill)
    height, width = images.shape[2:]
    if h > height or w > width:
        fail("occlusion", f"a window of at most {height} x {width}", f"{h} x {w}")
    corners = [(i, j) for i in range(0, height - h + 1, down) for j in range(0, width - w + 1, across)]
    with torch.no_grad(), evaluating(model):
        logits = run_classifier("occlusion", model, images)  # (N, K)
        classes = target_classes("occlusion", logits, target)[:, None]  # (N, 1)
        whole = logits.softmax(dim=1).gather(1, classes)  # (N, 1)
        drops = []
        for i, j in corners:
            covered = images.clone()
            covered[:, :, i : i + h, j : j + w] = fill
            drops.append(
                whole - run_classifier("occlusion", model, covered).softmax(dim=1).gather(1, classes)
            )
    rows, columns = (height - h) // down + 1, (width - w) // across + 1
    return torch.cat(drops, dim=1).reshape(len(images), rows, columns).cpu().numpy()  # (N, rows, columns)

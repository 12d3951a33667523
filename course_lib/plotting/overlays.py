"""What detectors and segmenters say of an image, drawn on it: boxes and masks."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt  # noqa: F401  the examples close their figures
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like, to_rgb
from matplotlib.patches import Rectangle

from course_lib._validation import as_float, fail
from course_lib.plotting.images import as_image, check_numbers, show_image
from course_lib.plotting.style import COLOURS


def show_boxes(
    image: np.ndarray,
    boxes: np.ndarray,
    *,
    labels: Sequence[str] | None = None,
    colour: str | Sequence[str] = COLOURS[1],
    dashed: bool = False,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw boxes over an image.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        What the boxes lie on; pass `ax` of an earlier call to draw more boxes on the same image.
    boxes : ndarray, shape (N, 4)
        Boxes ``xyxy``, in pixels, far edges exclusive.
    labels : sequence of str, optional
        A word at the top left corner of each box.
    colour : str or sequence of str, default the second of `COLOURS`
        One colour for all, or one each.
    dashed : bool, default False
        Dashed outlines, to tell predictions from truth without colour.
    title : str, default ""
        Text above the image.
    ax : Axes, optional
        Where to draw; a new figure by default. An image already on it stays.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If a shape or the number of labels or colours disagrees, or a colour is none.

    Examples
    --------
    >>> ax = show_boxes(np.zeros((8, 8)), np.array([[1, 2, 5, 4]]), labels=["cat"])
    >>> tuple(map(float, ax.patches[0].get_bbox().bounds))  # edges lie half a pixel off the centres
    (0.5, 1.5, 4.0, 2.0)
    >>> plt.close(ax.figure)
    """
    boxes = np.asarray(boxes)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        fail("show_boxes", "`boxes` of shape (N, 4)", f"shape {boxes.shape}")
    if len(boxes):
        check_numbers("show_boxes", "boxes", boxes)
    if labels is not None and len(labels) != len(boxes):
        fail("show_boxes", f"{len(boxes)} labels, one for each box", len(labels))
    colours = [colour] * len(boxes) if isinstance(colour, str) or is_color_like(colour) else list(colour)
    if len(colours) != len(boxes) or not all(map(is_color_like, colours)):
        fail("show_boxes", f"`colour` to be a colour, or {len(boxes)} of them", repr(colour))
    if ax is None or not ax.get_images():
        ax = show_image(image, ax=ax)
    if title:
        ax.set_title(title)
    for k, (x1, y1, x2, y2) in enumerate(boxes):
        style = {"edgecolor": colours[k], "linewidth": 2, "linestyle": "--" if dashed else "-"}
        ax.add_patch(Rectangle((x1 - 0.5, y1 - 0.5), x2 - x1, y2 - y1, fill=False, **style))
        if labels is not None:
            panel = {"facecolor": "white", "edgecolor": colours[k], "pad": 1.5}
            ax.text(x1 - 0.5, y1 - 0.5, labels[k], fontsize=9, va="bottom", bbox=panel, clip_on=True)
    return ax


def show_masks(
    image: np.ndarray, masks: np.ndarray, *, alpha: float = 0.5, title: str = "", ax: Axes | None = None
) -> Axes:
    """Tint the pixels of masks on an image, and outline each mask.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3), in [0, 1]
        What the masks lie on.
    masks : ndarray, shape (N, H, W), bool
        One mask per object or class, each in the next of `COLOURS`.
    alpha : float, default 0.5
        How much of the tint shows, in [0, 1].
    title : str, default ""
        Text above the image.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If a shape disagrees, the image or `alpha` is not in [0, 1], or a mask holds more than True and False.

    Examples
    --------
    >>> ax = show_masks(np.zeros((4, 4)), np.eye(4, dtype=bool)[None])
    >>> bool((ax.get_images()[0].get_array()[0, 1] == 0).all())  # outside the mask nothing changes
    True
    >>> plt.close(ax.figure)
    """
    image, masks = as_image("show_masks", image), np.asarray(masks)
    alpha = as_float("show_masks", "alpha", alpha, 0, 1)
    if not -1e-6 < image.min() <= image.max() < 1 + 1e-6:
        fail("show_masks", "`image` in [0, 1]", f"{image.min():.4g} to {image.max():.4g}")
    if masks.ndim != 3 or masks.shape[1:] != image.shape[:2]:
        fail(
            "show_masks", f"`masks` of shape (N, {image.shape[0]}, {image.shape[1]})", f"shape {masks.shape}"
        )
    if not np.isin(masks, (0, 1)).all():
        fail("show_masks", "`masks` of True and False", f"{masks.min():.4g} to {masks.max():.4g}")
    image, masks = image.astype(float), masks.astype(bool)
    tinted = np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image.copy()  # (H, W, 3)
    for k, mask in enumerate(masks):
        tinted[mask] = (1 - alpha) * tinted[mask] + alpha * np.array(to_rgb(COLOURS[k % len(COLOURS)]))
    ax = show_image(tinted, title=title, ax=ax)
    for k, mask in enumerate(masks):
        if mask.any() and not mask.all() and min(mask.shape) > 1:  # a line has no outline
            ax.contour(mask, levels=[0.5], colors=[COLOURS[k % len(COLOURS)]], linewidths=1.5)
    return ax

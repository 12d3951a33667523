"""Images and matrices, drawn so that a reader can check them by eye."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib._validation import fail
from course_lib.plotting.style import COLOURS, new_axes


def show_image(
    image: np.ndarray,
    *,
    title: str = "",
    signed: bool = False,
    limit: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one image without ticks.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        Grey values, or colours as matplotlib takes them.
    title : str, default ""
        Text above the image.
    signed : bool, default False
        Draw values from blue (negative) over white (zero) to red (positive), with the same scale on both
        sides; for responses of a filter. Otherwise grey, from the smallest value to the largest.
    limit : float, optional
        Largest magnitude drawn: the scale runs from ``-limit`` if `signed`, else 0, to ``limit``.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If the array is not an image.

    Examples
    --------
    >>> ax = show_image(np.eye(3), title="a diagonal")
    >>> ax.get_title()
    'a diagonal'
    >>> plt.close(ax.figure)
    """
    image = np.asarray(image)
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
        fail("show_image", "`image` of shape (H, W) or (H, W, 3)", f"shape {image.shape}")
    ax = new_axes((3.2, 3.2)) if ax is None else ax
    if signed:
        high = float(np.abs(image).max()) if limit is None else limit
        scale = {"cmap": "RdBu_r", "vmin": -high, "vmax": high}
    else:
        scale = {"cmap": "gray"} if limit is None else {"cmap": "gray", "vmin": 0, "vmax": limit}
    ax.imshow(image, **scale)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#999999", linewidth=0.8)
    return ax


def show_images(
    images: Sequence[np.ndarray],
    *,
    titles: Sequence[str] = (),
    columns: int = 3,
    signed: bool = False,
    limit: float | None = None,
    size: float = 2.3,
) -> np.ndarray:
    """Draw several images in a grid of a new figure.

    Parameters
    ----------
    images : sequence of ndarray, each of shape (H, W) or (H, W, 3)
        At least one image.
    titles : sequence of str, optional
        One title per image, or none.
    columns : int, default 3
        Images per row.
    signed : bool, default False
        Blue, white and red around zero, as in `show_image`.
    limit : float, optional
        Largest magnitude drawn, the same for all images; by default each image has its own scale.
    size : float, default 2.3
        Width of one image, in inches.

    Returns
    -------
    ndarray of Axes, shape (n_images,)
        One per image, in order.

    Raises
    ------
    ValueError
        If there is no image, or the titles are neither none nor one per image.

    Examples
    --------
    >>> axes = show_images([np.eye(3), np.ones((3, 3))], titles=["eye", "ones"], columns=2)
    >>> [ax.get_title() for ax in axes]
    ['eye', 'ones']
    >>> plt.close(axes[0].figure)
    """
    images = list(images)
    if not images or len(titles) not in (0, len(images)):
        fail(
            "show_images", "at least one image, and no titles or one each", f"{len(images)} and {len(titles)}"
        )
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    shape = np.asarray(images[0]).shape
    height = size * shape[0] / shape[1] + (0.35 if titles else 0.05)
    _, grid = plt.subplots(rows, columns, figsize=(size * columns, height * rows), squeeze=False)
    axes = grid.ravel()  # (rows * columns,)
    for index, image in enumerate(images):
        show_image(image, title=titles[index] if titles else "", signed=signed, limit=limit, ax=axes[index])
    for ax in axes[len(images) :]:
        ax.set_visible(False)
    return axes[: len(images)]


def show_matrix(
    matrix: np.ndarray,
    *,
    title: str = "",
    box: tuple[int, int, int, int] | None = None,
    signed: bool = False,
    number_format: str = "g",
    ax: Axes | None = None,
) -> Axes:
    """Draw a small matrix as a grid of cells with the numbers in them.

    Parameters
    ----------
    matrix : ndarray, shape (H, W)
        The numbers.
    title : str, default ""
        Text above the grid.
    box : tuple of int, optional
        ``(top, left, height, width)``, in cells, of a window to frame.
    signed : bool, default False
        Tint negative cells blue and positive ones red; otherwise larger numbers are darker.
    number_format : str, default "g"
        Format of each number, as in ``format(number, "g")``.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If `matrix` does not have two axes.

    Examples
    --------
    >>> ax = show_matrix(np.array([[1, 2], [3, 4]]), box=(0, 0, 1, 2))
    >>> [text.get_text() for text in ax.texts]
    ['1', '2', '3', '4']
    >>> plt.close(ax.figure)
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2:
        fail("show_matrix", "`matrix` of shape (H, W)", f"shape {matrix.shape}")
    height, width = matrix.shape
    ax = new_axes((0.55 * width + 0.2, 0.55 * height + 0.5)) if ax is None else ax
    # Tints stay pale, so that black numbers keep their contrast on every cell.
    high = 2.5 * (float(np.abs(matrix).max()) or 1.0)
    ax.imshow(matrix, cmap="RdBu_r" if signed else "Greys", vmin=-high if signed else 0, vmax=high)
    for (row, column), number in np.ndenumerate(matrix):
        ax.text(column, row, format(number, number_format), ha="center", va="center", color="black")
    for line in range(height + 1):
        ax.plot([-0.5, width - 0.5], [line - 0.5] * 2, color="#777777", linewidth=0.8)
    for line in range(width + 1):
        ax.plot([line - 0.5] * 2, [-0.5, height - 0.5], color="#777777", linewidth=0.8)
    if box is not None:
        top, left, box_height, box_width = box
        ax.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5),
                box_width,
                box_height,
                fill=False,
                edgecolor=COLOURS[1],
                linewidth=3,
                zorder=3,
            )
        )
    ax.set(title=title, xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6))
    ax.set_axis_off()
    return ax

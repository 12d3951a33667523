"""Images and matrices, drawn so that a reader can check them by eye."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib._validation import as_float, as_int, fail
from course_lib.plotting.style import COLOURS, new_axes


def as_image(function: str, image: np.ndarray) -> np.ndarray:
    """Return an image as an array of real numbers with pixels, (H, W) or (H, W, 3)."""
    image = np.asanyarray(image)  # a masked array keeps its mask
    if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
        fail(function, "`image` of shape (H, W) or (H, W, 3)", f"shape {image.shape}")
    check_numbers(function, "image", image)
    return image


def check_numbers(function: str, name: str, array: np.ndarray) -> None:
    """Refuse arrays without entries, and entries that are no real numbers."""
    if not array.size or array.dtype.kind not in "biuf":
        fail(function, f"`{name}` to hold real numbers", f"shape {array.shape}, dtype {array.dtype}")


def largest(array: np.ndarray) -> float:
    """Return the largest finite magnitude; 0 where there is none."""
    values = np.ma.compressed(array)
    return float(np.abs(values[np.isfinite(values)], dtype=float).max(initial=0))


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
        Largest magnitude drawn: the scale runs from ``-limit`` if `signed`, else 0, to ``limit``. Neither
        matters for colours, which have no scale.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If the array is not an image, or `limit` is below 0.

    Examples
    --------
    >>> ax = show_image(np.eye(3), title="a diagonal")
    >>> ax.get_title()
    'a diagonal'
    >>> plt.close(ax.figure)
    """
    image = as_image("show_image", image)
    limit = None if limit is None else as_float("show_image", "limit", limit, 0)
    ax = new_axes((3.2, 3.2)) if ax is None else ax
    if signed:
        high = largest(image) if limit is None else limit
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
        If there is no image, something is no image, the titles are neither none nor one per image, or a
        number is out of range.

    Examples
    --------
    >>> axes = show_images([np.eye(3), np.ones((3, 3))], titles=["eye", "ones"], columns=2)
    >>> [ax.get_title() for ax in axes]
    ['eye', 'ones']
    >>> plt.close(axes[0].figure)
    """
    columns = as_int("show_images", "columns", columns, 1)
    if as_float("show_images", "size", size, 0) == 0:
        fail("show_images", "`size` above 0", size)
    images = [as_image("show_images", image) for image in images]
    if not images or len(titles) not in (0, len(images)):
        fail(
            "show_images", "at least one image, and no titles or one each", f"{len(images)} and {len(titles)}"
        )
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    height = size * images[0].shape[0] / images[0].shape[1] + (0.35 if titles else 0.05)
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
        If `matrix` does not have two axes and entries, or `box` is not four integers.

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
    check_numbers("show_matrix", "matrix", matrix)
    if box is not None and (len(box) != 4 or not all(isinstance(n, int | np.integer) for n in box)):
        fail("show_matrix", "`box` to be (top, left, height, width)", box)
    height, width = matrix.shape
    ax = new_axes((0.55 * width + 0.2, 0.55 * height + 0.5)) if ax is None else ax
    # Tints stay pale, so that black numbers keep their contrast on every cell.
    high = 2.5 * (largest(matrix) or 1.0)
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

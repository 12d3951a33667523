"""Figures of the book: arrays in, Axes out, in one style.

Every figure stands on an opaque white panel, so that colour maps and labels keep their contrast in the book's
dark mode as well as in its light one. Colours are those of Okabe and Ito, which stay apart for readers with a
colour-vision deficiency; what carries meaning is also written, dashed or labelled.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib._validation import fail

#: Okabe and Ito's colours, the ones that read well on white first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

_STYLE = {
    "figure.figsize": (7.0, 3.2),
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.facecolor": "white",
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "font.size": 12,
    "text.color": "#1a1a1a",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "image.cmap": "gray",
    "svg.hashsalt": "course",
    "svg.fonttype": "path",
}
_MOST_PIXELS_IN_SVG = 1000


def use_course_style() -> None:
    """Draw every later figure in the course's style; call it once, in a chapter's first cell.

    In a notebook a figure is stored as SVG, sharp at any size and the same on
    every run, unless it holds a photograph (more than 1,000 pixels), which is stored as PNG.

    Examples
    --------
    >>> use_course_style()
    >>> plt.rcParams["svg.hashsalt"]
    'course'
    """
    plt.rcParams.update(_STYLE)
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None and hasattr(shell, "kernel"):
        _choose_notebook_format(shell)


def _choose_notebook_format(shell) -> None:
    """Let each figure decide between SVG and PNG: the other formatter answers None, which leaves it out."""
    import matplotlib_inline.backend_inline  # noqa: F401  sets its own formats on import: let it go first
    from IPython.core.pylabtools import print_figure

    def as_svg(figure: Figure) -> str | None:
        if _holds_photograph(figure):
            return None
        return print_figure(figure, "svg", metadata={"Date": None, "Creator": None})

    def as_png(figure: Figure) -> bytes | None:
        return print_figure(figure, "png") if _holds_photograph(figure) else None

    formatters = shell.display_formatter.formatters
    formatters["image/svg+xml"].for_type(Figure, as_svg)
    formatters["image/png"].for_type(Figure, as_png)


def _holds_photograph(figure: Figure) -> bool:
    pixels = sum(
        image.get_array()[..., 0].size if image.get_array().ndim == 3 else image.get_array().size
        for ax in figure.axes
        for image in ax.get_images()
    )
    return pixels > _MOST_PIXELS_IN_SVG


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
    ax = _new_axes((3.2, 3.2)) if ax is None else ax
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
    ax = _new_axes((0.55 * width + 0.2, 0.55 * height + 0.5)) if ax is None else ax
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


def _new_axes(size: tuple[float, float]) -> Axes:
    """Axes of a new figure of the given size in inches."""
    return plt.subplots(figsize=size)[1]

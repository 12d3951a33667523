"""What networks hold and how they fare: filters, feature maps, confusions, learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt  # noqa: F401  the examples close their figures
import numpy as np
from matplotlib.axes import Axes

from course_lib._validation import as_int, fail
from course_lib.plotting.images import check_numbers, largest, show_image
from course_lib.plotting.style import COLOURS, new_axes


def _mosaic(tiles: np.ndarray, columns: int, gap: float) -> np.ndarray:
    """Lay tiles ``(N, H, W)`` or ``(N, H, W, 3)`` out row by row, one pixel apart."""
    n, height, width = tiles.shape[:3]
    rows = -(-n // columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, *tiles.shape[3:]), gap, dtype=float)
    for k, tile in enumerate(tiles):
        top, left = (k // columns) * (height + 1), (k % columns) * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _columns(function: str, n: int, columns: int | None) -> int:
    return int(np.ceil(np.sqrt(n))) if columns is None else min(as_int(function, "columns", columns, 1), n)


def show_filters(
    weight: np.ndarray, *, columns: int | None = None, title: str = "", ax: Axes | None = None
) -> Axes:
    """Draw the filters of a first layer as small pictures, one scale for all.

    Parameters
    ----------
    weight : ndarray, shape (C_out, C_in, K_h, K_w)
        Filters. With three input channels they are drawn in colour, grey meaning zero; otherwise their mean
        over the input channels is drawn from blue (negative) over white (zero) to red (positive).
    columns : int, optional
        Filters in a row; about a square by default.
    title : str, default ""
        Text above the sheet.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If `weight` has another shape or holds no numbers, or `columns` is below 1.

    Examples
    --------
    >>> ax = show_filters(np.ones((6, 1, 5, 5)), columns=3)
    >>> ax.get_images()[0].get_array().shape  # 2 x 3 tiles of 5 x 5, one pixel apart
    (11, 17)
    >>> plt.close(ax.figure)
    """
    weight = np.asarray(weight)
    if weight.ndim != 4 or weight.size == 0:
        fail("show_filters", "`weight` of shape (C_out, C_in, K_h, K_w)", f"shape {weight.shape}")
    check_numbers("show_filters", "weight", weight)
    columns = _columns("show_filters", len(weight), columns)
    if weight.shape[1] == 3:
        scale = max(largest(weight), np.finfo(float).tiny)
        colour = 0.5 + 0.5 * weight.transpose(0, 2, 3, 1) / scale  # (C_out, K_h, K_w, 3)
        return show_image(_mosaic(colour, columns, 1.0), title=title, ax=ax)
    mean = weight.mean(axis=1)  # (C_out, K_h, K_w)
    limit = max(largest(mean), np.finfo(float).tiny)
    return show_image(_mosaic(mean, columns, np.nan), title=title, signed=True, limit=limit, ax=ax)


def show_feature_maps(
    maps: np.ndarray,
    *,
    columns: int | None = None,
    signed: bool = False,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw the channels of one image's activations side by side, one scale for all.

    Parameters
    ----------
    maps : ndarray, shape (C, H, W)
        Activations.
    columns : int, optional
        Channels in a row; about a square by default.
    signed : bool, default False
        From blue (negative) over white to red (positive), in place of grey from 0 to the largest.
    title : str, default ""
        Text above the sheet.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If `maps` has another shape or holds no numbers, or `columns` is below 1.

    Examples
    --------
    >>> ax = show_feature_maps(np.zeros((5, 4, 6)))
    >>> ax.get_images()[0].get_array().shape  # 2 x 3 tiles of 4 x 6, one pixel apart
    (9, 20)
    >>> plt.close(ax.figure)
    """
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.size == 0:
        fail("show_feature_maps", "`maps` of shape (C, H, W)", f"shape {maps.shape}")
    check_numbers("show_feature_maps", "maps", maps)
    high = max(largest(maps), np.finfo(float).tiny)
    sheet = _mosaic(maps, _columns("show_feature_maps", len(maps), columns), np.nan)
    return show_image(sheet, title=title, signed=signed, limit=high, ax=ax)


def show_confusion(
    matrix: np.ndarray, classes: Sequence[str], *, title: str = "", ax: Axes | None = None
) -> Axes:
    """Draw a confusion matrix with its counts written in: rows are true classes, columns predictions.

    Parameters
    ----------
    matrix : ndarray, shape (C, C), integer
        ``matrix[t, p]`` samples of class ``t`` were taken for class ``p``.
    classes : sequence of str
        Their names.
    title : str, default ""
        Text above the matrix.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If the matrix is not square, holds no numbers, or the number of names disagrees.

    Examples
    --------
    >>> ax = show_confusion(np.array([[9, 1], [0, 10]]), ["cat", "dog"])
    >>> [text.get_text() for text in ax.texts]  # a zero is left blank
    ['9', '1', '10']
    >>> plt.close(ax.figure)
    """
    matrix, classes = np.asarray(matrix), [str(name) for name in classes]
    if matrix.shape != (len(classes), len(classes)):
        fail("show_confusion", f"`matrix` of shape ({len(classes)}, {len(classes)})", f"shape {matrix.shape}")
    check_numbers("show_confusion", "matrix", matrix)
    ax = new_axes((4.6, 4.6)) if ax is None else ax
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)  # (C, C)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for t, p in zip(*np.nonzero(matrix), strict=True):
        colour = "white" if share[t, p] > 0.5 else "black"
        ax.text(p, t, f"{matrix[t, p]}", ha="center", va="center", fontsize=9, color=colour)
    ticks = range(len(classes))
    ax.set_xticks(ticks, classes, rotation=90 if max(map(len, classes)) > 2 else 0)
    ax.set_yticks(ticks, classes)
    ax.set(xlabel="predicted class", ylabel="true class", title=title)
    return ax


def show_learning_curves(
    runs: Mapping[str, np.ndarray],
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "epoch",
    ylabel: str = "loss",
    ax: Axes | None = None,
) -> Axes:
    """Draw the median of several seeds' curves, and the band from the lowest to the highest.

    Parameters
    ----------
    runs : mapping of str to ndarray, shape (seeds, points)
        Curves of each method; NaN where a run had failed: the median and the band are of what is left, and
        the legend counts the runs that did not reach the end.
    x : sequence of float, optional
        Where the points lie; 1, 2, 3, ... by default.
    xlabel, ylabel : str, default "epoch" and "loss"
        Names of the axes.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If there is no method, one's curves are not a matrix or not of the length of `x`, or a point has no
        run left.

    Examples
    --------
    >>> ax = show_learning_curves({"LeNet": np.array([[2.0, 1.0], [4.0, 3.0], [3.0, 1.5]])})
    >>> ax.lines[0].get_ydata()
    array([3. , 1.5])
    >>> plt.close(ax.figure)
    """
    runs = _checked_runs(runs, x)
    ax = new_axes((7.0, 3.4)) if ax is None else ax
    styles = ("-", "--", "-.", ":")
    for k, (name, curves) in enumerate(runs.items()):
        points = np.arange(1, curves.shape[1] + 1) if x is None else np.asarray(x)
        failed = int(np.isnan(curves[:, -1]).sum())
        label = f"{name} ({failed} of {len(curves)} failed)" if failed else name
        colour = COLOURS[k % len(COLOURS)]
        line = {"color": colour, "linestyle": styles[k % len(styles)], "label": label}
        ax.plot(points, np.nanmedian(curves, axis=0), **line)
        low, high = np.nanmin(curves, axis=0), np.nanmax(curves, axis=0)
        ax.fill_between(points, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def _checked_runs(runs: Mapping[str, np.ndarray], x: Sequence[float] | None) -> dict[str, np.ndarray]:
    """Return the curves as matrices of numbers, each point of which at least one run has reached."""
    function = "show_learning_curves"
    if not isinstance(runs, Mapping) or not runs:
        fail(function, "`runs` to map at least one name to curves", repr(runs))
    checked = {}
    for name, values in runs.items():
        curves = np.asarray(values)
        if curves.ndim != 2 or not curves.size or curves.dtype.kind not in "biuf":
            fail(function, f"curves of {name!r} of shape (seeds, points)", f"shape {curves.shape}")
        curves = curves.astype(float)
        if np.isnan(curves).all(axis=0).any():
            fail(function, f"a run of {name!r} at every point", "a point where all are NaN")
        if x is not None and np.shape(x) != curves.shape[1:]:
            fail(function, f"`x` of shape {curves.shape[1:]} for {name!r}", f"shape {np.shape(x)}")
        checked[name] = curves
    return checked

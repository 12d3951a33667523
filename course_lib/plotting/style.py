"""The one style of the book's figures, and how a notebook stores them."""

from __future__ import annotations

import hashlib
import re

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    # Which vertices are left out hangs on last bits; without this, a curve has as many as its data.
    "path.simplify": False,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_MOST_PIXELS_IN_SVG = 1000
_DECIMALS = 2  # of a point, which is 4/3 px: what is rounded away is 0.007 px at most
_COORDINATES = re.compile(r'(?<=\s)(?:d|x|y|width|height|viewBox|points)="[^"]*"|translate\([^)]*\)')
_FRACTION = re.compile(r"-?\d+\.\d+|-0(?![\d.])")
# What matplotlib names after its own content: clip paths, markers and the paths of a collection.
_DEFINITION = re.compile(
    r'<clipPath id="(?P<clip>[^"]+)">.*?</clipPath>|<path id="(?P<path>(?:m|C\w+_)[0-9a-f]{10})"[^>]*>',
    re.DOTALL,
)


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
        return _stored_form(print_figure(figure, "svg", metadata=_NO_METADATA))

    def as_png(figure: Figure) -> bytes | None:
        return print_figure(figure, "png") if _holds_photograph(figure) else None

    formatters = shell.display_formatter.formatters
    formatters["image/svg+xml"].for_type(Figure, as_svg)
    formatters["image/png"].for_type(Figure, as_png)


def _stored_form(svg: str) -> str:
    """`svg` as a notebook stores it: without digits that nobody sees and that differ between processors."""
    return _named_by_content(_rounded(svg))


def _rounded(svg: str) -> str:
    """`svg` with its coordinates rounded to what can be seen, and no negative zero.

    Scales and angles stay as they are: a factor's third decimal can be seen.
    """

    def number(found: re.Match) -> str:
        text = f"{float(found[0]):.{_DECIMALS}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    return _COORDINATES.sub(lambda coordinates: _FRACTION.sub(number, coordinates[0]), svg)


def _named_by_content(svg: str) -> str:
    """`svg` with each definition named after what the file says of it.

    Matplotlib names a definition after unrounded numbers, whose last bit the layout solver does not fix:
    the same drawing would be stored under other names on another run. Clip paths that the rounding makes
    equal become one. Numbers 1, 2, ... would do as well but for viewers that put all figures into one page.
    """
    names, written = {}, set()

    def define(found: re.Match) -> str:
        old = found["clip"] or found["path"]
        content = found[0].replace(old, "", 1)
        new = names[old] = old[:-10] + hashlib.sha256(content.encode()).hexdigest()[:10]
        if found["clip"] and new in written:
            return ""
        written.add(new)
        return found[0].replace(old, new, 1)

    svg = _DEFINITION.sub(define, svg)
    return re.sub(r'(?<=[("]#)[^")]+', lambda use: names.get(use[0], use[0]), svg)


def _holds_photograph(figure: Figure) -> bool:
    pixels = sum(
        image.get_array()[..., 0].size if image.get_array().ndim == 3 else image.get_array().size
        for ax in figure.axes
        for image in ax.get_images()
    )
    return pixels > _MOST_PIXELS_IN_SVG


def new_axes(size: tuple[float, float]) -> Axes:
    """Axes of a new figure of the given size in inches."""
    return plt.subplots(figsize=size)[1]

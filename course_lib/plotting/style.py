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
}
_MOST_PIXELS_IN_SVG = 1000
_CLIP_PATH = re.compile(r'<clipPath id="(?P<name>[^"]+)">(?P<content>.*?)</clipPath>', re.DOTALL)


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
        return _name_clip_paths(print_figure(figure, "svg", metadata={"Date": None, "Creator": None}))

    def as_png(figure: Figure) -> bytes | None:
        return print_figure(figure, "png") if _holds_photograph(figure) else None

    formatters = shell.display_formatter.formatters
    formatters["image/svg+xml"].for_type(Figure, as_svg)
    formatters["image/png"].for_type(Figure, as_png)


def _name_clip_paths(svg: str) -> str:
    """`svg` with each clip path named after what the file says of it.

    Matplotlib names it after the unrounded corners, whose last bit the layout solver does not fix:
    the same drawing would be stored under other names on another run.
    """
    names = {}
    for clip in _CLIP_PATH.finditer(svg):
        names[clip["name"]] = "p" + hashlib.sha256(clip["content"].encode()).hexdigest()[:10]
    written = set()

    def once(clip: re.Match) -> str:
        name = names[clip["name"]]
        if name in written:
            return ""
        written.add(name)
        return f'<clipPath id="{name}">{clip["content"]}</clipPath>'

    svg = _CLIP_PATH.sub(once, svg)
    return re.sub(r"url\(#([^)]+)\)", lambda use: f"url(#{names.get(use[1], use[1])})", svg)


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

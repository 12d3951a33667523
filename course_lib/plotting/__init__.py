"""Figures of the book: arrays in, Axes out, in one style.

Every figure stands on an opaque white panel, so that colour maps and labels keep their contrast in the book's
dark mode as well as in its light one. Colours are those of Okabe and Ito, which stay apart for readers with a
colour-vision deficiency; what carries meaning is also written, dashed or labelled.
"""

from course_lib.plotting.comparisons import plot_comparison
from course_lib.plotting.images import show_image, show_images, show_matrix
from course_lib.plotting.networks import (
    show_confusion,
    show_feature_maps,
    show_filters,
    show_learning_curves,
)
from course_lib.plotting.overlays import show_boxes, show_masks
from course_lib.plotting.style import COLOURS, use_course_style

__all__ = [
    "COLOURS",
    "plot_comparison",
    "show_boxes",
    "show_confusion",
    "show_feature_maps",
    "show_filters",
    "show_image",
    "show_images",
    "show_learning_curves",
    "show_masks",
    "show_matrix",
    "use_course_style",
]

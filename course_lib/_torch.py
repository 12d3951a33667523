"""Imported first by the parts that are built on PyTorch: a set-up without it is told so in a sentence."""

from course_lib._extras import require

require("torch", "Each of course_lib.models, training, reporting and saliency")

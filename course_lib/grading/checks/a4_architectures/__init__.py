"""Checks of assignment a4: sizes, parameters, blocks, fields, conversion, planted bugs, a budget."""

from dataclasses import replace

from course_lib.grading.checks.a4_architectures import (
    budget,
    convert,
    expose,
    field,
    inception,
    parameters,
    residual,
    sizes,
    vgg,
)

# In the order of the notebook.
_ALL = (
    *sizes.CHECKS,
    *parameters.CHECKS,
    *vgg.CHECKS,
    *inception.CHECKS,
    *residual.CHECKS,
    *field.CHECKS,
    *convert.CHECKS,
    *expose.CHECKS,
    *budget.CHECKS,
)
# What the student writes, by the function of a locked cell that runs it.
_SOLUTIONS = {
    "run_vgg_block": "VGGBlock",
    "run_vgg": "VGG",
    "count_inception": "InceptionBlock",
    "run_inception": "InceptionBlock",
    "count_residual": "ResidualBlock",
    "run_residual": "ResidualBlock",
    "converted": "to_convolution",
    "run_converted": "to_convolution",
    "budget": "make_network",
}
# No hint states a wrong cause: it is given where it explains every answer.
CHECKS = tuple(replace(check, sure=True, solution=_SOLUTIONS.get(check.function, "")) for check in _ALL)

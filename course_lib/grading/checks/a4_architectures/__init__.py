"""Checks of assignment a4: sizes, parameters, blocks, receptive fields, conversion, hunting bugs, a budget."""

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
CHECKS = (
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

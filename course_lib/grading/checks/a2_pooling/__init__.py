"""Checks of assignment a2: max, average, L_p and global pooling, and how a shift changes the result."""

from course_lib.grading.checks.a2_pooling import avg_pool2d, global_avg_pool2d, lp_pool2d, max_pool2d, shift

CHECKS = (
    *max_pool2d.CHECKS,
    *avg_pool2d.CHECKS,
    *lp_pool2d.CHECKS,
    *global_avg_pool2d.CHECKS,
    *shift.CHECKS,
)

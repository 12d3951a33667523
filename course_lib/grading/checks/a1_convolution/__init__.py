"""Checks of assignment a1: cross-correlation, output size, conv2d, flipping, edge filters."""

from course_lib.grading.checks.a1_convolution import conv2d, corr2d, edges, flipping, output_size

CHECKS = (*corr2d.CHECKS, *output_size.CHECKS, *conv2d.CHECKS, *flipping.CHECKS, *edges.CHECKS)

"""Checks of assignment a3: gradients of convolution, pooling, ReLU and loss, and a step that uses them."""

from course_lib.grading.checks.a3_backpropagation import conv2d_backward, learning, pooling

# In the order of the notebook.
CHECKS = (
    *learning.DIFFERENCES,
    *pooling.RELU,
    *conv2d_backward.CHECKS,
    *pooling.POOLING,
    *learning.LOSS_AND_STEP,
)

"""Checks of assignment a3: gradients of convolution, pooling, ReLU and loss, and a step that uses them."""

from course_lib.grading.checks.a3_backpropagation import (
    conv2d_backward,
    numerical_gradient,
    pooling,
    relu_backward,
    softmax_cross_entropy,
    training_step,
)

# In the order of the notebook.
CHECKS = (
    *numerical_gradient.CHECKS,
    *relu_backward.CHECKS,
    *conv2d_backward.CHECKS,
    *pooling.CHECKS,
    *softmax_cross_entropy.CHECKS,
    *training_step.CHECKS,
)

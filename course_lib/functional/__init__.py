"""NumPy reference operations, in pairs: ``op`` and ``op_backward``.

Names and argument order are those of ``torch.nn.functional``; arrays are NCHW and keep their dtype. Every
``op_backward(grad_out, <the forward's arguments>)`` returns a NamedTuple named after the inputs.
"""

from course_lib.functional.conv import ConvGradients, conv2d, conv2d_backward, convolve2d, corr2d

__all__ = ["ConvGradients", "conv2d", "conv2d_backward", "convolve2d", "corr2d"]

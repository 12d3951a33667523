"""NumPy reference operations, in pairs: ``op`` and ``op_backward``.

Names and argument order are those of ``torch.nn.functional``; arrays are NCHW and keep their dtype. Every
``op_backward(grad_out, <the forward's arguments>)`` returns a NamedTuple named after the inputs.
"""

from course_lib.functional.activations import (
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from course_lib.functional.adaptive import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    adaptive_max_pool2d_with_indices,
)
from course_lib.functional.averaging import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
)
from course_lib.functional.conv import ConvGradients, conv2d, conv2d_backward, convolve2d, corr2d
from course_lib.functional.conv1d import conv1d, conv1d_backward
from course_lib.functional.conv_transpose import conv_transpose2d, conv_transpose2d_backward
from course_lib.functional.dropout import dropout, dropout_backward
from course_lib.functional.linear import LinearGradients, linear, linear_backward
from course_lib.functional.losses import CrossEntropyGradients, cross_entropy, cross_entropy_backward
from course_lib.functional.lp_pooling import lp_pool2d, lp_pool2d_backward
from course_lib.functional.normalization import (
    BatchNormGradients,
    BatchNormResult,
    batch_norm,
    batch_norm_backward,
)
from course_lib.functional.pooling import (
    MaxPool2dResult,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_with_indices,
)
from course_lib.functional.response_norm import local_response_norm, local_response_norm_backward
from course_lib.functional.softmax import (
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
)
from course_lib.functional.unpooling import max_unpool2d, max_unpool2d_backward
from course_lib.functional.upsampling import interpolate, interpolate_backward

__all__ = [
    "BatchNormGradients",
    "BatchNormResult",
    "ConvGradients",
    "CrossEntropyGradients",
    "LinearGradients",
    "MaxPool2dResult",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "adaptive_max_pool2d_with_indices",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "convolve2d",
    "corr2d",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "interpolate",
    "interpolate_backward",
    "linear",
    "linear_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "log_softmax",
    "log_softmax_backward",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_with_indices",
    "max_unpool2d",
    "max_unpool2d_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]

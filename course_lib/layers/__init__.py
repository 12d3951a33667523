"""NumPy layers with parameters: what `torch.nn` offers, written to be read.

Every layer has ``forward(x)`` and ``backward(grad_out)``; the first keeps what the second needs. Names of
parameters and buffers are those of PyTorch, so a ``state_dict`` of one fits the other.
"""

from course_lib.layers.activation import Dropout, Flatten, ReLU, Sigmoid
from course_lib.layers.base import Layer, Parameter
from course_lib.layers.chain import Sequential
from course_lib.layers.norm import BatchNorm2d
from course_lib.layers.pool import AvgPool2d, MaxPool2d
from course_lib.layers.weighted import Conv2d, Linear

__all__ = [
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
]

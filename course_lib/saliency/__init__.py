"""What a trained network looks at: gradients of its inputs, maps of its evidence, images that it likes best.

Every function takes a PyTorch model and images and returns NumPy arrays. The model answers in evaluation mode
and is left as it was found: same mode, no gradients on its parameters, no hooks.
"""

import course_lib._torch  # noqa: F401 - says it where PyTorch is missing
from course_lib.saliency.covers import occlusion
from course_lib.saliency.gradients import activation_maximisation, gradient_saliency
from course_lib.saliency.maps import class_activation_map, grad_cam, layer_activations

__all__ = [
    "activation_maximisation",
    "class_activation_map",
    "grad_cam",
    "gradient_saliency",
    "layer_activations",
    "occlusion",
]

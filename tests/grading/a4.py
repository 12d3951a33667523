"""Assignment a4 as its tests need it."""

from bench import Assignment

ASSIGNMENT = Assignment(
    "a4_architectures",
    {
        "VGGBlock": ("run_vgg_block",),
        "VGG": ("run_vgg",),
        "InceptionBlock": ("count_inception", "run_inception"),
        "ResidualBlock": ("count_residual", "run_residual"),
        "to_convolution": ("converted", "run_converted"),
    },
)
NAME, NOTEBOOK, WEIGHTS = ASSIGNMENT.name, ASSIGNMENT.notebook, ASSIGNMENT.weights
CHECKS, cells, namespace = ASSIGNMENT.checks, ASSIGNMENT.cells, ASSIGNMENT.namespace

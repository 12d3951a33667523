"""The pattern [(CONV-RELU) * N - POOL?] * M - (FC-RELU) * K - FC."""

import pytest
import torch
from torch import nn

from course_lib.models import build, conv_pattern


def spelt(model):
    """The layers as the pattern writes them."""
    words = {nn.Conv2d: "CONV", nn.ReLU: "RELU", nn.MaxPool2d: "POOL", nn.Linear: "FC", nn.Dropout: "DROP"}
    return " ".join(words[type(layer)] for layer in model if type(layer) in words)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"m": 0, "k": 0}, "FC"),
        ({"m": 0, "k": 1}, "FC RELU FC"),
        ({"n": 1, "m": 1, "k": 0}, "CONV RELU POOL FC"),
        ({"n": 1, "m": 2, "k": 1}, "CONV RELU POOL CONV RELU POOL FC RELU FC"),
        ({"n": 2, "m": 1, "k": 2, "pool": False}, "CONV RELU CONV RELU FC RELU FC RELU FC"),
        ({"n": (2, 1), "m": 2, "k": 0, "pool": (True, False)}, "CONV RELU CONV RELU POOL CONV RELU FC"),
        ({"m": 1, "k": 1, "dropout": 0.5}, "CONV RELU POOL FC RELU DROP FC"),
    ],
)
def test_layers_follow_the_pattern(arguments, expected):
    model = conv_pattern(**arguments, image_size=(12, 20), in_channels=3, num_classes=7)
    assert spelt(model) == expected
    assert model(torch.rand(2, 3, 12, 20)).shape == (2, 7)


def test_mnist_cnn_and_vgg19_are_instances():
    with torch.device("meta"):
        mnist = conv_pattern(n=1, m=2, k=1, channels=(32, 64), hidden=128)
        vgg = conv_pattern(
            n=(2, 2, 4, 4, 4),
            m=5,
            k=2,
            channels=(64, 128, 256, 512, 512),
            hidden=4096,
            num_classes=1000,
            in_channels=3,
            image_size=224,
        )
        twins = build("mnist_cnn"), build("vgg19")
    for model, twin in zip((mnist, vgg), twins, strict=True):
        shapes = [[tuple(p.shape) for p in m.parameters()] for m in (model, twin)]
        assert shapes[0] == shapes[1]


def test_width_scales_hidden_layers():
    model = conv_pattern(n=1, m=2, k=1, width=0.5)
    assert [layer.weight.shape[0] for layer in model if hasattr(layer, "weight")] == [16, 32, 64, 10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, r"`n\[0\]` to be an integer of at least 1, got 0"),
        ({"m": -1}, "`m` to be an integer of at least 0, got -1"),
        ({"k": 0.5}, "`k` to be an integer of at least 0, got 0.5"),
        ({"n": (1, 2, 3)}, "`n` with one entry for each of 2 blocks, got 3 entries"),
        ({"channels": (8,)}, "`channels` with one entry for each of 2 blocks, got 1 entries"),
        ({"channels": (8, 0)}, r"`channels\[1\]` to be an integer of at least 1, got 0"),
        ({"channels": (8.5, 8)}, r"`channels\[0\]` to be an integer of at least 1, got 8.5"),
        ({"pool": (True, "no")}, r"`pool\[1\]` to be True or False, got 'no'"),
        ({"m": 5}, "images of at least 32 x 32, got 28 x 28"),
    ],
)
def test_wrong_patterns_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^conv_pattern: expected {message}$"):
        conv_pattern(**arguments)

"""Every statement on the page appendix/corrections.md: the right form holds, and the misprint does not."""

import re
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course_lib import functional, models

PAGE = (Path(__file__).resolve().parents[2] / "appendix" / "corrections.md").read_text(encoding="utf-8")


def test_every_correction_names_a_test_that_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named == {name for name in globals() if name.startswith("test_")} - {
        "test_every_correction_names_a_test_that_exists"
    }
    assert len(re.findall(r"^## ", PAGE, re.MULTILINE)) == len(named)


def test_feature_map_index():
    image, kernel = np.arange(9.0).reshape(3, 3), np.array([[0.0, 1.0], [2.0, 3.0]])
    right, wrong = np.zeros((2, 2)), np.zeros((2, 2))
    for j, k, l, m in np.ndindex(2, 2, 2, 2):  # noqa: E741 - the letters of the formula
        right[j, k] += image[j + l, k + m] * kernel[l, m]
        wrong[j, k] += image[j + k, l + m] * kernel[l, m] if j + k < 3 and l + m < 3 else 0
    assert np.array_equal(right, [[19, 25], [37, 43]])
    assert np.array_equal(right, functional.corr2d(image, kernel))
    assert wrong[0, 1] == wrong[1, 0]
    assert not np.array_equal(wrong, right)


def test_equivariance_is_not_invariance():
    image, kernel = np.zeros((9, 12)), np.array([[1.0, 2.0], [3.0, 4.0]])
    image[3, 4] = 1.0
    moved = np.roll(image, (2, 3), axis=(0, 1))
    response, response_moved = functional.corr2d(image, kernel), functional.corr2d(moved, kernel)
    assert np.array_equal(response_moved, np.roll(response, (2, 3), axis=(0, 1)))
    assert not np.array_equal(response_moved, response)


def test_output_size():
    for size in range(3, 12):
        for kernel, stride, padding in [(1, 1, 0), (3, 1, 1), (3, 2, 0), (2, 3, 1), (3, 2, 2)]:
            out = F.conv1d(torch.ones(1, 1, size), torch.ones(1, 1, kernel), stride=stride, padding=padding)
            windows = (size + 2 * padding - kernel) // stride
            assert out.shape[-1] == windows + 1
            assert out.shape[-1] != windows - 1


def test_lenet_5_of_1998():
    """Tables and text of section II.B: what each layer trains, and what it connects."""
    subsets = [3] * 6 + [4] * 9 + [6]  # maps of S2 that each map of C3 sees, table I
    c3 = sum(25 * maps + 1 for maps in subsets)
    trained = 6 * 26 + 6 * 2 + c3 + 16 * 2 + 120 * 401 + 84 * 121  # the output's drawings are fixed
    connections = 156 * 28**2 + 6 * 5 * 14**2 + c3 * 10**2 + 16 * 5 * 5**2 + 48_120 + 10_164 + 10 * 84
    assert (c3, trained, connections) == (1516, 60_000, 340_908)
    assert sum(p.numel() for p in models.LeNet().parameters()) == 61_706


def multiplications(layer, size):
    """Count the multiplications of a convolution on a square map, by running it."""
    out = layer(torch.zeros(1, layer.in_channels, size, size))
    return out[0].numel() * layer.weight[0].numel()


def test_bottleneck_arithmetic():
    direct = nn.Conv2d(128, 64, 5, padding=2, bias=False)
    reduce, expand = nn.Conv2d(128, 32, 1, bias=False), nn.Conv2d(32, 64, 5, padding=2, bias=False)
    assert multiplications(direct, 28) == 160_563_200
    assert multiplications(reduce, 28) == 3_211_264
    assert multiplications(expand, 28) == 40_140_800
    assert multiplications(reduce, 28) + multiplications(expand, 28) == 43_352_064
    assert direct.weight.numel() == 204_800
    assert reduce.weight.numel() + expand.weight.numel() == 55_296


def test_googlenet_is_nine_times_smaller():
    with torch.device("meta"):
        alexnet, googlenet = torchvision.models.alexnet(), torchvision.models.googlenet(init_weights=False)
    for head in (googlenet.aux1, googlenet.aux2):
        head.requires_grad_(False)
    large, small = (
        sum(p.numel() for p in network.parameters() if p.requires_grad) for network in (alexnet, googlenet)
    )
    body = small - sum(p.numel() for p in googlenet.fc.parameters())
    assert (large, small) == (61_100_840, 6_624_904)
    assert (round(large / small, 1), round(large / body, 1)) == (9.2, 10.9)
    with torch.device("meta"):
        papers = models.build("googlenet", aux_logits=False, kernel_5x5=5)
    assert round(large / sum(p.numel() for p in papers.parameters()), 1) == 8.7


def test_googlenet_table_rows():
    rows = {  # input channels, the six filters of the table, parameters printed, places
        "3a": (192, 64, 96, 128, 16, 32, 32, 159, 28),
        "3b": (256, 128, 128, 192, 32, 96, 64, 380, 28),
        "4a": (480, 192, 96, 208, 16, 48, 64, 364, 14),
        "4b": (512, 160, 112, 224, 24, 64, 64, 437, 14),
        "4c": (512, 128, 128, 256, 24, 64, 64, 463, 14),
        "4d": (512, 112, 144, 288, 32, 64, 64, 580, 14),
        "4e": (528, 256, 160, 320, 32, 128, 128, 840, 14),
        "5a": (832, 256, 160, 320, 32, 128, 128, 1072, 7),
        "5b": (832, 384, 192, 384, 48, 128, 128, 1388, 7),
    }
    weights = {
        name: C * (n1 + r3 + r5 + p) + 9 * r3 * n3 + 25 * r5 * n5
        for name, (C, n1, r3, n3, r5, n5, p, _, _) in rows.items()
    }
    off = {name for name, row in rows.items() if abs(weights[name] / 1024 / row[7] - 1) > 0.02}
    assert off == {"4c", "5a"}
    assert round(weights["4c"] / 1024) == 498
    assert round(weights["5a"] / 1024) == 1018
    assert round(weights["5a"] * 7**2 / 1e6) == 51
    with_48 = 832 * (256 + 160 + 48 + 128) + 9 * 160 * 320 + 25 * 48 * 128
    assert abs(with_48 / 1024 / 1072 - 1) < 0.01
    assert round(with_48 * 7**2 / 1e6) == 54


def test_alexnet_first_layer():
    layer = nn.Conv2d(3, 96, 11, stride=4, device="meta")
    places = {size: layer(torch.empty(3, size, size, device="meta")).shape[-1] for size in range(220, 236)}
    assert places[224] == 54
    assert [size for size, n in places.items() if n == 55] == [227, 228, 229, 230]
    assert 96 * 55 * 55 == 290_400
    assert 96 * 55 * 48 == 253_440


def test_alexnet_dense_layers():
    weights = 6400 * 4096 + 4096 * 4096
    assert weights == 42_991_616
    assert weights * 4 / 2**20 == 164.0
    assert round(weights * 4 / 10**6) == 172
    assert round(2 * weights / 10**6) == 86


def test_vgg19_layers():
    with torch.device("meta"):
        layers = list(torchvision.models.vgg19(init_weights=False).modules())
    assert sum(isinstance(layer, nn.Conv2d) for layer in layers) == 16
    assert sum(isinstance(layer, nn.Linear) for layer in layers) == 3


def test_vgg16_outputs():
    with torch.device("meta"):
        x = torch.empty(1, 3, 224, 224)
        network = torchvision.models.vgg16(init_weights=False)
        total = x.numel()
        for layer in (*network.features, nn.Flatten(), *network.classifier):
            x = layer(x)
            total += 0 if isinstance(layer, nn.ReLU | nn.Dropout | nn.Flatten) else x.numel()
    assert total == 15_237_608
    assert round(4 * total / 2**20) == 58
    assert total < 0.65 * 24e6


def span(network, size):
    """Count the input rows that change the middle of a network's output, by gradient."""
    x = torch.ones(1, 1, size, size, requires_grad=True)
    y = network(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    rows = x.grad[0, 0].abs().sum(dim=1).nonzero()  # (rows that matter, 1)
    return int(rows.max() - rows.min() + 1)


def test_resnet50_multiply_adds():
    """Both forms, every convolution and the dense layer traced on the meta device."""
    found = {}
    for form in ("torchvision", "paper"):
        with torch.device("meta"):
            network = torchvision.models.resnet50()
            image = torch.empty(1, 3, 224, 224)
        for block in network.modules():
            if form == "paper" and isinstance(block, torchvision.models.resnet.Bottleneck):
                block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
        total = [0]

        def count(layer, inputs, output, total=total):
            total[0] += output.numel() * layer.weight[0].numel()

        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.register_forward_hook(count)
        network(image)
        found[form] = total[0]
        assert sum(p.numel() for p in network.parameters()) == 25_557_032
    assert found == {"torchvision": 4_089_184_256, "paper": 3_857_973_248}
    assert round(2 * found["paper"] / 1e9, 1) == 7.7


def test_deep_kernel_coverage():
    kernel = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    nn.init.ones_(kernel.weight)
    halve = nn.AvgPool2d(2)
    assert span(nn.Sequential(*[halve] * 5, kernel), 224) == 3 * 32 == 96
    assert span(nn.Sequential(halve, halve, kernel), 56) == 12


def test_transposed_convolution():
    x, kernel = np.array([[1.0, 0.0], [2.0, 3.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    right = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 2, 0, 3], [2, 0, 3, 0]]
    misprint = [[0, 1, 0, 0], [1, 0, 0, 0], [2, 2, 3, 0], [0, 3, 0, 0]]
    ours = functional.conv_transpose2d(x[None, None], kernel[None, None], stride=2)[0, 0]
    theirs = F.conv_transpose2d(torch.tensor(x)[None, None], torch.tensor(kernel)[None, None], stride=2)
    assert np.array_equal(ours, right)
    assert np.array_equal(theirs[0, 0].numpy(), right)
    assert not np.array_equal(ours, misprint)

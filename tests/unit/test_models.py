"""Every model by the same yardstick: shapes, parameters, gradients, modes, weights, sizes, messages."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import datasets, models
from course_lib.models import available, build


class Case(NamedTuple):
    """A model small enough for two cores, and what is known of it.

    Attributes: arguments that make it small; an image size; the smallest side, or None if the size is fixed;
    the shape of its answer for a batch of images; the parameters of the full model.
    """

    small: dict
    size: tuple[int, int]
    smallest: int | None
    shape: Callable[[int, int, int], tuple]
    parameters: int


def classes(n, h, w):
    return (n, 5)


def pixels(n, h, w):
    return (n, 5, h, w)


def anchors(n, h, w):
    return (n, 6 * sum((h // step) * (w // step) for step in (8, 16, 32)), 6)


SMALL = {"num_classes": 5, "in_channels": 2}
NARROW = {**SMALL, "width": 1 / 8}
NARROWER = {**SMALL, "width": 1 / 16}


def unet_parameters(in_channels, num_classes):
    """Count the paper's figure 1, arrow by arrow."""
    sizes = [64, 128, 256, 512, 1024]
    down = sum(9 * a * b + b + 9 * b * b + b for a, b in zip([in_channels, *sizes], sizes, strict=False))
    up = sum(4 * 2 * c * c + c + 9 * 2 * c * c + c + 9 * c * c + c for c in sizes[:-1])
    return down + up + 64 * num_classes + num_classes


VGG16_CONVOLUTIONS = 14_714_688
FCN32 = VGG16_CONVOLUTIONS + (49 * 512 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 21 + 21) + 21 * 64**2
FCN16 = FCN32 - 21 * 64**2 + 21 * 32**2 + 21 * 4**2 + (512 * 21 + 21)
FCN8 = FCN16 - 21 * 32**2 + 21 * 16**2 + 21 * 4**2 + (256 * 21 + 21)


def detector_parameters():
    """Count the table of the module: two 3x3 convolutions with batch norm a stage, two heads a map."""
    sizes = [3, 16, 32, 64, 128, 128]
    stages = sum(9 * a * b + 9 * b * b + 4 * b for a, b in itertools.pairwise(sizes))
    heads = sum((9 * c + 1) * 6 * (5 + 4) for c in (64, 128, 128))
    return stages + heads


CASES = {
    "lenet": Case(SMALL, (28, 28), None, classes, 61_706),
    "simple_cnn": Case(SMALL, (28, 28), None, classes, 106_154),
    "mnist_cnn": Case(SMALL, (28, 28), None, classes, 421_642),
    "mnist_fcn": Case(SMALL, (28, 40), 12, classes, 320 + 18_496 + 73_856 + 1_290),
    "alexnet": Case(NARROW, (64, 80), 63, classes, 61_100_840),
    "vgg11": Case(NARROW, (32, 64), 32, classes, 132_863_336),
    "vgg13": Case(NARROW, (32, 64), 32, classes, 133_047_848),
    "vgg16": Case(NARROW, (32, 64), 32, classes, 138_357_544),
    "vgg19": Case(NARROW, (32, 64), 32, classes, 143_667_240),
    "vgg11_bn": Case(NARROW, (32, 64), 32, classes, 132_868_840),
    "vgg13_bn": Case(NARROW, (32, 64), 32, classes, 133_053_736),
    "vgg16_bn": Case(NARROW, (32, 64), 32, classes, 138_365_992),
    "vgg19_bn": Case(NARROW, (32, 64), 32, classes, 143_678_248),
    "googlenet": Case(NARROW, (32, 48), 15, classes, 13_004_888),
    "resnet18": Case(NARROW, (32, 48), 1, classes, 11_689_512),
    "resnet34": Case(NARROW, (32, 48), 1, classes, 21_797_672),
    "resnet50": Case(NARROW, (32, 48), 1, classes, 25_557_032),
    "resnet101": Case(NARROWER, (32, 48), 1, classes, 44_549_160),
    "resnet152": Case(NARROWER, (32, 48), 1, classes, 60_192_808),
    "plain18": Case(NARROW, (32, 48), 1, classes, 11_689_512 - 173_824),
    "plain34": Case(NARROW, (32, 48), 1, classes, 21_797_672 - 173_824),
    "small_resnet": Case(SMALL, (28, 20), 1, classes, 269_722),
    "small_plain": Case(SMALL, (28, 20), 1, classes, 269_722),
    "mobilenet": Case(NARROW, (32, 48), 1, classes, 4_231_976),
    "densenet121": Case(NARROW, (32, 48), 29, classes, 7_978_856),
    "densenet161": Case(NARROWER, (32, 48), 29, classes, 28_681_000),
    "densenet169": Case(NARROWER, (32, 48), 29, classes, 14_149_480),
    "densenet201": Case(NARROWER, (32, 48), 29, classes, 20_013_928),
    "densenet264": Case(NARROWER, (32, 48), 29, classes, 33_337_704),
    "conv_pattern": Case(SMALL, (28, 28), None, classes, 320 + 18_496 + 401_536 + 1_290),
    "detector": Case({**SMALL, "width": 1 / 2}, (64, 40), 32, anchors, detector_parameters()),
    "fcn32s": Case(NARROWER, (50, 37), 1, pixels, FCN32),
    "fcn16s": Case(NARROWER, (50, 37), 1, pixels, FCN16),
    "fcn8s": Case(NARROWER, (50, 37), 1, pixels, FCN8),
    "unet": Case(NARROW, (37, 50), 1, pixels, unet_parameters(1, 2)),
}
#: The three whose weights all the others' tests would only repeat at greater cost.
LIGHT = [name for name in CASES if name not in ("resnet152", "densenet201", "densenet264")]


def small(name, seed=0, **kwargs):
    torch.manual_seed(seed)
    return build(name, **{**CASES[name].small, **kwargs})


def images(name, n=2, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(n, 2, *CASES[name].size, generator=generator, dtype=dtype)


def awake(model):
    """Give every parameter that begins at 0 a value: an FCN's scores hide what lies before them."""
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return model


def main_output(output):
    """The logits, whatever else a model answers."""
    if isinstance(output, torch.Tensor):
        return output
    return output.class_logits if hasattr(output, "class_logits") else output.logits


def test_every_registered_model_is_tested_here():
    assert set(available()) == {*CASES, "text_cnn"}


@pytest.mark.parametrize("name", CASES)
def test_parameter_count_of_the_full_model(name):
    with torch.device("meta"):  # shapes without memory
        model = build(name)
    assert sum(p.numel() for p in model.parameters()) == CASES[name].parameters


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_and_dtype(name, dtype):
    case = CASES[name]
    model = small(name).to(dtype).eval()
    with torch.no_grad():
        output = main_output(model(images(name, dtype=dtype)))
    assert output.shape == case.shape(2, *case.size)
    assert output.dtype == dtype
    assert output.isfinite().all()


@pytest.mark.parametrize("name", LIGHT)
def test_gradient_reaches_every_parameter(name):
    model = awake(small(name))
    output = model(images(name, n=4))
    parts = [output] if isinstance(output, torch.Tensor) else [part for part in output if part.requires_grad]
    sum(part.square().sum() for part in parts).backward()
    without = [key for key, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@pytest.mark.parametrize("name", LIGHT)
def test_evaluation_is_deterministic_and_treats_images_one_by_one(name):
    model, batch = awake(small(name)).double().eval(), images(name, dtype=torch.float64)
    with torch.no_grad():
        first, second = main_output(model(batch)), main_output(model(batch))
        alone = torch.cat([main_output(model(image[None])) for image in batch])
    assert torch.equal(first, second)
    torch.testing.assert_close(first, alone)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("name", LIGHT)
def test_weights_come_from_the_callers_seed_and_survive_a_file(name):
    model, other = small(name, seed=0).eval(), small(name, seed=1).eval()
    again, batch = small(name, seed=0).eval(), images(name)
    with torch.no_grad():
        answers = [main_output(m(batch)) for m in (model, again)]
        assert torch.equal(*answers)
        keys = [key for key, value in model.state_dict().items() if value.ndim > 1 and value.any()]
        different = [not torch.equal(model.state_dict()[key], other.state_dict()[key]) for key in keys]
        assert sum(different) >= len(keys) - 3  # all but the bilinear kernels of an FCN
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(main_output(other(batch)), answers[0])


@pytest.mark.parametrize("name", CASES)
def test_width_scales_every_hidden_layer(name):
    with torch.device("meta"):
        full, half = build(name), build(name, width=0.5)
        odd = build(name, width=0.37)
    count = [sum(p.numel() for p in model.parameters()) for model in (full, half, odd)]
    assert count[0] / 4.2 < count[1] < count[0] / 1.7
    assert count[2] < count[1]
    hidden = [
        (a.out_channels, b.out_channels)
        for a, b in zip(full.modules(), half.modules(), strict=True)
        if isinstance(a, nn.Conv2d)
    ]
    halved = [a == 2 * b for a, b in hidden]
    assert sum(halved) >= len(halved) - (6 if name == "detector" else 3)  # heads keep their classes
    with pytest.raises(ValueError, match=r"^\w+: expected `width` to be a positive number, got 0$"):
        build(name, width=0)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.smallest])
def test_smallest_images(name, monkeypatch):
    smallest = CASES[name].smallest
    model = small(name).eval()
    title = type(model).__name__
    with torch.no_grad():
        for size in ((smallest, smallest), (smallest, smallest + 17), (smallest + 17, smallest)):
            assert main_output(model(torch.rand(1, 2, *size))).shape == CASES[name].shape(1, *size)
        for h, w in ((smallest - 1, smallest + 17), (smallest + 17, smallest - 1)):
            expected = f"^{title}: expected images of at least {smallest} x {smallest}, got {h} x {w}$"
            with pytest.raises(ValueError, match=expected):
                model(torch.rand(1, 2, h, w))
        if smallest > 1:  # the bound is the network's own: one pixel less fails without the check too
            monkeypatch.setattr(f"{type(model).__module__}.check_images", lambda *args: None)
            with pytest.raises(RuntimeError):
                model(torch.rand(1, 2, smallest - 1, smallest - 1))


@pytest.mark.parametrize(
    ("name", "smallest"), [("lenet", 12), ("simple_cnn", 4), ("mnist_cnn", 4), ("conv_pattern", 4)]
)
def test_images_of_a_fixed_size(name, smallest):
    model = build(name)
    title = type(model).__name__
    with pytest.raises(ValueError, match=f"^{title}: expected images of 28 x 28, got 28 x 32$"):
        model(torch.rand(1, 1, 28, 32))
    other = build(name, image_size=(smallest, smallest + 9))
    assert other(torch.rand(1, 1, smallest, smallest + 9)).shape == (1, 10)
    few = smallest - 1
    with pytest.raises(ValueError, match=f"at least {smallest} x {smallest}, got {few} x 40$"):
        build(name, image_size=(few, 40))


@pytest.mark.parametrize("name", CASES)
def test_wrong_images_are_refused_at_the_door(name):
    model = small(name)
    title, (h, w) = type(model).__name__, CASES[name].size
    axes = r"\(N, 2, H, W\)"
    with pytest.raises(
        ValueError, match=rf"^{title}: expected images of shape {axes}, got shape \(2, {h}, {w}\)$"
    ):
        model(torch.rand(2, h, w))
    with pytest.raises(ValueError, match=rf"^{title}: expected images of shape {axes}, got shape \(1, 7, "):
        model(torch.rand(1, 7, h, w))
    with pytest.raises(
        ValueError, match=f"^{title}: expected images of a floating dtype, got dtype torch.uint8$"
    ):
        model(torch.zeros(1, 2, h, w, dtype=torch.uint8))
    with pytest.raises(ValueError, match=f"^{title}: expected images as a tensor of shape {axes}, got list$"):
        model([[0.0]])


@pytest.mark.parametrize("name", CASES)
def test_wrong_arguments_are_refused(name):
    with pytest.raises(ValueError, match="`num_classes` to be an integer of at least 1, got 0$"):
        build(name, num_classes=0)
    with pytest.raises(ValueError, match="`in_channels` to be an integer of at least 1, got 1.5$"):
        build(name, in_channels=1.5)


def test_unknown_names_and_depths_are_refused():
    with pytest.raises(ValueError, match=r"^models.build: expected a name among lenet, .*, got 'resnet19'$"):
        build("resnet19")
    for model, depths in ((models.VGG, "11, 13, 16, 19"), (models.ResNet, "18, 34, 50, 101, 152")):
        with pytest.raises(ValueError, match=f"^{model.__name__}: expected `depth` among {depths}, got 12$"):
            model(12)
    with pytest.raises(
        ValueError, match=r"^DenseNet: expected `depth` among 121, 161, 169, 201, 264, got 12$"
    ):
        models.DenseNet(12)
    with pytest.raises(ValueError, match="^SmallResNet: expected `depth` of the form 6 n"):
        models.SmallResNet(21)
    with pytest.raises(ValueError, match="^FCN: expected `stride` among 32, 16, 8, got 4$"):
        models.FCN(4)


def layer_shapes(model, batch):
    """Shape of every layer's output, without the batch axis, in the order of the forward pass."""
    shapes, hooks = {}, []
    for name, module in model.named_modules():
        if not list(module.children()):
            hook = module.register_forward_hook(
                lambda m, x, y, name=name: shapes.update({name: tuple(y.shape[1:])})
            )
            hooks.append(hook)
    with torch.no_grad():
        model(batch)
    for hook in hooks:
        hook.remove()
    return shapes


def test_lenet_layer_by_layer():
    shapes = layer_shapes(models.LeNet(), torch.rand(1, 1, 28, 28))
    layers = ("conv1", "pool1", "conv2", "pool2", "flatten", "fc1", "fc2", "fc3")
    expected = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,)]
    assert [shapes[layer] for layer in layers] == expected
    kinds = {type(module) for module in models.LeNet().modules()}
    assert nn.Sigmoid in kinds
    assert nn.AvgPool2d in kinds
    assert nn.ReLU in {type(module) for module in models.LeNet(activation=nn.ReLU).modules()}


def test_mnist_cnn_layer_by_layer():
    shapes = layer_shapes(models.MnistCNN(), torch.rand(1, 1, 28, 28))
    expected = [(32, 28, 28), (32, 14, 14), (64, 14, 14), (64, 7, 7), (3136,), (128,), (10,)]
    layers = ("conv1", "pool1", "conv2", "pool2")
    names = [f"features.{layer}" for layer in layers] + [
        f"classifier.{layer}" for layer in ("flatten", "fc1", "fc2")
    ]
    assert [shapes[name] for name in names] == expected


def test_mnist_fcn_slides_over_the_image():
    model = models.MnistFCN(width=0.25).eval()
    image = torch.rand(1, 1, 40, 60)
    with torch.no_grad():
        scores = model.score_map(image)
        window = model.score_map(image[:, :, 8:36, 16:44])
    assert scores.shape == (1, 10, 8, 13)
    # A window's interior scores are those of the whole image at the same place, 4 pixels a step.
    torch.testing.assert_close(window[:, :, 1:-1, 1:-1], scores[:, :, 3:6, 5:8])
    with pytest.raises(ValueError, match="^MnistFCN: expected images of at least 12 x 12, got 11 x 12$"):
        model.score_map(torch.rand(1, 1, 11, 12))


def test_vgg19_has_sixteen_convolutions_and_three_dense_layers():
    with torch.device("meta"):
        modules = list(build("vgg19").modules())
    assert sum(isinstance(m, nn.Conv2d) for m in modules) == 16
    assert sum(isinstance(m, nn.Linear) for m in modules) == 3
    assert {m.kernel_size for m in modules if isinstance(m, nn.Conv2d)} == {(3, 3)}


def test_googlenet_has_nine_times_fewer_parameters_than_alexnet_not_twelve():
    with torch.device("meta"):
        alexnet = build("alexnet")
        ours, papers = (
            build("googlenet", aux_logits=False),
            build("googlenet", aux_logits=False, kernel_5x5=5),
        )
    count = [sum(p.numel() for p in model.parameters()) for model in (alexnet, ours, papers)]
    assert count[1] == 6_624_904
    assert count[0] / count[1] == pytest.approx(9.22, abs=0.01)
    assert count[0] / count[2] == pytest.approx(8.73, abs=0.01)
    assert count[0] / (count[1] - 1024 * 1000 - 1000) == pytest.approx(
        10.91, abs=0.01
    )  # no classifier: not 12 either


def test_googlenet_names_its_outputs():
    model, batch = small("googlenet"), images("googlenet")
    output = model(batch)
    assert output._fields == ("logits", "aux_logits1", "aux_logits2")
    assert [part.shape for part in output] == [(2, 5)] * 3
    assert isinstance(model.eval()(batch), torch.Tensor)
    assert isinstance(small("googlenet", aux_logits=False)(batch), torch.Tensor)


def test_googlenet_heads_read_modules_4a_and_4d():
    model = small("googlenet")
    model.aux1.requires_grad_(False)
    model(images("googlenet")).aux_logits1.sum().backward()
    reached = {key.split(".")[0] for key, p in model.named_parameters() if p.grad is not None}
    assert "inception4a" in reached
    assert "inception4b" not in reached
    model = small("googlenet")
    model(images("googlenet")).aux_logits2.sum().backward()
    reached = {key.split(".")[0] for key, p in model.named_parameters() if p.grad is not None}
    assert "inception4d" in reached
    assert "inception4e" not in reached


def test_googlenet_loss_adds_three_tenths_of_each_head():
    logits, target = (
        torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0, 1, 2, 3]),
    )
    losses = [nn.functional.cross_entropy(part, target) for part in logits]
    output = models.GoogLeNetOutput(*logits)
    expected = losses[0] + 0.3 * (losses[1] + losses[2])
    torch.testing.assert_close(models.googlenet_loss(output, target), expected)
    assert torch.equal(models.googlenet_loss(logits[0], target), losses[0])


@pytest.mark.parametrize("model", [models.ResNet, models.SmallResNet])
def test_shortcuts_carry_the_signal_past_silent_blocks(model):
    """With every block's last scale at 0 a residual network passes its stem on; a plain one answers its bias alone."""
    torch.manual_seed(0)
    for residual in (True, False):
        network = model(in_channels=1, width=0.25, residual=residual, num_classes=10).eval()
        for block in network.modules():
            if isinstance(block, models.BasicBlock):
                nn.init.zeros_(block.bn2.weight)
        with torch.no_grad():
            answer = network(torch.rand(2, 1, 28, 28))
        assert torch.equal(answer[0], answer[1]) is not residual


def test_small_plain_and_residual_have_the_same_parameters():
    residual, plain = models.SmallResNet(32), models.SmallResNet(32, residual=False)
    shapes = [{key: p.shape for key, p in model.named_parameters()} for model in (residual, plain)]
    assert shapes[0] == shapes[1]
    convolutions = sum(isinstance(m, nn.Conv2d) for m in residual.modules())
    assert convolutions + 1 == 32  # and one dense layer


def test_depthwise_separable_costs_an_eighth_to_a_ninth():
    separable, full = models.depthwise_separable(256, 256), nn.Conv2d(256, 256, 3, bias=False)
    weights = sum(m.weight.numel() for m in separable if isinstance(m, nn.Conv2d))
    assert weights / full.weight.numel() == pytest.approx(1 / 256 + 1 / 9)


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "unet"])
def test_narrow_networks_start_with_activations_as_large_as_wide_ones(name):
    """The initialisation follows the fan-in, so what reaches the classifier neither vanishes nor explodes."""
    for width in (1 / 4, 1 / 16):
        torch.manual_seed(0)
        model = build(name, width=width, num_classes=10, in_channels=3).eval()
        with torch.no_grad():
            spread = model(torch.randn(8, 3, 64, 64)).square().mean().sqrt().item()
        assert 0.1 < spread < 10
        weights = [m.weight for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        for weight in weights[1:-1]:
            assert weight.std().item() == pytest.approx((2 / weight[0].numel()) ** 0.5, rel=0.1)


def test_mobilenet_layer_by_layer():
    """The output of each row of the paper's table 1, for its 224 x 224 images."""
    with torch.device("meta"):
        shapes = layer_shapes(build("mobilenet"), torch.zeros(1, 3, 224, 224))
    rows = [shapes["features.2"]] + [shapes[f"features.{row}.pointwise"] for row in range(3, 16)]
    channels = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    sides = [112, 112, 56, 56, 28, 28, *[14] * 6, 7, 7]
    assert rows == [(c, side, side) for c, side in zip(channels, sides, strict=True)]


def test_text_cnn():
    with torch.device("meta"):
        full = build("text_cnn")
    filters = sum(100 * (300 * size + 1) for size in (3, 4, 5))
    assert sum(p.numel() for p in full.parameters()) == 10_000 * 300 + filters + 300 * 2 + 2
    torch.manual_seed(0)
    model = build("text_cnn", vocabulary_size=20, num_classes=3, width=0.1, padding_index=0).eval()
    tokens = torch.randint(1, 20, (4, 9))
    with torch.no_grad():
        answer = model(tokens)
        assert answer.shape == (4, 3)
        shifted = nn.functional.pad(tokens, (6, 6))  # padding on both sides moves the sentence
        moved = nn.functional.pad(tokens, (9, 3))
        torch.testing.assert_close(model(shifted), model(moved))
        assert model(tokens[:, :5]).shape == (4, 3)
    model.train()(tokens).sum().backward()
    assert all(p.grad.any() for p in model.parameters())
    assert not model(nn.functional.pad(tokens, (2, 0))).isnan().any()


def test_text_cnn_refuses_what_is_not_a_sentence():
    model = build("text_cnn", vocabulary_size=20)
    for tokens, message in (
        (torch.zeros(4, 4, dtype=torch.int64), "sentences of at least 5 tokens, got 4"),
        (torch.zeros(4, dtype=torch.int64), r"tokens of shape \(N, L\), got shape \(4,\)"),
        (torch.zeros(4, 9), "tokens of dtype torch.int64, got dtype torch.float32"),
        ([[1, 2]], r"tokens as a tensor of shape \(N, L\), got list"),
    ):
        with pytest.raises(ValueError, match=f"^TextCNN: expected {message}$"):
            model(tokens)
    with pytest.raises(ValueError, match="^TextCNN: expected at least one entry in `kernel_sizes`"):
        build("text_cnn", kernel_sizes=())


@pytest.mark.parametrize("width", [0, -0.5, float("nan"), float("inf"), "half", True, None])
def test_a_width_is_positive(width):
    with pytest.raises(ValueError, match="^LeNet: expected `width` to be a positive number, got "):
        build("lenet", width=width)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_width_may_be_a_numpy_number(kind):
    assert build("lenet", width=kind(0.5)).fc1.out_features == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_sizes": 3}, "at least one entry in `kernel_sizes`, got 3"),
        ({"embedding_dim": 0}, "`embedding_dim` to be an integer of at least 1, got 0"),
        ({"embedding_dim": 3.5}, "`embedding_dim` to be an integer of at least 1, got 3.5"),
        ({"padding_index": 20}, "`padding_index` to be a token, 0 to 19, got 20"),
        ({"padding_index": -1}, "`padding_index` to be a token, 0 to 19, got -1"),
    ],
)
def test_text_cnn_refuses_arguments_that_no_sentence_fits(arguments, message):
    with pytest.raises(ValueError, match=f"^TextCNN: expected {message}$"):
        build("text_cnn", vocabulary_size=20, **arguments)


@pytest.mark.parametrize("token", [-1, 20])
def test_text_cnn_names_tokens_that_it_does_not_know(token):
    model = build("text_cnn", vocabulary_size=20, width=0.1)
    with pytest.raises(ValueError, match=f"^TextCNN: expected tokens from 0 to 19, got {min(token, 0)} to "):
        model(torch.tensor([[0, 1, 2, 3, 4, token]]))
    assert model(torch.zeros(0, 6, dtype=torch.long)).shape == (0, 2)


def test_googlenet_refuses_a_kernel_that_changes_the_size_of_the_map():
    with pytest.raises(ValueError, match="^GoogLeNet: expected an odd `kernel_5x5`.*, got 2$"):
        build("googlenet", kernel_5x5=2)


@pytest.mark.parametrize("name", CASES)
def test_a_batch_may_be_empty(name):
    model, (h, w) = small(name).eval(), CASES[name].size
    with torch.no_grad():
        assert main_output(model(torch.zeros(0, 2, h, w))).shape == CASES[name].shape(0, h, w)


def test_lenet_takes_another_pooling():
    model = models.LeNet(pooling=nn.MaxPool2d)
    assert isinstance(model.pool1, nn.MaxPool2d)
    assert isinstance(model.pool2, nn.MaxPool2d)
    assert model(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_the_stored_lenet_reads_digits_it_has_not_seen():
    """What tools/train_lenet_digits.py measured, 100 % and 99 % of 357 digits, with a margin of seven digits."""
    model, test = models.lenet_for_digits(), datasets.load("digits").test
    moved = np.roll(test.images, 3, axis=3)  # one pixel of the original eight
    for images, least in ((test.images, 0.98), (moved, 0.97)):
        with torch.no_grad():
            guess = model(torch.from_numpy(images)).argmax(dim=1).numpy()
        assert (guess == test.labels).mean() > least
    assert not model.training


def test_the_stored_lenet_is_small_enough_for_a_page():
    path = Path(models.__file__).parents[1] / "weights" / "lenet_digits.npz"
    assert path.stat().st_size < 1e6
    with np.load(path, allow_pickle=False) as stored:
        assert sum(stored[name].size for name in stored.files) == 61_706

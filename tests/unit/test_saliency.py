"""Saliency by hand, by invariants, and on models that are left as they were found."""

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import saliency
from course_lib.models import GoogLeNet, SmallResNet, build

FUNCTIONS = {
    "gradient_saliency": lambda model, x, **kw: saliency.gradient_saliency(model, x, **kw),
    "grad_cam": lambda model, x, **kw: saliency.grad_cam(model, x, "layer2", **kw),
    "class_activation_map": lambda model, x, **kw: saliency.class_activation_map(
        model, x, "layer3", "fc", **kw
    ),
    "occlusion": lambda model, x, **kw: saliency.occlusion(model, x, stride=8, **kw),
}


def network(seed=0):
    torch.manual_seed(seed)
    model = SmallResNet(8, in_channels=2, num_classes=5, width=0.25)
    nn.init.normal_(model.fc.weight)  # evidence for and against every class
    return model


def batch(n=3, h=28, w=20, dtype=np.float32):
    return np.random.default_rng(0).random((n, 2, h, w)).astype(dtype)


class TwoPixels(nn.Module):
    """Logits (3 a - 2 b, b) of the first two pixels of the first channel and the first of the second."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        a, b = x[:, 0, 0, 0], x[:, 1, 0, 0]
        return torch.stack([3 * a - 2 * b, b], dim=1) * self.scale


def test_gradient_by_hand_takes_the_largest_channel():
    x = batch(2, 3, 4)
    first = saliency.gradient_saliency(TwoPixels(), x, target=0)
    assert first.shape == (2, 3, 4)
    assert first[:, 0, 0].tolist() == [3, 3]  # max(|3|, |-2|), not their sum
    assert first.sum() == 6
    each = saliency.gradient_saliency(TwoPixels(), x, target=[0, 1])
    assert each[:, 0, 0].tolist() == [3, 1]


def test_gradient_against_central_differences():
    model, x = network().double(), batch(1, 12, 10, np.float64)
    answer = saliency.gradient_saliency(model, x, target=2)[0]
    model.eval()
    for i, j in ((0, 0), (5, 7), (11, 9)):
        slopes = []
        for channel in range(2):
            ends = []
            for step in (1e-5, -1e-5):
                moved = x.copy()
                moved[0, channel, i, j] += step
                ends.append(model(torch.from_numpy(moved))[0, 2].item())
            slopes.append(abs(ends[0] - ends[1]) / 2e-5)
        assert answer[i, j] == pytest.approx(max(slopes), rel=1e-6)


def test_default_target_is_the_prediction():
    model, x = network(), batch()
    predicted = model.eval()(torch.from_numpy(x)).argmax(dim=1).tolist()
    for function in FUNCTIONS.values():
        np.testing.assert_array_equal(function(model, x), function(model, x, target=predicted))
        other = function(model, x, target=[(k + 1) % 5 for k in predicted])
        assert not np.array_equal(function(model, x), other)


def test_class_activation_map_averages_to_the_logit():
    model, x = network().double(), batch(dtype=np.float64)
    maps = saliency.class_activation_map(model, x, "layer3", "fc", target=3, upsample=False)
    assert maps.shape == (3, 7, 5)
    logits = model.eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(maps.mean(axis=(1, 2)) + model.fc.bias[3].item(), logits[:, 3], rtol=1e-10)


def test_grad_cam_is_the_class_activation_map_where_both_exist():
    model, x = network().double(), batch(dtype=np.float64)
    cam = saliency.class_activation_map(model, x, "layer3", "fc", target=1, upsample=False)
    grad_cam = saliency.grad_cam(model, x, "layer3", target=1, upsample=False)
    assert (cam < 0).any()
    np.testing.assert_allclose(grad_cam, np.maximum(cam, 0) / (7 * 5), rtol=1e-10, atol=1e-15)


def test_maps_grow_to_the_images():
    model, x = network(), batch()
    small = saliency.grad_cam(model, x, "layer3", upsample=False)
    large = saliency.grad_cam(model, x, "layer3")
    assert large.shape == (3, 28, 20)
    expected = nn.functional.interpolate(torch.from_numpy(small)[:, None], (28, 20), mode="bilinear")[:, 0]
    np.testing.assert_array_equal(large, expected.numpy())


def test_occlusion_by_hand():
    """A model that weighs one pixel loses exactly where a cover hides it."""
    model, x = TwoPixels(), np.ones((1, 2, 6, 9), dtype=np.float32)
    drops = saliency.occlusion(model, x, target=0, window=(2, 3), stride=(2, 3), fill=0.5)
    assert drops.shape == (1, 3, 3)
    whole, covered = (torch.tensor(z).softmax(0)[0].item() for z in ([1.0, 1.0], [0.5, 0.5]))
    assert drops[0, 0, 0] == pytest.approx(whole - covered)
    drops = saliency.occlusion(model, x, target=0, window=(2, 3), stride=(2, 3), fill=0.0)
    assert drops[0, 0, 0] == pytest.approx(0.0)
    x[0, 1] = 0
    drops = saliency.occlusion(model, x, target=0, window=(3, 2), stride=(1, 2))
    assert drops.shape == (1, 4, 4)
    assert drops[0, 0, 0] == pytest.approx(torch.tensor([3.0, 0.0]).softmax(0)[0].item() - 0.5)
    assert np.count_nonzero(drops) == 1


def test_occlusion_covers_windows_that_are_not_square():
    model = nn.Sequential(nn.Flatten(), nn.Linear(2 * 6 * 9, 2, bias=False))
    nn.init.zeros_(model[1].weight)
    model[1].weight.data.view(2, 2, 6, 9)[0, 0, 1, 4] = 1.0
    drops = saliency.occlusion(model, np.ones((1, 2, 6, 9), dtype=np.float32), 0, window=(2, 5), stride=1)
    assert drops.shape == (1, 5, 5)
    assert np.argwhere(drops[0]).tolist() == [[i, j] for i in (0, 1) for j in range(5)]


def test_occlusion_does_not_touch_the_images():
    x = batch()
    before = x.copy()
    saliency.occlusion(network(), x)
    np.testing.assert_array_equal(x, before)
    with pytest.raises(ValueError, match="^occlusion: expected a window of at most 28 x 20, got 8 x 21$"):
        saliency.occlusion(network(), x, window=(8, 21))


def test_layer_activations_are_what_the_layers_answer():
    model, x = network(), batch()
    found = saliency.layer_activations(model, x, ["layer2", "conv1"])
    assert list(found) == ["layer2", "conv1"]
    with torch.no_grad():
        expected = model.eval().conv1(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(found["conv1"], expected)
    assert found["layer2"].shape == (3, 8, 14, 10)


def test_layer_activations_are_copies_even_before_an_inplace_layer():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(inplace=True))
    x = batch() - 0.5
    found = saliency.layer_activations(model, x, ["0", "1"])
    np.testing.assert_array_equal(found["0"], model[0](torch.from_numpy(x)).detach().numpy())
    assert (found["0"] < 0).any()
    np.testing.assert_array_equal(np.maximum(found["0"], 0), found["1"])


def test_activation_maximisation_finds_the_filter():
    """The image of a given energy that excites a linear filter most is the filter itself."""
    torch.manual_seed(0)
    model = nn.Conv2d(2, 3, kernel_size=(4, 5), bias=False)
    nn.init.normal_(model.weight)
    image = saliency.activation_maximisation(model, (2, 4, 5), channel=1, limits=None)
    kernel = model.weight[1].detach().numpy()
    cosine = (image * kernel).sum() / np.linalg.norm(image) / np.linalg.norm(kernel)
    assert image.shape == kernel.shape
    assert cosine > 0.999


@pytest.mark.parametrize("layer", [None, "layer2"])
def test_activation_maximisation_climbs(layer):
    model = network().eval()
    generator = torch.Generator().manual_seed(0)
    image = saliency.activation_maximisation(
        model, (2, 16, 12), 3, layer, steps=30, generator=generator, limits=(-1, 1)
    )
    assert np.abs(image).max() <= 1

    def response(x):
        if layer is None:
            return model(torch.from_numpy(x[None]))[0, 3].item()
        return saliency.layer_activations(model, x[None], [layer])[layer][0, 3].mean()

    assert response(image) > response(np.zeros_like(image)) + 0.5
    generator = torch.Generator().manual_seed(0)
    again = saliency.activation_maximisation(
        model, (2, 16, 12), 3, layer, steps=30, generator=generator, limits=(-1, 1)
    )
    np.testing.assert_array_equal(image, again)


def test_activation_maximisation_refuses_channels_that_are_not_there():
    for layer, shape in ((None, r"\(1, 5\)"), ("conv1", r"\(1, 4, 16, 12\)")):
        message = f"^activation_maximisation: expected a layer that answers with at least 6 channels, got shape {shape}$"
        with pytest.raises(ValueError, match=message):
            saliency.activation_maximisation(network(), (2, 16, 12), 5, layer)


@pytest.mark.parametrize("name", [*FUNCTIONS, "layer_activations", "activation_maximisation"])
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was_found(name, training):
    model = network().train(training)
    model.layer2.train(not training)  # a mixture of modes, as in fine-tuning
    modes = [module.training for module in model.modules()]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    if name == "activation_maximisation":
        saliency.activation_maximisation(model, (2, 16, 12), 0, "layer2", steps=2)
    elif name == "layer_activations":
        saliency.layer_activations(model, batch(), ["layer1"])
    else:
        FUNCTIONS[name](model, batch())
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_hooks_go_away_after_an_error():
    model = network()
    with pytest.raises(ValueError, match="SmallResNet: expected images"):
        saliency.grad_cam(model, np.zeros((1, 3, 28, 28), dtype=np.float32), "layer3")
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training


@pytest.mark.parametrize("name", FUNCTIONS)
def test_wrong_arguments_are_refused(name):
    function, model = FUNCTIONS[name], network()
    with pytest.raises(
        ValueError, match=rf"^{name}: expected images of shape \(N, C, H, W\), got shape \(2, 28, 20\)$"
    ):
        function(model, batch()[0])
    with pytest.raises(ValueError, match=f"^{name}: expected images of a floating dtype, got dtype int64$"):
        function(model, batch().astype(np.int64))
    with pytest.raises(ValueError, match=f"^{name}: expected `target` from 0 to 4, got 5$"):
        function(model, batch(), target=5)
    with pytest.raises(ValueError, match=rf"^{name}: expected `target` as one class or 3, got \[1, 2\]$"):
        function(model, batch(), target=[1, 2])


def test_layers_that_do_not_fit_are_refused():
    model, x = network(), batch()
    with pytest.raises(
        ValueError, match="^grad_cam: expected the name of a layer of SmallResNet, .*, got 'conv9'$"
    ):
        saliency.grad_cam(model, x, "conv9")
    with pytest.raises(
        ValueError, match=r"^grad_cam: expected layer 'fc' to answer with shape \(N, C, H, W\), got"
    ):
        saliency.grad_cam(model, x, "fc")
    with pytest.raises(ValueError, match="^class_activation_map: expected a layer of 16 channels, got 8$"):
        saliency.class_activation_map(model, x, "layer2", "fc")
    with pytest.raises(
        ValueError, match="^class_activation_map: expected `classifier` to name a Linear layer, got"
    ):
        saliency.class_activation_map(model, x, "layer3", "conv1")
    unused = nn.Sequential(nn.Conv2d(2, 3, 3))
    unused.forward = lambda x: x.mean(dim=(2, 3))
    with pytest.raises(
        ValueError, match="^layer_activations: expected layer '0' to answer with a tensor, got no answer$"
    ):
        saliency.layer_activations(unused, x, ["0"])
    with pytest.raises(
        ValueError, match=r"^gradient_saliency: expected a classifier with logits of shape \(N, K\), got"
    ):
        saliency.gradient_saliency(build("unet", in_channels=2, width=0.05), x)


def test_named_outputs_give_their_logits():
    model = GoogLeNet(num_classes=3, in_channels=2, width=1 / 16)
    assert saliency.gradient_saliency(model, batch(2)).shape == (2, 28, 20)
    assert saliency.grad_cam(model, batch(2), "inception4e").shape == (2, 28, 20)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", ["read-only", "backwards", "foreign", "list", "tensor"])
def test_images_may_lie_in_memory_as_they_like(name, kind):
    model, x = network(), batch(1)
    expected = FUNCTIONS[name](model, x, target=0)
    if kind == "read-only":
        images = np.broadcast_to(x, x.shape)
    elif kind == "backwards":
        images = np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    else:
        images = {
            "foreign": x.astype(">f4"),
            "list": x.tolist(),
            "tensor": torch.tensor(x, requires_grad=True),
        }[kind]
    np.testing.assert_array_equal(FUNCTIONS[name](model, images, target=0), expected)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_images_give_no_maps(name):
    assert FUNCTIONS[name](network(), batch(0)).shape[0] == 0


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("wrong", [None, "image", 3])
def test_what_is_no_image_is_refused_by_name(name, wrong):
    with pytest.raises(
        ValueError, match=rf"^{name}: expected images of shape \(N, C, H, W\), got shape \(\)$"
    ):
        FUNCTIONS[name](network(), wrong)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("wrong", ["cat", 1.0, True, [[0], [1], [2]], [0.0, 1.0, 2.0]])
def test_what_is_no_class_is_refused_by_name(name, wrong):
    with pytest.raises(ValueError, match=rf"^{name}: expected `target` as one class or 3, got "):
        FUNCTIONS[name](network(), batch(), target=wrong)


def climb(model=None, shape=(2, 12, 12), channel=0, **settings):
    """Two steps of activation maximisation."""
    return saliency.activation_maximisation(model or network(), shape, channel, **{"steps": 2} | settings)


def test_a_network_without_parameters_has_an_ideal_image_too():
    image = climb(nn.Sequential(nn.AvgPool2d(4), nn.ReLU()), (1, 8, 8), steps=30)
    np.testing.assert_allclose(image, 1, atol=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: climb(shape=(2, 12)), r"expected `image_shape` to be \(C, H, W\), got \(2, 12\)"),
        (lambda: climb(shape=12), r"expected `image_shape` to be \(C, H, W\), got 12"),
        (lambda: climb(shape=(2, 0, 12)), "expected `image_shape` to be an integer of at least 1, got 0"),
        (lambda: climb(channel=1.5), "expected `channel` to be an integer of at least 0, got 1.5"),
        (lambda: climb(step_size=float("nan")), "expected `step_size` to be a number, got nan"),
        (lambda: climb(weight_decay=2), "expected `weight_decay` from 0 to 1, got 2"),
        (lambda: climb(limits=(1,)), r"expected `limits` to be a pair of numbers, got \(1,\)"),
        (lambda: climb(limits=(1, 0)), r"expected finite `limits` that rise, got \(1, 0\)"),
        (lambda: climb(limits=(0, float("inf"))), r"expected finite `limits` that rise, got \(0, inf\)"),
        (
            lambda: climb(build("detector", width=1 / 16), (3, 64, 64)),
            "expected a layer that answers with at least 1 channels, got DetectorOutput",
        ),
    ],
)
def test_a_climb_that_leads_nowhere_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^activation_maximisation: {message}$"):
        call()


def test_layers_come_as_a_sequence_and_a_cover_has_a_number():
    with pytest.raises(
        ValueError, match="^layer_activations: expected a sequence of names of layers, got 'fc'$"
    ):
        saliency.layer_activations(network(), batch(), "fc")
    with pytest.raises(ValueError, match="^occlusion: expected `fill` to be a number, got None$"):
        saliency.occlusion(network(), batch(), fill=None)

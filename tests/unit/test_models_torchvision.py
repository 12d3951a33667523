"""The models that torchvision has too: the same parameters by name, and with its weights the same logits."""

import pytest
import torch
import torchvision

from course_lib.models import build, load_torchvision_state_dict

NAMES = [
    "alexnet",
    *[f"vgg{depth}{suffix}" for depth in (11, 13, 16, 19) for suffix in ("", "_bn")],
    "googlenet",
    *[f"resnet{depth}" for depth in (18, 34, 50, 101, 152)],
    *[f"densenet{depth}" for depth in (121, 161, 169, 201)],
]
#: Run through both networks; the others differ from one of these in the number of their layers alone.
RUN = ["alexnet", "vgg11", "vgg16", "vgg11_bn", "googlenet", "resnet18", "resnet50", "densenet121"]


def theirs(name):
    options = {"init_weights": False} if name.startswith(("googlenet", "vgg")) else {}
    return getattr(torchvision.models, name)(weights=None, **options)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_shapes_are_torchvisions(name):
    with torch.device("meta"):
        ours, other = build(name), theirs(name)
    shapes = [{key: value.shape for key, value in model.state_dict().items()} for model in (ours, other)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", RUN)
def test_logits_with_torchvisions_weights(name):
    torch.manual_seed(0)
    other = theirs(name)
    images = torch.randn(2, 3, 96, 80)
    with torch.no_grad():
        other.train()(images)  # moves the running statistics of batch norm away from 0 and 1
        for layer in other.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.uniform_(-0.5, 0.5)
        with torch.device("meta"):
            ours = build(name)
        load_torchvision_state_dict(ours, other.state_dict())
        expected, answer = other.eval()(images), ours.eval()(images)
    assert expected.std() > 1e-4
    torch.testing.assert_close(answer, expected, rtol=0, atol=1e-5)


def test_googlenets_heads_answer_as_torchvisions():
    torch.manual_seed(0)
    other, ours = theirs("googlenet"), build("googlenet")
    load_torchvision_state_dict(ours, other.state_dict())
    for model in (ours, other):
        for layer in model.modules():
            if isinstance(layer, torch.nn.Dropout):
                layer.p = 0.0
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        answer, expected = ours.train()(images), other.train()(images)
    torch.testing.assert_close(answer.logits, expected.logits, rtol=0, atol=1e-5)
    torch.testing.assert_close(answer.aux_logits1, expected.aux_logits1, rtol=0, atol=1e-5)
    torch.testing.assert_close(answer.aux_logits2, expected.aux_logits2, rtol=0, atol=1e-5)
    assert not torch.allclose(answer.aux_logits1, answer.aux_logits2)


def test_weights_are_copied_not_shared():
    ours, other = build("resnet18"), theirs("resnet18")
    load_torchvision_state_dict(ours, other.state_dict())
    assert torch.equal(ours.fc.weight, other.fc.weight)
    torch.nn.init.zeros_(other.fc.weight)
    assert ours.fc.weight.any()


def test_heads_are_left_out_for_a_googlenet_without_them():
    with torch.device("meta"):
        other = theirs("googlenet").state_dict()
        ours = build("googlenet", aux_logits=False)
    load_torchvision_state_dict(ours, other)
    assert any(key.startswith("aux1") for key in other)
    assert not any(key.startswith("aux") for key in ours.state_dict())


def test_densenets_old_spelling_is_understood():
    with torch.device("meta"):
        other, ours = theirs("densenet121").state_dict(), build("densenet121")
    spelt = {}
    for key, value in other.items():
        for kind in ("norm", "conv"):
            for number in "12":
                if "denselayer" in key:
                    key = key.replace(f".{kind}{number}.", f".{kind}.{number}.")
        spelt[key] = value
    assert "features.denseblock1.denselayer1.norm.1.weight" in spelt
    load_torchvision_state_dict(ours, spelt)


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"^load_torchvision_state_dict: expected a model that .*, got MobileNet$"
    ):
        load_torchvision_state_dict(build("mobilenet", width=0.1), {})
    with torch.device("meta"):
        ours, other = build("resnet18"), theirs("resnet18").state_dict()
    other["surplus"] = other.pop("fc.bias")
    with pytest.raises(RuntimeError, match=r"(?s)fc\.bias.*surplus"):
        load_torchvision_state_dict(ours, other)

"""U-Net and FCN: sizes, skips, and enlargement that begins as interpolation."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib import datasets
from course_lib.metrics import intersection_over_union
from course_lib.models import FCN, UNet, bilinear_kernel


def test_unet_has_the_sizes_of_its_paper():
    with torch.device("meta"):
        model = UNet(padding="valid")
        sizes = []
        for block in (*model.down, model.bottom, *model.merge):
            block.register_forward_hook(lambda m, x, y: sizes.append(y.shape[2]))
        assert model(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    assert sizes == [568, 280, 136, 64, 28, 52, 100, 196, 388]


@pytest.mark.parametrize(("depth", "smallest"), [(1, 18), (2, 44), (3, 92), (4, 188)])
def test_smallest_image_of_a_valid_unet(depth, smallest):
    with torch.device("meta"):
        model = UNet(padding="valid", depth=depth, width=1 / 16)
        answer = model(torch.zeros(1, 1, smallest, smallest + 3))
    assert min(answer.shape) >= 1
    with pytest.raises(ValueError, match=f"^UNet: expected images of at least {smallest} x {smallest}, got"):
        model(torch.zeros(1, 1, smallest, smallest - 1))
    model.smallest = 1  # the bound is the network's own
    with torch.device("meta"), pytest.raises(RuntimeError):
        model(torch.zeros(1, 1, smallest - 1, smallest - 1))


def test_valid_unet_answers_for_the_middle():
    """An answer away from every border depends on its own surroundings alone, so a larger image gives it too."""
    torch.manual_seed(0)
    model = UNet(padding="valid", depth=2, width=1 / 16).double()
    image = torch.rand(1, 1, 60, 68, dtype=torch.float64)
    with torch.no_grad():
        whole, window = model(image), model(image[:, :, 4:56, 8:60])
    top, left = 4, 8  # multiples of 2^depth, so that the poolings' grids coincide
    inner = whole[:, :, top : top + window.shape[2], left : left + window.shape[3]]
    torch.testing.assert_close(window, inner)


def test_same_unet_pads_and_crops_back():
    torch.manual_seed(0)
    model = UNet(depth=3, width=1 / 16)
    image = torch.rand(1, 1, 21, 30)
    with torch.no_grad():
        answer, padded = model(image), model(F.pad(image, (0, 2, 0, 3)))
    assert answer.shape == (1, 2, 21, 30)
    assert torch.equal(answer, padded[:, :, :21, :30])


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_skips_carry_the_way_down_to_the_way_up(padding):
    torch.manual_seed(0)
    image = torch.rand(1, 1, 64, 64)
    for skips in (True, False):
        model = UNet(depth=2, width=1 / 16, skips=skips, padding=padding)
        for up in model.up:
            nn.init.zeros_(up.weight)  # nothing comes from below
        with torch.no_grad():
            difference = (model(image) - model(image.flip(3))).abs().max().item()
        assert (difference > 0) is skips
    with_skips, without = UNet(width=1 / 4), UNet(width=1 / 4, skips=False)
    assert with_skips.merge[0][0].in_channels == 2 * without.merge[0][0].in_channels


def test_unet_options():
    model = UNet(depth=2, width=1 / 16, batch_norm=True, dropout=0.3)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()) == 2 * 5
    assert model.dropout.p == 0.3
    with pytest.raises(ValueError, match="^UNet: expected `padding` of 'same' or 'valid', got 'full'$"):
        UNet(padding="full")
    with pytest.raises(ValueError, match="^UNet: expected `depth` to be an integer of at least 1, got 0$"):
        UNet(depth=0)


@pytest.mark.parametrize("factor", [2, 8, 16])
def test_transposed_convolution_begins_as_bilinear_interpolation(factor):
    layer = (
        FCN(8, num_classes=3, width=1 / 32).up_to_8
        if factor == 2
        else FCN(factor, num_classes=3, width=1 / 32).up
    )
    x = torch.rand(1, 3, 6, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        enlarged = layer(x)
    expected = F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)
    assert enlarged.shape == expected.shape
    inner = (..., slice(factor, -factor), slice(factor, -factor))
    torch.testing.assert_close(enlarged[inner], expected[inner])


def test_bilinear_kernel_by_hand():
    row = torch.tensor([0.25, 0.75, 0.75, 0.25])
    assert torch.equal(bilinear_kernel(2), torch.outer(row, row))
    for factor in (4, 32):
        assert bilinear_kernel(factor).sum().item() == pytest.approx(factor**2)
    for factor in (3, 1):
        with pytest.raises(ValueError, match="^bilinear_kernel: expected .*`factor`.*, got"):
            bilinear_kernel(factor)


@pytest.mark.parametrize(("stride", "levels"), [(32, [5]), (16, [4, 5]), (8, [3, 4, 5])])
def test_fcn_reads_scores_from_its_stages(stride, levels):
    torch.manual_seed(0)
    model = FCN(stride, num_classes=3, width=1 / 32).eval()
    scores = {3: "score3", 4: "score4", 5: "score"}
    assert [level for level, name in scores.items() if hasattr(model, name)] == levels
    image = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        assert not model(image).any()  # scores begin at 0
        for level in levels:
            nn.init.normal_(getattr(model, scores[level]).weight)
            assert model(image).any()
            nn.init.zeros_(getattr(model, scores[level]).weight)


def test_fcn_can_normalise_its_stages():
    model = FCN(32, num_classes=3, width=1 / 32, batch_norm=True)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in model.modules()) == 13


def test_stored_unet_segments_the_default_scenes():
    """Chapter 17's weights, in the library's network, give the mean IoU that was stored with them."""
    folder = Path(__file__).parents[2] / "chapters" / "results"
    runs = json.loads((folder / "17_unet.json").read_text(encoding="utf-8"))["default"]
    (claimed,) = (r["test"] for r in runs if (r["kind"], r["role"], r["seed"]) == ("U-Net", "seed", 0))
    assert (folder / "17_unet.npz").stat().st_size < 1_000_000
    model = UNet(num_classes=5, in_channels=3, width=1 / 4, depth=2, batch_norm=True).eval()
    with np.load(folder / "17_unet.npz") as arrays:
        stored = {key.removeprefix("model."): arrays[key] for key in arrays if key.startswith("model.")}
        mean, std = arrays["mean"], arrays["std"]
    model.load_state_dict({in_library(key, depth=2): torch.from_numpy(v) for key, v in stored.items()})
    scenes = datasets.load("scenes", train=0).test
    images = torch.from_numpy((scenes.images - mean) / std)
    with torch.no_grad():
        found = torch.cat([model(few).argmax(dim=1) for few in images.split(100)])
    reached = intersection_over_union(found.numpy(), scenes.class_map(), num_classes=5)
    np.testing.assert_allclose(reached, claimed, rtol=0, atol=0.002)
    assert reached.mean() >= 0.85


def in_library(key, depth):
    """The library's name of a weight of the chapter: levels of the way up from the bottom, layers in one row."""
    part, *rest = key.split(".")
    if part in ("up", "merge"):
        rest[0] = str(depth - 1 - int(rest[0]))
    if part in ("down", "merge", "bottom"):
        *level, pair, layer, name = rest
        rest = [*level, str(3 * int(pair) + int(layer)), name]
    return ".".join([part, *rest])

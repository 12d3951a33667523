"""course_lib.reporting: counts held to torch's own counter, windows held to gradients, the card to its facts."""

import json
import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib import models
from course_lib.reporting import (
    cost,
    latency,
    measured_receptive_field,
    parameter_count,
    receptive_field,
    report_card,
)
from course_lib.training import History

NETWORKS = [
    ("lenet", {}, (1, 28, 28)),
    ("mnist_cnn", {}, (1, 28, 28)),
    ("alexnet", {"width": 0.25}, (3, 96, 96)),
    ("vgg11", {"width": 0.25}, (3, 64, 64)),
    ("resnet18", {"width": 0.25}, (3, 64, 64)),
    ("resnet50", {"width": 0.25}, (3, 64, 64)),
    ("mobilenet", {"width": 0.25}, (3, 64, 64)),
    ("densenet121", {"width": 0.5}, (3, 64, 64)),
    ("googlenet", {"width": 0.25}, (3, 64, 64)),
    ("unet", {"width": 0.25}, (3, 32, 32)),
]


@pytest.mark.parametrize(("name", "options", "shape"), NETWORKS, ids=[n[0] for n in NETWORKS])
def test_flops_equal_torchs_own_counter(name, options, shape):
    channels = {"in_channels": shape[0]}
    model = models.build(name, **channels, **options).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *shape))
    measured = cost(model, shape)
    assert measured.flops == counter.get_total_flops() > 0
    assert measured.macs == sum(row.macs for row in measured.layers)
    assert measured.parameters == sum(p.numel() for p in model.parameters())
    assert model.training is False


def test_cost_by_hand():
    conv = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), groups=2)
    model = nn.Sequential(conv, nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(6 * 5 * 6, 3, bias=False))
    measured = cost(model, (4, 10, 7))
    # output 6 x 5 x 6, two input channels and 3 x 2 taps each
    assert [row.macs for row in measured.layers] == [6 * 5 * 6 * 2 * 6, 0, 0, 180 * 3]
    assert [row.parameters for row in measured.layers] == [6 * 2 * 6 + 6, 0, 0, 540]
    assert measured.layers[0].output_shape == (6, 5, 6)
    # ReLU in place and flatten write nothing new
    assert measured.activation_bytes == 4 * (180 + 3)


def test_shared_and_frozen_parameters_count_once_and_not_at_all():
    layer = nn.Linear(3, 3)
    model = nn.Sequential(layer, layer, nn.Linear(3, 2).requires_grad_(False))
    assert parameter_count(model) == 12
    assert [row.parameters for row in cost(model, (3,)).layers] == [12, 0, 0]
    assert cost(model, (3,)).macs == 9 + 9 + 6


def chain(*layers):
    return nn.Sequential(*layers)


CHAINS = {
    "three 3x3 see as far as one 7x7": (chain(*(nn.Conv2d(1, 1, 3, padding=1) for _ in range(3))), 7),
    "dilation": (chain(nn.Conv2d(1, 2, 3, dilation=2), nn.Conv2d(2, 1, 3, dilation=4)), 1 + 4 + 8),
    # 3x3 on a map after two 2x2 pools: 12 pixels by stride alone, and the pools' own reach
    "two pools": (chain(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Conv2d(1, 1, 3)), 4 + 2 * 4),
    "average pool, stride 3": (chain(nn.AvgPool2d(4, 3), nn.Conv2d(1, 1, 3, stride=2)), 4 + 2 * 3),
}


@pytest.mark.parametrize("name", CHAINS)
def test_windows_by_hand_and_by_gradient(name):
    model, by_hand = CHAINS[name]
    assert receptive_field(model, (1, 64, 64))[-1].size == (by_hand, by_hand)
    assert measured_receptive_field(model, (1, 64, 64)) == (by_hand, by_hand)


def test_height_and_width_are_kept_apart():
    model = chain(nn.Conv2d(1, 1, (3, 5), stride=(2, 1), padding=(0, 2)), nn.MaxPool2d((1, 2)))
    row = receptive_field(model, (1, 40, 40))[-1]
    assert row.size == (3, 6)
    assert row.jump == (2, 2)
    assert row.first == (0, -2)
    assert measured_receptive_field(model, (1, 40, 40)) == (3, 6)


class Branches(nn.Module):
    """A residual block whose shortcut jumps as its body does, then a concatenation of 1x1 and 5x5."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 2, 3, 2, 1), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 3, 1, 1)
        )
        self.shortcut = nn.Conv2d(1, 2, 1, 2)
        self.small, self.large = nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, 5, padding=2)

    def forward(self, x):
        x = torch.relu(self.body(x) + self.shortcut(x))
        return torch.cat([self.small(x), self.large(x)], dim=1)


def test_branches_see_their_hull():
    expected = 3 + 2 * 2 + 4 * 2
    assert measured_receptive_field(Branches(), (1, 64, 64)) == (expected, expected)
    merged = chain(Branches(), nn.Conv2d(2, 1, 1))
    assert receptive_field(merged, (1, 64, 64))[-1].size == (expected, expected)


def test_upsampling_brings_the_jump_down_again():
    model = chain(
        nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.ConvTranspose2d(1, 1, 2, stride=2), nn.Conv2d(1, 1, 3)
    )
    rows = receptive_field(model, (1, 32, 32))
    assert [row.jump for row in rows] == [(1 * 2,) * 2, (1.0,) * 2, (1.0,) * 2]
    measured = measured_receptive_field(model, (1, 32, 32))
    assert rows[-1].size[0] >= measured[0] >= 5


def test_the_window_of_a_224_image_is_not_63_pixels():
    # Stride 32 in all: on the last 7 x 7 map, a 3 x 3 kernel covers 3 * 32 = 96 pixels by stride alone.
    layers = [m for _ in range(5) for m in (nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2))]
    row = receptive_field(chain(*layers, nn.Conv2d(1, 1, 3, padding=1)), (1, 224, 224))[-1]
    assert row.jump == (32, 32)
    assert row.size[0] > 3 * 32


def test_lists_end_where_a_unit_sees_everything():
    model = chain(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    assert [row.kind for row in receptive_field(model, (1, 12, 12))] == ["Conv2d"]


def test_measuring_leaves_the_model_alone_and_refuses_borders():
    model = chain(nn.Conv2d(1, 1, 5), nn.MaxPool2d(2)).train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    measured_receptive_field(model, (1, 30, 30))
    assert model.training
    assert isinstance(model[1], nn.MaxPool2d)
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)
    with pytest.raises(
        ValueError, match="measured_receptive_field: expected an image larger than the window"
    ):
        measured_receptive_field(model, (1, 6, 6))
    with pytest.raises(ValueError, match="measured_receptive_field: expected a model whose output is a map"):
        measured_receptive_field(chain(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))


def test_latency_leaves_out_the_warm_up(monkeypatch):
    calls = []

    class Slow(nn.Module):
        def forward(self, x):
            calls.append(tuple(x.shape))
            return x

    clock = iter(range(1000))
    # Each batch reads the clock twice; the k-th batch seems to take k seconds.
    ticks = [t for k in range(100) for t in (0.0, float(k))]
    monkeypatch.setattr("course_lib.reporting.costs.time.perf_counter", lambda: ticks[next(clock)])
    measured = latency(Slow(), (2, 3), batch_size=4, batches=5, warmup=2)
    assert calls == [(4, 2, 3)] * 7
    assert (measured.mean, measured.median, measured.worst) == (4000.0, 4000.0, 6000.0)  # batches 2 to 6
    assert measured.std == pytest.approx(1000 * 2**0.5)
    with pytest.raises(ValueError, match="latency: expected `batches` to be an integer of at least 1, got 0"):
        latency(Slow(), (1,), batches=0)


def test_report_card_says_everything_in_three_forms():
    model = chain(nn.Flatten(), nn.Linear(4, 2))
    history = History(
        [0.5, 0.4], [{"train_loss": 0.45, "val_loss": 0.4, "val_accuracy": 0.91, "seconds": 3.0}]
    )
    card = report_card(
        model, (1, 2, 2), name="Tiny <b>", what="one dense layer", data="toy", history=history, batches=3
    )  # fmt: skip
    facts = card.as_dict()
    assert json.loads(json.dumps(facts))["parameters"] == 10
    assert facts["macs"] == 8
    assert facts["metrics"] == {"val_loss": 0.4, "val_accuracy": 0.91}
    assert facts["training"] == {"epochs": 1, "steps": 2, "seconds": 3.0}
    text, page = str(card), card.as_html()
    for fact in ("one dense layer", "1 x 2 x 2", "0.91", "1 epochs, 2 steps, 3.0 s", "3 batches on cpu"):
        assert fact in text
        assert fact in page
    assert "alternatives" not in text
    assert "Tiny &lt;b&gt;" in page
    assert "<b>" not in page
    assert card._repr_html_() == page


def test_bad_shapes_are_named():
    with pytest.raises(
        ValueError, match=r"cost: expected `input_shape` to be an integer of at least 1, got 0"
    ):
        cost(nn.Linear(1, 1), (0,))
    with pytest.raises(ValueError, match=r"cost: expected `input_shape` to be a tuple"):
        cost(nn.Linear(1, 1), 3)
    with pytest.raises(ValueError, match=r"receptive_field: expected `input_shape` to be \(C, H, W\)"):
        receptive_field(nn.Conv2d(1, 1, 1), (3, 3))


class Calls(nn.Module):
    """A model of one parameter more, whose forward is any function of it, its layers and its input."""

    def __init__(self, function, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.scale = nn.Parameter(torch.ones(()))
        self.function = function

    def forward(self, x):
        out = self.function(self.layers, x)
        return out * self.scale if isinstance(out, torch.Tensor) else out


def cropped(rows):
    """A model that leaves out the first rows and every second column."""
    return Calls(lambda m, x: x[:, :, rows:, ::2])


def conv(*arguments, **settings):
    return nn.Conv2d(1, 1, *arguments, **settings)


ODD_NETS = {
    "zeros around the map": (
        chain(nn.ZeroPad2d((0, 3, 1, 0)), conv(3), conv(3)),
        (5, 5),
        (1.0, 1.0),
        (-1.0, 0.0),
    ),
    "reflected margin": (
        chain(conv(3, padding=1, padding_mode="reflect"), conv(3)),
        (5, 5),
        (1.0, 1.0),
        (-1.0, -1.0),
    ),
    "the same size": (
        chain(conv(5, padding="same"), conv(3, padding="valid")),
        (7, 7),
        (1.0, 1.0),
        (-2.0, -2.0),
    ),
    "norm pooling": (chain(conv(3), nn.LPPool2d(3, 2), conv(3)), (8, 8), (2.0, 2.0), (0.0, 0.0)),
    "dilated maxima": (
        chain(conv(3), nn.MaxPool2d(2, dilation=3), conv(3)),
        (10, 10),
        (2.0, 2.0),
        (0.0, 0.0),
    ),
    "maxima rounded up": (
        chain(nn.MaxPool2d(3, 2, ceil_mode=True), conv(3)),
        (7, 7),
        (2.0, 2.0),
        (0.0, 0.0),
    ),
    "the maximum as a function": (
        Calls(lambda m, x: m[1](F.max_pool2d(m[0](x), kernel_size=3, stride=2)), conv(3), conv(3)),
        (9, 9),
        (2.0, 2.0),
        (0.0, 0.0),
    ),
    "maxima and their places": (
        Calls(lambda m, x: m[1](F.max_pool2d(m[0](x), 2, return_indices=True)[0]), conv(3), conv(3)),
        (8, 8),
        (2.0, 2.0),
        (0.0, 0.0),
    ),
    "cropping": (
        Calls(lambda m, x: m[1](m[0](x)[:, :, 1:-1, 2:]), conv(3), conv(3)),
        (5, 5),
        (1.0, 1.0),
        (1.0, 2.0),
    ),
    "every second pixel": (
        Calls(lambda m, x: m[1](m[0](x)[..., ::2, 1::2]), conv(3), conv(3)),
        (7, 7),
        (2.0, 2.0),
        (0.0, 1.0),
    ),
    "channels apart": (
        Calls(lambda m, x: m[1](m[0](x).chunk(2, 1)[1]), nn.Conv2d(1, 2, 3), conv(3)),
        (5, 5),
        (1.0, 1.0),
        (0.0, 0.0),
    ),
    "input by name": (
        Calls(lambda m, x: m[0](input=x), conv(3, padding=1)),
        (3, 3),
        (1.0, 1.0),
        (-1.0, -1.0),
    ),
    "layer that overwrites": (chain(nn.ReLU(inplace=True), conv(3)), (3, 3), (1.0, 1.0), (0.0, 0.0)),
    "group normalisation": (
        chain(nn.Conv2d(1, 2, 3), nn.GroupNorm(1, 2), nn.Conv2d(2, 1, 3)),
        (5, 5),
        (1.0, 1.0),
        (0.0, 0.0),
    ),
    "copied pixels": (
        chain(conv(3, 2, 1), nn.Upsample(scale_factor=2), conv(3)),
        (5, 5),
        (1.0, 1.0),
        (-1.0, -1.0),
    ),
    "shuffled pixels": (
        chain(nn.Conv2d(1, 4, 3), nn.PixelShuffle(2), conv(3)),
        (4, 4),
        (0.5, 0.5),
        (0.0, 0.0),
    ),
    "mixed pixels": (
        chain(nn.Upsample(scale_factor=2, mode="bilinear"), conv(2), conv(1)),
        (3, 3),
        (0.5, 0.5),
        (0.0, 0.0),
    ),
}


@pytest.mark.parametrize("name", ODD_NETS)
def test_the_window_of_odd_nets_by_hand_and_by_gradient(name):
    model, size, jump, first = ODD_NETS[name]
    row = receptive_field(model, (1, 60, 64))[-1]
    assert (row.kind, row.size, row.jump, row.first) == ("Conv2d", size, jump, first)
    measured = measured_receptive_field(model, (1, 60, 64))
    assert measured == size or (name == "mixed pixels" and max(measured) <= size[0])  # one phase of two


BLOCKS = [
    lambda r: conv((r(1, 5), r(1, 5)), stride=r(1, 2), padding=r(0, 2), dilation=r(1, 2)),
    lambda r: nn.MaxPool2d(r(2, 3), r(1, 2), r(0, 1), dilation=r(1, 2), ceil_mode=bool(r(0, 1))),
    lambda r: nn.AvgPool2d(r(2, 3), r(1, 2), r(0, 1), ceil_mode=bool(r(0, 1))),
    lambda r: nn.LPPool2d(3, r(2, 3), r(1, 2)),
    lambda r: nn.ZeroPad2d((r(0, 2), 0, r(0, 2), 1)),
    lambda r: cropped(r(0, 2)),
    lambda r: Calls(lambda m, x: m[0](x) + m[1](x) + x, conv(3, padding=1), conv(5, padding=2)),
]
ENLARGING = [
    lambda r: nn.Upsample(scale_factor=r(2, 3)),
    lambda r: nn.Upsample(scale_factor=2, mode="bilinear"),
    lambda r: nn.ConvTranspose2d(1, 1, r(2, 4), r(1, 2), r(0, 1)),
    lambda r: chain(nn.Conv2d(1, 4, 1), nn.PixelShuffle(2)),
]


@pytest.mark.parametrize("enlarging", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_the_windows_of_random_nets_are_those_that_the_gradient_shows(seed, enlarging):
    """Exactly so without enlarging; with it no phase sees more than the arithmetic says."""
    draw = random.Random(seed)
    kinds = [*BLOCKS, *(ENLARGING if enlarging else [])]
    model = chain(*(draw.choice(kinds)(draw.randint) for _ in range(draw.randint(1, 4))), conv(1))
    row = receptive_field(model, (1, 80, 84))[-1]
    assert row.kind == "Conv2d"
    measured = measured_receptive_field(model, (1, 80, 84))
    assert all(a <= b for a, b in zip(measured, row.size, strict=True)) if enlarging else measured == row.size


def test_adaptive_maxima_are_opened_too():
    model = chain(conv(3), nn.AdaptiveMaxPool2d(4))  # 58 pixels in four windows: 29 to 43 is the third
    assert measured_receptive_field(model, (1, 60, 60)) == (15 + 2, 15 + 2)
    places = Calls(lambda m, x: F.adaptive_max_pool2d(m[0](x), 4, return_indices=True)[0], conv(3))
    assert measured_receptive_field(places, (1, 60, 60)) == (15 + 2, 15 + 2)


def test_what_meets_a_pooling_of_the_whole_map_or_changes_places_has_no_window():
    gated = Calls(lambda m, x: m[1](x * m[0](x).mean((2, 3), keepdim=True)), conv(3), conv(3))
    turned = Calls(lambda m, x: m[1](m[0](x).transpose(2, 3)), conv(3), conv(3))
    joined = Calls(lambda m, x: m[1](torch.cat([m[0](x)] * 2, dim=2)), conv(3), conv(3))
    picked = Calls(lambda m, x: m[1](m[0](x)[:, :, -9:]), conv(3), conv(3))
    for model in (gated, turned, joined, picked):
        assert [row.size for row in receptive_field(model, (1, 20, 20))] == [(3, 3)]


@pytest.mark.parametrize("name", [name for name in models.available() if "densenet2" not in name])
def test_macs_equal_pytorch_s_count_for_every_model(name):
    model = models.build(name, width=1 / 16).eval()
    side = getattr(model, "image_size", (64, 80))
    shape = (12,) if name == "text_cnn" else (model.in_channels, *side)
    x = torch.zeros(1, *shape, dtype=torch.long if name == "text_cnn" else torch.float32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x)
    spent = cost(model, shape)
    assert spent.flops == counter.get_total_flops() == 2 * sum(row.macs for row in spent.layers)
    assert latency(model, shape, batches=1, warmup=0).batches == 1


def test_multiplications_outside_any_layer_count():
    model = Calls(lambda m, x: F.conv2d(x, torch.ones(4, 1, 3, 3)))
    spent = cost(model, (1, 8, 8))
    assert (spent.macs, spent.layers) == (4 * 6 * 6 * 9, [])
    by_name = Calls(lambda m, x: m[0](input=x), nn.ConvTranspose2d(1, 2, 2))
    assert cost(by_name, (1, 4, 4)).layers[0].macs == 16 * 2 * 4


def test_reporting_leaves_frozen_layers_frozen_whatever_happens():
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2))
    model[0].eval()
    report_card(model, (4,), batches=1)
    with pytest.raises(RuntimeError):
        latency(model, (5,))
    assert [module.training for module in model.modules()] == [True, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cost(nn.Linear(4, 2), 4),
            "cost: expected `input_shape` to be a tuple without the batch axis",
        ),
        (
            lambda: latency(nn.Linear(4, 2), (0,)),
            "latency: expected `input_shape` to be an integer of at least 1, got 0",
        ),
        (
            lambda: receptive_field(conv(1), 3),
            r"receptive_field: expected `input_shape` to be \(C, H, W\), got 3",
        ),
        (
            lambda: measured_receptive_field(conv(1), (1, 5)),
            r"measured_receptive_field: expected `input_shape` to be \(C",
        ),
        (
            lambda: measured_receptive_field(Calls(lambda m, x: (x,)), (1, 5, 5)),
            "expected a model whose output is a map .*, got",
        ),
        (
            lambda: report_card(nn.Linear(4, 2), (4,), metrics={"accuracy": "good"}, batches=1),
            "report_card: expected metric `accuracy` to be a number, got 'good'",
        ),
    ],
)
def test_wrong_questions_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()

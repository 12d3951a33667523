"""Shapes through a network: its arithmetic against torch and course_lib.reporting, and the figure driven by keyboard."""

import re

import numpy as np
import pytest
import torch
import torchvision
from conftest import ASSETS
from figure_page import figure_page, tab_to
from reader import FIGURES, axe_violations
from torch import nn

from course_lib.models import LeNet, MobileNet
from course_lib.reporting import cost, receptive_field

pytestmark = pytest.mark.browser

ROOT = '[data-figure="shapes-through-network"]'
PRESETS = ["lenet-5", "alexnet", "vgg-11", "vgg-16", "resnet-stages", "mobilenet-start"]
README = (ASSETS / "figures" / "README.md").read_text(encoding="utf-8")
COMPUTE = """jobs => jobs.map(([input, layers]) => {
    const { readInput, readLayers, writeLayer, compute } = CourseFigures.shapes;
    const read = readLayers(layers);
    return { ...compute({ input: readInput(input), layers: read }), written: read.map(writeLayer).join("; ") };
})"""


def figure(**data):
    """The raw HTML an author writes."""
    more = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return f'<div class="course-figure" data-figure="shapes-through-network" {more}>Layers and their shapes.</div>'


@pytest.fixture
def still(figure_reader):
    """A page for questions to the arithmetic; the tab is shared, so it is opened anew for each."""
    with figure_page(figure_reader, figure()) as page:
        yield page


@pytest.fixture
def page(figure_reader):
    """A page with LeNet-5."""
    with figure_page(figure_reader, figure(preset="lenet-5")) as opened:
        yield opened


def said(page):
    """What a screen reader was given last."""
    return page.locator("[data-part=live]").inner_text()


# ---- the arithmetic, without the figure --------------------------------------------------------------------------


def random_layer(rng, depth):
    """A layer as a text and as settings; early layers are mostly maps, later ones mostly vectors."""
    kinds = ["conv", "conv", "maxpool", "avgpool", "gap", "flatten", "dense"]
    weight = np.array([6, 6, 3, 3, 0.4, 0.6, 0.2] if depth < 3 else [2, 2, 1, 1, 1, 3, 4], dtype=float)
    kind = rng.choice(kinds, p=weight / weight.sum())
    k, s, p, d = (int(n) for n in rng.integers([1, 1, 0, 1], [6, 4, 4, 3]))
    c, g = int(rng.choice([1, 2, 3, 4, 6, 8, 12])), int(rng.choice([1, 1, 1, 2, 3, 4]))
    if kind == "conv":
        norm = bool(rng.integers(2))
        return f"conv {c} k{k} s{s} p{p} d{d} g{g}{' bn' if norm else ''}", (kind, c, k, s, p, d, g, norm)
    if kind in ("maxpool", "avgpool"):
        return f"{kind} k{k} s{s} p{p}", (kind, k, s, p)
    return (f"dense {c}", (kind, c)) if kind == "dense" else (str(kind), (kind,))


def modules(layer, shape):
    """The torch modules of one layer after an output of this shape; torch itself refuses most of what is impossible."""
    kind, *numbers = layer
    flat = len(shape) == 1
    if kind == "dense":
        if not flat:
            raise RuntimeError(
                "a dense layer after a map: torch would take its columns, the figure asks for a flatten"
            )
        return [nn.Linear(shape[0], numbers[0])]
    if kind == "flatten":
        return [nn.Flatten()]
    if kind == "gap":
        if flat:
            raise RuntimeError("no map to pool")
        return [nn.AvgPool2d(shape[1:])]
    if kind == "conv":
        c, k, s, p, d, g, norm = numbers
        conv = nn.Conv2d(shape[0], c, k, s, p, d, g, bias=not norm)
        return [conv, nn.BatchNorm2d(c)] if norm else [conv]
    pool = nn.MaxPool2d if kind == "maxpool" else nn.AvgPool2d
    k, s, p = numbers
    return [pool(k, s, p)]


def by_torch(shape, layers):
    """Shapes that torch gives layer by layer, its modules by layer, and the number of the layer it refuses."""
    x, built, shapes = torch.zeros(1, *shape), [], []
    for index, layer in enumerate(layers):
        try:
            added = modules(layer, tuple(x.shape[1:]))
            with torch.no_grad():
                for module in added:
                    x = module.eval()(x)
        except (RuntimeError, ValueError, IndexError):
            return shapes, built, index + 1
        built.append(added)
        shapes.append(list(x.shape[1:]))
    return shapes, built, None


def costs_by_reporting(shape, built):
    """Parameters and multiply-adds of every layer, by course_lib."""
    model = nn.Sequential(*(nn.Sequential(*layer) for layer in built))
    rows = cost(model, shape).layers
    of = [[row for row in rows if row.name.split(".")[0] == str(i)] for i in range(len(built))]
    return [sum(row.parameters for row in layer) for layer in of], [
        sum(row.macs for row in layer) for layer in of
    ]


def fields_by_reporting(shape, built, shapes):
    """Field and jump after every layer; whatever reads a whole map is replaced by a convolution as large as the map."""
    stand_ins, size, whole = [], shape, False
    for layer, out in zip(built, shapes, strict=True):
        if not whole and (
            isinstance(layer[0], nn.Linear)
            or (isinstance(layer[0], nn.AvgPool2d) and isinstance(layer[0].kernel_size, tuple))
        ):
            stand_ins.append(nn.Conv2d(size[0], 1, size[1:]))
            whole = True
        elif whole or isinstance(layer[0], nn.Flatten):
            stand_ins.append(nn.Identity())
        else:
            stand_ins.append(nn.Sequential(*layer))
        size = tuple(out) if len(out) == 3 else size
    rows = receptive_field(nn.Sequential(*stand_ins), shape)
    last = {row.name.split(".")[0]: row for row in rows}
    return [last[str(i)] for i in range(len(built))]


def test_sizes_costs_and_fields_equal_torch_over_random_networks(still):
    rng = np.random.default_rng(0)
    jobs, networks = [], []
    for _ in range(480):
        shape = (int(rng.choice([1, 2, 3, 4, 6])), *(int(n) for n in rng.integers(1, 26, 2)))
        layers = [random_layer(rng, depth) for depth in range(rng.integers(1, 7))]
        jobs.append([" ".join(map(str, shape)), "; ".join(text for text, _ in layers)])
        networks.append((shape, [settings for _, settings in layers]))
    got = still.evaluate(COMPUTE, jobs)
    assert [one["written"] for one in got] == [
        one["written"]
        for one in still.evaluate(
            COMPUTE, [[job[0], one["written"]] for job, one in zip(jobs, got, strict=True)]
        )
    ]
    refused = rows_compared = 0
    for (shape, layers), job, result in zip(networks, jobs, got, strict=True):
        shapes, built, broken = by_torch(shape, layers)
        assert result["broken"] == broken, job
        assert [row["out"] for row in result["rows"][1:]] == shapes + [None] * (len(layers) - len(shapes)), (
            job
        )
        refused += broken is not None
        if not built:
            continue
        rows = result["rows"][1 : len(built) + 1]
        parameters, macs = costs_by_reporting(shape, built)
        assert [row["params"] for row in rows] == parameters, job
        assert [row["macs"] for row in rows] == macs, job
        for row, field in zip(rows, fields_by_reporting(shape, built, shapes), strict=True):
            assert row["field"] == list(field.size), job
            assert row["whole"] or row["jump"] == list(field.jump), job
        rows_compared += len(rows)
    assert 80 < refused < 400
    assert rows_compared > 400


def test_the_presets_are_the_papers_networks(still):
    texts = still.evaluate(
        "names => { return names.map(name => {"
        "const select = document.querySelector('[aria-label=Example]'); select.value = name; select.dispatchEvent(new Event('change'));"
        "const total = part => Number(document.querySelector(`tfoot [data-part=${part}] .cf-exact`).textContent.replaceAll(',', ''));"
        "return [total('params'), total('macs')]; }); }",
        PRESETS,
    )
    with torch.device("meta"):
        whole = [
            LeNet(),
            torchvision.models.alexnet(),
            torchvision.models.vgg11(),
            torchvision.models.vgg16(),
        ]
        resnet, mobilenet = torchvision.models.resnet18(), MobileNet()
    expected = [cost(model, (1, 28, 28) if i == 0 else (3, 224, 224)) for i, model in enumerate(whole)]
    assert texts[:4] == [[one.parameters, one.macs] for one in expected]
    stem = [resnet.conv1, resnet.bn1, resnet.maxpool]
    stages = [
        part
        for block in (*resnet.layer1, *resnet.layer2)
        for part in (block.conv1, block.bn1, block.conv2, block.bn2)
    ]
    leaves = [module for module in mobilenet.modules() if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))]
    for text, part in zip(texts[4:], [[*stem, *stages], leaves[:18]], strict=True):
        one = cost(nn.Sequential(*part), (3, 224, 224))
        assert text == [one.parameters, one.macs]


@pytest.mark.parametrize(
    ("shape", "layers", "message"),
    [
        (
            "1 4 4",
            "conv 8 k5",
            "The window spans 5 \u00d7 5, and the input is only 4 \u00d7 4. No window fits.",
        ),
        (
            "1 4 6",
            "conv 8 k3 d3 p1",
            "The window spans 7 \u00d7 7, and the input with its padding is only 6 \u00d7 8. No window fits.",
        ),
        ("6 9 9", "conv 8 k3 g4", "6 input channels cannot be divided into 4 groups."),
        ("6 9 9", "conv 8 k3 g3", "8 output channels cannot be divided into 3 groups."),
        (
            "1 9 9",
            "maxpool k3 p2",
            "The padding of 2 is more than half of the pooling window of 3, which PyTorch refuses.",
        ),
        (
            "1 9 9",
            "dense 10",
            "A dense layer reads one row of numbers, and here arrives a map of 1 \u00d7 9 \u00d7 9. Put a flatten before it.",
        ),
        (
            "1 3 3",
            "flatten; conv 4 k1",
            "A convolution needs a map with rows and columns, and here arrives one row of 9 numbers.",
        ),
    ],
)
def test_what_is_impossible_is_said_in_words(still, shape, layers, message):
    (result,) = still.evaluate(COMPUTE, [[shape, layers + "; conv 4 k1"]])
    at = layers.count(";") + 1
    assert result["broken"] == at
    assert result["rows"][at]["message"] == message
    assert result["rows"][at + 1] == {"layer": result["rows"][at + 1]["layer"], "out": None, "message": None}


# ---- the figure, by keyboard ---------------------------------------------------------------------------------------


def test_a_reader_walks_changes_adds_and_removes_layers_by_key(page):
    tab_to(page, ROOT)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert said(page).replace("\u2009", " ") == (
        "Layer 3 of 8, conv 5 \u00d7 5: output 16 \u00d7 10 \u00d7 10, 2,416 parameters, 240,000 multiply-adds, field 14 pixels."
    )
    assert page.locator("tr.cf-chosen").inner_text().split("\t")[3:] == ["2,416", "240,000", "14", "2"]
    tab_to(page, "[aria-label=Kernel]")
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    assert "output 16 \u00d7 12 \u00d7 12" in said(page).replace("\u2009", " ")
    assert page.locator("tfoot").inner_text().split()[-2:] == ["81,290", "322,056"]
    page.locator(ROOT).focus()
    page.keyboard.press("Delete")
    assert "Layer 2 of 7, average pool" in said(page)
    page.keyboard.press("End")
    assert "Layer 7 of 7, dense" in said(page)
    page.get_by_role("button", name="Add").press("Enter")
    assert "Layer 8 of 8, dense: output 10, 110 parameters" in said(page)
    page.get_by_role("button", name="Earlier").press("Enter")
    page.locator(ROOT).focus()
    page.keyboard.press("Home")
    assert said(page).replace("\u2009", " ") == "Input: 1 \u00d7 28 \u00d7 28."
    page.get_by_role("button", name="Reset").press("Enter")
    assert page.locator("tfoot").inner_text().split()[-2:] == ["61,706", "416,520"]


def test_an_impossible_setting_is_told_and_mended(page):
    page.get_by_label("Kind of layer").select_option("dense")
    alert = page.get_by_role("alert")
    assert alert.inner_text().startswith("Layer 1: A dense layer reads one row of numbers")
    assert page.locator("tr.cf-none").count() == 8
    assert "impossible" in page.locator("tr[data-layer='1']").inner_text()
    assert "not reached" in page.locator("tr[data-layer='2']").inner_text()
    page.get_by_label("Kind of layer").select_option("conv")
    assert (alert.inner_text(), page.locator("tr.cf-none").count()) == ("", 0)
    page.get_by_label("Stride", exact=True).fill("9")
    assert alert.inner_text() == "Stride: expected a whole number from 1 to 8; 1 stays in use."


def test_boxes_and_rows_answer_to_clicks_and_the_address_keeps_the_network(page):
    page.locator(".cf-box[data-layer='4']").click(position={"x": 3, "y": 60})
    assert said(page).startswith("Layer 4 of 8")
    page.locator("tr[data-layer='3']").click()
    page.get_by_label("Output channels").fill("20")
    page.wait_for_function("location.hash.includes('conv+20')")
    hash_ = page.evaluate("location.hash")
    assert hash_ == (
        "#fig=shapes-through-network&layers=conv+6+k5+p2;+avgpool+k2;+conv+20+k5;+avgpool+k2;+flatten;+dense+120;+dense+84;+dense+10&layer=3"
    )
    total = page.locator("tfoot").inner_text()
    page.reload()
    assert page.locator("tfoot").inner_text() == total
    assert page.locator("tr.cf-chosen").get_attribute("data-layer") == "3"


# ---- what an author embeds, and how it looks -----------------------------------------------------------------------


def test_the_text_for_readers_without_javascript_tells_the_figures_numbers(figure_reader):
    div = next(
        line for line in README.splitlines() if line.startswith("<div") and "shapes-through-network" in line
    )
    numbers = re.compile(r"\d+(?:,\d{3})*")
    told = set(numbers.findall(re.sub(r"<.*?>", "", div)))
    with figure_page(figure_reader, div) as page:
        shown = set(numbers.findall(page.locator("table").inner_text()))
    assert len(told) >= 20
    assert told <= shown


def test_every_preset_fits_a_screen_and_a_phone(figure_reader):
    for width, height in [(1300, 900), (390, 844)]:
        with figure_page(figure_reader, figure(preset="vgg-16"), width=width) as page:
            for preset in PRESETS:
                page.get_by_label("Example").select_option(preset)
                page.evaluate("() => new Promise(requestAnimationFrame)")
                box = page.locator(ROOT).bounding_box()
                assert box["height"] <= height, (preset, width)
                assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(figure_reader, theme):
    with figure_page(figure_reader, figure(preset="lenet-5"), theme=theme) as page:
        page.get_by_label("Kind of layer").select_option("dense")
        assert axe_violations(page, FIGURES) == []
        page.get_by_label("Kind of layer").select_option("conv")
        assert axe_violations(page, FIGURES) == []

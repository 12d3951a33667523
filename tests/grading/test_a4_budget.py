"""Assignment a4, the budget: what is handed in is counted and run outside, whatever a submission claims."""

import io
import json
import shutil

import a4
import a4_entries
import bench
import forge
import numpy as np
import pytest
import torch

from course_lib.grading import jail, proxy, scoring
from course_lib.grading.checks._traced import graph
from course_lib.grading.checks.a4_architectures import budget as judged
from course_lib.grading.engine import CallFailed
from course_lib.grading.limits import Limits
from course_lib.grading.rubric import read_rubric
from course_lib.grading.submission import load


@pytest.fixture(scope="module")
def kernel():
    """The notebook's names, in a student's kernel."""
    return a4.namespace()


@pytest.fixture(scope="module")
def rubric():
    return read_rubric(forge.ROOT / "assignments", a4.NAME)


def handed_in(kernel, network):
    """What budget() returns for a network with its own weights, without a file."""
    state = {n: v.numpy() for n, v in network.state_dict().items() if v.is_floating_point()}
    described = {"nodes": kernel["trace"](network), "weights": [[n, list(w.shape)] for n, w in state.items()]}
    numbers = np.concatenate([w.ravel() for w in state.values()])
    return np.frombuffer(json.dumps(described).encode(), dtype=np.uint8), numbers


def random_network(name):
    """An entry with random weights and running statistics."""
    generator = torch.Generator().manual_seed(3)
    network = a4_entries.ENTRIES[name]()
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if name.endswith("running_var"):
            tensor.data = 0.5 + torch.rand(tensor.shape, generator=generator)
        elif tensor.is_floating_point():
            tensor.data = 0.3 * torch.randn(tensor.shape, generator=generator)
    return network.eval()


def measured(network):
    """Multiply-adds by hooks on the module itself, an independent count."""
    total, hooks = [0], []

    def hook(layer, _, out):
        total[0] += out[0].numel() * layer.weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            hooks.append(layer.register_forward_hook(hook))
    with torch.no_grad():
        network(torch.zeros(1, *judged.SHAPE))
    for each in hooks:
        each.remove()
    return total[0]


@pytest.mark.parametrize("name", a4_entries.ENTRIES)
def test_what_is_run_outside_is_the_student_s_network(kernel, name):
    network = random_network(name)
    read, numbers, work = judged.measure(handed_in(kernel, network))
    images = np.random.default_rng(0).random((3, *judged.SHAPE), dtype=np.float32)
    with torch.no_grad():
        expected = network(torch.tensor(images)).numpy()
    np.testing.assert_allclose(graph.answers(read, images), expected, rtol=1e-4, atol=1e-4)
    assert numbers == sum(v.numel() for v in network.state_dict().values() if v.is_floating_point())
    assert work == measured(network)


def test_images_are_not_changed_by_a_network(kernel):
    network = torch.nn.Sequential(
        torch.nn.Hardswish(inplace=True), torch.nn.Flatten(), torch.nn.Linear(3072, 4)
    )
    described, numbers = handed_in(kernel, network)
    images = np.random.default_rng(0).random((3, *judged.SHAPE), dtype=np.float32)
    before = images.copy()
    graph.answers(graph.read(described, numbers), images)
    np.testing.assert_array_equal(images, before)


def test_checks_of_one_stream_see_the_same_images():
    cases = {}
    for name in ("budget.fits", *(f"budget.{step}" for step in judged.STEPS)):
        check = a4.CHECKS[name]
        assert check.stream == "budget"
        cases[name] = check.hidden(np.random.default_rng(5))[0].expected
    assert len(set(cases.values())) == 1
    assert judged.VALIDATION not in cases.values()
    assert list(judged.STEPS.values()) == sorted(judged.STEPS.values())


MARGIN = 0.025  # two standard deviations of a share of 1,000 images, and far more than rounding moves


def test_thresholds_lie_between_what_our_entries_reached():
    found = json.loads(a4_entries.RECORD.read_text())
    reached = {name: [hit for row in entry["accuracy"] for hit in row] for name, entry in found.items()}
    assert {len(hits) for hits in reached.values()} == {3 * len(a4_entries.DRAWS)}
    for least in judged.STEPS.values():
        assert all(abs(hit - least) > MARGIN for hits in reached.values() for hit in hits)
    first, second, _, last = judged.STEPS.values()
    assert first < min(reached["lenet"]) <= max(reached["lenet"]) < second
    assert last < min(reached["plain"])
    assert first > 1 / judged.CLASSES + MARGIN


# ---------------------------------------------------------------- forged answers, judged outside


def simple(**changes):
    """A small right answer, with something changed."""
    step = [
        "module",
        "fc",
        [{"step": 1}],
        {"type": "Linear", "in_features": 3072, "out_features": 4, "bias": False},
    ]
    flat = ["module", "flat", [{"step": 0}], {"type": "Flatten", "start_dim": 1, "end_dim": -1}]
    nodes = [["input", "x", [], {}], flat, step, ["output", "output", [{"step": 2}], {}]]
    described = {"nodes": nodes, "weights": [["fc.weight", [4, 3072]]]} | changes
    return np.frombuffer(json.dumps(described).encode(), dtype=np.uint8)


NUMBERS = np.zeros(4 * 3072, dtype=np.float32)
INPUT, OUTPUT = ["input", "x", [], {}], ["output", "output", [{"step": 1}], {}]


def function(name, *args, **kwargs):
    """A network of one function and nothing else."""
    return simple(nodes=[INPUT, ["function", name, list(args), kwargs], OUTPUT])


def conv(**changes):
    """A network of one convolution with claimed settings."""
    settings = {
        "in_channels": 3,
        "out_channels": 4,
        "kernel_size": [3, 3],
        "stride": [1, 1],
        "padding": [1, 1],
    }
    settings |= {"dilation": [1, 1], "groups": 1, "padding_mode": "zeros", "bias": False, "type": "Conv2d"}
    return simple(
        nodes=[INPUT, ["module", "c", [{"step": 0}], settings | changes], OUTPUT],
        weights=[["c.weight", [4, 3, 3, 3]]],
    )


X = {"step": 0}
FORGED = {
    "no tuple": (np.zeros(3), "is to return"),
    "one part": ((simple(),), "is to return"),
    "text for a description": (("{}", NUMBERS), "description of the network is none"),
    "no JSON": ((np.zeros(5, np.uint8), NUMBERS), "cannot be read"),
    "deep JSON": ((np.frombuffer(b"[" * 100_000, dtype=np.uint8), NUMBERS), "cannot be read"),
    "long JSON": ((np.zeros(1 << 20, np.uint8), NUMBERS), "more layers than can be described"),
    "no list": ((np.frombuffer(b'{"nodes": 3}', dtype=np.uint8), NUMBERS), "no list of layers"),
    "odd steps": ((simple(nodes=[3]), NUMBERS), "cannot be read"),
    "many steps": ((simple(nodes=[INPUT] * 1000), NUMBERS), "at most 300"),
    "weights of integers": ((simple(), NUMBERS.astype(int)), "no vector of floating-point numbers"),
    "weights of objects": ((simple(), np.array([None] * 4)), "no vector of floating-point numbers"),
    "NaN": ((simple(), NUMBERS * np.nan), "NaN"),
    "infinity after rounding to float32": ((simple(), NUMBERS.astype(np.float64) + 1e300), "infinity"),
    "fewer named than sent": (
        (simple(weights=[["fc.weight", [4, 3071]]]), NUMBERS),
        "do not have the shapes",
    ),
    "more named than sent": ((simple(weights=[["fc.weight", [4, 3073]]]), NUMBERS), "do not have the shapes"),
    "a huge shape": ((simple(weights=[["fc.weight", [10**6] * 9]]), NUMBERS), "cannot be read"),
    "a negative shape": ((simple(weights=[["fc.weight", [-4, -3072]]]), NUMBERS), "cannot be read"),
    "a name twice": ((simple(weights=[["fc.weight", [4, 3072]]] * 2), NUMBERS), "do not have the shapes"),
    "a name like a path": (
        (simple(weights=[["../../gradebook.db", [4, 3072]]]), NUMBERS),
        "has no fc.weight",
    ),
    "another shape": ((simple(weights=[["fc.weight", [3072, 4]]]), NUMBERS), "do not belong together"),
    "an unknown function": ((function("eval", X), NUMBERS), "does not know eval"),
    "an attribute": ((function("getattr", X, "__class__"), NUMBERS), "expected logits"),
    "a constant": ((function("add", X, 3.0), NUMBERS), "no numbers"),
    "a step that does not exist": ((function("relu", {"step": 7}), NUMBERS), "cannot be run"),
    "itself": ((function("relu", {"step": 1}), NUMBERS), "cannot be run"),
    "images mixed": ((function("flatten", X, 0), NUMBERS), "keeps the images apart"),
    "images reshaped": ((function("view", X, 4, -1), NUMBERS), "may only flatten"),
    "images joined": ((function("cat", [X, X], 0), NUMBERS), "joins channels"),
    "a mean over images": ((function("mean", X, 0), NUMBERS), "over the pixels"),
    "a huge pool": ((function("max_pool2d", X, 31, 1), NUMBERS), "at most 9"),
    "pools without end": (
        (simple(nodes=[INPUT, *([["function", "max_pool2d", [X, 9, 1, 4], {}]] * 250), OUTPUT]), NUMBERS),
        "each of a pool's window counted",
    ),
    "images lined up with features": (
        (
            simple(
                nodes=[
                    INPUT,
                    ["function", "mean", [X, [2, 3]], {}],
                    ["function", "add", [X, {"step": 1}], {}],
                    OUTPUT,
                ]
            ),
            NUMBERS,
        ),
        "two maps or two arrays of features",
    ),
    "groups that lie": ((conv(groups=3, out_channels=3), NUMBERS[:108]), "do not belong together"),
    "more channels than claimed": ((conv(in_channels=1), NUMBERS[:108]), "do not belong together"),
    "a huge padding": ((conv(padding=[5000, 5000]), NUMBERS[:108]), "more than 1,000,000 numbers"),
    "a stride of 0": ((conv(stride=[0, 0]), NUMBERS[:108]), "cannot be run"),
    "padding that is no number": ((conv(padding={"step": 0}), NUMBERS[:108]), "cannot be run"),
    "settings left out": (
        (simple(nodes=[INPUT, ["module", "c", [X], {"type": "Conv2d"}], OUTPUT]), NUMBERS),
        "cannot be run",
    ),
    "no output": ((simple(nodes=[INPUT]), NUMBERS), "gives no answer"),
    "the images themselves": (
        (simple(nodes=[INPUT, ["output", "output", [X], {}]]), NUMBERS),
        "expected logits",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_answer_is_refused_with_its_reason(name):
    answer, reason = FORGED[name]
    found = bench.verdict(a4.CHECKS["budget.fits"], lambda: answer)
    assert found.status == "failed"
    assert reason in found.message, found.message


def test_the_small_answer_that_the_forged_ones_are_made_of_is_counted():
    network, numbers, work = judged.measure((simple(), NUMBERS))
    assert (numbers, work) == (12_288, 12_288)
    assert bench.verdict(a4.CHECKS["budget.fits"], lambda: (simple(), NUMBERS)).passed
    assert not bench.verdict(a4.CHECKS["budget.step_1"], lambda: (simple(), NUMBERS)).passed
    assert list(network.weights) == ["fc.weight"]


@pytest.mark.parametrize(
    ("channels", "reason"), [((300, 4), "numbers; the budget is"), ((40, 4), "multiply-adds; the")]
)
def test_a_network_over_the_budget_is_not_run(kernel, monkeypatch, channels, reason):
    first, last = channels
    stride = 8 if first == 300 else 1
    layers = [
        torch.nn.Conv2d(3, first, 9, stride, 4),
        torch.nn.Conv2d(first, last, 1),
        torch.nn.AdaptiveAvgPool2d(1),
    ]
    answer = handed_in(kernel, torch.nn.Sequential(*layers, torch.nn.Flatten()))
    monkeypatch.setattr(graph, "answers", lambda *_: pytest.fail("it was run"))
    for name in ("fits", "step_4"):
        found = bench.verdict(a4.CHECKS[f"budget.{name}"], lambda: answer, seed=1)
        assert reason in found.message


def test_numbers_that_no_layer_uses_count(kernel):
    described, numbers = handed_in(kernel, a4_entries.ENTRIES["mean"]())
    table = json.loads(described.tobytes())
    table["weights"].append(["secret", [30_000]])
    answer = (
        np.frombuffer(json.dumps(table).encode(), dtype=np.uint8),
        np.concatenate([numbers, np.zeros(30_000, np.float32)]),
    )
    assert "the budget is" in bench.verdict(a4.CHECKS["budget.fits"], lambda: answer).message


# ---------------------------------------------------------------- the stored entry


def test_the_stored_weights_earn_full_marks_on_new_images(kernel, tmp_path, monkeypatch):
    shutil.copy(a4.WEIGHTS, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, check in a4.CHECKS.items():
        if name.startswith("budget."):
            for seed in (None, 0):
                found = bench.verdict(check, kernel["budget"], seed)
                assert found.passed, found.message
    network, _, _ = judged.measure(kernel["budget"]())
    assert judged.accuracy(network, 123_456) > max(judged.STEPS.values())


def test_broken_files_are_named(kernel, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, fits = tmp_path / a4.WEIGHTS.name, a4.CHECKS["budget.fits"]
    assert "is not beside the notebook" in bench.verdict(fits, kernel["budget"]).message
    pickled = io.BytesIO()
    np.savez(pickled, a=np.array([{"x": 1}], dtype=object))
    for content in (
        b"",
        b"PK\x03\x04 cut off",
        b"\x80\x04K\x01.",
        a4.WEIGHTS.read_bytes()[:-900],
        pickled.getvalue(),
    ):
        path.write_bytes(content)
        message = bench.verdict(fits, kernel["budget"]).message
        assert "cannot be read as save_weights writes it" in message, content[:20]


# ---------------------------------------------------------------- through the jail


def write(folder, replaced=None, weights=True):
    """A submission: the source notebook with some cells replaced, and the file beside it."""
    notebook = json.loads(a4.NOTEBOOK.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell_id in (replaced or {}):
            cell["source"] = replaced[cell_id]
    path = forge.write(json.dumps(notebook), folder / f"{a4.NAME}.ipynb")
    if weights is True:
        shutil.copy(a4.WEIGHTS, folder)
    elif weights:
        (folder / a4.WEIGHTS.name).write_bytes(weights)
    return path


def graded(path, rubric):
    """Points by cell and the report."""
    report = scoring.score(load(path, rubric), rubric, seed=7)
    return {cell.id: cell for cell in report.cells}, report


def test_the_source_gets_full_marks_in_the_jail_and_its_libraries_are_torch_alone(require, tmp_path, rubric):
    require("bwrap")
    hunt = (
        "def max_pool_input():\n    found = []\n"
        "    for name in ('torchvision', 'course_lib.models', 'course_lib.datasets', 'scipy', 'sklearn'):\n"
        "        try:\n            __import__(name)\n        except ImportError:\n            found.append(name)\n"
        "    assert len(found) == 5, found\n    return -np.ones((1, 1, 3, 3))\n"
    )
    cells, report = graded(write(tmp_path, {"max_pool_input": hunt}), rubric)
    assert {c.id: c.message for c in cells.values() if c.status not in ("passed", "manual")} == {}
    assert report.score == 100
    assert report.notes == []


def test_without_the_file_the_budget_alone_is_lost(require, tmp_path, rubric):
    require("bwrap")
    cells, report = graded(write(tmp_path, weights=False), rubric)
    lost = {c.id for c in cells.values() if c.status not in ("passed", "manual")}
    assert lost == {f"budget_{name}" for name in ("fits", *judged.STEPS)}
    assert report.score == 80
    assert "is not beside the notebook" in cells["budget_fits"].message
    assert "a4_architectures.npz beside the notebook: the file does not exist" in report.notes


TAKEN_OVER = """
nn.Module.parameters = lambda self, recurse=True: iter(())
nn.Module.state_dict = lambda self: {}
torch.Tensor.numel = lambda self: 0
torch.Tensor.__iter__ = lambda self: iter(())
nn.Conv2d.forward = lambda self, x: x


class Cheap(nn.Linear):
    def __iter__(self):
        return iter(())


Cheap.__name__, Cheap.__module__ = "Linear", "torch.nn.modules.linear"  # as if PyTorch's own


def make_network():
    return nn.Sequential(nn.Flatten(), Cheap(3072, 4), nn.Linear(4, 4))
"""


def in_jail(source, weights):
    """What budget() of a notebook with another make_network gives in the jail."""
    cells = [(i, source if i == "make_network" else s) for i, kind, s in a4.cells() if kind != "graded"]
    limits = Limits(memory_mb=scoring.TORCH_MEMORY_MB)
    files, libraries = {a4.WEIGHTS.name: weights}, jail.NUMPY + jail.TORCH
    with proxy.Worker(cells, limits=limits, libraries=libraries, files=files) as worker:
        return worker.function("budget")()


def test_torch_taken_over_changes_no_count(require):
    require("bwrap")
    weights = io.BytesIO()
    state = {"1.weight": (4, 3072), "1.bias": (4,), "2.weight": (4, 4), "2.bias": (4,)}
    np.savez(weights, **{name: np.ones(shape, np.float32) for name, shape in state.items()})
    _, numbers, work = judged.measure(in_jail(TAKEN_OVER, weights.getvalue()))
    assert (numbers, work) == (4 * 3072 + 4 + 20, 4 * 3072 + 16)


def test_a_bomb_is_stopped_and_named(require):
    require("bwrap")
    bomb = io.BytesIO()
    np.savez_compressed(bomb, a=np.zeros((50, 1 << 20), np.float32))  # 200 MB in 200 kB
    assert len(bomb.getvalue()) < 1 << 20
    (source,) = [s for i, _, s in a4.cells() if i == "make_network"]
    with pytest.raises(CallFailed) as caught:
        in_jail(source, bomb.getvalue())
    assert caught.value.status in ("unreadable", "memory")


def test_a_file_that_is_too_large_is_no_file(tmp_path, rubric):
    submission = load(write(tmp_path, weights=bytes(2 << 20)), rubric)
    assert submission.file is None
    assert any("at most 1 are read" in note for note in submission.notes)
    (tmp_path / "link").mkdir()
    path = write(tmp_path / "link", weights=False)
    (tmp_path / "link" / a4.WEIGHTS.name).symlink_to(a4.WEIGHTS)
    assert load(path, rubric).file is None


def test_a_worker_finds_the_file_in_its_folder(require):
    require("bwrap")
    source = "def f():\n    return open('x.npz', 'rb').read().decode()"
    with proxy.Worker([("a", source)], limits=Limits(memory_mb=700), files={"x.npz": b"weights"}) as worker:
        assert worker.function("f")() == "weights"
    assert jail.TORCH[0] == "torch"

"""course_lib.training: losses, resumption, failures, progress."""

import json

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from course_lib.datasets import Split, data_loader
from course_lib.training import History, evaluate, fit


def problem(n=60, seed=0):
    """A linearly separable problem and a small network with dropout, so that random states matter."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(n, 1, 4, 4)).astype(np.float32)
    split = Split(images, (images[:, 0, 0].sum(axis=1) > 0).astype(np.int64))
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
    return split, model


def test_step_by_step_it_is_the_plain_loop():
    split, model = problem()
    twin = nn.Sequential(*(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2)))
    twin.load_state_dict(model.state_dict())
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9) for m in (model, twin)]
    torch.manual_seed(1)
    history = fit(model, data_loader(split, 25), epochs=2, optimizer=optimizers[0], device="cpu")
    torch.manual_seed(1)
    losses = []
    for _ in range(2):
        for x, y in data_loader(split, 25):
            optimizers[1].zero_grad()
            value = nn.functional.cross_entropy(twin(x), y)
            value.backward()
            optimizers[1].step()
            losses.append(value.item())
    assert history.step_loss == losses
    weights = np.array([25, 25, 10]) / 60
    assert history.column("train_loss") == pytest.approx(
        [weights @ losses[:3], weights @ losses[3:]], rel=1e-12
    )
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_learning_lowers_the_loss_and_raises_accuracy():
    split, model = problem(200)
    loader = data_loader(split, 20, shuffle=True, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    history = fit(model, loader, data_loader(split), epochs=15, optimizer=optimizer, device="cpu")
    assert history.column("val_loss")[-1] < 0.5 * history.column("val_loss")[0]
    assert history.column("val_accuracy")[-1] > 0.95
    assert all(seconds > 0 for seconds in history.column("seconds"))


@pytest.mark.parametrize("stop", [1, 3])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stop):
    def run(epochs, checkpoint):
        split, model = problem()
        loader = data_loader(split, 16, shuffle=True, generator=torch.Generator().manual_seed(5))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
        history = fit(
            model, loader, data_loader(split), epochs=epochs, optimizer=optimizer, scheduler=scheduler,
            device="cpu", checkpoint=checkpoint,
        )  # fmt: skip
        return model, history

    straight, whole = run(5, None)
    run(stop, tmp_path / "run.pt")
    resumed, joined = run(5, tmp_path / "run.pt")
    assert joined.step_loss == whole.step_loss
    assert joined.column("val_loss") == whole.column("val_loss")
    for a, b in zip(resumed.parameters(), straight.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert not list(tmp_path.glob("*.partial"))


def test_a_foreign_or_damaged_checkpoint_is_refused_and_named(tmp_path):
    split, model = problem()
    path = tmp_path / "run.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=f"fit: expected `checkpoint` to be a file that fit wrote .* {path}"):
        fit(
            model,
            data_loader(split),
            epochs=1,
            optimizer=torch.optim.SGD(model.parameters()),
            checkpoint=path,
        )


class Broken(nn.Module):
    def forward(self, x):
        return x / 0.0


@pytest.mark.parametrize(
    ("layers", "poison", "message"),
    [
        ([nn.Linear(16, 2), Broken(), nn.Softplus()], None, r"at step 1: layer '2' \(Broken\) is the first"),
        ([nn.Linear(16, 2)], "input", "at step 1: the input holds values that are not finite"),
        ([nn.Linear(16, 2)], "loss", "at step 1: every layer's output is finite, so it arose in the loss"),
    ],
)
def test_a_loss_that_is_not_finite_stops_with_step_and_layer(layers, poison, message):
    split, _ = problem()
    if poison == "input":
        split.images[3, 0, 1, 1] = np.nan
    model = nn.Sequential(nn.Flatten(), *layers)
    loss = (lambda o, t: o.sum() * float("nan")) if poison == "loss" else nn.functional.cross_entropy
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(FloatingPointError, match=message):
        fit(model, data_loader(split), epochs=1, optimizer=optimizer, loss=loss, device="cpu")
    for a, b in zip(model.parameters(), before, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert not any(m._forward_hooks for m in model.modules())


def test_a_diverging_run_names_the_parameter():
    split, _ = problem()
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=float("inf"))
    with pytest.raises(
        FloatingPointError, match="at step 2: parameter '1.weight' is not finite .* learning rate"
    ):
        fit(model, data_loader(split, 30), epochs=1, optimizer=optimizer, device="cpu")


def test_evaluate_weighs_samples_not_batches_and_restores_the_mode():
    split, model = problem(50)
    model.train()
    parts = [evaluate(model, data_loader(split, size), device="cpu") for size in (7, 50)]
    assert parts[0] == pytest.approx(parts[1], rel=1e-6)
    assert model.training
    model.eval()
    evaluate(model, data_loader(split), device="cpu")
    assert not model.training


def test_nested_batches_and_own_metrics_are_served():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 1)

        def forward(self, inputs):
            return self.layer(inputs["a"]) + inputs["b"]

    batch = ({"a": torch.ones(4, 3), "b": torch.zeros(4, 1)}, [torch.ones(4, 1)])
    model = Two()
    history = fit(
        model, [batch], [batch], epochs=3, optimizer=torch.optim.SGD(model.parameters(), lr=0.05),
        loss=lambda output, target: ((output - target[0]) ** 2).mean(),
        metrics={"error": lambda output, target: (output - target[0]).abs().mean()}, device="cpu",
    )  # fmt: skip
    assert history.column("val_error")[-1] < history.column("val_error")[0]


def test_empty_loaders_are_refused():
    model = nn.Linear(1, 1)
    with pytest.raises(
        ValueError, match="fit: expected `train_loader` to yield at least one sample, got none"
    ):
        fit(model, [], epochs=1, optimizer=torch.optim.SGD(model.parameters()), device="cpu")
    with pytest.raises(ValueError, match="evaluate: expected `loader` to yield at least one sample"):
        evaluate(model, [], device="cpu")
    with pytest.raises(ValueError, match="fit: expected `epochs` to be an integer of at least 1, got 0"):
        fit(model, [], epochs=0, optimizer=torch.optim.SGD(model.parameters()), device="cpu")


def test_history_survives_json_and_names_what_it_lacks(tmp_path):
    history = History([1.0, 0.5], [{"train_loss": 0.75, "val_loss": 0.6, "seconds": 1.0}])
    history.save(tmp_path / "h.json")
    assert History.load(tmp_path / "h.json") == history
    assert json.loads((tmp_path / "h.json").read_text())["step_loss"] == [1.0, 0.5]
    with pytest.raises(
        ValueError, match=r"History.column: expected a name among seconds, train_loss, val_loss"
    ):
        history.column("loss")
    (tmp_path / "h.json").write_text('{"step_loss": [1')
    with pytest.raises(ValueError, match="History.load: expected a file written by History.save"):
        History.load(tmp_path / "h.json")


def test_history_draws_itself():
    history = History([], [{"train_loss": 2.0, "val_loss": 1.5}, {"train_loss": 1.0, "val_loss": 1.2}])
    ax = history.plot()
    assert [line.get_ydata().tolist() for line in ax.lines] == [[2.0, 1.0], [1.5, 1.2]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    with pytest.raises(ValueError, match="History.plot: expected a quantity of this run"):
        history.plot("accuracy", ax=ax)
    plt.close("all")


@pytest.mark.parametrize("quiet", ["1", ""])
def test_bars_are_quiet_when_asked(quiet, monkeypatch, capsys):
    split, model = problem()
    monkeypatch.setenv("COURSE_QUIET", quiet)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    fit(model, data_loader(split), epochs=1, optimizer=torch.optim.SGD(model.parameters()), device="cpu")
    assert ("epoch 1/1" in capsys.readouterr().err) == (quiet == "")


def train(epochs, checkpoint, parts=()):
    """A run of `problem` from its checkpoint on; what is named in ``parts`` is unlike the usual."""
    split, model = problem()
    if "model" in parts:
        model[4] = nn.Linear(8, 3)
    generator = None if "generator" in parts else torch.Generator().manual_seed(5)
    loader = data_loader(split, 16, shuffle=True, generator=generator)
    kind = torch.optim.SGD if "optimizer" in parts else torch.optim.AdamW
    optimizer = kind(model.parameters(), lr=0.01, **({"momentum": 0.9} if "optimizer" in parts else {}))
    scheduler = None if "scheduler" in parts else torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    try:
        fit(
            model, loader, epochs=epochs, optimizer=optimizer, scheduler=scheduler, device="cpu", checkpoint=checkpoint
        )  # fmt: skip
    finally:
        after = model.state_dict()
        train.unchanged = all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("part", ["optimizer", "scheduler", "generator"])
@pytest.mark.parametrize("first", [True, False])
def test_a_run_goes_on_with_the_parts_it_began_with(tmp_path, part, first):
    """Momentum cannot be made from AdamW's moments, nor half a schedule out of none."""
    path = tmp_path / "run.pt"
    train(1, path, [part] if first else [])
    with pytest.raises(
        ValueError, match=f"fit: expected `checkpoint` of a run with optimizer .*, got {path}, with"
    ):
        train(2, path, [] if first else [part])
    assert train.unchanged


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "list", "folder"])
def test_every_damage_of_a_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "run.pt"
    train(1, path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        torch.save({"model": {}} if damage == "foreign" else [1], path)
    with pytest.raises(
        ValueError, match=f"fit: expected `checkpoint` to be a file that fit wrote .* {path}: "
    ):
        train(2, path)
    assert train.unchanged


def test_a_checkpoint_of_another_model_changes_nothing(tmp_path):
    """PyTorch copies the layers that fit before it complains of the one that does not."""
    train(1, tmp_path / "run.pt")
    with pytest.raises(
        ValueError, match="fit: expected `checkpoint` to be a file that fit wrote for this model"
    ):
        train(2, tmp_path / "run.pt", ["model"])
    assert train.unchanged


def test_a_checkpoint_without_a_folder_is_refused_before_the_first_epoch(tmp_path):
    path = tmp_path / "none" / "run.pt"
    with pytest.raises(ValueError, match=f"fit: expected `checkpoint` in a folder that exists, got {path}"):
        train(1, path)
    assert train.unchanged


@pytest.mark.parametrize("stop", range(1, 13, 2))
def test_a_run_interrupted_at_any_point_ends_like_the_others(tmp_path, stop):
    """Also in the middle of an epoch, while measuring, and before there is any checkpoint."""

    def run(checkpoint, calls=None):
        split, model = problem(30)
        torch.manual_seed(11)
        loader = data_loader(split, 16, shuffle=True)
        left = [calls]

        def loss(output, target):
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
            return nn.functional.cross_entropy(output, target)

        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        history = fit(
            model, loader, data_loader(split), epochs=4, optimizer=optimizer, loss=loss,
            device="cpu", checkpoint=checkpoint,
        )  # fmt: skip
        return history.step_loss, history.column("val_loss"), list(model.parameters())

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run.pt", stop)
    joined = run(tmp_path / "run.pt")
    assert joined[:2] == whole[:2]
    assert all(torch.equal(a, b) for a, b in zip(joined[2], whole[2], strict=True))


class Chance(nn.Module):
    """A layer that fails for about half of the batches."""

    def forward(self, x):
        return x / torch.bernoulli(torch.tensor([0.5]))


class Outer(nn.Module):
    """A network that works on what its layers answer."""

    def __init__(self, inner=False):
        super().__init__()
        self.layer = Outer() if inner else nn.Linear(16, 2)
        self.head = nn.Linear(2, 2) if inner else None

    def forward(self, x):
        return (
            torch.log(-self.layer(x.flatten(1)).abs() - 1) if self.head is None else self.head(self.layer(x))
        )


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Outer(), r"the model itself \(Outer\) is the first"),
        (Outer(inner=True), r"layer 'layer' \(Outer\) is the first"),
        (nn.Sequential(nn.Flatten(), nn.Linear(16, 2), Chance(), nn.Softplus()), r"layer '2' \(Chance\)"),
    ],
)
def test_what_a_forward_does_between_its_layers_and_by_chance_is_found(model, message):
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with pytest.raises(FloatingPointError, match=message):
        fit(model, data_loader(problem()[0], 10), epochs=5, optimizer=optimizer, device="cpu")


class Once(nn.Module):
    """Fails at its first call, whatever the random state."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return x / (self.calls - 1)


def test_a_failure_that_does_not_come_back_is_called_chance():
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2), Once())
    optimizer = torch.optim.SGD(model.parameters())
    with pytest.raises(FloatingPointError, match="but is when the batch is run again: it depends on chance"):
        fit(model, data_loader(problem()[0]), epochs=1, optimizer=optimizer, device="cpu")


def test_a_poisoned_input_is_found_in_nested_batches():
    poisoned = {"a": [torch.ones(2, 1), torch.tensor([[1.0], [float("nan")]])], "ids": torch.arange(2)}
    layer = nn.Linear(1, 1)

    class Nested(nn.Module):
        def forward(self, inputs):
            return layer(inputs["a"][1])

    with pytest.raises(FloatingPointError, match="the input holds values that are not finite"):
        fit(
            Nested(), [(poisoned, torch.ones(2, 1))], epochs=1, optimizer=torch.optim.SGD(layer.parameters()),
            loss=nn.functional.mse_loss, device="cpu",
        )  # fmt: skip


def test_looking_for_the_layer_leaves_the_model_and_the_random_state_as_they_were():
    split, _ = problem()
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(16, 2))
    torch.manual_seed(0)
    with pytest.raises(FloatingPointError, match="so it arose in the loss function"):
        fit(
            model, data_loader(split, 60), epochs=1, optimizer=torch.optim.SGD(model.parameters()),
            loss=lambda output, target: output.sum() * float("nan"), device="cpu",
        )  # fmt: skip
    drawn = torch.rand(1)
    twin = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(16, 2))
    torch.manual_seed(0)
    batches = iter(data_loader(split, 60))
    twin(next(batches)[0])
    assert torch.equal(torch.rand(1), drawn)
    assert model[0].num_batches_tracked == twin[0].num_batches_tracked == 1
    torch.testing.assert_close(model[0].running_mean, twin[0].running_mean, rtol=0, atol=0)


def test_measuring_leaves_frozen_layers_frozen():
    split, _ = problem()
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(16, 2))
    model[0].eval()
    evaluate(model, data_loader(split), device="cpu")
    assert [module.training for module in model.modules()] == [True, False, True, True]


class Stream(torch.utils.data.IterableDataset):
    """Data of unknown length."""

    def __iter__(self):
        yield from zip(*map(torch.from_numpy, problem()[0]), strict=True)


def test_a_loader_need_not_know_its_length():
    model = problem()[1]
    loader = torch.utils.data.DataLoader(Stream(), batch_size=16)
    history = fit(model, loader, epochs=2, optimizer=torch.optim.SGD(model.parameters()), device="cpu")
    assert len(history.step_loss) == 2 * 4


def test_a_batch_without_samples_counts_nothing():
    split, model = problem()
    x, y = next(iter(data_loader(split, 60)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    history = fit(model, [(x[:0], y[:0]), (x, y)], [(x, y), (x[:0], y[:0])], epochs=1, optimizer=optimizer)
    assert len(history.step_loss) == 1
    assert np.isfinite(history.column("val_loss")).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"loss": nn.CrossEntropyLoss(reduction="none")},
            r"fit: expected `loss` to return a tensor .*, got shape",
        ),
        (
            {"loss": lambda output, target: 1.0},
            "fit: expected `loss` to return a tensor of one number, got float",
        ),
        (
            {"metrics": {"loss": lambda o, t: 1.0}},
            r"fit: expected metrics by other names than 'loss', got \['loss'\]",
        ),
        (
            {"scheduler": True},
            "fit: expected a scheduler that is stepped without a measure, got ReduceLROnPlateau",
        ),
    ],
)
def test_what_cannot_be_trained_with_is_named(settings, message):
    split, model = problem()
    optimizer = torch.optim.SGD(model.parameters())
    if "scheduler" in settings:
        settings = {"scheduler": torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)}
    with pytest.raises(ValueError, match=message):
        fit(model, data_loader(split), epochs=1, optimizer=optimizer, device="cpu", **settings)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"3",
        b'{"a": 1}',
        b'{"step_loss": 3}',
        b'{"step_loss": ["a"]}',
        b'{"epochs": ["a"]}',
        b"\xff\xfe",
    ],
)
def test_only_a_history_is_loaded_as_one(tmp_path, content):
    (tmp_path / "h.json").write_bytes(content)
    with pytest.raises(
        ValueError, match=f"History.load: expected a file written by History.save, got {tmp_path}"
    ):
        History.load(tmp_path / "h.json")


def test_a_history_with_what_was_not_finite_survives_json(tmp_path):
    History([1.0, float("nan"), float("inf")], [{"val_loss": float("nan")}]).save(tmp_path / "h.json")
    loaded = History.load(tmp_path / "h.json")
    np.testing.assert_array_equal(loaded.step_loss, [1.0, np.nan, np.inf])
    assert np.isnan(loaded.column("val_loss")).all()

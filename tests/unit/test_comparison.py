"""The comparison of chapters 07 to 13: its data, its loop, its records, and what the committed runs say."""

import dataclasses

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_lib import comparison, datasets
from course_lib.comparison import NETWORKS, Records, Run, runs
from course_lib.plotting import COLOURS, plot_comparison


@pytest.fixture(scope="module")
def digits():
    return comparison.load_data("digits")


def test_data_come_in_three_parts_of_64_pixels_that_share_no_image(digits):
    whole = datasets.load("digits")
    assert [len(part.labels) for part in (digits.train, digits.validation, digits.test)] == [1152, 288, 357]
    both = np.concatenate([digits.train.labels, digits.validation.labels])
    np.testing.assert_array_equal(np.sort(both), np.sort(whole.train.labels))
    seen = {image.tobytes() for image in digits.train.images}
    for part in (digits.validation, digits.test):
        assert part.images.shape[1:] == (1, 64, 64)
        assert not any(image.tobytes() in seen for image in part.images)


def test_images_are_enlarged_with_their_labels(digits):
    """Each enlarged image, averaged back to 28 pixels, is nearest to an original of its own label."""
    whole = datasets.load("digits").test
    small = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(digits.test.images[:40]), 28).flatten(1)
    nearest = torch.cdist(small, torch.from_numpy(whole.images).flatten(1)).argmin(dim=1)
    np.testing.assert_array_equal(whole.labels[nearest], digits.test.labels[:40])
    assert len(set(nearest.tolist())) == 40


def test_standardised_training_images_have_mean_0_and_deviation_1(digits):
    images = digits.standardise(digits.train.images)
    assert abs(images.mean().item()) < 1e-4
    assert images.std().item() == pytest.approx(1, abs=1e-3)


def test_large_sets_are_cut(monkeypatch):
    rng = np.random.default_rng(0)
    split = datasets.Split(rng.random((9000, 3, 1, 1), np.float32), rng.integers(0, 10, 9000))
    whole = datasets.ImageData(split, split, tuple("0123456789"))
    monkeypatch.setattr(datasets, "load", lambda name: whole)
    monkeypatch.setattr("course_lib.comparison.data.SIZE", 1)
    monkeypatch.setenv(comparison.DATA_VARIABLE, "cifar10")
    data = comparison.load_data()
    assert (data.name, data.in_channels) == ("cifar10", 3)
    assert [len(part.labels) for part in (data.train, data.validation, data.test)] == [7000, 1000, 2000]
    assert data.mean.shape == data.std.shape == (3, 1, 1)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_network_takes_the_comparisons_images(name, channels):
    model = NETWORKS[name].make(num_classes=7, in_channels=channels).eval()
    assert model(torch.zeros(2, channels, 64, 64)).shape == (2, 7)


def test_rounds_serve_every_image_once_an_epoch_and_all_the_updates():
    images, labels = torch.arange(70.0).reshape(70, 1, 1, 1), torch.arange(70)
    rounds = runs._Rounds(images, labels, updates=23, seed=0)
    served = [[y for _, y in rounds] for _ in range(runs.ROUNDS)]
    assert sum(map(len, served)) == 23
    assert {len(part) for part in served} == {2, 3}
    flat = [y for part in served for y in part]
    for start in (0, 2, 4):  # two batches of 32 an epoch
        assert len(set(torch.cat(flat[start : start + 2]).tolist())) == 64
    assert flat[0].tolist() != flat[2].tolist()


def test_the_schedule_warms_up_and_falls_to_nearly_nothing():
    factors = [runs._factor(index) for index in range(runs.ROUNDS)]
    assert factors[0] == 0.5
    assert factors[1:] == sorted(factors[1:], reverse=True)
    assert factors[-1] < 0.03


def test_a_run_repeats_from_its_seed_learns_and_leaves_the_global_generator_alone(digits):
    before = torch.random.get_rng_state()
    first = comparison.train("mlp", 0, digits, rate=1e-3, updates=40)
    assert torch.equal(before, torch.random.get_rng_state())
    again = comparison.train("mlp", 0, digits, rate=1e-3, updates=40).run
    other = comparison.train("mlp", 1, digits, rate=1e-3, updates=40).run
    unlike = {"seconds": 0.0}
    assert dataclasses.replace(first.run, **unlike) == dataclasses.replace(again, **unlike)
    assert other.val_loss != again.val_loss
    assert first.run.val_accuracy[-1] > 0.5, "chance is 0.1"
    assert len(first.run.val_accuracy) == len(first.run.train_loss) == comparison.ROUNDS
    assert first.run.test_accuracy is None
    assert not first.model.training


def test_a_convolutional_network_learns_and_is_measured_on_test_data_when_asked(digits):
    run = comparison.train("alexnet", 0, digits, rate=1e-3, updates=160, look_at_test=True).run
    assert run.test_accuracy > 0.7, "chance is 0.1"
    assert run.train_accuracy > 0.7


def test_a_failure_is_a_record(digits):
    run = comparison.train("mlp", 0, digits, rate=1e30, updates=10).run
    assert run.failed.startswith("fit: the loss is ")
    assert run.val_accuracy == ()


def test_weights_are_read_as_they_were_written(digits, tmp_path, monkeypatch):
    model = comparison.train("resnet", 0, digits, rate=1e-3, updates=10).model
    (tmp_path / "weights_of").mkdir()
    path = tmp_path / "weights_of" / "resnet_digits.npz"
    comparison.save_weights(path, model, digits)
    monkeypatch.setattr("course_lib.comparison.weights.resources.files", lambda package: tmp_path)
    network = comparison.pretrained("resnet", "digits")
    images = digits.standardise(digits.test.images[:8])
    assert torch.equal(images, torch.from_numpy((digits.test.images[:8] - network.mean) / network.std))
    with torch.no_grad():
        torch.testing.assert_close(network.model(images), model(images))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(
        ValueError, match="pretrained: expected stored weights, among resnet_digits, got 'mlp_dig"
    ):
        comparison.pretrained("mlp", "digits")


def made_up(failed=()):
    """Records of two networks, the second better by far."""
    made = []
    for name, level in (("softmax", 0.1), ("resnet", 0.8)):
        for rate in (1e-3, 3e-3):
            made.append(Run(name, "search", 1000, rate, 100, *[(level + rate,) * runs.ROUNDS] * 3))
        for seed in (2, 0, 1):
            lost = (name, seed) in failed
            columns = ((),) * 3 if lost else ((level + seed / 100,) * runs.ROUNDS,) * 3
            made.append(Run(name, "seed", seed, 3e-3, 100, *columns, failed="nan" if lost else None,
                            test_accuracy=None if lost else level))  # fmt: skip
    networks = {name: {"label": name.upper()} for name in ("softmax", "resnet")}
    return Records("shapes", {}, {}, networks, made)


def test_records_are_saved_and_read_and_give_what_they_hold(tmp_path):
    records = made_up(failed={("resnet", 1)})
    records.save(tmp_path / "records.json")
    again = comparison.read_records(tmp_path / "records.json")
    assert again == records
    assert len((tmp_path / "records.json").read_text().splitlines()) < 40, "a run is one line"
    assert list(tmp_path.iterdir()) == [tmp_path / "records.json"]
    assert again.rate("resnet") == 3e-3
    assert [run.seed for run in again.of("resnet")] == [0, 1, 2]
    np.testing.assert_array_equal(np.isnan(again.curves("resnet")[:, -1]), [False, True, False])
    np.testing.assert_allclose(again.curves("softmax")[:, 0], [0.1, 0.11, 0.12])
    np.testing.assert_array_equal(again.test_accuracy("resnet"), [0.8, np.nan, 0.8])
    assert again.steps("resnet").tolist() == [10 * k for k in range(1, 11)]


def test_a_failed_search_run_is_not_taken():
    records = made_up()
    records.runs[3] = dataclasses.replace(records.runs[3], val_accuracy=(), failed="nan")
    good = [run.rate for run in records.of("resnet", "search") if run.failed is None]
    assert records.rate("softmax") in (1e-3, 3e-3)
    assert records.rate("resnet") in good


@pytest.mark.parametrize("content", ["[]", "{", '{"runs": [{"network": "mlp"}]}', '{"runs": []}'])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(
        ValueError, match="read_records: expected a file written by Records.save, got .*x.json"
    ):
        comparison.read_records(tmp_path / "x.json")


def test_the_figure_keeps_colours_counts_failures_and_draws_in_the_order_of_the_course():
    records = made_up(failed={("resnet", 1)})
    ax = plot_comparison(records, ["resnet", "softmax"], highlight="resnet")
    assert [line.get_label() for line in ax.lines] == ["SOFTMAX", "RESNET (1 of 3 failed)"]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 11)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 81)
    assert ax.lines[0].get_xdata().tolist() == [10 * k for k in range(1, 11)]
    assert ax.lines[1].get_linewidth() > ax.lines[0].get_linewidth()
    alone = plot_comparison(records, ["resnet"], quantity="val_loss")
    assert alone.lines[0].get_color() == ax.lines[1].get_color() == COLOURS[1]
    assert alone.get_ylabel() == "validation loss"
    plt.close("all")


def test_a_network_whose_runs_all_failed_stays_in_the_legend():
    records = made_up(failed={("softmax", seed) for seed in range(3)})
    ax = plot_comparison(records)
    assert ax.get_legend().get_texts()[0].get_text() == "SOFTMAX (3 of 3 failed)"
    plt.close("all")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d: comparison.load_data("imagenet"),
            "load_data: expected a name among 'shapes', .* 'imagenet'",
        ),
        (
            lambda d: comparison.build("unet", d),
            "comparison.build: expected a name among softmax, .* got 'unet'",
        ),
        (
            lambda d: comparison.train("unet", 0, d, rate=1.0),
            "train: expected a name among softmax, .* 'unet'",
        ),
        (lambda d: comparison.train("mlp", -1, d, rate=1.0), "train: expected `seed` to be an integer of at"),
        (lambda d: comparison.train("mlp", 0, d, rate=-1.0), "train: expected `rate` of at least 0, got -1"),
        (lambda d: comparison.train("mlp", 0, d, rate=1.0, updates=9), "train: expected `updates` to be an"),
        (lambda d: comparison.train("mlp", 0, d, rate=1.0, look_at_test=1), "train: expected `look_at_test`"),
        (
            lambda d: comparison.train("mlp", 0, d),
            "stored: expected data with committed runs, among .*'digits'",
        ),
        (
            lambda d: comparison.stored("digits"),
            "stored: expected data with committed runs, among .*'digits'",
        ),
        (
            lambda d: made_up().of("mlp"),
            "Records.of: expected a network with runs of role 'seed', among softmax",
        ),
        (
            lambda d: made_up().of("mlp", "best"),
            "Records.of: expected `role` among 'search', 'seed', 'control'",
        ),
        (
            lambda d: made_up().curves("softmax", "f1"),
            "Records.curves: expected `quantity` among 'val_accuracy'",
        ),
        (
            lambda d: plot_comparison(made_up(), ["mlp"]),
            "plot_comparison: expected names among softmax, resnet",
        ),
        (
            lambda d: plot_comparison(made_up(), []),
            "plot_comparison: expected names among softmax, resnet, got",
        ),
        (
            lambda d: plot_comparison(made_up(), ["softmax"], highlight="resnet"),
            "plot_comparison: expected `highlight` among softmax, got 'resnet'",
        ),
    ],
)
def test_bad_input_is_named(digits, call, message):
    with pytest.raises(ValueError, match=message):
        call(digits)

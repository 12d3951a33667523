"""The drawn shapes to classify: figures are what they are called, and nothing but the outline tells the class."""

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from course_lib import datasets
from course_lib.datasets import shapes


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("shapes", train=1000, test=200)


def test_both_splits_are_what_they_should_be(drawn):
    train, test = drawn.train, drawn.test
    assert (train.images.shape, test.images.shape) == ((1000, 3, 64, 64), (200, 3, 64, 64))
    assert (train.images.dtype, train.labels.dtype) == (np.float32, np.int64)
    assert 0 <= train.images.min() < 0.01
    assert 0.99 < train.images.max() <= 1
    assert len(drawn.classes) == len(set(drawn.classes)) == len(shapes.SHAPES) == 10
    assert np.bincount(train.labels, minlength=10).min() >= 70
    seen = {image.tobytes() for image in train.images}
    assert len(seen) == 1000
    assert not any(image.tobytes() in seen for image in test.images)


def test_they_repeat_from_their_seed_and_from_the_start_of_a_longer_run(drawn):
    short = datasets.load("shapes", train=70, test=0)
    np.testing.assert_array_equal(short.train.images, drawn.train.images[:70])
    np.testing.assert_array_equal(short.train.labels, drawn.train.labels[:70])
    assert short.test.images.shape == (0, 3, 64, 64)
    assert (datasets.load("shapes", train=70, test=0, seed=1).train.images != short.train.images).any()


def test_they_stay_the_same_in_every_version_of_numpy(drawn):
    # Written down once; only raw bits are drawn, so a new NumPy must reproduce them.
    assert drawn.train.labels[:12].tolist() == PINNED_LABELS
    np.testing.assert_allclose(drawn.train.images[:4].mean(axis=(1, 2, 3)), PINNED_MEANS, rtol=1e-4)


PINNED_LABELS = [6, 2, 0, 0, 8, 9, 6, 7, 5, 9, 8, 0]
PINNED_MEANS = [0.547058, 0.58873, 0.338031, 0.547921]

# Area of each figure within a circle of radius 1, from its geometry.
FIVE = np.pi / 5
GOLDEN = (1 + 5**0.5) / 2
# The crescent: a disc without what it shares with a disc of 0.8 radii, half a radius away.
A, B = np.arccos((0.5**2 + 1 - 0.8**2) / (2 * 0.5)), np.arccos((0.5**2 + 0.8**2 - 1) / (2 * 0.5 * 0.8))
AREAS = {
    "circle": np.pi,
    "ring": np.pi * (1 - 0.5**2),
    "crescent": np.pi - (A - np.sin(2 * A) / 2) - 0.8**2 * (B - np.sin(2 * B) / 2),
    "heart": 1 + 0.25 * np.pi,  # a square of side 1 and two half-discs of radius one half
    "triangle": 3 * 3**0.5 / 4,
    "square": 2.0,
    "pentagon": 2.5 * np.sin(2 * FIVE),
    "star": 10 * 0.5 * np.sin(FIVE) * GOLDEN**-2,  # ten triangles with sides 1 and the inner radius
    "cross": 2 * 1.9 * 0.6 - 0.6**2,
    "arrow": 0.9**2 + 0.5 * 1.05,  # a right-angled head of height 0.9, a shaft 0.5 wide and 1.05 long
}


def cover(shape, radius=120.0, size=256):
    """Where a figure of the given radius lies on a fine grid, and the grid's distance from the centre."""
    steps = np.arange(size, dtype=np.float32) + 0.5 - size / 2
    x, y = np.meshgrid(steps, steps)
    return shape(x, y, np.float32(radius)), np.hypot(x, y)


@pytest.mark.parametrize(("name", "shape"), list(zip(shapes.CLASSES, shapes.SHAPES, strict=True)))
def test_each_figure_has_its_area_and_stays_within_its_circle(name, shape):
    distance, from_centre = cover(shape)
    assert distance.dtype == np.float32
    assert from_centre[distance < 0].max() <= 120.5
    assert (distance < 0).sum() / 120.0**2 == pytest.approx(AREAS[name], abs=0.01)


@pytest.mark.parametrize(("name", "shape"), list(zip(shapes.CLASSES, shapes.SHAPES, strict=True)))
def test_the_distance_grows_pixel_by_pixel_at_the_outline(name, shape):
    """So that every edge is smoothed over one pixel, not over a fraction or over several."""
    distance, _ = cover(shape)
    slope = np.hypot(*np.gradient(distance))[np.abs(distance) < 2]
    assert np.median(slope) == pytest.approx(1, abs=0.02)


def test_colour_brightness_and_ground_say_nothing_of_the_class(drawn):
    """Least squares on each image's mean and deviation per channel, judged on other images: chance is 10 %."""
    images, labels = drawn.train
    simple = np.hstack([images.mean(axis=(2, 3)), images.std(axis=(2, 3)), np.ones((1000, 1))])  # (N, 7)
    wanted = np.eye(10)[labels[:500]]
    weight = np.linalg.lstsq(simple[:500], wanted, rcond=None)[0]
    found = ((simple[500:] @ weight).argmax(axis=1) == labels[500:]).mean()
    assert found < 0.20


def test_masks_are_where_the_shape_is_seen(drawn):
    masks = datasets.shape_masks(200)
    assert (masks.shape, masks.dtype) == ((200, 64, 64), bool)
    np.testing.assert_array_equal(datasets.shape_masks(40), masks[:40])
    ground = np.median(drawn.test.images, axis=(2, 3), keepdims=True)
    contrast = np.abs(drawn.test.images - ground).mean(axis=1)  # (200, 64, 64)
    inside, outside = (
        np.array([c[m].mean() for c, m in zip(contrast, side, strict=True)]) for side in (masks, ~masks)
    )
    assert (inside > outside + 0.05).mean() > 0.9
    assert (datasets.shape_masks(200, split="train") != masks).any()
    assert (datasets.shape_masks(200, seed=1) != masks).any()


def test_masks_follow_the_outline_and_leave_out_what_lies_on_top(drawn):
    """Within a mask an image has one colour, up to noise: a bar that hides a part of the shape is no part of it."""
    masks, images = datasets.shape_masks(200), drawn.test.images
    for image, mask in zip(images, masks, strict=True):
        inner = binary_erosion(mask, np.ones((3, 3)))  # edges are mixtures, over one pixel
        assert np.ptp(image[:, inner], axis=1).max() <= 2 * shapes.NOISE + 1e-6
    sizes = masks.sum(axis=(1, 2)) / np.pi
    assert sizes.max() < shapes.LARGEST**2
    assert sizes.min() > 0.1 * shapes.SMALLEST**2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": -1}, "shape_masks: expected `count` to be an integer of at least 0, got -1"),
        ({"split": "validation"}, "shape_masks: expected `split` to be 'train' or 'test', got 'validation'"),
        ({"seed": 0.5}, "shape_masks: expected `seed` to be an integer of at least 0, got 0.5"),
    ],
)
def test_bad_arguments_of_masks_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.shape_masks(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 32}, r"datasets.load: expected options among train, test, seed, got \['size'\]"),
        ({"train": -1}, "datasets.load: expected `train` to be an integer of at least 0, got -1"),
        ({"seed": 0.5}, "datasets.load: expected `seed` to be an integer of at least 0, got 0.5"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        datasets.load("shapes", **options)

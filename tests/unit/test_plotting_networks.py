"""course_lib.plotting's pictures of networks: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_lib import plotting
from course_lib.plotting import COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(ax):
    return np.ma.filled(ax.get_images()[0].get_array(), np.nan)


def test_filters_of_one_channel_share_a_signed_scale():
    weight = np.zeros((3, 1, 2, 2))
    weight[1], weight[2] = -4, 2
    ax = plotting.show_filters(weight, columns=2)
    sheet = drawn(ax)
    assert sheet.shape == (5, 5)
    assert (sheet[:2, 3:] == -4).all()
    assert (sheet[3:, :2] == 2).all()
    assert np.isnan(sheet[2]).all()
    assert ax.get_images()[0].get_clim() == (-4, 4)


def test_filters_of_three_channels_are_colours_around_grey():
    weight = np.zeros((1, 3, 2, 2))
    weight[0, 0, 0, 0] = 2.0  # red, the largest
    weight[0, 2, 1, 1] = -1.0  # a lack of blue, half as large
    sheet = drawn(plotting.show_filters(weight))
    np.testing.assert_allclose(sheet[0, 0], [1, 0.5, 0.5])
    np.testing.assert_allclose(sheet[1, 1], [0.5, 0.5, 0.25])


def test_feature_maps_stand_row_by_row():
    maps = np.arange(3)[:, None, None] * np.ones((3, 2, 4))
    sheet = drawn(plotting.show_feature_maps(maps, columns=2))
    assert sheet[0, 0] == 0
    assert sheet[0, 5] == 1
    assert sheet[3, 0] == 2
    assert np.isnan(sheet[3, 5])


def test_boxes_lie_on_pixel_edges_and_keep_an_earlier_image():
    ax = plotting.show_boxes(np.zeros((8, 9)), np.array([[0, 0, 9, 8], [2, 3, 4, 7]]), labels=["all", "cat"])
    assert [patch.get_bbox().bounds for patch in ax.patches] == [(-0.5, -0.5, 9, 8), (1.5, 2.5, 2, 4)]
    assert [text.get_text() for text in ax.texts] == ["all", "cat"]
    plotting.show_boxes(np.zeros((8, 9)), np.array([[1, 1, 2, 2]]), dashed=True, ax=ax)
    assert len(ax.get_images()) == 1
    assert [patch.get_linestyle() for patch in ax.patches] == ["-", "-", "--"]


def test_masks_tint_their_pixels_only():
    masks = np.zeros((2, 4, 4), dtype=bool)
    masks[0, :2, :2], masks[1, 3, 3] = True, True
    sheet = drawn(plotting.show_masks(np.ones((4, 4)), masks, alpha=0.25))
    np.testing.assert_allclose(sheet[0, 0], 0.75 + 0.25 * np.array(to_rgb(COLOURS[0])))
    np.testing.assert_allclose(sheet[3, 3], 0.75 + 0.25 * np.array(to_rgb(COLOURS[1])))
    np.testing.assert_allclose(sheet[2, 2], 1)


def test_confusion_writes_its_counts_and_names_its_axes():
    ax = plotting.show_confusion(np.array([[3, 1], [0, 4]]), ["a", "b"])
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (0, 0): "3",
        (1, 0): "1",
        (1, 1): "4",
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    np.testing.assert_allclose(drawn(ax), [[0.75, 0.25], [0, 1]])


def test_learning_curves_draw_median_band_and_failures():
    good = np.array([[3.0, 1.0], [2.0, 2.0], [4.0, 1.5]])
    bad = np.array([[3.0, np.nan], [5.0, 4.0], [4.0, 3.0]])
    ax = plotting.show_learning_curves({"good": good, "bad": bad}, ylabel="error")
    assert ax.lines[0].get_ydata().tolist() == [3.0, 1.5]
    assert ax.lines[1].get_ydata().tolist() == [4.0, 3.5]
    band = ax.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in band} >= {(1, 2), (1, 4), (2, 1), (2, 2)}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["good", "bad (1 of 3 failed)"]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_every_plot_draws_on_the_axes_it_is_given():
    ones = np.ones((2, 2))
    calls = [
        lambda ax: plotting.show_filters(np.ones((1, 1, 2, 2)), ax=ax),
        lambda ax: plotting.show_feature_maps(ones[None], ax=ax),
        lambda ax: plotting.show_boxes(ones, np.zeros((0, 4)), ax=ax),
        lambda ax: plotting.show_masks(ones, ones[None], ax=ax),
        lambda ax: plotting.show_confusion(ones.astype(int), "ab", ax=ax),
        lambda ax: plotting.show_learning_curves({"a": ones}, ax=ax),
    ]
    for call in calls:
        ax = plt.subplots()[1]
        assert call(ax) is ax


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: plotting.show_filters(np.zeros((2, 2))),
            r"show_filters: expected `weight` of shape \(C_out, C_in",
        ),
        (
            lambda: plotting.show_feature_maps(np.zeros(3)),
            r"show_feature_maps: expected `maps` of shape \(C, H, W\)",
        ),
        (
            lambda: plotting.show_boxes(np.eye(2), np.zeros(4)),
            r"show_boxes: expected `boxes` of shape \(N, 4\)",
        ),
        (
            lambda: plotting.show_boxes(np.eye(2), np.zeros((1, 4)), labels=[]),
            "show_boxes: expected 1 labels",
        ),
        (
            lambda: plotting.show_masks(np.eye(2), np.zeros((1, 3, 2))),
            r"show_masks: expected `masks` of shape \(N, 2, 2\)",
        ),
        (
            lambda: plotting.show_masks(np.full((2, 2), 255), np.ones((1, 2, 2), bool)),
            r"show_masks: expected `image` in \[0, 1\], got 255 to 255",
        ),
        (
            lambda: plotting.show_masks(np.eye(2) - 1, np.ones((1, 2, 2), bool)),
            r"show_masks: expected `image` in \[0, 1\], got -1 to 0",
        ),
        (
            lambda: plotting.show_masks(np.eye(2), np.full((1, 2, 2), 3)),
            "show_masks: expected `masks` of True and False, got 3 to 3",
        ),
        (
            lambda: plotting.show_masks(np.eye(2), np.ones((1, 2, 2), bool), alpha=2),
            "show_masks: expected `alpha` from 0 to 1, got 2",
        ),
        (
            lambda: plotting.show_boxes(np.eye(2), np.zeros((2, 4)), colour=["red"]),
            r"show_boxes: expected `colour` to be a colour, or 2 of them, got \['red'\]",
        ),
        (
            lambda: plotting.show_boxes(np.eye(2), np.zeros((1, 4)), colour="none such"),
            "show_boxes: expected `colour` to be a colour",
        ),
        (
            lambda: plotting.show_filters(np.ones((4, 1, 2, 2)), columns=0),
            "show_filters: expected `columns` to be an integer of at least 1, got 0",
        ),
        (
            lambda: plotting.show_feature_maps(np.ones((4, 2, 2)), columns=1.5),
            "show_feature_maps: expected `columns` to be an integer of at least 1, got 1.5",
        ),
        (
            lambda: plotting.show_confusion(np.zeros((0, 0)), []),
            "show_confusion: expected `matrix` to hold real numbers",
        ),
        (
            lambda: plotting.show_learning_curves({}),
            "show_learning_curves: expected `runs` to map at least one",
        ),
        (
            lambda: plotting.show_learning_curves({"a": np.ones((2, 3))}, x=[1, 2]),
            r"show_learning_curves: expected `x` of shape \(3,\) for 'a', got shape \(2,\)",
        ),
        (
            lambda: plotting.show_learning_curves({"a": np.full((2, 1), np.nan)}),
            "show_learning_curves: expected a run of 'a' at every point",
        ),
        (
            lambda: plotting.show_confusion(np.eye(2), "abc"),
            r"show_confusion: expected `matrix` of shape \(3, 3\)",
        ),
        (
            lambda: plotting.show_learning_curves({"a": np.zeros(3)}),
            "show_learning_curves: expected curves of 'a'",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    assert plt.get_fignums() == [], "no empty figure is left behind"


def test_more_boxes_bring_their_title():
    ax = plotting.show_boxes(np.eye(4), np.array([[0, 0, 1, 1]]), title="truth")
    assert plotting.show_boxes(np.eye(4), np.array([[0, 0, 2, 2]]), ax=ax, dashed=True) is ax
    assert ax.get_title() == "truth"
    plotting.show_boxes(np.eye(4), np.zeros((0, 4)), title="truth and prediction", ax=ax)
    assert ax.get_title() == "truth and prediction"
    assert len(ax.patches) == 2


def test_one_colour_may_be_three_numbers():
    ax = plotting.show_boxes(np.eye(4), np.array([[0, 0, 1, 1], [0, 0, 2, 2]]), colour=(1, 0, 0))
    assert {patch.get_edgecolor()[:3] for patch in ax.patches} == {(1, 0, 0)}


def test_a_line_of_pixels_can_be_masked():
    ax = plotting.show_masks(np.zeros((1, 4)), np.array([[[True, False, False, True]]]), alpha=1.0)
    np.testing.assert_allclose(drawn(ax)[0, [0, 3]], [to_rgb(COLOURS[0])] * 2)


def test_names_of_classes_may_be_numbers():
    ax = plotting.show_confusion(np.array([[3, 0], [1, 2]]), range(2))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]


def test_a_number_that_is_not_finite_does_not_set_the_scale():
    weight = np.ones((2, 1, 1, 1))
    weight[1] = np.inf
    assert plotting.show_filters(weight).get_images()[0].get_clim() == (-1, 1)
    assert plotting.show_image([[np.nan, -3.0], [np.inf, 2.0]], signed=True).get_images()[0].get_clim() == (
        -3,
        3,
    )
    assert plotting.show_matrix([[np.nan, 4.0]]).get_images()[0].get_clim() == (0, 10)


def test_a_plot_leaves_other_axes_alone():
    ones, mask = np.ones((4, 4)), np.eye(4, dtype=bool)[None]
    for draw in (
        lambda ax: plotting.show_image(ones, ax=ax),
        lambda ax: plotting.show_matrix(ones, box=(0, 0, 1, 1), ax=ax),
        lambda ax: plotting.show_filters(np.ones((4, 3, 2, 2)), ax=ax),
        lambda ax: plotting.show_feature_maps(np.ones((4, 2, 2)), ax=ax),
        lambda ax: plotting.show_confusion(np.eye(2, dtype=int), ["a", "b"], ax=ax),
        lambda ax: plotting.show_learning_curves({"a": ones}, ax=ax),
        lambda ax: plotting.show_boxes(ones, ones, ax=ax),
        lambda ax: plotting.show_masks(ones, mask, ax=ax),
    ):
        figure, (mine, other) = plt.subplots(1, 2)
        other.plot([1, 2], [3, 4])
        before = other.get_xlim(), other.get_ylim(), len(other.get_children()), other.get_title()
        assert draw(mine) is mine
        figure.canvas.draw()
        assert before == (other.get_xlim(), other.get_ylim(), len(other.get_children()), other.get_title())
        assert plt.gca() is other
        assert figure.axes == [mine, other]
        plt.close(figure)

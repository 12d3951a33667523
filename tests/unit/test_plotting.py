"""Figures are checked for what they show: numbers, frames, scales, and the same bytes on every run."""

import io
import re
from types import SimpleNamespace

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from course_lib import plotting
from course_lib.plotting import style


@pytest.fixture(autouse=True)
def _own_style():
    with mpl.rc_context():
        plotting.use_course_style()
        yield
    plt.close("all")


def relative_luminance(colour):
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_matrix_shows_every_number_at_its_place():
    matrix = np.array([[1, -2, 3], [4, 5, 6.5]])
    ax = plotting.show_matrix(matrix)
    shown = {text.get_position(): text.get_text() for text in ax.texts}
    assert shown == {(0, 0): "1", (1, 0): "-2", (2, 0): "3", (0, 1): "4", (1, 1): "5", (2, 1): "6.5"}


def test_matrix_frames_the_box_that_was_asked_for():
    ax = plotting.show_matrix(np.zeros((4, 5)), box=(1, 2, 2, 3))
    (frame,) = ax.patches
    assert frame.get_xy() == (1.5, 0.5)
    assert (frame.get_height(), frame.get_width()) == (2, 3)


@pytest.mark.parametrize("signed", [False, True])
def test_numbers_keep_their_contrast_on_every_tint(signed):
    ax = plotting.show_matrix(np.array([[-9.0, 0.0, 9.0]]), signed=signed)
    (image,) = ax.get_images()
    tints = image.to_rgba(image.get_array())[0]  # (3, 4)
    for tint in tints:
        assert (relative_luminance(tint) + 0.05) / 0.05 >= 4.5  # black text, the ratio of WCAG AA


def test_signed_image_has_zero_in_the_middle_of_its_scale():
    ax = plotting.show_image(np.array([[-1.0, 3.0]]), signed=True)
    assert ax.get_images()[0].get_clim() == (-3, 3)
    ax = plotting.show_image(np.array([[-1.0, 3.0]]), signed=True, limit=2)
    assert ax.get_images()[0].get_clim() == (-2, 2)


def test_limit_fixes_the_grey_scale():
    ax = plotting.show_image(np.array([[10.0, 20.0]]), limit=255)
    assert ax.get_images()[0].get_clim() == (0, 255)


def test_colour_image_is_accepted():
    ax = plotting.show_image(np.zeros((4, 5, 3)))
    assert ax.get_images()[0].get_array().shape == (4, 5, 3)


def test_grid_hides_the_places_that_hold_no_image():
    axes = plotting.show_images([np.eye(2)] * 4, columns=3)
    assert axes.shape == (4,)
    assert [ax.get_visible() for ax in axes[0].figure.axes] == [True] * 4 + [False] * 2


def test_given_axes_are_used_and_returned():
    _, ax = plt.subplots()
    assert plotting.show_image(np.eye(2), ax=ax) is ax
    assert plotting.show_matrix(np.eye(2), ax=ax) is ax


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plotting.show_image(np.zeros(3)), r"show_image: expected `image` .* got shape \(3,\)"),
        (
            lambda: plotting.show_image(np.zeros((3, 3, 4))),
            r"show_image: expected `image` .* got shape \(3, 3, 4\)",
        ),
        (lambda: plotting.show_matrix(np.zeros((1, 2, 3))), r"show_matrix: .* got shape \(1, 2, 3\)"),
        (lambda: plotting.show_images([]), r"show_images: expected at least one image"),
        (lambda: plotting.show_images([np.eye(2)], titles=["a", "b"]), r"show_images: .* got 1 and 2"),
    ],
)
def test_what_is_no_image_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def svg_of_a_figure():
    ax = plotting.show_matrix(np.arange(6).reshape(2, 3), box=(0, 0, 1, 1))
    file = io.StringIO()
    ax.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def test_svg_is_the_same_on_every_run_and_stands_on_white():
    first = svg_of_a_figure()
    assert first == svg_of_a_figure()
    assert "<dc:date>" not in first
    assert plt.rcParams["figure.facecolor"] == plt.rcParams["savefig.facecolor"] == "white"


def test_a_clip_path_is_named_after_what_the_file_says_of_it():
    def drawing(names):
        clips = "".join(f'<clipPath id="{name:>011}"><rect x="1.5"/></clipPath>' for name in names)
        return (
            f'<svg><g clip-path="url(#{names[-1]:>011})"/><g fill="url(#GR0_0)"/><defs>{clips}</defs></svg>'
        )

    one = style._named_by_content(drawing(["pfirst"]))
    assert one == style._named_by_content(drawing(["pother"]))
    assert one == style._named_by_content(drawing(["pone", "ptwo"])), "twins that the rounding makes equal"
    used = re.search(r'clip-path="url\(#(\w+)\)"', one)[1]
    assert one.count(f'<clipPath id="{used}">') == one.count("<clipPath") == 1
    assert "url(#GR0_0)" in one
    assert used not in style._named_by_content(drawing(["pfirst"]).replace("1.5", "1.6"))


def test_a_marker_is_named_after_what_the_file_says_of_it():
    def drawing(name, end="3.5"):
        return f'<svg><path id="{name}" d="M 0 0 L 0 {end}"/><use xlink:href="#{name}"/></svg>'

    named = style._named_by_content(drawing("m0123456789"))
    assert named == style._named_by_content(drawing("mabcdefabcd"))
    assert named != style._named_by_content(drawing("m0123456789", "3.6"))
    name = re.search(r'id="(m\w{10})"', named)[1]
    assert f'xlink:href="#{name}"' in named


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ('<path d="M 0 -0 \nL 505.440506 -0.000001"/>', '<path d="M 0 0 \nL 505.44 0"/>'),
        ('<path id="x" d="M -12.345678 7.5 L 10 3"/>', '<path id="x" d="M -12.35 7.5 L 10 3"/>'),
        (
            '<svg width="505.4406pt" viewBox="0 0 505.4406 72"/>',
            '<svg width="505.44pt" viewBox="0 0 505.44 72"/>',
        ),
        (
            '<g transform="translate(72.137317 -0) rotate(-90) scale(0.015625 -0.12)"/>',
            '<g transform="translate(72.14 0) rotate(-90) scale(0.015625 -0.12)"/>',
        ),
        ('<image x="11.4" y="-26.39952" id="d0.12345"/>', '<image x="11.4" y="-26.4" id="d0.12345"/>'),
        ('<path style="stroke-width: 0.125"/>', '<path style="stroke-width: 0.125"/>'),
    ],
)
def test_coordinates_are_stored_to_what_can_be_seen_and_nothing_else_is_rounded(written, stored):
    assert style._rounded(written) == stored


def test_a_curve_keeps_every_vertex():
    """A vertex left out as invisible, or not, would hang on the last bit of its neighbours."""
    figure, ax = plt.subplots()
    ax.plot(np.arange(1000), np.arange(1000) % 2)
    file = io.StringIO()
    figure.savefig(file, format="svg")
    assert max(path.count("L ") for path in re.findall(r' d="([^"]*)"', file.getvalue())) == 999


def test_the_last_bit_of_a_layout_changes_no_stored_figure():
    stored = set()
    for nudge in (0.0, 1e-15):
        figure = plt.figure(layout="none")
        ax = figure.add_axes((0.1, 0.1, 0.8 + nudge, 0.8))
        ax.plot([0, 1])
        shell = SimpleNamespace(display_formatter=DisplayFormatter())
        shell.display_formatter.active_types = shell.display_formatter.format_types
        style._choose_notebook_format(shell)
        stored.add(shell.display_formatter.format(figure)[0]["image/svg+xml"])
    assert len(stored) == 1
    assert "clipPath" in stored.pop()


@pytest.mark.parametrize(("shape", "kept"), [((20, 20), "image/svg+xml"), ((100, 100), "image/png")])
def test_a_notebook_gets_svg_except_for_photographs(shape, kept):
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    shell.display_formatter.active_types = shell.display_formatter.format_types
    style._choose_notebook_format(shell)
    ax = plotting.show_image(np.zeros(shape))
    data, _ = shell.display_formatter.format(ax.figure)
    assert {"image/svg+xml", "image/png"} & set(data) == {kept}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: plotting.show_image(np.zeros((0, 5))),
            "show_image: expected `image` to hold real numbers, got",
        ),
        (
            lambda: plotting.show_image(np.eye(2) * 1j),
            "show_image: expected `image` to hold real numbers, got",
        ),
        (
            lambda: plotting.show_image(np.eye(2), limit=-1),
            "show_image: expected `limit` of at least 0, got -1",
        ),
        (
            lambda: plotting.show_images([np.eye(2)], columns=0),
            "show_images: expected `columns` to be an integer of at least 1",
        ),
        (lambda: plotting.show_images([np.eye(2)], size=0), "show_images: expected `size` above 0, got 0"),
        (
            lambda: plotting.show_images([np.eye(2), np.zeros(3)]),
            r"show_images: expected `image` of shape \(H, W\) or",
        ),
        (
            lambda: plotting.show_matrix(np.zeros((0, 3))),
            "show_matrix: expected `matrix` to hold real numbers, got shape",
        ),
        (
            lambda: plotting.show_matrix([["a"]]),
            "show_matrix: expected `matrix` to hold real numbers, got shape",
        ),
        (
            lambda: plotting.show_matrix(np.eye(2), box=(0, 0)),
            r"show_matrix: expected `box` to be \(top, left,",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named_and_leaves_no_figure(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    assert plt.get_fignums() == []


def test_masked_pixels_stay_masked():
    image = np.ma.masked_array([[1.0, 50.0]], mask=[[False, True]])
    drawn = plotting.show_image(image, signed=True).get_images()[0]
    assert drawn.get_clim() == (-1, 1)
    assert drawn.get_array().mask.tolist() == [[False, True]]

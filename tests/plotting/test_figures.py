"""Figures show the arrays that they are given: nothing lost, nothing computed."""

import subprocess

import imageio_ffmpeg
import matplotlib.pyplot as plt
import numpy as np
import pytest

from rgm_core.codecs.things import find_things
from rgm_core.plotting import (
    atari,
    digits,
    film,
    games,
    inference,
    learning,
    likelihoods,
    renormalisation,
    selection,
)
from rgm_core.plotting.images import plot_images

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(0, 255, (4, 6, 5))


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def images(fig):
    """Arrays of all images of a figure, in order."""
    return [np.ma.getdata(ax.images[0].get_array()) for ax in fig.axes if ax.images]


def test_rows_and_gallery_show_every_picture():
    fig = digits.plot_rows({"a": PICTURES, "b": PICTURES[::-1]})
    np.testing.assert_array_equal(images(fig), [*PICTURES, *PICTURES[::-1]])
    assert [ax.get_ylabel() for ax in fig.axes if ax.get_ylabel()] == ["a", "b"]
    fig = digits.plot_gallery(PICTURES[:3], ["x", "y", "z"], columns=2)
    np.testing.assert_array_equal(images(fig), PICTURES[:3])
    assert [ax.get_title() for ax in fig.axes] == ["x", "y", "z", ""]


def test_tile_bins_and_outcomes():
    fig = digits.plot_tile(PICTURES[0], PICTURES[1:])
    np.testing.assert_array_equal(images(fig), PICTURES)
    variates, centres = RNG.normal(size=(200, 2)), np.array([[-3.0, 0, 3], [-2, 0, 2]])
    fig = digits.plot_bins(variates, centres, ["u", "v"])
    for ax, bins in zip(fig.axes, centres, strict=True):
        assert sum(patch.get_height() for patch in ax.patches) == 200
        np.testing.assert_array_equal(ax.lines[-1].get_xdata(), bins)
    raster = RNG.integers(0, 7, (3, 40))
    np.testing.assert_array_equal(images(digits.plot_outcomes(raster, 7))[0], raster)


def test_tradeoff_draws_a_line_for_each_setting():
    bits = {3: np.array([1.0, 2]), 7: np.array([2.0, 3])}
    fig = digits.plot_tradeoff(bits, bits, ["a", "b"])
    for line, values in zip(fig.axes[0].lines, bits.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), values)


def test_likelihoods_are_drawn_with_their_transposes():
    A = [RNG.dirichlet(np.ones(3), 4).T, RNG.dirichlet(np.ones(2), 5).T]
    fig = likelihoods.plot_likelihoods(A, ["one", "two"])
    expected = [np.sqrt(M) for M in (A[0].T, A[1].T, A[0], A[1])]
    for shown, matrix in zip(images(fig), expected, strict=True):
        np.testing.assert_allclose(shown, matrix)


def test_fields_groups_changes_and_beliefs():
    fig = likelihoods.plot_fields({"top": PICTURES, "below": PICTURES[:2]})
    np.testing.assert_array_equal(images(fig), [*PICTURES, *PICTURES[:2]])
    fig = likelihoods.plot_groups(PICTURES, list("abcd"))
    np.testing.assert_array_equal(images(fig), PICTURES)
    fig = likelihoods.plot_change(PICTURES[:2], PICTURES[2:], ["a", "b"])
    shown = [*PICTURES[:2], *PICTURES[2:], *(PICTURES[2:] - PICTURES[:2])]
    np.testing.assert_array_equal(images(fig), shown)
    beliefs = RNG.dirichlet(np.ones(3), 4)
    fig = likelihoods.plot_beliefs({"seen": PICTURES}, beliefs, list("abcd"))
    bars = [[p.get_height() for p in ax.patches] for ax in fig.axes if ax.patches]
    np.testing.assert_allclose(bars, beliefs)
    fig = likelihoods.plot_belief_levels({"seen": PICTURES[0], "level 1": PICTURES[1]}, beliefs[0])
    np.testing.assert_array_equal(images(fig), PICTURES[:2])
    np.testing.assert_allclose([p.get_height() for p in fig.axes[-1].patches], beliefs[0])


def test_learning_curves():
    information, elbo = RNG.random((50, 4)), RNG.random(50)
    fig = learning.plot_active_learning(information, elbo, n_classes=10)
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), information[:, 0])
    np.testing.assert_array_equal(fig.axes[1].lines[0].get_ydata(), information[:, -1])
    np.testing.assert_allclose(fig.axes[1].lines[1].get_ydata(), np.log(10))
    np.testing.assert_array_equal(fig.axes[2].lines[0].get_ydata(), elbo)


def test_accuracies():
    x, y = np.arange(5.0), RNG.random(5)
    fig = learning.plot_accuracy_by_threshold({"a": (x, y)})
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_xydata(), np.stack([x, y], 1))
    fig = learning.plot_accuracy_by_size(x + 1, {"a": y})
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), y)
    points = np.array([[100, 60.0, 59.0, 61.5], [400, 70.0, 69.0, 71.0]])
    fig = learning.plot_scaling(
        {"a": {"x": points, "y": points}, "b": {"y": points[:1]}}, {"y": points[:, :2] / 400}
    )
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_xydata(), points[:, :2])
    assert fig.axes[1].lines[0].get_color() == fig.axes[0].containers[1].lines[0].get_color()
    np.testing.assert_allclose(fig.axes[0].collections[0].get_segments()[0], [[100, 59], [100, 61.5]])
    np.testing.assert_array_equal(fig.axes[2].lines[1].get_xydata(), points[:, :2] / 400)
    correct = np.array([True, False, True, True])
    fig = learning.plot_confidence(np.arange(4.0), correct, x, y)
    np.testing.assert_array_equal(fig.axes[1].lines[0].get_ydata(), y)


def test_film_and_beliefs_over_time():
    frames = RNG.uniform(0, 255, (3, 8, 8, 3))
    fig = film.plot_frames({"a": frames, "b": frames[:2]})
    np.testing.assert_allclose(images(fig), np.concatenate([frames, frames[:2]]) / 255)
    q = RNG.dirichlet(np.ones(5), 7)
    fig = film.plot_beliefs_over_time({"states": q}, n_steps=14)
    np.testing.assert_allclose(images(fig)[0], q.T)
    fig = film.plot_similarity(q, {"film": [0, 1, 2], "made up": [2, 1]})
    np.testing.assert_allclose(images(fig)[0], q)
    assert [len(line.get_xdata()) for line in fig.axes[1].lines] == [3, 2]
    fig = film.plot_bars({"x": {"a": 1.0, "b": 2.0}, "y": {"b": 3.0}}, unit="dB")
    assert sorted(p.get_height() for p in fig.axes[0].patches) == [1, 2, 3]


def test_unfolding_surprise_and_cost():
    event = RNG.integers(0, 2, (4, 5, 5)).astype(float)
    fig = renormalisation.plot_unfolding(event, ["event", "halves", "frames"])
    expected = [event.mean(0), event[:2].mean(0), event[2:].mean(0), *event]
    np.testing.assert_allclose(images(fig), expected)
    values = {"a": RNG.random(12), "b": RNG.random(12)}
    fig = renormalisation.plot_surprise(values, period=4)
    for line, expected in zip(fig.axes[0].lines, values.values(), strict=False):
        np.testing.assert_array_equal(line.get_ydata(), expected)
    fig = renormalisation.plot_cost(np.array([4, 16]), np.array([8, 40]))
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), [8, 40])
    np.testing.assert_array_equal(fig.axes[0].lines[1].get_ydata(), [8, 32])


@pytest.mark.parametrize("shape", [(6, 32, 48, 3), (6, 32, 48)])
def test_a_film_is_written_whole_and_can_be_read(tmp_path, shape):
    frames = np.broadcast_to(np.linspace(20, 220, 6).reshape(6, *[1] * (len(shape) - 1)), shape)
    film.show_film(frames, "grey", fps=24, alt="It gets brighter", out=tmp_path)
    assert [path.name for path in (tmp_path / "media").iterdir()] == ["grey.mp4"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", tmp_path / "media" / "grey.mp4"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    content = subprocess.run(command, check=True, capture_output=True).stdout
    read = np.frombuffer(content, np.uint8).reshape(6, 32, 48, 3)
    np.testing.assert_allclose(read.mean(axis=(1, 2, 3)), np.linspace(20, 220, 6), atol=6)


def test_games():
    reached = np.array([[0, 0, 1], [1, 0, 0], [1, 0, 1]], bool)
    fig = games.plot_transitions(np.array([[0, 1], [1, 2]]), reached)
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_xydata(), [[0, 1], [1, 2]])
    np.testing.assert_array_equal(fig.axes[1].images[0].get_array(), reached[:, [2, 0, 1]].T)
    orbit, goals = RNG.normal(size=(5, 2)), np.array([True, False, False, True, False])
    fig = games.plot_components(orbit, goals)
    np.testing.assert_array_equal(fig.axes[1].lines[1].get_xydata()[:, 1], orbit[goals, 1])
    fig = games.plot_orbits({"before": (orbit, goals)})
    np.testing.assert_array_equal(fig.axes[0].lines[2].get_xydata(), orbit[goals])
    fig = games.plot_rates({"random": np.array([9.0, 11]), "agent": np.array([100.0])})
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_xdata(), [9, 11])


def test_experience_is_drawn_as_medians():
    rates = np.array([[0.0, 0.5], [0.2, 1.0], [0.4, 0.9]])
    fig = games.plot_experience({"a": (np.array([10, 100]), rates)}, {"a": 50})
    median, mark = fig.axes[0].lines
    np.testing.assert_allclose(median.get_ydata(), [20, 90])
    assert list(mark.get_xdata()) == [50, 50]
    fig = games.plot_scale(
        {"small": {"a": (np.array([10, 100]), rates)}, "large": {"a": (np.array([10]), [[1.0]])}}
    )
    assert [ax.get_title() for ax in fig.axes] == ["small", "large"]
    np.testing.assert_allclose(fig.axes[0].lines[0].get_ydata(), [20, 90])
    assert len(fig.axes[1].lines) == 1


def test_tables_bounds_parts_and_rallies():
    table = np.array([[0.2, 0.5], [0.8, 0.5]])
    fig = inference.plot_tables({"A": table}, {"A": (("x", "y"), ("s", "t"))})
    np.testing.assert_array_equal(images(fig)[0], table)
    share = np.linspace(0, 1, 5)
    fig = inference.plot_bound(share, share + 1, share, -np.ones(5), 1.0)
    np.testing.assert_allclose(fig.axes[0].lines[2].get_ydata(), 1)  # minus accuracy
    fig = inference.plot_parts(
        {"now": {"value": np.array([-1.0, -2]), "G": np.array([1.0, 2])}}, ["a", "b"]
    )
    heights = [[bar.get_height() for bar in ax.patches] for ax in fig.axes]
    assert heights == [[1, 0], [0, 1]]  # above the worst path, part by part
    places, results = np.array([0, 2, 1]), ["return", "miss", "none"]
    fig = inference.plot_rally(table.T, ("x", "y"), places, results, "x")
    np.testing.assert_array_equal(fig.axes[1].lines[2].get_ydata(), [2])  # the miss


def test_boards_and_growth():
    boards = RNG.integers(3, size=(2, 4, 3))
    fig = games.plot_boards({"real": boards, "fantasy": boards[::-1]}, ["bat", "ball", "background"])
    np.testing.assert_array_equal(images(fig), [*boards, *boards[::-1]])
    fig = games.plot_growth({"states": np.array([1, 2, 4]), "hits": np.array([0, 1, 1])})
    np.testing.assert_array_equal(fig.axes[0].lines[0].get_ydata(), [1, 2, 4])
    assert [ax.get_ylabel() for ax in fig.axes] == ["states", "hits"]


def test_decisions_growing_tables_and_sizes():
    odds, grown = np.array([np.inf, -2.0, 5.0]), np.array([True, False, True])
    fig = selection.plot_decisions(odds, grown, limit=10)
    new, kept = fig.axes[0].lines[1:]
    assert list(new.get_ydata()) == [10, 5]
    assert list(kept.get_ydata()) == [-2]
    fig = selection.plot_growing([np.array([[1.0], [3]]), np.ones((2, 2))], ["1", "2"], ("o", "s"))
    np.testing.assert_allclose(images(fig)[0], [[0.25], [0.75]])
    fig = selection.plot_sizes(np.array([1, 2]), {"a": np.array([[1, 2], [3, 4]])}, xlabel="x", truth=3)
    np.testing.assert_allclose(fig.axes[0].lines[0].get_ydata(), [2, 3])


def test_plan_is_drawn_over_the_board():
    board = np.full((4, 3), 3)
    plan = np.full((2, 4, 3), 3)
    plan[0, 1, 2], plan[1, 2, 0] = 0, 2  # the ball first, then the centre of the bat
    fig = games.plot_plan(board, plan, ["ball", "bat, left", "bat", "background"], title="x")
    np.testing.assert_array_equal(images(fig)[0], board)
    places = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in fig.axes[0].lines]
    assert [place for place in places if place[0]] == [([2], [1]), ([0], [2])]


def test_one_function_draws_images_in_rows():
    fig = plot_images({"a": PICTURES, "": PICTURES[:2]}, titles=["x", "y"], vmin=0)
    np.testing.assert_array_equal(images(fig), [*PICTURES, *PICTURES[:2]])
    assert [ax.get_title() for ax in fig.axes[:3]] == ["x", "y", ""]
    assert [ax.axison for ax in fig.axes[4:]] == [True, True, False, False]
    np.testing.assert_array_equal(images(plot_images([PICTURES[:1], PICTURES[1:]])), PICTURES)


def test_what_needs_one_pair_of_axes_takes_them():
    """And draws nowhere else: a figure of a reader's own can hold several."""
    x, curves = np.arange(1.0, 4), {"a": np.array([1.0, 2, 3])}
    own, axes = plt.subplots(1, 4)
    drawn = [
        selection.plot_curves(x, curves, xlabel="x", ylabel="y", ax=axes[0]),
        film.plot_bars({"g": {"a": 1.0}}, unit="dB", ax=axes[1]),
        renormalisation.plot_cost(x, x, ax=axes[2]),
        games.plot_rates(curves, ax=axes[3]),
    ]
    assert all(fig is own for fig in drawn)
    assert all(ax.lines or ax.patches for ax in axes)
    assert plt.get_fignums() == [own.number]


def test_things_are_drawn_where_the_codec_says():
    pictures = np.zeros((30, 12, 12), np.uint8)
    for t, picture in enumerate(pictures):
        picture[4:6, t % 10 : t % 10 + 2] = 255
    things = find_things(pictures, (4, 4))
    fig = atari.plot_things(pictures[:2], things, [f"thing {k}" for k in range(len(things.levels))])
    np.testing.assert_array_equal(images(fig)[:2], pictures[:2])
    full = [patch for patch in fig.axes[2].patches if patch.get_fill()]
    assert [patch.get_xy() for patch in full] == [
        (4 * (box[1] + (place - 1) % box[3]), 4 * (box[0] + (place - 1) // box[3]))
        for place, box in zip(things.encode(pictures[:1])[0], things.boxes, strict=True)
        if place
    ]


def test_scores_are_lines_and_marks():
    curves = {"agent": (np.arange(3), np.array([-20.0, -10, 0]))}
    fig = atari.plot_scores(curves, {"human": 14.6})
    lines = fig.axes[0].lines
    np.testing.assert_array_equal(lines[0].get_ydata(), curves["agent"][1])
    assert lines[1].get_ydata()[0] == 14.6


def test_roles_show_every_gain():
    informs = RNG.uniform(-0.1, 0.1, (3, 3))
    fig = atari.plot_roles(RNG.normal(size=3), RNG.normal(size=3), informs, ["a", "b", "c"], 0.02)
    shown = images(fig)[0]
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(shown[off], 100 * informs[off])

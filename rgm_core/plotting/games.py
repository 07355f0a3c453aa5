"""How an agent sees a game: transitions, orbits, and the way to the goal (article figure 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rgm_core.plotting.images import draw_image, draw_images
from rgm_core.plotting.style import COLOURS, axes_or_new, style

#: One colour for each thing on a board, in every figure.
BOARD = {
    "ball": COLOURS["vermillion"],
    "bat": COLOURS["blue"],
    "bat, left": COLOURS["sky"],
    "bat, centre": COLOURS["blue"],
    "bat, right": COLOURS["sky"],
    "brick, centre": COLOURS["orange"],
    "brick, edge": COLOURS["yellow"],
    "background": "#eeeeee",
}


@style()
def plot_components(components: np.ndarray, goals: np.ndarray) -> Figure:
    """Draw play (T, n) in its leading singular vectors, one row each, with goals (T,) bool marked."""
    fig, axes = plt.subplots(
        components.shape[1], 1, figsize=(9, 1.1 * components.shape[1] + 0.6), sharex=True, squeeze=False
    )
    for k, ax in enumerate(axes[:, 0]):
        ax.plot(components[:, k], color=COLOURS["blue"], linewidth=0.8)
        ax.plot(*_marked(components[:, k], goals), "*", color=COLOURS["vermillion"], label="goal")
        ax.set(yticks=[], ylabel=k + 1)
    axes[0, 0].legend(loc="lower right", bbox_to_anchor=(1, 1))
    axes[-1, 0].set(xlabel="frame")
    return fig


def _marked(values: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(marks), values[marks]


@style()
def plot_transitions(transitions: np.ndarray, reached: np.ndarray) -> Figure:
    """Draw which event follows which, and the paths to goals.

    Parameters
    ----------
    transitions : (N, 2) int, event and next event.
    reached : (depth + 1, S) bool, states from which a goal can be reached in just so many steps.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=(1, 1.5))
    left.plot(transitions[:, 0], transitions[:, 1], ".", markersize=2, color=COLOURS["blue"])
    left.set(xlabel="event", ylabel="next event", title="transitions", aspect="equal")
    left.invert_yaxis()
    order = np.argsort(np.where(reached.any(axis=0), reached.argmax(axis=0), len(reached)), kind="stable")
    right.imshow(reached[:, order].T, aspect="auto", cmap="Greys", interpolation="none")
    right.set(xlabel="steps to a goal", ylabel="states, the nearest first", title="paths to goals")
    return fig


@style()
def plot_orbits(orbits: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw orbits in the plane, name to (n, 2), with their goals, (n,) bool, marked, side by side."""
    fig, axes = plt.subplots(1, len(orbits), figsize=(4.4 * len(orbits), 4), squeeze=False)
    for (name, (orbit, goals)), ax in zip(orbits.items(), axes[0], strict=True):
        ax.plot(*orbit.T, "-", linewidth=0.5, color=COLOURS["grey"])
        ax.plot(*orbit[~goals].T, "o", markersize=3, color=COLOURS["sky"], label="states")
        ax.plot(*orbit[goals].T, "*", markersize=11, color=COLOURS["vermillion"], label="goals")
        ax.set(xlabel="eigenvector, real part", ylabel="imaginary part", aspect="equal", title=name)
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_rates(
    rates: Mapping[str, np.ndarray], *, unit: str = "balls hit / %", ax: Axes | None = None
) -> Figure:
    """Draw rates by seed, 0 to 100, one row of points a player."""
    fig, ax = axes_or_new(ax, (7, 0.6 * len(rates) + 1.2))
    for k, (_name, values) in enumerate(rates.items()):
        spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
        ax.plot(values, k + spread, "o", alpha=0.8)
    ax.set_yticks(range(len(rates)), list(rates))
    ax.set(xlabel=unit, xlim=(-2, 102), ylim=(-0.6, len(rates) - 0.4))
    return fig


@style()
def plot_experience(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    reached: Mapping[str, float],
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw how success grows with experience, for several players.

    Parameters
    ----------
    curves : mapping of name to (frames (n,), rates (m, n)), the success rates of m runs.
    reached : mapping of name to the frames after which a mark was reached (median; drawn as a line).
    """
    fig, ax = axes_or_new(ax, (7.5, 3.6))
    for k, (name, (frames, rates)) in enumerate(curves.items()):
        colour = COLOURS[("blue", "vermillion", "green", "purple")[k]]
        low, middle, high = np.quantile(rates, (0.1, 0.5, 0.9), axis=0)
        ax.plot(frames, 100 * middle, color=colour, linestyle=("-", "--", ":", "-.")[k], label=name)
        ax.fill_between(frames, 100 * low, 100 * high, color=colour, alpha=0.2, linewidth=0)
        if name in reached:
            ax.axvline(reached[name], color=colour, linewidth=0.8)
    ax.set(xscale="log", xlabel="frames of experience", ylabel="balls hit / %", ylim=(0, 103))
    ax.legend(loc="lower right")
    return fig


@style()
def plot_scale(boards: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]]) -> Figure:
    """Draw success against experience as `plot_experience` does, a panel for each board by its name."""
    fig, axes = plt.subplots(1, len(boards), figsize=(3.1 * len(boards), 3), sharey=True, squeeze=False)
    for (name, curves), ax in zip(boards.items(), axes[0], strict=True):
        plot_experience(curves, {}, ax=ax)
        ax.set(title=name, xlabel="frames watched", ylabel="balls hit / %" if ax is axes[0, 0] else "")
        frames = next(iter(curves.values()))[0]
        ax.set_xticks(frames, [f"{n:,}" for n in frames], rotation=45)
        ax.set_xticks([], minor=True)
        ax.get_legend().remove()
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    return fig


@style()
def plot_boards(rows: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw frames as their outcomes, one row of boards each.

    Parameters
    ----------
    rows : mapping of name to (n, rows, columns) int outcomes.
    names : of the outcomes, keys of ``BOARD``.
    """
    n, height, width = next(iter(rows.values())).shape
    colours = [BOARD[name] for name in names]
    size = (0.85 * n + 1.2, 0.95 * len(rows) * height / width + 0.4)
    fig, axes = plt.subplots(len(rows), n, figsize=size, squeeze=False)
    draw_images(axes, rows, cmap=ListedColormap(colours), vmin=0, vmax=len(names) - 1)
    handles = [Patch(color=colour, label=name) for colour, name in zip(colours, names, strict=True)]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return fig


@style()
def plot_growth(series: Mapping[str, np.ndarray]) -> Figure:
    """Draw several quantities, (n,) each, over the same n games, one panel each."""
    fig, axes = plt.subplots(1, len(series), figsize=(3.3 * len(series), 2.8))
    for (name, values), ax in zip(series.items(), axes, strict=True):
        ax.plot(range(1, len(values) + 1), values, "o-", markersize=3)
        ax.set(xlabel="game", ylabel=name)
    return fig


@style()
def plot_plan(
    board: np.ndarray, plan: np.ndarray, names: Sequence[str], *, title: str, ax: Axes | None = None
) -> Figure:
    """Draw a frame, and over it the frames that are planned, fading with time.

    Parameters
    ----------
    board : (rows, columns) int outcomes; the last one is background.
    plan : (n, rows, columns) int outcomes of the planned frames, the next one first.
    names : of the outcomes.
    title : what the player thinks.
    """
    fig, ax = axes_or_new(ax, (4.6, 5.2))
    colours = [BOARD[name] for name in names]
    draw_image(ax, board, cmap=ListedColormap(colours), vmin=0, vmax=len(names) - 1)
    for k, planned in enumerate(plan):
        for outcome, marker in ((0, "o"), (2, "s")):  # the ball, the centre of the bat
            row, column = np.nonzero(planned == outcome)
            fading = 1 - 0.85 * k / max(len(plan), 1)
            ax.plot(
                column, row, marker, color=colours[outcome], alpha=fading, markersize=5, fillstyle="none"
            )
    ax.set_title(title)
    handles = [Patch(color=colours[outcome], label=names[outcome]) for outcome in (0, 2)]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig

"""How an agent sees a game: transitions, orbits, and the way to the goal (article figure 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rgm_core.plotting.style import COLOURS, style


@style()
def plot_transitions(transitions: np.ndarray, steps: np.ndarray) -> Figure:
    """Draw which state follows which, and how far each is from a goal.

    Parameters
    ----------
    transitions : (E, 2) int, state and next state.
    steps : (S,) steps to the next goal, -1 if out of reach.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), width_ratios=(1, 1.3))
    left.plot(transitions[:, 0], transitions[:, 1], ",", color=COLOURS["blue"])
    left.set(xlabel="state", ylabel="next state", title="transitions", aspect="equal")
    left.invert_yaxis()
    reached = steps[steps >= 0]
    right.hist(reached, bins=np.arange(reached.max() + 2) - 0.5, color=COLOURS["sky"])
    right.set(xlabel="steps to the next goal", ylabel="states", title="paths to goals")
    return fig


@style()
def plot_orbit(orbit: np.ndarray, goals: np.ndarray) -> Figure:
    """Draw an orbit in two dimensions, (n, 2), with its goals, (n,) bool, marked."""
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    ax.plot(*orbit.T, "-", linewidth=0.7, color=COLOURS["grey"])
    ax.plot(*orbit[~goals].T, "o", markersize=4, color=COLOURS["sky"], label="states")
    ax.plot(*orbit[goals].T, "*", markersize=12, color=COLOURS["vermillion"], label="goals")
    ax.set(xlabel="eigenvector, real part", ylabel="imaginary part", aspect="equal")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_rates(rates: Mapping[str, np.ndarray], *, unit: str = "balls hit / %") -> Figure:
    """Draw rates by seed, 0 to 100, one row of points a player."""
    fig, ax = plt.subplots(figsize=(7, 0.6 * len(rates) + 1.2))
    for k, (_name, values) in enumerate(rates.items()):
        spread = np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else np.zeros(1)
        ax.plot(values, k + spread, "o", alpha=0.8)
    ax.set_yticks(range(len(rates)), list(rates))
    ax.set(xlabel=unit, xlim=(-2, 102), ylim=(-0.6, len(rates) - 0.4))
    return fig


@style()
def plot_experience(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], reached: Mapping[str, float]
) -> Figure:
    """Draw how success grows with experience, for several players.

    Parameters
    ----------
    curves : mapping of name to (frames (n,), rates (m, n)), the success rates of m runs.
    reached : mapping of name to the frames after which a mark was reached (median; drawn as a line).
    """
    fig, ax = plt.subplots(figsize=(7.5, 3.6))
    for k, (name, (frames, rates)) in enumerate(curves.items()):
        colour = COLOURS[("blue", "vermillion", "green", "purple")[k]]
        low, middle, high = np.quantile(rates, (0.1, 0.5, 0.9), axis=0)
        ax.plot(frames, 100 * middle, color=colour, linestyle=("-", "--", ":", "-.")[k], label=name)
        ax.fill_between(frames, 100 * low, 100 * high, color=colour, alpha=0.2, linewidth=0)
        ax.axvline(reached[name], color=colour, linewidth=0.8)
    ax.set(xscale="log", xlabel="frames of experience", ylabel="balls hit / %", ylim=(0, 103))
    ax.legend(loc="lower right")
    return fig


@style()
def plot_boards(rows: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Draw frames as their outcomes, one row of boards each.

    Parameters
    ----------
    rows : mapping of name to (n, rows, columns) int outcomes.
    names : of the outcomes, for the legend.
    """
    n, height, width = next(iter(rows.values())).shape
    colours = [COLOURS[name] for name in ("vermillion", "sky", "blue", "green", "orange")][: len(names) - 1]
    size = (0.85 * n + 1.2, 0.95 * len(rows) * height / width + 0.4)
    fig, axes = plt.subplots(len(rows), n, figsize=size, squeeze=False)
    for (name, boards), line in zip(rows.items(), axes, strict=True):
        for board, ax in zip(boards, line, strict=True):
            ax.imshow(board, cmap=ListedColormap([*colours, "#eeeeee"]), vmin=0, vmax=len(names) - 1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    handles = [Patch(color=colour, label=name) for colour, name in zip(colours, names, strict=False)]
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
def plot_plan(board: np.ndarray, plan: np.ndarray, names: Sequence[str], *, title: str) -> Figure:
    """Draw a frame, and over it the frames that are planned, fading with time.

    Parameters
    ----------
    board : (rows, columns) int outcomes; the last one is background.
    plan : (n, rows, columns) int outcomes of the planned frames, the next one first.
    names : of the outcomes.
    title : what the player thinks.
    """
    fig, ax = plt.subplots(figsize=(4.6, 5.2))
    colours = [COLOURS[name] for name in ("vermillion", "sky", "blue", "sky")][: len(names) - 1]
    ax.imshow(board, cmap=ListedColormap([*colours, "#eeeeee"]), vmin=0, vmax=len(names) - 1)
    for k, planned in enumerate(plan):
        for outcome, marker in ((0, "o"), (2, "s")):  # the ball, the centre of the bat
            row, column = np.nonzero(planned == outcome)
            fading = 1 - 0.85 * k / max(len(plan), 1)
            ax.plot(
                column, row, marker, color=colours[outcome], alpha=fading, markersize=5, fillstyle="none"
            )
    ax.set(xticks=[], yticks=[], title=title)
    handles = [Patch(color=colours[outcome], label=names[outcome]) for outcome in (0, 2)]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig

"""Diagrams: a generative model as a graph (article figure 3), and two loops of learning (figure 15)."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from rgm_core.plotting.style import COLOURS, style

_SIZE = 0.3  # radius of a circle, half the side of a square


@style()
def plot_model_graph() -> Figure:
    """Draw the generative model of three steps: circles are variables, squares are tables.

    States s follow from each other along paths u and cause outcomes o, by way of the tables A to E and of
    the expected free energy G of the paths.
    """
    fig, ax = plt.subplots(figsize=(7.6, 4.2))
    steps = {name: 2.4 * k + 1.4 for k, name in enumerate(("{t-1}", "{t}", "{t+1}"))}
    for t, x in steps.items():
        _variable(ax, f"$s_{t}$", (x, 2))
        _table(ax, "$A$", (x, 1))
        _variable(ax, f"$o_{t}$", (x, 0), seen=t != "{t+1}")
        _arrow(ax, (x, 2), (x, 1))
        _arrow(ax, (x, 1), (x, 0))
    places = list(steps.values())
    _table(ax, "$D$", (0.2, 2))
    _arrow(ax, (0.2, 2), (places[0], 2))
    for x, following, t in zip(places, places[1:], ("{t-1}", "{t}"), strict=False):
        middle = (x + following) / 2
        _table(ax, "$B$", (middle, 2))
        _variable(ax, f"$u_{t}$", (middle, 3))
        _arrow(ax, (x, 2), (middle, 2))
        _arrow(ax, (middle, 2), (following, 2))
        _arrow(ax, (middle, 3), (middle, 2))
    above = (places[1] + places[2]) / 2
    _table(ax, "$G$", (above - 0.5, 4))
    _table(ax, "$E$", (above + 0.5, 4))
    _table(ax, "$C$", (above - 1.6, 4))
    for start, end in (((above - 0.5, 4), (above, 3)), ((above + 0.5, 4), (above, 3))):
        _arrow(ax, start, end)
    _arrow(ax, (above - 1.6, 4), (above - 0.5, 4))
    notes = {4: "preferences, G of paths, habits", 3: "paths", 2: "states", 1: "likelihood", 0: "outcomes"}
    for y, note in notes.items():
        ax.text(7.2, y, note, va="center", color=COLOURS["grey"])
    _frame(ax, (-0.3, 10), (-0.5, 4.5))
    return fig


@style()
def plot_two_loops() -> Figure:
    """Draw reward learning beside active inference, each as a loop between player and world."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.8))
    loops = {
        "reward learning": ("world", "outcome and reward", "values of\nstate and action", "best action"),
        "active inference": ("world", "outcome", "beliefs about states\n(free energy)", "action"),
    }
    inner = {
        "reward learning": "error of prediction\nof reward",
        "active inference": "paths\n(G, preferences)",
    }
    for ax, (title, (world, up, player, down)) in zip(axes, loops.items(), strict=True):
        _box(ax, world, (2, 0.4))
        _box(ax, player, (0.6, 2.2))
        _box(ax, inner[title], (3.4, 2.2))
        first, second = ((2, 0.4), (0.6, 2.2)), ((3.4, 2.2), (2, 0.4))
        _arrow(ax, *first, shrink=26)
        _arrow(ax, (0.6, 2.2), (3.4, 2.2), shrink=48)
        _arrow(ax, *second, shrink=26)
        ax.text(0.75, 1.2, up, ha="right", va="center")
        ax.text(3.25, 1.2, down, ha="left", va="center")
        ax.set_title(title)
        _frame(ax, (-1.1, 5.1), (-0.1, 2.9))
    return fig


def _variable(ax: Axes, name: str, at: tuple[float, float], *, seen: bool = False) -> None:
    colour = "#dddddd" if seen else "white"
    ax.add_patch(Circle(at, _SIZE, facecolor=colour, edgecolor=COLOURS["black"], zorder=2))
    ax.text(*at, name, ha="center", va="center", zorder=3)


def _table(ax: Axes, name: str, at: tuple[float, float]) -> None:
    corner = (at[0] - _SIZE * 0.8, at[1] - _SIZE * 0.8)
    side = 1.6 * _SIZE
    ax.add_patch(
        Rectangle(corner, side, side, facecolor=COLOURS["sky"], edgecolor=COLOURS["black"], zorder=2)
    )
    ax.text(*at, name, ha="center", va="center", zorder=3)


def _box(ax: Axes, name: str, at: tuple[float, float]) -> None:
    corner = (at[0] - 0.85, at[1] - 0.3)
    ax.add_patch(
        FancyBboxPatch(
            corner, 1.7, 0.6, boxstyle="round,pad=0.06", facecolor="#eeeeee", edgecolor=COLOURS["black"]
        )
    )
    ax.text(*at, name, ha="center", va="center", fontsize=9)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], *, shrink: float = 13) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=shrink, shrinkB=shrink, zorder=1
        )
    )


def _frame(ax: Axes, width: tuple[float, float], height: tuple[float, float]) -> None:
    ax.set(xlim=width, ylim=height, aspect="equal")
    ax.axis("off")

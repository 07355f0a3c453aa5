"""Figures of the first lesson: a generative model, free energy, and what paths are expected to bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgm_core.plotting.style import COLOURS, axes_or_new, style


@style()
def plot_tables(
    tables: Mapping[str, np.ndarray], names: Mapping[str, tuple[Sequence[str], Sequence[str]]]
) -> Figure:
    """Draw probability tables beside each other.

    Parameters
    ----------
    tables : mapping of title to (rows, columns) probabilities.
    names : mapping of title to the names of the rows and of the columns.
    """
    widths = [table.shape[1] + 2 for table in tables.values()]
    fig, axes = plt.subplots(1, len(tables), figsize=(0.42 * sum(widths) + 1.5, 3.6), width_ratios=widths)
    for ax, (title, table) in zip(np.atleast_1d(axes), tables.items(), strict=True):
        image = ax.imshow(table, cmap="Greys", vmin=0, vmax=1)
        rows, columns = names[title]
        ax.set_yticks(range(len(rows)), rows)
        ax.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_title(title)
    fig.colorbar(image, ax=axes, label="probability", shrink=0.7)
    return fig


@style()
def plot_bound(
    share: np.ndarray,
    free_energy: np.ndarray,
    complexity: np.ndarray,
    accuracy: np.ndarray,
    surprise: float,
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw free energy and its parts along a line of beliefs, from the prior (0) to the posterior (1)."""
    fig, ax = axes_or_new(ax, (6.2, 3.4))
    ax.plot(share, free_energy, label="free energy F", color=COLOURS["blue"])
    ax.plot(share, complexity, "--", label="complexity", color=COLOURS["orange"])
    ax.plot(share, -accuracy, ":", label="minus accuracy", color=COLOURS["green"])
    ax.axhline(surprise, linewidth=0.8, color=COLOURS["grey"])
    ax.annotate(
        "surprise -ln p(o)", (share[-1], surprise), (0, -12),
        textcoords="offset points", ha="right", color=COLOURS["grey"],
    )  # fmt: skip
    ax.axvline(1, linewidth=0.8, color=COLOURS["grey"])
    ax.set(xlabel="belief: prior at 0, posterior at 1", ylabel="nats")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_parts(parts: Mapping[str, Mapping[str, np.ndarray]], paths: Sequence[str]) -> Figure:
    """Draw what each path gains over the worst one, part by part, each on a scale of its own.

    Parameters
    ----------
    parts : mapping of the title of a column to a mapping of the name of a part to its values (K,).
    paths : names of the K paths.
    """
    rows = list(next(iter(parts.values())))
    size = (3.6 * len(parts), 1.5 * len(rows) + 0.6)
    fig, axes = plt.subplots(len(rows), len(parts), figsize=size, sharex=True, squeeze=False)
    for line, name in zip(axes, rows, strict=True):
        for k, (ax, (title, values)) in enumerate(zip(line, parts.items(), strict=True)):
            gained = values[name] - values[name].min()
            bars = ax.bar(
                paths, gained, 0.6, color=COLOURS[("green", "orange", "blue")[rows.index(name) % 3]]
            )
            ax.bar_label(bars, fmt="%.2f", padding=1)
            ax.set(ylim=(0, 1.3 * max(gained.max(), 0.05)), title=title if name == rows[0] else "")
            ax.set_ylabel(f"{name}\n/ nats" if k == 0 else "")
    return fig


@style()
def plot_court(moments: Mapping[str, tuple[str, int]]) -> Figure:
    """Draw moments of the rally: the opponent above, the ball, and the player below.

    Parameters
    ----------
    moments : mapping of a title to the place of the ball ("strike", "flight left", …) and of the player
        (0, 1, 2).
    """
    fig, axes = plt.subplots(1, len(moments), figsize=(2.2 * len(moments), 2.9))
    height = {"strike": 2.6, "flight": 1.5, "arrival": 0.4}
    for ax, (title, (ball, place)) in zip(axes, moments.items(), strict=True):
        what, _, side = ball.partition(" ")
        x = {"left": 0, "right": 2}.get(side, 1)
        ax.plot(1, 3, "v", markersize=12, color=COLOURS["grey"])
        ax.plot(x, height[what], "o", markersize=9, color=COLOURS["vermillion"])
        ax.plot(place, 0, "^", markersize=14, color=COLOURS["blue"])
        ax.axhline(1.5, linewidth=0.8, color=COLOURS["grey"])
        ax.set(xlim=(-0.6, 2.6), ylim=(-0.5, 3.4), yticks=[], title=title)
        ax.set_xticks(range(3), ("left", "centre", "right"))
    return fig


@style()
def plot_rally(
    beliefs: np.ndarray, names: Sequence[str], places: np.ndarray, results: Sequence[str], truth: str
) -> Figure:
    """Draw what a player believed of the opponent, where it stood, and how the balls ended.

    Parameters
    ----------
    beliefs : (T, N) probability of each tendency of the opponent.
    names : of the N tendencies.
    places : (T,) int, where the player stood.
    results : T names; "return" and "miss" are marked.
    truth : how the opponent really played.
    """
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(8, 4), sharex=True, height_ratios=(1.4, 1))
    for k, (name, belief) in enumerate(zip(names, beliefs.T, strict=True)):
        top.plot(belief, label=name, linestyle=("-", "--", ":")[k % 3])
    top.set(ylabel="belief", ylim=(-0.03, 1.03), title=f"the opponent really tends to: {truth}")
    top.legend(title="tendency", loc="upper left", bbox_to_anchor=(1, 1))
    bottom.step(range(len(places)), places, where="mid", color=COLOURS["grey"], linewidth=1)
    for name, marker, colour in (("return", "o", "blue"), ("miss", "x", "vermillion")):
        at = [t for t, result in enumerate(results) if result == name]
        bottom.plot(at, places[at], marker, color=COLOURS[colour], label=name)
    bottom.set_yticks(range(3), ("left", "centre", "right"))
    bottom.set(xlabel="step", ylabel="player", ylim=(-0.4, 2.4), xlim=(-1, len(places)))
    bottom.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig

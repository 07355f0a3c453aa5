"""Blocks in space and time, unfolded (article figure 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgm_core.plotting.images import draw_image
from rgm_core.plotting.style import COLOURS, axes_or_new, style


@style()
def plot_unfolding(frames: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw an event on top, and below it what it unfolds into, level by level.

    Parameters
    ----------
    frames : (2**k, H, W) frames of one event, 0 or 1. A picture of a higher level shows all frames that
        its state stands for on top of each other.
    names : of the k + 1 levels, the top first.
    """
    n_columns = len(frames)
    fig = plt.figure(figsize=(1.5 * n_columns, 1.6 * len(names)))
    grid = fig.add_gridspec(len(names), n_columns)
    for row, name in enumerate(names):
        width = n_columns >> row
        for start in range(0, n_columns, width):
            ax = fig.add_subplot(grid[row, start : start + width])
            draw_image(ax, frames[start : start + width].mean(axis=0), vmin=0, vmax=1)
            if start == 0:
                ax.set_ylabel(name, rotation=0, ha="right", va="center")
    return fig


@style()
def plot_surprise(surprise: Mapping[str, np.ndarray], *, period: int, ax: Axes | None = None) -> Figure:
    """Draw the surprise at each step, -ln p(outcome | past) in nats, one line a model."""
    fig, ax = axes_or_new(ax, (8, 2.8))
    for (name, values), style_ in zip(surprise.items(), ("o-", "s-"), strict=False):
        ax.plot(np.arange(1, len(values) + 1), values, style_, markersize=4, linewidth=1, label=name)
    for edge in range(period, len(next(iter(surprise.values()))), period):
        ax.axvline(edge + 0.5, color=COLOURS["grey"], linewidth=0.6)
    ax.set(xlabel="frame", ylabel="surprise / nats")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.25), ncols=2)
    return fig


@style()
def plot_cost(pixels: np.ndarray, cost: np.ndarray, *, ax: Axes | None = None) -> Figure:
    """Draw the cost of inference against the size of the lattice, both on logarithmic axes."""
    fig, ax = axes_or_new(ax, (5, 3))
    ax.loglog(pixels, cost, "o-", label="counted")
    ax.loglog(pixels, cost[0] * pixels / pixels[0], "--", color=COLOURS["grey"], label="in proportion")
    ax.set(xlabel="pixels", ylabel="multiply-adds a frame")
    ax.legend()
    return fig

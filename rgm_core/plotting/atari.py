"""Games from pixels: what moves, which of it is what, and the score against frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rgm_core.codecs.things import Things
from rgm_core.plotting.images import draw_image
from rgm_core.plotting.style import COLOURS, axes_or_new, style

_CYCLE = ("blue", "vermillion", "green", "purple", "orange", "sky", "black")


@style()
def plot_things(pictures: np.ndarray, things: Things, names: Sequence[str]) -> Figure:
    """Draw pictures (n, H, W), and below each the regions of its things, framed, and their places, full."""
    fig, axes = plt.subplots(2, len(pictures), figsize=(2.1 * len(pictures), 5.4), squeeze=False)
    outcomes, (height, width) = things.encode(pictures), things.block
    for picture, places, (above, below) in zip(pictures, outcomes, axes.T, strict=True):
        draw_image(above, picture, cmap="gray")
        draw_image(below, np.full_like(picture, 255), cmap="gray", vmin=0, vmax=255)
        for k, ((row, column, rows, columns), place) in enumerate(zip(things.boxes, places, strict=True)):
            colour = COLOURS[_CYCLE[k % len(_CYCLE)]]
            corner, size = (column * width, row * height), (columns * width, rows * height)
            below.add_patch(Rectangle(corner, *size, fill=False, color=colour, label=names[k]))
            if place:
                y, x = divmod(int(place) - 1, columns)
                block = ((column + x) * width, (row + y) * height)
                below.add_patch(Rectangle(block, width, height, color=colour))
    handles = axes[1, -1].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=4)
    return fig


@style()
def plot_roles(
    acted: np.ndarray, scored: np.ndarray, informs: np.ndarray, names: Sequence[str], threshold: float
) -> Figure:
    """Draw what helps to foretell what, in per cent of an entropy; see `rgm_core.games.roles.Roles`."""
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), width_ratios=(1, 1, 1.3), sharey=True)
    for ax, values, title in zip(
        axes, (acted, scored), ("told by actions", "tells of points"), strict=False
    ):
        colours = [COLOURS["blue" if value == values.max() else "grey"] for value in values]
        ax.barh(range(len(values)), 100 * values, color=colours)
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set(title=title, xlabel="% of the entropy")
    axes[0].set_yticks(range(len(names)), names)
    axes[0].invert_yaxis()
    limit = 100 * threshold
    shown = np.where(np.eye(len(names), dtype=bool), np.nan, 100 * informs)
    axes[2].imshow(shown, cmap="RdBu_r", vmin=-5, vmax=5, aspect="auto")
    for (k, other), value in np.ndenumerate(shown):
        if np.isfinite(value):
            colour, weight = ("white" if value < -3 else "black"), ("bold" if value > limit else "normal")
            where = {"ha": "center", "va": "center", "fontsize": 7}
            axes[2].text(other, k, f"{value:.1f}", color=colour, weight=weight, **where)
    axes[2].set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes[2].set(title="told (row) by (column)")
    return fig


@style()
def plot_scores(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    marks: Mapping[str, float],
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw scores against frames, one line a player, and scores that were had elsewhere at the side.

    Parameters
    ----------
    curves : mapping of name to frames (n,) and scores (n,).
    marks : mapping of name to score.
    """
    fig, ax = axes_or_new(ax, (8, 4))
    for k, (name, (frames, scores)) in enumerate(curves.items()):
        ax.plot(frames, scores, "o-", color=COLOURS[_CYCLE[k]], markersize=4, label=name)
    for name, score in marks.items():
        ax.axhline(score, color=COLOURS["grey"], linewidth=0.7, linestyle=":")
        ax.annotate(name, (1.01, score), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    ax.set(xlabel="frames", ylabel="score of a game", ylim=(-22, 22))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return fig

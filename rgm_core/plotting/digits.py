"""Pictures of digits: galleries, tiles and modes, outcomes (article figures 6 and 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgm_core.plotting.images import INK, SIGNED, draw_image, plot_images
from rgm_core.plotting.style import COLOURS, axes_or_new, style


def plot_rows(rows: Mapping[str, np.ndarray], *, cmap: str = INK, size: float = 0.9) -> Figure:
    """Draw images ≥ 0 in named rows, one column each, to be compared down the columns.

    Parameters
    ----------
    rows : name of each row and its images (n, H, W); every row has the same n.
    cmap : colour map.
    size : of an image, inches.
    """
    return plot_images(rows, cmap=cmap, size=(size, size), vmin=0)


def plot_gallery(images: np.ndarray, titles: Sequence[str], *, columns: int = 8, cmap: str = INK) -> Figure:
    """Draw titled images (n, H, W) in a grid, row by row."""
    rows = [images[n : n + columns] for n in range(0, len(images), columns)]
    fig = plot_images(rows, titles=titles, cmap=cmap, size=(1, 1.25), margin=0)
    for ax in fig.axes:
        ax.title.set_fontsize(9)
    return fig


@style()
def plot_tile(window: np.ndarray, modes: np.ndarray) -> Figure:
    """Draw the window of one tile and its leading modes.

    Parameters
    ----------
    window : (H, W) weight of every pixel in the tile, 0 to 1.
    modes : (k, H, W) loading of every pixel, zero outside the tile.
    """
    fig, axes = plt.subplots(1, 1 + len(modes), figsize=(1.15 * (1 + len(modes)), 1.6))
    draw_image(axes[0], window, cmap="viridis", vmin=0, vmax=1).set_title("window")
    limit = np.abs(modes).max()
    for k, (ax, mode) in enumerate(zip(axes[1:], modes, strict=True), start=1):
        draw_image(ax, mode, cmap=SIGNED, vmin=-limit, vmax=limit).set_title(f"mode {k}")
    return fig


@style()
def plot_bins(variates: np.ndarray, centres: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw the distribution of each variate, with the bins that it is cut into.

    Parameters
    ----------
    variates : (n, k) values.
    centres : (k, b) bin centres.
    names : of the k variates.
    """
    fig, axes = plt.subplots(1, len(names), figsize=(3 * len(names), 2.4), sharey=True)
    for ax, values, bins, name in zip(axes, variates.T, centres, names, strict=True):
        ax.hist(values, bins=70, color=COLOURS["sky"])
        for edge in (bins[1:] + bins[:-1]) / 2:
            ax.axvline(edge, color=COLOURS["grey"], linewidth=0.8)
        ax.plot(bins, np.zeros(len(bins)), "o", color=COLOURS["vermillion"], clip_on=False)
        ax.set(title=name, xlabel="variate")
    axes[0].set_ylabel("images")
    return fig


@style()
def plot_outcomes(outcomes: np.ndarray, n_outcomes: int, *, ax: Axes | None = None) -> Figure:
    """Draw the outcomes (n, M) of some images as a raster: one row an image."""
    fig, ax = axes_or_new(ax, (9, 0.25 * len(outcomes) + 1.2))
    cmap = plt.get_cmap(SIGNED, n_outcomes)
    raster = ax.imshow(
        outcomes, cmap=cmap, aspect="auto", vmin=-0.5, vmax=n_outcomes - 0.5, interpolation="none"
    )
    ax.set(xlabel="outcome modality (16 modes of tile 1, 16 of tile 2, …)", ylabel="image")
    ax.set_yticks(range(len(outcomes)))
    fig.colorbar(raster, ax=ax, label="bin", ticks=range(n_outcomes))
    return fig


@style()
def plot_tradeoff(
    bits: Mapping[str, np.ndarray],
    correlations: Mapping[str, np.ndarray],
    labels: Sequence,
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw fidelity against the size of the code: one line a setting, points labelled.

    Parameters
    ----------
    bits : by name of the line, (k,) bits an image.
    correlations : by name, (k,) correlation of images and reconstructions.
    labels : of the k points, drawn at the first line.
    """
    fig, ax = axes_or_new(ax, (6, 3.2))
    for name in bits:
        ax.plot(bits[name], correlations[name], "o-", label=name)
    first = next(iter(bits))
    for x, y, label in zip(bits[first], correlations[first], labels, strict=True):
        ax.annotate(f"{label}", (x, y), xytext=(6, -3), textcoords="offset points", fontsize=8)
    ax.set(xlabel="bits an image", ylabel="correlation with the original")
    ax.legend(title="bins", loc="lower right")
    return fig

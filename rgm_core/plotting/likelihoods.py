"""What a model has learned: likelihood mappings and projection fields (article figures 7 and 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rgm_core.plotting.images import SIGNED, draw_image, draw_images, plot_images
from rgm_core.plotting.style import COLOURS, style


@style()
def plot_likelihoods(likelihoods: Sequence[np.ndarray], names: Sequence[str]) -> Figure:
    """Draw likelihood mappings, below each its transpose.

    Parameters
    ----------
    likelihoods : one matrix (outcomes, states) each, of probabilities.
    names : of the mappings.
    """
    fig, axes = plt.subplots(2, len(names), figsize=(3.1 * len(names), 6.2))
    for column, A, name in zip(axes.T, likelihoods, names, strict=True):
        for ax, matrix in zip(column, (A.T, A), strict=True):
            # shades of the root: a small probability is seen too
            ax.imshow(np.sqrt(matrix), cmap="gray_r", aspect="auto", vmin=0, interpolation="none")
        column[0].set(title=f"{name}, transposed", xlabel="outcome", ylabel="state")
        column[1].set(title=name, xlabel="state", ylabel="outcome")
    return fig


@style()
def plot_stages(tables: Mapping[str, np.ndarray], labels: tuple[str, str]) -> Figure:
    """Draw one table at several stages side by side; ``labels`` name rows and columns."""
    fig, axes = plt.subplots(1, len(tables), figsize=(3.2 * len(tables), 3.4), sharey=True)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        ax.imshow(table, cmap="Greys", vmin=0, vmax=1, interpolation="none")
        ax.set(title=name, xlabel=labels[1])
    axes[0].set_ylabel(labels[0])
    return fig


def plot_fields(fields: Mapping[str, np.ndarray]) -> Figure:
    """Draw projection fields: the picture that a state causes, one row a level.

    Parameters
    ----------
    fields : name of each row and its pictures (n, H, W), grey levels 0 to 255.
    """
    return plot_images(fields, size=(1, 1.1), margin=2, vmin=0, vmax=255)


def plot_groups(groups: Sequence[np.ndarray], names: Sequence[str]) -> Figure:
    """Draw which pixels belong to which group at each level.

    Parameters
    ----------
    groups : (H, W) number of the group that each pixel belongs to, one array a level.
    names : of the levels.
    """
    return plot_images([groups], titles=names, cmap="viridis", size=(2.2, 2.5), margin=0)


@style()
def plot_beliefs(pictures: Mapping[str, np.ndarray], beliefs: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw named rows of pictures (n, H, W), and below them the posterior over classes (n, K)."""
    n_rows, n_columns = len(pictures), len(names)
    fig, axes = plt.subplots(
        n_rows + 1, n_columns, figsize=(2.1 * n_columns + 0.8, 1.5 * (n_rows + 1)), squeeze=False
    )
    draw_images(axes[:-1], pictures, titles=names, vmin=0, vmax=255)
    for ax, q in zip(axes[-1], beliefs, strict=True):
        ax.bar(range(len(q)), q)
        ax.set(xticks=range(len(q)), ylim=(0, 1), xlabel="class")
    axes[-1, 0].set_ylabel("posterior")
    return fig


@style()
def plot_belief_levels(
    pictures: Mapping[str, np.ndarray],
    belief: np.ndarray,
    covered: tuple[tuple[int, int], tuple[int, int]] | None = None,
) -> Figure:
    """Draw named pictures (H, W) side by side, one a level, then the posterior over classes (K,).

    Parameters
    ----------
    pictures : the first one is what is seen.
    belief : (K,)
    covered : rows and columns, each from and to, of the first picture that are shaded, if any.
    """
    widths = [1.0] * len(pictures) + [1.6]
    fig, axes = plt.subplots(1, len(widths), figsize=(1.5 * sum(widths), 1.9), width_ratios=widths)
    for ax, (name, image) in zip(axes, pictures.items(), strict=False):
        draw_image(ax, image, vmin=0, vmax=255).set_title(name)
    if covered is not None:
        (top, bottom), (left, right) = covered
        shade = Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, hatch="///")
        shade.set(facecolor="none", edgecolor=COLOURS["vermillion"])
        axes[0].add_patch(shade)
    axes[-1].bar(range(len(belief)), belief)
    axes[-1].set(xticks=range(len(belief)), ylim=(0, 1), xlabel="class", title="posterior")
    return fig


@style()
def plot_change(before: np.ndarray, after: np.ndarray, names: Sequence[str]) -> Figure:
    """Draw pictures (n, H, W) before and after, and the difference, in three rows."""
    fig, axes = plt.subplots(3, len(names), figsize=(len(names) + 1, 3.4), squeeze=False)
    draw_images(axes[:2], {"before": before, "after": after}, titles=names, vmin=0, vmax=255)
    difference = after - before
    limit = max(np.abs(difference).max(), 1e-9)
    draw_images(axes[2:], {"difference": difference}, cmap=SIGNED, vmin=-limit, vmax=limit)
    return fig

"""How a structure grows, decision by decision (article figure 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgm_core.plotting.style import COLOURS, axes_or_new, style


@style()
def plot_decisions(
    log_odds: np.ndarray,
    augmented: np.ndarray,
    *,
    name: str = "state",
    limit: float = 30.0,
    ax: Axes | None = None,
) -> Figure:
    """Draw the log odds of each decision, and whether the model grew.

    Parameters
    ----------
    log_odds : (T,) nats; infinite for the first sample. Beyond ± ``limit`` they are drawn at the limit.
    augmented : (T,) bool.
    name : of what is added.
    """
    fig, ax = axes_or_new(ax, (8.5, 3))
    shown = np.clip(log_odds, -limit, limit)
    steps = np.arange(1, len(shown) + 1)
    ax.axhline(0, linewidth=0.8, color=COLOURS["grey"])
    ax.vlines(steps, 0, shown, linewidth=0.8, color=COLOURS["grey"])
    ax.plot(steps[augmented], shown[augmented], "o", color=COLOURS["blue"], label=f"one more {name}")
    ax.plot(steps[~augmented], shown[~augmented], "x", color=COLOURS["vermillion"], label="parent kept")
    ax.set(xlabel="sample", ylabel="log odds / nats", ylim=(-1.1 * limit, 1.1 * limit))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_odds(factor: np.ndarray, information: np.ndarray, augmented: np.ndarray) -> Figure:
    """Draw the two parts of the log odds of each decision, from the second sample on, and the outcome.

    Parameters
    ----------
    factor, information : (T,) nats, log Bayes factor and gain in mutual information.
    augmented : (T,) bool.
    """
    fig, axes = plt.subplots(3, 1, figsize=(8.5, 5), sharex=True)
    steps = np.arange(2, len(factor) + 2)
    names = ("log Bayes factor\n/ nats", "information\n/ nats", "log odds\n/ nats")
    for ax, values, name in zip(axes, (factor, information, factor + information), names, strict=True):
        ax.axhline(0, linewidth=0.8, color=COLOURS["grey"])
        for which, marker, colour, label in (
            (augmented, "o", "blue", "one more state"),
            (~augmented, "x", "vermillion", "parent kept"),
        ):
            ax.vlines(steps[which], 0, values[which], linewidth=0.8, color=COLOURS["grey"])
            ax.plot(steps[which], values[which], marker, color=COLOURS[colour], label=label)
        ax.set_ylabel(name)
        ax.margins(y=0.12)
    axes[-1].set(xlabel="frame", xticks=steps)
    axes[0].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_curves(
    x: np.ndarray, curves: Mapping[str, np.ndarray], *, xlabel: str, ylabel: str, ax: Axes | None = None
) -> Figure:
    """Draw named curves, (n,) each, over one x."""
    fig, ax = axes_or_new(ax, (6.5, 3))
    for (name, values), line in zip(curves.items(), ("-", "--", "-.", ":"), strict=False):
        ax.plot(x, values, line, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, None))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig


@style()
def plot_growing(tables: Sequence[np.ndarray], titles: Sequence[str], labels: tuple[str, str]) -> Figure:
    """Draw count tables as they grow, side by side; ``labels`` name rows and columns."""
    widths = [0.16 * table.shape[1] + 0.8 for table in tables]
    fig, axes = plt.subplots(1, len(tables), figsize=(sum(widths) + 1, 3.6), width_ratios=widths)
    for ax, table, title in zip(np.atleast_1d(axes), tables, titles, strict=True):
        n_rows, n_columns = table.shape
        ax.imshow(table / table.sum(axis=0), cmap="Greys", vmin=0, vmax=1, aspect="auto")
        ax.set(title=title, xlabel=labels[1], xticks=range(0, n_columns, 1 if n_columns < 5 else 4))
        ax.set_yticks(range(0, n_rows, 4 if n_rows < 20 else 16))
    np.atleast_1d(axes)[0].set_ylabel(labels[0])
    return fig


@style()
def plot_sizes(
    x: np.ndarray,
    sizes: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    truth: float | None = None,
    log: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Draw numbers of states: one line a method, a band over repetitions.

    Parameters
    ----------
    x : (n,)
    sizes : mapping of name to (repetitions, n) numbers of states.
    xlabel : name and unit of x.
    truth : number of states to be found, if there is one.
    log : whether x is drawn logarithmically.
    """
    fig, ax = axes_or_new(ax, (6.5, 3.4))
    for k, (name, values) in enumerate(sizes.items()):
        colour = COLOURS[("blue", "vermillion", "green", "purple")[k]]
        ax.plot(x, np.mean(values, axis=0), ("o-", "s--", "^:", "d-.")[k], color=colour, label=name)
        ax.fill_between(
            x, np.min(values, axis=0), np.max(values, axis=0), color=colour, alpha=0.2, linewidth=0
        )
    if truth is not None:
        ax.axhline(truth, linewidth=0.8, color=COLOURS["grey"], label="really")
    ax.set(xlabel=xlabel, ylabel="states", yscale="log", xscale="log" if log else "linear")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return fig

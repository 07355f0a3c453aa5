"""Learning curves: information, evidence and accuracy (article figure 9)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.ndimage import uniform_filter1d

from rgm_core.plotting.style import COLOURS, axes_or_new, style


def draw_trace(ax: Axes, values: np.ndarray, *, window: int = 100) -> Axes:
    """Draw a noisy series (n,), and its running mean over a window of samples."""
    exemplars = np.arange(1, len(values) + 1)
    ax.plot(exemplars, values, ",", color=COLOURS["sky"], alpha=0.6)
    mean = uniform_filter1d(values, min(window, len(values)), mode="nearest")
    ax.plot(exemplars, mean, color=COLOURS["blue"])
    return ax


@style()
def plot_active_learning(information: np.ndarray, elbo: np.ndarray, *, n_classes: int) -> Figure:
    """Draw mutual information of the lowest and the highest level, and the ELBO, by exemplar.

    Parameters
    ----------
    information : (n, n_levels) nats, summed over the modalities of a level.
    elbo : (n,) nats, before each update.
    n_classes : the information of the highest level cannot exceed its logarithm.
    """
    fig, axes = plt.subplots(1, 3, figsize=(10, 3))
    exemplars = np.arange(1, len(information) + 1)
    axes[0].plot(exemplars, information[:, 0])
    axes[0].set(title="Mutual information, level 1", ylabel="nats")
    axes[1].plot(exemplars, information[:, -1])
    axes[1].axhline(np.log(n_classes), color=COLOURS["grey"], linestyle="--")
    axes[1].annotate(
        f"bound: ln {n_classes}", (exemplars[-1] / 2, np.log(n_classes)), xytext=(0, -8),
        textcoords="offset points", ha="center", va="top", color=COLOURS["grey"],
    )  # fmt: skip
    axes[1].set(title="Mutual information, classes", ylabel="nats")
    draw_trace(axes[2], elbo).set(title="ELBO of the two top levels", ylabel="nats")
    for ax in axes:
        ax.set_xlabel("exemplar")
    return fig


@style()
def plot_accuracy_by_threshold(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, ax: Axes | None = None
) -> Figure:
    """Draw accuracy against the share of images that are left when the doubtful ones are put aside.

    Parameters
    ----------
    curves : by name of the measure of confidence, shares (k,) and accuracies (k,), both in %.
    """
    fig, ax = axes_or_new(ax, (6, 3.4))
    for name, (shares, accuracies) in curves.items():
        ax.plot(shares, accuracies, label=name)
    ax.axvline(50, color=COLOURS["grey"], linestyle="--", linewidth=0.8)
    ax.set(xlabel="images kept, most confident first / %", ylabel="accuracy / %", xlim=(0, 100))
    ax.legend(title="ranked by")
    return fig


@style()
def plot_confidence(
    scores: np.ndarray, correct: np.ndarray, thresholds: np.ndarray, accuracies: np.ndarray
) -> Figure:
    """Draw how many are right and wrong by score, and accuracy above a threshold on it.

    Parameters
    ----------
    scores : (n,) score of each image, nats.
    correct : (n,) bool.
    thresholds, accuracies : (k,) accuracy / % of the images whose score is at least the threshold.
    """
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), sharex=True)
    bins = np.histogram_bin_edges(scores, 25)
    kinds = {"right": (scores[correct], "sky"), "wrong": (scores[~correct], "vermillion")}
    left.hist(
        [values for values, _ in kinds.values()],
        bins,
        stacked=True,
        label=[f"{name}: {len(values)}" for name, (values, _) in kinds.items()],
        color=[COLOURS[colour] for _, colour in kinds.values()],
    )
    left.set(xlabel="score / nats", ylabel="images")
    left.legend(title="classified")
    right.plot(thresholds, accuracies)
    right.axvline(np.median(scores), color=COLOURS["grey"], linestyle="--")
    right.annotate("median", (np.median(scores), accuracies.min()), xytext=(-4, 4),
                   textcoords="offset points", ha="right", color=COLOURS["grey"])  # fmt: skip
    right.set(xlabel="threshold on the score / nats", ylabel="accuracy above it / %")
    return fig


@style()
def plot_accuracy_by_size(
    sizes: np.ndarray,
    accuracies: Mapping[str, np.ndarray],
    bounds: Mapping[str, np.ndarray] | None = None,
    *,
    ax: Axes | None = None,
) -> Figure:
    """Draw accuracies / % against the number of images learned from, one line a name.

    Parameters
    ----------
    sizes : (n,)
    accuracies : by name, (n,).
    bounds : by name, (n, 2) lower and upper bound of each, if they are to be drawn.
    """
    fig, ax = axes_or_new(ax, (6, 3.2))
    for name, values in accuracies.items():
        above_and_below = None if bounds is None else np.abs(bounds[name].T - np.asarray(values))
        ax.errorbar(sizes, values, above_and_below, fmt="o-", capsize=3, label=name)
    _label_sizes(ax, sizes)
    ax.legend()
    return fig


@style()
def plot_scaling(
    accuracies: Mapping[str, Mapping[str, np.ndarray]], calibration: Mapping[str, np.ndarray]
) -> Figure:
    """Draw accuracies against the number of images learned from, for each data set, and calibration.

    Parameters
    ----------
    accuracies : by data set and learner, (n, 4) images, accuracy, its lower and upper bound / %.
    calibration : by name, (k, 2) mean class probability of some answers, and the share that is right.
    """
    fig, axes = plt.subplots(1, len(accuracies) + 1, figsize=(4.2 * len(accuracies) + 3.4, 4))
    learners = list(dict.fromkeys(name for curves in accuracies.values() for name in curves))
    for ax, (data, curves) in zip(axes[:-1], accuracies.items(), strict=True):
        for name, points in curves.items():
            sizes, values, low, high = np.transpose(points)
            colour = f"C{learners.index(name)}"  # the same in each data set
            ax.errorbar(sizes, values, (values - low, high - values), fmt="o-", ms=4, c=colour, label=name)
        _label_sizes(ax, np.unique([point[0] for points in curves.values() for point in points]))
        ax.set_title(data)
        ax.legend()
    draw_calibration(axes[-1], calibration)
    return fig


def draw_calibration(ax: Axes, calibration: Mapping[str, np.ndarray]) -> Axes:
    """Draw shares of right answers against their class probabilities, (k, 2) by name, and the diagonal."""
    ax.plot([0, 1], [0, 1], "--", color=COLOURS["grey"], linewidth=0.8)
    for name, points in calibration.items():
        ax.plot(*np.transpose(points), "o-", markersize=4, label=name)
    ax.set(title="calibration", xlabel="class probability", ylabel="share that is right")
    ax.legend()
    return ax


def _label_sizes(ax: Axes, sizes: np.ndarray) -> None:
    ax.set(xscale="log", xlabel="images seen, each once", ylabel="accuracy / %")
    ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
    ax.minorticks_off()

"""Moving pictures and beliefs over time (article figures 5 and 11)."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rgm_core.model.extras import optional
from rgm_core.model.files import replacing
from rgm_core.notebook.display import display_with_record, in_kernel
from rgm_core.plotting.images import plot_images
from rgm_core.plotting.style import COLOURS, axes_or_new, style

imageio = optional("imageio.v3")


def show_film(
    frames: np.ndarray, name: str, *, fps: float, alt: str, out: str | os.PathLike | None = None
) -> None:
    """Play a film in a notebook, and write it to ``media/<name>.mp4`` when ``out`` is given.

    Parameters
    ----------
    frames : (T, H, W, 3) or (T, H, W) colour or grey levels 0 to 255.
    name : of the file.
    fps : frames a second.
    alt : what the film shows, in one line.
    out : folder for media; None writes nothing.
    """
    content = encode_film(frames, fps)
    if out is not None:
        folder = Path(out) / "media"
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{name}.mp4") as part:
            part.write_bytes(content)
    if in_kernel():
        source = f"data:video/mp4;base64,{base64.b64encode(content).decode()}"
        html = f'<video controls loop muted width="320" aria-label="{escape(alt)}" src="{source}"></video>'
        display_with_record({"text/plain": f"Film {name}: {alt}", "text/html": html}, {})


def encode_film(frames: np.ndarray, fps: float) -> bytes:
    """Return frames as MP4 (H.264), which every browser plays."""
    frames = np.asarray(frames).clip(0, 255).round().astype(np.uint8)
    frames = frames[..., None] if frames.ndim == 3 else frames
    if frames.ndim != 4 or frames.shape[3] not in (1, 3):
        raise ValueError(f"frames must be (T, H, W), (T, H, W, 1) or (T, H, W, 3); found {frames.shape}")
    frames = np.repeat(frames, 3 // frames.shape[3], axis=3)
    # H.264 halves the resolution of colour: sides must be even
    frames = np.pad(frames, ((0, 0), *((0, n % 2) for n in frames.shape[1:3]), (0, 0)), mode="edge")
    return imageio.imwrite(
        "<bytes>", frames, extension=".mp4", plugin="FFMPEG", fps=fps, codec="libx264",
        pixelformat="yuv420p", quality=None, macro_block_size=2, ffmpeg_log_level="error",
        output_params=["-crf", "18", "-threads", "1"],
    )  # fmt: skip


def plot_frames(rows: Mapping[str, np.ndarray], *, size: float = 1.0) -> Figure:
    """Draw frames of films, one named row each: (n, H, W, 3) or (n, H, W), 0 to 255."""
    shown = {name: np.clip(frames, 0, 255) / 255 for name, frames in rows.items()}
    return plot_images(shown, cmap="gray", size=(size, size), vmin=0, vmax=1)


@style()
def plot_beliefs_over_time(
    beliefs: Mapping[str, np.ndarray], *, n_steps: float, xlabel: str = "step"
) -> Figure:
    """Draw beliefs as rasters, one below the other: dark is probable.

    Parameters
    ----------
    beliefs : name of each raster and its probabilities (n, K); n rows share the same time.
    n_steps : length of the time axis.
    xlabel : what it is in.
    """
    heights = [max(1.0, np.log2(q.shape[1] + 1) / 2) for q in beliefs.values()]
    fig, axes = plt.subplots(
        len(beliefs), 1, figsize=(8, 0.75 * sum(heights)), height_ratios=heights, sharex=True,
        squeeze=False,
    )  # fmt: skip
    for ax, (name, q) in zip(axes[:, 0], beliefs.items(), strict=True):
        extent = (0, n_steps, q.shape[1] - 0.5, -0.5)
        ax.imshow(q.T, cmap="gray_r", aspect="auto", vmin=0, vmax=1, extent=extent)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.spines[:].set_visible(True)
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    axes[-1, 0].set_xlabel(xlabel)
    return fig


@style()
def plot_similarity(similarity: np.ndarray, orders: Mapping[str, Sequence[int]]) -> Figure:
    """Draw how alike bars of music sound, (S, S) correlations, and the order in which pieces play them."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(1, 1.6))
    image = left.imshow(similarity, cmap="RdBu_r", vmin=-1, vmax=1)
    left.set(xlabel="bar", ylabel="bar", title="how alike they sound")
    left.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    fig.colorbar(image, ax=left, label="correlation")
    for (name, order), marker in zip(orders.items(), "os^", strict=False):
        right.plot(order, marker + "-", markersize=4, linewidth=1, label=name)
    right.set(xlabel="time / bars", ylabel="bar", title="order of bars")
    right.legend()
    return fig


@style()
def plot_bars(values: Mapping[str, Mapping[str, float]], *, unit: str, ax: Axes | None = None) -> Figure:
    """Draw groups of bars: values by group and, within it, by name."""
    fig, ax = axes_or_new(ax, (7.5, 3))
    names = list(dict.fromkeys(name for group in values.values() for name in group))
    colours = ("blue", "sky", "orange", "green", "purple", "vermillion")
    width = 0.8 / len(names)
    for k, name in enumerate(names):
        place = [i + k * width for i, group in enumerate(values.values()) if name in group]
        heights = [group[name] for group in values.values() if name in group]
        ax.bar(place, heights, width, label=name, color=COLOURS[colours[k]])
    ax.set_xticks(np.arange(len(values)) + width * (len(names) - 1) / 2, list(values))
    ax.set_ylabel(unit)
    ax.legend(ncols=2, loc="upper center", bbox_to_anchor=(0.5, 1.3))
    return fig

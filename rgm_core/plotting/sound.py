"""Sound as pictures, and to listen to (article figures 12 to 14)."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rgm_core.model.extras import optional
from rgm_core.model.files import replacing
from rgm_core.notebook.display import display_with_record, in_kernel
from rgm_core.plotting.style import COLOURS, axes_or_new, style

soundfile = optional("soundfile")


def play(
    sound: np.ndarray, rate: int, name: str, *, alt: str, out: str | os.PathLike | None = None
) -> None:
    """Show a player in a notebook, and write the sound to ``media/<name>.wav`` when ``out`` is given.

    Parameters
    ----------
    sound : (n,) samples. They are scaled to a peak of 0.9, so that quiet recordings can be heard.
    rate : samples a second.
    name : of the file.
    alt : what is to be heard, in one line.
    out : folder for media; None writes nothing.
    """
    sound = 0.9 * np.asarray(sound) / max(np.abs(sound).max(), 1e-9)
    if out is not None:
        folder = Path(out) / "media"
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / f"{name}.wav") as part:
            soundfile.write(part, sound, rate, format="WAV", subtype="PCM_16")
    if in_kernel():
        content = io.BytesIO()
        soundfile.write(content, sound, rate, format="OGG", subtype="VORBIS")
        source = f"data:audio/ogg;base64,{base64.b64encode(content.getvalue()).decode()}"
        caption = f"<figcaption>{escape(alt)}</figcaption>"
        html = f'<figure>{caption}<audio controls src="{source}"></audio></figure>'
        display_with_record({"text/plain": f"Sound {name}: {alt}", "text/html": html}, {})


@style()
def plot_sound(
    sound: np.ndarray, rate: int, pictures: Mapping[str, np.ndarray], frequencies: np.ndarray
) -> Figure:
    """Draw a waveform and, below it, pictures in time and frequency.

    Parameters
    ----------
    sound : (n,) samples.
    rate : samples a second.
    pictures : name of each and its magnitudes (F, n).
    frequencies : (F,) Hz, ascending.
    """
    seconds = len(sound) / rate
    fig, axes = plt.subplots(
        1 + len(pictures), 1, figsize=(9, 1.2 + 1.7 * len(pictures)), sharex=True,
        height_ratios=[0.6] + [1] * len(pictures),
    )  # fmt: skip
    axes[0].plot(np.arange(len(sound)) / rate, sound, linewidth=0.3)
    axes[0].set(ylabel="sound", yticks=[])
    top = max(np.quantile(picture, 0.998) for picture in pictures.values())
    for ax, (name, picture) in zip(axes[1:], pictures.items(), strict=True):
        extent = (0, seconds, frequencies[0] / 1000, frequencies[-1] / 1000)
        ax.imshow(np.sqrt(picture), origin="lower", aspect="auto", extent=extent, cmap="magma",
                  vmin=0, vmax=np.sqrt(top))  # fmt: skip
        ax.set(ylabel=f"{name}\nfrequency / kHz")
    axes[-1].set_xlabel("time / s")
    return fig


@style()
def plot_code(outcomes: np.ndarray, n_outcomes: int, *, seconds: float, ax: Axes | None = None) -> Figure:
    """Draw the outcomes (n_voxels, M) of a sound over time."""
    fig, ax = axes_or_new(ax, (9, 2.6))
    image = ax.imshow(outcomes.T, cmap=plt.get_cmap("RdBu_r", n_outcomes), aspect="auto",
                      vmin=-0.5, vmax=n_outcomes - 0.5, interpolation="none", origin="lower",
                      extent=(0, seconds, 0, outcomes.shape[1]))  # fmt: skip
    ax.set(xlabel="time / s", ylabel="outcome modality")
    fig.colorbar(image, ax=ax, label="bin", ticks=range(0, n_outcomes, max(1, n_outcomes // 8)))
    return fig


@style()
def plot_rates(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, bar: float, ax: Axes | None = None
) -> Figure:
    """Draw fidelity against the rate of the code: (kbit/s, correlation) by name of the line."""
    fig, ax = axes_or_new(ax, (6.5, 3.2))
    for name, (rates, correlations) in curves.items():
        ax.plot(rates, correlations, "o-", label=name)
    ax.axhline(bar, color=COLOURS["grey"], linestyle="--", linewidth=0.8)
    ax.set(xscale="log", xlabel="kbit a second", ylabel="correlation of spectrograms")
    ax.legend(title="modes a tile", loc="lower right")
    return fig


@style()
def plot_timelines(
    lines: Mapping[str, np.ndarray], *, seconds: float, marks: Sequence[tuple[float, float]] = ()
) -> Figure:
    """Draw series ≥ 0 over time, one below the other, NaN as gaps; spans in seconds are shaded."""
    fig, axes = plt.subplots(len(lines), 1, figsize=(9, 1.3 * len(lines) + 0.6), sharex=True, squeeze=False)
    for ax, (name, values) in zip(axes[:, 0], lines.items(), strict=True):
        time = (np.arange(len(values)) + 0.5) * seconds / len(values)
        ax.plot(time, values, drawstyle="steps-mid")
        ax.set(ylabel=name, ylim=(0, 1.1 * max(np.nanmax(values), 1e-9)))
        for start, stop in marks:
            ax.axvspan(start, stop, color=COLOURS["yellow"], alpha=0.4, linewidth=0)
    axes[-1, 0].set_xlabel("time / s")
    return fig

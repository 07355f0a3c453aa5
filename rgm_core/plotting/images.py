"""Images in rows: the one function that draws them, for digits, fields, frames and boards alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from rgm_core.plotting.style import COLOURS, style

INK = "gray_r"  # as written: dark ink on white paper
SIGNED = "RdBu_r"  # around zero

Row = Sequence[np.ndarray] | np.ndarray
Rows = Mapping[str, Row] | Sequence[Row]


def draw_image(ax: Axes, image: np.ndarray, *, cmap: str | Colormap = INK, **limits) -> Axes:
    """Draw one image (H, W) or (H, W, 3) without ticks, framed."""
    ax.imshow(image, cmap=cmap, **limits)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, color=COLOURS["grey"], linewidth=0.5)
    return ax


def draw_images(
    axes: np.ndarray,
    rows: Rows,
    *,
    titles: Sequence[str] = (),
    cmap: str | Colormap = INK,
    **limits,
) -> np.ndarray:
    """Draw images on axes (n_rows, n_columns), row by row; where there is none, nothing.

    Parameters
    ----------
    axes : as ``plt.subplots(…, squeeze=False)`` makes them.
    rows : name of each row and its images, or only the images of each.
    titles : of the images, row by row; fewer will do.
    cmap, **limits : see `draw_image`.
    """
    named = rows.items() if isinstance(rows, Mapping) else (("", row) for row in rows)
    for line, (name, images) in zip(axes, named, strict=True):
        for ax in line[len(images) :]:
            ax.set_axis_off()
        for ax, image in zip(line, images, strict=False):
            draw_image(ax, image, cmap=cmap, **limits)
        if name:
            line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, title in zip(axes.flat, titles, strict=False):
        ax.set_title(title)
    return axes


@style()
def plot_images(
    rows: Rows,
    *,
    titles: Sequence[str] = (),
    size: tuple[float, float] = (0.9, 0.9),
    margin: float = 1.0,
    **look,
) -> Figure:
    """Draw images in named rows, to be compared down the columns.

    Parameters
    ----------
    rows, titles, **look : see `draw_images`.
    size : width and height of an image, inches.
    margin : what the figure is wider, for the names of the rows, inches.
    """
    n_columns = max(map(len, rows.values() if isinstance(rows, Mapping) else rows))
    figsize = (size[0] * n_columns + margin, size[1] * len(rows))
    fig, axes = plt.subplots(len(rows), n_columns, figsize=figsize, squeeze=False)
    draw_images(axes, rows, titles=titles, **look)
    return fig

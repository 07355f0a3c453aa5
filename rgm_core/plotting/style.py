"""The house style of all figures: colour-blind safe, legible, and applied only where asked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Okabe and Ito's palette, which stays distinct under the common colour-vision deficiencies.
COLOURS = MappingProxyType(
    {
        "blue": "#0072B2",
        "vermillion": "#D55E00",
        "green": "#009E73",
        "purple": "#CC79A7",
        "orange": "#E69F00",
        "sky": "#56B4E9",
        "yellow": "#F0E442",
        "black": "#000000",
        "grey": "#767676",  # annotations, guides: 4.5 to 1 on white
    }
)

_CYCLE = ("blue", "vermillion", "green", "purple", "orange", "sky", "black")

_HOUSE: Mapping[Any, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.labelsize": 10,
        "axes.prop_cycle": cycler(color=[COLOURS[name] for name in _CYCLE]),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "figure.dpi": 110,
        "figure.facecolor": "white",
        "figure.titlesize": 12,
        "font.family": "DejaVu Sans",  # ships with Matplotlib: the same figure everywhere
        "font.size": 10,
        "image.cmap": "viridis",
        "image.interpolation": "nearest",  # a pixel is a pixel
        "legend.fontsize": 9,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "savefig.dpi": 200,
        "savefig.facecolor": "white",
        "svg.fonttype": "path",
        "svg.hashsalt": "rgm_core",  # else the ids in an SVG differ from run to run
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
    }
)


@contextmanager
def style(**overrides) -> Iterator[None]:
    """Apply the house style inside a ``with`` block, or to a function as ``@style()``.

    Matplotlib reads most settings when axes, lines and texts are made, so a function that makes
    or draws on axes is decorated as a whole. Nothing remains changed afterwards.

    Parameters
    ----------
    **overrides : Matplotlib settings with ``_`` for ``.``: ``figure_dpi=90`` is ``figure.dpi``.

    Raises
    ------
    ValueError
        If an override is not a Matplotlib setting.
    """
    settings = {_setting(name): value for name, value in overrides.items()}
    house: Any = {**_HOUSE, **settings}  # by names that Matplotlib has only when it runs
    with mpl.rc_context(house):
        yield


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    """The axes to draw on, with their figure; where there are none, those of a new figure, in inches."""
    return plt.subplots(figsize=size) if ax is None else (cast(Figure, ax.figure), ax)


def _setting(name: str) -> str:
    """Find the Matplotlib setting that an argument's name stands for."""
    for setting in mpl.rcParams:
        if setting.replace(".", "_") == name:
            return setting
    raise ValueError(f"style: {name!r} is not a Matplotlib setting; expected a name such as 'figure_dpi'")

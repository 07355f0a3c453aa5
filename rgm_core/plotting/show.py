"""Show a figure once in a notebook, with its description, and write it to files when asked."""

import base64
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from rgm_core.model.files import replacing
from rgm_core.notebook.display import display_with_record, in_kernel
from rgm_core.plotting.style import style

_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


def show(fig: Figure, name: str, *, alt: str, out: str | os.PathLike | None = None) -> None:
    """Display a figure with its description, write it if ``out`` is given, and close it.

    Parameters
    ----------
    fig : the figure.
    name : its name and that of its files: small letters, digits, single underscores
        (``fig06_digits``).
    alt : what the figure shows, in one line, for those who do not see it.
    out : folder that gets ``figures/<name>.png`` (200 dpi) and ``.svg``; None writes nothing.

    Raises
    ------
    ValueError
        If the name or the description is not as above.
    """
    _check(name, alt)
    record = {"figure": name, "alt": alt, "sha256": plotted_sha256(fig)}
    with style():
        if out is not None:
            write_figure(fig, name, alt=alt, folder=Path(out) / "figures")
        if in_kernel():
            data = {"text/plain": f"Figure {name}: {alt}", "image/png": _png(fig)}
            display_with_record(data, record, **{"image/png": {"alt": alt}})
    plt.close(fig)


def write_figure(fig: Figure, name: str, *, alt: str, folder: Path) -> None:
    """Write ``<name>.png`` and ``<name>.svg`` into a folder, each all at once or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"Title": name, "Description": alt}
    for suffix, metadata in (("png", about | {"Software": None}), ("svg", about | {"Date": None})):
        with replacing(folder / f"{name}.{suffix}") as part:
            fig.savefig(part, format=suffix, bbox_inches="tight", metadata=metadata)


def plotted_sha256(fig: Figure) -> str:
    """Hash what a figure plots: the same numbers give the same hash, whatever the rendering.

    Covers, in the order of the axes, lines, images, collections and patches in data coordinates,
    each number rounded to about nine significant digits. Text and arrows are left out: their
    geometry depends on fonts and resolution.
    """
    digest = hashlib.sha256()
    for number, ax in enumerate(_all_axes(fig.axes)):
        for kind, values in _plotted(ax):
            array = _rounded(values)
            digest.update(f"{number} {kind} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def _check(name: str, alt: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            f"name: found {name!r}; expected small letters, digits and single underscores, "
            "such as 'fig06_digits'"
        )
    if not isinstance(alt, str) or not alt.strip() or len(alt.splitlines()) > 1:
        raise ValueError(f"alt: found {alt!r} for figure {name}; expected one line that says what it shows")


def _png(fig: Figure) -> str:
    buffer = io.BytesIO()
    metadata = {"Software": None}
    fig.savefig(buffer, format="png", dpi="figure", bbox_inches="tight", metadata=metadata)
    return base64.b64encode(buffer.getvalue()).decode()


def _all_axes(axes: Iterable[Any]) -> Iterator[Axes]:
    """Yield axes and the insets within them, in order."""
    for ax in axes:
        yield ax
        yield from _all_axes(ax.child_axes)


def _plotted(ax: Axes) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that axes show, in data coordinates, each with its kind."""
    for line in ax.lines:
        yield "line", line.get_xydata()
    for image in ax.images:
        yield "image", image.get_array()
        yield "extent", image.get_extent()
    for collection in ax.collections:
        yield "offsets", collection.get_offsets()
        if collection.get_array() is not None:
            yield "array", collection.get_array()
        if isinstance(collection, QuadMesh):  # its paths would be one per cell
            yield "mesh", collection.get_coordinates()
        else:
            for path in collection.get_paths():
                yield "path", path.vertices
    for patch in ax.patches:
        if not isinstance(patch, FancyArrowPatch):
            yield "patch", patch.get_patch_transform().transform(patch.get_path().vertices)


def _rounded(values) -> np.ndarray:
    """Round to 30 bits (nine digits), with one form of zero and of NaN, as little-endian floats."""
    array = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    mantissa, exponent = np.frexp(array)
    rounded = np.ldexp(np.round(mantissa * 2**30), exponent - 30) + 0.0
    return np.where(np.isnan(rounded), np.nan, rounded).astype("<f8")

"""A model in one ``.npz`` file, without pickle."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from rgm_core.model.files import replacing
from rgm_core.model.level import Dynamics, Level
from rgm_core.model.transitions import Transitions

FORMAT = 1  # raise it when the arrays change their meaning

_FIELDS = ("a", "n_outcomes", "parents", "n_states", "locations")
_READING_ERRORS = (ValueError, KeyError, TypeError, IndexError, EOFError, OSError, AttributeError)
_READING_ERRORS += (RuntimeError, zipfile.BadZipFile, zipfile.zlib.error)
_UNREADABLE = "{} is not a readable model file ({}); save the model again with RGM.save"


def write(path: str | os.PathLike, levels: tuple[Level, ...], D: np.ndarray) -> None:
    """Write a model, or leave the old file untouched."""
    arrays = {"format": np.array(FORMAT), "D": D}
    for n, level in enumerate(levels):
        arrays |= {f"level{n}_{name}": value for name, value in _to_arrays(level).items()}
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)


@contextmanager
def reading(path: str | os.PathLike) -> Iterator[tuple[tuple[Level, ...], np.ndarray]]:
    """Levels and prior of a model file; what goes wrong with them in the block is laid to the file."""
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if int(arrays["format"]) != FORMAT:
            raise ValueError(f"format {arrays['format']}, this version reads {FORMAT}")
        n_levels = sum(name.endswith("_parents") for name in arrays)
        yield tuple(_from_arrays(arrays, f"level{n}_") for n in range(n_levels)), arrays["D"]
    except FileNotFoundError:
        raise
    except _READING_ERRORS as error:
        raise ValueError(_UNREADABLE.format(path, error)) from error


def _to_arrays(level: Level) -> dict[str, np.ndarray]:
    arrays = {name: getattr(level, name) for name in _FIELDS}
    if level.defining is not None:
        arrays["defining"] = level.defining
    if level.precision != 1:  # files of models without are as they were before there was one
        arrays["precision"] = np.array(level.precision)
    if level.dynamics is not None:
        arrays["initial"] = level.dynamics.initial
        arrays["edges"] = np.concatenate([np.insert(b.edges, 0, f, 1) for f, b in enumerate(level.b)])
        arrays["b"] = np.concatenate([b.counts for b in level.b])
    return arrays


def _from_arrays(arrays: dict[str, np.ndarray], prefix: str) -> Level:
    fields = {name: arrays[prefix + name] for name in _FIELDS}
    if prefix + "edges" in arrays:
        initial, table, counts = (arrays[prefix + name] for name in ("initial", "edges", "b"))
        factor, edges = np.split(table, [1], axis=1)
        of = [factor[:, 0] == f for f in range(len(fields["n_states"]))]
        b = tuple(
            Transitions(edges=edges[rows], counts=counts[rows], n_states=int(n))
            for rows, n in zip(of, fields["n_states"], strict=True)
        )
        fields["dynamics"] = Dynamics(b=b, has_parent=initial >= 0)
        if not np.array_equal(fields["dynamics"].initial, initial):
            raise ValueError("initial must number the factors that have a parent 0, 2, 4, …")
    fields["precision"] = float(arrays.get(prefix + "precision", 1.0))
    return Level(**fields, defining=arrays.get(prefix + "defining"))

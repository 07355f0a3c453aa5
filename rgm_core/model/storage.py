"""A model in one ``.npz`` file, without pickle."""

from __future__ import annotations

import math
import os
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from rgm_core.model.files import replacing
from rgm_core.model.level import Dynamics, Level
from rgm_core.model.transitions import Transitions

FORMAT = 1  # raise it when the arrays change their meaning
MAX_BYTES = 2**32  # of all arrays of a file together, unpacked

#: Of each array: its kinds (as in NumPy's ``dtype.kind``) and number of axes.
_MODEL = {"format": ("iu", 0), "D": ("f", 1)}
_STATIC = {
    "a": ("f", 3), "n_outcomes": ("iu", 1), "parents": ("iu", 1), "n_states": ("iu", 1),
    "locations": ("fiu", 2),
}  # fmt: skip
_DYNAMIC = {"initial": ("iu", 1), "edges": ("iu", 2), "b": ("f", 1)}
_OPTIONAL = {"defining": ("b", 1), "precision": ("f", 0)}
_LEVEL = {**_STATIC, **_DYNAMIC, **_OPTIONAL}
_STRAY = ("allow_pickle.npy",)  # what older NumPy made of that keyword, when we gave it
_LEVEL_NAME = re.compile(r"level(0|[1-9][0-9]?)_([a-z_]+)")


def write(path: str | os.PathLike, levels: tuple[Level, ...], D: np.ndarray) -> None:
    """Write a model, or leave the old file untouched."""
    arrays: dict[str, Any] = {"format": np.array(FORMAT), "D": D}
    for n, level in enumerate(levels):
        arrays |= {f"level{n}_{name}": value for name, value in _to_arrays(level).items()}
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)  # numbers only, which NumPy never pickles


@contextmanager
def reading(
    path: str | os.PathLike, max_bytes: int = MAX_BYTES
) -> Iterator[tuple[tuple[Level, ...], np.ndarray]]:
    """Levels and prior of a model file; what goes wrong with them in the block is laid to the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = _read(archive, max_bytes)
        if (found := int(arrays["format"])) != FORMAT:
            raise ValueError(f"format {found}, this version reads {FORMAT}")
        n_levels = sum(name.endswith("_parents") for name in arrays)
        yield tuple(_from_arrays(arrays, f"level{n}_") for n in range(n_levels)), arrays["D"]
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged file can make libraries raise anything
        raise ValueError(
            f"{path} is not a readable model file ({type(error).__name__}: {error}); "
            "save the model again with RGM.save"
        ) from error


def _read(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, np.ndarray]:
    """Read the arrays of a file, after all of their names, types and sizes have been checked."""
    found = [info for info in archive.infolist() if info.filename not in _STRAY]
    members = {info.filename.removesuffix(".npy"): info for info in found}
    _check_names(members, n_found=len(found))
    size = sum(info.file_size for info in members.values())
    if size > max_bytes:
        raise ValueError(f"{size} bytes of arrays; expected at most max_bytes, {max_bytes}")
    for name, info in members.items():
        with archive.open(info) as file:
            _check_header(name, file, info.file_size)
    arrays = {}
    for name, info in members.items():
        with archive.open(info) as file:
            arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays


def _check_names(members: Collection[str], n_found: int) -> None:
    """Raise ValueError unless these are the arrays of a model, each once."""
    fields: dict[int, set[str]] = {}
    for name in set(members) - set(_MODEL):
        match = _LEVEL_NAME.fullmatch(name)
        if not match or match[2] not in _LEVEL:
            raise ValueError(f"unknown array {name!r:.80}")
        fields.setdefault(int(match[1]), set()).add(match[2])
    if n_found != len(members):
        raise ValueError("an array is there twice")
    kinds = (set(_STATIC), {*_STATIC, *_DYNAMIC})
    whole = all(found - set(_OPTIONAL) in kinds for found in fields.values())
    if not set(_MODEL) <= set(members) or sorted(fields) != [*range(len(fields))] or not whole:
        raise ValueError("an array is missing")


def _check_header(name: str, file: IO[bytes], size: int) -> None:
    """Raise ValueError unless an array has the type and axes of its field, and fills its file."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{name} is written in version {version} of the npy format; expected (1, 0)")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    kinds, n_axes = (_MODEL | _LEVEL)[_LEVEL_NAME.sub(r"\2", name)]
    if dtype.kind not in kinds or dtype.hasobject or len(shape) != n_axes:
        raise ValueError(f"{name} has type {dtype} and shape {shape}; expected {n_axes} axes of {kinds!r}")
    if math.prod(shape) * dtype.itemsize != size - file.tell():
        raise ValueError(f"{name} has shape {shape}, but {size} bytes")


def _to_arrays(level: Level) -> dict[str, np.ndarray]:
    arrays = {name: getattr(level, name) for name in _STATIC}
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
    fields = {name: arrays[prefix + name] for name in _STATIC}
    dynamics = None
    if prefix + "edges" in arrays:
        initial, table, counts = (arrays[prefix + name] for name in ("initial", "edges", "b"))
        factor, edges = np.split(table, [1], axis=1)
        if factor.size and not np.all(np.isin(factor, np.arange(len(fields["n_states"])))):
            raise ValueError("edges name a factor that does not exist")
        of = [factor[:, 0] == f for f in range(len(fields["n_states"]))]
        b = tuple(
            Transitions(edges=edges[rows], counts=counts[rows], n_states=int(n))
            for rows, n in zip(of, fields["n_states"], strict=True)
        )
        dynamics = Dynamics(b=b, has_parent=initial >= 0)
        if not np.array_equal(dynamics.initial, initial):
            raise ValueError("initial must number the factors that have a parent 0, 2, 4, …")
    precision, defining = float(arrays.get(prefix + "precision", 1.0)), arrays.get(prefix + "defining")
    return Level(**fields, dynamics=dynamics, precision=precision, defining=defining)

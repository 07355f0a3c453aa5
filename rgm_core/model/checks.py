"""What arrays must be: one check for a field, with one form of complaint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import ArrayLike

_KINDS = {int: "iu", float: "fiu", bool: "b"}
_NAMES = {int: "integers", float: "finite numbers", bool: "booleans"}


def in_native_layout(array: ArrayLike) -> np.ndarray:
    """The same values, row after row and in the byte order of this machine, as compiled loops need them."""
    array = np.asarray(array, order="C")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def as_array(
    value: ArrayLike, name: str, kind: type, shape: tuple[int | None, ...], meaning: str
) -> np.ndarray:
    """Return an array of a kind and a shape, or say what it is instead.

    Parameters
    ----------
    value : what was given.
    name : of the argument or field.
    kind : int, float (finite; integers are welcome) or bool.
    shape : expected; None leaves an axis free.
    meaning : of the shape, in words.

    Raises
    ------
    ValueError
        If the value is of another kind or shape, masked, or not finite.
    """
    found = np.asarray(value)
    fits = found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    if not fits or found.dtype.kind not in _KINDS[kind] or isinstance(value, np.ma.MaskedArray):
        sizes = ", ".join("n" if n is None else str(n) for n in shape)
        masked = ", masked" if isinstance(value, np.ma.MaskedArray) else ""
        raise ValueError(
            f"{name} must be {_NAMES[kind]} ({sizes}), {meaning}; "
            f"found shape {found.shape}, dtype {found.dtype}{masked}"
        )
    if kind is float and not np.all(np.isfinite(found)):
        raise ValueError(f"{name} must hold finite numbers; found {found[~np.isfinite(found)][0]}")
    if kind is int and found.size and found.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{name} must hold integers below 2^63; found {found.max()}")
    return np.ascontiguousarray(found, {int: np.int64, float: np.float64, bool: bool}[kind])


@contextmanager
def unchanged_on_failure(estimator: object) -> Iterator[None]:
    """Give an estimator back the attributes that it had, if what is done with it fails."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def as_generator(rng: np.random.Generator | int) -> np.random.Generator:
    """Return a generator of random numbers: the one given, or a new one from a seed.

    Raises
    ------
    ValueError
        If it is neither; there is no hidden state to fall back on.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    raise ValueError(f"rng must be a numpy.random.Generator, or a seed ≥ 0; found {rng!r:.80}")

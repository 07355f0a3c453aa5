"""What arguments must be: one check for each kind of them, with one form of complaint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

_KINDS = {int: "iu", float: "fiu", bool: "b"}
_NAMES = {int: "integers", float: "finite numbers", bool: "booleans"}
MOST_OUTCOMES = 10**6  # of a modality: a table has a row for each
LARGEST = 1e15  # of what is measured: its squares and their sums stay finite in single precision too
_LARGEST_INTEGER = int(np.iinfo(np.int64).max)
_SUM_TOLERANCE = 1e-5  # of probabilities: room for values stored in single precision


def in_native_layout(array: ArrayLike) -> np.ndarray:
    """The same values, row after row and in the byte order of this machine, as compiled loops need them."""
    array = np.asarray(array, order="C")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def as_array(
    value: ArrayLike, name: str, kind: type, shape: tuple[int | None, ...] | None, meaning: str
) -> np.ndarray:
    """Return an array of a kind and a shape, or say what it is instead.

    Parameters
    ----------
    value : what was given.
    name : of the argument or field.
    kind : int, float (finite; integers are welcome) or bool.
    shape : expected; None leaves an axis free, or all of it.
    meaning : of the shape, in words.

    Raises
    ------
    ValueError
        If the value is of another kind or shape, hides entries behind a mask, or is not finite.
    """
    found = as_any_array(value, name)
    fits = shape is None or (
        found.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, found.shape, strict=True))
    )
    masked = np.ma.is_masked(value)
    if not fits or found.dtype.kind not in _KINDS[kind] or masked:
        sizes = "" if shape is None else f" {_sizes(shape)}"
        raise ValueError(
            f"{name} must be {_NAMES[kind]}{sizes}, {meaning}; found {_describe(value, found)}"
            f"{', masked' if masked else ''}"
        )
    if kind is float and not np.all(np.isfinite(found)):
        raise ValueError(f"{name} must hold finite numbers; found {found[~np.isfinite(found)][0]}")
    if kind is int and found.dtype.kind == "u" and found.size and found.max() > _LARGEST_INTEGER:
        raise ValueError(f"{name} must hold integers below 2^63; found {found.max()}")
    return np.asarray(found, {int: np.int64, float: np.float64, bool: bool}[kind], order="C")


def as_measured(value: ArrayLike, name: str, *, finite: bool = True) -> np.ndarray:
    """Return measured numbers, of any shape and in their own type, in the layout of this machine.

    Parameters
    ----------
    value : pixels or samples: truth values, integers or floats.
    name : of the argument.
    finite : whether to look for NaN, infinity and what is too large to be squared; else the caller does.

    Raises
    ------
    ValueError
        If the value is of another kind, hides entries behind a mask, or is not finite.
    """
    found = as_any_array(value, name)
    if found.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numeric; found an array of {found.dtype}")
    parts = value if isinstance(value, list | tuple) else (value,)
    if any(np.ma.is_masked(part) for part in parts if isinstance(part, np.ma.MaskedArray)):
        raise ValueError(f"{name} must not be masked: cut out, or fill in, what is hidden")
    if finite and found.dtype.kind == "f" and found.size:
        low, high = float(found.min()), float(found.max())  # NaN, if there is one
        if not -LARGEST <= low <= high <= LARGEST:
            index = np.argwhere(~(np.abs(found.astype(float)) <= LARGEST))[0].tolist()
            raise ValueError(
                f"{name} must be finite; found NaN or infinity, or more than {LARGEST:g}, at index {index}"
            )
    return in_native_layout(found)


def as_any_array(value: ArrayLike, name: str) -> np.ndarray:
    """An array of any kind, or a ValueError where nothing makes one (rows of unequal lengths)."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be an array; found {type(value).__name__}: {error}") from error


def as_probabilities(
    value: ArrayLike, name: str, shape: tuple[int | None, ...], meaning: str
) -> np.ndarray:
    """Return distributions along the last axis, or say what is wrong with them; see `as_array`."""
    found = as_array(value, name, float, shape, meaning)
    total = found.sum(axis=-1)
    if not found.size or found.min() < 0 or not np.allclose(total, 1, rtol=0, atol=_SUM_TOLERANCE):
        raise ValueError(
            f"{name} must hold probabilities ≥ 0 that sum to one, {meaning}; found {found!s:.80}"
        )
    return found


def as_number(
    value: float,
    name: str,
    meaning: str,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    without: tuple[float, ...] = (-np.inf, np.inf),
) -> float:
    """Return one real number, neither text nor truth value, in low … high; ``meaning`` says so in words.

    The bounds in ``without`` do not belong to the range. Raises ValueError for anything else.
    """
    found = _as_scalar(value)
    number = np.nan
    if isinstance(found, Real) and not isinstance(found, bool):
        with suppress(OverflowError):  # an integer that no float holds
            number = float(found)
    if not low <= number <= high or number in without:
        raise ValueError(f"{name} must be {meaning}; found {value!r:.80}")
    return number


def as_sizes(n_outcomes: ArrayLike, n_modalities: int) -> np.ndarray:
    """Return the number of outcomes of each modality, (G,) int; one number is that of all of them."""
    meaning = f"one, or {n_modalities} of them, one for each modality"
    found = as_array(n_outcomes, "n_outcomes", int, None, meaning)
    if found.shape not in [(), (n_modalities,)] or np.any((found < 1) | (found > MOST_OUTCOMES)):
        raise ValueError(
            f"n_outcomes must be whole numbers in 1 … {MOST_OUTCOMES}, {meaning}; found {found!s:.80}"
        )
    return np.broadcast_to(found, n_modalities).copy()


def as_whole(value: int, name: str, low: int, high: int | None = None, *, meaning: str = "") -> int:
    """Return one integer in low … high, or raise ValueError; ``meaning`` says what for, in words."""
    found = _as_scalar(value)
    whole = int(found) if isinstance(found, Integral) and not isinstance(found, bool) else None
    if whole is None or not low <= whole <= (_LARGEST_INTEGER if high is None else high):
        bounds = f"a whole number {f'≥ {low}' if high is None else f'in {low} … {high}'}"
        raise ValueError(f"{name} must be {bounds}{meaning and ', ' + meaning}; found {value!r:.80}")
    return whole


def as_flag(value: bool, name: str) -> bool:
    """Return a truth value, or raise ValueError: a word such as "no" would count as true."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False; found {value!r:.80}")
    return bool(value)


def check_choice(value: str, name: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless a word is one of those that there are."""
    if not isinstance(value, str) or value not in choices:
        words = " or ".join(f'"{choice}"' for choice in choices)
        raise ValueError(f"{name} must be {words}; found {value!r:.80}")


def check_type(value: object, kind: type, name: str) -> None:
    """Raise TypeError unless an argument is of a class of this library."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be of type {kind.__name__}; found {type(value).__name__}")


def _as_scalar(value: object) -> object:
    """A number out of an array without axes; everything else as it is."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0 else value


def _sizes(shape: tuple[int | None, ...]) -> str:
    """A shape as it is written: (n, 3), (4,)."""
    return str(tuple("n" if n is None else n for n in shape)).replace("'", "")


def _describe(value: object, found: np.ndarray) -> str:
    if found.ndim == 0 and not isinstance(value, np.ndarray):
        return f"{value!r:.60} ({type(value).__name__})"
    return f"shape {found.shape}, dtype {found.dtype}"


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

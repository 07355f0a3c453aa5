"""Entropies and mutual information of discrete distributions.

Everything here is a pure function on arrays. Distributions and Dirichlet counts lie along one
``axis`` (the first by default: columns are distributions), counts are dimensionless and
non-negative, and information is in nats. A column of zeros is padding: it normalises to zeros and
carries no information.

Notation: ``a`` is a table of counts with outcomes ``o`` on ``axis`` and hidden states ``s`` on the
axes after it; ``N`` is its total, ``p = a / N`` the joint distribution of outcomes and states.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

_SUM_TOLERANCE = 1e-6  # of a distribution: room for values stored in single precision


def normalise(a: ArrayLike, axis: int = 0) -> np.ndarray:
    """Means of the Dirichlet distributions with counts ``a``: each column divided by its sum.

    Parameters
    ----------
    a : (O, ...) counts, with outcomes on ``axis``.

    Returns
    -------
    np.ndarray
        Same shape; columns sum to one, except that a column of zeros stays zeros.

    Raises
    ------
    ValueError
        If counts are negative or not finite.
    """
    a = _non_negative(a, "a")
    total = a.sum(axis=_check_axis(axis, a, "a"), keepdims=True)
    return np.divide(a, total, out=np.zeros_like(a), where=total > 0)


def entropy(p: ArrayLike, axis: int = 0) -> np.ndarray:
    """Shannon entropy -Σ p ln p of each column, in nats (0 for padding).

    Parameters
    ----------
    p : (K, ...) distributions along ``axis``.

    Returns
    -------
    np.ndarray
        The shape of ``p`` without ``axis``.

    Raises
    ------
    ValueError
        If a column is neither a distribution nor all zeros.
    """
    p = _distributions(p, "p", axis)
    return entr(p).sum(axis=axis)


def mutual_information(a: ArrayLike, axis: int = 0) -> np.ndarray:
    """Mutual information of outcomes and states, Σ p ln p - Σ p_o ln p_o - Σ p_s ln p_s, in nats.

    The negative expected free energy of a likelihood mapping with counts ``a`` when nothing is
    preferred (paper: active selection; SPM: spm_MDP_MI). The scale of the counts does not matter.
    Rounding can leave a value of order -1e-16 for independent tables.

    Parameters
    ----------
    a : (..., O, S...) counts or joint probabilities. Outcomes are on ``axis``; all axes after it
        are states, flattened; axes before it index independent tables. So a likelihood (O, S) or
        (O, S1, S2) needs no argument, and a zero-padded stack (G, O, S) takes ``axis=1``.

    Returns
    -------
    np.ndarray
        One value per table, shape ``a.shape[:axis]``; between 0 and ln min(O, S).

    Raises
    ------
    ValueError
        If entries are negative or not finite, or a table is all zeros.
    """
    a, total = _tables(a, axis)
    p = a / total[..., None, None]
    marginals = entr(p.sum(axis=-1)).sum(axis=-1) + entr(p.sum(axis=-2)).sum(axis=-1)
    return marginals - entr(p).sum(axis=(-2, -1))


def pairwise_information(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mutual information over time of every column of ``x`` with every column of ``y``.

    Parameters
    ----------
    x : (n_steps, K) int
    y : (n_steps, L) int

    Returns
    -------
    (K, L) float
        In nats, from relative frequencies; values of order 1e-16 can be left where it is zero.
    """
    x, y = _whole_columns(x, "x"), _whole_columns(y, "y")
    if len(x) != len(y):
        raise ValueError(f"x and y must have as many steps; found {len(x)} and {len(y)}")
    one_hot_x, starts_x = _one_hot(x)
    one_hot_y, starts_y = _one_hot(y)
    p_x, p_y = one_hot_x.mean(0), one_hot_y.mean(0)
    joint = one_hot_x.T @ one_hot_y / len(x)
    ratio = np.divide(joint, np.outer(p_x, p_y), out=np.ones_like(joint), where=joint > 0)
    terms = joint * np.log(ratio)
    return np.add.reduceat(np.add.reduceat(terms, starts_x, axis=0), starts_y, axis=1)


def _whole_columns(x: ArrayLike, name: str) -> np.ndarray:
    """Integers (n_steps, K), neither of them 0, or a ValueError."""
    x = _numbers(x, name, "iu")
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"{name} must be integers (n_steps, K); found shape {x.shape}")
    return x


def _numbers(x: ArrayLike, name: str, kinds: str) -> np.ndarray:
    """An array of one of these kinds (as in NumPy's ``dtype.kind``), or a ValueError."""
    try:
        found = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers: {error}") from error
    if found.dtype.kind not in kinds:
        expected = "integers" if kinds == "iu" else "numbers"
        raise ValueError(f"{name} must hold {expected}; found {x!r:.60}, dtype {found.dtype}")
    if np.ma.is_masked(x):
        raise ValueError(f"{name} must not be masked: fill in, or leave out, what is hidden")
    return found


def _one_hot(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indicators (n, Σ values) of the values that each column takes, and where a column's begin."""
    numbered = [np.unique(column, return_inverse=True) for column in columns.T]
    starts = np.cumsum([0] + [len(values) for values, _ in numbered])
    one_hot = np.zeros((len(columns), starts[-1]))
    for start, (_, inverse) in zip(starts, numbered, strict=False):
        one_hot[np.arange(len(columns)), start + inverse] = 1
    return one_hot, starts[:-1]


def _tables(a: ArrayLike, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Reshape counts to (..., O, S), flattening the axes after ``axis``, with the totals (...)."""
    a = _non_negative(a, "a")
    axis = _check_axis(axis, a, "a")
    a = a.reshape(*a.shape[: axis + 1], -1)
    total = a.sum(axis=(-2, -1))
    if not np.all(total > 0):
        raise ValueError("a has a table that is all zeros: expected a positive total")
    return a, total


def _check_axis(axis: int, x: np.ndarray, name: str) -> int:
    """Return the axis, counted from 0; raise ValueError if the array has none such."""
    if not isinstance(axis, Integral) or isinstance(axis, bool) or not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis is {axis!r:.60}: expected an axis of {name}, which has shape {x.shape}")
    return int(axis) % x.ndim


def _non_negative(x: ArrayLike, name: str) -> np.ndarray:
    """Convert to a float array; raise ValueError if empty, negative or not finite."""
    x = _numbers(x, name, "biuf").astype(float)
    if x.size == 0:
        raise ValueError(f"{name} is empty (shape {x.shape}): expected at least one entry")
    valid = np.isfinite(x) & (x >= 0)
    if not valid.all():
        raise ValueError(f"{name} contains {x[~valid][0]}: expected finite values >= 0")
    return x


def _distributions(p: ArrayLike, name: str, axis: int) -> np.ndarray:
    """Convert to a float array; raise ValueError unless columns sum to one (or are all zeros)."""
    p = _non_negative(p, name)
    total = p.sum(axis=_check_axis(axis, p, name))
    bad = total[(np.abs(total - 1) > _SUM_TOLERANCE) & (total != 0)]
    if bad.size:
        raise ValueError(f"{name} sums to {bad[0]} along axis {axis}: expected 1 (or 0)")
    return p

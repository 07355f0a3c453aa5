"""Logarithms where zeros are meant, sums by key, and draws by weight.

Two policies for the logarithm of zero, and no third: :func:`safe_log` keeps an excluded event excluded
(-inf); :func:`floored_log` makes evidence against it finite, so that it can be outweighed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

LOG_FLOOR = -32.0
"""Log of an impossible event in nats, where it has to be finite."""


def safe_log(p: ArrayLike) -> np.ndarray:
    """Natural logarithm, -inf at zero without a warning."""
    with np.errstate(divide="ignore"):  # ln 0 = -inf is meant: an excluded state
        return np.log(p)


def floored_log(x: ArrayLike) -> np.ndarray:
    """Natural logarithm of ``x >= 0`` in nats, never below `LOG_FLOOR`, so that ln 0 is -32.

    Raises
    ------
    ValueError
        If ``x`` is negative or not finite.
    """
    x = np.asarray(x, float)
    if not x.size:
        raise ValueError(f"x is empty (shape {x.shape}): expected at least one entry")
    if not np.all(np.isfinite(x) & (x >= 0)):
        raise ValueError(f"x contains {x[~(np.isfinite(x) & (x >= 0))][0]}: expected finite values >= 0")
    return np.log(np.maximum(x, np.exp(LOG_FLOOR)))


def sum_by(x: np.ndarray, keys: np.ndarray, n: int) -> np.ndarray:
    """Sum the columns of x (rows, K) that have the same key, (rows, n)."""
    return x @ csr_array((np.ones(len(keys)), (np.arange(len(keys)), keys)), shape=(len(keys), n))


def log_sum_by(x: np.ndarray, keys: np.ndarray, n: int) -> np.ndarray:
    """ln Σ exp of the entries of x (K,) that have the same key, (n,); -inf where there is none."""
    result = np.full(n, -np.inf)
    np.logaddexp.at(result, keys, x)
    return result


def draw(weights: np.ndarray, rng: np.random.Generator | None):
    """Sample along the last axis by inverting the cumulative sum; without rng, take the largest.

    Weights (..., K) need a positive sum, not one.

    Raises
    ------
    ValueError
        If a row has no weight: nothing can be drawn from it.
    """
    if rng is None:
        return weights.argmax(axis=-1)
    cumulative = weights.cumsum(axis=-1)
    total = cumulative[..., -1:]
    if not np.all(total > 0):
        raise ValueError("weights must have a positive sum in every row; a row has none")
    return (cumulative / total <= rng.random((*weights.shape[:-1], 1))).sum(axis=-1)

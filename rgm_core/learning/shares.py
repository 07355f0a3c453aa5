"""Outcomes as shares of an observation, so that what lies between two outcomes counts for both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgm_core.model.checks import check_type
from rgm_core.model.evidence import as_evidence
from rgm_core.model.level import Level

ROUNDING = 1e-5  # of a sum of shares in single precision


def as_shares(level: Level, outcomes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """How much of an observation each outcome has a share in: (n, G, O), rows sum to 1, or 0 if missing.

    Parameters
    ----------
    level : Level
        The lowest level of a model.
    outcomes : (n, G) int, or (n, G, O) float, or G arrays (n, n_outcomes[g])
        Observed outcomes, -1 where missing. Or shares ≥ 0 of an observation that lies between outcomes,
        of any scale, all zero where missing. Or likelihoods, as for :func:`rgm_core.infer`, taken as
        shares; all equal where missing.

    Raises
    ------
    ValueError
        If shape, type or range do not fit the level.
    """
    check_type(level, Level, "level")
    n_outcomes, width = level.n_outcomes, int(level.n_outcomes.max())
    if isinstance(outcomes, np.ndarray) and outcomes.ndim == 3:
        return _scaled(_check_shares(level, outcomes))
    evidence = as_evidence(level, outcomes)
    if evidence.hard is not None:
        return (evidence.hard[:, :, None] == np.arange(width)).astype(float)
    shares = np.zeros((evidence.n_samples, len(n_outcomes), width))
    for g, message in enumerate(evidence.soft):
        says_something = np.ptp(np.exp(message), axis=1, keepdims=True) > 0
        shares[:, g, : n_outcomes[g]] = np.where(says_something, np.exp(message), 0)
    return _scaled(shares)


def _check_shares(level: Level, shares: np.ndarray) -> np.ndarray:
    expected = (level.n_modalities, int(level.n_outcomes.max()))
    if shares.shape[1:] != expected or not len(shares):
        raise ValueError(
            f"outcomes must have shape (n, {expected[0]}, {expected[1]}); found {shares.shape}"
        )
    if shares.dtype.kind != "f" or not (shares.min() >= 0 and shares.max() < np.inf):
        raise ValueError("outcomes of shape (n, G, O) must be finite shares ≥ 0")
    beyond = np.arange(expected[1]) >= level.n_outcomes[:, None]
    if beyond.any() and shares[:, beyond].any():
        raise ValueError("outcomes must have no share beyond the n_outcomes of their modality")
    return shares


def _scaled(shares: np.ndarray) -> np.ndarray:
    """Shares that sum to one, or to zero where they do before."""
    total = shares @ np.ones((shares.shape[2], 1), shares.dtype)  # much quicker than a sum of few
    if np.all((np.abs(total - 1) < ROUNDING) | (total == 0)):
        return shares
    return shares / np.where(total > 0, total, 1)

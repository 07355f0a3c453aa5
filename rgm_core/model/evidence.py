"""What was observed, checked: integer outcomes with gaps, or soft evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax

from rgm_core.model.checks import as_any_array, as_array, check_type, in_native_layout
from rgm_core.model.level import Level
from rgm_core.model.logs import safe_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Evidence about the modalities of one level, hard or soft.

    Parameters
    ----------
    n_samples : int
    hard : (n, G) int, optional
        Observed outcomes; -1 is missing.
    soft : sequence of G arrays (n, n_outcomes[g]), optional
        Log likelihood of every outcome (nats, any offset).
    """

    n_samples: int
    hard: np.ndarray | None = None
    soft: Sequence[np.ndarray] = ()

    def part(self, samples: slice) -> Evidence:
        """The same evidence about some of the samples."""
        if self.hard is not None:
            return Evidence(n_samples=len(self.hard[samples]), hard=self.hard[samples])
        soft = [message[samples] for message in self.soft]
        return Evidence(n_samples=len(soft[0]), soft=soft)

    def normalised(self) -> Evidence:
        """The same evidence with soft outcomes as log probabilities, so that each is one outcome."""
        if self.hard is not None:
            return self
        soft = [log_softmax(message, axis=1) for message in self.soft]
        return Evidence(n_samples=self.n_samples, soft=soft)

    def log_message(self, modality: int, n_outcomes: int) -> np.ndarray:
        """Log likelihood (n, n_outcomes) of one modality's outcomes: 0 everywhere if missing."""
        if self.hard is None:
            return self.soft[modality]
        seen = self.hard[:, modality, None]
        return np.where((seen < 0) | (seen == np.arange(n_outcomes)), 0.0, -np.inf)


def as_evidence(level: Level, outcomes: np.ndarray | Sequence[np.ndarray]) -> Evidence:
    """Check outcomes against the level that explains them.

    Parameters
    ----------
    level : Level
        The lowest level of a model.
    outcomes : (n, G) or (G,) int, or a sequence of G arrays (n, n_outcomes[g]) or (n_outcomes[g],)
        Hard or soft evidence, as in :func:`rgm_core.infer`. Rows of integers are outcomes, in a list as
        in an array; what a masked array hides is missing.

    Raises
    ------
    ValueError
        If shape, type or range do not fit the level.
    """
    check_type(level, Level, "level")
    if not isinstance(outcomes, list | tuple):
        outcomes = as_outcomes(outcomes)
        is_soft = outcomes.dtype == object
        return _soft(level, list(np.atleast_1d(outcomes))) if is_soft else _hard(level, outcomes)
    parts = [as_outcomes(part) for part in outcomes]
    if any(part.dtype.kind == "f" or part.ndim > 1 for part in parts):
        return _soft(level, parts)
    if len({part.shape for part in parts}) > 1:
        raise ValueError(
            "outcomes must have rows of one length, one integer for each modality; found lengths "
            f"{sorted({part.size for part in parts})} (likelihoods of outcomes are floats)"
        )
    return _hard(level, np.array(parts))


def as_outcomes(outcomes: ArrayLike) -> np.ndarray:
    """An array of outcomes in the layout of this machine; -1 where a masked array hides an integer."""
    if isinstance(outcomes, np.ma.MaskedArray):
        if outcomes.dtype.kind != "i":
            raise ValueError(f"outcomes that are masked must be signed integers; found {outcomes.dtype}")
        outcomes = outcomes.filled(-1)
    return in_native_layout(as_any_array(outcomes, "outcomes"))


def _hard(level: Level, outcomes: np.ndarray) -> Evidence:
    n_modalities = level.n_modalities
    if not outcomes.ndim:
        raise ValueError(
            f"outcomes must be an array (n, {n_modalities}), or a list of arrays; found {outcomes!s:.60}"
        )
    outcomes = np.atleast_2d(outcomes)
    if outcomes.ndim != 2 or outcomes.shape[1] != n_modalities or not len(outcomes):
        raise ValueError(
            f"outcomes must have shape (n, {n_modalities}), one column for each modality; "
            f"found {outcomes.shape}"
        )
    if outcomes.dtype.kind not in "iu":
        raise ValueError(
            f"outcomes must be integers, or a list of {n_modalities} arrays of likelihoods; "
            f"found dtype {outcomes.dtype}"
        )
    low, high = outcomes.min(0), outcomes.max(0)
    wrong = np.flatnonzero((low < -1) | (high >= level.n_outcomes))
    if wrong.size:
        g = wrong[0]
        raise ValueError(
            f"outcomes of modality {g} must lie in 0 … {level.n_outcomes[g] - 1} (or -1, missing); "
            f"found {low[g]} … {high[g]}"
        )
    if outcomes.dtype.kind == "u":  # in range, so that a type with room for -1 holds them all
        outcomes = outcomes.astype(np.int16 if outcomes.dtype.itemsize == 1 else np.int64)
    return Evidence(n_samples=len(outcomes), hard=outcomes)


def _soft(level: Level, outcomes: Sequence[np.ndarray]) -> Evidence:
    if len(outcomes) != level.n_modalities:
        raise ValueError(
            f"outcomes must hold {level.n_modalities} arrays, one for each modality; found {len(outcomes)}"
        )
    each = "a likelihood for every outcome of the modality"
    messages = [
        np.atleast_2d(as_array(o, f"outcomes[{g}]", float, None, each)) for g, o in enumerate(outcomes)
    ]
    n_samples = max(len(message) for message in messages)
    for g, message in enumerate(messages):
        expected = (n_samples, int(level.n_outcomes[g]))
        if message.shape != expected or not n_samples:
            raise ValueError(
                f"outcomes[{g}] must have shape ({n_samples or 'n'}, {expected[1]}), a row for each "
                f"sample and a column for each outcome; found {message.shape}"
            )
        if message.min() < 0:
            raise ValueError(f"outcomes[{g}] must hold finite likelihoods ≥ 0; found {message.min()}")
        if not message.any(axis=1).all():
            raise ValueError(f"outcomes[{g}] must leave some outcome possible in every sample")
    return Evidence(n_samples=n_samples, soft=[safe_log(message) for message in messages])

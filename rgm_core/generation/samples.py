"""Outcomes from states: what a state at any level predicts, and samples of it (equation 2.3).

A state generates the states of its factor's children, these generate theirs, down to the outcomes.
On a tree the predictive distribution is the product of the likelihoods along the way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rgm_core.model.checks import as_generator
from rgm_core.model.level import Level
from rgm_core.model.logs import draw
from rgm_core.model.rgm import RGM

TOP = -1
PORTION = 4096  # samples drawn at once, to bound the memory of their distributions


def predict_outcomes(
    model: RGM, states: np.ndarray | Sequence[np.ndarray], *, level: int = TOP, factor: int | None = 0
) -> np.ndarray:
    """Predictive distributions p(o | s) of all outcomes under states of one factor, or of a level.

    Parameters
    ----------
    model : RGM
    states : (n,) int, or (n, n_states) float
        States of the factor, or distributions over them.
    level : int
        Level of the factor, 0 is the lowest; negative levels count from the top, -1.
    factor : int or None
        Which factor of that level. None: all of them, and ``states`` holds one array for each, such as
        the beliefs ``posterior.states[level]``.

    Returns
    -------
    (n, G, O) float
        Distribution of each modality of level 1 (zero beyond its number of outcomes). A modality
        that the factor does not generate is uniform: nothing is known about it.

    Raises
    ------
    ValueError
        If level, factor or states are out of range.

    Notes
    -----
    Decoded with :meth:`rgm_core.codecs.ImageCodec.inverse_transform` this is the projection field
    of a state: the picture of what it causes (article figure 8).
    """
    level = _check_level(model, level, factor or 0)
    n_states = model.levels[level].n_states
    if factor is None and len(states) != len(n_states):
        raise ValueError(
            f"states must hold one array for each of {len(n_states)} factors; found {len(states)}"
        )
    given = enumerate(states) if factor is None else [(factor, np.asarray(states))]
    beliefs = {f: _distributions(s, int(n_states[f])) for f, s in given}
    for below in reversed(model.levels[: level + 1]):
        beliefs = _predict(below, beliefs)
    bottom = model.levels[0]
    n_samples = len(next(iter(beliefs.values())))
    predicted = np.zeros((n_samples, *bottom.a.shape[:2]))
    predicted[:] = bottom.mask.any(axis=2) / bottom.n_outcomes[:, None]
    for g, p in beliefs.items():
        predicted[:, g, : p.shape[1]] = p
    return predicted


def generate(
    model: RGM,
    states: np.ndarray,
    *,
    level: int = TOP,
    factor: int = 0,
    rng: np.random.Generator | int,
) -> np.ndarray:
    """Sample outcomes from states of one factor, level by level (ancestral sampling).

    Parameters
    ----------
    model, states, level, factor
        As in :func:`predict_outcomes`.
    rng : numpy.random.Generator, or int to seed one

    Returns
    -------
    (n, G) int
        Outcome of each modality of level 1; -1 where the factor does not generate it.

    Raises
    ------
    ValueError
        As in :func:`predict_outcomes`.
    """
    rng, level = as_generator(rng), _check_level(model, level, factor)
    states = _check_states(states, int(model.levels[level].n_states[factor]))
    outcomes = np.full((len(states), model.levels[0].n_modalities), -1)
    for start in range(0, len(states), PORTION):
        part = slice(start, start + PORTION)
        drawn = _draw_outcomes(model.levels[: level + 1], factor, states[part], rng)
        outcomes[part, list(drawn)] = np.stack(list(drawn.values()), axis=1)
    return outcomes


def _draw_outcomes(levels, factor: int, states, rng) -> dict[int, np.ndarray]:
    """Draw from the states of a factor of the last level down to the outcomes that it generates."""
    drawn = {factor: draw(_distributions(states, int(levels[-1].n_states[factor])), rng)}
    for below in reversed(levels):
        chosen = {f: np.eye(below.n_states[f])[s] for f, s in drawn.items()}
        drawn = {g: draw(p, rng) for g, p in _predict(below, chosen).items()}
    return drawn


def _predict(level: Level, beliefs: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Distribution of every modality whose parent has beliefs: A · q(s)."""
    A = level.A
    predicted = {g: q @ A[g].T for f, q in beliefs.items() for g in level.children(f)}
    for g, p in predicted.items():
        if np.any(p.sum(axis=1) < 1 - 1e-6):
            raise ValueError(
                f"a state has no counts in the likelihood of modality {g}, so that nothing follows from "
                "it; soften the likelihoods with RGM.add_counts"
            )
    return predicted


def _distributions(states: np.ndarray, n_states: int) -> np.ndarray:
    """States as distributions (n, n_states): one-hot where they are integers."""
    states = _check_states(states, n_states)
    return states if states.ndim == 2 else np.eye(n_states)[states]


def _check_states(states: np.ndarray, n_states: int) -> np.ndarray:
    """States as integers (n,) or distributions (n, n_states)."""
    states = np.asarray(states)
    if states.ndim == 1 and states.size and np.issubdtype(states.dtype, np.integer):
        if states.min() < 0 or states.max() >= n_states:
            raise ValueError(
                f"states must lie in 0 … {n_states - 1}; found {states.min()} … {states.max()}"
            )
        return states
    if states.ndim != 2 or states.shape[1] != n_states or not len(states):
        raise ValueError(
            f"states must be integers (n,), or probabilities (n, {n_states}); "
            f"found shape {states.shape}, dtype {states.dtype}"
        )
    if not np.all(states >= 0) or not np.allclose(states.sum(1), 1):
        raise ValueError("states must hold probabilities ≥ 0 that sum to one in each row")
    return states


def _check_level(model: RGM, level: int, factor: int) -> int:
    """Level counted from 0, if the model is static and has such a level and factor."""
    model.check_kind(dynamic=False, remedy="its states generate sequences; see generate_orbit")
    if not -model.n_levels <= level < model.n_levels:
        raise ValueError(f"level must lie in 0 … {model.n_levels - 1} (or -1, the top); found {level}")
    level %= model.n_levels
    if not 0 <= factor < model.levels[level].n_factors:
        raise ValueError(
            f"factor must lie in 0 … {model.levels[level].n_factors - 1} at level {level}; found {factor}"
        )
    return level

"""Outcomes from states: what a state at any level predicts, and samples of it (equation 2.3).

A state generates the states of its factor's children, these generate theirs, down to the outcomes.
On a tree the predictive distribution is the product of the likelihoods along the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from rgm_core.model.checks import as_any_array, as_array, as_generator, as_probabilities, as_whole
from rgm_core.model.level import Level
from rgm_core.model.logs import draw
from rgm_core.model.rgm import RGM, check_model

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
    level, factor = _check_level(model, level, factor)
    n_states = model.levels[level].n_states
    if factor is None and not (isinstance(states, list | tuple) and len(states) == len(n_states)):
        raise ValueError(
            f"states must be a list of one array for each of {len(n_states)} factors; found {states!r:.80}"
        )
    given = enumerate(cast("list", states)) if factor is None else [(factor, cast("np.ndarray", states))]
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
    if factor is None:
        raise ValueError("factor must be a whole number: outcomes are drawn from states of one factor")
    level, factor = cast("tuple[int, int]", _check_level(model, level, factor))
    rng = as_generator(rng)
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
    found = as_any_array(states, "states")
    if found.ndim != 1:
        meaning = f"as many as there are states, or integers (n,) in 0 … {n_states - 1}"
        return as_probabilities(states, "states", (None, n_states), meaning)
    found = as_array(states, "states", int, (None,), f"or probabilities (n, {n_states})")
    if not found.size or found.min() < 0 or found.max() >= n_states:
        extremes = f"{found.min()} … {found.max()}" if found.size else "none"
        raise ValueError(f"states must lie in 0 … {n_states - 1}; found {extremes}")
    return found


def _check_level(model: RGM, level: int, factor: int | None) -> tuple[int, int | None]:
    """Level counted from 0, and factor, if the model is static and has such ones."""
    check_model(model, dynamic=False, remedy="its states generate sequences; see generate_orbit")
    level = as_whole(level, "level", -model.n_levels, model.n_levels - 1) % model.n_levels
    if factor is not None:
        last, meaning = model.levels[level].n_factors - 1, f"as many as level {level} has"
        factor = as_whole(factor, "factor", 0, last, meaning=meaning)
    return level, factor

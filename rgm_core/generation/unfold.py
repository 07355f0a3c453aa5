"""What events alone predict: the top-down pass, with nothing observed below (equations 2.3 and 3.7)."""

from __future__ import annotations

import numpy as np

from rgm_core.model.blocks import block_prior
from rgm_core.model.checks import as_array
from rgm_core.model.logs import sum_by
from rgm_core.model.rgm import RGM, check_model


def unfold_events(model: RGM, events: np.ndarray) -> tuple[np.ndarray, ...]:
    """Expected outcomes of a sequence of events, each unfolded down to the lowest level.

    Parameters
    ----------
    model : RGM
        A dynamic model.
    events : (E,) int
        States of the top factor, one after the other.

    Returns
    -------
    tuple of (E * 2 ** (n_levels - 1), n_outcomes[g]) float
        Distribution of each modality of level 1 at each step; zero at steps that an event, learned from the
        end of a sequence, does not have.

    Raises
    ------
    ValueError
        If the model is static, or an event is none of its states.
    """
    check_model(model, dynamic=True, remedy="see predict_outcomes")
    events = as_array(events, "events", int, (None,), "states of the top factor")
    if not events.size or events.min() < 0 or events.max() >= len(model.D):
        raise ValueError(f"events must be states 0 … {len(model.D) - 1} of the top factor; found {events}")
    states = [np.eye(len(model.D))[events]]
    for level, above in zip(model.levels[-2::-1], model.levels[:0:-1], strict=True):
        below = [np.ones((2 * len(states[0]), 1))] * level.n_factors  # a factor without parent
        for f in np.flatnonzero(level.has_parent).tolist():
            parent = states[above.parents[level.initial[f]]]
            below[f] = _unfold_block(level, above, f, parent)
        states = below
    bottom = model.levels[0]
    return tuple(states[f] @ A.T for f, A in zip(bottom.parents, bottom.A, strict=True))


def _unfold_block(level, above, factor: int, parent: np.ndarray) -> np.ndarray:
    """States (2 n, S) of a factor under those of its parent (n, P)."""
    b, prior = level.b[factor], block_prior(level, above, factor)
    cut = ~prior.any(axis=0)  # a block learned from the end of a sequence: it has a first step only
    pairs = parent @ prior.T
    states = np.zeros((2 * len(parent), b.n_states))
    states[::2] = sum_by(pairs, b.pairs[:, 0], b.n_states)
    states[::2] += parent[:, cut] @ above.A[level.initial[factor]][:, cut].T
    states[1::2] = sum_by(pairs[:, b.pair_of_edge] * b.probabilities, b.edges[:, 2], b.n_states)
    return states

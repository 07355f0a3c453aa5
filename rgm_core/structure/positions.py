"""A chain of the positions of a recording: the structure of one who follows a player through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgm_core.model import RGM, Dynamics, Level, Transitions

STEPS = (0, 1, 2)  # positions that the paths "hold", "one step" and "two steps" go on


def chain_model(
    heard: NDArray[np.float64],
    played: NDArray[np.integer],
    locations: NDArray[np.floating],
    *,
    mass: float,
    tempo: float,
) -> RGM:
    """Make a chain of positions with two streams of outcomes, and paths of hold, one and two steps.

    Parameters
    ----------
    heard : (B, b, S) counts of what is heard at each position, the leading stream.
    played : (S, M) outcomes that are played there.
    locations : (B + M, 1) place of each modality.
    mass : prior counts of a column of the leading stream, shared as in the mean of all columns.
    tempo : probability of holding, and of two steps.
    """
    n_bands, n_bins, n_states = heard.shape
    a = np.zeros((n_bands + played.shape[1], n_bins, n_states))
    a[:n_bands] = heard + mass * heard.mean(axis=2, keepdims=True)
    position, modality = np.indices(played.shape)
    a[n_bands + modality, played, position] = 1
    here = np.arange(n_states - 1)  # the last position has no successor
    edges = np.concatenate([np.stack([here, 0 * here + u, here + s], 1) for u, s in enumerate(STEPS)])
    counts = np.repeat([tempo, 1 - 2 * tempo, tempo], n_states - 1)
    order = np.lexsort(edges.T[::-1])
    order = order[edges[order, 2] < n_states]
    b = Transitions(edges=edges[order], counts=counts[order], n_states=n_states)
    level = Level(
        a=a,
        n_outcomes=np.full(len(a), n_bins),
        parents=np.zeros(len(a), int),
        n_states=np.array([n_states]),
        locations=locations,
        dynamics=Dynamics(b=(b,), has_parent=np.ones(1, bool)),
        defining=np.arange(len(a)) < n_bands,
    )
    return RGM(levels=(level,), D=np.full(n_states, 1 / n_states))

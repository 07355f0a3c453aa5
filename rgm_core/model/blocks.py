"""What one step of a parent says about a block, the two steps of its child (equation 3.7).

Given its parent's state p, a factor draws an initial state s and a path u. A state cannot take a path along
which it has no learned successor: such a pair has zero prior probability, and what is left of the prior
is renormalised.
"""

from __future__ import annotations

import numpy as np

from rgm_core.model.checks import as_whole, check_type
from rgm_core.model.level import Level


def block_prior(level: Level, above: Level, factor: int) -> np.ndarray:
    """Prior p(s, u | p) of a block: initial state and path of a factor under its parent's states.

    The parent's likelihoods give D[s | p] and E[u | p]; a path along which s has no successor is
    excluded, and so is a state without any.

    Parameters
    ----------
    level, above : Level
        Level of the factor, and the next.
    factor : int

    Returns
    -------
    (K, P) float
        A row for each of ``level.b[factor].pairs``; columns sum to one, or to zero for a parent's state
        that allows no block.
    """
    check_type(level, Level, "level")
    check_type(above, Level, "above")
    if level.dynamics is None or above.n_modalities != 2 * level.dynamics.has_parent.sum():
        raise ValueError("level must have dynamics, and above be the level that generates its factors")
    if not level.dynamics.has_parent[as_whole(factor, "factor", 0, level.n_factors - 1)]:
        raise ValueError(f"factor must have a parent; factor {factor} has none")
    g = level.initial[factor]
    D, E = above.A[g], above.A[g + 1]
    state, path = level.b[factor].pairs.T
    allowed = np.zeros_like(D)
    np.add.at(allowed, state, E[path])
    start = np.where(allowed > 0, D, 0)
    start = np.divide(start, start.sum(0), out=start, where=start.sum(0) > 0)
    return np.divide(start, allowed, out=start, where=allowed > 0)[state] * E[path]

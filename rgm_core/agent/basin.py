"""States worth keeping: the basin of attraction of the goals, and its steady state (equations 5.12, 5.13).

An expert's play is a non-equilibrium steady state: from each state that it visits it can go on to
another one, and to a goal, for ever.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from rgm_core.model.checks import as_array, as_number, as_whole
from rgm_core.planning.induction import as_square, reach_goals


def basin_of_attraction(transitions: sparse.csr_array, goals: np.ndarray, *, depth: int = 32) -> np.ndarray:
    """States from which a goal can be reached, and that need not be left.

    Kept are states at most ``depth`` steps from a goal and those one step behind one, except that states
    without a successor that is kept are dropped, until there are none (no absorbing state).

    Parameters
    ----------
    transitions : (S, S) sparse array
        Which state (row) can follow which (column), without costly ones: see `possible_transitions`.
    goals : (n,) int or (S,) bool
    depth : int
        Number of steps, ≥ 0.

    Returns
    -------
    (S,) bool

    Raises
    ------
    ValueError
        If goals or depth do not fit the transitions.
    """
    reached = reach_goals(transitions, goals, depth)
    follows = sparse.csr_array(transitions).astype(bool).astype(int)
    kept = reached.any(axis=0) | (follows @ reached[0].astype(int) > 0)
    while True:
        going_on = kept & (follows.T @ kept.astype(int) > 0)
        if (going_on == kept).all():
            return kept
        kept = going_on


def steady_state(
    counts: sparse.csr_array, *, tolerance: float = 1e-10, max_steps: int = 100_000
) -> np.ndarray:
    """Steady-state density of a chain: the leading eigenvector of its normalised transitions.

    Half of every step stays where it is, which leaves the eigenvector as it is and lets a cycle settle too.

    Parameters
    ----------
    counts : (S, S) sparse array
        How often a state (row) followed another (column); a state that nothing follows begins anywhere.
    tolerance : float
        Largest change of the density, summed over states, in the last step.
    max_steps : int

    Returns
    -------
    (S,) float
        Sums to one.

    Raises
    ------
    ValueError
        If it has not settled within ``max_steps``.
    """
    counts = as_square(counts, "counts").astype(float)
    tolerance = as_number(tolerance, "tolerance", "finite and > 0", low=0, without=(0, np.inf))
    max_steps = as_whole(max_steps, "max_steps", 1)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    P = counts @ sparse.diags_array(1 / np.maximum(totals, 1e-300))
    density = np.full(len(totals), 1 / len(totals))
    for _ in range(max_steps):
        new = (density + P @ density + density[totals == 0].sum() / len(totals)) / 2
        if np.abs(new - density).sum() < tolerance:
            return new / new.sum()
        density = new
    raise ValueError(f"max_steps: the density has not settled to {tolerance} within {max_steps} steps")


def reduce_states(
    counts: sparse.csr_array, transitions: sparse.csr_array, goals: np.ndarray, *, depth: int = 32
) -> np.ndarray:
    """Keep few states: those of the basin that cannot be spared, the rarest being dropped first.

    States of the basin of attraction are taken in the order of their steady-state density; each is dropped
    unless a state that is kept would lose its last successor.

    Parameters
    ----------
    counts : (S, S) sparse array
        How often a state (row) followed another (column).
    transitions, goals, depth :
        As for `basin_of_attraction`; an empty basin is a ValueError.

    Returns
    -------
    (S,) bool
        A part of the basin.
    """
    counts, kept = as_square(counts, "counts"), basin_of_attraction(transitions, goals, depth=depth)
    if counts.shape[0] != len(kept):
        raise ValueError(f"counts must be of {len(kept)} states, as transitions; found {counts.shape}")
    if not kept.any():
        raise ValueError("goals have no basin of attraction: none can be reached again and again")
    states = np.flatnonzero(kept)
    density = steady_state(counts[states][:, states])
    follows = sparse.csr_array(transitions).astype(bool)[states][:, states]
    successors = np.asarray(follows.sum(axis=0)).ravel()
    left = np.ones(len(states), bool)
    for s in np.argsort(density, kind="stable"):
        sources = follows.indices[follows.indptr[s] : follows.indptr[s + 1]]  # who comes before
        sources = sources[left[sources] & (sources != s)]
        if (successors[sources] > 1).all() and left.sum() > 1:
            left[s] = False
            successors[sources] -= 1
    kept[states[~left]] = False
    return kept


def rotation_plane(visited: np.ndarray, *, persistence: float = 0.8) -> tuple[np.ndarray, float]:
    """Lay out play in the plane in which it goes round, to look at an orbit.

    The plane is that of the complex eigenvector, of the transitions among visited states, that turns
    slowest; eigenvectors that fade sooner than ``persistence`` are passed over.

    Parameters
    ----------
    visited : (T,) int
        State at each step.
    persistence : float
        Smallest modulus of the eigenvalue, between 0 (fades at once) and 1 (lasts for ever).

    Returns
    -------
    places : (T, 2) float
        Of each step; the farthest state is at distance 1 from the origin.
    period : float
        Steps of one turn.

    Raises
    ------
    ValueError
        If nothing turns among the visited states.
    """
    visited = as_array(visited, "visited", int, (None,), "a state at each step")
    if len(visited) < 2:
        raise ValueError(f"visited must hold two steps or more; found {len(visited)}")
    persistence = as_number(persistence, "persistence", "in 0 … 1", low=0, high=1)
    states, orbit = np.unique(visited, return_inverse=True)
    P = np.zeros((len(states), len(states)))
    np.add.at(P, (orbit[1:], orbit[:-1]), 1)
    P /= np.maximum(P.sum(axis=0), 1)
    values, vectors = np.linalg.eig(P.T)
    angles = np.abs(np.angle(values))
    turning = np.flatnonzero((angles > 1e-6) & (np.abs(values) >= persistence))
    if not len(turning):
        raise ValueError(
            f"visited: no rotation lasts among these {len(states)} states; "
            "pass more steps, or a smaller persistence"
        )
    slowest = turning[angles[turning].argmin()]
    vector = vectors[:, slowest] / np.abs(vectors[:, slowest]).max()
    return np.stack([vector.real, vector.imag], axis=1)[orbit], float(2 * np.pi / angles[slowest])

"""Inductive planning: work back from goals, and do what leads there (equations 5.7 to 5.9).

    I_0 = goals,   I_n+1 = states with a transition into I_n,   over transitions that
    some path makes likely enough (> 1/32) and that do not enter a state to avoid.

If the present state is in I_n, and in no smaller set, the nearest goal is n steps away, and the next
state should be in I_n-1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rgm_core.model.checks import as_any_array, as_array, as_probabilities, as_whole

THRESHOLD = 1 / 32
"""Probability above which a transition counts as possible."""
INTENTION = 32.0
"""Log prior of states that lie on the way to a goal, in nats."""
UNREACHABLE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Induction:
    """The way to the nearest goal.

    Parameters
    ----------
    steps : int
        Number of steps to it, ≥ 1; -1 if no goal can be reached within the depth.
    goals : (n,) int
        The goals that can be reached in that many steps.
    next_states : (S,) bool
        Where to go next: the states from which a goal can be reached in ``steps`` - 1 steps; none
        if no goal can be reached.
    """

    steps: int
    goals: np.ndarray
    next_states: np.ndarray

    @property
    def reachable(self) -> bool:
        """Whether there is a way."""
        return self.steps != UNREACHABLE

    @property
    def log_prior(self) -> np.ndarray:
        """(S,) float, log prior over the next state: 32 nats for those on the way, else 0."""
        return INTENTION * self.next_states


def possible_transitions(
    B: np.ndarray | Sequence[sparse.csr_array], avoid: np.ndarray | None = None
) -> sparse.csr_array:
    """Transitions (to, from) that some path makes likely, and that enter no state to avoid.

    Parameters
    ----------
    B : (S, S, U) float, or a sequence of U sparse arrays (S, S)
        Transition probabilities p(s' | s, u), columns are distributions.
    avoid : (n,) int or (S,) bool, optional
        States that must not be entered.

    Returns
    -------
    (S, S) sparse array of int
        One where p(s' | s, u) > 1/32 for some path u.

    Raises
    ------
    ValueError
        If B is not square or empty, or a state is out of range.
    """
    slices = _slices(B)
    n_states = slices[0].shape[0]
    to, origin = np.concatenate([(b > THRESHOLD).nonzero() for b in slices], axis=1)
    keep = ~_mask(avoid, n_states, "avoid")[to]
    links = np.unique(np.stack([to[keep], origin[keep]]), axis=1)
    ones = np.ones(links.shape[1], np.int64)
    return sparse.csr_array((ones, tuple(links)), shape=(n_states, n_states))


def reach_goals(transitions: sparse.csr_array, goals: np.ndarray, depth: int) -> np.ndarray:
    """States from which a goal can be reached in exactly 0, 1, … ``depth`` steps.

    Parameters
    ----------
    transitions : (S, S) sparse array
        From `possible_transitions`.
    goals : (n,) int or (S,) bool
        Goal states.
    depth : int
        Largest number of steps, ≥ 0.

    Returns
    -------
    (depth + 1, S) bool
        Row n is I_n. They do not depend on the present state: compute them once and use
        `next_step` for every move.

    Raises
    ------
    ValueError
        If there are no goals, or goals or depth are out of range.
    """
    transitions = as_square(transitions, "transitions")
    reached = np.zeros((as_whole(depth, "depth", 0) + 1, transitions.shape[0]), bool)
    reached[0] = _mask(goals, transitions.shape[0], "goals")
    if not reached[0].any():
        raise ValueError("goals must name at least one state; found none")
    backward = transitions.T.tocsr()
    for n in range(depth):
        reached[n + 1] = backward @ reached[n].astype(np.int64) > 0
    return reached


def steps_to_goal(reached: np.ndarray) -> np.ndarray:
    """Least number of steps from every state to a goal: (S,) int; 0 in a goal, -1 if out of reach.

    Parameters
    ----------
    reached : (depth + 1, S) bool
        From `reach_goals`.
    """
    reached = _check_reached(reached)
    return np.where(reached.any(axis=0), reached.argmax(axis=0), UNREACHABLE)


def next_step(reached: np.ndarray, transitions: sparse.csr_array, state: int | np.ndarray) -> Induction:
    """Find the nearest goal from the present state, and the states to go to next.

    Parameters
    ----------
    reached : (depth + 1, S) bool
        From `reach_goals`.
    transitions : (S, S) sparse array
        From `possible_transitions`.
    state : int or (S,) float
        The present state; of a distribution, the most probable state.

    Raises
    ------
    ValueError
        If the state is out of range.
    """
    reached, transitions = _check_reached(reached), as_square(transitions, "transitions")
    n_states = reached.shape[1]
    if transitions.shape[0] != n_states:
        raise ValueError(f"reached and transitions must be of as many states; found {reached.shape}")
    state = _most_probable(state, n_states)
    found = np.flatnonzero(reached[1:, state])
    if not found.size:
        empty = np.zeros(n_states, bool)
        return Induction(steps=UNREACHABLE, goals=np.flatnonzero(empty), next_states=empty)
    steps = int(found[0]) + 1
    arrived = np.zeros(n_states, np.int64)
    arrived[state] = 1
    for n in range(steps):  # keep to the ways that lead to a goal in just so many steps
        arrived = (transitions @ arrived > 0) & reached[steps - 1 - n]
        arrived = arrived.astype(np.int64)
    return Induction(steps=steps, goals=np.flatnonzero(arrived), next_states=reached[steps - 1])


def induce(
    B: np.ndarray | Sequence[sparse.csr_array],
    goals: np.ndarray,
    state: int | np.ndarray,
    *,
    avoid: np.ndarray | None = None,
    depth: int = 32,
) -> Induction:
    """Plan by induction: the nearest goal, and the states to go to next.

    Parameters
    ----------
    B : (S, S, U) float, or a sequence of U sparse arrays (S, S)
        Transition probabilities p(s' | s, u).
    goals : (n,) int or (S,) bool
        Goal states; of several, those that can be reached soonest count.
    state : int or (S,) float
        The present state; of a distribution, the most probable state. In a goal, the way to the
        next one is sought.
    avoid : (n,) int or (S,) bool, optional
        States not to enter on the way.
    depth : int
        Largest number of steps to look ahead, ≥ 0.

    Returns
    -------
    Induction
        Not ``reachable`` if no goal can be reached: then its log prior is flat, and planning falls
        back to expected free energy alone.

    Raises
    ------
    ValueError
        If an argument is out of range, or there are no goals.
    """
    transitions = possible_transitions(B, avoid)
    return next_step(reach_goals(transitions, goals, depth), transitions, state)


def _mask(states: np.ndarray | None, n_states: int, name: str) -> np.ndarray:
    """States as a mask (S,)."""
    mask = np.zeros(n_states, bool)
    given = () if states is None else states
    found = as_any_array(given, name)
    if found.shape == (0,):
        return mask
    if found.dtype == bool:
        return as_array(given, name, bool, (n_states,), "one for each state").copy()
    found = as_array(given, name, int, (None,), f"states, or a mask ({n_states},)")
    if found.min() < 0 or found.max() >= n_states:
        raise ValueError(f"{name} must lie in 0 … {n_states - 1}; found {found.min()} … {found.max()}")
    mask[found] = True
    return mask


def _most_probable(state, n_states: int) -> int:
    """The state itself, or of a distribution (S,) the most probable one."""
    if as_any_array(state, "state").ndim == 1:
        return int(np.argmax(as_probabilities(state, "state", (n_states,), "one for each state")))
    return as_whole(state, "state", 0, n_states - 1, meaning="or a distribution")


def _slices(B) -> list:
    """Transitions (S, S) of each path, dense or sparse."""
    if isinstance(B, list | tuple) and len(B) and all(map(sparse.issparse, B)):
        found = [as_square(b, f"B[{u}]") for u, b in enumerate(B)]
    else:
        found = list(np.moveaxis(as_array(B, "B", float, (None, None, None), "to, from and path"), 2, 0))
    sizes = {n for b in found for n in b.shape}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"B must hold square arrays (S, S), one or more; found {[b.shape for b in found]}")
    return found


def as_square(x, name: str) -> sparse.csr_array:
    """Return a sparse array (S, S) of finite values ≥ 0; a dense one is welcome. Else raise ValueError."""
    entries = x.tocsr() if hasattr(x, "tocsr") else as_array(x, name, float, (None, None), "square")
    square = sparse.csr_array(entries)
    square = square.astype(int) if square.dtype == bool else square
    values = as_array(square.data, name, float, None, "entries")
    if square.ndim != 2 or len(set(square.shape)) > 1 or not square.shape[0] or values.min(initial=0) < 0:
        raise ValueError(f"{name} must be a square array (S, S) of values ≥ 0; found shape {square.shape}")
    return square


def _check_reached(reached: np.ndarray) -> np.ndarray:
    found = as_array(reached, "reached", bool, (None, None), "as reach_goals returns them")
    if not found.size:
        raise ValueError(f"reached must not be empty; found shape {found.shape}")
    return found

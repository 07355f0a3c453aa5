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
    if isinstance(B, np.ndarray) and (B.ndim != 3 or not B.size):
        raise ValueError(f"B must have shape (S, S, U); found {B.shape}")
    slices = np.moveaxis(B, 2, 0) if isinstance(B, np.ndarray) else list(B)
    if not len(slices) or any(b.shape != (slices[0].shape[0],) * 2 for b in slices):
        raise ValueError(f"B must hold square arrays (S, S); found {[b.shape for b in slices]}")
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
    reached = np.zeros((_check_depth(depth) + 1, transitions.shape[0]), bool)
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
    n_states = reached.shape[1]
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
    if states is None or np.size(states) == 0:
        return mask
    states = np.asarray(states)
    if states.dtype == bool and states.shape == (n_states,):
        return states.copy()
    if not np.issubdtype(states.dtype, np.integer):
        raise ValueError(f"{name} must be states, or a mask ({n_states},); found {states}")
    if states.min() < 0 or states.max() >= n_states:
        raise ValueError(f"{name} must lie in 0 … {n_states - 1}; found {states.min()} … {states.max()}")
    mask[states] = True
    return mask


def _most_probable(state: int | np.ndarray, n_states: int) -> int:
    if np.shape(state) == (n_states,):
        return int(np.argmax(state))
    if np.ndim(state) or int(state) != state or not 0 <= state < n_states:
        raise ValueError(f"state must lie in 0 … {n_states - 1}, or be a distribution; found {state}")
    return int(state)


def _check_depth(depth: int) -> int:
    if depth < 0 or int(depth) != depth:
        raise ValueError(f"depth must be a whole number ≥ 0; found {depth}")
    return int(depth)

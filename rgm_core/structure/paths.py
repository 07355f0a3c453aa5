"""Paths: ways of moving on, found by walking through a sequence of states (equation 2.9)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from rgm_core.model.transitions import Transitions


def find_paths(
    states: np.ndarray, n_states: int, known: Transitions | None = None
) -> tuple[np.ndarray, Transitions]:
    """Walk through a sequence of states: count known transitions, open paths for new ones (equation 2.9).

    A transition that no path has goes to the first path without a successor for the state.

    Parameters
    ----------
    states : (n_steps,) int
    n_states : int
        Number of states of the factor.
    known : Transitions, optional
        Transitions to go on from.

    Returns
    -------
    paths : (n_steps - 1,) int
        Path taken from each step to the next.
    transitions : Transitions
    """
    if known is None:
        known = Transitions(edges=np.zeros((0, 3), int), counts=np.zeros(0), n_states=n_states)
    counts = dict(zip(map(tuple, known.edges.tolist()), known.counts.tolist(), strict=True))
    taken: dict[tuple[int, int], int] = {}
    used: dict[int, set[int]] = {}
    for state, path, following in counts:
        taken.setdefault((state, following), path)
        used.setdefault(state, set()).add(path)
    paths = np.zeros(max(len(states) - 1, 0), int)
    for t, step in enumerate(zip(states[:-1].tolist(), states[1:].tolist(), strict=True)):
        if step not in taken:
            of_state = used.setdefault(step[0], set())
            taken[step] = first_free_path(of_state)
            of_state.add(taken[step])
        paths[t] = taken[step]
        edge = (step[0], taken[step], step[1])
        counts[edge] = counts.get(edge, 0.0) + 1
    edges = np.array(sorted(counts), int).reshape(-1, 3)
    b = np.array([counts[tuple(edge)] for edge in edges.tolist()], float)
    return paths, Transitions(edges=edges, counts=b, n_states=n_states)


def first_free_path(used: Collection[int]) -> int:
    """The smallest path that is not used."""
    return next(u for u in range(len(used) + 1) if u not in used)

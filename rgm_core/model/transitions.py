"""Transitions: which state follows which along which path, as a sparse table of counts (equation 2.1).

A *path* u is a constant of motion: under it a state has (as learned) one successor. A state that was
followed by three different states therefore takes three paths. Only transitions that were seen are
stored; a state without a successor under a path has no row for it, and cannot take that path.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rgm_core.model.checks import as_array, as_whole

MOST_STATES = 2**31  # of a factor: what is larger was no number of states


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """Counts of the transitions of one factor, sorted by state, path and next state.

    Parameters
    ----------
    edges : (E, 3) int
        State, path and next state of each transition that is possible.
    counts : (E,) float
        Dirichlet counts ``b[next, state, path]``, positive.
    n_states : int
        Number of states S of the factor.
    """

    edges: np.ndarray
    counts: np.ndarray
    n_states: int

    def __post_init__(self):
        counts = as_array(self.counts, "counts", float, (None,), "one for each transition")
        edges = as_array(self.edges, "edges", int, (None, 3), "state, path and next state")
        if len(edges) != len(counts):
            raise ValueError(f"edges and counts must be as many; found {len(edges)} and {len(counts)}")
        for name, value in (("edges", edges), ("counts", counts)):
            object.__setattr__(self, name, value)
        if np.any(counts <= 0):
            raise ValueError(f"counts of transitions must be finite and > 0; found {counts.min()}")
        object.__setattr__(self, "n_states", as_whole(self.n_states, "n_states", 1, MOST_STATES))
        if self.edges.size and (self.edges.min() < 0 or self.edges[:, [0, 2]].max() >= self.n_states):
            raise ValueError(f"edges must name states 0 … {self.n_states - 1} and paths ≥ 0")
        if len(self.edges) > 1 and not np.all(_precedes(self.edges[:-1], self.edges[1:])):
            raise ValueError("edges must be unique and sorted by state, path and next state")
        if self.n_paths > max(len(edges), 1):
            raise ValueError(
                f"edges must use every path; found path {self.n_paths - 1} of {len(edges)} edges"
            )

    def __repr__(self) -> str:
        return f"Transitions({self.n_states} states, {self.n_paths} paths, {len(self.edges)} edges)"

    @property
    def n_paths(self) -> int:
        """Number of paths U, at least one."""
        return int(self.edges[:, 1].max()) + 1 if len(self.edges) else 1

    @cached_property
    def starts(self) -> np.ndarray:
        """(K,) int, first edge of each pair of a state and a path that it can take."""
        pairs = self.edges[:, :2]
        return np.flatnonzero(np.r_[True, np.any(pairs[1:] != pairs[:-1], axis=1)][: len(pairs)])

    @cached_property
    def pair_of_edge(self) -> np.ndarray:
        """(E,) int, which of the K pairs each edge leaves."""
        return np.repeat(np.arange(len(self.starts)), np.diff(np.r_[self.starts, len(self.edges)]))

    @cached_property
    def pairs(self) -> np.ndarray:
        """(K, 2) int, every state with every path that it can take."""
        return self.edges[self.starts, :2]

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(E,) float, p(next | state, path)."""
        if not len(self.edges):
            return self.counts
        return self.counts / np.add.reduceat(self.counts, self.starts)[self.pair_of_edge]

    def edges_of_pair(self, pair: int) -> tuple[int, int]:
        """First edge of a pair, and the one after its last."""
        ends = self.starts[pair + 1] if pair + 1 < len(self.starts) else len(self.edges)
        return self.starts[pair], ends

    def dense(self, values: np.ndarray | None = None) -> np.ndarray:
        """The table b (S, S, U), next state first; or other values (E,) laid out like it."""
        table = np.zeros((self.n_states, self.n_states, self.n_paths))
        state, path, following = self.edges.T
        if values is None:
            values = self.counts
        table[following, state, path] = as_array(
            values, "values", float, self.counts.shape, "one for each transition"
        )
        return table

    def with_counts(self, counts: np.ndarray) -> Transitions:
        """The same transitions with other counts (E,)."""
        return Transitions(edges=self.edges, counts=counts, n_states=self.n_states)

    @classmethod
    def from_dense(cls, b: np.ndarray) -> Transitions:
        """Transitions from a table b (S, S, U) of counts, next state first; zeros are impossible."""
        b = as_array(b, "b", float, (None, None, None), "next state, state and path")
        if b.shape[0] != b.shape[1] or not b.size or b.min() < 0:
            raise ValueError(f"b must be counts ≥ 0 of shape (S, S, U); found shape {b.shape}")
        edges = np.argwhere(b.transpose(1, 2, 0) > 0)
        return cls(edges=edges, counts=b[edges[:, 2], edges[:, 0], edges[:, 1]], n_states=len(b))


def _precedes(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether each row of a comes before that of b."""
    difference = b - a
    first = np.argmax(difference != 0, axis=1)
    return difference[np.arange(len(a)), first] > 0

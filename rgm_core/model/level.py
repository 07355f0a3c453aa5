"""One level of a model: likelihood counts, who generates what, and, if it has any, dynamics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rgm_core.model.transitions import Transitions


@dataclass(frozen=True, kw_only=True)
class Dynamics:
    """How the factors of a level move on, and which of them the next level predicts.

    Parameters
    ----------
    b : tuple of F Transitions
        Counts of the transitions of every factor.
    has_parent : (F,) bool
        Factors whose initial state and path are modalities of the next level. One without a parent has a
        single state.
    """

    b: tuple[Transitions, ...]
    has_parent: np.ndarray

    def check(self, n_states: np.ndarray) -> None:
        """Raise ValueError unless there are transitions and a flag for factors of these sizes (F,)."""
        if [b.n_states for b in self.b] != n_states.tolist():
            raise ValueError(
                f"b has transitions between {[b.n_states for b in self.b]} states; "
                f"the factors have {n_states.tolist()}"
            )
        if self.has_parent.shape != n_states.shape or self.has_parent.dtype != bool:
            raise ValueError(
                f"has_parent must be {len(n_states)} booleans, one for each factor; "
                f"found shape {self.has_parent.shape}, dtype {self.has_parent.dtype}"
            )

    @cached_property
    def initial(self) -> np.ndarray:
        """(F,) int, modality of the next level that is the factor's initial state.

        The modality after it is the factor's path. -1 for a factor without a parent.
        """
        return np.where(self.has_parent, 2 * (np.cumsum(self.has_parent) - 1), -1)


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of a renormalising generative model: likelihood counts and who generates what.

    Tensors of different sizes are stacked into one array and padded with zeros, so that a level is
    handled by one matrix product or one compiled loop.

    Parameters
    ----------
    a : (G, O, S) float
        Dirichlet counts of the likelihoods: ``a[g, o, s]`` counts outcome ``o`` of modality ``g`` under
        state ``s`` of its parent factor. Entries beyond ``n_outcomes[g]`` or the parent's number of
        states are padding and zero.
    n_outcomes : (G,) int
        Number of outcomes of each modality.
    parents : (G,) int
        Factor that generates each modality.
    n_states : (F,) int
        Number of hidden states of each factor.
    locations : (G, dims) float
        Place of each modality (for level 1: mean position of its tile, in pixels).
    dynamics : Dynamics, optional
        Transitions of every factor; absent in a static model.
    defining : (G,) bool, optional
        Modalities whose combinations made the states; the others are only predicted. Default: all.
    precision : float
        Likelihood precision, > 0: what the log evidence for a state, summed over its modalities, is
        multiplied by before it goes up. Below 1 where modalities say the same thing twice, so that
        they are not counted as independent observations. 1 in a dynamic model.
    """

    a: np.ndarray
    n_outcomes: np.ndarray
    parents: np.ndarray
    n_states: np.ndarray
    locations: np.ndarray
    dynamics: Dynamics | None = None
    defining: np.ndarray | None = None
    precision: float = 1.0

    def __post_init__(self):
        shape = (len(self.parents), int(self.n_outcomes.max()), int(self.n_states.max()))
        if self.a.shape != shape:
            raise ValueError(f"a has shape {self.a.shape}; modalities and factors imply {shape}")
        if len(self.n_outcomes) != shape[0] or len(self.locations) != shape[0]:
            raise ValueError(
                f"n_outcomes ({len(self.n_outcomes)}) and locations ({len(self.locations)}) "
                f"must have one row for each of the {shape[0]} modalities"
            )
        if not np.array_equal(np.unique(self.parents), np.arange(self.n_factors)):
            raise ValueError(f"parents must name every factor 0 … {self.n_factors - 1} at least once")
        if not np.all(np.isfinite(self.a)) or self.a.min() < 0:
            raise ValueError("a must hold finite counts ≥ 0")
        if np.any(self.a[~self.mask]):
            raise ValueError("a must be zero in its padding")
        if not 0 < self.precision < np.inf:
            raise ValueError(f"precision must be finite and > 0; found {self.precision}")
        if self.dynamics is not None and self.precision != 1:
            raise ValueError(f"precision must be 1 in a dynamic model; found {self.precision}")
        if self.dynamics is not None:
            self.dynamics.check(self.n_states)

    @property
    def n_modalities(self) -> int:
        """Number of outcome modalities, G."""
        return len(self.parents)

    @property
    def n_factors(self) -> int:
        """Number of hidden factors (groups), F."""
        return len(self.n_states)

    @cached_property
    def mask(self) -> np.ndarray:
        """(G, O, S) bool, true where ``a`` is a count and not padding."""
        outcomes = np.arange(self.n_outcomes.max()) < self.n_outcomes[:, None]
        states = np.arange(self.n_states.max()) < self.n_states[self.parents][:, None]
        return outcomes[:, :, None] & states[:, None, :]

    @cached_property
    def likelihood(self) -> np.ndarray:
        """(G, O, S) float, p(o | s): the counts normalised over outcomes; padding stays zero."""
        total = self.a.sum(axis=1, keepdims=True)
        return np.divide(self.a, total, out=np.zeros_like(self.a), where=total > 0)

    @property
    def A(self) -> tuple[np.ndarray, ...]:
        """Likelihood p(o | s) of each modality, (n_outcomes[g], n_states[parents[g]])."""
        sizes = zip(self.likelihood, self.n_outcomes, self.n_states[self.parents], strict=True)
        return tuple(table[:o, :s] for table, o, s in sizes)

    @property
    def B(self) -> tuple[np.ndarray, ...]:
        """Transitions p(s' | s, u) of each factor, (S, S, U); zero where s cannot take path u."""
        return tuple(b.dense(b.probabilities) for b in self.b)

    @property
    def b(self) -> tuple[Transitions, ...]:
        """Counts of the transitions of each factor, (F,); none in a static model."""
        return self.dynamics.b if self.dynamics else ()

    @property
    def n_paths(self) -> np.ndarray:
        """(F,) int, number of paths of each factor; 1 in a static model."""
        return np.array([b.n_paths for b in self.b]) if self.b else np.ones(self.n_factors, int)

    @property
    def n_outcomes_above(self) -> np.ndarray:
        """Number of outcomes of each modality that the factors make at the next level."""
        if self.dynamics is None:
            return self.n_states
        sizes = np.stack([self.n_states, self.n_paths], axis=1)
        return sizes[self.dynamics.has_parent].reshape(-1)

    def with_transitions(self, b: tuple[Transitions, ...]) -> Level:
        """The same level with other transitions of its factors."""
        return replace(self, dynamics=replace(self.dynamics, b=b))

    def children(self, factor: int) -> np.ndarray:
        """Modalities that ``factor`` generates, in ascending order."""
        return np.flatnonzero(self.parents == factor)

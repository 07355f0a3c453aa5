"""One level of a model: likelihood counts, who generates what, and, if it has any, dynamics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from rgm_core.model.checks import as_any_array, as_array, as_number
from rgm_core.model.logs import safe_log
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
        if not isinstance(self.b, list | tuple) or not all(isinstance(b, Transitions) for b in self.b):
            raise ValueError(f"b must be a tuple of Transitions, one for each factor; found {self.b!r:.80}")
        object.__setattr__(self, "b", tuple(self.b))
        if [b.n_states for b in self.b] != n_states.tolist():
            raise ValueError(
                f"b has transitions between {[b.n_states for b in self.b]} states; "
                f"the factors have {n_states.tolist()}"
            )
        flags = as_array(self.has_parent, "has_parent", bool, n_states.shape, "one for each factor")
        object.__setattr__(self, "has_parent", flags)

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
        self._check_sizes()
        shape = (self.n_modalities, int(self.n_outcomes.max()), int(self.n_states.max()))
        a = as_array(self.a, "a", float, shape, "as modalities and factors imply")
        object.__setattr__(self, "a", a)
        if a.min() < 0:
            raise ValueError(f"a must hold finite counts ≥ 0; found {a.min()}")
        if np.any(a[~self.mask]):
            raise ValueError("a must be zero in its padding")
        precision = as_number(self.precision, "precision", "finite and > 0", low=0, without=(0, np.inf))
        object.__setattr__(self, "precision", precision)
        if self.dynamics is not None and self.precision != 1:
            raise ValueError(f"precision must be 1 in a dynamic model; found {self.precision}")
        if self.dynamics is not None:
            if not isinstance(self.dynamics, Dynamics):
                raise ValueError(f"dynamics must be a Dynamics, or None; found {self.dynamics!r:.80}")
            self.dynamics.check(self.n_states)

    def _check_sizes(self) -> None:
        """Check, and lay out, all but the counts: who generates what, how many, and where."""
        n, each = as_any_array(self.parents, "parents").shape, "one for each modality"
        if len(n) != 1 or n == (0,):
            raise ValueError(f"parents must be integers (G,), {each}; found shape {n}")
        fields = {
            "parents": as_array(self.parents, "parents", int, n, each),
            "n_outcomes": as_array(self.n_outcomes, "n_outcomes", int, n, each),
            "n_states": as_array(self.n_states, "n_states", int, (None,), "one for each factor"),
            "locations": as_array(
                self.locations, "locations", float, (*n, None), "a row for each modality"
            ),
        }
        if self.defining is not None:
            fields["defining"] = as_array(self.defining, "defining", bool, n, each)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        if not fields["n_states"].size:
            raise ValueError("n_states must name at least one factor; found none")
        for name in ("n_outcomes", "n_states"):
            if fields[name].min() < 1:
                raise ValueError(f"{name} must be ≥ 1; found {fields[name].min()}")
        if not np.array_equal(np.unique(self.parents), np.arange(self.n_factors)):
            raise ValueError(f"parents must name every factor 0 … {self.n_factors - 1} at least once")

    def __repr__(self) -> str:
        sizes = f"{self.n_modalities} modalities, {self.n_factors} factors, {self.n_states.sum()} states"
        paths = f", {self.n_paths.sum()} paths" if self.dynamics else ""
        return f"Level({sizes}{paths})"

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
        a = self.scaled
        total = a.sum(axis=1, keepdims=True)
        return np.divide(a, total, out=np.zeros_like(a), where=total > 0)

    @cached_property
    def log_likelihood(self) -> np.ndarray:
        """(G, O, S) float, ln p(o | s) in nats, right also below the range of floats; -inf in padding."""
        log = safe_log(self.likelihood)
        lost = (self.a > 0) & (self.likelihood < np.finfo(float).tiny)
        if lost.any():
            top, total = self.a.max(axis=1, keepdims=True), self.scaled.sum(axis=1, keepdims=True)
            top, total = np.where(self.is_extreme, top, 1), np.where(total > 0, total, 1)
            log = np.where(lost, safe_log(self.a) - safe_log(total) - safe_log(top), log)
        return log

    @property
    def log_A(self) -> tuple[np.ndarray, ...]:
        """Log likelihood ln p(o | s) of each modality, (n_outcomes[g], n_states[parents[g]])."""
        sizes = zip(self.log_likelihood, self.n_outcomes, self.n_states[self.parents], strict=True)
        return tuple(table[:o, :s] for table, o, s in sizes)

    @cached_property
    def is_extreme(self) -> np.ndarray:
        """(G, 1, S) bool, whether the sum of a column could leave the range of floats."""
        top = self.a.max(axis=1, keepdims=True)
        return (top > 1e300) | ((top > 0) & (top < 1e-290))

    @cached_property
    def scaled(self) -> np.ndarray:
        """(G, O, S) float, the counts with columns that are extreme scaled to a largest count of one."""
        if not self.is_extreme.any():
            return self.a
        return np.divide(
            self.a, self.a.max(axis=1, keepdims=True), out=self.a.copy(), where=self.is_extreme
        )

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
    def has_parent(self) -> np.ndarray:
        """(F,) bool, factors that a next level predicts; all of them in a static model."""
        return self.dynamics.has_parent if self.dynamics else np.ones(self.n_factors, bool)

    @property
    def initial(self) -> np.ndarray:
        """(F,) int, modality of the next level that is the factor's initial state, or just its state."""
        return self.dynamics.initial if self.dynamics else np.arange(self.n_factors)

    @property
    def n_outcomes_above(self) -> np.ndarray:
        """Number of outcomes of each modality that the factors make at the next level."""
        if self.dynamics is None:
            return self.n_states
        sizes = np.stack([self.n_states, self.n_paths], axis=1)
        return sizes[self.dynamics.has_parent].reshape(-1)

    def with_transitions(self, b: tuple[Transitions, ...]) -> Level:
        """The same level with other transitions of its factors."""
        return replace(self, dynamics=Dynamics(b=b, has_parent=self.has_parent))

    def children(self, factor: int) -> np.ndarray:
        """Modalities that ``factor`` generates, in ascending order."""
        return np.flatnonzero(self.parents == factor)

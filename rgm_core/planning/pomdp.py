"""Small discrete generative models in full: A, B, C, D, and exact beliefs over their joint states.

Hidden states are the combinations of all factors, flattened in C order (the last factor fastest), so
that a belief is one vector and a path one matrix. Nothing is assumed to be independent: what these
functions return is exact, for models whose joint states fit into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product
from numbers import Integral

import numpy as np
from scipy.special import logsumexp

from rgm_core.model.checks import as_array, as_probabilities, as_whole, check_type
from rgm_core.model.logs import safe_log

MAX_JOINT_OUTCOMES = 4096  # combinations of outcomes that are enumerated: beyond, memory runs out


@dataclass(frozen=True, kw_only=True)
class POMDP:
    """A partially observed Markov decision process: the generative model of a small world.

    Parameters
    ----------
    A : tuple of (O_g, S_f, S_f', ...) float
        Likelihood p(o | s) of each modality, given the factors named in ``parents``.
    B : tuple of (S_f, S_f, U_f) float
        Transitions p(s' | s, u) of each factor; a factor with one path cannot be controlled.
    D : tuple of (S_f,) float
        Distribution of the initial state of each factor.
    C : tuple of (O_g,) float, optional
        Weights of the prior over outcomes of each modality (preferences; normalised when used).
        All outcomes are equally good if omitted.
    parents : tuple of tuples of int, optional
        Factors that each modality depends on, in the order of the axes of A; all if omitted.
    a : tuple of arrays like A, optional
        Dirichlet counts of the likelihoods, if these are being learned; their means must be A.
    """

    A: tuple[np.ndarray, ...]
    B: tuple[np.ndarray, ...]
    D: tuple[np.ndarray, ...]
    C: tuple[np.ndarray, ...] = ()
    parents: tuple[tuple[int, ...], ...] = ()
    a: tuple[np.ndarray, ...] | None = None

    def __post_init__(self):
        for name in ("A", "B", "D", "C", "a"):
            tables = getattr(self, name)
            if name in ("A", "B", "D") or not _is_left_out(tables):
                object.__setattr__(self, name, _as_tables(tables, name))
        if _is_left_out(self.C):
            object.__setattr__(self, "C", tuple(np.ones(len(table)) for table in self.A))
        every = (tuple(range(len(self.B))),) * len(self.A)
        parents = every if _is_left_out(self.parents) else _as_parents(self.parents)
        object.__setattr__(self, "parents", parents)
        _check_factors(self)
        _check_modalities(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of states of each factor."""
        return tuple(len(d) for d in self.D)

    @property
    def n_states(self) -> int:
        """Number of joint states, S."""
        return int(np.prod(self.shape))

    @property
    def n_outcomes(self) -> tuple[int, ...]:
        """Number of outcomes of each modality."""
        return tuple(len(table) for table in self.A)

    @cached_property
    def paths(self) -> np.ndarray:
        """(K, F) int: the path of every factor, for each combination that can be chosen."""
        return np.array(list(product(*(range(b.shape[2]) for b in self.B))))

    @cached_property
    def transitions(self) -> np.ndarray:
        """(K, S, S) float, p(s' | s) of the joint states under each combination of paths."""
        chosen = ([b[:, :, u] for b, u in zip(self.B, path, strict=True)] for path in self.paths)
        return np.stack([reduce(np.kron, factors) for factors in chosen])

    @cached_property
    def likelihoods(self) -> tuple[np.ndarray, ...]:
        """(O_g, S) float for each modality, p(o | s) given the joint states."""
        return tuple(self._spread(table, p) for table, p in zip(self.A, self.parents, strict=True))

    @cached_property
    def counts(self) -> tuple[np.ndarray, ...] | None:
        """(O_g, S) Dirichlet counts for each modality, or none if likelihoods are known."""
        if self.a is None:
            return None
        return tuple(self._spread(table, p) for table, p in zip(self.a, self.parents, strict=True))

    @property
    def initial_belief(self) -> np.ndarray:
        """(S,) float, the distribution of the joint initial state."""
        return reduce(np.kron, self.D)

    @cached_property
    def joint_likelihood(self) -> np.ndarray:
        """(O, S) float, p(o | s) of the combinations of the outcomes of all modalities (C order)."""
        size = int(np.prod(self.n_outcomes, dtype=float))
        if size > MAX_JOINT_OUTCOMES:
            raise ValueError(
                f"the model has {size:.3g} combinations of outcomes; at most {MAX_JOINT_OUTCOMES} "
                "can be enumerated: plan one step ahead, or by induction"
            )
        return reduce(lambda x, y: (x[:, None] * y).reshape(-1, self.n_states), self.likelihoods)

    def _spread(self, table: np.ndarray, parents: tuple[int, ...]) -> np.ndarray:
        """Repeat a table over the states of the factors that it does not depend on: (O, S)."""
        ordered = np.moveaxis(table, range(1, table.ndim), 1 + np.argsort(np.argsort(parents)))
        sizes = [n if f in parents else 1 for f, n in enumerate(self.shape)]
        full = np.broadcast_to(ordered.reshape(-1, *sizes), (len(table), *self.shape))
        return full.reshape(len(table), -1)


def join_modalities(model: POMDP) -> POMDP:
    """The same model with a single modality, whose outcomes are combinations of all outcomes.

    Information gain about states is then that of all modalities together: the sum over modalities
    counts what they have in common more than once.

    Raises
    ------
    ValueError
        If there are too many combinations, or the likelihoods are being learned.
    """
    check_type(model, POMDP, "model")
    if model.a is not None:
        raise ValueError("a must be none: counts of separate modalities cannot be joined")
    table = model.joint_likelihood.reshape(-1, *model.shape)
    weights = reduce(np.kron, (np.asarray(c, float) / np.sum(c) for c in model.C))
    return POMDP(A=(table,), B=model.B, D=model.D, C=(weights,))


def update_belief(
    model: POMDP, belief: np.ndarray, outcomes: Sequence[int] | np.ndarray
) -> tuple[np.ndarray, float]:
    """Bayes' rule: the belief after seeing outcomes, and their log evidence.

    Parameters
    ----------
    model : POMDP
    belief : (S,) float
        Distribution over joint states before the outcomes.
    outcomes : (G,) int
        Outcome of each modality; -1 is missing.

    Returns
    -------
    posterior : (S,) float
    log_evidence : float
        ln p(outcomes), in nats; the negative variational free energy, which is exact here.

    Raises
    ------
    ValueError
        If belief or outcomes do not fit the model, or the outcomes are impossible.
    """
    belief, outcomes = check_belief(model, belief), _check_outcomes(model, outcomes)
    seen = [table[o] for table, o in zip(model.likelihoods, outcomes, strict=True) if o >= 0]
    log_joint = safe_log(belief) + safe_log(seen).sum(axis=0)
    log_evidence = float(logsumexp(log_joint))
    if np.isneginf(log_evidence):
        raise ValueError(f"outcomes {outcomes.tolist()} are impossible under the belief")
    return np.exp(log_joint - log_evidence), log_evidence


def predict_belief(model: POMDP, belief: np.ndarray, path: int) -> np.ndarray:
    """The belief one step later, under a row of ``model.paths``: (S,) float.

    Raises
    ------
    ValueError
        If belief or path do not fit the model.
    """
    belief = check_belief(model, belief)
    return model.transitions[as_whole(path, "path", 0, len(model.paths) - 1)] @ belief


def check_belief(model: POMDP, belief: np.ndarray) -> np.ndarray:
    """Distribution over joint states as a float array (S,); raise ValueError if it is none."""
    check_type(model, POMDP, "model")
    return as_probabilities(belief, "belief", (model.n_states,), "one for each joint state")


def _check_outcomes(model: POMDP, outcomes: Sequence[int] | np.ndarray) -> np.ndarray:
    outcomes = as_array(outcomes, "outcomes", int, (len(model.A),), "one for each modality")
    wrong = np.flatnonzero((outcomes < -1) | (outcomes >= model.n_outcomes))
    if wrong.size:
        g = wrong[0]
        raise ValueError(
            f"outcomes[{g}] must lie in 0 … {model.n_outcomes[g] - 1} (or -1); found {outcomes[g]}"
        )
    return outcomes


def _is_left_out(value: object) -> bool:
    """Whether it is None or empty."""
    return value is None or (isinstance(value, list | tuple) and not value)


def _as_tables(tables: Sequence[np.ndarray], name: str) -> tuple[np.ndarray, ...]:
    """A tuple of arrays of finite numbers, of one axis or more."""
    if not isinstance(tables, list | tuple) or not tables:
        raise ValueError(f"{name} must be a tuple of at least one array; found {tables!r:.60}")
    found = [as_array(x, f"{name}[{i}]", float, None, "as POMDP says") for i, x in enumerate(tables)]
    for i, table in enumerate(found):
        if not table.size or not table.ndim:
            raise ValueError(f"{name}[{i}] must hold a number for each outcome or state; found {table!r}")
    return tuple(found)


def _as_parents(parents: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The factors of each modality as tuples of int."""
    listed = isinstance(parents, list | tuple) and all(isinstance(p, list | tuple | range) for p in parents)
    if not listed or not all(isinstance(f, Integral) for p in parents for f in p):
        raise ValueError(f"parents must be a tuple of tuples of int, one a modality; found {parents!r:.60}")
    return tuple(tuple(map(int, p)) for p in parents)


def _check_factors(model: POMDP) -> None:
    if len(model.B) != len(model.D):
        raise ValueError(f"B has {len(model.B)} factors and D {len(model.D)}: expected as many")
    for f, (b, d) in enumerate(zip(model.B, model.D, strict=True)):
        if d.ndim != 1:
            raise ValueError(f"D[{f}] must have shape (states,); found {d.shape}")
        if b.ndim != 3 or b.shape[:2] != (len(d), len(d)):
            raise ValueError(f"B[{f}] must have shape ({len(d)}, {len(d)}, paths); found {b.shape}")
        _check_columns(b, f"B[{f}]")
        _check_columns(d, f"D[{f}]")


def _check_modalities(model: POMDP) -> None:
    if not len(model.A) == len(model.C) == len(model.parents):
        raise ValueError(
            f"A, C and parents must have one entry for each modality; found {len(model.A)}, "
            f"{len(model.C)} and {len(model.parents)}"
        )
    for g, (table, c, p) in enumerate(zip(model.A, model.C, model.parents, strict=True)):
        if len(set(p)) < len(p) or not set(p) <= set(range(len(model.B))):
            raise ValueError(f"parents[{g}] must be distinct factors 0 … {len(model.B) - 1}; found {p}")
        if (expected := tuple(model.shape[f] for f in p)) != table.shape[1:]:
            raise ValueError(f"A[{g}] must have states {expected}; found shape {table.shape}")
        if np.shape(c) != table.shape[:1] or np.min(c) < 0 or not 0 < np.sum(c) < np.inf:
            raise ValueError(
                f"C[{g}] must hold {len(table)} finite weights ≥ 0 with a positive sum; found {c}"
            )
        _check_columns(table, f"A[{g}]")
    for g, (counts, table) in enumerate(zip(model.a or (), model.A, strict=model.a is not None)):
        if not np.all(np.isfinite(counts)) or np.any(counts < 0):
            raise ValueError(f"a[{g}] must hold finite counts ≥ 0")
        if counts.shape != table.shape or not np.allclose(counts, counts.sum(0) * table):
            raise ValueError(f"a[{g}] must be counts whose columns are proportional to A[{g}]")


def _check_columns(x: np.ndarray, name: str) -> None:
    if not np.all(x >= 0) or not np.allclose(x.sum(axis=0), 1):
        raise ValueError(f"{name} must hold probabilities that sum to one along its first axis")

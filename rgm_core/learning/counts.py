"""Learning by counting: exact expectation-maximisation in portions.

A count is the expected number of times that an outcome ``o`` and a state ``s`` went together. With the
message λ_n(o) from below a modality, the posterior Q_n(s) of its parent and μ_n(s) = Σ_o A[o, s] λ_n(o),

    Δa[o, s] = A[o, s] Σ_n λ_n(o) Q_n(s) / μ_n(s)

for every likelihood (equation 4.10), and Δa = Σ_n x_n ⊗ Q_n(s) for the outcomes ``x_n`` themselves.
Counts of samples add: those of a portion may be counted anywhere and in any order, and only then the
beliefs change (stepwise expectation-maximisation: Neal and Hinton 1998; Cappé and Moulines 2009). There
is no gate, and nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from scipy.special import rel_entr, softmax

from rgm_core.inference.messages import joint, send_down, send_up
from rgm_core.information import mutual_information
from rgm_core.learning.active import History, clamp
from rgm_core.model.evidence import as_evidence
from rgm_core.model.level import Level
from rgm_core.model.logs import safe_log
from rgm_core.model.rgm import RGM

__all__ = ["Counts", "add_counts", "as_shares", "expected_counts", "read_top"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Expected counts of some samples, to be added to those of a model; counts of samples add.

    Parameters
    ----------
    a : tuple of (G, O, S) float, one array a level
    elbo : (n, n_levels) float
        What each level adds to the evidence lower bound of each sample, nats.
    """

    a: tuple[np.ndarray, ...]
    elbo: np.ndarray

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            a=tuple(one + two for one, two in zip(self.a, other.a, strict=True)),
            elbo=np.concatenate([self.elbo, other.elbo]),
        )


def as_shares(level: Level, outcomes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """How much of an observation each outcome has a share in: (n, G, O), rows sum to 1, or 0 if missing.

    Parameters
    ----------
    level : Level
        The lowest level of a model.
    outcomes : (n, G) int, or (n, G, O) float, or G arrays (n, n_outcomes[g])
        Observed outcomes, -1 where missing. Or shares ≥ 0 of an observation that lies between outcomes,
        of any scale, all zero where missing. Or likelihoods, as for :func:`rgm_core.infer`, taken as
        shares; all equal where missing.

    Raises
    ------
    ValueError
        If shape, type or range do not fit the level.
    """
    n_outcomes, width = level.n_outcomes, int(level.n_outcomes.max())
    if isinstance(outcomes, np.ndarray) and outcomes.ndim == 3:
        return _scaled(_check_shares(level, outcomes))
    evidence = as_evidence(level, outcomes)
    if evidence.hard is not None:
        return (evidence.hard[:, :, None] == np.arange(width)).astype(float)
    shares = np.zeros((evidence.n_samples, len(n_outcomes), width))
    for g, message in enumerate(evidence.soft):
        says_something = np.ptp(np.exp(message), axis=1, keepdims=True) > 0
        shares[:, g, : n_outcomes[g]] = np.where(says_something, np.exp(message), 0)
    return _scaled(shares)


def expected_counts(
    model: RGM, outcomes: np.ndarray | Sequence[np.ndarray], labels: np.ndarray | None = None
) -> Counts:
    """Expected counts of samples under a model: what learning adds, after one pass up and one down.

    Parameters
    ----------
    model : RGM
        Without dynamics; every outcome of its lowest level must be possible, see :meth:`RGM.add_mass`.
    outcomes : as in :func:`as_shares`
        An outcome that is missing adds nothing; nor, at any level, does a part of the tree in which
        nothing was observed.
    labels : (n,) int, optional
        Top state of each sample (its class), clamped; -1 is unknown.

    Returns
    -------
    Counts

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, or a sample is impossible under the model.
    """
    shares = as_shares(model.levels[0], outcomes)
    priors = clamp(model, labels, len(shares))
    log_lambda, log_mu = _ascend(model, shares)
    log_top = log_lambda[-1][0] + safe_log(priors)
    possible = np.isfinite(log_top.max(axis=1))
    if not possible.all():
        raise ValueError(
            f"outcomes of sample {np.argmin(possible)} ({(~possible).sum()} in all) are impossible under "
            "the model and its label; soften its likelihoods with RGM.add_mass"
        )
    seen = _observed(model, shares)
    states, counts = [(softmax(log_top, axis=1),)], []
    for n in range(model.n_levels - 1, 0, -1):
        a, below = _count_level(model.levels[n], log_lambda[n - 1], log_mu[n], states[0], seen[n - 1])
        states.insert(0, below)
        counts.insert(0, a)
    counts.insert(0, _count_outcomes(model.levels[0], shares, states[0]))
    return Counts(a=tuple(counts), elbo=_elbo(states, log_lambda, priors))


def add_counts(model: RGM, counts: Counts) -> tuple[RGM, History]:
    """Add expected counts to those of a model, and say what that changed."""
    pairs = zip(model.levels, counts.a, strict=True)
    model = model.with_counts([level.a + a for level, a in pairs])
    n = len(counts.elbo)
    information = [_information(level) for level in model.levels]
    return model, History(
        mutual_information=np.tile(information, (n, 1)),
        elbo=counts.elbo,
        acceptance=np.ones((n, model.n_levels)),
    )


def read_top(model: RGM, outcomes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """ln p(outcomes, s) of every state on top, (n, S) nats: the pass up alone, with shared outcomes."""
    log_lambda, _ = _ascend(model, as_shares(model.levels[0], outcomes))
    return log_lambda[-1][0] + safe_log(model.D)


def _check_shares(level: Level, shares: np.ndarray) -> np.ndarray:
    expected = (level.n_modalities, int(level.n_outcomes.max()))
    if shares.shape[1:] != expected or not len(shares):
        raise ValueError(
            f"outcomes must have shape (n, {expected[0]}, {expected[1]}); found {shares.shape}"
        )
    if shares.dtype.kind != "f" or not np.all(np.isfinite(shares)) or shares.min() < 0:
        raise ValueError("outcomes of shape (n, G, O) must be finite shares ≥ 0")
    beyond = np.arange(expected[1]) >= level.n_outcomes[:, None]
    if beyond.any() and shares[:, beyond].any():
        raise ValueError("outcomes must have no share beyond the n_outcomes of their modality")
    return shares


def _scaled(shares: np.ndarray) -> np.ndarray:
    """Shares that sum to one, or to zero where they do before."""
    total = shares.sum(axis=2, keepdims=True)
    return shares / np.where(total > 0, total, 1).astype(shares.dtype)


def _ascend(model: RGM, shares: np.ndarray):
    """Log evidence below each factor, and below each modality but the outcomes; level by level."""
    log_lambda = [_read_outcomes(model.levels[0], shares)]
    log_mu: list[Sequence[np.ndarray]] = [()]
    for level in model.levels[1:]:
        pairs = zip(log_lambda[-1], level.A, strict=True)
        up = [send_up(*_one_type(message, A)) for message, A in pairs]
        totals = [reduce(add, (up[g] for g in level.children(f))) for f in range(level.n_factors)]
        log_lambda.append([level.precision * total for total in totals])
        log_mu.append(up)
    return log_lambda, log_mu


def _one_type(message: np.ndarray, A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both in the type of the message; in double precision where A has zeros, which single cannot span."""
    dtype = message.dtype if A.min() > np.finfo(np.float32).tiny else np.float64
    return message.astype(dtype, copy=False), A.astype(dtype, copy=False)


def _read_outcomes(level: Level, shares: np.ndarray) -> list[np.ndarray]:
    """γ Σ_g Σ_o x_g[o] ln A_g[o, s] of each factor, (n, S): one matrix product a factor."""
    likelihood = np.where(level.mask, level.likelihood, 1)
    if likelihood.min() <= 0:
        raise ValueError("model must leave every outcome of level 1 possible; add counts, RGM.add_mass")
    table = (level.precision * np.log(likelihood)).astype(shares.dtype)
    found = []
    for f in range(level.n_factors):
        children, n_states = level.children(f), level.n_states[f]
        rows = table[children, :, :n_states].reshape(-1, n_states)
        found.append(shares[:, children].reshape(len(shares), -1) @ rows)
    return found


def _observed(model: RGM, shares: np.ndarray) -> list[list[np.ndarray]]:
    """Whether anything was observed below each factor, (n,) bool; level by level."""
    seen: Sequence[np.ndarray] = list(np.logical_or.reduce(shares, axis=2).T)
    found = []
    for level in model.levels:
        seen = [np.logical_or.reduce([seen[g] for g in level.children(f)]) for f in range(level.n_factors)]
        found.append(seen)
    return found


def _count_level(level: Level, messages, log_mu, states, seen) -> tuple[np.ndarray, tuple]:
    """Expected counts of a level above the first, and the posteriors of the factors below it."""
    a, below = np.zeros(level.a.shape), []
    for g, (A, f) in enumerate(zip(level.A, level.parents, strict=True)):
        message, A = _one_type(messages[g], A)
        q = states[f].astype(message.dtype, copy=False)
        below.append(send_down(message, log_mu[g], A, q))
        a[g, : A.shape[0], : A.shape[1]] = _pairs(message[seen[g]], log_mu[g][seen[g]], A, q[seen[g]])
    return a, tuple(below)


def _pairs(message: np.ndarray, log_mu: np.ndarray, A: np.ndarray, q: np.ndarray) -> np.ndarray:
    """A[o, s] Σ_n λ_n(o) q_n(s) / μ_n(s), (O, S)."""
    top = message.max(axis=1, keepdims=True)
    gap = np.where(q > 0, top - log_mu, -np.inf)
    near = gap.max(axis=1, initial=-np.inf) <= np.log(np.finfo(message.dtype).max) / 2
    weight = q[near] * np.exp(gap[near])
    total = A * (np.exp(message - top)[near].T @ weight)
    for i in np.flatnonzero(~near):  # evidence beyond the range of floats: in logs
        total = total + joint(message[i : i + 1], A, q[i : i + 1])[0]
    return total


def _count_outcomes(level: Level, shares: np.ndarray, states) -> np.ndarray:
    """Σ_n x_n ⊗ Q_n(s) of every modality, (G, O, S)."""
    a = np.zeros(level.a.shape)
    for f, q in enumerate(states):
        children = level.children(f)
        rows = shares[:, children].reshape(len(shares), -1).T @ q.astype(shares.dtype, copy=False)
        a[children, :, : level.n_states[f]] = rows.reshape(len(children), -1, q.shape[1])
    return a


def _elbo(states, log_lambda, priors) -> np.ndarray:
    """Accuracy minus complexity of each level, (n, n_levels) nats; they add up to the log evidence."""
    gains = [
        sum(np.sum(q * np.where(q > 0, x, 0), axis=1) for q, x in zip(*level, strict=True))
        for level in zip(states, log_lambda, strict=True)
    ]
    gained = np.diff(np.stack(gains, axis=1), axis=1, prepend=0)
    gained[:, -1] -= rel_entr(states[-1][0], priors).sum(axis=1)
    return gained


def _information(level: Level) -> float:
    """Mutual information of outcomes and states, nats, summed over the modalities."""
    return float(mutual_information(level.a, axis=1).sum())

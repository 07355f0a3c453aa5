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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
from scipy.special import rel_entr, softmax

from rgm_core.inference.messages import joint, send_up
from rgm_core.information import mutual_information
from rgm_core.learning.active import History, clamp
from rgm_core.learning.shares import as_shares
from rgm_core.model.checks import check_type
from rgm_core.model.level import Level
from rgm_core.model.logs import safe_log
from rgm_core.model.rgm import RGM, check_model

__all__ = ["Counts", "add_counts", "expected_counts", "read_factors", "read_top"]


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


def expected_counts(
    model: RGM, outcomes: np.ndarray | Sequence[np.ndarray], labels: np.ndarray | None = None
) -> Counts:
    """Expected counts of samples under a model: what learning adds, after one pass up and one down.

    Parameters
    ----------
    model : RGM
        Without dynamics; every outcome of its lowest level must be possible, see :meth:`RGM.add_mass`.
    outcomes : as in :func:`rgm_core.learning.as_shares`
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
    check_model(model, dynamic=False, remedy="counts are of exemplars in no order; see learn_sequence")
    shares = as_shares(model.levels[0], outcomes)
    priors = clamp(model, labels, len(shares))
    split = max(model.n_levels - 2, 1)
    first, below, above = model.levels[0], model.levels[1:split], model.levels[split:]
    log_lambda, log_mu = _climb(below, _read_outcomes(first, shares))
    seen = _observed(model, shares)
    counts, states, gains, cost = _count_above(above, log_lambda[-1], priors, seen[split - 1 :])
    counts_below, found = _count_down(below, log_lambda, log_mu, states, seen)
    counts = (_count_outcomes(first, shares, found[0]), *counts_below, *counts)
    elbo = np.diff(np.concatenate([_gains(found, log_lambda), gains], axis=1), axis=1, prepend=0)
    elbo[:, -1] -= cost
    return Counts(a=counts, elbo=elbo)


def add_counts(model: RGM, counts: Counts) -> tuple[RGM, History]:
    """Add expected counts to those of a model, and say what that changed."""
    check_model(model)
    check_type(counts, Counts, "counts")
    pairs = zip(model.levels, counts.a, strict=True)
    model = model.with_counts([level.a + a for level, a in pairs])
    n = len(counts.elbo)
    information = [float(mutual_information(level.a, axis=1).sum()) for level in model.levels]
    return model, History(
        mutual_information=np.tile(information, (n, 1)),
        elbo=counts.elbo,
        acceptance=np.ones((n, model.n_levels)),
    )


def read_top(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    precisions: Sequence[float] | None = None,
) -> np.ndarray:
    """ln p(outcomes, s) of every state on top, (n, S) nats: the pass up alone, with shared outcomes.

    With several precisions of level 1 in place of its own, (n_precisions, n, S).
    """
    check_model(model, dynamic=False, remedy="use infer")
    first, *above = model.levels
    messages = _read_outcomes(first, as_shares(first, outcomes))
    if precisions is not None:  # all in one batch: many small products take longer than one
        factors = np.divide(precisions, first.precision)
        messages = [np.concatenate([x * m for x in factors.tolist()]) for m in messages]
    log_lambda, _ = _climb(above, messages)
    found = log_lambda[-1][0] + safe_log(model.D)
    return found if precisions is None else found.reshape(len(precisions), -1, len(model.D))


def _climb(levels: Sequence[Level], messages: list[np.ndarray]) -> tuple[list, list]:
    """Log evidence below each factor, that of the lowest level first, and below each modality."""
    log_lambda, log_mu = [messages], []
    for level in levels:
        pairs = zip(log_lambda[-1], level.A, strict=True)
        up = [send_up(*_one_type(message, A)) for message, A in pairs]
        totals = [reduce(add, (up[g] for g in level.children(f))) for f in range(level.n_factors)]
        log_lambda.append([level.precision * total for total in totals])
        log_mu.append(up)
    return log_lambda, log_mu


def _count_above(levels: Sequence[Level], messages, priors, seen):
    """Counts of the levels on top, posteriors of the factors below, gains, and divergence from the prior.

    A class that is known leaves only its own states possible: samples of a class go without the others.
    """
    counts = [np.zeros(level.a.shape) for level in levels]
    states = [np.empty(m.shape, m.dtype) for m in messages]
    gains, cost = np.zeros((len(priors), len(levels))), np.zeros(len(priors))
    for rows, classes, open_levels, places in _by_class(levels, priors):
        log_lambda, log_mu = _climb(open_levels, [m[rows] for m in messages])
        prior = priors[np.ix_(rows, classes)]
        top = (_top(log_lambda[-1][0], prior, rows),)
        here = [[of_factor[rows] for of_factor in of_level] for of_level in seen]
        found, beliefs = _count_down(open_levels, log_lambda, log_mu, top, here)
        for total, a, place in zip(counts, found, places, strict=True):
            total[place] += a
        for of_all, of_some in zip(states, beliefs[0], strict=True):
            of_all[rows] = of_some
        if levels:
            gains[rows] = _gains(beliefs[1:], log_lambda[1:])
        cost[rows] = rel_entr(top[0], prior).sum(axis=1)
    return counts, states, gains, cost


def _by_class(levels: Sequence[Level], priors: np.ndarray) -> Iterator[tuple]:
    """Samples with the same open classes, these classes, the levels with their states only, and where."""
    if len(levels) < 2 or levels[-1].n_modalities > 1:
        whole = [(slice(None),) * 3] * len(levels)
        yield np.arange(len(priors)), np.arange(priors.shape[1]), levels, whole
        return
    below, top = levels
    open_to, which = np.unique(priors > 0, axis=0, return_inverse=True)
    for k, pattern in enumerate(open_to):
        classes = np.flatnonzero(pattern)
        states = np.flatnonzero(top.a[0][:, classes].any(axis=1))
        places = [
            (slice(None), slice(None), states),
            (slice(None), states[:, None], classes),
        ]
        n_states, n_classes = np.array([len(states)]), np.array([len(classes)])
        levels = (
            replace(below, a=below.a[places[0]], n_states=n_states),
            replace(top, a=top.a[places[1]], n_outcomes=n_states, n_states=n_classes),
        )
        yield np.flatnonzero(which.reshape(-1) == k), classes, levels, places


def _top(log_lambda: np.ndarray, priors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Posterior of the states on top, (n, S)."""
    log_top = log_lambda + safe_log(priors)
    possible = np.isfinite(log_top.max(axis=1))
    if not possible.all():
        raise ValueError(
            f"outcomes of sample {rows[np.argmin(possible)]} are impossible under the model and its label; "
            "soften its likelihoods with RGM.add_mass"
        )
    return softmax(log_top, axis=1)


def _count_down(levels: Sequence[Level], log_lambda, log_mu, states, seen) -> tuple[list, list]:
    """Counts of each level, and posteriors from the factors below the first of them up to `states`."""
    counts, found = [], [states]
    for n in reversed(range(len(levels))):
        a, below = _count_level(levels[n], log_lambda[n], log_mu[n], found[0], seen[n])
        counts.insert(0, a)
        found.insert(0, below)
    return counts, found


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


def read_factors(model: RGM, outcomes: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Likeliest state of each factor two levels below the top, from what is below them, (n, F) int."""
    first, *above = model.levels[:-2]
    log_lambda, _ = _climb(above, _read_outcomes(first, as_shares(first, outcomes)))
    return np.stack([message.argmax(axis=1) for message in log_lambda[-1]], axis=1)


def _observed(model: RGM, shares: np.ndarray) -> list[list[np.ndarray]]:
    """Whether anything was observed below each factor, (n,) bool; level by level."""
    total = shares @ np.ones(shares.shape[2], shares.dtype)  # much quicker than a sum of few
    seen: Sequence[np.ndarray] = list((total > 0).T)
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
        posterior, a[g, : A.shape[0], : A.shape[1]] = count_pairs(message, log_mu[g], A, q, seen[g])
        below.append(posterior)
    return a, tuple(below)


def count_pairs(message, log_mu, A, q, seen) -> tuple[np.ndarray, np.ndarray]:
    """Posterior of the outcomes (n, O), and A[o, s] Σ_n λ_n(o) q_n(s) / μ_n(s) of what was seen (O, S)."""
    top = message.max(axis=1, keepdims=True)
    gap = np.where(q > 0, top - log_mu, -np.inf)
    far = gap.max(axis=1, initial=-np.inf) > np.log(np.finfo(message.dtype).max) / 2
    gap[far] = -np.inf
    scaled, weight = np.exp(message - top), q * np.exp(gap)
    below = scaled * (weight @ A.T)
    total = A * ((scaled * seen[:, None]).T @ weight)
    for i in np.flatnonzero(far):  # evidence beyond the range of floats: in logs
        pair = joint(message[i : i + 1], A, q[i : i + 1])[0]
        below[i] = pair.sum(axis=1)
        total = total + pair * seen[i]
    return below, total


def _count_outcomes(level: Level, shares: np.ndarray, states) -> np.ndarray:
    """Σ_n x_n ⊗ Q_n(s) of every modality, (G, O, S)."""
    a = np.zeros(level.a.shape)
    for f, q in enumerate(states):
        children = level.children(f)
        rows = shares[:, children].reshape(len(shares), -1).T @ q.astype(shares.dtype, copy=False)
        a[children, :, : level.n_states[f]] = rows.reshape(len(children), -1, q.shape[1])
    return a


def _gains(states, log_lambda) -> np.ndarray:
    """Expected log evidence below the factors of each level, (n, n_levels) nats.

    What a level adds to the one below is its part of the evidence lower bound; on top less the divergence
    from the prior.
    """
    gains = [
        sum(np.sum(q * np.where(q > 0, x, 0), axis=1) for q, x in zip(*level, strict=True))
        for level in zip(states, log_lambda, strict=True)
    ]
    return np.stack(gains, axis=1)

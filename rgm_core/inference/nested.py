"""The published inference scheme, level by level, as compiled loops (equations 3.12, 3.13).

Predictions flow down from the top to become empirical priors; then each level is inverted in turn and
its posterior is the outcome of the next. Within a factor the modalities are taken one after the other, and
a state whose running posterior falls below ``SCREEN`` is given up; once a single state is left it is kept
as it stands. The screening is part of the published numbers, and it is why this is fast: posteriors
are nearly one-hot, so that after a few modalities only a few states are left to evaluate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import xlogy
from sklearn.utils import gen_batches

from rgm_core.inference.compiled import compiled
from rgm_core.model.evidence import Evidence
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM

SCREEN = np.exp(-16.0)  # running posterior below which a state is given up
FLOOR = np.exp(-32.0)  # smallest likelihood: logs are floored at -32 nats
CHUNK = 500  # samples inverted at once, to bound the memory of their posteriors


class Tensors(NamedTuple):
    """Counts of one level and their sums, kept up to date while learning.

    ``a`` is in units of ``scale`` (the counts are ``a * scale``): forgetting shrinks all counts of a
    tensor by one factor, which costs nothing when only the factor is stored.
    """

    a: np.ndarray  # (G, O, S) counts / scale
    rows: np.ndarray  # (G, O) sums over states
    columns: np.ndarray  # (G, S) sums over outcomes
    total: np.ndarray  # (G,) sum of all
    scale: np.ndarray  # (G,)
    balance: np.ndarray  # (G,) Σ x ln x over entries, less the same over rows and over columns
    information: np.ndarray  # (G,) mutual information of outcomes and states, nats
    new_rows: np.ndarray  # (G, O) workspace of an update, zero between updates
    n_outcomes: np.ndarray  # (G,)
    parents: np.ndarray  # (G,)
    n_states: np.ndarray  # (F,)
    members: np.ndarray  # (G,) modalities sorted by parent
    offsets: np.ndarray  # (F + 1,) where each factor's members begin


class Sparse(NamedTuple):
    """Distributions over the outcomes of each modality (or states of each factor), non-zeros only."""

    index: np.ndarray  # (G, K) int32, which outcome
    weight: np.ndarray  # (G, K) probability
    size: np.ndarray  # (G,) how many; 0 is missing


def pack(level: Level) -> Tensors:
    """Arrange a level for the compiled loops (a copy); ValueError if a state generates nothing."""
    a = level.scaled.copy()
    rows, columns = a.sum(2), a.sum(1)
    empty = np.argwhere(level.mask.any(axis=1) & (columns == 0))
    if len(empty):
        raise ValueError(
            f"state {empty[0, 1]} has no counts in the likelihood of modality {empty[0, 0]}, so that "
            "nothing follows from it; soften the likelihoods with RGM.add_counts"
        )
    entries, by_row, by_column = (xlogy(x, x).reshape(len(a), -1).sum(1) for x in (a, rows, columns))
    balance, total = entries - by_row - by_column, rows.sum(1)
    order = np.argsort(level.parents, kind="stable")
    offsets = np.searchsorted(level.parents[order], np.arange(level.n_factors + 1))
    return Tensors(
        a=a,
        rows=rows,
        columns=columns,
        total=total,
        scale=np.ones(len(a)),
        balance=balance,
        information=balance / total + np.log(total),
        new_rows=np.zeros_like(rows),
        n_outcomes=level.n_outcomes.astype(np.int64),
        parents=level.parents.astype(np.int64),
        n_states=level.n_states.astype(np.int64),
        members=order.astype(np.int64),
        offsets=offsets.astype(np.int64),
    )


@compiled
def refresh(t, g):
    """Sum the stored counts of one tensor afresh."""
    a = t.a[g]
    t.rows[g] = a.sum(axis=1)
    t.columns[g] = a.sum(axis=0)
    t.total[g] = a.sum()
    t.balance[g] = _sum_x_ln_x(a.ravel()) - _sum_x_ln_x(t.rows[g]) - _sum_x_ln_x(t.columns[g])


@compiled
def _sum_x_ln_x(values):
    total = 0.0
    for x in values:
        if x > 0:
            total += x * np.log(x)
    return total


def sparse_evidence(evidence: Evidence, n_outcomes: np.ndarray) -> Sparse:
    """Non-zero entries of the evidence about level 1, each array with a leading axis of samples."""
    if evidence.hard is not None:
        seen = evidence.hard[:, :, None]
        return Sparse(
            index=np.maximum(seen, 0).astype(np.int32),
            weight=np.ones(seen.shape),
            size=(seen[:, :, 0] >= 0).astype(np.int32),
        )
    shape = (evidence.n_samples, len(n_outcomes), int(n_outcomes.max()))
    index, weight = np.zeros(shape, np.int32), np.zeros(shape)
    size = np.zeros(shape[:2], np.int32)
    for g, message in enumerate(evidence.soft):
        likelihood = np.exp(message)
        missing = np.ptp(likelihood, axis=1) == 0  # a flat likelihood says nothing
        size[:, g] = np.where(missing, 0, likelihood.shape[1])
        index[:, g, : likelihood.shape[1]] = np.arange(likelihood.shape[1])
        weight[:, g, : likelihood.shape[1]] = likelihood
    return Sparse(index, weight, size)


def infer_batch(model: RGM, evidence: Evidence, priors: np.ndarray):
    """Invert a model for each sample of a batch with the published scheme.

    Parameters
    ----------
    model : RGM
    evidence : Evidence
        About level 1, n samples.
    priors : (n, S) float
        Prior over the top states.

    Returns
    -------
    states : tuple of tuple of (n, n_states) float
        Posteriors, by level and factor.
    elbo : (n, n_levels) float
        Each level's own ln E[p(o | s)] under its empirical prior, nats.
    """
    tensors = tuple(pack(level) for level in model.levels)
    shapes = [(evidence.n_samples, *_state_shape(level)) for level in model.levels]
    states = tuple(np.zeros(shape) for shape in shapes)
    elbo = np.zeros((evidence.n_samples, model.n_levels))
    for part in gen_batches(evidence.n_samples, CHUNK):
        seen = sparse_evidence(evidence.part(part), model.levels[0].n_outcomes)
        _infer_chunk(tensors, seen, priors[part].copy(), tuple(q[part] for q in states), elbo[part])
    by_factor = [
        tuple(q[:, f, : level.n_states[f]] for f in range(level.n_factors))
        for q, level in zip(states, model.levels, strict=True)
    ]
    return tuple(by_factor), elbo


def _state_shape(level: Level) -> tuple[int, int]:
    return level.n_factors, int(level.n_states.max())


@compiled
def _infer_chunk(tensors, seen, priors, states, elbo):
    buffers = make_buffers(tensors)
    predictions = make_predictions(tensors)
    for i in range(len(priors)):
        evidence = Sparse(seen.index[i], seen.weight[i], seen.size[i])
        invert(tensors, evidence, priors[i], predictions, buffers, elbo[i])
        for n in range(len(tensors)):
            q = buffers[n]
            for f in range(len(q.size)):
                for k in range(q.size[f]):
                    states[n][i, f, q.index[f, k]] = q.weight[f, k]


@compiled
def make_buffers(tensors):
    """Room for the posteriors of every level."""
    return [
        Sparse(
            np.zeros((len(t.n_states), t.n_states.max()), np.int32),
            np.zeros((len(t.n_states), t.n_states.max())),
            np.zeros(len(t.n_states), np.int32),
        )
        for t in tensors
    ]


@compiled
def make_predictions(tensors):
    """Room for the empirical priors of every level."""
    return [np.zeros((len(t.n_states), t.n_states.max())) for t in tensors]


@compiled
def invert(tensors, evidence, prior, predictions, posteriors, elbo):
    """Predict from the top down, then invert from the bottom up; fills posteriors and elbo."""
    top = len(tensors) - 1
    predictions[top][0, : len(prior)] = prior
    for n in range(top, 0, -1):
        _predict(tensors[n], predictions[n], predictions[n - 1])
    elbo[0] = _invert_level(tensors[0], evidence, predictions[0], posteriors[0])
    for n in range(1, top + 1):
        elbo[n] = _invert_level(tensors[n], posteriors[n - 1], predictions[n], posteriors[n])


@compiled
def _predict(t, prior, prediction):
    """Predictive distribution A_g · prior of every modality: the empirical prior of the level below."""
    for g in range(len(t.parents)):
        f = t.parents[g]
        n_states = t.n_states[f]
        weight = np.zeros(t.a.shape[2])
        for s in range(n_states):
            if prior[f, s] > 0:  # an excluded state may have counts of any size
                weight[s] = prior[f, s] / t.columns[g, s]
        prediction[g, : t.n_outcomes[g]] = np.dot(t.a[g], weight)[: t.n_outcomes[g]]


@compiled
def _invert_level(t, evidence, prior, posterior):
    """Invert every factor of a level; return the level's free energy (negative, nats)."""
    elbo = 0.0
    for f in range(len(t.n_states)):
        n = t.n_states[f]
        index, q = posterior.index[f], posterior.weight[f]
        for s in range(n):
            index[s] = s
            q[s] = prior[f, s]
        for m in range(t.offsets[f], t.offsets[f + 1]):
            g = t.members[m]
            if evidence.size[g] > 0:
                n, log_likelihood = _accumulate(t, g, evidence, index, q, n)
                elbo += log_likelihood
        posterior.size[f] = n
    return elbo


@compiled
def _accumulate(t, g, evidence, index, q, n):
    """Bayes' rule for one modality over the surviving states; return how many and ln p(o)."""
    kept = 0
    for k in range(n):
        kept += q[k] > SCREEN
    if kept == 1:  # decided: score the survivor, leave the posterior as it stands
        k = np.argmax(q[:n])
        return n, np.log(_likelihood(t, g, evidence, index[k]))
    joint, total = 0, 0.0
    for k in range(n):
        if q[k] > SCREEN:
            index[joint] = index[k]
            q[joint] = q[k] * _likelihood(t, g, evidence, index[k])
            total += q[joint]
            joint += 1
    q[:joint] /= total
    return joint, np.log(total)


@compiled
def _likelihood(t, g, evidence, s):
    """E[p(o | s)] under the (soft) outcome, floored."""
    likelihood = 0.0
    for k in range(evidence.size[g]):
        likelihood += evidence.weight[g, k] * t.a[g, evidence.index[g, k], s]
    return max(likelihood / t.columns[g, s], FLOOR)

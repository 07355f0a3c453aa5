"""Sum-product on the tree of a static model, batched (equations 3.1 to 3.6).

One pass up gathers the evidence ``lambda_f(s)`` below each factor, one pass down shares it out. Batches
make every step a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
from scipy.sparse import csr_array
from scipy.special import rel_entr

from rgm_core.inference.messages import send_down, send_up
from rgm_core.model.evidence import Evidence
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM


@dataclass(frozen=True, slots=True)
class Messages:
    """What one level sends up: ``log_mu`` from each modality, ``log_lambda`` from each factor."""

    log_mu: Sequence[np.ndarray]  # G arrays (n, S of the parent): ln p(evidence below g | s)
    log_lambda: Sequence[np.ndarray]  # F arrays (n, S_f): ln p(evidence below f | s)


def ascend(model: RGM, evidence: Evidence) -> list[Messages]:
    """Upward pass: log evidence below every state of every factor (equation 3.1)."""
    up = []
    for level in model.levels:
        if up:
            evidence = Evidence(soft=up[-1].log_lambda, n_samples=evidence.n_samples)
        up.append(ascend_level(level, evidence))
    return up


def ascend_level(level: Level, evidence: Evidence) -> Messages:
    if evidence.hard is not None:
        rows = [level.precision * _sum_rows(level, f, evidence.hard) for f in range(level.n_factors)]
        return Messages((), rows)
    tables = zip(evidence.soft, level.A, level.log_A, strict=True)
    log_mu = [_send_up(message, A, log_A) for message, A, log_A in tables]
    totals = [reduce(add, (log_mu[g] for g in level.children(f))) for f in range(level.n_factors)]
    return Messages(log_mu, [level.precision * total for total in totals])


def _send_up(message: np.ndarray, A: np.ndarray, log_A: np.ndarray) -> np.ndarray:
    """Evidence below a modality; where all outcomes are as likely, nothing is known, as if missing."""
    log_mu = send_up(message, A, log_A)
    flat = np.isfinite(message[:, 0]) & (message == message[:, :1]).all(axis=1)
    log_mu[flat] = message[flat, :1]
    return log_mu


def _sum_rows(level: Level, factor: int, outcomes: np.ndarray) -> np.ndarray:
    """Sum ln A[o, s] over the observed modalities of a factor: a one-hot matrix product, (n, S)."""
    children = level.children(factor)
    n_rows = int(level.n_outcomes.max())
    table = level.log_likelihood[children, :, : level.n_states[factor]]
    seen = outcomes[:, children]
    sample, modality = np.nonzero(seen >= 0)
    rows = modality * n_rows + seen[sample, modality]
    one_hot = csr_array((np.ones(len(rows)), (sample, rows)), shape=(len(outcomes), len(children) * n_rows))
    return one_hot @ table.reshape(-1, table.shape[2])


def descend(model: RGM, up: list[Messages], top: np.ndarray) -> tuple[tuple[np.ndarray, ...], ...]:
    """Downward pass: Q_c(o) ∝ lambda_c(o) Σ_s A[o, s] Q_f(s) / mu_c(s) (equation 3.3)."""
    states = [(top,)]
    for n in range(model.n_levels - 1, 0, -1):
        level, below = model.levels[n], []
        for g, (A, log_A, f) in enumerate(zip(level.A, level.log_A, level.parents, strict=True)):
            message, log_mu = up[n - 1].log_lambda[g], up[n].log_mu[g]
            below.append(send_down(message, log_mu, A, states[0][f], log_A))
        states.insert(0, tuple(below))
    return tuple(states)


def elbo_by_level(model, up, states, priors) -> np.ndarray:
    """Accuracy minus complexity of each level, (n, n_levels) nats; they telescope to the evidence.

    Given its parent, a factor's evidence is E[ln mu]; with its own complexity taken off what is below
    it, level n contributes E[ln mu_n] - E[ln lambda_(n-1)] of the modalities it explains.
    """
    levels = []
    for n in range(model.n_levels):
        gain = sum(_expect(q, m) for q, m in zip(states[n], up[n].log_lambda, strict=True))
        levels.append(gain)
    levels[1:] = [above - below for below, above in pairwise(levels)]
    levels[-1] = levels[-1] - rel_entr(states[-1][0], priors).sum(axis=1)
    return np.stack(levels, axis=1)


def _expect(q: np.ndarray, x: np.ndarray) -> np.ndarray:
    """E_q[x] per sample; states without probability do not count, whatever x is there."""
    return np.sum(q * np.where(q > 0, x, 0), axis=1)

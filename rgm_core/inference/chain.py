"""The chain of events on top of a dynamic model: a hidden Markov model (equations 3.8, 3.9).

From event s the next one is s', by path u, with probability ``b[s', s, u] / Σ b[:, s, :]``: as often as it
was seen. An event without a learned successor has none: there the sequence ends. The evidence of n events
is that of sequences which last so long; the mass of these is kept beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from rgm_core.model.logs import log_sum_by, sum_by
from rgm_core.model.transitions import Transitions


class Chain(NamedTuple):
    """Forward pass over events."""

    log_alpha: np.ndarray  # (events, S), ln p(s_t, data to t)
    log_predicted: np.ndarray  # (events, S), ln p(s_t, data to t - 1)
    log_evidence: float
    log_lasting: float  # ln p(a sequence lasts for so many events)


def forward(b: Transitions, log_prior: np.ndarray, log_top: np.ndarray) -> Chain:
    """Forward pass over messages (events, S)."""
    log_step = _log_step(b)
    alpha, predicted = np.empty_like(log_top), np.empty_like(log_top)
    lasting = log_prior
    for t, message in enumerate(log_top):
        if t:
            lasting = log_sum_by(lasting[b.edges[:, 0]] + log_step, b.edges[:, 2], b.n_states)
            before = alpha[t - 1][b.edges[:, 0]] + log_step
        predicted[t] = log_sum_by(before, b.edges[:, 2], b.n_states) if t else log_prior
        alpha[t] = predicted[t] + message
    return Chain(alpha, predicted, float(logsumexp(alpha[-1])), float(logsumexp(lasting)))


def check_chain(chain: Chain) -> None:
    """Raise ValueError if no sequence of learned events lasts so long, or none explains the data."""
    if np.isneginf(chain.log_lasting):
        raise ValueError(
            f"outcomes last {len(chain.log_alpha)} events, but no sequence of learned events does: "
            "each ends in an event without a successor"
        )
    check_possible(chain.log_evidence)


def check_possible(log_evidence: float) -> None:
    """Raise ValueError if the evidence is that of impossible outcomes."""
    if np.isneginf(log_evidence):
        raise ValueError(
            "outcomes are impossible under the model; soften its likelihoods with RGM.add_counts, "
            "or mark doubtful outcomes as missing (-1)"
        )


def smooth(b: Transitions, log_top: np.ndarray, chain: Chain):
    """Backward pass: states (events, S), paths (events, U), transitions (events - 1, E) on top."""
    log_step, log_beta = _log_step(b), np.zeros_like(log_top)
    state, _, following = b.edges.T
    log_edges = np.empty((len(log_top) - 1, len(b.edges)))
    for t in range(len(log_top) - 2, -1, -1):
        ahead = log_step + (log_top[t + 1] + log_beta[t + 1])[following]
        log_beta[t] = log_sum_by(ahead, state, b.n_states)
        log_edges[t] = chain.log_alpha[t][state] + ahead
    total = logsumexp(chain.log_alpha[-1])
    states, edges = np.exp(chain.log_alpha + log_beta - total), np.exp(log_edges - total)
    taken = sum_by(edges, b.edges[:, 1], b.n_paths)
    return states, np.vstack([taken, predict_paths(b, states[-1:])]), edges


def predict_paths(b: Transitions, states: np.ndarray) -> np.ndarray:
    """Path that each event (n, S) will take, (n, U)."""
    return sum_by(states[:, b.edges[:, 0]] * np.exp(_log_step(b)), b.edges[:, 1], b.n_paths)


def _log_step(b: Transitions) -> np.ndarray:
    """ln p(s', u | s) of each edge on top: how often it was taken from that state."""
    total = np.bincount(b.edges[:, 0], weights=b.counts, minlength=b.n_states)
    return np.log(b.counts / total[b.edges[:, 0]])

"""Messages along one edge of the tree, in logs: exact however far apart the log likelihoods lie.

A message holds ln p(evidence | o) of every outcome ``o``, (n, O) nats with -inf for an excluded one;
``A`` (O, S) is the likelihood of these outcomes under the states of the factor above. Matrix products of
scaled exponentials do nearly all the work. Where a likelihood with zeros leaves a state only outcomes
that lie beyond the range of floats below the best, that state is summed in logs.
"""

from __future__ import annotations

import numpy as np

from rgm_core.model.logs import safe_log

RANGE = 600.0  # nats that scaled exponentials may span: e^-600 is still a normal float


def send_up(message: np.ndarray, A: np.ndarray, log_A: np.ndarray | None = None) -> np.ndarray:
    """ln Σ_o A[o, s] exp(message[o]) of every state, (n, S): the evidence below a modality.

    ``log_A`` is the logarithm of A where that is known better: of likelihoods below the range of floats.
    """
    top = message.max(axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # impossible evidence stays -inf
    scaled = np.exp(message - top) @ A
    log_mu = safe_log(scaled) + top
    lost = scaled < np.exp(-RANGE)
    if not lost.any():
        return log_mu
    log_A = safe_log(A) if log_A is None else log_A
    for s in np.flatnonzero(lost.any(axis=0)):
        rows, possible = lost[:, s], log_A[:, s] > -np.inf
        terms = message[rows][:, possible] + log_A[possible, s]
        log_mu[rows, s] = np.logaddexp.reduce(terms, axis=1)
    return log_mu


def send_down(
    message: np.ndarray, log_mu: np.ndarray, A: np.ndarray, q: np.ndarray, log_A: np.ndarray | None = None
) -> np.ndarray:
    """Posterior of the outcomes, exp(message[o]) Σ_s A[o, s] q[s] / mu[s], (n, O) (equation 3.3).

    ``log_mu`` (n, S) is what :func:`send_up` gives, ``q`` (n, S) the posterior of the states.
    """
    # scaled by the largest message, so that neither side over- nor underflows
    top = message.max(axis=1, keepdims=True)
    gap = np.where(q > 0, top - log_mu, -np.inf)
    far = np.flatnonzero(gap.max(axis=1) > RANGE)
    gap[far] = -np.inf
    below = np.exp(message - top) * ((q * np.exp(gap)) @ A.T)
    for i in far:
        below[i] = joint(message[i : i + 1], A, q[i : i + 1], log_A)[0].sum(axis=1)
    return below


def joint(message: np.ndarray, A: np.ndarray, q: np.ndarray, log_A: np.ndarray | None = None) -> np.ndarray:
    """Joint posterior of outcome and state, A[o, s] exp(message[o]) q[s] / mu[s], (n, O, S)."""
    log_A = safe_log(A) if log_A is None else log_A
    log_mu = send_up(message, A, log_A)
    weight = np.where(q > 0, safe_log(q) - np.where(q > 0, log_mu, 0), -np.inf)
    return np.exp(message[:, :, None] + log_A + weight[:, None, :])

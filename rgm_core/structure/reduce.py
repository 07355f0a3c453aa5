"""Bayesian model reduction: merge states that are better explained as one (equation 4.14).

Two states of a class with counts ``n`` and ``n'`` under Dirichlet priors ``p`` are one if that raises the
evidence of what was counted, of their outcomes and of how often each was visited:

    ln B(p + n + n') + ln B(p) - ln B(p + n) - ln B(p + n') > 0,

summed over the likelihoods, with ``ln B(a) = Σ ln Γ(a) - ln Γ(Σ a)``; the visits of a class add
``ln Γ(m + m' + α) + ln Γ(α) - ln Γ(m + α) - ln Γ(m' + α)``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import gammaln

from rgm_core.model.rgm import RGM


def reduce_model(model: RGM, *, mass: float = 0.5) -> tuple[RGM, float]:
    """Merge the states just below the classes, pair by pair, as long as the evidence of the counts rises.

    Parameters
    ----------
    model : RGM
        An image model with classes on top, as of :func:`rgm_core.structure.states.find_states`: each state
        below belongs to one class.
    mass : float
        Prior counts of every column that are in the counts, > 0, taken to be shared as all the rest is.

    Returns
    -------
    model : RGM
        With as many states as the evidence asks for.
    gain : float
        In log evidence of the counts, nats.

    Raises
    ------
    ValueError
        If a state below the classes belongs to several, or mass is not positive.
    """
    *below, last, top = model.levels
    if top.n_modalities != 1 or np.count_nonzero(top.a[0], axis=1).max() != 1:
        raise ValueError("model must have classes on top, and below them states that belong to one each")
    if not 0 < mass < np.inf:
        raise ValueError(f"mass must be finite and > 0; found {mass}")
    prior = mass * last.a.sum(axis=2) / last.a.sum(axis=(1, 2))[:, None]
    total, kept, owner, visits, columns = 0.0, [], top.a[0].argmax(axis=1), [], []
    for c in range(top.a.shape[2]):
        states = np.flatnonzero(owner == c)
        a, m, gain = _merge(last.a[:, :, states], top.a[0][states, c] - mass, prior, mass)
        columns.append(a)
        visits.append(m + mass)
        kept += [c] * len(m)
        total += gain
    n_states, a = np.array([len(kept)]), np.zeros((1, len(kept), top.a.shape[2]))
    a[0, np.arange(len(kept)), kept] = np.concatenate(visits)
    last = replace(last, a=np.concatenate(columns, axis=2), n_states=n_states)
    return replace(model, levels=(*below, last, replace(top, a=a, n_outcomes=n_states))), total


def _merge(a: np.ndarray, visits: np.ndarray, prior: np.ndarray, mass: float):
    """Merge columns of a (G, O, S), the best pair first; the columns left, their visits, and the gain."""
    seen, visits, total = (a - prior[:, :, None]).clip(0), visits.clip(0), 0.0
    gains = np.array([_gains(s, seen, visits, prior, mass) for s in range(len(visits))])
    while len(visits) > 1 and gains.max() > 0:
        s, other = sorted(map(int, np.unravel_index(gains.argmax(), gains.shape)))
        total += gains[s, other]
        seen[:, :, s] += seen[:, :, other]
        visits[s] += visits[other]
        seen, visits = np.delete(seen, other, axis=2), np.delete(visits, other)
        gains = np.delete(np.delete(gains, other, axis=0), other, axis=1)
        gains[s] = gains[:, s] = _gains(s, seen, visits, prior, mass)
    return seen + prior[:, :, None], visits, total


def _gains(s: int, seen: np.ndarray, visits: np.ndarray, prior: np.ndarray, mass: float) -> np.ndarray:
    """What merging state s with each state would add to the log evidence, (S,) nats; -inf with itself."""
    alone = _evidence(seen, visits, prior, mass)
    both = _evidence(seen + seen[:, :, s, None], visits + visits[s], prior, mass)
    gains = both - alone - alone[s]
    gains[s] = -np.inf
    return gains


def _evidence(seen: np.ndarray, visits: np.ndarray, prior: np.ndarray, mass: float) -> np.ndarray:
    """Log evidence of the counts of each state and of its visits, against none, (S,) nats."""
    possible = prior > 0
    p = prior[possible][:, None]
    outcomes = (gammaln(seen[possible] + p) - gammaln(p)).sum(axis=0)
    totals = seen.sum(axis=1)
    outcomes -= (gammaln(totals + mass) - gammaln(mass)).sum(axis=0)
    return outcomes + gammaln(visits + mass) - gammaln(mass)

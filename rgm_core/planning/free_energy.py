"""Expected free energy: what a path should bring, in information and in value (equations 5.2 to 5.4).

Lower is better. One step ahead, with q(s | u) = B_u q(s) and q(o | u) = A q(s | u),

    G(u) = KL[q(o | u) || p(o | C)] + E_q[H[p(o | s)]]          risk + ambiguity
         = -E_q(o | u)[KL[q(s | o, u) || q(s | u)]] - E_q[ln p(o | C)]   - information - value

less the information gain about parameters, if likelihoods are being learned (novelty), and less the
expected log prior over states that induction provides. Each modality adds its own term.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, entr, softmax, xlogy

from rgm_core.information import entropy, normalise
from rgm_core.model.checks import as_array, as_number
from rgm_core.model.logs import floored_log
from rgm_core.planning.pomdp import POMDP, check_belief

PRECISION = 512.0
"""Inverse temperature of the choice among paths (article; dimensionless)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFreeEnergy:
    """Expected free energy of paths and its parts, in nats; each an array (..., K).

    Parameters
    ----------
    risk : divergence of predicted from preferred outcomes, KL[q(o | u) || p(o | C)] (≥ 0).
    information : expected information gain about hidden states (mutual information, ≥ 0).
    value : expected log preference of outcomes (≤ 0).
    ambiguity : expected entropy of outcomes given states (≥ 0).
    novelty : expected information gain about likelihoods (≥ 0; zero if they are known).
    intention : expected log prior of states, from induction (zero without).
    """

    risk: np.ndarray
    information: np.ndarray
    value: np.ndarray
    ambiguity: np.ndarray
    novelty: np.ndarray
    intention: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """G: risk + ambiguity - novelty - intention, or -information - value in place of the first two."""
        return -self.information - self.value - self.novelty - self.intention


def expected_free_energy(
    model: POMDP, belief: np.ndarray, log_prior: np.ndarray | None = None
) -> ExpectedFreeEnergy:
    """Expected free energy of every path for one step.

    Parameters
    ----------
    model : POMDP
        Its K paths are the rows of ``model.paths``.
    belief : (S,) float
        Distribution over joint states now.
    log_prior : (S,) float, optional
        Log prior over the next joint state, in nats up to a constant (see `Induction.log_prior`).

    Returns
    -------
    ExpectedFreeEnergy
        Arrays (K,).

    Raises
    ------
    ValueError
        If belief or log_prior do not fit the model.

    Notes
    -----
    Preferences of zero weight are worth -32 nats, not minus infinity. Information and risk are sums
    over modalities, as published; for those of all modalities together see `join_modalities`.
    """
    belief = check_belief(model, belief)
    return evaluate_beliefs(model, belief @ model.transitions.transpose(0, 2, 1), log_prior)


def evaluate_beliefs(
    model: POMDP, predicted: np.ndarray, log_prior: np.ndarray | None = None
) -> ExpectedFreeEnergy:
    """Expected free energy of predicted beliefs (..., S) over the next joint state; parts (...).

    Raises
    ------
    ValueError
        If log_prior is not a finite array (S,).
    """
    risk, information, value, ambiguity = (np.zeros(predicted.shape[:-1]) for _ in range(4))
    for table, preference in zip(model.likelihoods, model.C, strict=True):
        outcomes = predicted @ table.T
        ambiguous = predicted @ entropy(table)
        preferred = floored_log(normalise(preference))
        risk += (xlogy(outcomes, outcomes) - outcomes * preferred).sum(-1)
        information += entr(outcomes).sum(-1) - ambiguous
        value += outcomes @ preferred
        ambiguity += ambiguous
    gains = (expected_parameter_gain(a) for a in model.counts or ())
    novelty = predicted @ sum(gains, np.zeros(model.n_states))
    return ExpectedFreeEnergy(
        risk=risk,
        information=information,
        value=value,
        ambiguity=ambiguity,
        novelty=novelty,
        intention=predicted @ _check_log_prior(model, log_prior),
    )


def expected_parameter_gain(a: np.ndarray) -> np.ndarray:
    """Information that one outcome is expected to give about a categorical distribution ~ Dir(a).

    The mutual information of the next outcome and the distribution's parameters, per column:
    H[E p] - E[H[p]] = H[a / a_0] - ψ(a_0 + 1) + Σ (a / a_0) ψ(a + 1), in nats. For large counts it
    tends to (O - 1) / 2 a_0.

    Parameters
    ----------
    a : (O, ...) Dirichlet counts; zero counts are impossible outcomes.

    Returns
    -------
    np.ndarray
        The shape of ``a`` without the first axis; ≥ 0.

    Raises
    ------
    ValueError
        If counts are negative or not finite, or a column is all zeros.
    """
    a = as_array(a, "a", float, None, "Dirichlet counts")
    p, total = normalise(a), np.sum(a, axis=0)
    if not np.all(total > 0):
        raise ValueError("a has a column that is all zeros: expected a positive sum")
    return entr(p).sum(0) - digamma(total + 1) + (p * digamma(np.asarray(a) + 1)).sum(0)


def path_posterior(G: np.ndarray, precision: float = PRECISION) -> np.ndarray:
    """Posterior over paths, softmax(-precision G) along the last axis.

    Raises
    ------
    ValueError
        If G is not finite, or precision is not a number ≥ 0.
    """
    G = as_array(G, "G", float, None, "in nats, one for each path")
    if not G.size or not G.ndim:
        raise ValueError(f"G must hold a value for each path; found shape {G.shape}")
    precision = as_number(precision, "precision", "finite and ≥ 0", low=0, without=(np.inf,))
    return softmax(-precision * G, axis=-1)


def _check_log_prior(model: POMDP, log_prior: np.ndarray | None) -> np.ndarray:
    if log_prior is None:
        return np.zeros(model.n_states)
    return as_array(log_prior, "log_prior", float, (model.n_states,), "one for each joint state")

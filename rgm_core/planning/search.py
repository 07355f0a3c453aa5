"""Sophisticated planning: what would I believe, and therefore do, if I saw that? (equation 5.6)

    G(u | q) = G_1(u | q) + E_q(o | u)[ Σ_u' p(u' | q_o) G(u' | q_o) ],   p(u' | q_o) = softmax(-G)

where q_o is the belief after outcome o. The tree is exhaustive unless it is pruned; all branches of
one depth are evaluated at once.
"""

from __future__ import annotations

import numpy as np

from rgm_core.model.checks import as_number, as_whole
from rgm_core.planning.free_energy import PRECISION, evaluate_beliefs, path_posterior
from rgm_core.planning.pomdp import POMDP, check_belief

ABANDONED = 512.0
"""How much worse than the best an abandoned path counts, in nats."""


def search(
    model: POMDP,
    belief: np.ndarray,
    depth: int = 1,
    *,
    log_prior: np.ndarray | None = None,
    precision: float = PRECISION,
    min_path: float = 0.0,
    min_outcome: float = 0.0,
) -> np.ndarray:
    """Expected free energy of every path, looking ``depth`` steps ahead.

    Parameters
    ----------
    model : POMDP
    belief : (S,) float
        Distribution over joint states now.
    depth : int
        Steps to look ahead, ≥ 1; with 1 this is the total of `expected_free_energy`. The tree has
        (paths x outcomes) ** (depth - 1) branches.
    log_prior : (S,) float, optional
        Log prior over the next joint states, at every depth (see `Induction.log_prior`).
    precision : float
        Of the choices that the search foresees; the reference averages with 1.
    min_path : float
        Paths that are less probable than this, relative to the most probable one after a single
        step (softmax with precision 1), are not pursued but set to the best less 512 nats. The
        reference uses 1/16; 0 prunes nothing.
    min_outcome : float
        Combinations of outcomes that are not more probable than this are not followed, except for
        those more than half as probable as the most probable one; the rest are scaled up.

    Returns
    -------
    (K,) float
        G of each row of ``model.paths``, in nats; lower is better.

    Raises
    ------
    ValueError
        If an argument is out of range or does not fit the model, or the model has too many
        combinations of outcomes to look further than one step.
    """
    depth = as_whole(depth, "depth", 1)
    min_path = as_number(min_path, "min_path", "in [0, 1)", low=0, high=1, without=(1,))
    min_outcome = as_number(min_outcome, "min_outcome", "in [0, 1)", low=0, high=1, without=(1,))
    precision = as_number(precision, "precision", "finite and ≥ 0", low=0, without=(np.inf,))
    belief = check_belief(model, belief)[None]
    return _search(model, belief, depth, log_prior, precision, (min_path, min_outcome))[0]


def _search(
    model: POMDP,
    beliefs: np.ndarray,
    depth: int,
    log_prior: np.ndarray | None,
    precision: float,
    limits: tuple[float, float],
) -> np.ndarray:
    """G (N, K) of all paths from each of N beliefs (N, S)."""
    predicted = np.einsum("kij,nj->nki", model.transitions, beliefs)
    G = evaluate_beliefs(model, predicted, log_prior).total
    if depth == 1:
        return G
    best = G.min(axis=1, keepdims=True)
    pursued = np.exp(best - G) >= limits[0]
    G = np.where(pursued, G, best + ABANDONED)
    branch, probability, posteriors = _branches(model, predicted[pursued], limits[1])
    deeper = _search(model, posteriors, depth - 1, log_prior, precision, limits)
    expected = (path_posterior(deeper, precision) * deeper).sum(axis=1)
    G[pursued] += np.bincount(branch, weights=probability * expected, minlength=pursued.sum())
    return G


def _branches(
    model: POMDP, predicted: np.ndarray, min_outcome: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes that may follow M predictions (M, S): whose, how probable, and the belief after."""
    probability = predicted @ model.joint_likelihood.T
    likely = probability.max(axis=1, keepdims=True)
    follow = probability > np.minimum(min_outcome, likely / 2)  # the most probable one in any case
    probability = np.where(follow, probability, 0.0)
    branch, outcome = np.nonzero(follow)
    posteriors = predicted[branch] * model.joint_likelihood[outcome]
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    weights = probability[branch, outcome] / probability.sum(axis=1)[branch]
    return branch, weights, posteriors

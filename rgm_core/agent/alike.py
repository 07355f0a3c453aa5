"""States that predict the same actions, merged: as few as can be told apart at a given loss.

A player need not tell apart what calls for the same actions, now and next. Merging two states i and j,
which are visited with probabilities p and predict actions y, loses

    ΔI = (p_i + p_j) JS(p(y | i), p(y | j))

nats of the mutual information between states and actions, with the Jensen-Shannon divergence JS weighted by
p: the agglomerative information bottleneck. States that predict the same lose nothing. What is left is
enough to act, not to foresee: events that call for the same actions may look quite different.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from rgm_core.agent.play import HOPE, TIE, PlayModel, all_values
from rgm_core.model.checks import as_array, as_number, check_type

SAME = 12  # decimals in which predictions agree that count as the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """States merged, and what is left of the information.

    Parameters
    ----------
    labels : (S,) int
        Merged state of each state, in order of first appearance.
    information : float
        Mutual information between states and what they predict, in nats.
    lost : float
        What of it was lost by merging.
    """

    labels: np.ndarray
    information: float
    lost: float

    @property
    def n_states(self) -> int:
        """Number of merged states."""
        return int(self.labels.max()) + 1


def merge_alike(weights: np.ndarray, predictions: np.ndarray, *, loss: float) -> Merged:
    """Merge states two by two, those first that lose least, until more than ``loss`` would be lost.

    Parameters
    ----------
    weights : (S,) float
        How often each state is visited, ≥ 0 and not all zero; up to a factor.
    predictions : (S, Y) float
        p(y | s), rows that sum to one.
    loss : float
        Nats of I(S; Y) that may be lost, ≥ 0.

    Returns
    -------
    Merged

    Raises
    ------
    ValueError
        If weights or predictions are no weights and distributions, or loss is negative.
    """
    weights = as_array(weights, "weights", float, (None,), "one for each state")
    if not weights.size or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError(f"weights must be ≥ 0 and not all zero; found {weights!s:.60}")
    predictions = as_array(predictions, "predictions", float, (len(weights), None), "states and outcomes")
    loss = as_number(loss, "loss", "finite and ≥ 0", low=0, high=np.inf, without=(np.inf,))
    if predictions.min(initial=0) < 0 or not np.allclose(predictions.sum(axis=1), 1):
        raise ValueError("predictions must be distributions: rows ≥ 0 that sum to one")
    _, labels = np.unique(predictions.round(SAME), axis=0, return_inverse=True)
    labels, p = labels.reshape(-1), weights / weights.sum()
    joint = np.zeros((labels.max() + 1, predictions.shape[1]))  # p(s, y)
    np.add.at(joint, labels, p[:, None] * predictions)
    information = left = _information(joint)
    losses = np.array([_losses(joint, i) for i in range(len(joint))])
    while len(joint) > 1:
        i, j = sorted(map(int, np.unravel_index(losses.argmin(), losses.shape)))
        if information - left + losses[i, j] > loss:
            break
        left -= losses[i, j]
        joint[i] += joint[j]
        joint, losses = np.delete(joint, j, axis=0), np.delete(np.delete(losses, j, axis=0), j, axis=1)
        losses[i] = losses[:, i] = _losses(joint, i)
        labels = np.where(labels == j, i, labels)
        labels -= labels > j
    _, first = np.unique(labels, return_index=True)
    rank = np.argsort(np.argsort(first))
    return Merged(labels=rank[labels], information=information, lost=information - left)


def _information(joint: np.ndarray) -> float:
    """Mutual information of a joint distribution (S, Y), in nats."""
    outcomes = joint.sum(axis=0)
    return float(_own(joint).sum() - xlogy(outcomes, outcomes).sum())


def _losses(joint: np.ndarray, i: int) -> np.ndarray:
    """Information (S,) that merging state i with each other loses; infinite with itself."""
    losses = _own(joint) + _own(joint[i]) - _own(joint + joint[i])
    losses[i] = np.inf
    return losses.clip(0)


def _own(joint: np.ndarray) -> np.ndarray:
    """What each state (…, Y) adds to the information, but for the entropy of what is predicted."""
    return xlogy(joint, joint).sum(axis=-1) - xlogy(joint.sum(axis=-1), joint.sum(axis=-1))


def predict_actions(model: PlayModel, ahead: np.ndarray) -> np.ndarray:
    """What is done in each state, now and next: p(a, a' | e, m, c), of shape (E, M, C, A, A).

    Of actions with the best value each is as probable; without hope of a goal any action is.

    Parameters
    ----------
    model : PlayModel
    ahead : (E, M, C) float
        From `induce_play`.
    """
    check_type(model, PlayModel, "model")
    shape = model.n_events, *model.moves.shape[:2]
    ahead = as_array(ahead, "ahead", float, shape, "events, memories, places")
    now = best_actions(all_values(model, ahead))
    then = np.zeros(now.shape)  # of what follows the event, when the agent then remembers m' at place c'
    start, to = model.edges.T
    np.add.at(then, start, model.following[:, None, :, None] * now[to])
    follows = {"none": "exdb,mcad->emcab", "place": "ecdb,mcad->emcab", "action": "eadb,mcad->emcab"}
    chances = np.einsum(follows[model.memory], then, model.moves, optimize=True)
    totals = chances.sum(axis=-1, keepdims=True)
    anything = 1 / now.shape[-1]  # where nothing was seen to follow
    chances = np.where(totals > 0, chances / np.where(totals > 0, totals, 1), anything)
    return now[..., None] * chances


def best_actions(values: np.ndarray) -> np.ndarray:
    """p(a | state), (…, A): the same for all with the best of values (…, A); any without hope."""
    best = values.max(axis=-1, keepdims=True)
    chosen = (values >= best * (1 - TIE)) | (best < HOPE)
    return chosen / chosen.sum(axis=-1, keepdims=True)


def merge_states(
    model: PlayModel, ahead: np.ndarray, visits: np.ndarray, loss: float
) -> tuple[Merged, np.ndarray]:
    """Merge the states of play that predict the same actions, and give each the mean of its values.

    Parameters
    ----------
    model : PlayModel
    ahead : (E, M, C) float
        From `induce_play`.
    visits : (E, C) float
        How often each event was seen at a place; one is added to each.
    loss : float
        Nats of information about actions, now and next, that may be lost.

    Returns
    -------
    merged : Merged
        Labels of E·M·C states.
    values : (E, M, C, A) float
        Probability of a goal before a cost, after each action in the merged state.
    """
    predictions = predict_actions(model, ahead)
    values, n_actions = all_values(model, ahead), predictions.shape[-1]
    visits = as_array(visits, "visits", float, model.goals.shape, "events and places")
    if visits.min(initial=0) < 0:
        raise ValueError(f"visits must be ≥ 0; found {visits.min()}")
    weights = np.broadcast_to(visits[:, None] + 1.0, ahead.shape).ravel()
    merged = merge_alike(weights, predictions.reshape(-1, n_actions**2), loss=loss)
    totals = np.bincount(merged.labels, weights)
    means = [
        np.bincount(merged.labels, weights * values[..., a].ravel()) / totals for a in range(n_actions)
    ]
    return merged, np.stack(means, axis=1)[merged.labels].reshape(values.shape)

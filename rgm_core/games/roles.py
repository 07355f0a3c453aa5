"""Which of the things that move is the player's own, which one points depend on, and which stay apart.

Each question is whether something helps to foretell something else: a difference of log evidence between
two models of counts, so that what only looks so by chance counts against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import entr, gammaln

from rgm_core.agent.seen import as_play
from rgm_core.agent.separate import RELEVANCE
from rgm_core.model.checks import as_array


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What helps to foretell what: gains in log evidence, as shares of the entropy of what is foretold.

    Parameters
    ----------
    acted : (K,) float
        Actions, of where a thing will be, beside where it is.
    scored : (K,) float
        Where a thing is, of points.
    informs : (K, K) float
        Where a thing (column) is, of where another (row) will be, beside where that was in two frames.
    """

    acted: np.ndarray
    scored: np.ndarray
    informs: np.ndarray

    @property
    def control(self) -> int:
        """The thing that obeys: the agent's own part."""
        return int(self.acted.argmax())

    @property
    def leading(self) -> int:
        """Of the others, the one that points depend on most."""
        return int(np.where(np.arange(len(self.scored)) == self.control, -np.inf, self.scored).argmax())

    @property
    def event(self) -> list[int]:
        """Things that make events together: the leading one, and those that inform it, or it them.

        Others stay apart, as long as they tell little: less than the share at which the agent takes two
        modalities to be related.
        """
        related = np.maximum(self.informs, self.informs.T)[self.leading] > RELEVANCE
        related[[self.leading, self.control]] = True, False
        return np.flatnonzero(related).tolist()


def find_roles(outcomes: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> Roles:
    """Tell things (T, K) int apart by what they and the actions (T,) foretell; rewards (T,) are points."""
    outcomes, actions = as_play(outcomes, actions)
    points = as_array(rewards, "rewards", float, (len(actions),), "one for each frame") != 0
    within = 2 + np.flatnonzero((actions[2:] >= 0) & (actions[1:-1] >= 0))  # third frames of a game, and on
    if not within.size:
        raise ValueError(
            f"outcomes must hold three frames of one game on end; found {len(outcomes)}, no three"
        )
    before, now, new = outcomes[within - 2], outcomes[within - 1], outcomes[within]
    things, nothing = range(outcomes.shape[1]), np.zeros(len(within))
    informs = np.zeros((len(things), len(things)))
    for k, other in np.argwhere(~np.eye(len(things), dtype=bool)):
        informs[k, other] = _gain(new[:, k], np.stack([now[:, k], before[:, k]], axis=1), now[:, other])
    return Roles(
        acted=np.array([_gain(new[:, k], now[:, k], actions[within]) for k in things]),
        scored=np.array([_gain(points[within], nothing, now[:, k]) for k in things]),
        informs=informs,
    )


def _gain(outcomes: np.ndarray, given: np.ndarray, more: np.ndarray) -> float:
    """How much ``more`` (T,) foretells of outcomes (T,), beside what is given, (T,) or (T, n)."""
    better = _log_evidence(outcomes, np.column_stack([given, more])) - _log_evidence(outcomes, given)
    counts = np.unique(outcomes, return_counts=True)[1]
    entropy = entr(counts / len(outcomes)).sum() * len(outcomes)
    return better / entropy if entropy > 0 else 0.0


def _log_evidence(outcomes: np.ndarray, contexts: np.ndarray) -> float:
    """Of outcomes (T,) in contexts (T, n), each with a prior of mass one: as outcomes are anywhere.

    As `log_dirichlet_evidence`, but of the pairs that occurred: of all contexts few outcomes are seen.
    """
    _, context = np.unique(contexts.reshape(len(outcomes), -1), axis=0, return_inverse=True)
    _, kind, often = np.unique(outcomes, return_inverse=True, return_counts=True)
    pairs, counts = np.unique(np.stack([context.reshape(-1), kind]), axis=1, return_counts=True)
    prior, totals = often[pairs[1]] / len(outcomes), np.bincount(context.reshape(-1))
    return float((gammaln(prior + counts) - gammaln(prior)).sum() - gammaln(1 + totals).sum())

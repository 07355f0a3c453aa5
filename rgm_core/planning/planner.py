"""An agent that plans with a small model in full: perceive, plan, act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rgm_core.model.checks import as_generator, as_number, as_whole, check_type
from rgm_core.planning.free_energy import PRECISION, path_posterior
from rgm_core.planning.pomdp import POMDP, predict_belief, update_belief
from rgm_core.planning.search import search


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a planner believed and did in one step.

    Parameters
    ----------
    belief : (S,) distribution over joint states, after the outcomes.
    log_evidence : ln p(outcomes | past), in nats (the negative variational free energy).
    G : (K,) expected free energy of the paths, in nats.
    path_posterior : (K,) distribution over paths.
    path : the path taken.
    """

    belief: np.ndarray
    log_evidence: float
    G: np.ndarray
    path_posterior: np.ndarray
    path: int


class Planner:
    """Active inference with a `POMDP`: exact beliefs, depth-limited search, a sampled path.

    Parameters
    ----------
    model : POMDP
    depth : int
        Steps to look ahead; see `search`.
    precision : float
        Of the choice among paths.
    rng : numpy.random.Generator, or int to seed one
        Samples the path.

    Attributes
    ----------
    history : list of Move
        One entry for every call of `act` since the last `reset`.
    """

    def __init__(
        self,
        model: POMDP,
        *,
        depth: int = 1,
        precision: float = PRECISION,
        rng: np.random.Generator | int,
    ):
        check_type(model, POMDP, "model")
        self.model, self.depth = model, as_whole(depth, "depth", 1)
        self.precision = as_number(precision, "precision", "finite and ≥ 0", low=0, without=(np.inf,))
        self.rng = as_generator(rng)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the model."""
        self.history: list[Move] = []

    def act(self, outcomes: Sequence[int] | np.ndarray) -> int:
        """Update the belief from the outcomes (-1 is missing), and choose a row of ``model.paths``.

        Raises
        ------
        ValueError
            If the outcomes do not fit the model, or are impossible under it.
        """
        prior = self.model.initial_belief
        if self.history:
            last = self.history[-1]
            prior = predict_belief(self.model, last.belief, last.path)
        belief, log_evidence = update_belief(self.model, prior, outcomes)
        G = search(self.model, belief, self.depth, precision=self.precision)
        posterior = path_posterior(G, self.precision)
        path = int(self.rng.choice(len(G), p=posterior))
        move = Move(belief=belief, log_evidence=log_evidence, G=G, path_posterior=posterior, path=path)
        self.history.append(move)
        return path

"""What a learned agent imagines, and how well it foresaw what came."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rgm_core.agent.agent import Agent
from rgm_core.planning.induction import next_step


def imagine(agent: Agent, state: int, n_steps: int, *, rng: np.random.Generator) -> np.ndarray:
    """States that the agent would go through if its plans came true: play in its mind.

    From each state it goes to one that is on the way to the nearest goal; where no goal can be reached,
    to one that followed before, in proportion to the counts.

    Parameters
    ----------
    agent : Agent
        It must have learned.
    state : int
        Where it begins, an index of ``agent.windows``.
    n_steps : int
        Number of states, the first one included.
    rng : numpy.random.Generator
        Chooses among equally good ones.

    Returns
    -------
    (n_steps,) int
        Shorter if a state is met that nothing ever followed. ``agent.frames`` shows how states look.

    Raises
    ------
    ValueError
        If state or n_steps is out of range.
    """
    if not 0 <= state < len(agent.windows):
        raise ValueError(f"state must lie in 0 … {len(agent.windows) - 1}; found {state}")
    if not n_steps >= 1:
        raise ValueError(f"n_steps must be ≥ 1; found {n_steps}")
    states = [int(state)]
    while len(states) < n_steps:
        weights = agent.counts[:, [states[-1]]].toarray().ravel().astype(float)
        plan = next_step(agent.reached, agent.transitions, states[-1])
        if plan.reachable:
            weights *= plan.next_states
        if not weights.any():
            break
        states.append(int(rng.choice(len(weights), p=weights / weights.sum())))
    return np.array(states)


def log_evidence_of_play(agent: Agent, outcomes: np.ndarray, *, mass: float = 1.0) -> np.ndarray:
    """How well the agent's model foresees play: ln p(window | window before), in nats.

    Transition probabilities are the mean of a Dirichlet distribution: the counts, and a prior ``mass``
    that is shared equally among all states and one that stands for anything new.

    Parameters
    ----------
    agent : Agent
        It must have learned, and is not changed.
    outcomes : (T, G) int
        Successive frames of one game, T ≥ 3.
    mass : float
        Prior counts of a state's transitions altogether, > 0.

    Returns
    -------
    (T - 2,) float

    Raises
    ------
    ValueError
        If there are fewer than three frames, or mass is not positive.
    """
    if len(outcomes) < 3 or not mass > 0:
        raise ValueError(f"expected three frames or more and mass > 0; found {len(outcomes)} and {mass}")
    windows = [agent.recognise(before, now) for before, now in pairwise(outcomes)]
    share = mass / (len(agent.windows) + 1)
    totals = agent.counts.sum(axis=0)
    evidence = []
    for (start, start_known), (to, to_known) in pairwise(windows):
        seen = agent.counts[to, start] if start_known and to_known else 0
        evidence.append(np.log((seen + share) / ((totals[start] if start_known else 0) + mass)))
    return np.array(evidence)

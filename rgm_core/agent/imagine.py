"""What a learned agent imagines, how well it foresaw what came, and which states it needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rgm_core.agent.agent import Agent
from rgm_core.agent.belief import infer_events, predict_events
from rgm_core.agent.play import PlayModel, action_values
from rgm_core.planning.induction import THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Fantasy:
    """Play that never took place.

    Parameters
    ----------
    outcomes : (n, G) int
        Frames; -1 for modalities that the agent took for noise.
    events, places : (n,) int
        Where it was at each.
    """

    outcomes: np.ndarray
    events: np.ndarray
    places: np.ndarray


def imagine(
    agent: Agent, n_steps: int, *, state: tuple[int, int], rng: np.random.Generator | int
) -> Fantasy:
    """Run the agent's model with closed eyes: play as it would if its plans came true.

    At every step it takes the action that it thinks best, and draws what follows from its model.

    Parameters
    ----------
    agent : Agent
        It must have learned, and is not changed.
    n_steps : int
        Number of frames, the first one included.
    state : (int, int)
        Event and place to begin with, as in ``agent.history``.
    rng : numpy.random.Generator or int

    Returns
    -------
    Fantasy
        Shorter if an event is met that nothing ever followed.

    Raises
    ------
    ValueError
        If state or n_steps is out of range.
    """
    model, rng = agent.model, np.random.default_rng(rng)
    n_events, n_places = model.goals.shape
    if not (0 <= state[0] < n_events and 0 <= state[1] < n_places):
        raise ValueError(f"state must lie below {(n_events, n_places)}; found {tuple(state)}")
    if not n_steps >= 1:
        raise ValueError(f"n_steps must be ≥ 1; found {n_steps}")
    event, place, remembered = *(int(s) for s in state), 0
    visited = [(event, place)]
    while len(visited) < n_steps:
        values = action_values(model, agent.ahead, np.eye(n_events)[event], remembered, place)
        action = int(values.argmax())
        following = model.moves[remembered, place, action]
        remembered = model.remember(place, action)
        place = int(rng.choice(n_places, p=following / following.sum()))
        p = model.follow(np.eye(n_events)[event], place)
        if not p.any():
            break
        event = int(rng.choice(n_events, p=p / p.sum()))
        visited.append((event, place))
    events, places = np.array(visited).T
    return Fantasy(outcomes=_frames(agent, events, places), events=events, places=places)


def _frames(agent: Agent, events: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Frames (n, G) that events make at places."""
    frames = np.full((len(events), agent.n_modalities), -1)
    for frame, event, place in zip(frames, events, places, strict=True):
        news = agent.model.windows[event, 1]
        frame[agent.separation.pixels] = agent.separation.outcomes(news, place)
    frames[:, agent.control] = places
    for (modality, outcome), rates in ((agent.goal, agent.model.goals), (agent.cost, agent.model.costs)):
        frames[:, modality] = np.where(rates[events, places] > 0.5, outcome, 1 - outcome)
    return frames


def evidence_of_play(agent: Agent, outcomes: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """How well the agent's model foresees play: contributions of its levels to ln p(frame | before).

    Parameters
    ----------
    agent : Agent
        It must have learned, and is not changed.
    outcomes : (T, G) int
        Successive frames of one game, T ≥ 2.
    actions : (T,) int
        Action that led to each; the first is not used.

    Returns
    -------
    (T - 1, 2) float
        In nats, for each frame but the first: accuracy of the lower level, and minus the complexity of the
        level of events. They add up to the log evidence of the frame, the ELBO of exact inference.

    Raises
    ------
    ValueError
        If there are fewer than two frames.
    """
    if len(outcomes) < 2:
        raise ValueError(f"outcomes must hold two frames or more; found {len(outcomes)}")
    model, separation = agent.model, agent.separation
    news, places = separation.news(np.asarray(outcomes)), outcomes[:, agent.control]
    belief, levels = None, []
    for t in range(len(outcomes)):
        remembered = 0 if belief is None else model.remember(belief.place, int(actions[t]))
        before = news[t - 1] if t else None
        predicted = predict_events(model, belief, before, int(places[t]))
        belief = infer_events(model, predicted, news[t], int(places[t]), remembered)
        levels.append((belief.accuracy, -belief.complexity))
    return np.array(levels[1:])


def possible_play(model: PlayModel) -> tuple[sparse.csr_array, np.ndarray]:
    """Which event at a place can follow which, whatever the agent does: for basins of attraction.

    Parameters
    ----------
    model : PlayModel

    Returns
    -------
    transitions : (E·C, E·C) sparse array of int
        One where state (row), event · C + place, can follow another (column) by some action, with more than
        1/32, without being a cost. Only events and places that were seen together count.
    goals : (E·C,) bool
        States that are more often goals than not.
    """
    n_places = model.goals.shape[1]
    allowed = model.known & (model.costs < 0.5)
    moves = model.moves.max(axis=(0, 2)) > THRESHOLD  # (C, C'), by some action
    start, to = [], []
    for here, there in np.argwhere(moves):
        possible = model.following[:, there] > THRESHOLD
        possible &= model.known[model.edges[:, 0], here] & allowed[model.edges[:, 1], there]
        start.append(model.edges[possible, 0] * n_places + here)
        to.append(model.edges[possible, 1] * n_places + there)
    start, to = np.concatenate(start), np.concatenate(to)
    shape = (model.known.size, model.known.size)
    transitions = sparse.coo_array((np.ones(len(to), int), (to, start)), shape=shape).tocsr()
    return transitions, (allowed & (model.goals > 0.5)).ravel()

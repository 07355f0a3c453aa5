"""What a learned agent imagines, how well it foresaw what came, and which states it needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgm_core.agent.agent import Agent
from rgm_core.agent.belief import Belief, infer_events, predict_events
from rgm_core.agent.play import PlayModel, action_values
from rgm_core.agent.seen import as_frames, as_play
from rgm_core.model.checks import as_array, as_generator, as_whole, check_type


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
    model, rng = _learned(agent), as_generator(rng)
    n_events, n_places = model.goals.shape
    event, place = as_array(state, "state", int, (2,), "an event and a place").tolist()
    if not (0 <= event < n_events and 0 <= place < n_places):
        raise ValueError(f"state must lie below {(n_events, n_places)}; found {(event, place)}")
    n_steps, remembered = as_whole(n_steps, "n_steps", 1), 0
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


def _learned(agent: Agent) -> PlayModel:
    """The model of an agent that has one; else an error."""
    check_type(agent, Agent, "agent")
    if not hasattr(agent, "model"):
        raise ValueError("agent must have learned; call agent.learn with some play first")
    return agent.model


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


def follow_play(agent: Agent, outcomes: np.ndarray, actions: np.ndarray) -> list[Belief]:
    """What the agent believes at each frame of a game that it looks on, without learning from it.

    Parameters
    ----------
    agent : Agent
        It must have learned, and is not changed.
    outcomes : (T, G) int
        Successive frames of one game.
    actions : (T,) int
        Action that led to each; the first is not used.
    """
    model, separation = _learned(agent), agent.separation
    outcomes, actions = as_play(outcomes, actions)
    n_places, n_actions = model.moves.shape[1:3]
    if outcomes.shape[1] != agent.n_modalities or (outcomes[:, agent.control] >= n_places).any():
        raise ValueError(
            f"outcomes must be frames of {agent.n_modalities} modalities, control below {n_places}; "
            f"found {outcomes!s:.60}, shape {outcomes.shape}"
        )
    if actions[1:].min(initial=0) < 0 or actions.max() >= n_actions:
        raise ValueError(f"actions must lie in 0 … {n_actions - 1}, of one game; found {actions[1:]!s:.60}")
    news, places = separation.news(outcomes), outcomes[:, agent.control].tolist()
    belief, before, beliefs = None, None, []
    for now, place, action in zip(news, places, actions.tolist(), strict=True):
        remembered = 0 if belief is None else model.remember(belief.place, action)
        predicted = predict_events(model, belief, before, place)
        belief, before = infer_events(model, predicted, now, place, remembered), now
        beliefs.append(belief)
    return beliefs


def evidence_of_play(agent: Agent, outcomes: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """How well the agent's model foresees play: contributions of its levels to ln p(frame | before).

    Parameters are those of :func:`follow_play`, with T ≥ 2.

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
    outcomes = as_frames(outcomes)
    if len(outcomes) < 2:
        raise ValueError(f"outcomes must hold two frames or more; found {len(outcomes)}")
    beliefs = follow_play(agent, outcomes, actions)[1:]
    return np.array([(belief.accuracy, -belief.complexity) for belief in beliefs])


def leading_components(outcomes: np.ndarray, n: int = 3) -> np.ndarray:
    """Play in its leading singular vectors, to look at: (T, n) float.

    Outcomes (T, G) int become indicators, one for each outcome of each modality, less their mean.
    """
    outcomes, n = as_frames(outcomes), as_whole(n, "n", 1)
    indicators = [outcomes == o for o in range(int(outcomes.max()) + 1)]
    x = np.concatenate(indicators, axis=1).astype(float)
    x = x[:, x.any(axis=0)] - x[:, x.any(axis=0)].mean(axis=0)
    u, scale, _ = np.linalg.svd(x, full_matrices=False)
    u *= np.sign(
        u[np.abs(u).argmax(axis=0), np.arange(u.shape[1])]
    )  # a sign does not depend on the library
    return u[:, :n] * scale[:n]


def rewarded_episodes(outcomes: np.ndarray, actions: np.ndarray, goals, costs):
    """Those episodes of play that go from after a cost, or a goal, to a goal, without a cost.

    Parameters
    ----------
    outcomes : (T, G) int
    actions : (T,) int
        Action that led to each frame; -1 where a new game begins.
    goals, costs : (T,) bool
        Frames that are a goal, and a cost.

    Returns
    -------
    outcomes (n, G), actions (n,) of these episodes one after the other; -1 where one does not follow
    from the one before.
    """
    outcomes, actions = as_play(outcomes, actions)
    goals = as_array(goals, "goals", bool, (len(actions),), "one for each frame")
    costs = as_array(costs, "costs", bool, (len(actions),), "one for each frame")
    begins = np.r_[True, (goals | costs)[:-1]] | (actions < 0)
    starts = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
    ends = np.flatnonzero(goals & ~costs)
    kept = np.concatenate([np.arange(starts[e], e + 1) for e in ends]) if len(ends) else ends
    kept_actions = actions[kept]
    kept_actions[np.diff(kept, prepend=-2) != 1] = -1
    return outcomes[kept], kept_actions

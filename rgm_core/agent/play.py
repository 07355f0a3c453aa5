"""A model of play, frozen, and planning with it (equation 5.16).

Two factors on top generate what is seen: the event e of the world, and the place c of the agent's own part,
with a memory m of the place or action before if it needs one:

    p(c' | m, c, a)     what an action does,
    p(e' | e, c')       what follows an event, given where the agent then is,
    p(goal | e', c')    and whether it is a goal, or a cost.

Induction asks for the probability of reaching a goal before a cost. With I_0 = 0 and ρ the probability that
nothing comes of it at each frame,

    I_n+1(e, m, c) = max_a E[ goal + (1 - goal - cost)(1 - ρ) I_n(e', m', c') ],

which is the article's rule, I_n+1 = B̄ᵀ I_n, where every transition is certain, and counts how likely it is
where it is not. Every table is the mean of Dirichlet counts, whose prior is the table without the context
that is asked for: what is known of an event wherever the agent is, before it was seen just there. What is
known of an event does not speak for places where the agent's own part would hide it: there something else
will happen. What, is told by other events that were hidden by the same outcome of the own part, say by the
middle of a bat; before there were any, it may be worth a try.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rgm_core.agent.experience import MEMORIES, Experience
from rgm_core.model.checks import as_whole, check_type

PRIOR = 1.0  # Dirichlet counts of what is known without the context
PATIENCE = 0.98  # 1 - ρ: of two ways to a goal the sooner
HOPE = 0.05  # probability of a goal below which the agent explores
TIE = 1e-6  # values closer than this, relative to the largest, count as equal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayModel:
    """Events, places, and how they go on.

    Parameters
    ----------
    windows : (E, 2, K) int16
        News of the two frames of each event.
    edges : (N, 2) int
        Events, and events that followed them, sorted.
    following : (N, C) float
        p(e' | e, c') of each edge.
    followed : (N, C) bool
        Whether it was seen at that place, or is only taken to hold there as elsewhere.
    goals, costs : (E, C) float
        Probability of a goal, and of a cost, at an event and place.
    moves : (M, C, A, C) float
        p(c' | m, c, a).
    memory : str
        What m is: "none" (M = 1), the "place" before, or the "action" before.
    known : (E, C) bool
        Events and places that were seen together.
    """

    windows: np.ndarray
    edges: np.ndarray
    following: np.ndarray
    followed: np.ndarray
    goals: np.ndarray
    costs: np.ndarray
    moves: np.ndarray
    memory: str
    known: np.ndarray

    @property
    def n_events(self) -> int:
        """Number of events E."""
        return len(self.windows)

    def follow(self, events: np.ndarray, place: int) -> np.ndarray:
        """Distribution (E,) over the next event from one over this, when the agent is at a place."""
        weights = events[self.edges[:, 0]] * self.following[:, place]
        return np.bincount(self.edges[:, 1], weights=weights, minlength=self.n_events)

    def consequences(self, remembered: int, place: int) -> np.ndarray:
        """(A, C) float, p(c' | action)."""
        return self.moves[remembered, place]

    def remember(self, place: int, action: int) -> int:
        """The memory that a place, and an action there, leave behind."""
        return {"none": 0, "place": place, "action": action}[self.memory]

    def avoid(self, states: np.ndarray) -> PlayModel:
        """The same model with events at places, (E, C) bool, that must not be entered: certain costs."""
        return replace(
            self, costs=np.where(states, 1.0, self.costs), goals=np.where(states, 0.0, self.goals)
        )


def model_of(experience: Experience) -> PlayModel:
    """The model that counts make: means of Dirichlet distributions."""
    check_type(experience, Experience, "experience")
    windows = np.array(experience.windows, np.int16).reshape(len(experience.windows), 2, -1)
    edges = np.array(sorted(experience.follows), int).reshape(-1, 2)
    counts = np.array([experience.follows[tuple(e)] for e in edges.tolist()])
    seen = np.array(experience.seen).reshape(len(windows), -1, 3)
    memory = experience.memory()
    counts = counts.reshape(len(edges), -1)
    hides = experience.separation.hides(windows[:, 1])
    goals, costs = (
        _rates(seen[:, :, k], seen[:, :, 0], hides, edges, counts, apart=apart)
        for k, apart in ((1, True), (2, False))
    )
    return PlayModel(
        windows=windows,
        edges=edges,
        following=_following(edges[:, 0], counts, len(windows)),
        followed=counts > 0,
        goals=goals,
        costs=costs,
        moves=_moves(experience, memory),
        memory=memory,
        known=seen[:, :, 0] > 0,
    )


def _following(start: np.ndarray, counts: np.ndarray, n_events: int) -> np.ndarray:
    """p(e' | e, c'), with p(e' | e) as its prior."""
    totals = np.zeros((n_events, counts.shape[1]))
    np.add.at(totals, start, counts)
    anywhere = counts.sum(axis=1) / totals.sum(axis=1)[start]
    return (counts + PRIOR * anywhere[:, None]) / (totals[start] + PRIOR)


def _rates(found, seen, hides, edges, counts, *, apart: bool) -> np.ndarray:
    """Rate (E, C) of what was found in what was seen; its prior is the rate over all places.

    Where the own part would hide the event, the prior is the rate of what was hidden so too. Elsewhere, if
    events stand ``apart``, it is never more than the rate over all events. So do goals, for a goal at one
    place makes no goal of the next. Costs do not: few things that cost are harmless somewhere.
    """
    overall = found.sum() / max(seen.sum(), 1)
    anywhere = (found.sum(axis=1) + PRIOR * overall) / (seen.sum(axis=1) + PRIOR)
    prior = np.tile((np.minimum(anywhere, overall) if apart else anywhere)[:, None], seen.shape[1])
    rates = found / np.maximum(seen, 1)
    for outcome in np.unique(hides[hides >= 0]):
        prior[hides == outcome] = _rate_behind(hides == outcome, rates, edges, counts, overall)
    return (found + PRIOR * prior) / (seen + PRIOR)


def _rate_behind(hidden, rates, edges, counts, overall: float) -> float:
    """Mean of rates (E, C) of what was seen to follow where another would have been hidden (E, C)."""
    would = np.zeros(hidden.shape, bool)  # after this event, with the agent at this place
    np.logical_or.at(would, edges[:, 0], hidden[edges[:, 1]])
    seen = counts * would[edges[:, 0]]
    return float(((seen * rates[edges[:, 1]]).sum() + PRIOR * overall) / (seen.sum() + PRIOR))


def _moves(experience: Experience, memory: str) -> np.ndarray:
    """p(c' | m, c, a); its prior is the same without m, whose prior is that without a."""
    n_places, n_actions = experience.n_places, experience.n_actions
    n_memories: dict[str, int] = dict(zip(MEMORIES, (1, n_places, n_actions), strict=True))
    counts = {m: np.zeros((n_memories[m], n_places, n_actions, n_places)) for m in {"none", memory}}
    for m, table in counts.items():
        for context, row in experience.places[m].items():
            table[context] = row
    plain = counts["none"][0]
    anyhow = plain.sum(axis=1) / np.maximum(plain.sum(axis=(1, 2)), 1)[:, None]
    plain = (plain + PRIOR * anyhow[:, None]) / (plain.sum(axis=2) + PRIOR)[:, :, None]
    if memory == "none":
        return plain[None]
    table = counts[memory]
    return (table + PRIOR * plain) / (table.sum(axis=3) + PRIOR)[..., None]


def induce_play(model: PlayModel, depth: int) -> np.ndarray:
    """Probability of a goal before a cost, by induction over ``depth`` frames, once e and (m', c') are set.

    Parameters
    ----------
    model : PlayModel
    depth : int
        Frames to look ahead, ≥ 1.

    Returns
    -------
    (E, M, C) float
        E[goal + (1 - goal - cost)(1 - ρ) I(e', m', c')] over what may follow e when the agent then is at
        c' and remembers m'. Zero for events that nothing was seen to follow.
    """
    check_type(model, PlayModel, "model")
    depth = as_whole(depth, "depth", 1)
    n_memories, n_places = model.moves.shape[:2]
    start = model.edges[:, 0]
    first = np.flatnonzero(np.diff(start, prepend=-1))  # of each event's edges
    ahead = np.zeros((model.n_events, n_memories, n_places))
    goals = model.goals[:, None]
    on = PATIENCE * np.clip(1 - model.goals - model.costs, 0, 1)[:, None]
    for _ in range(depth if len(first) else 0):
        reached = goals + on * best_value(model, ahead)
        new = np.zeros_like(ahead)
        paths = model.following[:, None] * reached[model.edges[:, 1]]
        new[start[first]] = np.add.reduceat(paths, first, axis=0)
        change, ahead = np.abs(new - ahead).max(initial=0), new
        if change < 1e-9:
            break
    return ahead


def best_value(model: PlayModel, ahead: np.ndarray) -> np.ndarray:
    """(E, M, C) float, the value of the best action in every state, from `induce_play`."""
    return all_values(model, ahead).max(axis=3)


def all_values(model: PlayModel, ahead: np.ndarray) -> np.ndarray:
    """(E, M, C, A) float, the value of every action in every state, from `induce_play`."""
    # what is remembered next is nothing, the place now, or the action
    terms = {"none": "exd,mcad->emca", "place": "ecd,mcad->emca", "action": "ead,mcad->emca"}
    return np.einsum(terms[model.memory], ahead, model.moves, optimize=True)


def action_values(
    model: PlayModel, ahead: np.ndarray, events: np.ndarray, remembered: int, place: int
) -> np.ndarray:
    """(A,) float, probability of a goal before a cost after each action, for beliefs (E,) about events."""
    hope = np.tensordot(events, ahead, axes=1)  # (M, C)
    moves = model.consequences(remembered, place)
    then = [model.remember(place, action) for action in range(len(moves))]
    return (moves * hope[then]).sum(axis=1)

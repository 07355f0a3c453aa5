"""States that an expert goes round in, found from the model of play while it grows.

Of all states, an event at a place each, those are worth planning with from which a goal can be reached and
that need not be left: the basin of attraction (equation 5.12). Where chance has a say, such a state has an
action that leads nowhere else. Of the basin those states are left that cannot be spared, when they are
dropped one by one, beginning with those that expert play is expected to visit least (5.13).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from rgm_core.agent.alike import best_actions
from rgm_core.agent.basin import basin_of_attraction, steady_state
from rgm_core.agent.play import PlayModel, all_values
from rgm_core.model.checks import as_array, check_choice, check_type
from rgm_core.planning.induction import THRESHOLD

STATES = ("all", "basin", "steady")


def possible_play(model: PlayModel) -> tuple[sparse.csr_array, np.ndarray]:
    """Which event at a place can follow which, whatever the agent does: for basins of attraction.

    Parameters
    ----------
    model : PlayModel

    Returns
    -------
    transitions : (E·C, E·C) sparse array of int
        One where state (row), event · C + place, can follow another (column) by some action, with more than
        1/32, without being a cost. Only what was seen counts.
    goals : (E·C,) bool
        States that are more often goals than not.
    """
    check_type(model, PlayModel, "model")
    allowed = model.costs.ravel() < 0.5
    after = [after_action(model, action).tocoo() for action in range(model.moves.shape[2])]
    pairs = np.unique(np.concatenate([[x.row, x.col] for x in after], axis=1), axis=1)
    pairs = pairs[:, allowed[pairs[0]]].astype(int)
    shape = (allowed.size, allowed.size)
    transitions = sparse.coo_array((np.ones(pairs.shape[1], int), tuple(pairs)), shape=shape).tocsr()
    return transitions, model.known.ravel() & allowed & (model.goals.ravel() > 0.5)


def after_action(model: PlayModel, action: int) -> sparse.csr_array:
    """What was seen that may follow each state (column) by an action, costs included: (E·C, E·C) of int."""
    n_places = model.goals.shape[1]
    moves = model.moves[:, :, action].max(axis=0)  # (C, C'), whatever is remembered
    start, to = [np.zeros(0, int)], [np.zeros(0, int)]
    for here, there in np.argwhere(moves > THRESHOLD):
        possible = (model.following[:, there] * moves[here, there] > THRESHOLD) & model.followed[:, there]
        possible &= model.known[model.edges[:, 0], here]
        start.append(model.edges[possible, 0] * n_places + here)
        to.append(model.edges[possible, 1] * n_places + there)
    rows, columns = np.concatenate(to), np.concatenate(start)
    shape = (model.known.size, model.known.size)
    return sparse.coo_array((np.ones(len(rows), int), (rows, columns)), shape=shape).tocsr()


def expected_play(model: PlayModel, ahead: np.ndarray) -> sparse.csr_array:
    """How an expert is expected to go on: (E·C, E·C), the next state (row) of each (column).

    Parameters
    ----------
    model : PlayModel
    ahead : (E, M, C) float
        From `induce_play`. Of equally good actions each is as probable, and so is all that is remembered.
    """
    check_type(model, PlayModel, "model")
    (n_events, n_places), n_memories = model.goals.shape, len(model.moves)
    ahead = as_array(ahead, "ahead", float, (n_events, n_memories, n_places), "events, memories, places")
    chosen = best_actions(all_values(model, ahead))
    moves = np.einsum("emca,mcad->ecd", chosen, model.moves, optimize=True) / n_memories
    start, to, chances = [], [], []
    for here, there in np.argwhere(moves.any(axis=0)):
        chances.append(moves[model.edges[:, 0], here, there] * model.following[:, there])
        start.append(model.edges[:, 0] * n_places + here)
        to.append(model.edges[:, 1] * n_places + there)
    entries = np.concatenate(chances), (np.concatenate(to), np.concatenate(start))
    play = sparse.coo_array(entries, shape=(model.known.size, model.known.size)).tocsr()
    play.eliminate_zeros()
    return play


def expert_states(model: PlayModel, ahead: np.ndarray, states: str = "steady") -> np.ndarray:
    """States that are worth planning with, (E, C) bool; all as long as there is no way from goal to goal.

    Parameters
    ----------
    model : PlayModel
    ahead : (E, M, C) float
        From `induce_play`.
    states : {"all", "basin", "steady"}
        All; the basin of attraction of the goals; or what its steady state cannot spare.

    Raises
    ------
    ValueError
        If states is another word, or ahead has another shape.
    """
    check_choice(states, "states", STATES)
    play, everywhere = expected_play(model, ahead), np.ones(model.known.shape, bool)
    if states == "all":
        return everywhere
    transitions, goals = possible_play(model)
    if not goals.any():
        return everywhere
    after = [after_action(model, action) for action in range(model.moves.shape[2])]
    kept = _stay(after, basin_of_attraction(transitions, goals))
    if not kept.any():
        return everywhere
    if states == "steady":
        members = np.flatnonzero(kept)
        density = steady_state(play[members][:, members])
        kept[members] = _spare([x[members][:, members] for x in _safe(after, kept)], density)
    return kept.reshape(model.known.shape)


def _safe(after: list[sparse.csr_array], kept: np.ndarray) -> list[sparse.csr_array]:
    """What follows each action (column), but for states where it may lead out of those kept."""
    out = [x.T @ (~kept).astype(int) > 0 for x in after]
    return [sparse.csr_array(x.multiply(~leads_out)) for x, leads_out in zip(after, out, strict=True)]


def _stay(after: list[sparse.csr_array], kept: np.ndarray) -> np.ndarray:
    """Those of the states kept that have an action that leads to states kept, and nowhere else."""
    while True:
        staying = np.any([np.asarray(x.sum(axis=0)).ravel() > 0 for x in _safe(after, kept)], axis=0)
        if (staying | ~kept).all():
            return kept
        kept = kept & staying


def _spare(after: list[sparse.csr_array], density: np.ndarray) -> np.ndarray:
    """Drop states, the rarest first, unless one that is left would lose its last safe action; (S,) bool."""
    by_row, left = [sparse.csr_array(x) for x in after], np.ones(len(density), bool)
    safe = np.array([np.asarray(x.sum(axis=0)).ravel() > 0 for x in by_row])  # actions, states
    for s in np.argsort(density, kind="stable"):
        would = safe.copy()
        for action, x in enumerate(by_row):
            would[action, x.indices[x.indptr[s] : x.indptr[s + 1]]] = False
        left[s] = False
        if left.any() and np.any(would, axis=0)[left].all():
            safe = would
        else:
            left[s] = True
    return left

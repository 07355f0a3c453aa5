"""Basin and steady state of a model of play: where chance has a say, and while the model grows."""

import numpy as np
import pytest

from rgm_core import Agent
from rgm_core.agent import expected_play, expert_states, induce_play
from rgm_core.agent.expert import after_action
from rgm_core.agent.play import PlayModel
from rgm_core.games import Pong, play_randomly, play_with

STREAMS = ("reward", "cost", "control")


def world(*edges, goals, n_events, n_places=2):
    """The action is the next place; edges (event, place then, next event, chance) are all there is."""
    pairs = sorted({(e, to) for e, _, to, _ in edges})
    following = np.zeros((len(pairs), n_places))
    for e, place, to, chance in edges:
        following[pairs.index((e, to)), place] = chance
    is_goal = np.isin(np.arange(n_events), goals).astype(float)
    return PlayModel(
        windows=np.zeros((n_events, 2, 1), np.int16),
        edges=np.array(pairs),
        following=following,
        followed=following > 0,
        goals=np.repeat(is_goal[:, None], n_places, axis=1),
        costs=np.zeros((n_events, n_places)),
        moves=np.broadcast_to(np.eye(n_places), (1, n_places, n_places, n_places)),
        memory="none",
        known=np.ones((n_events, n_places), bool),
    )


def kept(model, states):
    found = expert_states(model, induce_play(model, 16), states)
    return np.flatnonzero(found.any(axis=1)).tolist()


def test_a_state_from_which_chance_may_lead_astray_is_not_in_the_basin():
    """From 0, place 0 leads to the goal 1 or, by chance, to 2, where all ends; place 1 only to the goal."""
    risky = [(0, 0, 1, 0.5), (0, 0, 2, 0.5), (1, 0, 0, 1.0), (1, 1, 0, 1.0)]
    safe = (0, 1, 1, 1.0)
    assert kept(world(*risky, safe, goals=[1], n_events=3), "basin") == [0, 1]
    everything = expert_states(world(*risky, goals=[1], n_events=3), np.zeros((3, 1, 2)), "basin")
    assert everything.all()  # there is no way that can be relied on: plan with what there is


def test_the_steady_state_keeps_what_chance_brings():
    """The goal 2 leads to 0 or 1, whatever is done: both must be kept. The detour 3 can be spared."""
    edges = [(s, c, 2, 1.0) for s in (0, 1, 3) for c in (0, 1) if (s, c) != (0, 1)]
    edges += [(0, 1, 3, 1.0), *((2, c, s, 0.5) for s in (0, 1) for c in (0, 1))]
    model = world(*edges, goals=[2], n_events=4)
    assert kept(model, "basin") == [0, 1, 2, 3]
    assert kept(model, "steady") == [0, 1, 2]


def learned(n_frames, **options):
    game = Pong(streams=STREAMS)
    play = play_randomly(game, n_frames, rng=0)
    agent = Agent(goal=(108, 1), cost=(109, 1), control=110, rng=1, **options)
    return game, agent.learn(play.outcomes, play.actions)


def test_expected_play_is_best_actions_then_moves_then_what_follows():
    _, agent = learned(2000)
    model = agent.model
    play = expected_play(model, agent.ahead).toarray()
    event, place = 40, 4
    values = model.moves[0, place] @ agent.ahead[event, 0]
    chosen = np.isclose(values, values.max(), rtol=1e-6)
    expected = np.zeros(model.goals.shape)
    for there in range(9):
        moved = (chosen / chosen.sum()) @ model.moves[0, place, :, there]
        expected[:, there] = moved * model.follow(np.eye(model.n_events)[event], there)
    np.testing.assert_allclose(play[:, event * 9 + place], expected.ravel(), atol=1e-12)


@pytest.mark.parametrize("states", ["basin", "steady"])
def test_few_states_are_enough_to_play(states):
    """Each state kept has an action after which only states kept were seen; and no ball is lost."""
    game, agent = learned(4000, states=states)
    inside = agent.kept.ravel()
    staying = np.zeros(inside.size, bool)
    for action in range(3):
        after = after_action(agent.model, action)
        within, out = (np.asarray(after.T @ part.astype(int)) > 0 for part in (inside, ~inside))
        staying |= within & ~out
    assert (staying | ~inside).all()
    assert inside.sum() < (500 if states == "steady" else 1500)
    agent.learning = False
    assert play_with(agent.act, game, 1000, seed=3).hit_rate >= 0.97


def test_while_there_is_no_way_round_all_states_are_used():
    _, agent = learned(60, states="steady")
    assert agent.kept.all()
    with pytest.raises(ValueError, match="states must be"):
        learned(60, states="few")

"""The rivals that learn by reward, against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from rgm_core.agent import DynaQ, QLearner, value_iteration
from rgm_core.games import Pong, play_randomly, play_with

STREAMS = ("reward", "cost", "control")


def test_q_learning_finds_the_value_of_a_choice_and_of_the_way_to_it():
    """Frame 0: action 1 leads to frame 1, others back to 0; frame 1: action 2 is rewarded."""
    learner = QLearner(reward=(1, 1), cost=(2, 1), streams=2, discount=0.5, rng=np.random.default_rng(0))
    place, reward, cost = 0, 0, 0
    for _ in range(300):
        action = learner.act(np.array([place, reward, cost]))
        reward = int(place == 1 and action == 2)
        cost = int(place == 1 and action == 0)
        place = int(place == 0 and action == 1)
    there = learner.values[np.array([0, 1]).tobytes()]
    np.testing.assert_allclose(there[2], 1 + 0.5 * 0.5 / 0.75, atol=1e-6)  # a reward in every second frame
    assert there.argmax() == 2
    assert there[0] < there[2]
    with pytest.raises(ValueError, match="discount must be ≥ 0 and < 1"):
        QLearner(reward=(0, 1), cost=(1, 1), discount=2, rng=np.random.default_rng(0))


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.9])
def test_q_learning_looks_ahead_as_far_as_its_discount(discount):
    """Frame 0 gives nothing and leads to frame 1, which gives 1 and ends: worth discount · 1, and 1."""
    learner = QLearner(reward=(1, 1), cost=(2, 1), streams=2, n_actions=1, discount=discount, rng=0)
    for _ in range(4):
        learner.reset()
        for place, reward in ((0, 0), (1, 0), (2, 1)):
            learner.act(np.array([place, reward, 0]))
    windows = [np.array(places).tobytes() for places in ([0], [0, 1])]
    assert [float(learner.values[w][0]) for w in windows] == pytest.approx([discount, 1.0])


def play_two_frames(learner, n_steps=300):
    """Frame 0: action 1 leads to frame 1, others back to 0; frame 1: action 2 is rewarded, 0 costs."""
    place, reward, cost = 0, 0, 0
    for _ in range(n_steps):
        action = learner.act(np.array([place, reward, cost]))
        reward, cost = int(place == 1 and action == 2), int(place == 1 and action == 0)
        place = int(place == 0 and action == 1)
    return learner.values[learner.numbers[np.array([0, 1]).tobytes()]]


@pytest.mark.parametrize("replays", [0, 20, None])
def test_dyna_finds_the_value_of_a_choice_and_of_the_way_to_it(replays):
    learner = DynaQ(reward=(1, 1), cost=(2, 1), streams=2, replays=replays, discount=0.5, rng=0)
    there = play_two_frames(learner)
    np.testing.assert_allclose(there[2], 1 + 0.5 * 0.5 / 0.75, atol=1e-3)
    assert there.argmax() == 2


def test_dyna_learns_by_watching_and_does_not_learn_a_jump_over_a_reset():
    """Frame 1 ends one game and frame 0 begins the next: nothing leads from one to the other."""
    outcomes = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 0]])
    learner = DynaQ(reward=(1, 1), cost=(2, 1), streams=2, replays=None, rng=0)
    learner.learn(outcomes, np.array([-1, 1, -1, 1]))
    assert len(learner.numbers) == 2
    np.testing.assert_allclose(learner.values[:2], [[0, 1, 0], [0, 0, 0]])


@given(seed=st.integers(0, 2**32 - 1))
def test_value_iteration_solves_bellmans_equation(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 3, (2, 5, 5))  # some rows are empty: pairs that were not tried
    gains = rng.normal(size=(5, 2))
    q = value_iteration([sparse.csr_array(c) for c in counts], gains, discount=0.9, tolerance=1e-10)
    P = counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)
    np.testing.assert_allclose(q, gains + 0.9 * (P @ q.max(axis=1)).T, atol=1e-8)


def test_solving_the_table_of_random_pong_plays_well():
    game = Pong(streams=STREAMS)
    play = play_randomly(game, 10_000, rng=np.random.default_rng(0))
    learner = DynaQ(reward=(108, 1), cost=(109, 1), replays=None, rng=0)
    learner.learn(play.outcomes, play.actions)
    assert play_with(learner.act, game, 1000, seed=1).hit_rate >= 0.95
    assert play.hit_rate < 0.15


def test_bad_arguments_of_the_rivals_are_named():
    good = {"reward": (1, 1), "cost": (2, 1), "rng": 0}
    with pytest.raises(ValueError, match="discount must be ≥ 0 and < 1"):
        DynaQ(**good, discount=1)
    with pytest.raises(ValueError, match="persistence must be ≥ 0 and < 1"):
        DynaQ(**good, persistence=-0.1)
    with pytest.raises(ValueError, match="replays must be"):
        DynaQ(**good, replays=-1)
    with pytest.raises(ValueError, match="transitions must be one"):
        value_iteration([sparse.eye_array(3)], np.zeros((3, 2)))
    with pytest.raises(ValueError, match="discount must be ≥ 0 and < 1"):
        value_iteration([sparse.eye_array(3)], np.zeros((3, 1)), discount=1)

"""States that predict the same actions are merged at the least loss, against enumeration."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core import Agent
from rgm_core.agent import merge_alike, predict_actions
from rgm_core.agent.play import TIE
from rgm_core.games import Pong, play_randomly, play_with

STREAMS = ("reward", "cost", "control")


def information(p, predictions, labels):
    """I(merged state; prediction), summed term by term."""
    total, marginal = 0.0, p @ predictions
    for label in set(labels):
        members = np.array(labels) == label
        weight = p[members].sum()
        inside = p[members] @ predictions[members] / weight
        total += sum(weight * q * np.log(q / m) for q, m in zip(inside, marginal, strict=True) if q > 0)
    return total


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_pair_that_is_merged_loses_least(seed):
    """Of six states into five there are fifteen ways: none loses less, and the loss is what is reported."""
    rng = np.random.default_rng(seed)
    p, predictions = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(3), size=6)
    whole = information(p, predictions, range(6))
    losses = []
    for i, j in combinations(range(6), 2):
        losses.append(whole - information(p, predictions, [i if s == j else s for s in range(6)]))
    merged = merge_alike(p * 7, predictions, loss=min(losses) * (1 + 1e-9))
    assert merged.n_states == 5
    assert merged.information == pytest.approx(whole)
    assert merged.lost == pytest.approx(min(losses))
    assert merged.lost == pytest.approx(whole - information(p, predictions, merged.labels.tolist()))
    assert merge_alike(p, predictions, loss=0.99 * min(losses)).n_states == 6
    assert merge_alike(p, predictions, loss=10).n_states == 1
    assert merge_alike(p, predictions, loss=10).lost == pytest.approx(whole)


def test_states_that_predict_the_same_lose_nothing():
    predictions = np.array([[0.5, 0.5], [1, 0], [0.5, 0.5], [0, 1], [1, 0]])
    merged = merge_alike(np.arange(1.0, 6), predictions, loss=0)
    assert merged.labels.tolist() == [0, 1, 0, 2, 1]
    assert merged.lost == 0


def test_what_is_never_visited_is_merged_first():
    merged = merge_alike(np.array([1.0, 0, 1]), np.array([[1.0, 0], [0.5, 0.5], [0, 1]]), loss=1e-9)
    assert merged.n_states == 2
    assert merged.labels[0] != merged.labels[2]


def test_actions_are_predicted_now_and_next():
    """p(a, a' | event, place), each sum written out."""
    game = Pong(streams=STREAMS, size=(5, 4))
    play = play_randomly(game, 400, rng=0)
    agent = Agent(goal=(20, 1), cost=(21, 1), control=22, rng=0).learn(play.outcomes, play.actions)
    model, ahead = agent.model, agent.ahead
    found = predict_actions(model, ahead)[:, 0]
    np.testing.assert_allclose(found.sum(axis=(-1, -2)), 1)

    def best(event, place):
        values = model.moves[0, place] @ ahead[event, 0]
        chosen = values >= values.max() * (1 - TIE) if values.max() >= 0.05 else np.ones(3, bool)
        return chosen / chosen.sum()

    followed = np.unique(model.edges[:, 0])
    for event, place, action in product(followed[::3], range(4), range(3)):
        then = np.zeros(3)
        for there in range(4):
            after = model.follow(np.eye(model.n_events)[event], there)
            chance = model.moves[0, place, action, there]
            then += chance * sum(q * best(e, there) for e, q in enumerate(after) if q > 0)
        expected = best(event, place)[action] * then / then.sum()
        np.testing.assert_allclose(found[event, place, action], expected, atol=1e-12)


@pytest.mark.parametrize(("shuffled", "low", "high"), [(False, 0.97, 1), (True, 0, 0.5)])
def test_few_merged_states_play_as_well(shuffled, low, high):
    """1,656 events at places become twenty or so. The null: as many, each state in one at random."""
    game = Pong(streams=STREAMS)
    play = play_randomly(game, 4000, rng=0)
    agent = Agent(goal=(108, 1), cost=(109, 1), control=110, merge=0.1, rng=1)
    agent.learn(play.outcomes, play.actions)
    assert agent.merged.n_states < 40 < 1600 < len(agent.merged.labels)
    agent.learning = False
    if shuffled:
        rows = agent._values.reshape(-1, 3)
        agent._values = rows[np.random.default_rng(0).permutation(len(rows))].reshape(agent._values.shape)
    assert low <= play_with(agent.act, game, 1000, seed=5).hit_rate <= high


def test_states_are_merged_anew_when_something_was_learned():
    game = Pong(streams=STREAMS)
    play = play_randomly(game, 300, rng=0)
    agent = Agent(goal=(108, 1), cost=(109, 1), control=110, merge=0.01, rng=1)
    before = agent.learn(play.outcomes, play.actions).merged
    play_with(agent.act, game, 500, seed=5)
    assert len(agent.merged.labels) == agent.model.n_events * 9 > len(before.labels)


def test_bad_weights_and_predictions_are_named():
    with pytest.raises(ValueError, match="weights must be ≥ 0 and not all zero"):
        merge_alike(np.zeros(2), np.eye(2), loss=0)
    with pytest.raises(ValueError, match="predictions must be distributions"):
        merge_alike(np.ones(2), np.ones((2, 2)), loss=0)
    with pytest.raises(ValueError, match="loss must be finite and ≥ 0"):
        merge_alike(np.ones(2), np.eye(2), loss=-1)

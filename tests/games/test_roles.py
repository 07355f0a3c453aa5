"""Which thing obeys, which one points depend on, and which stay apart."""

import numpy as np
import pytest

from rgm_core.games.roles import find_roles


@pytest.fixture(scope="module")
def world():
    """1,500 frames: an own part that obeys, a ball that goes round and may score, its shadow, and noise."""
    rng = np.random.default_rng(1)
    n = 1500
    actions = rng.integers(3, size=n)
    own, ball = np.zeros(n, int), np.zeros(n, int)
    for t in range(1, n):
        own[t] = np.clip(own[t - 1] + actions[t] - 1, 0, 6)
        ball[t] = (ball[t - 1] + 1 + (rng.random() < 0.2)) % 12
    shadow = np.roll(ball, -2) % 6  # tells where the ball will be
    rewards = np.where(np.roll(ball, 1) == 11, rng.choice([-1.0, 1.0], n), 0)
    return np.stack([rng.integers(5, size=n), own, ball], axis=1), actions, rewards, shadow


def test_the_part_that_obeys_and_the_one_that_scores_are_found(world):
    outcomes, actions, rewards, _ = world
    for order in ([0, 1, 2], [2, 0, 1]):
        roles = find_roles(outcomes[:, order], actions, rewards)
        assert (order[roles.control], order[roles.leading]) == (1, 2)
        assert [order[k] for k in roles.event] == [2]


def test_by_chance_nothing_obeys(world):
    outcomes, actions, rewards, _ = world
    shuffled = np.random.default_rng(2).permutation(actions)
    assert (find_roles(outcomes, shuffled, rewards).acted < 0).all()


def test_a_thing_that_tells_of_the_leading_one_belongs_to_it(world):
    outcomes, actions, rewards, shadow = world
    roles = find_roles(np.column_stack([outcomes, shadow]), actions, rewards)
    assert roles.event == [2, 3]
    assert roles.informs[2, 3] > 0.02 > roles.informs[2, 0]


def test_frames_of_different_games_are_not_one_after_the_other(world):
    """Where every other frame is a new game there is nothing to learn from."""
    outcomes, actions, rewards, _ = world
    with pytest.raises(ValueError, match="three frames of one game"):
        find_roles(outcomes, np.where(np.arange(len(actions)) % 2, actions, -1), rewards)


def test_rewards_are_one_for_each_frame(world):
    outcomes, actions, rewards, _ = world
    with pytest.raises(ValueError, match="rewards must be"):
        find_roles(outcomes, actions, rewards[:-1])

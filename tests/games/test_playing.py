"""Play by somebody's choices: what was seen, done and rendered."""

import numpy as np
import pytest

from rgm_core.games import Breakout, Pong, play_with


def test_records_what_was_seen_and_done():
    seen = []

    def act(outcomes):
        seen.append(outcomes)
        return len(seen) % 3

    game = Pong(streams=("control",), render_mode="rgb_array")
    play = play_with(act, game, 30, seed=0, n_pictures=4)
    np.testing.assert_array_equal(play.outcomes[:-1], seen)
    np.testing.assert_array_equal(play.actions, [-1, *(np.arange(1, 30) % 3)])
    assert play.pictures.shape == (4, 12 * 32, 9 * 32, 3)
    assert (play.pictures[0] != play.pictures[3]).any()
    assert not play.cleared.any()


def test_same_seed_same_play():
    plays = [play_with(lambda _: 1, Breakout(), 200, seed=5) for _ in range(2)]
    np.testing.assert_array_equal(plays[0].outcomes, plays[1].outcomes)
    assert plays[0].misses.any()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_frames must be"):
        play_with(lambda _: 1, Pong(), 0, seed=0)
    with pytest.raises(ValueError, match="n_pictures must be 0 for a game without render_mode"):
        play_with(lambda _: 1, Pong(), 5, seed=0, n_pictures=2)

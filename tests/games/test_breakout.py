"""Breakout: its rules one by one, and a bat that follows the ball clears the wall."""

import numpy as np
import pytest

from rgm_core.games import Breakout, play_randomly

MIDDLE, LAST_ROW = 4, 11


def place(game, *, ball, velocity, bat=MIDDLE, wall=3):
    """Put the game into a state; its rules then apply to the next step."""
    game.reset(seed=0)
    game._ball, game._velocity = np.array(ball), np.array(velocity)
    game._bat, game._wall = bat, wall
    return game


def ball_of(frame):
    return tuple(int(i) for i in np.argwhere(frame == 1)[0])


def test_a_game_starts_with_the_wall_and_the_bat_in_the_middle():
    frame, info = Breakout().reset(seed=0)
    assert frame[:3].tolist() == [[3, 2, 3] * 3] * 3
    assert frame[-1].tolist() == [4, 4, 4, 4, 0, 4, 4, 4, 4]
    assert ball_of(frame) in {(4, 3), (4, 5)}
    assert np.sum(frame == 4) == 108 - 27 - 2
    assert (info["wall"], info["bat"]) == (3, MIDDLE)


def test_the_ball_starts_on_either_side_at_random():
    game = Breakout()
    game.reset(seed=0)
    columns = [ball_of(game.reset()[0])[1] for _ in range(200)]
    assert set(columns) == {3, 5}
    assert 0.35 < np.mean(np.equal(columns, 3)) < 0.65


def test_the_ball_moves_diagonally_and_bounces_off_the_sides():
    game = place(Breakout(), ball=(5, 7), velocity=(1, 1))
    path = [ball_of(game.step(1)[0]) for _ in range(4)]
    assert path == [(6, 8), (7, 7), (8, 6), (9, 5)]


def test_the_bat_goes_around_the_sides():
    game = place(Breakout(), ball=(5, 3), velocity=(1, 1), bat=0)
    assert game.step(0)[-1]["bat"] == 8
    assert game.step(2)[-1]["bat"] == 0


@pytest.mark.parametrize(("wall", "left"), [(3, 2), (2, 1), (1, 1)])
def test_a_hit_takes_a_row_of_bricks_and_turns_the_ball(wall, left):
    game = place(Breakout(), ball=(wall + 1, 3), velocity=(-1, 1), wall=wall)
    frame, reward, _, _, info = game.step(1)
    assert ball_of(frame) == (wall, 4)
    assert (info["hit"], info["cleared"], info["wall"], reward) == (True, False, left, 1)
    assert [(row == 4).all() for row in np.delete(frame, 4, axis=1)[: wall + 1]] == [
        i >= left for i in range(wall + 1)
    ]
    assert ball_of(game.step(1)[0]) == (wall + 1, 5)


@pytest.mark.parametrize("column", range(9))
def test_the_wall_is_cleared_through_its_last_row_away_from_the_middle(column):
    inward = 1 if column <= MIDDLE else -1
    start = column - inward if 0 <= column - inward <= 8 else column + inward
    game = place(Breakout(), ball=(2, start), velocity=(-1, column - start), wall=1)
    frame, _, _, _, info = game.step(1)
    assert ball_of(frame) == (1, column)
    assert info["cleared"] == (abs(column - MIDDLE) > 1)
    frame, _, _, _, info = game.step(1)
    assert info["wall"] == (3 if abs(column - MIDDLE) > 1 else 1)
    assert (ball_of(frame) in {(4, 3), (4, 5)}) == (abs(column - MIDDLE) > 1)


def test_the_wall_is_not_cleared_while_it_is_thicker():
    game = place(Breakout(), ball=(3, 1), velocity=(-1, -1), wall=2)
    assert not game.step(1)[-1]["cleared"]


def test_a_ball_on_the_bat_is_returned():
    game = place(Breakout(), ball=(10, 3), velocity=(1, 1), bat=MIDDLE)
    frame, reward, _, _, info = game.step(1)
    assert (info["returned"], info["miss"], info["hit"], reward) == (True, False, False, 0)
    assert frame[LAST_ROW, MIDDLE] == 0
    assert ball_of(game.step(1)[0]) == (10, 5)


def test_a_ball_beside_the_bat_is_a_miss_and_all_starts_again():
    game = place(Breakout(), ball=(10, 3), velocity=(1, 1), bat=7, wall=1)
    frame, reward, _, _, info = game.step(1)
    assert (info["returned"], info["miss"], reward) == (False, True, -1)
    assert ball_of(frame) == (LAST_ROW, 4)
    frame, _, _, _, info = game.step(0)
    assert (info["miss"], info["wall"], info["bat"]) == (False, 3, MIDDLE)
    assert ball_of(frame) in {(4, 3), (4, 5)}


def test_a_bat_that_follows_the_ball_never_misses_and_clears_the_wall():
    """Every arrival can be met: the bat is always as fast as the ball is across."""
    game = Breakout()
    _, info = game.reset(seed=0)
    returned = cleared = 0
    for _ in range(5000):
        ahead = game._ball[1] + game._velocity[1]
        gap = (ahead - info["bat"] + MIDDLE) % 9 - MIDDLE
        *_, info = game.step(int(np.sign(gap)) + 1)
        assert not info["miss"]
        returned += info["returned"]
        cleared += info["cleared"]
        assert 1 <= info["wall"] <= 3
    assert returned > 250
    assert cleared > 20


def test_random_play_returns_about_one_ball_in_nine():
    plays = [play_randomly(Breakout(), 10000, rng=np.random.default_rng(s)) for s in range(3)]
    rates = [play.hit_rate for play in plays]
    np.testing.assert_allclose(rates, 1 / 9, atol=0.05)

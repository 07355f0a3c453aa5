"""The rally: its process is its model, tendencies can be inferred, and planning pays."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rgm_core.games import Rally, rally_model
from rgm_core.games.rally import BALL, TENDENCIES
from rgm_core.planning import Planner


def play(game, choose, n_steps, seed, **options):
    observation, info = game.reset(seed=seed, options=options)
    frames = [(observation, info)]
    for _ in range(n_steps):
        observation, _, _, _, info = game.step(choose(observation))
        frames.append((observation, info))
    return frames


def returns(frames):
    return [info["hit"] for _, info in frames if info["hit"] or info["miss"]]


def test_passes_gymnasiums_checker():
    made = gymnasium.make("rgm_core/Rally-v0")
    check_env(made.unwrapped)
    made.close()


@pytest.mark.parametrize(("tendency", "left"), [(0, 0.9), (1, 0.1), (2, 0.5)])
def test_opponents_play_to_the_side_that_they_tend_to(tendency, left):
    frames = play(Rally(), lambda _: 1, 3000, 0, tendency=tendency)
    assert {info["tendency"] for _, info in frames} == {tendency}
    sides = [BALL[info["ball"]] for _, info in frames if BALL[info["ball"]].startswith("flight")]
    np.testing.assert_allclose(np.mean([side == "flight left" for side in sides]), left, atol=0.05)


@pytest.mark.parametrize(("path", "right"), [(1, 0.75), (0, 0.5)])
def test_balls_in_flight_are_seen_from_the_centre_only(path, right):
    frames = play(Rally(), lambda _: path, 3000, 1)
    seen = [(o[0], info["ball"]) for o, info in frames if BALL[info["ball"]].startswith("flight")]
    np.testing.assert_allclose(np.mean([o == ball for o, ball in seen]), right, atol=0.05)


def test_result_is_a_return_where_the_player_stands_on_the_balls_side():
    rng = np.random.default_rng(0)
    for observation, info in play(Rally(), lambda _: int(rng.integers(3)), 600, 2):
        arrived = BALL[info["ball"]].startswith("arrival")
        side = {"arrival left": 0, "arrival right": 2}.get(BALL[info["ball"]])
        assert info["hit"] == (arrived and info["place"] == side)
        assert info["miss"] == (arrived and info["place"] != side)
        assert observation[1] == info["place"]


@pytest.mark.parametrize("tendency", range(3))
def test_planner_infers_the_tendency(tendency):
    planner = Planner(rally_model(), rng=np.random.default_rng(0))
    play(Rally(), planner.act, 150, 10 + tendency, tendency=tendency)
    belief = planner.history[-1].belief.reshape(len(TENDENCIES), -1).sum(axis=1)
    assert belief.argmax() == tendency
    assert belief[tendency] > 0.9


def test_planning_returns_more_than_chance():
    planner = Planner(rally_model(), depth=2, rng=np.random.default_rng(0))
    planned, random = [], []
    rng = np.random.default_rng(0)
    for seed in range(9):
        planner.reset()
        planned += returns(play(Rally(), planner.act, 60, seed, tendency=seed % 3))
        random += returns(play(Rally(), lambda _: int(rng.integers(3)), 60, seed, tendency=seed % 3))
    assert np.mean(random) < 0.5
    assert np.mean(planned) > 0.75


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="bias must be a probability"):
        rally_model(bias=2)
    game = Rally()
    with pytest.raises(RuntimeError, match="reset the rally"):
        game.step(0)
    with pytest.raises(ValueError, match="tendency must lie in 0 … 2"):
        game.reset(seed=0, options={"tendency": 3})
    game.reset(seed=0)
    with pytest.raises(ValueError, match="action must be 0, 1 or 2"):
        game.step(3)

"""Atari from pixels: what can be said without the games, and a little play where they are installed."""

import sys

import gymnasium
import numpy as np
import pytest

from rgm_core.codecs.things import find_things
from rgm_core.games import Outcomes
from rgm_core.games.atari import Places, atari, watch_pictures


class Dot(gymnasium.Env):
    """A dot that goes left or right, as a picture; a game is twenty steps."""

    action_space = gymnasium.spaces.Discrete(2)
    observation_space = gymnasium.spaces.Box(0, 255, (16, 32), np.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = 16, 0
        return self.picture(), {}

    def step(self, action):
        self.place, self.steps = int(np.clip(self.place + 4 * (2 * action - 1), 0, 28)), self.steps + 1
        return self.picture(), float(self.place == 28), self.steps == 20, False, {}

    def picture(self):
        picture = np.zeros((16, 32), np.uint8)
        picture[8:12, self.place : self.place + 4] = 255
        return picture


def test_play_at_random_is_kept_with_the_pictures_after_a_reset():
    watched = watch_pictures(Dot(), 50, rng=0)
    assert np.flatnonzero(watched.actions < 0).tolist() == [0, 21, 42]
    assert (watched.pictures[[0, 21, 42], 8, 16] == 255).all()
    assert not watched.rewards[watched.actions < 0].any()
    assert (watch_pictures(Dot(), 50, rng=0).pictures == watched.pictures).all()


def test_pictures_become_outcomes_that_the_adapter_takes():
    things = find_things(watch_pictures(Dot(), 200, rng=0).pictures, (4, 4))
    moving = int(np.flatnonzero(things.levels == 255)[0])
    env = Outcomes(Places(Dot(), things.keep([moving])), control=0)
    here, _ = env.reset(seed=0)
    there, *_ = env.step(1)
    assert there["control"] == here["control"] + 1
    assert (env.unwrapped.picture() == env.env.picture).all()


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ale_py", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "rgm-core\[atari\]"'):
        atari("Pong")


@pytest.mark.parametrize("wrong", [{"frame_skip": 0}, {"sticky": 2}, {"most_idle": -1}])
def test_what_is_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        atari("Pong", **wrong)


def test_pong_begins_differently_by_its_seed_and_alike_by_the_same():
    pytest.importorskip("ale_py", reason="needs the extra atari")
    env = atari("Pong")
    first, again, other = (env.reset(seed=seed)[0] for seed in (0, 0, 2))
    assert env.observation_space.shape == first.shape == (210, 160)
    assert (first == again).all()
    assert (first != other).any()
    with pytest.raises(ValueError, match="game must be one of ale-py's"):
        atari("Pung")

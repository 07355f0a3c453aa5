"""Other environments, seen as outcomes: what fits is played, what does not is named."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from rgm_core import Agent
from rgm_core.games import Breakout, Outcomes, Pong, play_randomly, play_with


class Shows(gymnasium.Env):
    """Shows the first value of its space, and pays nothing."""

    def __init__(self, space, actions=None):
        self.observation_space, self.action_space = space, actions or spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample() * 0, {}

    def step(self, action):
        return self.observation_space.sample() * 0, 0.0, False, False, {}


def agent_for(env, **options):
    streams = (env.modality(name) for name in ("reward", "cost", "control"))
    reward, cost, control = streams
    return Agent(goal=(reward, 1), cost=(cost, 1), control=control, rng=0, **options)


def test_a_frozen_lake_without_ice_is_crossed_by_the_shortest_way():
    env = Outcomes(gymnasium.make("FrozenLake-v1", is_slippery=False))
    play = play_randomly(env, 4000, persistence=0, rng=0)
    games = (play.actions == -1).sum()
    assert play.hits.sum() < 0.1 * games  # random play seldom gets there
    assert play.rewards.sum() == play.hits.sum()
    agent = agent_for(env).learn(play.outcomes, play.actions, env.n_outcomes)
    played = play_with(agent.act, env, 700, seed=1, restart=agent.reset)
    assert played.hits.sum() == 100  # seven frames a game, six steps
    assert not played.misses.any()


def test_all_actions_are_tried_and_games_end():
    env = Outcomes(
        gymnasium.make("CliffWalking-v1"), goal=lambda r, over: over, cost=lambda r, over: r < -1
    )
    play = play_randomly(env, 2000, rng=0)
    assert set(play.actions) == {-1, 0, 1, 2, 3}
    assert play.outcomes[:, -1].max() < 48
    assert play.misses.any()


def test_pixels_of_several_numbers_are_outcomes():
    space = spaces.MultiDiscrete([3, 4])
    env = Outcomes(Shows(space), control=1)
    assert env.n_outcomes.tolist() == [3, 4, 2, 2, 4]
    assert play_randomly(env, 5, rng=0).outcomes.shape == (5, 5)
    image = Outcomes(Shows(spaces.Box(0, 9, (4, 4), np.uint8)), control=0)
    assert image.n_outcomes[:16].tolist() == [10] * 16


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="observations must be Discrete"):
        Outcomes(gymnasium.make("CartPole-v1"))
    with pytest.raises(ValueError, match="observations must be Discrete"):
        Outcomes(Shows(spaces.Box(0, 255, (210, 160, 3), np.uint8)), control=0)
    with pytest.raises(ValueError, match="actions must be Discrete"):
        Outcomes(gymnasium.make("Pendulum-v1"))
    with pytest.raises(ValueError, match="control must say which"):
        Outcomes(Shows(spaces.MultiDiscrete([3, 4])))
    with pytest.raises(ValueError, match="control must have at most"):
        Outcomes(Shows(spaces.Discrete(5000)))
    with pytest.raises(ValueError, match="observations must be whole numbers"):
        play_randomly(gymnasium.make("CartPole-v1"), 5, rng=0)
    with pytest.raises(ValueError, match="there is no stream 'control'"):
        Pong(streams=("reward",)).modality("control")


def test_games_are_registered_and_have_keys():
    made = gymnasium.make("rgm_core/Pong-v0", max_episode_steps=20, streams=("reward", "cost", "control"))
    made.reset(seed=0)
    over = [made.step(1)[3] for _ in range(20)]
    assert over.index(True) == 19
    assert made.unwrapped.modality("control") == 110
    assert set(Breakout().get_keys_to_action().values()) == {0, 2}


@pytest.mark.parametrize(
    "lines",
    [
        'import gymnasium; game = gymnasium.make("rgm_core.games:rgm_core/Pong-v0")',
        'import gymnasium, rgm_core; game = gymnasium.make("rgm_core/Pong-v0")',
        'import rgm_core.games, gymnasium; game = gymnasium.make("rgm_core/Pong-v0")',
    ],
)
def test_a_fresh_interpreter_makes_a_game_by_name(lines):
    """Gymnasium 1.0 dropped the entry points of plugins: import the package after it, or the games."""
    command = [sys.executable, "-W", "error", "-c", f"{lines}; print(game.action_space)"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "Discrete(3)"), done.stderr

"""Atari games from pixels: an optional extra, and pictures of them as places of what moves.

The games come with the extra ``atari``: ale-py, which is under the GPL and has the ROMs in its wheel.
Nothing here knows a game: see `rgm_core.codecs.things` for what moves, and `rgm_core.games.roles` for which
of it is what.
"""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium
import numpy as np
from gymnasium import spaces

from rgm_core.codecs.things import Things
from rgm_core.games.adapter import n_actions
from rgm_core.model.checks import as_generator, as_number, as_whole, check_type
from rgm_core.model.extras import require


def atari(
    game: str = "Pong", *, frame_skip: int = 4, sticky: float = 0.0, most_idle: int = 30
) -> gymnasium.Env:
    """An Atari game as an environment that shows grey pictures (210, 160) uint8.

    The defaults are those of the figures published for 100,000 steps.

    Parameters
    ----------
    game : str
        As ale-py calls it, such as "Pong".
    frame_skip : int
        Frames for which an action is kept: a step.
    sticky : float
        Probability that a frame takes the action before, whatever is chosen.
    most_idle : int
        A game begins with up to so many steps without an action, drawn from its seed.

    Raises
    ------
    ModuleNotFoundError
        If ale-py is not installed.
    ValueError
        If there is no such game, or an argument is out of range.
    """
    frame_skip = as_whole(frame_skip, "frame_skip", 1)
    sticky = as_number(sticky, "sticky", "in 0 … 1", low=0, high=1)
    most_idle = as_whole(most_idle, "most_idle", 0)
    ale = require("ale_py")
    ale.ALEInterface.setLoggerMode(ale.LoggerMode.Error)  # else each game prints a banner
    gymnasium.register_envs(ale)
    if f"ALE/{game}-v5" not in gymnasium.registry:
        raise ValueError(f"game must be one of ale-py's, such as Pong; found {game!r:.60}")
    env = gymnasium.make(
        f"ALE/{game}-v5", obs_type="grayscale", frameskip=frame_skip, repeat_action_probability=sticky
    )
    return _IdleStart(env, most_idle)


class _IdleStart(gymnasium.Wrapper):
    """Begin each game with some steps without an action, so that not all begin alike."""

    def __init__(self, env: gymnasium.Env, most: int):
        super().__init__(env)
        self.most = most

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        shown, info = self.env.reset(seed=seed, options=options)
        for _ in range(int(self.np_random.integers(self.most + 1))):
            shown, _, terminated, truncated, info = self.env.step(0)
            if terminated or truncated:
                shown, info = self.env.reset(options=options)
        return shown, info


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Pictures of play at random.

    Parameters
    ----------
    pictures : (T, H, W) uint8
    actions : (T,) int
        That led to each; -1 where a game begins.
    rewards : (T,) float
    """

    pictures: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


def watch_pictures(env: gymnasium.Env, n_steps: int, *, rng: np.random.Generator | int) -> Watched:
    """Play at random, one game after the other, and keep the pictures, those after a reset included."""
    check_type(env, gymnasium.Env, "env")
    rng, n_steps = as_generator(rng), as_whole(n_steps, "n_steps", 3)
    actions, rewards, pictures = rng.integers(n_actions(env), size=n_steps), np.zeros(n_steps), []
    over, seed = True, int(rng.integers(2**31))
    for t in range(n_steps):
        if over:
            picture, _ = env.reset(seed=None if t else seed)
            actions[t], over = -1, False
        else:
            picture, rewards[t], terminated, truncated, _ = env.step(int(actions[t]))
            over = terminated or truncated
        pictures.append(picture)
    return Watched(pictures=np.stack(pictures), actions=actions, rewards=rewards)


class Places(gymnasium.ObservationWrapper):
    """Observe where things are, ``MultiDiscrete``, in place of the picture."""

    def __init__(self, env: gymnasium.Env, things: Things):
        check_type(env, gymnasium.Env, "env")
        check_type(things, Things, "things")
        super().__init__(env)
        self.things, self.picture = things, things.background
        self.observation_space = spaces.MultiDiscrete(things.n_outcomes)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Outcomes (K,) of a picture, which is kept as ``picture``."""
        self.picture = observation
        return self.things.encode(observation[None])[0]

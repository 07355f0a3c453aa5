"""Pixels that now and then show anything: a world in which hardly any frame is seen twice."""

from __future__ import annotations

import gymnasium
import numpy as np

from rgm_core.model.checks import as_number, check_type


class NoisyPixels(gymnasium.Wrapper):
    """Replace each pixel of a grid game, with a small probability, by an outcome drawn at random.

    Sticky actions and late observations are Gymnasium's own: ``StickyAction`` and ``DelayObservation``.

    Parameters
    ----------
    env : gymnasium.Env
        Whose observations are dictionaries with ``pixels``, ``MultiDiscrete``.
    probability : float
        That a pixel is replaced, in each frame.

    Raises
    ------
    ValueError
        If the probability is none, or there are no pixels.
    """

    def __init__(self, env: gymnasium.Env, probability: float):
        check_type(env, gymnasium.Env, "env")
        super().__init__(env)
        probability = as_number(probability, "probability", "in 0 … 1", low=0, high=1)
        shown = getattr(env.observation_space, "spaces", {})
        if "pixels" not in shown:
            raise ValueError(f"observations must hold pixels; found {env.observation_space}")
        self.probability = probability
        self._sizes = shown["pixels"].nvec

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start anew; see :class:`gymnasium.Env`."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._disturb(observation), info

    def step(self, action: int):
        """One step; see :class:`gymnasium.Env`."""
        observation, *rest = self.env.step(action)
        return self._disturb(observation), *rest

    def _disturb(self, observation: dict) -> dict:
        rng, sizes = self.np_random, self._sizes
        disturbed = rng.random(sizes.shape) < self.probability
        return observation | {"pixels": np.where(disturbed, rng.integers(sizes), observation["pixels"])}

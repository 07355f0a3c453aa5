"""Any small Gymnasium environment as outcomes: what it shows, and goal, cost and place as streams."""

from __future__ import annotations

from collections.abc import Callable

import gymnasium
import numpy as np
from gymnasium import spaces

from rgm_core.model.checks import MOST_OUTCOMES, as_any_array, as_whole, check_type

LARGEST = 1000  # outcomes of the control stream: an agent keeps a table of places by actions by places
MANY_PIXELS = 4096


def rewarded(reward: float, terminated: bool) -> bool:
    """The goal, unless another is given: a positive reward."""
    return reward > 0


def punished(reward: float, terminated: bool) -> bool:
    """The cost, unless another is given: a negative reward, or an end without a positive one."""
    return reward < 0 or (terminated and reward <= 0)


class Outcomes(gymnasium.Wrapper):
    """Observe goal, cost and place beside what an environment shows, as the grid games do.

    Parameters
    ----------
    env : gymnasium.Env
        With actions ``Discrete``, and observations ``Discrete``, ``MultiDiscrete`` or a small image of
        whole numbers (``Box``).
    control : int, optional
        Which number of the observation, flattened, is the agent's own place. A ``Discrete`` observation
        is the place itself.
    goal, cost : function of (reward, terminated)
        Whether a step reached the goal, or a cost.

    Raises
    ------
    ValueError
        If a space is of another kind or too large, or control is missing.

    Examples
    --------
    >>> import gymnasium
    >>> env = Outcomes(gymnasium.make("FrozenLake-v1"))
    >>> env.modality("control"), env.n_outcomes.tolist()
    (2, [2, 2, 16])
    """

    def __init__(
        self,
        env: gymnasium.Env,
        *,
        control: int | None = None,
        goal: Callable[[float, bool], bool] = rewarded,
        cost: Callable[[float, bool], bool] = punished,
    ):
        check_type(env, gymnasium.Env, "env")
        for name, judge in (("goal", goal), ("cost", cost)):
            if not callable(judge):
                raise TypeError(f"{name} must be a function of reward and terminated; found {judge!r:.60}")
        super().__init__(env)
        n_actions(env)  # refuses what is not Discrete
        self.goal, self.cost = goal, cost
        self._low, sizes = _sizes(env.observation_space)
        self._n_values = sizes
        self._plain = isinstance(env.observation_space, spaces.Discrete)
        self.control = _check_control(0 if self._plain else control, sizes)
        pixels = [] if self._plain else sizes
        self.n_outcomes = np.array([*pixels, 2, 2, sizes[self.control]], int)
        streams: dict[str, spaces.Space] = {"reward": spaces.Discrete(2), "cost": spaces.Discrete(2)}
        streams["control"] = spaces.Discrete(int(sizes[self.control]))
        shown = {} if self._plain else {"pixels": spaces.MultiDiscrete(sizes)}
        self.observation_space = spaces.Dict(shown | streams)

    def modality(self, name: str) -> int:
        """Which of the outcomes is the stream "reward", "cost" or "control"."""
        return stream_modality(name, ("reward", "cost", "control"), len(self.n_outcomes) - 3)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Start anew; see :class:`gymnasium.Env`."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._observe(observation, False, False), info

    def step(self, action: int):
        """One step; ``info`` also holds ``hit`` and ``miss``: goal and cost."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        hit = bool(self.goal(float(reward), terminated))
        miss = bool(self.cost(float(reward), terminated)) and not hit
        info = info | {"hit": hit, "miss": miss, "returned": hit}
        return self._observe(observation, hit, miss), reward, terminated, truncated, info

    def _observe(self, observation, hit: bool, miss: bool) -> dict:
        found = np.ravel(as_any_array(observation, "observation"))
        if found.dtype.kind not in "iu" or found.shape != self._low.shape:
            raise ValueError(
                f"observation must be {self._low.size} whole numbers; found {found.shape}, {found.dtype}"
            )
        numbers = found.astype(np.int64) - self._low
        if np.any((numbers < 0) | (numbers >= self._n_values)):
            raise ValueError(f"observation must lie in {self.env.observation_space}; found {found!s:.80}")
        streams = {"reward": np.int64(hit), "cost": np.int64(miss), "control": numbers[self.control]}
        return streams if self._plain else {"pixels": numbers} | streams


def n_actions(env: gymnasium.Env) -> int:
    """Number of actions of an environment whose actions are 0, 1, …; ValueError for others."""
    space = env.action_space
    if not isinstance(space, spaces.Discrete) or space.start != 0:
        raise ValueError(f"actions must be Discrete, from 0 on; found {space}")
    return int(space.n)


def stream_modality(name: str, streams: tuple[str, ...], n_pixels: int) -> int:
    """Which of the outcomes a stream is, after the pixels; ValueError if there is none of that name."""
    if name not in streams:
        raise ValueError(f"there is no stream {name!r}; found {streams}")
    return n_pixels + streams.index(name)


def _sizes(space: spaces.Space) -> tuple[np.ndarray, np.ndarray]:
    """Least value and number of values of everything that is observed, flattened."""
    low = size = np.zeros(0, int)
    if isinstance(space, spaces.Discrete):
        low, size = np.array([space.start]), np.array([space.n])
    elif isinstance(space, spaces.MultiDiscrete):
        low, size = np.ravel(space.start), np.ravel(space.nvec)
    elif isinstance(space, spaces.Box) and np.dtype(space.dtype).kind in "iu":
        low = np.ravel(space.low)
        size = np.ravel(space.high).astype(float) - low + 1  # floats: the range of 64 bits, too
    if not 1 <= len(low) <= MANY_PIXELS or size.max() > MOST_OUTCOMES:
        raise ValueError(
            f"observations must be Discrete, MultiDiscrete, or a Box: 1 … {MANY_PIXELS} whole numbers of "
            f"at most {MOST_OUTCOMES} values; found {space}"
        )
    return low.astype(np.int64), size.astype(np.int64)


def _check_control(control: int | None, sizes: np.ndarray) -> int:
    if control is None:
        raise ValueError(
            f"control must say which of the {len(sizes)} numbers observed is the agent's own place"
        )
    control = as_whole(control, "control", 0, len(sizes) - 1, meaning="the agent's own place")
    if sizes[control] > LARGEST:
        raise ValueError(f"control must have at most {LARGEST} values; found {sizes[control]}")
    return int(control)

"""A rally, as in tennis, against an opponent with a tendency that must be inferred.

The opponent strikes; the ball is in flight to the left or to the right; it arrives. The player stands
left, in the centre, or right, moves by one place a step, and returns the ball by being on its side
when it arrives. From the far side that takes two steps: who waits to see the ball comes from the
centre, who knows the opponent is there already. In flight the ball is seen well from the centre
only, and never for certain.
"""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium import spaces

from rgm_core.model.checks import as_array, as_number, check_type
from rgm_core.planning.pomdp import POMDP

TENDENCIES = ("left", "right", "even")
BALL = ("strike", "flight left", "flight right", "arrival left", "arrival right")
PLACES = ("left", "centre", "right")
RESULTS = ("none", "return", "miss")
_STRIKE, _FLIGHT, _ARRIVAL = 0, (1, 2), (3, 4)
_CENTRE = 1


def rally_model(
    *,
    bias: float = 0.9,
    acuity: float = 0.75,
    peripheral_acuity: float = 0.5,
    preferences: tuple[float, float, float] = (0.0, 2.0, -2.0),
) -> POMDP:
    """Generative model of the rally, and its exact generative process.

    Parameters
    ----------
    bias : float
        Probability of the side that the opponent tends to.
    acuity : float
        Probability of seeing the ball in flight on its true side, from the centre.
    peripheral_acuity : float
        The same from the left and the right.
    preferences : (float, float, float)
        Log preferences of no result yet, a return, and a miss, in nats up to a constant.

    Returns
    -------
    POMDP
        Factors: the opponent and the ball, 15 states (tendency, a context that does not change,
        times the 5 places of the ball; C order); the player's place, 3 states and 3 paths (one to
        the left, stay, one to the right). Modalities: the ball as seen (5 outcomes), the player's
        place (3), the result (3).

    Raises
    ------
    ValueError
        If a probability is outside 0 … 1.
    """
    chances = {"bias": bias, "acuity": acuity, "peripheral_acuity": peripheral_acuity}
    for name, p in chances.items():
        as_number(p, name, "a probability in 0 … 1", low=0, high=1)
    weights = as_array(preferences, "preferences", float, (len(RESULTS),), "of none, return and miss")
    before_serve = np.kron(np.ones(len(TENDENCIES)) / len(TENDENCIES), np.eye(len(BALL))[_STRIKE])
    return POMDP(
        A=(_sight(acuity, peripheral_acuity), np.eye(3), _results()),
        B=(_opponent((bias, 1 - bias, 0.5)), _footwork()),
        C=(np.ones(len(BALL)), np.ones(len(PLACES)), np.exp(weights)),
        D=(before_serve, np.eye(3)[_CENTRE]),
        parents=((0, 1), (1,), (0, 1)),
    )


def _opponent(left: tuple[float, ...]) -> np.ndarray:
    """(15, 15, 1): strike, flight, arrival and again, with p(left) for each tendency."""
    B = np.zeros((len(left), len(BALL), len(left), len(BALL)))
    for t, p in enumerate(left):
        B[t, _FLIGHT, t, _STRIKE] = p, 1 - p
        B[t, _ARRIVAL, t, _FLIGHT] = 1
        B[t, _STRIKE, t, _ARRIVAL] = 1
    n = len(left) * len(BALL)
    return B.reshape(n, n, 1)


def _footwork() -> np.ndarray:
    """(3, 3, 3): one place to the left, stay, one to the right; the court ends there."""
    places = np.arange(len(PLACES))
    moves = [np.clip(places + move, 0, len(PLACES) - 1) for move in (-1, 0, 1)]
    return np.stack([np.eye(len(PLACES))[to].T for to in moves], axis=2)


def _sight(acuity: float, peripheral_acuity: float) -> np.ndarray:
    """(5, 15, 3): the ball as seen; sides may be confused in flight."""
    A = np.zeros((len(BALL), len(TENDENCIES), len(BALL), len(PLACES)))
    A[:] = np.eye(len(BALL))[:, None, :, None]
    left, right = _FLIGHT
    for place in range(len(PLACES)):
        p = acuity if place == _CENTRE else peripheral_acuity
        A[left, :, left, place] = A[right, :, right, place] = p
        A[left, :, right, place] = A[right, :, left, place] = 1 - p
    return A.reshape(len(BALL), -1, len(PLACES))


def _results() -> np.ndarray:
    """(3, 15, 3): nothing until the ball arrives; then a return, or a miss."""
    result = np.zeros((len(TENDENCIES), len(BALL), len(PLACES)), int)
    result[:, _ARRIVAL] = RESULTS.index("miss")
    for ball, place in zip(_ARRIVAL, (0, 2), strict=True):
        result[:, ball, place] = RESULTS.index("return")
    return np.eye(3)[result].transpose(3, 0, 1, 2).reshape(3, -1, len(PLACES))


class Rally(gymnasium.Env):
    """The rally as an environment: samples its generative process exactly.

    An observation is one outcome for each modality of :func:`rally_model`; the actions are one place
    to the left (0), stay (1) and one to the right (2); the reward is 1 for a return, -1 for a miss.
    A reset brings a new opponent. ``info`` holds ``hit``, ``miss``, and, for looking behind the
    scenes, ``tendency``, ``ball`` and ``place`` (indices into the names of this module).

    Parameters
    ----------
    model : POMDP, optional
        From :func:`rally_model`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own

    def __init__(self, model: POMDP | None = None):
        self.model = rally_model() if model is None else model
        check_type(self.model, POMDP, "model")
        if self.model.shape != (len(TENDENCIES) * len(BALL), len(PLACES)) or len(self.model.A) != 3:
            raise ValueError(f"model must come from rally_model; found factors {self.model.shape}")
        self.observation_space = spaces.MultiDiscrete(list(self.model.n_outcomes))
        self.action_space = spaces.Discrete(3)
        self.render_mode = None
        self._state: int | None = None

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """A new opponent; ``options={"tendency": 0}`` says which."""
        super().reset(seed=seed)
        state = self._sample(self.model.initial_belief)
        if "tendency" in (options := options or {}):
            tendency = options["tendency"]
            if tendency not in range(len(TENDENCIES)):
                raise ValueError(f"tendency must lie in 0 … {len(TENDENCIES) - 1}; found {tendency}")
            state = state % (len(BALL) * len(PLACES)) + tendency * len(BALL) * len(PLACES)
        return self._enter(state)

    def step(self, action: int):
        """One step; see :class:`gymnasium.Env`."""
        if self._state is None:
            raise RuntimeError("reset the rally before the first step")
        if not self.action_space.contains(action):
            raise ValueError(f"action must be 0, 1 or 2; found {action!r}")
        observation, info = self._enter(self._sample(self.model.transitions[action, :, self._state]))
        return observation, float(info["hit"]) - float(info["miss"]), False, False, info

    def _sample(self, p: np.ndarray) -> int:
        return int(self.np_random.choice(len(p), p=p))

    def _enter(self, state: int) -> tuple[np.ndarray, dict]:
        """What is observed in a state, and what is behind it."""
        self._state = state
        observation = np.array([self._sample(table[:, state]) for table in self.model.likelihoods])
        shape = (len(TENDENCIES), len(BALL), len(PLACES))
        tendency, ball, place = (int(i) for i in np.unravel_index(state, shape))
        result = RESULTS[observation[2]]
        scene = {"tendency": tendency, "ball": ball, "place": place}
        return observation, {"hit": result == "return", "miss": result == "miss"} | scene

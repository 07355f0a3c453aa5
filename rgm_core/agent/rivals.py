"""Learning by reward, for comparison: tabular Q-learning (Watkins, 1989) on what the agent sees too.

    Q(s, a) += α (r + γ max_a' Q(s', a') - Q(s, a))

A state is a unique window of two successive frames, as for `Agent`.
"""

from __future__ import annotations

import numpy as np


class QLearner:
    """Play a game by its rewards, learning from every frame.

    Parameters
    ----------
    reward, cost : (int, int)
        Modality and outcome that are worth 1 and -1.
    streams : int
        Number of modalities, the last ones, that states leave out: reward and cost, and what they show
        is seen in the pixels.
    n_actions : int
    learning_rate : float
        α in (0, 1]; 1 is best where the world is deterministic.
    discount : float
        γ in [0, 1).
    exploration : float
        Probability ε of an action at random.
    rng : numpy.random.Generator

    Attributes
    ----------
    values : dict
        Q: the value of each action, for each state met so far.
    """

    def __init__(
        self,
        *,
        reward: tuple[int, int],
        cost: tuple[int, int],
        streams: int = 3,
        n_actions: int = 3,
        learning_rate: float = 1.0,
        discount: float = 0.95,
        exploration: float = 0.0,
        rng: np.random.Generator,
    ):
        rates = {"learning_rate": learning_rate, "discount": discount, "exploration": exploration}
        for name, x in rates.items():
            if not 0 <= x <= 1:
                raise ValueError(f"{name} must lie in 0 … 1; found {x}")
        self.reward, self.cost, self.streams, self.n_actions = reward, cost, streams, n_actions
        self.learning_rate, self.discount, self.exploration = learning_rate, discount, exploration
        self.rng = rng
        self.values: dict[bytes, np.ndarray] = {}
        self.reset()

    def reset(self) -> None:
        """Begin a new game: forget the last frame."""
        self._before, self._last = b"", None

    def act(self, outcomes: np.ndarray) -> int:
        """Learn from the reward of the frame that is seen now, (G,) int, and choose an action."""
        now = outcomes[: len(outcomes) - self.streams].tobytes()
        q = self.values.setdefault(self._before + now, np.zeros(self.n_actions))
        if self._last is not None:
            before, action = self._last
            gained = float(outcomes[self.reward[0]] == self.reward[1])
            gained -= float(outcomes[self.cost[0]] == self.cost[1])
            error = gained + self.discount * q.max() - before[action]
            before[action] += self.learning_rate * error
        explores = self.rng.random() < self.exploration
        best = np.arange(self.n_actions) if explores else np.flatnonzero(q == q.max())
        action = int(self.rng.choice(best))
        self._before, self._last = now, (q, action)
        return action

"""Learning by reward, for comparison, on what the agent sees too.

Without a model, tabular Q-learning (Watkins, 1989):

    Q(s, a) += α (r + γ max_a' Q(s', a') - Q(s, a))

With one, Dyna (Sutton, 1991), which counts what each action led to and plans on the table; or, after play
that somebody else made, value iteration. A state is a unique window of two successive frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from rgm_core.agent.seen import as_event, as_play
from rgm_core.model.checks import as_array, as_generator, as_number, as_whole
from rgm_core.planning.induction import as_square

TIE = 1e-6  # values closer than this count as equal


class Rival:
    """What is worth what, and which modalities make a state: a player that learns by reward.

    Parameters
    ----------
    reward, cost : (int, int)
        Modality and outcome that are worth 1 and -1.
    streams : int
        Number of modalities, the last ones, that states leave out: reward and cost, and what they show
        is seen in the pixels.
    n_actions : int
    discount : float
        γ in [0, 1).
    rng : numpy.random.Generator or int
    """

    def __init__(
        self,
        *,
        reward: tuple[int, int],
        cost: tuple[int, int],
        streams: int = 3,
        n_actions: int = 3,
        discount: float = 0.95,
        rng: np.random.Generator | int,
    ):
        self.reward, self.cost = as_event(reward, "reward"), as_event(cost, "cost")
        self.streams, self.n_actions = as_whole(streams, "streams", 0), as_whole(n_actions, "n_actions", 1)
        self.discount = as_number(discount, "discount", "≥ 0 and < 1", low=0, high=1, without=(1,))
        self.rng = as_generator(rng)
        self.reset()

    def reset(self) -> None:
        """Begin a new game: forget the last frame."""
        self._before, self._last = b"", None

    def _check(self, outcomes: np.ndarray) -> np.ndarray:
        """A frame (G,), always as int64: the same frame is the same state whatever its type."""
        named = 1 + max(self.reward[0], self.cost[0], self.streams - 1)
        frame = as_array(outcomes, "outcomes", int, (None,), "one for each modality")
        if len(frame) < named:
            raise ValueError(f"outcomes must have {named} modalities or more; found {len(frame)}")
        return frame

    def _window(self, outcomes: np.ndarray) -> bytes:
        """The state that a frame ends; the frame is remembered for the next one."""
        before, self._before = self._before, outcomes[: len(outcomes) - self.streams].tobytes()
        return before + self._before

    def _worth(self, outcomes: np.ndarray) -> float:
        gained, lost = (float(outcomes[g] == o) for g, o in (self.reward, self.cost))
        return gained - lost


class QLearner(Rival):
    """Play a game by its rewards, learning from every frame.

    Parameters
    ----------
    learning_rate : float
        α in [0, 1]; 1 is best where the world is deterministic.
    exploration : float
        Probability ε of an action at random.
    task :
        reward, cost, streams, n_actions, discount and rng, as for :class:`Rival`.

    Attributes
    ----------
    values : dict
        Q: the value of each action, for each state met so far.
    """

    def __init__(self, *, learning_rate: float = 1.0, exploration: float = 0.0, **task):
        super().__init__(**task)
        self.learning_rate = as_number(learning_rate, "learning_rate", "in 0 … 1", low=0, high=1)
        self.exploration = as_number(exploration, "exploration", "in 0 … 1", low=0, high=1)
        self.values: dict[bytes, np.ndarray] = {}

    def act(self, outcomes: np.ndarray) -> int:
        """Learn from the reward of the frame that is seen now, (G,) int, and choose an action."""
        outcomes = self._check(outcomes)
        q = self.values.setdefault(self._window(outcomes), np.zeros(self.n_actions))
        if self._last is not None:
            before, action = self._last
            error = self._worth(outcomes) + self.discount * q.max() - before[action]
            before[action] += self.learning_rate * error
        explores = self.rng.random() < self.exploration
        best = np.arange(self.n_actions) if explores else np.flatnonzero(q == q.max())
        action = int(self.rng.choice(best))
        self._last = q, action
        return action


def value_iteration(
    transitions: Sequence[sparse.csr_array],
    gains: np.ndarray,
    *,
    discount: float = 0.95,
    tolerance: float = TIE,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Solve a table of what each action leads to: Q = gains + γ Σ_s' P(s' | s, a) max_a' Q(s', a').

    Parameters
    ----------
    transitions : sequence of A sparse arrays (S, S)
        How often state s (row) was followed by another (column) after each action; a row without counts
        is a pair that was not tried, and is worth its gain alone.
    gains : (S, A) float
        Mean reward after each pair of state and action.
    discount : float
        γ in [0, 1).
    tolerance : float
        Largest change of a value in the last sweep, > 0.
    start : (S, A) float, optional
        Values to begin with, such as those of a smaller table.

    Returns
    -------
    (S, A) float

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or discount or tolerance is out of range.
    """
    gains = as_array(gains, "gains", float, (None, None), "states and actions")
    if not isinstance(transitions, list | tuple):
        raise ValueError(f"transitions must be a list of sparse arrays; found {transitions!r:.60}")
    transitions = [as_square(t, f"transitions[{a}]") for a, t in enumerate(transitions)]
    shapes = [t.shape for t in transitions]
    if not gains.size or shapes != [(len(gains), len(gains))] * gains.shape[1]:
        raise ValueError(
            f"transitions must be one (S, S) array for each column of gains (S, A); "
            f"found {shapes} and {gains.shape}"
        )
    discount = as_number(discount, "discount", "≥ 0 and < 1", low=0, high=1, without=(1,))
    tolerance = as_number(tolerance, "tolerance", "finite and > 0", low=0, without=(0, np.inf))
    stacked = sparse.vstack(transitions, format="csr").astype(float)
    totals = np.maximum(np.asarray(stacked.sum(axis=1)).ravel(), 1e-300)
    q, change = gains, np.inf
    if start is not None:
        q = as_array(start, "start", float, gains.shape, "states and actions")
    while change > tolerance:
        ahead = (stacked @ q.max(axis=1) / totals).reshape(gains.shape[1], -1).T
        new = gains + discount * ahead
        q, change = new, np.abs(new - q).max(initial=0)
    return q


class DynaQ(Rival):
    """Learn a table of what each action leads to, and plan by reward: Dyna (Sutton, 1991).

    After every frame some pairs of state and action are replayed (Dyna-Q), or after every reward and cost
    the whole table is solved (`value_iteration`). Of equally good actions it goes on with its last one, or
    takes any.

    Parameters
    ----------
    replays : int or None
        Pairs replayed at each frame, ≥ 0; None to solve the table after each reward and cost.
    persistence : float
        Probability of going on with the last action where it is among the best: smooth paths lead farther.
    task :
        reward, cost, streams, n_actions, discount and rng, as for :class:`Rival`.

    Attributes
    ----------
    numbers : dict
        Number of each state met so far, a window of two successive frames.
    values : (≥ S, n_actions) float
        Q of each action in each state; more rows than states, so as not to grow at each.
    """

    def __init__(self, *, replays: int | None = 20, persistence: float = 0.5, **task):
        super().__init__(**task)
        self.replays = None if replays is None else as_whole(replays, "replays", 0, meaning="or None")
        self.persistence = as_number(persistence, "persistence", "≥ 0 and < 1", low=0, high=1, without=(1,))
        self.numbers: dict[bytes, int] = {}
        self.values = np.zeros((0, self.n_actions))
        self._gains, self._tried = np.zeros((2, 0, self.n_actions))  # sums of rewards; numbers of trials
        self._moves: dict[tuple[int, int], dict[int, int]] = {}  # how often a pair led to a state
        self._pairs: list[tuple[int, int]] = []  # in the order met

    def learn(self, outcomes: np.ndarray, actions: np.ndarray) -> DynaQ:
        """Watch play, outcomes (T, G) int and actions (T,) int, -1 where a game begins; solve the table."""
        outcomes, actions = as_play(outcomes, actions)
        if actions.max() >= self.n_actions:
            raise ValueError(f"actions must lie below n_actions, {self.n_actions}; found {actions.max()}")
        state = 0
        for frame, action in zip(outcomes, actions, strict=True):
            if action < 0:
                self.reset()
            else:
                self._last = state, int(action)
            state = self._see(frame)
        self.reset()
        self._solve()
        return self

    def act(self, outcomes: np.ndarray) -> int:
        """Learn from the frame that is seen now, (G,) int, plan, and choose an action."""
        outcomes = self._check(outcomes)
        state = self._see(outcomes)
        if self.replays is None:
            if self._worth(outcomes):
                self._solve()
        elif self._pairs:
            for k in self.rng.integers(len(self._pairs), size=self.replays):
                self._back_up(self._pairs[k])
        action = self._choose(state)
        self._last = state, action
        return action

    def _see(self, outcomes: np.ndarray) -> int:
        """Number of the window that this frame ends; what led to it is put into the table."""
        state = self.numbers.setdefault(self._window(outcomes), len(self.numbers))
        if state == len(self.values):
            more = ((0, state + 64), (0, 0))
            self.values, self._gains, self._tried = (
                np.pad(table, more) for table in (self.values, self._gains, self._tried)
            )
        if self._last is not None:
            self._count(self._last, state, self._worth(outcomes))
        return state

    def _count(self, pair: tuple[int, int], state: int, gain: float) -> None:
        if pair not in self._moves:
            self._moves[pair] = {}
            self._pairs.append(pair)
        self._moves[pair][state] = self._moves[pair].get(state, 0) + 1
        self._gains[pair] += gain
        self._tried[pair] += 1
        self._back_up(pair)

    def _back_up(self, pair: tuple[int, int]) -> None:
        """Bellman's equation, for one pair."""
        ahead = sum(n * self.values[s].max() for s, n in self._moves[pair].items())
        self.values[pair] = (self._gains[pair] + self.discount * ahead) / self._tried[pair]

    def _solve(self) -> None:
        """Bellman's equation, for the whole table."""
        n = len(self.numbers)
        counts = [(s, a, to, k) for (s, a), moves in self._moves.items() for to, k in moves.items()]
        start, action, to, times = np.array(counts, int).reshape(-1, 4).T
        transitions = [
            sparse.csr_array((times[mine], (start[mine], to[mine])), shape=(n, n))
            for mine in (action == a for a in range(self.n_actions))
        ]
        gains = self._gains[:n] / np.maximum(self._tried[:n], 1)
        self.values[:n] = value_iteration(transitions, gains, discount=self.discount, start=self.values[:n])

    def _choose(self, state: int) -> int:
        q = self.values[state]
        best = np.flatnonzero(q >= q.max() - TIE)
        last = -1 if self._last is None else self._last[1]
        if last in best and self.rng.random() < self.persistence:
            return last
        return int(self.rng.choice(best))

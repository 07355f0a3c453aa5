"""An agent that watches random play, learns what follows what, and plays by induction (equation 5.11).

One frame does not show where the ball is going; two frames do. So the states are the unique *windows* of
two successive frames, at every offset, and the transitions are those that were seen: a chain of events at
the rate of frames. The agent's model knows outcomes only, no actions: it plans which outcomes should
come next, and acts so that its own part of them comes true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.special import entr

from rgm_core.information import pairwise_information
from rgm_core.planning.action import explicit_action
from rgm_core.planning.induction import UNREACHABLE, next_step, reach_goals

RELEVANCE = 0.02  # share of a modality's entropy that another must tell about, one frame before or after
PERSISTENCE = 0.8  # probability of going on with the last action when exploring: smooth paths lead farther
SMALLEST = 1e-3  # of the likelihood of an outcome, so that its logarithm is finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the agent thought at one frame.

    Parameters
    ----------
    state : int
        The window that it took the last two frames for.
    known : bool
        Whether it had seen exactly this window before; else it is the most similar one.
    steps : int
        Frames to the next goal as planned; -1 if no goal can be reached, and it explores.
    action : int
    """

    state: int
    known: bool
    steps: int
    action: int


class Agent:
    """Play a game by planning as inference, after watching it being played at random.

    Parameters
    ----------
    goal : (int, int)
        Modality and outcome to be reached, such as the reward of a hit.
    cost : (int, int)
        Modality and outcome to be avoided.
    control : int
        Modality that shows what the agent controls, such as the place of its bat.
    depth : int
        How many frames it plans ahead at most.
    rng : numpy.random.Generator
        For exploring, where no goal can be reached.

    Attributes
    ----------
    history : list of Decision
        One entry for each action since the last reset.
    relevant : (K,) int
        Modalities that states are made of: those that tell something about a neighbour in time.
    frames : (S, G) int
        The second frame of each state, as first seen.
    counts : (S, S) sparse int
        How often a state (row) followed another (column).
    """

    def __init__(
        self,
        *,
        goal: tuple[int, int],
        cost: tuple[int, int],
        control: int,
        depth: int = 64,
        rng: np.random.Generator,
    ):
        if not depth >= 1:
            raise ValueError(f"depth must be ≥ 1; found {depth}")
        self.goal, self.cost, self.control, self.depth, self.rng = goal, cost, control, depth, rng
        self.history: list[Decision] = []
        self.relevant: np.ndarray | None = None
        self._before: np.ndarray | None = None

    def learn(
        self, outcomes: np.ndarray, actions: np.ndarray, n_outcomes: np.ndarray | None = None
    ) -> Agent:
        """Learn windows, transitions and reflexes from play, each frame seen once.

        Parameters
        ----------
        outcomes : (T, G) int
            Outcomes of successive frames, T ≥ 3.
        actions : (T,) int
            Action that led to each frame; -1 where a new game begins.
        n_outcomes : (G,) int, optional
            Number of outcomes of each modality, if there may be others than were seen.

        Returns
        -------
        Agent
            Itself.
        """
        outcomes, actions = _check_play(outcomes, actions, (self.goal[0], self.cost[0], self.control))
        self.n_modalities = outcomes.shape[1]
        self._limits = _limits(outcomes, n_outcomes, self.control)
        self._seen, self._done = list(outcomes), list(actions)
        self._assimilate()
        return self

    def _assimilate(self) -> None:
        """Make states, transitions and reflexes of all frames seen so far."""
        outcomes, actions = self.experience
        follows = np.flatnonzero(actions[1:] >= 0)
        before, now = outcomes[follows], outcomes[follows + 1]
        self.relevant = _relevant(before, now)
        windows = np.concatenate([before, now], axis=1)[:, self._columns()]
        _, first, states = np.unique(windows, axis=0, return_index=True, return_inverse=True)
        self.windows, states = windows[first], states.reshape(-1)
        self._numbers = {window.tobytes(): s for s, window in enumerate(self.windows)}
        self.goals = now[first, self.goal[0]] == self.goal[1]
        self.costs = now[first, self.cost[0]] == self.cost[1]
        self.frames, self.controls = now[first], now[first, self.control]
        adjacent = np.flatnonzero(np.diff(follows) == 1)
        ones, shape = np.ones(len(adjacent), int), (len(self.windows), len(self.windows))
        moves = (states[adjacent + 1], states[adjacent])
        self.counts = sparse.coo_array((ones, moves), shape=shape).tocsr()
        self.keep(np.ones(len(self.windows), bool))
        self._tried = np.zeros((len(self.windows), int(actions.max()) + 1), int)
        np.add.at(self._tried, (states[adjacent], actions[follows[adjacent + 1] + 1]), 1)
        places = before[:, self.control], now[:, self.control]
        self.reflexes = _reflexes(actions[follows + 1], *places, self._limits[self.control])

    @property
    def experience(self) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes (T, G) and actions (T,) of all frames seen so far, as `learn` takes them."""
        return np.array(self._seen), np.array(self._done)

    def reset(self) -> None:
        """Begin a new game: forget the last frame and the history."""
        self.history, self._before = [], None

    def act(self, outcomes: np.ndarray) -> int:
        """Choose an action from the frame that is seen now.

        Parameters
        ----------
        outcomes : (G,) int

        Returns
        -------
        int

        Raises
        ------
        ValueError
            If the agent has not learned yet, or outcomes have another shape or unknown values.
        """
        now = self._check(outcomes)
        self._remember(now)
        before = now if self._before is None else self._before
        state, known = self.recognise(before, now)
        plan = next_step(self.reached, self.transitions, state)
        if plan.reachable:
            wanted = self.transitions[:, [state]].toarray().ravel() * plan.next_states
            predicted = np.bincount(self.controls, weights=wanted, minlength=self.reflexes.shape[2])
            reflex = self.reflexes[:, now[self.control]].T
            action = explicit_action([predicted / predicted.sum()], [reflex], rng=self.rng)
        else:
            action = self._explore(state, known)
        self._tried[state, action] += known
        self._before = now
        steps = plan.steps if plan.reachable else UNREACHABLE
        self.history.append(Decision(state=state, known=known, steps=steps, action=action))
        return action

    def _explore(self, state: int, known: bool) -> int:
        """The action least often tried in a state: its outcome tells most about the transitions."""
        tried = self._tried[state] if known else np.zeros(self._tried.shape[1])
        least = np.flatnonzero(tried == tried.min())
        last = self.history[-1].action if self.history else -1
        if last in least and self.rng.random() < PERSISTENCE:
            return last
        return int(self.rng.choice(least))

    def _remember(self, now: np.ndarray) -> None:
        """Keep the frame; after a cost, or a goal found by exploring, learn from what led to it."""
        self._seen.append(now)
        self._done.append(-1 if self._before is None else self.history[-1].action)
        missed, found = (now[g] == o for g, o in (self.cost, self.goal))
        exploring = bool(self.history) and self.history[-1].steps == UNREACHABLE
        if missed or (found and exploring):
            self._assimilate()

    def _columns(self) -> np.ndarray:
        """Columns of a pair of frames that make up a window."""
        return np.concatenate([self.relevant, self.relevant + self.n_modalities])

    def keep(self, states: np.ndarray) -> None:
        """Plan with some states (S,) bool only, as `reduce_states` finds them, until it learns again."""
        to, start = self.counts.nonzero()
        allowed = ~self.costs[to] & states[to] & states[start]
        ones = np.ones(int(allowed.sum()), int)
        seen = sparse.coo_array((ones, (to[allowed], start[allowed])), shape=self.counts.shape)
        self.transitions = seen.tocsr()
        goals = self.goals & ~self.costs & states
        if goals.any():
            self.reached = reach_goals(self.transitions, goals, self.depth)
        else:  # nothing to be reached: every state explores
            self.reached = np.zeros((self.depth + 1, len(self.windows)), bool)

    def recognise(self, before: np.ndarray, now: np.ndarray) -> tuple[int, bool]:
        """The state of two successive frames (G,), and whether it was seen; else the most similar."""
        return self._recognise(np.concatenate([before, now])[self._columns()])

    def _recognise(self, window: np.ndarray) -> tuple[int, bool]:
        """The state of a window; of one that is new, the state that agrees in most outcomes."""
        state = self._numbers.get(window.astype(self.windows.dtype).tobytes())
        if state is not None:
            return state, True
        agree = (self.windows == window).sum(axis=1)
        useful = self.reached[1:].any(axis=0)  # of equals, one from which a goal can be reached
        return int(np.argmax(agree + 0.5 * useful)), False

    def _check(self, outcomes: np.ndarray) -> np.ndarray:
        if self.relevant is None:
            raise ValueError("the agent has not seen anything yet: call learn with some play first")
        outcomes = np.asarray(outcomes)
        if outcomes.shape != (self.n_modalities,) or not np.issubdtype(outcomes.dtype, np.integer):
            raise ValueError(
                f"outcomes must be {self.n_modalities} integers; "
                f"found shape {outcomes.shape}, dtype {outcomes.dtype}"
            )
        wrong = np.flatnonzero((outcomes < 0) | (outcomes >= self._limits))
        if wrong.size:
            g = wrong[0]
            raise ValueError(
                f"outcomes[{g}] must lie in 0 … {self._limits[g] - 1}; found {outcomes[g]} "
                "(learn takes n_outcomes, for outcomes that were not seen yet)"
            )
        return outcomes


def _limits(outcomes: np.ndarray, n_outcomes: np.ndarray | None, control: int) -> np.ndarray:
    """(G,) int, what outcomes must lie below; without numbers only the control's must be known."""
    if n_outcomes is None:
        limits = np.full(outcomes.shape[1], np.iinfo(int).max)
        limits[control] = outcomes[:, control].max() + 1
        return limits
    n_outcomes = np.asarray(n_outcomes)
    if n_outcomes.shape != outcomes.shape[1:] or not np.all(outcomes < n_outcomes):
        raise ValueError(
            f"n_outcomes must be {outcomes.shape[1]} integers above all outcomes; found {n_outcomes}"
        )
    return n_outcomes


def _relevant(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Modalities that another one tells about, a frame before or after: not constants, not noise."""
    information = pairwise_information(before, now)
    told = np.maximum(information.max(axis=1), information.max(axis=0))
    shares = [np.unique(column, return_counts=True)[1] / len(now) for column in now.T]
    entropy = np.array([entr(p).sum() for p in shares])
    return np.flatnonzero((entropy > 0) & (told > RELEVANCE * entropy))


def _reflexes(actions: np.ndarray, before: np.ndarray, now: np.ndarray, size: int) -> np.ndarray:
    """p(next outcome of control | action, outcome now), (n_actions, O, O): what actions do to it."""
    counts = np.full((int(actions.max()) + 1, size, size), SMALLEST)
    np.add.at(counts, (actions, before, now), 1.0)
    return counts / counts.sum(axis=2, keepdims=True)


def _check_play(outcomes, actions, modalities) -> tuple[np.ndarray, np.ndarray]:
    outcomes, actions = np.asarray(outcomes), np.asarray(actions)
    if outcomes.ndim != 2 or len(outcomes) < 3 or not np.issubdtype(outcomes.dtype, np.integer):
        raise ValueError(
            "outcomes must be integers (T, G) of at least three frames; "
            f"found shape {outcomes.shape}, dtype {outcomes.dtype}"
        )
    if actions.shape != (len(outcomes),) or not (actions[1:] >= 0).any():
        raise ValueError(
            f"actions must be {len(outcomes)} integers, one for each frame and some of them ≥ 0; "
            f"found shape {actions.shape}"
        )
    if outcomes.min() < 0:
        raise ValueError(f"outcomes must be ≥ 0; found {outcomes.min()}")
    if max(modalities) >= outcomes.shape[1]:
        raise ValueError(
            f"goal, cost and control must name modalities below {outcomes.shape[1]}; found {modalities}"
        )
    return outcomes, actions

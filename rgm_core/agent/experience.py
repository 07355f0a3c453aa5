"""What an agent has seen, as counts: events, what followed what, and what its actions did.

An *event* is a window of two successive frames, as news (see `rgm_core.agent.separate`): the state on top
of two levels, groups of modalities and events of all groups. It is merged at every offset, so that the next
event begins one frame later. Memory grows with what is new, not with frames.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from rgm_core.agent.separate import AS_EXPECTED, Separation
from rgm_core.structure.grouping import number_by_appearance
from rgm_core.structure.selection import log_dirichlet_evidence

MEMORIES = ("none", "place", "action")  # that the control stream may have of the frame before
MANY = 1000  # frames from which on unique events can be told from noise


class Experience:
    """Counts of play, one frame at a time.

    Parameters
    ----------
    separation : Separation
    n_places : int
        Number of outcomes C of the control stream.
    n_actions : int
    goal, cost : (int, int)
        Modality and outcome.

    Attributes
    ----------
    windows : list of (2, K) int16
        News of the two frames of each event.
    follows : dict of (int, int) to (C,) float
        How often an event followed another, by the place that the agent then was at.
    seen : list of (C, 3) float
        How often each event was seen at a place; of these, with the goal, and with the cost.
    places : dict of str to dict
        For each memory: how often (memory, place, action) led to which place.
    closed : bool
        The world is noisy: new combinations are noise, and no new events.
    """

    def __init__(self, separation: Separation, n_places: int, n_actions: int, goal, cost):
        self.separation, self.n_places, self.n_actions = separation, n_places, n_actions
        self.goal, self.cost = goal, cost
        self.windows: list[np.ndarray] = []
        self.numbers: dict[bytes, int] = {}
        self.follows: dict[tuple[int, int], np.ndarray] = {}
        self.seen: list[np.ndarray] = []
        self.places: dict[str, defaultdict] = {
            memory: defaultdict(lambda: np.zeros(n_places)) for memory in MEMORIES
        }
        self.closed = False
        self.restart()

    def restart(self) -> None:
        """A new game begins: what comes next follows from nothing."""
        self.news = self.event = self.place = self.before = None
        self.at_cost = False

    def watch(self, outcomes: np.ndarray, actions: np.ndarray) -> None:
        """Count successive frames (T, G) and the actions (T,) that led to them, -1 where a game begins."""
        if not len(outcomes):
            return
        news = self.separation.news(outcomes)
        events = np.full(len(news), -1)
        if len(news) >= MANY and news.shape[1]:
            frames, first = number_by_appearance(news)
            pairs = np.stack([frames[:-1], frames[1:]], axis=1)
            unique, numbers, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
            recur = counts > 1
            if (
                np.count_nonzero(~recur) > len(pairs) / 2
            ):  # most never recur: are they events but for noise?
                windows = news[first][unique]
                rows = windows.reshape(len(windows), -1)
                nearest, differ = _nearest(rows, rows[recur])
                alike = differ < (rows != AS_EXPECTED).sum(axis=1)  # nearer to an event than to nothing
                self.closed = bool(np.mean(alike[~recur]) > 0.5)
                if self.closed:
                    for window in windows[recur]:
                        self._add(window)
                    events[1:] = nearest[numbers.reshape(-1)]
        for frame, new, action, event in zip(
            outcomes, news, actions.tolist(), events.tolist(), strict=True
        ):
            if action < 0:
                self.restart()
            self.count(frame, new, action, event)

    def count(self, outcomes: np.ndarray, news: np.ndarray, action: int, event: int = -1) -> None:
        """Count one frame (G,): its event, what it followed, and what the action did.

        ``event`` says which it is taken for where the world is noisy.
        """
        place = int(outcomes[self.separation.control])
        goal, cost = (outcomes[g] == o for g, o in (self.goal, self.cost))
        found = None
        if self.news is not None:
            found = event if self.closed else self._number(np.stack([self.news, news]))
            self.seen[found][place] += 1, goal, cost
            if self.event is not None:
                self.follows.setdefault((self.event, found), np.zeros(self.n_places))[place] += 1
        if self.before is not None and not self.at_cost:  # after a cost places may be set anew
            for memory, m in zip(MEMORIES, (0, *self.before), strict=True):
                self.places[memory][m, self.place, action][place] += 1
        self.before = None if self.place is None else (self.place, action)
        self.news, self.event, self.place, self.at_cost = news, found, place, bool(cost)

    def memory(self) -> str:
        """What the control stream must remember: the model of places with most evidence."""
        evidence = [_log_evidence(np.array(list(self.places[m].values()))) for m in MEMORIES]
        return MEMORIES[int(np.argmax(evidence))]

    def _number(self, window: np.ndarray) -> int:
        """Number of an event; a new combination is a new event."""
        found = self.numbers.get(window.tobytes())
        return self._add(window) if found is None else found

    def _add(self, window: np.ndarray) -> int:
        self.numbers[window.tobytes()] = len(self.windows)
        self.windows.append(window)
        self.seen.append(np.zeros((self.n_places, 3)))
        return len(self.windows) - 1


def _nearest(rows: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Event that each row (n, k) agrees with most, and in how many places they differ."""
    least, nearest = np.full(len(rows), np.inf), np.zeros(len(rows), int)
    for e, event in enumerate(events):
        differ = (rows != event).sum(axis=1)
        nearest[differ < least] = e
        least = np.minimum(least, differ)
    return nearest, least


def _log_evidence(counts: np.ndarray) -> float:
    """Of counts (contexts, outcomes), with a Dirichlet prior of mass one in each context."""
    if not counts.size:
        return 0.0
    return log_dirichlet_evidence(counts.T, np.full(counts.T.shape, 1 / counts.shape[1]))

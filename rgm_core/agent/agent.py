"""An agent that watches random play, learns events of it, and plays by induction (equation 5.11).

Watching: from the first thousand frames it learns which outcomes its own part explains, which modalities
belong together and which are noise (`separate`); what is left are *events*, states on top of two levels,
and everything else is counts (`Experience`). Playing is three verbs: `infer_states` says what event this
is, `plan` how likely each action leads to a goal (`induce_play`), `sample_action` does the best. Its world
knows no actions: what an action does to its own part was counted too, and it acts so that the place it
wants to be at next comes true.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgm_core.agent.alike import Merged, merge_states
from rgm_core.agent.belief import Belief, infer_events, predict_events
from rgm_core.agent.decision import UNREACHABLE, Decision, decide
from rgm_core.agent.experience import MANY, Experience
from rgm_core.agent.expert import STATES, expert_states
from rgm_core.agent.play import HOPE, TIE, PlayModel, action_values, induce_play, model_of
from rgm_core.agent.seen import as_event, check_play, limits_of
from rgm_core.agent.separate import enough_frames, separate
from rgm_core.model.checks import (
    as_array,
    as_flag,
    as_generator,
    as_number,
    as_whole,
    check_choice,
    check_type,
)

PERSISTENCE = 0.8  # probability of going on with the last action when exploring: smooth paths lead farther


class Agent:
    """Play a game by planning as inference, after watching it being played at random.

    Parameters
    ----------
    goal : (int, int)
        Modality and outcome to be reached, such as the reward of a hit.
    cost : (int, int)
        Modality and outcome to be avoided.
    control : int
        Modality that shows the agent's own part, such as the place of its bat.
    depth : int
        How many frames it plans ahead at most.
    joint : bool
        One factor on top, as in the article: events include the agent's own part wherever it is. By
        default they hold only what the control stream does not explain.
    states : {"all", "basin", "steady"}
        Which states it plans with, chosen anew whenever it has learned: all; those of the basin of
        attraction of its goals; or those of them that its steady state cannot spare. See `expert_states`.
    merge : float, optional
        Nats of information about its actions, now and next, that may be lost by merging states: it then
        acts from the merged states. See `merge_states`.
    rng : numpy.random.Generator or int
        For exploring, and for choosing among equally good actions.

    Attributes
    ----------
    learning : bool
        Set it to False to freeze what was learned.
    history : list of Decision
        One entry for each action since the last reset.
    model : PlayModel
        What it plans with, once it has learned; replaced when it learns.
    kept : (E, C) bool
        States that it plans with, an event at a place each.
    merged : Merged or None
        Merged states, if it acts from them.
    """

    def __init__(
        self,
        *,
        goal: tuple[int, int],
        cost: tuple[int, int],
        control: int,
        depth: int = 64,
        joint: bool = False,
        states: str = "all",
        merge: float | None = None,
        rng: np.random.Generator | int,
    ):
        self.goal, self.cost = as_event(goal, "goal"), as_event(cost, "cost")
        if self.goal == self.cost:
            raise ValueError(f"goal and cost must differ; found {goal} for both")
        self.control, self.depth = as_whole(control, "control", 0), as_whole(depth, "depth", 1)
        self.joint, self.rng = as_flag(joint, "joint"), as_generator(rng)
        check_choice(states, "states", STATES)
        self.states = states
        self.merge = None if merge is None else as_number(merge, "merge", "None, or finite and ≥ 0", low=0)
        self.learning = True
        self.model: PlayModel  # once it has learned
        self.reset()

    def learn(
        self, outcomes: np.ndarray, actions: np.ndarray, n_outcomes: np.ndarray | None = None
    ) -> Agent:
        """Learn structure and counts from play, each frame seen once.

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
        outcomes, actions = check_play(outcomes, actions, (self.goal[0], self.cost[0], self.control))
        self._limits = limits_of(outcomes, n_outcomes, self.control)
        self._sizes = np.where(self._limits < np.iinfo(int).max, self._limits, outcomes.max(axis=0) + 1)
        self.n_modalities, self.n_actions = outcomes.shape[1], int(actions.max()) + 1
        self._first = list(zip(outcomes[:MANY], actions[:MANY].tolist(), strict=True))
        self._restructure(outcomes, actions)
        self._renew()
        self.reset()
        return self

    def reset(self) -> None:
        """Begin a new game: forget the last frame and the history."""
        self.history: list[Decision] = []
        self._belief: Belief | None = None
        self._before: np.ndarray | None = None
        if hasattr(self, "model"):
            self.experience.restart()

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
        news = self.separation.compare(now[None])[0]
        belief = self._infer(now, news)
        if self.learning and self._assimilate(now, news, belief):
            news = self.separation.compare(now[None])[0]  # what is news may be another thing now
            belief = self._infer(now, news)
        values = self.plan(belief)
        action = self.sample_action(values, belief)
        self._belief, self._before = belief, news
        self.history.append(decide(belief, values, action))
        return action

    def infer_states(self, outcomes: np.ndarray) -> Belief:
        """What event the frame (G,) ends, given the frames since the last reset."""
        now = self._check(outcomes)
        return self._infer(now, self.separation.compare(now[None])[0])

    def _infer(self, now: np.ndarray, news: np.ndarray) -> Belief:
        """The same of a frame that was checked, and its news."""
        place, remembered = int(now[self.control]), 0
        if self._belief is not None:
            remembered = self.model.remember(self._belief.place, self.history[-1].action)
        predicted = predict_events(self.model, self._belief, self._before, place)
        return infer_events(self.model, predicted, news, place, remembered)

    def plan(self, belief: Belief) -> np.ndarray:
        """Probability (A,) of reaching a goal before a cost after each action, discounted by time."""
        self._check_belief(belief)
        if self._values is not None:
            return np.tensordot(belief.events, self._values[:, belief.remembered, belief.place], axes=1)
        return action_values(self.model, self.ahead, belief.events, belief.remembered, belief.place)

    def sample_action(self, values: np.ndarray, belief: Belief) -> int:
        """The best action (of values (A,)); without hope of a goal, of the best the one least tried."""
        self._check_belief(belief)
        values = as_array(values, "values", float, (self.n_actions,), "one for each action")
        best = np.flatnonzero(values >= values.max() * (1 - TIE))
        tried = self._tried.setdefault((int(belief.events.argmax()), belief.place), np.zeros(len(values)))
        if values.max() < HOPE:
            best = best[tried[best] == tried[best].min()]
        last = self.history[-1].action if self.history else -1
        going_on = last in best and self.rng.random() < PERSISTENCE
        action = last if going_on else int(self.rng.choice(best))
        tried[action] += 1
        return action

    def keep(self, states: np.ndarray) -> None:
        """Plan with some states (E, C) bool only, an event at a place, until it learns again."""
        self._check_learned()
        allowed = as_array(states, "states", bool, self.model.goals.shape, "events and places")
        self._look_ahead(allowed)

    def _restructure(self, outcomes: np.ndarray, actions: np.ndarray) -> None:
        """Learn from the first frames what is expected and what belongs together; count all of them."""
        pixels = np.setdiff1d(np.arange(outcomes.shape[1]), [self.goal[0], self.cost[0], self.control])
        explain = not self.joint
        first = outcomes[: enough_frames(outcomes[:, self.control], MANY)]
        self.separation = separate(first, pixels, self.control, self._sizes, explain=explain)
        n_places = int(self._sizes[self.control])
        self.experience = Experience(self.separation, n_places, self.n_actions, self.goal, self.cost)
        self.experience.watch(outcomes, actions)
        self._structured = len(outcomes)

    def _renew(self) -> None:
        """Make the model of what was counted, and plan with it."""
        self.model = model_of(self.experience)
        self.ahead = induce_play(self.model, self.depth)
        kept = np.ones(self.model.known.shape, bool)
        if self.states != "all":
            kept = expert_states(self.model, self.ahead, self.states)
        self._look_ahead(kept)
        self._tried: dict[tuple[int, int], np.ndarray] = {}

    def _look_ahead(self, allowed: np.ndarray) -> None:
        """Plan with some states only; then merge them, if it merges any."""
        self.kept = allowed
        self.merged: Merged | None = None
        self._values: np.ndarray | None = None
        model = self.model if allowed.all() else self.model.avoid(~allowed)
        if not allowed.all():
            self.ahead = induce_play(model, self.depth)
        if self.merge is not None:
            visits = np.array(self.experience.seen)[:, :, 0]
            self.merged, self._values = merge_states(model, self.ahead, visits, self.merge)

    def _assimilate(self, now: np.ndarray, news: np.ndarray, belief: Belief) -> bool:
        """Count a frame; after a cost, or a goal found by exploring, plan anew (then True)."""
        action = -1 if self._belief is None else self.history[-1].action
        missed, found = (now[g] == o for g, o in (self.cost, self.goal))
        if len(self._first) < MANY:
            self._first.append((now, action))
        self.experience.count(now, news, action, int(belief.events.argmax()))
        if not (missed or (found and self.history and self.history[-1].steps == UNREACHABLE)):
            return False
        if self._structured < MANY and len(self._first) >= min(2 * self._structured, MANY):
            self._restructure(*(np.array(x) for x in zip(*self._first, strict=True)))
            self._belief = None
        self._renew()
        if self._belief is not None:
            more = (0, self.model.n_events - len(self._belief.events))
            self._belief = replace(self._belief, events=np.pad(self._belief.events, more))
        return True

    def _check_learned(self) -> None:
        if not hasattr(self, "model"):
            raise ValueError("the agent has not seen anything yet: call learn with some play first")

    def _check_belief(self, belief: Belief) -> None:
        self._check_learned()
        check_type(belief, Belief, "belief")
        if belief.events.shape != (self.model.n_events,):
            n = self.model.n_events
            raise ValueError(f"belief must be about the {n} events known; found {belief.events.shape}")

    def _check(self, outcomes: np.ndarray) -> np.ndarray:
        self._check_learned()
        outcomes = as_array(outcomes, "outcomes", int, (self.n_modalities,), "one for each modality")
        wrong = np.flatnonzero((outcomes < 0) | (outcomes >= self._limits))
        if wrong.size:
            g = wrong[0]
            raise ValueError(
                f"outcomes[{g}] must lie in 0 … {self._limits[g] - 1}; found {outcomes[g]} "
                "(learn takes n_outcomes, for outcomes that were not seen yet)"
            )
        return outcomes

"""The published rule for sequences: each level in turn, step by step, its counts selected (section 4.5).

A level runs for as long as one state of its parent lasts: two steps; the top for the whole sequence.
At each step its prediction is the prior of the level below, which runs, and answers with the posteriors
of its initial states and paths; these are outcomes here. Counts of likelihoods and transitions are used
at once, and at the end of the run all that came together is kept in the share in which it raises
mutual information. This is filtering: nothing is revised by what comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rgm_core.inference.nested import FLOOR, SCREEN
from rgm_core.information import mutual_information
from rgm_core.learning.active import History, check_constants, select_update
from rgm_core.model.evidence import Evidence, as_evidence
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM, check_model
from rgm_core.model.transitions import Transitions

_STEPS = 2  # of a level, to one of its parent


def learn_sequence_actively(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    beta: float | None = 512.0,
    eta: float = 512.0,
) -> tuple[RGM, History]:
    """Update the Dirichlet counts of a dynamic model with a sequence, as published (equations 4.5, 4.6).

    Parameters
    ----------
    model : RGM
        A dynamic model (``learn_structure(..., dt=2)``) with prior counts, also of transitions: only
        positive counts can grow. Not modified.
    outcomes : (T, G) int, or G arrays of shape (T, n_outcomes[g])
        Outcomes at successive steps, as in :func:`rgm_core.infer`. What is missing teaches nothing.
    beta, eta : float
        Precision of the selection (None accepts all), and forgetting, as in
        :func:`rgm_core.learning.learn_actively`.

    Returns
    -------
    model : RGM
        With the new counts: likelihoods of every level, and transitions on top. As in the reference, what
        the levels below learn of their transitions serves while the sequence lasts and is not kept.
    history : History
        A row for each event, a step of the top level. The top is updated once, in the last row; before it
        its acceptance is 0.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, or no learned event follows another.
    """
    check_model(model, dynamic=True, remedy="exemplars in no order are learned by learn_actively")
    evidence = as_evidence(model.levels[0], outcomes).normalised()
    beta, eta = check_constants(beta, eta)
    run = _Run(evidence, [_Counts.of(level) for level in model.levels], beta, eta)
    n_events = -(-evidence.n_samples // _STEPS ** (model.n_levels - 1))
    n_paths = int(model.levels[-1].n_paths[0])
    run.epoch(model.n_levels - 1, [model.D / model.D.sum()], [np.full(n_paths, 1 / n_paths)], 0, n_events)
    learned = model.with_counts([counts.stacked() for counts in run.counts])
    on_top = (Transitions.from_dense(run.counts[-1].b[0]),)
    *below, top = learned.levels
    learned = RGM(levels=(*below, top.with_transitions(on_top)), D=model.D)
    return learned, run.history()


@dataclass
class _Counts:
    """Counts of a level while it learns: those selected so far, and those of the current run."""

    level: Level
    a: list[np.ndarray]
    b: list[np.ndarray]

    @classmethod
    def of(cls, level: Level) -> _Counts:
        sizes = zip(level.a, level.n_outcomes, level.n_states[level.parents], strict=True)
        return cls(level, [a[:o, :s].copy() for a, o, s in sizes], [b.dense() for b in level.b])

    def stacked(self) -> np.ndarray:
        """Likelihood counts as a level holds them, (G, O, S)."""
        a = np.zeros(self.level.a.shape)
        for g, table in enumerate(self.a):
            a[g, : table.shape[0], : table.shape[1]] = table
        return a


@dataclass
class _Run:
    """A pass through a sequence, level within level."""

    evidence: Evidence
    counts: list[_Counts]
    beta: float
    eta: float
    rows: list[np.ndarray] = field(default_factory=list)  # of history, (3, n_levels) each

    def __post_init__(self):
        self._elbo, self._accepted = np.zeros((2, len(self.counts)))
        self._n_updates = np.zeros(len(self.counts))

    def epoch(self, n: int, states, paths, start: int, n_steps: int):
        """Run level n for some steps; posteriors of initial states and paths, and what was seen of each."""
        counts, level = self.counts[n], self.counts[n].level
        da, db = ([np.zeros_like(x) for x in tables] for tables in (counts.a, counts.b))
        initial, before, saw = states, states, np.zeros(level.n_factors, bool)
        for t in range(n_steps):
            A = [_normalised(a + more) for a, more in zip(counts.a, da, strict=True)]
            B = [_normalised(b + more) for b, more in zip(counts.b, db, strict=True)]
            if t:
                states = [_follow(*x) for x in zip(B, before, paths, strict=True)]
            told = self._outcomes(n, start + t, A, states)
            q = [_invert(states[f], A, told, level.children(f)) for f in range(level.n_factors)]
            self._elbo[n] += sum(gain for _, gain in q)
            states = [beliefs for beliefs, _ in q]
            now = np.array([any(told[g] is not None for g in level.children(f)) for f in range(len(q))])
            if t:
                paths = [_recognise(*x) for x in zip(B, states, before, paths, strict=True)]
                for f in np.flatnonzero(now & saw):
                    made = np.einsum("i,j,u->iju", states[f], before[f], paths[f])
                    db[f] += np.where(counts.b[f] > 0, made, 0)  # what is impossible stays so
            for g, outcome in enumerate(told):
                if outcome is not None:
                    seen = np.outer(outcome, states[level.parents[g]])
                    da[g] += np.where(counts.a[g] > 0, seen, 0)
            initial, before, saw = (initial if t else states), states, saw | now
            if n == len(self.counts) - 1:
                self._end_event(last=t == n_steps - 1, updates=(da, db))
        if n < len(self.counts) - 1:
            self._select(n, da, db)
        return initial, paths, saw

    def _outcomes(self, n: int, step: int, A, states) -> list[np.ndarray | None]:
        """What each modality of level n shows at a step: data, or what the level below recognised."""
        level = self.counts[n].level
        if n == 0:
            if step >= self.evidence.n_samples:  # the last state above lasts longer than the data
                return [None] * len(A)
            now = self.evidence.part(slice(step, step + 1))
            return [_observed(now, g, len(a)) for g, a in enumerate(A)]
        below = self.counts[n - 1].level
        predicted = [a @ states[f] for a, f in zip(A, level.parents, strict=True)]
        alone, wiring = np.ones(1), below.initial.tolist()  # -1: a factor without parent
        states = [predicted[g] if g >= 0 else alone for g in wiring]
        paths = [predicted[g + 1] if g >= 0 else alone for g in wiring]
        initial, paths, saw = self.epoch(n - 1, states, paths, _STEPS * step, _STEPS)
        told: list[np.ndarray | None] = [None] * len(A)
        for f in np.flatnonzero(saw & below.has_parent):
            told[below.initial[f]], told[below.initial[f] + 1] = initial[f], paths[f]
        return told

    def _select(self, n: int, da, db) -> None:
        """Keep the counts of a run in the share in which they raise mutual information."""
        counts = self.counts[n]
        for tables, updates in ((counts.a, da), (counts.b, db)):
            for k, update in enumerate(updates):
                if update.any():
                    tables[k], accepted = select_update(tables[k], update, self.beta, self.eta)
                    if tables is counts.a:
                        self._accepted[n] += accepted
                        self._n_updates[n] += 1

    def _end_event(self, *, last: bool, updates) -> None:
        """Write the row of an event; after the last one the top level is updated too."""
        if last:
            self._select(len(self.counts) - 1, *updates)
        information = [sum(mutual_information(a) for a in counts.a) for counts in self.counts]
        accepted = self._accepted / np.maximum(self._n_updates, 1)
        self.rows.append(np.array([information, self._elbo, accepted], float))
        for totals in (self._elbo, self._accepted, self._n_updates):
            totals[:] = 0

    def history(self) -> History:
        """What happened at each event."""
        information, elbo, acceptance = np.stack(self.rows, axis=1)
        return History(mutual_information=information, elbo=elbo, acceptance=acceptance)


def _observed(now: Evidence, g: int, n_outcomes: int) -> np.ndarray | None:
    """Distribution over the outcomes of a modality in a single sample; None where it is missing."""
    share = np.exp(now.log_message(g, n_outcomes)[0])
    return share / share.sum() if np.ptp(share) > 0 else None


def _normalised(counts: np.ndarray) -> np.ndarray:
    total = counts.sum(axis=0, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def _follow(B: np.ndarray, before: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """Prediction Σ_{s,u} B[s', s, u] Q(s) Q(u), of what has a successor."""
    predicted = np.einsum("iju,j,u->i", B, before, paths)
    if not predicted.sum() > SCREEN:
        raise ValueError(
            "outcomes last longer than the learned events: none follows here; give transitions prior "
            "counts, or merge structure from more data"
        )
    return predicted / predicted.sum()


def _recognise(B, states, before, paths) -> np.ndarray:
    """Posterior of paths, Q(u) Σ_{s',s} Q(s') B[s', s, u] Q(s)."""
    found = paths * np.einsum("i,iju,j->u", states, B, before)
    return found / found.sum() if found.sum() > 0 else paths


def _invert(prior, A, told, children) -> tuple[np.ndarray, float]:
    """Bayes' rule for one modality after the other; states that were given up stay so (equation 3.12)."""
    q, elbo = prior, 0.0
    for g in children:
        if told[g] is None:
            continue
        likelihood, open_ = np.maximum(told[g] @ A[g], FLOOR), q > SCREEN
        if open_.sum() == 1:  # decided: score the survivor, leave the posterior as it stands
            elbo += float(np.log(likelihood[open_][0]))
            continue
        joint = np.where(open_, q * likelihood, 0)
        elbo += float(np.log(joint.sum()))
        q = joint / joint.sum()
    return q, elbo

"""Assimilate new sequences into a dynamic model with its groups as they are (equation 2.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from rgm_core.model.checks import as_whole
from rgm_core.model.evidence import as_evidence
from rgm_core.model.level import Dynamics, Level
from rgm_core.model.rgm import RGM, check_model
from rgm_core.structure.grouping import complete_last, number_by_appearance
from rgm_core.structure.grow import count_outcomes, go_up
from rgm_core.structure.paths import find_paths


def merge_structure(model: RGM, outcomes: np.ndarray, *, offsets: Iterable[int] = (0,)) -> RGM:
    """Add a sequence to what a model knows: new combinations and transitions, and counts of old ones.

    Combinations of outcomes that are known keep their states, others are appended; so are transitions,
    each to the first path that its state has free.

    Parameters
    ----------
    model : RGM
        A dynamic model, before its likelihoods are softened (:meth:`RGM.add_counts`): what it learns
        here starts without prior counts. Not modified.
    outcomes : (T, G) int
        Outcomes at successive steps; -1 is missing.
    offsets : iterable of int
        Steps to leave out at the beginning; the sequence is merged once for each. With
        ``range(2 ** (n_levels - 1))`` the model does not depend on where the sequence starts.

    Returns
    -------
    RGM
        With a uniform prior over the states on top.

    Raises
    ------
    ValueError
        If the model is static, or outcomes do not fit it or are too few for one event.
    """
    check_model(model, dynamic=True, remedy="only sequences can be merged")
    hard = as_evidence(model.levels[0], outcomes).hard
    if hard is None:
        raise ValueError("outcomes must be integers (T, G), -1 where missing; found likelihoods")
    if not isinstance(offsets, Iterable):
        raise ValueError(f"offsets must be an iterable of integers; found {offsets!r:.80}")
    span = 2 ** (model.n_levels - 1)
    for given in offsets:
        offset = as_whole(given, "offsets", 0, meaning="each of them")
        if not 0 <= offset <= len(hard) - span:
            raise ValueError(
                f"outcomes must last an event ({span} steps) after each of the offsets; "
                f"found {len(hard)} steps and offset {offset}"
            )
        model = _merge(model, hard[offset:])
    return model


def _merge(model: RGM, outcomes: np.ndarray) -> RGM:
    levels, n_outcomes = [], model.levels[0].n_outcomes
    for n, level in enumerate(model.levels):
        orphans = ~level.has_parent
        if n:  # what is missing was cut off
            outcomes = _complete(level, outcomes)
        states = np.stack(
            [
                np.zeros(len(outcomes), int) if orphan else _recognise(level, f, outcomes)
                for f, orphan in enumerate(orphans)
            ],
            axis=1,
        )
        n_states = np.maximum(level.n_states, states.max(0) + 1)
        walks = [find_paths(states[:, f], int(n_states[f]), level.b[f]) for f in range(level.n_factors)]
        a = count_outcomes(outcomes, n_outcomes, states[:, level.parents], n_states)
        a[:, : level.a.shape[1], : level.a.shape[2]] += level.a
        b = tuple(transitions for _, transitions in walks)
        level = replace(
            level,
            a=a,
            n_outcomes=n_outcomes,
            n_states=n_states,
            dynamics=Dynamics(b=b, has_parent=level.has_parent),
        )
        levels.append(level)
        paths = np.stack([paths for paths, _ in walks], axis=1)
        outcomes, n_outcomes = go_up(level, states, paths)
    n_top = int(levels[-1].n_states[0])
    return RGM(levels=tuple(levels), D=np.full(n_top, 1 / n_top))


def _complete(level: Level, outcomes: np.ndarray) -> np.ndarray:
    """Let a last block that is cut off be a known one that begins alike, where there is one."""
    outcomes = outcomes.copy()
    for f in range(level.n_factors):
        members = level.children(f)
        known = np.vstack([_combinations(level, f, members), outcomes[:-1, members]])
        outcomes[:, members] = complete_last(outcomes[:, members], known)
    return outcomes


def _recognise(level: Level, factor: int, outcomes: np.ndarray) -> np.ndarray:
    """State of a factor at each step: that of its combination of outcomes, or a new one."""
    members = level.children(factor)
    if level.defining is not None:
        members = members[level.defining[members]]
    known = _combinations(level, factor, members)
    numbers, first = number_by_appearance(np.vstack([known, outcomes[:, members]]))
    state_of = np.full(len(first), -1)
    state_of[numbers[: len(known)][::-1]] = np.arange(len(known))[::-1]  # of equal ones, the first
    new = state_of < 0
    state_of[new] = len(known) + np.arange(new.sum())
    return state_of[numbers[len(known) :]]


def _combinations(level: Level, factor: int, members: np.ndarray) -> np.ndarray:
    """Outcomes (S, members) that each state stands for: the most frequent; -1 if all are alike."""
    known = np.empty((level.n_states[factor], len(members)), int)
    for i, g in enumerate(members):
        a = level.a[g, : level.n_outcomes[g], : level.n_states[factor]]
        alike = (np.ptp(a, axis=0) == 0) & (len(a) > 1)
        known[:, i] = np.where(alike, -1, a.argmax(0))
    return known

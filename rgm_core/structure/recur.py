"""Recurring events: events that look alike are one place, and share what may follow (equation 4.8).

In a sequence learned from one recording every event may be unique, so that the model can only replay it.
But events that predict nearly the same outcomes are, in the sense of information distance, equivalent:
what followed one of them could have followed the other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgm_core.generation.orbits import generate_orbit
from rgm_core.model.checks import as_number
from rgm_core.model.rgm import RGM, check_model
from rgm_core.model.transitions import Transitions
from rgm_core.structure.paths import first_free_path


def event_outcomes(model: RGM) -> np.ndarray:
    """Most probable outcomes of every event, (n_events, n_steps, G) int.

    Parameters
    ----------
    model : RGM
        A dynamic model. An event lasts ``2 ** (n_levels - 1)`` steps.
    """
    check_model(model, dynamic=True, remedy="it has no events")
    span = 2 ** (model.n_levels - 1)
    events = range(len(model.D))
    return np.stack([[step.outcomes for step in generate_orbit(model, s, n_steps=span)] for s in events])


def event_similarity(model: RGM) -> np.ndarray:
    """Share of outcomes in which two events agree, (n_events, n_events), 0 to 1.

    Only modalities that differ between events, or change within them, count: the others tell nothing.

    Parameters
    ----------
    model : RGM
        A dynamic model.
    """
    outcomes = event_outcomes(model)
    changing = np.any(outcomes != outcomes[:1, :1], axis=(0, 1))
    if not changing.any():
        return np.ones((len(outcomes), len(outcomes)))
    outcomes = outcomes[:, :, changing]
    return np.array([(outcomes == event).mean(axis=(1, 2)) for event in outcomes])


def link_events(model: RGM, agreement: float) -> RGM:
    """Let events that look alike share their successors.

    Each event gets the successors of every event that agrees with it in at least this share of outcomes,
    with their counts times the agreement, on paths of their own. Levels below stay as they are.

    Parameters
    ----------
    model : RGM
        A dynamic model. Not modified.
    agreement : float
        Smallest share, 0 to 1, see :func:`event_similarity`.

    Returns
    -------
    RGM

    Raises
    ------
    ValueError
        If the model is static, or agreement is not a share.
    """
    check_model(model, dynamic=True, remedy="it has no events to link")
    agreement = as_number(agreement, "agreement", "a share, > 0 and ≤ 1", low=0, high=1, without=(0,))
    similarity = event_similarity(model)
    *below, top = model.levels
    edges = {tuple(e): c for e, c in zip(top.b[0].edges.tolist(), top.b[0].counts, strict=True)}
    learned = [(s, following, count) for (s, _, following), count in edges.items()]
    for s, other in np.argwhere(similarity >= agreement).tolist():
        for start, following, count in learned:
            if start == other and other != s:
                _add(edges, s, following, count * similarity[s, other])
    linked = sorted(edges)
    counts = np.array([edges[edge] for edge in linked])
    b = Transitions(edges=np.array(linked), counts=counts, n_states=top.b[0].n_states)
    return replace(model, levels=(*below, top.with_transitions((b,))))


def _add(edges: dict, state: int, following: int, count: float) -> None:
    """Add a count to a transition, on its path or on the state's first free one."""
    paths = {path: target for (s, path, target) in edges if s == state}
    path = next((p for p, target in paths.items() if target == following), None)
    if path is None:
        path = first_free_path(paths)
    edges[state, path, following] = edges.get((state, path, following), 0.0) + count


def prune_transitions(model: RGM, smallest: float) -> RGM:
    """Drop the transitions between events that are less probable than this (equation 4.9).

    Parameters
    ----------
    model : RGM
        A dynamic model. Not modified.
    smallest : float
        Probability of going from an event to another by a path, below which the transition goes. The
        most probable transition of every event stays, so that no orbit ends where it went on before.

    Returns
    -------
    RGM

    Raises
    ------
    ValueError
        If the model is static, or smallest is not a probability below one.
    """
    check_model(model, dynamic=True, remedy="it has no transitions to prune")
    smallest = as_number(smallest, "smallest", "a probability, ≥ 0 and < 1", low=0, high=1, without=(1,))
    *below, top = model.levels
    edges, counts, n_states = top.b[0].edges, top.b[0].counts, top.b[0].n_states
    state = edges[:, 0]
    largest = np.zeros(n_states)
    np.maximum.at(largest, state, counts)
    total = np.bincount(state, weights=counts, minlength=n_states)
    kept = (counts >= smallest * total[state]) | (counts == largest[state])
    b = Transitions(edges=edges[kept], counts=counts[kept], n_states=n_states)
    return replace(model, levels=(*below, top.with_transitions((b,))))

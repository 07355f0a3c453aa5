"""Orbits: sequences that a dynamic model generates from a state on top, step by step (equation 2.4).

An event unfolds into the initial state and path of every factor below, these into two steps there, and
so on down to outcomes. Only the events under way are held, so an orbit can be as long as you like.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from rgm_core.model.blocks import block_prior
from rgm_core.model.checks import as_generator, as_whole
from rgm_core.model.level import Level
from rgm_core.model.logs import draw
from rgm_core.model.rgm import RGM, check_model
from rgm_core.model.transitions import Transitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an orbit.

    Parameters
    ----------
    outcomes : (G,) int
        Outcome of each modality of level 1.
    states : tuple of (F,) int
        State of each factor that is current, by level, lowest first.
    paths : tuple of (F,) int
        Path that each factor is on, by level; -1 on top for an event without a learned successor.
    """

    outcomes: np.ndarray
    states: tuple[np.ndarray, ...]
    paths: tuple[np.ndarray, ...]


def generate_orbit(
    model: RGM,
    state: int,
    *,
    n_steps: int | None = None,
    paths: Iterable[int] | None = None,
    restart: int | None = None,
    rng: np.random.Generator | int | None = None,
) -> Iterator[Step]:
    """Generate steps from an event on, in bounded memory.

    Parameters
    ----------
    model : RGM
        A dynamic model.
    state : int
        State of the top factor to begin with.
    n_steps : int, optional
        Stop after this many steps of level 1. Default: go on while there are events.
    paths : iterable of int, optional
        Paths to take from event to event, for as long as they last, such as those inferred from a
        sequence (``posterior.paths[-1][0].argmax(1)``): then the orbit is that sequence again.
    restart : int, optional
        Event to go on with after an event that has no learned successor. By default the orbit ends
        there: it never jumps to a state at random.
    rng : numpy.random.Generator, or int to seed one, optional
        Samples every transition, state, path and outcome. Without it each is the most probable (of
        equally probable ones, the one learned first), so that the orbit is always the same.

    Yields
    ------
    Step

    Raises
    ------
    ValueError
        If the model is static, a state is out of range, or an event cannot take the given path.

    Examples
    --------
    >>> import numpy as np
    >>> from rgm_core import learn_structure
    >>> model = learn_structure(np.array([[0], [1], [2], [0]]), 3, dt=2)
    >>> [int(step.outcomes[0]) for step in generate_orbit(model, 1, n_steps=5)]
    [1, 2, 0, 1, 2]
    """
    check_model(model, dynamic=True, remedy="it has no orbits; see generate")
    state = as_whole(state, "state", 0, len(model.D) - 1)
    restart = (
        None if restart is None else as_whole(restart, "restart", 0, len(model.D) - 1, meaning="or None")
    )
    n_steps = None if n_steps is None else as_whole(n_steps, "n_steps", 0, sys.maxsize, meaning="or None")
    paths = () if paths is None else paths
    if not isinstance(paths, Iterable):
        raise ValueError(f"paths must be an iterable of integers, or None; found {paths!r:.80}")
    rng = None if rng is None else as_generator(rng)
    tables = [_Blocks(*pair) for pair in zip(model.levels, model.levels[1:], strict=False)]
    events = _events(model.levels[-1].b[0], state, iter(paths), restart, rng)
    unfolded = chain.from_iterable(_unfold(tables, *event, rng) for event in events)
    return islice(_observe(model.levels[0], unfolded, rng), n_steps)


class _Blocks:
    """What the states of one level generate at the level below: two steps of every factor."""

    def __init__(self, level: Level, above: Level):
        self.n_factors = level.n_factors
        self.factors = []
        for f in np.flatnonzero(level.has_parent).tolist():
            g = level.initial[f]
            prior, start = block_prior(level, above, f).T.copy(), above.A[g].T.copy()
            self.factors.append((f, above.parents[g], level.b[f], prior, start))

    def draw(self, parents: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Initial states, second states and paths (F,) under the states of the level above.

        The latter two are -1 where a sequence was learned that ends after the first step.
        """
        drawn = np.zeros((3, self.n_factors), int)  # a factor without parent has but one state
        for f, parent, b, prior, start in self.factors:
            if not prior[parents[parent]].any():
                drawn[:, f] = draw(start[parents[parent]], rng), -1, -1
                continue
            pair = draw(prior[parents[parent]], rng)
            first, last = b.edges_of_pair(int(pair))
            edge = _choose_edge(b, first, last, rng)
            state, path, second = b.edges[edge]
            drawn[:, f] = state, second, path
        return drawn[0], drawn[1], drawn[2]


def _events(b: Transitions, state: int, paths: Iterator[int], restart, rng):
    """States and paths of the top factor, each (1,), event by event."""
    while True:
        first, last = np.searchsorted(b.edges[:, 0], [state, state + 1])
        path = next(paths, None)
        if first == last:
            yield (np.array([state]),), (np.array([-1]),)
            if restart is None:
                return
            state = restart
            continue
        if path is not None:
            path = as_whole(path, "paths", 0, meaning="one for each event")
            first, last = first + np.searchsorted(b.edges[first:last, 1], [path, path + 1])
        if first == last:
            raise ValueError(f"paths must be learned ones; event {state} cannot take path {path}")
        edge = _choose_edge(b, first, last, rng)
        yield (np.array([state]),), (b.edges[edge, 1:2],)
        state = int(b.edges[edge, 2])


def _unfold(tables: list[_Blocks], states, paths, rng):
    """States and paths of all levels at each lowest step of what the first of them generate.

    Returns whether the event goes on: its last learned steps may have been cut off.
    """
    if not tables:
        yield states, paths
        return True
    first, second, path = tables[-1].draw(states[0], rng)
    goes_on = yield from _unfold(tables[:-1], (first, *states), (path, *paths), rng)
    if not goes_on or np.any(second < 0):
        return False
    return (yield from _unfold(tables[:-1], (second, *states), (path, *paths), rng))


def _observe(level: Level, unfolded, rng) -> Iterator[Step]:
    """Add the outcomes of each step."""
    rows, likelihood = np.arange(level.n_modalities), level.likelihood.transpose(0, 2, 1).copy()
    for states, paths in unfolded:
        p = likelihood[rows, states[0][level.parents]]
        yield Step(outcomes=draw(p, rng), states=states, paths=paths)


def _choose_edge(b: Transitions, first: int, last: int, rng) -> int:
    """One of a range of edges, by its counts."""
    return first if last == first + 1 else first + draw(b.counts[first:last], rng)

"""One level of a structure grown from the outcomes of the level below (equations 2.8 to 2.10).

Unique combinations become states, transitions between states become paths, and every other step's state
and path are the outcomes of the next level. Without dynamics the states alone are, all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgm_core.information import pairwise_information
from rgm_core.model.level import Dynamics, Level
from rgm_core.structure.grouping import complete_last, number_by_appearance
from rgm_core.structure.paths import find_paths
from rgm_core.structure.recognise import Windows, recognise, widen_windows


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Outcomes of a level that is to be grown, and what is known of its modalities."""

    outcomes: np.ndarray  # (n_steps, G)
    n_outcomes: np.ndarray  # (G,)
    locations: np.ndarray  # (G, dims)
    streams: np.ndarray  # (G,)
    predicted: np.ndarray  # (G,) bool: predicted only, not defining a state
    per_factor: int = 1  # modalities that each factor below has here; they stay together
    windows: Windows | None = None  # of outcomes with noise, see recognise


def grow_static(layer: Layer, parents: np.ndarray) -> tuple[Level, Layer]:
    """Make each unique combination in a group a state, which is the next level's outcome."""
    groups = [layer.outcomes[:, parents == f] for f in range(parents.max() + 1)]
    numbered = [number_by_appearance(group) for group in groups]
    states = np.stack([numbers for numbers, _ in numbered], axis=1)
    n_states = np.array([len(first) for _, first in numbered])
    counted = np.full_like(states, -1)
    for f, (_, first) in enumerate(numbered):
        counted[first, f] = states[first, f]
    level = Level(
        a=count_outcomes(layer.outcomes, layer.n_outcomes, counted[:, parents], n_states),
        n_outcomes=layer.n_outcomes,
        parents=parents,
        n_states=n_states,
        locations=layer.locations,
    )
    streams = np.array([layer.streams[parents == f][0] for f in range(len(n_states))])
    return level, Layer(
        outcomes=states,
        n_outcomes=n_states,
        locations=_centres(level),
        streams=streams,
        predicted=np.zeros(len(n_states), bool),
    )


def grow_dynamic(layer: Layer, parents: np.ndarray, group_size) -> tuple[Level, Layer]:
    """States and paths of each group; every other step's are the next level's outcomes."""
    states, outcomes = _reduce(layer, parents)
    streams = np.array([layer.streams[parents == f][0] for f in range(states.shape[1])])
    alone = np.zeros(len(streams), bool)
    if group_size is not None and len(streams) > 1:
        alone = (streams == 0) & [_is_unpredictable(column) for column in states.T]
        states = np.where(alone, 0, states)
    leading = np.flatnonzero((streams == 0) & ~alone)
    if not leading.size:
        raise ValueError(
            "outcomes of the leading stream cannot be predicted: in every group, any state (or a single "
            "one) follows any other; group by location, or give a longer sequence"
        )
    parents = _attach(layer, parents, states, leading)
    n_states = states.max(0) + 1
    walks = [find_paths(column, n) for column, n in zip(states.T, n_states.tolist(), strict=True)]
    level = Level(
        a=count_outcomes(outcomes, layer.n_outcomes, states[:, parents], n_states),
        n_outcomes=layer.n_outcomes,
        parents=parents,
        n_states=n_states,
        locations=layer.locations,
        dynamics=Dynamics(b=tuple(transitions for _, transitions in walks), has_parent=~alone),
        defining=None if not layer.predicted.any() else ~layer.predicted,
    )
    paths = np.stack([paths for paths, _ in walks], axis=1)
    return level, _next_layer(layer, level, states, paths, streams)


def go_up(level: Level, states: np.ndarray, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State and path of every factor at every other step: the outcomes of the next level.

    Parameters
    ----------
    level : Level
    states : (n_steps, F) int
    paths : (n_steps - 1, F) int

    Returns
    -------
    outcomes : (ceil(n_steps / 2), G) int
        State and path of each factor that has a parent; the path of a last step without a successor is
        missing, -1.
    n_outcomes : (G,) int
    """
    kept = level.has_parent
    paths = np.vstack([paths, np.full((1, level.n_factors), -1)])
    pairs = np.stack([states[::2], paths[::2]], axis=2)
    return pairs[:, kept].reshape(len(pairs), 2 * kept.sum()), level.n_outcomes_above


def _next_layer(layer: Layer, level: Level, states, paths, streams) -> Layer:
    outcomes, n_outcomes = go_up(level, states, paths)
    if len(states) < 2 and level.n_factors > 1:
        raise ValueError(
            f"outcomes is too short a sequence: {level.n_factors} groups are left when a level has "
            "only one step; give at least 2 ** (n_levels - 1) steps"
        )
    kept, single = level.has_parent, np.bincount(streams)[streams] == 1
    return Layer(
        outcomes=outcomes,
        n_outcomes=n_outcomes,
        locations=np.repeat(_centres(level)[kept], 2, axis=0),
        streams=np.repeat(streams[kept], 2),
        predicted=np.repeat((single & (streams != 0))[kept], 2),
        per_factor=2,
        windows=None if layer.windows is None else widen_windows(layer.windows, level),
    )


def _reduce(layer: Layer, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State of each group at every step (n_steps, F), and the outcomes that states are to count."""
    outcomes, states = layer.outcomes.copy(), []
    for f in range(parents.max() + 1):
        group = np.flatnonzero(parents == f)
        if layer.windows is None:
            if layer.per_factor > 1:  # what is missing was cut off
                outcomes[:, group] = complete_last(outcomes[:, group], outcomes[:-1, group])
            states.append(number_by_appearance(outcomes[:, group])[0])
            continue
        members = np.flatnonzero(np.isin(layer.windows.origin, group))
        numbers, centres = recognise(layer.windows, members)
        if layer.per_factor == 1:
            outcomes[:, group] = centres[numbers, 0]
        states.append(numbers)
    return np.stack(states, axis=1), outcomes


def _is_unpredictable(states: np.ndarray) -> bool:
    """Whether there is one state only, or each leads to more than half of the states."""
    pairs = np.unique(np.stack([states[:-1], states[1:]], axis=1), axis=0)
    n_states = states.max() + 1
    n_successors = np.bincount(pairs[:, 0], minlength=n_states)
    return bool(n_states == 1 or np.all(n_successors > n_states / 2))


def _attach(layer: Layer, parents, states, leading) -> np.ndarray:
    """Parent of the modalities that are only predicted: the leading factor that informs most."""
    parents, predicted = parents.copy(), np.flatnonzero(layer.predicted)
    if predicted.size:
        information = pairwise_information(layer.outcomes[:, predicted], states[:, leading])
        together = information.reshape(-1, layer.per_factor, len(leading)).sum(1)
        parents[predicted] = np.repeat(leading[together.argmax(1)], layer.per_factor)
    return parents


def count_outcomes(
    outcomes: np.ndarray, n_outcomes: np.ndarray, states: np.ndarray, n_states: np.ndarray
) -> np.ndarray:
    """How often outcome and state were seen together.

    Parameters
    ----------
    outcomes : (n_steps, G) int
        -1 is missing: any outcome, equally likely.
    n_outcomes : (G,) int
    states : (n_steps, G) int
        State of each modality's parent; -1 not to count the step.
    n_states : (F,) int

    Returns
    -------
    (G, O, S) float
    """
    a = np.zeros((len(n_outcomes), n_outcomes.max(), n_states.max()))
    step, modality = np.nonzero((outcomes >= 0) & (states >= 0))
    np.add.at(a, (modality, outcomes[step, modality], states[step, modality]), 1.0)
    for t, g in np.argwhere((outcomes < 0) & (states >= 0)):
        a[g, : n_outcomes[g], states[t, g]] += 1 / n_outcomes[g]
    return a


def _centres(level: Level) -> np.ndarray:
    """Mean location of the modalities of each factor."""
    members = [level.children(f) for f in range(level.n_factors)]
    return np.array([level.locations[group].mean(0) for group in members])

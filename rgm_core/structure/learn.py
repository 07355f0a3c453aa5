"""Fast structure learning: group, reduce to unique combinations, find paths, go up (equations 2.6 to 2.10).

One pass over exemplars grows a tree of likelihoods. The modalities of a level are grouped; every unique
combination of outcomes in a group becomes a state of the group's factor. In a sequence the transitions
between states become paths, and every other step's state and path are the outcomes of the next level.
In unordered exemplars (dt = 1) the states alone are. A single group ends it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rgm_core.model.checks import as_array, as_number, as_sizes, as_whole, check_choice
from rgm_core.model.evidence import as_outcomes
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM
from rgm_core.structure.grouping import group_by_information, group_by_location, number_by_appearance
from rgm_core.structure.grow import Layer, grow_dynamic, grow_static
from rgm_core.structure.merge import merge_structure
from rgm_core.structure.recognise import begin_windows


def learn_structure(
    outcomes: np.ndarray,
    n_outcomes: np.ndarray,
    locations: np.ndarray | None = None,
    *,
    dt: int = 1,
    labels: np.ndarray | None = None,
    group_size: int | None = None,
    streams: np.ndarray | None = None,
    noise: float | np.ndarray | None = None,
    mass: float = 1 / 64,
    offsets: str = "first",
) -> RGM:
    """Grow a renormalising generative model from exemplars, each seen once (equations 2.6 to 2.10).

    Bayesian model selection with deterministic outcomes: a combination of outcomes that was not seen
    before is a new cause, because a state of its own raises the mutual information between states and
    outcomes. The counts are therefore one-hot; soften them with :meth:`RGM.add_counts`.

    Parameters
    ----------
    outcomes : (n_samples, G) int
        Outcome of each modality in each exemplar (or, with ``dt=2``, at each step of a sequence);
        -1 is missing (an exemplar that could be anything).
    n_outcomes : (G,) int or int
        Number of outcomes of each modality.
    locations : (G, 1) or (G, 2) float, optional
        Place of each modality on a line or in a plane. Default: 0 … G - 1 on a line.
    dt : {1, 2}
        Steps of one level in a step of the next. 1: exemplars in no order, no dynamics. 2: a sequence of
        any length; a last event that is cut off is one that began alike, or else an event of its own.
    labels : (n_samples,) int, optional
        Class of each exemplar, 0 … K - 1. Adds a level of K class states on top, with one count for
        every exemplar of a class that has a given state. Only with ``dt=1``.
    group_size : int, optional
        Group by mutual information over time, at most this many modalities (at upper levels: factors)
        together, instead of by location. Factors that cannot be predicted (a single state; or every
        state leads to more than half of the states) then get no parent and one state. ``dt=2`` only.
    streams : (G,) int, optional
        Stream of each modality, 0 is the leading one (say: 0 pixels, 1 reward, 2 control). Each is
        grouped on its own; once it is a single factor it is predicted by the factor of the leading stream
        that informs about it most, without having a say in what the states of that factor are.
    noise : float or (G,) float, optional
        Standard deviation of outcomes in bins, where they are bins of a magnitude. States then recur where
        model selection says so (:mod:`rgm_core.structure.recognise`), at every level. Default: only equal
        combinations recur. ``dt=2`` only.
    mass : float
        With noise: prior counts of a state for outcomes that are none of its own.
    offsets : {"first", "all"}
        "all": the sequence is also merged from every other step of its first event on
        (:func:`rgm_core.merge_structure`), so that where it starts does not matter. With noise, which does
        not go with it, infer the phase instead (``infer(..., phase=None)``). ``dt=2`` only.

    Returns
    -------
    RGM
        The structure and a uniform prior over the states on top. Counts are one for each state
        (``dt=1``), or one for each step at which state and outcome were seen.

    Raises
    ------
    ValueError
        If an argument has the wrong shape, type or range, or a sequence is too short for its top level.
    """
    dt = as_whole(dt, "dt", 1, 2, meaning="1 without dynamics")
    _check_options(dt, labels, group_size, streams)
    _check_sequences(dt, noise, mass, offsets)
    layer = _check(outcomes, n_outcomes, locations, streams)
    if noise is not None:
        layer = replace(layer, windows=begin_windows(layer.outcomes, layer.n_outcomes, noise, mass))
    levels = []
    while not levels or levels[-1].n_factors > 1:
        parents = _group(layer, group_size)
        if dt == 1:
            level, layer = grow_static(layer, parents)
        else:
            level, layer = grow_dynamic(layer, parents, group_size)
        levels.append(level)
    if labels is not None:
        states, locations = layer.outcomes[:, 0], layer.locations
        levels.append(_class_level(states, int(layer.n_outcomes[0]), locations, labels))
    n_top = int(levels[-1].n_states[0])
    model = RGM(levels=tuple(levels), D=np.full(n_top, 1 / n_top))
    if offsets == "first":
        return model
    span, outcomes = 2 ** (len(levels) - 1), np.asarray(outcomes)
    return merge_structure(model, outcomes, offsets=range(1, min(span, len(outcomes) - span + 1)))


def _group(layer: Layer, group_size: int | None) -> np.ndarray:
    """Group of each modality, those of the leading stream first; -1 where it is only predicted."""
    parents = np.full(len(layer.streams), -1)
    for stream in np.unique(layer.streams):
        members = np.flatnonzero((layer.streams == stream) & ~layer.predicted)
        if not members.size:
            continue
        if group_size is None:
            groups = group_by_location(layer.locations[members])
        else:
            seen = layer.outcomes[:, members].reshape(len(layer.outcomes), -1, layer.per_factor)
            joint = [number_by_appearance(seen[:, f])[0] for f in range(seen.shape[1])]
            groups = group_by_information(np.stack(joint, axis=1), group_size)
            if layer.per_factor > 1 and groups.max() + 1 == len(joint):
                groups = np.arange(len(joint)) // group_size  # strangers all: end it
            groups = np.repeat(groups, layer.per_factor)
        parents[members] = groups + parents.max() + 1
    return parents


def _class_level(states, n_states: int, locations, labels) -> Level:
    """Likelihood from each class to the states of the last level: one count an exemplar."""
    labels = as_array(labels, "labels", int, states.shape, "one for each exemplar")
    if labels.min() < 0:
        raise ValueError(f"labels must be integers ≥ 0; found {labels.min()}")
    used = np.unique(labels)
    if len(used) <= labels.max():
        missing = np.flatnonzero(used != np.arange(len(used)))
        first = missing[0] if missing.size else len(used)
        raise ValueError(f"labels must use every class 0 … {labels.max()}; {first} is missing")
    a = np.zeros((1, n_states, labels.max() + 1))
    np.add.at(a[0], (states, labels), 1.0)
    return Level(
        a=a,
        n_outcomes=np.array([n_states]),
        parents=np.zeros(1, int),
        n_states=np.array([labels.max() + 1]),
        locations=locations,
    )


def _check(outcomes, n_outcomes, locations, streams) -> Layer:
    """Validate the arguments of :func:`learn_structure`; return the lowest layer."""
    outcomes = as_outcomes(outcomes)
    if outcomes.ndim != 2 or 0 in outcomes.shape or outcomes.dtype.kind not in "iu":
        raise ValueError(
            "outcomes must be a non-empty integer array (n_samples, n_modalities); "
            f"found shape {outcomes.shape}, dtype {outcomes.dtype}"
        )
    n_modalities = outcomes.shape[1]
    n_outcomes = as_sizes(n_outcomes, n_modalities)
    if np.any(outcomes < -1) or np.any(outcomes >= n_outcomes):
        g = int(np.flatnonzero(((outcomes < -1) | (outcomes >= n_outcomes)).any(0))[0])
        raise ValueError(
            f"outcomes of modality {g} must lie in 0 … {n_outcomes[g] - 1} (or -1, missing); "
            f"found {outcomes[:, g].min()} … {outcomes[:, g].max()}"
        )
    locations = np.arange(n_modalities)[:, None] if locations is None else locations
    locations = as_array(locations, "locations", float, (n_modalities, None), "a place for each modality")
    if locations.shape[1] not in (1, 2):
        raise ValueError(f"locations must have one or two columns; found shape {locations.shape}")
    return Layer(
        outcomes=outcomes,
        n_outcomes=n_outcomes,
        locations=locations,
        streams=_check_streams(streams, n_modalities),
        predicted=np.zeros(n_modalities, bool),
    )


def _check_streams(streams, n_modalities: int) -> np.ndarray:
    streams = np.zeros(n_modalities, int) if streams is None else streams
    streams = as_array(streams, "streams", int, (n_modalities,), "one for each modality")
    used = np.unique(streams)
    if not np.array_equal(used, np.arange(len(used))):
        raise ValueError(f"streams must use every number 0 … {streams.max()}, 0 for the leading one")
    return streams


def _check_sequences(dt, noise, mass, offsets) -> None:
    check_choice(offsets, "offsets", ("first", "all"))
    if dt == 1 and (noise is not None or offsets == "all"):
        raise ValueError("noise and offsets need dt=2: exemplars have no order")
    if noise is not None and offsets == "all":
        raise ValueError('offsets="all" does not go with noise; infer the phase instead (phase=None)')
    as_number(mass, "mass", "finite and > 0", low=0, without=(0, np.inf))


def _check_options(dt, labels, group_size, streams) -> None:
    if dt == 2 and labels is not None:
        raise ValueError("labels need dt=1: a sequence has no class level")
    if dt == 1 and (group_size is not None or streams is not None):
        raise ValueError("group_size and streams need dt=2: exemplars in no order are grouped by location")
    if group_size is not None:
        as_whole(group_size, "group_size", 2, meaning="or None")

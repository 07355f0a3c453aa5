"""Fast structure learning: group, reduce to unique combinations, go up (spec 2).

One pass over exemplars grows a tree of likelihoods. The modalities of a level are grouped by location
(the block-spin transformation); every unique combination of outcomes in a group becomes a state of the
group's factor; these states are the outcomes of the next level, until a single group is left.
"""

from __future__ import annotations

import numpy as np

from rgm_core.model import RGM, Level


def learn_structure(
    outcomes: np.ndarray,
    n_outcomes: np.ndarray,
    locations: np.ndarray | None = None,
    *,
    labels: np.ndarray | None = None,
) -> RGM:
    """Grow a renormalising generative model from exemplars, each seen once (spec 2).

    Bayesian model selection with deterministic outcomes: a combination of outcomes that was not seen
    before is a new cause, because a state of its own raises the mutual information between states and
    outcomes. The counts are therefore one-hot; soften them with :meth:`RGM.add_counts`.

    Parameters
    ----------
    outcomes : (n_samples, G) int
        Outcome of each modality in each exemplar; -1 is missing (an exemplar that could be anything).
    n_outcomes : (G,) int or int
        Number of outcomes of each modality.
    locations : (G, 1) or (G, 2) float, optional
        Place of each modality on a line or in a plane. Default: 0 … G - 1 on a line.
    labels : (n_samples,) int, optional
        Class of each exemplar, 0 … K - 1. Adds a level of K class states on top, with one count for
        every exemplar of a class that has a given state.

    Returns
    -------
    RGM
        The structure with unit counts and a uniform prior over the states on top.

    Raises
    ------
    ValueError
        If an argument has the wrong shape, type or range.
    """
    outcomes, n_outcomes, locations = _check(outcomes, n_outcomes, locations)
    levels = []
    while not levels or levels[-1].n_factors > 1:
        level, outcomes = _grow_level(outcomes, n_outcomes, locations)
        levels.append(level)
        n_outcomes = level.n_states
        members = [level.children(f) for f in range(level.n_factors)]
        locations = np.array([level.locations[group].mean(0) for group in members])
    if labels is not None:
        levels.append(_class_level(outcomes[:, 0], int(n_outcomes[0]), locations, labels))
    n_top = int(levels[-1].n_states[0])
    return RGM(levels=tuple(levels), D=np.full(n_top, 1 / n_top))


def group_by_location(locations: np.ndarray) -> np.ndarray:
    """Block-spin grouping: every modality goes to its nearest centroid (spec 2).

    The centroids are a regular lattice over the bounding box of the k unique locations: m × m with
    m = ceil(sqrt(k / 4)) in the plane, ceil(k / 2) on a line.

    Parameters
    ----------
    locations : (G, 1) or (G, 2) float
        Place of each modality.

    Returns
    -------
    (G,) int
        Group of each modality, numbered in order of first appearance.
    """
    n_unique = len(np.unique(locations, axis=0))
    dims = locations.shape[1]
    m = int(np.ceil((n_unique / 2**dims) ** (1 / dims)))
    if m == 1:
        return np.zeros(len(locations), int)
    low, high = locations.min(0), locations.max(0)
    axes = [np.linspace(low[d], high[d], m) for d in range(dims)]
    nearest = [np.abs(locations[:, d, None] - axes[d]).argmin(1) for d in range(dims)]
    return number_by_appearance(np.stack(nearest, axis=1))[0]


def number_by_appearance(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number unique rows in order of first appearance.

    Parameters
    ----------
    rows : (n, k) int

    Returns
    -------
    numbers : (n,) int
        Number of each row.
    first : (n_unique,) int
        Where each number appears first.
    """
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first[order]


def _grow_level(outcomes, n_outcomes, locations) -> tuple[Level, np.ndarray]:
    """Group the modalities, make each unique combination a state; return level and states (n, F)."""
    parents = group_by_location(locations)
    groups = [np.flatnonzero(parents == f) for f in range(parents.max() + 1)]
    numbered = [number_by_appearance(outcomes[:, group]) for group in groups]
    n_states = np.array([len(first) for _, first in numbered])
    a = np.zeros((len(parents), n_outcomes.max(), n_states.max()))
    for group, (_, first) in zip(groups, numbered, strict=True):
        exemplar = outcomes[first][:, group].T  # (modalities, states)
        states = np.arange(len(first))
        a[group[:, None], np.maximum(exemplar, 0), states] = exemplar >= 0
        for g, seen in zip(group, exemplar, strict=True):  # missing: any outcome, equally likely
            a[g, : n_outcomes[g], states[seen < 0]] = 1 / n_outcomes[g]
    level = Level(a=a, n_outcomes=n_outcomes, parents=parents, n_states=n_states, locations=locations)
    return level, np.stack([numbers for numbers, _ in numbered], axis=1)


def _class_level(states, n_states: int, locations, labels) -> Level:
    """Likelihood from each class to the states of the last level: one count an exemplar."""
    labels = np.asarray(labels)
    if labels.shape != states.shape or not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError(
            f"labels must be {states.shape[0]} integers ≥ 0, one for each exemplar; "
            f"found shape {labels.shape}, dtype {labels.dtype}"
        )
    missing = np.setdiff1d(np.arange(labels.max() + 1), labels)
    if missing.size:
        raise ValueError(f"labels must use every class 0 … {labels.max()}; missing {missing.tolist()}")
    a = np.zeros((1, n_states, labels.max() + 1))
    np.add.at(a, (0, states, labels), 1.0)
    return Level(
        a=a,
        n_outcomes=np.array([n_states]),
        parents=np.zeros(1, int),
        n_states=np.array([labels.max() + 1]),
        locations=locations,
    )


def _check(outcomes, n_outcomes, locations):
    """Validate the arguments of :func:`learn_structure`; return them as arrays."""
    outcomes = np.asarray(outcomes)
    if outcomes.ndim != 2 or 0 in outcomes.shape or not np.issubdtype(outcomes.dtype, np.integer):
        raise ValueError(
            "outcomes must be a non-empty integer array (n_samples, n_modalities); "
            f"found shape {outcomes.shape}, dtype {outcomes.dtype}"
        )
    n_modalities = outcomes.shape[1]
    n_outcomes = np.broadcast_to(np.asarray(n_outcomes), n_modalities).astype(int)
    if np.any(outcomes < -1) or np.any(outcomes >= n_outcomes):
        g = int(np.flatnonzero(((outcomes < -1) | (outcomes >= n_outcomes)).any(0))[0])
        raise ValueError(
            f"outcomes of modality {g} must lie in 0 … {n_outcomes[g] - 1} (or -1, missing); "
            f"found {outcomes[:, g].min()} … {outcomes[:, g].max()}"
        )
    locations = np.arange(n_modalities)[:, None] if locations is None else np.asarray(locations)
    if locations.shape not in [(n_modalities, 1), (n_modalities, 2)]:
        raise ValueError(
            f"locations must have shape ({n_modalities}, 1) or ({n_modalities}, 2), "
            f"a place for each modality; found {locations.shape}"
        )
    if not np.all(np.isfinite(locations)):
        raise ValueError("locations must be finite")
    return outcomes, n_outcomes, locations.astype(float)

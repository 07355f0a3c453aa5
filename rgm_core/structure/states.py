"""States found among exemplars, not copied from them: similar combinations of outcomes share one.

Level by level the exemplars of a group are put into clusters (k-means on the outcomes of the group, on
the states of its factors above level 1; within each class on top). A cluster is a state; the outcomes of
its members are its counts. So the number of states is bounded, whatever the number of exemplars, and a
new combination of outcomes is not always a new state, as it is in :func:`learn_structure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from rgm_core.model.checks import as_generator
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM
from rgm_core.structure.grouping import group_by_location

ROUNDS = 6  # of k-means: more change little
CROWD = 8  # seeds for each of which one more is drawn at a time
SAME = 1e-6  # squared distance, as a share of the largest norm, up to which exemplars are the same


def find_states(
    shares: np.ndarray,
    n_outcomes: np.ndarray,
    locations: np.ndarray,
    labels: np.ndarray,
    *,
    n_classes: int | None = None,
    max_states: Sequence[int] = (128, 400, 1000),
    mass: float = 0.5,
    rng: np.random.Generator | int = 0,
) -> RGM:
    """Find the states of an image model among exemplars, grouped by location, with classes on top.

    Parameters
    ----------
    shares : (n, G, O) float
        How much of an observation each outcome has a share in; zero where missing.
    n_outcomes : (G,) int
        Number of outcomes of each modality.
    locations : (G, 1) or (G, 2) float
        Place of each modality.
    labels : (n,) int
        Class of each exemplar, 0 … K - 1.
    n_classes : int, optional
        Number of classes K, by default those of the labels. A class without an exemplar gets one state of
        its own, of which only the prior counts are known.
    max_states : three int
        Largest number of states of a factor: at level 1, at levels between, and, over all classes, at
        the last level below the class, where the largest holds if it is the first as well. Fewer where
        fewer exemplars differ.
    mass : float
        Prior counts of every column, > 0, shared as the outcomes of all exemplars are: a state about
        which little is known is expected to be like any other.
    rng : numpy.random.Generator or int
        Seed of the clusters.

    Returns
    -------
    RGM
        With counts and prior counts. A state on top belongs to one class; the prior over classes is
        their share of the exemplars.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range.
    """
    n_classes = int(np.max(labels, initial=0)) + 1 if n_classes is None else n_classes
    _check(shares, labels, n_classes, max_states, mass)
    levels, rows, sizes = [], np.asarray(shares), np.asarray(n_outcomes)
    while not levels or levels[-1].n_factors > 1:
        parents = group_by_location(locations)
        bound = max_states[min(len(levels), 1)]
        if parents.max() == 0:
            on_top = max_states[2] if levels else max(max_states)
            states, owner = _within_classes(_flat(rows), labels, n_classes, on_top, rng)
            chosen, n_states = [states], np.array([len(owner)])
        else:
            groups = [rows[:, parents == f] for f in range(parents.max() + 1)]
            chosen = [_cluster(_flat(group), bound, rng) for group in groups]
            n_states = np.array([states.max() + 1 for states in chosen])
        level = _count(rows, sizes, parents, chosen, n_states, locations, mass)
        levels.append(level)
        rows, sizes = _one_hot(np.stack(chosen, axis=1), n_states.max()), n_states
        locations = np.stack([locations[parents == f].mean(axis=0) for f in range(level.n_factors)])
    top = _class_level(states, owner, n_classes, locations, mass)
    return RGM(levels=(*levels, top), D=np.bincount(labels, minlength=n_classes) / len(labels))


def _check(shares, labels, n_classes, max_states, mass) -> None:
    if np.ndim(shares) != 3 or np.shape(labels) != np.shape(shares)[:1] or not len(labels):
        raise ValueError(
            "shares must have shape (n, G, O), and labels (n,); "
            f"found {np.shape(shares)} and {np.shape(labels)}"
        )
    if np.min(labels) < 0 or np.max(labels) >= n_classes:
        raise ValueError(
            f"labels must lie in 0 … {n_classes - 1}; found {np.min(labels)} … {np.max(labels)}"
        )
    if np.shape(max_states) != (3,) or np.min(max_states) < 1:
        raise ValueError(f"max_states must be three integers ≥ 1; found {max_states!r}")
    if not 0 < mass < np.inf:
        raise ValueError(f"mass must be finite and > 0; found {mass}")


def _cluster(rows: np.ndarray, bound: int, rng) -> np.ndarray:
    """Cluster of each exemplar, (n,) int, none of them empty: k-means from seeds far apart; rows (n, R)."""
    centres = rows[_seeds(rows, bound, as_generator(rng))]
    for _ in range(ROUNDS):
        nearest = (np.square(centres).sum(axis=1) - rows @ (2 * centres.T)).argmin(axis=1)
        nearest = np.unique(nearest, return_inverse=True)[1]
        members = csr_array((np.ones(len(rows), rows.dtype), (nearest, np.arange(len(rows)))))
        centres = (members @ rows) / np.bincount(nearest)[:, None].astype(rows.dtype)
    return nearest


def _seeds(rows: np.ndarray, bound: int, rng: np.random.Generator) -> np.ndarray:
    """Exemplars drawn in proportion to their squared distance from those drawn before (k-means++).

    The more there are, the more are drawn at a time, so that few products of large matrices do it.
    """
    squares = np.square(rows).sum(axis=1)
    mark = rows @ np.random.default_rng(0).random(rows.shape[1]).astype(
        rows.dtype
    )  # tells which are the same
    chosen = new = rng.integers(len(rows), size=1)
    distance = np.full(len(rows), np.inf)
    while True:
        gaps = squares[:, None] + squares[new] - rows @ (2 * rows[new].T)
        distance = np.minimum(distance, gaps.min(axis=1))
        distance[new] = 0
        weight = np.where(distance > SAME * squares.max(), distance, 0).astype(float)
        free = min(bound - len(chosen), np.count_nonzero(weight))
        if free == 0:  # as many as allowed, or as differ
            return chosen
        n = min(1 + len(chosen) // CROWD, free)
        drawn = rng.choice(len(rows), n, replace=False, p=weight / weight.sum())
        new = drawn[np.sort(np.unique(mark[drawn], return_index=True)[1])]
        chosen = np.concatenate([chosen, new])


def _within_classes(
    rows: np.ndarray, labels: np.ndarray, n_classes: int, bound: int, rng
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of exemplars of one class only, (n,), and the class of each cluster, (n_states,)."""
    chosen, owner = np.zeros(len(rows), int), []
    for c in range(n_classes):
        members = np.flatnonzero(labels == c)
        found = _cluster(rows[members], max(1, bound // n_classes), rng) if members.size else np.array([0])
        chosen[members] = len(owner) + found[: members.size]
        owner += [c] * (found.max() + 1)
    return chosen, np.array(owner)


def _flat(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.reshape(len(rows), -1))


def _one_hot(states: np.ndarray, n_states: int) -> np.ndarray:
    """(n, F, S) float of states (n, F) int."""
    return (states[:, :, None] == np.arange(n_states)).astype(np.float32)


def _count(rows, n_outcomes, parents, chosen, n_states, locations, mass) -> Level:
    """Likelihoods of a level: what the members of each state show, and the prior counts."""
    a = np.zeros((len(parents), rows.shape[2], n_states.max()))
    for f, states in enumerate(chosen):
        children = np.flatnonzero(parents == f)
        shown = rows[:, children].reshape(len(rows), -1).T @ _one_hot(states[:, None], n_states[f])[:, 0]
        a[children, :, : n_states[f]] = shown.reshape(len(children), -1, n_states[f])
    level = Level(a=a, n_outcomes=n_outcomes, parents=parents, n_states=n_states, locations=locations)
    possible = np.arange(rows.shape[2]) < n_outcomes[:, None]
    shared = (a.sum(axis=2) + 1) * possible  # one more of each: nothing is impossible
    base = shared / shared.sum(axis=1, keepdims=True)
    return Level(
        a=a + level.mask * (mass * base)[:, :, None],
        n_outcomes=n_outcomes, parents=parents, n_states=n_states, locations=locations,
    )  # fmt: skip


def _class_level(states, owner, n_classes: int, locations, mass: float) -> Level:
    """Likelihood from each class to its states: the exemplars of each, and prior counts."""
    a = np.zeros((len(owner), n_classes))
    a[np.arange(len(owner)), owner] = np.bincount(states, minlength=len(owner)) + mass
    return Level(
        a=a[None], n_outcomes=np.array([len(owner)]), parents=np.zeros(1, int),
        n_states=np.array([n_classes]), locations=locations,
    )  # fmt: skip


def add_class_states(
    model: RGM, below: np.ndarray, label: int, *, bound: int, mass: float = 0.5, rng: int = 0
) -> RGM:
    """Find the states of a class that comes later: they take the place of the one it has had.

    Parameters
    ----------
    model : RGM
        As :func:`find_states` makes it.
    below : (n, G) int
        State that each exemplar of the class has in the factors below the states on top.
    label : int
        The class, of which nothing was counted until now.
    bound : int
        Largest number of its states.
    mass, rng : as in :func:`find_states`.

    Returns
    -------
    RGM
        The counts of other classes are as before.

    Raises
    ------
    ValueError
        If exemplars do not fit the model.
    """
    *lower, last, top = model.levels
    if below.ndim != 2 or below.shape[1:] != (last.n_modalities,) or not len(below):
        raise ValueError(f"below must have shape (n, {last.n_modalities}); found {below.shape}")
    rows = _one_hot(below, last.a.shape[1])
    states = _cluster(_flat(rows), bound, rng)
    kept = np.flatnonzero(top.a[0][:, np.arange(len(model.D)) != label].any(axis=1))
    added = np.einsum("ngo,ns->gos", rows, _one_hot(states[:, None], states.max() + 1)[:, 0], optimize=True)
    base = last.a.sum(axis=2) / last.a.sum(axis=(1, 2))[:, None]
    added = added + mass * base[:, :, None]
    n_states = np.array([len(kept) + states.max() + 1])
    a = np.zeros((1, n_states[0], len(model.D)))
    a[0, : len(kept)] = top.a[0][kept]
    a[0, len(kept) :, label] = np.bincount(states) + mass
    last = replace(last, a=np.concatenate([last.a[:, :, kept], added], axis=2), n_states=n_states)
    return replace(model, levels=(*lower, last, replace(top, a=a, n_outcomes=n_states)))

"""Which modalities share a parent: neighbours, or those that inform each other (equations 2.6, 2.7)."""

from __future__ import annotations

import numpy as np

from rgm_core.information import pairwise_information
from rgm_core.model.checks import as_array, as_whole

MOST = 10_000  # modalities that are compared in pairs: a table of 0.8 GB
LOADING = np.exp(-16.0)  # smallest share in an eigenvector that puts a modality into its group


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
    known: dict[bytes, int] = {}  # sorting rows of many columns would take longer than looking them up
    numbers = np.array([known.setdefault(row.tobytes(), len(known)) for row in np.asarray(rows)], int)
    first = np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1))
    return numbers, first


def complete_last(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Rows of which the last, where it is cut off (-1), goes on like the first known row that begins alike.

    Parameters
    ----------
    rows : (n, k) int
    known : (m, k) int

    Returns
    -------
    (n, k) int
        Unchanged if nothing is cut off, or nothing begins alike.
    """
    cut = rows[-1] < 0
    alike = np.flatnonzero((known[:, ~cut] == rows[-1, ~cut]).all(axis=1) & (known >= 0).all(axis=1))
    if not cut.any() or not alike.size:
        return rows
    return np.vstack([rows[:-1], known[alike[0]]])


def group_by_location(locations: np.ndarray) -> np.ndarray:
    """Block-spin grouping: every modality goes to its nearest centroid (equation 2.6).

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
    locations = as_array(locations, "locations", float, (None, None), "a row for each modality")
    if not len(locations) or locations.shape[1] not in (1, 2):
        raise ValueError(f"locations must be (G, 1) or (G, 2), G ≥ 1; found shape {locations.shape}")
    n_unique = len(np.unique(locations, axis=0))
    dims = locations.shape[1]
    m = int(np.ceil((n_unique / 2**dims) ** (1 / dims)))
    if m == 1:
        return np.zeros(len(locations), int)
    low, high = locations.min(0), locations.max(0)
    axes = [np.linspace(low[d], high[d], m) for d in range(dims)]
    nearest = [_nearest(locations[:, d], axes[d]) for d in range(dims)]
    return number_by_appearance(np.stack(nearest, axis=1))[0]


def _nearest(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Which of the evenly spaced centres is nearest to each x, (n,); of two as near, the first."""
    if centres[0] == centres[-1]:
        return np.zeros(len(x), int)
    guess = np.searchsorted(centres, x).clip(1, len(centres) - 1)
    return guess - (np.abs(x - centres[guess - 1]) <= np.abs(x - centres[guess]))


def group_by_information(outcomes: np.ndarray, size: int) -> np.ndarray:
    """Group columns that inform each other: repeated leading eigenvectors (equation 2.7).

    The ``size`` largest loadings on the leading eigenvector of the mutual information between columns
    make a group; it is removed, and the next one found in what is left. A column that never changes
    informs about nothing and so has a group of its own.

    Parameters
    ----------
    outcomes : (n_steps, G) int
    size : int
        Largest number of columns in a group.

    Returns
    -------
    (G,) int
        Group of each column, in the order in which they were found.
    """
    outcomes = as_array(outcomes, "outcomes", int, (None, None), "steps and modalities")
    if not outcomes.size or outcomes.shape[1] > MOST:
        raise ValueError(
            f"outcomes must have 1 … {MOST} modalities, at one step or more; found shape {outcomes.shape}: "
            "more of them are grouped by their locations"
        )
    size = as_whole(size, "size", 1)
    information = pairwise_information(outcomes, outcomes)
    groups = np.full(outcomes.shape[1], -1)
    left = np.arange(len(groups))
    for group in range(len(groups)):
        if not information[np.ix_(left, left)].any():  # each for itself; the order is that of eigenvectors
            groups[left[::-1]] = group + np.arange(left.size)
            break
        loading = np.abs(np.linalg.eigh(information[np.ix_(left, left)])[1][:, -1])
        loading = loading.round(12)  # of equal loadings the first come first, whatever the rounding
        chosen = np.argsort(-loading, kind="stable")[:size]
        chosen = chosen[loading[chosen] > LOADING]
        groups[left[chosen]] = group
        left = np.delete(left, chosen)
        if not left.size:
            break
    return groups

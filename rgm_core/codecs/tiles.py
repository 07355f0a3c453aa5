"""Cut a lattice of positions into overlapping tiles: a partition of unity.

A tile holds the positions near its centroid, each with a weight. The weights of a position sum to
one over the tiles, so cutting a signal into weighted tiles and adding them up again gives it back.
Positions may have any number of dimensions: frequency bins have one, pixels have two.

Source: the tiling of Friston et al. (2024), arXiv 2407.20292 (SPM's ``spm_tile``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from rgm_core.model.checks import as_measured, as_number

__all__ = ["Tiling", "centroid_lattice", "gaussian_weights", "tile_positions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """Overlapping tiles over P positions; G is the number of tiles, D of dimensions.

    Attributes
    ----------
    centroids : (G, D) centre of each tile; the first dimension varies fastest over tiles.
    members : per tile, the (m,) indices of its positions, ascending, counted from 0.
    weights : per tile, the (m,) weights of its members.
    locations : (G, D) mean position of the members of each tile.
    n_positions : number of positions P that were tiled.
    """

    centroids: NDArray[np.floating]
    members: tuple[NDArray[np.integer], ...]
    weights: tuple[NDArray[np.floating], ...]
    locations: NDArray[np.floating]
    n_positions: int


def check_positions(positions: ArrayLike) -> NDArray[np.float64]:
    """Return positions as a finite float array (P, D), or raise ``ValueError``."""
    found = as_measured(positions, "positions")
    if found.ndim != 2 or found.size == 0:
        raise ValueError(f"positions must have shape (n_positions, n_dimensions); found {found.shape}")
    return found.astype(float)


def centroid_lattice(positions: ArrayLike, tile: float) -> NDArray[np.float64]:
    """Place ``round(extent / tile)`` centroids along each axis of the positions.

    Parameters
    ----------
    positions : (P, D) coordinates, in units of the lattice spacing (pixels, frequency bins).
    tile : spacing of the centroids, in the same units, at least 1.

    Returns
    -------
    (G, D) centroids, the first dimension varying fastest.

    Raises
    ------
    ValueError
        If the extent along an axis is less than half a tile.

    Notes
    -----
    The first centroid is at ``min + tile / 2 - 1`` and the last at ``max - tile / 2``: half a
    unit nearer to the origin than symmetry would put them. The published model does this.
    """
    positions = check_positions(positions)
    as_number(tile, "tile", "finite and at least 1", low=1)
    low, high = positions.min(axis=0), positions.max(axis=0)
    # Halves round up, where Python's round would go to the even number.
    counts = np.floor((high - low + 1) / tile + 0.5).astype(int)
    if (counts < 1).any():
        raise ValueError(
            f"tile={tile} is more than twice the extent of the positions, "
            f"which is {(high - low + 1).tolist()} along its axes"
        )
    axes = [
        np.linspace(start + tile / 2 - 1, stop - tile / 2, count)
        for start, stop, count in zip(low, high, counts, strict=True)
    ]
    grid = np.meshgrid(*axes, indexing="ij")
    return np.stack([axis.ravel(order="F") for axis in grid], axis=-1)


def gaussian_weights(positions: ArrayLike, centroids: ArrayLike, tile: float) -> NDArray[np.float64]:
    """Weight each position in each tile by a Gaussian of standard deviation ``tile / 2``.

    Parameters
    ----------
    positions : (P, D) coordinates.
    centroids : (G, D) centres of the tiles.
    tile : spacing of the centroids, in the units of the positions.

    Returns
    -------
    (P, G) weights; each row sums to one.
    """
    squared = cdist(check_positions(positions), check_positions(centroids), "sqeuclidean")
    # The nearest centroid sets the scale of a row, so that no row underflows to 0 / 0.
    squared -= squared.min(axis=1, keepdims=True)
    weights = np.exp(-squared / (2 * (tile / 2) ** 2))
    return weights / weights.sum(axis=1, keepdims=True)


def tile_positions(positions: ArrayLike, tile: float) -> Tiling:
    """Cut positions into overlapping tiles: all positions closer than two tiles to a centroid.

    Parameters
    ----------
    positions : (P, D) coordinates, in units of the lattice spacing (pixels, frequency bins).
    tile : spacing of the centroids, in the same units, at least 1.

    Returns
    -------
    Tiling
        Its weights are normalised before positions are cut off at the radius, so the weights that
        a position keeps sum to slightly less than one (by less than 1 % on a regular lattice).

    Raises
    ------
    ValueError
        If the positions are not a finite numeric (P, D) array, or the tile does not fit them.
    """
    positions = check_positions(positions)
    centroids = centroid_lattice(positions, tile)
    weights = gaussian_weights(positions, centroids, tile)
    near = cdist(positions, centroids, "sqeuclidean") < (2 * tile) ** 2
    occupied = near.any(axis=0)  # scattered positions may leave a centroid without members
    centroids, weights, near = centroids[occupied], weights[:, occupied], near[:, occupied]
    members = tuple(np.flatnonzero(column) for column in near.T)
    return Tiling(
        centroids=centroids,
        members=members,
        weights=tuple(weights[m, g] for g, m in enumerate(members)),
        locations=np.stack([positions[m].mean(axis=0) for m in members]),
        n_positions=len(positions),
    )

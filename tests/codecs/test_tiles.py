"""Tests of the partition of unity: against the reference, and by its invariants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgm_core.codecs.tiles import centroid_lattice, gaussian_weights, tile_positions

ORACLE = np.load(Path(__file__).parents[1] / "oracles" / "codec_tiles.npz")


@pytest.mark.parametrize(("name", "tile"), [("1", 5), ("2", 4)], ids=["line", "lattice"])
def test_tiles_equal_the_reference(name, tile):
    tiling = tile_positions(ORACLE[f"positions{name}"], tile)
    assert [len(members) for members in tiling.members] == ORACLE[f"sizes{name}"].tolist()
    np.testing.assert_array_equal(np.concatenate(tiling.members), ORACLE[f"members{name}"])
    np.testing.assert_allclose(tiling.locations, ORACLE[f"locations{name}"], atol=1e-12)
    np.testing.assert_allclose(np.concatenate(tiling.weights), ORACLE[f"weights{name}"], atol=1e-14)


lattices = st.lists(st.integers(4, 14), min_size=1, max_size=3)


@given(shape=lattices, tile=st.floats(1, 8), offset=st.integers(-5, 5))
def test_weights_sum_to_one_and_little_is_cut(shape, tile, offset):
    positions = np.argwhere(np.ones(shape)) + offset
    weights = gaussian_weights(positions, centroid_lattice(positions, tile), tile)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
    tiling = tile_positions(positions, tile)
    kept = np.zeros(len(positions))
    for members, member_weights in zip(tiling.members, tiling.weights, strict=True):
        kept[members] += member_weights
    assert kept.max() < 1 + 1e-12
    assert kept.min() > 0.98  # the radius cuts off the far tails only


def test_first_dimension_varies_fastest_over_tiles():
    # The order of modalities must not depend on who calls: it decides which model is learned.
    centroids = centroid_lattice(np.argwhere(np.ones((8, 12))), 4)
    assert centroids.shape == (6, 2)
    assert (np.diff(centroids[:2], axis=0) == [[4, 0]]).all()


def test_halves_of_a_tile_count_as_a_tile():
    # 10 / 4 = 2.5 tiles are three, though Python rounds halves to even numbers.
    assert len(centroid_lattice(np.arange(10)[:, None], 4)) == 3


def test_centroids_far_from_scattered_positions_are_dropped():
    positions = np.array([[0.0], [1.0], [98.0], [99.0]])
    tiling = tile_positions(positions, 4)
    assert all(len(members) for members in tiling.members)
    assert set(np.concatenate(tiling.members)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("positions", "tile", "message"),
    [
        (np.zeros(4), 4, r"positions .* found \(4,\)"),
        (np.zeros((0, 2)), 4, r"positions .* found \(0, 2\)"),
        (np.array([[np.nan]]), 4, "positions must be finite"),
        (np.array([["a"]]), 4, "positions must be numeric"),
        (np.arange(8)[:, None], 0.5, "tile must be finite and at least 1; found 0.5"),
        (np.arange(8)[:, None], np.nan, "tile must be finite"),
        (np.arange(8)[:, None], 17, "tile=17 is more than twice the extent"),
    ],
)
def test_bad_arguments_are_named(positions, tile, message):
    with pytest.raises(ValueError, match=message):
        tile_positions(positions, tile)

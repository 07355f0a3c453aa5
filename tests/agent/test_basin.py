"""Basins of attraction and steady states, against hand-made chains and dense linear algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from rgm_core.agent import basin_of_attraction, reduce_states, rotation_plane, steady_state


def chain(*edges, n=6):
    start, to = np.array(edges).T
    return sparse.coo_array((np.ones(len(edges), int), (to, start)), shape=(n, n)).tocsr()


def test_basin_drops_what_cannot_go_on():
    """0 → 1 → 2 (goal) → 0; 3 → 4 (goal) ends there; 5 is alone."""
    transitions = chain((0, 1), (1, 2), (2, 0), (3, 4))
    assert np.flatnonzero(basin_of_attraction(transitions, np.array([2, 4]))).tolist() == [0, 1, 2]
    assert not basin_of_attraction(transitions, np.array([4])).any()
    with pytest.raises(ValueError, match="no basin of attraction"):
        reduce_states(transitions, transitions, np.array([4]))


def test_basin_reaches_as_far_as_its_depth():
    """A ring of six: with depth 1 the goal, the state before it and the one behind it, which then ends."""
    ring = chain(*((k, (k + 1) % 6) for k in range(6)))
    assert basin_of_attraction(ring, np.array([0]), depth=5).all()
    assert not basin_of_attraction(ring, np.array([0]), depth=1).any()


@given(seed=st.integers(0, 2**32 - 1))
def test_steady_state_is_the_leading_eigenvector(seed):
    counts = np.random.default_rng(seed).integers(1, 9, (5, 5))
    P = counts / counts.sum(axis=0)
    values, vectors = np.linalg.eig(P)
    leading = np.real(vectors[:, np.argmax(np.real(values))])
    np.testing.assert_allclose(steady_state(sparse.csr_array(counts)), leading / leading.sum(), atol=1e-8)


def test_a_cycle_settles():
    ring = chain(*((k, (k + 1) % 6) for k in range(6)))
    np.testing.assert_allclose(steady_state(ring), 1 / 6, atol=1e-8)
    with pytest.raises(ValueError, match="max_steps"):
        steady_state(chain((0, 1), (1, 2), (2, 0), (2, 3), (3, 0)), max_steps=2)


def test_rare_detours_are_dropped_and_no_state_is_absorbing():
    """From 0 often to 1, seldom to 3; both lead to the goal 2."""
    counts = chain(*[(0, 1)] * 9, (0, 3), *[(1, 2)] * 9, (3, 2), *[(2, 0)] * 10)
    assert np.flatnonzero(reduce_states(counts, counts, np.array([2]))).tolist() == [0, 1, 2]


@given(seed=st.integers(0, 2**32 - 1))
def test_reduced_states_can_all_go_on(seed):
    counts = sparse.csr_array(np.random.default_rng(seed).integers(0, 2, (12, 12)))
    goals = np.array([0, 1])
    if not basin_of_attraction(counts, goals).any():
        return
    kept = reduce_states(counts, counts, goals)
    assert (kept <= basin_of_attraction(counts, goals)).all()
    assert (counts.toarray()[np.ix_(kept, kept)].sum(axis=0) > 0).all()


def test_a_ring_turns_once_a_round():
    """Six states, round and round: a regular hexagon, one corner a step."""
    places, period = rotation_plane(np.tile([4, 1, 9, 3, 7, 5], 4))
    assert period == pytest.approx(6)
    corners = places @ [1, 1j]
    np.testing.assert_allclose(np.abs(corners), 1)
    turns = np.angle(corners[1:] / corners[:-1])
    np.testing.assert_allclose(turns, np.sign(turns[0]) * np.pi / 3)


def test_what_fades_is_no_orbit():
    """A way through without return has no rotation; neither has rest."""
    for visited in ([0, 1, 2, 3], [2, 2, 2]):
        with pytest.raises(ValueError, match="no rotation lasts"):
            rotation_plane(np.array(visited))

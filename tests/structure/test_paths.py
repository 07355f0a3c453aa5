"""Paths: the walk through a sequence, and the table of transitions it leaves."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgm_core.model.transitions import Transitions
from rgm_core.structure.paths import find_paths

sequences = st.lists(st.integers(0, 3), min_size=1, max_size=40)


def walk(states, b):
    """The rule, written out on a dense table b (next, state, path) that grows."""
    paths = []
    for s, following in pairwise(states):
        having = [u for u in range(b.shape[2]) if b[following, s, u] > 0]
        free = [u for u in range(b.shape[2]) if not b[:, s, u].any()]
        if not having and not free:
            b = np.concatenate([b, np.zeros((*b.shape[:2], 1))], axis=2)
            free = [b.shape[2] - 1]
        paths.append((having or free)[0])
        b[following, s, paths[-1]] += 1
    return paths, b


@given(first=sequences, second=sequences)
def test_walk_is_the_rule_also_when_it_goes_on_from_known_transitions(first, second):
    paths, b = walk(first, np.zeros((4, 4, 1)))
    found, known = find_paths(np.array(first), 4)
    np.testing.assert_array_equal(found, paths)
    np.testing.assert_array_equal(known.dense(), b)
    paths, b = walk(second, b)
    found, known = find_paths(np.array(second), 4, known)
    np.testing.assert_array_equal(found, paths)
    np.testing.assert_array_equal(known.dense(), b)


@given(states=sequences)
def test_learned_paths_have_one_successor(states):
    _, transitions = find_paths(np.array(states), 4)
    assert np.all((transitions.dense() > 0).sum(0) <= 1)
    np.testing.assert_array_equal(transitions.probabilities, 1)
    assert transitions.counts.sum() == len(states) - 1


def test_dense_table_and_transitions_are_the_same():
    b = np.random.default_rng(0).poisson(0.7, (4, 4, 3)).astype(float)
    transitions = Transitions.from_dense(b)
    np.testing.assert_array_equal(transitions.dense(), b)
    probabilities = transitions.dense(transitions.probabilities)
    columns = b.sum(0)
    np.testing.assert_allclose(probabilities.sum(0), columns > 0)
    pairs = np.argwhere(columns > 0)
    np.testing.assert_array_equal(transitions.pairs, pairs)
    for k, pair in enumerate(pairs):
        rows = slice(*transitions.edges_of_pair(k))
        np.testing.assert_array_equal(np.unique(transitions.edges[rows, :2], axis=0), [pair])


@pytest.mark.parametrize(
    ("edges", "counts", "message"),
    [
        ([[0, 0, 2]], [1.0], "states 0 … 1"),
        ([[0, 0, 1]], [0.0], "finite and > 0"),
        ([[0, 0, 1], [0, 0, 0]], [1.0, 1.0], "sorted"),
        ([[0, 0, 1], [0, 0, 1]], [1.0, 1.0], "unique"),
        ([[0, 0, 1]], [1.0, 1.0], "edges and counts must be as many"),
    ],
)
def test_bad_transitions(edges, counts, message):
    with pytest.raises(ValueError, match=message):
        Transitions(edges=np.array(edges), counts=np.array(counts), n_states=2)

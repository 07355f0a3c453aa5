"""Structure learning: grouping, reduction to unique combinations, the class level."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.inference.infer import infer
from rgm_core.structure.learn import group_by_location, learn_structure, number_by_appearance

ORACLE = Path(__file__).parents[1] / "oracles" / "core_lattice.npz"


def test_the_references_lattice_gives_the_references_structure():
    with np.load(ORACLE) as file:
        oracle = dict(file)
    model = learn_structure(oracle["outcomes"].astype(int), int(oracle["n_outcomes"]), oracle["locations"])
    assert model.n_levels == 2
    for n, level in enumerate(model.levels, start=1):
        np.testing.assert_array_equal(level.parents, oracle[f"parents{n}"])
        for g, A in enumerate(level.A):
            expected = oracle[f"A{n}_{g}"].reshape(A.shape)
            np.testing.assert_allclose(A, expected / expected.sum(0), atol=1e-12)
    softened = model.add_counts(float(oracle["concentration"]))
    for n, level in enumerate(softened.levels, start=1):
        for g, A in enumerate(level.A):
            np.testing.assert_allclose(level.a[g, : len(A), : A.shape[1]], oracle[f"a{n}_{g}"], atol=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dims=st.sampled_from([1, 2]), n=st.integers(1, 40))
def test_every_place_gets_one_group_and_neighbours_share_it(seed, dims, n):
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 7, (n, dims)).astype(float)
    groups = group_by_location(places)
    assert sorted(set(groups)) == list(range(groups.max() + 1))
    first = [np.flatnonzero(groups == f)[0] for f in range(groups.max() + 1)]
    assert first == sorted(first)
    _, where = np.unique(places, axis=0, return_inverse=True)
    for place in range(where.max() + 1):
        assert len(set(groups[where.reshape(-1) == place])) == 1


def test_a_lattice_is_quartered_until_one_group_is_left():
    """64 places give 16, 4 and 1 groups, as for digits."""
    places = np.argwhere(np.ones((8, 8)))
    outcomes = np.random.default_rng(0).integers(0, 2, (5, 64))
    model = learn_structure(outcomes, 2, places)
    assert [level.n_factors for level in model.levels] == [16, 4, 1]
    np.testing.assert_array_equal(np.bincount(model.levels[0].parents), 4)


@pytest.mark.parametrize(("side", "expected"), [(2, 1), (3, 2), (4, 2), (6, 3), (14, 7), (64, 32)])
def test_squares_have_half_as_many_groups_a_side(side, expected):
    """m = ceil(sqrt(k / 4)): rounding must not open one more row of groups."""
    groups = group_by_location(np.argwhere(np.ones((side, side))).astype(float))
    assert groups.max() + 1 == expected**2


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dims=st.sampled_from([1, 2]))
def test_a_structure_replays_its_exemplars(seed, dims):
    """With unit counts the posterior predictive of an exemplar is that exemplar, with certainty."""
    rng = np.random.default_rng(seed)
    n, n_modalities = rng.integers(1, 8), rng.integers(1, 20)
    outcomes = rng.integers(0, 3, (n, n_modalities))
    places = rng.integers(0, 6, (n_modalities, dims)).astype(float)
    model = learn_structure(outcomes, 3, places)
    posterior = infer(model, outcomes)
    for column, predicted in zip(outcomes.T, posterior.outcomes, strict=True):
        np.testing.assert_array_equal(predicted, np.eye(3)[column])
    unique = len(np.unique(outcomes, axis=0))
    assert model.levels[-1].n_states[0] == unique
    np.testing.assert_allclose(posterior.log_evidence, -np.log(unique), atol=1e-12)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=20))
def test_combinations_are_numbered_in_order_of_appearance(rows):
    numbers, first = number_by_appearance(np.array(rows))
    seen = list(dict.fromkeys(rows))
    assert [seen[k] for k in numbers] == rows
    assert [rows[k] for k in first] == seen


def test_each_unique_combination_is_a_state_with_unit_counts():
    outcomes = np.array([[0, 1], [1, 1], [0, 1], [2, 0]])
    model = learn_structure(outcomes, 3)
    (level,) = model.levels
    np.testing.assert_array_equal(level.n_states, [3])
    np.testing.assert_array_equal(level.A[0], np.eye(3))
    np.testing.assert_array_equal(level.a[1, :2], [[0, 0, 1], [1, 1, 0]])
    np.testing.assert_allclose(model.D, 1 / 3)


def test_a_missing_outcome_could_have_been_any():
    model = learn_structure(np.array([[0, -1], [1, 1]]), [2, 4])
    np.testing.assert_allclose(model.levels[0].A[1][:, 0], 1 / 4)


def test_classes_count_the_exemplars_that_have_a_state():
    outcomes = np.array([[0, 0], [0, 0], [1, 1], [0, 0]])
    model = learn_structure(outcomes, 2, labels=np.array([0, 0, 1, 1]))
    np.testing.assert_array_equal(model.levels[-1].a[0], [[2, 1], [0, 1]])
    np.testing.assert_allclose(model.D, 0.5)


BAD = {
    "one row": ({"outcomes": np.zeros(3, int)}, "non-empty integer array"),
    "empty": ({"outcomes": np.zeros((0, 3), int)}, "non-empty integer array"),
    "fractions": ({"outcomes": np.zeros((2, 3))}, "non-empty integer array"),
    "range": ({"outcomes": np.array([[0, 0, 5]])}, "outcomes of modality 2 must lie in 0 … 1"),
    "number of outcomes": ({"n_outcomes": [2, 2]}, "n_outcomes must be whole numbers .*, or 3"),
    "half an outcome": ({"n_outcomes": 2.5}, "n_outcomes must be"),
    "no outcome": ({"n_outcomes": [2, 0, 2]}, "n_outcomes must be"),
    "places": (
        {"locations": np.zeros((2, 2))},
        "locations must be finite numbers .3, n., a place for each modality",
    ),
    "places NaN": ({"locations": np.full((3, 1), np.nan)}, "locations must hold finite"),
    "labels": ({"labels": np.zeros(5, int)}, "labels must be integers .2,., one for each exemplar"),
    "labels gap": ({"labels": np.array([0, 2])}, "1 is missing"),
    "labels of 10^12": ({"labels": np.array([0, 10**12])}, "1 is missing"),
    "group size": (
        {"dt": 2, "group_size": 2.5},
        "group_size must be a whole number ≥ 2, or None; found 2.5",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(case):
    changed, message = BAD[case]
    arguments = {"outcomes": np.zeros((2, 3), int), "n_outcomes": 2} | changed
    with pytest.raises(ValueError, match=message):
        learn_structure(**arguments)

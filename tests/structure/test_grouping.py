"""Grouping by mutual information, against the reference and against its definition."""

from pathlib import Path

import numpy as np
import pytest

from rgm_core.information import mutual_information, pairwise_information
from rgm_core.structure.grouping import group_by_information, number_by_appearance

with np.load(Path(__file__).parents[1] / "oracles" / "dynamics.npz") as file:
    ORACLE = dict(file)
OUTCOMES = ORACLE["group_outcomes"].astype(int)


def test_pairwise_information_is_that_of_the_reference():
    found = pairwise_information(OUTCOMES, OUTCOMES)
    np.testing.assert_allclose(found, ORACLE["group_information"], atol=1e-14)


def test_pairwise_information_is_that_of_tables_of_counts():
    rng = np.random.default_rng(0)
    x, y = rng.integers(-1, 3, (50, 3)), rng.integers(0, 4, (50, 2))
    found = pairwise_information(x, y)
    for i, j in np.ndindex(3, 2):
        counts = np.zeros((4, 4))
        np.add.at(counts, (x[:, i] + 1, y[:, j]), 1)
        assert found[i, j] == pytest.approx(float(mutual_information(counts)))


@pytest.mark.parametrize("size", [4, 6])
def test_groups_are_those_of_the_reference(size):
    np.testing.assert_array_equal(group_by_information(OUTCOMES, size), ORACLE[f"group_by_{size}"])


def test_pairs_of_modalities_stay_together_as_in_the_reference():
    pairs = OUTCOMES.reshape(len(OUTCOMES), 6, 2)
    joint = np.stack([number_by_appearance(pairs[:, k])[0] for k in range(6)], axis=1)
    found = np.repeat(group_by_information(joint, 3), 2)
    np.testing.assert_array_equal(found, ORACLE["group_pairs_by_3"])


def test_columns_that_never_change_are_alone():
    t = np.arange(12)
    outcomes = np.stack([t % 2, np.zeros(12, int), (t + 1) % 2, np.ones(12, int)], axis=1)
    groups = group_by_information(outcomes, 4)
    assert groups[0] == groups[2] == 0
    assert sorted(groups[[1, 3]]) == [1, 2]

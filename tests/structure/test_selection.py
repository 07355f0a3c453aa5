"""Model selection: its evidence is exact, and without noise it finds what `learn_structure` finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgm_core import learn_structure
from rgm_core.structure.selection import log_dirichlet_evidence, select_paths, select_states


def random_outcomes(seed, n=40, n_states=5):
    rng = np.random.default_rng(seed)
    prototypes = rng.integers(3, size=(n_states, 4))
    return prototypes[rng.integers(n_states, size=n)], np.array([3, 4, 3, 5])


def first_appearance(rows):
    """Number of each row in the order of first appearance."""
    numbers = {}
    return np.array([numbers.setdefault(tuple(row), len(numbers)) for row in rows])


@given(seed=st.integers(0, 2**32 - 1))
def test_without_noise_every_unique_combination_is_a_state(seed):
    outcomes, n_outcomes = random_outcomes(seed)
    found = select_states(outcomes, n_outcomes)
    np.testing.assert_array_equal(found.chosen, first_appearance(outcomes))
    np.testing.assert_array_equal(found.augmented, found.log_odds > 0)


@given(seed=st.integers(0, 2**32 - 1), mass=st.floats(1e-3, 10))
def test_evidence_of_the_steps_adds_up_to_the_evidence_of_the_whole(seed, mass):
    """The chain rule: predictive probabilities multiply to the Dirichlet-multinomial evidence."""
    outcomes, n_outcomes = random_outcomes(seed)
    found = select_states(outcomes, n_outcomes, mass=mass)
    whole = 0.0
    for a, n in zip(found.a, n_outcomes, strict=True):
        prior = np.full(a.shape, mass / n)
        whole += log_dirichlet_evidence(a - prior, prior)
    np.testing.assert_allclose(found.log_probability.sum(), whole, rtol=1e-10)


def test_log_odds_by_hand():
    """One binary modality: 0, then 1. Parent: p = (m/2)/(1 + m). Augmented: p = 1/2, I grows to ln 2."""
    found = select_states(np.array([[0], [1]]), 2, mass=0.5)
    np.testing.assert_allclose(found.log_bayes_factor[1], np.log(0.5) - np.log(0.25 / 1.5))
    p = np.array([[1.25, 0.25], [0.25, 1.25]]) / 3
    np.testing.assert_allclose(found.information[1], (p * np.log(p / 0.25)).sum())
    assert found.chosen.tolist() == [0, 1]


def test_information_decides_where_the_evidence_is_even():
    """A spot on a blank field: the evidence is for one state, ln 2 nats of information for two."""
    spot = np.zeros((2, 64), int)
    spot[1, 27] = 1
    found = select_states(spot, 2, mass=1.5e-19)
    assert -np.log(2) < found.log_bayes_factor[1] < 0
    np.testing.assert_allclose(found.information[1], np.log(2))
    assert found.chosen.tolist() == [0, 1]


def test_mass_is_tolerance_for_noise():
    """Copies of two patterns with 3 % of the pixels flipped: two states, or as many as copies."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(2, size=(2, 64))
    truth = rng.integers(2, size=60)
    outcomes = patterns[truth] ^ (rng.random((60, 64)) < 0.03)
    merged = select_states(outcomes, 2, mass=1.0)
    assert len(merged.a[0].T) == 2
    np.testing.assert_array_equal(merged.chosen, first_appearance(truth[:, None]))
    assert len(select_states(outcomes, 2, mass=1e-40).a[0].T) > 40


def test_states_and_paths_are_those_of_structure_learning():
    rng = np.random.default_rng(1)
    film = np.eye(5, dtype=int)[rng.integers(5, size=80)]
    states = select_states(film, 2).chosen
    paths = select_paths(states)
    b = learn_structure(film, 2, np.zeros((5, 2)), dt=2).levels[0].b[0]
    known = {(int(s), int(u), int(to)) for s, u, to in b.edges}
    steps = {(int(s), int(u), int(to)) for s, u, to in zip(states, paths.chosen, states[1:], strict=False)}
    np.testing.assert_array_equal(states, first_appearance(film))
    assert len({(s, to) for s, _, to in steps}) == len(steps)  # each transition has one path
    assert len(known) == len(steps)
    assert max(u for _, u, _ in steps) == max(u for _, u, _ in known)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="mass must be finite and ≥ 1e-100"):
        select_states(np.zeros((3, 2), int), 2, mass=0)
    with pytest.raises(ValueError, match="outcomes must lie in 0"):
        select_states(np.full((3, 2), 2), 2)
    with pytest.raises(ValueError, match="outcomes must be integers"):
        select_states(np.zeros(3), 2)
    with pytest.raises(ValueError, match="states must be two or more"):
        select_paths(np.zeros(1, int))
    with pytest.raises(ValueError, match="counts must be ≥ 0 and prior > 0"):
        log_dirichlet_evidence(np.ones(2), np.zeros(2))

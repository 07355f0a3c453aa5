"""Following a chain step by step: against enumeration, and what nothing heard must give."""

from itertools import pairwise, product

import numpy as np
import pytest

from rgm_core import learn_structure
from rgm_core.inference.follow import make_walk, path_posterior, predict_states, update_states
from rgm_core.model import Transitions


def chain(leap, states=(0, 1, 2, 0, 2, 3)):
    model = learn_structure(np.array(states)[:, None], 4, dt=2)
    return make_walk(model, leap=leap)


def enumerate_filter(chain, log_likelihoods):
    """Joint of last state and data, by a sum over all sequences of states."""
    n = len(chain.D)
    step = sum(matrix.toarray() for matrix in chain.steps).T
    go_on = (1 - chain.leap) * step
    if chain.leap:
        go_on = go_on + (1 - go_on.sum(axis=1, keepdims=True)) * chain.D
    joint = np.zeros(n)
    for states in product(range(n), repeat=len(log_likelihoods)):
        p = chain.D[states[0]]
        for before, after in pairwise(states):
            p *= go_on[before, after]
        joint[states[-1]] += p * np.exp(sum(m[s] for m, s in zip(log_likelihoods, states, strict=True)))
    return joint


@pytest.mark.parametrize("leap", [0.0, 0.2])
def test_beliefs_and_evidence_are_those_of_enumeration(leap):
    rng = np.random.default_rng(1)
    walk, heard = chain(leap), rng.normal(size=(4, 4))
    predicted, log_evidence = walk.D, 0.0
    for message in heard:
        states, gain = update_states(predicted, message)
        log_evidence += gain
        predicted = predict_states(walk, states)
    joint = enumerate_filter(walk, heard)
    np.testing.assert_allclose(states, joint / joint.sum(), atol=1e-12)
    assert log_evidence == pytest.approx(np.log(joint.sum()), abs=1e-12)


def test_evidence_is_not_conditioned_on_lasting():
    walk = chain(0.0, states=(0, 1, 2, 3))  # 3 has no successor, so one of four chains ends at each step
    states, _ = update_states(walk.D, np.zeros(4))
    predicted = predict_states(walk, states)
    assert predicted.sum() == pytest.approx(3 / 4)
    _, evidence = update_states(predicted, np.zeros(4))
    assert evidence == pytest.approx(np.log(3 / 4))  # infer's, given that it lasts, would be 0


def test_a_leap_returns_what_has_ended():
    walk = chain(0.1, states=(0, 1, 2, 3))
    predicted = predict_states(walk, np.array([0, 0, 0, 1.0]))
    np.testing.assert_allclose(predicted, walk.D)


def test_nothing_heard_keeps_a_flat_belief_flat_on_a_loop():
    walk = chain(0.05, states=(0, 1, 2, 3, 0))
    states = walk.D
    for _ in range(50):
        states, evidence = update_states(predict_states(walk, states), np.zeros(4))
        assert evidence == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(states, 1 / 4)


def test_the_path_taken_is_found_from_where_it_led():
    walk = chain(0.0)
    b = learn_structure(np.array([[0], [1], [2], [0], [2], [3]]), 4, dt=2).levels[-1].b[0]
    assert isinstance(b, Transitions)
    for state, path, following in b.edges:
        message = np.where(np.arange(4) == following, 0.0, -50.0)
        found = path_posterior(walk, np.eye(4)[state], message)
        assert found.argmax() == path
        assert found[path] == pytest.approx(1)


def test_what_is_missing_to_one_has_leapt():
    walk = chain(0.25, states=(0, 1, 2, 3, 0))
    found = path_posterior(walk, np.eye(4)[0], np.array([0, -np.inf, 0, 0]))
    assert found.sum() == 0  # no path leads from 0 anywhere but to 1


def test_errors_name_the_argument():
    static = learn_structure(np.array([[0], [1]]), 2)
    with pytest.raises(ValueError, match="static"):
        make_walk(static)
    with pytest.raises(ValueError, match="leap must be a probability"):
        chain(1.0)
    with pytest.raises(ValueError, match="impossible"):
        update_states(np.array([1.0, 0.0]), np.array([-np.inf, 0.0]))

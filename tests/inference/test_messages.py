"""Messages along one edge: sums in logs, however far apart their terms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

from rgm_core.inference.messages import joint, send_down, send_up
from rgm_core.model.logs import safe_log

SEEDS = st.integers(0, 2**32 - 1)
close = {"rtol": 1e-10, "atol": 1e-12}


def random_edge(seed, spread):
    """Messages ``spread`` nats apart, some outcomes excluded, a likelihood with zeros, and beliefs."""
    rng = np.random.default_rng(seed)
    n, n_outcomes, n_states = 4, 5, 3
    message = rng.uniform(-spread, 0, (n, n_outcomes))
    A = rng.random((n_outcomes, n_states)) * (rng.random((n_outcomes, n_states)) < 0.5)
    A[0] += 0.1  # always possible
    message[:, 1:][rng.random((n, n_outcomes - 1)) < 0.2] = -np.inf
    return message, A / A.sum(0), rng.dirichlet(np.ones(n_states), n)


@pytest.mark.parametrize("spread", [1.0, 30.0, 700.0, 5000.0])
@given(seed=SEEDS)
def test_both_directions_are_the_sums_in_logs(spread, seed):
    message, A, q = random_edge(seed, spread)
    terms = message[:, :, None] + safe_log(A)
    log_mu = logsumexp(terms, axis=1)
    expected = np.exp(terms - log_mu[:, None, :] + np.log(q)[:, None, :])
    np.testing.assert_allclose(send_up(message, A), log_mu, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(joint(message, A, q), expected, **close)
    np.testing.assert_allclose(send_down(message, log_mu, A, q), expected.sum(2), **close)


@pytest.mark.parametrize("spread", [1.0, 5000.0])
@given(seed=SEEDS)
def test_beliefs_about_the_state_are_kept(spread, seed):
    message, A, q = random_edge(seed, spread)
    np.testing.assert_allclose(joint(message, A, q).sum(1), q, **close)


def test_evidence_that_excludes_every_outcome_excludes_every_state():
    message = np.array([[-np.inf, -np.inf], [0.0, -np.inf]])
    A = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_array_equal(send_up(message, A), [[-np.inf, -np.inf], [0.0, -np.inf]])


def test_a_state_without_belief_takes_no_part_even_if_it_is_excluded():
    message, A = np.array([[0.0, -np.inf]]), np.eye(2)
    q = np.array([[1.0, 0.0]])
    np.testing.assert_array_equal(joint(message, A, q)[0], [[1, 0], [0, 0]])
    np.testing.assert_array_equal(send_down(message, send_up(message, A), A, q), [[1, 0]])

"""The measures of information against the reference, brute force, sampling and their invariants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from rgm_core.information import (
    entropy,
    mutual_information,
    normalise,
)
from rgm_core.model.logs import floored_log

ORACLES = Path(__file__).parent / "oracles" / "mi.npz"
N_CASES = 5
ROUNDING = 1e-12

counts = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))
tables = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=counts).filter(
    lambda a: a.sum() > 0
)
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module", params=range(N_CASES))
def case(request):
    with np.load(ORACLES) as data:
        prefix = f"case{request.param}_"
        return {k.removeprefix(prefix): data[k] for k in data.files if k.startswith(prefix)}


def equal(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


# ---- the reference


def test_oracles_are_five_tables_one_with_two_state_axes():
    with np.load(ORACLES) as data:
        shapes = [data[f"case{i}_a"].shape for i in range(N_CASES)]
    assert shapes == [(4, 5), (7, 12), (3, 2, 4), (6, 1), (2, 2)]


def test_mutual_information_as_the_reference(case):
    equal(mutual_information(case["a"]), case["E"])


def test_normalise_as_the_reference(case):
    equal(normalise(case["a"]), case["dir_norm"])


# ---- entropy and divergence


def test_entropy_of_known_distributions():
    p = np.array([[1.0, 0.5, 0.25], [0.0, 0.5, 0.75]])
    equal(entropy(p), [0.0, np.log(2), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))])
    equal(entropy(p.T, axis=1), entropy(p))
    equal(entropy([0.25] * 4), np.log(4))


@given(a=tables)
def test_entropy_lies_between_zero_and_that_of_the_uniform(a):
    values = entropy(normalise(a))
    assert np.all(values >= 0)
    assert np.all(values <= np.log(len(a)) + ROUNDING)


# ---- normalise and the floored log


@given(a=tables)
def test_normalise_makes_distributions_and_keeps_padding(a):
    p = normalise(a)
    filled = a.any(axis=0)
    equal(p.sum(axis=0), filled.astype(float))
    equal(p * a.sum(axis=0), a)
    equal(normalise(a.T, axis=1), p.T)


def test_normalise_takes_integers_and_leaves_its_argument_alone():
    a = np.array([[1, 0], [3, 0]])
    equal(normalise(a), [[0.25, 0.0], [0.75, 0.0]])
    assert a.tolist() == [[1, 0], [3, 0]]


def test_floored_log_is_the_log_above_the_floor():
    equal(floored_log([1.0, 0.5, 1e-13, 1e-300, 0.0]), [0.0, -np.log(2), np.log(1e-13), -32, -32])


# ---- mutual information


def direct_mutual_information(p):
    """Σ p ln(p / p_o p_s), entry by entry."""
    outcomes, states = p.sum(axis=1), p.sum(axis=0)
    return sum(
        p[o, s] * np.log(p[o, s] / (outcomes[o] * states[s])) for o, s in np.ndindex(p.shape) if p[o, s] > 0
    )


@given(a=tables)
def test_mutual_information_by_brute_force_and_within_its_bounds(a):
    value = mutual_information(a)
    assert value == pytest.approx(direct_mutual_information(a / a.sum()), abs=1e-10)
    assert -ROUNDING <= value <= np.log(min(a.shape)) + ROUNDING


@given(a=tables)
def test_mutual_information_is_that_of_a_likelihood_and_its_states(a):
    p = normalise(a)
    states = a.sum(axis=0) / a.sum()
    equal(mutual_information(a), entropy(p @ states) - entropy(p) @ states)


@given(a=tables, scale=st.floats(1e-3, 1e3), seed=seeds)
def test_mutual_information_ignores_scale_order_and_padding(a, scale, seed):
    rng = np.random.default_rng(seed)
    shuffled = a[rng.permutation(a.shape[0])][:, rng.permutation(a.shape[1])]
    value = mutual_information(a)
    equal(mutual_information(a * scale), value)
    equal(mutual_information(shuffled), value)
    equal(mutual_information(a.T), value)
    equal(mutual_information(np.pad(a, ((0, 2), (0, 1)))), value)


@given(a=tables)
def test_independent_outcomes_carry_no_information(a):
    independent = np.outer(a.sum(axis=1), a.sum(axis=0))
    assert mutual_information(independent) == pytest.approx(0.0, abs=ROUNDING)


@pytest.mark.parametrize("n", [1, 2, 10])
def test_unique_outcomes_reach_the_upper_bound(n):
    assert mutual_information(np.eye(n)) == pytest.approx(np.log(n))


def test_leading_axes_stack_tables_and_trailing_axes_are_states():
    rng = np.random.default_rng(2024)
    a = rng.gamma(1.0, size=(2, 3, 4, 5, 2))
    a[0, 1, 2:] = 0.0  # padded outcomes
    stacked = mutual_information(a, axis=2)
    assert stacked.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        equal(stacked[i, j], mutual_information(a[i, j].reshape(4, 10)))
    equal(mutual_information(a[0, 1, :2]), stacked[0, 1])
    equal(mutual_information(a[..., 0], axis=-2), mutual_information(a[..., 0], axis=2))


def test_one_state_carries_no_information():
    equal(mutual_information([1.0, 2.0, 3.0]), 0.0)


# ---- errors


ONE_ARRAY = [
    entropy,
    floored_log,
    normalise,
    mutual_information,
]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("function", ONE_ARRAY)
def test_invalid_values_are_named(function, bad):
    with pytest.raises(ValueError, match=rf"contains {bad}: expected finite values >= 0"):
        function([[1.0, bad], [0.0, 1.0]])


@pytest.mark.parametrize("function", ONE_ARRAY)
def test_empty_arrays_are_refused(function):
    with pytest.raises(ValueError, match=r"empty \(shape \(0, 3\)\)"):
        function(np.zeros((0, 3)))


def test_tables_without_counts_and_missing_axes_are_refused():
    stack = np.ones((3, 2, 2))
    stack[1] = 0.0
    with pytest.raises(ValueError, match="a table that is all zeros"):
        mutual_information(stack, axis=1)
    with pytest.raises(ValueError, match=r"axis is 3: .* shape \(3, 2, 2\)"):
        mutual_information(stack, axis=3)


def test_counts_are_not_taken_for_distributions():
    with pytest.raises(ValueError, match=r"p sums to 3.0 along axis 0: expected 1"):
        entropy([1.0, 2.0])


def test_padding_has_no_entropy():
    equal(entropy(np.array([[0.5, 0.0], [0.5, 0.0]])), [np.log(2), 0.0])

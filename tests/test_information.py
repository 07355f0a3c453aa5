"""The measures of information against the reference, brute force, sampling and their invariants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from rgm_core.information import (
    dirichlet_kl,
    dirichlet_mutual_information,
    entropy,
    expected_log_preference,
    kl_divergence,
    mutual_information,
    negative_expected_free_energy,
    normalise,
)
from rgm_core.logs import LOG_FLOOR, floored_log

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


def test_objective_with_preferences_as_the_reference(case):
    a, c, h = case["a"], case["c"], case["h"]
    equal(negative_expected_free_energy(a), case["E"])
    equal(negative_expected_free_energy(a, c), case["E_c"])
    equal(negative_expected_free_energy(a, c, h), case["E_ch"])
    state_term = negative_expected_free_energy(a, preferred_states=h) - case["E"]
    equal(state_term, case["E_ch"] - case["E_c"])


def test_normalise_as_the_reference(case):
    equal(normalise(case["a"]), case["dir_norm"])


def test_dirichlet_kl_as_the_reference(case):
    equal(dirichlet_kl(case["b"], case["ap"]).sum(), case["KLdir"])


def test_dirichlet_mutual_information_as_the_reference(case):
    equal(dirichlet_mutual_information(case["ap"]), case["dirMI"])


# ---- entropy and divergence


def test_entropy_of_known_distributions():
    p = np.array([[1.0, 0.5, 0.25], [0.0, 0.5, 0.75]])
    equal(entropy(p), [0.0, np.log(2), -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))])
    equal(entropy(p.T, axis=1), entropy(p))
    equal(entropy([0.25] * 4), np.log(4))


def test_padding_has_no_entropy_and_no_divergence():
    p = np.array([[0.5, 0.0], [0.5, 0.0]])
    equal(entropy(p), [np.log(2), 0.0])
    equal(kl_divergence(p, p), [0.0, 0.0])


def test_kl_divergence_of_known_distributions():
    q, p = np.array([1.0, 0.0]), np.array([0.25, 0.75])
    assert kl_divergence(q, p) == pytest.approx(np.log(4))
    assert kl_divergence(p, q) == np.inf


def test_kl_divergence_broadcasts_over_a_batch():
    q = np.array([[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]])  # three posteriors, one prior
    prior = np.array([0.4, 0.6])
    expected = [kl_divergence(row, prior) for row in q]
    equal(kl_divergence(q, prior[None], axis=-1), expected)


@given(a=tables, b=tables)
def test_kl_divergence_is_never_negative_and_zero_only_for_equals(a, b):
    q = normalise(a.ravel())
    p = normalise(np.resize(b + 1e-3, q.shape))
    assert kl_divergence(q, p) >= -ROUNDING
    assert kl_divergence(q, q) == pytest.approx(0.0, abs=ROUNDING)
    assert kl_divergence(q, p) >= 0.5 * np.abs(q - p).sum() ** 2 - 1e-9  # Pinsker's inequality


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
        p[o, s] * np.log(p[o, s] / (outcomes[o] * states[s]))
        for o, s in np.ndindex(p.shape)
        if p[o, s] > 0
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


@pytest.mark.parametrize("measure", [mutual_information, dirichlet_mutual_information])
def test_leading_axes_stack_tables_and_trailing_axes_are_states(measure):
    rng = np.random.default_rng(2024)
    a = rng.gamma(1.0, size=(2, 3, 4, 5, 2))
    a[0, 1, 2:] = 0.0  # padded outcomes
    stacked = measure(a, axis=2)
    assert stacked.shape == (2, 3)
    for i, j in np.ndindex(2, 3):
        equal(stacked[i, j], measure(a[i, j].reshape(4, 10)))
    equal(measure(a[0, 1, :2]), stacked[0, 1])
    equal(measure(a[..., 0], axis=-2), measure(a[..., 0], axis=2))


@pytest.mark.parametrize("measure", [mutual_information, dirichlet_mutual_information])
def test_one_state_carries_no_information(measure):
    equal(measure([1.0, 2.0, 3.0]), 0.0)


@given(a=tables)
def test_dirichlet_mutual_information_tends_to_the_plug_in_value(a):
    assert dirichlet_mutual_information(a) >= -ROUNDING
    exact = mutual_information(a)
    large = 1e7 * a / a.sum()
    assert dirichlet_mutual_information(large) == pytest.approx(exact, abs=1e-5)


def test_dirichlet_mutual_information_is_the_mean_over_sampled_joints():
    rng = np.random.default_rng(7)
    a = np.array([[1.5, 0.3, 2.0], [0.5, 2.5, 1.0]])
    joints = rng.dirichlet(a.ravel(), size=40_000).reshape(-1, 2, 3)
    values = mutual_information(joints, axis=1)
    error = values.std() / np.sqrt(len(values))
    assert abs(dirichlet_mutual_information(a) - values.mean()) < 4 * error


# ---- preferences


def test_expected_log_preference_normalises_weights_and_floors_their_log():
    assert expected_log_preference([0.5, 0.5], [3.0, 1.0]) == pytest.approx(
        0.5 * np.log(0.75) + 0.5 * np.log(0.25)
    )
    assert expected_log_preference([0.25, 0.75], [2.0, 0.0]) == pytest.approx(0.75 * LOG_FLOOR)
    assert expected_log_preference([1.0, 0.0], [2.0, 0.0]) == 0.0


def test_expected_log_preference_is_minus_cross_entropy_per_column():
    p = np.array([[0.2, 0.9], [0.8, 0.1]])
    c = np.array([[0.5], [1.5]])
    both = np.broadcast_to(c / 2, p.shape)
    equal(expected_log_preference(p, c), -entropy(p) - kl_divergence(p, both))


@given(a=tables)
def test_preferences_never_raise_the_objective(a):
    preferred = np.arange(1.0, len(a) + 1)
    assert negative_expected_free_energy(a, preferred) <= mutual_information(a) + ROUNDING


# ---- Dirichlet divergence


def test_dirichlet_kl_is_the_integral_for_two_outcomes():
    q, p = beta_distribution(2.5, 1.5), beta_distribution(1.2, 3.0)
    integral, _ = quad(lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), 0, 1)
    assert dirichlet_kl([2.5, 1.5], [1.2, 3.0]) == pytest.approx(integral, rel=1e-7)


@given(a=tables, seed=seeds)
def test_dirichlet_kl_is_never_negative_and_zero_for_equals(a, seed):
    b = np.where(a > 0, a + np.random.default_rng(seed).gamma(1.0, size=a.shape), 0.0)
    assert np.all(dirichlet_kl(b, a) >= -1e-9)
    equal(dirichlet_kl(a, a), np.zeros(a.shape[1]))
    equal(dirichlet_kl(b.T, a.T, axis=1), dirichlet_kl(b, a))


def test_dirichlet_kl_skips_impossible_outcomes_and_padding():
    q, p = np.array([[2.0, 0.0], [3.0, 0.0]]), np.array([[1.0, 0.0], [1.5, 0.0]])
    padded = dirichlet_kl(np.insert(q, 1, 0.0, axis=0), np.insert(p, 1, 0.0, axis=0))
    equal(padded, [dirichlet_kl(q[:, 0], p[:, 0]), 0.0])


def test_dirichlet_kl_is_infinite_when_the_supports_differ():
    q, p = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 2.0], [1.0, 0.0]])
    assert dirichlet_kl(q, p).tolist() == [np.inf, np.inf]
    assert dirichlet_kl([0.0, 0.0], [1.0, 1.0]) == np.inf


# ---- errors


ONE_ARRAY = [
    entropy,
    floored_log,
    normalise,
    mutual_information,
    dirichlet_mutual_information,
    negative_expected_free_energy,
]
TWO_ARRAYS = [kl_divergence, dirichlet_kl, expected_log_preference]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("function", ONE_ARRAY)
def test_invalid_values_are_named(function, bad):
    with pytest.raises(ValueError, match=rf"contains {bad}: expected finite values >= 0"):
        function([[1.0, bad], [0.0, 1.0]])


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
@pytest.mark.parametrize("function", TWO_ARRAYS)
def test_invalid_values_are_named_in_either_argument(function, bad):
    for arguments in ([bad, 1.0], [0.5, 0.5]), ([0.5, 0.5], [1.0, bad]):
        with pytest.raises(ValueError, match=f"contains {bad}"):
            function(*arguments)


@pytest.mark.parametrize("function", ONE_ARRAY)
def test_empty_arrays_are_refused(function):
    with pytest.raises(ValueError, match=r"empty \(shape \(0, 3\)\)"):
        function(np.zeros((0, 3)))


@pytest.mark.parametrize("function", TWO_ARRAYS)
def test_shapes_that_would_broadcast_along_the_distribution_are_refused(function):
    column, square = np.full(2, 0.5), np.full((2, 2), 0.5)
    mismatched = np.full((2, 3), 0.5), square
    for q, p in (square, column), (np.ones(1), column), mismatched:
        with pytest.raises(ValueError, match=r"has shape .* expected the same"):
            function(q, p)


def test_counts_are_not_taken_for_distributions():
    with pytest.raises(ValueError, match=r"p sums to 3.0 along axis 0: expected 1"):
        entropy([1.0, 2.0])
    with pytest.raises(ValueError, match=r"q sums to 2.0"):
        kl_divergence([[1.0, 1.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("measure", [mutual_information, dirichlet_mutual_information])
def test_tables_without_counts_and_missing_axes_are_refused(measure):
    stack = np.ones((3, 2, 2))
    stack[1] = 0.0
    with pytest.raises(ValueError, match="a table that is all zeros"):
        measure(stack, axis=1)
    with pytest.raises(ValueError, match=r"axis is 3: .* shape \(3, 2, 2\)"):
        measure(stack, axis=3)


def test_preferences_that_do_not_fit_are_refused():
    a = np.ones((3, 2, 4))
    with pytest.raises(ValueError, match=r"preferred_states has shape \(8,\): expected \(2, 4\)"):
        negative_expected_free_energy(a, preferred_states=np.ones(8))
    with pytest.raises(ValueError, match=r"preference \(2,\)"):
        negative_expected_free_energy(a, preferred_outcomes=np.ones(2))
    with pytest.raises(ValueError, match="without any weight"):
        expected_log_preference([0.5, 0.5], [0.0, 0.0])

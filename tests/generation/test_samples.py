"""Generation: predictions are products of likelihoods, and samples follow them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core import generate, infer, learn_structure
from rgm_core.generation.samples import predict_outcomes
from rgm_core.model import RGM, Level

N_OUTCOMES = np.array([2, 3, 4, 2, 3])
seeds = st.integers(0, 2**32 - 1)


def random_level(rng, n_outcomes, parents, n_states):
    n_outcomes, parents, n_states = map(np.asarray, (n_outcomes, parents, n_states))
    a = np.zeros((len(parents), n_outcomes.max(), n_states.max()))
    for g, parent in enumerate(parents):
        a[g, : n_outcomes[g], : n_states[parent]] = rng.gamma(1.0, size=(n_outcomes[g], n_states[parent]))
    places = np.arange(len(parents))[:, None].astype(float)
    return Level(a=a, n_outcomes=n_outcomes, parents=parents, n_states=n_states, locations=places)


def random_tree(rng):
    """Five outcomes, factors of 3, 2 and 2 states, two factors above these, one on top.

    Factor 1 of level 1 owns outcomes 1 and 4: who generates what is not a matter of order.
    """
    bottom = random_level(rng, N_OUTCOMES, [0, 1, 0, 2, 1], [3, 2, 2])
    middle = random_level(rng, [3, 2, 2], [0, 1, 0], [4, 2])
    top = random_level(rng, [4, 2], [0, 0], [3])
    return RGM(levels=(bottom, middle, top), D=rng.dirichlet(np.ones(3)))


def by_hand(model, state, g):
    """p(o_g | top state), summed over every state on the way from the top to outcome g."""
    A1, A2, A3 = (level.A for level in model.levels)
    f1 = model.levels[0].parents[g]
    f2 = model.levels[1].parents[f1]
    predicted = np.zeros(N_OUTCOMES[g])
    for s2 in range(A3[f2].shape[0]):
        for s1 in range(A2[f1].shape[0]):
            predicted += A1[g][:, s1] * A2[f1][s1, s2] * A3[f2][s2, state]
    return predicted


@pytest.fixture(scope="module")
def tree():
    return random_tree(np.random.default_rng(1))


@pytest.fixture(scope="module")
def exemplars():
    """Four exemplars of 16 outcomes in a square: a structure of two levels."""
    rng = np.random.default_rng(2)
    places = np.stack(np.divmod(np.arange(16), 4), axis=1).astype(float)
    return rng.integers(0, 3, size=(4, 16)), places


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_predictions_are_sums_over_paths(seed):
    model = random_tree(np.random.default_rng(seed))
    predicted = predict_outcomes(model, np.arange(3))
    for g in range(5):
        for state in range(3):
            expected = by_hand(model, state, g)
            np.testing.assert_allclose(predicted[state, g, : N_OUTCOMES[g]], expected, rtol=1e-10)


@given(seed=seeds)
@settings(max_examples=25, deadline=None)
def test_predictions_are_posteriors_without_outcomes(seed):
    """Inference with nothing seen, and beliefs about the top as its prior, predicts the same."""
    rng = np.random.default_rng(seed)
    model, beliefs = random_tree(rng), rng.dirichlet(np.ones(3), size=4)
    predicted = predict_outcomes(model, beliefs)
    posterior = infer(model, np.full((4, 5), -1), prior=beliefs)
    for g, expected in enumerate(posterior.outcomes):
        np.testing.assert_allclose(predicted[:, g, : N_OUTCOMES[g]], expected, rtol=1e-10)


def test_beliefs_mix_predictions(tree):
    beliefs = np.random.default_rng(3).dirichlet(np.ones(3), size=6)
    mixed = np.einsum("ns,sgo->ngo", beliefs, predict_outcomes(tree, np.arange(3)))
    np.testing.assert_allclose(predict_outcomes(tree, beliefs), mixed, rtol=1e-12, atol=1e-15)


def test_predictions_are_distributions_padded_with_zeros(tree):
    for level, level_model in enumerate(tree.levels):
        for factor, n_states in enumerate(level_model.n_states):
            predicted = predict_outcomes(tree, np.arange(n_states), level=level, factor=factor)
            assert predicted.shape == (n_states, 5, 4)
            np.testing.assert_allclose(predicted.sum(axis=2), 1)
            assert not predicted[:, np.arange(4) >= N_OUTCOMES[:, None]].any()


def test_lowest_level_predicts_its_likelihood(tree):
    predicted = predict_outcomes(tree, np.array([1, 0]), level=0, factor=1)
    for g in (1, 4):  # the outcomes of factor 1
        np.testing.assert_array_equal(predicted[:, g, : N_OUTCOMES[g]], tree.levels[0].A[g][:, [1, 0]].T)


def test_all_factors_of_a_level_predict_what_each_does(tree):
    """Every outcome has one ancestor at a level, whose prediction it is; a factor too few is refused."""
    states = [np.array([2, 0]), np.array([1, 1])]
    together = predict_outcomes(tree, states, level=1, factor=None)
    for f in (0, 1):
        owned = np.isin(tree.levels[0].parents, [g for g in range(3) if tree.levels[1].parents[g] == f])
        alone = predict_outcomes(tree, states[f], level=1, factor=f)
        np.testing.assert_array_equal(together[:, owned], alone[:, owned])
    with pytest.raises(ValueError, match="each of 2 factors; found"):
        predict_outcomes(tree, states[:1], level=1, factor=None)


def test_levels_count_from_the_top_too(tree):
    for level in range(3):
        np.testing.assert_array_equal(
            predict_outcomes(tree, np.array([1]), level=level),
            predict_outcomes(tree, np.array([1]), level=level - 3),
        )


@pytest.mark.parametrize(
    ("level", "factor", "inside"),
    [(0, 0, [0, 2]), (0, 1, [1, 4]), (0, 2, [3]), (1, 0, [0, 2, 3]), (1, 1, [1, 4])],
)
def test_nothing_is_known_outside_the_field_of_a_factor(tree, level, factor, inside):
    outside = np.setdiff1d(np.arange(5), inside)
    states = np.zeros(7, int)
    predicted = predict_outcomes(tree, states, level=level, factor=factor)
    for g in outside:
        np.testing.assert_allclose(predicted[:, g, : N_OUTCOMES[g]], 1 / N_OUTCOMES[g])
    sampled = generate(tree, states, level=level, factor=factor, rng=np.random.default_rng(0))
    assert (sampled[:, outside] == -1).all()
    assert (sampled[:, inside] >= 0).all()


@pytest.mark.parametrize(("level", "factor"), [(2, 0), (1, 0), (0, 1)])
def test_samples_follow_the_predictions(tree, level, factor):
    """Frequencies of 20,000 samples lie within 4 standard errors of every probability."""
    n = 20_000
    states = np.full(n, 1)
    sampled = generate(tree, states, level=level, factor=factor, rng=np.random.default_rng(4))
    p = predict_outcomes(tree, states[:1], level=level, factor=factor)[0]
    for g in np.flatnonzero((sampled >= 0).any(axis=0)):
        frequency = np.bincount(sampled[:, g], minlength=4) / n
        assert (np.abs(frequency - p[g]) <= 4 * np.sqrt(p[g] * (1 - p[g]) / n)).all()


def test_outcomes_of_a_factor_share_its_state():
    """Joint frequencies are those of one state for both outcomes, not a product of two draws."""
    n = 20_000
    model = learn_structure(np.array([[0, 0], [1, 1]]), 2).add_counts(0.25)
    sampled = generate(model, np.full((n, 2), 0.5), rng=np.random.default_rng(5))
    first, second = model.levels[0].A
    joint = 0.5 * first @ second.T
    frequency = np.zeros((2, 2))
    np.add.at(frequency, (sampled[:, 0], sampled[:, 1]), 1 / n)
    assert (np.abs(frequency - joint) <= 4 * np.sqrt(joint * (1 - joint) / n)).all()
    assert joint[0, 0] > 0.3, "far from the 0.25 of independent outcomes"


def test_each_state_has_its_own_samples(tree):
    """States are not mixed up: a batch of beliefs that are one-hot equals a batch of states."""
    states = np.random.default_rng(6).integers(0, 3, size=50)
    first = generate(tree, states, rng=np.random.default_rng(7))
    again = generate(tree, np.eye(3)[states], rng=np.random.default_rng(7))
    np.testing.assert_array_equal(first, again)


def test_same_seed_same_samples(tree):
    states = np.arange(3).repeat(100)
    first, again, other = (generate(tree, states, rng=np.random.default_rng(s)) for s in (8, 8, 9))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_structure_generates_its_exemplars(exemplars):
    """With unit counts nothing is left to chance: the states on top are the exemplars, in order."""
    outcomes, places = exemplars
    model = learn_structure(outcomes, 3, places)
    states = np.arange(4)
    np.testing.assert_array_equal(generate(model, states, rng=np.random.default_rng(0)), outcomes)
    np.testing.assert_array_equal(predict_outcomes(model, states), np.eye(3)[outcomes])


def test_classes_generate_one_of_their_exemplars(exemplars):
    outcomes, places = exemplars
    model = learn_structure(outcomes, 3, places, labels=np.array([0, 1, 0, 1]))
    sampled = generate(model, np.repeat([0, 1], 40), rng=np.random.default_rng(0))
    for drawn, members in ((sampled[:40], outcomes[[0, 2]]), (sampled[40:], outcomes[[1, 3]])):
        found = (drawn[:, None] == members).all(axis=2)
        assert found.any(axis=1).all()
        assert found.any(axis=0).all()


BAD_ARGUMENTS = {
    "level too high": ({"level": 3}, r"level must be a whole number in -3 … 2; found 3"),
    "level too low": ({"level": -4}, "level must be a whole number in"),
    "no such factor": (
        {"level": 1, "factor": 2},
        "factor must be a whole number in 0 … 1, as many as level 1 has; found 2",
    ),
    "negative factor": ({"factor": -1}, "factor must be a whole number in"),
    "no such state": ({"states": np.array([0, 3])}, "states must lie in 0 … 2; found 0 … 3"),
    "negative state": ({"states": np.array([-1])}, "states must lie in"),
    "no states": ({"states": np.array([], int)}, "states must"),
    "one number": ({"states": 1}, "states must"),
    "fractions": ({"states": np.array([0.5, 0.5])}, "states must"),
    "beliefs too short": (
        {"states": np.ones((2, 2)) / 2},
        r"states must be finite numbers \(n, 3\).*found shape \(2, 2\)",
    ),
    "beliefs do not add up": ({"states": np.ones((2, 3))}, "sum to one"),
    "negative beliefs": ({"states": np.array([[1.5, -0.5, 0.0]])}, "probabilities ≥ 0"),
    "NaN beliefs": ({"states": np.full((1, 3), np.nan)}, "states must hold finite"),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_refused(tree, case):
    arguments, message = BAD_ARGUMENTS[case]
    arguments = {"states": np.array([0])} | arguments
    with pytest.raises(ValueError, match=message):
        predict_outcomes(tree, **arguments)
    with pytest.raises(ValueError, match=message):
        generate(tree, **arguments, rng=np.random.default_rng(0))


def test_generate_wants_a_generator(tree):
    """No hidden global randomness."""
    with pytest.raises(TypeError, match="rng"):
        generate(tree, np.array([0]))

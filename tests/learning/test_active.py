"""Active learning: the compiled loops against the formula, and both against the reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import random_evidence, random_level, random_tree
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.inference.infer import infer
from rgm_core.information import mutual_information
from rgm_core.learning import active as learning
from rgm_core.learning.active import History, select_update
from rgm_core.learning.active import learn_actively as learn
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure

ORACLES = Path(__file__).parents[1] / "oracles"
SEEDS = st.integers(0, 2**32 - 1)


def spread(level, size=4001):
    """The counts that the oracle keeps of a level: tensors by rows, padding left out."""
    sizes = zip(level.a, level.n_outcomes, level.n_states[level.parents], strict=True)
    values = np.concatenate([a[:o, :s].ravel() for a, o, s in sizes])
    return values[np.unique(np.linspace(0, len(values) - 1, size).astype(int))], values.sum()


@pytest.fixture(scope="module")
def digits():
    with np.load(ORACLES / "core_digits.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def digit_structure(digits):
    labels = np.repeat(np.arange(10), 13)
    return learn_structure(
        digits["structure"].astype(int), 7, digits["locations"], labels=labels
    ).add_counts([1 / 16, 1 / 16, 1 / 16, 1 / 128])


@pytest.fixture(scope="module")
def learned_digits(digits, digit_structure):
    return learn(digit_structure, digits["train"].astype(int), labels=digits["train_labels"])


def test_structure_and_prior_counts_are_the_references(digits, digit_structure):
    for n, level in enumerate(digit_structure.levels, start=1):
        kept, total = spread(level)
        np.testing.assert_array_equal(level.parents, digits[f"parents{n}"])
        np.testing.assert_allclose(kept, digits[f"initial{n}"], rtol=1e-12)
        assert total == pytest.approx(digits[f"initial_sum{n}"], rel=1e-12)


def test_twenty_digits_are_learned_as_by_the_reference(digits, learned_digits):
    """Counts, free energies and mutual information, to 1e-8."""
    model, history = learned_digits
    np.testing.assert_allclose(history.elbo, digits["elbo"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(history.mutual_information, digits["information"], rtol=0, atol=1e-8)
    for n, level in enumerate(model.levels, start=1):
        kept, total = spread(level)
        np.testing.assert_allclose(kept, digits[f"learned{n}"], rtol=0, atol=1e-8)
        assert total == pytest.approx(digits[f"learned_sum{n}"], rel=1e-9)


def test_one_digit_is_learned_as_by_the_reference(digits, digit_structure):
    model, _ = learn(digit_structure, digits["train"][:1].astype(int), labels=digits["train_labels"][:1])
    for n, level in enumerate(model.levels, start=1):
        kept, total = spread(level)
        np.testing.assert_allclose(kept, digits[f"first{n}"], rtol=0, atol=1e-8)
        assert total == pytest.approx(digits[f"first_sum{n}"], rel=1e-9)


def test_digits_are_classified_as_by_the_reference(digits, learned_digits):
    model, _ = learned_digits
    found = infer(model, digits["test"].astype(int), scheme="published")
    np.testing.assert_allclose(found.elbo[:, 2:].sum(1), digits["test_elbo"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.states[-1][0], digits["test_states"], rtol=0, atol=1e-8)


@pytest.mark.parametrize("beta", [0, 512])
def test_single_updates_are_the_references(beta):
    """Tensors with one and two parents, step by step; the reference's beta = 0 accepts always."""
    with np.load(ORACLES / "core_single_level.npz") as file:
        oracle = dict(file)
    states = [oracle[f"states{beta}_{f}"] for f in range(2)]
    for g in range(3):
        a, steps = oracle[f"a{beta}_{g}"], oracle[f"a{beta}_{g}_steps"]
        parents = oracle[f"parents{beta}_{g}"]
        for t, seen in enumerate(oracle[f"outcomes{beta}"][:, g].astype(int)):
            da = np.eye(len(a))[seen]
            for f in parents:
                da = np.multiply.outer(da, states[f][t])
            a, _ = select_update(a, da.reshape(a.shape), beta or np.inf, 512)
            np.testing.assert_allclose(a, steps[t], rtol=0, atol=1e-8)
            information = oracle[f"information{beta}"][t, g]
            assert mutual_information(a) == pytest.approx(information, abs=1e-8)


def written_out(model, outcomes, labels, beta, eta):
    """What `learn` does, sample by sample, with dense arrays and nothing kept running."""
    for i, label in enumerate(labels):
        prior = np.eye(len(model.D))[label] if label >= 0 else model.D
        seen = [message[i] / message[i].sum() for message in outcomes]
        found = infer(model, seen, prior=prior, scheme="published")
        counts, observed = [], [np.ptp(p) > 0 for p in seen]
        for n, level in enumerate(model.levels):
            a, below = level.a.copy(), observed
            observed = [any(below[g] for g in level.children(f)) for f in range(level.n_factors)]
            for g, f in enumerate(level.parents):
                if not below[g]:
                    continue  # missing, or a factor below which nothing was observed
                size, s = level.n_outcomes[g], level.n_states[f]
                outcome = seen[g] if n == 0 else found.states[n - 1][g][0]
                da = np.outer(outcome, found.states[n][f][0])
                a[g, :size, :s], _ = select_update(a[g, :size, :s], da, beta, eta)
            counts.append(a)
        model = model.with_counts(counts)
    return model


def as_messages(model, outcomes):
    """Hard outcomes as likelihoods, all ones where missing."""
    columns = zip(outcomes.T, model.levels[0].n_outcomes, strict=True)
    return [np.where(o[:, None] < 0, 1.0, np.eye(k)[np.maximum(o, 0)]) for o, k in columns]


@settings(max_examples=20, deadline=None)
@given(
    seed=SEEDS,
    beta=st.sampled_from([0.0, 30.0, 512.0, np.inf]),
    eta=st.sampled_from([8.0, 512.0, np.inf]),
    soft=st.booleans(),
)
def test_the_compiled_loops_are_the_formula(seed, beta, eta, soft):
    """Hard, missing and soft outcomes; running sums against fresh ones."""
    rng = np.random.default_rng(seed)
    model = random_tree(rng, zeros=0.2)
    outcomes = rng.integers(-1, model.levels[0].n_outcomes, (6, 5))
    messages = random_evidence(rng, model, 6) if soft else as_messages(model, outcomes)
    labels = rng.integers(-1, len(model.D), 6)
    given = messages if soft else outcomes
    found, history = learn(model, given, labels=labels, beta=None if np.isinf(beta) else beta, eta=eta)
    expected = written_out(model, messages, labels, beta, eta)
    for level, other in zip(found.levels, expected.levels, strict=True):
        np.testing.assert_allclose(level.a, other.a, rtol=1e-9, atol=1e-12)
    information = [sum(mutual_information(a[:, a.any(0)]) for a in level.a) for level in expected.levels]
    np.testing.assert_allclose(history.mutual_information[-1], information, rtol=1e-8, atol=1e-10)


def test_how_samples_are_portioned_does_not_matter(monkeypatch):
    """Running sums are refreshed between portions, which must change nothing."""
    rng = np.random.default_rng(1)
    model = random_tree(rng)
    outcomes = rng.integers(0, model.levels[0].n_outcomes, (60, 5))
    whole, history = learn(model, outcomes)
    half, first = learn(model, outcomes[:30])
    half, second = learn(half, outcomes[30:])
    monkeypatch.setattr(learning, "CHUNK", 7)
    small, _ = learn(model, outcomes)
    for one, two, three in zip(whole.levels, half.levels, small.levels, strict=True):
        np.testing.assert_allclose(two.a, one.a, rtol=1e-10)
        np.testing.assert_allclose(three.a, one.a, rtol=1e-10)
    joined = History.concatenate([first, second])
    np.testing.assert_allclose(joined.elbo, history.elbo, rtol=1e-10)


def test_a_hard_likelihood_teaches_like_the_outcome_itself():
    rng = np.random.default_rng(2)
    model = random_tree(rng)
    outcomes = rng.integers(0, model.levels[0].n_outcomes, (10, 5))
    sizes = model.levels[0].n_outcomes
    soft = [np.eye(k)[column] for k, column in zip(sizes, outcomes.T, strict=True)]
    for one, two in zip(learn(model, outcomes)[0].levels, learn(model, soft)[0].levels, strict=True):
        np.testing.assert_allclose(one.a, two.a, rtol=1e-10)


def test_the_scale_of_a_likelihood_does_not_matter():
    """Soft evidence is one outcome, however its likelihoods are scaled."""
    rng = np.random.default_rng(6)
    model = random_tree(rng)
    messages = random_evidence(rng, model, 10)
    scaled = [message * rng.uniform(0.1, 50, (10, 1)) for message in messages]
    one, two = learn(model, messages)[0], learn(model, scaled)[0]
    for first, second in zip(one.levels, two.levels, strict=True):
        np.testing.assert_allclose(second.a, first.a, rtol=1e-9)


@pytest.mark.parametrize("eta", [0.05, 1.0, 8.0])
@pytest.mark.parametrize("beta", [None, 512.0])
def test_fast_forgetting_never_excludes_an_outcome(eta, beta):
    """Counts of what is not seen fade below the range of floats, without becoming zero or NaN."""
    rng = np.random.default_rng(7)
    model = random_tree(rng)
    labels = np.zeros(1200, int)
    found, history = learn(model, rng.integers(0, 2, (1200, 5)), labels=labels, eta=eta, beta=beta)
    assert np.isfinite(history.mutual_information).all()
    for before, after in zip(model.levels, found.levels, strict=True):
        np.testing.assert_array_equal(after.a > 0, before.a > 0)
        total = after.a.sum((1, 2))
        assert np.all(total <= np.maximum(before.a.sum((1, 2)), eta) * (1 + 1e-9))


def test_a_refused_update_leaves_the_smallest_counts_alone():
    """A count far below rounding of one must survive a candidate that is weighed and refused."""
    a = np.array([[[9.0, 1e-18], [1e-18, 9.0]]])
    level = random_level(np.random.default_rng(0), [2], [0], [2])
    model = RGM(levels=(replace(level, a=a),), D=np.full(2, 0.5))
    found, history = learn(model, np.array([[0]]), labels=np.array([1]), beta=1e5)
    assert history.acceptance[0, 0] < 1e-300
    np.testing.assert_array_equal(found.levels[0].a, a)


def test_forgetting_bounds_the_total_and_zeros_stay_zero():
    rng = np.random.default_rng(3)
    level = random_level(rng, [3, 3], [0, 0], [2], zeros=0.4)
    model = RGM(levels=(level,), D=np.full(2, 0.5))
    outcomes = rng.integers(0, 3, (400, 2))
    found, history = learn(model, outcomes, beta=None, eta=16)
    assert np.all(found.levels[0].a[level.a == 0] == 0)
    assert np.all(history.acceptance == 1)
    # each total moves towards eta, and stays below it where zero counts cannot grow
    assert np.all(found.levels[0].a.sum((1, 2)) <= 16 + 1e-9)
    positive = RGM(levels=(random_level(rng, [3], [0], [2]),), D=np.full(2, 0.5))
    total = learn(positive, outcomes[:, :1], beta=None, eta=16)[0].levels[0].a.sum()
    assert total == pytest.approx(16, abs=1e-6)


def test_the_model_given_is_left_alone_and_the_same_call_gives_the_same():
    rng = np.random.default_rng(4)
    model = random_tree(rng)
    before = [level.a.copy() for level in model.levels]
    outcomes = rng.integers(0, model.levels[0].n_outcomes, (20, 5))
    one, two = learn(model, outcomes)[0], learn(model, outcomes)[0]
    for level, a, first, second in zip(model.levels, before, one.levels, two.levels, strict=True):
        np.testing.assert_array_equal(level.a, a)
        np.testing.assert_array_equal(first.a, second.a)


def test_an_update_that_blurs_the_mapping_is_refused():
    a = np.array([[9.0, 1.0], [1.0, 9.0]])
    _, fits = select_update(a, np.array([[1.0, 0.0], [0.0, 0.0]]), 512, 512)
    kept, blurs = select_update(a, np.array([[0.0, 1.0], [0.0, 0.0]]), 512, 512)
    assert fits > 0.9
    assert blurs < 1e-6
    np.testing.assert_allclose(kept, a, rtol=1e-6)


BAD = {
    "labels length": ({"labels": np.zeros(2, int)}, "labels must be integers"),
    "labels type": ({"labels": np.zeros(3)}, "labels must be integers"),
    "labels range": ({"labels": np.full(3, 99)}, "labels must lie in"),
    "beta": ({"beta": -1.0}, "beta must be ≥ 0"),
    "beta NaN": ({"beta": np.nan}, "beta must be ≥ 0"),
    "eta": ({"eta": 0.0}, "eta must be > 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(case):
    arguments, message = BAD[case]
    model = random_tree(np.random.default_rng(5))
    with pytest.raises(ValueError, match=message):
        learn(model, np.zeros((3, 5), int), **arguments)

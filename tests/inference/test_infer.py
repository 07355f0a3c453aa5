"""Exact inference against enumeration; the published scheme against the reference's numbers."""

from dataclasses import replace

import numpy as np
import pytest
from brute_force import Enumeration, random_evidence, random_level, random_tree, random_wiring
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.inference.infer import infer, infer_top
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure

SEEDS = st.integers(0, 2**32 - 1)
close = {"rtol": 1e-10, "atol": 1e-12}


def hard_evidence(rng, model, n):
    """Integer outcomes with gaps, and the same as likelihoods."""
    sizes = model.levels[0].n_outcomes
    outcomes = rng.integers(-1, sizes, (n, len(sizes)))
    messages = [
        np.where(column[:, None] < 0, 1.0, np.eye(size)[np.maximum(column, 0)])
        for column, size in zip(outcomes.T, sizes, strict=True)
    ]
    return outcomes, messages


def assert_exact(model, posterior, messages, priors):
    """Every belief of every sample equals enumeration."""
    for i, prior in enumerate(priors):
        truth = Enumeration(model, [message[i] for message in messages], prior)
        np.testing.assert_allclose(np.exp(posterior.log_evidence[i]), truth.evidence, rtol=1e-10)
        for n, level in enumerate(model.levels):
            for f in range(level.n_factors):
                np.testing.assert_allclose(posterior.states[n][f][i], truth.states(n, f), **close)
            for g in range(level.n_modalities):
                np.testing.assert_allclose(posterior.pairs(n, g)[i], truth.pairs(n, g), **close)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, zeros=st.sampled_from([0.0, 0.3]))
def test_soft_and_missing_evidence_is_inverted_exactly(seed, zeros):
    rng = np.random.default_rng(seed)
    model = random_tree(rng, zeros=zeros)
    messages = random_evidence(rng, model, 3)
    messages = [np.maximum(m, 1e-3) for m in messages] if zeros else messages
    priors = rng.dirichlet(np.ones(len(model.D)), 3)
    posterior = infer(model, messages, prior=priors)
    assert_exact(model, posterior, messages, priors)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_any_tree_is_inverted_exactly(seed):
    """One to three levels, factors of one state, modalities of one outcome, any wiring."""
    rng = np.random.default_rng(seed)
    model = random_wiring(rng)
    outcomes, messages = hard_evidence(rng, model, 2)
    assert_exact(model, infer(model, outcomes), messages, [model.D] * 2)
    messages = random_evidence(rng, model, 2)
    posterior = infer(model, messages)
    assert_exact(model, posterior, messages, [model.D] * 2)
    np.testing.assert_allclose(posterior.elbo.sum(1), posterior.log_evidence, **close)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_pairs_agree_with_the_beliefs_of_both_ends(seed):
    rng = np.random.default_rng(seed)
    model = random_tree(rng, zeros=0.3)
    posterior = infer(model, np.full((2, 5), -1))
    for n, level in enumerate(model.levels):
        for g, f in enumerate(level.parents):
            pairs = posterior.pairs(n, g)
            child = posterior.states[n - 1][g] if n else posterior.outcomes[g]  # nothing seen
            np.testing.assert_allclose(pairs.sum(1), posterior.states[n][f], **close)
            np.testing.assert_allclose(pairs.sum(2), child, **close)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_hard_outcomes_with_gaps_are_inverted_exactly(seed):
    rng = np.random.default_rng(seed)
    model = random_tree(rng)
    outcomes, messages = hard_evidence(rng, model, 3)
    posterior = infer(model, outcomes)
    assert_exact(model, posterior, messages, [model.D] * 3)
    for g, predicted in enumerate(posterior.outcomes):
        parent = model.levels[0].parents[g]
        expected = posterior.states[0][parent] @ model.levels[0].A[g].T
        np.testing.assert_allclose(predicted, expected, **close)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_levels_contributions_add_up_to_the_log_evidence(seed):
    """The ELBO is tight: accuracy minus complexity, summed over levels, is ln p(o)."""
    rng = np.random.default_rng(seed)
    model = random_tree(rng)
    posterior = infer(model, random_evidence(rng, model, 4))
    np.testing.assert_allclose(posterior.elbo.sum(1), posterior.log_evidence, **close)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_upward_pass_alone_gives_the_top_and_the_evidence(seed):
    rng = np.random.default_rng(seed)
    model = random_tree(rng)
    outcomes, _ = hard_evidence(rng, model, 4)
    states, log_evidence = infer_top(model, outcomes)
    posterior = infer(model, outcomes)
    np.testing.assert_allclose(states, posterior.states[-1][0], **close)
    np.testing.assert_allclose(log_evidence, posterior.log_evidence, **close)


@pytest.mark.parametrize("scheme", ["exact", "published"])
def test_beliefs_are_distributions_and_samples_do_not_mix(scheme):
    rng = np.random.default_rng(1)
    model = random_tree(rng)
    outcomes, _ = hard_evidence(rng, model, 20)
    posterior = infer(model, outcomes, scheme=scheme)
    order = rng.permutation(20)
    permuted = infer(model, outcomes[order], scheme=scheme)
    for level, again in zip(posterior.states, permuted.states, strict=True):
        for q, p in zip(level, again, strict=True):
            np.testing.assert_allclose(q.sum(1), 1)
            np.testing.assert_allclose(q[order], p, rtol=1e-12)
    for g in range(3):
        np.testing.assert_allclose(posterior.pairs(1, g).sum((1, 2)), 1)


def test_nothing_seen_leaves_the_prior():
    model = random_tree(np.random.default_rng(2))
    posterior = infer(model, np.full((1, 5), -1))
    np.testing.assert_allclose(posterior.states[-1][0][0], model.D, rtol=1e-12)
    assert posterior.log_evidence == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("scheme", ["exact", "published"])
def test_a_clamped_state_stays_clamped(scheme):
    """Supervision: a one-hot prior, and the evidence is that of its state."""
    rng = np.random.default_rng(7)
    model = random_tree(rng)
    outcomes, soft = hard_evidence(rng, model, 1)
    clamped = np.eye(len(model.D))[1]
    posterior = infer(model, outcomes, prior=clamped, scheme=scheme)
    np.testing.assert_array_equal(posterior.states[-1][0][0], clamped)
    if scheme == "exact":
        assert_exact(model, posterior, soft, [clamped])
        np.testing.assert_allclose(posterior.elbo.sum(1), posterior.log_evidence, **close)


def test_the_published_scheme_counts_priors_twice():
    """Even without data its beliefs move away from the prior: why it is not the default."""
    model = random_tree(np.random.default_rng(2))
    posterior = infer(model, np.full((1, 5), -1), scheme="published")
    assert np.abs(posterior.states[-1][0][0] - model.D).max() > 0.01


@pytest.mark.parametrize("scheme", ["exact", "published"])
def test_a_flat_likelihood_is_a_missing_outcome(scheme):
    model = random_tree(np.random.default_rng(2))
    missing = infer(model, np.full((1, 5), -1), scheme=scheme)
    flat = infer(model, [np.ones((1, k)) for k in model.levels[0].n_outcomes], scheme=scheme)
    for one, other in zip(flat.states[0], missing.states[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_exact_inference_does_not_underflow():
    """A thousand sharp modalities: the evidence is far below the smallest float."""
    rng = np.random.default_rng(3)
    level = random_level(rng, np.full(1500, 5), np.zeros(1500, int), [3])
    model = RGM(levels=(level,), D=np.full(3, 1 / 3))
    outcomes = rng.integers(0, 5, (2, 1500))
    posterior = infer(model, outcomes)
    logs = [sum(np.log(level.A[g][o]) for g, o in enumerate(row)) for row in outcomes]
    expected = [np.logaddexp.reduce(log - np.log(3)) for log in logs]
    assert posterior.log_evidence.max() < -800
    np.testing.assert_allclose(posterior.log_evidence, expected, rtol=1e-12)


@pytest.mark.parametrize("clamped", [0, 1])
def test_zeros_above_overwhelming_evidence_do_not_lose_it(clamped):
    """The best state is excluded from above, and the others are beyond the range of floats below it."""
    rng = np.random.default_rng(8)
    bottom = random_level(rng, np.full(800, 5), np.zeros(800, int), [3])
    outcomes = bottom.likelihood[:, :, 0].argmax(1)
    above = random_level(rng, [3], [0], [2])
    above = replace(above, a=np.array([[[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]]))
    model = RGM(levels=(bottom, above), D=np.full(2, 0.5))
    log_lambda = np.log(bottom.likelihood[np.arange(800), outcomes]).sum(0)
    possible = [0] if clamped == 0 else [1, 2]
    joint = log_lambda[possible] + np.log(above.A[0][possible, clamped])
    assert log_lambda[0] - log_lambda[1:].max() > 1000
    posterior = infer(model, outcomes, prior=np.eye(2)[clamped])
    np.testing.assert_allclose(posterior.log_evidence, np.logaddexp.reduce(joint), rtol=1e-12)
    expected = np.zeros(3)
    expected[possible] = np.exp(joint - np.logaddexp.reduce(joint))
    np.testing.assert_allclose(posterior.states[0][0][0], expected, rtol=1e-9)
    np.testing.assert_allclose(posterior.pairs(1, 0)[0, :, clamped], expected, rtol=1e-9)
    np.testing.assert_allclose(posterior.elbo.sum(1), posterior.log_evidence, rtol=1e-12)


def test_one_level_agrees_with_the_published_scheme():
    """Where no prior can be counted twice, both schemes are Bayes' rule."""
    rng = np.random.default_rng(4)
    level = random_level(rng, [3, 4, 2], [0, 0, 0], [3])
    model = RGM(levels=(level,), D=rng.dirichlet(np.ones(3)))
    outcomes, _ = hard_evidence(rng, model, 30)
    exact, nested = infer(model, outcomes), infer(model, outcomes, scheme="published")
    np.testing.assert_allclose(nested.states[0][0], exact.states[0][0], atol=1e-6)
    np.testing.assert_allclose(nested.log_evidence, exact.log_evidence, atol=1e-5)


def test_an_exemplar_predicts_itself():
    """With unit counts a state generates exactly what it was made from."""
    rng = np.random.default_rng(5)
    outcomes = rng.integers(0, 3, (6, 16))
    places = np.argwhere(np.ones((4, 4)))
    model = learn_structure(outcomes, 3, places)
    posterior = infer(model, outcomes)
    predicted = np.stack([p.argmax(1) for p in posterior.outcomes], axis=1)
    np.testing.assert_array_equal(predicted, outcomes)


GOOD = np.zeros((2, 5), int)
BAD = {
    "columns": ({"outcomes": np.zeros((2, 4), int)}, r"shape \(n, 5\)"),
    "empty": ({"outcomes": np.zeros((0, 5), int)}, r"shape \(n, 5\)"),
    "fractions": ({"outcomes": np.zeros((2, 5))}, "integers"),
    "too large": ({"outcomes": np.full((2, 5), 9)}, "outcomes of modality 0 must lie in"),
    "too small": ({"outcomes": np.full((2, 5), -2)}, "outcomes of modality 0 must lie in"),
    "too few arrays": ({"outcomes": [np.ones((1, 2))]}, "must hold 5 arrays"),
    "message shape": ({"outcomes": [np.ones((1, 9))] * 5}, r"outcomes\[0\] must have shape"),
    "prior shape": ({"prior": np.ones(7) / 7}, "prior must be finite numbers"),
    "prior sum": ({"prior": np.ones(1)}, "prior must"),
    "scheme": ({"scheme": "loopy"}, 'must be "exact" or "published"'),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(case):
    changed, message = BAD[case]
    model = random_tree(np.random.default_rng(6))
    with pytest.raises(ValueError, match=message):
        infer(model, **({"outcomes": GOOD} | changed))


def test_negative_or_undefined_likelihoods_are_refused():
    model = random_tree(np.random.default_rng(6))
    for value in (-1.0, np.nan):
        messages = [np.full((1, k), value) for k in model.levels[0].n_outcomes]
        with pytest.raises(ValueError, match="finite"):
            infer(model, messages)


def test_likelihoods_must_leave_an_outcome_and_hold_a_sample():
    model = random_tree(np.random.default_rng(6))
    sizes = model.levels[0].n_outcomes
    for scheme in ("exact", "published"):
        with pytest.raises(ValueError, match=r"outcomes\[0\] must leave some outcome possible"):
            infer(model, [np.zeros((1, k)) for k in sizes], scheme=scheme)
        with pytest.raises(ValueError, match=r"outcomes\[0\] must have shape \(n, "):
            infer(model, [np.ones((0, k)) for k in sizes], scheme=scheme)


def test_impossible_outcomes_say_what_to_do():
    model = learn_structure(np.array([[0, 0], [1, 1]]), 2)
    with pytest.raises(ValueError, match=r"sample 0 .* impossible under the model; soften"):
        infer(model, np.array([0, 1]))

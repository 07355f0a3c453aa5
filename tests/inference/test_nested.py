"""The published scheme: its compiled loops against the same rules written out, and the reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brute_force import random_evidence, random_level, random_wiring
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.inference import nested
from rgm_core.inference.infer import infer
from rgm_core.information import mutual_information
from rgm_core.model.rgm import RGM

ORACLE = Path(__file__).parents[1] / "oracles" / "core_contradiction.npz"
SEEDS = st.integers(0, 2**32 - 1)
close = {"rtol": 1e-10, "atol": 1e-12}


def invert_factor(prior, tables, outcomes):
    """Bayes' rule, one modality after the other; improbable states are given up on the way."""
    q, elbo = prior.copy(), 0.0
    for A, outcome in zip(tables, outcomes, strict=True):
        likelihood = np.maximum(outcome @ A, np.exp(-32))
        alive = q > np.exp(-16)
        if alive.sum() == 1:
            elbo += np.log(likelihood[q.argmax()])
            continue
        joint = np.where(alive, q * likelihood, 0)
        elbo += np.log(joint.sum())
        q = joint / joint.sum()
    return q, elbo


def written_out(model, outcomes, prior):
    """One sample: predictions down, then each level's posterior is the outcome of the next."""
    priors = [[prior]]
    for level in model.levels[:0:-1]:
        predicted = [A @ priors[0][f] for A, f in zip(level.A, level.parents, strict=True)]
        priors.insert(0, predicted)
    states, elbo = [], []
    for level, expected in zip(model.levels, priors, strict=True):
        found = []
        for f in range(level.n_factors):
            # flat evidence about the data is none; a flat posterior is an outcome like any other
            seen = [g for g in level.children(f) if states or np.ptp(outcomes[g]) > 0]
            tables, messages = [level.A[g] for g in seen], [outcomes[g] for g in seen]
            found.append(invert_factor(expected[f], tables, messages))
        outcomes = [q for q, _ in found]
        states.append(outcomes)
        elbo.append(sum(value for _, value in found))
    return states, elbo


@settings(max_examples=30)
@given(seed=SEEDS, sharp=st.sampled_from([1.0, 12.0]))
def test_the_compiled_loops_are_the_rules(seed, sharp):
    """Any wiring, with soft and missing evidence; sharp likelihoods make states be given up."""
    rng = np.random.default_rng(seed)
    model = random_wiring(rng)
    model = model.with_counts([level.a**sharp for level in model.levels])
    messages = random_evidence(rng, model, 3)
    priors = rng.dirichlet(np.ones(len(model.D)), 3)
    posterior = infer(model, messages, prior=priors, scheme="published")
    for i in range(3):
        states, elbo = written_out(model, [message[i] for message in messages], priors[i])
        np.testing.assert_allclose(posterior.elbo[i], elbo, **close)
        for n, level in enumerate(states):
            for f, q in enumerate(level):
                np.testing.assert_allclose(posterior.states[n][f][i], q, **close)
    np.testing.assert_array_equal(posterior.log_evidence, posterior.elbo.sum(1))


def test_contradictory_evidence_is_the_references():
    """Logs are floored at -32 nats: the first modality decides, the second costs the floor."""
    with np.load(ORACLE) as file:
        oracle = dict(file)
    level = replace(random_level(np.random.default_rng(0), [2, 2], [0, 0], [2]), a=oracle["likelihoods"])
    model = RGM(levels=(level,), D=oracle["prior"])
    found = infer(model, oracle["outcomes"].argmax(1), scheme="published")
    np.testing.assert_allclose(found.states[0][0][0], oracle["states"], rtol=1e-8)
    assert found.elbo[0, 0] == pytest.approx(float(oracle["elbo"]), abs=1e-10)


def test_pairs_are_the_product_of_both_posteriors():
    rng = np.random.default_rng(1)
    model = random_wiring(np.random.default_rng(3))
    assert model.n_levels > 1
    found = infer(model, random_evidence(rng, model, 3), scheme="published")
    for n, level in enumerate(model.levels[1:], start=1):
        for g, f in enumerate(level.parents):
            expected = np.einsum("no,ns->nos", found.states[n - 1][g], found.states[n][f])
            np.testing.assert_allclose(found.pairs(n, g), expected, rtol=1e-12)
    for g, f in enumerate(model.levels[0].parents):
        np.testing.assert_allclose(found.pairs(0, g).sum(1), found.states[0][f], rtol=1e-12)


def test_how_samples_are_portioned_does_not_matter(monkeypatch):
    rng = np.random.default_rng(2)
    model = random_wiring(rng)
    messages = random_evidence(rng, model, 20)
    whole = infer(model, messages, scheme="published")
    monkeypatch.setattr(nested, "CHUNK", 7)
    portions = infer(model, messages, scheme="published")
    np.testing.assert_array_equal(portions.elbo, whole.elbo)
    np.testing.assert_array_equal(portions.states[-1][0], whole.states[-1][0])


@given(seed=SEEDS)
def test_packed_sums_are_those_of_the_counts(seed):
    level = random_wiring(np.random.default_rng(seed)).levels[0]
    packed = nested.pack(level)
    np.testing.assert_allclose(packed.information, mutual_information(level.a, axis=1), atol=1e-12)
    nested.refresh(packed, 0)
    again = nested.pack(level)
    for name in ("rows", "columns", "total", "balance"):
        np.testing.assert_allclose(getattr(packed, name), getattr(again, name), **close)


def test_a_state_without_counts_is_refused():
    level = random_level(np.random.default_rng(0), [3, 2], [0, 0], [2])
    a = level.a.copy()
    a[1, :, 1] = 0
    model = RGM(levels=(replace(level, a=a),), D=np.full(2, 0.5))
    with pytest.raises(ValueError, match="state 1 has no counts in the likelihood of modality 1"):
        infer(model, np.array([0, 0]), scheme="published")

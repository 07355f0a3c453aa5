"""Accuracy and complexity of each level, against sums over every combination of states."""

from dataclasses import replace

import numpy as np
import pytest
from brute_force import Enumeration, random_evidence, random_tree, random_wiring
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import rel_entr

from rgm_core.inference import accuracy_and_complexity, infer

SEEDS = st.integers(0, 2**32 - 1)


def enumerate_parts(model, messages, prior):
    """Accuracy and complexity of each level of one sample, from its posterior by enumeration."""
    truth = Enumeration(model, messages, prior)
    accuracy, complexity = np.zeros((2, model.n_levels))
    for n, level in enumerate(model.levels):
        for g, f in enumerate(level.parents):
            q = truth.states(n, f)
            if n == 0:
                accuracy[0] += q @ np.log(messages[g] @ level.A[g])
                continue
            pairs = truth.pairs(n, g)
            accuracy[n] += np.sum(pairs * np.log(level.A[g], where=pairs > 0, out=np.zeros_like(pairs)))
            complexity[n - 1] += rel_entr(pairs, level.A[g] * q).sum()
    complexity[-1] = rel_entr(truth.states(model.n_levels - 1, 0), prior).sum()
    return accuracy, complexity


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, make=st.sampled_from([random_tree, random_wiring]))
def test_both_are_what_enumeration_says(seed, make):
    rng = np.random.default_rng(seed)
    model = make(rng)
    messages = random_evidence(rng, model, 2)
    priors = rng.dirichlet(np.ones(len(model.D)), 2)
    posterior = infer(model, messages, prior=priors)
    accuracy, complexity = accuracy_and_complexity(posterior)
    for i, prior in enumerate(priors):
        expected = enumerate_parts(model, [m[i] for m in messages], prior)
        np.testing.assert_allclose(accuracy[i], expected[0], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(complexity[i], expected[1], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(accuracy[:, 0] - complexity.sum(axis=1), posterior.log_evidence, atol=1e-10)
    assert complexity.min() > -1e-10


def test_nothing_observed_costs_nothing():
    model = random_tree(np.random.default_rng(0))
    nothing = infer(model, np.full((1, model.levels[0].n_modalities), -1))
    accuracy, complexity = accuracy_and_complexity(nothing)
    np.testing.assert_allclose(accuracy[0, 0], 0, atol=1e-12)
    np.testing.assert_allclose(complexity, 0, atol=1e-12)


def test_a_precision_of_the_outcomes_is_part_of_the_accuracy():
    model = random_tree(np.random.default_rng(1))
    first, *above = model.levels
    dull = replace(model, levels=(replace(first, precision=0.3), *above))
    posterior = infer(dull, np.zeros((1, first.n_modalities), int))
    accuracy, complexity = accuracy_and_complexity(posterior)
    np.testing.assert_allclose(accuracy[:, 0] - complexity.sum(axis=1), posterior.log_evidence)


def test_other_schemes_and_precisions_are_refused():
    model = random_tree(np.random.default_rng(2))
    outcomes = np.zeros((1, model.levels[0].n_modalities), int)
    with pytest.raises(ValueError, match="scheme"):
        accuracy_and_complexity(infer(model, outcomes, scheme="published"))
    levels = (model.levels[0], replace(model.levels[1], precision=0.5), model.levels[2])
    with pytest.raises(ValueError, match="precision 1"):
        accuracy_and_complexity(infer(replace(model, levels=levels), outcomes))
    with pytest.raises(TypeError, match="posterior must be"):
        accuracy_and_complexity(outcomes)

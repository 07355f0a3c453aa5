"""Inference over space and time, against summation over all states and paths."""

from dataclasses import replace

import numpy as np
import pytest
from brute_force_sequence import TREES, Joint, random_evidence, random_model

from rgm_core.inference import filter, infer
from rgm_core.inference.sequence import infer_sequence
from rgm_core.learning import learn_transitions
from rgm_core.model.transitions import Transitions
from rgm_core.structure.learn import learn_structure


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("n_steps", [1, 3, 4, 6])
@pytest.mark.parametrize("tree", TREES)
def test_evidence_and_all_marginals_equal_brute_force(tree, n_steps, soft):
    rng = np.random.default_rng([len(tree), n_steps, soft])
    for _ in range(3):
        model = random_model(rng, TREES[tree])
        data, likelihoods = random_evidence(rng, model, n_steps, soft)
        phase = int(rng.integers(2 ** (model.n_levels - 1))) if n_steps < 6 else 0
        joint = Joint(model, likelihoods, n_steps, phase)
        posterior = infer_sequence(model, data, phase=phase)
        assert posterior.log_evidence == pytest.approx(np.log(joint.sum()), rel=1e-10)
        assert posterior.log_lasting == pytest.approx(np.log(joint.prior_mass), abs=1e-10)
        for n, level in enumerate(model.levels):
            for f in range(level.n_factors):
                assert_marginals(posterior, joint, n, f, n_steps, phase)


def assert_marginals(posterior, joint, n, f, n_steps, phase):
    states, paths = posterior.states[n][f], posterior.paths[n][f]
    top = n == len(posterior.states) - 1
    first, stop = phase // 2**n, -(-(n_steps + phase) // 2**n)
    assert len(states) == stop - first
    for t, row in enumerate(states, start=first):
        np.testing.assert_allclose(row, joint.marginal(("s", n, f, t)), rtol=1e-10, atol=1e-12)
    first_block, n_blocks = (first, stop) if top else (first // 2, -(-stop // 2))
    assert len(paths) == n_blocks - first_block
    whole = stop - 1 if top else stop // 2  # the last block may be cut: its path is predicted only
    for t, row in zip(range(first_block, whole), paths, strict=False):
        np.testing.assert_allclose(row, joint.marginal(("u", n, f, t)), rtol=1e-10, atol=1e-12)
    expected = 0
    for t in range(whole):
        s = t if top else 2 * t
        expected = expected + joint.marginal(("s", n, f, s + 1), ("s", n, f, s), ("u", n, f, t))
    b = posterior.model.levels[n].b[f]
    np.testing.assert_allclose(b.dense(posterior.transitions[n][f]), expected, rtol=1e-10, atol=1e-12)


def test_a_phase_that_is_not_known_is_one_more_hidden_state():
    rng = np.random.default_rng(3)
    model = random_model(rng, TREES["three levels"])
    data, _ = random_evidence(rng, model, 5, soft=False)
    each = [infer_sequence(model, data, phase=k) for k in range(4)]
    evidence, lasting = (
        np.exp([getattr(p, name) for p in each]) for name in ("log_evidence", "log_lasting")
    )
    posterior = infer_sequence(model, data, phase=None)
    assert posterior.log_evidence == pytest.approx(np.log(evidence.mean()))
    assert posterior.log_lasting == pytest.approx(np.log(lasting.mean()))
    np.testing.assert_allclose(posterior.phases, evidence / evidence.sum())
    best = each[int(evidence.argmax())]
    np.testing.assert_array_equal(posterior.states[2][0], best.states[2][0])
    with pytest.raises(ValueError, match="phase must be a whole number in 0 … 3, or None; found 4"):
        infer_sequence(model, data, phase=4)


def test_the_next_path_is_predicted_also_where_a_block_is_cut():
    """As if the next step existed and were missing: given that it exists."""
    rng = np.random.default_rng(4)
    model = random_model(rng, TREES["two levels"])
    every = tuple(Transitions.from_dense(b.dense() + 0.1) for b in model.levels[0].b)  # no dead ends
    model = replace(model, levels=(model.levels[0].with_transitions(every), model.levels[1]))
    data, _ = random_evidence(rng, model, 3, soft=False)
    cut = infer_sequence(model, data)
    missing = infer_sequence(model, np.vstack([data, np.full((1, 3), -1)]))
    for ours, expected in zip(cut.paths[0], missing.paths[0], strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-12)
    assert cut.log_evidence == pytest.approx(missing.log_evidence)


@pytest.mark.parametrize("tree", TREES)
def test_filtered_beliefs_use_the_data_so_far_only(tree):
    rng = np.random.default_rng(5)
    model, n_steps = random_model(rng, TREES[tree]), 7
    data, _ = random_evidence(rng, model, n_steps, soft=False)
    phase = 2 ** (model.n_levels - 1) - 1
    current = filter(model, data, phase=phase)
    for t in range(n_steps):
        so_far = infer_sequence(model, data[: t + 1], phase=phase)
        for n, level in enumerate(model.levels):
            for f in range(level.n_factors):
                np.testing.assert_allclose(current.states[n][f][t], so_far.states[n][f][-1], atol=1e-12)
                np.testing.assert_allclose(current.paths[n][f][t], so_far.paths[n][f][-1], atol=1e-12)
    assert current.log_evidence == pytest.approx(so_far.log_evidence)
    assert all(len(p) == n_steps for p in current.outcomes)


def test_outcomes_are_the_posterior_predictive():
    rng = np.random.default_rng(6)
    model = random_model(rng, TREES["three levels"])
    data, _ = random_evidence(rng, model, 4, soft=False)
    data[2, 1] = -1
    predicted = infer_sequence(model, data).outcomes[1][2]
    evidence = []
    for o in range(len(predicted)):
        filled = data.copy()
        filled[2, 1] = o
        evidence.append(infer_sequence(model, filled).log_evidence)
    expected = np.exp(np.array(evidence) - infer_sequence(model, data).log_evidence)
    np.testing.assert_allclose(predicted, expected, rtol=1e-9)


def test_evidence_of_all_data_sums_to_one():
    model = random_model(np.random.default_rng(7), TREES["one level"])
    n_1, n_2 = model.levels[0].n_outcomes
    step = [(i, j) for i in range(n_1) for j in range(n_2)]
    total = sum(
        np.exp(infer_sequence(model, np.array([x, y, z])).log_evidence)
        for x in step for y in step for z in step
    )  # fmt: skip
    assert total == pytest.approx(1, rel=1e-10)


def test_nothing_observed_tells_only_that_the_sequence_lasts():
    model = random_model(np.random.default_rng(8), TREES["orphan"])
    posterior = infer_sequence(model, np.full((6, 4), -1))
    assert posterior.log_evidence == pytest.approx(posterior.log_lasting, abs=1e-12)
    dead_end = learn_structure(np.array([[0], [1], [2]]), 3, dt=2)  # 0 1 and 1 2 last two events, 2 one
    assert infer_sequence(dead_end, np.full((2, 1), -1)).log_lasting == pytest.approx(np.log(2 / 3))


def test_many_modalities_against_the_learned_order_stay_possible():
    """Thousands of nats against every hypothesis, upper levels without softening."""
    rng = np.random.default_rng(9)
    clip = rng.integers(0, 3, (16, 400))
    locations = np.stack(np.divmod(np.arange(400) % 16, 4), axis=1)
    model = learn_structure(clip, 3, locations, dt=2).add_counts([1 / 64, 0])
    backwards = infer_sequence(model, clip[::-1])
    assert np.isfinite(backwards.log_evidence)
    assert backwards.log_evidence < -1000
    for level in backwards.states:
        for q in level:
            np.testing.assert_allclose(q.sum(1), 1, rtol=1e-9)


def test_transition_counts_grow_by_the_expected_number():
    rng = np.random.default_rng(10)
    model = random_model(rng, TREES["two levels"])
    data, _ = random_evidence(rng, model, 8, soft=False)
    posterior = infer_sequence(model, data)
    learned = learn_transitions(model, posterior)
    gain = learned.levels[1].b[0].counts - model.levels[1].b[0].counts
    assert gain.sum() == pytest.approx(3)  # four events
    np.testing.assert_allclose(gain, posterior.transitions[1][0])
    for before, after in zip(model.levels[0].b, learned.levels[0].b, strict=True):
        assert (after.counts - before.counts).sum() == pytest.approx(4)  # one a block


def test_filtered_beliefs_teach_no_transitions():
    model = random_model(np.random.default_rng(14), TREES["two levels"])
    posterior = filter(model, np.full((4, 3), -1))
    with pytest.raises(TypeError, match="must be a SequencePosterior, as infer gives it"):
        learn_transitions(model, posterior)


def test_learning_transitions_without_prior_counts_never_lowers_the_evidence():
    """Expectation maximisation: with vanishing prior counts what is left are the expected ones."""
    rng = np.random.default_rng(11)
    model = random_model(rng, TREES["two levels"])
    low, top = model.levels
    every = Transitions.from_dense(rng.uniform(0.5, 2, (len(model.D), len(model.D), top.n_paths[0])))
    model = replace(model, levels=(low, top.with_transitions((every,))))  # so that all sequences last
    data, _ = random_evidence(rng, model, 80, soft=False)
    evidence = []
    for _ in range(12):
        posterior = infer_sequence(model, data)
        evidence.append(posterior.log_evidence)
        forgotten = [
            level.with_transitions(tuple(b.with_counts(1e-12 * b.counts) for b in level.b))
            for level in model.levels
        ]
        model = learn_transitions(replace(model, levels=tuple(forgotten)), posterior)
    assert np.diff(evidence).min() > -1e-8
    assert evidence[-1] > evidence[0] + 0.5


def test_prior_over_the_first_event_replaces_that_of_the_model():
    model = random_model(np.random.default_rng(12), TREES["two levels"])
    prior = np.zeros_like(model.D)
    prior[1] = 1
    data = np.full((2, 3), -1)
    np.testing.assert_allclose(infer_sequence(model, data, prior=prior).states[1][0][0], prior)
    with pytest.raises(ValueError, match="prior must be finite numbers"):
        infer_sequence(model, data, prior=prior[:1])


def test_sequence_longer_than_any_orbit_is_an_error():
    model = learn_structure(np.array([[0], [1], [2]]), 3, dt=2)
    assert infer_sequence(model, np.array([[-1], [-1], [2]])).states[0][0][0].argmax() == 0
    with pytest.raises(ValueError, match="last 4 events"):
        infer_sequence(model, np.full((4, 1), -1))


def test_impossible_outcomes_are_an_error():
    model = learn_structure(np.array([[0], [1], [2], [0]]), 3, dt=2)
    with pytest.raises(ValueError, match="impossible under the model"):
        infer_sequence(model, np.array([[1], [0]]))


def test_a_single_event_has_no_transitions_on_top():
    clip = np.array([[0, 1, 0, 1], [1, 1, 0, 0]])
    model = learn_structure(clip, 2, dt=2)
    assert model.n_levels > 1
    assert len(model.levels[-1].b[0].edges) == 0
    for posterior in (infer(model, clip), filter(model, clip)):
        assert posterior.log_evidence == pytest.approx(0)
        np.testing.assert_array_equal(posterior.paths[-1][0], 0)


def test_infer_dispatches_on_the_model():
    model = learn_structure(np.array([[0], [1], [0]]), 2, dt=2)
    data = np.array([[-1], [1], [-1]])
    assert infer(model, data).log_evidence == infer_sequence(model, data).log_evidence
    assert len(filter(model, data).states[0][0]) == 3
    with pytest.raises(ValueError, match='must be "exact" for a dynamic model'):
        infer(model, data, scheme="published")
    with pytest.raises(ValueError, match=r"static .*no order; use infer"):
        filter(learn_structure(data[1:2], 2), data)


def test_wiring_that_is_no_tree_is_an_error():
    model = random_model(np.random.default_rng(13), TREES["three levels"])
    low, middle, top = model.levels
    with pytest.raises(ValueError, match="need one parent"):
        replace(model, levels=(low, replace(middle, parents=np.array([0, 1, 0, 1])), top))
    with pytest.raises(ValueError, match=r"has_parent must be booleans \(\d,?\), one for each factor"):
        replace(low, dynamics=replace(low.dynamics, has_parent=np.array([True])))
    with pytest.raises(ValueError, match="do not equal"):
        replace(model, levels=(replace(low, dynamics=None), middle, top))
    with pytest.raises(ValueError, match="b has transitions between"):
        low.with_transitions(low.b[:1])


def test_impossible_outcomes_of_a_factor_without_parent_are_an_error():
    """Its evidence does not pass through the events on top, so it is checked by itself."""
    model = random_model(np.random.default_rng(13), TREES["orphan"])
    a = model.levels[0].a.copy()
    a[3, 0] = 0  # the orphan's modality never takes its first outcome
    model = model.with_counts([a, model.levels[1].a])
    with pytest.raises(ValueError, match="impossible under the model"):
        infer_sequence(model, np.array([[-1, -1, -1, 0]]))

"""Learning the likelihoods and transitions of sequences, against summation over all states and paths."""

import numpy as np
import pytest
from brute_force_sequence import TREES, Joint, random_evidence, random_model

from rgm_core.inference import infer
from rgm_core.learning import learn, learn_sequence
from rgm_core.structure.learn import learn_structure


def learned_counts(model, data, phase=0):
    """What one call adds to the counts of each likelihood, by level and modality."""
    learned, _ = learn_sequence(model, data, phase=phase)
    levels = zip(learned.levels, model.levels, strict=True)
    return [after.a - before.a for after, before in levels]


@pytest.mark.parametrize("n_steps", [1, 3, 4, 6])
@pytest.mark.parametrize("tree", TREES)
def test_counts_are_the_expected_ones(tree, n_steps):
    """Of outcomes and states, and of each block's initial state and path with its parent's state."""
    rng = np.random.default_rng([len(tree), n_steps])
    model = random_model(rng, TREES[tree])
    data, likelihoods = random_evidence(rng, model, n_steps, soft=True)
    likelihoods[0][-1] = data[0][-1] = rng.uniform(0, 1, len(data[0][-1]))  # nothing is missing
    phase = int(rng.integers(2 ** (model.n_levels - 1))) if n_steps < 6 else 0
    joint = Joint(model, likelihoods, n_steps, phase)
    found = learned_counts(model, data, phase)
    level = model.levels[0]
    for g, (f, A) in enumerate(zip(level.parents.tolist(), level.A, strict=True)):
        expected = 0
        for t, likelihood in enumerate(likelihoods[g]):
            given = A * likelihood[:, None]
            expected = expected + given / given.sum(0) * joint.marginal(("s", 0, f, t + phase))
        np.testing.assert_allclose(found[0][g, : len(A), : A.shape[1]], expected, rtol=1e-9, atol=1e-12)
    for n in range(1, model.n_levels):
        assert_links(
            model,
            joint,
            n,
            found[n],
            first=phase // 2 ** (n - 1),
            stop=-(-(n_steps + phase) // 2 ** (n - 1)),
        )


def assert_links(model, joint, n, found, *, first, stop):
    """Counts of level n, from the steps ``first`` to ``stop`` of the level below that have data."""
    below, above = model.levels[n - 1], model.levels[n]
    for f in np.flatnonzero(below.has_parent).tolist():
        g = int(below.initial[f])
        p, initial, path = int(above.parents[g]), 0, 0
        for block in range(first // 2, -(-stop // 2)):
            parent = ("s", n, p, block)
            initial = initial + joint.marginal(("s", n - 1, f, 2 * block), parent)
            if 2 * block + 1 < stop:
                path = path + joint.marginal(("u", n - 1, f, block), parent)
        for part, expected in ((g, initial), (g + 1, path)):
            shape = above.A[part].shape
            expected = np.broadcast_to(expected, shape)
            np.testing.assert_allclose(found[part, : shape[0], : shape[1]], expected, rtol=1e-9, atol=1e-12)


def test_what_is_missing_teaches_nothing():
    """Neither a modality, nor a block below which nothing was seen; the rest is counted once."""
    clip = np.array([0, 1, 2, 3, 0, 1, 2, 3])[:, None]
    model = learn_structure(np.hstack([clip, clip]), 4, dt=2).add_mass(0.5)
    data = np.hstack([clip, np.full_like(clip, -1)])
    data[4:] = -1
    counts = learned_counts(model, data)
    assert counts[0][0].sum() == pytest.approx(4)
    assert counts[0][1].sum() == 0
    for n in range(1, model.n_levels):  # initial states and paths
        assert counts[n].sum(axis=(1, 2)) == pytest.approx(4 / 2**n)
    assert all(not a.any() for a in learned_counts(model, np.full_like(data, -1)))


def test_the_history_adds_up_to_the_evidence_and_its_lowest_level_is_the_accuracy_there():
    rng = np.random.default_rng(0)
    model = random_model(rng, TREES["orphan"])
    data, _ = random_evidence(rng, model, 6, soft=False)
    _, history = learn(model, data, rule="counts")
    posterior = infer(model, data)
    assert history.elbo.shape == (1, model.n_levels)
    assert history.elbo.sum() == pytest.approx(posterior.log_evidence, rel=1e-10)
    level, accuracy = model.levels[0], 0
    for t, g in zip(*np.nonzero(data >= 0), strict=True):
        accuracy += posterior.states[0][level.parents[g]][t] @ level.log_A[g][data[t, g]]
    assert history.elbo[0, 0] == pytest.approx(accuracy, rel=1e-10)


def test_learning_a_song_raises_its_evidence_and_that_of_another_rendition():
    """Beside nothing learned: a song with wrong notes, learned from it, explains a right one better."""
    rng = np.random.default_rng(0)
    song = np.tile([0, 1, 2, 3, 4, 3, 2, 1], 8)[:, None]
    model = learn_structure(song[:16], 5, dt=2).add_mass(2.0)
    wrong = np.where(rng.random(song.shape) < 0.1, rng.integers(0, 5, song.shape), song)
    evidence = [infer(model, song).log_evidence]
    for _ in range(3):
        model, _ = learn(model, wrong, rule="counts")
        evidence.append(infer(model, song).log_evidence)
    assert np.all(np.diff(evidence) > 0)


def test_a_dynamic_model_says_what_it_cannot_learn_from():
    song = np.array([0, 1, 2, 3])[:, None]
    model = learn_structure(song, 4, dt=2)
    with pytest.raises(ValueError, match="outcomes last longer than the learned events"):
        learn(model, np.tile(song, (2, 1)))
    with pytest.raises(ValueError, match="labels must be None for a dynamic model"):
        learn(model, song, rule="counts", labels=np.zeros(4, int))
    with pytest.raises(ValueError, match="impossible under the model"):
        learn(model, song[::-1], rule="counts")

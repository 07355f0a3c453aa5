"""Orbits: the learned one again, step by step; where it ends; samples of softened models."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from rgm_core.generation.orbits import generate_orbit
from rgm_core.inference import filter
from rgm_core.inference.sequence import infer_sequence
from rgm_core.structure.learn import learn_structure


@pytest.fixture(scope="module")
def clip():
    """Two spots that cross a lattice at different speeds, and come back: 32 steps of 8 × 8."""
    t, place = np.arange(32), np.indices((8, 8)).reshape(2, 64).T
    first = np.stack([t % 8, t // 2 % 8], axis=1)
    second = np.stack([(3 * t) % 8, 7 - t % 8], axis=1)
    outcomes = np.all(place == first[:, None], axis=2) + 2 * np.all(place == second[:, None], axis=2)
    return np.minimum(outcomes, 2).astype(int), place


@pytest.fixture(scope="module")
def model(clip):
    return learn_structure(clip[0], 3, clip[1], dt=2)


def replay(model, clip, **keywords):
    posterior = infer_sequence(model, clip)
    first = int(posterior.states[-1][0][0].argmax())
    paths = posterior.paths[-1][0].argmax(1)
    return list(generate_orbit(model, first, paths=paths, n_steps=len(clip), **keywords))


def test_learned_orbit_is_the_training_sequence(model, clip):
    assert model.n_levels == 3
    outcomes = np.array([step.outcomes for step in replay(model, clip[0])])
    np.testing.assert_array_equal(outcomes, clip[0])


def test_learned_orbit_is_the_training_sequence_after_softening(model, clip):
    soft = model.add_counts(1 / 16)
    outcomes = np.array([step.outcomes for step in replay(soft, clip[0])])
    np.testing.assert_array_equal(outcomes, clip[0])


def test_sampled_orbit_of_one_hot_counts_is_the_training_sequence(model, clip):
    outcomes = [step.outcomes for step in replay(model, clip[0], rng=np.random.default_rng(0))]
    np.testing.assert_array_equal(outcomes, clip[0])


def test_states_and_paths_of_an_orbit_are_those_inferred(model, clip):
    posterior = filter(model, clip[0])
    for t, step in enumerate(replay(model, clip[0])):
        for n in range(model.n_levels):
            states = [q[t].argmax() for q in posterior.states[n]]
            np.testing.assert_array_equal(step.states[n], states)
        assert [len(p) for p in step.paths] == [len(s) for s in step.states]
    smooth = infer_sequence(model, clip[0])
    steps = replay(model, clip[0])
    for n in range(model.n_levels - 1):
        for f, paths in enumerate(smooth.paths[n]):
            found = [step.paths[n][f] for step in steps[:: 2 ** (n + 1)]]
            np.testing.assert_array_equal(found, paths.argmax(1))


def test_orbit_ends_with_an_event_that_has_no_successor():
    sequence = np.array([[0], [1], [2], [3]])
    model = learn_structure(sequence, 4, dt=2)
    steps = list(generate_orbit(model, 0))
    np.testing.assert_array_equal([step.outcomes for step in steps], sequence)
    assert [step.paths[-1][0] for step in steps] == [0, 0, 0, -1]
    again = list(generate_orbit(model, 2, restart=1, n_steps=6))
    np.testing.assert_array_equal([step.outcomes[0] for step in again], [2, 3, 1, 2, 3, 1])


def test_most_probable_transition_is_the_one_seen_most_often():
    model = learn_structure(np.array([0, 1, 0, 2, 0, 2, 0])[:, None], 3, dt=2)
    orbit = [int(step.outcomes[0]) for step in generate_orbit(model, 0, n_steps=4)]
    assert orbit == [0, 2, 0, 2]
    rng = np.random.default_rng(1)
    drawn = np.array([step.outcomes[0] for step in generate_orbit(model, 0, n_steps=6000, rng=rng)])
    share = np.mean(drawn[1::2] == 2)
    assert abs(share - 2 / 3) < 4 * np.sqrt(2 / 9 / 3000)


def test_samples_of_a_softened_model_follow_its_predictive_distribution(model, clip):
    soft = model.add_counts(1 / 4)
    rng = np.random.default_rng(2)
    prior = np.eye(len(soft.D))[1]
    expected = infer_sequence(soft, np.full((4, 64), -1), prior=prior)
    n = 1500
    found = np.zeros((4, 64, 3))
    for _ in range(n):
        for t, step in enumerate(generate_orbit(soft, 1, n_steps=4, rng=rng)):
            found[t, np.arange(64), step.outcomes] += 1 / n
    p = np.stack(expected.outcomes, axis=1)
    error = (found - p) / np.sqrt(p * (1 - p) / n)
    assert np.abs(error).max() < 5.5  # of 768 frequencies
    assert abs(error.std() - 1) < 0.15


def test_same_seed_gives_the_same_orbit(model):
    soft = model.add_counts(1 / 4)
    first, second = (
        [s.outcomes for s in generate_orbit(soft, 0, n_steps=40, rng=np.random.default_rng(3))]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_ten_thousand_steps_need_no_more_memory_than_a_hundred(clip):
    closed = np.concatenate([clip[0], clip[0][:8]])
    model = learn_structure(closed, 3, clip[1], dt=2)
    orbit = generate_orbit(model, 0)
    for _ in islice(orbit, 100):
        pass
    tracemalloc.start()
    for _ in islice(orbit, 9899):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert next(orbit).outcomes.shape == (64,)
    assert peak < 1e6


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"state": 99}, "state must be a whole number in 0 … 3; found 99"),
        ({"state": 0, "restart": -1}, "restart must be a whole number in"),
    ],
)
def test_bad_arguments(model, keywords, message):
    with pytest.raises(ValueError, match=message):
        generate_orbit(model, **keywords)


def test_paths_that_were_not_learned_are_an_error():
    model = learn_structure(np.array([[0], [1], [0]]), 2, dt=2)
    with pytest.raises(ValueError, match="event 0 cannot take path 3"):
        next(generate_orbit(model, 0, paths=[3]))


def test_static_models_have_no_orbits():
    with pytest.raises(ValueError, match="static"):
        generate_orbit(learn_structure(np.array([[0], [1]]), 2), 0)


def test_functions_for_static_models_refuse_dynamic_ones():
    from rgm_core import generate, learn_structure
    from rgm_core.inference.infer import infer_top

    outcomes = np.array([[0], [1], [2], [0]])
    model = learn_structure(outcomes, 3, dt=2)
    with pytest.raises(ValueError, match="see generate_orbit"):
        generate(model, np.array([0]), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="use infer"):
        infer_top(model, outcomes)

"""Recurrence by model selection: what is a visit to a known state, and what is new."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgm_core import generate_orbit, infer, learn_structure
from rgm_core.structure import noise_kernel, with_noise
from rgm_core.structure.recognise import begin_windows, recognise


def walk(rng, n_rounds, sd, n_bins=33, n_modalities=8, n_frames=8):
    """A loop of frames, played again and again, each time with rounding noise of its own."""
    frames = rng.uniform(4, n_bins - 5, (n_frames, n_modalities))
    film = np.tile(frames, (n_rounds, 1)) + rng.normal(0, sd, (n_rounds * n_frames, n_modalities))
    return np.rint(film).astype(int)


@pytest.mark.parametrize("sd", [0.0, 0.7])
def test_noisy_rounds_are_visits_to_the_same_events(sd):
    """Not so without a word on noise: there every round is a new film."""
    film = walk(np.random.default_rng(0), n_rounds=5, sd=sd)
    places = np.arange(8)[:, None] // 2
    model = learn_structure(film, 33, places, dt=2, noise=1.5)
    assert model.n_levels == 2
    assert len(model.D) == 4  # a round of eight frames, two frames an event
    assert len(learn_structure(film, 33, places, dt=2).D) == (4 if sd == 0 else 20)


def test_frames_that_differ_are_not_merged():
    film = np.random.default_rng(1).integers(0, 33, (40, 8))
    assert len(learn_structure(film, 33, np.zeros((8, 2)), dt=2, noise=1.0).D) == 40


@given(seed=st.integers(0, 2**16))
def test_a_constant_background_counts_for_nothing(seed):
    rng = np.random.default_rng(seed)
    film, background = rng.integers(0, 5, (12, 3)), np.repeat(rng.integers(0, 5, (1, 40)), 12, axis=0)
    n_outcomes = np.full(43, 5)
    with_it = begin_windows(np.hstack([film, background]), n_outcomes, 0.7, 1 / 64)
    without = begin_windows(film, n_outcomes[:3], 0.7, 1 / 64)
    np.testing.assert_array_equal(recognise(with_it, np.arange(43))[0], recognise(without, np.arange(3))[0])


def test_the_first_decision_is_the_bayes_factor():
    """Two windows of one modality: a visit if (k(o, c) / m(o) + mass) / (1 + mass) > 1."""
    n_outcomes = np.array([9])
    for second in range(9):
        windows = begin_windows(np.array([[4], [second]]), n_outcomes, 1.0, 0.5)
        kernel = noise_kernel(n_outcomes, 1.0)[0]
        base = (kernel[:, 4] + kernel[:, second]) / 2
        visit = (kernel[second, 4] / base[second] + 0.5) / 1.5 > 1
        assert recognise(windows, np.array([0]))[0].tolist() == [0, 0 if visit else 1]


@given(st.integers(1, 12), st.floats(0, 50))
def test_noise_kernel_is_a_distribution_about_its_centre(n_outcomes, noise):
    kernel = noise_kernel(np.array([n_outcomes]), noise)[0]
    np.testing.assert_allclose(kernel.sum(axis=0), 1)
    np.testing.assert_array_equal(kernel.argmax(axis=0), np.arange(n_outcomes))


def test_a_softened_model_accepts_new_orders_and_nearby_outcomes():
    film = walk(np.random.default_rng(2), n_rounds=2, sd=0.3)
    model = learn_structure(film, 33, np.arange(8)[:, None] // 2, dt=2, noise=1.0)
    believer = with_noise(model, 1.0)
    shuffled = film[:8].reshape(4, 2, 8)[[2, 0, 3, 1]].reshape(8, 8)
    found = infer(believer, shuffled + np.random.default_rng(3).integers(-1, 2, shuffled.shape))
    known = infer(believer, film[:8]).states[-1][0].argmax(1)
    np.testing.assert_array_equal(found.states[-1][0].argmax(1), known[[2, 0, 3, 1]])


@pytest.mark.parametrize("n_steps", range(4, 17))
def test_a_film_of_any_length_is_recognised_and_replayed(n_steps):
    """The last event is cut off in three of four lengths; so are both ends of a part."""
    film = np.random.default_rng(4).integers(0, 4, (n_steps, 16))
    places = np.indices((4, 4)).reshape(2, 16).T
    for options in ({}, {"noise": 0.0}):
        model = learn_structure(film, 4, places, dt=2, **options)
        events = infer(model, film).states[-1][0].argmax(1)
        assert len(events) == -(-n_steps // 2)
        replayed = [step.outcomes for step in generate_orbit(model, int(events[0]))]
        np.testing.assert_array_equal(replayed[:n_steps], film)
        part = infer(model, film[1:-1], phase=None)
        assert part.phases.argmax() == 1


def test_all_offsets_make_the_phase_irrelevant():
    film = np.random.default_rng(5).integers(0, 4, (16, 16))
    places = np.indices((4, 4)).reshape(2, 16).T
    model = learn_structure(film, 4, places, dt=2, offsets="all")
    for first in range(8):
        assert np.isfinite(infer(model, film[first:15]).log_evidence)
    with pytest.raises(ValueError, match="impossible"):
        infer(learn_structure(film, 4, places, dt=2), film[1:15])


def test_bad_options_are_named():
    film = np.zeros((4, 2), int)
    with pytest.raises(ValueError, match="noise must be a finite standard deviation"):
        learn_structure(film, 2, dt=2, noise=-1.0)
    with pytest.raises(ValueError, match="mass must be finite and > 0"):
        learn_structure(film, 2, dt=2, noise=1.0, mass=0.0)
    with pytest.raises(ValueError, match='offsets must be "first" or "all"'):
        learn_structure(film, 2, dt=2, offsets="some")
    with pytest.raises(ValueError, match="does not go with noise"):
        learn_structure(film, 2, dt=2, noise=1.0, offsets="all")
    with pytest.raises(ValueError, match="need dt=2"):
        learn_structure(film, 2, noise=1.0)


def test_events_of_the_spot_on_two_routes():
    """The toy of notebook 02: three levels, four events in a ring, found from wherever it begins."""
    route = [(4, 3), (5, 3), (5, 2), (4, 1), (3, 1), (2, 2), (2, 3), (3, 3)]
    other = [(4, 3), (5, 3), (5, 4), (4, 5), (3, 5), (2, 4), (2, 3), (3, 3)]
    film = np.zeros((32, 8, 8), int)
    for t, (row, column) in enumerate(2 * (route + other)):
        film[t, row, column] = 1
    film = film.reshape(32, 64)
    model = learn_structure(film, 2, np.argwhere(np.ones((8, 8))), dt=2)
    assert (model.n_levels, len(model.D)) == (3, 4)
    assert model.levels[-1].b[0].edges[:, [0, 2]].tolist() == [[0, 1], [1, 2], [2, 3], [3, 0]]
    for phase in range(4):
        posterior = infer(model, film[phase:], phase=None)
        assert posterior.phases[phase] == pytest.approx(1)
        assert posterior.log_evidence == pytest.approx(-np.log(4 * 4))  # which event, which phase

"""Models that lack one event each: what they are, and that what they expect is less sure, and nearer."""

import numpy as np
import pytest

from rgm_core import infer, learn_structure
from rgm_core.media import expect_outcomes, learn_leaving_out
from rgm_core.structure import with_noise

PLACES = np.arange(8)[:, None] // 2


def rounds(n_rounds, rng, sd):
    """Rounds of four steps of eight magnitudes, each round another way to go the same."""
    mean = np.random.default_rng(0).uniform(12, 21, (4, 8))
    return np.concatenate([mean + rng.normal(0, sd, (4, 8)) for _ in range(n_rounds)]).round().astype(int)


def test_each_lacks_one_event():
    film = rounds(3, np.random.default_rng(1), sd=4)
    models = learn_leaving_out(film[:13], 33, PLACES, noise=0.5)
    assert len(models) == 6  # of two steps each; the last step is no event
    without = with_noise(learn_structure(np.delete(film, [4, 5], axis=0), 33, PLACES, dt=2, noise=0.5), 0.5)
    for level, expected in zip(models[2].levels, without.levels, strict=True):
        np.testing.assert_array_equal(level.a, expected.a)


def test_a_new_round_is_expected_better_than_by_the_sure_model():
    """Half of a round is hidden: the mean of what was expected errs less, over many new rounds."""
    error = np.zeros(2)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        film, new = rounds(4, rng, sd=3), rounds(3, rng, sd=3)
        seen = np.where(np.arange(8) < 4, new, -1)
        sure = with_noise(learn_structure(film, 33, PLACES, dt=2, noise=1.0), 1.0)
        expected = [np.stack(infer(sure, seen).outcomes, axis=1)]
        expected.append(expect_outcomes(learn_leaving_out(film, 33, PLACES, noise=1.0), seen, phase=0))
        np.testing.assert_allclose(expected[1].sum(axis=2), 1)
        error += [np.square((q @ np.arange(33) - new)[:, 4:]).mean() for q in expected]
    assert error[1] < 0.95 * error[0]


def test_too_little_to_leave_out_is_refused():
    with pytest.raises(ValueError, match="at least 3 events of 2 steps; found 5 steps"):
        learn_leaving_out(rounds(2, np.random.default_rng(0), sd=0)[:5], 33, PLACES, noise=1.0)
    with pytest.raises(ValueError, match="models must hold at least one model"):
        expect_outcomes([], np.zeros((2, 2), int))

"""Tests of the accompanist: it follows what it was not trained on, and cannot when nothing is heard."""

import numpy as np
import pytest
from melody import RATE, melody
from sklearn.exceptions import NotFittedError

from rgm_core import Accompanist
from rgm_core.metrics import spectrogram_correlation

BEAT, N_BEATS = 0.4, 24
SOUND = melody(BEAT * N_BEATS)


@pytest.fixture(scope="module")
def accompanist():
    return Accompanist(sample_rate=RATE, beat=BEAT).fit(SOUND)


def listen(accompanist, sound, size=700):
    """Most probable position at each voxel, chunk by chunk, and the last belief."""
    accompanist.reset()
    beliefs = [b for i in range(0, len(sound), size) for b in accompanist.hear(sound[i : i + size])]
    return np.array([belief.positions.argmax() for belief in beliefs]), beliefs[-1]


def within_a_beat(found, true, after=4):
    error = np.abs(found - true[: len(found)])[8 * after :]
    return np.mean(error <= 8)


def test_it_follows_the_recording_late_loud_noisy_or_from_the_middle(accompanist):
    position, rng = np.arange(8 * N_BEATS + 50), np.random.default_rng(0)
    noise = SOUND.std() * rng.normal(size=len(SOUND))
    assert within_a_beat(listen(accompanist, SOUND)[0], position) == 1
    assert within_a_beat(listen(accompanist, SOUND + noise)[0], position) > 0.95
    late = np.concatenate([np.zeros(1234), SOUND])
    assert within_a_beat(listen(accompanist, late)[0], position - 1234 / RATE / BEAT * 8) == 1
    start = round(9 * BEAT * RATE)
    found, last = listen(accompanist, 0.3 * SOUND[start:])
    assert within_a_beat(found, position + 72) == 1
    assert 0 < last.gains.argmax() < 3  # -10.5 dB lies between the steps of -12 and -6 dB


def test_it_knows_the_tempo(accompanist):
    from scipy.signal import resample_poly

    position = np.arange(8 * N_BEATS + 50)
    for up, down in ((100, 104), (104, 100)):
        found, last = listen(accompanist, resample_poly(SOUND, up, down))
        assert within_a_beat(found, position * down / up) > 0.95
        assert last.tempo == pytest.approx(down / up, abs=0.03)


def test_it_is_right_again_four_beats_after_a_skip(accompanist):
    cut, resume = round(8 * BEAT * RATE), round(15.3 * BEAT * RATE)  # not on a beat either
    found, _ = listen(accompanist, np.concatenate([SOUND[:cut], SOUND[resume:]]))
    true = np.concatenate([np.arange(64), np.arange(64, 200) + 7.3 * 8])
    assert np.abs(found - true[: len(found)])[64 + 32 :].max() <= 8


def test_nothing_heard_is_nothing_known(accompanist):
    """Silence leaves the belief flat and costs no evidence; noise alone finds no place."""
    accompanist.reset()
    beliefs = accompanist.hear(np.zeros(3 * RATE))
    assert not any(belief.heard for belief in beliefs)
    assert max(belief.positions.max() for belief in beliefs) < 3 / len(beliefs[0].positions)
    assert all(belief.evidence == 0 for belief in beliefs)
    noise = SOUND.std() * np.random.default_rng(0).normal(size=len(SOUND))
    found, _ = listen(accompanist, noise)
    assert within_a_beat(found, np.arange(400)) < 0.3


def test_it_keeps_time_through_a_silence(accompanist):
    gap = SOUND.copy()
    gap[round(8 * BEAT * RATE) : round(14 * BEAT * RATE)] = 0
    found, _ = listen(accompanist, gap)
    assert within_a_beat(found, np.arange(400)) == 1


def test_what_it_plays_is_what_comes_next(accompanist):
    accompanist.reset()
    played, voxel = [], round(BEAT / 8 * RATE)
    for start in range(0, len(SOUND) - voxel, voxel):
        accompanist.hear(SOUND[start : start + voxel])
        played.append(accompanist.play_next())
    played = np.concatenate(played)[8 * voxel :]
    following = SOUND[9 * voxel :][: len(played)]
    assert spectrogram_correlation(following, played[: len(following)], RATE) > 0.85


def test_predictions_are_distributions_and_precede_what_is_heard(accompanist):
    accompanist.reset()
    marginal = accompanist.expect_next()
    np.testing.assert_allclose(marginal.sum(axis=1), 1)
    accompanist.hear(SOUND[: 4 * RATE])
    ahead = accompanist.look_ahead(5)
    np.testing.assert_allclose(ahead.sum(axis=1), 1)  # what is over begins anew, by a leap
    assert ahead[4].argmax() == ahead[0].argmax() + 4
    assert np.abs(accompanist.expect_next() - marginal).max() > 0.5


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="tempo must be a probability"):
        Accompanist(sample_rate=RATE, beat=BEAT, tempo=0.5).fit(SOUND)
    with pytest.raises(ValueError, match="beat must be > 0"):
        Accompanist(sample_rate=RATE, beat=-1).fit(SOUND)
    with pytest.raises(NotFittedError):
        Accompanist(sample_rate=RATE, beat=BEAT).hear(SOUND)

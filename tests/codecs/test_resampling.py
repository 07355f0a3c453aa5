"""Tests of the preparation of sounds, and of the measures of fidelity."""

import numpy as np
import pytest

from rgm_core.codecs.resampling import (
    beat_period,
    border_jump,
    check_audio,
    mix_down,
    resample,
    signal_to_error,
    spectrogram_correlation,
)

RATE = 8000
NOISE = np.random.default_rng(1).normal(size=RATE)


def tone(hertz, rate=RATE, seconds=1.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(("rate", "new_rate"), [(32000, 8000), (44100, 8000), (8000, 22050)])
def test_resampling_keeps_what_passes(rate, new_rate):
    sound = tone(3000, rate) * np.hanning(rate)
    expected = tone(3000, new_rate) * np.interp(
        np.arange(new_rate) / new_rate, np.arange(rate) / rate, np.hanning(rate)
    )
    np.testing.assert_allclose(resample(sound, rate, new_rate), expected, atol=2e-3)


def test_resampling_does_not_alias():
    # Without a filter, 5,000 Hz would be heard as 3,000 Hz.
    inside = resample(tone(5000, 32000), 32000, 8000)[200:-200]
    assert np.abs(inside).max() < 2e-3


def test_resampling_leaves_no_mirror_image():
    fast = resample(tone(3700), RATE, 32000)
    spectrum = np.abs(np.fft.rfft(fast * np.hanning(len(fast))))
    assert spectrum.argmax() == 3700
    assert spectrum[4000:].max() < 2e-3 * spectrum.max()


def test_resampling_to_the_same_rate_changes_nothing():
    np.testing.assert_array_equal(resample(NOISE, RATE, RATE), NOISE)


def test_mixing_down_takes_the_mean_and_drops_the_offset():
    stereo = np.stack([NOISE + 1, 3 * NOISE + 2], axis=1)
    np.testing.assert_allclose(mix_down(stereo), 2 * (NOISE - NOISE.mean()), atol=1e-12)


def test_integers_are_fractions_of_their_full_scale():
    shorts = np.array([-(2**15), 0, 2**14], np.int16)
    np.testing.assert_array_equal(check_audio(shorts)[:, 0], [-1, 0, 0.5])
    longs = np.array([-(2**31), 2**30], np.int32)
    np.testing.assert_array_equal(check_audio(longs)[:, 0], [-1, 0.5])


def test_signal_to_error_is_in_decibels():
    assert signal_to_error(NOISE, 1.1 * NOISE) == pytest.approx(20)
    assert signal_to_error(NOISE, 0 * NOISE) == pytest.approx(0)
    assert signal_to_error(NOISE, NOISE) == np.inf


def test_spectrogram_correlation_hears_pitch_not_phase_or_level():
    melody = np.concatenate([tone(h, seconds=0.25) for h in (400, 800, 600, 1500)])
    quadrature = np.concatenate(
        [np.roll(tone(h, seconds=0.25), RATE // h // 4) for h in (400, 800, 600, 1500)]
    )
    assert spectrogram_correlation(melody, melody, RATE) == pytest.approx(1)
    assert spectrogram_correlation(melody, -0.1 * quadrature, RATE) > 0.98
    assert spectrogram_correlation(melody, melody[::-1], RATE) < 0.5
    assert abs(spectrogram_correlation(NOISE, NOISE[::-1], RATE)) < 0.1
    assert spectrogram_correlation(melody, 0 * melody, RATE) == 0


def test_spectrogram_correlation_is_of_the_band_asked_for():
    low, high = tone(300), tone(3000) * np.hanning(RATE)
    assert spectrogram_correlation(low + high, 5 * low + high, RATE, low=2000) > 0.999
    assert spectrogram_correlation(low + high, 5 * low + high, RATE) < 0.99


def test_border_jump_finds_clicks_only_at_borders():
    sound = tone(100) + 0.01 * NOISE
    borders = np.arange(1000, 8000, 1000)
    assert border_jump(sound, borders) == pytest.approx(1, abs=0.5)
    clicks = sound + 0.3 * (np.arange(RATE) // 1000 % 2)
    assert border_jump(clicks, borders) > 5
    assert border_jump(clicks, borders + 300) == pytest.approx(1, abs=0.5)
    assert border_jump(np.zeros(RATE), borders) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resample(NOISE, 0, 8000), "rate == 0, must be >= 1"),
        (lambda: resample(NOISE, 8000, -1), "new_rate == -1, must be >= 1"),
        (lambda: signal_to_error(NOISE, NOISE[1:]), r"got \(8000,\) and \(7999,\)"),
        (lambda: spectrogram_correlation(NOISE[:9], NOISE[:9], RATE), "at least 256 samples"),
        (lambda: border_jump(NOISE, [3]), "more than 68 samples inside"),
        (lambda: check_audio(["a"]), "float, int16 or int32"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_beat_of_clicks_is_found():
    """A click every half second, in noise; also from a piece that begins between beats."""
    rate, rng = 8000, np.random.default_rng(0)
    sound = 0.01 * rng.normal(size=8 * rate)
    for start in range(1000, len(sound) - 400, 4160):  # every 0.52 s
        sound[start : start + 400] += 0.5 * rng.normal(size=400) * np.exp(-np.arange(400) / 80)
    assert beat_period(sound, rate) == pytest.approx(0.52, abs=0.004)
    with pytest.raises(ValueError, match=r"sound must last 1\.4 s or more"):
        beat_period(sound[:rate], rate)

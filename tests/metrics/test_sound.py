"""Tests of the measures of fidelity and of the beat of sounds."""

import numpy as np
import pytest

from rgm_core.metrics.sound import (
    beat_period,
    border_jump,
    signal_to_error,
    spectrogram_correlation,
)

RATE = 8000
NOISE = np.random.default_rng(1).normal(size=RATE)


def tone(hertz, rate=RATE, seconds=1.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def test_signal_to_error_is_in_decibels():
    assert signal_to_error(NOISE, 1.1 * NOISE) == pytest.approx(20)
    assert signal_to_error(NOISE, 0 * NOISE) == pytest.approx(0)
    assert signal_to_error(NOISE, NOISE) == np.inf


def test_signal_to_error_is_of_the_band_asked_for():
    low, high = tone(300), tone(3000)
    decoded = 1.1 * low + 0.5 * high
    assert signal_to_error(low + high, decoded, RATE, high=1000) == pytest.approx(20)
    assert signal_to_error(low + high, decoded, RATE, low=1000) == pytest.approx(20 * np.log10(2))
    assert signal_to_error(NOISE, decoded, RATE, low=0, high=RATE) == pytest.approx(
        signal_to_error(NOISE, decoded)
    )


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
        (lambda: signal_to_error(NOISE, NOISE[1:]), r"found \(8000,\) and \(7999,\)"),
        (lambda: spectrogram_correlation(NOISE[:9], NOISE[:9], RATE), "at least 256 samples"),
        (lambda: border_jump(NOISE, [3]), "more than 68 samples inside"),
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

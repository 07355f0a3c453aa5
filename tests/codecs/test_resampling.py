"""Tests of the preparation of sounds."""

import numpy as np
import pytest

from rgm_core.codecs.resampling import check_audio, mix_down, resample

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


def test_the_order_of_bytes_does_not_matter():
    for dtype in (">f4", ">f8", ">i2", ">i4"):
        sound = (0.5 * tone(440) * (1 if "f" in dtype else 2**14)).astype(dtype)
        np.testing.assert_array_equal(mix_down(sound), mix_down(sound.astype(dtype.replace(">", "<"))))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resample(NOISE, 0, 8000), "rate must be a whole number in 1 … 1000000000, in Hz; found 0"),
        (
            lambda: resample(NOISE, 8000, -1),
            "new_rate must be a whole number in 1 … 1000000000, in Hz; found -1",
        ),
        (lambda: check_audio(["a"]), "audio must be numeric"),
        (lambda: check_audio(32767 * NOISE), "must lie in -1..1; found a peak of"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Tests of the wavelet transform of sounds and of its calibrated inverse."""

import inspect

import numpy as np
import pytest
import pywt

from rgm_core.codecs.wavelet import make_bank, resynthesise, transform
from rgm_core.metrics import signal_to_error

RATE = 8000
SETTINGS = [(64, "linear"), (32, "linear"), (32, "constant-q")]


def sweep(low, high, seconds):
    """Return a tone that glides from one frequency to another, in Hz."""
    hertz = np.linspace(low, high, round(seconds * RATE))
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE)


def response(bank):
    """Return frequencies in Hz, and the (F, n) measured response of each wavelet to them."""
    n_samples = 8 * bank.margin
    impulse = np.zeros(n_samples)
    impulse[n_samples // 2] = 1
    image = np.roll(transform(bank, impulse), -(n_samples // 2), axis=1)
    return np.fft.rfftfreq(n_samples, 1 / RATE), np.fft.rfft(image)


@pytest.mark.parametrize(("n_frequencies", "grid"), SETTINGS)
def test_a_sweep_through_the_pass_band_comes_back(n_frequencies, grid):
    bank = make_bank(n_frequencies, grid=grid)
    sound = sweep(60, 3700, 3.0)
    assert signal_to_error(sound, resynthesise(transform(bank, sound))) > 28


@pytest.mark.parametrize(("n_frequencies", "grid"), SETTINGS)
def test_responses_add_up_to_one_without_delay(n_frequencies, grid):
    hertz, responses = response(make_bank(n_frequencies, grid=grid))
    total = responses.sum(axis=0)[(hertz >= 45) & (hertz <= 4000)]
    np.testing.assert_allclose(total.real, 1, atol=0.05)
    np.testing.assert_allclose(total.imag, 0, atol=0.02)  # a delay would turn the phase


def test_each_wavelet_answers_to_its_frequency_as_a_gaussian():
    # The echo that PyWavelets leaves of wavelets of few cycles would show at the lowest.
    bank = make_bank(64)
    hertz, responses = response(bank)
    deviation = 1 / (2 * np.pi * bank.windows[0])
    for k in np.flatnonzero(bank.frequencies < 3800):  # above, they fold at half the rate
        centre = bank.frequencies[k]
        bells = [np.exp(-0.5 * ((hertz - side) / deviation) ** 2) for side in (centre, -centre)]
        expected = sum(bells) * np.sinc(hertz / RATE)
        found = responses[k] / np.abs(responses[k]).max()
        np.testing.assert_allclose(found, expected / expected.max(), atol=0.012)


@pytest.mark.skipif(
    "precision" not in inspect.signature(pywt.cwt).parameters,
    reason="PyWavelets before 1.9 tabulates wavelets too coarsely to compare with",
)
def test_coefficients_are_those_of_pywavelets():
    bank = make_bank(16, low=1000, grid="constant-q")
    sound = np.random.default_rng(1).normal(size=4000)
    image = transform(bank, sound)
    inside = slice(bank.margin, -bank.margin)
    for k, scale in enumerate(bank.scales):
        bandwidth = 2 * (bank.windows[k] * RATE / scale) ** 2
        name = f"cmor{bandwidth:.9f}-{bank.frequencies[k] * scale / RATE:.9f}"
        theirs, hertz = pywt.cwt(sound, [scale], name, 1 / RATE, method="conv", precision=18)
        assert hertz[0] == pytest.approx(bank.frequencies[k], rel=0.02)
        expected = bank.weights[k] * theirs[0].real
        error = np.linalg.norm((image[k] - expected)[inside])
        assert error < 0.03 * np.linalg.norm(expected[inside])  # ours is tabulated more coarsely


def test_weights_do_not_cancel_each_other():
    for n_frequencies, grid in SETTINGS:
        bank = make_bank(n_frequencies, grid=grid)
        assert (bank.weights > 0).all()
    # PyWavelets averages over a sample, so higher frequencies need larger weights, and no other.
    bank = make_bank(64)
    even = (bank.weights * np.sinc(bank.frequencies / RATE))[1:-2]
    assert even.std() < 0.02 * even.mean()


def test_transform_is_linear_and_moves_with_the_sound():
    bank = make_bank(32)
    one, two = np.random.default_rng(2).normal(size=(2, 3000))
    image = transform(bank, one)
    both = transform(bank, one + 3 * two)
    np.testing.assert_allclose(both, image + 3 * transform(bank, two), atol=1e-9)
    later = transform(bank, np.roll(one, 37))
    inside = slice(2 * bank.margin, -2 * bank.margin)
    np.testing.assert_allclose(later[:, inside], np.roll(image, 37, axis=1)[:, inside], atol=1e-9)


def test_edges_do_not_ring():
    # A tone that stops dead would splash over all frequencies if it were not mirrored.
    bank = make_bank(64)
    tone = np.cos(2 * np.pi * 1000 * np.arange(4001) / RATE)
    image = transform(bank, tone)
    far = np.abs(bank.frequencies - 1000) > 500
    assert np.abs(image[far]).max() < 0.01 * np.abs(image).max()


@pytest.mark.parametrize("n_samples", [1, 2, 50, 1000])
def test_sounds_shorter_than_a_wavelet_have_an_image(n_samples):
    image = transform(make_bank(8, low=500), np.ones(n_samples))
    assert image.shape == (8, n_samples)
    assert np.isfinite(image).all()


def test_single_precision_stays_and_is_as_exact():
    bank = make_bank(32)
    sound = sweep(100, 3500, 0.5)
    image = transform(bank, sound.astype(np.float32))
    assert image.dtype == np.float32
    np.testing.assert_allclose(image, transform(bank, sound), atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_frequencies": 1}, "n_frequencies must be a whole number in 2 … 4096; found 1"),
        ({"low": 0.0}, "low must be a finite number > 0 of Hz; found 0.0"),
        ({"low": 5000.0}, "found low=5000.0, high=4000.0"),
        ({"high": 4001.0}, "high=4001.0, rate=8000"),
        ({"rate": np.inf}, "rate must be a finite number > 0 of Hz; found inf"),
        ({"low": np.nan}, "low must be a finite number > 0 of Hz; found nan"),
        ({"grid": "mel"}, 'grid must be "linear" or "constant-q"; found \'mel\''),
        ({"width": 0.0}, "width must be a fraction of the spacing from 0.1 to 4; found 0.0"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        make_bank(**{"n_frequencies": 8} | settings)


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros((2, 3)), r"\(n_samples,\); found float64 of shape \(2, 3\)"),
        (np.zeros(0), r"shape \(0,\)"),
        (np.array(["a"]), "numeric"),
        (np.array([0, np.nan]), "finite; found NaN or infinity"),
    ],
)
def test_bad_sounds_are_named(sound, message):
    with pytest.raises(ValueError, match=message):
        transform(make_bank(8), sound)

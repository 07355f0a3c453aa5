"""Bring your own sound: files of every kind, what comes out, and what is refused."""

import numpy as np
import pytest
import soundfile

from rgm_core import compress
from rgm_core.codecs import SoundCodec
from rgm_core.codecs.resampling import mix_down, resample
from rgm_core.media.sound import read_sound
from rgm_core.metrics import spectrogram_correlation

RATE = 11025


def stereo(seconds, rate=RATE, seed=0):
    """A melody in one ear, the same later and softer with some noise in the other."""
    rng = np.random.default_rng(seed)
    notes = 220 * 2 ** (rng.integers(0, 24, int(seconds / 0.4) + 1) / 12)
    time = np.arange(int(seconds * rate)) / rate
    note = notes[(time / 0.4).astype(int)]
    sound = np.sin(2 * np.pi * np.cumsum(note) / rate) * np.exp(-4 * (time % 0.4))
    return np.stack([0.6 * sound, 0.4 * np.roll(sound, 30) + 0.01 * rng.normal(size=len(sound))], axis=1)


def fidelity(found, sound, rate=RATE):
    """Correlation of what the codec keeps with the sound itself, at its own rate."""
    decoded = resample(found.codec.inverse_transform(found.outcomes), found.rate, rate)
    mono = mix_down(sound)[: len(decoded)]
    return spectrogram_correlation(mono, decoded[: len(mono)], rate)


@pytest.mark.parametrize(
    ("seconds", "kind"),
    [
        (5, "wav"),
        (5, "mp3"),
        *[pytest.param(5, kind, marks=pytest.mark.slow) for kind in ("flac", "ogg")],
        *[pytest.param(60, kind, marks=pytest.mark.slow) for kind in ("wav", "flac", "ogg", "mp3")],
    ],
)
def test_a_stereo_file_keeps_its_sound(tmp_path, seconds, kind):
    sound, path = stereo(seconds), tmp_path / f"melody.{kind}"
    soundfile.write(path, sound, RATE)
    found = compress(path)
    assert found.correlation > 0.9
    assert fidelity(found, sound) > 0.9
    assert found.replay_correlation > 0.8
    assert 0 < len(found.sample) <= 30 * found.rate
    assert "events" in str(found)


def test_a_loop_recurs(tmp_path):
    sound = np.tile(stereo(1.6), (4, 1))
    soundfile.write(tmp_path / "loop.wav", sound, RATE)
    found = compress(tmp_path / "loop.wav")
    other = compress(_write(tmp_path / "no_loop.wav", stereo(6.4)))
    assert len(found.model.D) <= len(found.events) / 3
    assert len(other.model.D) > len(other.events) / 2


def test_the_rate_keeps_what_there_is_to_hear(tmp_path):
    time = np.arange(44100) / 44100
    low, high = (np.sin(2 * np.pi * f * time) * (1 + np.sin(9 * time)) / 2.5 for f in (900, 6000))
    assert compress(_write(tmp_path / "low.wav", low, 44100)).rate == 8000
    found = compress(_write(tmp_path / "high.wav", high, 44100))
    assert found.rate == 16000
    assert fidelity(found, high, 44100) > 0.9


@pytest.mark.parametrize("rate", [8000, 44100])
def test_piece_by_piece_a_file_is_read_as_at_once(tmp_path, rate):
    sound = stereo(23, rate)
    path = _write(tmp_path / "long.wav", sound, rate)
    whole = resample(mix_down(soundfile.read(path)[0]), rate, 8000)
    found = read_sound(path, 8000)
    assert found.shape == whole.shape
    inside = slice(50, -50)  # the mean is taken away after and not before, which is felt at the ends
    np.testing.assert_allclose(found[inside], whole[inside], atol=1e-6)


def test_a_long_sound_is_encoded_and_decoded_in_portions_as_at_once():
    sound = mix_down(stereo(2))
    settings = {"sample_rate": RATE, "voxel": 400, "n_frequencies": 32, "n_bins": 9}
    codec = SoundCodec(**settings).fit(sound)
    outcomes, decoded = codec.transform(sound), codec.inverse_transform(codec.transform(sound))
    codec.portion = 7
    np.testing.assert_array_equal(codec.transform(sound), outcomes)
    np.testing.assert_allclose(codec.inverse_transform(outcomes), decoded, atol=1e-6)


def test_a_short_sound_works_and_what_is_no_sound_is_refused(tmp_path):
    assert compress(_write(tmp_path / "short.wav", stereo(0.4))).correlation > 0.9
    for name, sound, message in (
        ("shorter", stereo(0.1), "at least 0.2 s"),
        ("silent", np.zeros(RATE), "silence"),
    ):
        with pytest.raises(ValueError, match=message):
            compress(_write(tmp_path / f"{name}.wav", sound))
    (tmp_path / "text.wav").write_text("this is no sound")
    with pytest.raises(ValueError, match="path must be a sound"):
        compress(tmp_path / "text.wav")


def _write(path, sound, rate=RATE):
    soundfile.write(path, sound, rate)
    return path

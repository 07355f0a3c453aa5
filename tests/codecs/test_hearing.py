"""Tests of what a sound is heard as: deaf to phase, and to loudness and noise once it knows them."""

import numpy as np
import pytest
from melody import RATE, melody

from rgm_core.codecs.hearing import (
    band_energies,
    fit_ear,
    hear_hard,
    hear_soft,
    is_silent,
    voxel_ends,
)
from rgm_core.codecs.live import LiveEar, LiveVoice
from rgm_core.codecs.sound import SoundCodec

PERIOD = 0.05
SOUND = melody()
EAR = fit_ear(SOUND, RATE, PERIOD)


def test_a_voxel_ends_where_its_time_does():
    ends = voxel_ends(EAR, len(SOUND))
    assert len(ends) == 80
    assert ends[-1] == len(SOUND)
    np.testing.assert_array_equal(voxel_ends(EAR, len(SOUND), first=78), ends[78:])
    assert len(voxel_ends(EAR, 399)) == 0


def test_hearing_is_deaf_to_phase_where_the_waveform_code_is_not():
    late = np.roll(SOUND, 40)  # 5 ms
    codec = SoundCodec(sample_rate=RATE, voxel=400, n_bands=16, n_bins=9).fit(SOUND)
    here, there = codec.transform(SOUND)[2:-2], codec.transform(late)[2:-2]
    moved = np.abs(here - there).mean(axis=0) / np.abs(here - here[::-1]).mean(axis=0).clip(1e-9)
    heard, played = (np.median(moved[codec.streams_ == k]) for k in (0, 1))
    assert heard < 0.2 < 0.5 < played


def test_the_likeliest_bin_is_the_nearest():
    energies = band_energies(EAR, SOUND)
    found = hear_soft(EAR, energies).argmax(axis=2)
    np.testing.assert_array_equal(found, hear_hard(EAR, energies))


def test_a_known_gain_undoes_itself():
    energies = band_energies(EAR, SOUND)
    softer = hear_soft(EAR, 0.1 * energies, gain=0.1)
    np.testing.assert_allclose(softer, hear_soft(EAR, energies), atol=1e-6)


def test_background_hides_what_is_below_it_and_no_more():
    """A band drowned in noise tells next to nothing; one far above the noise tells what it did."""
    energies = np.exp(EAR.centres[:, 4])
    noise = 1e3 * energies
    drowned = hear_soft(EAR, energies + noise, background=noise)[:, :5]
    assert np.all(np.ptp(drowned, axis=1) < 0.1 * np.ptp(hear_soft(EAR, energies)[:, :5], axis=1))
    clear = hear_soft(EAR, energies, background=1e-9 * energies)
    np.testing.assert_allclose(clear, hear_soft(EAR, energies), atol=1e-2)


def test_silence_is_told_from_the_quietest_music():
    energies = band_energies(EAR, SOUND)
    assert not is_silent(EAR, energies).all()
    assert is_silent(EAR, band_energies(EAR, np.zeros(RATE)), gain=1e-9).all()


@pytest.mark.parametrize("size", [1, 17, 400, 5000])
def test_chunks_of_any_size_are_heard_as_the_whole(size):
    live = LiveEar(EAR)
    pieces = [live.hear(SOUND[i : i + size]) for i in range(0, 8000, size)]
    found, whole = np.concatenate(pieces), band_energies(EAR, SOUND[: -(-8000 // size) * size])
    assert len(found) == len(whole)
    np.testing.assert_allclose(found[1:], whole[1:], rtol=1e-9)  # of the first, half is missing
    assert len(live._latest) < 3 * len(EAR.window) + size  # bounded memory
    assert live.hear(np.zeros(0)).shape == (0, 16)


def test_voxels_played_one_by_one_are_the_sound_decoded():
    codec = SoundCodec(sample_rate=RATE, voxel=400, n_bands=4, n_bins=9).fit(SOUND)
    outcomes = codec.transform(SOUND)
    voice = LiveVoice(codec)
    played = np.concatenate([voice.play(o) for o in outcomes[:, 4:]])
    decoded = codec.inverse_transform(outcomes)
    half = codec.overlap_ // 2  # a live voice fades in, where the decoder knows that nothing came before
    np.testing.assert_allclose(played[64:8000], decoded[64 - half : 8000 - half], atol=1e-6)


def test_the_streams_of_the_codec_are_told_apart():
    codec = SoundCodec(sample_rate=RATE, voxel=400, n_bands=4, n_bins=9).fit(SOUND)
    outcomes = codec.transform(SOUND)
    assert outcomes.shape[1] == len(codec.streams_) == len(codec.locations_) == len(codec.n_outcomes_)
    deaf = outcomes.copy()
    deaf[:, :4] = -1
    np.testing.assert_array_equal(codec.inverse_transform(deaf), codec.inverse_transform(outcomes))
    with pytest.raises(ValueError, match="outcomes must have"):
        codec.inverse_transform(outcomes[:, 4:])

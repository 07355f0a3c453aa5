"""Tests of the codec of sounds: it can be heard, clicks nowhere, and is a transformer."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from rgm_core.codecs.resampling import mix_down, resample
from rgm_core.codecs.sound import SoundCodec
from rgm_core.codecs.voxels import cut_voxels, join_voxels
from rgm_core.datasets import load_bird_calls, load_jazz
from rgm_core.metrics import border_jump, signal_to_error, spectrogram_correlation

RATE = 32000
JAZZ = {"n_frequencies": 32, "n_bins": 9, "max_modes": 32}  # the published settings of music


def published_birds(recording):
    """Return a recording cut as published, to a power of two of samples at 8 kHz, and its rate."""
    calls = load_bird_calls(recording)
    step = calls.sample_rate // 8000
    n_samples = 2 ** int(np.log2(len(calls.sound) / step)) * step
    return calls.sound[:n_samples], calls.sample_rate


@pytest.fixture(scope="module")
def field():
    return published_birds("field")


@pytest.fixture(scope="module")
def finch():
    return published_birds("finch")


@pytest.fixture(scope="module")
def jazz():
    music = load_jazz()
    return music.sound, music.sample_rate


@pytest.fixture(scope="module")
def codecs(field, finch, jazz):
    """The codec at the published settings, fitted to each of the three sounds."""
    settings = {"field": (field, {}), "finch": (finch, {}), "jazz": (jazz, JAZZ)}
    return {
        name: SoundCodec(sample_rate=rate, **extra).fit(sound)
        for name, ((sound, rate), extra) in settings.items()
    }


@pytest.fixture(scope="module")
def sounds(field, finch, jazz):
    return {"field": field, "finch": finch, "jazz": jazz}


@pytest.fixture(scope="module")
def small():
    """A second of a warble with overtones, and a codec for it that keeps everything."""
    time = np.arange(RATE) / RATE
    phase = 2 * np.pi * (600 * time + 30 * np.sin(2 * np.pi * 5 * time))
    sound = 0.3 * np.sin(phase) + 0.1 * np.sin(3 * phase + 1)
    settings = {"n_frequencies": 16, "n_bins": 33, "max_modes": None, "su": np.inf}
    return sound, SoundCodec(sample_rate=RATE, **settings).fit(sound)


def heard(codec, sound):
    """Return the sound (n,) as far as the codec's rate lets it through, cut to whole voxels."""
    slow = resample(mix_down(sound), codec.sample_rate, codec.rate)
    slow = slow[: len(slow) // codec.voxel_ * codec.voxel_]
    return resample(slow, codec.rate, codec.sample_rate)


# --- it can be heard


@pytest.mark.parametrize("name", ["field", "finch", "jazz"])
def test_published_settings_keep_the_spectrogram(codecs, sounds, name):
    codec, (sound, rate) = codecs[name], sounds[name]
    decoded = codec.inverse_transform(codec.transform(sound))
    original = sound[: len(decoded)]
    assert len(decoded) == len(original)
    assert np.isfinite(decoded).all()
    assert np.abs(decoded).max() < 1
    found = spectrogram_correlation(original, decoded, rate, high=codec.high)
    assert found > {"field": 0.85, "finch": 0.95, "jazz": 0.97}[name]


def test_all_modes_and_more_bins_are_nearly_perfect(finch, codecs):
    sound, rate = finch
    codec = clone(codecs["finch"]).set_params(max_modes=None, su=np.inf, n_bins=33).fit(sound)
    decoded = codec.inverse_transform(codec.transform(sound))
    found = spectrogram_correlation(sound[: len(decoded)], decoded, rate, high=3700)
    assert found > 0.99
    assert signal_to_error(heard(codec, sound), decoded) > 20


def test_more_bins_and_more_modes_are_more_faithful(codecs, finch):
    sound, _ = finch
    errors = []
    for extra in ({"n_bins": 5, "max_modes": 8}, {"n_bins": 5}, {"n_bins": 17}):
        codec = clone(codecs["finch"]).set_params(**extra).fit(sound)
        decoded = codec.inverse_transform(codec.transform(sound))
        errors.append((codec.bit_rate_, signal_to_error(heard(codec, sound), decoded)))
    assert errors == sorted(errors)
    assert errors[-1][1] > 15


def test_a_sweep_comes_back_without_modes_and_bins():
    hertz = np.linspace(60, 3600, 2 * RATE)
    sweep = 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)
    codec = SoundCodec(sample_rate=RATE).fit(sweep)
    assert signal_to_error(sweep, codec.inverse_image(codec.image(sweep))) > 28


@pytest.mark.parametrize("rate", [8000, 22050, 44100])
def test_any_rate_comes_back_at_its_rate(rate):
    hertz = np.linspace(200, 3000, 2 * rate)
    sweep = 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / rate)
    codec = SoundCodec(sample_rate=rate, voxel=500, n_frequencies=16).fit(sweep)
    decoded = codec.inverse_image(codec._image(codec.variates(sweep)))
    assert len(decoded) == 2 * rate
    assert spectrogram_correlation(sweep, decoded, rate) > 0.9


# --- it clicks nowhere


@pytest.mark.parametrize("name", ["field", "finch", "jazz"])
def test_borders_of_voxels_do_not_click(codecs, sounds, name):
    codec, (sound, rate) = codecs[name], sounds[name]
    outcomes = codec.transform(sound)
    slow = resample(codec.inverse_transform(outcomes), rate, codec.rate)
    borders = codec.voxel_ * np.arange(1, len(outcomes))
    own = border_jump(resample(heard(codec, sound), rate, codec.rate), borders)
    assert border_jump(slow, borders) < 1.25 * own


def test_hard_cuts_click_in_any_order_and_overlaps_do_not(codecs, jazz):
    sound, rate = jazz
    order = np.random.default_rng(3).permutation(64)
    jumps = []
    for overlap in (0, 64):
        codec = clone(codecs["jazz"]).set_params(overlap=overlap).fit(sound)
        decoded = codec.inverse_transform(codec.transform(sound)[order])
        slow = resample(decoded, rate, codec.rate)
        jumps.append(border_jump(slow, codec.voxel_ * np.arange(1, 64)))
    assert jumps[0] > 2
    assert jumps[1] < 1.5


@pytest.mark.parametrize("overlap", [0, 2, 16, 40])
def test_joining_undoes_cutting(overlap):
    image = np.random.default_rng(4).normal(size=(3, 207))
    pieces = cut_voxels(image, 40, overlap)
    assert pieces.shape == (5, 40 + overlap, 3)
    np.testing.assert_allclose(join_voxels(pieces, overlap), image[:, :200], atol=1e-12)


def test_overlapping_modes_are_as_exact_as_hard_ones(finch):
    sound, rate = finch
    for overlap in (0, 256):
        codec = SoundCodec(sample_rate=rate, overlap=overlap, max_modes=None, su=np.inf).fit(sound)
        image = codec.image(sound)
        decoded = codec._image(codec.variates(sound))
        error = np.square(decoded - image[:, : decoded.shape[1]]).sum() / np.square(image).sum()
        assert error < 1e-3  # what the tiles' radius cuts off


# --- it is a transformer


def test_shapes_and_attributes(codecs, jazz):
    codec = codecs["jazz"]
    outcomes = codec.transform(jazz[0])
    n_modalities = len(codec.n_outcomes_)
    assert codec.voxel_ == 3692  # a beat
    assert outcomes.shape == (64, n_modalities)
    assert outcomes.dtype == np.int8
    assert outcomes.min() >= 0
    assert outcomes.max() == 8
    assert codec.locations_.shape == (n_modalities, 1)
    assert codec.tile_of_.max() == 7
    assert (np.diff(codec.locations_[:, 0]) >= 0).all()
    assert codec.bin_centres_.shape == (n_modalities, 9)
    assert codec.bit_rate_ == pytest.approx(n_modalities * np.log2(9) * 8000 / 3692)


def test_probabilities_decode_to_their_expectation(small):
    sound, codec = small
    outcomes = codec.transform(sound)
    certain = np.eye(33)[outcomes]
    decoded = codec.inverse_transform(outcomes)
    np.testing.assert_allclose(codec.inverse_transform(certain), decoded, atol=1e-6)
    half = 0.5 * certain + 0.5 * certain[::-1]
    expected = 0.5 * (decoded + codec.inverse_transform(outcomes[::-1]))
    np.testing.assert_allclose(codec.inverse_transform(half), expected, atol=1e-5)


def test_missing_outcomes_are_silence(small):
    sound, codec = small
    missing = np.full_like(codec.transform(sound), -1)
    assert np.abs(codec.inverse_transform(missing)).max() < 1e-6


def test_a_fragment_has_the_outcomes_that_it_has_in_the_whole(codecs, field):
    sound, rate = field
    codec = codecs["field"]
    start, stop = (k * codec.voxel_ * rate // codec.rate for k in (8, 24))
    same = codec.transform(sound[start:stop]) == codec.transform(sound)[8:24]
    assert same[1:-1].mean() > 0.98


def test_stereo_is_mixed_and_integers_are_scaled(small):
    sound, codec = small
    outcomes = codec.transform(sound)
    stereo = np.stack([1.5 * sound, 0.5 * sound], axis=1)
    np.testing.assert_array_equal(codec.transform(stereo), outcomes)
    shorts = np.rint(sound * 2**15).astype(np.int16)
    assert (codec.transform(shorts) == outcomes).mean() > 0.97


def test_an_offset_does_not_matter(small):
    sound, codec = small
    np.testing.assert_array_equal(codec.transform(sound + 0.2), codec.transform(sound))


def test_level_is_that_of_the_sound_fitted(small):
    sound, codec = small
    quiet = clone(codec).fit(sound / 100)
    np.testing.assert_array_equal(quiet.transform(sound / 100), codec.transform(sound))
    decoded = codec.inverse_transform(codec.transform(sound))
    np.testing.assert_allclose(100 * quiet.inverse_transform(quiet.transform(sound / 100)), decoded)


def test_too_loud_a_sound_is_scaled_not_clipped(small):
    sound, codec = small
    loud = clone(codec).fit(sound * 20)
    decoded = loud.inverse_transform(loud.transform(sound * 20))
    softly = codec.inverse_transform(codec.transform(sound))
    assert np.abs(decoded).max() == 1
    np.testing.assert_allclose(decoded, softly / np.abs(softly).max(), atol=1e-6)


def test_silence_is_encoded_as_the_middle(small):
    codec = small[1]
    silence = codec.transform(np.zeros(RATE))
    assert (silence == 16).all()


def test_scikit_learn_can_clone_and_chain_it(small):
    sound, codec = small
    twin = clone(codec)
    assert twin.get_params() == codec.get_params()
    outcomes = make_pipeline(twin).fit_transform(sound)
    np.testing.assert_array_equal(outcomes, codec.transform(sound))
    np.testing.assert_array_equal(clone(codec).fit_transform(sound, sample_rate=RATE), outcomes)


# --- bad input


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros(RATE), "X must not be silent; found a root mean square of 0"),
        (np.full(RATE, 0.3), "X must not be silent"),
        (np.r_[np.ones(50), np.nan, np.ones(50)], r"finite; found NaN or infinity.* at index \[50\]"),
        (np.ones((2, RATE)), r"at most 8 channels; found shape \(2, 32000\): if channels come first"),
        (np.ones((5, 2, 2)), r"\(n_samples, n_channels\); found \(5, 2, 2\)"),
        (np.zeros(0), r"found \(0,\)"),
        (np.ones(RATE, np.uint8), "float, int16 or int32; found an array of uint8"),
        (np.random.default_rng(5).normal(size=40), "voxel must be a whole number ≥ 1; found 0"),
    ],
)
def test_bad_sounds_are_named(sound, message):
    with pytest.raises(ValueError, match=message):
        SoundCodec(sample_rate=RATE).fit(sound)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_rate": 0}, "sample_rate must be a whole number in 1 … 1000000000, in Hz; found 0"),
        ({"rate": 4000}, "high <= rate / 2; found low=40.0, high=4000.0, rate=4000"),
        ({"grid": "mel"}, "grid must be"),
        ({"voxel": 0}, "voxel must be a whole number ≥ 1; found 0"),
        ({"voxel": 4001}, "X must last two voxels of 4001 samples at 8000 Hz; found 8000"),
        (
            {"overlap": 126, "voxel": 125},
            "overlap must be a whole number in 0 … 125, at most a voxel; found 126",
        ),
        ({"overlap": 3}, "overlap must be even; found 3"),
        ({"n_bins": 4}, "n_bins must be odd"),
        ({"tile": 200}, "more than twice the extent"),
    ],
)
def test_bad_settings_are_named(small, settings, message):
    with pytest.raises(ValueError, match=message):
        SoundCodec(**{"sample_rate": RATE} | settings).fit(small[0])


def test_wrong_rate_and_short_clips_are_named(small):
    sound, codec = small
    with pytest.raises(ValueError, match="that of the codec, 32000 Hz; found 44100"):
        codec.transform(sound, sample_rate=44100)
    with pytest.raises(ValueError, match="that of the codec, 32000 Hz; found 8000"):
        clone(codec).fit(sound, sample_rate=8000)
    with pytest.raises(ValueError, match="X must last a voxel of 125 samples at 8000 Hz; found 100"):
        codec.transform(sound[:400])
    with pytest.raises(ValueError, match="sample_rate must be a whole number"):
        SoundCodec(sample_rate=None).fit(sound)


def test_bad_outcomes_variates_and_images_are_named(small):
    sound, codec = small
    with pytest.raises(ValueError, match=r"outcomes must be in 0..32"):
        codec.inverse_transform(np.full_like(codec.transform(sound), 33))
    with pytest.raises(ValueError, match=r"variates must have shape \(n_voxels, "):
        codec._image(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"image must have shape \(16, n\); found \(3, 2\)"):
        codec.inverse_image(np.zeros((3, 2)))


def test_unfitted_codec_says_so():
    for method in ("transform", "inverse_transform", "variates", "image", "inverse_image"):
        with pytest.raises(NotFittedError):
            getattr(SoundCodec(sample_rate=RATE), method)(np.zeros((2, 2)))


def test_a_short_sound_has_shorter_fades():
    """0.4 s are 64 voxels of 50 samples, less than the default overlap."""
    sound = 0.1 * np.random.default_rng(0).normal(size=round(0.4 * RATE))
    codec = SoundCodec(sample_rate=RATE).fit(sound)
    assert (codec.voxel_, codec.overlap_) == (50, 50)
    assert len(codec.inverse_transform(codec.transform(sound))) == len(sound)
    with pytest.raises(ValueError, match="overlap must be a whole number in 0 … 50"):
        clone(codec).set_params(voxel=50).fit(sound)


def test_frequencies_that_are_not_listened_to_have_no_say():
    """As a telephone takes them away: what they alone show is missing, the rest is as it was."""
    rng = np.random.default_rng(5)
    sound = rng.normal(size=8000) / 8
    codec = SoundCodec(sample_rate=8000, n_frequencies=16, voxel=250, overlap=0, n_bands=8).fit(sound)
    whole = codec.transform(sound)
    low = codec.bank_.frequencies < 2000
    seen = codec.transform(sound, visible=low)
    missing = (seen == -1).all(axis=0)
    np.testing.assert_array_equal(missing, (seen == -1).any(axis=0))
    for stream in (missing[:8], missing[8:]):  # what is heard, and what is played
        assert 0 < stream.mean() < 1
    np.testing.assert_array_equal(seen[:, :8][:, ~missing[:8]], whole[:, :8][:, ~missing[:8]])
    np.testing.assert_array_equal(codec.transform(sound, visible=np.ones(16, bool)), whole)
    assert (codec.transform(sound, visible=np.zeros(16, bool)) == -1).all()

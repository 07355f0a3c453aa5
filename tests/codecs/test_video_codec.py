"""Video as outcomes, and back."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from rgm_core.codecs import ImageCodec, VideoCodec
from rgm_core.codecs.modes import project, reconstruct
from rgm_core.datasets import load_pigeon

LOSSLESS = {"tile": 4, "max_modes": None, "su": np.inf, "n_bins": 4001}


@pytest.fixture(scope="module")
def clip():
    """128 frames, and then the first 32 again."""
    frames = load_pigeon()
    return np.concatenate([frames, frames[:32]])


@pytest.fixture(scope="module")
def codec(clip):
    return VideoCodec().fit(clip)


@pytest.fixture
def noise():
    return np.random.default_rng(0).uniform(0, 255, (9, 12, 8, 3))


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


def test_the_clip_is_reconstructed_as_well_as_the_paper_needs(clip, codec):
    """Published settings: 32 dB or more."""
    outcomes = codec.transform(clip)
    assert outcomes.shape == (80, len(codec.n_outcomes_))
    again = codec.inverse_transform(outcomes)
    assert again.shape == clip.shape
    assert psnr(clip, again) > 32


def test_what_is_seen_twice_is_encoded_alike(clip, codec):
    outcomes = codec.transform(clip)
    np.testing.assert_array_equal(outcomes[64:], outcomes[:16])


@pytest.mark.parametrize("block", [1, 2, 4])
def test_with_all_modes_nothing_is_lost(noise, block):
    """Colours, frames of a block and rows come back where they were; trailing frames are dropped."""
    codec = VideoCodec(block=block, **LOSSLESS).fit(noise)
    again = codec.inverse_transform(codec.transform(noise))
    whole = len(noise) // block * block
    assert again.shape == (whole, *noise.shape[1:])
    variates = project(codec.basis_, codec._signal(codec._samples(noise)))
    np.testing.assert_allclose(
        reconstruct(codec.basis_, variates), codec._signal(codec._samples(noise)), atol=3.0
    )  # the windows are cut at two tiles
    assert np.abs(again - noise[:whole]).max() < 6


def test_a_block_of_one_grey_frame_is_an_image(noise):
    """One implementation: images are video without time."""
    grey = noise[..., 0]
    image = ImageCodec(tile=4, preprocess=False, grey_channels=1).fit(grey)
    video = VideoCodec(tile=4, n_bins=7, max_modes=16, su=8, block=1).fit(grey)
    np.testing.assert_array_equal(video.transform(grey), image.transform(grey))
    outcomes = image.transform(grey)
    decoded = video.inverse_transform(outcomes)  # up to white; an image keeps the range that it had
    expected = image.inverse_transform(outcomes)
    np.testing.assert_allclose(decoded.clip(grey.min(), grey.max()), expected.clip(grey.min(), grey.max()))


def test_hidden_pixels_do_not_matter(clip, codec):
    """Outcomes are missing or those of the whole picture, whatever stands in the hidden part."""
    visible = np.ones((128, 128), bool)
    visible[:, 64:] = False
    whole = codec.transform(clip)
    half = codec.transform(clip, visible=visible)
    kept = half[0] >= 0
    assert 0 < kept.sum() < len(kept) / 2
    assert (half[:, ~kept] == -1).all()
    assert codec.locations_[kept, 1].max() < 64
    assert (half[:, kept] == whole[:, kept]).mean() > 0.99
    covered = np.where(visible[:, :, None], clip, 99)
    np.testing.assert_array_equal(codec.transform(covered, visible=visible), half)
    everything = codec.transform(clip, visible=np.ones((128, 128), bool))
    np.testing.assert_array_equal(everything, whole)


def test_beliefs_are_decoded_as_expectations(codec):
    n = len(codec.n_outcomes_)
    sharp = codec.inverse_transform(np.full((1, n), 10))
    soft = np.zeros((1, n, 17))
    soft[..., [9, 11]] = 0.5
    np.testing.assert_allclose(codec.inverse_transform(soft), sharp, atol=1e-3)
    np.testing.assert_allclose(
        codec.inverse_transform(np.full((1, n), -1)), codec.inverse_transform(np.full((1, n), 8))
    )


def test_estimator_conventions(codec, clip):
    fresh = clone(codec)
    with pytest.raises(NotFittedError):
        fresh.transform(clip)
    assert fresh.get_params() == codec.get_params()


BAD = {
    "a picture": (np.zeros((4, 4)), {}, "frames must be a numeric array"),
    "no frames": (np.zeros((0, 4, 4)), {}, "frames must be a numeric array"),
    "text": (np.full((2, 4, 4), "a"), {}, "frames must be numeric"),
    "too short": (np.ones((1, 16, 16)), {}, "at least one block of 2; found 1"),
    "NaN": (np.full((2, 16, 16), np.nan), {}, "frames must be finite"),
    "black": (np.zeros((4, 16, 16)), {}, "no modes to keep"),
    "even bins": (np.ones((4, 16, 16)), {"n_bins": 4}, "n_bins must be odd"),
    "block": (np.ones((4, 16, 16)), {"block": 0}, "block must be a whole number ≥ 1; found 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    frames, parameters, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        VideoCodec(**parameters).fit(frames)


def test_other_frames_than_in_fit_are_refused(codec, clip):
    with pytest.raises(ValueError, match=r"frames must be \(128, 128, 3\) as in fit"):
        codec.transform(clip[:, :64])
    with pytest.raises(ValueError, match=r"visible must be a boolean array \(128, 128\)"):
        codec.transform(clip, visible=np.ones((3, 3), bool))


def test_a_constant_clip_has_one_outcome():
    """Nothing changes: every block is encoded alike, and decoded as it was."""
    frames = np.full((8, 32, 32), 100.0)
    codec = VideoCodec().fit(frames)
    outcomes = codec.transform(frames)
    assert len(np.unique(outcomes, axis=0)) == 1
    assert np.abs(codec.inverse_transform(outcomes) - 100).max() < 10

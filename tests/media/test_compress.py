"""Bring your own film: files, folders, odd sizes, what comes out, and what is refused."""

import imageio.v3 as imageio
import numpy as np
import pytest

from rgm_core import infer
from rgm_core.codecs import VideoCodec
from rgm_core.media.compress import compress
from rgm_core.media.shift import infer_shifted
from rgm_core.plotting.film import encode_film

# imageio-ffmpeg leaves the pipes to ffmpeg to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def spot(n_frames, height=48, width=64):
    """A bright spot that goes round in sixteen frames, on a ramp of grey, uint8 (T, H, W, 3)."""
    rows, columns = np.indices((height, width))
    angle = 2 * np.pi * np.arange(n_frames)[:, None, None] / 16
    distance = (rows - height * (0.5 + 0.25 * np.sin(angle))) ** 2
    distance = distance + (columns - width * (0.5 + 0.25 * np.cos(angle))) ** 2
    film = 40 + columns / 2 + 160 * np.exp(-distance / 60)
    return np.repeat(film.astype(np.uint8)[..., None], 3, axis=-1)


def test_a_compressed_film_of_odd_size_is_read_and_its_rounds_recur(tmp_path):
    """What H.264 does to each round differs; rounds are one another's events all the same."""
    film = spot(64, 49, 65)
    path = tmp_path / "spot.mp4"
    path.write_bytes(encode_film(film, fps=24))
    lines = []
    found = compress(path, progress=lines.append)
    assert found.codec.frame_shape_ == (50, 66, 3)  # H.264 has even sides
    assert found.psnr > 30
    assert found.replay_psnr > found.psnr - 3.5
    np.testing.assert_array_equal(
        found.events[: len(found.events) // 4], found.events[-len(found.events) // 4 :]
    )
    assert len(found.model.D) == len(found.events) // 4
    assert found.sample.shape[1:] == (50, 66, 3)
    assert len(lines) > 2
    assert "events" in str(found)


def test_a_folder_of_grey_pictures_of_16_bits_is_a_film(tmp_path):
    film = spot(16)[..., 0].astype(np.uint16) * 257
    for t, frame in enumerate(film):
        imageio.imwrite(tmp_path / f"{t:03}.png", frame)
    found = compress(tmp_path)
    assert found.codec.white_ == 65535
    assert found.sample.max() > 40_000
    assert found.psnr > 30


def test_what_is_no_film_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        compress(tmp_path / "nothing.mp4")
    with pytest.raises(ValueError, match="at least 4 frames; found 0"):
        compress(tmp_path)
    text = tmp_path / "text.mp4"
    text.write_text("this is no film")
    with pytest.raises(ValueError, match="path must be a film"):
        compress(text)
    imageio.imwrite(tmp_path / "a.png", np.zeros((8, 8), np.uint8))
    with pytest.raises(ValueError, match="found the single picture"):
        compress(tmp_path / "a.png")
    imageio.imwrite(tmp_path / "b.png", np.zeros((8, 9), np.uint8))
    with pytest.raises(ValueError, match="frames must be of one shape and type"):
        compress(tmp_path)


@pytest.mark.parametrize(
    ("scale", "dtype", "white"),
    [(1, np.uint8, 255), (257, np.uint16, 65535), (1 / 255, float, 1), (1, float, 255)],
)
def test_full_white_goes_with_the_type(scale, dtype, white):
    film = (spot(16)[..., 0].astype(float) * scale).astype(dtype)
    codec = VideoCodec(tile=8).fit(film)
    decoded = codec.inverse_transform(codec.transform(film))
    assert codec.white_ == white
    assert np.abs(decoded - film).mean() < 0.02 * white


def test_frames_out_of_range_are_refused():
    film = spot(16)
    codec = VideoCodec(tile=8).fit(film)
    for wrong in (film.astype(np.uint16), film.astype(float) * 2, film.astype(float) - 100):
        with pytest.raises(ValueError, match="frames must lie in 0"):
            codec.transform(wrong)
    with pytest.raises(ValueError, match="colours last"):
        VideoCodec(tile=8).fit(film.transpose(0, 3, 1, 2))


def test_noise_on_pixels_is_noise_on_outcomes():
    rng = np.random.default_rng(0)
    film = spot(32)[..., 0].astype(float)
    codec = VideoCodec(tile=8, n_bins=1001).fit(film)
    noisy = (film + rng.normal(0, 10, film.shape)).clip(0, 255)
    moved = codec.transform(noisy).astype(float) - codec.transform(film)
    ratio = moved.std(axis=0) / codec.noise_in_bins(10)
    assert 0.8 < np.median(ratio) < 1.2


def test_a_shift_is_found_with_the_events(tmp_path):
    film = spot(32)
    (tmp_path / "film.gif").write_bytes(imageio.imwrite("<bytes>", film, extension=".gif", loop=0))
    found = compress(tmp_path / "film.gif")
    moved = np.roll(film, (0, 4), axis=(1, 2))
    shifts = [(0, c) for c in (-4, 0, 4)]
    shifted = infer_shifted(found.believer, found.codec, moved, shifts)
    assert shifted.shifts[shifted.probabilities.argmax()].tolist() == [0, 4]
    own = infer(found.believer, found.outcomes).states[-1][0].argmax(axis=1)
    np.testing.assert_array_equal(shifted.posterior.states[-1][0].argmax(axis=1), own)

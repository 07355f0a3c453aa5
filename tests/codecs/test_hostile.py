"""Nonsense in the place of every argument of codecs and media; and what is sense in another layout.

As tests/test_hostile.py does for the core: refused by name, of the argument or of what it holds. The same
signal in another memory layout, byte order or container has the same outcomes.
"""

import os
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from nonsense import nonsense
from sklearn.base import clone

from rgm_core import learn_structure
from rgm_core.codecs import ImageCodec, SoundCodec, VideoCodec
from rgm_core.codecs.live import LiveVoice
from rgm_core.codecs.preprocessing import equalise, preprocess, resize, smooth
from rgm_core.codecs.resampling import check_audio, mix_down, resample
from rgm_core.codecs.tiles import tile_positions
from rgm_core.codecs.wavelet import make_bank
from rgm_core.media import Accompanist, compress, infer_shifted
from rgm_core.structure import with_noise

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 8, 8)).astype(np.uint8)
FILM = RNG.integers(0, 256, (8, 16, 16, 3)).astype(np.uint8)
SOUND = np.sin(np.arange(2000) * 0.3) * 0.4 + 0.1 * RNG.normal(size=2000)
SETTINGS = {"tile": 4, "n_bins": 7, "max_modes": 8, "su": 8.0}
VOXELS = {"sample_rate": 8000, "voxel": 100, "overlap": 20, "n_frequencies": 8}
IMAGE = ImageCodec(preprocess=False).fit(IMAGES)
VIDEO = VideoCodec(tile=8).fit(FILM)
HEARS = SoundCodec(**VOXELS, n_bands=4).fit(SOUND)
MUSIC = Accompanist(sample_rate=8000, beat=0.2, n_bands=4).fit(np.tile(SOUND, 2))
FITTED = {"image": (IMAGE, IMAGES), "video": (VIDEO, FILM), "sound": (HEARS, SOUND)}
EVENTS = with_noise(learn_structure(VIDEO.transform(FILM), VIDEO.n_outcomes_, VIDEO.locations_, dt=2), 0.5)


def fitting(codec, signals):
    """A call that fits a codec, by its parameters."""
    return lambda **parameters: clone(codec).set_params(**parameters).fit(signals)


def seen(codec, **hiding):
    return {"X": FITTED[codec][1]} | hiding


CALLS = {
    "ImageCodec": (fitting(IMAGE, IMAGES), SETTINGS | {"preprocess": False, "value_range": (0.0, 255.0)}),
    "ImageCodec of digits": (
        fitting(ImageCodec(tile=8), IMAGES), {"size": 16, "grey_channels": 3, "contrast": "root"}
    ),
    "VideoCodec": (fitting(VIDEO, FILM), SETTINGS | {"tile": 8, "block": 2, "white": 255.0}),
    "SoundCodec": (
        fitting(HEARS, SOUND),
        SETTINGS | VOXELS | {"rate": 8000, "low": 40.0, "high": 4000.0, "grid": "linear", "width": 0.5},
    ),
    "SoundCodec with bands": (fitting(HEARS, SOUND), {"n_bands": 4}),
    "Accompanist": (
        fitting(MUSIC, np.tile(SOUND, 2)),
        {
            "sample_rate": 8000, "beat": 0.2, "beats_per_bar": 4, "n_bands": 4, "n_bins": 5, "tempo": 0.05,
            "leap": 0.001, "mass": 1.0, "rate": 8000,
        },
    ),
    **{
        f"{name}.{method}": (getattr(codec, method), {"X": signals})
        for name, (codec, signals) in FITTED.items()
        for method in ("fit", "transform", "variates", "shares")
    },
    **{
        f"{name}.inverse_transform": (codec.inverse_transform, {"X": codec.transform(signals)})
        for name, (codec, signals) in FITTED.items()
    },
    "image, hidden": (IMAGE.transform, seen("image", visible=np.eye(8) > 0, tolerance=0.5)),
    "video, hidden": (VIDEO.transform, seen("video", visible=np.eye(16) > 0, tolerance=0.5)),
    "sound, hidden": (HEARS.transform, seen("sound", visible=np.arange(8) > 2, sample_rate=8000)),
    "noise_in_bins": (VIDEO.noise_in_bins, {"level": 0.5}),
    "inverse_image": (HEARS.inverse_image, {"image": HEARS.image(SOUND)}),
    "decoded_image": (HEARS.decoded_image, {"X": HEARS.transform(SOUND)}),
    "LiveVoice": (LiveVoice(HEARS).play, {"outcomes": HEARS.transform(SOUND)[0, 4:]}),
    "hear": (MUSIC.hear, {"chunk": SOUND}),
    "look_ahead": (MUSIC.look_ahead, {"n_voxels": 3}),
    "infer_shifted": (
        infer_shifted, {"model": EVENTS, "codec": VIDEO, "frames": FILM, "shifts": [(0, 1)], "phase": 0}
    ),
    "resample": (resample, {"audio": SOUND, "rate": 8000, "new_rate": 4000}),
    "mix_down": (mix_down, {"audio": SOUND}),
    "check_audio": (check_audio, {"audio": SOUND}),
    "preprocess": (preprocess, {"images": IMAGES, "size": 16, "fwhm": 2.0, "value_range": (0.0, 9.0)}),
    "resize": (resize, {"images": IMAGES, "size": 16}),
    "smooth": (smooth, {"images": IMAGES, "fwhm": 2.0}),
    "equalise": (equalise, {"images": IMAGES}),
    "tile_positions": (tile_positions, {"positions": np.argwhere(np.eye(9) >= 0), "tile": 4.0}),
    "make_bank": (
        make_bank, {"n_frequencies": 8, "low": 40.0, "high": 4000.0, "rate": 8000.0, "width": 0.5}
    ),
    "compress": (compress, {"path": "nowhere", "fidelity": 20.0, "rng": 0, "progress": print}),
}  # fmt: skip
HOLDS = {"X": ("images", "frames", "audio", "outcomes", "X"), "outcomes": ("outcomes", "modalities")}
NONE_MEANS_SOMETHING = {
    "max_modes", "value_range", "voxel", "white", "beat", "sample_rate", "visible", "phase", "fidelity",
    "progress",
}  # fmt: skip


def may_be(case, name, wrong):
    """Whether a value is no nonsense there after all."""
    if wrong is None:
        return name in NONE_MEANS_SOMETHING and not (
            case in ("SoundCodec", "Accompanist") and "rate" in name
        )
    if isinstance(wrong, np.ndarray) and not wrong.size:
        makes_nothing = ("hear", "resample", "image.inverse_transform", "video.inverse_transform")
        return case in makes_nothing and wrong.dtype.kind in "iuf"  # of nothing
    if isinstance(wrong, np.ndarray) and name in ("images", "positions"):
        return wrong.dtype.kind in "iuf" and wrong.ndim > 3  # more axes in front
    if name in ("fidelity", "rng") and isinstance(wrong, int):
        return True  # few dB, a long seed
    return name == "path" and isinstance(wrong, str)


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.filterwarnings("error")
def test_nonsense_is_refused_by_name(case):
    function, good = CALLS[case]
    with suppress(FileNotFoundError):
        function(**good)
    for name, value in good.items():
        for wrong in nonsense(value):
            try:
                found = function(**(good | {name: wrong}))
            except (ValueError, TypeError) as error:
                found = error
            except FileNotFoundError as error:  # of compress, if all else is sense
                found = error
            named = any(word in str(found) for word in HOLDS.get(name, (name,)))
            refused = isinstance(found, ValueError | TypeError) and named
            assert refused or may_be(case, name, wrong), f"{name} = {wrong!r:.60} gave {found!r:.80}"


def layouts(x, folder):
    """The same values otherwise: layouts, byte orders, containers."""
    yield np.asfortranarray(x)
    yield x[::-1].copy()[::-1]
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    yield x.astype(x.dtype.newbyteorder(">"))
    yield np.ma.masked_array(x)
    yield list(x)
    mapped = np.memmap(folder / "x", x.dtype, "w+", shape=x.shape)
    mapped[...] = x
    yield mapped


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("name", FITTED)
def test_layouts_and_containers_make_no_difference(name, dtype, tmp_path):
    """Of big-endian pictures of 16 bits the range was guessed, and masks were dropped."""
    codec, signals = FITTED[name]
    if name == "sound":
        signals = (32000 * SOUND).astype("i2") if dtype[0] == "u" else SOUND.astype(dtype)
    else:
        signals = signals.astype(dtype)
    expected = clone(codec).fit(signals)
    outcomes = expected.transform(signals)
    for other in layouts(signals, tmp_path):
        fitted = clone(codec).fit(other)
        np.testing.assert_array_equal(fitted.transform(other), outcomes)
        for attribute in ("value_range_", "white_", "gain_"):
            assert getattr(fitted, attribute, None) == getattr(expected, attribute, None)
    for other in layouts(outcomes, tmp_path):
        decoded = expected.inverse_transform(other)
        np.testing.assert_array_equal(decoded, expected.inverse_transform(outcomes))


@pytest.mark.parametrize("name", FITTED)
def test_what_a_mask_hides_is_not_known(name):
    """Signals behind a mask are refused, with and without ``visible``; outcomes behind one are missing."""
    codec, signals = FITTED[name]
    hidden = np.ma.masked_array(signals, mask=np.zeros(signals.shape, bool))
    hidden[0] = np.ma.masked
    visible = np.ones(codec.place_shape_, bool)
    for call in (codec.fit, codec.transform, lambda x: codec.transform(x, visible=visible)):
        with pytest.raises(ValueError, match="must not be masked"):
            call(hidden)
    outcomes = codec.transform(signals)
    known = np.ma.masked_array(outcomes, mask=RNG.random(outcomes.shape) < 0.3)
    decoded = codec.inverse_transform(known)
    np.testing.assert_array_equal(decoded, codec.inverse_transform(known.filled(-1)))


@pytest.mark.parametrize("name", FITTED)
def test_a_fit_that_fails_leaves_a_codec_as_it_was(name):
    codec, signals = FITTED[name]
    before = dict(vars(codec))
    for wrong in (signals * 0, np.full(signals.shape, np.nan), np.full((9, 9, 9, 9, 9), "x")):
        with pytest.raises(ValueError):
            codec.fit(wrong)
    assert vars(codec) == before


def test_one_picture_in_colour_is_no_film():
    with pytest.raises(ValueError, match=r"one colour frame is \(1, 32, 32, 3\)"):
        VideoCodec(tile=4).fit(np.ones((32, 32, 3)))


# --- whatever numbers there are

FEW = settings() if settings.default.max_examples > 100 else settings(max_examples=25)
numbers = st.one_of(
    st.floats(width=32), st.sampled_from([0.0, 1e-310, 1e-160, 1.0, 255.0, 1e14, 1e200, np.nan, np.inf])
)


def signals_of(shape):
    return st.one_of(
        hnp.arrays("f8", shape, elements=numbers, fill=st.sampled_from([0.0, 0.5, 1e-200])),
        hnp.arrays(st.sampled_from(["u1", "i2", ">u2", "i8", "u8", "?", "f2"]), shape),
    )


def check_whole(codec, signals):
    """A codec that is fitted has outcomes in range, and decodes all of them to finite signals."""
    with suppress(ValueError):
        fitted = clone(codec).fit(signals)
        outcomes = fitted.transform(signals)
        assert (outcomes >= 0).all()
        assert (outcomes < fitted.n_outcomes_).all()
        assert np.isfinite(fitted.inverse_transform(outcomes)).all()
        assert np.isfinite(fitted.inverse_transform(fitted.shares(signals))).all()
        assert np.isfinite(fitted.bin_centres_).all()


@FEW
@given(
    images=signals_of((3, 6, 6)),
    film=signals_of((4, 6, 6)),
    settings=st.sampled_from([{}, {"contrast": "root"}, {"preprocess": False}]),
)
@pytest.mark.filterwarnings("error")
def test_any_pixels(images, film, settings):
    check_whole(ImageCodec(tile=3, size=6, **settings), images)
    check_whole(VideoCodec(tile=3, n_bins=5), film)


@FEW
@given(sound=signals_of((600,)))
@pytest.mark.filterwarnings("error")
def test_any_samples(sound):
    check_whole(SoundCodec(sample_rate=8000, voxel=50, overlap=10, n_frequencies=4), sound)


def test_a_film_is_compressed_from_its_folder(tmp_path):
    """The call of `compress` above is a good one: with something at its path it works."""
    imageio = pytest.importorskip("imageio.v3")
    for number, frame in enumerate(np.repeat(RNG.integers(0, 256, (4, 32, 32, 3)), 2, axis=0)):
        imageio.imwrite(os.fspath(tmp_path / f"{number}.png"), frame.astype(np.uint8))
    assert len(compress(tmp_path, fidelity=20.0, rng=0, progress=lambda line: None).events)

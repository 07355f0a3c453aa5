"""Tests of the codec of images: against the reference, and as a scikit-learn transformer."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from rgm_core.codecs import ImageCodec
from rgm_core.codecs.modes import project
from rgm_core.codecs.preprocessing import preprocess, smooth

ORACLES = Path(__file__).parents[1] / "oracles"
PIXELS = np.load(ORACLES / "codec_pixels.npz")
DIGITS = dict(np.load(ORACLES / "codec_digits.npz"))
EQUALISED = 255 * np.exp(-((PIXELS["rank"] - 1024.0) ** 2) / (24 * 1024))


def as_colour(images):
    """Return grey images (..., H, W) as three identical colours (..., H, W, 3)."""
    return np.repeat(images[..., None], 3, axis=-1)


@pytest.fixture(scope="module")
def reference():
    """The reference's settings and images: ten digits as three identical colours."""
    return ImageCodec(tile=8, preprocess=False).fit(as_colour(EQUALISED[:10]))


@pytest.fixture(scope="module")
def signs(reference):
    """Sign of the reference's mode relative to ours, per modality."""
    found = []
    for ours, (members, theirs) in zip(reference.basis_.modes, reference_modes(), strict=True):
        theirs = theirs[members.argsort()]  # the reference goes down the columns, we along the rows
        found.append(np.sign((ours[0] * theirs).sum(axis=0)))
        # All three colours have the reference's modes, stored in single precision.
        np.testing.assert_allclose(ours * found[-1], [theirs] * 3, atol=1e-7)
    return np.concatenate(found)


def reference_modes():
    """Yield the members (m,) of each tile of the reference, and its modes (m, k) in one colour."""
    start = 0
    counts = np.bincount(PIXELS["tile_of"])
    parts = np.split(PIXELS["members"], np.cumsum(PIXELS["sizes"])[:-1])
    for members, n_modes in zip(parts, counts, strict=True):
        stop = start + len(members) * n_modes
        yield members, PIXELS["modes"][start:stop].reshape(len(members), n_modes)
        start = stop


def aligned(outcomes, signs, n_bins=7):
    """Flip the outcomes of flipped modes."""
    return np.where(signs < 0, n_bins - 1 - outcomes, outcomes)


def test_tiles_and_locations_equal_the_reference(reference):
    for ours, (theirs, _) in zip(reference.basis_.tiling.members, reference_modes(), strict=True):
        np.testing.assert_array_equal(ours, np.sort(theirs))
    np.testing.assert_array_equal(reference.tile_of_, PIXELS["tile_of"])
    np.testing.assert_allclose(reference.locations_, PIXELS["locations"], atol=1e-12)
    np.testing.assert_array_equal(reference.n_outcomes_, np.full(90, 7))


def test_variates_bins_and_outcomes_equal_the_reference(reference, signs):
    images = as_colour(EQUALISED[:10])
    variates = project(reference.basis_, np.moveaxis(images, 3, 1).reshape(10, 3, -1)) * signs
    np.testing.assert_allclose(variates, PIXELS["variates"], atol=1e-8)
    np.testing.assert_allclose(reference.bin_centres_, PIXELS["bin_centres"], atol=1e-8)
    outcomes = reference.transform(images)
    np.testing.assert_array_equal(aligned(outcomes, signs), PIXELS["outcomes"])


def test_new_images_in_the_fixed_basis_equal_the_reference(reference, signs):
    outcomes = reference.transform(as_colour(EQUALISED[10:]))
    np.testing.assert_array_equal(aligned(outcomes, signs), PIXELS["new_outcomes"])


@pytest.mark.parametrize("prefix", ["", "new_"])
def test_decoded_images_equal_the_reference(reference, signs, prefix):
    # The reference stores 8-bit integers, so ours may differ by the rounding.
    images = reference.inverse_transform(aligned(PIXELS[f"{prefix}outcomes"], signs))
    expected = as_colour(PIXELS[f"{prefix}decoded"])
    np.testing.assert_allclose(images, expected, atol=0.5 + 1e-6)


def test_decoded_probabilities_equal_the_reference(reference, signs):
    soft = 0.75 * np.eye(7)[aligned(PIXELS["outcomes"][:1], signs)] + 0.25 / 7
    image = reference.inverse_transform(soft)[0]
    np.testing.assert_allclose(image, as_colour(PIXELS["soft_decoded"]), atol=0.5 + 1e-6)


def test_grey_raw_images_give_the_outcomes_of_the_reference(signs):
    # From pixels to outcomes in one go; a grey image counts for three identical colours.
    codec = ImageCodec(tile=8).fit(PIXELS["raw"][:10])
    np.testing.assert_array_equal(
        aligned(codec.transform(PIXELS["raw"]), signs),
        np.concatenate([PIXELS["outcomes"], PIXELS["new_outcomes"]]),
    )


@pytest.fixture(scope="module")
def digits():
    """The default codec, fitted to the 1,500 digits that the reference was fitted to."""
    return ImageCodec().fit(DIGITS["images"])


def test_published_settings_give_the_outcomes_of_the_reference(digits):
    images = DIGITS["images"]
    names = ("exemplar_outcomes", "first_outcomes", "test_outcomes")
    expected = np.concatenate([DIGITS[name] for name in names])
    rows = np.concatenate([DIGITS["exemplars"], np.arange(20), np.arange(500, 505)])
    outcomes = digits.transform(images[rows])
    flipped = (6 - outcomes == expected).mean(axis=0) > (outcomes == expected).mean(axis=0)
    # Pixels that are equal but for rounding are ranked otherwise, which a few weak modes show.
    differing = aligned(outcomes, np.where(flipped, -1, 1)) != expected
    assert outcomes.shape == (155, 1024)
    assert differing.sum() <= 15  # of 158,720
    np.testing.assert_allclose(digits.locations_, DIGITS["locations"], atol=1e-12)


def test_published_settings_keep_sixteen_modes_in_every_tile(digits):
    np.testing.assert_array_equal(np.bincount(digits.tile_of_), np.full(64, 16))
    grey_as_one = clone(digits).set_params(grey_channels=1).fit(DIGITS["images"][:1000])
    assert len(grey_as_one.tile_of_) < 1024


def test_decoded_digits_resemble_the_preprocessed_ones(digits):
    images = DIGITS["images"][:100]
    decoded = digits.inverse_transform(digits.transform(images))
    assert decoded.shape == (100, 32, 32)
    assert decoded.min() >= 0
    assert decoded.max() <= 255
    correlation = np.corrcoef(decoded.ravel(), preprocess(images).ravel())[0, 1]
    assert correlation > 0.986  # measured with the reference; ours is 0.990


def test_two_fits_give_identical_outcomes(digits):
    again = clone(digits).fit(DIGITS["images"])
    np.testing.assert_array_equal(
        again.transform(DIGITS["images"][:300]), digits.transform(DIGITS["images"][:300])
    )


def test_outcomes_do_not_depend_on_the_batch(digits):
    images = DIGITS["images"][:600]  # more than one block
    together = digits.transform(images)
    np.testing.assert_array_equal(together[590:592], digits.transform(images[590:592]))
    assert together.dtype == np.int8


def test_scale_and_type_of_pixels_do_not_matter(digits):
    images = DIGITS["images"][:50]
    scaled = digits.transform(images / 255)
    assert (scaled != digits.transform(images)).mean() < 1e-4


SMALL = PIXELS["raw"]


def test_flattened_images_are_images():
    codec = ImageCodec(tile=8).fit(SMALL)
    flat = ImageCodec(tile=8).fit(SMALL.reshape(14, -1))
    np.testing.assert_array_equal(flat.transform(SMALL), codec.transform(SMALL.reshape(14, -1)))
    assert flat.n_features_in_ == codec.n_features_in_ == 784
    assert flat.inverse_transform(flat.transform(SMALL)).shape == (14, 32, 32)


def test_colours_keep_their_place():
    # The channels of a colour image go in and come out last, each with its own content.
    images = np.random.default_rng(0).uniform(0, 255, (30, 6, 9, 3))
    images[..., 1] = 0
    codec = ImageCodec(tile=3, preprocess=False, max_modes=None, su=np.inf, n_bins=10001)
    found = codec.fit(images).inverse_transform(codec.transform(images))
    np.testing.assert_allclose(found, images, atol=3)  # the radius cuts off 1 %
    np.testing.assert_array_equal(found[..., 1], 0)


def test_transformer_conventions():
    settings = {"tile": 8, "n_bins": 5, "max_modes": 3, "su": 4, "size": 20, "preprocess": True}
    codec = ImageCodec(**settings, grey_channels=1)
    assert codec.get_params() == settings | {"grey_channels": 1, "value_range": None, "contrast": "rank"}
    assert clone(codec).get_params() == codec.get_params()
    assert codec.fit(SMALL) is codec
    np.testing.assert_array_equal(codec.fit_transform(SMALL), codec.transform(SMALL))
    pipeline = make_pipeline(FunctionTransformer(), ImageCodec(**settings, grey_channels=1))
    np.testing.assert_array_equal(pipeline.fit_transform(SMALL), codec.transform(SMALL))


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_unfitted_codec_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(ImageCodec(), method)(SMALL)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((3, 28)), "flattened must be square; found 28 pixels"),
        (np.zeros(784), r"images must have shape .* found \(784,\)"),
        (np.zeros((0, 28, 28)), r"images must have shape .* found \(0, 28, 28\)"),
        (np.array([["a"]]), "images must be numeric; found an array of <U1"),
        (np.where(np.arange(3)[:, None, None] == 1, np.nan, np.ones((3, 4, 4))), r"at index \[1, 0, 0\]"),
    ],
)
def test_bad_images_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        ImageCodec().fit(images)


@pytest.mark.parametrize("shape", [(2, 27, 27), (2, 28, 28, 3), (2, 783)])
def test_images_of_another_shape_than_in_fit_are_refused(shape):
    codec = ImageCodec(tile=8).fit(SMALL)
    with pytest.raises(ValueError, match=r"shape \(n, 28, 28\) as in fit; found \(2, "):
        codec.transform(np.ones(shape))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_bins", 8),
        ("tile", 0),
        ("tile", 70),
        ("tile", "4"),
        ("max_modes", 0),
        ("su", -1),
        ("size", 0),
        ("size", 4096),
        ("size", 32.0),
        ("preprocess", "no"),
        ("contrast", "none"),
        ("grey_channels", 0),
    ],
)
def test_bad_parameters_are_named_in_fit(parameter, value):
    codec = ImageCodec(**{parameter: value})  # the constructor stores, fit checks
    with pytest.raises(ValueError, match=parameter):
        codec.fit(SMALL)


def test_a_failed_fit_leaves_the_codec_unfitted():
    codec = ImageCodec(tile=3, preprocess=False)
    with pytest.raises(ValueError, match="zero everywhere"):
        codec.fit(np.zeros((5, 9, 9)))
    with pytest.raises(NotFittedError):
        codec.transform(np.ones((5, 9, 9)))


def test_constant_images_are_encoded_as_a_ramp():
    # Equalisation has no order of brightness to go by, so position decides; nothing is raised.
    codec = ImageCodec(tile=8).fit(SMALL)
    blank = codec.transform(np.zeros((1, 28, 28)))
    np.testing.assert_array_equal(blank, codec.transform(np.full((1, 28, 28), 9)))


def test_brightness_is_kept_by_its_roots():
    """A quarter of the brightness: the same outcomes of ranks, half the variates of roots."""
    ranked, kept = (ImageCodec(tile=8, contrast=contrast).fit(SMALL) for contrast in ("rank", "root"))
    np.testing.assert_array_equal(ranked.transform(SMALL / 4), ranked.transform(SMALL))
    np.testing.assert_allclose(kept.variates(SMALL / 4), kept.variates(SMALL) / 2, atol=1e-9)
    assert kept.value_range_ == (0, 255)


def test_pictures_of_roots_are_decoded_with_their_values():
    settings = {"tile": 4, "n_bins": 1001, "max_modes": None, "su": np.inf, "size": 28}
    codec = ImageCodec(contrast="root", **settings).fit(SMALL)
    smoothed = smooth(SMALL).clip(0, 255)
    decoded = codec.inverse_transform(codec.transform(SMALL))
    np.testing.assert_allclose(decoded, smoothed, atol=6)  # the radius cuts off 1 %
    blank = codec.inverse_transform(codec.transform(np.zeros((1, 28, 28))))
    np.testing.assert_allclose(blank, 0, atol=1e-9)
    with pytest.raises(ValueError, match="pixels of about"):
        codec.transform(SMALL * 1000.0)

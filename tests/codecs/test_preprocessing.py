"""Tests of the preprocessing of digits: against the reference, and by its invariants."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.codecs.preprocessing import (
    equalise,
    preprocess,
    resize,
    resize_matrix,
    smooth,
    smoothing_matrix,
)

ORACLE = np.load(Path(__file__).parents[1] / "oracles" / "codec_pixels.npz")


def levels(rank):
    """Return the grey level of a rank counted from 1, among 1024 pixels."""
    return 255 * np.exp(-((rank - 1024.0) ** 2) / (24 * 1024))


def test_resizing_and_smoothing_equal_the_reference():
    resized = resize(ORACLE["raw"][:3] / 255, 32)
    np.testing.assert_allclose(resized, ORACLE["resized"], atol=1e-14)
    np.testing.assert_allclose(smooth(resized), ORACLE["smoothed"], atol=1e-14)


def test_preprocessing_equals_the_reference():
    ours = preprocess(ORACLE["raw"])
    reference = levels(ORACLE["rank"])
    # The reference breaks ties by rounding errors: a pair of dark pixels is swapped, to no effect.
    np.testing.assert_allclose(ours, reference, atol=1e-5)
    assert (np.abs(ours - reference) > 1e-10).sum() <= 4


def test_preprocessing_is_the_three_steps():
    steps = equalise(smooth(resize(ORACLE["raw"], 32)))
    assert (np.abs(preprocess(ORACLE["raw"]) - steps) > 1e-3).mean() < 1e-3


@given(n_from=st.integers(1, 40), n_to=st.integers(1, 40))
def test_matrices_keep_a_constant_row(n_from, n_to):
    np.testing.assert_allclose(resize_matrix(n_from, n_to).sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(smoothing_matrix(n_to).sum(axis=1), 1, atol=1e-12)


def test_resizing_to_the_same_size_changes_nothing():
    np.testing.assert_allclose(resize_matrix(9, 9), np.eye(9), atol=1e-15)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), shape=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_equalised_levels_follow_the_order_of_pixels(seed, shape):
    images = np.random.default_rng(seed).normal(size=(3, *shape))
    flat, n = equalise(images).reshape(3, -1), images[0].size
    expected = 255 * np.exp(-((np.arange(1, n + 1) - n) ** 2) / (24 * n))
    order = images.reshape(3, -1).argsort(axis=1)
    np.testing.assert_allclose(np.take_along_axis(flat, order, axis=1), [expected] * 3)


def test_ties_are_ranked_down_the_columns_whatever_the_rounding():
    image = np.array([[0.0, -1.0], [-0.0, -1.0 - 1e-15]])
    bright = 255 * np.exp(-((np.array([[3, 1], [4, 2]]) - 4) ** 2) / 96)
    np.testing.assert_allclose(equalise(image), bright)


def test_a_constant_image_becomes_a_ramp_from_left_to_right():
    ramp = preprocess(np.full((28, 28), 17))
    assert (np.diff(ramp, axis=1) > 0).all()
    assert (np.diff(ramp, axis=0) > 0).all()


@pytest.mark.parametrize("step", [equalise, smooth, preprocess, lambda images: resize(images, 4)])
@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros(3), r"images must have shape .* found \(3,\)"),
        (np.zeros((0, 3, 3)), r"images must have shape .* found \(0, 3, 3\)"),
        (np.array([[1.0, np.inf]]), "images must be finite"),
        (np.array([["a", "b"]]), "images must be numeric"),
    ],
)
def test_bad_images_are_named(step, images, message):
    with pytest.raises(ValueError, match=message):
        step(images)


def test_images_with_more_pixels_than_the_keys_can_count_are_refused():
    with pytest.raises(ValueError, match="at most 1048576 pixels; found 1049600"):
        equalise(np.zeros((1025, 1024), np.uint8))

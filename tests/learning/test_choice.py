"""Which codec suits: brightness is kept where it tells of the class; elsewhere the order of pixels does."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from rgm_core import RGMClassifier
from rgm_core.codecs import ImageCodec
from rgm_core.datasets import load_mnist
from rgm_core.learning.choice import PRECISIONS, choose_codec, class_evidence, encode, fifths

RANK, ROOT = ImageCodec(), ImageCodec(contrast="root")


def bright_and_dark(n):
    """The same noise, at full brightness or at a tenth of it: two classes that ranks cannot tell apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    return rng.random((n, 12, 12)) * np.where(labels, 255, 25)[:, None, None], labels


def test_digits_are_told_by_the_order_of_their_pixels():
    images, labels = load_mnist("train", n=300)
    assert choose_codec((RANK, ROOT), images.astype(np.float32), labels) is RANK


def test_brightness_is_chosen_where_it_tells_the_class():
    images, labels = bright_and_dark(60)
    assert choose_codec((RANK, ROOT), images, labels) is ROOT
    classifier = RGMClassifier(rule="counts", max_states=(8, 8, 8), pose=0).fit(images[:40], labels[:40])
    assert not classifier.codec_.preprocess, "tiny pictures stay as they come, which keeps brightness"
    assert classifier.score(images[40:], labels[40:]) == 1
    ranked = classifier.set_params(codec=RANK).fit(images[:40], labels[:40])
    assert ranked.score(images[40:], labels[40:]) < 0.9, "chance is 0.5"


def test_very_small_pictures_are_told_by_their_pixels_as_they_come():
    """With ranks, which smooth and equalise, they were classified worse than by the nearest neighbour."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    learned, asked = slice(1000), slice(1000, 1297)
    classifier = RGMClassifier().fit(images[learned], labels[learned])
    assert not classifier.codec_.preprocess
    nearest = KNeighborsClassifier(1).fit(images[learned].reshape(1000, -1), labels[learned])
    found = nearest.score(images[asked].reshape(297, -1), labels[asked])
    assert classifier.score(images[asked], labels[asked]) >= found


def test_the_first_codec_stays_where_nothing_tells():
    images, labels = bright_and_dark(60)
    shuffled = np.random.default_rng(1).permutation(labels)
    assert choose_codec((RANK, ROOT), images, shuffled) is RANK
    assert choose_codec((ROOT, RANK), images, shuffled) is ROOT
    assert choose_codec((RANK, ROOT), np.full((6, 9, 9), 3.0), np.arange(6) % 2) is RANK
    assert choose_codec((RANK, ROOT), images[:2], np.arange(2)) is RANK, "one image a class: none is asked"


def test_the_evidence_is_that_of_naive_bayes_that_has_not_seen_the_image():
    """By a loop over images, classes and modalities."""
    rng = np.random.default_rng(2)
    shares, labels = rng.dirichlet(np.ones(3), (12, 4)), rng.integers(0, 2, 12)
    fifth, told = fifths(labels), np.zeros((len(PRECISIONS), 12))
    for i in range(12):
        log_p = np.empty((len(PRECISIONS), 2))
        for c in range(2):
            others = shares[(fifth != fifth[i]) & (labels == c)]
            A = others.sum(axis=0) + 0.5 / 3
            log = np.sum(shares[i] * np.log(A / A.sum(axis=1, keepdims=True)))
            log_p[:, c] = PRECISIONS * log + np.log(len(others))
        told[:, i] = (log_p - np.logaddexp.reduce(log_p, axis=1)[:, None])[:, labels[i]]
    best = told[told.sum(axis=1).argmax()]
    np.testing.assert_allclose(class_evidence(shares, labels), best, rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_of_any_type_have_outcomes_in_single_or_double_precision(dtype):
    images = (bright_and_dark(10)[0]).astype(dtype)
    expected = np.float64 if dtype == np.float64 else np.float32
    assert encode(ImageCodec().fit(images.astype(expected)), images).dtype == expected

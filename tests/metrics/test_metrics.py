"""Selective accuracy: what the confidence of a model is worth."""

import numpy as np
import pytest

from rgm_core.metrics.pictures import (
    frames_to_reach,
    psnr,
    selective_accuracy,
    success_rate,
    upper_half_accuracy,
)

CORRECT = np.array([True, False, True, True])


def test_selective_accuracy_counts_from_the_most_confident():
    found = selective_accuracy(CORRECT, [0.1, 0.4, 0.9, 0.3])
    np.testing.assert_allclose(found, [1, 1 / 2, 2 / 3, 3 / 4])


def test_equal_confidence_keeps_the_order_of_the_images():
    np.testing.assert_allclose(selective_accuracy(CORRECT, np.zeros(4)), [1, 1 / 2, 2 / 3, 3 / 4])


def test_the_upper_half_is_half_of_the_images_rounded_down():
    assert upper_half_accuracy(CORRECT, [0.1, 0.4, 0.9, 0.3]) == 0.5
    assert upper_half_accuracy(CORRECT[:3], [3, 2, 1]) == 1
    assert upper_half_accuracy([True], [0.0]) == 1


@pytest.mark.parametrize(
    ("correct", "confidence", "message"),
    [
        ([], [], "correct must"),
        ([True], [0.1, 0.2], "confidence must be 1 numbers"),
        ([True, False], [0.1, np.nan], "NaN"),
    ],
)
def test_bad_input_is_named(correct, confidence, message):
    with pytest.raises(ValueError, match=message):
        selective_accuracy(correct, confidence)


def test_psnr_of_a_known_error():
    assert psnr(np.zeros(4), np.full(4, 25.5)) == pytest.approx(20)
    assert psnr(np.ones(4), np.ones(4)) == np.inf


def test_success_rate_by_hand():
    """Attempts end in frames 1, 2, 4 and 5; two successes in a row at the end."""
    successes = np.array([0, 1, 0, 0, 1, 1], bool)
    failures = np.array([0, 0, 1, 0, 0, 0], bool)
    frames, rate = success_rate(successes, failures, window=2)
    np.testing.assert_array_equal(frames, [3, 5, 6])
    np.testing.assert_allclose(rate, [0.5, 0.5, 1.0])
    assert frames_to_reach(0.9, successes, failures, window=2) == 6
    assert frames_to_reach(0.9, failures, successes, window=2) == np.inf
    with pytest.raises(ValueError, match="window must be a whole number in 1 … 4, the number of attempts"):
        success_rate(successes, failures, window=5)

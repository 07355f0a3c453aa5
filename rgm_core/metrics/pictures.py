"""How good are predictions and reconstructions, and does the model know when they are not?"""

from __future__ import annotations

import numpy as np

from rgm_core.model.checks import as_any_array, as_array, as_number, as_whole


def selective_accuracy(correct: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Accuracy on the most confident images, for every number of images kept.

    Parameters
    ----------
    correct : (n,) bool
        Whether each image is classified correctly.
    confidence : (n,) float
        What images are ranked by, the largest first; of equal ones the first come first.

    Returns
    -------
    (n,) float
        Accuracy on the 1, 2, … n most confident images.

    Raises
    ------
    ValueError
        If the arguments differ in shape, are empty or hold NaN.
    """
    correct = as_array(correct, "correct", bool, (None,), "one for each image")
    if not len(correct):
        raise ValueError("correct and confidence must not be empty")
    found = as_any_array(confidence, "confidence")  # infinite ones can be ranked
    ranks = found.dtype.kind in "iuf" and found.shape == correct.shape and not np.ma.is_masked(confidence)
    if not ranks or np.isnan(found).any():
        raise ValueError(
            f"confidence must be {len(correct)} numbers, one for each image, none of them NaN; "
            f"found shape {found.shape}, dtype {found.dtype}"
        )
    confidence = found.astype(float)
    ranked = correct[np.argsort(-confidence, kind="stable")]
    return ranked.cumsum() / np.arange(1, len(ranked) + 1)


def upper_half_accuracy(correct: np.ndarray, confidence: np.ndarray) -> float:
    """Accuracy on the half of the images that the model is more confident about (article figure 9).

    Parameters are those of :func:`selective_accuracy`.
    """
    return float(selective_accuracy(correct, confidence)[max(len(correct) // 2, 1) - 1])


def psnr(original: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, for grey levels 0 to 255; infinite if they are equal.

    Parameters
    ----------
    original, other : two pictures, or films, of one shape.

    Raises
    ------
    ValueError
        If they differ in shape, are empty, or are not finite.
    """
    original = as_array(original, "original", float, None, "grey levels")
    other = as_array(other, "other", float, None, "grey levels")
    if original.shape != other.shape or not original.size:
        raise ValueError(
            f"original and other must have one shape, not empty; found {original.shape} and {other.shape}"
        )
    error = np.mean((original - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error > 0 else float("inf")


def success_rate(
    successes: np.ndarray, failures: np.ndarray, window: int = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Share of successes among the last attempts, as experience grows.

    Parameters
    ----------
    successes, failures : (T,) bool
        Frames in which an attempt, such as to meet the ball, succeeded or failed.
    window : int
        Number of attempts that are averaged.

    Returns
    -------
    frames : (n,) int
        Frames of experience when each attempt from the ``window``-th on was over.
    rate : (n,) float
        Share of successes among this attempt and the ``window - 1`` before.

    Raises
    ------
    ValueError
        If there are fewer attempts than ``window``.
    """
    successes = as_array(successes, "successes", bool, (None,), "one for each frame")
    failures = as_array(failures, "failures", bool, successes.shape, "as many as successes")
    frames = np.flatnonzero(successes | failures)
    window = as_whole(window, "window", 1, len(frames), meaning="the number of attempts")
    total = np.concatenate([[0], np.cumsum(np.asarray(successes, int)[frames])])
    return frames[window - 1 :] + 1, (total[window:] - total[:-window]) / window


def frames_to_reach(rate: float, successes: np.ndarray, failures: np.ndarray, window: int = 20) -> float:
    """Frames of experience until a success rate is reached for the first time; infinite if it never is.

    Parameters are those of :func:`success_rate`.
    """
    rate = as_number(rate, "rate", "in 0 … 1", low=0, high=1)
    frames, rates = success_rate(successes, failures, window)
    reached = np.flatnonzero(rates >= rate)
    return float(frames[reached[0]]) if reached.size else float("inf")

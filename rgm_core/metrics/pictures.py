"""How good are predictions and reconstructions, and does the model know when they are not?"""

from __future__ import annotations

from numbers import Integral

import numpy as np


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
    correct, confidence = np.asarray(correct, bool), np.asarray(confidence, float)
    if correct.ndim != 1 or correct.shape != confidence.shape or not len(correct):
        raise ValueError(
            "correct and confidence must be two arrays (n,) of one length; "
            f"found shapes {correct.shape} and {confidence.shape}"
        )
    if np.isnan(confidence).any():
        raise ValueError("confidence must not hold NaN")
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
    original, other = np.asarray(original, float), np.asarray(other, float)
    if original.shape != other.shape or not original.size:
        raise ValueError(
            f"original and other must have one shape, not empty; found {original.shape} and {other.shape}"
        )
    if not (np.isfinite(original).all() and np.isfinite(other).all()):
        raise ValueError("original and other must be finite; found NaN or infinity")
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
    successes, failures = np.asarray(successes), np.asarray(failures)
    for name, flags in (("successes", successes), ("failures", failures)):
        if flags.dtype != bool or flags.ndim != 1 or flags.shape != successes.shape:
            raise ValueError(
                f"{name} must be booleans (T,), as many as successes; "
                f"found shape {flags.shape}, dtype {flags.dtype}"
            )
    frames = np.flatnonzero(successes | failures)
    if not isinstance(window, Integral) or not 1 <= window <= len(frames):
        raise ValueError(f"window must lie in 1 … {len(frames)}, the number of attempts; found {window}")
    total = np.concatenate([[0], np.cumsum(np.asarray(successes, int)[frames])])
    return frames[window - 1 :] + 1, (total[window:] - total[:-window]) / window


def frames_to_reach(rate: float, successes: np.ndarray, failures: np.ndarray, window: int = 20) -> float:
    """Frames of experience until a success rate is reached for the first time; infinite if it never is.

    Parameters are those of :func:`success_rate`.
    """
    frames, rates = success_rate(successes, failures, window)
    reached = np.flatnonzero(rates >= rate)
    return float(frames[reached[0]]) if reached.size else float("inf")

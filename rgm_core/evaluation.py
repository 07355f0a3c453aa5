"""How good are predictions and reconstructions, and does the model know when they are not?"""

from __future__ import annotations

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
    """Peak signal-to-noise ratio in dB, for grey levels 0 to 255; infinite if they are equal."""
    error = np.mean((np.asarray(original, float) - np.asarray(other, float)) ** 2)
    return float(10 * np.log10(255**2 / error)) if error > 0 else float("inf")

"""How precise is the evidence of level 1? Learned from the classes of images that were not counted yet.

Overlapping tiles say the same thing several times. Taken as independent observations they make beliefs
overconfident, and nothing uncertain travels up. The precision γ that multiplies their log evidence
(equation 4.11) is the one that is most probable after the model was asked for the classes of images it
has not seen. Before, ln γ is normal about ln 0.2.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import log_softmax, logsumexp

from rgm_core.learning.counts import read_top
from rgm_core.model.rgm import RGM

#: Precisions to choose from, equally spaced in their logarithm.
PRECISIONS = tuple(np.geomspace(0.05, 0.8, 9).round(3).tolist())
EXPECTED = 0.2  # precision, before anything is known
SPREAD = 0.2  # standard deviation of its logarithm
POSE_PRECISION = 0.2  # of the evidence for a pose


def with_precision(model: RGM, precision: float) -> RGM:
    """The same model with another precision of the evidence of level 1."""
    first, *above = model.levels
    return replace(model, levels=(replace(first, precision=precision), *above))


def choose_precision(scores: np.ndarray) -> float:
    """The most probable precision, given the class evidence under each, (n_precisions,) nats."""
    surprise = np.square(np.log(np.divide(PRECISIONS, EXPECTED)) / SPREAD) / 2
    return PRECISIONS[int(np.argmax(scores - surprise))]


def mix_poses(joint: np.ndarray) -> np.ndarray:
    """ln p(class), a mixture over poses (equation 4.13), from ln p(outcomes at a pose, class).

    Parameters
    ----------
    joint : (..., n_poses, n, K) float
        In nats.

    Returns
    -------
    (..., n, K) float
    """
    evidence = logsumexp(joint, axis=-1, keepdims=True)
    return logsumexp(log_softmax(POSE_PRECISION * evidence, axis=-3) + joint - evidence, axis=-3)


def class_evidence(
    model: RGM, outcomes: np.ndarray, labels: np.ndarray, precisions: tuple[float, ...] = PRECISIONS
) -> np.ndarray:
    """ln p(label | outcomes), summed over samples, under each of several precisions of level 1.

    Parameters
    ----------
    model : RGM
    outcomes : as in :func:`rgm_core.learning.as_shares`
        Of samples that the model has not learned from; else it favours high precisions. At one pose, or
        pose by pose at several: ``n_poses`` times as many as labels.
    labels : (n,) int
        Top state of each sample.
    precisions : values to compare.

    Returns
    -------
    (n_precisions,) float
        In nats.
    """
    joint = read_top(model, outcomes, precisions=precisions)
    log_p = mix_poses(joint.reshape(len(precisions), -1, len(labels), joint.shape[-1]))
    return log_p[:, np.arange(len(labels)), labels].sum(axis=1)

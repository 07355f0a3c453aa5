"""Which codec suits the images? The one whose outcomes tell most about the classes of other images.

Every fifth of the images in turn is asked for its classes by naive Bayes (one state a class) that has
counted the other four, at the precision that suits the codec best. What a codec throws away cannot be
learned by any model; and this one needs no search. The first codec stays unless another is clearly better.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from scipy.special import log_softmax
from sklearn.base import clone

from rgm_core.model.logs import safe_log

N_ASKED = 1000  # images that decide: the first
PRECISIONS = np.geomspace(0.005, 1, 12)  # of the sum over all modalities, which repeat each other
MASS = 0.5  # prior counts of a column
CLEAR = 2.0  # standard errors by which another codec must be better


class Encoder(Protocol):
    """What is asked of a fitted codec; its ``shares`` are used too, if it has any."""

    n_outcomes_: np.ndarray
    locations_: np.ndarray

    def transform(self, X, /) -> np.ndarray: ...


def encode(codec: Encoder, images: np.ndarray) -> np.ndarray:
    """Outcomes of images: shares (n, G, O) if the codec has them (equation 4.12), else integers."""
    dtype = np.float64 if images.dtype == np.float64 else np.float32
    images = np.ascontiguousarray(images, dtype=dtype)
    return getattr(codec, "shares", codec.transform)(images)


def choose_codec(codecs: Sequence, images: np.ndarray, labels: np.ndarray):
    """The codec, not fitted yet, that tells most about the classes: the first, if none does so clearly.

    Parameters
    ----------
    codecs : transformers that have ``shares``. Each is fitted to the images that decide.
    images : (n, H, W) or (n, H, W, C)
        The first 1,000 decide.
    labels : (n,) int
    """
    images, labels = images[:N_ASKED], labels[:N_ASKED]
    if np.ptp(images) == 0:
        return codecs[0]  # nothing to see by any codec
    fitted: list[Any] = [clone(codec) for codec in codecs]
    found = [class_evidence(encode(codec.fit(images), images), labels) for codec in fitted]
    best = 0
    for k in range(1, len(codecs)):
        gain = found[k] - found[best]
        if gain.sum() > CLEAR * np.sqrt(len(gain)) * gain.std():
            best = k
    return codecs[best]


def class_evidence(shares: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """ln p(label | outcomes) of each image under naive Bayes that has counted other fifths, (n,) nats.

    Parameters
    ----------
    shares : (n, G, O) float
    labels : (n,) int
        Of an image whose class is in no other fifth nothing is asked: 0.
    """
    classes, which = np.unique(labels, return_inverse=True)
    fifth, found = fifths(labels), np.zeros((len(PRECISIONS), len(labels)))
    images_of = [np.bincount(which[fifth == k], minlength=len(classes)) for k in range(5)]
    counts = [_count(shares[fifth == k], which[fifth == k], len(classes)) for k in range(5)]
    total = sum(counts)
    for k in range(5):
        seen, column = sum(images_of) - images_of[k], total - counts[k] + MASS / shares.shape[2]
        asked = np.flatnonzero((fifth == k) & (seen[which] > 0))
        told = np.log(column / column.sum(axis=1, keepdims=True)).astype(shares.dtype)
        logs = np.tensordot(shares[asked], told, axes=2)
        log_p = log_softmax(PRECISIONS[:, None, None] * logs + safe_log(seen), axis=2)
        found[:, asked] = log_p[:, np.arange(len(asked)), which[asked]]
    return found[found.sum(axis=1).argmax()]


def _count(shares: np.ndarray, which: np.ndarray, n_classes: int) -> np.ndarray:
    """Outcomes of each class, (G, O, K)."""
    of_class = (which[:, None] == np.arange(n_classes)).astype(shares.dtype)
    return np.tensordot(shares, of_class, axes=(0, 0)).astype(float)


def fifths(labels: np.ndarray) -> np.ndarray:
    """Which fifth each image belongs to, (n,) int, in turn within its class."""
    fifth = np.zeros(len(labels), int)
    for c in np.unique(labels):
        members = np.flatnonzero(labels == c)
        fifth[members] = np.arange(len(members)) % 5
    return fifth

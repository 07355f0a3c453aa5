"""Where the camera points, as one more hidden state: a film that is shifted is still the same film."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from rgm_core.codecs.video import VideoCodec
from rgm_core.inference.infer import infer
from rgm_core.inference.posterior import SequencePosterior
from rgm_core.model.checks import as_array, as_measured, check_type
from rgm_core.model.rgm import RGM


class Shifted(NamedTuple):
    """Beliefs about a film that may be shifted."""

    shifts: np.ndarray  # (K, 2) rows and columns in pixels
    probabilities: np.ndarray  # (K,) posterior over them
    log_evidence: float  # of all shifts, nats
    posterior: SequencePosterior  # under the most probable shift


def infer_shifted(
    model: RGM,
    codec: VideoCodec,
    frames: np.ndarray,
    shifts: Sequence[tuple[int, int]],
    *,
    phase: int | None = 0,
) -> Shifted:
    """Infer events and by how much a film is shifted against the one that was learned.

    A shift is a hidden state whose likelihood is known: it moves the picture. Every candidate is judged by
    the same pixels' worth of outcomes, those that none of the shifts moves out of the picture.

    Parameters
    ----------
    model : RGM
        A dynamic model with noise, see :func:`rgm_core.structure.with_noise`.
    codec : VideoCodec
    frames : (T, H, W[, C])
    shifts : K pairs of rows and columns, pixels; all equally probable beforehand.
    phase : see :func:`rgm_core.infer`.

    Returns
    -------
    Shifted

    Raises
    ------
    ValueError
        If shifts are not pairs of integers, or leave nothing of the picture.
    """
    check_type(codec, VideoCodec, "codec")
    frames = as_measured(frames, "frames")
    if frames.ndim not in (3, 4):
        raise ValueError(f"frames must have shape (T, H, W) or (T, H, W, C); found {frames.shape}")
    moves = as_array(shifts, "shifts", int, (None, 2), "pairs of rows and columns")
    height, width = frames.shape[1:3]
    if not len(moves) or np.any((moves <= (-height, -width)) | (moves >= (height, width))):
        raise ValueError(
            f"shifts must hold pairs within ±{height - 1} and ±{width - 1}; found {moves.tolist()!s:.80}"
        )
    rows, columns = np.abs(moves).max(axis=0)
    visible = np.zeros((height, width), bool)
    visible[rows : height - rows, columns : width - columns] = True
    if not visible.any():
        raise ValueError(f"shifts up to {(int(rows), int(columns))} leave nothing of {visible.shape}")
    found = []
    for down, right in moves:
        back = np.roll(frames, (-down, -right), axis=(1, 2))  # what wraps around is hidden
        found.append(infer(model, codec.transform(back, visible=visible), phase=phase))
    log_evidence = np.array([posterior.log_evidence for posterior in found])
    total = float(logsumexp(log_evidence))
    probabilities = np.exp(log_evidence - total)
    return Shifted(moves, probabilities, total - np.log(len(moves)), found[int(log_evidence.argmax())])

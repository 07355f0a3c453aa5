"""Bring your own: a film, a folder of pictures or a sound becomes a model of its events."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rgm_core.media.film import CompressedFilm, compress_film
from rgm_core.media.sound import SOUNDS, CompressedSound, compress_sound
from rgm_core.model.checks import as_generator, as_number


def compress(
    path: str | os.PathLike,
    *,
    fidelity: float | None = None,
    rng: np.random.Generator | int = 0,
    progress: Callable[[str], None] | None = None,
) -> CompressedFilm | CompressedSound:
    """Learn a model of the events of a film or a sound.

    Settings follow from the signal: tiles from the size of the pictures, voxels from the beat of the
    sound, and the noise under which events recur from the fidelity that is asked for.

    Parameters
    ----------
    path : file or folder
        A film that imageio can read, a folder of pictures of one size (in the order of their names), or a
        sound that soundfile can read: wav, flac, ogg, mp3, …
    fidelity : float, optional
        What must be kept when all is replayed from its events alone; the lower, the more events recur. Of a
        film the PSNR in dB, by default 3 dB less than the codec has. Of a sound the correlation of
        spectrograms, 0 to 1; by default nine tenths of what the codec has.
    rng : numpy.random.Generator or int
        For the generated sample.
    progress : callable, optional
        Called with a line at each stage, such as ``print``.

    Returns
    -------
    CompressedFilm or CompressedSound
        To print it is to read the report.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    ValueError
        If it is no film, no folder of pictures and no sound, or too short.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must name a file or a folder; found {path!r:.60}")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be a function of a line; found {progress!r:.60}")
    if fidelity is not None:
        fidelity = as_number(fidelity, "fidelity", "a finite number: dB of a film, correlation of a sound")
    path, say = Path(path), progress or (lambda line: None)
    rng = as_generator(rng)
    if not path.exists():
        raise FileNotFoundError(f"path: there is no file or folder {path}")
    task = compress_sound if path.suffix.lower() in SOUNDS and path.is_file() else compress_film
    return task(path, fidelity, rng, say)

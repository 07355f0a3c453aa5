"""Cut an image of frequency by time into voxels that fade into each other, and join them again."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from rgm_core.codecs import wavelet

__all__ = ["choose_runs", "cut_voxels", "fade", "join_voxels", "transform_voxels"]

N_RUNS = 64  # of successive voxels, where not all of a long sound are taken


def fade(voxel: int, overlap: int) -> NDArray[np.float64]:
    """Return the window (voxel + overlap,) of a voxel, which sums to one with its neighbours'."""
    ramp = np.sin(np.pi / 2 * (np.arange(overlap) + 0.5) / max(overlap, 1)) ** 2
    return np.concatenate([ramp, np.ones(voxel - overlap), ramp[::-1]])


def cut_voxels(image: NDArray[np.floating], voxel: int, overlap: int = 0) -> NDArray[np.floating]:
    """Cut an image (F, n) into voxels (n_voxels, voxel + overlap, F), in time.

    Parameters
    ----------
    image : (F, n) with n at least `voxel`; what does not fill a voxel at its end is dropped.
    voxel : samples from one voxel to the next.
    overlap : even number of samples that neighbours share, faded from one to the other; beyond
        the ends of the image are zeros.
    """
    n_voxels, half = image.shape[1] // voxel, overlap // 2
    length = n_voxels * voxel + overlap
    return _cut(np.pad(image, ((0, 0), (half, half)))[:, :length], voxel, overlap)


def transform_voxels(
    bank: wavelet.WaveletBank,
    sound: NDArray[np.floating],
    gain: float,
    voxel: int,
    overlap: int,
    run: slice,
) -> NDArray[np.float32]:
    """Cut a run of voxels from the wavelet transform of a sound, which is never made as a whole.

    Parameters
    ----------
    bank, sound : see `rgm_core.codecs.wavelet.transform`.
    gain : what the sound is multiplied by.
    voxel, overlap : see `cut_voxels`.
    run : numbers of the voxels, without a step.

    Returns
    -------
    (n_voxels, voxel + overlap, F), the same as of the whole transform.
    """
    n, half = len(sound), overlap // 2
    start, stop = run.start * voxel - half, run.stop * voxel + half
    begin, end = max(start - bank.margin, 0), min(stop + bank.margin, n)  # all that these voxels feel
    image = wavelet.transform(bank, (sound[begin:end] * gain).astype(np.float32))
    image = image[:, max(start, 0) - begin : min(stop, n) - begin]
    return _cut(np.pad(image, ((0, 0), (max(-start, 0), max(stop - n, 0)))), voxel, overlap)


def choose_runs(n_voxels: int, portion: int, most: int | None = None) -> Iterator[slice]:
    """Yield runs of at most `portion` voxels: all of them, or at most `most`, spread evenly."""
    if most is None or n_voxels <= most:
        yield from gen_batches(n_voxels, portion)
        return
    length = max(most // N_RUNS, 1)
    for first in np.linspace(0, n_voxels - length, most // length).astype(int).tolist():
        yield slice(first, first + length)


def _cut(image: NDArray[np.floating], voxel: int, overlap: int) -> NDArray[np.floating]:
    """Cut voxels as `cut_voxels` does, of an image (F, n_voxels * voxel + overlap) with its borders."""
    windows = np.lib.stride_tricks.sliding_window_view(image, voxel + overlap, axis=1)
    pieces = windows[:, ::voxel].transpose(1, 2, 0)
    return np.ascontiguousarray(pieces * fade(voxel, overlap).astype(image.dtype)[:, None])


def join_voxels(pieces: NDArray[np.floating], overlap: int = 0) -> NDArray[np.floating]:
    """Join voxels (n_voxels, voxel + overlap, F) to an image (F, n_voxels * voxel).

    The inverse of `cut_voxels`: overlaps are added up, and the fades at the two ends undone.
    """
    n_voxels, length, n_frequencies = pieces.shape
    voxel, half = length - overlap, overlap // 2
    image = np.zeros((n_frequencies, n_voxels * voxel + overlap), pieces.dtype)
    for start, piece in enumerate(pieces):
        image[:, start * voxel : start * voxel + length] += piece.T
    image = image[:, half : half + n_voxels * voxel]
    if overlap:
        lone = fade(voxel, overlap).astype(pieces.dtype)[half:overlap]
        image[:, :half] /= lone
        image[:, -half:] /= lone[::-1]
    return image

"""Cut an image of frequency by time into voxels that fade into each other, and join them again."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut_voxels", "fade", "join_voxels"]


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
    padded = np.pad(image, ((0, 0), (half, half)))[:, :length]
    windows = np.lib.stride_tricks.sliding_window_view(padded, voxel + overlap, axis=1)
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

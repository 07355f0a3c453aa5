"""Video to discrete outcomes and back: space-time voxels, then as for images.

Source: Friston et al. (2024), arXiv 2407.20292, section on video; equations 1.1 to 1.7.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from rgm_core.codecs.base import Codec, check_layout
from rgm_core.codecs.tiles import tile_positions
from rgm_core.model.checks import as_measured, as_number, as_whole, unchanged_on_failure

__all__ = ["VideoCodec"]


class VideoCodec(Codec):
    """Encode video as discrete outcomes, one row a block of frames, and decode outcomes as video.

    Time is cut into blocks of successive frames, space into overlapping tiles. What a tile holds during a
    block, over all frames and colours, is one voxel; voxels have their singular modes, and the variate
    of each mode is cut into bins.

    Parameters
    ----------
    tile : spacing of the tiles in pixels; a tile reaches two spacings from its centroid.
    n_bins : number of bins per mode, odd.
    max_modes : largest number of modes per tile; ``None`` for no limit.
    su : inverse of the threshold on the normalised eigenvalues of modes: more modes if larger.
    block : number of frames in a block, R.
    white : value of full white; ``None``: that of the type, 255 for 8 bits and 65535 for 16; for floats 1
        if none of them in `fit` is larger, else 255.

    Attributes
    ----------
    n_outcomes_ : (M,) number of outcomes of each modality.
    locations_ : (M, 2) mean row and column of the pixels of the modality's tile, from 0.
    tile_of_ : (M,) tile of each modality.
    bin_centres_ : (M, b) value of the variate at each bin centre.
    basis_ : `rgm_core.codecs.modes.Basis`, with the tiles and modes.
    frame_shape_ : (H, W) or (H, W, C) of the frames seen in `fit`.
    white_ : value of full white; decoded frames lie in 0..white_.
    mean_ : (R, H, W) or (R, H, W, C) the mean block, which stands in for pixels that are hidden.

    Notes
    -----
    Frames after the last whole block are dropped. The defaults are the published settings for frames of
    128 × 128 pixels.
    """

    portion = 64  # blocks
    place_axis = 2  # of blocks (n, R, H, W[, C])

    def __init__(
        self,
        *,
        tile: float = 16,
        n_bins=17,
        max_modes: int | None = 32,
        su: float = 32,
        block=2,
        white=None,
    ):
        self.tile = tile
        self.n_bins = n_bins
        self.max_modes = max_modes
        self.su = su
        self.block = block
        self.white = white

    def fit(self, X: ArrayLike, y=None) -> "VideoCodec":
        """Fit tiles, modes and bins to a video.

        Parameters
        ----------
        X : (T, H, W) grey or (T, H, W, C) colour frames, at least one block.
        y : ignored.

        Raises
        ------
        ValueError
            If frames have the wrong shape, are not numeric or not finite, are fewer than a block, or
            all of them are zero; or if a parameter is out of range.
        """
        as_whole(self.block, "block", 1)
        if self.white is not None:
            as_number(self.white, "white", "a value > 0, or None", low=0, without=(0, np.inf))
        frames = self._check(X)
        with unchanged_on_failure(self):
            self.frame_shape_ = frames.shape[1:]
            self.white_ = _white(frames) if self.white is None else float(self.white)
            self._check_range(frames)
            tiling = tile_positions(np.argwhere(np.ones(self.frame_shape_[:2])), self.tile)
            self._fit_modes(self._blocks(frames), tiling)
        return self

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Decode outcomes as frames.

        Parameters
        ----------
        X : (n, M) integers, where -1 is missing and stands for the middle bin, 0; or (n, M, n_bins)
            probabilities, decoded as their expectation.

        Returns
        -------
        (n * R, H, W[, C]) frames, clipped to 0..white_.
        """
        return super().inverse_transform(X)

    def noise_in_bins(self, level: float) -> NDArray[np.floating]:
        """Standard deviation of each outcome in bins, (M,), under white noise on the pixels.

        Parameters
        ----------
        level : standard deviation of the noise, in grey levels.
        """
        check_is_fitted(self)
        as_number(level, "level", "a standard deviation ≥ 0, in grey levels", low=0)
        weight = [
            np.sqrt(((modes * weights[:, None]) ** 2).sum(axis=(0, 1)))
            for _, weights, modes, _ in self.basis_.by_tile()
        ]
        return level * np.concatenate(weight) / np.diff(self.bin_centres_[:, :2], axis=1)[:, 0]

    def _check_range(self, frames: NDArray) -> None:
        low, high = frames.min(), frames.max()
        other = frames.dtype.kind in "bui" and self.white is None and self.white_ != _white(frames)
        if low < 0 or high > self.white_ or other:
            raise ValueError(
                f"frames must lie in 0..{self.white_:g}; found {frames.dtype} from {low} to {high}: "
                "scale them, or set white"
            )

    def _check(self, X: ArrayLike, shape: tuple[int, ...] | None = None) -> NDArray:
        """Frames as a numeric array (T, H, W[, C]), or an error."""
        frames = as_measured(X, "frames")
        if frames.ndim not in (3, 4) or frames.size == 0:
            raise ValueError(
                "frames must be a numeric array (T, H, W) or (T, H, W, C), none of them 0; "
                f"found shape {frames.shape}, dtype {frames.dtype}"
            )
        if shape is None:
            check_layout(frames.shape, "frames", ("T", "colours"))
        if len(frames) < self.block:
            raise ValueError(f"frames must fill at least one block of {self.block}; found {len(frames)}")
        if shape is not None and frames.shape[1:] != shape:
            raise ValueError(f"frames must be {shape} as in fit; found {frames.shape[1:]}")
        return frames

    def _blocks(self, frames: NDArray) -> NDArray:
        """Whole blocks of frames, (n, R, H, W[, C])."""
        n_blocks = len(frames) // self.block
        return frames[: n_blocks * self.block].reshape(n_blocks, self.block, *frames.shape[1:])

    def _samples(self, X: ArrayLike, *, fitted: bool = True) -> NDArray:
        frames = self._check(X, self.frame_shape_ if fitted else None)
        self._check_range(frames)
        return self._blocks(frames)

    def _signal(self, samples: NDArray) -> NDArray[np.floating]:
        """Blocks of frames as a signal (blocks, R * C, H * W)."""
        # 8 and 16 bits are exact in float32, at half of the memory
        exact = samples.dtype.kind in "bui" and samples.dtype.itemsize <= 2
        dtype = np.float32 if exact or samples.dtype == np.float32 else np.float64
        blocks = samples.astype(dtype)
        blocks = np.moveaxis(blocks, -1, 2) if len(self.frame_shape_) == 3 else blocks
        return np.ascontiguousarray(blocks.reshape(len(blocks), -1, np.prod(self.frame_shape_[:2])))

    def _restore(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        height, width, *colours = self.frame_shape_
        frames = signal.clip(0, self.white_).reshape(len(signal), self.block, *colours, height, width)
        frames = np.moveaxis(frames, 2, -1) if colours else frames
        return frames.reshape(-1, *self.frame_shape_)


def _white(frames: NDArray) -> float:
    """Value of full white that goes with the type of frames."""
    if frames.dtype.kind in "ui":
        return float(np.iinfo(frames.dtype).max if frames.dtype.itemsize <= 2 else 255)
    return 1.0 if frames.max() <= 1 else 255.0

"""Video to discrete outcomes and back: space-time voxels, then as for images.

Source: Friston et al. (2024), arXiv 2407.20292, section on video; equations 1.1 to 1.7.
"""

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from rgm_core.codecs.modes import decode, fit_basis, project, quantise
from rgm_core.codecs.tiles import tile_positions

__all__ = ["VideoCodec"]


class VideoCodec(TransformerMixin, BaseEstimator):
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
    mean_ : (R * C, H * W) the mean block, which stands in for pixels that are hidden.

    Notes
    -----
    Frames after the last whole block are dropped. The defaults are the published settings for frames of
    128 × 128 pixels.
    """

    def __init__(self, *, tile=16, n_bins=17, max_modes=32, su=32, block=2, white=None):
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
        check_scalar(self.block, "block", Integral, min_val=1)
        frames = self._check(X)
        self.frame_shape_ = frames.shape[1:]
        self.white_ = _white(frames) if self.white is None else self.white
        self._check_range(frames)
        signal = self._signal(frames)
        tiling = tile_positions(np.argwhere(np.ones(self.frame_shape_[:2])), self.tile)
        self.basis_ = fit_basis(signal, tiling, n_bins=self.n_bins, max_modes=self.max_modes, su=self.su)
        self.mean_ = signal.mean(axis=0)
        self.tile_of_ = self.basis_.tile_of
        self.locations_ = tiling.locations[self.tile_of_]
        self.bin_centres_ = self.basis_.bin_centres
        self.n_outcomes_ = np.full(self.basis_.n_modalities, self.n_bins)
        return self

    def transform(
        self, X: ArrayLike, *, visible: ArrayLike | None = None, tolerance: float = 0.02
    ) -> NDArray[np.integer]:
        """Encode frames, of the shape seen in `fit`, as outcomes (T // R, M).

        Parameters
        ----------
        X : (T, H, W[, C]) frames.
        visible : (H, W) bool, optional
            False where pixels are hidden, whatever their values. A modality is missing, -1, if more
            than `tolerance` of the energy of its mode lies there.
        tolerance : share of a mode that may be hidden, 0 to 1; what is hidden of a modality that is
            kept is taken from the mean of the training video.
        """
        check_is_fitted(self)
        frames = self._check(X, self.frame_shape_)
        self._check_range(frames)
        signal = self._signal(frames)
        if visible is None:
            return quantise(self.basis_, project(self.basis_, signal))
        check_scalar(tolerance, "tolerance", Real, min_val=0, max_val=1)
        hidden = ~np.asarray(visible, bool)
        if hidden.shape != self.frame_shape_[:2]:
            raise ValueError(
                f"visible must have shape {self.frame_shape_[:2]} as the frames, got {hidden.shape}"
            )
        hidden = hidden.ravel()
        signal[:, :, hidden] = self.mean_[:, hidden]
        outcomes = quantise(self.basis_, project(self.basis_, signal))
        outcomes[:, self._hidden_share(hidden) > tolerance] = -1
        return outcomes

    def variates(self, X: ArrayLike) -> NDArray[np.floating]:
        """How much of each mode there is in frames: (T // R, M) values, before they are binned."""
        check_is_fitted(self)
        return project(self.basis_, self._signal(self._check(X, self.frame_shape_)))

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
        check_is_fitted(self)
        signal = decode(self.basis_, X).clip(0, self.white_)
        height, width, *colours = self.frame_shape_
        frames = signal.reshape(len(signal), self.block, *colours, height, width)
        frames = np.moveaxis(frames, 2, -1) if colours else frames
        return frames.reshape(-1, *self.frame_shape_)

    def noise_in_bins(self, level: float) -> NDArray[np.floating]:
        """Standard deviation of each outcome in bins, (M,), under white noise on the pixels.

        Parameters
        ----------
        level : standard deviation of the noise, in grey levels.
        """
        check_is_fitted(self)
        check_scalar(level, "level", Real, min_val=0)
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
        frames = np.asarray(X)
        if frames.dtype.kind not in "biuf" or frames.ndim not in (3, 4) or frames.size == 0:
            raise ValueError(
                "frames must be a numeric array (T, H, W) or (T, H, W, C), none of them 0; "
                f"got shape {frames.shape}, dtype {frames.dtype}"
            )
        if frames.ndim == 4 and frames.shape[3] > 4:
            raise ValueError(
                "frames must have their colours last, at most 4 of them (T, H, W, C); "
                f"got shape {frames.shape}"
            )
        if len(frames) < self.block:
            raise ValueError(f"frames must fill at least one block of {self.block}, got {len(frames)}")
        if shape is not None and frames.shape[1:] != shape:
            raise ValueError(f"frames must be {shape} as in fit, got {frames.shape[1:]}")
        if not np.isfinite(frames).all():
            raise ValueError("frames must be finite, got NaN or infinity")
        return frames

    def _signal(self, frames: NDArray) -> NDArray[np.floating]:
        """Whole blocks of frames as a signal (blocks, R * C, H * W)."""
        n_blocks = len(frames) // self.block
        # 8 and 16 bits are exact in float32, at half of the memory
        exact = frames.dtype.kind in "bui" and frames.dtype.itemsize <= 2
        dtype = np.float32 if exact or frames.dtype == np.float32 else np.float64
        blocks = frames[: n_blocks * self.block].astype(dtype)
        blocks = blocks.reshape(n_blocks, self.block, *frames.shape[1:])
        blocks = np.moveaxis(blocks, -1, 2) if frames.ndim == 4 else blocks
        return np.ascontiguousarray(blocks.reshape(n_blocks, -1, np.prod(frames.shape[1:3])))

    def _hidden_share(self, hidden: NDArray[np.bool_]) -> NDArray[np.floating]:
        """Share of the energy of each mode that lies in hidden pixels, (M,)."""
        shares = [
            (modes[:, hidden[members]] ** 2).sum(axis=(0, 1))
            for members, _, modes, _ in self.basis_.by_tile()
        ]
        return np.concatenate(shares)


def _white(frames: NDArray) -> float:
    """Value of full white that goes with the type of frames."""
    if frames.dtype.kind in "ui":
        return float(np.iinfo(frames.dtype).max if frames.dtype.itemsize <= 2 else 255)
    return 1.0 if frames.max() <= 1 else 255.0

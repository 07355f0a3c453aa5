"""Images to discrete outcomes and back.

Source: Friston et al. (2024), arXiv 2407.20292, section on MNIST.
"""

from math import isqrt
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_scalar

from rgm_core.codecs.base import Codec
from rgm_core.codecs.preprocessing import MAX_SIZE, preprocess, spread
from rgm_core.codecs.tiles import tile_positions

__all__ = ["ImageCodec"]


def check_images(images: ArrayLike, shape: tuple[int, ...] | None = None) -> NDArray:
    """Return images as a numeric array (n, H, W) or (n, H, W, C), or raise ``ValueError``.

    Parameters
    ----------
    images : (n, H, W) grey, (n, H, W, C) colour, or (n, H * W) grey and flattened by rows; if no
        shape is given, flattened images must be square.
    shape : the shape that an image must have, (H, W) or (H, W, C).
    """
    found = np.asarray(images)
    if found.dtype.kind not in "biuf":
        raise ValueError(f"images must be numeric, got an array of {found.dtype}")
    if found.ndim not in (2, 3, 4) or found.size == 0:
        raise ValueError(
            "images must have shape (n, H, W), (n, H, W, C) or (n, H * W), none of them 0, "
            f"got {found.shape}"
        )
    if not np.isfinite(found).all():
        bad = np.flatnonzero(~np.isfinite(found).reshape(len(found), -1).all(axis=1))
        raise ValueError(f"images must be finite, got NaN or infinity in image {bad[0]}")
    n_pixels = found.shape[1]
    if found.ndim == 2 and shape is None and isqrt(n_pixels) ** 2 != n_pixels:
        raise ValueError(f"images that are flattened must be square, got {n_pixels} pixels each")
    if found.ndim == 2 and (shape is None or (len(shape) == 2 and n_pixels == np.prod(shape))):
        found = found.reshape(len(found), *(shape or (isqrt(n_pixels),) * 2))
    if shape is not None and found.shape[1:] != shape:
        raise ValueError(
            f"images must have shape (n, {', '.join(map(str, shape))}) as in fit, got {found.shape}"
        )
    return found


class ImageCodec(Codec):
    """Encode images as discrete outcomes, and decode outcomes as images.

    Images are cut into overlapping tiles; each tile has its singular modes, fitted to the images
    seen in `fit`; the variate of each mode is cut into bins. An outcome is the index of a bin.

    Parameters
    ----------
    tile : spacing of the tiles in pixels; a tile reaches two spacings from its centroid.
    n_bins : number of bins per mode: odd, so that 0 is a bin centre (an even number is an error).
    max_modes : largest number of modes per tile; ``None`` for no limit.
    su : inverse of the threshold on the normalised eigenvalues of modes: more modes if larger.
    preprocess : whether to resize, smooth and equalise images first, see the function
        `preprocess`. Colours are then treated one by one, which suits identical channels; for
        natural colour images use ``False``.
    size : height and width in pixels that preprocessing resizes to.
    grey_channels : how many identical channels a grey image counts for in the threshold on modes
        (its effect on p in `rgm_core.codecs.modes.principal_modes`). The published model feeds
        digits as three identical colours, so 3 keeps the modes that it keeps; 1 keeps fewer.

    Attributes
    ----------
    n_outcomes_ : (M,) number of outcomes of each modality.
    locations_ : (M, 2) mean row and column, counted from 0, of the pixels of the modality's tile.
    tile_of_ : (M,) tile of each modality; tiles are numbered from 0, down the columns.
    bin_centres_ : (M, b) value of the variate at each bin centre.
    basis_ : `rgm_core.codecs.modes.Basis`, with the tiles (``basis_.tiling``) and modes.
    mean_ : (H, W) or (H, W, C) mean of the images seen in `fit`, which stands in for hidden pixels.
    image_shape_ : (H, W) or (H, W, C) of the images seen in `fit`.
    n_features_in_ : number of values of an image seen in `fit`.

    Notes
    -----
    Outcomes count from 0, modalities are in the order of their tile and then of falling
    eigenvalue. Images of float32 are encoded in single precision, all others in
    double. A tile in which all images are zero has no modes, and is decoded as zero. An image of
    constant value has no order of brightness: preprocessing ranks its pixels by position, so it
    is encoded, and decoded, as a ramp from left to right. Since preprocessing ranks all pixels of an image,
    what stands in for hidden pixels can move the outcomes of visible ones by a bin.

    Source: Friston et al. (2024), arXiv 2407.20292; the settings of its MNIST example are the
    defaults.
    """

    def __init__(
        self,
        *,
        tile=4,
        n_bins=7,
        max_modes=16,
        su=8,
        preprocess=True,
        size=32,
        grey_channels=3,
    ):
        self.tile = tile
        self.n_bins = n_bins
        self.max_modes = max_modes
        self.su = su
        self.preprocess = preprocess
        self.size = size
        self.grey_channels = grey_channels

    def fit(self, X: ArrayLike, y=None) -> "ImageCodec":
        """Fit tiles, modes and bins to images.

        Parameters
        ----------
        X : images (n, H, W) grey, (n, H, W, C) colour, or (n, H * W) grey, square, by rows.
        y : ignored.

        Raises
        ------
        ValueError
            If images are empty, not numeric, not finite or of another shape, if all of them are
            zero, or if a parameter is out of range.
        """
        check_scalar(self.preprocess, "preprocess", (bool, np.bool_))
        if self.preprocess:
            check_scalar(self.size, "size", Integral, min_val=1, max_val=MAX_SIZE)
        check_scalar(self.grey_channels, "grey_channels", Integral, min_val=1)
        images = self._samples(X, fitted=False)
        height, width = (self.size, self.size) if self.preprocess else images.shape[1:3]
        tiling = tile_positions(np.argwhere(np.ones((height, width))), self.tile)
        grey = images.ndim == 3 or images.shape[3] == 1
        self._fit_modes(images, tiling, copies=self.grey_channels if grey else 1)
        self.image_shape_ = images.shape[1:]
        self.n_features_in_ = int(np.prod(self.image_shape_))
        return self

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Decode outcomes, see `Codec.inverse_transform`, as images.

        Returns
        -------
        (n, size, size) or (n, size, size, C) images as preprocessed, or (n, H, W[, C]) without
        preprocessing. Sums of modes may leave 0..255, so they are clipped to it, as the 8-bit
        images of the published model are.
        """
        return super().inverse_transform(X)

    def _samples(self, X: ArrayLike, *, fitted: bool = True) -> NDArray:
        return check_images(X, self.image_shape_ if fitted else None)

    def _hidden_positions(self, visible: NDArray[np.bool_]) -> NDArray:
        """(P,) what share of each pixel, as preprocessed, comes from hidden ones."""
        return (spread(~visible, self.size) if self.preprocess else ~visible).ravel()

    def _restore(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        height, width = (self.size, self.size) if self.preprocess else self.image_shape_[:2]
        images = signal.clip(0, 255).reshape(*signal.shape[:2], height, width)
        return images[:, 0] if len(self.image_shape_) == 2 else np.moveaxis(images, 1, -1)

    def _signal(self, images: NDArray) -> NDArray[np.floating]:
        """Return images (n, H, W[, C]), preprocessed if need be, as a signal (n, C, pixels)."""
        dtype = np.float32 if images.dtype == np.float32 else np.float64
        planes = images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1)
        if self.preprocess:
            planes = preprocess(planes, self.size, dtype=dtype)
        return planes.reshape(*planes.shape[:2], -1).astype(dtype, copy=False)

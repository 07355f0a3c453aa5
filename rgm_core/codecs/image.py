"""Images to discrete outcomes and back.

Source: Friston et al. (2024), arXiv 2407.20292, section on MNIST.
"""

from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rgm_core.codecs.base import Codec, check_layout
from rgm_core.codecs.preprocessing import CONTRASTS, MAX_SIZE, WHITE, preprocess, spread, square
from rgm_core.codecs.tiles import tile_positions
from rgm_core.model.checks import (
    as_array,
    as_flag,
    as_measured,
    as_whole,
    check_choice,
    unchanged_on_failure,
)

__all__ = ["ImageCodec"]


def check_images(images: ArrayLike, shape: tuple[int, ...] | None = None) -> NDArray:
    """Return images as a numeric array (n, H, W) or (n, H, W, C), or raise ``ValueError``.

    Parameters
    ----------
    images : (n, H, W) grey, (n, H, W, C) colour, or (n, H * W) grey and flattened by rows; if no
        shape is given, flattened images must be square.
    shape : the shape that an image must have, (H, W) or (H, W, C).
    """
    found = as_measured(images, "images")
    if found.ndim not in (2, 3, 4) or found.size == 0:
        raise ValueError(
            "images must have shape (n, H, W), (n, H, W, C) or (n, H * W), none of them 0, "
            f"found {found.shape}"
        )
    if shape is None:
        check_layout(found.shape, "images", ("n", "channels"))
    n_pixels = found.shape[1]
    if found.ndim == 2 and shape is None and isqrt(n_pixels) ** 2 != n_pixels:
        raise ValueError(f"images that are flattened must be square; found {n_pixels} pixels each")
    if found.ndim == 2 and (shape is None or (len(shape) == 2 and n_pixels == np.prod(shape))):
        found = found.reshape(len(found), *(shape or (isqrt(n_pixels),) * 2))
    if shape is not None and found.shape[1:] != shape:
        raise ValueError(
            f"images must have shape (n, {', '.join(map(str, shape))}) as in fit; found {found.shape}"
        )
    return found


def pixel_range(images: NDArray) -> tuple[float, float]:
    """The range (low, high) of pixel values: that of their type if it has one, else that of the images."""
    if images.dtype in (np.uint8, np.uint16):
        return 0.0, float(np.iinfo(images.dtype).max)
    return (0.0, 1.0) if images.dtype == bool else (float(images.min()), float(images.max()))


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
    contrast : what preprocessing makes of pixel values. "rank": only their order within the image counts,
        as suits the strokes of a pen, and as published. "root": their square roots, where brightness is
        part of the content.
    size : height and width in pixels that preprocessing resizes to.
    value_range : (low, high) of pixel values that are not ranked, to which decoded images are clipped.
        By default that of their type (0..255, 0..65535, 0..1 for bool); other integers and floats have
        the range of the images seen in `fit`.
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
    value_range_ : (low, high) of decoded images.
    n_features_in_ : number of values of an image seen in `fit`.

    Notes
    -----
    Outcomes count from 0, modalities are in the order of their tile and then of falling
    eigenvalue. Images of float32 are encoded in single precision, all others in
    double. A tile in which all images are zero has no modes, and is decoded as zero. An image of
    constant value has no order of brightness: its pixels are ranked by position, so it
    is encoded, and decoded, as a ramp from left to right. Since all pixels of an image are ranked together,
    what stands in for hidden pixels can move the outcomes of visible ones by a bin.

    Source: Friston et al. (2024), arXiv 2407.20292; the settings of its MNIST example are the
    defaults.
    """

    def __init__(
        self,
        *,
        tile: float = 4,
        n_bins=7,
        max_modes: int | None = 16,
        su: float = 8,
        preprocess=True,
        size=32,
        grey_channels=3,
        value_range=None,
        contrast="rank",
    ):
        self.tile = tile
        self.n_bins = n_bins
        self.max_modes = max_modes
        self.su = su
        self.preprocess = preprocess
        self.size = size
        self.grey_channels = grey_channels
        self.value_range = value_range
        self.contrast = contrast

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
        check_choice(self.contrast, "contrast", CONTRASTS)
        if as_flag(self.preprocess, "preprocess"):
            as_whole(self.size, "size", 1, MAX_SIZE)
        as_whole(self.grey_channels, "grey_channels", 1)
        images = self._samples(X, fitted=False)
        height, width = (self.size, self.size) if self.preprocess else images.shape[1:3]
        tiling = tile_positions(np.argwhere(np.ones((height, width))), self.tile)
        grey = images.ndim == 3 or images.shape[3] == 1
        with unchanged_on_failure(self):
            self.value_range_ = (0.0, WHITE) if self._ranks else self._find_range(images)
            self._fit_modes(images, tiling, copies=self.grey_channels if grey else 1)
            self.image_shape_ = images.shape[1:]
            self.n_features_in_ = int(np.prod(self.image_shape_))
        return self

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Decode outcomes, see `Codec.inverse_transform`, as images.

        Returns
        -------
        (n, size, size) or (n, size, size, C) images as preprocessed (if by "root", with their own values
        again), or (n, H, W[, C]) without preprocessing. Sums of modes may leave the range of pixels, so
        they are clipped to it, as the 8-bit images of the published model are.
        """
        return super().inverse_transform(X)

    @property
    def _ranks(self) -> bool:
        """Whether images lose their range of values."""
        return self.preprocess and self.contrast == "rank"

    def _find_range(self, images: NDArray) -> tuple[float, float]:
        """The range that was asked for, which images must not leave, or else their own."""
        if self.value_range is None:
            return pixel_range(images)
        low, high = as_array(self.value_range, "value_range", float, (2,), "low and high").tolist()
        if not low < high or images.min() < low or images.max() > high:
            raise ValueError(
                f"value_range must hold all pixels, {images.min()} … {images.max()}; "
                f"found {self.value_range}"
            )
        return low, high

    def _samples(self, X: ArrayLike, *, fitted: bool = True) -> NDArray:
        images = check_images(X, self.image_shape_ if fitted else None)
        if fitted and not self._ranks:
            low, high = self.value_range_
            if images.max() > high + (high - low) or images.min() < low - (high - low):
                raise ValueError(
                    f"images must have pixels of about {low:g} … {high:g} as in fit; "
                    f"found {images.min()} … {images.max()}"
                )
        return images

    def _hidden_positions(self, visible: NDArray[np.bool_]) -> NDArray:
        """(P,) what share of each pixel, as preprocessed, comes from hidden ones."""
        return (spread(~visible, self.size) if self.preprocess else ~visible).ravel()

    def _restore(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        height, width = (self.size, self.size) if self.preprocess else self.image_shape_[:2]
        if self.preprocess and self.contrast == "root":
            signal = square(signal.clip(0, WHITE), self.value_range_)
        images = signal.clip(*self.value_range_).reshape(*signal.shape[:2], height, width)
        return images[:, 0] if len(self.image_shape_) == 2 else np.moveaxis(images, 1, -1)

    def _signal(self, images: NDArray) -> NDArray[np.floating]:
        """Return images (n, H, W[, C]), preprocessed if need be, as a signal (n, C, pixels)."""
        dtype = np.float32 if images.dtype == np.float32 else np.float64
        planes = images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1)
        if self.preprocess:
            value_range = None if self._ranks else self.value_range_
            planes = preprocess(planes, self.size, dtype=dtype, value_range=value_range)
        return planes.reshape(*planes.shape[:2], -1).astype(dtype, copy=False)

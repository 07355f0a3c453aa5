"""Preprocess images: resize, smooth, and equalise or take roots.

Source: Friston et al. (2024), arXiv 2407.20292, section on MNIST (SPM's ``DEM_MNIST_RGM``).
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.ndimage import gaussian_filter1d
from sklearn.utils import gen_batches

from rgm_core.model.checks import as_array, as_measured, as_number, as_whole

__all__ = [
    "CONTRASTS",
    "equalise",
    "preprocess",
    "resize",
    "resize_matrix",
    "smooth",
    "smoothing_matrix",
    "spread",
]

CONTRASTS = ("rank", "root")
WHITE = 255.0  # the largest value after preprocessing
BLOCK = 512  # images at a time: bounds the memory that intermediate arrays take
KERNEL_WIDTH = 6  # standard deviations at which the smoothing kernel ends
INDEX_BITS = 20  # low bits of a sorting key that hold the index of a pixel
MAX_SIZE = 1 << INDEX_BITS // 2  # side of the largest square image whose pixels these bits count


def check_planes(images: ArrayLike) -> NDArray:
    """Return images as a finite numeric array (..., H, W), or raise ``ValueError``."""
    found = as_measured(images, "images")
    if found.ndim < 2 or found.size == 0:
        raise ValueError(f"images must have shape (..., H, W), none of them 0; found {found.shape}")
    return found


def resize_matrix(n_from: int, n_to: int) -> NDArray[np.float64]:
    """Return the matrix (n_to, n_from) that resamples a row of pixels by cubic convolution.

    Keys' kernel with a = -0.5, half-pixel centres, edges mirrored with the edge pixel repeated.
    There is no anti-aliasing: the kernel spans four pixels of the row, whatever the ratio.
    """
    centres = (np.arange(n_to) + 0.5) * n_from / n_to - 0.5
    taps = np.floor(centres).astype(int)[:, None] + np.arange(-1, 3)
    t = np.abs(centres[:, None] - taps)
    near = (1.5 * t - 2.5) * t**2 + 1
    far = ((-0.5 * t + 2.5) * t - 4) * t + 2
    weights = np.where(t <= 1, near, np.where(t < 2, far, 0))
    taps = taps % (2 * n_from)
    taps = np.where(taps < n_from, taps, 2 * n_from - 1 - taps)
    matrix = np.zeros((n_to, n_from))
    np.add.at(matrix, (np.arange(n_to)[:, None], taps), weights)
    return matrix


def smoothing_matrix(n: int, fwhm: float = 2.0) -> NDArray[np.float64]:
    """Return the matrix (n, n) that smooths a row of n pixels with a Gaussian kernel.

    Parameters
    ----------
    n : number of pixels.
    fwhm : full width at half maximum of the kernel in pixels, ``sqrt(8 ln 2)`` standard
        deviations. The kernel ends at six standard deviations; edges are mirrored with the edge
        pixel repeated.
    """
    as_number(fwhm, "fwhm", "a width > 0 in pixels", low=0, without=(0, np.inf))
    sigma = fwhm / np.sqrt(8 * np.log(2))
    return gaussian_filter1d(np.eye(n), sigma, axis=0, mode="reflect", truncate=KERNEL_WIDTH)


def resize(images: ArrayLike, size: int) -> NDArray[np.float64]:
    """Resize images (..., H, W) to (..., size, size), see `resize_matrix`."""
    images = check_planes(images)
    as_whole(size, "size", 1, MAX_SIZE)
    height, width = images.shape[-2:]
    return resize_matrix(height, size) @ images @ resize_matrix(width, size).T


def smooth(images: ArrayLike, fwhm: float = 2.0) -> NDArray[np.float64]:
    """Smooth images (..., H, W), see `smoothing_matrix`."""
    images = check_planes(images)
    height, width = images.shape[-2:]
    return smoothing_matrix(height, fwhm) @ images @ smoothing_matrix(width, fwhm).T


def equalise(images: ArrayLike) -> NDArray[np.float64]:
    """Replace each pixel by a function of its rank within its image: histogram equalisation.

    The pixel of rank r of n gets ``255 * exp(-(r - n)**2 / (24 n))``, the brightest having rank n.

    Parameters
    ----------
    images : (..., H, W), finite.

    Returns
    -------
    (..., H, W), in 0..255.

    Notes
    -----
    Pixels whose values agree to 32 significant bits are tied, and are ranked by their position,
    down the columns from left to right. Without this tolerance, the order of pixels that are
    equal but for rounding would depend on the machine. An image of constant value has ties only,
    and becomes a ramp.
    """
    images = check_planes(images).astype(np.float64)
    height, width = images.shape[-2:]
    n = height * width
    if n > 1 << INDEX_BITS:
        raise ValueError(f"images must have at most {1 << INDEX_BITS} pixels; found {n}")
    values = images.swapaxes(-1, -2).reshape(-1, n) + 0.0  # column-major; -0.0 becomes 0.0
    keys = values.view(np.int64)
    # The bits of a float, read as an integer, sort as the float does; backwards if negative.
    keys = np.where(keys < 0, np.iinfo(np.int64).min - keys, keys)
    keys += 1 << (INDEX_BITS - 1)
    keys >>= INDEX_BITS
    keys <<= INDEX_BITS
    keys |= np.arange(n)
    keys.sort(axis=-1)
    order = keys & ((1 << INDEX_BITS) - 1)
    levels = 255 * np.exp(-((np.arange(1, n + 1) - n) ** 2) / (24 * n))
    ranked = np.empty_like(values)
    np.put_along_axis(ranked, order, np.broadcast_to(levels, ranked.shape), axis=-1)
    shape = (*images.shape[:-2], width, height)
    return ranked.reshape(shape).swapaxes(-1, -2)


def root(images: NDArray, value_range: tuple[float, float]) -> NDArray[np.float64]:
    """Square roots of pixel values, from 0 at the lower end of their range to 255 at the upper.

    Differences in the dark count for more, as they do to the eye. What resizing took below the range is
    as dark as its end.
    """
    low, high = value_range
    span = high - low or 1.0  # if there is one value only, its root is 0
    return WHITE * np.sqrt(((images - low) / span).clip(0))


def square(images: NDArray, value_range: tuple[float, float]) -> NDArray:
    """The pixel values whose roots these are: the inverse of `root`."""
    low, high = value_range
    return low + (high - low) * np.square(images / WHITE)


def preprocess(
    images: ArrayLike,
    size: int = 32,
    fwhm: float = 2.0,
    dtype: DTypeLike = np.float64,
    *,
    value_range: tuple[float, float] | None = None,
) -> NDArray[np.floating]:
    """Resize, smooth and equalise images (..., H, W) to (..., size, size) in 0..255.

    Only the order of the pixel values within an image matters, so their scale does not. Not so if a
    `value_range` is given: then it is their roots that are taken, see `root`. The arithmetic is in double
    precision; the result has the dtype asked for.
    """
    images = check_planes(images)
    as_whole(size, "size", 1, MAX_SIZE)
    if value_range is not None:
        as_array(value_range, "value_range", float, (2,), "low and high")
    height, width = images.shape[-2:]
    smoothing = smoothing_matrix(size, fwhm)
    rows, columns = smoothing @ resize_matrix(height, size), smoothing @ resize_matrix(width, size)
    planes = images.reshape(-1, height, width)
    ready = np.empty((len(planes), size, size), dtype)
    for block in gen_batches(len(planes), BLOCK):
        smoothed = rows @ planes[block] @ columns.T
        ready[block] = equalise(smoothed) if value_range is None else root(smoothed, value_range)
    return ready.reshape(*images.shape[:-2], size, size)


def spread(hidden: NDArray[np.bool_], size: int = 32, fwhm: float = 2.0) -> NDArray[np.float64]:
    """Share of each preprocessed pixel (size, size), 0 to 1, that comes from hidden ones (H, W)."""
    smoothing = smoothing_matrix(size, fwhm)
    rows, columns = (np.abs(smoothing @ resize_matrix(n, size)) for n in hidden.shape)
    return rows @ hidden @ columns.T / np.outer(rows.sum(axis=1), columns.sum(axis=1))

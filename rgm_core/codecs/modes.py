"""Turn signals into integer outcomes and back: singular modes of weighted tiles, then bins.

A signal is an array (n_samples, n_channels, n_positions). What a channel is, is up to the caller:
a colour, a frame within a block of frames, or both. Each tile of positions has its own modes; the
variate of each mode is cut into equally spaced bins, and the index of the bin is the outcome.

Source: Friston et al. (2024), arXiv 2407.20292 (SPM's ``spm_rgb2O`` and ``spm_O2rgb``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh

from rgm_core.codecs.tiles import Tiling
from rgm_core.model.checks import as_measured, as_number, as_whole
from rgm_core.model.evidence import as_outcomes

MAX_BINS = np.iinfo(np.int16).max  # outcomes are stored as int8 or int16


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Modes and bins of a fitted codec; M is the number of outcome modalities.

    Attributes
    ----------
    tiling : the tiles, over P positions.
    n_channels : number of channels C of a signal.
    modes : per tile, (C, m, k) orthonormal modes over the channels and the m member positions.
    bin_centres : (M, b) values that each variate can take, ascending, the middle one 0.
    tile_of : (M,) tile of each modality, counted from 0; the modes of a tile are consecutive.
    """

    tiling: Tiling
    n_channels: int
    modes: tuple[NDArray[np.floating], ...]
    bin_centres: NDArray[np.floating]
    tile_of: NDArray[np.integer]

    @property
    def n_modalities(self) -> int:
        """Number of outcome modalities M: all modes of all tiles."""
        return len(self.tile_of)

    @property
    def n_bins(self) -> int:
        """Number of bins b of every modality."""
        return self.bin_centres.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """Floating-point type in which signals are encoded and decoded."""
        return self.bin_centres.dtype

    def by_tile(self):
        """Yield (members, weights, modes, modalities) of each tile; modalities is a slice."""
        start = 0
        parts = zip(self.tiling.members, self.tiling.weights, self.modes, strict=True)
        for members, weights, modes in parts:
            stop = start + modes.shape[-1]
            yield members, weights, modes, slice(start, stop)
            start = stop


def check_settings(n_bins: int, max_modes: int | None, su: float) -> None:
    """Raise ``ValueError`` unless the settings of a codec make sense."""
    as_whole(n_bins, "n_bins", 3, MAX_BINS)
    if n_bins % 2 == 0:
        raise ValueError(
            f"n_bins must be odd, with 0 as a bin centre; found {n_bins}: use {n_bins - 1} or {n_bins + 1}"
        )
    if max_modes is not None:
        as_whole(max_modes, "max_modes", 1)
    as_number(su, "su", "a number > 0", low=0, without=(0,))


def check_signal(signal: ArrayLike, n_channels: int | None, n_positions: int) -> NDArray:
    """Return the signal as float32 (if it is) or float64 (n, C, P), or raise ``ValueError``."""
    found = as_measured(signal, "signal")
    channels = "n_channels" if n_channels is None else n_channels
    fits = found.ndim == 3 and found.shape[2] == n_positions
    if not fits or found.size == 0 or n_channels not in (None, found.shape[1]):
        raise ValueError(
            f"signal must have shape (n_samples, {channels}, {n_positions}); found {found.shape}"
        )
    return found if found.dtype == np.float32 else found.astype(np.float64, copy=False)


def principal_modes(
    data: NDArray[np.float64], *, max_modes: int | None, su: float, copies: int = 1
) -> NDArray[np.float64]:
    """Find the leading right singular vectors of the data, largest singular value first.

    Mode i is kept while ``eigenvalue_i * p / sum(eigenvalues) > 1 / su``, where the eigenvalues
    are those of ``data.T @ data`` and p is the number of columns that are not all zero, or the
    number of samples if there are not more samples than such columns.

    Parameters
    ----------
    data : (n, f) samples by features, not centred.
    max_modes : largest number of modes kept; ``None`` for no limit.
    su : inverse of the threshold on normalised eigenvalues; infinity keeps the whole rank.
    copies : number of identical copies of the columns that p counts. Copies change neither the
        modes nor the ratios of the eigenvalues, only p.

    Returns
    -------
    (f, k) orthonormal columns, the largest loading of each positive: this fixes the sign, which
    the data leave free. k is 0 if all data are zero.
    """
    n_samples, n_features = data.shape
    n_filled = copies * np.count_nonzero(data.any(axis=0))
    n_normal = n_filled if n_samples > n_filled else n_samples
    wide = n_samples <= n_features
    gram = data @ data.T if wide else data.T @ data
    total, size = np.trace(gram), len(gram)
    if total == 0:
        return np.zeros((n_features, 0))
    n_top = size if max_modes is None else min(max_modes, size)
    values, vectors = eigh(gram, subset_by_index=(size - n_top, size - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    # Below the second bound are eigenvalues that are zero but for rounding.
    kept = (values * n_normal / total > 1 / su) & (values > size * np.finfo(float).eps * values[0])
    values, vectors = values[kept], vectors[:, kept]
    modes = data.T @ vectors / np.sqrt(values) if wide else vectors
    largest = np.abs(modes).argmax(axis=0)
    return modes * np.sign(modes[largest, np.arange(modes.shape[1])])


def fit_basis(
    signal: ArrayLike,
    tiling: Tiling,
    *,
    n_bins: int,
    max_modes: int | None,
    su: float,
    copies: int = 1,
) -> Basis:
    """Fit the modes of each tile to a signal, and bins to the variates of each mode.

    Parameters
    ----------
    signal : (n, C, P) samples by channels by positions.
    tiling : tiles over the P positions.
    n_bins : number of bins b of each mode, odd; the extreme sample sets the outermost centres.
    max_modes, su, copies : see `principal_modes`.

    Returns
    -------
    Basis
        Its arrays are float32 if the signal is, else float64.

    Raises
    ------
    ValueError
        If the signal is not a finite numeric (n, C, P) array, or is zero everywhere, or a setting
        is out of range.
    """
    check_settings(n_bins, max_modes, su)
    as_whole(copies, "copies", 1)
    signal = check_signal(signal, None, tiling.n_positions)
    modes, ranges = [], []
    for members, weights in zip(tiling.members, tiling.weights, strict=True):
        data = np.take(signal, members, axis=2).astype(np.float64)
        data *= weights
        data = data.reshape(len(data), -1)
        found = principal_modes(data, max_modes=max_modes, su=su, copies=copies)
        ranges.append(np.abs(data @ found).max(axis=0))
        shape = (signal.shape[1], len(members), found.shape[1])
        modes.append(found.reshape(shape).astype(signal.dtype))
    n_modes = [tile_modes.shape[-1] for tile_modes in modes]
    if sum(n_modes) == 0:
        raise ValueError(f"signal has no modes to keep: it is zero everywhere, or su={su} is too small")
    centres = np.outer(np.concatenate(ranges), np.linspace(-1, 1, n_bins))
    return Basis(
        tiling=tiling,
        n_channels=signal.shape[1],
        modes=tuple(modes),
        bin_centres=centres.astype(signal.dtype),
        tile_of=np.repeat(np.arange(len(modes)), n_modes),
    )


def project(basis: Basis, signal: ArrayLike) -> NDArray[np.floating]:
    """Return the variates (n, M) of a signal (n, C, P): its weighted tiles times their modes."""
    signal = check_signal(signal, basis.n_channels, basis.tiling.n_positions)
    signal = signal.astype(basis.dtype, copy=False)
    variates = np.empty((len(signal), basis.n_modalities), basis.dtype)
    for members, weights, modes, modalities in basis.by_tile():
        # The weights go into the modes, so that no weighted copy of the signal is made.
        weighted = modes * weights[:, None].astype(basis.dtype)
        data = np.take(signal, members, axis=2).reshape(len(signal), -1)
        variates[:, modalities] = data @ weighted.reshape(data.shape[1], -1)
    return variates


def quantise(basis: Basis, variates: NDArray[np.floating]) -> NDArray[np.integer]:
    """Return the index (n, M) of the bin centre nearest to each variate (n, M), from 0.

    Variates beyond the outermost centres go to the end bins. The result is int8, or int16 if
    there are more than 127 bins.
    """
    middle = basis.n_bins // 2
    bins = np.rint(variates * (middle / basis.bin_centres[:, -1]) + middle)
    dtype = np.int8 if basis.n_bins <= np.iinfo(np.int8).max else np.int16
    return bins.clip(0, basis.n_bins - 1).astype(dtype)


def share(basis: Basis, variates: NDArray[np.floating]) -> NDArray[np.floating]:
    """Share each variate (n, M) between the two bin centres around it, in proportion: (n, M, b).

    A variate at a centre, or beyond the outermost ones, is that bin's alone. The shares of a variate
    sum to one.
    """
    middle = basis.n_bins // 2
    place = variates * (middle / basis.bin_centres[:, -1]) + middle
    place = place.clip(0, basis.n_bins - 1).astype(basis.dtype, copy=False)
    shares = place[:, :, None] - np.arange(basis.n_bins, dtype=basis.dtype)
    np.abs(shares, out=shares)  # in place: this array is by far the largest
    np.subtract(1, shares, out=shares)
    return np.maximum(shares, 0, out=shares)


def encode(basis: Basis, signal: ArrayLike) -> NDArray[np.integer]:
    """Return the outcomes (n, M), integers in 0..b-1, of a signal (n, C, P)."""
    return quantise(basis, project(basis, signal))


def expected_variates(basis: Basis, outcomes: ArrayLike) -> NDArray[np.floating]:
    """Return the variates (n, M) that outcomes stand for, or their expectation.

    Parameters
    ----------
    outcomes : (n, M) integers in 0..b-1, or -1 for a missing outcome, which stands for the
        middle bin centre, 0; or (n, M, b) probabilities.

    Raises
    ------
    ValueError
        If the shape is neither of these, an integer is out of range, or the probabilities of a
        modality are negative, not finite or do not sum to one (within 1e-4).
    """
    found, n_bins = as_outcomes(outcomes), basis.n_bins
    expected = (basis.n_modalities, n_bins)
    if found.ndim not in (2, 3) or found.shape[1:] != expected[: found.ndim - 1]:
        raise ValueError(
            f"outcomes must have shape (n, {basis.n_modalities}), or (n, {basis.n_modalities}, "
            f"{n_bins}) if they are probabilities; found {found.shape}"
        )
    if found.ndim == 2:
        check_integers(found, n_bins)
        middle = n_bins // 2
        known = np.where(found < 0, middle, found)
        return basis.bin_centres[np.arange(basis.n_modalities), known]
    if found.dtype.kind not in "biuf":
        raise ValueError(f"outcomes must be numeric; found an array of {found.dtype}")
    if not (np.abs(found.sum(axis=2) - 1) <= 1e-4).all() or (found < 0).any():
        raise ValueError("outcomes of shape (n, M, b) must be >= 0 and sum to one over bins")
    return np.einsum("nmb,mb->nm", found, basis.bin_centres).astype(basis.dtype, copy=False)


def check_integers(outcomes: NDArray, n_bins: int) -> None:
    """Raise ``ValueError`` unless outcomes are integers in -1..n_bins-1."""
    if outcomes.dtype.kind not in "iu":
        raise ValueError(f"outcomes of shape (n, M) must be integers; found {outcomes.dtype}")
    if outcomes.size and (outcomes.min() < -1 or outcomes.max() >= n_bins):
        raise ValueError(
            f"outcomes must be in 0..{n_bins - 1}, or -1 if missing; "
            f"found {outcomes.min()}..{outcomes.max()}"
        )


def reconstruct(basis: Basis, variates: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the signal (n, C, P) that has these variates (n, M): the sum of modes over tiles."""
    variates = variates.astype(basis.dtype, copy=False)
    # Samples come last while tiles are added up, so that each addition moves whole rows.
    signal = np.zeros((basis.tiling.n_positions, basis.n_channels, len(variates)), basis.dtype)
    for members, _, modes, modalities in basis.by_tile():
        rows = modes.swapaxes(0, 1).reshape(len(members) * basis.n_channels, modes.shape[-1])
        part = rows @ variates[:, modalities].T
        signal[members] += part.reshape(len(members), *signal.shape[1:])
    return np.ascontiguousarray(signal.transpose(2, 1, 0))


def decode(basis: Basis, outcomes: ArrayLike) -> NDArray[np.floating]:
    """Return the signal (n, C, P) that outcomes, (n, M) or (n, M, b) probabilities, stand for."""
    return reconstruct(basis, expected_variates(basis, outcomes))

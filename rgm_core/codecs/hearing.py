"""What a sound is heard as: how loud each band of frequencies is, whatever the phase of its waves.

The waveform code of :class:`rgm_core.codecs.SoundCodec` can be played, but not recognised: shifted by a
few milliseconds, the same sound has other outcomes. The logarithm of the energy in bands of frequency
hardly changes. An *ear* measures it at every voxel, over a window of two voxels that ends with it, so
that nothing is awaited; the energies are cut into bins.

Live sound is louder or softer than the recording, and there is noise. An outcome that is *soft* says
how well each bin explains the energy that is heard, given a gain and a background: an energy E is
explained by a bin of energy M if ln E is near ln(gain · M + background).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Ear",
    "band_energies",
    "count_heard",
    "fit_ear",
    "hear_hard",
    "hear_soft",
    "is_silent",
    "voxel_ends",
]

QUIET = 0.1  # share of voxels that are quieter than what counts as a band's background
RANGE = (0.02, 0.98)  # quantiles of the energies at the first and last bin centre
OUTLIER = 4.0  # nats by which an energy beyond the range may at most speak against a gain
SHIFTS = (-3 / 8, -1 / 8, 1 / 8, 3 / 8)  # of a voxel, at which the recording is heard while learning
FAINTEST = 1e-10  # energy of a sound of -100 dB full scale: below it there is silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """Bands of frequency and the bins of their energies; B bands, b bins.

    Attributes
    ----------
    sample_rate : samples per second of what it hears, in Hz.
    period : seconds from one voxel to the next.
    window : (L,) weights of the samples that a voxel is heard by.
    bands : (B, L // 2 + 1) weight of each Fourier coefficient's energy in each band.
    frequencies : (B,) centre of each band in Hz.
    centres : (B, b) logarithm of the energy at the centre of each bin, ascending.
    background : (B,) energy that a tenth of the voxels fitted do not reach.
    flutter : (B,) standard deviation of the logarithm of the energy of white noise in a band.
    """

    sample_rate: int
    period: float
    window: NDArray[np.float64]
    bands: NDArray[np.float64]
    frequencies: NDArray[np.float64]
    centres: NDArray[np.float64]
    background: NDArray[np.float64]
    flutter: NDArray[np.float64]

    @property
    def n_bins(self) -> int:
        """Number of bins of each band."""
        return self.centres.shape[1]


def fit_ear(
    sound: NDArray[np.floating],
    sample_rate: int,
    period: float,
    *,
    n_bands: int = 16,
    n_bins: int = 9,
    low: float = 60.0,
    high: float = 4000.0,
) -> Ear:
    """Make an ear for a sound: the bins of a band span the energies that it has in it.

    Parameters
    ----------
    sound : (n,) samples of one channel, at least two voxels.
    sample_rate : samples per second.
    period : seconds from one voxel to the next.
    n_bands : number of bands, equally wide in octaves.
    n_bins : number of bins of each band.
    low, high : first and last frequency in Hz.
    """
    n_samples = max(round(2 * period * sample_rate), 8)
    window = np.hanning(n_samples + 2)[1:-1]
    hertz = np.fft.rfftfreq(n_samples, 1 / sample_rate)
    edges = np.geomspace(low, min(high, sample_rate / 2), n_bands + 2)
    bands = np.stack([np.interp(hertz, edges[k : k + 3], [0, 1, 0]) for k in range(n_bands)])
    nearest = np.abs(hertz - edges[1:-1, None]).argmin(axis=1)
    narrow = np.flatnonzero(bands.sum(axis=1) < 1)  # a band between two coefficients takes the nearest
    bands[narrow, nearest[narrow]] = 1
    bands /= bands.sum(axis=1, keepdims=True)
    blank = np.zeros(n_bands)
    ear = Ear(
        sample_rate=sample_rate, period=period, window=window / np.linalg.norm(window), bands=bands,
        frequencies=edges[1:-1], centres=np.zeros((n_bands, n_bins)), background=blank,
        flutter=1.2 * np.sqrt(np.square(bands).sum(axis=1)),
    )  # fmt: skip
    return _with_bins(ear, band_energies(ear, sound))


def voxel_ends(ear: Ear, n_samples: int, *, first: int = 0) -> NDArray[np.int64]:
    """Samples at which the voxels from number `first` on end, up to and including `n_samples`."""
    last = int(np.floor(n_samples / ear.sample_rate / ear.period + 1e-9))
    numbers = np.arange(first + 1, max(last, first) + 1)
    return np.round(numbers * ear.period * ear.sample_rate).astype(np.int64)


def band_energies(ear: Ear, sound: NDArray[np.floating], ends=None) -> NDArray[np.float64]:
    """Energy of every band at every voxel, (n_voxels, B); before its beginning the sound is silent.

    Parameters
    ----------
    ear : Ear
    sound : (n,) samples of one channel.
    ends : (n_voxels,) sample after the last of each voxel. Default: every voxel of the sound.
    """
    ends = voxel_ends(ear, len(sound)) if ends is None else np.asarray(ends)
    length = len(ear.window)
    padded = np.concatenate([np.zeros(length), sound])
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)
    energies = np.empty((len(ends), len(ear.bands)))
    for start in range(0, len(ends), 256):  # in portions: the spectra of an hour need not fit
        part = windows[ends[start : start + 256]] * ear.window
        energies[start : start + 256] = np.square(np.abs(np.fft.rfft(part, axis=1))) @ ear.bands.T
    return energies + FAINTEST


def hear_hard(ear: Ear, energies: NDArray[np.float64]) -> NDArray[np.integer]:
    """Nearest bin of each energy, (n_voxels, B) from 0; energies beyond the range go to the ends."""
    first, last = ear.centres[:, 0], ear.centres[:, -1]
    place = (np.log(energies) - first) / (last - first) * (ear.n_bins - 1)
    return np.rint(place).clip(0, ear.n_bins - 1).astype(np.int8)


def hear_sound(ear: Ear, sound: NDArray[np.floating], n_voxels: int) -> NDArray[np.integer]:
    """Nearest bins of the energies of the first voxels of a sound, (n_voxels, B)."""
    ends = voxel_ends(ear, len(sound) + ear.sample_rate)[:n_voxels]
    return hear_hard(ear, band_energies(ear, sound, ends.clip(max=len(sound))))


def hear_soft(
    ear: Ear, energies: NDArray[np.floating], *, gain: ArrayLike = 1.0, background: ArrayLike = 0.0
) -> NDArray[np.float64]:
    """How well each bin explains each energy: log likelihoods (n, B, b), in nats.

    They are log densities of ln E, so that gains can be compared: Gaussian, as wide as half a bin and the
    flutter of the background. Energies beyond the range go to the end bins, and what they are beyond it
    speaks against all bins alike.

    Parameters
    ----------
    ear : Ear
    energies : (n, B), of n voxels or of one.
    gain : what the energies of the recording are multiplied by; a number or (n, 1).
    background : energy of what else there is to hear; a number, (B,) or (n, B).
    """
    music = np.asarray(gain)[..., None] * np.exp(ear.centres)
    expected = music + np.asarray(background)[..., None]
    half_bin = (ear.centres[:, 1] - ear.centres[:, 0])[:, None] / 2
    spread = np.hypot(half_bin, ear.flutter[:, None] * (1 - music / expected))
    heard, expected = np.log(energies)[..., None], np.log(expected)
    inside = heard.clip(expected[..., :1], expected[..., -1:])
    beyond = np.minimum(np.abs(heard - inside), OUTLIER)
    return -0.5 * np.square((inside - expected) / spread) - np.log(spread) - beyond


def is_silent(ear: Ear, energies: NDArray[np.floating], *, gain: float = 1.0) -> NDArray[np.bool_]:
    """Whether a voxel is fainter than the lowest bins of all bands together, at a gain: (n_voxels,)."""
    quietest = max(gain * np.exp(ear.centres[:, 0]).sum(), 2 * len(ear.bands) * FAINTEST)
    return energies.sum(axis=1) < quietest


def count_heard(ear: Ear, sound: NDArray[np.float64], n_voxels: int) -> NDArray[np.float64]:
    """Count what is heard in each voxel, (B, b, n_voxels): one count a column.

    The recording is heard several times, begun a part of a voxel earlier or later, as a live sound may
    be; each energy is shared between bins in proportion to how well they explain it.
    """
    ends = voxel_ends(ear, len(sound) + ear.sample_rate)[:n_voxels]
    counts = np.zeros((len(ends), *ear.centres.shape))
    for shift in SHIFTS:
        moved = ends + round(shift * ear.period * ear.sample_rate)
        likelihood = np.exp(hear_soft(ear, band_energies(ear, sound, moved.clip(0, len(sound)))))
        counts = counts + likelihood / likelihood.sum(axis=2, keepdims=True) / len(SHIFTS)
    return counts.transpose(1, 2, 0)


def _with_bins(ear: Ear, energies: NDArray[np.float64]) -> Ear:
    low, high = np.quantile(np.log(energies), RANGE, axis=0)
    high = np.maximum(high, low + 1e-3)  # a band that never changes has bins too
    return replace(
        ear,
        centres=np.linspace(low, high, ear.n_bins, axis=1),
        background=np.quantile(energies, QUIET, axis=0),
    )

"""The continuous wavelet transform of a sound, calibrated so that its coefficients sum to the sound.

Each frequency has a complex Morlet wavelet: a wave under a Gaussian window. The real parts of the
coefficients, at audio rate, are an image of frequency by time. Every frequency has a weight that
makes the responses add up to one from the first to the last, so the inverse is a plain sum.

Source: Friston et al. (2024), arXiv 2407.20292, takes a continuous wavelet transform of sounds; the
wavelet, the grids and the calibration are ours.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import next_fast_len
from scipy.optimize import nnls
from scipy.signal import oaconvolve

from rgm_core.model.checks import as_measured, as_number, as_whole, check_choice
from rgm_core.model.extras import optional

pywt = optional("pywt")

__all__ = ["GRIDS", "WaveletBank", "make_bank", "resynthesise", "transform"]

GRIDS = ("linear", "constant-q")
SPREAD = 1.6  # standard deviation of a wavelet in PyWavelets' units; it is cut off at 8, so at 5 sd
MOST_FREQUENCIES = 4096
FINENESS = 32  # points per sample at which PyWavelets tabulates a wavelet; it does not interpolate


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveletBank:
    """Complex Morlet wavelets, one per frequency; F is the number of frequencies.

    Attributes
    ----------
    rate : samples per second of the sounds it applies to, in Hz.
    frequencies : (F,) centre of each wavelet in Hz, ascending.
    windows : (F,) standard deviation of each Gaussian window in seconds.
    scales : (F,) scale of each wavelet in PyWavelets' sense.
    weights : (F,) what the real parts are multiplied by, so that they sum to the sound.
    """

    rate: float
    frequencies: NDArray[np.float64]
    windows: NDArray[np.float64]
    scales: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def margin(self) -> int:
        """Half of the longest wavelet, in samples: how far an edge of the sound is felt."""
        return int(np.ceil(8 * self.scales.max()))


def frequency_grid(
    n_frequencies: int, low: float, high: float, grid: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (F,) frequencies and the (F,) spacing to their neighbours, both in Hz."""
    if grid == "linear":
        frequencies = np.linspace(low, high, n_frequencies)
        return frequencies, np.full(n_frequencies, (high - low) / (n_frequencies - 1))
    frequencies = np.geomspace(low, high, n_frequencies)
    return frequencies, frequencies * np.log(high / low) / (n_frequencies - 1)


def check_grid(n_frequencies: int, low: float, high: float, rate: float, grid: str) -> None:
    """Raise ``ValueError`` unless the settings of a bank make sense."""
    as_whole(n_frequencies, "n_frequencies", 2, MOST_FREQUENCIES)
    for name, value in (("low", low), ("high", high), ("rate", rate)):
        as_number(value, name, "a finite number > 0 of Hz", low=0, without=(0, np.inf))
    if not 0 < low < high <= rate / 2:
        raise ValueError(
            "frequencies must obey 0 < low < high <= rate / 2; "
            f"found low={low}, high={high}, rate={rate} Hz"
        )
    check_choice(grid, "grid", GRIDS)


def make_bank(
    n_frequencies: int,
    *,
    low: float = 40.0,
    high: float = 4000.0,
    rate: float = 8000.0,
    grid: str = "linear",
    width: float = 0.5,
) -> WaveletBank:
    """Make a bank of Morlet wavelets and calibrate its inverse.

    Parameters
    ----------
    n_frequencies : number of frequencies F.
    low, high : first and last frequency in Hz.
    rate : samples per second of the sounds, in Hz; ``high`` is at most half of it.
    grid : "linear", equally spaced frequencies whose windows are equally long, or "constant-q",
        equal ratios of frequencies whose windows hold equally many cycles.
    width : standard deviation of a wavelet's response, as a fraction of the spacing of the
        frequencies. At 0.5 neighbours just add up to a flat response (a ripple of 1.4 %).

    Raises
    ------
    ValueError
        If a setting is out of range.
    """
    check_grid(n_frequencies, low, high, rate, grid)
    as_number(width, "width", "a fraction of the spacing from 0.1 to 4", low=0.1, high=4)
    frequencies, spacing = frequency_grid(n_frequencies, low, high, grid)
    windows = 1 / (2 * np.pi * width * spacing)
    # 16 scales is the length of a wavelet. If it is odd, PyWavelets' delay is a whole sample.
    scales = (2 * np.rint(8 * windows * rate / SPREAD - 0.5) + 1) / 16
    bank = WaveletBank(
        rate=float(rate),
        frequencies=frequencies,
        windows=windows,
        scales=scales,
        weights=np.ones(n_frequencies),
    )
    return replace(bank, weights=calibrate(bank))


def calibrate(bank: WaveletBank) -> NDArray[np.float64]:
    """Return the weights (F,) that make responses sum to one, from the first frequency to the last.

    The responses are measured with an impulse, so whatever the transform does is accounted for.
    The weights are those of least squares among all that are not negative: weights of either sign
    would cancel each other, and so amplify the errors that bins make.
    """
    n_samples = next_fast_len(16 * bank.margin, real=True)
    impulse = np.zeros(n_samples)
    impulse[n_samples // 2] = 1
    responses = np.fft.rfft(np.roll(transform(bank, impulse), -(n_samples // 2), axis=1)).real
    hertz = np.fft.rfftfreq(n_samples, 1 / bank.rate)
    inside = (hertz >= bank.frequencies[0]) & (hertz <= bank.frequencies[-1])
    return nnls(responses[:, inside].T, np.ones(np.count_nonzero(inside)))[0]


def transform(bank: WaveletBank, sound: ArrayLike) -> NDArray[np.floating]:
    """Return the image (F, n) of a sound (n,): real parts of its calibrated coefficients.

    Parameters
    ----------
    bank : the wavelets.
    sound : (n,) finite samples at the bank's rate. It is mirrored at its ends, so that no edge
        rings through the image; where it is shorter than a wavelet, zeros follow.

    Returns
    -------
    (F, n) image in the units of the sound, float32 if the sound is, else float64.
    """
    sound = check_sound(sound)
    margin, n_samples = bank.margin, len(sound)
    mirrored = min(margin, n_samples - 1)
    padded = np.pad(sound.astype(np.float64), mirrored, mode="reflect")
    padded = np.pad(padded, margin - mirrored)
    image = np.empty((len(bank.scales), n_samples), sound.dtype)
    for k, weight in enumerate(bank.weights):
        cycles = bank.frequencies[k] / bank.rate, bank.windows[k] * bank.rate
        found = oaconvolve(padded, taps(*cycles, bank.scales[k]), mode="same")
        image[k] = weight * found[margin : margin + n_samples]
    return image


@lru_cache(maxsize=1024)
def taps(frequency: float, window: float, scale: float) -> NDArray[np.float64]:
    """Return the filter (2 h + 1,), centred, whose output is the real part of a coefficient.

    Parameters
    ----------
    frequency : cycles a sample.
    window : standard deviation of the wavelet's envelope in samples.
    scale : in PyWavelets' sense.
    """
    bandwidth, centre = 2 * (window / scale) ** 2, frequency * scale
    wavelet = pywt.ContinuousWavelet(f"cmor{bandwidth:.12f}-{centre:.12f}")
    precision = int(np.ceil(np.log2(16 * scale * FINENESS)))
    integral, places = pywt.integrate_wavelet(wavelet, precision=precision)
    spacing = scale * (places[1] - places[0])
    at = np.arange(scale * (places[-1] - places[0]) + 1) / spacing
    sampled = integral.real[at[at < len(integral)].astype(int)][::-1]
    found = -np.sqrt(scale) * np.diff(sampled, prepend=0, append=0)
    # Of a wavelet of few cycles the integral does not end at 0, and this end would be an echo.
    found[0] += np.sqrt(scale) * np.exp(-(np.pi**2) * centre**2 * bandwidth)
    found.flags.writeable = False
    return found


def resynthesise(image: ArrayLike) -> NDArray[np.floating]:
    """Return the sound (n,) of an image (F, n): the sum over its frequencies."""
    return np.asarray(image).sum(axis=0)


def check_sound(sound: ArrayLike) -> NDArray[np.floating]:
    """Return a sound as a finite array (n,) of float32 (if it is) or float64, or raise."""
    found = as_measured(sound, "sound")
    if found.dtype.kind == "b" or found.ndim != 1 or found.size == 0:
        raise ValueError(
            f"sound must be a numeric array (n_samples,); found {found.dtype} of shape {found.shape}"
        )
    return found if found.dtype == np.float32 else found.astype(np.float64)

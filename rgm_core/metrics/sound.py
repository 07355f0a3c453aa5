"""How faithful a decoded sound is, and what its beat is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import stft
from sklearn.utils import gen_even_slices

from rgm_core.codecs.resampling import check_rate, mix_down
from rgm_core.model.checks import as_array, as_number, as_whole

WINDOW_SECONDS = 0.032  # of the spectrograms that are compared
PORTION = 2**22  # samples whose spectrograms are held at a time: two minutes at 32 kHz


def signal_to_error(
    sound: ArrayLike, decoded: ArrayLike, rate: int = 1, *, low: float = 0.0, high: float = np.inf
) -> float:
    """Return 10 log10 of the energy of a sound over that of the error of a decoded one, in dB.

    Parameters
    ----------
    sound, decoded : (n,) samples of the two sounds.
    rate : samples per second of both, for a band in Hz.
    low, high : the energies are those between these frequencies.
    """
    pair = np.stack(check_pair(sound, decoded))
    low, high = _check_band(low, high, rate)
    if (low, high) != (0, np.inf):
        hertz = np.fft.rfftfreq(pair.shape[1], 1 / rate)
        pair = np.fft.irfft(np.fft.rfft(pair) * ((hertz >= low) & (hertz <= high)), pair.shape[1])
    error = np.square(pair[1] - pair[0]).sum()
    return float(10 * np.log10(np.square(pair[0]).sum() / error)) if error else np.inf


def spectrogram_correlation(
    sound: ArrayLike, decoded: ArrayLike, rate: int, *, low: float = 0.0, high: float = np.inf
) -> float:
    """Correlate the magnitudes of two spectrograms over all cells of time and frequency.

    Phase, to which the ear is nearly deaf, does not count; nor do overall level and offset. A
    linear magnitude weighs cells as they are heard in the mix: loud ones most.

    Parameters
    ----------
    sound, decoded : (n,) samples of the two sounds.
    rate : samples per second of both, in Hz.
    low, high : the cells compared lie between these frequencies in Hz.

    Returns
    -------
    Pearson's coefficient; 0 if a spectrogram is constant. Hann windows of 32 ms, three quarters
    of each overlapping the next.
    """
    sound, decoded = check_pair(sound, decoded)
    low, high = _check_band(low, high, rate)
    window = max(8, round(WINDOW_SECONDS * rate))
    if len(sound) < window:
        raise ValueError(f"sound must be at least {window} samples long; found {len(sound)}")
    n, total, products = 0, np.zeros(2), np.zeros((2, 2))
    for part in gen_even_slices(len(sound), -(-len(sound) // PORTION)):
        cells = []
        for samples in (sound[part], decoded[part]):
            hertz, _, spectrum = stft(samples, rate, nperseg=window, noverlap=window - window // 4)
            cells.append(np.abs(spectrum[(hertz >= low) & (hertz <= high)]).ravel())
        n, total, products = n + len(cells[0]), total + np.sum(cells, 1), products + np.inner(cells, cells)
    covariance = products / n - np.outer(total, total) / n**2
    variances = np.diag(covariance)
    if np.any(variances <= 1e-12 * np.diag(products) / n):  # constant, but for rounding
        return 0.0
    return float(covariance[0, 1] / np.sqrt(variances.prod()))


def border_jump(decoded: ArrayLike, borders: ArrayLike, *, around: int = 64) -> float:
    """Return how much larger the steps at borders are than the steps around them.

    Parameters
    ----------
    decoded : (n,) samples.
    borders : indices of the first samples after a border.
    around : how many steps on either side of each border it is compared with.

    Returns
    -------
    Root mean square of the second differences across borders over that of the second differences
    around: about 1 if borders cannot be told from the sound, larger if they click.
    """
    decoded = as_array(decoded, "decoded", float, (None,), "samples")
    around = as_whole(around, "around", 1)
    bends = np.diff(decoded, 2)  # a click shows in the bend of a smooth wave, not yet in its slope
    borders = as_array(borders, "borders", int, (None,), "first samples after a border")
    inside = borders[(borders > around + 4) & (borders < len(decoded) - around - 4)]
    if not len(inside):
        raise ValueError(f"borders must lie more than {around + 4} samples inside decoded; found {borders}")
    at = bends[inside[:, None] + np.arange(-2, 0)]  # the two bends that involve the border's step
    reach = np.r_[-around - 2 : -2, 0:around]
    near = bends[inside[:, None] + reach]
    level = np.sqrt(np.square(near).mean())
    return float(np.sqrt(np.square(at).mean()) / level) if level else 0.0


def beat_period(
    sound: ArrayLike, rate: int, *, shortest: float = 0.3, longest: float = 0.7, multiples: int = 1
) -> float:
    """Return the period of the beat in seconds: where the autocorrelation of onsets is largest.

    Onsets are rises of the logarithm of a spectrogram with windows of 40 ms, every 10 ms; the peak is
    interpolated by a parabola.

    Parameters
    ----------
    sound : (n,) samples, at least twice as long as the longest period.
    rate : samples a second.
    shortest, longest : bounds of the period in seconds.
    multiples : the period is made more precise by the peaks at 2, 4, … beats, as many at most, and as half
        of the sound holds.
    """
    check_rate(rate, "rate")
    as_number(shortest, "shortest", "finite and > 0 seconds", low=0, without=(0, np.inf))
    as_number(longest, "longest", f"≥ shortest, {shortest} s", low=shortest, without=(np.inf,))
    sound = mix_down(sound, "sound")
    hop = max(rate // 100, 1)
    if shortest < 2 * hop / rate:
        raise ValueError(f"shortest must be {2 * hop / rate:g} s or more; found {shortest}")
    if len(sound) < 2 * longest * rate + 4 * hop:
        raise ValueError(f"sound must last {2 * longest} s or more; found {len(sound) / rate:.2f} s")
    pieces = np.lib.stride_tricks.sliding_window_view(sound, 4 * hop)[::hop] * np.hanning(4 * hop)
    level = np.log1p(10 * np.abs(np.fft.rfft(pieces, axis=1)))
    onsets = np.maximum(np.diff(level, axis=0), 0).sum(axis=1)
    if np.ptp(onsets) <= 1e-9 * level.max():
        raise ValueError("sound must have onsets; it is as loud all the time")
    onsets -= onsets.mean()
    correlation = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    low, high = round(shortest * rate / hop), round(longest * rate / hop)
    period = _peak(correlation, low, high)
    beats = 2
    while beats <= multiples and beats * period < len(correlation) / 2:
        period = _peak(correlation, int(beats * period) - 2, int(beats * period) + 3) / beats
        beats *= 2
    return float(period * hop / rate)


def _peak(correlation: NDArray[np.float64], low: int, high: int) -> float:
    """The lag between two, both included, where a correlation is largest, interpolated by a parabola."""
    best = low + correlation[low : high + 1].argmax()
    left, middle, right = correlation[best - 1 : best + 2]
    bend = left - 2 * middle + right
    return float(best + (0.5 * (left - right) / bend if middle >= max(left, right) and bend else 0))


def _check_band(low: float, high: float, rate: int) -> tuple[float, float]:
    """Return the bounds of a band in Hz, or raise ``ValueError``."""
    check_rate(rate, "rate")
    low = as_number(low, "low", "in Hz, ≥ 0", low=0, without=())
    high = as_number(high, "high", f"in Hz, above low, {low:g}", low=low, without=(low,))
    if low > rate / 2:
        raise ValueError(f"low must be at most half the rate, {rate / 2:g} Hz; found {low:g}")
    return low, high


def check_pair(sound: ArrayLike, decoded: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return two sounds as float arrays of one length, or raise ``ValueError``."""
    sound = as_array(sound, "sound", float, None, "samples")
    decoded = as_array(decoded, "decoded", float, None, "samples")
    if sound.ndim != 1 or sound.shape != decoded.shape or not sound.size:
        raise ValueError(
            "sound and decoded must have one and the same shape (n_samples,); "
            f"found {sound.shape} and {decoded.shape}"
        )
    return sound, decoded

"""Prepare sounds for a codec, and measure how faithful a decoded sound is.

Sounds are float arrays in -1..1, or integers, which count as fractions of their full scale.
"""

from math import gcd
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import firwin, resample_poly, stft
from sklearn.utils import check_scalar

__all__ = [
    "beat_period",
    "border_jump",
    "check_audio",
    "mix_down",
    "resample",
    "signal_to_error",
    "spectrogram_correlation",
]

MAX_CHANNELS = 8  # 7.1 surround; beyond that, channels and samples were most likely swapped
WINDOW_SECONDS = 0.032  # of the spectrograms that are compared


def check_rate(rate: int, name: str = "sample_rate") -> None:
    """Raise ``TypeError`` or ``ValueError`` unless a rate is a positive whole number of Hz."""
    check_scalar(rate, name, Integral, min_val=1)


def check_audio(audio: ArrayLike, name: str = "audio") -> NDArray[np.float64]:
    """Return a sound as floats (n, n_channels), integers scaled to -1..1, or raise ``ValueError``.

    Parameters
    ----------
    audio : (n,) mono, or (n, n_channels) with at most 8 channels; float, or int16 or int32.
    name : what to call it in an error.
    """
    found = np.asarray(audio)
    if found.dtype.kind != "f" and found.dtype not in (np.int16, np.int32):
        raise ValueError(f"{name} must be float, int16 or int32, got an array of {found.dtype}")
    if found.ndim not in (1, 2) or found.size == 0:
        raise ValueError(
            f"{name} must have shape (n_samples,) or (n_samples, n_channels), got {found.shape}"
        )
    if found.ndim == 2 and found.shape[1] > MAX_CHANNELS:
        raise ValueError(
            f"{name} must have at most {MAX_CHANNELS} channels, got shape {found.shape}: "
            "if channels come first, transpose it"
        )
    if not np.isfinite(found).all():
        where = np.flatnonzero(~np.isfinite(found.reshape(len(found), -1)).all(axis=1))[0]
        raise ValueError(f"{name} must be finite, got NaN or infinity at sample {where}")
    full_scale = 1 if found.dtype.kind == "f" else -float(np.iinfo(found.dtype).min)
    return found.reshape(len(found), -1) / np.float64(full_scale)


def mix_down(audio: ArrayLike) -> NDArray[np.float64]:
    """Return the mean (n,) of the channels of a sound, (n,) or (n, n_channels), without its mean.

    A microphone's or converter's constant offset is no sound, and would open every clip and
    close it with a click.
    """
    mono = check_audio(audio).mean(axis=1)
    return mono - mono.mean()


def resample(audio: ArrayLike, rate: int, new_rate: int) -> NDArray[np.floating]:
    """Return a sound (n,) at another rate, filtered so that nothing is aliased.

    Parameters
    ----------
    audio : (n,) samples.
    rate, new_rate : samples per second in Hz, whole numbers.

    Returns
    -------
    (ceil(n * new_rate / rate),) samples. Of half the lower rate, 0.93 passes, and what is above
    the whole is 60 dB down.
    """
    check_rate(rate, "rate")
    check_rate(new_rate, "new_rate")
    common = gcd(int(rate), int(new_rate))
    up, down = int(new_rate) // common, int(rate) // common
    if up == down:
        return np.array(audio)
    # SciPy's own filter is a fifth as long: it leaves a mirror image of the upper tenth.
    longest = max(up, down)
    taps = firwin(120 * longest + 1, 0.968 / longest, window=("kaiser", 6))
    return resample_poly(np.asarray(audio), up, down, window=taps)


def signal_to_error(sound: ArrayLike, decoded: ArrayLike) -> float:
    """Return 10 log10 of the energy of a sound over that of the error of a decoded one, in dB."""
    sound, decoded = check_pair(sound, decoded)
    error = np.square(decoded - sound).sum()
    return float(10 * np.log10(np.square(sound).sum() / error)) if error else np.inf


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
    window = max(8, round(WINDOW_SECONDS * rate))
    if len(sound) < window:
        raise ValueError(f"sound must be at least {window} samples long, got {len(sound)}")
    cells = []
    for samples in (sound, decoded):
        hertz, _, spectrum = stft(samples, rate, nperseg=window, noverlap=window - window // 4)
        cells.append(np.abs(spectrum[(hertz >= low) & (hertz <= high)]).ravel())
    if min(map(np.ptp, cells)) == 0:
        return 0.0
    return float(np.corrcoef(cells)[0, 1])


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
    decoded = np.asarray(decoded, float)
    bends = np.diff(decoded, 2)  # a click shows in the bend of a smooth wave, not yet in its slope
    borders = np.asarray(borders)
    inside = borders[(borders > around + 4) & (borders < len(decoded) - around - 4)]
    if not len(inside):
        raise ValueError(f"borders must lie more than {around + 4} samples inside, got {borders}")
    at = bends[inside[:, None] + np.arange(-2, 0)]  # the two bends that involve the border's step
    reach = np.r_[-around - 2 : -2, 0:around]
    near = bends[inside[:, None] + reach]
    level = np.sqrt(np.square(near).mean())
    return float(np.sqrt(np.square(at).mean()) / level) if level else 0.0


def beat_period(
    sound: ArrayLike, rate: int, *, shortest: float = 0.3, longest: float = 0.7
) -> float:
    """Return the period of the beat in seconds: where the autocorrelation of onsets is largest.

    Onsets are rises of the logarithm of a spectrogram with windows of 40 ms, every 10 ms; the peak is
    interpolated by a parabola.

    Parameters
    ----------
    sound : (n,) samples, at least twice as long as the longest period.
    rate : samples a second.
    shortest, longest : bounds of the period in seconds.
    """
    check_rate(rate, "rate")
    sound = mix_down(sound)
    hop = max(rate // 100, 1)
    if len(sound) < 2 * longest * rate + 4 * hop:
        raise ValueError(f"sound must last {2 * longest} s or more, got {len(sound) / rate:.2f} s")
    pieces = np.lib.stride_tricks.sliding_window_view(sound, 4 * hop)[::hop] * np.hanning(4 * hop)
    level = np.log1p(10 * np.abs(np.fft.rfft(pieces, axis=1)))
    onsets = np.maximum(np.diff(level, axis=0), 0).sum(axis=1)
    onsets -= onsets.mean()
    correlation = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    lags = np.arange(round(shortest * rate / hop), round(longest * rate / hop) + 1)
    best = lags[correlation[lags].argmax()]
    left, middle, right = correlation[best - 1 : best + 2]
    return float((best + 0.5 * (left - right) / (left - 2 * middle + right)) * hop / rate)


def check_pair(sound: ArrayLike, decoded: ArrayLike) -> tuple[NDArray, NDArray]:
    """Return two sounds as float arrays of one length, or raise ``ValueError``."""
    sound, decoded = np.asarray(sound, float), np.asarray(decoded, float)
    if sound.ndim != 1 or sound.shape != decoded.shape or not sound.size:
        raise ValueError(
            "sound and decoded must have one and the same shape (n_samples,), "
            f"got {sound.shape} and {decoded.shape}"
        )
    return sound, decoded

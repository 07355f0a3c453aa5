"""Prepare sounds for a codec: one channel, one rate.

Sounds are float arrays in -1..1, or integers, which count as fractions of their full scale.
"""

from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import firwin, resample_poly

from rgm_core.model.checks import as_measured, as_whole

__all__ = ["check_audio", "check_rate", "mix_down", "resample"]

HEADROOM = 64  # 36 dB: floats beyond it are integers of unknown full scale, 8 bits or more
HIGHEST_RATE = 10**9  # Hz
MAX_CHANNELS = 8  # 7.1 surround; beyond that, channels and samples were most likely swapped


def check_rate(rate: int, name: str = "sample_rate") -> None:
    """Raise ``ValueError`` unless a rate is a positive whole number of Hz."""
    as_whole(rate, name, 1, HIGHEST_RATE, meaning="in Hz")


def check_audio(audio: ArrayLike, name: str = "audio") -> NDArray[np.float64]:
    """Return a sound as floats (n, n_channels), integers scaled to -1..1, or raise ``ValueError``.

    Parameters
    ----------
    audio : (n,) mono, or (n, n_channels) with at most 8 channels; float in -1..1 (a peak of up to 64 is
        taken for a mix that is too loud, beyond that the scale is unknown), or int16 or int32.
    name : what to call it in an error.
    """
    found = as_measured(audio, name)
    if found.dtype.kind != "f" and found.dtype not in (np.int16, np.int32):
        raise ValueError(f"{name} must be float, int16 or int32; found an array of {found.dtype}")
    if found.ndim not in (1, 2) or found.size == 0:
        raise ValueError(
            f"{name} must have shape (n_samples,) or (n_samples, n_channels); found {found.shape}"
        )
    if found.ndim == 2 and found.shape[1] > MAX_CHANNELS:
        raise ValueError(
            f"{name} must have at most {MAX_CHANNELS} channels; found shape {found.shape}: "
            "if channels come first, transpose it"
        )
    if found.dtype.kind == "f" and np.abs(found).max() > HEADROOM:
        raise ValueError(
            f"{name} of floats must lie in -1..1; found a peak of {np.abs(found).max():.6g}: "
            "divide it by its full scale (32768 for 16 bits), or give int16 or int32"
        )
    full_scale = 1 if found.dtype.kind == "f" else -float(np.iinfo(found.dtype).min)
    return found.reshape(len(found), -1).astype(np.float64) / full_scale


def mix_down(audio: ArrayLike, name: str = "audio") -> NDArray[np.float64]:
    """Return the mean (n,) of the channels of a sound, (n,) or (n, n_channels), without its mean.

    A microphone's or converter's constant offset is no sound, and would open every clip and
    close it with a click.
    """
    mono = check_audio(audio, name).mean(axis=1)
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
    audio = as_measured(audio, "audio")
    if audio.ndim != 1:
        raise ValueError(f"audio must have shape (n_samples,); found {audio.shape}: see mix_down")
    common = gcd(int(rate), int(new_rate))
    up, down = int(new_rate) // common, int(rate) // common
    if up == down:
        return np.array(audio)
    taps: Any = _low_pass(max(up, down))  # SciPy's stubs know windows by name only
    return resample_poly(audio, up, down, window=taps)


@lru_cache(maxsize=4)
def _low_pass(longest: int) -> NDArray[np.float64]:
    """Filter of a resampling: SciPy's own is a fifth as long, and leaves a mirror image of the top."""
    return firwin(120 * longest + 1, 0.968 / longest, window=("kaiser", 6))

"""Players of a recording who do not play it as it was recorded: material to test who follows them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from rgm_core.model.checks import as_generator

SETTLING = 4  # beats after a cut, and a bar at the beginning, in which nobody can know the place yet


class Performance(NamedTuple):
    """A performance of a recording, and where in the recording it is.

    Attributes
    ----------
    sound : (n,) samples.
    places : (n,) seconds of the recording that each sample was taken from.
    cuts : samples at which the player went on elsewhere.
    """

    sound: NDArray[np.float64]
    places: NDArray[np.float64]
    cuts: tuple[int, ...] = ()


def perform(
    recording: NDArray[np.floating],
    rate: int,
    parts: Sequence[tuple[float, float]] = ((0, np.inf),),
    *,
    tempo: float = 1.0,
    delay: float = 0.0,
    noise: float = 0.0,
    rng: np.random.Generator | int = 0,
) -> Performance:
    """Play parts of a recording one after the other, at another tempo, later, or in noise.

    Parameters
    ----------
    recording : (n,) samples.
    rate : samples per second.
    parts : first and last second of each part.
    tempo : how much faster than the recording; pitch goes with it, as on a tape.
    delay : seconds of silence before it begins.
    noise : root mean square of white noise, in that of the recording.
    rng : for the noise.
    """
    samples = [np.arange(round(a * rate), round(min(b * rate, len(recording)))) for a, b in parts]
    where = np.concatenate(samples)
    sound = resample_poly(recording[where], 1000, round(1000 * tempo)) if tempo != 1 else recording[where]
    places = where[np.minimum((np.arange(len(sound)) * tempo).astype(int), len(where) - 1)] / rate
    wait = round(delay * rate)
    sound = np.concatenate([np.zeros(wait), sound])
    places = np.concatenate([(np.arange(wait) - wait) / rate + places[0], places])
    hiss = as_generator(rng).normal(size=len(sound)) if noise else 0.0
    cuts = np.cumsum([len(part) for part in samples])[:-1] / tempo + wait
    return Performance(sound + noise * np.std(recording) * hiss, places, tuple(cuts.astype(int).tolist()))


def dead_reckoning(performance: Performance, rate: int) -> NDArray[np.float64]:
    """Where one is, in seconds at each sample, who knows where it began and listens to nothing."""
    return performance.places[0] + np.arange(len(performance.sound)) / rate


def follow_accuracy(
    performance: Performance, found: NDArray[np.floating], rate: int, *, beat: float, beats_per_bar: int = 4
) -> tuple[float, float]:
    """Compare where a listener thinks the player is with where the player is.

    The first bar does not count, nor four beats after each cut.

    Parameters
    ----------
    performance : Performance
    found : (k,) seconds of the recording, at k equally distant moments of the performance.
    rate : samples per second.
    beat : seconds from beat to beat.
    beats_per_bar : number of beats in a bar.

    Returns
    -------
    Share of the moments in the right bar, and within a beat of the right place, both in %.
    """
    n, bar = len(performance.sound), beat * beats_per_bar
    moments = ((np.arange(len(found)) + 0.5) * n / len(found)).astype(int)
    counted = moments >= bar * rate
    for cut in performance.cuts:
        counted &= (moments < cut) | (moments >= cut + SETTLING * beat * rate)
    true, found = performance.places[moments][counted], np.asarray(found)[counted]
    right = np.floor(found / bar) == np.floor(true / bar)
    return float(100 * right.mean()), float(100 * np.mean(np.abs(found - true) <= beat))

"""Sounds for the notebooks: bird calls with their annotations, and sixteen bars of jazz."""

import csv
import io
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rgm_core.datasets.files import read_shipped
from rgm_core.model.extras import optional

soundfile = optional("soundfile")

JAZZ_BEAT = 60 / 130  # seconds
BEATS_PER_BAR = 4
N_BARS = 16
RECORDINGS = ("field", "finch")


class BirdCalls(NamedTuple):
    """A recording of birds, and what an expert heard in it; k is the number of calls.

    Attributes
    ----------
    sound : (n,) float64 samples in -1..1.
    sample_rate : samples per second, in Hz.
    onsets, offsets : (k,) begin and end of each call in seconds, by onset.
    labels : (k,) species, or kind of syllable.
    bands : (k, 2) lowest and highest frequency of each call in Hz; (k, 2) of NaN if not annotated.
    """

    sound: npt.NDArray[np.float64]
    sample_rate: int
    onsets: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.float64]
    labels: npt.NDArray[np.str_]
    bands: npt.NDArray[np.float64]


class Jazz(NamedTuple):
    """Music cut to whole bars.

    Attributes
    ----------
    sound : (n,) float64 samples in -1..1, the first at the first beat of a bar.
    sample_rate : samples per second, in Hz.
    beat : seconds from beat to beat.
    beats_per_bar : number of beats in a bar.
    n_bars : number of bars.
    """

    sound: npt.NDArray[np.float64]
    sample_rate: int
    beat: float
    beats_per_bar: int
    n_bars: int

    @property
    def bar(self) -> float:
        """Seconds from bar to bar."""
        return self.beat * self.beats_per_bar


def load_bird_calls(recording: str = "field") -> BirdCalls:
    """Load bird calls, at 32 kHz, with the times and kinds of the calls.

    Parameters
    ----------
    recording : {"field", "finch"}
        "field": 10.0 s outdoors in eastern North America, faint and over noise (peak 0.028), with
        nine calls of four species that overlap: wood thrush (WOTH), eastern towhee (EATO),
        northern cardinal (NOCA), black-capped chickadee (BCCH). "finch": 2.34 s of the song of
        one Bengalese finch, clean: six notes "x" and one "h" lead to the motif "b", "a", which
        comes four times, every 0.287 s; the clip cuts off the "x" after it.

    Raises
    ------
    ValueError
        If the recording is another, or a file is not what its checksum says.
    ModuleNotFoundError
        If soundfile is not installed: it comes with the extra ``media``.
    """
    if recording not in RECORDINGS:
        raise ValueError(f"recording is {recording!r}; expected one of {RECORDINGS}")
    table = {"field": "field-calls", "finch": "finch-syllables"}[recording]
    rows = list(csv.DictReader(io.StringIO(read_shipped(table).decode())))
    bands = [[float(row.get(name, "nan")) for name in ("low", "high")] for row in rows]
    return BirdCalls(
        *read_sound(f"{recording}-sound"),
        onsets=np.array([float(row["onset"]) for row in rows]),
        offsets=np.array([float(row["offset"]) for row in rows]),
        labels=np.array([row["label"] for row in rows]),
        bands=np.array(bands),
    )


def load_jazz() -> Jazz:
    """Load 16 bars of the groove of "Vibe Ace" by Kevin MacLeod: 29.5 s, one channel, 22,050 Hz.

    The tempo is 130 beats a minute throughout, so a bar of four beats lasts 1.846 s. It was found
    from the onsets: their strength over 7..44 s peaks at a period of 0.4616 s, and their phase
    stays within 8 ms over the groove. Of the four beats the first has most bass, and the second
    and fourth the strongest attacks. The clip begins at bar 9 of the piece, 14.779 s into it, a
    few milliseconds before an attack, and ends where the groove does.

    Raises
    ------
    ValueError
        If the file is not what its checksum says.
    ModuleNotFoundError
        If soundfile is not installed: it comes with the extra ``media``.
    """
    sound, rate = read_sound("jazz-sound")
    return Jazz(sound, rate, JAZZ_BEAT, BEATS_PER_BAR, N_BARS)


def read_sound(key: str) -> tuple[npt.NDArray[np.float64], int]:
    """Return the samples (n,) and the rate in Hz of a sound in ``data/``, given its key."""
    return soundfile.read(io.BytesIO(read_shipped(key)), dtype="float64")

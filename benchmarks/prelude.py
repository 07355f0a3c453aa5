"""A second piece, on which nothing was chosen: thirty-two bars of a prelude, rendered from its notes.

J. S. Bach, Prelude in C major, BWV 846 (1722, in the public domain), bars 1 to 32, written down here as the
five notes of each bar; this file, and so the sound, is under the licence of the repository. Every bar plays
its pattern twice, so that for half a bar nobody can tell which of the two it is.
"""

import numpy as np

from rgm_core.datasets.sound import Jazz

RATE, BEAT = 22050, 0.6
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
PATTERN = (0, 1, 2, 3, 4, 2, 3, 4)  # of the five notes, in semiquavers
BARS = """
C4 E4 G4 C5 E5 | C4 D4 A4 D5 F5 | B3 D4 G4 D5 F5 | C4 E4 G4 C5 E5 | C4 E4 A4 E5 A5 | C4 D4 F#4 A4 D5
B3 D4 G4 D5 G5 | B3 C4 E4 G4 C5 | A3 C4 E4 G4 C5 | D3 A3 D4 F#4 C5 | G3 B3 D4 G4 B4 | G3 Bb3 E4 G4 C#5
F3 A3 D4 A4 D5 | F3 Ab3 D4 F4 B4 | E3 G3 C4 G4 C5 | E3 F3 A3 C4 F4 | D3 F3 A3 C4 F4 | G2 D3 G3 B3 F4
C3 E3 G3 C4 E4 | C3 G3 Bb3 C4 E4 | F2 F3 A3 C4 E4 | F#2 C3 A3 C4 Eb4 | Ab2 F3 B3 C4 D4 | G2 F3 G3 B3 D4
G2 E3 G3 C4 E4 | G2 D3 G3 C4 F4 | G2 D3 G3 B3 F4 | G2 Eb3 A3 C4 F#4 | G2 E3 G3 C4 G4 | G2 D3 G3 C4 F4
G2 D3 G3 B3 F4 | C2 C3 G3 Bb3 E4
"""


def hertz(name: str) -> float:
    """Frequency of a note such as F#4, in Hz."""
    semitone = STEPS[name[0]] + name.count("#") - name.count("b") + 12 * (int(name[-1]) - 4)
    return 440 * 2 ** ((semitone - 9) / 12)


def tone(frequency: float) -> np.ndarray:
    """A plucked string: eight harmonics, the higher the sooner they fade."""
    time, harmonics = np.arange(2 * RATE) / RATE, np.arange(1, 9)[:, None]
    waves = np.sin(2 * np.pi * frequency * harmonics * time) * np.exp(-(1 + harmonics) * time)
    return (waves / harmonics**1.5).sum(axis=0) * np.minimum(time / 0.005, 1)


def load_prelude() -> Jazz:
    """The prelude, in the form of the jazz: sound, rate, beat, beats in a bar."""
    bars = [bar.split() for line in BARS.split("\n") if line for bar in line.split("|")]
    sound = np.zeros(round(4 * BEAT * RATE * len(bars)) + 2 * RATE)
    for n, bar in enumerate(bars):
        for k in range(16):
            start = round((4 * n + k / 4) * BEAT * RATE)
            loudness = 1.0 if k % 8 == 0 else 0.6
            note = loudness * tone(hertz(bar[PATTERN[k % 8]]))
            sound[start : start + len(note)] += note
    sound = sound[: round(4 * BEAT * RATE * len(bars))]
    return Jazz(0.9 * sound / np.abs(sound).max(), RATE, BEAT, 4, len(bars))

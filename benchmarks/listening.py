"""Who follows a player of a piece? The accompanist, beside what nothing would score.

Needs nothing but the recording in ``data/``; with ``--piece prelude`` a piece on which nothing was chosen.
Players differ from it: in time, tempo, noise, loudness or order. Nulls: dead reckoning (told where the
player begins, hears nothing), and noise without any music.
"""

import argparse
import time

import numpy as np


def phase_vocoder(sound, factor, window=2048, hop=256):
    """Another tempo at the same pitch."""
    weights, frequency = np.hanning(window), 2 * np.pi * hop * np.arange(window // 2 + 1) / window
    starts = range(0, len(sound) - window, hop)
    spectra = np.array([np.fft.rfft(weights * sound[i : i + window]) for i in starts])
    phase, moments = np.angle(spectra[0]), np.arange(0, len(spectra) - 2, factor)
    out = np.zeros(len(moments) * hop + window)
    total = np.zeros_like(out)
    for k, moment in enumerate(moments):
        i, share = int(moment), moment % 1
        level = (1 - share) * np.abs(spectra[i]) + share * np.abs(spectra[i + 1])
        out[k * hop : k * hop + window] += weights * np.fft.irfft(level * np.exp(1j * phase))
        total[k * hop : k * hop + window] += weights**2
        turn = np.angle(spectra[i + 1]) - np.angle(spectra[i]) - frequency
        phase = phase + frequency + turn - 2 * np.pi * np.round(turn / (2 * np.pi))
    return out / np.maximum(total, 0.1)


def players(jazz):
    """Each player by name."""
    from rgm_core.datasets.performances import Performance, perform

    sound, rate, bar = jazz.sound, jazz.sample_rate, jazz.bar
    end = len(sound) / rate
    found = {"as recorded": perform(sound, rate), "delay 100 ms": perform(sound, rate, delay=0.1)}
    for tempo in (1.03, 0.97):
        found[f"tape, tempo {tempo}"] = perform(sound, rate, tempo=tempo)
        music = phase_vocoder(sound, tempo)
        found[f"phase vocoder, tempo {tempo}"] = Performance(music, np.arange(len(music)) * tempo / rate)
    for seed in range(3):
        found[f"noise at 0 dB, seed {seed}"] = perform(sound, rate, noise=1.0, rng=seed)
    found["10 dB softer"] = perform(0.316 * sound, rate)
    found["skips four bars"] = perform(sound, rate, [(0, 4 * bar), (8 * bar, end)])
    found["skips 3.3 bars"] = perform(sound, rate, [(0, 4 * bar), (7.3 * bar, end)])
    found["repeats two bars"] = perform(sound, rate, [(0, 6 * bar), (4 * bar, end)])
    found["three times"] = perform(sound, rate, 3 * [(0, end)])
    for beat in range(1, 57, 5):
        found[f"from beat {beat}"] = perform(sound, rate, [(beat * jazz.beat, end)])
    return found


def unheard(jazz):
    """No player: noise as loud as the piece."""
    from rgm_core.datasets.performances import perform

    noise = jazz.sound.std() * np.random.default_rng(0).normal(size=len(jazz.sound))
    return {"noise, no music": perform(jazz.sound, jazz.sample_rate)._replace(sound=noise)}


def judge(accompanist, player, jazz):
    """Voxels in the right bar and within a beat, in %: of the accompanist, and of dead reckoning."""
    from rgm_core.datasets.performances import dead_reckoning, follow_accuracy

    rate, hop = jazz.sample_rate, round(accompanist.latency_ * jazz.sample_rate)
    found = np.array([belief.place for belief in accompanist.reset().hear(player.sound)])
    guesses = (found, dead_reckoning(player, rate)[::hop])
    return [follow_accuracy(player, places, rate, beat=jazz.beat) for places in guesses]


def main(arguments=None) -> None:
    """Print a table of what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--piece", choices=("jazz", "prelude"), default="jazz")
    parser.add_argument("--only", nargs="*", default=[""], help="words, one of which a player's name holds")
    asked = parser.parse_args(arguments)

    from prelude import load_prelude

    from rgm_core import Accompanist
    from rgm_core.datasets import load_jazz

    jazz = load_jazz() if asked.piece == "jazz" else load_prelude()
    accompanist = Accompanist(sample_rate=jazz.sample_rate, beat=jazz.beat).fit(jazz.sound)
    print("right bar / within a beat, in %    accompanist   dead reckoning   (bars: 95, 99)")
    start, seconds = time.process_time(), 0.0
    for name, player in (players(jazz) | unheard(jazz)).items():
        if not any(word in name for word in asked.only):
            continue
        judged = judge(accompanist, player, jazz)
        seconds += len(player.sound) / jazz.sample_rate
        print(f"{name:33}" + "".join(f"{right:8.1f} / {near:5.1f}" for right, near in judged), flush=True)
    share = (time.process_time() - start) / seconds
    print(f"waits for {1000 * accompanist.latency_:.0f} ms of sound; CPU {share:.3f} s a second of sound")


if __name__ == "__main__":
    main()

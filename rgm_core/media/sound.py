"""Bring your own sound: from a file to a model of its events. The door is :func:`rgm_core.compress`.

Events recur by what is *heard*, the energies of bands, and are *played* as they were in one of their
visits: the mean of several waveforms would be silence. A voxel is an eighth of a beat, an event eight
voxels.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import gcd
from pathlib import Path

import numpy as np
from sklearn.utils import gen_batches

from rgm_core.codecs.resampling import check_audio, resample
from rgm_core.codecs.sound import SoundCodec
from rgm_core.generation.orbits import generate_orbit
from rgm_core.inference.infer import infer
from rgm_core.media.compressed import Compressed
from rgm_core.metrics.sound import beat_period, spectrogram_correlation
from rgm_core.model.extras import optional
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.recognise import with_noise

soundfile = optional("soundfile")

SOUNDS = {".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav"}
RATES = (8000, 16000, 32000)  # Hz; the lowest that keeps nearly all energy is taken
KEPT = 0.99  # of the energy
N_BANDS = 16  # heard, so that four levels make events of eight voxels
VOXELS_PER_BEAT = 8
UNKNOWN_BEAT = 0.5  # s, of a sound too short to have one
SHORTEST = 0.2  # s
FIDELITY = 0.9  # of the codec's correlation with the sound, which a replay must keep
NOISES = (4.0, 2.0, 1.0, 0.5, 0.25)  # bins, under which events may recur, most first
PORTION = 60  # s of sound that are compared, and events that are inferred, at a time
LONGEST_SAMPLE = 30  # s


@dataclass(frozen=True, kw_only=True)
class CompressedSound(Compressed):
    """A sound as a model of its events.

    Parameters
    ----------
    codec : SoundCodec
        Of the sound at `rate`, with what is heard in front of what is played.
    model : RGM
        Of what is heard; soften it with :func:`rgm_core.structure.with_noise` and ``noise``.
    noise : float
        Noise in bins, under which events recur.
    outcomes : (n_voxels, M) int
        Of both streams.
    events : (n_events,) int
        State on top of each event of the sound.
    rate : int
        Samples per second that the codec works at, Hz: see :func:`read_sound`.
    correlation : float
        Of spectrograms, sound against decoded outcomes.
    replay_correlation : float
        The same with each event played as in its first visit.
    sample : (n,) float
        Sound of an orbit of the model, at `rate`, at most 30 s.
    """

    codec: SoundCodec = field(repr=False)
    rate: int
    correlation: float
    replay_correlation: float

    def __str__(self) -> str:
        voxel = self.codec.voxel_ / self.rate
        return (
            f"{len(self.outcomes)} voxels of {1000 * voxel:.0f} ms, {self.outcomes.shape[1]} outcomes -> "
            f"{len(self.events)} events, {len(self.model.D)} of them different; correlation with the "
            f"sound: codec {self.correlation:.3f}, replayed from events {self.replay_correlation:.3f}"
        )


def compress_sound(
    path: Path, fidelity: float | None, rng: np.random.Generator, say: Callable[[str], None]
) -> CompressedSound:
    """Learn a model of the events of a sound, see :func:`rgm_core.compress`."""
    rate = _enough(path)
    sound = read_sound(path, rate)
    if len(sound) < SHORTEST * rate:
        raise ValueError(f"path must hold at least {SHORTEST} s of sound; found {len(sound) / rate:.3g} s")
    codec = SoundCodec(
        sample_rate=rate, rate=rate, high=rate / 2, voxel=_voxel(sound, rate), n_frequencies=rate // 250,
        n_bins=17, max_modes=64, su=128, overlap=32, n_bands=N_BANDS,
    )  # fmt: skip
    outcomes = codec.fit_transform(sound)
    quality = _correlation(codec, outcomes, sound)
    say(f"{len(sound) / rate:.1f} s at {rate} Hz; {len(outcomes)} voxels, correlation {quality:.3f}")
    wanted = FIDELITY * quality if fidelity is None else fidelity
    for noise in NOISES:
        model, events = _learn(codec, outcomes, noise)
        _, first, event = np.unique(events, return_index=True, return_inverse=True)
        visits = first[event]
        replayed = _correlation(codec, outcomes[_voxels_of(model, visits, len(outcomes))], sound)
        say(f"noise {noise} bins: {len(events)} events, {len(first)} different, replay {replayed:.3f}")
        if replayed >= wanted:
            break
    return CompressedSound(
        codec=codec, model=model, noise=noise, outcomes=outcomes, events=events, rate=rate,
        correlation=quality, replay_correlation=replayed,
        sample=_sample(codec, model, outcomes, events, rng),
    )  # fmt: skip


def read_sound(path: str | os.PathLike, rate: int) -> np.ndarray:
    """One channel (n,) of a sound file at this rate, Hz, float32; read and resampled piece by piece."""
    source, parts, rest = _info(path).samplerate, [], np.zeros(0)
    step = source // gcd(source, rate)  # samples that last a whole number of new ones
    size, margin = (step * (n * source // step + 1) for n in (10, 1))
    lead = 0
    for block in _blocks(path, size + 2 * margin, 2 * margin):
        new = resample(block, source, rate)
        stop = (size + margin) * rate // source
        parts.append(new[lead:stop].astype(np.float32))
        rest, lead = new[stop:], margin * rate // source
    sound = np.concatenate([*parts, rest.astype(np.float32)])
    return sound - sound.mean(dtype=float).astype(np.float32)


def _info(path: str | os.PathLike):
    try:
        return soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"path must be a sound that soundfile reads; found {path}: {error}") from error


def _blocks(path: str | os.PathLike, size: int, overlap: int = 0) -> Iterator[np.ndarray]:
    """One channel of a sound file in blocks."""
    for block in soundfile.blocks(path, blocksize=size, overlap=overlap, always_2d=True):
        yield check_audio(block).mean(axis=1)


def _enough(path: Path) -> int:
    """The lowest rate at which a file keeps nearly all of its energy, Hz."""
    source, energy = _info(path).samplerate, np.zeros(2**14 + 1)
    for block in _blocks(path, 2**15):
        energy += np.square(np.abs(np.fft.rfft(block - block.mean(), 2**15)))
    if not energy.any():
        raise ValueError(f"path must hold a sound; found silence in {path}")
    hertz = np.linspace(0, source / 2, len(energy))
    kept = (rate for rate in RATES if energy[hertz <= rate / 2].sum() >= KEPT * energy.sum())
    return min(next(kept, RATES[-1]), source)


def _voxel(sound: np.ndarray, rate: int) -> int:
    """Samples of a voxel: an eighth of the beat, or less where there would not be four events."""
    part = sound[max(len(sound) // 2 - PORTION * rate, 0) :][: 2 * PORTION * rate]  # enough for a beat
    beat = beat_period(part, rate, multiples=64) if len(part) >= 2 * rate else UNKNOWN_BEAT
    return max(min(round(beat / VOXELS_PER_BEAT * rate), len(sound) // 32), 32)


def _learn(codec: SoundCodec, outcomes: np.ndarray, noise: float) -> tuple[RGM, np.ndarray]:
    """Model of what is heard, and the event at each of its top steps."""
    heard = codec.streams_ == 0
    places = codec.locations_[heard]
    model = learn_structure(outcomes[:, heard], codec.n_outcomes_[heard], places, dt=2, noise=noise)
    believer, span = with_noise(model, noise, reopen=False), 2 ** (model.n_levels - 1)
    events = [
        infer(believer, outcomes[part, heard]).states[-1][0].argmax(axis=1)
        for part in gen_batches(len(outcomes), PORTION * span)
    ]
    return model, np.concatenate(events)


def _voxels_of(model: RGM, visits: np.ndarray, n_voxels: int) -> np.ndarray:
    """Voxels of some events of the sound, which are counted from 0; the last one may be cut off."""
    span = 2 ** (model.n_levels - 1)
    voxels = (np.asarray(visits)[:, None] * span + np.arange(span)).ravel()
    return voxels[voxels < n_voxels]


def _correlation(codec: SoundCodec, outcomes: np.ndarray, sound: np.ndarray) -> float:
    """Correlation of the spectrograms of a sound and of decoded outcomes."""
    decoded = codec.inverse_transform(outcomes)
    return spectrogram_correlation(sound[: len(decoded)], decoded[: len(sound)], codec.rate)


def _sample(codec: SoundCodec, model: RGM, outcomes, events, rng: np.random.Generator) -> np.ndarray:
    """Sound of an orbit from the first event on, each event played as in one of its visits."""
    span = 2 ** (model.n_levels - 1)
    n_events = max(int(LONGEST_SAMPLE * codec.rate / (span * codec.voxel_)), 1)
    n_steps = span * min(n_events, len(events))
    orbit = generate_orbit(model, int(events[0]), n_steps=n_steps, rng=rng)
    order = [int(step.states[-1][0]) for t, step in enumerate(orbit) if t % span == 0]
    visits = np.array([rng.choice(np.flatnonzero(events == event)) for event in order])
    return codec.inverse_transform(outcomes[_voxels_of(model, visits, len(outcomes))])

"""Hear and play sound that comes in pieces of any size, voxel by voxel, in bounded memory."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rgm_core.codecs.hearing import FAINTEST, Ear, band_energies, voxel_ends
from rgm_core.codecs.modes import expected_variates, reconstruct
from rgm_core.codecs.resampling import check_audio, resample
from rgm_core.codecs.sound import SoundCodec
from rgm_core.model.checks import as_any_array
from rgm_core.model.evidence import as_outcomes

__all__ = ["LiveEar", "LiveVoice"]


class LiveEar:
    """Measure band energies of a sound that comes in chunks.

    Parameters
    ----------
    ear : `rgm_core.codecs.hearing.Ear`.
    """

    def __init__(self, ear: Ear):
        self.ear = ear
        self._latest = np.zeros(len(ear.window))  # samples up to number _n_samples
        self._n_samples = self._n_voxels = 0

    def hear(self, chunk: ArrayLike) -> NDArray[np.float64]:
        """Return the energies (n, B) of the n voxels, none or several, that end within a chunk.

        Parameters
        ----------
        chunk : (m,) or (m, n_channels) samples at the ear's rate, what follows the last chunk; m ≥ 0.

        A voxel whose window begins before the sound is returned as silent.
        """
        if as_any_array(chunk, "chunk").size:
            sound = check_audio(chunk, "chunk").mean(axis=1)
            self._latest = np.concatenate([self._latest, sound])
            self._n_samples += len(sound)
        ends = voxel_ends(self.ear, self._n_samples, first=self._n_voxels)
        start = self._n_samples - len(self._latest)  # number of the first sample that is kept
        energies = band_energies(self.ear, self._latest, ends - start)
        energies[ends < len(self.ear.window)] = FAINTEST  # half of the window was before the sound
        self._n_voxels += len(ends)
        self._latest = self._latest[-len(self.ear.window) - self._unheard() :]
        return energies

    def _unheard(self) -> int:
        """Samples that came after the last voxel's end."""
        end = round(self._n_voxels * self.ear.period * self.ear.sample_rate)
        return max(self._n_samples - end, 0)


class LiveVoice:
    """Play outcomes voxel by voxel, each fading into the next.

    Parameters
    ----------
    codec : a fitted `SoundCodec`.
    """

    def __init__(self, codec: SoundCodec):
        self.codec = codec
        self._tail = np.zeros(0)  # of earlier voxels, still to be played
        self._n_voxels = 0

    def play(self, outcomes: NDArray, *, gain: float = 1.0) -> NDArray[np.float64]:
        """Return the next voxel of sound, at the codec's sample rate.

        Parameters
        ----------
        outcomes : (M,) integers or (M, b) probabilities of the modalities that are played.
        gain : what samples are multiplied by.
        """
        codec = self.codec
        variates = expected_variates(codec.basis_, as_outcomes(outcomes)[None])
        piece = reconstruct(codec.basis_, variates)[0].sum(axis=1).astype(np.float64)
        piece = resample(piece, codec.rate, codec.sample_rate) * gain / codec.gain_
        period = codec.voxel_ / codec.rate * codec.sample_rate
        n_samples = round((self._n_voxels + 1) * period) - round(self._n_voxels * period)
        self._n_voxels += 1
        sound = np.zeros(max(len(piece), len(self._tail), n_samples))
        sound[: len(piece)] += piece
        sound[: len(self._tail)] += self._tail
        self._tail = sound[n_samples:]
        return sound[:n_samples]

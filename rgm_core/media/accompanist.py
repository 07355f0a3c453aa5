"""Play along: an agent that follows a player through a recording it knows, and plays what comes next.

The recording is a chain of positions, one a voxel. Each has two streams of outcomes: what is *heard* there
(energies of bands) and what can be *played* (the waveform code). From a position there are three paths:
hold, one step, two steps; which of them a player takes, and how often, is the tempo. With a small
probability the player goes on anywhere in the recording.

Listening is exact filtering on this chain: with ``P`` the transitions, ``r`` the probability of a leap,
``D`` the uniform distribution and ``l_t`` the likelihood of what is heard under each position,

``q_t(s) ∝ l_t(s) · [(1 - r) Σ_s' P(s | s') q_{t-1}(s') + r D(s)]``.

What the bracket holds before anything is heard is the prediction; its outcomes of the second stream are
what is played. How loud the player is, compared with the recording, is a second factor; it seldom changes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from rgm_core.codecs.hearing import QUIET, Ear, count_heard, hear_soft, is_silent
from rgm_core.codecs.live import LiveEar, LiveVoice
from rgm_core.codecs.resampling import check_rate, mix_down
from rgm_core.codecs.sound import SoundCodec
from rgm_core.inference.follow import make_walk, path_posterior, predict_states, update_states
from rgm_core.metrics.sound import beat_period
from rgm_core.model.checks import as_number, as_whole, unchanged_on_failure
from rgm_core.structure.positions import STEPS, chain_model

GAINS = 10 ** (np.arange(-24, 13, 6) / 10)  # energy of the player in that of the recording
SWELL = 0.01  # probability a voxel that the player becomes one step of `GAINS` louder, or softer
MEMORY = 128  # voxels over which the background is looked for
PRECISION = 1 / 4  # of evidence: each moment is heard by two windows, each frequency by two bands
VOXELS_PER_BEAT = 8
LARGEST_STEP = 4  # voxels: a larger change of the expected position is no tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What an accompanist believes after a voxel of sound.

    Attributes
    ----------
    positions : (S,) probability of each position of the recording, given all that was heard so far.
    beats, bars : the same, by beat and by bar of the recording.
    paths : (3,) probability that the player held, went one step, or two.
    gains : (7,) probability that the player is as loud as the recording times ``GAINS``.
    tempo : of the player in that of the recording: mean progress a voxel over the last two bars.
    evidence : log likelihood of what was heard, given what was heard before, above that under the
        recording's own frequencies of outcomes, in nats. 0 when nothing was heard.
    heard : whether there was something to hear.
    place : seconds from the beginning of the recording to the middle of the most probable position.
    """

    positions: np.ndarray
    beats: np.ndarray
    bars: np.ndarray
    paths: np.ndarray
    gains: np.ndarray
    tempo: float
    evidence: float
    heard: bool
    place: float


class Accompanist(BaseEstimator):
    """Follow a player through a recording, and play what comes next.

    Parameters
    ----------
    sample_rate : samples per second of the recording and of what is heard, in Hz.
    beat : seconds from beat to beat of the recording; a beat is eight voxels. ``None``: as found in it.
    beats_per_bar : number of beats in a bar.
    n_bands, n_bins : bands that are heard, and bins of every outcome.
    tempo : probability of holding for a voxel, and of going two steps.
    leap : probability a voxel that the player goes on anywhere in the recording.
    mass : prior counts of a position's column, shared as outcomes are in the whole recording.
    rate : samples per second of what it plays, and twice the highest frequency that it hears, in Hz; at
        most `sample_rate`.

    Attributes
    ----------
    codec_ : `rgm_core.codecs.SoundCodec`, with the ear (``codec_.ear_``) and the waveform code.
    model_ : `rgm_core.RGM` of one level. Its first modalities are heard and define the states; the others
        are played.
    beat_ : seconds from beat to beat.
    latency_ : seconds of sound that a belief waits for, a voxel.
    first_of_beat_, first_of_bar_ : first position of each beat, and of each bar.
    """

    def __init__(
        self,
        *,
        sample_rate,
        beat=None,
        beats_per_bar=4,
        n_bands=16,
        n_bins=9,
        tempo=0.05,
        leap=1e-3,
        mass=1.0,
        rate=8000,
    ):
        self.sample_rate = sample_rate
        self.beat = beat
        self.beats_per_bar = beats_per_bar
        self.n_bands = n_bands
        self.n_bins = n_bins
        self.tempo = tempo
        self.leap = leap
        self.mass = mass
        self.rate = rate

    def fit(self, X: ArrayLike, y=None) -> Accompanist:
        """Learn a recording, and be ready to hear its player.

        Parameters
        ----------
        X : sound (n,), or (n, n_channels), which is mixed down; two beats at least.
        y : ignored.

        Raises
        ------
        ValueError
            If the sound is too short, silent or not finite, or a parameter is out of range.
        """
        self._check_parameters()
        with unchanged_on_failure(self):
            self._fit(X)
            return self.reset()

    def _fit(self, X: ArrayLike) -> None:
        self.beat_ = beat_period(X, self.sample_rate) if self.beat is None else self.beat
        rate = min(self.rate, self.sample_rate)
        voxel = max(round(self.beat_ / VOXELS_PER_BEAT * rate), 2)
        self.codec_ = SoundCodec(
            sample_rate=self.sample_rate, rate=rate, high=rate / 2, voxel=voxel,
            overlap=min(64, voxel // 2 * 2), n_frequencies=32, n_bins=self.n_bins, max_modes=32,
            n_bands=self.n_bands,
        ).fit(X)  # fmt: skip
        played = self.codec_.transform(X)[:, self.n_bands :]
        heard = count_heard(self._heard, mix_down(X), len(played))
        self.model_ = chain_model(heard, played, self.codec_.locations_, mass=self.mass, tempo=self.tempo)
        self.walk_ = make_walk(self.model_, leap=self.leap)
        self.latency_ = self._heard.period
        beat = ((np.arange(len(played)) + 0.5) * self.latency_ / self.beat_).astype(int)
        self.first_of_beat_ = np.flatnonzero(np.diff(beat, prepend=-1))
        self.first_of_bar_ = self.first_of_beat_[:: self.beats_per_bar]

    def reset(self) -> Accompanist:
        """Forget what was heard: the next sound may be from anywhere in the recording."""
        check_is_fitted(self, "walk_")
        self._ear, self._voice = LiveEar(self._heard), LiveVoice(self.codec_)
        self._states = None  # before anything is heard
        self._predicted = np.full((len(GAINS), 1), 1 / len(GAINS)) * self.walk_.D
        self._place = np.nan
        known = self._heard.background  # until enough is heard, the background is the recording's
        self._past = deque([known] * 2, maxlen=MEMORY)
        self._steps = deque(maxlen=2 * VOXELS_PER_BEAT * self.beats_per_bar)
        return self

    def hear(self, chunk: ArrayLike) -> list[Belief]:
        """Listen to what comes next.

        Parameters
        ----------
        chunk : (m,) or (m, n_channels) samples, any number of them.

        Returns
        -------
        list of Belief
            One for each voxel that is now complete: none for a short chunk, several for a long one.
        """
        check_is_fitted(self, "walk_")
        return [self._filter(energies[None]) for energies in self._ear.hear(chunk)]

    def expect_next(self) -> NDArray[np.float64]:
        """Predict the outcomes of the next voxel, given all that was heard: (G, n_bins) probabilities.

        The first `n_bands` of the G modalities are heard, the others are played.
        """
        check_is_fitted(self, "walk_")
        belief = self._predicted.sum(axis=0)
        return self.model_.levels[0].likelihood @ (belief / belief.sum())

    def look_ahead(self, n_voxels: int) -> NDArray[np.float64]:
        """Predict where the player will be at each of the next voxels, if nothing more is heard.

        Returns
        -------
        (n_voxels, S) probabilities of positions. Without leaps their sum falls: what is missing to one
        is the probability that the recording is over by then.
        """
        check_is_fitted(self, "walk_")
        as_whole(n_voxels, "n_voxels", 0)
        beliefs = [self._predicted.sum(axis=0)]
        while len(beliefs) < n_voxels:
            beliefs.append(predict_states(self.walk_, beliefs[-1]))
        return np.array(beliefs[:n_voxels])

    def play_next(self) -> NDArray[np.float64]:
        """Return the next voxel as sound: the expected waveform, as loud as the player.

        Where several positions are likely, their waves cancel: in doubt it plays softly.
        """
        outcomes = self.expect_next()[self.n_bands :]
        loudness = self._predicted.sum(axis=1) @ np.sqrt(GAINS) / self._predicted.sum()
        return self._voice.play(outcomes, gain=float(loudness))

    def _filter(self, energies: NDArray[np.float64]) -> Belief:
        """Take in the energies (1, B) of a voxel."""
        ear, before = self._heard, self._states
        heard = not is_silent(ear, energies, gain=GAINS[0])[0]
        log_likelihood = np.zeros_like(self._predicted)
        evidence = 0.0
        if heard:
            self._past.append(energies[0])
            log_likelihood, log_marginal = self._listen(energies)
        states, log_evidence = update_states(self._predicted, log_likelihood)
        paths = np.full(len(STEPS), np.nan)
        if before is not None:
            paths = path_posterior(self.walk_, before, log_likelihood)
        place = float(states.sum(axis=0) @ np.arange(states.shape[1]))
        if abs(place - self._place) <= LARGEST_STEP:  # else it leapt, or has just made up its mind
            self._steps.append(place - self._place)
        if heard:
            evidence = log_evidence - log_marginal
        self._states, self._place = states, place
        self._predicted = swell(len(GAINS)) @ predict_states(self.walk_, states)
        positions = states.sum(axis=0)
        return Belief(
            positions=positions,
            beats=np.add.reduceat(positions, self.first_of_beat_),
            bars=np.add.reduceat(positions, self.first_of_bar_),
            paths=paths,
            gains=states.sum(axis=1),
            tempo=float(np.mean(self._steps)) if self._steps else 1.0,
            evidence=evidence,
            heard=heard,
            place=float((positions.argmax() + 0.5) * self.latency_),
        )

    def _listen(self, energies: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Log likelihood (gains, S) of a voxel, and its log likelihood without a model of time."""
        ear, level = self._heard, self.model_.levels[0]
        likelihood = level.likelihood[: self.n_bands]
        marginal = likelihood.mean(axis=2)
        quiet, gains = np.quantile(self._past, QUIET, axis=0), GAINS[:, None]
        background = np.maximum(quiet - gains * ear.background, 0)
        message = np.exp(hear_soft(ear, energies, gain=gains, background=background))  # (gains, B, b)
        found = PRECISION * np.log(message.transpose(1, 0, 2) @ likelihood).sum(axis=0)
        alone = PRECISION * np.log(np.sum(message * marginal, axis=2)).sum(axis=1)
        weights = self._predicted.sum(axis=1)
        return found, float(logsumexp(alone, b=weights))

    @property
    def _heard(self) -> Ear:
        """The codec's ear: it has one, with bands to hear."""
        return cast(Ear, self.codec_.ear_)

    def _check_parameters(self) -> None:
        check_rate(self.sample_rate)
        check_rate(self.rate, "rate")
        if self.beat is not None:
            as_number(self.beat, "beat", "> 0 seconds, or None", low=0, without=(0, np.inf))
        as_whole(self.beats_per_bar, "beats_per_bar", 1)
        as_whole(self.n_bands, "n_bands", 1)
        probability = {"low": 0, "high": 0.5, "without": (0, 0.5)}
        as_number(self.tempo, "tempo", "a probability, > 0 and < 0.5", **probability)
        as_number(self.leap, "leap", "a probability", low=0, high=1)
        as_number(self.mass, "mass", "> 0", low=0, without=(0, np.inf))


def swell(n_gains: int) -> NDArray[np.float64]:
    """Transitions of the gain, (n_gains, n_gains): it holds, or changes by one step."""
    neighbours = np.eye(n_gains, k=1) + np.eye(n_gains, k=-1)
    return SWELL * neighbours + np.diag(1 - SWELL * neighbours.sum(axis=0))

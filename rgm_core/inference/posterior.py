"""What is believed: one base, and a type for each kind of belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rgm_core.inference.messages import joint
from rgm_core.inference.tree import Messages
from rgm_core.model.checks import as_whole
from rgm_core.model.evidence import Evidence
from rgm_core.model.rgm import RGM


@dataclass(frozen=True, kw_only=True)
class Beliefs:
    """What all beliefs have.

    Parameters
    ----------
    states : tuple of tuple of (n, n_states) float
        ``states[level][factor]``: distribution over hidden states, a row for each sample or step; level 0
        is the lowest.
    log_evidence : (n,) float, or float
        ln p(outcomes) in nats: of each sample, or of the sequence.
    model : RGM
        The model that was inverted.
    """

    states: tuple[tuple[np.ndarray, ...], ...]
    log_evidence: np.ndarray | float
    model: RGM = field(repr=False)

    @cached_property
    def outcomes(self) -> tuple[np.ndarray, ...]:
        """Posterior predictive p(o | data) of each modality of level 1, (n, n_outcomes[g])."""
        level = self.model.levels[0]
        return tuple(self.states[0][f] @ A.T for f, A in zip(level.parents, level.A, strict=True))


@dataclass(frozen=True, kw_only=True)
class Posterior(Beliefs):
    """Beliefs about a batch of n samples under a static model.

    Parameters
    ----------
    states, log_evidence, model
        As in :class:`Beliefs`. Under ``scheme="published"`` the "log evidence" is the sum of ``elbo``,
        which over-counts the priors: it is a score, neither the evidence nor a bound on it.
    elbo : (n, n_levels) float
        Contribution of each level to the evidence lower bound, in nats, lowest level first. With exact
        inference each is accuracy minus complexity of that level, and they add up to ``log_evidence``.
    scheme : str
        "exact" or "published".
    evidence : Evidence
        What was observed.
    up : sequence of Messages, optional
        Upward messages of exact inference.
    """

    log_evidence: np.ndarray
    elbo: np.ndarray
    scheme: str
    evidence: Evidence = field(repr=False)
    up: Sequence[Messages] = field(default=(), repr=False)

    def pairs(self, level: int, modality: int) -> np.ndarray:
        """Joint posterior of a modality and the factor that generates it: what learning counts.

        Parameters
        ----------
        level, modality : int
            Both from 0. Above level 0 the modality is a factor of the level below.

        Returns
        -------
        (n, n_outcomes, n_states) float
            p(o, s | data), by sum-product; in the published scheme the product of both posteriors.
        """
        level = as_whole(level, "level", 0, self.model.n_levels - 1)
        table = self.model.levels[level]
        modality = as_whole(modality, "modality", 0, table.n_modalities - 1)
        A, log_A = table.A[modality], table.log_A[modality]
        q = self.states[level][table.parents[modality]]
        if self.scheme == "published" and level > 0:
            return self.states[level - 1][modality][:, :, None] * q[:, None, :]
        below = self.up[level - 1].log_lambda[modality] if level > 0 else None
        message = self.evidence.log_message(modality, len(A)) if below is None else below
        return joint(message, A, q, log_A)


@dataclass(frozen=True, kw_only=True)
class SequencePosterior(Beliefs):
    """Beliefs about a sequence of T steps, each from all data (smoothing).

    Parameters
    ----------
    states, log_evidence, model
        As in :class:`Beliefs`; a level has ``ceil(T / 2**level)`` steps, level counted from 0 (one more if
        the sequence begins within one). The log evidence is that of these outcomes *and* of a sequence that
        lasts so long, so that its differences over time are the surprise at what came next.
    paths : tuple of tuple of (n_blocks, n_paths) float
        ``paths[level][factor]``: path on which each block of two steps runs, a row for each step of the
        level above. On top: path from each event to the next. The last row predicts where the next step is
        not there; it sums to less than one by the probability that there is no learned successor.
    transitions : tuple of tuple of (E,) float
        Expected number of times that each learned transition was made, in the order of ``Level.b``.
    log_lasting : float
        ln p(a sequence lasts so many events), nats; 0 if every event has a successor. Subtract it for the
        evidence *given* that the sequence lasts.
    phases : (2 ** (n_levels - 1),) float
        Probability that the first outcome is this step of an event, steps from 0.
    """

    log_evidence: float
    paths: tuple[tuple[np.ndarray, ...], ...]
    transitions: tuple[tuple[np.ndarray, ...], ...] = field(repr=False)
    log_lasting: float
    phases: np.ndarray = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class FilteredPosterior(Beliefs):
    """Beliefs about a sequence of T steps, each from the data so far (filtering).

    Parameters
    ----------
    states, log_evidence, model
        As in :class:`Beliefs`; every level has T rows, one for each step of level 1: the belief about the
        state that is current.
    paths : tuple of tuple of (T, n_paths) float
        ``paths[level][factor]``: path of the block that is current; on top to the next event.
    log_lasting, phases
        As in :class:`SequencePosterior`.
    """

    log_evidence: float
    paths: tuple[tuple[np.ndarray, ...], ...]
    log_lasting: float
    phases: np.ndarray = field(repr=False)

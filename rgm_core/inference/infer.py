"""Exact inference: sum-product on the tree, batched (equations 3.1 to 3.6).

One pass up gathers the evidence ``lambda_f(s)`` below each factor, one pass down shares it out. Batches
make every step a matrix product. ``messages="posterior"`` selects the published nested scheme instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.special import rel_entr, softmax

from rgm_core.inference import nested
from rgm_core.inference.messages import joint, send_down, send_up
from rgm_core.inference.messages import safe_log as _log
from rgm_core.model.evidence import Evidence, as_evidence
from rgm_core.model.rgm import RGM, Level


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Beliefs about a batch of n samples.

    Parameters
    ----------
    states : tuple of tuple of (n, n_states) float
        ``states[level][factor]``: posterior over hidden states; level 0 is the lowest.
    elbo : (n, n_levels) float
        Contribution of each level to the evidence lower bound, in nats, lowest level first. With exact
        inference each is accuracy minus complexity of that level, and they add up to ``log_evidence``.
    log_evidence : (n,) float
        ln p(outcomes) in nats. Under ``messages="posterior"`` the sum of ``elbo``, which over-counts the
        priors and is neither the evidence nor a bound on it.
    model : RGM
        The model that was inverted.
    messages : str
        The scheme, "exact" or "posterior".
    evidence : Evidence
        What was observed.
    up : list, optional
        Upward messages of exact inference.
    """

    states: tuple[tuple[np.ndarray, ...], ...]
    elbo: np.ndarray
    log_evidence: np.ndarray
    model: RGM
    messages: str
    evidence: Evidence = field(repr=False)
    up: list | None = field(default=None, repr=False)

    @cached_property
    def outcomes(self) -> tuple[np.ndarray, ...]:
        """Posterior predictive p(o | data) of each modality of level 1, (n, n_outcomes[g])."""
        level = self.model.levels[0]
        return tuple(
            self.states[0][f] @ A.T for f, A in zip(level.parents, level.A, strict=True)
        )

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
        table = self.model.levels[level]
        A, q = table.A[modality], self.states[level][table.parents[modality]]
        if self.messages == "posterior" and level > 0:
            return self.states[level - 1][modality][:, :, None] * q[:, None, :]
        below = self.up[level - 1].log_lambda[modality] if level > 0 else None
        message = self.evidence.log_message(modality, len(A)) if below is None else below
        return joint(message, A, q)


def infer(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    messages: str = "exact",
    online: bool = False,
) -> Posterior:
    """Infer the hidden states of every level from outcomes, and their log evidence (equation 3.2).

    Parameters
    ----------
    model : RGM
    outcomes : (n, G) or (G,) int, or G arrays of shape (n, n_outcomes[g])
        Observed outcomes, -1 where missing; or soft evidence, a likelihood ≥ 0 for every outcome of
        every modality (all ones: missing).
    prior : (S,) or (n, S) float, optional
        Prior over the top states, by default ``model.D``; one-hot to clamp them, as in supervision.
    messages : {"exact", "posterior"}
        "exact" is sum-product. "posterior" is the published scheme: each level is inverted in turn under
        the empirical prior of the level above, and its posterior is the outcome of the next.
    online : bool
        Dynamic models only: beliefs at each step from the data up to that step (filtering).

    Returns
    -------
    Posterior
        Of a dynamic model, whose n outcomes are the steps of one sequence, a
        :class:`~rgm_core.inference.sequence.SequencePosterior`, from
        :func:`~rgm_core.inference.sequence.infer_sequence`.

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, or outcomes are impossible under the model.

    Examples
    --------
    >>> import numpy as np
    >>> from rgm_core import learn_structure, infer
    >>> model = learn_structure(np.array([[0, 1], [1, 1]]), 2).add_counts(0.5)
    >>> infer(model, np.array([0, -1])).states[0][0].round(2)
    array([[0.75, 0.25]])
    """
    if messages not in ("exact", "posterior"):
        raise ValueError(f'messages must be "exact" or "posterior"; found {messages!r}')
    if model.dt > 1:
        from rgm_core.inference.sequence import infer_sequence  # builds on this module

        if messages != "exact":
            raise ValueError('messages must be "exact" for a dynamic model; found "posterior"')
        return infer_sequence(model, outcomes, prior=prior, online=online)
    if online:
        raise ValueError("online needs a dynamic model (dt = 2): samples have no order")
    evidence = as_evidence(model.levels[0], outcomes)
    priors = _check_prior(model, prior, evidence.n_samples)
    if messages == "posterior":
        states, elbo = nested.infer_batch(model, evidence, priors)
        return Posterior(
            states=states, elbo=elbo, log_evidence=elbo.sum(1), model=model,
            messages=messages, evidence=evidence,
        )  # fmt: skip
    up = _ascend(model, evidence)
    log_top = up[-1].log_lambda[0] + _log(priors)
    log_evidence = np.logaddexp.reduce(log_top, axis=1)
    _check_possible(log_evidence)
    states = _descend(model, up, softmax(log_top, axis=1))
    elbo = _elbo_by_level(model, up, states, priors)
    return Posterior(
        states=states, elbo=elbo, log_evidence=log_evidence, model=model,
        messages=messages, evidence=evidence, up=up,
    )  # fmt: skip


def infer_top(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior over the top factor only, by the upward pass alone.

    Parameters
    ----------
    model, outcomes
        As in :func:`infer`.

    Returns
    -------
    states : (n, S) float
        Posterior over the states of the top factor.
    log_evidence : (n,) float
        Exact ln p(outcomes), nats.
    """
    if model.dt > 1:
        raise ValueError("model is dynamic (dt = 2); use infer")
    evidence = as_evidence(model.levels[0], outcomes)
    log_top = _ascend(model, evidence)[-1].log_lambda[0] + _log(model.D)
    log_evidence = np.logaddexp.reduce(log_top, axis=1)
    _check_possible(log_evidence)
    return softmax(log_top, axis=1), log_evidence


@dataclass(frozen=True, slots=True)
class _Messages:
    """What one level sends up: ``log_mu`` from each modality, ``log_lambda`` from each factor."""

    log_mu: Sequence[np.ndarray]  # G arrays (n, S of the parent): ln p(evidence below g | s)
    log_lambda: Sequence[np.ndarray]  # F arrays (n, S_f): ln p(evidence below f | s)


def _ascend(model: RGM, evidence: Evidence) -> list[_Messages]:
    """Upward pass: log evidence below every state of every factor (equation 3.1)."""
    up = []
    for level in model.levels:
        if up:
            evidence = Evidence(soft=up[-1].log_lambda, n_samples=evidence.n_samples)
        up.append(_ascend_level(level, evidence))
    return up


def _ascend_level(level: Level, evidence: Evidence) -> _Messages:
    if evidence.hard is not None:
        return _Messages((), [_sum_rows(level, f, evidence.hard) for f in range(level.n_factors)])
    log_mu = [send_up(message, A) for message, A in zip(evidence.soft, level.A, strict=True)]
    log_lambda = [sum(log_mu[g] for g in level.children(f)) for f in range(level.n_factors)]
    return _Messages(log_mu, log_lambda)


def _sum_rows(level: Level, factor: int, outcomes: np.ndarray) -> np.ndarray:
    """Sum ln A[o, s] over the observed modalities of a factor: a one-hot matrix product, (n, S)."""
    children = level.children(factor)
    n_rows = int(level.n_outcomes.max())
    table = _log(level.likelihood[children, :, : level.n_states[factor]])
    seen = outcomes[:, children]
    sample, modality = np.nonzero(seen >= 0)
    rows = modality * n_rows + seen[sample, modality]
    one_hot = csr_array(
        (np.ones(len(rows)), (sample, rows)), shape=(len(outcomes), len(children) * n_rows)
    )
    return one_hot @ table.reshape(-1, table.shape[2])


def _descend(model: RGM, up: list[_Messages], top: np.ndarray) -> tuple[tuple[np.ndarray, ...], ...]:
    """Downward pass: Q_c(o) ∝ lambda_c(o) Σ_s A[o, s] Q_f(s) / mu_c(s) (equation 3.3)."""
    states = [(top,)]
    for n in range(model.n_levels - 1, 0, -1):
        level, below = model.levels[n], []
        for g, (A, f) in enumerate(zip(level.A, level.parents, strict=True)):
            below.append(send_down(up[n - 1].log_lambda[g], up[n].log_mu[g], A, states[0][f]))
        states.insert(0, tuple(below))
    return tuple(states)


def _elbo_by_level(model, up, states, priors) -> np.ndarray:
    """Accuracy minus complexity of each level, (n, n_levels) nats; they telescope to the evidence.

    Given its parent, a factor's evidence is E[ln mu]; with its own complexity taken off what is below
    it, level n contributes E[ln mu_n] - E[ln lambda_(n-1)] of the modalities it explains.
    """
    levels = []
    for n in range(model.n_levels):
        gain = sum(_expect(q, m) for q, m in zip(states[n], up[n].log_lambda, strict=True))
        levels.append(gain)
    levels[1:] = [above - below for below, above in pairwise(levels)]
    levels[-1] = levels[-1] - rel_entr(states[-1][0], priors).sum(axis=1)
    return np.stack(levels, axis=1)


def _expect(q: np.ndarray, x: np.ndarray) -> np.ndarray:
    """E_q[x] per sample; states without probability do not count, whatever x is there."""
    return np.sum(q * np.where(q > 0, x, 0), axis=1)


def _check_prior(model: RGM, prior, n_samples: int) -> np.ndarray:
    n_states = model.D.shape[0]
    if prior is None:
        return np.broadcast_to(model.D, (n_samples, n_states))
    prior = np.asarray(prior, float)
    if prior.shape not in [(n_states,), (n_samples, n_states)]:
        raise ValueError(
            f"prior must have shape ({n_states},) or ({n_samples}, {n_states}); found {prior.shape}"
        )
    if not np.all(prior >= 0) or not np.allclose(prior.sum(-1), 1):
        raise ValueError("prior must hold probabilities ≥ 0 that sum to one over the top states")
    return np.broadcast_to(prior, (n_samples, n_states))


def _check_possible(log_evidence: np.ndarray) -> None:
    bad = np.flatnonzero(np.isneginf(log_evidence))
    if bad.size:
        raise ValueError(
            f"outcomes of sample {bad[0]} ({bad.size} in all) are impossible under the model; "
            "soften its likelihoods with RGM.add_counts, or mark doubtful outcomes as missing (-1)"
        )

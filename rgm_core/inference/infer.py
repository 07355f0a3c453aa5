"""The door to inference: beliefs from all data (`infer`), or from the data so far (`filter`).

Static models are inverted in batches (:mod:`rgm_core.inference.tree`), sequences in space and time
(:mod:`rgm_core.inference.sequence`). ``scheme="published"`` selects the published nested scheme instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from rgm_core.inference import nested
from rgm_core.inference.posterior import FilteredPosterior, Posterior, SequencePosterior
from rgm_core.inference.sequence import filter_sequence, infer_sequence
from rgm_core.inference.tree import ascend, descend, elbo_by_level
from rgm_core.model.checks import as_any_array, as_probabilities, as_whole, check_choice
from rgm_core.model.evidence import as_evidence
from rgm_core.model.logs import safe_log
from rgm_core.model.rgm import RGM, check_model


def infer(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    scheme: str = "exact",
    phase: int | None = 0,
) -> Posterior | SequencePosterior:
    """Infer the hidden states of every level from outcomes, and their log evidence (equation 3.2).

    Parameters
    ----------
    model : RGM
    outcomes : (n, G) or (G,) int, or G arrays of shape (n, n_outcomes[g])
        Observed outcomes, -1 where missing; or soft evidence, a likelihood ≥ 0 for every outcome of
        every modality (all ones: missing).
    prior : (S,) or (n, S) float, optional
        Prior over the top states, by default ``model.D``; one-hot to clamp them, as in supervision.
    scheme : {"exact", "published"}
        "exact" is sum-product. "published" inverts each level in turn under the empirical prior of the
        level above, and takes its posterior as the outcome of the next. Static models only.
    phase : int or None
        Dynamic models only: step of an event that the first outcome is; None infers it, see
        :func:`rgm_core.inference.sequence.infer_sequence`.

    Returns
    -------
    Posterior, or SequencePosterior
        The latter of a dynamic model, whose n outcomes are the steps of one sequence; see
        :func:`filter` for beliefs from the data so far.

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
    check_model(model)
    check_choice(scheme, "scheme", ("exact", "published"))
    if model.is_dynamic:
        if scheme != "exact":
            raise ValueError('scheme must be "exact" for a dynamic model; found "published"')
        return infer_sequence(model, outcomes, prior=prior, phase=phase)
    if phase is None or as_whole(phase, "phase", 0):
        raise ValueError(f"phase needs a dynamic model (dt = 2): samples have no order; found {phase}")
    return infer_samples(model, outcomes, prior=prior, scheme=scheme)


def infer_samples(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    scheme: str = "exact",
) -> Posterior:
    """Beliefs about a batch of samples under a static model, see :func:`infer`."""
    model.check_kind(dynamic=False, remedy="use infer")
    evidence = as_evidence(model.levels[0], outcomes)
    priors = _check_prior(model, prior, evidence.n_samples)
    if scheme == "published":
        states, elbo = nested.infer_batch(model, evidence, priors)
        return Posterior(
            states=states, elbo=elbo, log_evidence=elbo.sum(1), model=model,
            scheme=scheme, evidence=evidence,
        )  # fmt: skip
    up = ascend(model, evidence)
    log_top = up[-1].log_lambda[0] + safe_log(priors)
    log_evidence = np.logaddexp.reduce(log_top, axis=1)
    _check_possible(log_evidence)
    states = descend(model, up, softmax(log_top, axis=1))
    elbo = elbo_by_level(model, up, states, priors)
    return Posterior(
        states=states, elbo=elbo, log_evidence=log_evidence, model=model,
        scheme=scheme, evidence=evidence, up=up,
    )  # fmt: skip


def filter(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    phase: int = 0,
) -> FilteredPosterior:
    """Infer the current states of every level at each step of a sequence from data so far (equation 3.8).

    Parameters
    ----------
    model : RGM
        A dynamic model.
    outcomes, prior
        As in :func:`infer`, for the steps of one sequence.
    phase : int
        Step of an event that the first outcome is (to infer it would take all data).

    Returns
    -------
    FilteredPosterior

    Raises
    ------
    ValueError
        As in :func:`infer`; or if the model is static.
    """
    check_model(model, dynamic=True, remedy="its samples have no order; use infer")
    return filter_sequence(model, outcomes, prior=prior, phase=phase)


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
    check_model(model, dynamic=False, remedy="use infer")
    evidence = as_evidence(model.levels[0], outcomes)
    log_top = ascend(model, evidence)[-1].log_lambda[0] + safe_log(model.D)
    log_evidence = np.logaddexp.reduce(log_top, axis=1)
    _check_possible(log_evidence)
    return softmax(log_top, axis=1), log_evidence


def _check_prior(model: RGM, prior, n_samples: int) -> np.ndarray:
    n_states = model.D.shape[0]
    if prior is None:
        return np.broadcast_to(model.D, (n_samples, n_states))
    shape = (n_samples, n_states) if as_any_array(prior, "prior").ndim == 2 else (n_states,)
    prior = as_probabilities(prior, "prior", shape, "one for each top state (in each sample)")
    return np.broadcast_to(prior, (n_samples, n_states))


def _check_possible(log_evidence: np.ndarray) -> None:
    bad = np.flatnonzero(np.isneginf(log_evidence))
    if bad.size:
        raise ValueError(
            f"outcomes of sample {bad[0]} ({bad.size} in all) are impossible under the model; "
            "soften its likelihoods with RGM.add_counts, or mark doubtful outcomes as missing (-1)"
        )

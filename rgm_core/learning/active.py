"""Learning by counting: active selection of updates, and forgetting (equations 4.1 to 4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.utils import gen_batches
from tqdm.auto import tqdm

from rgm_core.inference import nested
from rgm_core.inference.compiled import compiled
from rgm_core.information import mutual_information
from rgm_core.model.checks import as_array, as_flag, as_number
from rgm_core.model.evidence import Evidence, as_evidence
from rgm_core.model.rgm import RGM, check_model

CHUNK = 250  # samples between two refreshes of the running sums (bounds their rounding error)
TINY = 1e-200  # smallest positive count


@dataclass(frozen=True, kw_only=True)
class History:
    """What happened at each exemplar, in order; levels lowest first.

    Parameters
    ----------
    mutual_information : (n, n_levels) float
        Mutual information between outcomes and states after the exemplar, nats, summed over the
        modalities of a level.
    elbo : (n, n_levels) float
        Contribution of each level to the evidence lower bound, before the update, nats.
    acceptance : (n, n_levels) float
        Mean probability with which the updates of a level's likelihoods were accepted.
    """

    mutual_information: np.ndarray
    elbo: np.ndarray
    acceptance: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[History]) -> History:
        """Histories of successive calls as one."""
        if not isinstance(parts, list | tuple) or not parts or not all(isinstance(p, cls) for p in parts):
            raise ValueError(f"parts must be a list of at least one History; found {parts!r:.80}")
        names = ("mutual_information", "elbo", "acceptance")
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def learn_actively(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    labels: np.ndarray | None = None,
    beta: float | None = 512.0,
    eta: float = 512.0,
    progress: bool = False,
) -> tuple[RGM, History]:
    """Update the Dirichlet counts with each sample in turn, seen once (equations 4.5, 4.6).

    For every sample: predictions from the (clamped) top down, posteriors from the bottom up by the
    published nested scheme, then for each likelihood tensor the counts ``da = outcome ⊗ posterior`` with

    ``P = softmax(beta · [MI(a), MI(a + da)])[1]``,  ``a ← (a + P da) · eta / (eta + P)``.

    Parameters
    ----------
    model : RGM
        With prior counts, see :meth:`RGM.add_counts`; only positive counts can grow. Not modified.
    outcomes : (n, G) int or G arrays (n, n_outcomes[g])
        As in :func:`rgm_core.infer`; a missing outcome teaches nothing, nor does a factor, at any level,
        below which nothing was observed (the published rule would count its expectation as if it had
        been seen). Soft evidence counts as one outcome, shared in proportion.
    labels : (n,) int, optional
        Top state of each sample (its class), clamped during inference; -1 is unknown. Without labels
        the prior is ``model.D``.
    beta : float or None
        Precision of the selection, 1/nats. None accepts every update.
    eta : float
        Forgetting constant, in counts: the total of a tensor converges to it. ``inf`` never forgets.
    progress : bool
        Show a progress bar.

    Returns
    -------
    model : RGM
        With the new counts.
    history : History

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range.
    """
    check_model(
        model,
        dynamic=False,
        remedy="sequences are learned by learn_sequence_actively",
    )
    evidence = as_evidence(model.levels[0], outcomes).normalised()
    priors = clamp(model, labels, evidence.n_samples)
    (beta, eta), progress = check_constants(beta, eta), as_flag(progress, "progress")
    if any(level.is_extreme.any() for level in model.levels):
        raise ValueError("model must have counts between 1e-290 and 1e300 (the largest of each column)")
    chunks = []
    with tqdm(total=evidence.n_samples, disable=not progress, unit="sample") as bar:
        for part in gen_batches(evidence.n_samples, CHUNK):
            seen = evidence.part(part)
            model, history = _learn_chunk(model, seen, priors[part], beta, eta)
            chunks.append(history)
            bar.update(len(history.elbo))
    return model, History.concatenate(chunks)


def select_update(a: np.ndarray, da: np.ndarray, beta: float, eta: float) -> tuple[np.ndarray, float]:
    """One selected update of one tensor, written out (equations 4.5, 4.6): what ``learn`` does, slowly.

    Parameters
    ----------
    a : (O, S) or (O, S1, S2, …) float
        Dirichlet counts.
    da : same shape
        Candidate counts; entries where ``a`` is zero are ignored.
    beta, eta : float
        As in :func:`learn`.

    Returns
    -------
    a : same shape
        Updated counts.
    probability : float
        With which the update was accepted.
    """
    a = as_array(a, "a", float, None, "Dirichlet counts")
    da = as_array(da, "da", float, a.shape, "candidate counts")
    if a.ndim < 2 or not a.size or min(a.min(), da.min()) < 0:
        raise ValueError(f"a and da must be counts ≥ 0 of shape (O, S, …); found shape {a.shape}")
    beta, eta = check_constants(beta, eta)
    da = np.where(a > 0, da, 0.0)
    gain = mutual_information(a + da) - mutual_information(a)
    accept = 1.0 if np.isinf(beta) else float(expit(beta * gain))
    return (a + accept * da) / (1 + accept / eta), accept


def check_constants(beta: float | None, eta: float) -> tuple[float, float]:
    """Precision of the selection, infinite if there is none, and forgetting constant."""
    precision = (
        np.inf
        if beta is None
        else as_number(beta, "beta", "≥ 0, or None to accept every update", low=0, without=())
    )
    return precision, as_number(eta, "eta", "> 0 (inf: never forget)", low=0, without=(0,))


def clamp(model: RGM, labels, n_samples: int) -> np.ndarray:
    """Prior over the top states of each sample: one-hot where the label is known."""
    n_states = len(model.D)
    priors = np.tile(model.D, (n_samples, 1))
    if labels is None:
        return priors
    labels = as_array(labels, "labels", int, (n_samples,), "one for each sample")
    if labels.min() < -1 or labels.max() >= n_states:
        raise ValueError(
            f"labels must lie in 0 … {n_states - 1} (or -1, unknown); found {labels.min()} … {labels.max()}"
        )
    known = labels >= 0
    priors[known] = np.eye(n_states)[labels[known]]
    return priors


def _learn_chunk(model: RGM, evidence: Evidence, priors, beta: float, eta: float):
    tensors = tuple(nested.pack(level) for level in model.levels)
    shape = (evidence.n_samples, model.n_levels)
    information, elbo, acceptance = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    seen = nested.sparse_evidence(evidence, model.levels[0].n_outcomes)
    _learn_samples(tensors, seen, priors, beta, eta, information, elbo, acceptance)
    # forgetting fades a count but does not exclude its outcome, as an underflow to zero would
    counts = [np.where(t.a > 0, np.maximum(t.a * t.scale[:, None, None], TINY), 0) for t in tensors]
    history = History(mutual_information=information, elbo=elbo, acceptance=acceptance)
    return model.with_counts(counts), history


@compiled
def _learn_samples(tensors, seen, priors, beta, eta, information, elbo, acceptance):
    posteriors = nested.make_buffers(tensors)
    predictions = nested.make_predictions(tensors)
    for i in range(len(priors)):
        evidence = nested.Sparse(seen.index[i], seen.weight[i], seen.size[i])
        nested.invert(tensors, evidence, priors[i], predictions, posteriors, elbo[i])
        for n in range(len(tensors)):
            outcome = evidence if n == 0 else posteriors[n - 1]
            accepted = _update(tensors[n], outcome, posteriors[n], beta, eta)
            _forget_unseen(tensors[n], outcome, posteriors[n])
            acceptance[i, n] = accepted / len(tensors[n].parents)
            information[i, n] = tensors[n].information.sum()


@compiled
def _forget_unseen(t, outcome, posterior):
    """Mark as missing what a factor would tell the next level if nothing was observed below it."""
    for f in range(len(t.n_states)):
        seen = False
        for m in range(t.offsets[f], t.offsets[f + 1]):
            seen = seen or outcome.size[t.members[m]] > 0
        if not seen:
            posterior.size[f] = 0


@compiled
def _update(t, outcome, posterior, beta, eta):
    """Selected update of every tensor of a level; return the summed acceptance."""
    accepted = 0.0
    for g in range(len(t.parents)):
        if outcome.size[g] == 0:  # a missing outcome: nothing to count
            continue
        accept = 1.0
        if not np.isinf(beta):
            gain = _count(t, g, outcome, posterior, 1.0, False) - t.information[g]
            accept = 1.0 / (1.0 + np.exp(min(-beta * gain, 700.0)))  # larger would overflow
        t.information[g] = _count(t, g, outcome, posterior, accept, True)
        _forget(t, g, 1.0 + accept / eta)
        accepted += accept
    return accepted


@compiled
def _forget(t, g, factor):
    """Divide all counts of a tensor by a factor."""
    t.scale[g] /= factor
    scale = t.scale[g]
    if scale < 1e-50:  # fold it into the counts long before its inverse overflows
        a = t.a[g]
        for o in range(a.shape[0]):
            for s in range(a.shape[1]):
                if a[o, s] > 0:
                    a[o, s] = max(a[o, s] * scale, TINY)
        nested.refresh(t, g)
        t.scale[g] = 1.0


@compiled
def _count(t, g, outcome, posterior, amount, keep):
    """Add ``amount`` of outcome ⊗ posterior to the counts; return their mutual information (equation 4.7).

    Only the sums that this touches change. Without ``keep`` nothing is written: what it would be.
    """
    f, balance, total = t.parents[g], t.balance[g], t.total[g]
    unit = amount / t.scale[g]
    for k in range(posterior.size[f]):
        s, column = posterior.index[f, k], 0.0
        for j in range(outcome.size[g]):
            o = outcome.index[g, j]
            x = t.a[g, o, s]
            if x > 0:
                step = unit * outcome.weight[g, j] * posterior.weight[f, k]
                balance += _gain(x, step)
                t.new_rows[g, o] += step
                column += step
                if keep:
                    t.a[g, o, s] = x + step
        balance -= _gain(t.columns[g, s], column)
        if keep:
            t.columns[g, s] += column
    for j in range(outcome.size[g]):
        o = outcome.index[g, j]
        step = t.new_rows[g, o]
        t.new_rows[g, o] = 0.0
        balance -= _gain(t.rows[g, o], step)
        total += step
        if keep:
            t.rows[g, o] += step
    if keep:
        t.balance[g], t.total[g] = balance, total
    return balance / total + np.log(total)


@compiled
def _gain(x, step):
    """Change of x ln x when x grows by step."""
    if x == 0:
        return 0.0
    r = step / x
    if abs(r) < 1e-4:  # series: one logarithm instead of two, and no cancellation
        return step * (np.log(x) + 1 + r * (0.5 - r / 6 + r * r / 12))
    return (x + step) * np.log(x + step) - x * np.log(x)

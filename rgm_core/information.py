"""Entropies, divergences and mutual information of discrete distributions.

Everything here is a pure function on arrays. Distributions and Dirichlet counts lie along one
``axis`` (the first by default: columns are distributions), counts are dimensionless and
non-negative, and information is in nats. A column of zeros is padding: it normalises to zeros and
carries no information.

Notation: ``a`` is a table of counts with outcomes ``o`` on ``axis`` and hidden states ``s`` on the
axes after it; ``N`` is its total, ``p = a / N`` the joint distribution of outcomes and states.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, entr, gammaln, rel_entr

from rgm_core.logs import floored_log

_SUM_TOLERANCE = 1e-6  # of a distribution: room for values stored in single precision


def normalise(a: ArrayLike, axis: int = 0) -> np.ndarray:
    """Means of the Dirichlet distributions with counts ``a``: each column divided by its sum.

    Parameters
    ----------
    a : (O, ...) counts, with outcomes on ``axis``.

    Returns
    -------
    np.ndarray
        Same shape; columns sum to one, except that a column of zeros stays zeros.

    Raises
    ------
    ValueError
        If counts are negative or not finite.
    """
    a = _non_negative(a, "a")
    total = a.sum(axis=axis, keepdims=True)
    return np.divide(a, total, out=np.zeros_like(a), where=total > 0)


def entropy(p: ArrayLike, axis: int = 0) -> np.ndarray:
    """Shannon entropy -Σ p ln p of each column, in nats (0 for padding).

    Parameters
    ----------
    p : (K, ...) distributions along ``axis``.

    Returns
    -------
    np.ndarray
        The shape of ``p`` without ``axis``.

    Raises
    ------
    ValueError
        If a column is neither a distribution nor all zeros.
    """
    return entr(_distributions(p, "p", axis)).sum(axis=axis)


def kl_divergence(q: ArrayLike, p: ArrayLike, axis: int = 0) -> np.ndarray:
    """Divergence KL[q || p] = Σ q ln(q / p) of each column, in nats.

    Infinite where ``q`` has mass that ``p`` excludes; 0 where the column of ``q`` is padding.

    Parameters
    ----------
    q, p : (K, ...) distributions along ``axis``; other axes of length one broadcast.

    Returns
    -------
    np.ndarray
        The broadcast shape without ``axis``.

    Raises
    ------
    ValueError
        If a column is neither a distribution nor all zeros, or the shapes do not match.
    """
    q, p = _distributions(q, "q", axis), _distributions(p, "p", axis)
    _check_shapes(q, p, ("q", "p"), axis)
    return rel_entr(q, p).sum(axis=axis)


def mutual_information(a: ArrayLike, axis: int = 0) -> np.ndarray:
    """Mutual information of outcomes and states, Σ p ln p - Σ p_o ln p_o - Σ p_s ln p_s, in nats.

    The negative expected free energy of a likelihood mapping with counts ``a`` when nothing is
    preferred (paper: active selection; SPM: spm_MDP_MI). The scale of the counts does not matter.
    Rounding can leave a value of order -1e-16 for independent tables.

    Parameters
    ----------
    a : (..., O, S...) counts or joint probabilities. Outcomes are on ``axis``; all axes after it
        are states, flattened; axes before it index independent tables. So a likelihood (O, S) or
        (O, S1, S2) needs no argument, and a zero-padded stack (G, O, S) takes ``axis=1``.

    Returns
    -------
    np.ndarray
        One value per table, shape ``a.shape[:axis]``; between 0 and ln min(O, S).

    Raises
    ------
    ValueError
        If entries are negative or not finite, or a table is all zeros.
    """
    a, total = _tables(a, axis)
    p = a / total[..., None, None]
    marginals = entr(p.sum(axis=-1)).sum(axis=-1) + entr(p.sum(axis=-2)).sum(axis=-1)
    return marginals - entr(p).sum(axis=(-2, -1))


def pairwise_information(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mutual information over time of every column of ``x`` with every column of ``y``.

    Parameters
    ----------
    x : (n_steps, K) int
    y : (n_steps, L) int

    Returns
    -------
    (K, L) float
        In nats, from relative frequencies; values of order 1e-16 can be left where it is zero.
    """
    one_hot_x, starts_x = _one_hot(x)
    one_hot_y, starts_y = _one_hot(y)
    p_x, p_y = one_hot_x.mean(0), one_hot_y.mean(0)
    joint = one_hot_x.T @ one_hot_y / len(x)
    ratio = np.divide(joint, np.outer(p_x, p_y), out=np.ones_like(joint), where=joint > 0)
    terms = joint * np.log(ratio)
    return np.add.reduceat(np.add.reduceat(terms, starts_x, axis=0), starts_y, axis=1)


def dirichlet_mutual_information(a: ArrayLike, axis: int = 0) -> np.ndarray:
    """Mutual information expected under a Dirichlet distribution over the joint, in nats.

    With p ~ Dir(a), sums of entries are Dirichlet too and E[p ln p] = a/N [ψ(a + 1) - ψ(N + 1)],
    so that E[MI] = Σ a/N ψ(a+1) - Σ a_o/N ψ(a_o+1) - Σ a_s/N ψ(a_s+1) + ψ(N+1) (SPM: spm_dir_MI).
    It approaches `mutual_information` as counts grow.

    Parameters
    ----------
    a : (..., O, S...) Dirichlet counts, with axes as in `mutual_information`.

    Returns
    -------
    np.ndarray
        One value per table, shape ``a.shape[:axis]``.

    Raises
    ------
    ValueError
        If counts are negative or not finite, or a table is all zeros.
    """
    a, total = _tables(a, axis)
    outcomes, states = a.sum(axis=-1), a.sum(axis=-2)
    joint = (a * digamma(a + 1)).sum(axis=(-2, -1))
    marginals = (outcomes * digamma(outcomes + 1)).sum(axis=-1)
    marginals = marginals + (states * digamma(states + 1)).sum(axis=-1)
    return (joint - marginals) / total + digamma(total + 1)


def expected_log_preference(p: ArrayLike, preference: ArrayLike, axis: int = 0) -> np.ndarray:
    """Expected value Σ p ln c of each column, in nats, where c is the normalised preference.

    Parameters
    ----------
    p : (K, ...) distributions along ``axis``.
    preference : (K, ...) weights along ``axis``, normalised here; weight 0 is worth
        `rgm_core.logs.LOG_FLOOR`.
        Other axes of length one broadcast.

    Returns
    -------
    np.ndarray
        The broadcast shape without ``axis``.

    Raises
    ------
    ValueError
        If ``p`` is no distribution, a column of ``preference`` has no weight, or shapes differ.
    """
    p, preference = _distributions(p, "p", axis), normalise(preference, axis)
    _check_shapes(p, preference, ("p", "preference"), axis)
    if not preference.any(axis=axis).all():
        raise ValueError("preference has a column without any weight: expected a positive sum")
    return (p * floored_log(preference)).sum(axis=axis)


def negative_expected_free_energy(
    a: ArrayLike,
    preferred_outcomes: ArrayLike | None = None,
    preferred_states: ArrayLike | None = None,
) -> np.ndarray:
    """Mutual information plus expected log preferences of one likelihood mapping, in nats.

    The objective of Bayesian model selection: a new state or count is kept if it raises this
    (SPM: spm_MDP_MI with its optional priors).

    Parameters
    ----------
    a : (O, S...) counts or joint probabilities.
    preferred_outcomes : (O,) weights of a prior over outcomes; none if omitted.
    preferred_states : (S...) weights of a prior over states; none if omitted.

    Returns
    -------
    np.ndarray
        A scalar; higher is better.

    Raises
    ------
    ValueError
        If ``a`` has no valid `mutual_information` or a preference does not fit its shape.
    """
    objective = mutual_information(a)
    p = np.asarray(a, dtype=float) / np.sum(a)
    if preferred_outcomes is not None:
        outcomes = p.reshape(len(p), -1).sum(axis=1)
        objective = objective + expected_log_preference(outcomes, preferred_outcomes)
    if preferred_states is not None:
        if (found := np.shape(preferred_states)) != (expected := p.shape[1:]):
            raise ValueError(f"preferred_states has shape {found}: expected {expected}, as in a")
        states = p.sum(axis=0).ravel()
        objective = objective + expected_log_preference(states, np.ravel(preferred_states))
    return objective


def dirichlet_kl(q_counts: ArrayLike, p_counts: ArrayLike, axis: int = 0) -> np.ndarray:
    """Divergence KL[Dir(q) || Dir(p)] of each column of counts, in nats (SPM: spm_KL_dir).

    ln Γ(q_0) - ln Γ(p_0) - Σ [ln Γ(q) - ln Γ(p)] + Σ (q - p) [ψ(q) - ψ(q_0)], where q_0 and p_0 are
    the sums of the columns. Entries that are zero in both are impossible outcomes and drop out;
    the divergence is infinite where only one is zero. Sum the result for a whole likelihood.

    Parameters
    ----------
    q_counts, p_counts : (K, ...) counts along ``axis``; other axes of length one broadcast.

    Returns
    -------
    np.ndarray
        The broadcast shape without ``axis``.

    Raises
    ------
    ValueError
        If counts are negative or not finite, or the shapes do not match.
    """
    q, p = _non_negative(q_counts, "q_counts"), _non_negative(p_counts, "p_counts")
    _check_shapes(q, p, ("q_counts", "p_counts"), axis)
    possible = (q > 0) & (p > 0)
    same_support = ((q > 0) == (p > 0)).all(axis=axis)
    empty = ~possible.any(axis=axis, keepdims=True)  # 1 there, as elsewhere below, adds nothing
    q_0 = np.where(possible, q, 0.0).sum(axis=axis, keepdims=True) + empty
    p_0 = np.where(possible, p, 0.0).sum(axis=axis, keepdims=True) + empty
    q, p = np.where(possible, q, 1.0), np.where(possible, p, 1.0)
    entries = gammaln(p) - gammaln(q) + (q - p) * (digamma(q) - digamma(q_0))
    divergence = entries.sum(axis=axis) + (gammaln(q_0) - gammaln(p_0)).sum(axis=axis)
    return np.where(same_support, divergence, np.inf)[()]


def _one_hot(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indicators (n, Σ values) of the values that each column takes, and where a column's begin."""
    numbered = [np.unique(column, return_inverse=True) for column in columns.T]
    starts = np.cumsum([0] + [len(values) for values, _ in numbered])
    one_hot = np.zeros((len(columns), starts[-1]))
    for start, (_, inverse) in zip(starts, numbered, strict=False):
        one_hot[np.arange(len(columns)), start + inverse] = 1
    return one_hot, starts[:-1]


def _tables(a: ArrayLike, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Reshape counts to (..., O, S), flattening the axes after ``axis``, with the totals (...)."""
    a = _non_negative(a, "a")
    if not -a.ndim <= axis < a.ndim:
        raise ValueError(f"axis is {axis}: expected an axis of a, which has shape {a.shape}")
    axis %= a.ndim
    a = a.reshape(*a.shape[: axis + 1], -1)
    total = a.sum(axis=(-2, -1))
    if not np.all(total > 0):
        raise ValueError("a has a table that is all zeros: expected a positive total")
    return a, total


def _non_negative(x: ArrayLike, name: str) -> np.ndarray:
    """Convert to a float array; raise ValueError if empty, negative or not finite."""
    x = np.asarray(x, dtype=float)
    if x.size == 0:
        raise ValueError(f"{name} is empty (shape {x.shape}): expected at least one entry")
    valid = np.isfinite(x) & (x >= 0)
    if not valid.all():
        raise ValueError(f"{name} contains {x[~valid][0]}: expected finite values >= 0")
    return x


def _distributions(p: ArrayLike, name: str, axis: int) -> np.ndarray:
    """Convert to a float array; raise ValueError unless columns sum to one (or are all zeros)."""
    p = _non_negative(p, name)
    total = p.sum(axis=axis)
    bad = total[(np.abs(total - 1) > _SUM_TOLERANCE) & (total != 0)]
    if bad.size:
        raise ValueError(f"{name} sums to {bad[0]} along axis {axis}: expected 1 (or 0)")
    return p


def _check_shapes(x: np.ndarray, y: np.ndarray, names: tuple[str, str], axis: int) -> None:
    """Raise ValueError unless x and y agree along ``axis`` and broadcast along the others."""
    agree = x.ndim == y.ndim and x.shape[axis] == y.shape[axis]
    if not agree or any(m != n and 1 not in (m, n) for m, n in zip(x.shape, y.shape, strict=True)):
        found = f"{names[0]} has shape {x.shape} and {names[1]} {y.shape}"
        raise ValueError(f"{found}: expected the same, except for axes of length one to broadcast")

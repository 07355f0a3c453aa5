"""Structure learning as Bayesian model selection: is this new, or more of the same? (article figure 4)

Outcomes come one at a time. A *parent* model explains them by a state, or path, that it has; an
*augmented* model has one more. The augmented model is kept if its log odds are positive:

    ln p(o | m+) - ln p(o | m)   -   (G(m+) - G(m)),    G(m) = -Σ_g I(a_g)

the log Bayes factor, with Dirichlet counts for the likelihoods, and a prior over models that favours a
low expected free energy: with no preferences, minus the mutual information of states and outcomes
once the outcomes are assimilated. As the prior ``mass`` of a column tends to zero the decision becomes
"have I seen exactly this before?", which is what `learn_structure` asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import gammaln

from rgm_core.information import mutual_information
from rgm_core.model.checks import MOST_OUTCOMES, as_array, as_number, as_sizes

LEAST_MASS = 1e-100  # below it sums of prior counts leave the range of floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Decisions of model selection, one for each of T samples.

    Parameters
    ----------
    chosen : (T,) int
        State (or path) that each sample was assigned to, numbered as they appeared.
    log_bayes_factor : (T,) float
        Of the augmented model against the parent, in nats.
    information : (T,) float
        Gain in mutual information of the augmented model over the parent, in nats.
    log_probability : (T,) float
        Predictive, of the sample under the model that was kept, in nats.
    a : tuple of (O_g, S) float
        Dirichlet counts at the end, prior included.
    """

    chosen: np.ndarray
    log_bayes_factor: np.ndarray
    information: np.ndarray
    log_probability: np.ndarray
    a: tuple[np.ndarray, ...]

    @property
    def log_odds(self) -> np.ndarray:
        """(T,) float, of the augmented model against the parent, in nats: kept where positive."""
        return self.log_bayes_factor + self.information

    @property
    def augmented(self) -> np.ndarray:
        """(T,) bool, samples that brought a new state or path."""
        return self.chosen > np.maximum.accumulate(np.concatenate([[-1], self.chosen[:-1]]))


def select_states(outcomes: np.ndarray, n_outcomes: np.ndarray | int, *, mass: float = 1e-12) -> Selection:
    """Add states one at a time, wherever model selection asks for one.

    Parameters
    ----------
    outcomes : (T, G) int
    n_outcomes : (G,) int or int
        Number of outcomes of each modality.
    mass : float
        Prior counts of a column altogether, > 0: how imprecise a state is expected to be. Small: every
        new combination is a new state. Larger: noisy copies belong together.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If outcomes do not fit n_outcomes, or mass is not positive.
    """
    outcomes, n_outcomes, mass = _check(outcomes, n_outcomes, mass)
    modalities = np.arange(outcomes.shape[1])
    priors = mass / n_outcomes
    possible = np.arange(n_outcomes.max())[None, :] < n_outcomes[:, None]  # (G, O)
    empty = np.where(possible, priors[:, None], 0.0)[:, :, None]
    a = empty[:, :, :0]  # (G, O, S): no states yet
    rows = []
    for o in outcomes:
        new = -np.log(n_outcomes).sum()
        known = np.log(a[modalities, o] / a.sum(axis=1)).sum(axis=0)  # (S,) ln p(o | s, past)
        parent, augmented = a.copy(), np.concatenate([a, empty], axis=2)
        augmented[modalities, o, -1] += 1
        gain, factor, best = np.inf, np.inf, 0
        if known.size:
            best = int(known.argmax())
            parent[modalities, o, best] += 1
            gain = _information(augmented) - _information(parent)
            factor = new - known[best]
        grows = factor + gain > 0
        a = augmented if grows else parent
        rows.append((a.shape[2] - 1 if grows else best, factor, gain, new if grows else known[best]))
    return _selection(rows, tuple(table[:n] for table, n in zip(a, n_outcomes, strict=True)))


def select_paths(states: np.ndarray, *, mass: float = 1e-12) -> Selection:
    """Add paths one at a time, wherever a transition contradicts all paths.

    A path is a way of moving on: under it each state has one likely successor.

    Parameters
    ----------
    states : (T,) int
        Successive states of one sequence, such as ``Selection.chosen``.
    mass : float
        Prior counts of a column of B altogether, > 0.

    Returns
    -------
    Selection
        For the T - 1 transitions; ``a`` holds one array (S', S, U), the counts of the transitions.

    Raises
    ------
    ValueError
        If there is no transition, or mass is not positive.
    """
    states = as_array(states, "states", int, (None,), "two or more, ≥ 0")
    if len(states) < 2 or states.min() < 0 or states.max() >= MOST_OUTCOMES:
        raise ValueError(
            f"states must be two or more, each in 0 … {MOST_OUTCOMES - 1}; found {states!s:.80}"
        )
    n = int(states.max()) + 1
    mass = _check_mass(mass)
    empty = np.full((n, n, 1), mass / n)
    b = empty[:, :, :0]
    rows = []
    for start, to in pairwise(states):
        known = np.log(b[to, start] / b[:, start].sum(axis=0))  # (U,) ln p(s' | s, u, past)
        parent, augmented = b.copy(), np.concatenate([b, empty], axis=2)
        augmented[to, start, -1] += 1
        gain, factor, best = np.inf, np.inf, 0
        if known.size:
            best = int(known.argmax())
            parent[to, start, best] += 1
            gain = float(mutual_information(augmented) - mutual_information(parent))
            factor = -np.log(n) - known[best]
        grows = factor > 0  # an empty column is as good as a new path: then the parent is kept
        b = augmented if grows else parent
        rows.append((b.shape[2] - 1 if grows else best, factor, gain, -np.log(n) if grows else known[best]))
    return _selection(rows, (b,))


def log_dirichlet_evidence(counts: np.ndarray, prior: np.ndarray) -> float:
    """Log evidence of categorical samples under Dirichlet priors, ln B(a + n) - ln B(a), in nats.

    Parameters
    ----------
    counts : (O, ...) how often each outcome was seen, for every column.
    prior : (O, ...) Dirichlet counts before.
    """
    counts = as_array(counts, "counts", float, None, "how often each outcome was seen")
    prior = as_array(prior, "prior", float, None, "Dirichlet counts")
    if not counts.size or counts.shape != prior.shape or counts.min() < 0 or not prior.min() > 0:
        raise ValueError("counts must be ≥ 0 and prior > 0, of one shape")
    gained = gammaln(prior + counts).sum(0) - gammaln((prior + counts).sum(0))
    return float((gained - gammaln(prior).sum(0) + gammaln(prior.sum(0))).sum())


def _selection(rows: list[tuple], a: tuple[np.ndarray, ...]) -> Selection:
    """Put decisions (chosen, log Bayes factor, gain in information, log probability) together."""
    chosen, factors, gains, probability = (np.array(column) for column in zip(*rows, strict=True))
    return Selection(
        chosen=chosen, log_bayes_factor=factors, information=gains, log_probability=probability, a=a
    )


def _information(a: np.ndarray) -> float:
    """Σ_g I(a_g) of counts (G, O, S), in nats."""
    return float(mutual_information(a, axis=1).sum())


def _check(outcomes, n_outcomes, mass) -> tuple[np.ndarray, np.ndarray, float]:
    outcomes = as_array(outcomes, "outcomes", int, (None, None), "samples and modalities")
    if not outcomes.size:
        raise ValueError(f"outcomes must not be empty; found shape {outcomes.shape}")
    n_outcomes = as_sizes(n_outcomes, outcomes.shape[1])
    if outcomes.min() < 0 or not np.all(outcomes < n_outcomes):
        found = f"{outcomes.min()} to {outcomes.max()}"
        raise ValueError(f"outcomes must lie in 0 … n_outcomes - 1; found {found}")
    return outcomes, n_outcomes, _check_mass(mass)


def _check_mass(mass: float) -> float:
    return as_number(mass, "mass", f"finite and ≥ {LEAST_MASS}", low=LEAST_MASS, without=(np.inf,))

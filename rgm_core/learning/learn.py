"""The door to learning: by exact counts, of exemplars or a sequence, or selected as published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rgm_core.learning.active import History, learn_actively
from rgm_core.learning.active_sequence import learn_sequence_actively
from rgm_core.learning.portions import learn_counts
from rgm_core.learning.sequences import learn_sequence
from rgm_core.model.checks import check_choice
from rgm_core.model.rgm import RGM, check_model

RULES = ("counts", "published")


def learn(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray] | Iterable,
    *,
    labels: np.ndarray | None = None,
    rule: str = "published",
    portion: int = 250,
    beta: float | None = 512.0,
    eta: float = 512.0,
    progress: bool = False,
) -> tuple[RGM, History]:
    """Update the Dirichlet counts with every sample, seen once.

    Parameters
    ----------
    model : RGM
        With prior counts, see :meth:`RGM.add_mass`; only positive counts can grow. Not modified. A dynamic
        model (``dt=2``) learns from one sequence a call.
    outcomes : (n, G) int, or (n, G, O) float or G arrays (n, n_outcomes[g])
        Observed outcomes, -1 where missing, or soft ones; a missing outcome teaches nothing. By
        ``rule="counts"`` also an iterator of portions, or a Dask array: see
        :func:`rgm_core.learning.learn_counts`.
    labels : (n,) int, optional
        The class of each sample, its state on top, if it is known (else -1).
    rule : {"published", "counts"}
        "published" takes up an update where it raises the mutual information of causes and consequences,
        and forgets: :func:`rgm_core.learning.learn_actively`. "counts" adds exact expected counts,
        portion by portion: :func:`rgm_core.learning.learn_counts`. Of a sequence:
        :func:`rgm_core.learning.learn_sequence_actively` and :func:`rgm_core.learning.learn_sequence`.
    portion : int
        By "counts": samples whose counts are added before beliefs change, ≥ 1.
    beta, eta : float
        By "published": precision of the selection, and forgetting.
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
    check_choice(rule, "rule", RULES)
    check_model(model)
    if model.is_dynamic:
        return _learn_in_order(model, outcomes, labels, rule, beta, eta)
    if rule == "counts":
        return learn_counts(model, outcomes, labels=labels, portion=portion, progress=progress)
    if not isinstance(outcomes, np.ndarray | Sequence):
        raise ValueError(
            'outcomes must be an array, or a list of arrays, by rule="published"; '
            f"found {type(outcomes).__name__}"
        )
    return learn_actively(model, outcomes, labels=labels, beta=beta, eta=eta, progress=progress)


def _learn_in_order(model: RGM, outcomes, labels, rule: str, beta, eta) -> tuple[RGM, History]:
    """One sequence under a dynamic model."""
    if labels is not None:
        raise ValueError("labels must be None for a dynamic model: its states on top are events")
    if rule == "counts":
        return learn_sequence(model, outcomes)
    return learn_sequence_actively(model, outcomes, beta=beta, eta=eta)

"""Learning which event follows which, by counting expected transitions (equation 4.2)."""

from __future__ import annotations

from dataclasses import replace

from rgm_core.inference.posterior import SequencePosterior
from rgm_core.model.rgm import RGM, check_model


def learn_transitions(model: RGM, posterior: SequencePosterior) -> RGM:
    """Add the expected number of each transition to its Dirichlet count (equation 4.2).

    Only transitions that are already possible can grow; new ones come from
    :func:`rgm_core.merge_structure`.

    Parameters
    ----------
    model : RGM
    posterior : SequencePosterior
        Beliefs from all data under a model of the same structure.

    Returns
    -------
    RGM

    Raises
    ------
    TypeError
        If the beliefs are filtered, and so have no expected transitions.
    """
    if not isinstance(posterior, SequencePosterior):
        raise TypeError(
            "posterior must be a SequencePosterior, as infer gives it from all data; "
            f"found {type(posterior).__name__}"
        )
    check_model(model, dynamic=True, remedy="it has no transitions")
    levels = []
    for level, expected in zip(model.levels, posterior.transitions, strict=True):
        pairs = zip(level.b, expected, strict=True)
        levels.append(level.with_transitions(tuple(b.with_counts(b.counts + e) for b, e in pairs)))
    return replace(model, levels=tuple(levels))

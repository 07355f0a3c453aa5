"""Beliefs that allow for events other than those that were seen: models that lack one event each.

A posterior over the events that were learned takes one of them to be the truth, and is soon sure which. Of
a new event none is; which of them is nearest is then decided by details that mean nothing. What would have
been believed, had the data been a little different, shows how much of that is sure: so the sequence is
learned as often as it has events, each time without one of them, and what all of these models expect is
averaged, each as probable as the others (the jackknife, as an ensemble). Nothing has to be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from rgm_core.inference.infer import infer
from rgm_core.model.checks import as_array
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.recognise import with_noise


def learn_leaving_out(
    outcomes: np.ndarray, n_outcomes: np.ndarray, locations: np.ndarray | None = None, *, noise
) -> list[RGM]:
    """Learn a sequence once for each of its events, which is left out.

    Parameters
    ----------
    outcomes : (n_steps, G) int
        Of at least three events; what follows the last whole event is learned by none.
    n_outcomes, locations, noise : see :func:`rgm_core.learn_structure`.

    Returns
    -------
    list of RGM
        As many as there are events, softened by :func:`rgm_core.structure.with_noise`. It takes as many
        times as long as to learn one.

    Raises
    ------
    ValueError
        If there are fewer than three events, or an argument is none that ``learn_structure`` takes.
    """
    options = {"dt": 2, "noise": noise}
    span = 2 ** (learn_structure(outcomes, n_outcomes, locations, **options).n_levels - 1)
    n_events = len(outcomes) // span
    if n_events < 3:
        raise ValueError(
            f"outcomes must hold at least 3 events of {span} steps; found {len(outcomes)} steps"
        )
    event = np.arange(n_events * span) // span
    rest = (np.asarray(outcomes)[: len(event)][event != left_out] for left_out in range(n_events))
    models = (learn_structure(part, n_outcomes, locations, **options) for part in rest)
    return [with_noise(model, noise) for model in models]


def expect_outcomes(models: Sequence[RGM], outcomes: np.ndarray, *, phase: int | None = None) -> np.ndarray:
    """Average what models expect of a sequence, given what is seen of it.

    Parameters
    ----------
    models : sequence of RGM
        Dynamic, with the same modalities; each is as probable as any other, whatever it makes of the
        outcomes, since evidence is as overconfident as beliefs are.
    outcomes : (n_steps, G) int
        -1 is missing.
    phase : see :func:`rgm_core.infer`.

    Returns
    -------
    (n_steps, G, O) float
        Distribution of each modality at each step: what a codec decodes as its mean.
    """
    outcomes = as_array(outcomes, "outcomes", int, (None, None), "steps and modalities")
    if not len(models):
        raise ValueError("models must hold at least one model; found none")
    expected = (np.stack(infer(model, outcomes, phase=phase).outcomes, axis=1) for model in models)
    return reduce(np.add, expected) / len(models)

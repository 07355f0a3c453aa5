"""Explicit action: do what makes the predicted outcomes come true (equation 5.10)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np

from rgm_core.model.checks import as_array, as_generator, as_probabilities
from rgm_core.model.logs import floored_log


def expected_log_likelihood(
    predicted: Sequence[np.ndarray], consequences: Sequence[np.ndarray]
) -> np.ndarray:
    """How well each action's outcomes match the predicted ones, Σ_g Σ_o q(o) ln p(o | action).

    Parameters
    ----------
    predicted : sequence of G arrays (O_g,)
        Outcomes that the model expects next in each control modality.
    consequences : sequence of G arrays (O_g, K)
        Outcomes that each of K actions brings about; columns are distributions.

    Returns
    -------
    (K,) float
        In nats; impossible outcomes count as -32.

    Raises
    ------
    ValueError
        If the arguments do not fit each other, or hold negative values.
    """
    listed = all(isinstance(tables, list | tuple) for tables in (predicted, consequences))
    if not listed or not len(predicted) or len(predicted) != len(consequences):
        raise ValueError(
            "predicted and consequences must be lists of one array for each control modality; "
            f"found {predicted!r:.60} and {consequences!r:.60}"
        )
    matches = []
    for g, (q, p) in enumerate(zip(predicted, consequences, strict=True)):
        q = as_probabilities(q, f"predicted[{g}]", (None,), "one for each outcome")
        p = as_array(p, f"consequences[{g}]", float, (len(q), None), "outcomes and actions")
        if not p.size:
            raise ValueError(f"consequences[{g}] must have a column for each action; found {p.shape}")
        as_probabilities(p.T, f"consequences[{g}]", (None, len(q)), "in columns")
        matches.append(q @ floored_log(p))
    return reduce(add, matches)


def explicit_action(
    predicted: Sequence[np.ndarray],
    consequences: Sequence[np.ndarray],
    *,
    rng: np.random.Generator | int | None = None,
) -> int:
    """The action whose outcomes match the predicted ones best.

    Parameters are those of :func:`expected_log_likelihood`.

    Parameters
    ----------
    rng : numpy.random.Generator, or int to seed one, optional
        Chooses among equally good actions; without it the first one is taken.
    """
    match = expected_log_likelihood(predicted, consequences)
    best = np.flatnonzero(match >= match.max() - 1e-9)  # ties, up to rounding
    return int(best[0] if rng is None else as_generator(rng).choice(best))

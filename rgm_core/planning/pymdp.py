"""To and from pymdp (inferactively-pymdp 1.0): the same small world, as its agent takes it.

Nothing of pymdp is imported: what goes over are plain arrays. Its preferences are log probabilities,
ours are weights; its transitions and likelihoods have the same axes as ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from rgm_core.information import normalise
from rgm_core.model.checks import as_array, check_type
from rgm_core.model.logs import floored_log
from rgm_core.planning.pomdp import POMDP


def to_pymdp(model: POMDP) -> dict:
    """Arguments of ``pymdp.agent.Agent`` for a model.

    Parameters
    ----------
    model : POMDP

    Returns
    -------
    dict
        ``A``, ``B``, ``C`` (log preferences, nats), ``D`` and ``A_dependencies``; with counts also ``pA``.
        For instance ``Agent(**to_pymdp(model), policy_len=1)``.
    """
    check_type(model, POMDP, "model")
    arguments = {
        "A": list(model.A),
        "B": list(model.B),
        "C": [floored_log(normalise(np.asarray(c, float))) for c in model.C],
        "D": list(model.D),
        "A_dependencies": [list(parents) for parents in model.parents],
    }
    return arguments if model.a is None else arguments | {"pA": list(model.a)}


def from_pymdp(
    A: Sequence[np.ndarray],
    B: Sequence[np.ndarray],
    C: Sequence[np.ndarray] | None = None,
    D: Sequence[np.ndarray] | None = None,
    *,
    A_dependencies: Sequence[Sequence[int]] | None = None,
    pA: Sequence[np.ndarray] | None = None,
) -> POMDP:
    """A model from what ``pymdp.agent.Agent`` takes, or holds for the first of a batch.

    Parameters
    ----------
    A : arrays (O_g, S_f, S_f', ...)
        Likelihoods; a leading batch axis of length one is dropped, here and below.
    B : arrays (S_f, S_f, U_f)
        Transitions, each of one factor.
    C : arrays (O_g,), optional
        Log preferences, which need not be normalised; flat if omitted.
    D : arrays (S_f,), optional
        Initial distributions; flat if omitted.
    A_dependencies : sequences of int, optional
        Factors that each modality depends on; all if omitted.
    pA : arrays like A, optional
        Dirichlet counts, if likelihoods are being learned.

    Raises
    ------
    ValueError
        If the arrays make no model: as `POMDP` says.
    """
    given = {"A": A, "B": B, "C": C, "D": D, "A_dependencies": A_dependencies, "pA": pA}
    for name, value in given.items():
        if not isinstance(value, list | tuple) and (value is not None or name in "AB"):
            raise ValueError(f"{name} must be a list of arrays; found {value!r:.60}")
    for name in ("A_dependencies", "C", "pA"):
        if given[name] is not None and len(given[name]) != len(A):
            raise ValueError(
                f"{name} must have one entry for each of {len(A)} modalities; found {len(given[name])}"
            )
    n_factors = len(B)
    parents = A_dependencies or [range(n_factors)] * len(A)
    likelihoods = [_drop_batch(a, 1 + len(p), "A") for a, p in zip(A, parents, strict=True)]
    transitions = [_drop_batch(b, 3, "B") for b in B]
    flat = [np.full(len(b), 1 / len(b)) for b in transitions]
    preferences = () if C is None else tuple(softmax(_drop_batch(c, 1, "C")) for c in C)
    counts = (
        None if pA is None else [_drop_batch(a, x.ndim, "pA") for a, x in zip(pA, likelihoods, strict=True)]
    )
    return POMDP(
        A=tuple(_exact(a) for a in likelihoods),
        B=tuple(_exact(b) for b in transitions),
        C=preferences,
        D=tuple(flat if D is None else (_exact(_drop_batch(d, 1, "D")) for d in D)),
        parents=tuple(tuple(p) for p in parents),
        a=None if counts is None else tuple(counts),
    )


def _drop_batch(x: np.ndarray, ndim: int, name: str) -> np.ndarray:
    """Doubles of an array of pymdp's, which may have a batch of one in front."""
    array = as_array(x, name, float, None, "as pymdp has them")
    if array.ndim == ndim + 1 and len(array) == 1:
        array = array[0]
    if array.ndim != ndim:
        raise ValueError(
            f"{name} has an array of shape {np.shape(x)}; expected {ndim} axes, or a batch of one"
        )
    return array


def _exact(columns: np.ndarray) -> np.ndarray:
    """Columns that sum to one in double precision: pymdp's are single."""
    sums = columns.sum(axis=0, keepdims=True)
    return columns / sums if np.allclose(sums, 1, atol=1e-5) else columns  # else POMDP says what is wrong

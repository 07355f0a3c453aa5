"""What the evidence is made of: accuracy and complexity of each level apart (equations 3.5 and 3.6)."""

from __future__ import annotations

import numpy as np

from rgm_core.inference.posterior import Posterior
from rgm_core.model.checks import check_type


def accuracy_and_complexity(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    """How well the states of each level explain what is below them, and what they cost.

    Parameters
    ----------
    posterior : Posterior
        Exact beliefs about n samples, of :func:`rgm_core.infer`, under a model whose levels above the
        first have a precision of 1.

    Returns
    -------
    accuracy : (n, n_levels) float
        E[ln p(below | states)] in nats, lowest level first: below level 1 are the outcomes (with the
        precision of the level), below any other the states of the level that comes before.
    complexity : (n, n_levels) float
        Divergence, in nats, of the states of each level from what those above them expect; on top, from
        the prior. Never negative.

    Raises
    ------
    TypeError
        If it is no such posterior.
    ValueError
        If it is not exact, or a level above the first has another precision.

    Notes
    -----
    The log evidence is the accuracy of level 1 less all complexities. What ``Posterior.elbo`` says of a
    level above the first is minus the complexity of the level below it; on top, of both.

    Examples
    --------
    >>> import numpy as np
    >>> from rgm_core import infer, learn_structure
    >>> from rgm_core.inference import accuracy_and_complexity
    >>> model = learn_structure(np.array([[0, 1], [1, 1]]), 2).add_counts(0.5)
    >>> posterior = infer(model, np.array([[0, 1]]))
    >>> accuracy, complexity = accuracy_and_complexity(posterior)
    >>> bool(np.isclose(accuracy[0, 0] - complexity.sum(), posterior.log_evidence[0]))
    True
    """
    check_type(posterior, Posterior, "posterior")
    levels = posterior.model.levels
    if posterior.scheme != "exact":
        raise ValueError(f'posterior must be of scheme="exact"; found "{posterior.scheme}"')
    precisions = [level.precision for level in levels[1:]]
    if precisions != [1] * len(precisions):
        raise ValueError(f"posterior must have levels above the first of precision 1; found {precisions}")
    q, below = posterior.states[-1][0], posterior.up[-1].log_lambda[0]
    on_top = np.sum(q * np.where(q > 0, below, 0), axis=1) - posterior.log_evidence
    gain = posterior.elbo.copy()
    gain[:, -1] += on_top
    complexity = np.column_stack([-gain[:, 1:], on_top])
    above = [_explained(posterior, n) for n in range(1, len(levels))]
    return np.column_stack([gain[:, 0], *above]), complexity


def _explained(posterior: Posterior, n: int) -> np.ndarray:
    """E[ln A_g[o, s]] summed over the modalities of a level above the first, (n_samples,) nats."""
    level = posterior.model.levels[n]
    total = np.zeros(len(posterior.elbo))
    for g, log_A in enumerate(level.log_A):
        pairs = posterior.pairs(n, g)
        total += np.sum(pairs * np.where(pairs > 0, log_A, 0), axis=(1, 2))
    return total

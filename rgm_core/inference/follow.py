"""Follow a chain of states step by step, from wherever it is begun: exact filtering without an end.

The chain is that of a model's highest level, whose states go on by their learned transitions. Two things
are added that a sequence heard live needs. A *leap* takes the chain anywhere: with probability ``r`` at
every step the next state is drawn from ``D``. And a state without a successor ends the chain: without
leaps the beliefs then sum to less than one, and what is missing is the probability that it has ended.
Nothing is conditioned on lasting: what is not explained costs evidence.

``p(s_t | o_1 … o_{t-1}) = (1 - r) Σ_u Σ_s p(s_t, u | s) q_{t-1}(s) + (r + ended) D(s_t)``,
``q_t ∝ l_t · p(s_t | o_1 … o_{t-1})``, with "ended" returning only if ``r`` > 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from rgm_core.model import RGM


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Transitions of a factor, ready to be followed.

    Attributes
    ----------
    steps : (U,) sparse matrices (S, S), ``steps[u][s', s]`` = p(s', u | s).
    D : (S,) distribution of the first state, and of the state after a leap.
    leap : probability of a leap at each step.
    """

    steps: tuple[csc_array, ...]
    D: np.ndarray
    leap: float


def make_walk(model: RGM, *, leap: float = 0.0, D: np.ndarray | None = None) -> Walk:
    """Chain of the states on top of a dynamic model.

    Parameters
    ----------
    model : RGM
        A dynamic model.
    leap : float
        Probability of a leap at each step, 0 … 1.
    D : (S,) float, optional
        Where the chain begins, and goes on after a leap. Default: ``model.D``, which is flat after
        :func:`rgm_core.learn_structure`.

    Raises
    ------
    ValueError
        If the model is static or leap is not a probability.
    """
    model.check_kind(dynamic=True, remedy="it has no chain of states to follow")
    if not 0 <= leap < 1:
        raise ValueError(f"leap must be a probability, ≥ 0 and < 1; found {leap}")
    b = model.levels[-1].b[0]
    state, path, following = b.edges.T
    share = b.counts / np.bincount(state, weights=b.counts, minlength=b.n_states)[state]
    shape = (b.n_states, b.n_states)
    steps = [
        csr_array((share[path == u], (state[path == u], following[path == u])), shape=shape).T
        for u in range(b.n_paths)
    ]
    return Walk(steps=tuple(steps), D=model.D if D is None else D, leap=leap)


def predict_states(walk: Walk, states: np.ndarray) -> np.ndarray:
    """Belief (…, S) about the next state, before it is observed; see the module for its sum."""
    paths = _paths(walk, states)
    return sum(paths) + _leap(walk, states, paths)


def update_states(predicted: np.ndarray, log_likelihood: np.ndarray) -> tuple[np.ndarray, float]:
    """Belief (…, S) after an observation, and ln p(observation | what was observed before).

    Parameters
    ----------
    predicted : (…, S) see :func:`predict_states`, or the distribution of the first state.
    log_likelihood : (…, S) of the observation, in nats.

    Raises
    ------
    ValueError
        If the observation is impossible.
    """
    top = np.max(log_likelihood, where=predicted > 0, initial=-np.inf)
    if np.isneginf(top):
        raise ValueError("what is observed is impossible under every state that is possible")
    joint = predicted * np.exp(np.minimum(log_likelihood - top, 0))
    total = joint.sum()
    return joint / total, float(np.log(total) + top)


def path_posterior(walk: Walk, states: np.ndarray, log_likelihood: np.ndarray) -> np.ndarray:
    """Probability (U,) of the path taken to the state now observed; what is missing to one has leapt.

    Parameters
    ----------
    walk : Walk
    states : (…, S) belief before the step, see :func:`update_states`.
    log_likelihood : (…, S) of the observation after it, in nats.
    """
    paths = _paths(walk, states)
    parts = [*paths, _leap(walk, states, paths)]
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    weights = np.array([np.sum(part * likelihood) for part in parts])
    return weights[:-1] / weights.sum()


def _paths(walk: Walk, states: np.ndarray) -> list[np.ndarray]:
    """Belief about state and path after the next step, for each path."""
    return [(1 - walk.leap) * (step @ states.T).T for step in walk.steps]


def _leap(walk: Walk, states: np.ndarray, paths: list[np.ndarray]) -> np.ndarray:
    """Belief about the next state that comes from leaps, and from chains that have ended."""
    if not walk.leap:
        return np.zeros_like(states)
    staying = sum(part.sum(axis=-1, keepdims=True) for part in paths)
    return (states.sum(axis=-1, keepdims=True) - staying) * walk.D

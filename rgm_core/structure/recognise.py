"""Is this what was seen before, up to noise? Recurrence by model selection (equation 2.15).

Outcomes that are bins of a magnitude have neighbours, and no two renditions of an event fall into quite the
same ones. A state then stands for a window of outcomes about a *centre* c: after N visits

``p(o | s) = (N k(o, c) + mass · m(o)) / (N + mass)``

with ``k`` a Gaussian over bins, as wide as the noise, and ``m`` how often the modality shows o at all. A
window is a visit to the state whose log Bayes factor against "something else", ``Σ ln p(o | s) / m(o)``, is
largest, if that is positive; else it is a new state. What never changes has p = m: background, and silence
that is common to all, count for nothing. The windows of a level are twice as long as those of the level
below and hold all its groups, so that recurrence is judged by outcomes at every level.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rgm_core.model.checks import as_array, as_number, as_sizes
from rgm_core.model.level import Level
from rgm_core.model.rgm import RGM, check_model
from rgm_core.model.transitions import Transitions

TINY = np.finfo(float).tiny


class Windows(NamedTuple):
    """Outcomes of level 1 under every step of a level."""

    outcomes: np.ndarray  # (n_steps, width, G) int, -1 is missing
    origin: np.ndarray  # (G,) int, modality of this level that each belongs to, or -1
    kernel: np.ndarray  # (G, O, O), p(o | centre)
    base: np.ndarray  # (G, O), p(o) whatever the state
    mass: float


def begin_windows(outcomes: np.ndarray, n_outcomes: np.ndarray, noise, mass: float) -> Windows:
    """Windows of one step, before anything is grouped."""
    kernel = noise_kernel(n_outcomes, noise)
    counts = np.zeros(kernel.shape[:2])
    step, modality = np.nonzero(outcomes >= 0)
    np.add.at(counts, (modality, outcomes[step, modality]), 1.0)
    base = np.einsum("gok,gk->go", kernel, counts / np.maximum(counts.sum(1, keepdims=True), 1))
    return Windows(outcomes[:, None, :], np.arange(outcomes.shape[1]), kernel, base, mass)


def widen_windows(windows: Windows, level: Level) -> Windows:
    """Windows of the next level: two steps long, the last one filled up with what is missing."""
    parents = np.where(windows.origin >= 0, level.parents[windows.origin], -1)
    origin = np.where(parents >= 0, level.initial[parents], -1)
    n_steps, width, n_modalities = windows.outcomes.shape
    padded = np.pad(windows.outcomes, ((0, n_steps % 2), (0, 0), (0, 0)), constant_values=-1)
    return windows._replace(outcomes=padded.reshape(-1, 2 * width, n_modalities), origin=origin)


def recognise(windows: Windows, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """State of a group at each step, and the centre of each state.

    Parameters
    ----------
    windows : Windows
    members : (K,) int
        Modalities of level 1 that the group explains.

    Returns
    -------
    states : (n_steps,) int
        Numbered in order of first appearance.
    centres : (S, width, K) int
        -1 where a state has seen nothing.
    """
    rows = windows.outcomes[:, :, members]
    n_steps, width, _ = rows.shape
    rows, modality = rows.reshape(n_steps, -1), np.tile(np.arange(len(members)), width)
    kernel, base = windows.kernel[members], windows.base[members, :, None]
    ratio = np.divide(kernel, base, out=np.ones_like(kernel), where=base > TINY)  # else never seen
    totals, seen = np.zeros((0, rows.shape[1])), np.zeros((0, rows.shape[1]), int)
    centres, n_visits = seen, np.zeros((0, 1))
    states = np.zeros(n_steps, int)
    for t, row in enumerate(rows):
        factor = _log_bayes_factor(ratio, windows.mass, modality, row, centres, n_visits)
        state = int(factor.argmax()) if factor.max(initial=0) > 0 else len(centres)
        if state == len(centres):
            totals, seen, centres, n_visits = (
                np.vstack([x, np.zeros_like(x, shape=x.shape[1:])])
                for x in (totals, seen, centres, n_visits)
            )
        known = row >= 0
        totals[state, known] += row[known]
        seen[state, known] += 1
        centres[state] = _centre(totals[state], seen[state])
        n_visits[state] = seen[state].max()
        states[t] = state
    return states, centres.reshape(len(centres), width, -1)


def _centre(totals: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean outcome of a state to the nearest bin, -1 where it has seen none."""
    return np.where(seen > 0, np.rint(totals / np.maximum(seen, 1)), -1).astype(int)


def _log_bayes_factor(ratio, mass: float, modality, row, centres, n_visits) -> np.ndarray:
    """Σ ln p(o | s) / m(o) of one window under every state (S,), in nats; ratio k(o, c) / m(o)."""
    known = row >= 0  # of the window; what is missing says nothing
    modality, row, centres = modality[known], row[known], centres[:, known]
    place = (modality * ratio.shape[1] + row) * ratio.shape[2] + centres  # as one number: much quicker
    log_factor = np.log((n_visits * ratio.ravel().take(place) + mass) / (n_visits + mass))
    return np.where(centres >= 0, log_factor, 0).sum(axis=1)


def noise_kernel(n_outcomes: np.ndarray, noise) -> np.ndarray:
    """p(o | centre) of every modality, a Gaussian over its bins.

    Parameters
    ----------
    n_outcomes : (G,) int
    noise : float or (G,) float
        Standard deviation in bins, ≥ 0.

    Returns
    -------
    (G, O, O) float
        Columns sum to one; zero beyond a modality's number of outcomes.
    """
    n_outcomes = as_array(n_outcomes, "n_outcomes", int, (None,), "one for each modality")
    if not len(n_outcomes):
        raise ValueError("n_outcomes must name at least one modality; found none")
    n_outcomes = as_sizes(n_outcomes, len(n_outcomes))
    noise = as_array(noise, "noise", float, None, "one standard deviation, or one for each modality")
    if noise.shape not in [(), n_outcomes.shape] or np.any(noise < 0):
        raise ValueError(
            f"noise must be a finite standard deviation ≥ 0, in bins, or {len(n_outcomes)} of them; "
            f"found {noise!s:.80}"
        )
    noise = np.broadcast_to(noise, n_outcomes.shape)
    bins = np.arange(n_outcomes.max())
    square = (bins[:, None] - bins[None, :]) ** 2
    width = np.maximum(noise, 0.1)[:, None, None]  # from 0.1 bins down a neighbour's share is < e^-50
    kernel = np.exp(-square / (2 * width**2)) * (bins[None, :, None] < n_outcomes[:, None, None])
    kernel *= bins[None, None, :] < n_outcomes[:, None, None]
    total = kernel.sum(axis=1, keepdims=True)
    return np.divide(kernel, total, out=np.zeros_like(kernel), where=total > 0)


def with_noise(model: RGM, noise, *, mass: float = 1 / 64, reopen: bool = True) -> RGM:
    """Let neighbouring outcomes share counts, and events follow each other in new orders.

    Parameters
    ----------
    model : RGM
        A dynamic model as learned. Not modified.
    noise : float or (G,) float
        Standard deviation of the outcomes in bins, see :func:`rgm_core.learn_structure`.
    mass : float
        Prior counts > 0 of a column: of each likelihood of level 1, spread as the modality's outcomes are
        overall; of each likelihood above, spread evenly; and of the transitions from each event, to all.
    reopen : bool
        Whether any event may follow any other. Else events follow each other as they were learned, which
        is enough for the sequence that they were learned from.

    Returns
    -------
    RGM
    """
    check_model(model, dynamic=True, remedy="soften it with add_mass")
    mass = as_number(mass, "mass", "finite and > 0", low=0, without=(0, np.inf))
    bottom = model.levels[0]
    spread = np.einsum("gok,gks->gos", noise_kernel(bottom.n_outcomes, noise), bottom.a)
    base = spread.sum(axis=2) / spread.sum(axis=(1, 2))[:, None]
    softened = spread + mass * base[:, :, None] * bottom.mask
    model = model.add_mass([0] + [mass] * (model.n_levels - 1))
    model = model.with_counts([softened] + [level.a for level in model.levels[1:]])
    if not reopen:
        return model
    *below, top = model.levels
    opened = open_transitions(top.b[0], mass)
    return RGM(levels=(*below, top.with_transitions((opened,))), D=model.D)


def open_transitions(b: Transitions, mass: float) -> Transitions:
    """Let every state follow every other, with this mass of prior counts a state; new ones on new paths."""
    counts = {
        (s, following): (u, c) for (s, u, following), c in zip(b.edges.tolist(), b.counts, strict=True)
    }
    edges = []
    for s in range(b.n_states):
        taken = {u for (start, _), (u, _) in counts.items() if start == s}
        free = (u for u in range(b.n_states + len(taken)) if u not in taken)
        for following in range(b.n_states):
            u, count = counts.get((s, following)) or (next(free), 0.0)
            edges.append((s, u, following, count + mass / b.n_states))
    table = np.array(sorted(edges))
    return Transitions(edges=table[:, :3].astype(int), counts=table[:, 3], n_states=b.n_states)

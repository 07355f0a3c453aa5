"""Exact inference in space and time: sum-product on the tree of events (equations 3.7 to 3.11).

Going up, level by level, every block of two steps tells its parent how likely each of its states makes it
(:mod:`rgm_core.inference.blocks`). On top the events are a hidden Markov chain
(:mod:`rgm_core.inference.chain`): forward and backward. Going down, posteriors are shared out in the
same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from rgm_core.inference.blocks import Block, Link, ascend_block, descend_block
from rgm_core.inference.chain import check_possible, forward, predict_paths, smooth
from rgm_core.inference.posterior import FilteredPosterior, SequencePosterior
from rgm_core.inference.tree import ascend_level
from rgm_core.logs import safe_log
from rgm_core.model.blocks import block_prior
from rgm_core.model.evidence import as_evidence
from rgm_core.model.rgm import RGM
from rgm_core.model.transitions import Transitions


def infer_sequence(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
) -> SequencePosterior:
    """Infer states and paths of every level from a sequence, and its log evidence (equations 3.7 to 3.11).

    Parameters
    ----------
    model : RGM
        A dynamic model (``learn_structure(..., dt=2)``).
    outcomes : (T, G) int, or G arrays of shape (T, n_outcomes[g])
        Outcomes at successive steps, the first of them the first of an event; -1 is missing, soft evidence
        as in :func:`rgm_core.infer`. Steps to be predicted are steps that are missing.
    prior : (S,) float, optional
        Prior over the first event, by default ``model.D``.

    Returns
    -------
    SequencePosterior

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, outcomes are impossible under the model, or no
        sequence of learned events lasts as long as the outcomes.
    """
    run = _prepare(model, outcomes, prior)
    up = _ascend(model, run.links, run.messages)
    chain = forward(run.b, run.log_prior, up.log_top)
    states, paths, transitions = _descend(model, run.links, up, *smooth(run.b, up.log_top, chain))
    n_rows = [-(-run.n_steps // 2**n) for n in range(model.n_levels)]
    n_blocks = [*n_rows[1:], n_rows[-1]]
    return SequencePosterior(
        states=_cut(states, n_rows),
        paths=_cut(paths, n_blocks),
        transitions=tuple(tuple(e.sum(0) for e in lv) for lv in _cut(transitions, n_blocks)),
        log_evidence=chain.log_evidence + up.log_orphans,
        model=model,
    )


def filter_sequence(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
) -> FilteredPosterior:
    """Infer the current states and paths of every level at each step from the data so far (equation 3.8).

    All events are taken at once: phase j sees the first j + 1 steps of each, under the prediction from
    the events before. What comes later in an event is hidden.

    Parameters, returns and errors are those of :func:`rgm_core.inference.filter`.
    """
    run = _prepare(model, outcomes, prior)
    whole = _ascend(model, run.links, run.messages)
    chain = forward(run.b, run.log_prior, whole.log_top)
    span, phases = 2 ** (model.n_levels - 1), []
    for j in range(span):
        seen = (np.arange(len(run.messages[0])) % span <= j)[:, None]
        up = _ascend(model, run.links, [np.where(seen, m, 0) for m in run.messages])
        log_joint = chain.log_predicted + up.log_top
        top = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
        none = np.empty((0, len(run.b.edges)))
        states, paths, _ = _descend(model, run.links, up, top, predict_paths(run.b, top), none)
        phases.append((_every(states, j, 0), _every(paths, j, 1)))
    states, paths = (_weave(parts, run.n_steps) for parts in zip(*phases, strict=True))
    log_evidence = chain.log_evidence + whole.log_orphans
    return FilteredPosterior(states=states, paths=paths, log_evidence=log_evidence, model=model)


class _Run(NamedTuple):
    """What both passes begin with."""

    n_steps: int
    links: list[list[Link]]
    messages: list[np.ndarray]  # (steps, S) evidence below each factor of level 1, events made whole
    b: Transitions  # of the top factor
    log_prior: np.ndarray


def _prepare(model: RGM, outcomes, prior) -> _Run:
    evidence = as_evidence(model.levels[0], outcomes)
    prior = _check_prior(model, prior)
    padding = -evidence.n_samples % 2 ** (model.n_levels - 1)  # the rest of the last event is missing
    messages = ascend_level(model.levels[0], evidence).log_lambda
    messages = [np.pad(m, ((0, padding), (0, 0))) for m in messages]
    links = [_links(model, n) for n in range(model.n_levels - 1)]
    return _Run(evidence.n_samples, links, messages, model.levels[-1].b[0], safe_log(prior))


class _Up(NamedTuple):
    """All messages of the upward pass."""

    log_top: np.ndarray  # (events, S) evidence below the top state
    blocks: list[list[Block]]  # by level and link
    log_orphans: float  # evidence of factors without parent


def _links(model: RGM, n: int) -> list[Link]:
    level, above = model.levels[n], model.levels[n + 1]
    return [
        Link(f, int(above.parents[level.dynamics.initial[f]]), level.b[f], block_prior(level, above, f))
        for f in np.flatnonzero(level.dynamics.has_parent)
    ]


def _ascend(model: RGM, links: list[list[Link]], messages: list[np.ndarray]) -> _Up:
    """Upward pass: evidence below every state of every factor, level by level."""
    blocks, log_orphans = [], 0.0
    for n, below in enumerate(links):
        orphans = np.flatnonzero(~model.levels[n].dynamics.has_parent)
        log_orphans += sum(float(messages[f].sum()) for f in orphans)
        blocks.append([ascend_block(link, messages[link.factor]) for link in below])
        shapes = [(len(messages[0]) // 2, n_states) for n_states in model.levels[n + 1].n_states]
        messages = [np.zeros(shape) for shape in shapes]
        for link, block in zip(below, blocks[-1], strict=True):
            messages[link.parent] += block.log_mu
    check_possible(log_orphans)
    return _Up(messages[0], blocks, log_orphans)


def _descend(model: RGM, links, up: _Up, states, paths, transitions):
    """Downward pass: Q(s, u) ∝ l(s, u) Σ_p p(s, u | p) Q(p) / λ(p), then the second step's states."""
    states, paths, transitions = [(states,)], [(paths,)], [(transitions,)]
    for n in range(model.n_levels - 2, -1, -1):
        level, n_blocks = model.levels[n], len(states[0][0])
        q = [np.ones((2 * n_blocks, 1))] * level.n_factors  # as it is for a factor without parent
        u = [np.ones((n_blocks, 1))] * level.n_factors
        e = [np.ones((n_blocks, len(b.edges))) for b in level.b]
        for link, block in zip(links[n], up.blocks[n], strict=True):
            q[link.factor], u[link.factor], e[link.factor] = descend_block(
                link, block, states[0][link.parent]
            )
        states.insert(0, tuple(q))
        paths.insert(0, tuple(u))
        transitions.insert(0, tuple(e))
    return tuple(states), tuple(paths), tuple(transitions)


def _every(levels, phase: int, lag: int):
    """Rows of each level that are current in a phase of every event; paths lag one level behind."""
    spans = [2 ** max(len(levels) - 1 - n - lag, 0) for n in range(len(levels))]
    return [
        [q[phase * span // 2 ** (len(levels) - 1) :: span] for q in level]
        for level, span in zip(levels, spans, strict=True)
    ]


def _weave(phases, n_steps: int):
    """Rows of all phases of every event in the order of the steps, by level and factor."""
    levels = [zip(*level, strict=True) for level in zip(*phases, strict=True)]
    n_all = len(phases) * len(phases[0][-1][0])
    return tuple(tuple(np.stack(f, 1).reshape(n_all, -1)[:n_steps] for f in lv) for lv in levels)


def _cut(levels, n_rows: list[int]):
    """Drop the rows of steps that were padding, or of blocks that hold nothing else."""
    return tuple(tuple(q[:n] for q in level) for level, n in zip(levels, n_rows, strict=True))


def _check_prior(model: RGM, prior) -> np.ndarray:
    prior = model.D if prior is None else np.asarray(prior, float)
    if prior.shape != model.D.shape or not np.all(prior >= 0) or not np.isclose(prior.sum(), 1):
        raise ValueError(
            f"prior must hold {len(model.D)} probabilities that sum to one; found shape {prior.shape}"
        )
    return prior

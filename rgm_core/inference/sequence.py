"""Exact inference in space and time: sum-product on the tree of events (equations 3.7 to 3.11).

Going up, level by level, every block of two steps tells its parent how likely each of its states makes it
(:mod:`rgm_core.inference.blocks`). On top the events are a hidden Markov chain
(:mod:`rgm_core.inference.chain`): forward and backward. Going down, posteriors are shared out in the
same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from rgm_core.inference.blocks import Block, Link, ascend_block, block_prior, descend_block
from rgm_core.inference.chain import Chain, check_possible, forward, predict_paths, smooth
from rgm_core.inference.infer import _ascend_level
from rgm_core.inference.messages import safe_log
from rgm_core.model.evidence import as_evidence
from rgm_core.model.rgm import RGM


@dataclass(frozen=True, kw_only=True)
class SequencePosterior:
    """Beliefs about a sequence of T steps.

    Parameters
    ----------
    states : tuple of tuple of (n_steps, n_states) float
        ``states[level][factor]``: posterior over hidden states at each step of the level; level 0 is the
        lowest. A level has ``ceil(T / 2**level)`` steps; online, every level has T rows, one for each
        step of level 0: the belief about the state that is current, from the data so far.
    paths : tuple of tuple of (n_blocks, n_paths) float
        ``paths[level][factor]``: path on which each block of two steps runs (one row for each step of the
        level above; online T rows). On top: path from each event to the next. The last row predicts; it
        sums to less than one by the probability that the event has no learned successor.
    transitions : tuple of tuple of (E,) float
        Expected number of times that each learned transition was made, in the order of ``Level.b``;
        empty online.
    log_evidence : float
        ln p(outcomes) in nats, given that the sequence of events goes on for this long.
    model : RGM
        The model that was inverted.
    """

    states: tuple[tuple[np.ndarray, ...], ...]
    paths: tuple[tuple[np.ndarray, ...], ...]
    transitions: tuple[tuple[np.ndarray, ...], ...]
    log_evidence: float
    model: RGM

    @cached_property
    def outcomes(self) -> tuple[np.ndarray, ...]:
        """Posterior predictive p(o | data) of each modality of level 1, (T, n_outcomes[g])."""
        level = self.model.levels[0]
        return tuple(self.states[0][f] @ A.T for f, A in zip(level.parents, level.A, strict=True))


def infer_sequence(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    online: bool = False,
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
    online : bool
        False: every belief uses all data (smoothing). True: the beliefs at a step use the data up to that
        step only (filtering).

    Returns
    -------
    SequencePosterior

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, outcomes are impossible under the model, or no
        sequence of learned events lasts as long as the outcomes.
    """
    evidence = as_evidence(model.levels[0], outcomes)
    prior = _check_prior(model, prior)
    n_steps, span = evidence.n_samples, 2 ** (model.n_levels - 1)
    padding = -n_steps % span  # the rest of the last event is missing
    messages = _ascend_level(model.levels[0], evidence).log_lambda
    messages = [np.pad(m, ((0, padding), (0, 0))) for m in messages]
    links = [_links(model, n) for n in range(model.n_levels - 1)]
    up = _ascend(model, links, messages)
    check_possible(up.log_orphans)
    chain = forward(model.levels[-1].b[0], safe_log(prior), up.log_top)
    if online:
        beliefs = _filter(model, links, messages, chain)
    else:
        beliefs = _descend(model, links, up, *smooth(model.levels[-1].b[0], up.log_top, chain))
    log_evidence = chain.log_evidence + up.log_orphans
    return replace(_trim(beliefs, n_steps, online), log_evidence=log_evidence)


def learn_transitions(model: RGM, posterior: SequencePosterior) -> RGM:
    """Add the expected number of each transition to its Dirichlet count (equation 4.2).

    Only transitions that are already possible can grow; new ones come from
    :func:`rgm_core.structure.merge.merge_structure`.

    Parameters
    ----------
    model : RGM
    posterior : SequencePosterior
        Beliefs (not online) under a model of the same structure.

    Returns
    -------
    RGM

    Raises
    ------
    ValueError
        If the beliefs are online, and so have no expected transitions.
    """
    if not posterior.transitions:
        raise ValueError("posterior must use all data (online=False): it has no expected transitions")
    levels = []
    for level, expected in zip(model.levels, posterior.transitions, strict=True):
        pairs = zip(level.b, expected, strict=True)
        levels.append(replace(level, b=tuple(b.with_counts(b.counts + e) for b, e in pairs)))
    return replace(model, levels=tuple(levels))


class _Up(NamedTuple):
    """All messages of the upward pass."""

    log_top: np.ndarray  # (events, S) evidence below the top state
    blocks: list[list[Block]]  # by level and link
    log_orphans: float  # evidence of factors without parent


def _links(model: RGM, n: int) -> list[Link]:
    level, above = model.levels[n], model.levels[n + 1]
    return [
        Link(f, int(above.parents[level.initial[f]]), level.b[f], block_prior(level, above, f))
        for f in np.flatnonzero(level.initial >= 0)
    ]


def _ascend(model: RGM, links: list[list[Link]], messages: list[np.ndarray]) -> _Up:
    """Upward pass: evidence below every state of every factor, level by level."""
    blocks, log_orphans = [], 0.0
    for n, below in enumerate(links):
        orphans = np.flatnonzero(model.levels[n].initial < 0)
        log_orphans += sum(float(messages[f].sum()) for f in orphans)
        blocks.append([ascend_block(link, messages[link.factor]) for link in below])
        shapes = [(len(messages[0]) // 2, n_states) for n_states in model.levels[n + 1].n_states]
        messages = [np.zeros(shape) for shape in shapes]
        for link, block in zip(below, blocks[-1], strict=True):
            messages[link.parent] += block.log_mu
    return _Up(messages[0], blocks, log_orphans)


def _descend(model: RGM, links, up: _Up, states, paths, transitions) -> SequencePosterior:
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
    return SequencePosterior(
        states=tuple(states), paths=tuple(paths), transitions=tuple(transitions),
        log_evidence=np.nan, model=model,
    )  # fmt: skip


def _filter(model: RGM, links, messages: list[np.ndarray], chain: Chain) -> SequencePosterior:
    """Beliefs from the data so far: what comes later in an event is hidden, step by step.

    All events are taken at once: phase j sees the first j + 1 steps of each, under the prediction from
    the events before.
    """
    span, b = 2 ** (model.n_levels - 1), model.levels[-1].b[0]
    n_steps = len(messages[0])
    phases = []
    for j in range(span):
        seen = (np.arange(n_steps) % span <= j)[:, None]
        up = _ascend(model, links, [np.where(seen, m, 0) for m in messages])
        joint = chain.log_predicted + up.log_top
        states = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
        edges = np.empty((0, len(b.edges)))
        beliefs = _descend(model, links, up, states, predict_paths(b, states), edges)
        phases.append((_every(beliefs.states, j, 0), _every(beliefs.paths, j, 1)))
    woven = []
    for parts in zip(*phases, strict=True):  # states, paths
        levels = [zip(*level, strict=True) for level in zip(*parts, strict=True)]
        woven.append(tuple(tuple(np.stack(f, 1).reshape(n_steps, -1) for f in lv) for lv in levels))
    return replace(beliefs, states=woven[0], paths=woven[1], transitions=())


def _every(levels, phase: int, lag: int):
    """Rows of each level that are current in a phase of every event; paths lag one level behind."""
    spans = [2 ** max(len(levels) - 1 - n - lag, 0) for n in range(len(levels))]
    return [
        [q[phase * span // 2 ** (len(levels) - 1) :: span] for q in level]
        for level, span in zip(levels, spans, strict=True)
    ]


def _trim(beliefs: SequencePosterior, n_steps: int, online: bool) -> SequencePosterior:
    """Drop the padding; sum the transitions."""
    n_rows = [n_steps if online else -(-n_steps // 2**n) for n in range(len(beliefs.states) + 1)]
    n_rows[-1] = n_rows[-1] if online else n_rows[-2]
    cut = [tuple(q[:n] for q in level) for level, n in zip(beliefs.states, n_rows, strict=False)]
    paths = [tuple(u[:n] for u in lv) for lv, n in zip(beliefs.paths, n_rows[1:], strict=True)]
    made = [tuple(e[:n].sum(0) for e in lv) for lv, n in zip(beliefs.transitions, n_rows[1:], strict=False)]
    return replace(beliefs, states=tuple(cut), paths=tuple(paths), transitions=tuple(made))


def _check_prior(model: RGM, prior) -> np.ndarray:
    prior = model.D if prior is None else np.asarray(prior, float)
    if prior.shape != model.D.shape or not np.all(prior >= 0) or not np.isclose(prior.sum(), 1):
        raise ValueError(
            f"prior must hold {len(model.D)} probabilities that sum to one; found shape {prior.shape}"
        )
    return prior

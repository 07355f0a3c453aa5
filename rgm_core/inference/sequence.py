"""Exact inference in space and time: sum-product on the tree of events (equations 3.7 to 3.11).

Going up, level by level, every block of two steps tells its parent how likely each of its states makes it
(:mod:`rgm_core.inference.blocks`). On top the events are a hidden Markov chain
(:mod:`rgm_core.inference.chain`): forward and backward. Going down, posteriors are shared out in the
same way. A sequence may begin within an event (its *phase*) and end within one: what is cut off is not
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp, softmax

from rgm_core.inference.blocks import Block, Link, ascend_block, descend_block, make_link
from rgm_core.inference.chain import check_chain, check_possible, forward, predict_paths, smooth
from rgm_core.inference.posterior import FilteredPosterior, SequencePosterior
from rgm_core.inference.tree import ascend_level
from rgm_core.model.checks import as_probabilities, as_whole
from rgm_core.model.evidence import as_evidence
from rgm_core.model.logs import safe_log
from rgm_core.model.rgm import RGM
from rgm_core.model.transitions import Transitions


def infer_sequence(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    phase: int | None = 0,
) -> SequencePosterior:
    """Infer states and paths of every level from a sequence, and its log evidence (equations 3.7 to 3.11).

    Parameters
    ----------
    model : RGM
        A dynamic model (``learn_structure(..., dt=2)``).
    outcomes : (T, G) int, or G arrays of shape (T, n_outcomes[g])
        Outcomes at successive steps, of any number; -1 is missing, soft evidence as in
        :func:`rgm_core.infer`. Steps to be predicted are steps that are missing.
    prior : (S,) float, optional
        Prior over the first event, by default ``model.D``.
    phase : int or None
        Step of an event that the first outcome is, 0 … 2 ** (n_levels - 1) - 1. None: not known, and so
        one more hidden state with a uniform prior. The evidence is then that of all phases, ``phases`` is
        the posterior, and the other beliefs are those of the most probable phase.

    Returns
    -------
    SequencePosterior

    Raises
    ------
    ValueError
        If an argument has the wrong shape or range, outcomes are impossible under the model, or no
        sequence of learned events lasts as long as the outcomes.
    """
    return pass_messages(model, outcomes, prior, phase).posterior


class Passed(NamedTuple):
    """Both passes over one sequence: what learning counts from."""

    links: list[list[Link]]  # by level
    messages: list[np.ndarray]  # (1, steps, S) evidence below each factor of level 1
    blocks: list[list[Block]]  # by level and link
    states: tuple[tuple[np.ndarray, ...], ...]  # (1, steps, S), with the steps before the first outcome
    phase: int
    posterior: SequencePosterior


def pass_messages(model: RGM, outcomes, prior: np.ndarray | None, phase: int | None) -> Passed:
    """Upward, forward, backward and downward pass, under the (most probable) phase."""
    run, up, chain, common = _begin(model, outcomes, prior, phase)
    on_top = [q[None] for q in smooth(run.b, up.log_top[0], chain)]
    states, paths, transitions = _descend(model, run.links, up, *on_top)
    begin = [run.phase // 2**n for n in range(model.n_levels)]
    posterior = SequencePosterior(
        states=_cut(states, begin),
        paths=_cut(paths, [*begin[1:], begin[-1]]),
        transitions=tuple(tuple(e[0].sum(0) for e in level) for level in transitions),
        model=model,
        **common,
    )
    return Passed(run.links, run.messages, up.blocks, states, run.phase, posterior)


def filter_sequence(
    model: RGM,
    outcomes: np.ndarray | Sequence[np.ndarray],
    *,
    prior: np.ndarray | None = None,
    phase: int = 0,
) -> FilteredPosterior:
    """Infer the current states and paths of every level at each step from the data so far (equation 3.8).

    All events are taken at once: cut off after step j they are sequences of j + 1 steps, under the
    prediction from the events before.

    Parameters, returns and errors are those of :func:`rgm_core.inference.filter`.
    """
    run, _, chain, common = _begin(model, outcomes, prior, phase)
    n_steps, span, n_events = run.messages[0].shape[1], 2 ** (model.n_levels - 1), len(chain.log_alpha)
    padding = ((0, -n_steps % span), (0, 0))
    events = [np.pad(m[0], padding).reshape(n_events, span, -1) for m in run.messages]
    states = [[np.empty((n_steps, n)) for n in level.n_states] for level in model.levels]
    paths = [[np.empty((n_steps, n)) for n in level.n_paths] for level in model.levels]
    for j in range(min(span, n_steps)):
        begun = len(range(j, n_steps, span))
        up = _ascend(model, run.links, [m[:begun, : j + 1] for m in events])
        log_joint = chain.log_predicted[:begun] + up.log_top[:, 0]
        top = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
        none = np.empty((begun, 0, len(run.b.edges)))
        found = _descend(model, run.links, up, top[:, None], predict_paths(run.b, top)[:, None], none)
        for rows, part in zip((states, paths), found, strict=False):
            for level, beliefs in zip(rows, part, strict=True):
                for row, q in zip(level, beliefs, strict=True):
                    row[j::span] = q[:, -1]
    begin = [run.phase] * model.n_levels
    states, paths = ([[q[None] for q in level] for level in part] for part in (states, paths))
    return FilteredPosterior(states=_cut(states, begin), paths=_cut(paths, begin), model=model, **common)


class _Run(NamedTuple):
    """What both passes begin with."""

    phase: int
    links: list[list[Link]]
    messages: list[np.ndarray]  # (1, phase + steps, S) evidence below each factor of level 1
    b: Transitions  # of the top factor


def _begin(model: RGM, outcomes, prior, phase: int | None):
    """Upward and forward pass under the (most probable) phase, and what is common to all beliefs."""
    evidence = as_evidence(model.levels[0], outcomes)
    log_prior, span = safe_log(_check_prior(model, prior)), 2 ** (model.n_levels - 1)
    if phase is not None:
        phase = as_whole(phase, "phase", 0, span - 1, meaning="or None")
    messages = ascend_level(model.levels[0], evidence).log_lambda
    links, b = [_links(model, n) for n in range(model.n_levels - 1)], model.levels[-1].b[0]
    runs = {}
    for k in range(span) if phase is None else (phase,):
        padded = [np.pad(m, ((k, 0), (0, 0)))[None] for m in messages]
        up = _ascend(model, links, padded)
        runs[k] = _Run(k, links, padded, b), up, forward(b, log_prior, up.log_top[0])
    log_evidence, log_lasting = np.full((2, span), -np.inf)
    for k, (_, up, chain) in runs.items():
        log_evidence[k], log_lasting[k] = chain.log_evidence + up.log_orphans, chain.log_lasting
    run, up, chain = runs[max(runs, key=lambda k: (log_evidence[k], log_lasting[k]))]
    check_chain(chain)
    common = {
        "log_evidence": float(logsumexp(log_evidence) - np.log(len(runs))),
        "log_lasting": float(logsumexp(log_lasting) - np.log(len(runs))),
        "phases": softmax(log_evidence),
    }
    return run, up, chain, common


class _Up(NamedTuple):
    """All messages of the upward pass."""

    log_top: np.ndarray  # (E, events, S) evidence below the top state, of E sequences
    blocks: list[list[Block]]  # by level and link
    log_orphans: float  # evidence of factors without parent


def _links(model: RGM, n: int) -> list[Link]:
    level, above = model.levels[n], model.levels[n + 1]
    return [make_link(level, above, f) for f in np.flatnonzero(level.has_parent).tolist()]


def _ascend(model: RGM, links: list[list[Link]], messages: list[np.ndarray]) -> _Up:
    """Upward pass: evidence (E, steps, S) below every state of every factor, level by level."""
    blocks, log_orphans = [], 0.0
    for n, below in enumerate(links):
        orphans = np.flatnonzero(~model.levels[n].has_parent)
        log_orphans += sum(float(messages[f].sum()) for f in orphans)
        blocks.append([ascend_block(link, messages[link.factor]) for link in below])
        n_sequences, n_steps = messages[0].shape[:2]
        shapes = [(n_sequences, -(-n_steps // 2), n_states) for n_states in model.levels[n + 1].n_states]
        messages = [np.zeros(shape) for shape in shapes]
        for link, block in zip(below, blocks[-1], strict=True):
            messages[link.parent] += block.log_mu
    check_possible(log_orphans)
    return _Up(messages[0], blocks, log_orphans)


def _descend(model: RGM, links, up: _Up, top, onward, made):
    """Downward pass: Q(s, u) ∝ l(s, u) Σ_p p(s, u | p) Q(p) / λ(p), then the second step's states.

    Beliefs are (E, steps, …), of E sequences.
    """
    states: list[tuple[np.ndarray, ...]] = [(top,)]
    paths: list[tuple[np.ndarray, ...]] = [(onward,)]
    transitions: list[tuple[np.ndarray, ...]] = [(made,)]
    for n in range(model.n_levels - 2, -1, -1):
        level, (n_sequences, n_blocks) = model.levels[n], states[0][0].shape[:2]
        whole, cut = up.blocks[n][0].log_pairs.shape[1], up.blocks[n][0].log_open.shape[1]
        q = [np.ones((n_sequences, 2 * whole + cut, 1))] * level.n_factors  # of a factor without parent
        u = [np.ones((n_sequences, n_blocks, 1))] * level.n_factors
        e = [np.ones((n_sequences, whole, len(b.edges))) for b in level.b]
        for link, block in zip(links[n], up.blocks[n], strict=True):
            q[link.factor], u[link.factor], e[link.factor] = descend_block(
                link, block, states[0][link.parent]
            )
        states.insert(0, tuple(q))
        paths.insert(0, tuple(u))
        transitions.insert(0, tuple(e))
    return tuple(states), tuple(paths), tuple(transitions)


def _cut(levels, begin: list[int]):
    """Beliefs of the one sequence, without the rows of steps before its first outcome."""
    return tuple(tuple(q[0, n:] for q in level) for level, n in zip(levels, begin, strict=True))


def _check_prior(model: RGM, prior) -> np.ndarray:
    prior = model.D if prior is None else prior
    return as_probabilities(prior, "prior", model.D.shape, "one for each event")

"""A block: the two steps of a factor that one step of its parent generates (equation 3.7).

Given its parent's state p, a factor draws an initial state s and a path u, and follows the path to its
second state s'. The evidence below p is

``λ(p) = Σ_{s,u} p(s, u | p) · l_1(s) · Σ_{s'} p(s' | s, u) · l_2(s')``

with ``l_1, l_2`` the evidence below the factor at the two steps. A state cannot take a path along
which it has no learned successor: such a pair has zero prior probability, and what is left of the prior
is renormalised. Where a sequence ends after the first step of a block nothing is asked of a second one:
``λ(p) = Σ_s p(s | p) · l_1(s)``. Messages are logarithms; all blocks of a factor are handled at once, in
any number of sequences of equal length.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rgm_core.inference.messages import joint, send_up
from rgm_core.model.blocks import block_prior
from rgm_core.model.level import Level
from rgm_core.model.logs import safe_log, sum_by
from rgm_core.model.transitions import Transitions


class Link(NamedTuple):
    """How a factor hangs on its parent."""

    factor: int
    parent: int  # factor of the level above
    b: Transitions
    prior: np.ndarray  # (K, P), see block_prior
    start: np.ndarray  # (S, P), p(s | p) of a block that need not go on


class Block(NamedTuple):
    """Evidence that one factor sends up, in nats, of E sequences of N steps: n = N // 2 whole blocks."""

    log_pairs: np.ndarray  # (E, n, K) of each state and path
    log_edges: np.ndarray  # (E, n, edges) of each transition, given its state and path
    log_open: np.ndarray  # (E, N % 2, S) of the first state of a block that the end cuts off
    log_mu: np.ndarray  # (E, ceil(N / 2), P) of the parent's state


def make_link(level: Level, above: Level, factor: int) -> Link:
    """The link from a factor to its parent in the next level."""
    g = level.initial[factor]
    prior = block_prior(level, above, factor)
    return Link(factor, int(above.parents[g]), level.b[factor], prior, above.A[g])


def ascend_block(link: Link, message: np.ndarray) -> Block:
    """Evidence of blocks under each state of the parent, from messages (E, N, S) (module's equation)."""
    b, whole = link.b, message.shape[1] // 2 * 2
    first, second = message[:, :whole:2], message[:, 1:whole:2]
    log_edges = second[:, :, b.edges[:, 2]] + np.log(b.probabilities)
    ahead = np.logaddexp.reduceat(log_edges, b.starts, axis=2)
    log_pairs = first[:, :, b.pairs[:, 0]] + ahead
    share = log_edges - np.where(np.isneginf(ahead), 0, ahead)[:, :, b.pair_of_edge]
    log_open = message[:, whole:]
    log_mu = [_send_up(log_pairs, link.prior), _send_up(log_open, link.start)]
    return Block(log_pairs, share, log_open, np.concatenate(log_mu, axis=1))


def descend_block(link: Link, block: Block, parent: np.ndarray):
    """States (E, N, S), paths (E, blocks, U) and transitions (E, whole blocks, edges) of a factor.

    ``parent`` (E, blocks, P) is the posterior of the parent's states.
    """
    b, n = link.b, block.log_pairs.shape[1]
    cavity = safe_log(parent) - np.where(parent > 0, block.log_mu, 0)
    pairs = np.exp(block.log_pairs + _send_up(cavity[:, :n], link.prior.T))
    edges = pairs[:, :, b.pair_of_edge] * np.exp(block.log_edges)
    states = np.empty((len(pairs), 2 * n, b.n_states))
    states[:, ::2] = _sum_by(pairs, b.pairs[:, 0], b.n_states)
    states[:, 1::2] = _sum_by(edges, b.edges[:, 2], b.n_states)
    paths = _sum_by(pairs, b.pairs[:, 1], b.n_paths)
    if not block.log_open.shape[1]:
        return states, paths, edges
    last, taken = _descend_open(link, block.log_open[:, 0], parent[:, n])
    return np.hstack([states, last[:, None]]), np.hstack([paths, taken[:, None]]), edges


def _descend_open(link: Link, message: np.ndarray, parent: np.ndarray):
    """States (E, S) of a last step, and the path (E, U) that it would take: it may have none."""
    b = link.b
    q = joint(message, link.start, parent)  # (E, S, P)
    of_state = sum_by(link.prior.T, b.pairs[:, 0], b.n_states).T[b.pairs[:, 0]]
    given = np.divide(link.prior, of_state, out=np.zeros_like(link.prior), where=of_state > 0)
    pairs = (q[:, b.pairs[:, 0]] * given).sum(axis=2)
    return q.sum(axis=2), sum_by(pairs, b.pairs[:, 1], b.n_paths)


def _send_up(message: np.ndarray, A: np.ndarray) -> np.ndarray:
    """:func:`send_up` for messages (E, n, O)."""
    shape = (*message.shape[:2], A.shape[1])
    return send_up(message.reshape(-1, len(A)), A).reshape(shape) if message.size else np.empty(shape)


def _sum_by(x: np.ndarray, keys: np.ndarray, n: int) -> np.ndarray:
    return sum_by(x.reshape(-1, len(keys)), keys, n).reshape(*x.shape[:2], n)

"""A block: the two steps of a factor that one step of its parent generates (equation 3.7).

Given its parent's state p, a factor draws an initial state s and a path u, and follows the path to its
second state s'. The evidence below p is

``λ(p) = Σ_{s,u} p(s, u | p) · l_1(s) · Σ_{s'} p(s' | s, u) · l_2(s')``

with ``l_1, l_2`` the evidence below the factor at the two steps. A state cannot take a path along
which it has no learned successor: such a pair has zero prior probability, and what is left of the prior
is renormalised. Messages are logarithms; all blocks of a factor are handled at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rgm_core.inference.messages import send_up
from rgm_core.logs import safe_log, sum_by
from rgm_core.model.transitions import Transitions


class Link(NamedTuple):
    """How a factor hangs on its parent."""

    factor: int
    parent: int  # factor of the level above
    b: Transitions
    prior: np.ndarray  # (K, P), see block_prior


class Block(NamedTuple):
    """Evidence that one factor sends up, in nats."""

    log_pairs: np.ndarray  # (blocks, K) of each state and path
    log_edges: np.ndarray  # (blocks, E) of each transition, given its state and path
    log_mu: np.ndarray  # (blocks, P) of the parent's state


def ascend_block(link: Link, message: np.ndarray) -> Block:
    """Evidence of blocks of two steps under each state of the parent (module's equation)."""
    b = link.b
    log_edges = message[1::2, b.edges[:, 2]] + np.log(b.probabilities)
    second = np.logaddexp.reduceat(log_edges, b.starts, axis=1)
    log_pairs = message[::2, b.pairs[:, 0]] + second
    share = log_edges - np.where(np.isneginf(second), 0, second)[:, b.pair_of_edge]
    return Block(log_pairs, share, send_up(log_pairs, link.prior))


def descend_block(link: Link, block: Block, parent: np.ndarray):
    """States (steps, S), paths (blocks, U) and transitions (blocks, E) of a factor."""
    b = link.b
    cavity = safe_log(parent) - np.where(parent > 0, block.log_mu, 0)
    pairs = np.exp(block.log_pairs + send_up(cavity, link.prior.T))
    edges = pairs[:, b.pair_of_edge] * np.exp(block.log_edges)
    states = np.empty((2 * len(pairs), b.n_states))
    states[::2] = sum_by(pairs, b.pairs[:, 0], b.n_states)
    states[1::2] = sum_by(edges, b.edges[:, 2], b.n_states)
    return states, sum_by(pairs, b.pairs[:, 1], b.n_paths), edges

"""Inference by enumeration: every combination of hidden states, weighed one by one."""

from itertools import product

import numpy as np

from rgm_core.model import RGM, Level


def random_level(rng, n_outcomes, parents, n_states, *, zeros=0.0):
    """A level of random counts; a share of them is zero, but no column as a whole."""
    n_outcomes, parents, n_states = map(np.asarray, (n_outcomes, parents, n_states))
    a = np.zeros((len(parents), n_outcomes.max(), n_states.max()))
    for g, (n, f) in enumerate(zip(n_outcomes, parents, strict=True)):
        counts = rng.gamma(0.7, size=(n, n_states[f])) + 1e-3
        dropped = rng.random(counts.shape) < zeros
        dropped[0] = False
        a[g, :n, : n_states[f]] = np.where(dropped, 0, counts)
    locations = np.arange(len(parents), dtype=float)[:, None]
    return Level(a=a, n_outcomes=n_outcomes, parents=parents, n_states=n_states, locations=locations)


def random_tree(rng, *, zeros=0.0):
    """Three levels with 5 modalities, then 3, 2 and 1 factors of different sizes."""
    sizes = [rng.integers(2, 4, size) for size in (5, 3, 2, 1)]
    levels = (
        random_level(rng, sizes[0], [0, 0, 1, 2, 2], sizes[1], zeros=zeros),
        random_level(rng, sizes[1], [0, 1, 1], sizes[2], zeros=zeros),
        random_level(rng, sizes[2], [0, 0], sizes[3], zeros=zeros),
    )
    return RGM(levels=levels, D=rng.dirichlet(np.ones(sizes[3][0])))


def random_wiring(rng, *, zeros=0.0):
    """One to three levels of any width: each modality has a random parent, each factor a child."""
    widths = [[1], [2, 1], [3, 1], [3, 2, 1]][rng.integers(4)]
    n_outcomes = rng.integers(1, 5, rng.integers(widths[0], 6))
    levels = []
    for n_factors in widths:
        more = rng.integers(0, n_factors, len(n_outcomes) - n_factors)
        parents = rng.permutation(np.concatenate([np.arange(n_factors), more]))
        n_states = rng.integers(1, 4, n_factors)
        levels.append(random_level(rng, n_outcomes, parents, n_states, zeros=zeros))
        n_outcomes = n_states
    return RGM(levels=tuple(levels), D=rng.dirichlet(np.ones(n_states[0])))


def random_evidence(rng, model, n):
    """Soft evidence, some of it missing and some of it sharp: G arrays (n, n_outcomes[g])."""
    messages = []
    for size in model.levels[0].n_outcomes:
        message = rng.random((n, size))
        message[rng.random(n) < 0.3] = 1.0
        sharp = rng.random(n) < 0.3
        message[sharp] = np.eye(size)[rng.integers(0, size, sharp.sum())]
        messages.append(message)
    return messages


class Enumeration:
    """Exact posteriors of one sample, by summing over all hidden states of all factors.

    Parameters
    ----------
    model : RGM
    messages : G arrays (n_outcomes[g],), likelihood of each outcome.
    prior : (S,) over the top states.
    """

    def __init__(self, model, messages, prior):
        self.model, self.weights = model, {}
        factors = [(n, f) for n, level in enumerate(model.levels) for f in range(level.n_factors)]
        sizes = [int(model.levels[n].n_states[f]) for n, f in factors]
        for combination in product(*map(range, sizes)):
            s = dict(zip(factors, combination, strict=True))
            weight = prior[s[model.n_levels - 1, 0]]
            for n in range(1, model.n_levels):
                level = model.levels[n]
                for g, f in enumerate(level.parents):
                    weight *= level.A[g][s[n - 1, g], s[n, f]]
            bottom = model.levels[0]
            for g, f in enumerate(bottom.parents):
                weight *= messages[g] @ bottom.A[g][:, s[0, f]]
            self.weights[combination] = (s, weight)
        self.messages = messages
        self.evidence = sum(weight for _, weight in self.weights.values())

    def states(self, level, factor):
        """Posterior over the states of one factor."""
        q = np.zeros(self.model.levels[level].n_states[factor])
        for s, weight in self.weights.values():
            q[s[level, factor]] += weight
        return q / self.evidence

    def pairs(self, level, modality):
        """Joint posterior of a modality and its parent."""
        table = self.model.levels[level]
        f, A = table.parents[modality], table.A[modality]
        joint = np.zeros(A.shape)
        for s, weight in self.weights.values():
            if level > 0:
                joint[s[level - 1, modality], s[level, f]] += weight
            else:
                column = self.messages[modality] * A[:, s[0, f]]
                joint[:, s[0, f]] += weight * column / column.sum() if weight else 0
        return joint / self.evidence

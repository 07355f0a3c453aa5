"""Inference over space and time by enumeration: every combination of states and paths."""

import numpy as np

from rgm_core.model import RGM, Dynamics, Level
from rgm_core.model.transitions import Transitions

# modalities of level 1 by factor; then factors of each level by parent
TREES = {
    "one level": [[0, 0]],
    "two levels": [[0, 0, 1], [0, 0]],
    "three levels": [[0, 1, 1], [0, 1], [0, 0]],
    "orphan": [[0, 1, 1, 2], [0, 0]],
}


def random_transitions(rng, n_states, n_paths):
    """Some states lack some paths, one of them all; some have two successors along one path."""
    shape = (n_states, n_states, n_paths)
    b = rng.uniform(0.5, 2, shape) * (rng.random(shape) < 0.4)
    b[:, 0, n_paths - 1] = 0
    b[0, 0, 0] = b[1, 0, 0] = b[0, 1, n_paths - 1] = 1
    return Transitions.from_dense(b)


def random_model(rng, tree, concentration=0.3):
    levels, n_outcomes = [], rng.integers(2, 4, len(tree[0]))
    for n, groups in enumerate(tree):
        top = n == len(tree) - 1
        orphan = np.zeros(max(groups) + 1, bool)
        if tree is TREES["orphan"] and n == 0:
            orphan[-1] = True
        n_states = np.where(orphan, 1, rng.integers(2, 4, len(orphan)))
        b = tuple(
            random_transitions(rng, s, int(rng.integers(1, 3)))
            if s > 1
            else Transitions.from_dense(np.ones((1, 1, 1)))
            for s in n_states.tolist()
        )
        parents = np.array(groups) if n == 0 else np.repeat(groups, 2)
        mask = Level(
            a=np.zeros((len(parents), n_outcomes.max(), n_states.max())), n_outcomes=n_outcomes,
            parents=parents, n_states=n_states, locations=np.zeros((len(parents), 1)),
        ).mask  # fmt: skip
        levels.append(
            Level(
                a=np.where(mask, rng.gamma(concentration, size=mask.shape) + 1e-3, 0),
                n_outcomes=n_outcomes, parents=parents, n_states=n_states,
                locations=np.zeros((len(parents), 1)), dynamics=Dynamics(b=b, has_parent=~orphan),
            )
        )  # fmt: skip
        n_outcomes = np.stack([n_states, [x.n_paths for x in b]], 1)[~orphan].ravel()
        assert top == (len(n_states) == 1 and top)
    return RGM(levels=tuple(levels), D=rng.dirichlet(np.ones(levels[-1].n_states[0])))


class Joint:
    """The joint distribution as a product of tables over named variables, summed by brute force."""

    def __init__(self, model, likelihoods, n_steps, phase=0):
        self.tables, self.index = [], {}
        steps = [-(-(n_steps + phase) // 2**n) for n in range(model.n_levels)]
        top, n_events = model.n_levels - 1, steps[-1]
        self.add(model.D, ("s", top, 0, 0))
        for t in range(n_events - 1):
            b = model.levels[top].b[0].dense().transpose(1, 2, 0)  # state, path, next
            p = b / np.maximum(b.sum((1, 2), keepdims=True), 1e-300)
            self.add(p, ("s", top, 0, t), ("u", top, 0, t), ("s", top, 0, t + 1))
        for n in range(top):
            for f in range(model.levels[n].n_factors):
                for block in range(steps[n + 1]):
                    self.add_block(model, n, f, block, cut=2 * block + 1 == steps[n])
        self.prior_mass = self.sum()  # of sequences that last
        level = model.levels[0]
        for g, f in enumerate(level.parents):
            for t, likelihood in enumerate(likelihoods[g]):
                self.add(likelihood @ level.A[g], ("s", 0, int(f), t + phase))

    def add_block(self, model, n, f, block, cut):
        level, above = model.levels[n], model.levels[n + 1]
        first, path, second = ("s", n, f, 2 * block), ("u", n, f, block), ("s", n, f, 2 * block + 1)
        B, g = level.B[f], level.dynamics.initial[f]
        if not cut:
            self.add(B.transpose(1, 2, 0), first, path, second)
        if g < 0:
            self.add(np.ones(1), first)
            self.add(np.ones(1), path)
            return
        if cut:  # the first step is all there is
            self.add(above.A[g], first, ("s", n + 1, int(above.parents[g]), block))
            return
        prior = np.zeros((len(B), B.shape[2], above.A[g].shape[1]))
        for p in range(prior.shape[2]):
            can_start = [s for s in range(len(B)) if B[:, s].any()]
            for s in can_start:
                paths = [u for u in range(B.shape[2]) if B[:, s, u].any()]
                for u in paths:
                    prior[s, u, p] = above.A[g][s, p] / above.A[g][can_start, p].sum()
                    prior[s, u, p] *= above.A[g + 1][u, p] / above.A[g + 1][paths, p].sum()
        self.add(prior, first, path, ("s", n + 1, int(above.parents[g]), block))

    def add(self, table, *names):
        ids = [self.index.setdefault(name, len(self.index)) for name in names]
        self.tables += [np.asarray(table, float), ids]

    def sum(self, *names):
        return np.einsum(*self.tables, [self.index[name] for name in names], optimize=True)

    def marginal(self, *names):
        table = self.sum(*names)
        return table / table.sum()


def random_evidence(rng, model, n_steps, soft):
    """Outcomes with gaps, in the form that the call takes and as likelihoods."""
    n_outcomes = model.levels[0].n_outcomes
    hard = np.stack([rng.integers(-1, n, n_steps) for n in n_outcomes], axis=1)
    one_hot = [np.vstack([np.eye(n), np.ones(n)])[hard[:, g]] for g, n in enumerate(n_outcomes)]
    if not soft:
        return hard, one_hot
    likelihoods = [rng.uniform(0, 1, (n_steps, n)) for n in n_outcomes]
    likelihoods[0][-1] = 1
    return likelihoods, likelihoods

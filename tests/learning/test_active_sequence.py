"""The published rule for sequences: against the reference, and by hand."""

from pathlib import Path

import numpy as np
import pytest
from brute_force_sequence import TREES, random_model

from rgm_core.learning import learn
from rgm_core.learning.active import select_update
from rgm_core.model import RGM, Dynamics, Level
from rgm_core.model.transitions import Transitions
from rgm_core.structure.learn import learn_structure

ORACLE = Path(__file__).parents[1] / "oracles" / "dynamics_learning.npz"


@pytest.fixture(scope="module")
def oracle():
    with np.load(ORACLE) as file:
        return dict(file)


def read_level(oracle, name):
    """A level of the reference, with its dynamics."""
    edges, n_states = oracle[f"{name}_b"], oracle[f"{name}_n_states"]
    b = [
        Transitions(edges=rows[:, 1:4].astype(int), counts=rows[:, 4], n_states=n)
        for rows, n in zip((edges[edges[:, 0] == f] for f in range(len(n_states))), n_states, strict=True)
    ]
    initial = oracle[f"{name}_initial"]
    has_parent = initial >= 0 if initial.size else np.ones(len(b), bool)
    return Level(
        a=oracle[f"{name}_a"],
        n_outcomes=oracle[f"{name}_n_outcomes"],
        parents=oracle[f"{name}_parents"],
        n_states=n_states,
        locations=np.zeros((len(oracle[f"{name}_parents"]), 1)),
        dynamics=Dynamics(b=tuple(b), has_parent=has_parent),
    )


def read_model(oracle, name):
    levels = tuple(read_level(oracle, f"{name}{n}") for n in range(2))
    return RGM(levels=levels, D=np.full(7, 1 / 7))


def test_a_sequence_is_learned_as_by_the_reference(oracle):
    """Counts of likelihoods and transitions of both levels, and free energies of every step, to 1e-12."""
    how = {"beta": oracle["beta"].item(), "eta": oracle["eta"].item()}
    learned, history = learn(read_model(oracle, "before"), oracle["outcomes"].astype(int), **how)
    expected = read_model(oracle, "after")
    for ours, theirs in zip(learned.levels, expected.levels, strict=True):
        np.testing.assert_allclose(ours.a, theirs.a, rtol=1e-12)
        for b, known in zip(ours.b, theirs.b, strict=True):
            np.testing.assert_allclose(b.dense(), known.dense(), rtol=1e-12)
    np.testing.assert_allclose(history.elbo[:, 1], oracle["elbo_top"], rtol=1e-12)
    assert history.elbo[:, 0].sum() == pytest.approx(oracle["elbo_below"], rel=1e-12)


def softened(model):
    """The same model with every transition possible."""
    levels = [
        level.with_transitions(tuple(Transitions.from_dense(b.dense() + 1 / 64) for b in level.b))
        for level in model.levels
    ]
    return RGM(levels=tuple(levels), D=model.D)


def test_one_level_is_filtering_with_counts_that_are_used_at_once():
    """Two steps, written out."""
    model = softened(learn_structure(np.array([0, 1, 0, 1])[:, None], 2, dt=2).add_mass(0.5))
    level = model.levels[0]
    learned, history = learn(model, np.array([[0], [1]]), beta=4, eta=512)
    a, b, paths = level.a[0], level.b[0].dense(), np.full(level.n_paths[0], 1 / level.n_paths[0])
    first = model.D * (a / a.sum(0))[0]
    gain, first = np.log(first.sum()), first / first.sum()
    used = a + np.outer([1, 0], first)
    B = b / b.sum(0)
    second = np.einsum("iju,j,u->i", B, first, paths) * (used / used.sum(0))[1]
    gains, second = [gain, np.log(second.sum())], second / second.sum()
    paths = paths * np.einsum("i,iju,j->u", second, B, first)
    paths /= paths.sum()
    seen = np.outer([1, 0], first) + np.outer([0, 1], second)
    np.testing.assert_allclose(learned.levels[0].a[0], select_update(a, seen, 4, 512)[0], rtol=1e-12)
    moved = np.einsum("i,j,u->iju", second, first, paths)
    np.testing.assert_allclose(
        learned.levels[0].b[0].dense(), select_update(b, moved, 4, 512)[0], rtol=1e-12
    )
    np.testing.assert_allclose(history.elbo[:, 0], gains, rtol=1e-12)


@pytest.mark.parametrize("n_steps", [1, 5, 8])
def test_three_levels_learn_and_what_is_missing_teaches_nothing(n_steps):
    rng = np.random.default_rng(n_steps)
    model = softened(random_model(rng, TREES["three levels"]))
    outcomes = np.stack([rng.integers(n, size=n_steps) for n in model.levels[0].n_outcomes], axis=1)
    learned, history = learn(model, outcomes, beta=None, eta=np.inf)
    assert history.elbo.shape == (-(-n_steps // 4), 3)
    assert np.all(history.elbo < 0)
    for n, (before, after) in enumerate(zip(model.levels, learned.levels, strict=True)):
        added = (after.a - before.a).sum(axis=(1, 2))  # accepted as they are: one at each step
        np.testing.assert_allclose(added, -(-n_steps // 2**n), rtol=1e-12)
    same, nothing = learn(model, np.full_like(outcomes, -1))
    assert not nothing.elbo.any()
    for before, after in zip(model.levels, same.levels, strict=True):
        np.testing.assert_array_equal(before.a, after.a)

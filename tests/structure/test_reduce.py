"""States that are better explained as one are merged, and only these."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaln

from rgm_core.model.rgm import RGM
from rgm_core.structure.reduce import reduce_model
from rgm_core.structure.selection import log_dirichlet_evidence
from rgm_core.structure.states import find_states

MASS = 0.5


@pytest.fixture
def model():
    """Two classes of one picture each, of nine outcomes, shown twenty times with noise: too many states."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 20)
    hard = (rng.random((40, 9)) < np.where(labels == 0, 0.1, 0.9)[:, None]).astype(int)
    shares = np.eye(2)[hard]
    return find_states(shares, np.full(9, 2), np.zeros((9, 1)), labels, max_states=(9, 9, 8), mass=MASS)


def evidence(model: RGM, prior: np.ndarray) -> float:
    """Of the counts below the classes (beyond these prior counts) and of the visits."""
    *_, last, top = model.levels
    total = 0.0
    for a, p in zip(last.a, prior, strict=True):
        p = np.repeat(p[:, None], a.shape[1], axis=1)
        total += log_dirichlet_evidence((a - p).clip(0), p)
    return total + sum(gammaln(a) - gammaln(MASS) for a in top.a[0][top.a[0] > 0])


def test_copies_of_a_state_are_merged_and_nothing_is_lost(model):
    reduced, gain = reduce_model(model, mass=MASS)
    *_, last, top = reduced.levels
    assert last.n_states[0] == 2 < model.levels[-2].n_states[0]
    assert top.a[0].argmax(axis=1).tolist() == [0, 1]
    assert gain > 0
    removed = MASS * (model.levels[-2].n_states[0] - 2)
    assert last.a.sum() == pytest.approx(model.levels[-2].a.sum() - 9 * removed, rel=1e-3), "of a prior"


def test_states_that_differ_are_kept(model):
    reduced, _ = reduce_model(model, mass=MASS)
    again, gain = reduce_model(reduced, mass=MASS)
    assert gain == 0
    np.testing.assert_allclose(again.levels[-2].a, reduced.levels[-2].a)


def test_the_gain_is_that_of_the_evidence(model):
    """Against the evidence of all counts before and after, computed table by table."""
    last = model.levels[-2].a
    prior = MASS * last.sum(axis=2) / last.sum(axis=(1, 2))[:, None]
    reduced, gain = reduce_model(model, mass=MASS)
    assert evidence(reduced, prior) - evidence(model, prior) == pytest.approx(gain, abs=1e-9)


def test_states_of_several_classes_are_refused(model):
    *below, top = model.levels
    shared = replace(top, a=top.a + 1)
    with pytest.raises(ValueError, match="belong to one each"):
        reduce_model(replace(model, levels=(*below, shared)))
    with pytest.raises(ValueError, match="mass must be"):
        reduce_model(model, mass=0)

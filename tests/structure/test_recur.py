"""Events that look alike share what follows."""

import numpy as np
import pytest

from rgm_core.generation.orbits import generate_orbit
from rgm_core.inference.infer import infer
from rgm_core.learning import learn_transitions
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.recur import event_outcomes, event_similarity, link_events, prune_transitions


@pytest.fixture
def model():
    """Four events of two steps on four places; 0 and 2 differ in one outcome of eight."""
    events = np.array(
        [
            [[0, 0, 0, 0], [1, 1, 1, 1]],
            [[2, 2, 2, 2], [2, 2, 1, 1]],
            [[0, 0, 0, 0], [1, 1, 1, 2]],
            [[3, 3, 0, 0], [3, 3, 3, 3]],
        ]
    )
    sequence = np.concatenate([events[[0, 1, 2, 3]].reshape(-1, 4)])
    places = np.array([[0, 0], [0, 0], [0, 0], [0, 0]])
    model = learn_structure(sequence, 4, places, dt=2)
    return model


def test_events_unfold_into_their_outcomes(model):
    outcomes = event_outcomes(model)
    span = 2 ** (model.n_levels - 1)
    assert outcomes.shape == (len(model.D), span, 4)
    for s, event in enumerate(outcomes):
        steps = [step.outcomes for step in generate_orbit(model, s, n_steps=span)]
        np.testing.assert_array_equal(event, steps)


def test_similarity_is_the_share_of_agreeing_outcomes(model):
    outcomes, similarity = event_outcomes(model), event_similarity(model)
    np.testing.assert_allclose(np.diag(similarity), 1)
    np.testing.assert_allclose(similarity, similarity.T)
    assert similarity[0, 1] == (outcomes[0] == outcomes[1]).mean()


def clip():
    """Events of 4 steps over 8 places in two groups; events 0 and 2 are alike but for one place."""
    rng = np.random.default_rng(0)
    events = rng.integers(0, 3, (4, 4, 8))
    events[2] = events[0]
    events[2, 0, 0] = (events[0, 0, 0] + 1) % 3
    return events, learn_structure(events.reshape(16, 8), 3, np.arange(8.0)[:, None], dt=2)


def test_what_followed_one_event_may_follow_its_likeness():
    events, model = clip()
    assert model.n_levels == 3
    similarity = event_similarity(model)
    assert similarity[0, 2] == pytest.approx((events[0] == events[2]).mean())
    linked = link_events(model, 0.9)
    successors = {s: {int(e[2]) for e in linked.levels[-1].b[0].edges if e[0] == s} for s in range(4)}
    assert successors == {0: {1, 3}, 1: {2}, 2: {1, 3}, 3: set()}
    # what was learned keeps its count; the borrowed one weighs as much as the events agree
    transitions = linked.levels[-1].b[0]
    b = dict(zip(map(tuple, transitions.edges.tolist()), transitions.counts, strict=True))
    assert b[0, 0, 1] == 1
    assert b[0, 1, 3] == pytest.approx(similarity[0, 2])


def test_new_orders_arise_and_every_event_stays_whole():
    _, model = clip()
    linked = link_events(model, 0.9)
    rng = np.random.default_rng(1)
    orders = set()
    for _ in range(20):
        steps = generate_orbit(linked, 0, n_steps=16, rng=rng)
        orders.add(tuple(int(step.states[-1][0]) for step in steps)[::4])
    assert (0, 1, 2, 3) in orders
    assert (0, 3) in orders  # an order that was never seen
    assert len(orders) > 2


def test_nothing_alike_changes_nothing():
    _, model = clip()
    same = link_events(model, 1.0)
    np.testing.assert_array_equal(same.levels[-1].b[0].edges, model.levels[-1].b[0].edges)
    np.testing.assert_array_equal(same.levels[-1].b[0].counts, model.levels[-1].b[0].counts)


def test_bad_arguments_are_named():
    _, model = clip()
    for agreement in (0.0, 1.5, np.nan):
        with pytest.raises(ValueError, match="agreement must be a share"):
            link_events(model, agreement)
    with pytest.raises(ValueError, match="model is static"):
        link_events(learn_structure(np.array([[0], [1]]), 2), 0.5)


def test_unlikely_transitions_are_pruned_and_the_likeliest_stays():
    _, model = clip()
    linked = link_events(model, 0.9)
    heard = learn_transitions(linked, infer(linked.add_mass(0.1), clip()[0].reshape(16, 8)))
    before = heard.levels[-1].b[0]
    assert before.counts.sum() == pytest.approx(linked.levels[-1].b[0].counts.sum() + 3, abs=1e-3)
    pruned = prune_transitions(heard, 0.45).levels[-1].b[0]
    assert {(int(s), int(n)) for s, _, n in pruned.edges} == {(0, 1), (1, 2), (2, 3)}
    np.testing.assert_array_equal(prune_transitions(heard, 0.0).levels[-1].b[0].edges, before.edges)
    for smallest in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="smallest must be a probability"):
            prune_transitions(heard, smallest)
    with pytest.raises(ValueError, match="model is static"):
        prune_transitions(learn_structure(np.array([[0], [1]]), 2), 0.5)

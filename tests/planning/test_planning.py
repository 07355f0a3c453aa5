"""Planning against brute force, the reference's numbers, and bad input."""

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import digamma, gammaln, softmax

from rgm_core.planning import (
    POMDP,
    Planner,
    expected_free_energy,
    expected_log_likelihood,
    expected_parameter_gain,
    explicit_action,
    induce,
    join_modalities,
    path_posterior,
    possible_transitions,
    predict_belief,
    reach_goals,
    search,
    steps_to_goal,
    update_belief,
)

ORACLES = Path(__file__).parents[1] / "oracles"
LN_24 = np.log(24)  # preferences of the reference are relative to uniform ones: 4 x 3 x 2 outcomes
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=15, deadline=None)


def equal(actual, expected, tolerance=1e-10):
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


def columns(rng, *shape):
    return rng.dirichlet(np.ones(shape[0]), size=shape[1:]).transpose(-1, *range(len(shape) - 1))


def random_model(rng, learned=False):
    """Three factors, two of them controlled; parents in any order; two modalities, some zeros."""
    shape, n_paths = (2, 3, 2), (2, 1, 2)
    parents = (tuple(rng.permutation(3)[:2]), tuple(rng.permutation(3)))
    a = [rng.gamma(1.0, size=(o, *(shape[f] for f in p))) for o, p in zip((3, 2), parents, strict=True)]
    a[0][0, 0, 0] = 0
    A = tuple(x / x.sum(0) for x in a)
    return POMDP(
        A=A,
        B=tuple(columns(rng, s, s, u) for s, u in zip(shape, n_paths, strict=True)),
        C=tuple(rng.gamma(1.0, size=len(x)) for x in a),
        D=tuple(columns(rng, s) for s in shape),
        parents=parents,
        a=tuple(a) if learned else None,
    )


def random_belief(rng, model):
    return rng.dirichlet(np.ones(model.n_states))


# ---- brute force: sums over all combinations, written from the definitions


def states_of(model):
    return list(product(*(range(n) for n in model.shape)))


def likelihood(model, g, o, state):
    return model.A[g][(o, *(state[f] for f in model.parents[g]))]


def brute_predict(model, q, path):
    """q maps joint states (tuples) to probabilities."""

    def transition(s, r):
        return np.prod([model.B[f][s[f], r[f], u] for f, u in enumerate(path)])

    states = states_of(model)
    return {s: sum(q[r] * transition(s, r) for r in states) for s in states}


def brute_divergence(q, p):
    return sum(q[s] * np.log(q[s] / p[s]) for s in q if q[s] > 0)


def brute_parts(model, q):
    """Information, value, ambiguity, novelty, risk of a predicted belief."""
    information = value = ambiguity = novelty = risk = 0.0
    for g, table in enumerate(model.A):
        c = model.C[g] / model.C[g].sum()
        for o in range(len(table)):
            joint = {s: q[s] * likelihood(model, g, o, s) for s in q}
            p = sum(joint.values())
            information += p * brute_divergence({s: x / p for s, x in joint.items()}, q)
            value += p * np.log(c[o])
            risk += p * np.log(p / c[o])
            for s in q:
                x = likelihood(model, g, o, s)
                ambiguity -= q[s] * (x * np.log(x) if x > 0 else 0)
                if model.a is not None and x > 0:
                    a = model.a[g][(slice(None), *(s[f] for f in model.parents[g]))]
                    after = a + np.eye(len(a))[o]
                    possible = a > 0
                    novelty += q[s] * x * dirichlet_kl(after[possible], a[possible])
    return information, value, ambiguity, novelty, risk


def dirichlet_kl(q, p):
    """KL[Dir(q) || Dir(p)], nats."""
    normalisers = gammaln(q.sum()) - gammaln(p.sum()) - (gammaln(q) - gammaln(p)).sum()
    return float(normalisers + ((q - p) * (digamma(q) - digamma(q.sum()))).sum())


def brute_search(model, q, depth, precision):
    G = []
    for path in model.paths:
        predicted = brute_predict(model, q, path)
        information, value, _, novelty, _ = brute_parts(model, predicted)
        total = -information - value - novelty
        outcomes = product(*(range(len(table)) for table in model.A)) if depth > 1 else ()
        for combination in outcomes:
            joint = {
                s: x * np.prod([likelihood(model, g, o, s) for g, o in enumerate(combination)])
                for s, x in predicted.items()
            }
            p = sum(joint.values())
            if p > 0:
                later = brute_search(model, {s: x / p for s, x in joint.items()}, depth - 1, precision)
                total += p * (softmax(-precision * later) @ later)
        G.append(total)
    return np.array(G)


def as_dict(model, belief):
    return dict(zip(states_of(model), belief, strict=True))


# ---- expected free energy


@few
@given(seed=seeds, learned=st.booleans())
def test_expected_free_energy_and_its_parts_are_the_definitions(seed, learned):
    rng = np.random.default_rng(seed)
    model = random_model(rng, learned)
    belief = random_belief(rng, model)
    found = expected_free_energy(model, belief)
    for k, path in enumerate(model.paths):
        parts = brute_parts(model, brute_predict(model, as_dict(model, belief), path))
        information, value, ambiguity, novelty, risk = parts
        equal(found.information[k], information)
        equal(found.value[k], value)
        equal(found.ambiguity[k], ambiguity)
        equal(found.novelty[k], novelty)
        equal(found.risk[k], risk)
        equal(found.total[k], risk + ambiguity - novelty)


@few
@given(seed=seeds)
def test_joined_modalities_give_the_information_of_all_outcomes_together(seed):
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    belief = random_belief(rng, model)
    found = expected_free_energy(join_modalities(model), belief)
    for k, path in enumerate(model.paths):
        q = brute_predict(model, as_dict(model, belief), path)
        information = 0.0
        for outcomes in product(*(range(len(table)) for table in model.A)):
            joint = {
                s: q[s] * np.prod([likelihood(model, g, o, s) for g, o in enumerate(outcomes)]) for s in q
            }
            if (p := sum(joint.values())) > 0:
                information += p * brute_divergence({s: x / p for s, x in joint.items()}, q)
        equal(found.information[k], information)
    apart = expected_free_energy(model, belief)
    equal(found.value, apart.value)
    equal(found.ambiguity, apart.ambiguity)
    assert np.all(found.information <= apart.information + 1e-12)  # shared information counts once


def test_parameter_gain_tends_to_half_the_degrees_of_freedom_over_the_counts():
    a = 1e4 * np.array([[0.2, 1.0], [0.3, 2.0], [0.5, 4.0]])
    np.testing.assert_allclose(expected_parameter_gain(a), 2 / (2 * a.sum(0)), rtol=1e-3)
    assert expected_parameter_gain(np.array([[3.0], [0.0]])) == pytest.approx(0, abs=1e-15)


def test_impossible_preferences_are_worth_the_log_floor():
    one = np.ones((1, 1, 1))
    model = POMDP(A=(np.array([[1.0], [0.0]]),), B=(one,), D=(np.ones(1),), C=(np.array([0.0, 1.0]),))
    found = expected_free_energy(model, np.ones(1))
    equal([found.value[0], found.risk[0], found.total[0]], [-32, 32, 32])


def test_path_posterior_is_softmax_and_nearly_certain_at_the_default_precision():
    G = np.array([0.1, 0.2, 0.3])
    equal(path_posterior(G, 1.0), np.exp(-G) / np.exp(-G).sum())
    assert path_posterior(G)[1] < 1e-20
    equal(path_posterior(G, 0.0), 1 / 3)


# ---- search


@settings(max_examples=4, deadline=None)
@given(seed=seeds, precision=st.sampled_from([1.0, 4.0, 512.0]))
def test_search_is_the_sum_over_all_futures(seed, precision):
    rng = np.random.default_rng(seed)
    model = random_model(rng, learned=True)
    belief = random_belief(rng, model)
    found = search(model, belief, 2, precision=precision)
    equal(found, brute_search(model, as_dict(model, belief), 2, precision))


def test_search_three_steps_ahead_is_the_sum_over_all_futures():
    rng = np.random.default_rng(7)
    model = POMDP(
        A=(columns(rng, 2, 3),), B=(columns(rng, 3, 3, 2),), D=(columns(rng, 3),), C=(np.array([1.0, 3.0]),)
    )
    belief = random_belief(rng, model)
    found = search(model, belief, 3, precision=1.0)
    equal(found, brute_search(model, as_dict(model, belief), 3, 1.0))


def test_search_looks_further_than_a_step():
    """Two corridors: the nearer reward is smaller, and taking it loses the larger."""
    moves = np.zeros((5, 5, 2))
    for state, (left, right) in enumerate([(1, 2), (1, 1), (3, 3), (4, 4), (4, 4)]):
        moves[left, state, 0] = moves[right, state, 1] = 1
    C = np.exp([0.0, 1.0, 0.0, 9.0, 0.0])
    model = POMDP(A=(np.eye(5),), B=(moves,), D=(np.eye(5)[0],), C=(C,))
    assert search(model, np.eye(5)[0], 1).argmin() == 0
    assert search(model, np.eye(5)[0], 2).argmin() == 1


def test_pruned_paths_are_set_to_the_best_less_512_nats():
    rng = np.random.default_rng(3)
    model = random_model(rng)
    belief = random_belief(rng, model)
    one = expected_free_energy(model, belief).total
    relative = np.exp(one.min() - one)
    threshold = np.sort(relative)[:2].mean()  # between the worst path and the next
    pruned, full = (search(model, belief, 2, min_path=p) for p in (threshold, 0.0))
    worst = relative.argmin()
    equal(pruned[worst], one.min() + 512)
    equal(np.delete(pruned, worst), np.delete(full, worst))


def test_pruning_rare_outcomes_changes_little():
    rng = np.random.default_rng(4)
    model = random_model(rng)
    belief = random_belief(rng, model)
    full, pruned, most = (search(model, belief, 2, precision=1.0, min_outcome=p) for p in (0.0, 0.1, 0.99))
    assert 0 < np.abs(full - pruned).max() < 0.1
    assert np.all(np.isfinite(most))


# ---- beliefs


@few
@given(seed=seeds)
def test_beliefs_follow_bayes_rule_and_the_transitions(seed):
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    belief = random_belief(rng, model)
    outcomes = [1, 0]
    joint = [
        p * likelihood(model, 0, 1, s) * likelihood(model, 1, 0, s)
        for s, p in as_dict(model, belief).items()
    ]
    posterior, log_evidence = update_belief(model, belief, outcomes)
    equal(posterior, np.array(joint) / sum(joint))
    equal(log_evidence, np.log(sum(joint)))
    predicted = brute_predict(model, as_dict(model, belief), model.paths[2])
    equal(predict_belief(model, belief, 2), list(predicted.values()))


def test_missing_outcomes_leave_the_belief_as_it_was():
    rng = np.random.default_rng(0)
    model = random_model(rng)
    posterior, log_evidence = update_belief(model, model.initial_belief, [-1, -1])
    equal(posterior, model.initial_belief)
    assert log_evidence == pytest.approx(0)


# ---- induction


def brute_induction(B, goals, avoid, state, depth):
    """Try all sequences of states, shortest first: steps, first states and goals of those that arrive."""
    allowed = (B > 1 / 32).any(2)
    for n in range(1, depth + 1):
        found = [
            way
            for way in product(range(len(B)), repeat=n)
            if way[-1] in goals
            and not set(way) & set(avoid)
            and all(allowed[to, origin] for origin, to in pairwise((state, *way)))
        ]
        if found:
            return n, {way[0] for way in found}, {way[-1] for way in found}
    return -1, set(), set()


@settings(max_examples=60, deadline=None)
@given(seed=seeds, as_sparse=st.booleans())
def test_induction_finds_what_trying_all_sequences_finds(seed, as_sparse):
    rng = np.random.default_rng(seed)
    n_states, depth = 6, 4
    sharp = rng.dirichlet(np.full(n_states, 0.05), size=(n_states, 2)).transpose(2, 0, 1)
    B = np.round(sharp, 12)  # some transitions fall below the threshold, some are exactly zero
    goals, avoid = rng.permutation(n_states)[:2], rng.permutation(n_states)[:1]
    state = int(rng.integers(n_states))
    steps, first, reached = brute_induction(B, goals, avoid, state, depth)
    given_B = [sparse.csr_array(B[:, :, u]) for u in range(2)] if as_sparse else B
    found = induce(given_B, goals, state, avoid=avoid, depth=depth)
    assert (found.steps, set(found.goals.tolist())) == (steps, {int(g) for g in reached})
    allowed = (B > 1 / 32).any(2)[:, state] & ~np.isin(np.arange(n_states), avoid)
    assert set(np.flatnonzero(found.next_states & allowed).tolist()) == first
    equal(found.log_prior, 32.0 * found.next_states)


def test_induction_without_a_way_says_so_and_leaves_planning_to_expected_free_energy():
    B = np.eye(3)[:, :, None]
    found = induce(B, np.array([2]), 0)
    assert not found.reachable
    assert found.steps == -1
    assert found.goals.size == 0
    assert not found.log_prior.any()


def test_induction_in_a_goal_seeks_the_next_one():
    B = np.roll(np.eye(5), 1, axis=0)[:, :, None]
    found = induce(B, np.array([0, 3]), 0)
    assert (found.steps, found.goals.tolist()) == (3, [3])
    assert np.flatnonzero(found.next_states).tolist() == [1, 3]  # from 3 it is two steps to 0


def test_steps_to_goal_agree_with_induction_from_every_state():
    B = np.eye(8)[:, [1, 0, 1, 1, 3, 4, 5, 2]][:, :, None]  # 6 to 5 to 4 to 3 to 1; 7 to 2 to 1
    goals, avoid = np.array([0, 1]), np.array([2])
    steps = steps_to_goal(reach_goals(possible_transitions(B, avoid), goals, 3))
    assert steps.tolist() == [0, 0, 1, 1, 2, 3, -1, -1]
    others = [induce(B, goals, s, avoid=avoid, depth=3).steps for s in range(2, 8)]
    assert steps[2:].tolist() == others


def test_induction_takes_a_belief_and_a_mask():
    B = np.roll(np.eye(4), 1, axis=0)[:, :, None]
    by_index = induce(B, np.array([3]), 1)
    by_belief = induce(B, np.arange(4) == 3, np.array([0.1, 0.6, 0.3, 0.0]))
    assert by_index.steps == by_belief.steps == 2


def test_intended_state_is_sought_even_against_preferences():
    """The log prior from induction outweighs anything that outcomes are worth."""
    right = np.roll(np.eye(5), 1, axis=0)
    model = POMDP(
        A=(np.eye(5),),
        B=(np.stack([right, right.T], axis=2),),
        D=(np.eye(5)[0],),
        C=(np.exp([0.0, -5.0, -5.0, 0.0, 4.0]),),
    )
    belief = np.eye(5)[0]
    assert expected_free_energy(model, belief).total.argmin() == 1
    log_prior = induce(model.B[0], np.array([2]), 0, depth=3).log_prior
    assert expected_free_energy(model, belief, log_prior).total.argmin() == 0


# ---- explicit action


@few
@given(seed=seeds)
def test_explicit_action_maximises_the_expected_log_likelihood(seed):
    rng = np.random.default_rng(seed)
    predicted = [columns(rng, 3), columns(rng, 4)]
    consequences = [columns(rng, 3, 5), columns(rng, 4, 5)]
    match = [
        sum(
            q[o] * np.log(p[o, a])
            for q, p in zip(predicted, consequences, strict=True)
            for o in range(len(q))
        )
        for a in range(5)
    ]
    equal(expected_log_likelihood(predicted, consequences), match)
    assert explicit_action(predicted, consequences) == int(np.argmax(match))


def test_explicit_action_among_equals():
    predicted, consequences = [np.array([1.0, 0.0])], [np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])]
    assert explicit_action(predicted, consequences) == 1
    rng = np.random.default_rng(0)
    drawn = {explicit_action(predicted, consequences, rng=rng) for _ in range(50)}
    assert drawn == {1, 2}


# ---- the reference


def reference_run(name):
    with np.load(ORACLES / "games_planning.npz") as data:
        prefix = f"{name}_"
        arrays = {k.removeprefix(prefix): data[k] for k in data.files if k.startswith(prefix)}
    model = POMDP(
        A=tuple(arrays[f"A{g}"] for g in range(3)),
        B=tuple(arrays[f"B{f}"] for f in range(2)),
        C=tuple(arrays[f"C{g}"] for g in range(3)),
        D=tuple(arrays[f"D{f}"] for f in range(2)),
    )
    return model, arrays


def belief_at(arrays, t):
    return np.kron(arrays["belief0"][t], arrays["belief1"][t])


@pytest.mark.parametrize("name", ["plain", "one_step", "intended"])
def test_expected_free_energy_one_step_ahead_as_the_reference(name):
    """The last step of every run; all steps but the first (which has a prior over paths) of one."""
    model, arrays = reference_run(name)
    for t in range(1, 6) if name == "one_step" else [5]:
        found = expected_free_energy(model, belief_at(arrays, t)).total
        equal(found - LN_24, arrays["G"][t])


def test_induction_and_pruning_as_the_reference():
    """Paths away from the intended state are abandoned: the best path's G one step ahead, + 512."""
    model, arrays = reference_run("intended")
    for t in range(1, 5):
        towards = induce(model.B[0], np.array([3]), arrays["belief0"][t])
        assert towards.steps == 1
        log_prior = np.repeat(towards.log_prior, 2)
        found = search(model, belief_at(arrays, t), 2, log_prior=log_prior, min_path=1 / 16)
        equal(found[:3] - LN_24, arrays["G"][t][:3])
        assert found.argmin() == arrays["G"][t].argmin() == 3


def test_search_two_steps_further_is_close_to_the_reference():
    """It prunes outcomes in a way that its numbers do not reveal; ours follows all of them."""
    model, arrays = reference_run("plain")
    for t in range(1, 6):
        depth = min(3, 6 - t)
        found = search(model, belief_at(arrays, t), depth, precision=1.0, min_path=1 / 16)
        abandoned = arrays["G"][t] > 500
        assert np.array_equal(found > 500, abandoned)
        equal(found[abandoned] - LN_24, arrays["G"][t][abandoned])
        equal((found - depth * LN_24)[~abandoned], arrays["G"][t][~abandoned], tolerance=0.08)
        assert found.argmin() == arrays["G"][t].argmin()


# ---- the planner


def test_planner_acts_on_what_it_infers():
    """A cue tells which of two doors is open; the planner looks first, then takes that door."""
    context, place = 2, 4  # places: start, cue, left door, right door
    A_cue = np.full((3, context, place), 0.0)
    A_cue[2] = 1.0
    A_cue[:, :, 1] = np.eye(3)[:, :context]
    A_result = np.zeros((3, context, place))
    A_result[0] = 1.0
    for door in (0, 1):
        for side in range(context):
            A_result[:, side, 2 + door] = np.eye(3)[1 if door == side else 2]
    go = np.zeros((place, place, place))
    for k in range(place):
        go[k, :, k] = 1.0
    model = POMDP(
        A=(A_cue, np.eye(place), A_result),
        B=(np.eye(2)[:, :, None], go),
        C=(np.ones(3), np.ones(place), np.exp([0.0, 3.0, -6.0])),
        D=(np.full(2, 0.5), np.eye(place)[0]),
        parents=((0, 1), (1,), (0, 1)),
    )
    planner = Planner(model, depth=2, rng=np.random.default_rng(0))
    assert planner.act([2, 0, 0]) == 1  # go and look
    assert planner.act([1, 1, 0]) == 3  # the cue says right
    equal(planner.history[1].belief.reshape(2, 4).sum(1), [0, 1])
    equal(planner.history[1].log_evidence, np.log(0.5))
    planner.reset()
    assert planner.history == []


# ---- bad input


def small():
    return random_model(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"B": (np.eye(2),)}, r"B has 1 factors and D 3"),
        ({"D": (np.ones(2), np.ones(3) / 3, np.ones(2) / 2)}, r"D\[0\] must hold probabilities"),
        ({"C": (np.zeros(3), np.ones(2))}, r"C\[0\] must hold 3 finite weights"),
        ({"parents": ((0, 0), (0, 1, 2))}, r"parents\[0\] must be distinct factors"),
        ({"parents": ((0,), (0, 1, 2))}, r"A\[0\] must have states"),
        ({"C": (np.ones(3),)}, "A, C and parents must have one entry"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(change, message):
    model = small()
    arguments = {k: getattr(model, k) for k in ("A", "B", "C", "D", "parents")} | change
    with pytest.raises(ValueError, match=message):
        POMDP(**arguments)


def test_counts_must_have_the_likelihoods_as_means():
    model = random_model(np.random.default_rng(0), learned=True)
    with pytest.raises(ValueError, match=r"a\[0\] must be counts"):
        POMDP(A=model.A, B=model.B, D=model.D, parents=model.parents, a=(model.a[0] + 1, model.a[1]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, q: expected_free_energy(m, q[:3]), r"belief must be finite numbers \(12,\)"),
        (lambda m, q: expected_free_energy(m, 2 * q), "belief must hold probabilities"),
        (lambda m, q: expected_free_energy(m, q, np.zeros(3)), r"log_prior must be finite numbers \(12,\)"),
        (lambda m, q: search(m, q, 0), "depth must be a whole number"),
        (lambda m, q: search(m, q, 2, min_outcome=1.0), "min_outcome must be in"),
        (lambda m, q: update_belief(m, q, [0]), r"outcomes must be integers \(2,\)"),
        (lambda m, q: update_belief(m, q, [0, 5]), r"outcomes\[1\] must lie in 0 … 1"),
        (lambda m, q: predict_belief(m, q, 9), "path must be a whole number in 0 … 3"),
        (lambda m, q: path_posterior(np.array([np.nan])), "G must hold finite"),
        (lambda m, q: path_posterior(np.zeros(2), -1.0), "precision must be finite"),
        (lambda m, q: induce(np.eye(3), np.array([0]), 0), r"B must be finite numbers \(n, n, n\)"),
        (lambda m, q: induce(m.B[1], np.array([3]), 0), "goals must lie in 0 … 2"),
        (lambda m, q: induce(m.B[1], np.array([], int), 0), "goals must name at least one"),
        (lambda m, q: induce(m.B[1], np.array([0]), 3), "state must be a whole number in 0 … 2"),
        (lambda m, q: induce(m.B[1], np.array([0]), 0, depth=-1), "depth must be a whole number"),
        (lambda m, q: explicit_action([], []), "one array for each control modality"),
        (lambda m, q: explicit_action([np.ones(2)], [np.ones((2, 3))]), "must hold probabilities"),
        (
            lambda m, q: explicit_action([np.ones(3) / 3], [np.ones((2, 3))]),
            r"must be finite numbers \(3, n\)",
        ),
        (lambda m, q: expected_parameter_gain(np.zeros((2, 1))), "column that is all zeros"),
    ],
)
def test_bad_arguments_are_named(call, message):
    model = small()
    with pytest.raises(ValueError, match=message):
        call(model, model.initial_belief)


def test_impossible_outcomes_are_refused():
    model = POMDP(A=(np.eye(2),), B=(np.eye(2)[:, :, None],), D=(np.array([1.0, 0.0]),))
    with pytest.raises(ValueError, match="impossible under the belief"):
        update_belief(model, model.initial_belief, [1])


def test_too_many_outcomes_for_a_search_are_refused():
    many = POMDP(A=(np.eye(2),) * 13, B=(np.eye(2)[:, :, None],), D=(np.array([1.0, 0.0]),))
    assert search(many, many.initial_belief, 1).shape == (1,)
    with pytest.raises(ValueError, match="combinations of outcomes"):
        search(many, many.initial_belief, 2)

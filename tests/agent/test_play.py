"""The model of play: counts become probabilities, and induction finds what enumeration finds."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgm_core.agent import Experience, induce_play, model_of, separate
from rgm_core.agent.belief import infer_events, predict_events
from rgm_core.agent.play import PATIENCE, PlayModel, action_values
from rgm_core.agent.separate import enough_frames
from rgm_core.games import Pong, play_randomly
from rgm_core.games.pong import ball_orbit

N_PLACES, N_ACTIONS = 3, 2


def random_play(seed, n_steps=60):
    """Frames of one pixel, goal, cost and place; places depend on actions, the pixel changes seldom."""
    rng = np.random.default_rng(seed)
    actions = rng.integers(N_ACTIONS, size=n_steps)
    places = np.cumsum(2 * actions - 1).clip(0) % N_PLACES
    pixels = np.repeat(rng.permutation([0, 1] * (n_steps // 10)), 5)  # five frames each
    goals = (pixels == 1) & (places == 2) & (rng.random(n_steps) < 0.5)
    outcomes = np.stack([pixels, goals, (places == 0) & ~goals, places], axis=1)
    return outcomes, np.r_[-1, actions[1:]]


def random_model(seed):
    outcomes, actions = random_play(seed)
    separation = separate(outcomes, np.array([0]), 3, np.array([2, 2, 2, N_PLACES]), explain=False)
    experience = Experience(separation, N_PLACES, N_ACTIONS, (1, 1), (2, 1))
    experience.watch(outcomes, actions)
    return model_of(experience), experience


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_tables_are_distributions(seed):
    model, experience = random_model(seed)
    starts = np.unique(model.edges[:, 0])
    sums = [model.following[model.edges[:, 0] == e].sum(axis=0) for e in starts]
    np.testing.assert_allclose(sums, 1)
    totals = model.moves.sum(axis=3)  # none where nothing is known of a place
    np.testing.assert_allclose(totals[totals > 0], 1)
    assert ((model.goals >= 0) & (model.goals <= 1)).all()
    assert sum(counts.sum() for counts in experience.follows.values()) == 58


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_two_frames_of_induction_are_expectation_written_out(seed):
    model, _ = random_model(seed)
    E = model.n_events
    event, place, remembered = 0, 1, 0
    values = action_values(model, induce_play(model, 2), np.eye(E)[event], remembered, place)

    def after(e, c):
        p = model.follow(np.eye(E)[e], c)
        return p

    def one(e, m, c, action):
        total = 0.0
        for to, there in product(range(E), range(N_PLACES)):
            total += model.moves[m, c, action, there] * after(e, there)[to] * model.goals[to, there]
        return total

    def two(e, m, c, action):
        total, then = 0.0, model.remember(c, action)
        for to, there in product(range(E), range(N_PLACES)):
            p = model.moves[m, c, action, there] * after(e, there)[to]
            on = np.clip(1 - model.goals[to, there] - model.costs[to, there], 0, 1)
            best = max(one(to, then, there, a) for a in range(N_ACTIONS))
            total += p * (model.goals[to, there] + PATIENCE * on * best)
        return total

    np.testing.assert_allclose(values, [two(event, remembered, place, a) for a in range(N_ACTIONS)])


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_beliefs_are_bayes_rule(seed):
    model, _ = random_model(seed)
    predicted = predict_events(model, None, None, 0)
    np.testing.assert_allclose(predicted, 1 / model.n_events)
    news = model.windows[0, 1]
    belief = infer_events(model, predicted, news, 0, 0)
    likelihood = np.where((model.windows[:, 1] == news).all(axis=1), 0.99, 0.01 / model.windows[:, 1].max())
    np.testing.assert_allclose(belief.events, likelihood / likelihood.sum())
    evidence = np.log((likelihood * predicted).sum())
    assert belief.accuracy - belief.complexity == pytest.approx(evidence)


def test_a_place_seldom_seen_expects_what_is_frequent():
    """The pixel shows where the agent is; a ball seen once at place 2 is not what that place explains."""
    place = np.array([0, 1, 0, 1, 0, 2, 0, 1, 0, 1] * 5)
    shows = np.where(place == 1, 1, 0)
    shows[[15, 16]] = 2, 2
    outcomes = np.stack([shows, place], axis=1)
    separation = separate(outcomes, np.array([0]), 1, np.array([3, 3]))
    news = separation.news(outcomes)[:, 0]
    assert np.flatnonzero(news).tolist() == [15, 16]
    assert separation.outcomes(news[15:16], 2).tolist() == [2]


def test_frames_are_enough_when_each_place_was_seen_a_few_times():
    """Place 1 is seen for the tenth time at frame 95; place 2 once, which is not waited for."""
    places = np.zeros(200, int)
    places[5:100:10], places[150] = 1, 2
    assert enough_frames(places, 50) == 96
    assert enough_frames(places, 120) == 120
    assert enough_frames(places, 8) == 80


def hiding_play(hides, n_steps=400, seed=0):
    """A ball goes over three pixels and is away for two frames; the bat, anywhere, hides it or does not."""
    place, ball = np.random.default_rng(seed).integers(3, size=n_steps), np.arange(n_steps) % 5
    seen, bat = (np.arange(3) == where[:, None] for where in (ball, place))
    pixels = np.where(bat, 1, 2 * seen) if hides else np.where(seen, 2, bat)
    cost = seen.any(axis=1) & (ball != place)
    return np.column_stack([pixels, np.zeros(n_steps, int), cost, place])


def test_the_own_part_rules_out_events_that_it_would_hide():
    """A ball is never seen where the bat is, outcome 1, if the bat hides it; else it may be."""
    sizes = np.array([3, 3, 3, 2, 2, 3])
    news = np.array([[3, 0, 0], [0, 0, 3], [0, 0, 0]])
    hidden = separate(hiding_play(True), np.arange(3), 5, sizes).hides(news)
    assert hidden.tolist() == [[1, -1, -1], [-1, -1, 1], [-1] * 3]
    assert (separate(hiding_play(False), np.arange(3), 5, sizes).hides(news) == -1).all()


def watch_but_one_ball(own=True):
    """A model of Pong by somebody who looked away when the bat covered the first ball to arrive."""
    size = (10, 8)
    game, orbit = Pong(streams=("reward", "cost", "control"), size=size), ball_orbit(size)
    play = play_randomly(game, 6000, rng=0)
    frame = np.flatnonzero(orbit[:, 0] == 0)[0]
    column = orbit[frame, 1]
    away = (np.arange(6000) % len(orbit) == frame) & (np.abs(play.outcomes[:, 82] - column) <= 1)
    separation = separate(play.outcomes[:1000], np.arange(80), 82, game.n_outcomes)
    if not own:
        separation = replace(separation, own=np.zeros_like(separation.own))
    experience = Experience(separation, size[1], 3, (80, 1), (81, 1))
    actions = np.where(away | np.roll(away, 1), -1, play.actions)
    experience.watch(play.outcomes[~away], actions[~away])
    model, pixels = model_of(experience), orbit[frame - 1 : frame + 1] @ (size[1], 1)
    before, now = (np.flatnonzero(separation.pixels == pixel)[0] for pixel in pixels)
    event = np.flatnonzero((model.windows[:, 0, before] != 0) & (model.windows[:, 1, now] != 0))[0]
    return model.goals[event], model.costs[event], column


def test_what_hides_a_ball_tells_whether_it_is_a_hit():
    """Only the middle of the bat hits: known of other balls, it is expected of one never covered."""
    goals, costs, column = watch_but_one_ball()
    assert goals[column] > 0.8 > 0.1 > max(goals[column - 1], goals[column + 1])
    assert costs[column] < 0.1 < 0.8 < min(costs[column - 1], costs[column + 1])


def test_without_an_own_part_a_ball_tells_about_itself_alone():
    """The null of the test above: a goal at one place makes no goal of the next."""
    goals, _, column = watch_but_one_ball(own=False)
    assert goals[column] < 0.1


def test_what_costs_elsewhere_costs_here_but_where_it_would_be_hidden():
    """A ball at pixel 0 that cost once, with the bat at place 1, will at place 2 too; at 0 it cannot be."""
    outcomes = hiding_play(True)
    separation = separate(outcomes, np.arange(3), 5, np.array([3, 3, 3, 2, 2, 3]))
    experience = Experience(separation, 3, 2, (3, 1), (4, 1))
    frames = np.array([[0, 1, 0, 0, 0, 1], [2, 1, 0, 0, 1, 1], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 2]])
    experience.watch(frames, np.array([-1, 0, 0, 0]))
    costs = model_of(experience).costs
    event = int(np.flatnonzero((model_of(experience).windows[:, 1] != 0).any(axis=1))[0])
    assert costs[event, 2] > 0.5 > costs[event, 0]


def fork(cost):
    """Two ways to the goal, event 4: short by place 0 over event 1, long by place 1 over events 2 and 3."""
    edges = np.array([[0, 1], [0, 2], [1, 4], [2, 3], [3, 4], [4, 0]])
    following = np.ones((6, 2))
    following[:2] = np.eye(2)
    return PlayModel(
        windows=np.zeros((5, 2, 1), np.int16),
        edges=edges,
        following=following,
        followed=following > 0,
        goals=np.repeat(np.eye(5)[:, [4]], 2, axis=1),
        costs=cost * np.repeat(np.eye(5)[:, [1]], 2, axis=1),
        moves=np.broadcast_to(np.eye(2)[None, None], (1, 2, 2, 2)),
        memory="none",
        known=np.ones((5, 2), bool),
    )


@pytest.mark.parametrize(("cost", "short"), [(0.0, PATIENCE), (0.5, PATIENCE / 2), (1.0, 0.0)])
def test_a_way_is_worth_less_by_what_it_costs(cost, short):
    """The short way is taken if nothing is lost on it, and not if a cost comes first."""
    model = fork(cost)
    values = action_values(model, induce_play(model, 8), np.eye(5)[0], 0, 0)
    np.testing.assert_allclose(values, [short, PATIENCE**2])
    assert values.argmax() == (cost > 0)


def test_what_actions_do_is_not_learned_from_what_follows_a_cost():
    """After a cost the place is set anew, whatever was done."""
    outcomes = np.array([[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 2]])
    separation = separate(outcomes, np.array([0]), 3, np.array([2, 2, 2, 3]))
    experience = Experience(separation, 3, 2, (1, 1), (2, 1))
    experience.watch(outcomes, np.array([-1, 0, 0, 1]))
    assert set(experience.places["none"]) == {(0, 1, 1)}

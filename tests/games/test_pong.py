"""Pong against the reference's generative process, its rules, and expert play by induction."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from rgm_core.games import Play, Pong, play_randomly, pong_model
from rgm_core.games.pong import ball_orbit
from rgm_core.planning import induce, next_step, possible_transitions, reach_goals

ORACLE = Path(__file__).parents[1] / "oracles" / "games_pong.npz"
SIZE = (6, 5)  # of the reference
MOVES = (-1, 0, 1)


@pytest.fixture(scope="module")
def reference():
    with np.load(ORACLE) as data:
        return dict(data)


def joint(states):
    return np.ravel_multi_index(states, (40, 5))


# ---- the reference


def test_every_state_shows_what_it_shows_in_the_reference(reference):
    model, _, _ = pong_model(SIZE)
    shown = [table.argmax(axis=0) for table in model.A]
    assert np.array_equal(shown[:30], reference["pixels"])
    for table, name in zip(shown[30:], ("reward", "cost", "control"), strict=True):
        assert np.array_equal(table, reference[name])


def test_ball_and_bat_move_as_in_the_reference(reference):
    model, hits, misses = pong_model(SIZE)
    assert np.array_equal(model.B[0][:, :, 0], reference["ball_transitions"])
    assert np.array_equal(model.B[1], reference["bat_transitions"])
    assert [d.argmax() for d in model.D] == reference["initial"].tolist()
    assert np.array_equal(hits, np.sort(joint(reference["hits"])))
    assert np.array_equal(misses, np.sort(joint(reference["misses"])))


def test_the_game_shows_what_the_reference_shows_along_its_run(reference):
    game = Pong(size=SIZE)
    frame, _ = game.reset(seed=0)
    for t, (ball, bat) in enumerate(reference["states"].T):
        assert np.array_equal(frame.ravel(), reference["pixels"][:, ball, bat])
        frame, *_ = game.step(int(reference["paths"][t]))


def test_induction_favours_the_paths_that_the_reference_favours(reference):
    """47 steps; in the first, the reference's prior pins the path. It looks as far as the run goes."""
    model, hits, misses = pong_model(SIZE)
    transitions = possible_transitions(model.transitions.transpose(1, 2, 0), misses)
    horizon = reference["states"].shape[1]
    reached = reach_goals(transitions, hits, horizon)
    states = joint(reference["states"])
    for t in range(1, horizon):
        way = next_step(reached[: horizon - t], transitions, int(states[t]))
        G = -model.transitions[:, :, states[t]] @ way.log_prior
        np.testing.assert_allclose(G, reference["G"][t], atol=1e-10)


# ---- the rules


@pytest.mark.parametrize(("size", "period"), [((12, 9), 176), ((6, 5), 40), ((5, 5), 8), ((7, 4), 12)])
def test_the_ball_bounces_around_a_cycle(size, period):
    orbit = ball_orbit(size)
    assert len(orbit) == period
    assert orbit[:2].tolist() == [[1, 1], [2, 2]]
    steps = np.diff(np.vstack([orbit, orbit[:1]]), axis=0)
    assert np.all(np.abs(steps) == 1)
    assert orbit.min(0).tolist() == [0, 0]
    assert orbit.max(0).tolist() == [n - 1 for n in size]


def test_the_bat_stops_at_the_walls_and_is_clipped_there():
    game = Pong()
    frame, info = game.reset(seed=0)
    assert info["bat"] == 0
    assert frame[0].tolist() == [2, 3, 4, 4, 4, 4, 4, 4, 4]
    frame, *_, info = game.step(0)
    assert info["bat"] == 0
    for _ in range(9):
        frame, *_, info = game.step(2)
    assert info["bat"] == 8
    assert frame[0, 6:].tolist() == [4, 1, 2]


def test_hit_is_the_ball_at_the_centre_of_the_bat_and_a_miss_any_other_on_its_row():
    game = Pong()
    before = int(np.flatnonzero(ball_orbit((12, 9))[:, 0] == 0)[0]) - 1
    column = ball_orbit((12, 9))[before + 1, 1]
    for bat in range(9):
        game.reset(seed=0, options={"ball": before, "bat": bat})
        _, reward, _, _, info = game.step(1)
        assert (info["hit"], info["miss"]) == (bat == column, bat != column)
        assert reward == (1 if bat == column else -1)


def test_the_model_is_the_game():
    """The hidden states of the model, followed alongside, predict every outcome."""
    model, hits, misses = pong_model((7, 5))
    game = Pong(size=(7, 5), streams=("reward", "cost", "control"))
    rng = np.random.default_rng(0)
    play = play_randomly(game, 300, rng=rng)
    state = int(model.initial_belief.argmax())
    for t in range(300):
        if t:
            state = int(model.transitions[play.actions[t], :, state].argmax())
        assert [table[:, state].argmax() for table in model.likelihoods] == play.outcomes[t].tolist()
        assert (state in hits, state in misses) == (play.hits[t], play.misses[t])


def test_initial_states_are_drawn_along_the_orbit():
    game = Pong(initial_states=4)

    def starts(n, **seed):
        game.reset(**seed)
        found = []
        for _ in range(n):
            frame, _ = game.reset()
            found.append(tuple(np.argwhere(frame == 0)[0]))
        return set(found)

    first = starts(60, seed=3)
    assert 3 <= len(first) <= 4  # a place may occur twice along the orbit, or behind the bat
    assert (1, 1) in first
    assert first <= {tuple(place) for place in ball_orbit((12, 9))}
    assert starts(60, seed=4) != first
    assert starts(60, seed=3) == first


def test_random_play_hits_about_one_in_nine():
    rng = np.random.default_rng(0)
    plays = [play_randomly(Pong(), 10000, rng=rng) for _ in range(4)]
    hits = sum(play.hits.sum() for play in plays)
    arrivals = hits + sum(play.misses.sum() for play in plays)
    assert arrivals == pytest.approx(40000 / 22, abs=4)
    np.testing.assert_allclose(hits / arrivals, 1 / 9, atol=0.025)


def test_hit_rate_of_no_arrivals_is_not_a_number():
    none = np.zeros(3, bool)
    play = Play(outcomes=np.zeros((3, 1), int), actions=none, hits=none, misses=none, returned=none)
    assert np.isnan(play.hit_rate)


# ---- planning with the known model


def test_induction_plays_without_a_miss():
    """Given the game's own transitions, every arrival after the first can be met, and is."""
    model, hits, misses = pong_model()
    ball, bat = (sparse.csr_array(b[:, :, 0]) for b in model.B)
    B = [sparse.csr_array(sparse.kron(ball, model.B[1][:, :, u])) for u in range(3)]
    assert bat.shape == (9, 9)
    transitions = possible_transitions(B, misses)
    reached = reach_goals(transitions, hits, 32)
    game = Pong()
    _, info = game.reset(seed=0)
    state, met = 0, []
    for _ in range(500):
        way = next_step(reached, transitions, state)
        assert way.reachable
        path = int(np.argmax([way.log_prior @ b[:, [state]].toarray()[:, 0] for b in B]))
        *_, info = game.step(path)
        state = int(B[path][:, [state]].toarray().argmax())
        met += [info["hit"]] * (info["hit"] or info["miss"])
    assert len(met) == 22
    assert all(met)


def test_a_miss_that_cannot_be_avoided_leaves_no_way():
    model, hits, misses = pong_model(SIZE)
    B = model.transitions.transpose(1, 2, 0)
    too_late = int(joint([[8], [4]])[0])  # the ball arrives in column 2 in a step, the bat is in 4
    assert not induce(B, hits, too_late, avoid=misses).reachable
    assert induce(B, hits, too_late).reachable  # by way of the miss


@pytest.mark.parametrize(
    ("options", "message"),
    [({"ball": 400}, "ball must be"), ({"bat": 9}, "bat must be"), ({"x": 1}, "options may hold")],
)
def test_bad_starts_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Pong().reset(seed=0, options=options)


@pytest.mark.parametrize("n", [0, 177])
def test_bad_numbers_of_initial_states_are_named(n):
    with pytest.raises(ValueError, match="initial_states must be a whole number in 1 … 176"):
        Pong(initial_states=n)

"""The agent: from random play to hits, and clear words where it cannot."""

from itertools import pairwise

import numpy as np
import pytest

from rgm_core import Agent
from rgm_core.agent import imagine, log_evidence_of_play
from rgm_core.games import Pong, flatten_observation, play_randomly

STREAMS = ("reward", "cost", "control")


def new_agent(n_modalities, **options):
    arguments = {
        "goal": (n_modalities - 3, 1), "cost": (n_modalities - 2, 1), "control": n_modalities - 1,
        "rng": np.random.default_rng(1),
    }  # fmt: skip
    return Agent(**arguments | options)


def watch(n_frames=10_000, seed=0, **options):
    game = Pong(streams=STREAMS, **options)
    play = play_randomly(game, n_frames, rng=np.random.default_rng(seed))
    return game, play


def hit_rate(game, agent, n_frames, seed):
    observation, _ = game.reset(seed=seed)
    agent.reset()
    hits = misses = 0
    for _ in range(n_frames):
        observation, _, _, _, info = game.step(agent.act(flatten_observation(observation)))
        hits, misses = hits + info["hit"], misses + info["miss"]
    return hits / (hits + misses)


@pytest.mark.parametrize("options", [{}, {"distractors": 4}])
def test_after_watching_random_play_it_hits_nearly_every_ball(options):
    """10,000 frames of play in which one ball in eleven is hit, and nothing else."""
    game, play = watch(**options)
    assert play.hit_rate < 0.15
    agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
    assert hit_rate(game, agent, 2000, seed=7) >= 0.99
    assert len(agent.history) == 2000
    assert np.mean([move.known for move in agent.history]) > 0.95


def test_noise_is_not_made_part_of_states():
    _, play = watch(distractors=4)
    _, plain = watch()
    noisy = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
    clean = new_agent(plain.outcomes.shape[1]).learn(plain.outcomes, plain.actions)
    np.testing.assert_array_equal(noisy.relevant, clean.relevant)


def test_the_same_seed_plays_the_same_game():
    game, play = watch(3000)
    moves = []
    for _ in range(2):
        agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
        hit_rate(game, agent, 300, seed=3)
        moves.append([move.action for move in agent.history])
    assert moves[0] == moves[1]


def test_a_goal_that_was_never_seen_is_explored_for():
    """It plays at random, and its history says so."""
    game, play = watch(500)
    agent = new_agent(play.outcomes.shape[1], goal=(0, 99)).learn(play.outcomes, play.actions)
    observation, _ = game.reset(seed=0)
    actions = {agent.act(flatten_observation(observation)) for _ in range(50)}
    assert actions == {0, 1, 2}
    assert {move.steps for move in agent.history} == {-1}


def test_it_explores_what_it_has_tried_least():
    """The action with the fewest counts tells most about the transitions."""
    _, play = watch(500)
    agent = new_agent(play.outcomes.shape[1], goal=(0, 99)).learn(play.outcomes, play.actions)
    counts = np.sort(agent._tried, axis=1)
    state = np.flatnonzero(counts[:, 0] < counts[:, 1])[0]
    least = agent._tried[state].argmin()
    assert {agent._explore(state, known=True) for _ in range(20)} == {least}


def test_places_that_were_not_seen_need_the_number_of_outcomes():
    """The first frames show a part of the court only; with n_outcomes the agent plays on."""
    game, play = watch(15)
    assert play.outcomes[:, -1].max() + 1 < game.n_outcomes[-1]
    agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions, game.n_outcomes)
    frame = play.outcomes[-1].copy()
    frame[-1] = game.n_outcomes[-1] - 1
    assert agent.act(frame) in (0, 1, 2)


def test_it_learns_from_its_own_misses():
    _, play = watch(300)
    agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
    before = len(agent.windows)
    game = Pong(streams=STREAMS)
    hit_rate(game, agent, 1000, seed=5)
    assert len(agent.windows) > before


def test_imagined_play_follows_seen_transitions_from_hit_to_hit():
    _, play = watch(10_000)
    agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
    start = int(np.flatnonzero(agent.goals & agent.reached[1:].any(axis=0))[0])
    states = imagine(agent, start, 200, rng=np.random.default_rng(0))
    assert len(states) == 200
    assert all(agent.counts[to, here] > 0 for here, to in pairwise(states))
    assert agent.goals[states].sum() >= 9  # one in 22 frames
    assert not agent.costs[states].any()
    with pytest.raises(ValueError, match="state must lie in"):
        imagine(agent, -1, 10, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_steps must be"):
        imagine(agent, 0, 0, rng=np.random.default_rng(0))


def test_evidence_of_play_by_hand():
    """Three frames that repeat: each window was followed by one other, always."""
    outcomes = np.array([[0, 0, 0, 0], [1, 0, 0, 1], [2, 0, 0, 2]] * 4)
    agent = new_agent(4).learn(outcomes, np.r_[-1, np.zeros(11, int)])
    found = log_evidence_of_play(agent, outcomes[:4])
    totals = agent.counts.sum(axis=0)
    assert len(agent.windows) == 3
    for t, value in enumerate(found):
        n = totals[agent.recognise(*outcomes[t : t + 2])[0]]
        np.testing.assert_allclose(value, np.log((n + 0.25) / (n + 1)))
    new = log_evidence_of_play(agent, outcomes[[0, 2, 1]])  # never seen: a share of the prior
    np.testing.assert_allclose(new, np.log(0.25))
    with pytest.raises(ValueError, match="expected three frames or more and mass > 0"):
        log_evidence_of_play(agent, outcomes[:2])


def test_without_having_seen_anything_it_does_not_act():
    with pytest.raises(ValueError, match="has not seen anything yet: call learn"):
        new_agent(111).act(np.zeros(111, int))


def test_bad_observations_and_play_are_named():
    _, play = watch(100)
    agent = new_agent(play.outcomes.shape[1]).learn(play.outcomes, play.actions)
    for wrong in (np.zeros(5, int), np.zeros(111), np.zeros((2, 111), int)):
        with pytest.raises(ValueError, match="outcomes must be 111 integers"):
            agent.act(wrong)
    for value in (-1, 99):
        wrong = play.outcomes[0].copy()
        wrong[-1] = value
        with pytest.raises(ValueError, match=r"outcomes\[110\] must lie in 0"):
            agent.act(wrong)
    with pytest.raises(ValueError, match="n_outcomes must be 111 integers above"):
        agent.learn(play.outcomes, play.actions, np.ones(111, int))
    with pytest.raises(ValueError, match="at least three frames"):
        agent.learn(play.outcomes[:2], play.actions[:2])
    with pytest.raises(ValueError, match="actions must be 100 integers"):
        agent.learn(play.outcomes, play.actions[:-1])
    with pytest.raises(ValueError, match="must name modalities below 111"):
        new_agent(200).learn(play.outcomes, play.actions)
    with pytest.raises(ValueError, match="depth must be"):
        new_agent(111, depth=0)

"""The agent: from random play to hits, in worlds that are not tables, and clear words where it cannot."""

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import DelayObservation, StickyAction

from rgm_core import Agent
from rgm_core.agent import (
    basin_of_attraction,
    evidence_of_play,
    imagine,
    leading_components,
    possible_play,
    rewarded_episodes,
)
from rgm_core.games import Breakout, NoisyPixels, Pong, flatten_observation, play_randomly, play_with

STREAMS = ("reward", "cost", "control")


def new_agent(n_modalities, **options):
    arguments = {
        "goal": (n_modalities - 3, 1), "cost": (n_modalities - 2, 1), "control": n_modalities - 1, "rng": 1,
    }  # fmt: skip
    return Agent(**arguments | options)


def watch(n_frames=10_000, seed=0, wrapper=lambda game: game, **options):
    game = wrapper(Pong(streams=STREAMS, **options))
    play = play_randomly(game, n_frames, rng=np.random.default_rng(seed))
    return game, play


def learned(play, **options):
    return new_agent(play.outcomes.shape[1], **options).learn(play.outcomes, play.actions)


WORLDS = {
    "sticky actions": lambda game: StickyAction(game, 0.25),
    "one frame late": lambda game: DelayObservation(game, 1),
    "noisy pixels": lambda game: NoisyPixels(game, 0.01),
}


@pytest.mark.parametrize("options", [{"distractors": 4}, {"size": (16, 12)}])
def test_after_watching_random_play_it_hits_nearly_every_ball(options):
    """10,000 frames of play in which one ball in eleven is hit, and nothing else."""
    game, play = watch(**options)
    assert play.hit_rate < 0.15
    agent = learned(play)
    assert play_with(agent.act, game, 1500, seed=7).hit_rate >= 0.97
    assert len(agent.history) == 1499


@pytest.mark.parametrize("world", WORLDS)
def test_it_plays_when_the_world_is_not_a_table(world):
    """Each of these took a table of windows below 70 %; random play hits one ball in ten."""
    game, play = watch(wrapper=WORLDS[world])
    assert play.hit_rate < 0.15
    assert play_with(learned(play).act, game, 1500, seed=7).hit_rate >= 0.95


def test_it_remembers_what_the_world_needs_and_no_more():
    assert learned(watch(3000)[1]).model.memory == "none"
    assert learned(watch(3000, wrapper=WORLDS["one frame late"])[1]).model.memory == "action"


def test_noise_is_not_made_part_of_events():
    assert learned(watch(distractors=4)[1]).model.n_events == learned(watch()[1]).model.n_events


def test_a_round_that_is_not_yet_over_is_not_taken_for_noise():
    """On 26 x 24 the ball comes back after 1,150 frames: in 1,000 nothing recurs, and all are events."""
    agent = learned(watch(1000, size=(26, 24))[1])
    assert not agent.experience.closed
    assert agent.model.n_events > 950


def test_what_control_explains_makes_no_events():
    """Apart, ball and bat take ten times fewer events than together; together they are the windows."""
    _, play = watch(3000)
    apart, together = learned(play), learned(play, joint=True)
    windows = np.concatenate([play.outcomes[:-1, :108], play.outcomes[1:, :108]], axis=1)
    assert together.model.n_events == len(np.unique(windows, axis=0))
    assert apart.model.n_events * 5 < together.model.n_events


def test_the_same_seed_plays_the_same_game():
    game, play = watch(2000)
    moves = []
    for _ in range(2):
        agent = learned(play)
        play_with(agent.act, game, 300, seed=3)
        moves.append([move.action for move in agent.history])
    assert moves[0] == moves[1]


def test_a_goal_that_was_never_seen_is_explored_for():
    """It tries all actions, and its history says so."""
    game, play = watch(500)
    agent = learned(play, goal=(0, 99))
    play_with(agent.act, game, 50, seed=0)
    assert {move.action for move in agent.history} == {0, 1, 2}
    assert {move.steps for move in agent.history} == {-1}


def test_it_learns_from_its_own_misses_unless_it_is_frozen():
    game, play = watch(300)
    for learning in (True, False):
        agent = learned(play)
        before, agent.learning = agent.model, learning
        play_with(agent.act, game, 500, seed=5)
        assert (agent.model is not before) == learning


def test_memory_is_bounded_by_what_is_new_and_not_by_frames():
    game, play = watch(5000)
    agent = learned(play)
    play_with(agent.act, game, 1000, seed=1, restart=agent.reset)
    size = len(agent.experience.windows), len(agent.experience.follows), len(agent._first)
    play_with(agent.act, game, 1000, seed=2, restart=agent.reset)
    assert (len(agent.experience.windows), len(agent.experience.follows), len(agent._first)) == size


def test_a_jump_over_a_reset_is_no_transition():
    """Games of 25 frames: nothing is seen to follow the last frame of a game."""
    game = gymnasium.wrappers.TimeLimit(Pong(streams=STREAMS), 25)
    play = play_randomly(game, 1000, rng=0)
    assert (play.actions == -1).sum() == 39
    agent = learned(play)
    followed = np.unique(agent.model.edges[:, 0], return_counts=True)[1]
    whole = learned(watch(1000)[1])
    assert followed.max() <= np.unique(whole.model.edges[:, 0], return_counts=True)[1].max()
    played = play_with(agent.act, game, 200, seed=0, restart=agent.reset)
    assert len(agent.history) < 26 <= len(played.outcomes)


def test_imagined_play_goes_from_hit_to_hit():
    agent = learned(watch()[1])
    event, place = np.argwhere(agent.model.goals > 0.5)[0]
    fantasy = imagine(agent, 200, state=(event, place), rng=0)
    assert len(fantasy.outcomes) == 200
    assert (fantasy.outcomes[:, 108] == 1).sum() >= 7  # one in 22 frames, and it may imagine to slip
    assert (fantasy.outcomes[:, 109] == 1).sum() <= 2
    balls = (fantasy.outcomes[:, :108] == 0).sum(axis=1)
    assert set(balls) <= {0, 1}
    with pytest.raises(ValueError, match="state must lie below"):
        imagine(agent, 5, state=(-1, 0), rng=0)
    with pytest.raises(ValueError, match="n_steps must be"):
        imagine(agent, 0, state=(0, 0), rng=0)


def test_evidence_of_play_is_the_sum_over_its_levels():
    """Foreseen play is likelier than the same frames in another order."""
    _, play = watch(3000)
    agent = learned(play)
    levels = evidence_of_play(agent, play.outcomes[:200], play.actions[:200])
    assert levels.shape == (199, 2)
    assert (levels[:, 1] <= 1e-9).all()  # a divergence costs
    shuffled = play.outcomes[np.random.default_rng(0).permutation(200)]
    assert levels.sum() > evidence_of_play(agent, shuffled, play.actions[:200]).sum() + 200
    with pytest.raises(ValueError, match="two frames or more"):
        evidence_of_play(agent, play.outcomes[:1], play.actions[:1])


def test_few_states_are_enough():
    """Those that its own play goes round in; from elsewhere it finds its way in by exploring."""
    game, play = watch()
    agent = learned(play)
    play_with(agent.act, game, 1000, seed=3, restart=agent.reset)
    agent.learning = False
    transitions, goals = possible_play(agent.model)
    basin = basin_of_attraction(transitions, goals).reshape(agent.model.goals.shape)
    visited = np.zeros_like(basin)
    for move in agent.history[500:]:
        visited[move.state, move.place] = True
        assert basin[move.state, move.place]
    agent.keep(visited)
    assert visited.sum() < 0.2 * agent.model.known.sum()
    played = play_with(agent.act, game, 2000, seed=4, restart=agent.reset)
    assert played.hits[500:].sum() / (played.hits + played.misses)[500:].sum() >= 0.98
    with pytest.raises(ValueError, match="states must be booleans"):
        agent.keep(visited[:, :3])


def test_one_class_plays_breakout_too():
    game = Breakout(streams=STREAMS)
    play = play_randomly(game, 5000, rng=0)
    assert play.hit_rate < 0.2
    assert play_with(learned(play).act, game, 1500, seed=1).hit_rate >= 0.85


def test_without_having_seen_anything_it_does_not_act():
    with pytest.raises(ValueError, match="has not seen anything yet: call learn"):
        new_agent(111).act(np.zeros(111, int))


def test_bad_observations_and_play_are_named():
    game, play = watch(100)
    agent = learned(play)
    for wrong in (np.zeros(5, int), np.zeros(111), np.zeros((2, 111), int)):
        with pytest.raises(ValueError, match=r"outcomes must be integers \(111,\)"):
            agent.act(wrong)
    for value in (-1, 99):
        wrong = flatten_observation(game.reset(seed=0)[0])
        wrong[-1] = value
        with pytest.raises(ValueError, match=r"outcomes\[110\] must lie in 0"):
            agent.act(wrong)
    with pytest.raises(ValueError, match="n_outcomes must be"):
        agent.learn(play.outcomes, play.actions, np.ones(111, int))
    with pytest.raises(ValueError, match="at least three frames"):
        agent.learn(play.outcomes[:2], play.actions[:2])
    with pytest.raises(ValueError, match=r"actions must be integers \(100,\)"):
        agent.learn(play.outcomes, play.actions[:-1])
    with pytest.raises(ValueError, match="must name modalities below 111"):
        new_agent(200).learn(play.outcomes, play.actions)
    with pytest.raises(ValueError, match="depth must be"):
        new_agent(111, depth=0)
    with pytest.raises(ValueError, match="goal and cost must differ"):
        new_agent(111, goal=(108, 1), cost=(108, 1))


def test_rewarded_episodes_go_from_after_a_miss_to_a_hit():
    outcomes = np.arange(8)[:, None]
    goals = np.array([0, 0, 0, 1, 0, 1, 0, 0], bool)
    costs = np.array([0, 1, 0, 0, 0, 0, 1, 0], bool)
    kept, actions = rewarded_episodes(outcomes, np.r_[-1, np.ones(7, int)], goals, costs)
    assert kept[:, 0].tolist() == [2, 3, 4, 5]
    assert actions.tolist() == [-1, 1, 1, 1]
    none = rewarded_episodes(outcomes, np.ones(8, int), np.zeros(8, bool), costs)
    assert len(none[0]) == 0


def test_leading_components_hold_most_of_what_varies():
    _, play = watch(300)
    components = leading_components(play.outcomes, 3)
    assert components.shape == (300, 3)
    np.testing.assert_allclose(components.sum(axis=0), 0, atol=1e-9)
    spread = (components**2).sum(axis=0)
    assert (np.diff(spread) <= 0).all()

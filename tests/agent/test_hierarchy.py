"""The agent's table of events is a renormalising generative model: same states, same beliefs."""

import numpy as np
import pytest

from rgm_core import Agent, infer, learn_structure, merge_structure
from rgm_core.agent import event_model
from rgm_core.agent.belief import DISTURBED, infer_events, predict_events
from rgm_core.games import Pong, play_randomly

STREAMS = ("reward", "cost", "control")


@pytest.fixture(scope="module")
def play():
    return play_randomly(Pong(streams=STREAMS), 2000, rng=0)


@pytest.fixture(scope="module")
def agent(play):
    return Agent(goal=(108, 1), cost=(109, 1), control=110, rng=0).learn(play.outcomes, play.actions)


def test_events_are_the_states_on_top(agent):
    model = event_model(agent)
    assert model.n_levels == 2
    assert model.levels[1].n_states.tolist() == [agent.model.n_events]
    followed = model.levels[1].dynamics.b[0]
    np.testing.assert_array_equal(followed.edges[:, [0, 2]], agent.model.edges)
    assert followed.counts.sum() == 1998


def test_structure_learning_finds_the_same_events(agent, play):
    """The library's own learning, from the first 1,000 frames of news, merged at both offsets."""
    news = agent.separation.news(play.outcomes).astype(int)
    model = learn_structure(news[:1000], 6, dt=2, group_size=9)
    assert model.n_levels == 2
    merged = merge_structure(model, news, offsets=range(2))
    assert len(merged.D) == agent.model.n_events


def test_beliefs_are_those_of_the_library(agent):
    """Exact inference in the model, softened to the same noise, over the two frames of one event."""
    model = event_model(agent)
    sizes = np.maximum(model.levels[0].n_outcomes, 1)
    window = agent.model.windows[17].astype(int)
    other = max(int(agent.model.windows.max()), 1)
    soft = [np.full((2, n), DISTURBED / other) for n in sizes]
    for g, likelihood in enumerate(soft):
        likelihood[np.arange(2), window[:, g]] = 1 - DISTURBED
    library = infer(model, soft).states[1][0][0]
    before = predict_events(agent.model, None, window[0], 0)
    own = infer_events(agent.model, before, window[1], 0, 0).events
    np.testing.assert_allclose(own, library, atol=1e-9)


def test_an_agent_without_pixels_has_no_levels(play):
    outcomes = play.outcomes[:100, -3:]
    bare = Agent(goal=(0, 1), cost=(1, 1), control=2, rng=0).learn(outcomes, play.actions[:100])
    with pytest.raises(ValueError, match="made of no modality"):
        event_model(bare)

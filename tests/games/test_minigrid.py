"""The page on other environments: its code for MiniGrid runs, and the agent then wins every game.

MiniGrid is no dependency: `uv run --with minigrid pytest --slow tests/games/test_minigrid.py`.
"""

import re
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from rgm_core import Agent
from rgm_core.games import Outcomes, play_randomly, play_with

PAGE = Path(__file__).resolve().parents[2] / "docs" / "playing.md"


def shown(name):
    """The environment that the page makes, with another name in place of its own."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if "minigrid" in block)
    made = {"gymnasium": gymnasium, "Outcomes": Outcomes}
    exec(code.replace("MiniGrid-Empty-8x8-v0", name), made)
    return made["env"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "steps"), [("MiniGrid-Empty-5x5-v0", 5), ("MiniGrid-Empty-8x8-v0", 11)])
def test_empty_grids_are_solved_by_the_shortest_way(name, steps):
    """Null: random play over as many frames, which wins few games, and late."""
    pytest.importorskip("minigrid")
    env = shown(name)
    play = play_randomly(env, 30_000, persistence=0, rng=0)
    assert play.hits[:300].sum() < 30
    reward, cost, control = (env.modality(stream) for stream in ("reward", "cost", "control"))
    agent = Agent(goal=(reward, 1), cost=(cost, 1), control=control, depth=200, rng=0)
    agent.learn(play.outcomes, play.actions, env.n_outcomes)
    agent.learning = False
    played = play_with(agent.act, env, 300, seed=1, restart=agent.reset)
    begins = np.flatnonzero(played.actions < 0)
    assert played.hits.sum() == len(begins) - 1 + (300 - begins[-1] == steps + 1)
    assert not played.misses.any()
    assert set(np.diff(begins)) == {steps + 1}

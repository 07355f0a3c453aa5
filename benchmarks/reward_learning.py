"""Pong learned from the first frame on: active inference beside learners by reward (notebook 00).

    uv run python benchmarks/reward_learning.py             20 seeds of each, writes reward_learning.json
    uv run python benchmarks/reward_learning.py --jobs 4    the same numbers, in four processes
    uv run python benchmarks/reward_learning.py --only "active inference"    one player; keeps the others

Players with a model watch 100 random frames first, and explore alike: of actions that seem equally good
they go on with their last one with probability 0.8. Frames count from the first one watched.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from rgm_core import Agent
from rgm_core.agent import DynaQ, QLearner
from rgm_core.games import Pong, play_randomly, play_with
from rgm_core.metrics import frames_to_reach, success_rate

RESULTS = Path(__file__).with_suffix(".json")
SEEDS = range(100, 120)
N_WATCHED, N_MODEL, N_VALUES = 100, 6_000, 36_000  # frames: watched, played with a model, and without
FRAMES = {
    True: np.geomspace(600, N_MODEL, 60),
    False: np.geomspace(600, N_VALUES, 60),
}  # with a model or not

GAME = Pong(streams=("reward", "cost", "control"))
REWARD, COST, CONTROL = (
    (len(GAME.n_outcomes) - 3, 1),
    (len(GAME.n_outcomes) - 2, 1),
    len(GAME.n_outcomes) - 1,
)


def active_inference(first, rng):
    """The agent: counts transitions, infers paths to the hits."""
    agent = Agent(goal=REWARD, cost=COST, control=CONTROL, rng=rng)
    agent.learn(first.outcomes, first.actions, GAME.n_outcomes)
    return agent


def dyna(replays: int | None) -> Callable:
    """Reward learning on a model, by so many replays a frame, or by value iteration (None)."""

    def start(first, rng):
        learner = DynaQ(reward=REWARD, cost=COST, replays=replays, persistence=0.8, rng=rng)
        return learner.learn(first.outcomes, first.actions)

    return start


PLAYERS = {
    "active inference": active_inference,
    "Dyna-Q, 20 replays": dyna(20),
    "Dyna, value iteration": dyna(None),
    "Q-learning": None,
}


def learn(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Let one player learn; when balls were hit and missed, (n_frames,) bool each."""
    rng = np.random.default_rng(seed)
    if PLAYERS[name] is None:
        learner = QLearner(reward=REWARD, cost=COST, rng=rng)
        play = play_with(learner.act, GAME, N_VALUES, seed=seed)
        return play.hits, play.misses
    first = play_randomly(GAME, N_WATCHED, rng=rng)
    then = play_with(PLAYERS[name](first, rng).act, GAME, N_MODEL, seed=seed)
    return np.concatenate([first.hits, then.hits]), np.concatenate([first.misses, then.misses])


def measure(name: str, seed: int) -> dict:
    """Frames until 18 of 20 balls were hit, and the success rate on the way."""
    run = learn(name, seed)
    frames = FRAMES[PLAYERS[name] is not None]
    rates = np.interp(frames, *success_rate(*run))
    return {"reached": frames_to_reach(0.9, *run), "rates": rates.round(3).tolist()}


def main() -> None:
    """Measure all players and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", choices=PLAYERS, help="measure this player, and keep the other numbers")
    asked = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if asked.only and RESULTS.exists() else {}
    for name in [asked.only] if asked.only else PLAYERS:
        player = PLAYERS[name]
        runs = Parallel(n_jobs=asked.jobs)(delayed(measure)(name, seed) for seed in SEEDS)
        reached = [run["reached"] for run in runs]
        results[name] = {
            "seeds": list(SEEDS),
            "reached": reached,
            "frames": FRAMES[player is not None].round().tolist(),
            "rates": [run["rates"] for run in runs],
        }
        print(f"{name:22} median {np.median(reached):8,.0f}  {min(reached):,.0f} to {max(reached):,.0f}")
    in_order = {name: results[name] for name in PLAYERS if name in results}
    RESULTS.write_text(json.dumps(in_order) + "\n")


if __name__ == "__main__":
    main()

"""Twelve settings of Q-learning on Pong: the best of them plays in notebooks 00 and 10.

    uv run python benchmarks/q_learning.py --seeds 1    one player of each setting, two minutes
    uv run python benchmarks/q_learning.py              three of each

The seeds, from 0, are other ones than those that are compared with active inference (100 and on). Writes
q_learning.json: frames until 18 of the last 20 balls were hit, null where 40,000 were not enough.
"""

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np

from rgm_core.agent import QLearner
from rgm_core.games import Pong, play_with
from rgm_core.metrics import frames_to_reach

N_FRAMES = 40_000
RESULTS = Path(__file__).with_suffix(".json")
SETTINGS = list(product((0.5, 1.0), (0.9, 0.95, 0.99), (0.0, 0.02)))  # learning rate, discount, exploration


def frames_needed(learning_rate: float, discount: float, exploration: float, seed: int) -> float:
    """Frames until 18 of the last 20 balls were hit; infinite if that never happened."""
    game = Pong(streams=("reward", "cost", "control"))
    control = len(game.n_outcomes) - 1
    learner = QLearner(
        reward=(control - 2, 1),
        cost=(control - 1, 1),
        learning_rate=learning_rate,
        discount=discount,
        exploration=exploration,
        rng=np.random.default_rng(seed),
    )
    play = play_with(learner.act, game, N_FRAMES, seed=seed)
    return frames_to_reach(0.9, play.hits, play.misses)


def main() -> None:
    """Measure all settings, print the median of each, the best one last, and keep the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="of each setting")
    seeds = range(parser.parse_args().seeds)
    reached = {setting: [frames_needed(*setting, seed) for seed in seeds] for setting in SETTINGS}
    for setting in sorted(SETTINGS, key=lambda s: -np.median(reached[s])):
        said = "learning rate {}, discount {}, exploration {}:".format(*setting)
        print(said, f"{np.median(reached[setting]):,.0f} frames")
    rows = [
        dict(zip(("learning_rate", "discount", "exploration"), setting, strict=True))
        | {"reached": [frames if np.isfinite(frames) else None for frames in found]}
        for setting, found in reached.items()
    ]
    RESULTS.write_text(
        json.dumps({"n_frames": N_FRAMES, "seeds": list(seeds), "settings": rows}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()

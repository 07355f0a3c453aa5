"""Twelve settings of Q-learning on Pong: the best of them plays in notebooks 00 and 10.

    uv run python benchmarks/q_learning.py              seeds 0 to 4 of each setting, some minutes
    uv run python benchmarks/q_learning.py --seeds 1    a quick look

The seeds are other ones than those that are compared with active inference (100 and on).
"""

import argparse
from itertools import product

import numpy as np

from rgm_core.agent import QLearner
from rgm_core.games import Pong, play_with
from rgm_core.metrics import frames_to_reach

N_FRAMES = 60_000
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
    """Print the median of each setting, the best one last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="of each setting")
    seeds = range(parser.parse_args().seeds)
    medians = {s: float(np.median([frames_needed(*s, seed) for seed in seeds])) for s in SETTINGS}
    for setting, median in sorted(medians.items(), key=lambda item: -item[1]):
        print("learning rate {}, discount {}, exploration {}:".format(*setting), f"{median:,.0f} frames")


if __name__ == "__main__":
    main()

"""How well and how fast the agent plays: Pong and Breakout, for several seeds of the random play.

Needs nothing but the games. CPU seconds are those of all threads together. About three minutes.
"""

import argparse
import time


def play(game, n_random: int, n_play: int, seed: int, game_length: int | None):
    """Share of balls returned, CPU seconds of learning, and milliseconds of acting."""
    import numpy as np

    from rgm_core import Agent
    from rgm_core.games import flatten_observation, play_randomly

    rng = np.random.default_rng(seed)
    watched = play_randomly(game, n_random, rng=rng, game_length=game_length)
    n = watched.outcomes.shape[1]
    start = time.process_time()
    agent = Agent(goal=(n - 3, 1), cost=(n - 2, 1), control=n - 1, rng=rng)
    agent.learn(watched.outcomes, watched.actions)
    learned = time.process_time() - start
    observation, _ = game.reset(seed=1000 + seed)
    returned = missed = 0
    start = time.process_time()
    for _ in range(n_play):
        action = agent.act(flatten_observation(observation))
        observation, _, _, _, info = game.step(action)
        returned, missed = returned + info["returned"], missed + info["miss"]
    acted = 1000 * (time.process_time() - start) / n_play
    return 100 * returned / (returned + missed), learned, acted


def main(arguments=None) -> None:
    """Print a table of what was measured beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="agents of each kind (default 10)")
    n_seeds = parser.parse_args(arguments).seeds

    from rgm_core.games import Breakout, Pong

    streams = ("reward", "cost", "control")
    cases = {
        "Pong": (Pong(streams=streams), 10_000, 10_000, None, "each ≥ 99"),
        "Pong, 4 distractors": (Pong(streams=streams, distractors=4), 10_000, 3000, None, "≥ 95"),
        "Pong, 4 starts": (Pong(streams=streams, initial_states=4), 10_000, 3000, 1000, "≥ 95"),
        "Breakout": (Breakout(streams=streams), 20_000, 5000, None, "mean ≥ 90"),
    }
    print(f"{'':20} {'returned / %: mean':>19} {'worst':>7}  {'bar':10} learn / CPU s  act / ms")
    for name, (game, n_random, n_play, game_length, bar) in cases.items():
        runs = [play(game, n_random, n_play, seed, game_length) for seed in range(n_seeds)]
        rates, learned, acted = zip(*runs, strict=True)
        mean = sum(rates) / len(rates)
        print(f"{name:20} {mean:19.2f} {min(rates):7.2f}  {bar:10} {max(learned):13.2f} {max(acted):9.2f}")


if __name__ == "__main__":
    main()

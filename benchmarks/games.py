"""How well and how fast the agent plays: Pong, Breakout, and worlds that are not tables.

Each row is an agent that watches random play and then plays, for several seeds of both; beside it what
random play itself returns. Then frames of experience until 90 % of 20 balls are returned, growing from
100 random frames, beside Dyna, which learns by reward from the same frames. CPU seconds are those of all
threads together. About ten minutes with ten seeds.
"""

import argparse
import time

STREAMS = ("reward", "cost", "control")


def new_agent(game, rng, **options):
    """An agent for a game with streams."""
    from rgm_core import Agent

    reward, cost, control = (game.unwrapped.modality(name) for name in STREAMS)
    return Agent(goal=(reward, 1), cost=(cost, 1), control=control, rng=rng, **options)


def measure(game, n_random: int, n_play: int, seed: int, *, episodes=False, frozen=False, joint=False):
    """Balls returned by random play and by the agent (%), CPU seconds of learning, ms of acting, states."""
    import numpy as np

    from rgm_core.agent import rewarded_episodes
    from rgm_core.games import play_randomly, play_with

    watched = play_randomly(game, n_random, rng=np.random.default_rng(seed))
    outcomes, actions = watched.outcomes, watched.actions
    if episodes:
        outcomes, actions = rewarded_episodes(outcomes, actions, watched.hits, watched.misses)
    start = time.process_time()
    agent = new_agent(game, seed, joint=joint).learn(outcomes, actions, game.unwrapped.n_outcomes)
    learned, agent.learning = time.process_time() - start, not frozen
    start = time.process_time()
    played = play_with(agent.act, game, n_play, seed=1000 + seed)
    acted = 1000 * (time.process_time() - start) / n_play
    return 100 * watched.hit_rate, 100 * played.hit_rate, learned, acted, agent.model.n_events


def growth(game, seed: int, n_frames: int):
    """Frames until 90 % of 20 balls are returned: the agent, and Dyna by value iteration."""
    import numpy as np

    from rgm_core.agent import DynaQ
    from rgm_core.games import play_randomly, play_with
    from rgm_core.metrics import frames_to_reach

    needed, reward, cost = [], (game.modality("reward"), 1), (game.modality("cost"), 1)
    for kind in ("agent", "dyna"):
        rng = np.random.default_rng(seed)
        first = play_randomly(game, 100, rng=rng)
        if kind == "agent":
            player = new_agent(game, rng).learn(first.outcomes, first.actions, game.n_outcomes)
        else:
            player = DynaQ(reward=reward, cost=cost, replays=None, rng=rng)
            player.learn(first.outcomes, first.actions)
        then = play_with(player.act, game, n_frames, seed=seed)
        attempts = (
            np.concatenate([getattr(play, name) for play in (first, then)])
            for name in ("returned", "misses")
        )
        needed.append(frames_to_reach(0.9, *attempts))
    return needed


def miss_after(n_frames: int, seed: int = 0) -> float:
    """Milliseconds to assimilate one miss and plan anew after many frames of random Pong."""
    import numpy as np

    from rgm_core.games import Pong, play_randomly

    game = Pong(streams=STREAMS)
    play = play_randomly(game, n_frames, rng=np.random.default_rng(seed))
    agent = new_agent(game, seed).learn(play.outcomes, play.actions)
    spent = []
    for t in np.flatnonzero(play.misses)[1:12]:
        agent.reset()
        for frame in play.outcomes[t - 2 : t]:
            agent.act(frame)
        start = time.process_time()
        agent.act(play.outcomes[t])
        spent.append(1000 * (time.process_time() - start))
    return float(np.median(spent))


def main(arguments=None) -> None:
    """Print tables of what was measured beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="agents of each kind (default 10)")
    parser.add_argument("--growth", type=int, default=20, help="agents that grow, and Dynas (default 20)")
    parser.add_argument("--frames", type=int, default=4000, help="that each agent plays (default 4000)")
    asked = parser.parse_args(arguments)

    import numpy as np
    from gymnasium.wrappers import DelayObservation, StickyAction

    from rgm_core.games import Breakout, NoisyPixels, Pong

    pong, breakout = Pong(streams=STREAMS), Breakout(streams=STREAMS)
    cases = {
        "Pong": (pong, 10_000, {}, "each ≥ 99"),
        "Pong, frozen": (pong, 10_000, {"frozen": True}, ""),
        "Pong, rewarded only": (pong, 10_000, {"episodes": True}, "each ≥ 90"),
        "  … and frozen": (pong, 10_000, {"episodes": True, "frozen": True}, ""),
        "Pong, one factor": (pong, 10_000, {"joint": True}, ""),
        "Pong, sticky 0.25": (StickyAction(pong, 0.25), 10_000, {}, "≥ 95"),
        "Pong, a frame late": (DelayObservation(pong, 1), 10_000, {}, "≥ 95"),
        "Pong, 1 % noise": (NoisyPixels(pong, 0.01), 10_000, {}, "≥ 90"),
        "Pong, distractors": (Pong(streams=STREAMS, distractors=4), 10_000, {}, "≥ 95"),
        "Pong 16 x 12": (Pong(streams=STREAMS, size=(16, 12)), 10_000, {}, "≥ 97"),
        "Pong 24 x 18": (Pong(streams=STREAMS, size=(24, 18)), 10_000, {}, ""),
        "Breakout": (breakout, 20_000, {}, "≥ 97 / ≥ 92"),
        "Breakout, frozen": (breakout, 20_000, {"frozen": True}, "≥ 95 / ≥ 88"),
    }
    print(f"{'returned / %':20} random   mean  worst  bar          learn / s  act / ms  events  every seed")
    for name, (game, n_random, options, bar) in cases.items():
        runs = [measure(game, n_random, asked.frames, seed, **options) for seed in range(asked.seeds)]
        by_random, rates, learned, acted, events = np.array(runs).T
        print(
            f"{name:20} {by_random.mean():6.1f} {rates.mean():6.2f} {rates.min():6.2f}  {bar:12} "
            f"{learned.max():9.2f} {acted.max():9.2f} {events.mean():7.0f}  {rates.round(1).tolist()}",
            flush=True,
        )
    print(f"one miss after 40,000 frames: {miss_after(40_000):.1f} ms (bar 20)", flush=True)
    print("frames to 90 % of 20 balls (medians): agent, Dyna, ratio (bar ≤ 1.0)")
    for game, n_frames in ((pong, 5000), (breakout, 3000)):
        agent, dyna = np.array([growth(game, seed, n_frames) for seed in range(100, 100 + asked.growth)]).T
        middle = np.median(agent), np.median(dyna)
        print(f"{type(game).__name__:20} {middle[0]:.0f}, {middle[1]:.0f}, {middle[0] / middle[1]:.2f}")
        print(f"  agent {agent.tolist()}\n  Dyna  {dyna.tolist()}", flush=True)


if __name__ == "__main__":
    main()

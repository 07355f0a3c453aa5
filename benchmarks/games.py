"""How well and how fast the agent plays: Pong, Breakout, larger boards, and worlds that are not tables.

Each row is an agent that watches random play and then plays, for several seeds of both; beside it what
random play itself returns, and a table of windows solved by value iteration on the same frames. Then
frames of experience until 90 % of 20 balls are returned, growing from 100 random frames, beside Dyna, which
learns by reward from the same frames. Then boards of four sizes: how many frames must be watched, how many
states that makes, and how many steps a plan has. CPU seconds are those of all threads together.

What was measured is kept in games.json, a seed at a time: what is there is not measured again, so that a
run that was stopped goes on where it was. A whole run takes about an hour.

examples:
  uv run benchmarks/games.py                  measure what is missing, and print all
  uv run benchmarks/games.py --minutes 5      for five minutes
  uv run benchmarks/games.py --only "Pong"    one row
  uv run benchmarks/games.py --fresh          forget what is kept
"""

import argparse
import json
import time
from itertools import product
from pathlib import Path

import boards
import numpy as np

STREAMS = ("reward", "cost", "control")
KEPT = Path(__file__).with_suffix(".json")
N_PLAY = 2000  # frames that are played after watching
N_GROWTH = {"agent": 6000, "Dyna-Q": 6000, "value iteration": 6000, "Q-learning": 40_000}  # frames at most
FEW = {
    "basin": {"states": "basin"},
    "steady": {"states": "steady"},
    "merged, 0.01 nats": {"merge": 0.01},
    "merged, 0.1 nats": {"merge": 0.1},
    "merged, 0.3 nats": {"merge": 0.3},
    "steady and merged, 0.1 nats": {"states": "steady", "merge": 0.1},
}
BARS = {
    "Pong": "each ≥ 99",
    "Pong, rewarded only": "each ≥ 90",
    "Pong, sticky 0.25": "≥ 95",
    "Pong, a frame late": "≥ 95",
    "Pong, 1 % noise": "≥ 90",
    "Pong, distractors": "≥ 95",
    "Pong 16 x 12": "≥ 97",
    "Breakout": "≥ 97 / ≥ 92",
    "Breakout, frozen": "≥ 95 / ≥ 88",
}


def cases() -> dict:
    """Rows: the game, frames watched, options of `measure`, seeds at most."""
    from gymnasium.wrappers import DelayObservation, StickyAction

    from rgm_core.games import Breakout, NoisyPixels, Pong

    def pong(rows: int = 12, columns: int = 9, distractors: int = 0) -> Pong:
        return Pong(streams=STREAMS, size=(rows, columns), distractors=distractors)

    breakout = Breakout(streams=STREAMS)
    return {
        "Breakout, frozen": (breakout, 20_000, {"frozen": True}, 10),
        "Breakout": (breakout, 20_000, {}, 10),
        "Pong": (pong(), 10_000, {}, 10),
        "Pong 16 x 12": (pong(16, 12), 10_000, {}, 10),
        "Pong, frozen": (pong(), 10_000, {"frozen": True}, 10),
        "Pong, rewarded only": (pong(), 10_000, {"episodes": True}, 10),
        "Pong, sticky 0.25": (StickyAction(pong(), 0.25), 10_000, {}, 10),
        "Pong, a frame late": (DelayObservation(pong(), 1), 10_000, {}, 10),
        "Pong, 1 % noise": (NoisyPixels(pong(), 0.01), 10_000, {}, 10),
        "Pong, distractors": (pong(distractors=4), 10_000, {}, 10),
    }


def new_agent(game, rng, **options):
    """An agent for a game with streams."""
    from rgm_core import Agent

    reward, cost, control = (game.unwrapped.modality(name) for name in STREAMS)
    return Agent(goal=(reward, 1), cost=(cost, 1), control=control, rng=rng, **options)


def new_dyna(game, rng, replays: int | None):
    """A table of windows for a game with streams; when it explores it goes on as the agent does."""
    from rgm_core.agent import DynaQ

    reward, cost = (game.unwrapped.modality(name) for name in STREAMS[:2])
    return DynaQ(reward=(reward, 1), cost=(cost, 1), replays=replays, persistence=0.8, rng=rng)


def measure(game, n_random: int, seed: int, *, episodes=False, frozen=False) -> dict:
    """Balls returned (%) by random play, the agent, and value iteration on the same frames; and time."""
    from rgm_core.agent import rewarded_episodes
    from rgm_core.games import play_randomly, play_with

    watched = play_randomly(game, n_random, rng=np.random.default_rng(seed))
    frames = watched.outcomes, watched.actions
    if episodes:
        frames = rewarded_episodes(*frames, watched.hits, watched.misses)
    start = time.process_time()
    agent = new_agent(game, seed).learn(*frames, game.unwrapped.n_outcomes)
    learned, agent.learning = time.process_time() - start, not frozen
    start = time.process_time()
    played = play_with(agent.act, game, N_PLAY, seed=1000 + seed)
    acted = 1000 * (time.process_time() - start) / N_PLAY
    table = new_dyna(game, seed, 0).learn(*frames)  # solved once; then a backup of what it does itself
    windows = len(table.numbers)
    flat = play_with(table.act, game, N_PLAY, seed=1000 + seed)
    return {
        "random": 100 * watched.hit_rate, "agent": 100 * played.hit_rate, "table": 100 * flat.hit_rate,
        "learn": learned, "act": acted, "events": agent.model.n_events, "windows": windows,
    }  # fmt: skip


def new_player(kind: str, game, first, rng):
    """A player that has seen some play first, but for Q-learning, which learns from its own."""
    from rgm_core.agent import QLearner

    if kind == "agent":
        return new_agent(game, rng).learn(first.outcomes, first.actions, game.n_outcomes)
    if kind == "Q-learning":
        reward, cost = (game.modality(name) for name in STREAMS[:2])
        return QLearner(reward=(reward, 1), cost=(cost, 1), rng=rng)
    replays = {"Dyna-Q": 20, "value iteration": None}[kind]
    return new_dyna(game, rng, replays).learn(first.outcomes, first.actions)


def growth(game, player: str, seed: int) -> dict:
    """Frames until 18 of the last 20 balls are returned, the 100 random ones included; or None."""
    from rgm_core.games import flatten_observation, play_randomly

    rng = np.random.default_rng(seed)
    first = play_randomly(game, 100, rng=rng)
    learner = new_player(player, game, first, rng)
    balls = first.returned[first.returned | first.misses].tolist()
    observation, _ = game.reset(seed=seed)
    for t in range(1, N_GROWTH[player]):
        observation, *_, info = game.step(learner.act(flatten_observation(observation)))
        if info["returned"] or info["miss"]:
            balls.append(bool(info["returned"]))
            if len(balls) >= 20 and sum(balls[-20:]) >= 18:
                return {"frames": len(first.outcomes) + t + 1}
    return {"frames": None}


def miss_after(n_frames: int, seed: int) -> dict:
    """Milliseconds to assimilate one miss, and plan anew, after many frames of random Pong (median)."""
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
    return {"ms": float(np.median(spent))}


def few_states(kind, n_random: int, seed: int) -> dict:
    """Balls returned (%) by frozen players that tell few states apart, and by their nulls.

    The nulls keep as many states at random of those seen, or merge all into as many at random.
    """
    from rgm_core.games import play_randomly, play_with

    game = kind(streams=STREAMS)
    watched = play_randomly(game, n_random, rng=np.random.default_rng(seed))

    def rate(change=lambda agent: None, **options) -> tuple[float, object]:
        agent = new_agent(game, seed, **options)
        agent.learn(watched.outcomes, watched.actions, game.n_outcomes)
        agent.learning = False
        change(agent)
        return 100 * play_with(agent.act, game, N_PLAY, seed=1000 + seed).hit_rate, agent

    found, rng = {}, np.random.default_rng(seed)
    for name, options in FEW.items():
        returned, agent = rate(**options)
        merged = agent.merged is not None
        n = agent.merged.n_states if merged else int(agent.kept.sum())
        null, _ = rate(merge_at_random(n, rng) if merged else keep_at_random(n, rng))
        found[name] = {"states": n, "returned": returned, "null": null}
    return found | {"seen": {"states": int(agent.model.known.sum())}}


def keep_at_random(n: int, rng):
    """Restrict an agent to some of the states that it saw."""

    def change(agent) -> None:
        kept = np.zeros(agent.model.known.size, bool)
        seen = np.flatnonzero(agent.model.known)
        kept[rng.choice(seen, min(n, len(seen)), replace=False)] = True
        agent.keep(kept.reshape(agent.model.known.shape))

    return change


def merge_at_random(n: int, rng):
    """Merge an agent's states into n, whatever they predict."""
    from rgm_core.agent.play import all_values

    def change(agent) -> None:
        values = all_values(agent.model, agent.ahead)
        labels = rng.integers(n, size=values.shape[:-1])
        plan = np.stack([values[labels == k].mean(axis=0) for k in range(n)])
        agent.plan = lambda belief: np.tensordot(
            belief.events, plan[labels[:, belief.remembered, belief.place]], axes=1
        )

    return change


def long_play(n_frames: int, seed: int) -> dict:
    """Misses, events and memory while an agent goes on learning from its own play of Pong."""
    import resource

    from rgm_core.games import Pong, flatten_observation, play_randomly

    game = Pong(streams=STREAMS)
    play = play_randomly(game, 10_000, rng=np.random.default_rng(seed))
    agent = new_agent(game, seed).learn(play.outcomes, play.actions, game.n_outcomes)
    observation, _ = game.reset(seed=1000 + seed)
    balls, misses, start = 0, 0, time.process_time()
    used = {}
    for t in range(1, n_frames + 1):
        observation, *_, info = game.step(agent.act(flatten_observation(observation)))
        balls, misses = balls + info["returned"] + info["miss"], misses + info["miss"]
        if t in (1000, n_frames):
            used[t] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "frames": n_frames, "balls": int(balls), "misses": int(misses), "events": agent.model.n_events,
        "MB after 1,000 frames": used[1000], "MB at the end": used[n_frames],
        "CPU s": time.process_time() - start,
    }  # fmt: skip


def tasks(n_seeds: int, n_growth: int):
    """All that is to be measured: row, seed, and how; the quickest to tell first."""
    from rgm_core.games import Breakout, Pong

    rows = cases()
    for seed, (name, (game, n_random, options, most)) in product(range(n_seeds), rows.items()):
        if seed < most:
            yield name, seed, lambda g=game, n=n_random, s=seed, o=options: measure(g, n, s, **o)
    for seed, kind, player in product(range(100, 100 + n_growth), (Pong, Breakout), N_GROWTH):
        name, game = f"growth: {kind.__name__}, {player}", kind(streams=STREAMS)
        yield name, seed, lambda g=game, p=player, s=seed: growth(g, p, s)
    for seed, (kind, n) in product(range(min(n_seeds, 3)), ((Pong, 10_000), (Breakout, 20_000))):
        name = f"few states: {kind.__name__}, {n:,} frames"
        yield name, seed, lambda g=kind, n=n, s=seed: few_states(g, n, s)
    yield "one miss after 40,000 frames", 0, lambda: miss_after(40_000, 0)
    yield "200,000 frames of play", 0, lambda: long_play(200_000, 0)
    for size in boards.SIZES:
        yield f"levels: {size[0]} x {size[1]}", 0, lambda x=size: boards.levels(x, 10_000)
    for seed, (size, n) in product(range(min(n_seeds, 2)), boards.frames_of_sizes()):
        name = f"scale: {size[0]} x {size[1]}, {n:,} frames"
        yield name, seed, lambda x=size, n=n, s=seed: boards.scale(x, n, s)


def table_of(kept: dict) -> str:
    """The rows of watching, and what was measured beside them."""
    head = f"{'returned / %':20} random  table    mean   worst  {'bar':12}"
    lines = [f"{head} learn / s  act / ms  events windows  each"]
    for name, of_seeds in kept.items():
        if name not in cases():
            continue
        x = {key: np.array([run[key] for run in of_seeds.values()]) for key in of_seeds["0"]}
        returned = x["agent"]
        lines.append(
            f"{name:20} {x['random'].mean():6.1f} {x['table'].mean():6.1f} "
            f"{returned.mean():7.2f} {returned.min():7.2f}  {BARS.get(name, ''):12} "
            f"{x['learn'].max():9.2f} {x['act'].max():9.2f} "
            f"{x['events'].mean():7.0f} {x['windows'].mean():7.0f}  {returned.round(1).tolist()}"
        )
    return "\n".join(lines)


def few_of(kept: dict) -> str:
    """Players that tell few states apart, and as many at random."""
    lines = []
    for name, of_seeds in kept.items():
        if not name.startswith("few states"):
            continue
        seen = [run["seen"]["states"] for run in of_seeds.values()]
        lines.append(f"{name}, frozen; {seen} states seen")
        for way in FEW:
            x = {key: [round(run[way][key], 1) for run in of_seeds.values()] for key in of_seeds["0"][way]}
            line = f"{x['states']} states, {x['returned']} % returned; at random {x['null']} %"
            lines.append(f"  {way:28} {line}")
    return "\n".join(lines)


def ratios_of(kept: dict) -> str:
    """Frames to 90 % of 20 balls, and what part of its rivals' the agent needs, with 95 % intervals."""
    lines = ["frames to 90 % of 20 balls; the agent's over its rivals', medians, 95 % interval (bar ≤ 1.0)"]
    for game, player in product(("Pong", "Breakout"), N_GROWTH):
        own, other = (kept.get(f"growth: {game}, {name}", {}) for name in ("agent", player))
        seeds = sorted(own.keys() & other.keys())
        if not seeds:
            continue
        pairs = np.array([[run[s]["frames"] or np.inf for s in seeds] for run in (own, other)], float)
        middle = np.median(pairs, axis=1)
        low, high = interval(pairs)
        ratio = f"ratio {middle[0] / middle[1]:.2f} ({low:.2f} to {high:.2f})"
        lines.append(f"{game}, {player}: {middle[1]:.0f}, {ratio}, {len(seeds)} seeds; {pairs[1].tolist()}")
    return "\n".join(lines)


def interval(pairs: np.ndarray, n: int = 10_000) -> np.ndarray:
    """Percentile bootstrap over seeds of the ratio of medians: of pairs (2, n_seeds)."""
    rng = np.random.default_rng(0)
    drawn = pairs[:, rng.integers(pairs.shape[1], size=(n, pairs.shape[1]))]
    own, other = np.median(drawn, axis=2)
    return np.percentile(own / other, [2.5, 97.5])


def main(arguments=None) -> None:
    """Measure what is missing, keep it, and print tables of it beside the bars."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="agents of each row at most (default 10)")
    parser.add_argument("--growth", type=int, default=20, help="players that grow (default 20)")
    parser.add_argument(
        "--minutes", type=float, default=np.inf, help="begin nothing new after that; one in any case"
    )
    parser.add_argument("--only", help="rows whose name begins so")
    parser.add_argument("--fresh", action="store_true", help="forget what is kept")
    asked = parser.parse_args(arguments)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() and not asked.fresh else {}
    until = np.inf
    for name, seed, run in tasks(asked.seeds, asked.growth):
        if str(seed) in kept.get(name, {}) or (asked.only and not name.startswith(asked.only)):
            continue
        if time.monotonic() > until:
            break
        until = min(until, time.monotonic() + 60 * asked.minutes)
        kept.setdefault(name, {})[str(seed)] = run()
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(table_of(kept))
    for run in kept.get("one miss after 40,000 frames", {}).values():
        print(f"one miss after 40,000 frames: {run['ms']:.1f} ms (bar 20)")
    for run in kept.get("200,000 frames of play", {}).values():
        print("200,000 frames of play:", {name: round(value, 1) for name, value in run.items()})
    print(few_of(kept))
    print(boards.table_of(kept))
    print(ratios_of(kept))


if __name__ == "__main__":
    main()

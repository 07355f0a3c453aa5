"""Atari's Pong from pixels: the agent of the grid games, its score against frames, and what others get.

For each seed: 5,000 steps at random (20,000 frames), of which the codec, the roles and the agent's first
counts are learned; then 20,000 steps that it plays, learning: 100,000 frames in all. Then it plays five
games with learning frozen. Settings are those that were tried first, on seed 0.

Random play, and a player who is told which things are the ball and its bat and goes where the ball is, play
five games each. Needs the extra `atari` (ale-py, under the GPL). What was measured is kept in atari.json, a
seed at a time; a seed takes about five minutes.

examples:
  uv run --extra atari benchmarks/atari.py               measure what is missing, and print all
  uv run --extra atari benchmarks/atari.py --only "agent, seed 1"
"""

import argparse
import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

KEPT = Path(__file__).with_suffix(".json")
FRAME_SKIP = 4
N_WATCHED = 5000  # steps at random
N_PLAYED = 20_000  # steps of the agent, learning
N_GAMES = 5  # of the evaluation
LONGEST = 5000  # steps of one of them: where nobody misses it would not end
DEPTH = 100  # steps that the agent plans ahead
SEEDS = (1, 2, 3)  # 0 is the one that settings were tried on


def pong(things=None, sticky: float = 0.0):
    """Pong, as pictures or as places of things (the leading one, then the agent's own)."""
    from rgm_core.games import Outcomes
    from rgm_core.games.atari import Places, atari

    env = atari("Pong", frame_skip=FRAME_SKIP, sticky=sticky)
    return env if things is None else Outcomes(Places(env, things), control=len(things.levels) - 1)


def learn(seed: int):
    """Watch play at random; return the agent, its world, and what was found."""
    from rgm_core import Agent
    from rgm_core.codecs.things import find_things
    from rgm_core.games.atari import watch_pictures
    from rgm_core.games.roles import find_roles

    watched = watch_pictures(pong(), N_WATCHED, rng=seed)
    things = find_things(watched.pictures)
    outcomes = things.encode(watched.pictures)
    roles = find_roles(outcomes, watched.actions, watched.rewards)
    kept = [*roles.event, roles.control]
    points = np.stack([watched.rewards > 0, watched.rewards < 0, outcomes[:, roles.control]], axis=1)
    env = pong(things.keep(kept))
    goal, cost, control = (env.modality(name) for name in ("reward", "cost", "control"))
    agent = Agent(goal=(goal, 1), cost=(cost, 1), control=control, depth=DEPTH, rng=seed)
    agent.learn(np.hstack([outcomes[:, kept], points]), watched.actions, env.n_outcomes)
    return agent, env, things, roles


def play_games(act, env, seed: int, restart=None) -> dict:
    """Five games, each from a seed of its own; a score is kept as it stands after the longest time."""
    from rgm_core.games import flatten_observation

    scores, lengths = [], []
    for game in range(N_GAMES):
        observation, _ = env.reset(seed=1000 * (seed + 1) + game)
        score, steps, over = 0.0, 0, False
        if restart is not None:
            restart()
        while not over and steps < LONGEST:
            observation, reward, terminated, truncated, _ = env.step(act(flatten_observation(observation)))
            score, over, steps = score + reward, terminated or truncated, steps + 1
        scores.append(score)
        lengths.append(steps)
    return {"scores": scores, "steps": lengths}


def measure_agent(seed: int) -> dict:
    """Watch, play on and learn, then play five games with what was learned."""
    from rgm_core.games import play_with

    begun = time.process_time()
    agent, env, _, roles = learn(seed)
    n_events = [agent.model.n_events]
    play = play_with(agent.act, env, N_PLAYED, seed=seed, restart=agent.reset)
    n_events.append(agent.model.n_events)
    starts = np.flatnonzero(play.actions < 0)
    learned = time.process_time() - begun
    agent.learning = False
    return {
        "points": [[int(t), int(play.rewards[t])] for t in np.flatnonzero(play.rewards)],
        "games": [[int(b), float(play.rewards[a:b].sum())] for a, b in pairwise(starts)],
        "events": n_events,
        "control": roles.control,
        "event": roles.event,
        "cpu_seconds": round(learned, 1),
        "frozen": play_games(agent.act, env, seed, agent.reset),
    }


def measure_random(seed: int) -> dict:
    """Games at random."""
    env, rng = pong(), np.random.default_rng(seed)
    return play_games(lambda _: int(rng.integers(6)), _plain(env), seed)


def _plain(env):
    """Pictures as one number, for players who do not look."""
    import gymnasium

    nothing = gymnasium.spaces.MultiDiscrete([1])
    return gymnasium.wrappers.TransformObservation(env, lambda _: np.zeros(1, int), nothing)


def measure_follower(seed: int) -> dict:
    """Games of a player who is told which are the ball and its bat, and goes where the ball is."""
    _, env, things, roles = learn(seed)
    columns = things.keep(roles.event).boxes[-1, 3]
    first = things.keep([*roles.event, roles.control]).boxes[:, 0]

    def act(outcomes: np.ndarray) -> int:
        ball, bat = int(outcomes[-5]), int(outcomes[-4])
        if not ball or not bat:
            return 0
        below = ((ball - 1) // columns + first[-2]) - (bat - 1 + first[-1])
        return 0 if below == 0 else 3 if below > 0 else 2  # LEFT is down, RIGHT is up

    return play_games(act, env, seed)


def measure(name: str) -> dict:
    """One row: who, and which seed."""
    who, _, seed = name.rpartition(", seed ")
    by = {"agent": measure_agent, "random play": measure_random, "follower": measure_follower}
    return by[who](int(seed))


def rows() -> list[str]:
    """All rows there are."""
    found = [f"{who}, seed {s}" for who in ("agent", "random play") for s in SEEDS]
    return [*found, "follower, seed 1"]


def game_score(points: np.ndarray) -> float:
    """Score of a game of 21 at the rate at which points of +1 and -1 were won and lost."""
    won, lost = (points > 0).sum(), (points < 0).sum()
    return 21 * (won - lost) / max(won, lost) if len(points) else float("nan")


def print_all(kept: dict) -> None:
    """The table of benchmarks/README.md."""
    print("| | five games, frozen | while learning, each quarter | events | CPU s |")
    print("|---|---|---|---|---|")
    for name, row in kept.items():
        scores = row.get("frozen", row)
        mean, low, high = (f(scores["scores"]) for f in (np.mean, min, max))
        text = f"{mean:.1f} ({low:.0f} … {high:.0f})"
        share = ""
        if "points" in row:
            at, value = np.array(row["points"]).T
            quarters = [value[at * 4 // N_PLAYED == q] for q in range(4)]
            share = " ".join(f"{game_score(q):.1f}" for q in quarters)
        events = " → ".join(map(str, row.get("events", [])))
        print(f"| {name} | {text} | {share} | {events} | {row.get('cpu_seconds', '')} |")


def main() -> None:
    """Measure what is missing, and print all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="rows whose name holds this")
    parser.add_argument("--print", action="store_true", help="measure nothing")
    options = parser.parse_args()
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in rows():
        if options.print or name in kept or options.only not in name:
            continue
        kept[name] = measure(name)
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        print(name, "done", flush=True)
    print_all(kept)


if __name__ == "__main__":
    main()

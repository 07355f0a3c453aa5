"""Pong on larger boards: what is needed, kept and planned. Measured by games.py, and kept in games.json."""

import time

import numpy as np

STREAMS = ("reward", "cost", "control")
N_PLAY = 2000  # frames that are played after watching
SIZES = {(12, 9): 10_000, (16, 12): 20_000, (24, 18): 20_000, (32, 24): 40_000}  # and frames at most


def frames_of_sizes():
    """Boards, and numbers of random frames that are watched there: 1,250, and on by doubling."""
    for size, most in SIZES.items():
        n = 1250
        while n <= most:
            yield size, n
            n *= 2


def scale(size: tuple[int, int], n_random: int, seed: int) -> dict:
    """Balls hit (%) by frozen players that have watched Pong on a board of any size, and what they keep."""
    from rgm_core import Agent
    from rgm_core.agent import DynaQ
    from rgm_core.games import Pong, play_randomly, play_with

    game = Pong(streams=STREAMS, size=size)
    reward, cost, control = (game.modality(name) for name in STREAMS)
    watched = play_randomly(game, n_random, rng=np.random.default_rng(seed))
    agent = Agent(goal=(reward, 1), cost=(cost, 1), control=control, rng=seed)
    start = time.process_time()
    agent.learn(watched.outcomes, watched.actions, game.n_outcomes)
    learned, agent.learning = time.process_time() - start, False
    start = time.process_time()
    played = play_with(agent.act, game, N_PLAY, seed=1000 + seed)
    acted = 1000 * (time.process_time() - start) / N_PLAY
    start = time.process_time()
    table = DynaQ(reward=(reward, 1), cost=(cost, 1), replays=0, persistence=0.8, rng=seed)
    table.learn(watched.outcomes, watched.actions)
    solved = time.process_time() - start
    windows = len(table.numbers)
    flat = play_with(table.act, game, N_PLAY, seed=1000 + seed)
    return {
        "random": 100 * watched.hit_rate, "agent": 100 * played.hit_rate, "table": 100 * flat.hit_rate,
        "learn": learned, "act": acted, "solve": solved,
        "events": agent.model.n_events, "windows": windows,
    }  # fmt: skip


def levels(size: tuple[int, int], n_random: int) -> dict:
    """Levels of the ball's events on a board, and steps of a plan on top and frame by frame."""
    from rgm_core import learn_structure
    from rgm_core.agent import separate
    from rgm_core.games import Pong, play_randomly

    game = Pong(streams=STREAMS, size=size)
    watched = play_randomly(game, n_random, rng=0)
    pixels, control = np.arange(size[0] * size[1]), game.modality("control")
    news = separate(watched.outcomes[:1000], pixels, control, game.n_outcomes).news(watched.outcomes)
    news = news[:, news.any(axis=0)].astype(int)
    start = time.process_time()
    model = learn_structure(news, news.max(axis=0) + 1, dt=2, group_size=9, offsets="all")
    built, span = time.process_time() - start, 2 ** (model.n_levels - 1)
    arrivals = watched.hits | watched.misses
    return {
        "states": [level.n_states.tolist() for level in model.levels], "span": span, "build": built,
        "steps": steps_to(news, arrivals, span, span), "frames": steps_to(news, arrivals, 2, 1),
    }  # fmt: skip


def steps_to(news: np.ndarray, arrivals: np.ndarray, span: int, stride: int) -> int:
    """Most steps of a plan to the ball's next arrival, over events of some frames, a stride apart."""
    from scipy import sparse

    from rgm_core.planning import reach_goals
    from rgm_core.structure.grouping import number_by_appearance

    windows = np.lib.stride_tricks.sliding_window_view(number_by_appearance(news)[0], span)
    events, _ = number_by_appearance(windows)
    goals = np.zeros(events.max() + 1, bool)
    goals[events[np.lib.stride_tricks.sliding_window_view(arrivals, span).any(axis=1)]] = True
    edges = np.unique(np.stack([events[stride:], events[:-stride]]), axis=1)
    follows = sparse.csr_array((np.ones(edges.shape[1], int), edges), shape=(len(goals),) * 2)
    reached = reach_goals(follows, goals, 128)
    return int(reached.argmax(axis=0)[reached.any(axis=0)].max())


def table_of(kept: dict) -> str:
    """Frames watched, balls hit, states and time on each board; then levels, and steps of a plan."""
    lines = [
        "frozen, returned / %         agent  each         table  each         "
        "learn / s  act / ms  solve / s  events  windows"
    ]
    for size, n in frames_of_sizes():
        runs = list(kept.get(f"scale: {size[0]} x {size[1]}, {n:,} frames", {}).values())
        if not runs:
            continue
        x = {key: np.array([run[key] for run in runs]) for key in runs[0]}
        of = {
            name: f"{x[name].mean():5.1f}  {x[name].round(1).tolist()!s:13}" for name in ("agent", "table")
        }
        lines.append(
            f"{size[0]} x {size[1]}, {n:6,} frames  {of['agent']} {of['table']} {x['learn'].max():9.1f} "
            f"{x['act'].max():9.1f} {x['solve'].max():10.1f} "
            f"{x['events'].mean():7.0f} {x['windows'].mean():8.0f}"
        )
    for size in SIZES:
        for x in kept.get(f"levels: {size[0]} x {size[1]}", {}).values():
            below = ", ".join(f"{len(level)} x {min(level)} to {max(level)}" for level in x["states"])
            lines.append(
                f"{size[0]} x {size[1]}: factors x states of each level {below}; an event of the top is "
                f"{x['span']} frames, a plan {x['steps']} of them or {x['frames']} frames; "
                f"built in {x['build']:.1f} CPU s"
            )
    return "\n".join(lines)

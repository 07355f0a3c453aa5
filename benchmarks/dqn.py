# /// script
# requires-python = ">=3.11"
# dependencies = ["jax>=0.4.30", "optax>=0.2.3", "rgm-core[games]"]
#
# [tool.uv.sources]
# rgm-core = { path = "..", editable = true }
# ///
"""A deep Q-network on Pong: frames of experience until 18 of the last 20 balls are hit.

The rival with a network in place of a table (Mnih and others, 2015; double estimates after van Hasselt and
others, 2016), in JAX: `uv run benchmarks/dqn.py` brings what it needs, nothing else in the project does.
Two frames, each pixel one of five outcomes, go through two layers of 64; it learns from a batch of its
memory at every frame, and explores less and less. Like the agent of games.py it sees 100 random frames
first. What was measured is kept in dqn.json, a setting and a seed at a time, and not measured again.

examples:
  uv run benchmarks/dqn.py --choose          try both settings on seed 0
  uv run benchmarks/dqn.py --seeds 3         then play with the better of them on seeds 100 to 102
"""

import argparse
import json
import time
from pathlib import Path

import jax
import numpy as np
import optax
from jax import numpy as jnp

from rgm_core.games import Pong, flatten_observation, play_randomly

KEPT = Path(__file__).with_suffix(".json")
N_FRAMES = 40_000  # at most
N_PIXELS, N_OUTCOMES, N_ACTIONS, WIDTH, BATCH = 108, 5, 3, 64, 32
SETTINGS = [{"rate": 1e-3, "discount": 0.9, "exploring": exploring} for exploring in (2000, 10_000)]
LEAST_EXPLORING, COPY_EVERY = 0.01, 500


def new_weights(rng: np.random.Generator) -> list:
    """Weights and biases of three layers (He and others, 2015)."""
    sizes = (2 * N_PIXELS * N_OUTCOMES, WIDTH, WIDTH, N_ACTIONS)
    scale = [np.sqrt(2 / (2 * N_PIXELS)), *(np.sqrt(2 / n) for n in sizes[1:-1])]  # inputs are one-hot
    layers = zip(scale, sizes[:-1], sizes[1:], strict=True)
    return [(jnp.array(s * rng.normal(size=(i, o)), jnp.float32), jnp.zeros(o)) for s, i, o in layers]


def values_of(weights: list, windows) -> jax.Array:
    """Q (n, A) of windows (n, 2, N_PIXELS) of outcomes."""
    x = jax.nn.one_hot(windows, N_OUTCOMES).reshape(len(windows), -1)
    for w, b in weights[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = weights[-1]
    return x @ w + b


def loss_of(weights, target, batch, discount):
    """Huber loss of double Q-learning; play never ends, so every next state counts."""
    now, action, reward, then = batch
    best = values_of(weights, then).argmax(axis=1)
    ahead = jnp.take_along_axis(values_of(target, then), best[:, None], axis=1)[:, 0]
    found = jnp.take_along_axis(values_of(weights, now), action[:, None], axis=1)[:, 0]
    return optax.huber_loss(found, jax.lax.stop_gradient(reward + discount * ahead)).mean()


class Network:
    """A player that learns its network from a memory of all that it has seen."""

    def __init__(self, setting: dict, rng: np.random.Generator):
        self.rng, self.exploring = rng, setting["exploring"]
        self.weights = self.target = new_weights(rng)
        optimiser = optax.adam(setting["rate"])
        self.momenta = optimiser.init(self.weights)
        self.windows = np.zeros((N_FRAMES + 1, 2, N_PIXELS), np.int8)
        self.actions, self.rewards = np.zeros(N_FRAMES + 1, np.int32), np.zeros(N_FRAMES + 1, np.float32)
        self.n = 0  # windows seen
        self._values = jax.jit(values_of)

        def step(weights, target, momenta, batch):
            slope = jax.grad(loss_of)(weights, target, batch, setting["discount"])
            change, momenta = optimiser.update(slope, momenta)
            return optax.apply_updates(weights, change), momenta

        self._step = jax.jit(step)

    def see(self, window: np.ndarray, reward: float, action: int) -> None:
        """Remember the window (2, N_PIXELS) that an action led to, and what that paid."""
        self.windows[self.n], self.actions[self.n], self.rewards[self.n] = window, action, reward
        self.n += 1

    def learn(self) -> None:
        """One step of gradient descent on a batch of the memory."""
        if self.n <= BATCH:
            return
        then = self.rng.integers(1, self.n, BATCH)
        batch = self.windows[then - 1], self.actions[then], self.rewards[then], self.windows[then]
        self.weights, self.momenta = self._step(self.weights, self.target, self.momenta, batch)
        if self.n % COPY_EVERY == 0:
            self.target = self.weights

    def act(self) -> int:
        """The best action in the last window, or any."""
        if self.rng.random() < max(1 - self.n / self.exploring, LEAST_EXPLORING):
            return int(self.rng.integers(N_ACTIONS))
        return int(self._values(self.weights, self.windows[self.n - 1 : self.n]).argmax())


def growth(setting: dict, seed: int) -> dict:
    """Frames until 18 of the last 20 balls are hit, the 100 random ones included; or None."""
    rng, game = np.random.default_rng(seed), Pong(streams=("reward", "cost", "control"))
    first = play_randomly(game, 100, rng=rng)
    player, start = Network(setting, rng), time.process_time()
    pixels = first.outcomes[:, :N_PIXELS]
    for t in range(1, 100):
        reward = float(first.hits[t]) - float(first.misses[t])
        player.see(pixels[t - 1 : t + 1], reward, int(first.actions[t]))
    balls = first.hits[first.hits | first.misses].tolist()
    observation, _ = game.reset(seed=seed)
    before = flatten_observation(observation)[:N_PIXELS]
    while player.n < N_FRAMES and (len(balls) < 20 or sum(balls[-20:]) < 18):
        action = player.act()
        observation, reward, *_, info = game.step(action)
        now = flatten_observation(observation)[:N_PIXELS]
        player.see(np.stack([before, now]), float(info["hit"]) - float(info["miss"]), action)
        player.learn()
        before = now
        if info["hit"] or info["miss"]:
            balls.append(bool(info["hit"]))
    frames = player.n + 1 if sum(balls[-20:]) >= 18 else None
    return {"frames": frames, "last 20": sum(balls[-20:]), "CPU s": time.process_time() - start}


def median(runs: dict) -> float:
    """Of frames; a player that did not get there counts as infinity."""
    return float(np.median([run["frames"] or np.inf for run in runs.values()]))


def main(arguments=None) -> None:
    """Measure what is missing, keep it, and print it beside the other players."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--choose", action="store_true", help="try both settings on seed 0")
    parser.add_argument("--seeds", type=int, default=3, help="players with the better setting (default 3)")
    asked = parser.parse_args(arguments)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    chosen = [json.dumps(setting) for setting in SETTINGS]
    plan = [(name, 0) for name in chosen]
    if not asked.choose:
        tried = {name: {"0": kept[name]["0"]} for name in chosen if "0" in kept.get(name, {})}
        if not tried:
            parser.error("no setting was tried on seed 0: run it with --choose first")
        best = min(tried, key=lambda name: median(tried[name]))
        plan = [(best, seed) for seed in range(100, 100 + asked.seeds)]
    for name, seed in plan:
        if str(seed) not in kept.setdefault(name, {}):
            kept[name][str(seed)] = growth(json.loads(name), seed)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    for name in sorted({name for name, _ in plan}):
        runs = {s: run for s, run in kept[name].items() if (s == "0") == asked.choose}
        print(f"{name}: median {median(runs):,.0f} frames; {list(runs.values())}")


if __name__ == "__main__":
    main()

"""A tune to test with, as tests share it."""

import numpy as np

RATE = 8000


def melody(seconds=4.0, seed=0):
    """Notes of a quarter of a second, each with its own loudness."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = rng.choice([220, 330, 495, 742, 1114, 1671], size=64)[(time * 4).astype(int)]
    level = rng.uniform(0.1, 0.3, size=64)[(time * 4).astype(int)]
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return level * (np.sin(phase) + 0.2 * np.sin(2 * phase)) + 1e-4 * rng.normal(size=len(time))

"""A second film, on which nothing was chosen: somebody walks, drawn from a few lines of code.

Sixteen strides of eight frames, 128 × 128 pixels; every stride has another length, bounce and light, and
the ground moves along. This file, and so the film, is under the licence of the repository.
"""

import numpy as np

N_STRIDES, STRIDE, SIZE = 16, 8, 128


def limb(image: np.ndarray, start, end, width: float, colour) -> None:
    """Draw a thick line from (row, column) to another, with a soft edge."""
    points = np.stack(np.indices(image.shape[:2]), axis=-1) - np.asarray(start, float)
    along = np.subtract(end, start, dtype=float)
    share = np.clip(points @ along / (along @ along), 0, 1)
    distance = np.linalg.norm(points - share[..., None] * along, axis=-1)
    cover = np.clip(width / 2 + 0.5 - distance, 0, 1)[..., None]
    image[:] = (1 - cover) * image + cover * np.asarray(colour, float)


def swing(joint, angle: float, length: float) -> np.ndarray:
    """Where a limb ends that hangs from a joint at an angle from downward."""
    return np.add(joint, length * np.array([np.cos(angle), np.sin(angle)]))


def draw(phase: float, reach: float, bounce: float, light: float, ground: float) -> np.ndarray:
    """One picture; the phase of the stride in turns."""
    rows, columns = np.indices((SIZE, SIZE))
    image = np.repeat((150 + rows / 2)[..., None], 3, axis=2) * np.array([0.7, 0.85, 1.0])
    image[108:] = np.where((columns[108:] + ground) % 32 < 16, 90, 120)[..., None]
    angle = reach * np.sin(2 * np.pi * phase)
    hip = np.array([72 + bounce * np.cos(4 * np.pi * phase), 64])
    neck = hip - [32, -3]
    for side, shade in ((-1, 0.6), (1, 1.0)):
        knee = swing(hip, side * angle, 20)
        bend = 0.5 * reach * (1 + np.cos(2 * np.pi * phase + (side < 0) * np.pi))
        limb(image, hip, knee, 9, shade * np.array([60, 60, 140]))
        limb(image, knee, swing(knee, side * angle - bend, 18), 8, shade * np.array([60, 60, 140]))
        limb(image, neck, swing(neck, -1.2 * side * angle, 30), 7, shade * np.array([190, 60, 50]))
    limb(image, hip, neck, 16, [190, 60, 50])
    limb(image, neck - [14, 0], neck - [15, 0], 18, [220, 180, 150])
    return light * image


def load_walker(seed: int = 0) -> np.ndarray:
    """The film, uint8 (128, 128, 128, 3)."""
    rng, frames = np.random.default_rng(seed), []
    for _ in range(N_STRIDES):
        reach, bounce, light = 0.6 + 0.08 * rng.normal(), 2 + 0.4 * rng.normal(), 1 + 0.02 * rng.normal()
        for k in range(STRIDE):
            frames.append(draw(k / STRIDE, reach, bounce, light, 8 * len(frames)))
    return np.clip(frames, 0, 255).astype(np.uint8)

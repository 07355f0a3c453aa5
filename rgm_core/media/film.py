"""Bring your own film: from a file, or a folder of pictures, to a model of its events.

The door is :func:`rgm_core.compress`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.utils import gen_batches

from rgm_core.codecs.video import VideoCodec
from rgm_core.generation.orbits import generate_orbit
from rgm_core.generation.unfold import unfold_events
from rgm_core.inference.infer import infer
from rgm_core.media.compressed import Compressed
from rgm_core.model.extras import optional
from rgm_core.model.rgm import RGM
from rgm_core.structure.learn import learn_structure
from rgm_core.structure.recognise import with_noise

imageio = optional("imageio.v3")

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
N_TILES = 8  # tiles along the longer side: those of the published 128 pixels
MOST_FITTED, LEAST_FITTED = 256, 32  # blocks that modes are fitted to, spread over a long film
MOST_BYTES = 2**29  # that these should take, as floats
PORTION = 64  # frames that are held at a time
FIDELITY_LOST = 3.0  # dB: the events may cost as much error again as the codec does


@dataclass(frozen=True, kw_only=True)
class CompressedFilm(Compressed):
    """A film as a model of its events.

    Parameters
    ----------
    codec : VideoCodec
    model : RGM
        As learned; soften it with :func:`rgm_core.structure.with_noise` and ``noise``.
    noise : (G,) float
        Noise in bins, under which events recur.
    outcomes : (n_blocks, G) int
    events : (n_events,) int
        State on top of each event of the film.
    psnr : float
        Of the frames decoded from outcomes, dB (peak: full white); of a long film of 256 blocks.
    replay_psnr : float
        The same from the events alone.
    sample : (T, H, W[, C]) float
        Frames of an orbit of the model from the first event on, at most as long as the film.
    """

    codec: VideoCodec = field(repr=False)
    psnr: float
    replay_psnr: float

    def __str__(self) -> str:
        states = [int(level.n_states.sum()) for level in self.model.levels]
        return (
            f"{len(self.outcomes)} blocks of {self.outcomes.shape[1]} outcomes -> {len(self.events)} "
            f"events, {len(self.model.D)} of them different (states by level {states}); "
            f"codec {self.psnr:.1f} dB, replayed from events {self.replay_psnr:.1f} dB"
        )


def compress_film(path: Path, fidelity: float | None, rng, say: Callable[[str], None]) -> CompressedFilm:
    """Learn a model of the events of a film, see :func:`rgm_core.compress`."""
    n_frames, shape, dtype = _measure(path)
    say(f"{n_frames} frames of {shape}, {dtype}")
    codec = VideoCodec(tile=max(shape[:2]) / N_TILES, n_bins=33, su=128)
    chosen, frames = _spread(path, n_frames // codec.block, codec.block)
    codec.fit(frames)
    outcomes = np.vstack([codec.transform(portion) for portion in _portions(path, codec.block)])
    say(f"codec: {outcomes.shape[1]} outcomes a block of {codec.block} frames")
    quality = _psnr(codec, outcomes[chosen], frames)
    level, wanted = codec.white_ * 10 ** (-quality / 20), quality - FIDELITY_LOST
    for noise_level in _doublings(level, codec.white_)[::-1]:
        noise = codec.noise_in_bins(noise_level)
        model = learn_structure(outcomes, codec.n_outcomes_, codec.locations_, dt=2, noise=noise)
        events = infer(with_noise(model, noise), outcomes).states[-1][0].argmax(axis=1)
        replayed = _psnr(codec, _unfold(model, events, chosen), frames)
        say(f"noise {noise_level:.3g}: {len(events)} events, {len(model.D)} different, {replayed:.1f} dB")
        if replayed >= (wanted if fidelity is None else fidelity):
            break
    orbit = generate_orbit(model, int(events[0]), n_steps=len(outcomes), rng=rng)
    sample = codec.inverse_transform(np.array([step.outcomes for step in islice(orbit, PORTION)]))
    return CompressedFilm(
        codec=codec, model=model, noise=noise, outcomes=outcomes, events=events,
        psnr=quality, replay_psnr=replayed, sample=sample,
    )  # fmt: skip


def _doublings(first: float, end: float) -> np.ndarray:
    """Noises to try, from where the codec errs: differences that it cannot show make no states."""
    return first * 2.0 ** np.arange(max(np.ceil(np.log2(end / max(first, 1e-6 * end))), 1))


def _unfold(model: RGM, events: np.ndarray, blocks: np.ndarray) -> np.ndarray:
    """Expected outcomes (n, G, O) of some blocks under the events of a film alone."""
    span = 2 ** (model.n_levels - 1)
    needed, event = np.unique(events[blocks // span], return_inverse=True)
    unfolded = np.stack(unfold_events(model, needed), axis=1)
    return unfolded[event * span + blocks % span]


def _psnr(codec: VideoCodec, outcomes: np.ndarray, frames: np.ndarray) -> float:
    """PSNR of decoded outcomes against frames, portion by portion, dB."""
    errors = []
    for part in gen_batches(len(outcomes), PORTION // codec.block):
        decoded = codec.inverse_transform(outcomes[part])
        original = frames[part.start * codec.block :][: len(decoded)]
        errors.append(np.square(decoded - original.astype(np.float32)).sum(dtype=float))
    error = np.sum(errors) / frames.size
    return float(10 * np.log10(codec.white_**2 / error)) if error > 0 else float("inf")


def _frames(path: str | os.PathLike) -> Iterator[np.ndarray]:
    """Frames (H, W) or (H, W, C) one by one; an alpha channel is laid on black."""
    path = Path(path)
    if path.is_dir():
        names = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES)
        frames = (imageio.imread(name) for name in names)
    elif path.suffix.lower() in PICTURES:
        raise ValueError(f"path must be a film, or a folder of pictures; found the single picture {path}")
    else:
        frames = _film(path)
    for frame in frames:
        if frame.ndim == 3 and frame.shape[2] in (2, 4):
            alpha = frame[..., -1:] / np.iinfo(frame.dtype).max
            frame = (frame[..., :-1] * alpha).round().astype(frame.dtype)
        yield frame[..., 0] if frame.ndim == 3 and frame.shape[2] == 1 else frame


def _film(path: Path) -> Iterator[np.ndarray]:
    plugin = None if path.suffix.lower() == ".gif" else "FFMPEG"
    try:
        yield from imageio.imiter(path, plugin=plugin)
    except (OSError, RuntimeError, SyntaxError, IndexError) as error:
        raise ValueError(f"path must be a film that ffmpeg reads; found {path}: {error}") from error


def _measure(path) -> tuple[int, tuple[int, ...], np.dtype]:
    """Number of frames, their one shape and type."""
    kinds: list[tuple[tuple[int, ...], np.dtype]] = []
    for frame in _frames(path):
        kinds.append((frame.shape, frame.dtype))
        if kinds[-1] != kinds[0]:
            raise ValueError(
                f"frames must be of one shape and type: the first is {kinds[0][0]}, {kinds[0][1]}; "
                f"found {frame.shape}, {frame.dtype}"
            )
    if len(kinds) < 4:
        raise ValueError(f"path must hold at least 4 frames; found {len(kinds)} in {path}")
    return len(kinds), *kinds[0]


def _portions(path, block: int) -> Iterator[np.ndarray]:
    """Whole blocks of frames, at most `PORTION` frames at a time."""
    frames = _frames(path)
    while len(portion := list(islice(frames, PORTION))) >= block:
        yield np.stack(portion[: len(portion) // block * block])


def _spread(path, n_blocks: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of blocks spread evenly over a film, as many as memory should hold, and their frames."""
    size = block * next(_frames(path)).size * np.dtype(np.float32).itemsize
    most = min(max(MOST_BYTES // size, LEAST_FITTED), MOST_FITTED)
    chosen = np.unique(np.linspace(0, n_blocks - 1, min(n_blocks, most)).astype(int))
    wanted = set((chosen[:, None] * block + np.arange(block)).ravel().tolist())
    return chosen, np.stack([frame for t, frame in enumerate(_frames(path)) if t in wanted])

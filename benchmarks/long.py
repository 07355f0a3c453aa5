"""How long may a film or a sound be? Time and memory that ``compress`` takes.

The material is made up, since none as long can be shipped: the clips in ``data/``, repeated and perturbed,
so that no two rounds are alike. The film: 128 frames, doubled to 256 × 256 pixels, in another light each
round and with noise in every pixel. The sound: sixteen bars of jazz in stereo, each round
at one of seven tempi, with noise.

    uv run benchmarks/long.py sound --minutes 60
    uv run benchmarks/long.py film --frames 10000

A file that is in the folder already is not made again. What was measured is kept in long.json.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

KEPT = Path(__file__).with_suffix(".json")


def make_film(path: Path, n_frames: int) -> None:
    """Write a film of 256 × 256 pixels, frame by frame."""
    import imageio

    from rgm_core.datasets import load_pigeon

    clip, rng = load_pigeon().repeat(2, axis=1).repeat(2, axis=2), np.random.default_rng(0)
    noise = rng.normal(0, 3, clip.shape[1:]).astype(np.float32)
    options = ["-crf", "23", "-threads", "1", "-preset", "ultrafast"]
    with imageio.get_writer(path, fps=24, codec="libx264", quality=None, output_params=options) as film:
        for t in range(n_frames):
            shifted = np.roll(noise, rng.integers(256, size=2), axis=(0, 1))
            frame = clip[t % 128] * np.float32(1 + 0.04 * np.sin(t // 128)) + shifted
            film.append_data(frame.clip(0, 255).astype(np.uint8))


def make_sound(path: Path, minutes: float) -> None:
    """Write a sound in stereo, round by round."""
    import soundfile

    from rgm_core.datasets import load_jazz
    from rgm_core.datasets.performances import perform

    jazz, rng = load_jazz(), np.random.default_rng(0)
    rate = jazz.sample_rate
    rounds = [perform(jazz.sound, rate, tempo=tempo).sound for tempo in np.linspace(0.97, 1.03, 7)]
    n_samples = 0
    with soundfile.SoundFile(path, "w", rate, 2) as file:
        while n_samples < 60 * minutes * rate:
            mono = rng.uniform(0.6, 0.8) * rounds[rng.integers(7)]
            noise, n_samples = 0.002 * rng.normal(size=len(mono)), n_samples + len(mono)
            file.write(np.stack([mono + noise, np.roll(mono, 40) - noise], axis=1))


def main(arguments=None) -> None:
    """Make what is asked for, compress it, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=("film", "sound"))
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--folder", type=Path, default=Path("."), help="for the made-up file")
    parser.add_argument("--only-make", action="store_true", help="do not compress it")
    asked = parser.parse_args(arguments)
    film = asked.kind == "film"
    path = asked.folder / (f"long-{asked.frames}.mp4" if film else f"long-{asked.minutes:g}.flac")
    if not path.exists():
        make_film(path, asked.frames) if film else make_sound(path, asked.minutes)
    if asked.only_make:
        return

    from rgm_core import compress

    began, cpu, stages = time.perf_counter(), time.process_time(), []

    def say(line):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        stages.append(
            {"cpu_seconds": round(time.process_time() - cpu, 1), "peak_gb": round(peak, 2), "of": line}
        )
        print("{cpu_seconds:7.1f} CPU s, peak {peak_gb:.2f} GB: {of}".format(**stages[-1]), flush=True)

    say(str(compress(path, progress=say)))
    keep(path.name, {"seconds": round(time.perf_counter() - began), "stages": stages})
    print(f"{time.perf_counter() - began:.0f} s by the clock")


def keep(name: str, measured: dict) -> None:
    """Keep what was measured, beside what was measured with other files."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    kept = dict(sorted((kept | {name: measured}).items()))
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
